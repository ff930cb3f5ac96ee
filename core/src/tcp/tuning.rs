//! How large the receive window may be: as much as the application takes in a
//! round trip, and room for a sender that doubles (dynamic right-sizing).
//!
//! ```text
//!   a round trip          what was read in it      the window from then on
//!   |<------------------->|   copied               2·copied + 16·MSS, and more
//!                                                  if the round before had less
//! ```
//!
//! It starts small and grows to the policy's `buffer_len`, so that a connection
//! that is read slowly, or carries little, does not claim memory for a window
//! that it never needs. RFC 7323 §2 gives the large windows; how to choose one is
//! nobody's standard: this is what Linux does. The window never shrinks again.

use super::policy::ReceivePolicy;
use super::window::WindowSize;
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// Full-sized segments that the window has room for beyond what is needed.
const SPARE_SEGMENTS: u32 = 16;

/// What a sender has in flight at the start (RFC 6928), in segments.
const INITIAL_SEGMENTS: u32 = 10;

/// What the window may be now, and what says that it may be more.
#[derive(Debug)]
pub(super) struct WindowTuning {
    limit: u32,
    max: u32,
    /// The round trip as the receiver sees it.
    rtt: Option<Duration>,
    /// Without timestamps: since when, and until which number, a window's worth
    /// of data is awaited, which takes a round trip at least.
    turnover: Option<(Instant, SeqNum)>,
    /// When the round began, and what had been read by then.
    round_began: Instant,
    round_from: u64,
    /// The most that was read in one round; what a sender may begin with does not
    /// count as growth.
    most_read: u32,
}

impl WindowTuning {
    pub(super) fn new(now: Instant, policy: &ReceivePolicy, mss: u16) -> Self {
        // A window that is fixed is not tuned.
        let limit = if policy.fixed_window {
            policy.buffer_len
        } else {
            policy.initial_window.min(policy.buffer_len)
        };
        Self {
            limit,
            max: policy.buffer_len,
            rtt: None,
            turnover: None,
            round_began: now,
            round_from: 0,
            most_read: (limit / 2).min(INITIAL_SEGMENTS * u32::from(mss)),
        }
    }

    /// The largest window that may be offered now, bytes.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// The policy has a new size. What was promised is the receiver's to keep.
    pub(super) fn set_policy(&mut self, policy: &ReceivePolicy) {
        let tuned = self.limit < self.max;
        self.max = policy.buffer_len;
        let kept = if tuned && !policy.fixed_window {
            self.limit
        } else {
            self.max
        };
        self.limit = kept.min(self.max);
    }

    /// The handshake, or the timestamp that came back with a full-sized segment,
    /// has measured the round trip. Who waits before it sends makes it longer, so
    /// that it is smoothed (RFC 6298's weight of 1/8).
    pub(super) fn on_round_trip(&mut self, sample: Duration) {
        self.rtt = Some(match self.rtt {
            None => sample,
            Some(rtt) => rtt - rtt / 8 + sample / 8,
        });
    }

    /// Data came in order up to `rcv_nxt`, and there are no timestamps: the time
    /// that a window's worth takes is a round trip or longer, so that the shortest
    /// is kept.
    pub(super) fn on_turnover(&mut self, now: Instant, rcv_nxt: SeqNum, window: WindowSize) {
        if let Some((began, until)) = self.turnover {
            if rcv_nxt.before(until) {
                return;
            }
            let took = now.since(began);
            self.rtt = Some(self.rtt.map_or(took, |rtt| rtt.min(took)));
        }
        self.turnover = Some((now, rcv_nxt + window.0));
    }

    /// The application has read `total` bytes by now. Answers whether the window
    /// may be larger than before.
    pub(super) fn on_read(&mut self, now: Instant, total: u64, mss: u16) -> bool {
        let Some(rtt) = self.rtt else {
            return false;
        };
        if now.since(self.round_began) < rtt {
            return false;
        }
        let copied = u32::try_from(total - self.round_from).unwrap_or(u32::MAX);
        (self.round_began, self.round_from) = (now, total);
        if copied <= self.most_read {
            return false;
        }
        let wanted = wanted_window(copied, self.most_read, mss);
        self.most_read = copied;
        let before = self.limit;
        self.limit = wanted.min(self.max).max(before);
        self.limit > before
    }
}

/// The window for who read `copied` bytes in this round and at most `before` in
/// an earlier one. What has grown will go on to grow: a sender in slow start
/// doubles each round trip, and what it sends then is acknowledged another later.
fn wanted_window(copied: u32, before: u32, mss: u16) -> u32 {
    let enough = 2 * u64::from(copied) + u64::from(SPARE_SEGMENTS * u32::from(mss));
    let growth = enough * u64::from(copied - before) / u64::from(before.max(1));
    // Twofold growth in one round is what slow start does; more is a burst.
    let wanted = enough + 2 * growth.min(enough);
    u32::try_from(wanted).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuning(initial_window: u32, buffer_len: u32) -> WindowTuning {
        let policy = ReceivePolicy {
            initial_window,
            buffer_len,
            ..ReceivePolicy::default()
        };
        WindowTuning::new(Instant::ZERO, &policy, 1460)
    }

    #[test]
    fn the_window_stays_ahead_of_a_sender_that_doubles() {
        let mut tuning = tuning(65_535, 4 << 20);
        tuning.on_round_trip(Duration::from_millis(100));
        let (mut total, mut cwnd, mut now) = (0u64, 14_600u32, Instant::ZERO);
        while cwnd < 2 << 20 {
            now += Duration::from_millis(100);
            assert!(tuning.limit() >= cwnd, "{} < {cwnd}", tuning.limit());
            total += u64::from(cwnd);
            tuning.on_read(now, total, 1460);
            cwnd *= 2;
        }
        assert_eq!(tuning.limit(), 4 << 20);
    }

    #[test]
    fn a_steady_trickle_does_not_open_it() {
        let mut tuning = tuning(65_535, 4 << 20);
        tuning.on_round_trip(Duration::from_millis(10));
        let mut now = Instant::ZERO;
        for total in 1..1000u64 {
            now += Duration::from_millis(10);
            assert!(!tuning.on_read(now, total * 1000, 1460));
        }
        assert_eq!(tuning.limit(), 65_535);
    }

    #[test]
    fn nothing_is_known_before_a_round_trip_and_nothing_exceeds_the_maximum() {
        let mut tuning = tuning(10_000, 50_000);
        let at = Instant::from_millis;
        assert!(!tuning.on_read(at(100), 9_000, 1460));
        tuning.on_round_trip(Duration::from_millis(10));
        assert!(tuning.on_read(at(110), 1_000_000, 1460));
        assert_eq!(tuning.limit(), 50_000);
        assert!(!tuning.on_read(at(200), 9_000_000, 1460));
    }

    #[test]
    fn without_timestamps_the_fastest_window_is_the_round_trip() {
        let mut tuning = tuning(10_000, 50_000);
        let at = Instant::from_millis;
        tuning.on_turnover(at(0), SeqNum(0), WindowSize(10_000));
        tuning.on_turnover(at(5), SeqNum(5_000), WindowSize(10_000));
        assert_eq!(tuning.rtt, None);
        tuning.on_turnover(at(30), SeqNum(10_000), WindowSize(10_000));
        tuning.on_turnover(at(50), SeqNum(20_000), WindowSize(10_000));
        tuning.on_turnover(at(90), SeqNum(30_000), WindowSize(10_000));
        assert_eq!(tuning.rtt, Some(Duration::from_millis(20)));
    }

    #[test]
    fn a_round_trip_s_worth_must_have_grown() {
        let mut tuning = tuning(65_535, 4 << 20);
        tuning.on_round_trip(Duration::from_millis(10));
        // A little more than a sender begins with needs no larger window.
        assert!(!tuning.on_read(Instant::from_millis(10), 15_000, 1460));
        assert_eq!(tuning.most_read, 15_000, "a round trip is over");
        assert_eq!(tuning.limit(), 65_535);
    }

    #[test]
    fn a_new_policy_keeps_what_was_tuned() {
        let change = |initial, buffer_len, fixed_window| {
            let mut tuning = tuning(initial, 100_000);
            tuning.set_policy(&ReceivePolicy {
                buffer_len,
                fixed_window,
                ..ReceivePolicy::default()
            });
            tuning.limit()
        };
        assert_eq!(change(10_000, 50_000, false), 10_000);
        assert_eq!(change(10_000, 5_000, false), 5_000);
        assert_eq!(change(10_000, 50_000, true), 50_000);
        // One that had reached its most is as large as the policy allows.
        assert_eq!(change(100_000, 200_000, false), 200_000);
    }
}
