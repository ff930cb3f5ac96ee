//! What happens when a timer runs out, and when a router or the peer's host
//! reports an error.

use super::connection::{Connection, IcmpError};
use super::context::Context;
use super::state::{self, Step};
use crate::time::Instant;
use crate::trace::{
    Cause, CloseReason, DropReason, Event, FrameId, Observer, ResetReason, TcpState, TimerKind,
    Trigger,
};
use crate::wire::SeqNum;

/// R1 of RFC 9293 §3.8.3: so many retransmissions in a row without an answer are more
/// than a lost segment.
pub(super) const R1: u32 = 3;

impl Connection {
    /// A timer ran out.
    pub(super) fn timer_fires<O: Observer>(&mut self, timer: TimerKind, cx: &mut Context<'_, O>) {
        match timer {
            TimerKind::Retransmission => self.retransmission_times_out(cx),
            TimerKind::Persist => self.probe_window(cx),
            TimerKind::DelayedAck => self.rcv.acks.on_delay_over(),
            TimerKind::TimeWait => self.step(Step::TimeWaitOver, cx),
            TimerKind::FinWait2 => self.end(CloseReason::Finished, cx),
            // The poll that follows finds the thought complete.
            TimerKind::Thinking => {}
            TimerKind::KeepAlive => self.keep_alive_is_due(cx),
            TimerKind::User => self.user_times_out(cx),
            TimerKind::Reordering => {
                self.snd.on_reordering_timeout(cx.now, &self.policy);
                self.tell_recovery(cx);
            }
            TimerKind::TailLossProbe => {
                self.snd.tail.due = true;
                // RFC 8985 §7.3: then the retransmission timer, anew.
                self.snd.rto_from = cx.now;
            }
            // The poll that follows finds that its time has come.
            TimerKind::Pacing => {}
        }
    }

    /// RFC 6298 §5.4 to §5.7.
    fn retransmission_times_out<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let timing = &self.policy.timing;
        if !state::is_synchronized(self.state) {
            // RFC 9293 §3.8.3: R2 for a SYN.
            self.snd.timeouts += 1;
            if self.snd.timeouts > u32::from(timing.syn_retries) {
                return self.give_up(true, cx);
            }
            self.snd.rtt.back_off();
            self.syn_due = Some(Cause::RetransmissionTimeout);
            return self.note_stall();
        }
        if self.snd.timeouts >= u32::from(timing.retries) {
            return self.give_up(false, cx);
        }
        self.suspect_black_hole(cx);
        self.snd.on_retransmission_timeout(cx.now, &self.policy);
        self.note_stall();
        self.tell_recovery(cx);
    }

    /// RFC 9293 §3.8.3 (c): the application is told when R1 is reached.
    fn note_stall(&mut self) {
        self.pending.stalled |= self.snd.timeouts == R1;
    }

    /// Keeps the timers of loss recovery as what is outstanding asks for: at most
    /// one of retransmission (RFC 6298 §5) and tail loss probe (RFC 8985 §7.2),
    /// and the reordering timer (§6.2).
    pub(super) fn rearm_loss_timers<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let slack = self.policy.timing.timer_slack;
        match self.snd.rack.judge_at {
            Some(at) => self.timers.arm(TimerKind::Reordering, at + slack, cx),
            None => self.timers.stop(TimerKind::Reordering, cx),
        }
        if let Some(at) = self.snd.probe_at(&self.policy) {
            self.timers.stop(TimerKind::Retransmission, cx);
            self.timers
                .arm(TimerKind::TailLossProbe, at.max(cx.now), cx);
            return;
        }
        // The probe's timer stood for this one, which goes on from where it began.
        let goes_on = self.timers.is_armed(TimerKind::TailLossProbe);
        self.timers.stop(TimerKind::TailLossProbe, cx);
        if !self.timers.is_armed(TimerKind::Retransmission) {
            if !goes_on {
                self.snd.rto_from = cx.now;
            }
            let at = self.snd.rto_at(&self.policy).max(cx.now);
            self.timers.arm(TimerKind::Retransmission, at, cx);
        }
    }

    /// Nothing is outstanding, or nothing but a probe into a closed window.
    pub(super) fn stop_loss_timers<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        for timer in [
            TimerKind::Retransmission,
            TimerKind::TailLossProbe,
            TimerKind::Reordering,
        ] {
            self.timers.stop(timer, cx);
        }
        self.snd.rack.judge_at = None;
    }

    /// Tells the trace what became of a recovery, and of cwnd with it.
    pub(super) fn tell_recovery<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if self.snd.steps.is_empty() {
            return;
        }
        let (conn, by) = (cx.conn, cx.by);
        for step in self.snd.steps.take() {
            cx.emit(&Event::Recovery { conn, step, by });
        }
        self.tell_congestion(cx);
    }

    /// RFC 9293 §3.8.6.1.
    fn probe_window<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if self.waits_for_link() {
            return self.look_at_link(cx);
        }
        let probing = &mut self.snd.probing;
        // "as long as the receiving TCP peer continues to send acknowledgments":
        // it is given up only if it does not.
        if probing.unanswered >= u32::from(self.policy.timing.retries) {
            return self.give_up(false, cx);
        }
        probing.unanswered += 1;
        probing.backoff += 1;
        probing.due = true;
    }

    /// RFC 9293 §3.8.3: R2 is reached. What a router had said meanwhile is the
    /// better reason (RFC 5461 §3).
    pub(super) fn give_up<O: Observer>(&mut self, syn: bool, cx: &mut Context<'_, O>) {
        if !syn {
            self.reset_with(ResetReason::TimedOut, cx);
        }
        let reason = match self.soft_error {
            Some(code) => CloseReason::Unreachable { code },
            None => CloseReason::TimedOut { syn },
        };
        self.end(reason, cx);
    }

    /// An ICMP error that came in with `frame` quotes a segment of ours whose
    /// sequence number was `seq`.
    pub fn on_icmp_error<O: Observer>(
        &mut self,
        now: Instant,
        error: IcmpError,
        seq: SeqNum,
        frame: FrameId,
        trace: &mut O,
    ) {
        let mut cx = Context {
            now,
            conn: self.id.conn,
            by: Trigger::Icmp(frame),
            observer: trace,
        };
        // RFC 5927 §4.1: it must be about something that is outstanding.
        let outstanding = seq.at_or_after(self.snd.snd_una) && seq.before(self.snd.snd_nxt);
        if self.state == TcpState::Closed || !outstanding {
            return cx.dropped(DropReason::IcmpNotOurs);
        }
        match error {
            IcmpError::FragmentationNeeded { mtu } => self.on_path_mtu(mtu, &mut cx),
            // RFC 5461 §4.1: before the connection is there, it may be ended by
            // what says that nobody is there: protocol or port unreachable. In all
            // other cases it is a hint only (RFC 9293 §3.9.2.2; RFC 5927 §5.2 for
            // synchronized states).
            IcmpError::Unreachable {
                code: code @ (2 | 3),
            } if !state::is_synchronized(self.state) => {
                self.end(CloseReason::Unreachable { code }, &mut cx);
            }
            IcmpError::Unreachable { code } => {
                self.soft_error = Some(code);
                self.tell_soft_error(error, frame, &mut cx);
            }
            IcmpError::TimeExceeded | IcmpError::ParameterProblem => {
                self.tell_soft_error(error, frame, &mut cx);
            }
        }
        self.rearm(&mut cx);
    }

    /// RFC 5461 §3: noted, and nothing else.
    fn tell_soft_error<O: Observer>(
        &self,
        error: IcmpError,
        frame: FrameId,
        cx: &mut Context<'_, O>,
    ) {
        let conn = cx.conn;
        let code = match error {
            IcmpError::Unreachable { code } => Some(code),
            _ => None,
        };
        cx.emit(&Event::SoftError { conn, frame, code });
    }
}
