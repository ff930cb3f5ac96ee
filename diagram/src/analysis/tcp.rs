//! One TCP conversation: relative numbers and verdicts, constant time a segment.
//!
//! The verdicts follow tshark 4.0's `tcp_analyze_sequence_number`: its names, its
//! order of questions and its thresholds, for people compare the two. Numbers are
//! kept relative to the first of their direction and do not wrap:
//!
//! ```text
//!            base (SYN: 0)
//!  ──────────┼──────────┬───────────────┬───────────► seq of one direction
//!            0     lastack (other end)  nextseq: one past the highest seen
//! ```

mod judge;

use super::Verdicts;
use judge::Known;
use std::collections::{BTreeMap, VecDeque};
use synema_core::time::Instant;
use synema_core::wire::SeqNum;
use synema_core::wire::tcp::{Flags, Segment, TcpOption};

/// No such packet.
pub(crate) const NONE: u32 = u32::MAX;

/// tshark's bound on remembered segments that nobody acknowledges.
const MAX_UNACKED: usize = 10_000;
/// How far back "first sent in" looks, in segments of one direction.
const MAX_SENT: usize = 8_192;
/// How many holes of one direction are remembered.
const MAX_HOLES: usize = 64;
/// Out of order, not sent again: within a round trip, or this where none is known.
const OUT_OF_ORDER_NS: u64 = 3_000_000;

/// What is known of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpDigest {
    /// The conversation's number, as tshark's `tcp.stream`.
    pub stream: u32,
    /// Whether it went from the one who called to the one who was called.
    pub from_client: bool,
    /// The control bits.
    pub flags: Flags,
    /// Relative sequence number.
    pub seq: i64,
    /// Relative acknowledgment number; 0 without the ACK flag.
    pub ack: i64,
    /// Bytes of data on the wire.
    pub len: u32,
    /// The window in bytes, scaled where the scale is known.
    pub window: u32,
    /// What it was.
    pub verdicts: Verdicts,
    /// Which duplicate of an ACK it is, counted from 1; 0 when it is none.
    pub duplicate_ack: u32,
    /// Time since the data that it acknowledges was sent; 0 when there is none.
    pub ack_rtt_ns: u64,
    /// Bytes sent and not acknowledged after it; 0 when not known.
    pub in_flight: u32,
    /// The packet that carried this data first, for what is sent again.
    pub(crate) first_sent: u32,
    /// The packet that jumped over this data, for what fills a hole late enough
    /// to have been sent twice: its first transmission was never seen.
    pub(crate) unseen_before: u32,
    /// The packet that its sender sent before it in this conversation.
    pub(crate) same_sender_before: u32,
    /// Whether what it acknowledges ends where a segment ended: its answer.
    pub(crate) ends_whole: bool,
    /// For what is sent again: the first packet that nobody had acknowledged then.
    pub(crate) waited_since: u32,
    /// For what is sent again: how many duplicate ACKs asked for it.
    pub(crate) asked_for: u32,
}

impl TcpDigest {
    /// A segment of which nothing is known.
    pub(crate) const EMPTY: Self = Self {
        stream: 0,
        from_client: true,
        flags: Flags::NONE,
        seq: 0,
        ack: 0,
        len: 0,
        window: 0,
        verdicts: Verdicts::NONE,
        duplicate_ack: 0,
        ack_rtt_ns: 0,
        in_flight: 0,
        first_sent: NONE,
        unseen_before: NONE,
        same_sender_before: NONE,
        ends_whole: false,
        waited_since: NONE,
        asked_for: 0,
    };
}

/// What a segment says, before anything is made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    flags: Flags,
    seq: SeqNum,
    ack: SeqNum,
    window: u16,
    len: u32,
    window_scale: Option<u8>,
    sack_blocks: [(SeqNum, SeqNum); 4],
    sack_count: usize,
}

impl Facts {
    /// `len` is what IP's header says, which a snapped capture may not hold.
    pub(super) fn new(segment: &Segment<'_>, len: u32) -> Self {
        let mut facts = Self {
            flags: segment.flags(),
            seq: segment.seq(),
            ack: segment.ack(),
            window: segment.window(),
            len,
            window_scale: None,
            sack_blocks: [(SeqNum(0), SeqNum(0)); 4],
            sack_count: 0,
        };
        for option in segment.option_iter().flatten() {
            match option {
                TcpOption::WindowScale(shift) => facts.window_scale = Some(shift),
                TcpOption::Sack(blocks) => {
                    for block in blocks.iter().take(4) {
                        facts.sack_blocks[facts.sack_count.min(3)] = (block.start, block.end);
                        facts.sack_count = (facts.sack_count + 1).min(4);
                    }
                }
                _ => {}
            }
        }
        facts
    }

    pub(super) fn opens(&self) -> bool {
        self.flags.syn() && !self.flags.ack()
    }

    pub(super) fn is_syn_ack(&self) -> bool {
        self.flags.syn() && self.flags.ack()
    }

    fn has(&self, flags: Flags) -> bool {
        self.flags.intersects(flags)
    }

    fn control(&self) -> bool {
        self.has(Flags::SYN.with(Flags::FIN).with(Flags::RST))
    }
}

#[derive(Clone, Copy, Debug)]
struct Unacked {
    seq: i64,
    at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    start: i64,
    end: i64,
    revealed_by: u32,
}

/// One direction of a conversation.
#[derive(Clone, Debug, Default)]
struct Way {
    /// Where relative numbers begin, and a point from which they are continued.
    base: Option<SeqNum>,
    /// Where the base lies in relative numbers: 0, until a SYN-ACK brings another one.
    base_at: i64,
    /// The same of a segment that was never seen, as long as none was.
    told_base: Option<SeqNum>,
    reference: (SeqNum, i64),
    next_seq: Option<i64>,
    next_seq_at: Instant,
    next_seq_packet: u32,
    max_to_be_acked: Option<i64>,
    last_ack: Option<i64>,
    last_ack_at: Instant,
    window_raw: u16,
    /// Not in a SYN-ACK.
    window_scaled: bool,
    /// -1 not known (no SYN seen), -2 no scaling.
    scale: i8,
    duplicate_acks: u32,
    last_verdicts: Verdicts,
    bytes_in_flight_valid: bool,
    sack: [(i64, i64); 4],
    sack_count: usize,
    /// One past the last number, and the packet.
    unacked: BTreeMap<(i64, u32), Unacked>,
    /// The same segments by where they begin -> one past the last number.
    starts: BTreeMap<(i64, u32), i64>,
    /// Their keys in the order in which they were sent; some are acknowledged already.
    oldest: VecDeque<(i64, u32)>,
    /// First number -> one past the last, and the packet that carried it first.
    sent: BTreeMap<i64, (i64, u32)>,
    /// Numbers that were jumped over, and by which packet.
    holes: VecDeque<Hole>,
    last_packet: u32,
}

impl Way {
    /// The relative number, continued across the wrap of 32 bits.
    fn relative(&self, seq: SeqNum) -> i64 {
        self.reference.1 + i64::from(seq.signed_distance(self.reference.0))
    }

    /// The relative number of a segment that was never seen.
    fn told(&self, seq: SeqNum) -> i64 {
        match (self.base, self.told_base) {
            (None, Some(base)) => i64::from(seq.signed_distance(base)),
            _ => self.relative(seq),
        }
    }

    /// By how many bits its windows are scaled, where that is known.
    fn shift(&self) -> u32 {
        u32::from(self.scale.max(0).cast_unsigned())
    }

    /// The window that it told last, bytes.
    fn window(&self) -> u32 {
        let shift = if self.window_scaled { self.shift() } else { 0 };
        u32::from(self.window_raw) << shift
    }

    fn set_base(&mut self, base: SeqNum) {
        self.base = Some(base);
        self.reference = (base, 0);
    }

    /// Another handshake on the same ports: numbers go on, and are told from there.
    fn move_base(&mut self, base: SeqNum) {
        self.base = Some(base);
        self.base_at = self.relative(base);
    }

    fn advance_reference(&mut self, seq: SeqNum, relative: i64) {
        if relative > self.reference.1 {
            self.reference = (seq, relative);
        }
    }
}

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// `[client's, server's]` segments.
    ways: [Way; 2],
    syn_at: Option<Instant>,
    first_rtt_ns: Option<u64>,
}

/// What a segment settled about others.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    /// Packets that it acknowledges, the last one sent last.
    pub(super) acked: Vec<u32>,
    /// The one whose round trip it closes.
    pub(super) rtt_of: Option<u32>,
}

impl Stream {
    pub(super) fn new() -> Self {
        let way = Way {
            scale: -1,
            bytes_in_flight_valid: true,
            last_packet: NONE,
            next_seq_packet: NONE,
            ..Way::default()
        };
        Self {
            ways: [way.clone(), way],
            syn_at: None,
            first_rtt_ns: None,
        }
    }

    /// From the SYN to the first ACK after it, where both were seen.
    pub(super) fn initial_rtt_ns(&self) -> Option<u64> {
        self.first_rtt_ns
    }

    /// Whether this SYN or SYN-ACK is not the one that this end began with.
    pub(super) fn is_reused_by(&self, facts: &Facts, from_client: bool) -> bool {
        let way = &self.ways[usize::from(!from_client)];
        facts.flags.syn() && way.base.is_some_and(|base| base != facts.seq)
    }

    /// Only tells a segment's numbers: it never passed the vantage point, so that it
    /// has no part in judging others, but is known to have been sent.
    pub(super) fn tell(
        &mut self,
        stream: u32,
        from_client: bool,
        facts: &Facts,
        packet: u32,
    ) -> TcpDigest {
        let [client, server] = &mut self.ways;
        let (fwd, rev) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        // A SYN is number 0; who was heard in the middle begins with 1.
        let number = u32::from(!facts.flags.syn());
        fwd.told_base.get_or_insert(facts.seq - number);
        if facts.flags.ack() {
            rev.told_base.get_or_insert(facts.ack - 1);
        }
        let seq = fwd.told(facts.seq);
        let end = seq + i64::from(facts.len);
        if facts.len > 0 {
            fwd.sent.entry(seq).or_insert((end, packet));
        }
        TcpDigest {
            stream,
            from_client,
            flags: facts.flags,
            seq,
            ack: if facts.flags.ack() {
                rev.told(facts.ack)
            } else {
                0
            },
            len: facts.len,
            window: u32::from(facts.window),
            ..TcpDigest::EMPTY
        }
    }

    /// Judges the next segment.
    pub(super) fn judge(
        &mut self,
        stream: u32,
        from_client: bool,
        facts: &Facts,
        packet: u32,
        at: Instant,
    ) -> (TcpDigest, Settled) {
        let [client, server] = &mut self.ways;
        let (fwd, rev) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        if facts.opens() {
            if fwd.base == Some(facts.seq) {
                // A reset in between may have borne a number that was never sent.
                fwd.next_seq = fwd.max_to_be_acked;
            }
            self.syn_at = Some(at);
        }
        find_bases(facts, fwd, rev);
        if facts.is_syn_ack() && fwd.base.is_some_and(|base| base != facts.seq) {
            fwd.move_base(facts.seq);
        }
        let seq = fwd.relative(facts.seq);
        let ack = if facts.flags.ack() {
            rev.relative(facts.ack)
        } else {
            0
        };
        let threshold = self.first_rtt_ns.unwrap_or(OUT_OF_ORDER_NS);
        let known = Known {
            facts,
            seq,
            ack,
            at,
            threshold,
        };
        let (verdicts, duplicate_ack) = known.verdicts(fwd, rev);
        let (waited_since, asked_for) = known.why_again(fwd, rev, verdicts);
        let (first_sent, unseen_before) = known.first_time(fwd, verdicts, packet);
        known.remember_sent(fwd, packet, verdicts);
        let (settled, ack_rtt_ns) = known.settle(rev);
        let in_flight = known.in_flight(fwd, rev);
        let window = known.remember_ack(fwd, rev, verdicts);
        // The first ACK is taken for the one that ends the handshake.
        if let (Some(syn_at), None) = (self.syn_at, self.first_rtt_ns)
            && !facts.flags.syn()
            && facts.flags.ack()
        {
            self.first_rtt_ns = Some(nanos_since(at, syn_at)).filter(|&ns| ns > 0);
        }
        let digest = TcpDigest {
            stream,
            from_client,
            flags: facts.flags,
            seq: seq - fwd.base_at,
            ack: if facts.flags.ack() {
                ack - rev.base_at
            } else {
                0
            },
            len: facts.len,
            window,
            verdicts,
            duplicate_ack,
            ack_rtt_ns,
            in_flight,
            first_sent,
            unseen_before,
            same_sender_before: std::mem::replace(&mut fwd.last_packet, packet),
            ends_whole: settled.rtt_of.is_some(),
            waited_since,
            asked_for,
        };
        (digest, settled)
    }
}

/// RFC 9293 §3.4: where numbers begin; concluded where the SYN was not seen.
fn find_bases(facts: &Facts, fwd: &mut Way, rev: &mut Way) {
    if fwd.base.is_none() {
        fwd.set_base(if facts.flags.syn() {
            facts.seq
        } else {
            facts.seq - 1
        });
    }
    if facts.flags.ack() {
        if rev.base.is_none() {
            rev.set_base(facts.ack - 1);
        }
        rev.bytes_in_flight_valid = true;
    }
    if facts.flags.syn() {
        agree_on_scale(facts, fwd, rev);
    }
}

/// RFC 7323 §2.2: the windows are scaled if both SYNs say so, by 14 bits at most. One
/// that was not seen is taken to have said it.
fn agree_on_scale(facts: &Facts, fwd: &mut Way, rev: &mut Way) {
    match facts.window_scale {
        Some(_) if facts.is_syn_ack() && rev.scale == -2 => fwd.scale = -2,
        Some(shift) => fwd.scale = shift.min(14).cast_signed(),
        None if fwd.scale == -1 => (fwd.scale, rev.scale) = (-2, -2),
        None => {}
    }
}

fn nanos_since(later: Instant, earlier: Instant) -> u64 {
    later.as_nanos().saturating_sub(earlier.as_nanos())
}
