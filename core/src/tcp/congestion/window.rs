//! What every congestion control has: the window, its threshold, the segment
//! size; and how it starts over.

use super::super::policy::IdleRestart;
use crate::time::Duration;

/// All lengths in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) mss: u64,
    pub(super) cwnd: u64,
    /// `u64::MAX` while unset.
    pub(super) ssthresh: u64,
    /// Whether anything has been acknowledged: before, a new MSS means a new
    /// initial window.
    started: bool,
}

impl Window {
    pub(super) fn new(mss: u32) -> Self {
        let mss = u64::from(mss.max(1));
        Self {
            mss,
            cwnd: initial_window(mss),
            ssthresh: u64::MAX,
            started: false,
        }
    }

    /// Whether it is in slow start (RFC 5681 §3.1).
    pub(super) fn is_in_slow_start(&self) -> bool {
        self.cwnd < self.ssthresh
    }

    /// Something was acknowledged or lost: the initial window is history.
    pub(super) fn start(&mut self) {
        self.started = true;
    }

    pub(super) fn set_cwnd(&mut self, cwnd: u64) {
        self.cwnd = cwnd.max(self.mss);
    }

    pub(super) fn grow(&mut self, by: u64) {
        self.cwnd = self.cwnd.saturating_add(by);
    }

    pub(super) fn set_mss(&mut self, mss: u32) {
        self.mss = u64::from(mss.max(1));
        if self.started {
            self.cwnd = self.cwnd.max(self.mss);
        } else {
            self.cwnd = initial_window(self.mss);
        }
    }

    /// RFC 5681 §3.1: a lost SYN or SYN-ACK makes the initial window one segment.
    pub(super) fn on_syn_loss(&mut self) {
        self.cwnd = self.mss;
        self.started = true;
    }

    /// A new threshold, two segments at least (RFC 5681 §3.1, equation 4).
    pub(super) fn set_ssthresh(&mut self, ssthresh: u64) {
        self.ssthresh = ssthresh.max(2 * self.mss);
        self.started = true;
    }

    /// RFC 6582 §3.2 (3): the first choice if there may be a burst, else the
    /// second.
    pub(super) fn on_recovered(&mut self, in_flight: u32, smooth: bool) {
        let no_burst = u64::from(in_flight).max(self.mss) + self.mss;
        let cwnd = self.ssthresh.min(if smooth { u64::MAX } else { no_burst });
        // The threshold may be from a time of smaller segments.
        self.set_cwnd(cwnd);
    }

    /// Nothing was sent for `idle`, longer than the `rto`.
    pub(super) fn restart(&mut self, how: IdleRestart, idle: Duration, rto: Duration) {
        let restart = self.cwnd.min(initial_window(self.mss));
        match how {
            IdleRestart::Never => {}
            // RFC 5681 §4.1
            IdleRestart::InitialWindow => self.cwnd = restart,
            // RFC 2861 §3: half for each RTO; the threshold remembers.
            IdleRestart::Decay => {
                let steps = idle.as_nanos() / rto.as_nanos().max(1);
                let halved = self.cwnd >> steps.min(63);
                if self.ssthresh != u64::MAX {
                    self.ssthresh = self.ssthresh.max(self.cwnd / 4 * 3);
                }
                self.cwnd = halved.max(restart);
            }
        }
    }
}

/// RFC 6928 §2: ten segments, for large ones no more than 14600 bytes (but two
/// segments at least).
fn initial_window(mss: u64) -> u64 {
    (10 * mss).min((2 * mss).max(14_600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_windows_of_rfc_6928() {
        for (mss, window) in [(536, 5360), (1460, 14_600), (4000, 14_600), (9000, 18_000)] {
            assert_eq!(Window::new(mss).cwnd, window);
        }
    }

    #[test]
    fn a_silence_takes_the_window_back() {
        let mut window = Window::new(1000);
        window.cwnd = 80_000;
        let after = |how, rtos: u32| {
            let mut window = window;
            let rto = Duration::from_millis(300);
            window.restart(how, rto * rtos, rto);
            window.cwnd
        };
        assert_eq!(after(IdleRestart::Never, 9), 80_000);
        assert_eq!(after(IdleRestart::InitialWindow, 1), 10_000);
        assert_eq!(after(IdleRestart::Decay, 1), 40_000);
        assert_eq!(after(IdleRestart::Decay, 2), 20_000);
        assert_eq!(after(IdleRestart::Decay, 90), 10_000);
    }

    #[test]
    fn the_threshold_remembers_what_a_silence_took() {
        let after = |ssthresh| {
            let mut window = Window::new(1000);
            (window.cwnd, window.ssthresh) = (80_000, ssthresh);
            let rto = Duration::from_millis(300);
            window.restart(IdleRestart::Decay, rto, rto);
            window.ssthresh
        };
        assert_eq!(after(10_000), 60_000);
        assert_eq!(after(70_000), 70_000);
        assert_eq!(after(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_new_segment_size_means_a_new_beginning_only_at_the_beginning() {
        let mut window = Window::new(1000);
        window.set_mss(500);
        assert_eq!(window.cwnd, 5000);
        window.start();
        window.set_mss(600);
        assert_eq!(window.cwnd, 5000);
    }
}
