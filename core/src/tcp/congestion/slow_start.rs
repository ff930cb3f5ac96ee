//! Slow start: how fast cwnd grows below the threshold, and what ends it before
//! a loss does.

use super::AckSample;
use super::hystart::Hystart;
use super::hystart_plus::HystartPlus;
use super::window::Window;
use crate::tcp::policy::SlowStartKind;

/// How much of an ACK counts, in segments (RFC 3465 §2.2, §2.3; RFC 9406 §4.2).
const LIMIT: u64 = 2;
const LIMIT_AFTER_TIMEOUT: u64 = 1;
const LIMIT_HYSTART_PLUS: u64 = 8;

/// What slow start remembers.
#[derive(Clone, Copy, Debug)]
pub(super) enum SlowStart {
    /// RFC 5681 with RFC 3465.
    Standard,
    /// Linux's HyStart.
    Hystart(Hystart),
    /// RFC 9406.
    HystartPlus(HystartPlus),
}

impl SlowStart {
    pub(super) fn new(kind: SlowStartKind) -> Self {
        match kind {
            SlowStartKind::Standard => Self::Standard,
            SlowStartKind::Hystart => Self::Hystart(Hystart::default()),
            SlowStartKind::HystartPlus => Self::HystartPlus(HystartPlus::default()),
        }
    }

    /// An ACK came: cwnd grows if it is below the threshold. Answers how many
    /// of the acknowledged bytes are left for congestion avoidance.
    pub(super) fn on_ack(&mut self, window: &mut Window, ack: &AckSample) -> u64 {
        let initial = window.ssthresh == u64::MAX;
        let acked = u64::from(ack.acked_len);
        let mss = window.mss;
        let grows = match self {
            Self::Standard => acked.min(limit(ack.after_timeout) * mss),
            Self::Hystart(hystart) => {
                hystart.on_ack(window, ack);
                acked
            }
            Self::HystartPlus(hystart) if initial => {
                let limited = if ack.paced {
                    acked
                } else {
                    acked.min(LIMIT_HYSTART_PLUS * mss)
                };
                hystart.on_ack(window, ack, limited)
            }
            // RFC 9406 §4.3: for the initial slow start only.
            Self::HystartPlus(_) => acked.min(limit(ack.after_timeout) * mss),
        };
        if !ack.limited || !window.is_in_slow_start() {
            return acked;
        }
        let room = window.ssthresh - window.cwnd;
        window.grow(grows.min(room));
        acked.saturating_sub(room)
    }
}

fn limit(after_timeout: bool) -> u64 {
    if after_timeout {
        LIMIT_AFTER_TIMEOUT
    } else {
        LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    /// How much an ACK of 20 segments of 1000 bytes lets cwnd grow.
    fn growth(kind: SlowStartKind, ssthresh: u64, ack: impl Fn(&mut AckSample)) -> u64 {
        let mut window = Window::new(1000);
        window.ssthresh = ssthresh;
        let mut sample = AckSample::of(Instant::ZERO, 20_000);
        ack(&mut sample);
        let before = window.cwnd;
        SlowStart::new(kind).on_ack(&mut window, &sample);
        window.cwnd - before
    }

    #[test]
    fn a_stretch_ack_counts_for_as_much_as_the_rfcs_say() {
        let timeout = |ack: &mut AckSample| ack.after_timeout = true;
        for kind in [SlowStartKind::Standard, SlowStartKind::HystartPlus] {
            assert_eq!(growth(kind, 500_000, |_| {}), 2000, "RFC 3465");
            assert_eq!(growth(kind, 500_000, timeout), 1000, "RFC 5681");
        }
        let hystart = SlowStartKind::HystartPlus;
        assert_eq!(growth(hystart, u64::MAX, |_| {}), 8000, "RFC 9406");
        assert_eq!(growth(hystart, u64::MAX, |ack| ack.paced = true), 20_000);
        assert_eq!(growth(SlowStartKind::Hystart, u64::MAX, |_| {}), 20_000);
    }
}
