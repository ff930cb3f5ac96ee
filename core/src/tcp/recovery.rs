//! What an ACK tells the sender: progress, loss, and the end of a recovery.
//!
//! ```text
//!            RACK, SACK or duplicate ACKs say so
//!     Open ------------------------------------> FastRecovery
//!      ^ ^                                          |   |
//!      | '-- ACK of all sent before (recover), -----'   | timeout
//!      |     or nothing was lost (undo)                 v
//!      '------ the same, or F-RTO says so --------- AfterTimeout
//! ```
//!
//! RFC 5681 §3.2, RFC 6582, RFC 6675, RFC 8985. There is one difference to the
//! letter of the first: cwnd is not inflated by duplicate ACKs; instead each
//! takes a segment from the pipe. The sums are the same, and SACK and its
//! absence are one code.

use super::congestion::{AckSample, CongestionControl};
use super::judge::Detection;
use super::policy::Policy;
use super::prr::{Prr, PrrAck};
use super::rack::{Delivery, Echo};
use super::retransmit::{DUP_THRESH, Judged};
use super::segment::Segment;
use super::sender::{Fin, Sender};
use super::tlp::ProbeVerdict;
use crate::time::{Duration, Instant};
use crate::trace::{Cause, RecoveryStep, SlowReason};
use crate::wire::tcp::SackBlocks;
use crate::wire::{SeqNum, SeqRange};

/// Which phase of loss recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No loss is known.
    Open,
    /// A loss was noticed, and is being repaired.
    FastRecovery,
    /// The timer ran out; what was outstanding is being sent again.
    AfterTimeout,
}

/// An ACK that came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct AckArrival<'a> {
    pub(super) now: Instant,
    pub(super) segment: &'a Segment<'a>,
    /// Acceptable: SND.UNA =< `ack` =< SND.NXT, or a little older.
    pub(super) ack: SeqNum,
    /// The timestamp that came back with it.
    pub(super) echo: Option<Echo>,
}

/// What an ACK changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AckOutcome {
    /// Something new was acknowledged.
    pub(super) progress: bool,
    /// A round trip was measured.
    pub(super) rtt: Option<Duration>,
}

/// How things stood before an ACK, and what it brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) now: Instant,
    pub(super) how: Detection,
    pub(super) echo: Option<Echo>,
    pub(super) progress: bool,
    pub(super) duplicate: bool,
    pub(super) rtt: Option<Duration>,
    /// Bytes outstanding before, and of them unknown to SACK.
    pub(super) outstanding: u32,
    pub(super) unsacked: u32,
    pub(super) delivery: Delivery,
}

impl Sender {
    /// Takes an acceptable ACK.
    pub(super) fn on_ack(&mut self, arrival: AckArrival<'_>, policy: &Policy) -> AckOutcome {
        let AckArrival {
            now,
            segment,
            ack,
            echo,
        } = arrival;
        if self.is_at_rest(segment, ack) {
            self.update_window(segment, ack);
            self.note_progress(now, ack, false);
            self.restore_after_probe();
            return AckOutcome::default();
        }
        let how = self.detection(policy);
        let uses_sack = matches!(how, Detection::Sack | Detection::Rack);
        let old = ack.before(self.snd_una);
        if old && !uses_sack {
            return AckOutcome::default();
        }
        let (outstanding, sacked) = (self.queue.outstanding(), self.queue.sacked_len());
        let highest = self.queue.sacked_end.unwrap_or(self.snd_una);
        let progress = ack.after(self.snd_una);
        let mut delivery = Delivery::default();
        self.queue
            .acknowledge(ack, |sent| delivery.acknowledged(sent, echo));
        let window_changed = !old && self.update_window(segment, ack);
        if !old {
            self.note_progress(now, ack, progress);
        }
        let mut dsack = None;
        if uses_sack {
            let blocks = &segment.options.sack;
            dsack = dsack_of(blocks, ack).filter(|range| self.was_sent(*range));
            self.queue
                .mark_sacked(blocks, |sent| delivery.sacked(sent, echo));
        }
        // RFC 5681 §2 says what a duplicate ACK is. With SACK they are not counted:
        // the blocks tell more.
        let idle = !progress
            && !window_changed
            && delivery.sacked_len == 0
            && segment.payload.is_empty()
            && !segment.flags.fin();
        // The answers to a window probe look the same and say nothing of loss.
        let duplicate = !uses_sack && idle && !self.probing.outstanding && !self.queue.is_empty();
        let rtt = self.measure(now, &delivery, echo, progress, policy);
        if !uses_sack {
            self.count_duplicates(duplicate, progress, &mut delivery);
        }
        self.rack
            .on_delivery(now, &delivery, highest, self.rtt.min_rtt());
        if policy.loss.patient_after_partial_acks && delivery.completes_cut {
            self.rack.overtaken = self.rack.overtaken.saturating_add(1);
        }
        if let Some(range) = dsack {
            self.on_dsack(range);
        }
        self.judge_probe(ack, dsack.is_some(), idle, outstanding);
        let change = Change {
            now,
            how,
            echo,
            progress,
            duplicate,
            rtt,
            outstanding,
            unsacked: outstanding - sacked.min(outstanding),
            delivery,
        };
        self.follow(&change, policy);
        self.restore_after_probe();
        AckOutcome { progress, rtt }
    }

    /// Whether an ACK can tell no more than a window: nothing is out, and nothing that
    /// was is in doubt. So it is for whoever only receives.
    fn is_at_rest(&self, segment: &Segment<'_>, ack: SeqNum) -> bool {
        ack == self.snd_una
            && self.queue.is_empty()
            && segment.options.sack.is_empty()
            && self.phase == Phase::Open
            && self.undo.is_none()
            && self.tail.out.is_none()
    }

    /// RFC 6298 §3 (Karn): a round trip, never from what went out twice, unless
    /// timestamps say which of the two was answered.
    fn measure(
        &mut self,
        now: Instant,
        delivery: &Delivery,
        echo: Option<Echo>,
        progress: bool,
        policy: &Policy,
    ) -> Option<Duration> {
        let by_echo = || {
            let echo = echo.filter(|_| progress)?;
            Some(echo.round_trip())
        };
        let sample = delivery.round_trip(now).or_else(by_echo)?;
        if policy.timing.min_rto_is_variance {
            let space = (self.snd_una, self.snd_nxt);
            self.rtt.on_linux_sample(now, sample, &policy.timing, space);
            return Some(sample);
        }
        // RFC 7323, appendix G: so many samples come in one round trip.
        let expected = self.queue.outstanding().div_ceil(2 * self.mss()).max(1);
        self.rtt.on_sample(now, sample, expected);
        if let Some(original) = delivery.original.filter(|_| !delivery.has_resent()) {
            self.rtt.make_up(sample, original.start);
        }
        Some(sample)
    }

    fn note_progress(&mut self, now: Instant, ack: SeqNum, progress: bool) {
        // RFC 9293 §3.8.6.1: as long as a closed window is being confirmed, the
        // peer is there, and the connection stays.
        if progress || self.is_window_closed() {
            self.timeouts = 0;
        }
        self.probing.unanswered = 0;
        if progress {
            self.buffer.acknowledge(ack);
            self.writes.acknowledge(ack);
            self.acked_len = self.acked_len.saturating_add(ack.distance(self.snd_una));
            self.snd_una = ack;
            self.probing.outstanding = false;
            self.tail.due = false;
            // RFC 6298 §5.3
            self.rto_from = now;
            if ack.after(self.buffer.end()) {
                self.fin = Fin::Acked;
            }
        }
    }

    /// Whether the peer can have got this at all.
    fn was_sent(&self, range: SeqRange) -> bool {
        range.start.at_or_after(self.iss) && !range.end.after(self.snd_nxt)
    }

    /// Without SACK each duplicate ACK stands for a segment that has arrived
    /// (RFC 6675's and RFC 6937's reading of RFC 5681 §3.2).
    fn count_duplicates(&mut self, duplicate: bool, progress: bool, delivery: &mut Delivery) {
        let mss = self.mss();
        if duplicate {
            self.dup_acks += 1;
            delivery.len = mss;
        } else if progress {
            // One of the acknowledged segments filled the hole; the others are those
            // whose duplicate ACKs were counted.
            let counted = self.dup_acks.saturating_mul(mss);
            delivery.len = delivery
                .len
                .saturating_sub(counted)
                .max(mss.min(delivery.len));
            let explained = delivery.segments.saturating_sub(1);
            self.dup_acks = match self.phase {
                Phase::FastRecovery => self.dup_acks.saturating_sub(explained),
                Phase::Open | Phase::AfterTimeout => 0,
            };
        }
    }

    /// The peer has something twice (RFC 2883): a retransmission was needless, or
    /// the network made a copy.
    fn on_dsack(&mut self, range: SeqRange) {
        if let Some(undo) = self.undo.as_mut() {
            undo.on_dsack(range);
        }
        self.rack.on_dsack(self.snd_una, self.snd_nxt);
        self.steps.tell(RecoveryStep::Needless {
            from: range.start,
            to: range.end,
        });
    }

    /// RFC 8985 §7.4: a loss that the probe has repaired was a sign of congestion
    /// all the same.
    fn judge_probe(&mut self, ack: SeqNum, dsack: bool, idle: bool, outstanding: u32) {
        let verdict = self.tail.judge(ack, dsack, idle);
        if verdict == ProbeVerdict::Repaired && self.phase == Phase::Open {
            self.cc.on_loss(outstanding);
            let ssthresh = self.cc.ssthresh();
            self.cc.set_cwnd(ssthresh);
            let by = SlowReason::ProbeRepairedLoss;
            self.steps.tell(RecoveryStep::Slowed { by });
        }
    }

    /// The phases, and the congestion window.
    fn follow(&mut self, change: &Change, policy: &Policy) {
        // F-RTO's new data was due on the last ACK only.
        self.new_data_first = 0;
        if self.try_undo(change, policy) {
            return self.grow(change, policy);
        }
        let complete = self.snd_una.at_or_after(self.recover);
        match self.phase {
            Phase::Open => {}
            Phase::FastRecovery if complete => return self.leave_recovery(policy),
            Phase::FastRecovery => {}
            Phase::AfterTimeout => self.try_forward_rto(change, complete, policy),
        }
        let found = self.find_losses(change);
        let enters = match self.phase {
            Phase::Open => self.queue.has_lost() && change.how != Detection::Timer,
            // RFC 5681 §4.3: a lost retransmission is a further sign of congestion.
            Phase::AfterTimeout => found.lost_again,
            Phase::FastRecovery => false,
        };
        if enters {
            self.enter_recovery(change.outstanding, change.unsacked);
        }
        let slows = self.slows_down();
        if self.phase == Phase::FastRecovery || slows {
            self.reduce(change, found, policy);
        } else {
            self.grow(change, policy);
        }
    }

    fn enter_recovery(&mut self, outstanding: u32, unsacked: u32) {
        // RFC 5681 §3.2 (2), RFC 6675 §5 (4)
        if self.phase == Phase::Open {
            self.prepare_undo();
        }
        self.phase = Phase::FastRecovery;
        self.recover = self.snd_nxt;
        self.force_retransmission = true;
        self.tail.out = None;
        // What a mark has begun to reduce is not reduced twice (RFC 3168 §6.1.2).
        if self.slow_until.take().is_none() {
            self.cc.on_loss(outstanding);
            self.prr = Prr::new(unsacked);
        }
        let until = self.recover;
        self.steps.tell(RecoveryStep::Began { until });
    }

    fn leave_recovery(&mut self, policy: &Policy) {
        // RFC 6582 §3.2 (3), full acknowledgment
        self.phase = Phase::Open;
        self.dup_acks = 0;
        self.force_retransmission = false;
        self.rack.on_recovered();
        self.undo_until = self.snd_nxt;
        let in_flight = self.queue.outstanding();
        self.cc
            .on_recovered(in_flight, policy.loss.proportional_rate);
        self.steps.tell(RecoveryStep::Ended);
    }

    /// In a recovery cwnd follows what is delivered.
    fn reduce(&mut self, change: &Change, found: Judged, policy: &Policy) {
        if policy.loss.proportional_rate {
            let safe = change.progress && found.lost_len == 0;
            self.come_down(change.delivery.len, safe);
        }
    }

    /// The next step of PRR, for what an ACK delivered; `safe` if it advances and tells
    /// of no new loss.
    pub(super) fn come_down(&mut self, delivered: u32, safe: bool) {
        let ack = PrrAck {
            delivered,
            safe,
            pipe: self.pipe(),
            mss: self.mss(),
        };
        if let Some(cwnd) = self.prr.on_ack(ack, self.cc.ssthresh()) {
            self.cc.set_cwnd(cwnd);
        }
    }

    /// Outside of one it grows, if it was used.
    fn grow(&mut self, change: &Change, policy: &Policy) {
        // Where segments overtake each other, what SACK tells is progress too.
        let reorders = self.rack.overtaken_by > DUP_THRESH * self.mss();
        if !change.progress && !reorders {
            return;
        }
        let sample = AckSample {
            now: change.now,
            una: self.snd_una,
            nxt: self.snd_nxt,
            rtt: change.rtt,
            min_rtt: self.rtt.min_rtt(),
            paced: policy.window.pacing,
            acked_len: change.delivery.len,
            limited: self.is_cwnd_limited(),
            after_timeout: self.phase == Phase::AfterTimeout,
        };
        self.cc.on_ack(&sample);
    }

    /// The reordering timer ran out (RFC 8985 §6.2).
    pub(super) fn on_reordering_timeout(&mut self, now: Instant, policy: &Policy) {
        let (outstanding, sacked) = (self.queue.outstanding(), self.queue.sacked_len());
        let found = self.judge_by_time(now);
        if found.lost_len == 0 {
            return;
        }
        if self.phase == Phase::Open || (self.phase == Phase::AfterTimeout && found.lost_again) {
            self.enter_recovery(outstanding, outstanding - sacked);
            if policy.loss.proportional_rate {
                // No ACK brings a delivery to count: the one that set the timer did.
                self.come_down(self.mss(), false);
            }
        }
    }

    /// The retransmission timer ran out (RFC 6298 §5.4 to §5.7, RFC 5681 §3.1).
    pub(super) fn on_retransmission_timeout(&mut self, now: Instant, policy: &Policy) {
        self.timeouts += 1;
        let again = self.timeouts > 1;
        let first = self.phase == Phase::Open;
        if first {
            self.prepare_undo();
        }
        if let Some(undo) = self.undo.as_mut() {
            undo.on_timeout(self.snd_nxt);
        }
        // RFC 5682 §2.1 (1): not while another timeout's losses are repaired. Without SACK
        // that lasts, as in Linux, until something beyond them is acknowledged.
        let goes_on = self.timeout_ended_at == Some(self.snd_una);
        let forward = policy.loss.forward_rto && (first && !goes_on || again);
        self.forward_rto = forward.then_some(self.snd_una);
        self.cc.on_timeout(self.queue.outstanding(), again);
        let rack = self.detection(policy) == Detection::Rack;
        let patience = self.rack.patience(true, 0, &self.rtt);
        // RFC 8985 §6.3: what went out lately may still arrive.
        self.queue
            .mark_lost_by_timeout(|sent| !rack || sent.sent_at + patience <= now);
        self.rtt.back_off();
        self.rto_from = now;
        self.dup_acks = 0;
        self.force_retransmission = true;
        self.new_data_first = 0;
        self.tail = Default::default();
        self.rack.judge_at = None;
        self.slow_until = None;
        self.phase = Phase::AfterTimeout;
        // RFC 6582 §4: no fast retransmit until all that is out now has arrived.
        self.recover = self.snd_nxt;
        let until = self.recover;
        self.steps.tell(RecoveryStep::TimedOut { until });
    }

    /// The path takes less (RFC 1191): segments hold `send_mss` bytes from now on, and
    /// what is outstanding with a payload of more than `fits` is to be sent again.
    pub(super) fn on_path_mtu(&mut self, send_mss: u16, fits: Option<u32>) {
        self.set_send_mss(send_mss, self.fixed_options_len);
        if let Some(fits) = fits {
            self.queue.mark_larger_lost(fits);
            self.force_retransmission = true;
        }
    }

    /// A byte sent into a closed window is lost if the window has opened and it
    /// is still not acknowledged: the peer had no room for it.
    fn restore_after_probe(&mut self) {
        if self.is_window_closed() {
            return;
        }
        if self.probing.outstanding {
            self.queue.mark_head_lost(Cause::Recovery);
            self.force_retransmission = true;
        }
        self.probing = Default::default();
    }
}

/// The D-SACK block (RFC 2883 §4): the first, if it lies below the ACK or
/// within the second.
fn dsack_of(blocks: &SackBlocks, ack: SeqNum) -> Option<SeqRange> {
    let mut blocks = blocks.iter();
    let (first, second) = (blocks.next()?, blocks.next());
    let duplicate =
        first.end.at_or_before(ack) || second.is_some_and(|second| second.covers(first));
    (duplicate && !first.is_empty()).then_some(first)
}
