//! Is the peer still there? The user timeout and keep-alive.
//!
//! ```text
//!   something written waits       User       set anew by progress for what waits then,
//!   to be acknowledged                       stopped when all is acknowledged; runs out:
//!                                            given up
//!
//!   nothing waits, keep-alive on  KeepAlive  nothing heard for `idle`: a probe, and another
//!                                            each `interval`; `count` in vain: given up
//! ```
//!
//! The keep-alive timer is not moved by what comes: it looks, when it fires, how
//! long ago that was.

use super::connection::Connection;
use super::context::Context;
use super::sender::Fin;
use super::state;
use super::transmit::{Transmission, bare};
use crate::time::{Duration, Instant};
use crate::trace::{Cause, Observer, TcpState, TimerKind};
use crate::wire::tcp::Flags;

/// The shortest time between two looks at a silent peer.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

/// When the peer was heard, and what was asked since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    heard_at: Instant,
    /// Keep-alive probes since then.
    unanswered: u8,
    probe_due: bool,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            heard_at: now,
            unanswered: 0,
            probe_due: false,
        }
    }
}

impl Connection {
    /// An acceptable segment came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.liveness = Liveness::new(now);
    }

    /// Something new was acknowledged, or the window opened: patience begins anew.
    pub(super) fn progress_made<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(patience) = self.policy.timing.user_timeout
            && self.timers.is_armed(TimerKind::User)
        {
            // RFC 5482 §1: "how long transmitted data may remain unacknowledged". When what
            // has gone out again went out first is not remembered: it counts from now.
            let head = self.snd.queue.head();
            let waits_since = head
                .filter(|sent| sent.retransmissions == 0)
                .map_or(cx.now, |sent| sent.sent_at);
            let deadline = (waits_since + patience).max(cx.now);
            self.timers.arm(TimerKind::User, deadline, cx);
        }
    }

    /// Keeps both timers as the policy and what waits ask for.
    pub(super) fn rearm_liveness<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        match self.policy.timing.user_timeout {
            Some(patience) if self.waits_for_peer() => {
                if !self.timers.is_armed(TimerKind::User) {
                    self.timers.arm(TimerKind::User, cx.now + patience, cx);
                }
            }
            _ => self.timers.stop(TimerKind::User, cx),
        }
        let may_idle = state::is_synchronized(self.state) && self.state != TcpState::TimeWait;
        match self.policy.timing.keep_alive {
            Some(keep_alive) if may_idle => {
                if !self.timers.is_armed(TimerKind::KeepAlive) {
                    let deadline = self.liveness.heard_at + keep_alive.idle;
                    self.timers
                        .arm(TimerKind::KeepAlive, deadline.max(cx.now), cx);
                }
            }
            _ => self.timers.stop(TimerKind::KeepAlive, cx),
        }
    }

    /// Whether anything that we have to say is not acknowledged yet: a SYN, data,
    /// a FIN.
    fn waits_for_peer(&self) -> bool {
        match self.state {
            TcpState::SynSent | TcpState::SynReceived => true,
            _ => {
                let waits = state::may_send(self.state) && self.has_unacknowledged();
                waits && !self.is_untried()
            }
        }
    }

    fn has_unacknowledged(&self) -> bool {
        let snd = &self.snd;
        !snd.queue.is_empty() || snd.unsent_len() > 0 || snd.fin == Fin::Queued
    }

    /// RFC 9293 §3.10.8, USER TIMEOUT: "for any state if the user timeout expires,
    /// flush all queues, ... delete the TCB, enter the CLOSED state".
    pub(super) fn user_times_out<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        self.give_up(!state::is_synchronized(self.state), cx);
    }

    /// RFC 9293 §3.8.4.
    pub(super) fn keep_alive_is_due<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let Some(mut keep_alive) = self.policy.timing.keep_alive else {
            return;
        };
        // Time must pass between one look and the next, whatever the policy says.
        keep_alive.idle = keep_alive.idle.max(LEAST_PAUSE);
        keep_alive.interval = keep_alive.interval.max(LEAST_PAUSE);
        // MUST-26: only when nothing that was sent is outstanding ...
        if self.has_unacknowledged() {
            let deadline = cx.now + keep_alive.idle;
            return self.timers.arm(TimerKind::KeepAlive, deadline, cx);
        }
        // ... and nothing was received within the interval.
        let silence = cx.now.since(self.liveness.heard_at);
        if silence < keep_alive.idle {
            let deadline = self.liveness.heard_at + keep_alive.idle;
            return self.timers.arm(TimerKind::KeepAlive, deadline, cx);
        }
        // MUST-29: one probe without an answer proves nothing.
        let unanswered = self.liveness.unanswered;
        if self.is_peer_gone(silence, unanswered, keep_alive.count) {
            return self.give_up(false, cx);
        }
        self.liveness.unanswered = unanswered.saturating_add(1);
        self.liveness.probe_due = true;
        let deadline = cx.now + keep_alive.interval;
        self.timers.arm(TimerKind::KeepAlive, deadline, cx);
    }

    /// A user timeout takes the place of the number of probes, as in Linux.
    fn is_peer_gone(&self, silence: Duration, unanswered: u8, count: u8) -> bool {
        match self.policy.timing.user_timeout {
            Some(patience) => unanswered > 0 && silence >= patience,
            None => unanswered >= count,
        }
    }

    /// A segment that the peer must find unacceptable, and so answer: SEG.SEQ =
    /// SND.NXT - 1, and no data.
    pub(super) fn next_keep_alive<O: Observer>(
        &mut self,
        cx: &mut Context<'_, O>,
    ) -> Option<Transmission> {
        if !core::mem::take(&mut self.liveness.probe_due) {
            return None;
        }
        let header = self.header(self.snd.snd_nxt - 1, Flags::ACK, None, cx);
        Some(bare(header, Cause::KeepAlive))
    }
}
