//! RFC 5681 with NewReno's recovery (RFC 6582), an initial window of ten
//! segments (RFC 6928) and byte counting (RFC 3465).

use super::{AckSample, CongestionControl};

/// The control's state; all lengths in bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct NewReno {
    mss: u64,
    cwnd: u64,
    ssthresh: u64,
    /// Bytes acknowledged in congestion avoidance since cwnd grew last.
    acked_len: u64,
    /// Whether anything has been acknowledged: before, a new MSS means a new
    /// initial window.
    started: bool,
}

impl NewReno {
    pub(super) fn new(mss: u32) -> Self {
        let mss = u64::from(mss.max(1));
        Self {
            mss,
            cwnd: initial_window(mss),
            ssthresh: u64::MAX,
            acked_len: 0,
            started: false,
        }
    }

    /// RFC 5681 §3.1 (4): half of what was in flight, at least two segments.
    fn halve(&mut self, in_flight: u32) {
        // RFC 5681 §3.2 (2): what limited transmit has added does not count.
        let in_flight = u64::from(in_flight).min(self.cwnd);
        self.ssthresh = (in_flight / 2).max(2 * self.mss);
        self.acked_len = 0;
        self.started = true;
    }
}

/// RFC 6928 §2: ten segments, for large ones no more than 14600 bytes (but two
/// segments at least).
fn initial_window(mss: u64) -> u64 {
    (10 * mss).min((2 * mss).max(14_600))
}

impl CongestionControl for NewReno {
    fn cwnd(&self) -> u64 {
        self.cwnd
    }

    fn ssthresh(&self) -> u64 {
        self.ssthresh
    }

    fn set_cwnd(&mut self, cwnd: u64) {
        self.cwnd = cwnd.max(self.mss);
    }

    fn set_mss(&mut self, mss: u32) {
        self.mss = u64::from(mss.max(1));
        if self.started {
            self.cwnd = self.cwnd.max(self.mss);
        } else {
            self.cwnd = initial_window(self.mss);
        }
    }

    fn on_syn_loss(&mut self) {
        // RFC 5681 §3.1: a lost SYN or SYN-ACK makes the initial window one segment.
        self.cwnd = self.mss;
        self.started = true;
    }

    fn on_ack(&mut self, ack: AckSample) {
        self.started = true;
        if !ack.limited {
            return;
        }
        let acked_len = u64::from(ack.acked_len);
        if self.cwnd < self.ssthresh {
            // RFC 3465 §2.2: L = 2, but 1 after a timeout (§2.3).
            let limit = if ack.after_timeout { 1 } else { 2 } * self.mss;
            self.cwnd = self.cwnd.saturating_add(acked_len.min(limit));
        } else {
            // RFC 5681 §3.1 with RFC 3465 §2.1: one segment for each window.
            self.acked_len += acked_len;
            if self.acked_len >= self.cwnd {
                self.acked_len -= self.cwnd;
                self.cwnd = self.cwnd.saturating_add(self.mss);
            }
        }
    }

    fn on_loss(&mut self, in_flight: u32) {
        // RFC 5681 §3.2 (2), RFC 6675 §5 (4.2). Segments that left the network
        // are taken from the pipe, so cwnd is not inflated for them.
        self.halve(in_flight);
        self.cwnd = self.ssthresh;
    }

    fn on_recovered(&mut self, in_flight: u32, smooth: bool) {
        // RFC 6582 §3.2 (3), the first choice if there may be a burst, else the
        // second.
        let in_flight = u64::from(in_flight);
        let no_burst = in_flight.max(self.mss) + self.mss;
        self.cwnd = self.ssthresh.min(if smooth { u64::MAX } else { no_burst });
    }

    fn on_timeout(&mut self, in_flight: u32, again: bool) {
        // RFC 5681 §3.1: ssthresh stays when the same segment times out again.
        if !again {
            self.halve(in_flight);
        }
        self.cwnd = self.mss;
    }

    fn on_idle(&mut self) {
        // RFC 5681 §4.1
        self.cwnd = self.cwnd.min(initial_window(self.mss));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(control: &mut NewReno, acked_len: u32) {
        control.on_ack(AckSample {
            acked_len,
            limited: true,
            after_timeout: false,
        });
    }

    #[test]
    fn initial_windows_of_rfc_6928() {
        for (mss, window) in [(536, 5360), (1460, 14_600), (4000, 14_600), (9000, 18_000)] {
            assert_eq!(NewReno::new(mss).cwnd(), window);
        }
    }

    #[test]
    fn slow_start_doubles_and_avoidance_adds_one_segment() {
        let mut control = NewReno::new(1000);
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
    fn a_second_timeout_keeps_the_threshold() {
        let mut control = NewReno::new(1000);
        control.on_timeout(10_000, false);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 5000));
        control.on_timeout(1000, true);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 5000));
    }

    #[test]
    fn an_unused_window_does_not_grow() {
        let mut control = NewReno::new(1000);
        control.on_ack(AckSample {
            acked_len: 2000,
            limited: false,
            after_timeout: false,
        });
        assert_eq!(control.cwnd(), 10_000);
    }
}
