//! A token bucket whose clock is an argument.

use synema_core::time::Instant;

const NANOS: u128 = 1_000_000_000;

/// Fills at a steady rate up to a brim; what is taken must be in it.
#[derive(Clone, Debug)]
pub struct Bucket {
    per_second: u64,
    /// Tokens times 10⁹, so that no fraction is lost between two looks at the clock.
    brim: u128,
    level: u128,
    filled_at: Option<Instant>,
}

impl Bucket {
    /// A full bucket of `burst` tokens that gains `per_second`.
    pub fn new(per_second: u64, burst: u64) -> Self {
        let brim = u128::from(burst) * NANOS;
        Self {
            per_second,
            brim,
            level: brim,
            filled_at: None,
        }
    }

    /// Takes `count` tokens, if they are there. A clock that goes back adds nothing.
    #[must_use]
    pub fn take(&mut self, now: Instant, count: u64) -> bool {
        let last = self.filled_at.unwrap_or(now);
        let gained = now.since(last).as_nanos() * u128::from(self.per_second);
        self.level = self.level.saturating_add(gained).min(self.brim);
        self.filled_at = Some(last.max(now));
        let wanted = u128::from(count) * NANOS;
        let enough = wanted <= self.level;
        if enough {
            self.level -= wanted;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(10, 3);
        let at = Instant::from_millis;
        assert!((0..3).all(|_| bucket.take(at(0), 1)));
        assert!(!bucket.take(at(99), 1));
        assert!(bucket.take(at(100), 1));
        assert!(!bucket.take(at(50), 1), "a clock that goes back");
        assert!(bucket.take(at(200), 1));
    }

    proptest! {
        /// Over any span: never more than the burst and what the rate gave.
        #[test]
        fn the_bound_holds(
            steps in prop::collection::vec((0..2_000_000_000_u64, 1..2000_u64), 1..200)
        ) {
            let (rate, burst) = (1000, 1500);
            let mut bucket = Bucket::new(rate, burst);
            let (mut now, mut taken) = (0_u64, 0_u64);
            for (step, count) in steps {
                now += step;
                if bucket.take(Instant::from_nanos(now), count) {
                    taken += count;
                }
                let most = u128::from(burst) + u128::from(now) * u128::from(rate) / NANOS;
                prop_assert!(u128::from(taken) <= most);
            }
        }
    }
}
