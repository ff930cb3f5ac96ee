//! The window that the peer is promised: how large it is, when it is worth saying
//! that it is larger, and how it grows.

use super::Receiver;
use crate::tcp::policy::ReceivePolicy;
use crate::tcp::window::{UnscaledWindow, WindowScale, WindowSize};
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// With a fixed window: unread bytes at which it closes all the same.
const FIXED_WINDOW_UNREAD: u32 = 8 << 20;

impl Receiver {
    /// RCV.WND: how much may come beyond RCV.NXT.
    pub(in crate::tcp) fn rcv_wnd(&self) -> WindowSize {
        WindowSize(self.rcv_adv.distance(self.rcv_nxt))
    }

    /// Whether the window is closed.
    pub(in crate::tcp) fn is_closed(&self) -> bool {
        self.rcv_adv == self.rcv_nxt
    }

    /// The window to write into the next segment, in bytes (RFC 9293 §3.8.6.2.2).
    fn next_window(&self) -> WindowSize {
        let room = u32::try_from(self.ring.room()).unwrap_or(u32::MAX);
        let limit = self.tuning.limit();
        let room = room.min(limit);
        let promised = self.rcv_wnd().0;
        // SWS avoidance: the edge moves by at least min(half the buffer, MSS).
        let worthwhile = if self.fixed_window {
            1
        } else {
            (limit / 2).min(u32::from(self.mss)).max(1)
        };
        if room.saturating_sub(promised) >= worthwhile {
            WindowSize(room)
        } else {
            // RFC 9293 §3.8.6: never take back what was promised.
            WindowSize(promised)
        }
    }

    /// Whether the application has read so much that the peer should hear of it:
    /// the window would at least double.
    pub(in crate::tcp) fn wants_window_update(&self) -> bool {
        let next = self.next_window().0;
        let now = self.rcv_wnd().0;
        next > now && next / 2 >= now
    }

    /// The window field for a segment that goes out now and acknowledges `number`;
    /// what it promises is kept.
    pub(in crate::tcp) fn promise_window(&mut self, number: SeqNum, syn: bool) -> UnscaledWindow {
        let scale = if syn { WindowScale::ZERO } else { self.scale };
        // A window counts from the number that it comes with.
        let unacknowledged = self.rcv_nxt.distance(number);
        let window = self.next_window().0.saturating_add(unacknowledged);
        let field = scale.scale_down(WindowSize(window));
        let edge = number + scale.scale_up(field).0;
        self.rcv_adv = self.rcv_adv.later(edge);
        field
    }

    /// Data of `len` bytes came in order; `echoed` is the age of the timestamp
    /// that came back with it, where there are timestamps.
    pub(in crate::tcp) fn measure_round_trip(
        &mut self,
        now: Instant,
        len: u32,
        echoed: Option<Duration>,
    ) {
        if self.ts_recent.is_none() {
            self.tuning.on_turnover(now, self.rcv_nxt, self.rcv_wnd());
        } else if let Some(echoed) = echoed.filter(|_| len >= self.full_len()) {
            self.tuning.on_round_trip(echoed);
        }
    }

    /// The handshake took so long.
    pub(in crate::tcp) fn on_handshake_round_trip(&mut self, sample: Duration) {
        self.tuning.on_round_trip(sample);
    }

    /// The application has read: answers how large the window may be from now on
    /// if it may be larger than before.
    pub(in crate::tcp) fn tune_window(&mut self, now: Instant) -> Option<u32> {
        let grown = self.tuning.on_read(now, self.delivered_total, self.mss);
        grown.then(|| {
            let limit = self.tuning.limit();
            self.ring.set_limit(limit);
            limit
        })
    }

    /// The policy has new sizes. What was promised stays promised.
    pub(in crate::tcp) fn set_policy(&mut self, policy: &ReceivePolicy) {
        let unread = u32::try_from(self.ring.len()).unwrap_or(u32::MAX);
        let kept = unread.saturating_add(self.rcv_wnd().0);
        self.tuning.set_policy(policy);
        self.fixed_window = policy.fixed_window;
        let limit = ring_limit(self.tuning.limit(), policy);
        self.ring.set_limit(limit.max(kept));
    }
}

/// How many bytes may be held, unread and early ones together.
pub(super) fn ring_limit(window: u32, policy: &ReceivePolicy) -> u32 {
    if policy.fixed_window {
        window.saturating_add(FIXED_WINDOW_UNREAD)
    } else {
        window
    }
}
