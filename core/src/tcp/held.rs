//! When our own link takes nothing: its queue is full, or it is paused. What is due
//! waits, nothing is lost by it, and the peer is not to blame for the silence.
//!
//! What has never gone out is looked at again by the persist timer, as in Linux: its
//! first time after an RTO, then twice a second. Each look counts as a probe.

use super::connection::Connection;
use super::context::Context;
use super::next::NewData;
use super::rtt::backed_off;
use crate::time::{Duration, Instant};
use crate::trace::{Observer, TimerKind, Trigger};

/// How often a link that takes nothing is asked again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Connection {
    /// Our link takes nothing from now on, or takes frames again.
    pub fn set_link_full<O: Observer>(&mut self, now: Instant, is_full: bool, trace: &mut O) {
        if self.link_is_full != is_full {
            self.link_is_full = is_full;
            let mut cx = self.context(now, Trigger::Application, trace);
            self.rearm(&mut cx);
        }
    }

    /// Whether the persist timer is to run although the peer's window is open.
    pub(super) fn waits_for_link(&self) -> bool {
        let snd = &self.snd;
        let sendable = || snd.next_new(snd.mss(), &self.policy);
        self.link_is_full && snd.queue.is_empty() && matches!(sendable(), NewData::Send { .. })
    }

    /// Whether nothing has been tried yet, so that no answer can be missing.
    pub(super) fn is_untried(&self) -> bool {
        self.waits_for_link() && self.snd.probing.unanswered == 0
    }

    /// The link is asked again, unless patience ends at the same time.
    pub(super) fn look_at_link<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if !self.timers.is_due(TimerKind::User, cx.now) {
            self.snd.probing.unanswered = self.snd.probing.unanswered.saturating_add(1);
        }
    }

    /// When the persist timer runs out next.
    pub(super) fn persist_interval(&self) -> Duration {
        let (snd, timing) = (&self.snd, &self.policy.timing);
        if self.waits_for_link() && snd.probing.unanswered > 0 {
            return LOOK_AGAIN;
        }
        backed_off(
            snd.rtt.base_rto(timing),
            snd.probing.backoff,
            timing.max_rto,
        )
    }
}
