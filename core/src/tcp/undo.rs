//! Taking a reduction back: nothing had been lost, only late.
//!
//! ```text
//!   before        cwnd 20 ------.            .------- 20
//!   recovery                    '-- 10 -- ! -'
//!                                         |
//!      each retransmission is reported as a duplicate (D-SACK, RFC 3708), or
//!      an ACK echoes a time before the first of them (Eifel, RFC 3522), or
//!      what was never resent arrives after a timeout (F-RTO, RFC 5682)
//! ```

use super::congestion::{Congestion, CongestionControl};
use super::judge::Detection;
use super::policy::{CongestionKind, Policy};
use super::rack::Echo;
use super::recovery::{Change, Phase};
use super::sender::Sender;
use crate::time::{Duration, Instant};
use crate::trace::{RecoveryStep, UndoReason};
use crate::wire::{SeqNum, SeqRange};

/// What is needed to take a reduction back.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    /// SND.UNA when it was made.
    una: SeqNum,
    /// The congestion control before it.
    pub(super) before: Congestion,
    /// SRTT and RTTVAR before it.
    measured: Option<(Duration, Duration)>,
    /// SND.NXT when the timer ran out, if it did.
    timed_out_at: Option<SeqNum>,
    /// Bytes that went out again since and were not reported as duplicates.
    unexplained: u32,
    /// When the first of them went out.
    first_resent_at: Option<Instant>,
    /// Nothing that went out again before was still on its way then: else its
    /// echo could be taken for an original's.
    clear: bool,
}

impl Undo {
    fn new(sender: &Sender) -> Self {
        let rtt = &sender.rtt;
        Self {
            una: sender.snd_una,
            before: sender.cc,
            measured: rtt.srtt().map(|srtt| (srtt, rtt.rttvar())),
            timed_out_at: None,
            clear: !sender.queue.has_resends(),
            unexplained: 0,
            first_resent_at: None,
        }
    }

    /// The timer ran out; `nxt` is SND.NXT.
    pub(super) fn on_timeout(&mut self, nxt: SeqNum) {
        self.timed_out_at.get_or_insert(nxt);
    }

    /// A retransmission of `len` bytes goes out.
    pub(super) fn on_resent(&mut self, now: Instant, len: u32) {
        self.unexplained = self.unexplained.saturating_add(len);
        self.first_resent_at = self.first_resent_at.or(Some(now));
    }

    /// The peer has `range` twice (RFC 2883).
    pub(super) fn on_dsack(&mut self, range: SeqRange) {
        if range.end.after(self.una) {
            self.unexplained = self.unexplained.saturating_sub(range.len());
        }
    }

    /// RFC 3708 §2: every retransmission was needless.
    pub(super) fn is_all_needless(&self) -> bool {
        self.first_resent_at.is_some() && self.unexplained == 0
    }

    /// RFC 3522 §3.2: the ACK answers what went out before the first
    /// retransmission.
    pub(super) fn is_answer_to_original(&self, echo: Option<Echo>) -> bool {
        match (self.first_resent_at, echo) {
            (Some(resent_at), Some(echo)) => self.clear && echo.sent_at_ms < resent_at.as_millis(),
            _ => false,
        }
    }
}

/// How many new segments go out before anything is sent again, while F-RTO waits for its
/// answer. All, but not for BBR: in Linux its pacing timer sends what is taken for lost right
/// behind the first two, and so spoils the test.
fn new_while_testing(policy: &Policy) -> u32 {
    match policy.congestion {
        CongestionKind::Bbr if policy.window.pacing => 2,
        _ => u32::MAX,
    }
}

/// Nothing was lost, and what was done about it is taken back.
impl Sender {
    /// RFC 3708, RFC 3522 with RFC 4015.
    pub(super) fn try_undo(&mut self, change: &Change, policy: &Policy) -> bool {
        if self.phase == Phase::Open && self.snd_una.after(self.undo_until) {
            self.undo = None;
        }
        let Some(undo) = self.undo.as_deref() else {
            return false;
        };
        let recovers = self.phase != Phase::Open;
        let by_time = policy.loss.undo_by_timestamps && recovers && change.progress;
        let by = if by_time && undo.is_answer_to_original(change.echo) {
            UndoReason::Timestamp
        } else if policy.loss.undo_by_dsack && undo.is_all_needless() {
            UndoReason::DuplicateSack
        } else {
            return false;
        };
        self.undo_reduction(by);
        true
    }

    /// A reduction is about to be made.
    pub(super) fn prepare_undo(&mut self) {
        self.undo = Some(Box::new(Undo::new(self)));
    }

    fn undo_reduction(&mut self, by: UndoReason) {
        let Some(undo) = self.undo.take() else { return };
        if let (Some(measured), Some(nxt)) = (undo.measured, undo.timed_out_at) {
            self.rtt.was_too_short(measured, nxt);
        }
        // As before, but not less than now. RFC 4015 §3.1 would begin with what is in
        // flight; cwnd as a whole is as before here, as in Linux.
        let cwnd = self.cc.cwnd().max(undo.before.cwnd());
        self.cc = undo.before;
        self.cc.set_cwnd(cwnd);
        self.queue.unmark_all_lost();
        self.phase = Phase::Open;
        self.recover = self.snd_una;
        self.forward_rto = None;
        self.force_retransmission = false;
        self.dup_acks = 0;
        self.steps.tell(RecoveryStep::Undone { by });
    }

    /// RFC 5682 §3.1: was the timeout needless? After it one segment goes out
    /// again; the first ACK that advances is answered with new data, and what
    /// arrives next tells originals from retransmissions.
    pub(super) fn try_forward_rto(&mut self, change: &Change, complete: bool, policy: &Policy) {
        if let Some(una) = self.forward_rto {
            // Without SACK, what was resent may have filled a hole before the others.
            let unclear = change.how == Detection::DuplicateAcks || change.how == Detection::Timer;
            let delivery = &change.delivery;
            let original = delivery.original.is_some_and(|range| {
                range.end.at_or_before(self.recover) && !(unclear && delivery.has_resent())
            });
            if original && self.snd_una.after(una) {
                // Step 3 b
                return self.undo_reduction(UndoReason::ForwardRto);
            }
            if self.snd_nxt.after(self.recover) {
                if change.duplicate || delivery.sacked_len > 0 {
                    // Step 3 a: the loss was real.
                    self.forward_rto = None;
                }
            } else if change.progress && !complete {
                // Step 2 b
                self.recover = self.snd_nxt;
                if self.can_send_new() {
                    self.new_data_first = new_while_testing(policy);
                } else {
                    self.forward_rto = None;
                }
            }
        }
        if complete {
            self.phase = Phase::Open;
            self.forward_rto = None;
            self.timeout_ended_at =
                (change.how == Detection::DuplicateAcks).then_some(self.snd_una);
            self.undo_until = self.snd_nxt;
            self.rack.on_recovered();
            self.steps.tell(RecoveryStep::Ended);
        }
    }
}
