//! Randomness is an argument: a small generator, seeded by whoever makes the stack.
//!
//! PCG from the Rand project, whose values are promised to stay the same from
//! release to release. It is for jitter and for picking a number; what a peer
//! must not be able to guess (sequence numbers, ports) comes from a keyed hash
//! in [`crate::stack`].

use crate::time::Duration;
use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A seeded generator: the same seed gives the same numbers, natively and in wasm.
#[derive(Clone, Debug)]
pub struct Random(Pcg32);

impl Random {
    /// A generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self(Pcg32::seed_from_u64(seed))
    }

    /// Any 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Any 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A duration from `min` to `max`, both included; `min` when `max` is no longer.
    pub fn between(&mut self, min: Duration, max: Duration) -> Duration {
        let span = max.saturating_sub(min).as_nanos();
        // The product of 64 and 32 bits fits into 128; the bias is below 2^-32.
        let extra = (span.min(u128::from(u64::MAX)) * u128::from(self.next_u32())) >> 32;
        min + Duration::from_nanos(u64::try_from(extra).expect("less than the span, which fits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_numbers() {
        let mut random = Random::new(2014);
        let first = [random.next_u32(), random.next_u32()];
        let mut again = Random::new(2014);
        assert_eq!(first, [again.next_u32(), again.next_u32()]);
        assert_ne!(Random::new(2015).next_u32(), first[0]);
    }

    #[test]
    fn durations_stay_between_their_bounds_and_vary() {
        let mut random = Random::new(1);
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(2));
        let drawn: Vec<_> = (0..100).map(|_| random.between(min, max)).collect();
        assert!(drawn.iter().all(|d| (min..=max).contains(d)));
        assert!(drawn.iter().min().unwrap().as_millis() < 1_100);
        assert!(drawn.iter().max().unwrap().as_millis() > 1_900);
        assert_eq!(random.between(max, min), max);
    }
}
