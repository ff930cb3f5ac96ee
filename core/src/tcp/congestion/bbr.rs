//! BBR, version 1, as Linux has it (draft-cardwell-iccrg-bbr-congestion-control): how much
//! may be out is not asked of losses but measured, as bandwidth times round trip.
//!
//! ```text
//!   Startup   2.89 x what was measured, until it grows no more for three round trips
//!      |
//!   Drain     until hardly more is out than one bandwidth-delay product
//!      |
//!   Cruise    a window of two products and a little, paced at the bandwidth: x 1.25, x 0.75, then six x 1
//! ```
//!
//! Bandwidth is taken once for each round trip; the window is not narrowed from time to
//! time to look for a shorter one (ProbeRTT), so a connection of many seconds that fills a
//! queue of its own making keeps it.

use super::window::Window;
use super::{AckSample, CongestionControl};
use crate::tcp::policy::IdleRestart;
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// 2/ln 2: the least that doubles the rate in each round trip. In thousandths, like all gains.
const HIGH_GAIN: u64 = 2_885;
const DRAIN_GAIN: u64 = 347;
const WINDOW_GAIN: u64 = 2_000;
const CYCLE: [u64; 8] = [1_250, 750, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000];
/// Round trips that a measured bandwidth counts for.
const ROUNDS: usize = 10;
/// Round trips without a quarter more bandwidth that end Startup.
const FLAT_ROUNDS: u8 = 3;
/// Segments that may always be out, and that are allowed on top for late ACKs.
const LEAST: u64 = 4;
const SPARE: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Startup,
    Drain,
    Cruise,
}

/// The control's state; lengths in bytes, bandwidths in bytes a second.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct Bbr {
    window: Window,
    phase: Phase,
    /// What each of the last round trips brought.
    bandwidths: [u64; ROUNDS],
    rounds: usize,
    /// Where the round trip under way ends, when it began, and what it has brought.
    round: Option<(SeqNum, Instant)>,
    round_len: u64,
    delivered_len: u64,
    /// The most that Startup has measured, and for how many round trips nothing more.
    full: (u64, u8),
    min_rtt: Option<Duration>,
    /// cwnd before a recovery or a timeout.
    prior_cwnd: u64,
    cycle_began: Instant,
}

impl Bbr {
    pub(super) fn new(mss: u32) -> Self {
        Self {
            window: Window::new(mss),
            phase: Phase::Startup,
            bandwidths: [0; ROUNDS],
            rounds: 0,
            round: None,
            round_len: 0,
            delivered_len: 0,
            full: (0, 0),
            min_rtt: None,
            prior_cwnd: 0,
            cycle_began: Instant::ZERO,
        }
    }

    fn bandwidth(&self) -> u64 {
        self.bandwidths.into_iter().max().unwrap_or(0)
    }

    /// Bandwidth times round trip times a gain; `None` before both are known.
    fn product(&self, rtt: Option<Duration>, gain: u64) -> Option<u64> {
        let (rtt, bandwidth) = (rtt?, self.bandwidth());
        let len = rtt.as_nanos() * u128::from(bandwidth) / 1_000_000_000;
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        (bandwidth > 0).then(|| len.saturating_mul(gain) / 1_000)
    }

    /// What the way and late ACKs hold, the way's share times a gain.
    fn held(&self, gain: u64) -> Option<u64> {
        let product = self.product(self.min_rtt, gain)?;
        Some(product.saturating_add(SPARE * self.window.mss))
    }

    /// Takes the round trip's bandwidth when it ends; whether it did.
    fn end_round(&mut self, ack: &AckSample) -> bool {
        self.round_len += u64::from(ack.acked_len);
        let (end, began) = *self.round.get_or_insert((ack.nxt, ack.now));
        if !ack.una.at_or_after(end) {
            return false;
        }
        let ns = u64::try_from(ack.now.since(began).as_nanos()).unwrap_or(u64::MAX);
        if let Some(bandwidth) = self.round_len.saturating_mul(1_000_000_000).checked_div(ns) {
            self.bandwidths[self.rounds % ROUNDS] = bandwidth;
            self.rounds += 1;
        }
        self.round = Some((ack.nxt, ack.now));
        self.round_len = 0;
        true
    }

    /// The pipe is full when three round trips have brought no quarter more.
    fn look_whether_full(&mut self) {
        let (most, flat) = self.full;
        let bandwidth = self.bandwidth();
        self.full = match bandwidth >= most + most / 4 {
            true => (bandwidth, 0),
            false => (most, flat + 1),
        };
        if self.full.1 >= FLAT_ROUNDS {
            self.phase = Phase::Drain;
        }
    }

    fn gain(&self, now: Instant) -> u64 {
        match self.phase {
            Phase::Startup => HIGH_GAIN,
            Phase::Drain => DRAIN_GAIN,
            Phase::Cruise => {
                let step = self.min_rtt.map_or(1, |rtt| rtt.as_nanos().max(1));
                let step = now.since(self.cycle_began).as_nanos() / step;
                CYCLE[(step % CYCLE.len() as u128) as usize]
            }
        }
    }

    fn grow(&mut self, acked_len: u64) {
        let cwnd = self.window.cwnd;
        let gain = match self.phase {
            Phase::Cruise => WINDOW_GAIN,
            Phase::Startup | Phase::Drain => HIGH_GAIN,
        };
        let target = self.held(gain);
        let grown = cwnd.saturating_add(acked_len);
        let is_new = self.delivered_len < 10 * self.window.mss;
        let cwnd = match (self.phase, target) {
            (Phase::Startup, Some(target)) if cwnd >= target && !is_new => cwnd,
            (Phase::Startup, _) | (_, None) => grown,
            (_, Some(target)) => grown.min(target),
        };
        self.window.set_cwnd(cwnd.max(LEAST * self.window.mss));
    }
}

impl CongestionControl for Bbr {
    fn cwnd(&self) -> u64 {
        self.window.cwnd
    }

    /// It has none: a loss says nothing about how much may be out.
    fn ssthresh(&self) -> u64 {
        u64::MAX
    }

    fn set_cwnd(&mut self, cwnd: u64) {
        let most = self.window.cwnd.max(self.prior_cwnd);
        self.window.set_cwnd(cwnd.min(most));
    }

    fn set_mss(&mut self, mss: u32) {
        self.window.set_mss(mss);
    }

    fn on_syn_loss(&mut self) {
        self.window.on_syn_loss();
    }

    fn on_ack(&mut self, ack: &AckSample) {
        self.window.start();
        self.delivered_len += u64::from(ack.acked_len);
        self.min_rtt = ack.min_rtt.or(self.min_rtt);
        if self.end_round(ack) && self.phase == Phase::Startup {
            self.look_whether_full();
        }
        let in_flight = u64::from(ack.nxt.distance(ack.una));
        let held = self.held(1_000);
        if self.phase == Phase::Drain && held.is_some_and(|len| in_flight <= len) {
            self.phase = Phase::Cruise;
            self.cycle_began = ack.now;
        }
        self.grow(ack.acked_len.into());
    }

    /// What leaves the network may be replaced, and no more.
    fn on_loss(&mut self, in_flight: u32) {
        self.prior_cwnd = self.window.cwnd;
        self.window.set_cwnd(in_flight.into());
    }

    fn on_recovered(&mut self, _in_flight: u32, _smooth: bool) {
        let least = LEAST * self.window.mss;
        self.window.set_cwnd(self.prior_cwnd.max(least));
    }

    fn on_timeout(&mut self, _in_flight: u32, again: bool) {
        if !again {
            self.prior_cwnd = self.window.cwnd;
        }
        self.window.start();
        self.window.cwnd = self.window.mss;
    }

    fn on_pause(&mut self, _pause: Duration) {}

    /// The bandwidth that was measured holds, and pacing keeps bursts away.
    fn on_idle(&mut self, _how: IdleRestart, _idle: Duration, _rto: Duration) {}

    fn round_trip_len(&self, now: Instant, srtt: Duration) -> Option<u64> {
        let paced = self.product(Some(srtt), self.gain(now));
        let initial = self.window.cwnd.saturating_mul(HIGH_GAIN) / 1_000;
        Some(match self.phase {
            // It never slows down before it knows that the way is full.
            Phase::Startup => paced.unwrap_or(0).max(initial),
            Phase::Drain | Phase::Cruise => paced.unwrap_or(initial),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MSS: u32 = 1000;

    /// Round trips of 20 ms that bring `len` bytes each, all of which were out.
    fn rounds(control: &mut Bbr, from: u64, lens: &[u32]) {
        let mut una = SeqNum(from as u32 * 1_000_000);
        for (round, len) in (from..).zip(lens) {
            una += *len;
            control.on_ack(&AckSample {
                una,
                nxt: una + *len,
                rtt: Some(Duration::from_millis(20)),
                min_rtt: Some(Duration::from_millis(20)),
                ..AckSample::of(Instant::from_millis(20 * (round + 1)), *len)
            });
        }
    }

    #[test]
    fn startup_ends_when_three_round_trips_bring_no_quarter_more() {
        let mut control = Bbr::new(MSS);
        rounds(&mut control, 0, &[10_000, 20_000, 40_000, 80_000]);
        assert_eq!(control.phase, Phase::Startup);
        assert_eq!(control.bandwidth(), 4_000_000);
        rounds(&mut control, 4, &[80_000, 90_000]);
        assert_eq!(control.phase, Phase::Startup);
        rounds(&mut control, 6, &[85_000]);
        assert_ne!(control.phase, Phase::Startup);
    }

    #[test]
    fn then_the_window_is_two_products_and_a_little() {
        let mut control = Bbr::new(MSS);
        rounds(&mut control, 0, &[40_000; 12]);
        assert_eq!(control.phase, Phase::Cruise);
        // 40,000 bytes in 20 ms.
        assert_eq!(control.bandwidth(), 2_000_000);
        assert_eq!(control.cwnd(), 2 * 40_000 + 3 * u64::from(MSS));
        let paced = |ms| {
            let now = control.cycle_began + Duration::from_millis(ms);
            control.round_trip_len(now, Duration::from_millis(20))
        };
        assert_eq!(paced(0), Some(50_000));
        assert_eq!(paced(20), Some(30_000));
        assert_eq!(paced(40), Some(40_000));
        assert_eq!(paced(160), Some(50_000));
    }

    #[test]
    fn a_loss_takes_nothing_for_long_and_after_a_timeout_four_may_be_out() {
        let mut control = Bbr::new(MSS);
        rounds(&mut control, 0, &[40_000; 12]);
        let before = control.cwnd();
        control.on_loss(30_000);
        assert_eq!(control.cwnd(), 30_000);
        control.set_cwnd(u64::MAX);
        assert_eq!(control.cwnd(), before);
        control.on_recovered(10_000, false);
        assert_eq!(control.cwnd(), before);
        control.on_timeout(10_000, false);
        assert_eq!(control.cwnd(), 1_000);
        control.grow(1_000);
        assert_eq!(control.cwnd(), 4_000);
    }
}
