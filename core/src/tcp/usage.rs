//! Whether the congestion window was used: one that was not says nothing about
//! the path, and does not grow (RFC 7661, in the simple form that Linux has).

use crate::wire::SeqNum;

/// How much of cwnd was used in this round trip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// It was full.
    limited: bool,
    /// The most that was outstanding, bytes.
    most_out: u32,
    /// The round trip ends with the ACK of this.
    until: SeqNum,
}

impl Usage {
    pub(super) fn new(iss: SeqNum) -> Self {
        Self {
            limited: false,
            most_out: 0,
            until: iss,
        }
    }

    /// New data went out: now `out` bytes are outstanding, and cwnd has no room
    /// for more if `full`.
    pub(super) fn on_sent(&mut self, una: SeqNum, nxt: SeqNum, out: u32, full: bool) {
        let new_round = una.at_or_after(self.until);
        if new_round || full || (!self.limited && out > self.most_out) {
            self.limited = full;
            self.most_out = out;
            self.until = nxt;
        }
    }

    /// RFC 7661 §4.1: in slow start cwnd may grow to twice of what was used.
    pub(super) fn is_limited(&self, cwnd: u64, ssthresh: u64) -> bool {
        self.limited || (cwnd < ssthresh && cwnd < 2 * u64::from(self.most_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_slow_start_half_a_window_is_enough() {
        let mut usage = Usage::new(SeqNum(0));
        usage.on_sent(SeqNum(0), SeqNum(6000), 6000, false);
        assert!(usage.is_limited(10_000, u64::MAX));
        assert!(!usage.is_limited(12_000, u64::MAX));
        assert!(!usage.is_limited(10_000, 10_000));
    }

    #[test]
    fn a_window_that_was_full_counts_until_the_round_trip_is_over() {
        let mut usage = Usage::new(SeqNum(0));
        usage.on_sent(SeqNum(0), SeqNum(10_000), 10_000, true);
        usage.on_sent(SeqNum(5000), SeqNum(11_000), 6000, false);
        assert!(usage.is_limited(10_000, 5000));
        usage.on_sent(SeqNum(10_000), SeqNum(12_000), 2000, false);
        assert!(!usage.is_limited(10_000, 5000));
    }

    #[test]
    fn what_is_less_than_a_full_window_does_not_undo_it_nor_prolong_the_round_trip() {
        let mut usage = Usage::new(SeqNum(0));
        usage.on_sent(SeqNum(0), SeqNum(10_000), 10_000, true);
        usage.on_sent(SeqNum(5000), SeqNum(16_000), 11_000, false);
        assert!(usage.is_limited(20_000, 5000));
        let mut usage = Usage::new(SeqNum(0));
        usage.on_sent(SeqNum(0), SeqNum(6000), 6000, false);
        usage.on_sent(SeqNum(1000), SeqNum(7000), 6000, false);
        usage.on_sent(SeqNum(6000), SeqNum(8000), 2000, false);
        assert!(!usage.is_limited(10_000, u64::MAX));
    }
}
