//! How often we answer: a token bucket (RFC 1812 §4.3.2.8 asks for a limit).

use crate::time::{Duration, Instant};

/// Lets through `burst` at once, and one more per `interval`.
#[derive(Clone, Debug)]
pub struct Limit {
    burst: u32,
    interval: Duration,
    tokens: u32,
    /// When the last token that is counted came.
    filled_at: Instant,
}

impl Limit {
    /// A full bucket.
    pub const fn new(burst: u32, interval: Duration) -> Self {
        Self {
            burst,
            interval,
            tokens: burst,
            filled_at: Instant::ZERO,
        }
    }

    /// Takes a token; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let some = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        some
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.since(self.filled_at).as_nanos();
        let interval = self.interval.as_nanos().max(1);
        let missing = u128::from(self.burst - self.tokens);
        let earned = elapsed / interval;
        if earned >= missing {
            (self.tokens, self.filled_at) = (self.burst, now);
            return;
        }
        // Less than `missing`, which fits into 32 bits.
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.tokens += earned;
        self.filled_at += self.interval * earned;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let mut limit = Limit::new(3, Duration::from_millis(10));
        let at = Instant::from_millis;
        let passed = (0..5).filter(|_| limit.take(at(1_000))).count();
        assert_eq!(passed, 3);
        assert!(!limit.take(at(1_009)));
        assert!(limit.take(at(1_010)));
        assert!(!limit.take(at(1_019)));
        assert!(limit.take(at(1_020)));
        let passed = (0..5).filter(|_| limit.take(Instant::FAR_FUTURE)).count();
        assert_eq!(passed, 3);
        // A clock that goes back earns nothing, and breaks nothing.
        assert!(!limit.take(Instant::ZERO));
    }
}
