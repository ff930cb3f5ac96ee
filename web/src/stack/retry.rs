//! When the bridge is tried again.

use synema_core::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double: 0.25, 0.5, 1, 2, 4, 5, 5, … seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    tries: u32,
}

impl Retry {
    /// The connection stands: the next wait is the first again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// How often in a row it failed.
    pub fn tries(self) -> u32 {
        self.tries
    }

    /// It failed: how long to wait now.
    pub fn next_wait(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.tries.min(8)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds_and_begin_anew() {
        let mut retry = Retry::default();
        let waits: Vec<u128> = (0..7).map(|_| retry.next_wait().as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        retry.reset();
        assert_eq!(retry.next_wait().as_millis(), 250);
        let mut tired = Retry { tries: u32::MAX };
        assert_eq!(tired.next_wait().as_millis(), 5000);
    }
}
