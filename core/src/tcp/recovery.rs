//! What an ACK tells the sender: progress, loss, and the end of a recovery.
//!
//! ```text
//!            3 duplicate ACKs, or SACK says so
//!     Open ------------------------------------> FastRecovery
//!      ^ ^                                          |   |
//!      | '---- ACK of all sent before (recover) ----'   | timeout
//!      |                                                v
//!      '------ ACK of all sent before (recover) ----- AfterTimeout
//! ```
//!
//! RFC 5681 §3.2, RFC 6582, RFC 6675. There is one difference to their letter:
//! cwnd is not inflated by duplicate ACKs; instead each takes a segment from the
//! pipe. The sums are the same, and SACK and its absence are one code.

use super::congestion::{AckSample, CongestionControl};
use super::policy::{Policy, Recovery};
use super::retransmit::DUP_THRESH;
use super::segment::Segment;
use super::sender::{Fin, Sender};
use crate::time::{Duration, Instant};
use crate::trace::Cause;
use crate::wire::SeqNum;
use crate::wire::tcp::SackBlocks;

/// Which phase of loss recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No loss is known.
    Open,
    /// A loss was noticed by duplicate ACKs or SACK, and is being repaired.
    FastRecovery,
    /// The timer ran out; all that was outstanding is being sent again.
    AfterTimeout,
}

/// What an ACK changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AckOutcome {
    /// Something new was acknowledged.
    pub(super) progress: bool,
    /// A round trip was measured.
    pub(super) rtt: Option<Duration>,
}

impl Sender {
    /// Takes an acceptable ACK: SND.UNA =< `ack` =< SND.NXT, or a little older.
    /// `echoed` is the age of the timestamp that came back with it.
    pub(super) fn on_ack(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        ack: SeqNum,
        echoed: Option<Duration>,
        policy: &Policy,
    ) -> AckOutcome {
        if ack.before(self.snd_una) {
            return AckOutcome::default();
        }
        let in_flight = self.queue.outstanding();
        let progress = ack.after(self.snd_una);
        let acked_len = ack.distance(self.snd_una);
        let acked = self.queue.acknowledge(ack);
        let window_changed = self.update_window(segment, ack);
        self.note_progress(ack, progress);

        let uses_sack = self.sack_permitted && policy.recovery == Recovery::Sack;
        let newly_sacked = uses_sack && self.mark_sacked(&segment.options.sack);
        // RFC 5681 §2 says what a duplicate ACK is; with SACK it is one that tells
        // of data that was not known to have arrived (RFC 6675 §2).
        let duplicate = if uses_sack {
            newly_sacked && !progress
        } else {
            // The answers to a window probe look the same and say nothing of loss.
            !progress
                && !self.probing.outstanding
                && !window_changed
                && !self.queue.is_empty()
                && segment.payload.is_empty()
                && !segment.flags.fin()
        };

        let sample = AckSample {
            acked_len,
            in_flight,
            after_timeout: self.phase == Phase::AfterTimeout,
        };
        match self.phase {
            Phase::Open => {
                self.on_ack_when_open(sample, progress, duplicate, uses_sack, policy);
            }
            Phase::FastRecovery => {
                self.on_ack_in_recovery(progress, duplicate, acked.segments, uses_sack);
            }
            Phase::AfterTimeout => {
                if progress {
                    self.cc.on_ack(sample);
                }
                if ack.at_or_after(self.recover) {
                    self.phase = Phase::Open;
                }
            }
        }
        self.restore_after_probe();

        // RFC 6298 §3 (Karn): never from what went out twice, unless timestamps
        // say which of the two was answered.
        let rtt = acked.sent_at.map(|sent_at| now.since(sent_at));
        AckOutcome {
            progress,
            rtt: rtt.or(echoed.filter(|_| progress && acked.segments > 0)),
        }
    }

    fn note_progress(&mut self, ack: SeqNum, progress: bool) {
        // RFC 9293 §3.8.6.1: as long as a closed window is being confirmed, the
        // peer is there, and the connection stays.
        if progress || self.is_window_closed() {
            self.timeouts = 0;
        }
        self.probing.unanswered = 0;
        if progress {
            self.buffer.acknowledge(ack);
            self.writes.acknowledge(ack);
            self.snd_una = ack;
            self.probing.outstanding = false;
            if self.fin == Fin::Sent && ack == self.snd_nxt && ack.after(self.buffer.end()) {
                self.fin = Fin::Acked;
            }
        }
    }

    /// Notes what SACK tells; answers whether it was news.
    fn mark_sacked(&mut self, blocks: &SackBlocks) -> bool {
        let mut newly = 0;
        for block in blocks.iter() {
            // A D-SACK (RFC 2883) lies below SND.UNA or in what is known already:
            // both say nothing new here.
            newly += self.queue.mark_sacked(block);
        }
        newly > 0
    }

    fn on_ack_when_open(
        &mut self,
        sample: AckSample,
        progress: bool,
        duplicate: bool,
        uses_sack: bool,
        policy: &Policy,
    ) {
        if progress {
            self.dup_acks = 0;
            self.cc.on_ack(sample);
        }
        let recovers = matches!(policy.recovery, Recovery::NewReno | Recovery::Sack);
        // RFC 6582 §3.2 (2), §4: duplicates that a go-back-N after a timeout has
        // caused are not a loss. SACK tells them apart at the border.
        let at_border = self.snd_una == self.recover;
        let stale = self.snd_una.before(self.recover) || (at_border && !uses_sack);
        if !recovers || stale {
            return;
        }
        self.dup_acks += u32::from(duplicate);
        let by_sack = self.queue.sacked_len() > 0
            && self
                .queue
                .mark_lost_by_sack(self.mss(), Cause::FastRetransmit);
        let by_count =
            self.dup_acks >= DUP_THRESH && self.queue.mark_head_lost(Cause::FastRetransmit);
        if by_sack || by_count {
            // RFC 5681 §3.2 (2), RFC 6675 §5 (4)
            self.phase = Phase::FastRecovery;
            self.recover = self.snd_nxt;
            self.force_retransmission = true;
            self.cc.on_loss(sample.in_flight);
        }
    }

    fn on_ack_in_recovery(
        &mut self,
        progress: bool,
        duplicate: bool,
        acked_segments: u32,
        uses_sack: bool,
    ) {
        if self.snd_una.at_or_after(self.recover) {
            // RFC 6582 §3.2 (3), full acknowledgment
            self.phase = Phase::Open;
            self.dup_acks = 0;
            self.force_retransmission = false;
            self.cc.on_recovered(self.queue.outstanding());
            return;
        }
        self.dup_acks += u32::from(duplicate);
        if progress {
            // RFC 6582 §3.2 (3), partial acknowledgment: the next hole. One of the
            // acknowledged segments is the one that was resent; the others are
            // those whose duplicate ACKs were counted.
            let explained = acked_segments.saturating_sub(1);
            self.dup_acks = self.dup_acks.saturating_sub(explained);
            if !uses_sack || self.queue.sacked_len() > 0 {
                let found = self.queue.mark_head_lost(Cause::Recovery);
                self.force_retransmission |= found;
            }
        }
        if uses_sack {
            self.queue.mark_lost_by_sack(self.mss(), Cause::Recovery);
        }
    }

    /// The retransmission timer ran out (RFC 6298 §5.4 to §5.7, RFC 5681 §3.1).
    pub(super) fn on_retransmission_timeout(&mut self) {
        self.timeouts += 1;
        let again = self.timeouts > 1;
        self.cc.on_timeout(self.queue.outstanding(), again);
        self.queue.mark_all_lost();
        self.rtt.back_off();
        self.dup_acks = 0;
        self.force_retransmission = false;
        self.phase = Phase::AfterTimeout;
        // RFC 6582 §4: no fast retransmit until all that is out now has arrived.
        self.recover = self.snd_nxt;
    }

    /// The path takes no segment of more than `send_mss` bytes (RFC 1191).
    pub(super) fn on_path_mtu(&mut self, send_mss: u16, resend: bool) {
        self.set_send_mss(send_mss, self.fixed_options_len);
        if resend {
            self.queue.mark_larger_lost(self.mss());
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

    /// How many samples of the round-trip time one round trip brings (RFC 7323,
    /// appendix G).
    pub(super) fn samples_per_rtt(&self) -> u32 {
        self.queue.outstanding().div_ceil(2 * self.mss()).max(1)
    }
}
