//! The receiving half: RCV.NXT, RCV.WND, and the bytes behind them.
//!
//! ```text
//!      read by the        in order,        gap        early         promised
//!      application         unread                                     edge
//!   ------------------|--------------|- - - - - -[==========)- - - - -|----->
//!                                RCV.NXT                           rcv_adv
//!                     '------------ ring: at most the tuned limit -----'
//!                                    '----------- RCV.WND ------------'
//! ```
//!
//! `rcv_adv` is the highest edge ever promised. Data up to it is accepted even
//! if rounding (RFC 7323 §2.4) made a later window field say a little less.

mod promise;

use super::ack::{AckSchedule, AckTimer, Came};
use super::assembler::Assembler;
use super::policy::{AckStrategy, OutOfOrderPolicy, Policy, ReceivePolicy};
use super::ring::Ring;
use super::sack::SackReport;
use super::segment::Segment;
use super::tuning::WindowTuning;
use super::window::WindowScale;
use crate::time::{Duration, Instant};
use crate::trace::{Cause, DropReason};
use crate::wire::SeqNum;
use crate::wire::SeqRange;
use crate::wire::tcp::{SackBlocks, Timestamps};

/// What a peer that said nothing of its MSS is expected to send (RFC 9293 §3.7.1).
const DEFAULT_MSS: u16 = 536;

/// How long a timestamp says anything: 24 days (RFC 7323 §5.5).
const TS_RECENT_VALID: Duration = Duration::from_secs(24 * 24 * 3600);

/// The receive sequence space and what belongs to it.
#[derive(Debug)]
pub(super) struct Receiver {
    /// Initial receive sequence number.
    pub(super) irs: SeqNum,
    /// Next number expected.
    pub(super) rcv_nxt: SeqNum,
    /// Highest edge ever promised: RCV.NXT + RCV.WND.
    rcv_adv: SeqNum,
    /// Shift of the windows that we send.
    pub(super) scale: WindowScale,
    /// What was acknowledged last (`Last.ACK.sent` of RFC 7323).
    last_ack_sent: SeqNum,
    /// `TS.Recent` and when it was taken, with timestamps negotiated.
    ts_recent: Option<(u32, Instant)>,
    /// Where the peer's FIN stands, once it was seen.
    fin: Option<SeqNum>,
    /// Whether SACK blocks may be sent.
    pub(super) sack_permitted: bool,
    /// MSS that we announced, bytes.
    mss: u16,
    /// Largest payload that came, bytes.
    largest_payload: u32,
    /// In-order bytes since the beginning.
    pub(super) in_order_total: u64,
    /// Bytes that the application took.
    pub(super) delivered_total: u64,
    /// The largest window that is offered.
    tuning: WindowTuning,
    /// It is offered whatever is unread.
    fixed_window: bool,
    ring: Ring,
    early: Assembler,
    sack: SackReport,
    pub(super) acks: AckSchedule,
}

/// What is left of a receiver once all has come and was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remains {
    irs: SeqNum,
    pub(super) rcv_nxt: SeqNum,
    rcv_adv: SeqNum,
    scale: WindowScale,
    last_ack_sent: SeqNum,
    pub(super) ts_recent: Option<(u32, Instant)>,
    sack_permitted: bool,
}

/// What became of a segment's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It can be read now; `filled_gap` if early data became readable with it.
    InOrder {
        /// How many bytes RCV.NXT moved.
        len: u32,
        /// Whether (a part of) a gap was filled.
        filled_gap: bool,
    },
    /// It was kept for later, as part of `joined`.
    Early {
        /// The range that it is now part of.
        joined: SeqRange,
    },
    /// It was not kept.
    Dropped(DropReason),
}

impl Receiver {
    /// A receiver that has seen no SYN yet.
    pub(super) fn new(now: Instant, policy: &Policy, mss: u16) -> Self {
        let tuning = WindowTuning::new(now, &policy.receive, mss);
        let limit = promise::ring_limit(tuning.limit(), &policy.receive);
        Self {
            irs: SeqNum(0),
            rcv_nxt: SeqNum(0),
            rcv_adv: SeqNum(0),
            scale: WindowScale::ZERO,
            last_ack_sent: SeqNum(0),
            ts_recent: None,
            fin: None,
            sack_permitted: false,
            mss,
            largest_payload: 0,
            in_order_total: 0,
            delivered_total: 0,
            tuning,
            fixed_window: policy.receive.fixed_window,
            ring: Ring::new(limit),
            early: Assembler::default(),
            sack: SackReport::default(),
            acks: AckSchedule::new(&policy.receive),
        }
    }

    /// The peer's SYN came.
    pub(super) fn on_syn(&mut self, now: Instant, seq: SeqNum, timestamps: Option<Timestamps>) {
        // What our own SYN promised, if it went out before.
        let promised = self.rcv_wnd().0;
        self.irs = seq;
        self.rcv_nxt = seq + 1;
        self.rcv_adv = self.rcv_nxt + promised;
        self.last_ack_sent = self.rcv_nxt;
        self.ts_recent = timestamps.map(|ts| (ts.value, now));
    }

    /// The numbers to be kept when the peer's FIN was taken and all is read.
    pub(super) fn remains(&self) -> Remains {
        Remains {
            irs: self.irs,
            rcv_nxt: self.rcv_nxt,
            rcv_adv: self.rcv_adv,
            scale: self.scale,
            last_ack_sent: self.last_ack_sent,
            ts_recent: self.ts_recent,
            sack_permitted: self.sack_permitted,
        }
    }

    /// A fresh receiver becomes the one that these remained of.
    pub(super) fn revive(&mut self, remains: &Remains) {
        self.irs = remains.irs;
        self.rcv_nxt = remains.rcv_nxt;
        self.rcv_adv = remains.rcv_adv;
        self.scale = remains.scale;
        self.last_ack_sent = remains.last_ack_sent;
        self.ts_recent = remains.ts_recent;
        self.sack_permitted = remains.sack_permitted;
        self.fin = Some(remains.rcv_nxt - 1);
    }

    /// Whether an ACK is due now or was promised for later.
    pub(super) fn has_ack_to_send(&self) -> bool {
        self.acks.has_any() || (self.sack_permitted && self.sack.more_to_tell().is_some())
    }

    /// RFC 9293 §3.10.7.4, table 6: whether any of the segment lies in the window.
    pub(super) fn acceptable(&self, segment: &Segment<'_>) -> bool {
        let window = self.rcv_wnd().0;
        if window == 0 {
            // Where a closed window meets data, the data is not acceptable, but
            // the ACK that comes with it is (same section, "special allowance").
            return segment.seq == self.rcv_nxt;
        }
        let within = |seq: SeqNum| seq.distance(self.rcv_nxt) < window;
        // The edge itself is allowed for an empty segment, whose last number is the
        // one before: a peer that has filled the window acknowledges with it.
        within(segment.seq) || within(segment.seq_end() - 1)
    }

    /// RFC 7323 §5.3 R1 (PAWS): whether the segment is older than one that
    /// already came.
    pub(super) fn is_old_by_timestamp(&self, now: Instant, segment: &Segment<'_>) -> bool {
        let (Some((recent, taken_at)), Some(ts)) = (self.ts_recent, segment.options.timestamps)
        else {
            return false;
        };
        // The circle of timestamps is ordered as that of sequence numbers.
        SeqNum(ts.value).before(SeqNum(recent)) && !is_outdated(now, taken_at)
    }

    /// By how much a segment's timestamp is older than `TS.Recent`, in the peer's ticks: ms, mostly.
    pub(super) fn age_by_timestamp(&self, segment: &Segment<'_>) -> u64 {
        let (Some((recent, _)), Some(ts)) = (self.ts_recent, segment.options.timestamps) else {
            return 0;
        };
        recent.wrapping_sub(ts.value).into()
    }

    /// RFC 7323 §4.3 (2): the timestamp to send back is that of the segment that
    /// the last ACK's edge lies in, so that delayed ACKs are measured too.
    pub(super) fn take_timestamp(&mut self, now: Instant, segment: &Segment<'_>) {
        let (Some((recent, taken_at)), Some(ts)) = (self.ts_recent, segment.options.timestamps)
        else {
            return;
        };
        // RFC 7323 §5.5: what is outdated is replaced by whatever comes.
        let newer = SeqNum(ts.value).at_or_after(SeqNum(recent)) || is_outdated(now, taken_at);
        if segment.seq.at_or_before(self.last_ack_sent) && newer {
            self.ts_recent = Some((ts.value, now));
        }
    }

    /// `TS.Recent`, to be sent back.
    pub(super) fn timestamp_echo(&self) -> u32 {
        self.ts_recent.map_or(0, |(value, _)| value)
    }

    /// Takes what is new of a payload that starts at `seq`.
    pub(super) fn take(&mut self, seq: SeqNum, payload: &[u8], policy: &ReceivePolicy) -> Taken {
        // An IPv4 packet holds less than 2¹⁶ bytes.
        self.largest_payload = self.largest_payload.max(payload.len() as u32);
        let whole = SeqRange {
            start: seq,
            end: seq + payload.len() as u32,
        };
        if whole.end.at_or_before(self.rcv_nxt) {
            self.report_duplicate(whole, policy);
            return Taken::Dropped(DropReason::DuplicateData);
        }
        if whole.start.before(self.rcv_nxt) {
            self.report_duplicate(
                SeqRange {
                    end: self.rcv_nxt,
                    ..whole
                },
                policy,
            );
        }
        // RFC 9293 §3.10.7.4: what lies outside the window is cut off.
        let limit = self
            .fin
            .map_or(self.rcv_adv, |fin| fin.earlier(self.rcv_adv));
        let part = SeqRange {
            start: whole.start.later(self.rcv_nxt),
            end: whole.end.earlier(limit),
        };
        if part.is_empty() {
            let after_fin = self.fin.is_some_and(|fin| part.start.at_or_after(fin));
            return Taken::Dropped(if after_fin {
                DropReason::AfterFin
            } else {
                DropReason::OutsideWindow
            });
        }
        let skipped = part.start.distance(seq) as usize;
        let bytes = &payload[skipped..skipped + part.len() as usize];
        if part.start == self.rcv_nxt {
            self.take_in_order(part, bytes, skipped == 0, policy)
        } else {
            self.take_early(part, bytes, policy)
        }
    }

    fn take_in_order(
        &mut self,
        part: SeqRange,
        bytes: &[u8],
        all_new: bool,
        policy: &ReceivePolicy,
    ) -> Taken {
        let at = self.ring.len();
        self.ring.write_at(at, bytes);
        let mut next = part.end;
        let filled_gap = !self.early.is_empty();
        if filled_gap {
            // RFC 2883 §4: of several duplicate parts the first is reported.
            if let Some(held) = self.early.overlap(part).filter(|_| all_new) {
                self.report_duplicate(held, policy);
            }
            next = self.early.advance(part.end);
            next = self.fin.map_or(next, |fin| fin.earlier(next));
            self.sack.on_gap_filled(&self.early);
        }
        let len = next.distance(self.rcv_nxt);
        self.ring.extend(len as usize);
        self.rcv_nxt = next;
        self.in_order_total += u64::from(len);
        Taken::InOrder { len, filled_gap }
    }

    fn take_early(&mut self, part: SeqRange, bytes: &[u8], policy: &ReceivePolicy) -> Taken {
        if policy.out_of_order != OutOfOrderPolicy::Keep {
            return Taken::Dropped(DropReason::PolicyOutOfOrder {
                expected: self.rcv_nxt,
            });
        }
        let held = self.early.overlap(part);
        if let Some(held) = held {
            self.report_duplicate(held, policy);
            if held == part {
                return Taken::Dropped(DropReason::DuplicateData);
            }
        }
        let max_ranges = Assembler::max_ranges(self.ring.limit());
        let Ok(joined) = self.early.insert(part, max_ranges) else {
            return Taken::Dropped(DropReason::NoRoom);
        };
        let at = self.ring.len() + part.start.distance(self.rcv_nxt) as usize;
        self.ring.write_at(at, bytes);
        self.sack.on_early(part, joined);
        Taken::Early { joined }
    }

    /// Data came that was here already.
    pub(super) fn report_duplicate(&mut self, range: SeqRange, policy: &ReceivePolicy) {
        self.acks.on_duplicate(policy);
        if policy.dsack {
            self.sack.on_duplicate(range);
        }
    }

    /// The peer's FIN stands at `fin`, in a segment that begins at `start`. One that is in order is
    /// believed; of early ones the first, and none before data that is held: who sent that has not
    /// finished there.
    pub(super) fn note_fin(&mut self, start: SeqNum, fin: SeqNum) {
        let in_order = start.at_or_before(self.rcv_nxt) && fin.at_or_after(self.rcv_nxt);
        if in_order && !self.fin_taken() {
            self.fin = Some(fin);
            return;
        }
        let last = self.early.ranges().last();
        if last.is_none_or(|held| held.end.at_or_before(fin)) {
            self.fin.get_or_insert(fin);
        }
    }

    /// Takes the peer's FIN if all before it is here and it was not taken yet.
    pub(super) fn take_fin(&mut self) -> bool {
        if self.fin != Some(self.rcv_nxt) {
            return false;
        }
        self.rcv_nxt += 1;
        // Nothing comes after it: what was early is void, and was said.
        self.early = Assembler::default();
        self.sack = SackReport::default();
        // A FIN needs no room in the buffer.
        self.rcv_adv = self.rcv_adv.later(self.rcv_nxt);
        true
    }

    /// Whether the peer's FIN was taken.
    pub(super) fn fin_taken(&self) -> bool {
        self.fin.is_some_and(|fin| fin.before(self.rcv_nxt))
    }

    /// In-order data came: when is it acknowledged? `rto` is after how long a
    /// silence the peer begins anew.
    pub(super) fn schedule_ack(
        &mut self,
        now: Instant,
        rto: Duration,
        len: u32,
        filled_gap: bool,
        policy: &ReceivePolicy,
    ) -> AckTimer {
        // RFC 5681 §4.2: at once when (a part of) a gap was filled.
        if filled_gap && policy.ack != AckStrategy::Never {
            self.acks.demand(Cause::GapFilled);
        }
        let full_len = self.full_len();
        let came = Came { len, full_len, rto };
        self.acks.on_in_order(now, came, self.rcv_nxt, policy)
    }

    /// What this peer's full-sized segments hold, bytes, as far as they were seen.
    fn full_len(&self) -> u32 {
        self.largest_payload
            .clamp(1, u32::from(self.mss.max(DEFAULT_MSS)))
    }

    /// The SACK blocks for a segment that goes out now.
    pub(super) fn take_sack_blocks(&mut self, room: usize) -> SackBlocks {
        if !self.sack_permitted {
            return SackBlocks::NONE;
        }
        let blocks = self.sack.take(&self.early, self.rcv_nxt, room);
        let mut told = SackBlocks::NONE;
        for mut block in blocks.iter() {
            // A FIN that is held takes its number, too (RFC 2018 §3: the number that follows).
            if Some(block.end) == self.fin && block.end.at_or_after(self.rcv_nxt) {
                block.end += 1;
            }
            told.push(block);
        }
        told
    }

    /// How many of them there will be.
    pub(super) fn sack_count(&self, room: usize) -> usize {
        if self.sack_permitted {
            self.sack.count(&self.early, room)
        } else {
            0
        }
    }

    /// The next ACK that is due at `now`: its cause, and its number if it is not
    /// simply RCV.NXT.
    pub(super) fn take_due_ack(
        &mut self,
        now: Instant,
        policy: &ReceivePolicy,
    ) -> Option<(Cause, Option<SeqNum>)> {
        let due = self.acks.take_due(now);
        if due.is_some() || !self.sack_permitted || policy.ack == AckStrategy::Never {
            return due;
        }
        self.sack.more_to_tell().map(|cause| (cause, None))
    }

    /// A segment that acknowledges up to `number` goes out.
    pub(super) fn on_ack_sent(&mut self, number: SeqNum) {
        self.last_ack_sent = number;
        self.acks.on_ack_sent();
    }

    /// What a segment acknowledges: all that came, or what has been thought
    /// about so far.
    pub(super) fn ack_number(&self) -> SeqNum {
        if self.acks.next_thought().is_some() {
            self.last_ack_sent
        } else {
            self.rcv_nxt
        }
    }

    /// The number of the next byte that the application reads.
    pub(super) fn read_up_to(&self) -> SeqNum {
        // A ring holds less than 2³¹ bytes.
        let unread = self.ring.len() as u32 + u32::from(self.fin_taken());
        self.rcv_nxt - unread
    }

    /// Bytes that can be read.
    pub(super) fn readable_len(&self) -> usize {
        self.ring.len()
    }

    /// The first bytes that can be read, in place.
    pub(super) fn front(&self) -> &[u8] {
        self.ring.front()
    }

    /// The application has taken `n` bytes.
    pub(super) fn consume(&mut self, n: usize) {
        self.ring.consume(n);
        self.delivered_total += n as u64;
    }
}

/// RFC 7323 §5.5: whether a timestamp is too old to be compared with.
fn is_outdated(now: Instant, taken_at: Instant) -> bool {
    now.since(taken_at) >= TS_RECENT_VALID
}
