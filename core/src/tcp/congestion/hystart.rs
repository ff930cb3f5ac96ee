//! HyStart as in Linux: slow start ends where the path is full, not where it
//! overflows (Ha and Rhee, 2011).
//!
//! ```text
//!   ACK train    ACKs less than 2 ms apart for longer than half of the least
//!                round trip: as much as the path holds is on its way
//!   delay        eight round trips, each an eighth above the least of all
//! ```

use super::AckSample;
use super::window::Window;
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// Below it slow start is not disturbed, segments.
const LOW_WINDOW: u64 = 16;
/// Samples of a round trip before its delay is judged.
const MIN_SAMPLES: u32 = 8;
/// ACKs farther apart than this are no train.
const TRAIN_GAP: Duration = Duration::from_millis(2);
/// The least and the most by which a round trip counts as longer.
const DELAY_MIN: Duration = Duration::from_millis(4);
const DELAY_MAX: Duration = Duration::from_millis(16);

/// What it knows of this round trip.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hystart {
    began_at: Instant,
    last_ack_at: Instant,
    /// The round trip is over when this is acknowledged.
    end: Option<SeqNum>,
    samples: u32,
    round_min: Option<Duration>,
    least: Option<Duration>,
}

impl Hystart {
    /// Sets the threshold where slow start should end.
    pub(super) fn on_ack(&mut self, window: &mut Window, ack: &AckSample) {
        let Some(rtt) = ack.rtt else { return };
        let least = self.least.map_or(rtt, |least| least.min(rtt));
        self.least = Some(least);
        if !window.is_in_slow_start() || window.cwnd < LOW_WINDOW * window.mss {
            return;
        }
        if self.end.is_none_or(|end| ack.una.after(end)) {
            *self = Self {
                began_at: ack.now,
                last_ack_at: ack.now,
                end: Some(ack.nxt),
                least: self.least,
                ..Self::default()
            };
        }
        if self.is_train(ack, least) || self.is_late(rtt, least) {
            window.ssthresh = window.cwnd;
        }
    }

    fn is_train(&mut self, ack: &AckSample, least: Duration) -> bool {
        if ack.now.since(self.last_ack_at) > TRAIN_GAP {
            return false;
        }
        self.last_ack_at = ack.now;
        // Pacing spreads a window over the round trip by itself.
        let threshold = if ack.paced { least } else { least / 2 };
        ack.now.since(self.began_at) > threshold
    }

    fn is_late(&mut self, rtt: Duration, least: Duration) -> bool {
        let round_min = self.round_min.map_or(rtt, |known| known.min(rtt));
        self.round_min = Some(round_min);
        if self.samples < MIN_SAMPLES {
            self.samples += 1;
            return false;
        }
        round_min > least + (least / 8).clamp(DELAY_MIN, DELAY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(at_ms: u64, una: u32, rtt_ms: u64) -> AckSample {
        AckSample {
            una: SeqNum(una),
            nxt: SeqNum(100_000),
            rtt: Some(Duration::from_millis(rtt_ms)),
            ..AckSample::of(Instant::from_millis(at_ms), 2000)
        }
    }

    fn large_window() -> Window {
        let mut window = Window::new(1000);
        window.cwnd = 20_000;
        window
    }

    #[test]
    fn a_longer_round_trip_ends_slow_start_after_eight_samples() {
        let mut window = large_window();
        let mut hystart = Hystart {
            least: Some(Duration::from_millis(200)),
            ..Hystart::default()
        };
        for i in 0..8 {
            hystart.on_ack(&mut window, &ack(i * 5, 10, 240));
            assert_eq!(window.ssthresh, u64::MAX);
        }
        hystart.on_ack(&mut window, &ack(45, 10, 240));
        assert_eq!(window.ssthresh, 20_000);
    }

    #[test]
    fn a_train_as_long_as_half_the_round_trip_ends_it_too() {
        let mut window = large_window();
        let mut hystart = Hystart::default();
        for i in 0..=20 {
            assert_eq!(window.ssthresh, u64::MAX, "{i}");
            hystart.on_ack(&mut window, &ack(100 + i, 10, 40));
            if window.ssthresh != u64::MAX {
                break;
            }
        }
        hystart.on_ack(&mut window, &ack(121, 10, 40));
        assert_eq!(window.ssthresh, 20_000);
        // Single ACKs with pauses between them are no train.
        let mut window = large_window();
        let mut hystart = Hystart::default();
        for i in 0..20 {
            hystart.on_ack(&mut window, &ack(100 + i * 3, 10, 40));
        }
        assert_eq!(window.ssthresh, u64::MAX);
    }

    #[test]
    fn a_train_is_ended_by_a_gap_and_ends_slow_start_beyond_the_half() {
        // ACKs at `gap_ms`, each with a round trip of 40 ms; when slow start ended.
        let ended_after_ms = |gap_ms: u64| {
            let (mut window, mut hystart) = (large_window(), Hystart::default());
            (0..40 / gap_ms).map(|i| i * gap_ms).find(|at| {
                hystart.on_ack(&mut window, &ack(100 + at, 10, 40));
                window.ssthresh != u64::MAX
            })
        };
        assert_eq!(
            ended_after_ms(1),
            Some(21),
            "20 ms are not yet more than half"
        );
        assert_eq!(ended_after_ms(2), Some(22), "2 ms are not yet a gap");
        assert_eq!(ended_after_ms(3), None);
    }

    #[test]
    fn only_a_large_window_in_slow_start_is_looked_at() {
        let threshold_after_a_train = |cwnd, ssthresh| {
            let (mut window, mut hystart) = (large_window(), Hystart::default());
            (window.cwnd, window.ssthresh) = (cwnd, ssthresh);
            for at in 100..=130 {
                hystart.on_ack(&mut window, &ack(at, 10, 40));
            }
            window.ssthresh
        };
        assert_eq!(threshold_after_a_train(15_999, u64::MAX), u64::MAX);
        assert_eq!(threshold_after_a_train(16_000, u64::MAX), 16_000);
        assert_eq!(threshold_after_a_train(20_000, 18_000), 18_000);
    }

    #[test]
    fn a_round_trip_is_longer_by_more_than_an_eighth() {
        let ends = |least_ms: u64, rtt_ms: u64| {
            let mut window = large_window();
            let mut hystart = Hystart {
                least: Some(Duration::from_millis(least_ms)),
                ..Hystart::default()
            };
            for i in 0..9 {
                hystart.on_ack(&mut window, &ack(i * 5, 10, rtt_ms));
            }
            window.ssthresh != u64::MAX
        };
        assert!(!ends(80, 90) && ends(80, 91));
        // At least 4 ms, at most 16 ms.
        assert!(!ends(8, 12) && ends(8, 13));
        assert!(!ends(800, 816) && ends(800, 817));
    }
}
