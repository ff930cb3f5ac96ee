//! Pacing: a window goes out in even steps over the round trip, so that a short
//! queue on the way can hold what it must.
//!
//! ```text
//!   in bursts   ||||||||||||                ||||||||||||
//!   paced       | | | | | | | | | | | | | | | | | | | |
//!               '------ round trip ------'
//! ```
//!
//! A few segments may always go together: bursts as large as an initial window
//! hurt nobody (RFC 6928).

use super::congestion::CongestionControl;
use super::policy::Policy;
use super::recovery::Phase;
use super::sender::Sender;
use crate::time::{Duration, Instant};

/// Segments that may go out together.
const BURST: u64 = 10;
/// The rate in per cent of a window in a round trip: more than all, or cwnd could
/// not be used; in slow start the window doubles meanwhile.
const PERCENT: u64 = 120;
const PERCENT_SLOW_START: u64 = 200;

/// How fast segments may follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Bytes in a round trip.
    window: u64,
    srtt: Duration,
    /// Bytes of a full segment.
    mss: u64,
}

impl Pace {
    pub(super) fn new(window: u64, slow_start: bool, srtt: Duration, mss: u32) -> Self {
        let percent = if slow_start {
            PERCENT_SLOW_START
        } else {
            PERCENT
        };
        Self {
            window: (window.saturating_mul(percent) / 100).max(1),
            srtt,
            mss: mss.into(),
        }
    }

    /// How long `len` bytes take at this pace.
    fn time(&self, len: u64) -> Duration {
        let ns = u128::from(len) * self.srtt.as_nanos() / u128::from(self.window);
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

/// When what went out so far would have gone out in even steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pacer {
    even_at: Instant,
    /// The next segment waits for its time: if that is told late, others follow
    /// at once.
    waits: bool,
}

impl Pacer {
    /// When the next segment may go out, if not at once.
    pub(super) fn wait(&mut self, now: Instant, pace: &Pace) -> Option<Instant> {
        let ahead = pace.time(BURST * pace.mss);
        let due = Instant::from_nanos(
            self.even_at
                .as_nanos()
                .saturating_sub(u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX)),
        );
        self.waits = due > now;
        self.waits.then_some(due)
    }

    /// `len` bytes go out.
    pub(super) fn on_sent(&mut self, now: Instant, len: u32, pace: &Pace) {
        let late = now.since(self.even_at) > pace.srtt;
        if self.even_at < now && (!self.waits || late) {
            self.even_at = now;
        }
        self.even_at += pace.time(len.into());
    }
}

impl Sender {
    /// When the next segment may go out, if the policy wants pacing and its time
    /// has not come.
    pub(super) fn pacing_wait(&mut self, now: Instant, policy: &Policy) -> Option<Instant> {
        let pace = self.pace(now, policy)?;
        self.pacer.wait(now, &pace)
    }

    /// A segment with `len` bytes goes out.
    pub(super) fn on_paced(&mut self, now: Instant, len: u32, policy: &Policy) {
        if let Some(pace) = self.pace(now, policy) {
            self.pacer.on_sent(now, len, &pace);
        }
    }

    fn pace(&self, now: Instant, policy: &Policy) -> Option<Pace> {
        let srtt = self.rtt.srtt().filter(|_| policy.window.pacing)?;
        if let Some(len) = self.cc.round_trip_len(now, srtt) {
            return Some(Pace {
                window: len.max(1),
                srtt,
                mss: self.mss().into(),
            });
        }
        let (cwnd, ssthresh) = (self.cc.cwnd(), self.cc.ssthresh());
        let slow_start = cwnd < ssthresh && self.phase == Phase::Open;
        Some(Pace::new(cwnd, slow_start, srtt, self.mss()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SeqNum;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_even_steps() {
        // Twenty segments in 20 ms, and a fifth more.
        let pace = Pace::new(20_000, false, Duration::from_millis(20), 1000);
        let mut pacer = Pacer::default();
        let mut now = Instant::from_millis(5);
        let mut gaps = Vec::new();
        for _ in 0..14 {
            if let Some(due) = pacer.wait(now, &pace) {
                gaps.push(due.since(now).as_micros());
                now = due;
            }
            pacer.on_sent(now, 1000, &pace);
        }
        assert_eq!(gaps, [833, 833, 833]);
        // A pause gives the burst back.
        now += Duration::from_millis(50);
        for _ in 0..11 {
            assert_eq!(pacer.wait(now, &pace), None);
            pacer.on_sent(now, 1000, &pace);
        }
        assert!(pacer.wait(now, &pace).is_some());
    }

    #[test]
    fn who_is_told_very_late_does_not_make_up_for_it() {
        let pace = Pace::new(20_000, false, Duration::from_millis(20), 1000);
        let at = Instant::from_millis;
        let even_after = |told_ms| {
            let (even_at, waits) = (at(100), true);
            let mut pacer = Pacer { even_at, waits };
            pacer.on_sent(at(told_ms), 12_000, &pace);
            pacer.even_at
        };
        assert_eq!(even_after(90), at(110));
        assert_eq!(even_after(120), at(110), "a round trip is not very late");
        assert_eq!(even_after(121), at(131));
    }

    #[test]
    fn at_the_threshold_the_window_does_not_double_any_more() {
        let mut sender = Sender::new(SeqNum(0), &Policy::rfc());
        sender
            .rtt
            .on_sample(Instant::ZERO, Duration::from_millis(20), 1);
        sender.cc.set_cwnd(100_000);
        let window = |sender: &Sender| sender.pace(Instant::ZERO, &Policy::rfc()).unwrap().window;
        assert_eq!(window(&sender), 200_000);
        sender.cc.on_loss(100_000);
        assert_eq!(window(&sender), 70_000 * 120 / 100);
    }
}
