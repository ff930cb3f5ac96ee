//! HyStart++ (RFC 9406): when round trips grow, slow start goes on carefully
//! for five rounds, and ends if they stay long.
//!
//! ```text
//!   slow start --(round trip longer by an eighth)--> conservative slow start
//!        ^                                              |            |
//!        '-----------(shorter again)--------------------'   five rounds: ssthresh
//! ```

use super::AckSample;
use super::window::Window;
use crate::time::Duration;
use crate::wire::SeqNum;

/// RFC 9406 §4.3.
const MIN_RTT_THRESH: Duration = Duration::from_millis(4);
const MAX_RTT_THRESH: Duration = Duration::from_millis(16);
const MIN_RTT_DIVISOR: u32 = 8;
const N_RTT_SAMPLE: u32 = 8;
const CSS_GROWTH_DIVISOR: u64 = 4;
const CSS_ROUNDS: u32 = 5;

/// What it knows of the rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HystartPlus {
    /// `windowEnd`
    end: Option<SeqNum>,
    last_min: Option<Duration>,
    round_min: Option<Duration>,
    samples: u32,
    /// In conservative slow start: `cssBaselineMinRtt` and the rounds so far.
    careful: Option<(Duration, u32)>,
}

impl HystartPlus {
    /// RFC 9406 §4.2: answers by how much cwnd may grow for `acked` bytes, and
    /// sets the threshold when slow start is over.
    pub(super) fn on_ack(&mut self, window: &mut Window, ack: &AckSample, acked: u64) -> u64 {
        if self.end.is_none_or(|end| ack.una.at_or_after(end)) {
            self.next_round(window, ack.nxt);
        }
        if let Some(rtt) = ack.rtt {
            self.round_min = Some(self.round_min.map_or(rtt, |known| known.min(rtt)));
            self.samples += 1;
        }
        if self.samples >= N_RTT_SAMPLE {
            self.judge();
        }
        match self.careful {
            Some(_) => acked / CSS_GROWTH_DIVISOR,
            None => acked,
        }
    }

    fn next_round(&mut self, window: &mut Window, nxt: SeqNum) {
        self.end = Some(nxt);
        self.last_min = self.round_min.take();
        self.samples = 0;
        if let Some((_, rounds)) = &mut self.careful {
            *rounds += 1;
            if *rounds >= CSS_ROUNDS {
                window.ssthresh = window.cwnd;
            }
        }
    }

    fn judge(&mut self) {
        let Some(round_min) = self.round_min else {
            return;
        };
        match self.careful {
            Some((baseline, _)) if round_min < baseline => self.careful = None,
            Some(_) => {}
            None => {
                let Some(last) = self.last_min else { return };
                let thresh = (last / MIN_RTT_DIVISOR).clamp(MIN_RTT_THRESH, MAX_RTT_THRESH);
                if round_min >= last + thresh {
                    self.careful = Some((round_min, 0));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    /// One round of ten ACKs; answers how much cwnd may grow in it.
    fn round(hystart: &mut HystartPlus, window: &mut Window, n: u32, rtt_ms: u64) -> u64 {
        (0..10)
            .map(|i| {
                let ack = AckSample {
                    una: SeqNum(n * 10 + i),
                    nxt: SeqNum(n * 10 + 10),
                    rtt: Some(Duration::from_millis(rtt_ms)),
                    ..AckSample::of(Instant::ZERO, 1000)
                };
                hystart.on_ack(window, &ack, 1000)
            })
            .sum()
    }

    #[test]
    fn longer_round_trips_make_it_careful_and_then_end_it() {
        let (mut hystart, mut window) = (HystartPlus::default(), Window::new(1000));
        assert_eq!(round(&mut hystart, &mut window, 0, 40), 10_000);
        // The eighth sample tells.
        assert_eq!(round(&mut hystart, &mut window, 1, 46), 7 * 1000 + 3 * 250);
        for n in 2..6 {
            assert_eq!(round(&mut hystart, &mut window, n, 50), 2500);
            assert_eq!(window.ssthresh, u64::MAX);
        }
        round(&mut hystart, &mut window, 6, 50);
        assert_eq!(window.ssthresh, window.cwnd);
    }

    #[test]
    fn a_passing_burst_does_not_end_it() {
        let (mut hystart, mut window) = (HystartPlus::default(), Window::new(1000));
        for (n, rtt_ms) in [40, 60, 40, 40, 40, 40, 40, 40].into_iter().enumerate() {
            round(&mut hystart, &mut window, n as u32, rtt_ms);
        }
        assert_eq!(window.ssthresh, u64::MAX);
        assert_eq!(round(&mut hystart, &mut window, 8, 40), 10_000);
    }
}
