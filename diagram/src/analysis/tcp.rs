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

use super::Verdicts;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
/// A retransmission within this time of the duplicate ACKs is a fast one.
const FAST_NS: u64 = 20_000_000;
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
    packet: u32,
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
    reference: (SeqNum, i64),
    next_seq: Option<i64>,
    next_seq_at: Instant,
    max_to_be_acked: Option<i64>,
    last_ack: Option<i64>,
    last_ack_at: Instant,
    window_raw: u16,
    window: u32,
    /// -1 not known (no SYN seen), -2 no scaling.
    scale: i8,
    duplicate_acks: u32,
    last_verdicts: Verdicts,
    bytes_in_flight_valid: bool,
    sack: [(i64, i64); 4],
    sack_count: usize,
    /// One past the last number -> the segment that ended there first.
    unacked: BTreeMap<i64, Unacked>,
    /// Where the segments in `unacked` begin, and their packets.
    starts: BTreeSet<(i64, u32)>,
    /// First number -> one past the last, and the packet that carried it first.
    sent: BTreeMap<i64, (i64, u32)>,
    /// Numbers that were jumped over, and by which packet.
    holes: VecDeque<Hole>,
    saw_fin: bool,
}

impl Way {
    /// The relative number, continued across the wrap of 32 bits.
    fn relative(&self, seq: SeqNum) -> i64 {
        self.reference.1 + i64::from(seq.signed_distance(self.reference.0))
    }

    fn set_base(&mut self, base: SeqNum) {
        self.base = Some(base);
        self.reference = (base, 0);
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
    saw_rst: bool,
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
            ..Way::default()
        };
        Self {
            ways: [way.clone(), way],
            syn_at: None,
            first_rtt_ns: None,
            saw_rst: false,
        }
    }

    /// Whether this SYN (or SYN-ACK) begins another conversation on the same ports.
    pub(super) fn is_reused_by(&self, facts: &Facts, from_client: bool) -> bool {
        let way = &self.ways[usize::from(!from_client)];
        let Some(base) = way.base else { return false };
        if facts.opens() {
            let over = self.saw_rst || self.ways.iter().any(|way| way.saw_fin);
            return base != facts.seq || over;
        }
        facts.flags.syn() && base != facts.seq
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
        let seq = fwd.relative(facts.seq);
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
                rev.relative(facts.ack)
            } else {
                0
            },
            len: facts.len,
            window: u32::from(facts.window),
            verdicts: Verdicts::NONE,
            duplicate_ack: 0,
            ack_rtt_ns: 0,
            in_flight: 0,
            first_sent: NONE,
            unseen_before: NONE,
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
        find_bases(facts, fwd, rev);
        if facts.opens() {
            self.syn_at = Some(at);
        }
        let seq = fwd.relative(facts.seq);
        let ack = if facts.flags.ack() {
            rev.relative(facts.ack)
        } else {
            0
        };
        if let (Some(syn_at), None) = (self.syn_at, self.first_rtt_ns)
            && !facts.flags.syn()
            && facts.flags.ack()
            && (seq, ack) == (1, 1)
        {
            self.first_rtt_ns = Some(nanos_since(at, syn_at));
        }
        let threshold = self
            .first_rtt_ns
            .filter(|&ns| ns > 0)
            .unwrap_or(OUT_OF_ORDER_NS);
        let known = Known {
            facts,
            seq,
            ack,
            at,
            threshold,
        };
        let (verdicts, duplicate_ack) = known.verdicts(fwd, rev);
        let (first_sent, unseen_before) = known.first_time(fwd, verdicts, packet);
        known.remember_sent(fwd, packet, verdicts);
        let (settled, ack_rtt_ns) = known.settle(rev);
        let in_flight = known.in_flight(fwd, rev);
        let window = known.remember_ack(fwd, rev, verdicts);
        if facts.flags.rst() {
            self.saw_rst = true;
        }
        let digest = TcpDigest {
            stream,
            from_client,
            flags: facts.flags,
            seq,
            ack,
            len: facts.len,
            window,
            verdicts,
            duplicate_ack,
            ack_rtt_ns,
            in_flight,
            first_sent,
            unseen_before,
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
        // RFC 7323 §2.2: no shift beyond 14.
        fwd.scale = facts
            .window_scale
            .map_or(-2, |shift| shift.min(14).cast_signed());
    }
}

/// One segment in its relative numbers.
struct Known<'a> {
    facts: &'a Facts,
    seq: i64,
    ack: i64,
    at: Instant,
    threshold: u64,
}

impl Known<'_> {
    fn len(&self) -> i64 {
        i64::from(self.facts.len)
    }

    /// One past its last number: SYN and FIN count.
    fn end(&self) -> i64 {
        self.seq + self.len() + i64::from(self.facts.has(Flags::SYN.with(Flags::FIN)))
    }

    fn verdicts(&self, fwd: &mut Way, rev: &mut Way) -> (Verdicts, u32) {
        let (mut verdicts, finished) = self.of_numbers(fwd, rev);
        let mut duplicate_ack = 0;
        if !finished && self.repeats_ack(fwd) && self.facts.window != 0 {
            fwd.duplicate_acks += 1;
            duplicate_ack = fwd.duplicate_acks;
            verdicts.add(Verdicts::DUPLICATE_ACK);
        }
        if Some(self.ack) != fwd.last_ack {
            fwd.duplicate_acks = 0;
        }
        if self.facts.flags.ack()
            && let Some(max) = rev.max_to_be_acked
            && self.ack > max
        {
            verdicts.add(Verdicts::ACK_LOST_SEGMENT);
            rev.max_to_be_acked = rev.next_seq;
        }
        verdicts.add(self.sent_again(fwd, rev, verdicts));
        (verdicts, duplicate_ack)
    }

    /// Nothing but the ACK that this end sent last, window and all.
    fn repeats_ack(&self, fwd: &Way) -> bool {
        self.facts.len == 0
            && self.facts.window == fwd.window_raw
            && Some(self.seq) == fwd.next_seq
            && Some(self.ack) == fwd.last_ack
            && !self.facts.control()
    }

    /// Verdicts that follow from the numbers alone; true ends the questions.
    fn of_numbers(&self, fwd: &mut Way, rev: &mut Way) -> (Verdicts, bool) {
        let mut verdicts = Verdicts::NONE;
        let facts = self.facts;
        let next = fwd.next_seq;
        if facts.len == 1 && Some(self.seq) == next && rev.window_raw == 0 && rev.last_ack.is_some()
        {
            return (Verdicts::ZERO_WINDOW_PROBE, true);
        }
        if facts.window == 0 && !facts.control() {
            verdicts.add(Verdicts::ZERO_WINDOW);
        }
        if next.is_some_and(|next| self.seq > next) && !facts.flags.rst() {
            verdicts.add(Verdicts::LOST_SEGMENT);
            fwd.bytes_in_flight_valid = false;
        }
        if facts.len <= 1 && next.is_some_and(|next| self.seq == next - 1) && !facts.control() {
            verdicts.add(Verdicts::KEEP_ALIVE);
        }
        if facts.len == 0
            && facts.window != 0
            && facts.window != fwd.window_raw
            && Some(self.seq) == next
            && Some(self.ack) == fwd.last_ack
            && !facts.control()
        {
            verdicts.add(Verdicts::WINDOW_UPDATE);
        }
        if facts.len > 0
            && rev.scale != -1
            && rev
                .last_ack
                .is_some_and(|ack| self.seq + self.len() == ack + i64::from(rev.window))
            && !facts.control()
        {
            verdicts.add(Verdicts::WINDOW_FULL);
        }
        if self.repeats_ack(fwd) {
            if facts.window != 0 && rev.last_verdicts.has(Verdicts::KEEP_ALIVE) {
                verdicts.add(Verdicts::KEEP_ALIVE_ACK);
                return (verdicts, true);
            }
            if facts.window == 0 && rev.last_verdicts.has(Verdicts::ZERO_WINDOW_PROBE) {
                verdicts.add(Verdicts::ZERO_WINDOW_PROBE_ACK);
                return (verdicts, true);
            }
        }
        (verdicts, false)
    }

    /// Retransmission, fast, spurious, or only out of order.
    fn sent_again(&self, fwd: &Way, rev: &Way, so_far: Verdicts) -> Verdicts {
        let carries = self.facts.len > 0 || self.facts.has(Flags::SYN.with(Flags::FIN));
        let Some(next) = fwd
            .next_seq
            .filter(|_| carries && !so_far.has(Verdicts::KEEP_ALIVE))
        else {
            return Verdicts::NONE;
        };
        if self.facts.len > 0 && rev.last_ack.is_some_and(|ack| self.seq + self.len() <= ack) {
            return Verdicts::SPURIOUS_RETRANSMISSION;
        }
        if self.seq >= next {
            return Verdicts::NONE;
        }
        let asked_for = rev.duplicate_acks >= 2 && rev.last_ack == Some(self.seq);
        if asked_for && nanos_since(self.at, rev.last_ack_at) < FAST_NS {
            return Verdicts::FAST_RETRANSMISSION;
        }
        if nanos_since(self.at, fwd.next_seq_at) < self.threshold && next != self.seq + self.len() {
            return Verdicts::OUT_OF_ORDER;
        }
        Verdicts::RETRANSMISSION
    }

    /// Which packet carried this first; or, where none was seen, which packet
    /// showed that it was missing.
    fn first_time(&self, fwd: &mut Way, verdicts: Verdicts, packet: u32) -> (u32, u32) {
        if verdicts.has(Verdicts::LOST_SEGMENT)
            && let Some(start) = fwd.next_seq
        {
            fwd.holes.push_back(Hole {
                start,
                end: self.seq,
                revealed_by: packet,
            });
            if fwd.holes.len() > MAX_HOLES {
                fwd.holes.pop_front();
            }
        }
        if self.end() <= self.seq {
            return (NONE, NONE);
        }
        let seq = self.seq;
        let covering = fwd
            .sent
            .range(..=seq)
            .next_back()
            .filter(|(_, (end, _))| *end > seq);
        let known = covering.map_or(NONE, |(_, &(_, packet))| packet);
        let again = verdicts.has_any(Verdicts::ANY_RETRANSMISSION);
        let hole = fwd
            .holes
            .iter_mut()
            .find(|hole| hole.start <= seq && seq < hole.end);
        let Some(hole) = hole else {
            return (known, NONE);
        };
        let by = hole.revealed_by;
        if seq == hole.start {
            hole.start = self.end();
        }
        fwd.holes.retain(|hole| hole.start < hole.end);
        (known, if again && known == NONE { by } else { NONE })
    }

    fn remember_sent(&self, fwd: &mut Way, packet: u32, verdicts: Verdicts) {
        let end = self.end();
        if end > self.seq {
            if fwd.unacked.len() < MAX_UNACKED
                && let Entry::Vacant(vacant) = fwd.unacked.entry(end)
            {
                vacant.insert(Unacked {
                    seq: self.seq,
                    packet,
                    at: self.at,
                });
                fwd.starts.insert((self.seq, packet));
            }
            fwd.sent.entry(self.seq).or_insert((end, packet));
            if fwd.sent.len() > MAX_SENT {
                fwd.sent.pop_first();
            }
        }
        let probe = verdicts.has(Verdicts::ZERO_WINDOW_PROBE);
        if fwd.next_seq.is_none_or(|next| end > next) && !probe {
            fwd.next_seq = Some(end);
            fwd.next_seq_at = self.at;
            fwd.advance_reference(self.facts.seq + self.facts.len, self.seq + self.len());
        }
        if fwd.max_to_be_acked.is_none_or(|max| max == self.seq) && !probe {
            fwd.max_to_be_acked = fwd.next_seq;
        }
        fwd.saw_fin |= self.facts.flags.fin();
    }

    /// Takes what this segment acknowledges off the other end's list.
    fn settle(&self, rev: &mut Way) -> (Settled, u64) {
        let mut settled = Settled::default();
        let mut rtt_ns = 0;
        if !self.facts.flags.ack() {
            return (settled, 0);
        }
        while let Some(entry) = rev.unacked.first_entry() {
            if *entry.key() > self.ack {
                break;
            }
            let exact = *entry.key() == self.ack;
            let segment = entry.remove();
            rev.starts.remove(&(segment.seq, segment.packet));
            settled.acked.push(segment.packet);
            if exact {
                settled.rtt_of = Some(segment.packet);
                rtt_ns = nanos_since(self.at, segment.at);
            }
        }
        // Part of a segment: repackaged, or merged by the receiver's card.
        if let Some(mut entry) = rev.unacked.first_entry()
            && entry.get().seq < self.ack
        {
            let segment = entry.get_mut();
            rev.starts.remove(&(segment.seq, segment.packet));
            segment.seq = self.ack;
            rev.starts.insert((segment.seq, segment.packet));
        }
        (settled, rtt_ns)
    }

    /// From the first unacknowledged byte to the last sent, less what SACK reports.
    fn in_flight(&self, fwd: &Way, rev: &Way) -> u32 {
        if self.facts.len == 0 || !fwd.bytes_in_flight_valid {
            return 0;
        }
        let (Some(&(first, _)), Some((&end, _))) =
            (fwd.starts.first(), fwd.unacked.last_key_value())
        else {
            return 0;
        };
        let sacked: i64 = rev.sack[..rev.sack_count]
            .iter()
            .map(|&(start, end)| end - start)
            .sum();
        u32::try_from(end - first - sacked).unwrap_or(0)
    }

    /// Keeps what the next segments are compared with; gives the scaled window.
    fn remember_ack(&self, fwd: &mut Way, rev: &Way, verdicts: Verdicts) -> u32 {
        let facts = self.facts;
        let scaled = fwd.scale >= 0 && rev.scale >= 0 && !facts.flags.syn();
        let shift = if scaled {
            u32::from(fwd.scale.cast_unsigned())
        } else {
            0
        };
        fwd.window_raw = facts.window;
        fwd.window = u32::from(facts.window) << shift;
        fwd.last_ack = Some(self.ack);
        fwd.last_ack_at = self.at;
        fwd.last_verdicts = verdicts;
        fwd.sack_count = facts.sack_count;
        for (to, &(start, end)) in fwd
            .sack
            .iter_mut()
            .zip(&facts.sack_blocks[..facts.sack_count])
        {
            *to = (rev.relative(start), rev.relative(end));
        }
        fwd.window
    }
}

fn nanos_since(later: Instant, earlier: Instant) -> u64 {
    later.as_nanos().saturating_sub(earlier.as_nanos())
}
