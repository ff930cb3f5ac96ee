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
//! RFC 9293 §3.8.6.3, RFC 5681 §4.2. An ACK that is due goes out with the next
//! [`poll_transmit`](super::Connection::poll_transmit); data that goes out
//! before carries it.

use super::policy::{AckStrategy, ReceivePolicy};
use crate::time::Instant;
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
    /// With [`AckStrategy::EverySegment`]: one ACK for each segment, its number
    /// and when the thinking is over.
    owed: VecDeque<(Instant, SeqNum)>,
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

    /// `len` bytes came in order; `rcv_nxt` is the number to acknowledge them
    /// with, and `full_len` what this peer's full-sized segments hold.
    pub(super) fn on_in_order(
        &mut self,
        now: Instant,
        len: u32,
        full_len: u32,
        rcv_nxt: SeqNum,
        policy: &ReceivePolicy,
    ) -> AckTimer {
        match policy.ack {
            AckStrategy::Never => AckTimer::Keep,
            AckStrategy::EverySegment => self.owe(now, rcv_nxt, policy),
            AckStrategy::Delayed { segments, delay } => {
                self.repeats = 0;
                self.unacked_len = self.unacked_len.saturating_add(len);
                // RFC 9293 §3.8.6.3: at least every second full-sized segment.
                if self.unacked_len >= full_len.saturating_mul(u32::from(segments.max(1))) {
                    self.demand(Cause::EverySecondSegment);
                } else if self.quick_left > 0 {
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

    /// The delayed-ACK timer ran out.
    pub(super) fn on_delay_over(&mut self) {
        self.demand(Cause::DelayedAckTimer);
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
    use crate::time::Duration;

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
        let first = acks.on_in_order(now, 1460, 1460, SeqNum(1460), &policy);
        assert_eq!(first, AckTimer::Delay(Instant::from_millis(40)));
        assert!(!acks.is_due());
        acks.on_in_order(now, 1460, 1460, SeqNum(2920), &policy);
        assert_eq!(acks.take_due(now), Some((Cause::EverySecondSegment, None)));
        acks.on_ack_sent();
        assert_eq!(acks.take_due(now), None);
    }

    #[test]
    fn quick_acks_run_out() {
        let policy = policy(2);
        let mut acks = AckSchedule::new(&policy);
        for _ in 0..2 {
            acks.on_in_order(Instant::ZERO, 100, 1460, SeqNum(0), &policy);
            assert_eq!(acks.take_due(Instant::ZERO), Some((Cause::QuickAck, None)));
            acks.on_ack_sent();
        }
        acks.on_in_order(Instant::ZERO, 100, 1460, SeqNum(0), &policy);
        assert!(!acks.is_due());
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
        acks.on_in_order(now, 100, 100, SeqNum(100), &policy);
        acks.on_in_order(now, 100, 100, SeqNum(200), &policy);
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
}
