//! How the clock of one capture stands to that of the other.
//!
//! No packet arrives before it departed. So each one that goes there bounds from above by
//! how much the far clock is ahead, and each one that comes back from below:
//!
//! ```text
//!   ahead │  .   .      .          there: far time - near time = ahead + its delay
//!         │    .    .  .    .
//!         │ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─    the line with the widest gap to both: the estimate
//!         │  '    '     '    '
//!         │     '    '     '       back: far time - near time = ahead - its delay
//!         └──────────────────────► time
//! ```
//!
//! As NTP does, the middle of what is possible is taken (RFC 5905 §8): what it may be
//! off by is half of the quickest round trip, unless the ways differ less than that. All
//! lines that fit between the points are possible; the uncertainty covers them all.

/// RFC 5905 §11.1: clocks that are of any use drift no more than this, parts in 10^9.
const MAX_DRIFT_PPB: i64 = 500_000;
/// A slope is as good as the best if its gap is smaller by no more than this part.
const GOOD: i128 = 1_024;
const BILLION: i128 = 1_000_000_000;

/// A packet that both captures have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// When, on the near clock, from the first sample on.
    pub(super) at_ns: i64,
    /// By how much the far time is more than the near one.
    pub(super) ahead_ns: i64,
    /// Whether it went from the near end to the far one.
    pub(super) is_sent: bool,
}

/// The far clock as the near one sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// By how much the far clock is ahead of the near one at the first packet that both
    /// captures have, in nanoseconds.
    pub ahead_ns: i64,
    /// How much it gains on it, in parts of a thousand millions.
    pub drift_ppb: i64,
    /// How far off its time may be anywhere in the capture, in nanoseconds.
    pub uncertainty_ns: u64,
    /// What a packet takes at the least, if it is the same in both directions.
    pub least_delay_ns: u64,
}

impl Clock {
    /// A time of the far clock on the near one; both count from the first sample on,
    /// the near clock's.
    pub(super) fn near_ns(&self, far_ns: i64) -> i64 {
        let since = i128::from(far_ns) - i128::from(self.ahead_ns);
        let near = since * BILLION / (BILLION + i128::from(self.drift_ppb));
        i64::try_from(near).unwrap_or(i64::MAX)
    }
}

/// Highest and lowest line of one slope: what is known from above and from below, in
/// 10^-9 ns at the first sample.
struct Bounds<'a>(&'a [Sample]);

impl Bounds<'_> {
    fn at(&self, drift_ppb: i64, is_sent: bool) -> impl Iterator<Item = i128> + '_ {
        let samples = self
            .0
            .iter()
            .filter(move |sample| sample.is_sent == is_sent);
        samples.map(move |sample| {
            i128::from(sample.ahead_ns) * BILLION - i128::from(sample.at_ns) * i128::from(drift_ppb)
        })
    }

    fn above(&self, drift_ppb: i64) -> i128 {
        self.at(drift_ppb, true).min().unwrap_or(i128::MAX)
    }

    fn below(&self, drift_ppb: i64) -> i128 {
        self.at(drift_ppb, false).max().unwrap_or(i128::MIN)
    }

    fn gap(&self, drift_ppb: i64) -> i128 {
        self.above(drift_ppb).saturating_sub(self.below(drift_ppb))
    }
}

/// The slope between `low` and `high` at which a function that rises and then falls is
/// highest.
fn highest(mut low: i64, mut high: i64, value: impl Fn(i64) -> i128) -> i64 {
    while high - low > 2 {
        let third = (high - low) / 3;
        if value(low + third) < value(high - third) {
            low += third;
        } else {
            high -= third;
        }
    }
    (low..=high)
        .max_by_key(|&slope| value(slope))
        .unwrap_or(low)
}

/// The slope farthest from `from` towards `end` at which the gap is still open.
fn farthest(from: i64, end: i64, is_open: impl Fn(i64) -> bool) -> i64 {
    if is_open(end) {
        return end;
    }
    let (mut open, mut closed) = (from, end);
    while (closed - open).abs() > 1 {
        let middle = open + (closed - open) / 2;
        if is_open(middle) {
            open = middle;
        } else {
            closed = middle;
        }
    }
    open
}

/// What fits the samples; none where they are of one direction only, or no steady
/// clock fits.
pub(super) fn fit(samples: &[Sample]) -> Option<Clock> {
    let both = [true, false].map(|is_sent| samples.iter().any(|s| s.is_sent == is_sent));
    if both != [true, true] {
        return None;
    }
    let bounds = Bounds(samples);
    let drift_ppb = highest(-MAX_DRIFT_PPB, MAX_DRIFT_PPB, |slope| bounds.gap(slope));
    let widest = bounds.gap(drift_ppb);
    if widest < 0 {
        return None;
    }
    // Of slopes that are as good as the best, the clocks' most likely one: none.
    let is_good = |slope: i64| bounds.gap(slope) >= widest - widest / GOOD;
    let drift_ppb = if is_good(0) {
        0
    } else {
        farthest(drift_ppb, 0, is_good)
    };
    let gap = bounds.gap(drift_ppb);
    let line = bounds.below(drift_ppb) + gap / 2;
    let is_open = |slope: i64| bounds.gap(slope) >= 0;
    let (least, most) = (
        farthest(drift_ppb, -MAX_DRIFT_PPB, is_open),
        farthest(drift_ppb, MAX_DRIFT_PPB, is_open),
    );
    let first = samples.iter().map(|sample| sample.at_ns).min()?;
    let last = samples.iter().map(|sample| sample.at_ns).max()?;
    let off = [first, last].map(|at_ns| {
        let at = |slope: i64| i128::from(slope) * i128::from(at_ns);
        let up = |slope: i64| bounds.above(slope) + at(slope);
        let down = |slope: i64| -(bounds.below(slope) + at(slope));
        let told = line + at(drift_ppb);
        let (up, down) = (
            up(highest(least, most, up)),
            down(highest(least, most, down)),
        );
        (up - told).max(told + down)
    });
    let off = off.into_iter().max().unwrap_or(0);
    Some(Clock {
        ahead_ns: i64::try_from(line / BILLION).ok()?,
        drift_ppb,
        uncertainty_ns: u64::try_from(off / BILLION + 1).ok()?,
        least_delay_ns: u64::try_from(gap / 2 / BILLION).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets there and back every 10 ms for 60 s, over ways that take 5 and 7 ms and more.
    fn samples(ahead_ns: i64, drift_ppb: i64) -> Vec<Sample> {
        let sample = |number: i64| {
            let at_ns = number * 10_000_000;
            let is_sent = number % 2 == 0;
            let jitter = (number * 7_919 % 31) * 100_000;
            let delay = if is_sent {
                5_000_000 + jitter
            } else {
                -7_000_000 - jitter
            };
            let gained = i128::from(at_ns) * i128::from(drift_ppb) / BILLION;
            let ahead_ns = ahead_ns + gained as i64 + delay;
            Sample {
                at_ns,
                ahead_ns,
                is_sent,
            }
        };
        (0..6_000).map(sample).collect()
    }

    #[test]
    fn offset_and_drift_are_found_within_what_is_told() {
        for (ahead_ns, drift_ppb) in [(0, 0), (3_600_000_000_000, 80_000), (-250_000_000, -33_000)]
        {
            let clock = fit(&samples(ahead_ns, drift_ppb)).expect("both directions are there");
            for far_ns in [ahead_ns, ahead_ns + 60_000_000_000] {
                let near =
                    (i128::from(far_ns - ahead_ns)) * BILLION / (BILLION + i128::from(drift_ppb));
                let off = (clock.near_ns(far_ns) - near as i64).unsigned_abs();
                assert!(off <= clock.uncertainty_ns, "{off} {clock:?}");
            }
            assert!((clock.drift_ppb - drift_ppb).abs() < 500, "{clock:?}");
            // Half of the quickest round trip of 12 ms, and what the drift may add.
            assert!(clock.uncertainty_ns < 7_000_000, "{clock:?}");
            assert!(
                (5_900_000..6_100_000).contains(&clock.least_delay_ns),
                "{clock:?}"
            );
        }
    }

    #[test]
    fn one_direction_bounds_nothing_and_no_line_fits_what_arrives_too_early() {
        let all = samples(0, 0);
        let there: Vec<_> = all.iter().copied().filter(|s| s.is_sent).collect();
        assert_eq!(fit(&there), None);
        let turned: Vec<_> = all
            .iter()
            .map(|s| Sample {
                is_sent: !s.is_sent,
                ..*s
            })
            .collect();
        assert_eq!(fit(&turned), None);
    }
}
