//! What kept the sender from sending more, and for how long.
//!
//! ```text
//!    write                    all acknowledged        write
//!      |====== busy ===|~~~ peer's window ~~~|== busy =|          |===
//!                      closed or too small   opened        idle
//! ```

use super::connection::Connection;
use super::next::NewData;
use crate::time::{Duration, Instant};

/// What the sender is limited by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Limit {
    /// There is nothing to send and nothing is outstanding.
    #[default]
    Idle,
    /// The network: the congestion window, and the time that an ACK takes.
    Network,
    /// The peer's window.
    PeerWindow,
    /// Our send buffer: all of it is out, and the application waits to write more.
    SendBuffer,
}

/// How long the sender was limited by what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limited {
    /// While there was anything to send or outstanding, whatever the limit.
    pub busy: Duration,
    /// By the peer's window.
    pub by_peer_window: Duration,
    /// By our send buffer.
    pub by_send_buffer: Duration,
}

/// The account of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    total: Limited,
    now: Limit,
    since: Instant,
}

impl Limits {
    /// The account up to `now`.
    pub(super) fn up_to(&self, now: Instant) -> Limited {
        let mut total = self.total;
        let passed = now.since(self.since);
        match self.now {
            Limit::Idle => return total,
            Limit::Network => {}
            Limit::PeerWindow => total.by_peer_window += passed,
            Limit::SendBuffer => total.by_send_buffer += passed,
        }
        total.busy += passed;
        total
    }

    fn change(&mut self, now: Instant, limit: Limit) {
        if limit != self.now {
            *self = Self {
                total: self.up_to(now),
                now: limit,
                since: now,
            };
        }
    }
}

impl Connection {
    /// Keeps the account. Called after every change.
    pub(super) fn note_limit(&mut self, now: Instant) {
        let (snd, policy) = (&self.snd, &self.policy);
        let unsent = snd.unsent_len() > 0;
        // Where there is room for a full segment, the window is no limit.
        let is_tight = unsent && snd.usable_window() < snd.mss();
        let limit = if is_tight && snd.next_new(snd.mss(), policy) == NewData::WaitsForWindow {
            Limit::PeerWindow
        } else if !unsent && !snd.queue.is_empty() && self.writer_waits {
            Limit::SendBuffer
        } else if unsent || !snd.queue.is_empty() {
            Limit::Network
        } else {
            Limit::Idle
        };
        self.limits.change(now, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_to_what_limited_then() {
        let at = Instant::from_millis;
        let ms = Duration::from_millis;
        let mut limits = Limits::default();
        limits.change(at(10), Limit::PeerWindow);
        limits.change(at(210), Limit::Network);
        limits.change(at(240), Limit::Idle);
        assert_eq!(limits.up_to(at(900)).busy, ms(230));
        limits.change(at(1000), Limit::SendBuffer);
        let expected = Limited {
            busy: ms(235),
            by_peer_window: ms(200),
            by_send_buffer: ms(5),
        };
        assert_eq!(limits.up_to(at(1005)), expected);
    }
}
