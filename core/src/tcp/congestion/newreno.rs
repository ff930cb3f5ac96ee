//! RFC 5681 with NewReno's recovery (RFC 6582), an initial window of ten
//! segments (RFC 6928) and byte counting (RFC 3465).

use super::slow_start::SlowStart;
use super::window::Window;
use super::{AckSample, CongestionControl};
use crate::tcp::policy::{IdleRestart, WindowPolicy};
use crate::time::Duration;

/// The control's state; all lengths in bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct NewReno {
    window: Window,
    slow_start: SlowStart,
    /// Bytes acknowledged in congestion avoidance since cwnd grew last.
    acked_len: u64,
}

impl NewReno {
    pub(super) fn new(mss: u32, policy: &WindowPolicy) -> Self {
        Self {
            window: Window::new(mss),
            slow_start: SlowStart::new(policy.slow_start),
            acked_len: 0,
        }
    }

    /// RFC 5681 §3.1 (4): half of what was in flight. What limited transmit has
    /// added does not count (§3.2, step 2).
    fn halve(&mut self, in_flight: u32) {
        let in_flight = u64::from(in_flight).min(self.window.cwnd);
        self.window.set_ssthresh(in_flight / 2);
        self.acked_len = 0;
    }
}

impl CongestionControl for NewReno {
    fn cwnd(&self) -> u64 {
        self.window.cwnd
    }

    fn ssthresh(&self) -> u64 {
        self.window.ssthresh
    }

    fn set_cwnd(&mut self, cwnd: u64) {
        self.window.set_cwnd(cwnd);
    }

    fn set_mss(&mut self, mss: u32) {
        self.window.set_mss(mss);
    }

    fn on_syn_loss(&mut self) {
        self.window.on_syn_loss();
    }

    fn on_ack(&mut self, ack: &AckSample) {
        self.window.start();
        let left = self.slow_start.on_ack(&mut self.window, ack);
        if !ack.limited || self.window.is_in_slow_start() {
            return;
        }
        // RFC 5681 §3.1 with RFC 3465 §2.1: one segment for each window.
        self.acked_len += left;
        if self.acked_len >= self.window.cwnd {
            self.acked_len -= self.window.cwnd;
            self.window.grow(self.window.mss);
        }
    }

    fn on_loss(&mut self, in_flight: u32) {
        // RFC 5681 §3.2 (2), RFC 6675 §5 (4.2). Segments that left the network
        // are taken from the pipe, so cwnd is not inflated for them.
        self.halve(in_flight);
        self.window.cwnd = self.window.ssthresh;
    }

    fn on_recovered(&mut self, in_flight: u32, smooth: bool) {
        self.window.on_recovered(in_flight, smooth);
    }

    fn on_timeout(&mut self, in_flight: u32, again: bool) {
        // RFC 5681 §3.1: ssthresh stays when the same segment times out again.
        if !again {
            self.halve(in_flight);
        }
        self.window.cwnd = self.window.mss;
    }

    fn on_pause(&mut self, _: Duration) {}

    fn on_idle(&mut self, how: IdleRestart, idle: Duration, rto: Duration) {
        self.window.restart(how, idle, rto);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    fn new(mss: u32) -> NewReno {
        NewReno::new(mss, &WindowPolicy::standard())
    }

    fn ack(control: &mut NewReno, acked_len: u32) {
        control.on_ack(&AckSample::of(Instant::ZERO, acked_len));
    }

    #[test]
    fn slow_start_doubles_and_avoidance_adds_one_segment() {
        let mut control = new(1000);
        for _ in 0..5 {
            ack(&mut control, 2000);
        }
        assert_eq!(control.cwnd(), 20_000);
        control.on_loss(20_000);
        assert_eq!((control.cwnd(), control.ssthresh()), (10_000, 10_000));
        for _ in 0..5 {
            ack(&mut control, 2000);
        }
        assert_eq!(control.cwnd(), 11_000);
    }

    #[test]
    fn what_is_left_of_a_window_counts_for_the_next() {
        let mut control = new(1000);
        control.on_loss(20_000);
        control.set_cwnd(9000);
        // A thousand bytes reach the threshold of 10,000, the others are left over.
        control.on_loss(20_000);
        assert_eq!((control.cwnd(), control.ssthresh()), (4500, 4500));
        control.set_cwnd(4000);
        ack(&mut control, 2000);
        assert_eq!((control.cwnd(), control.acked_len), (4500, 1500));
        ack(&mut control, 3500);
        assert_eq!((control.cwnd(), control.acked_len), (5500, 500));
        ack(&mut control, 4900);
        assert_eq!((control.cwnd(), control.acked_len), (5500, 5400));
        ack(&mut control, 100);
        assert_eq!((control.cwnd(), control.acked_len), (6500, 0));
    }

    #[test]
    fn a_second_timeout_keeps_the_threshold() {
        let mut control = new(1000);
        control.on_timeout(10_000, false);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 5000));
        control.on_timeout(1000, true);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 5000));
    }

    #[test]
    fn an_unused_window_does_not_grow() {
        let mut control = new(1000);
        control.on_ack(&AckSample {
            limited: false,
            ..AckSample::of(Instant::ZERO, 2000)
        });
        assert_eq!(control.cwnd(), 10_000);
        control.on_loss(10_000);
        control.on_ack(&AckSample {
            limited: false,
            ..AckSample::of(Instant::ZERO, 5000)
        });
        assert_eq!((control.cwnd(), control.acked_len), (5000, 0));
    }
}
