//! SEGMENT ARRIVES: RFC 9293 §3.10.7, in the RFC's order.
//!
//! ```text
//!   segment -> number, PAWS -> RST -> SYN -> ACK -> data -> FIN
//!                 |            |      |      |
//!                 ACK, drop  reset or challenge ACK   ACK, drop
//! ```

use super::congestion::CongestionControl;
use super::connection::Connection;
use super::context::Context;
use super::options::timestamp_clock;
use super::policy::{AckStrategy, OutOfOrderPolicy};
use super::rack::Echo;
use super::recovery::AckArrival;
use super::segment::Segment;
use super::sender::Fin;
use super::state::{self, Step};
use crate::time::Duration;
use crate::trace::{Cause, CloseReason, DropReason, Event, Observer, TcpState, TimerKind};
use crate::wire::{SeqNum, SeqRange};

/// What is left to do with a segment after a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The next check.
    Pass,
    /// Nothing more: it was dropped, and that was told.
    Done,
}

impl Connection {
    /// RFC 9293 §3.10.7.
    pub(super) fn segment_arrives<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) {
        match self.state {
            // A RST for a segment without a connection is the stack's to send
            // (§3.10.7.1); a connection is born from a SYN, not in LISTEN (§3.10.7.2).
            TcpState::Closed | TcpState::Listen => cx.dropped(DropReason::NoConnection),
            TcpState::SynSent => self.arrives_in_syn_sent(segment, cx),
            _ => self.arrives_later(segment, cx),
        }
    }

    /// RFC 9293 §3.10.7.4.
    fn arrives_later<O: Observer>(&mut self, segment: &Segment<'_>, cx: &mut Context<'_, O>) {
        if self.policy.receive.out_of_order == OutOfOrderPolicy::DropSilently
            && segment.seq != self.rcv.rcv_nxt
        {
            let expected = self.rcv.rcv_nxt;
            return cx.dropped(DropReason::PolicyOutOfOrder { expected });
        }
        let flags = segment.flags;
        // RFC 5961 §4.2: a SYN is challenged whatever its number is. SYN-RECEIVED
        // has cases of its own.
        if flags.syn() && !flags.rst() {
            if self.state != TcpState::SynReceived {
                self.challenge(cx);
                return cx.dropped(DropReason::SynInWindow);
            }
            if self.syn_in_syn_received(segment, cx) == Check::Done {
                return;
            }
        } else if self.check_sequence(segment, cx) == Check::Done {
            return;
        }
        // Second: RST.
        if flags.rst() {
            return self.reset_arrives(segment, cx);
        }
        // Fifth: ACK.
        if !flags.ack() {
            return cx.dropped(DropReason::NoAck);
        }
        let check = if self.state == TcpState::SynReceived {
            self.ack_in_syn_received(segment, cx)
        } else {
            self.ack_arrives(segment, cx)
        };
        if check == Check::Done {
            return;
        }
        self.heard(cx.now);
        // RFC 7323 §5.3 R3 does this before the ACK is looked at; but who guesses
        // only the window could then make PAWS drop all that is true.
        self.rcv.take_timestamp(cx.now, segment);
        // Sixth to eighth: the URG bit, the text and the FIN.
        self.take_text(segment, segment.seq + u32::from(flags.syn()), cx);
    }

    /// First: the sequence number, and before it PAWS (RFC 7323 §5.3 R1, R2).
    fn check_sequence<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) -> Check {
        let flags = segment.flags;
        let old = !flags.rst() && self.rcv.is_old_by_timestamp(cx.now, segment);
        if !old && self.rcv.acceptable(segment) {
            return Check::Pass;
        }
        if flags.rst() {
            cx.dropped(DropReason::OutsideWindow);
            return Check::Done;
        }
        let taken = SeqRange {
            start: segment.seq,
            end: segment.seq_end(),
        };
        let duplicate = !taken.is_empty() && taken.end.at_or_before(self.rcv.rcv_nxt);
        if !taken.is_empty() && taken.start.before(self.rcv.rcv_nxt) {
            let end = taken.end.earlier(self.rcv.rcv_nxt);
            let part = SeqRange { end, ..taken };
            self.rcv.report_duplicate(part, &self.policy.receive);
        }
        // Segments that lack the timestamps which were agreed on are taken all the same, for
        // RFC 7323 §3.2 only advises to drop them, and some middleboxes strip options.
        if old && self.is_overtaken(segment) {
            cx.dropped(DropReason::OldTimestamp);
            return Check::Done;
        }
        // "If an incoming segment is not acceptable, an acknowledgment should be
        // sent in reply". One for an empty segment is limited, or two ends that
        // disagree would go on for ever.
        let cause = self.cause_of_unacceptable(segment, duplicate);
        if !taken.is_empty() || self.challenges.allow(cx.now) {
            self.demand_ack(cause);
        }
        if flags.fin() && self.state == TcpState::TimeWait && duplicate {
            // §3.10.7.4, eighth, TIME-WAIT: "Restart the 2 MSL time-wait timeout".
            let deadline = cx.now + self.policy.timing.msl * 2;
            self.timers.arm(TimerKind::TimeWait, deadline, cx);
        }
        cx.dropped(match (old, duplicate) {
            (true, _) => DropReason::OldTimestamp,
            (false, true) => DropReason::DuplicateData,
            (false, false) => DropReason::OutsideWindow,
        });
        Check::Done
    }

    /// Whether a pure ACK with an old timestamp has only been overtaken by others, so that there is
    /// nothing to say to it; an older one is answered (RFC 7323 §5.3 R1). The line is Linux's.
    fn is_overtaken(&self, segment: &Segment<'_>) -> bool {
        let age = Duration::from_millis(self.rcv.age_by_timestamp(segment));
        let rto = self.snd.rtt.rto(&self.policy.timing);
        segment.seq_len() == 0
            && (segment.seq.before(self.rcv.rcv_nxt)
                || (segment.ack == self.snd.snd_una && age <= rto + rto / 5))
    }

    fn cause_of_unacceptable(&self, segment: &Segment<'_>, duplicate: bool) -> Cause {
        let asks = segment.payload.is_empty()
            && !segment.flags.fin()
            && segment.seq + 1 == self.rcv.rcv_nxt;
        if duplicate {
            Cause::Duplicate
        } else if asks && self.rcv.is_closed() {
            Cause::ProbeAnswered
        } else if asks {
            Cause::KeepAliveAnswered
        } else {
            Cause::Unacceptable
        }
    }

    /// Second: RST, which lies in the window (RFC 5961 §3.2).
    fn reset_arrives<O: Observer>(&mut self, segment: &Segment<'_>, cx: &mut Context<'_, O>) {
        // RFC 793 p. 37: "A reset is valid if its sequence number is in the window".
        let is_believed = self.policy.quirks.believe_resets_in_window;
        if segment.seq != self.rcv.rcv_nxt && !is_believed {
            self.challenge(cx);
            return cx.dropped(DropReason::ResetNotExact);
        }
        let reason = match self.state {
            // "If this connection was initiated with an active OPEN ... signal the
            // user 'connection refused'".
            TcpState::SynReceived if self.active => CloseReason::Refused,
            // "enter the CLOSED state": all was said and done before.
            TcpState::TimeWait => CloseReason::Finished,
            _ => CloseReason::ResetByPeer,
        };
        self.end(reason, cx);
    }

    /// Fifth, in all later states.
    fn ack_arrives<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) -> Check {
        let Some(ack) = self.acceptable_ack(segment, cx) else {
            return Check::Done;
        };
        self.snd.writes.release();
        let before = (self.snd.cc.cwnd(), self.snd.cc.ssthresh());
        let was_closed = self.snd.is_window_closed();
        let arrival = AckArrival {
            now: cx.now,
            segment,
            ack,
            echo: self.echo(segment, cx),
        };
        let outstanding = self.snd.queue.outstanding();
        let outcome = self.snd.on_ack(arrival, &self.policy);
        self.heed_marks(segment, outstanding);
        if let Some(sample) = outcome.rtt {
            self.tell_rtt(sample, cx);
        }
        if !self.snd.steps.is_empty() {
            self.tell_recovery(cx);
        } else if before != (self.snd.cc.cwnd(), self.snd.cc.ssthresh()) {
            self.tell_congestion(cx);
        }
        if was_closed && !self.snd.is_window_closed() {
            self.progress_made(cx);
        }
        if outcome.progress {
            self.on_progress(cx);
        }
        if self.snd.fin == Fin::Acked {
            self.step(Step::OurFinAcked, cx);
        }
        if self.state == TcpState::Closed {
            Check::Done
        } else {
            Check::Pass
        }
    }

    /// RFC 3168 §6.1.2: the peer tells of marks; as a loss would do, they bring cwnd
    /// down, once for each window.
    fn heed_marks(&mut self, segment: &Segment<'_>, outstanding: u32) {
        self.ecn.on_segment(segment.flags);
        let (una, nxt) = (self.snd.snd_una, self.snd.snd_nxt);
        if self.ecn.must_slow_down(segment.flags, una, nxt) {
            self.snd.on_marked(outstanding, &self.policy);
        }
    }

    /// RFC 5961 §5.2: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT.
    fn acceptable_ack<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) -> Option<SeqNum> {
        let mut ack = segment.ack;
        // Who does not count the own FIN must bear that the peer does.
        let fin_out = self.policy.quirks.fin_not_counted && self.snd.fin >= Fin::Sent;
        if fin_out && ack == self.snd.snd_nxt + 1 {
            ack = self.snd.snd_nxt;
            self.snd.fin = Fin::Acked;
        }
        if ack.after(self.snd.snd_nxt) {
            // RFC 9293 §3.10.7.4: "send an ACK, drop the segment", limited.
            if self.challenges.allow(cx.now) {
                self.demand_ack(Cause::Unacceptable);
            }
            cx.dropped(DropReason::AckOfUnsent);
            return None;
        }
        // What was never sent was never acknowledged, either: such a number is a guess.
        let known = self.snd.max_snd_wnd.0.min(self.snd.acked_len);
        if ack.before(self.snd.snd_una - known) {
            self.challenge(cx);
            cx.dropped(DropReason::OldAck);
            return None;
        }
        Some(ack)
    }

    /// Something new was acknowledged.
    fn on_progress<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        self.soft_error = None;
        self.progress_made(cx);
        // RFC 6298 §5.2, §5.3: stopped, or started anew.
        if self.snd.queue.is_empty() {
            self.stop_loss_timers(cx);
        } else if self.timers.is_armed(TimerKind::Retransmission) {
            let at = self.snd.rto_at(&self.policy);
            self.timers.arm(TimerKind::Retransmission, at, cx);
        }
        if self.writer_waits && self.snd.is_writable(&self.policy) {
            self.writer_waits = false;
            self.pending.writable = true;
        }
    }

    /// An ACK goes out at once, unless the policy acknowledges nothing.
    pub(super) fn demand_ack(&mut self, cause: Cause) {
        if self.policy.receive.ack != AckStrategy::Never {
            self.rcv.acks.demand(cause);
        }
    }

    /// RFC 5961: an ACK that only a true peer can answer, as often as the limit
    /// allows (§7).
    pub(super) fn challenge<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if self.challenges.allow(cx.now) {
            self.rcv.acks.demand(Cause::ChallengeAck);
        }
    }

    /// The timestamp that came back (RFC 7323 §4).
    pub(super) fn echo<O: Observer>(
        &self,
        segment: &Segment<'_>,
        cx: &Context<'_, O>,
    ) -> Option<Echo> {
        let timestamps = segment
            .options
            .timestamps
            .filter(|_| self.agreed.timestamps)?;
        let clock = timestamp_clock(cx.now, self.id.timestamp_offset);
        let age_ms = clock.wrapping_sub(timestamps.echo);
        // One from the future, or from before we were born, says nothing.
        let born = timestamp_clock(self.born_at, self.id.timestamp_offset);
        (age_ms <= clock.wrapping_sub(born)).then(|| Echo {
            sent_at_ms: cx.now.as_millis().saturating_sub(age_ms.into()),
            age: Duration::from_millis(age_ms.into()),
        })
    }

    /// A round trip of the handshake.
    pub(super) fn take_rtt<O: Observer>(&mut self, sample: Duration, cx: &mut Context<'_, O>) {
        let (snd, timing) = (&mut self.snd, &self.policy.timing);
        if timing.min_rto_is_variance {
            let space = (snd.snd_una, snd.snd_nxt);
            snd.rtt.on_linux_sample(cx.now, sample, timing, space);
        } else {
            snd.rtt.on_sample(cx.now, sample, 1);
        }
        self.tell_rtt(sample, cx);
    }

    fn tell_rtt<O: Observer>(&self, sample: Duration, cx: &mut Context<'_, O>) {
        let rtt = &self.snd.rtt;
        cx.emit(&Event::Rtt {
            conn: cx.conn,
            sample,
            srtt: rtt.srtt().unwrap_or(sample),
            rttvar: rtt.rttvar(),
            rto: rtt.rto(&self.policy.timing),
        });
    }

    /// Tells the trace of cwnd and ssthresh.
    pub(super) fn tell_congestion<O: Observer>(&self, cx: &mut Context<'_, O>) {
        cx.emit(&Event::Congestion {
            conn: cx.conn,
            cwnd: self.snd.cc.cwnd(),
            ssthresh: self.snd.cc.ssthresh(),
            in_flight: self.snd.queue.outstanding().into(),
        });
    }

    /// Whether data may still come.
    pub(super) fn may_receive(&self) -> bool {
        state::is_synchronized(self.state) && !self.rcv.fin_taken()
    }
}
