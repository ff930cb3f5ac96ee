//! When received data is acknowledged.
//!
//! ```text
//!   out of order, duplicate, gap filled, FIN      at once
//!   in order, at the start                        at once (quick ACK)
//!   in order, second full-sized segment           at once
//!   in order, otherwise                           when the timer runs out,
//!                                                 or with our next data
//! ```
//!
//! Acknowledging at once serves a sender that grows; waiting serves two ends that
//! talk in turns. An adaptive receiver goes from one to the other:
//!
//! ```text
//!              we answer within the delay
//!   quick ----------------------------------> in turns
//!     ^                                          |
//!     '--- duplicates come, or an ACK had -------'
//!          to go out without an answer
//! ```
//!
//! RFC 9293 §3.8.6.3, RFC 5681 §4.2. An ACK that is due goes out with the next
//! [`poll_transmit`](super::Connection::poll_transmit); data that goes out
//! before carries it.

use super::policy::{AckStrategy, ReceivePolicy};
use crate::time::{Duration, Instant};
use crate::trace::Cause;
use crate::wire::SeqNum;
use std::collections::VecDeque;

/// ACKs that a slow thinker owes at most; more are forgotten, as they would be
/// in a full queue.
const MAX_OWED: usize = 4096;

/// What is to be acknowledged, and when.
#[derive(Debug)]
pub(super) struct AckSchedule {
    /// An ACK is due now, and why.
    due: Option<Cause>,
    /// Further ACKs like it that are due: duplicates, which the sender counts.
    repeats: u16,
    /// In-order bytes received since the last ACK went out.
    unacked_len: u32,
    /// Segments that are still acknowledged one by one.
    quick_left: u16,
    /// Both ends talk in turns: an ACK waits for our answer.
    in_turns: bool,
    /// A segment that was less than full came since the last ACK.
    small_came: bool,
    /// When data came last.
    last_data_at: Option<Instant>,
    /// With [`AckStrategy::EverySegment`]: one ACK for each segment, its number
    /// and when the thinking is over.
    owed: VecDeque<(Instant, SeqNum)>,
}

/// What came in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    /// How many bytes.
    pub(super) len: u32,
    /// What this peer's full-sized segments hold, bytes.
    pub(super) full_len: u32,
    /// How long a sender may be silent before it begins anew.
    pub(super) rto: Duration,
}

/// What in-order data asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AckTimer {
    /// Nothing changes.
    Keep,
    /// The delayed-ACK timer runs until then, if it does not run already.
    Delay(Instant),
    /// The thinking timer runs until then.
    Think(Instant),
}

impl AckSchedule {
    pub(super) fn new(policy: &ReceivePolicy) -> Self {
        Self {
            due: None,
            repeats: 0,
            unacked_len: 0,
            quick_left: policy.quick_acks,
            in_turns: false,
            small_came: false,
            last_data_at: None,
            owed: VecDeque::new(),
        }
    }

    /// An ACK must go out at once. Of several reasons the first is told.
    pub(super) fn demand(&mut self, cause: Cause) {
        self.due.get_or_insert(cause);
    }

    /// A segment came early. Without SACK the sender counts the duplicate ACKs
    /// (RFC 5681 §4.2: one for each), so that those for segments that came
    /// together must not become one.
    pub(super) fn demand_duplicate(&mut self, counted: bool) {
        if self.due == Some(Cause::OutOfOrder) && counted {
            self.repeats = self.repeats.saturating_add(1);
        }
        self.demand(Cause::OutOfOrder);
    }

    /// Data came in order; `rcv_nxt` is the number to acknowledge it with.
    pub(super) fn on_in_order(
        &mut self,
        now: Instant,
        came: Came,
        rcv_nxt: SeqNum,
        policy: &ReceivePolicy,
    ) -> AckTimer {
        match policy.ack {
            AckStrategy::Never => AckTimer::Keep,
            AckStrategy::EverySegment => self.owe(now, rcv_nxt, policy),
            AckStrategy::Delayed { segments, delay } => {
                self.repeats = 0;
                self.note_data(now, came, policy);
                self.unacked_len = self.unacked_len.saturating_add(came.len);
                // RFC 9293 §3.8.6.3: at least every second full-sized segment. Linux
                // does not wait for the second to be full.
                let segments = u32::from(segments.max(1));
                let enough = if policy.adaptive_acks {
                    came.full_len.saturating_mul(segments - 1).saturating_add(1)
                } else {
                    came.full_len.saturating_mul(segments)
                };
                if self.unacked_len >= enough {
                    self.demand(Cause::EverySecondSegment);
                } else if self.quick_left > 0 && !self.in_turns {
                    self.demand(Cause::QuickAck);
                } else if self.due.is_none() {
                    self.quick_left = self.quick_left.saturating_sub(1);
                    return AckTimer::Delay(now + delay);
                }
                self.quick_left = self.quick_left.saturating_sub(1);
                AckTimer::Keep
            }
        }
    }

    fn note_data(&mut self, now: Instant, came: Came, policy: &ReceivePolicy) {
        let before = self.last_data_at.replace(now);
        self.small_came |= came.len < came.full_len;
        // After a silence a sender begins anew, with a small congestion window.
        if policy.adaptive_acks && before.is_some_and(|at| now.since(at) > came.rto) {
            self.quick_left = policy.quick_acks;
        }
    }

    /// The peer has said all. Most programs then say goodbye at once, and that can carry the
    /// ACK. Who never got any data has no idea yet of how long to wait, and does not.
    pub(super) fn on_fin(&mut self, now: Instant, policy: &ReceivePolicy) -> AckTimer {
        if let AckStrategy::Delayed { delay, .. } = policy.ack
            && policy.adaptive_acks
            && self.last_data_at.is_some()
        {
            self.in_turns = true;
            if self.due.is_none() {
                return AckTimer::Delay(now + delay);
            }
        }
        self.demand(Cause::FinReceived);
        AckTimer::Keep
    }

    /// The delayed-ACK timer ran out: the answer that it waited for did not come.
    pub(super) fn on_delay_over(&mut self) {
        self.in_turns = false;
        self.demand(Cause::DelayedAckTimer);
    }

    /// Data of ours goes out: if it answers what came just before, the next ACK may
    /// wait for such an answer, too.
    pub(super) fn on_data_sent(&mut self, now: Instant, policy: &ReceivePolicy) {
        let AckStrategy::Delayed { delay, .. } = policy.ack else {
            return;
        };
        let answers = self.last_data_at.is_some_and(|at| now.since(at) < delay);
        self.in_turns |= policy.adaptive_acks && answers;
    }

    /// Data came that was here already: the peer did not hear our ACKs.
    pub(super) fn on_duplicate(&mut self, policy: &ReceivePolicy) {
        if policy.adaptive_acks {
            self.in_turns = false;
            self.quick_left = policy.quick_acks;
        }
    }

    /// The application has read all that came. After a segment that was less than
    /// full there is probably nothing more to wait for, unless it answers.
    pub(super) fn on_all_read(&mut self, policy: &ReceivePolicy) {
        if policy.adaptive_acks && self.small_came && !self.in_turns {
            self.demand(Cause::AllRead);
        }
    }

    /// The next ACK that is due at `now`: its cause, and its number if it is not
    /// simply RCV.NXT.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Cause, Option<SeqNum>)> {
        if let Some((at, _)) = self.owed.front()
            && *at <= now
        {
            let (_, number) = self.owed.pop_front()?;
            return Some((Cause::QuickAck, Some(number)));
        }
        if let Some(cause) = self.due.take() {
            return Some((cause, None));
        }
        self.repeats = self.repeats.checked_sub(1)?;
        Some((Cause::OutOfOrder, None))
    }

    /// Whether an ACK is due now for this cause.
    pub(super) fn is_due_for(&self, cause: Cause) -> bool {
        self.due == Some(cause)
    }

    /// Whether an ACK is due, now or once it was thought about.
    pub(super) fn has_any(&self) -> bool {
        self.due.is_some() || self.repeats > 0 || !self.owed.is_empty()
    }

    /// Whether an ACK is due now.
    #[cfg(test)]
    pub(super) fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// When the next thought is complete.
    pub(super) fn next_thought(&self) -> Option<Instant> {
        self.owed.front().map(|(at, _)| *at)
    }

    /// What was not thought about yet is acknowledged with the next segment.
    pub(super) fn stop_thinking(&mut self) {
        self.owed.clear();
    }

    /// A segment has gone out, and with it an ACK.
    pub(super) fn on_ack_sent(&mut self) {
        self.due = None;
        self.unacked_len = 0;
        self.small_came = false;
    }

    fn owe(&mut self, now: Instant, rcv_nxt: SeqNum, policy: &ReceivePolicy) -> AckTimer {
        // One after the other: thinking starts when the thought before is done.
        let free_at = self.owed.back().map_or(now, |(at, _)| (*at).max(now));
        let done_at = free_at + policy.think;
        if self.owed.len() < MAX_OWED {
            self.owed.push_back((done_at, rcv_nxt));
        }
        match self.next_thought() {
            Some(at) if at > now => AckTimer::Think(at),
            _ => AckTimer::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTO: Duration = Duration::from_secs(1);

    fn came(len: u32, full_len: u32) -> Came {
        let rto = RTO;
        Came { len, full_len, rto }
    }

    fn policy(quick_acks: u16) -> ReceivePolicy {
        ReceivePolicy {
            quick_acks,
            ..ReceivePolicy::default()
        }
    }

    #[test]
    fn every_second_full_segment_is_acknowledged_at_once() {
        let policy = policy(0);
        let mut acks = AckSchedule::new(&policy);
        let now = Instant::ZERO;
        let first = acks.on_in_order(now, came(1460, 1460), SeqNum(1460), &policy);
        assert_eq!(first, AckTimer::Delay(Instant::from_millis(40)));
        assert!(!acks.is_due());
        acks.on_in_order(now, came(1460, 1460), SeqNum(2920), &policy);
        assert_eq!(acks.take_due(now), Some((Cause::EverySecondSegment, None)));
        acks.on_ack_sent();
        assert_eq!(acks.take_due(now), None);
    }

    #[test]
    fn quick_acks_run_out() {
        let policy = policy(2);
        let mut acks = AckSchedule::new(&policy);
        for _ in 0..2 {
            acks.on_in_order(Instant::ZERO, came(100, 1460), SeqNum(0), &policy);
            assert_eq!(acks.take_due(Instant::ZERO), Some((Cause::QuickAck, None)));
            acks.on_ack_sent();
        }
        acks.on_in_order(Instant::ZERO, came(100, 1460), SeqNum(0), &policy);
        assert!(!acks.is_due());
    }

    #[test]
    fn an_adaptive_receiver_waits_for_who_answers_and_is_quick_after_a_silence() {
        let policy = ReceivePolicy {
            adaptive_acks: true,
            ..policy(2)
        };
        let mut acks = AckSchedule::new(&policy);
        let at = Instant::from_millis;
        let arrives = |acks: &mut AckSchedule, ms| {
            acks.on_in_order(at(ms), came(100, 1460), SeqNum(0), &policy);
            let due = acks.take_due(at(ms)).map(|(cause, _)| cause);
            acks.on_ack_sent();
            due
        };
        assert_eq!(arrives(&mut acks, 0), Some(Cause::QuickAck));
        acks.on_data_sent(at(10), &policy);
        assert_eq!(arrives(&mut acks, 20), None);
        acks.on_delay_over();
        acks.on_ack_sent();
        assert_eq!(arrives(&mut acks, 80), None, "two quick ACKs are spent");
        assert_eq!(arrives(&mut acks, 2000), Some(Cause::QuickAck));
    }

    #[test]
    fn what_was_read_to_the_end_is_acknowledged_unless_an_answer_is_due() {
        let policy = ReceivePolicy {
            adaptive_acks: true,
            ..policy(0)
        };
        let mut acks = AckSchedule::new(&policy);
        acks.on_in_order(Instant::ZERO, came(100, 1460), SeqNum(0), &policy);
        acks.on_all_read(&policy);
        let due = acks.take_due(Instant::ZERO);
        assert_eq!(due, Some((Cause::AllRead, None)));
        acks.on_ack_sent();
        acks.on_data_sent(Instant::ZERO, &policy);
        acks.on_in_order(Instant::ZERO, came(100, 1460), SeqNum(0), &policy);
        acks.on_all_read(&policy);
        assert!(!acks.is_due());
    }

    #[test]
    fn full_segments_that_were_read_wait_and_duplicates_bring_back_quick_acks() {
        let policy = ReceivePolicy {
            adaptive_acks: true,
            ..policy(1)
        };
        let mut acks = AckSchedule::new(&policy);
        let now = Instant::ZERO;
        acks.on_in_order(now, came(1460, 1460), SeqNum(0), &policy);
        acks.take_due(now);
        acks.on_ack_sent();
        acks.on_in_order(now, came(1460, 1460), SeqNum(0), &policy);
        acks.on_all_read(&policy);
        assert!(!acks.is_due(), "another full one is probably on its way");
        acks.on_ack_sent();
        acks.on_duplicate(&policy);
        acks.on_in_order(now, came(100, 1460), SeqNum(0), &policy);
        assert_eq!(acks.take_due(now), Some((Cause::QuickAck, None)));
    }

    #[test]
    fn a_thinker_takes_one_segment_after_the_other() {
        let policy = ReceivePolicy {
            ack: AckStrategy::EverySegment,
            think: Duration::from_millis(10),
            ..ReceivePolicy::default()
        };
        let mut acks = AckSchedule::new(&policy);
        let now = Instant::ZERO;
        acks.on_in_order(now, came(100, 100), SeqNum(100), &policy);
        acks.on_in_order(now, came(100, 100), SeqNum(200), &policy);
        assert_eq!(acks.take_due(now), None);
        let (first, second) = (Instant::from_millis(10), Instant::from_millis(20));
        assert_eq!(acks.next_thought(), Some(first));
        assert_eq!(
            acks.take_due(first),
            Some((Cause::QuickAck, Some(SeqNum(100))))
        );
        assert_eq!(acks.take_due(first), None);
        assert_eq!(
            acks.take_due(second),
            Some((Cause::QuickAck, Some(SeqNum(200))))
        );
    }

    #[test]
    fn only_an_adaptive_receiver_waits_for_answers_or_listens_to_its_reader() {
        let policy = policy(2);
        let (mut acks, now) = (AckSchedule::new(&policy), Instant::ZERO);
        acks.on_in_order(now, came(100, 1460), SeqNum(0), &policy);
        acks.on_data_sent(now, &policy);
        acks.take_due(now);
        acks.on_ack_sent();
        acks.on_in_order(now, came(100, 1460), SeqNum(0), &policy);
        assert_eq!(acks.take_due(now), Some((Cause::QuickAck, None)));
        acks.on_ack_sent();
        acks.on_in_order(now, came(100, 1460), SeqNum(0), &policy);
        acks.on_all_read(&policy);
        assert!(!acks.is_due());
    }

    #[test]
    fn an_answer_is_quick_and_a_silence_is_long() {
        let policy = ReceivePolicy {
            adaptive_acks: true,
            ..policy(3)
        };
        let at = Instant::from_millis;
        let after = |answered_ms: u64, silence_ms: u64| {
            let mut acks = AckSchedule::new(&policy);
            acks.on_in_order(at(0), came(100, 1460), SeqNum(0), &policy);
            acks.on_data_sent(at(answered_ms), &policy);
            acks.quick_left = 0;
            acks.on_ack_sent();
            acks.on_in_order(at(silence_ms), came(100, 1460), SeqNum(0), &policy);
            (acks.in_turns, acks.quick_left)
        };
        // The delay is 40 ms, the RTO a second.
        assert_eq!(after(39, 1000), (true, 0));
        assert_eq!(after(40, 1000), (false, 0));
        assert_eq!(after(40, 1001), (false, 2), "one of three is being used");
    }

    #[test]
    fn whatever_is_due_is_known_to_be() {
        let thinking = ReceivePolicy {
            ack: AckStrategy::EverySegment,
            think: Duration::from_millis(10),
            ..ReceivePolicy::default()
        };
        let (mut acks, now) = (AckSchedule::new(&thinking), Instant::ZERO);
        assert!(!acks.has_any());
        for number in 0..=MAX_OWED {
            acks.on_in_order(now, came(1, 100), SeqNum(number as u32), &thinking);
        }
        assert!(acks.has_any());
        assert_eq!(acks.owed.len(), MAX_OWED);
        let mut acks = AckSchedule::new(&policy(0));
        acks.demand_duplicate(true);
        acks.demand_duplicate(true);
        assert!(acks.has_any());
        acks.take_due(now);
        assert!(acks.has_any(), "the second");
        acks.take_due(now);
        assert!(!acks.has_any());
    }
}
