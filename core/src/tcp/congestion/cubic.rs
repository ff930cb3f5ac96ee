//! CUBIC (RFC 9438), in integers only, so that it is the same everywhere.
//!
//! ```text
//!    cwnd ^
//!         |                          .'   W(t) = C·(t - K)³ + W_max
//!   W_max |- - - - - - - - -..----''      C = 0.4 segments/s³
//!         |           .--'' |
//!         |        .'       |             after a loss: cwnd · 0.7,
//!         |      :          |             back at W_max after K seconds
//!         +------'----------K---------> t
//! ```
//!
//! Where NewReno would be faster, it is as fast as that (§4.3, `W_est`).

use super::slow_start::SlowStart;
use super::window::Window;
use super::{AckSample, CongestionControl};
use crate::tcp::policy::{CubicStyle, IdleRestart, WindowPolicy};
use crate::time::{Duration, Instant};

/// β_cubic = 0.7 (RFC 9438 §4.6).
const BETA: (u64, u64) = (7, 10);
/// Fast convergence: (1 + β)/2 (§4.7).
const CONVERGENCE: (u64, u64) = (17, 20);
/// α_cubic = 3·(1 - β)/(1 + β) (§4.3).
const ALPHA: (u64, u64) = (9, 17);
/// 1/C in ms³ for one segment: 10⁹ ms³/s³ · 10/4.
const MS3_PER_SEGMENT: u128 = 2_500_000_000;
/// Linux computes its target anew 32 times a second.
const LINUX_INTERVAL: Duration = Duration::from_micros(31_250);
/// Linux: before a first loss, one segment at least for each so many.
const LINUX_LEAST_GROWTH: u64 = 20;

/// A congestion avoidance stage (§4.2).
#[derive(Clone, Copy, Debug)]
struct Epoch {
    began_at: Instant,
    /// The plateau: `W_max`, or cwnd where there is none above.
    origin: u64,
    k_ms: u64,
    /// `W_est`, and what is not yet a whole byte of it (times cwnd).
    estimate: u64,
    estimate_rest: u64,
    /// What is not yet a whole byte of cwnd (times cwnd).
    rest: u64,
    /// Where it wants to be a round trip from now, and when that was computed.
    target: u64,
    computed_at: Option<Instant>,
}

/// The control's state; all lengths in bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::tcp) struct Cubic {
    window: Window,
    slow_start: SlowStart,
    style: CubicStyle,
    /// Zero if none is known.
    w_max: u64,
    cwnd_prior: u64,
    epoch: Option<Epoch>,
}

impl Cubic {
    pub(super) fn new(mss: u32, policy: &WindowPolicy) -> Self {
        Self {
            window: Window::new(mss),
            slow_start: SlowStart::new(policy.slow_start),
            style: policy.cubic,
            w_max: 0,
            cwnd_prior: 0,
            epoch: None,
        }
    }

    /// RFC 9438 §4.6, §4.7.
    fn decrease(&mut self, in_flight: u32) {
        let cwnd = self.window.cwnd;
        self.epoch = None;
        self.cwnd_prior = cwnd;
        // A hair's breadth below the old plateau is the same plateau.
        let tolerance = match self.style {
            CubicStyle::Rfc => self.w_max / 64,
            CubicStyle::Linux => 0,
        };
        self.w_max = if cwnd < self.w_max - tolerance {
            part(cwnd, CONVERGENCE)
        } else {
            cwnd
        };
        let ssthresh = match self.style {
            // "flight_size", and no more than cwnd: RFC 5681 §3.2, step 2.
            CubicStyle::Rfc => part(u64::from(in_flight).min(cwnd), BETA),
            // Linux counts whole segments of cwnd.
            CubicStyle::Linux => {
                let segments = cwnd / self.window.mss;
                part(segments, BETA) * self.window.mss
            }
        };
        self.window.set_ssthresh(ssthresh);
    }

    fn avoid(&mut self, ack: &AckSample, acked: u64) {
        let (window, w_max) = (&mut self.window, self.w_max);
        let cwnd = window.cwnd;
        let epoch = self
            .epoch
            .get_or_insert_with(|| Epoch::new(ack.now, cwnd, w_max, window.mss));
        let alpha = if epoch.estimate < self.cwnd_prior {
            ALPHA
        } else {
            (1, 1)
        };
        epoch.estimate_like_newreno(acked, window, alpha);
        let fresh = |at: Instant| match self.style {
            CubicStyle::Rfc => false,
            CubicStyle::Linux => ack.now.since(at) <= LINUX_INTERVAL,
        };
        if !epoch.computed_at.is_some_and(fresh) {
            epoch.computed_at = Some(ack.now);
            epoch.target = epoch.target_at(ack, window);
            if self.style == CubicStyle::Linux && w_max == 0 {
                epoch.target = epoch.target.max(cwnd + cwnd / LINUX_LEAST_GROWTH);
            }
            // §4.3: the Reno-friendly region.
            let now_ms = epoch.elapsed_ms(ack.now);
            if epoch.curve(now_ms, window.mss) < epoch.estimate {
                window.cwnd = cwnd.max(epoch.estimate);
            }
        }
        epoch.approach(acked, window);
    }
}

impl Epoch {
    fn new(now: Instant, cwnd: u64, w_max: u64, mss: u64) -> Self {
        let missing = w_max.saturating_sub(cwnd);
        let cube = u128::from(missing) * MS3_PER_SEGMENT / u128::from(mss);
        Self {
            began_at: now,
            origin: w_max.max(cwnd),
            // §4.2: K = ∛((W_max - cwnd)/C)
            k_ms: cube_root(u64::try_from(cube).unwrap_or(u64::MAX)),
            estimate: cwnd,
            estimate_rest: 0,
            rest: 0,
            target: cwnd,
            computed_at: None,
        }
    }

    fn elapsed_ms(&self, now: Instant) -> u64 {
        now.as_millis().saturating_sub(self.began_at.as_millis())
    }

    /// W(t), §4.2, Figure 1.
    fn curve(&self, t_ms: u64, mss: u64) -> u64 {
        // A stage of a month is far beyond any window.
        let away = u128::from(t_ms.abs_diff(self.k_ms).min(1 << 31));
        let offset = away * away * away * u128::from(mss) / MS3_PER_SEGMENT;
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        if t_ms < self.k_ms {
            self.origin.saturating_sub(offset)
        } else {
            self.origin.saturating_add(offset)
        }
    }

    /// §4.2: W(t + RTT), between cwnd and one and a half of it.
    fn target_at(&self, ack: &AckSample, window: &Window) -> u64 {
        let rtt_ms = ack.min_rtt.map_or(0, |rtt| rtt.as_millis());
        let t_ms = self.elapsed_ms(ack.now) + u64::try_from(rtt_ms).unwrap_or(0);
        let target = self.curve(t_ms, window.mss);
        target.clamp(window.cwnd, window.cwnd.saturating_add(window.cwnd / 2))
    }

    /// §4.3: W_est grows by α segments for each window.
    fn estimate_like_newreno(&mut self, acked: u64, window: &Window, alpha: (u64, u64)) {
        let cwnd = window.cwnd.max(1);
        let sum = self.estimate_rest + part(acked.saturating_mul(window.mss), alpha);
        self.estimate = self.estimate.saturating_add(sum / cwnd);
        self.estimate_rest = sum % cwnd;
    }

    /// §4.4, §4.5: (target - cwnd)/cwnd of what was acknowledged.
    fn approach(&mut self, acked: u64, window: &mut Window) {
        let cwnd = window.cwnd.max(1);
        let step = self.target.saturating_sub(cwnd);
        let sum = u128::from(acked) * u128::from(step) + u128::from(self.rest);
        // No more than `acked` times one half, and what is less than cwnd.
        window.grow(u64::try_from(sum / u128::from(cwnd)).unwrap_or(acked));
        self.rest = u64::try_from(sum % u128::from(cwnd)).unwrap_or(0);
    }
}

impl CongestionControl for Cubic {
    fn cwnd(&self) -> u64 {
        self.window.cwnd
    }

    fn ssthresh(&self) -> u64 {
        self.window.ssthresh
    }

    fn set_cwnd(&mut self, cwnd: u64) {
        self.window.set_cwnd(cwnd);
    }

    fn set_mss(&mut self, mss: u32) {
        self.window.set_mss(mss);
    }

    fn on_syn_loss(&mut self) {
        self.window.on_syn_loss();
    }

    fn on_ack(&mut self, ack: &AckSample) {
        self.window.start();
        let left = self.slow_start.on_ack(&mut self.window, ack);
        if ack.limited && !self.window.is_in_slow_start() && left > 0 {
            self.avoid(ack, left);
        }
    }

    fn on_loss(&mut self, in_flight: u32) {
        self.decrease(in_flight);
        self.window.cwnd = self.window.ssthresh;
    }

    fn on_recovered(&mut self, in_flight: u32, smooth: bool) {
        self.window.on_recovered(in_flight, smooth);
    }

    fn on_timeout(&mut self, in_flight: u32, again: bool) {
        // RFC 9438 §4.8: the next stage has its plateau where it begins.
        if !again {
            self.decrease(in_flight);
        }
        (self.epoch, self.w_max) = (None, 0);
        self.window.cwnd = self.window.mss;
    }

    fn on_pause(&mut self, pause: Duration) {
        // §5.8: time in which nothing was sent is no time of the curve.
        if let Some(epoch) = self.epoch.as_mut() {
            epoch.began_at += pause;
        }
    }

    fn on_idle(&mut self, how: IdleRestart, idle: Duration, rto: Duration) {
        let before = self.window.cwnd;
        self.window.restart(how, idle, rto);
        if self.window.cwnd != before {
            self.epoch = None;
        }
    }
}

fn part(of: u64, (over, under): (u64, u64)) -> u64 {
    // A window is less than 2⁴⁰, and its product with an MSS less than 2⁵⁶.
    of.saturating_mul(over) / under
}

/// The integer cube root, rounded down: one binary digit of the result after
/// the other.
fn cube_root(of: u64) -> u64 {
    let (mut rest, mut root) = (of, 0u64);
    for shift in (0..=63).rev().step_by(3) {
        root *= 2;
        let next = 3 * root * (root + 1) + 1;
        if rest >> shift >= next {
            rest -= next << shift;
            root += 1;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MSS: u32 = 1000;

    fn new() -> Cubic {
        Cubic::new(MSS, &WindowPolicy::standard())
    }

    /// Acknowledges full windows for `ms`, one round trip of `rtt_ms` after the
    /// other.
    fn run(control: &mut Cubic, from_ms: u64, ms: u64, rtt_ms: u64) {
        for round in 0..ms / rtt_ms {
            let now = Instant::from_millis(from_ms + (round + 1) * rtt_ms);
            let rtt = Some(Duration::from_millis(rtt_ms));
            for _ in 0..control.cwnd() / 2000 {
                control.on_ack(&AckSample {
                    rtt,
                    min_rtt: rtt,
                    ..AckSample::of(now, 2 * MSS)
                });
            }
        }
    }

    fn with_window(cwnd: u64) -> Cubic {
        let mut control = new();
        control.set_cwnd(cwnd);
        control
    }

    #[test]
    fn it_is_back_at_the_plateau_after_k() {
        let mut control = with_window(1_000_000);
        control.on_loss(1_000_000);
        assert_eq!(control.cwnd(), 700_000);
        // K = ∛(300/0.4) = 9.09 s
        run(&mut control, 0, 4_500, 100);
        assert!(
            (950_000..975_000).contains(&control.cwnd()),
            "{}",
            control.cwnd()
        );
        run(&mut control, 4_500, 4_600, 100);
        assert!(
            (995_000..1_003_000).contains(&control.cwnd()),
            "{}",
            control.cwnd()
        );
        // Then it looks for more, faster and faster.
        run(&mut control, 9_100, 9_000, 100);
        assert!(
            (1_270_000..1_330_000).contains(&control.cwnd()),
            "{}",
            control.cwnd()
        );
    }

    #[test]
    fn on_short_paths_it_is_as_fast_as_newreno() {
        let mut control = with_window(40_000);
        control.on_loss(40_000);
        // Five hundred round trips: α = 9/17 below the old window, then 1.
        run(&mut control, 0, 500, 1);
        assert!(control.cwnd() > 200_000, "{}", control.cwnd());
    }

    #[test]
    fn a_second_loss_below_the_plateau_makes_room_for_others() {
        let mut control = with_window(100_000);
        control.on_loss(100_000);
        control.on_loss(70_000);
        assert_eq!(control.w_max, 59_500);
    }

    #[test]
    fn only_what_was_in_flight_counts() {
        let mut control = with_window(100_000);
        control.on_loss(20_000);
        assert_eq!(control.ssthresh(), 14_000);
    }

    #[test]
    fn a_pause_is_no_time_of_the_curve() {
        let mut control = with_window(1_000_000);
        control.on_loss(1_000_000);
        run(&mut control, 0, 1000, 100);
        let mut paused = control;
        paused.on_pause(Duration::from_secs(3600));
        run(&mut control, 1000, 500, 100);
        run(&mut paused, 3_601_000, 500, 100);
        assert_eq!(control.cwnd(), paused.cwnd());
    }

    #[test]
    fn a_timeout_starts_over() {
        let mut control = with_window(100_000);
        control.on_timeout(100_000, false);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 70_000));
        control.on_timeout(1000, true);
        assert_eq!((control.cwnd(), control.ssthresh()), (1000, 70_000));
        // The next stage has its plateau where slow start ends, not at the old window.
        control.set_cwnd(70_000);
        run(&mut control, 0, 100, 100);
        assert_eq!(control.epoch.map(|epoch| epoch.origin), Some(70_000));
    }

    fn linux(cwnd: u64) -> Cubic {
        let policy = WindowPolicy {
            cubic: CubicStyle::Linux,
            ..WindowPolicy::standard()
        };
        let mut control = Cubic::new(MSS, &policy);
        control.set_cwnd(cwnd);
        control
    }

    fn ack(control: &mut Cubic, at_ms: u64, acked_len: u32) -> Epoch {
        control.on_ack(&AckSample::of(Instant::from_millis(at_ms), acked_len));
        control.epoch.expect("congestion avoidance")
    }

    #[test]
    fn a_hair_below_the_old_plateau_is_the_same_plateau() {
        let plateau_after = |cwnd| {
            let mut control = with_window(64_000);
            control.on_loss(64_000);
            control.set_cwnd(cwnd);
            control.on_loss(64_000);
            control.w_max
        };
        assert_eq!(plateau_after(63_500), 63_500);
        assert_eq!(plateau_after(63_000), 63_000);
        assert_eq!(plateau_after(62_000), 52_700);
    }

    #[test]
    fn linux_brings_down_whole_segments_of_the_window() {
        let mut control = linux(20_900);
        control.on_loss(5_000);
        assert_eq!((control.cwnd(), control.ssthresh()), (14_000, 14_000));
    }

    #[test]
    fn beyond_the_old_window_it_is_as_fast_as_newreno() {
        let estimate_after_a_window = |before| {
            let mut control = with_window(10_000);
            (control.window.ssthresh, control.cwnd_prior) = (10_000, before);
            ack(&mut control, 0, 10_000).estimate
        };
        assert_eq!(estimate_after_a_window(10_001), 10_529);
        assert_eq!(estimate_after_a_window(10_000), 11_000);
    }

    #[test]
    fn no_byte_of_the_estimate_and_of_the_window_is_lost_to_rounding() {
        let window = with_window(10_000).window;
        let mut epoch = Epoch::new(Instant::ZERO, 10_000, 0, 1000);
        epoch.estimate_like_newreno(5, &window, (1, 1));
        assert_eq!(epoch.estimate, 10_000);
        epoch.estimate_like_newreno(5, &window, (1, 1));
        assert_eq!((epoch.estimate, epoch.estimate_rest), (10_001, 0));
        let mut window = window;
        epoch.target = 15_000;
        epoch.approach(1, &mut window);
        assert_eq!(window.cwnd, 10_000);
        epoch.approach(1, &mut window);
        assert_eq!((window.cwnd, epoch.rest), (10_001, 0));
    }

    #[test]
    fn the_target_is_within_half_a_window() {
        let window = with_window(10_000).window;
        let epoch = Epoch::new(Instant::ZERO, 10_000, 0, 1000);
        let target_at = |ms| epoch.target_at(&AckSample::of(Instant::from_millis(ms), 1), &window);
        assert_eq!((target_at(0), target_at(100_000)), (10_000, 15_000));
    }

    #[test]
    fn where_the_curve_meets_the_estimate_it_is_the_curve() {
        let window_after = |estimate| {
            let mut control = with_window(10_000);
            control.window.ssthresh = 10_000;
            control.epoch = Some(Epoch {
                estimate,
                ..Epoch::new(Instant::ZERO, 10_000, 12_000, 1000)
            });
            // K is 1709 ms: there the curve is at 12,000.
            ack(&mut control, 1709, 1);
            control.cwnd()
        };
        assert_eq!(
            (window_after(12_000), window_after(12_001)),
            (10_000, 12_001)
        );
    }

    #[test]
    fn linux_computes_its_target_32_times_a_second() {
        let mut control = linux(100_000);
        control.on_loss(100_000);
        let first = ack(&mut control, 0, 1000).target;
        assert_eq!(ack(&mut control, 31, 1000).target, first);
        assert!(ack(&mut control, 32, 1000).target > first);
        let mut control = with_window(100_000);
        control.on_loss(100_000);
        let first = ack(&mut control, 0, 1000).target;
        assert!(ack(&mut control, 31, 1000).target > first);
    }

    #[test]
    fn linux_looks_for_a_twentieth_more_before_a_first_loss() {
        let target = |mut control: Cubic, w_max| {
            (control.window.ssthresh, control.w_max) = (40_000, w_max);
            ack(&mut control, 0, 1000).target
        };
        assert_eq!(target(linux(40_000), 0), 42_000);
        assert_eq!(target(linux(40_000), 40_000), 40_000);
        assert_eq!(target(with_window(40_000), 0), 40_000);
    }

    #[test]
    fn a_stage_begins_with_what_slow_start_leaves_over() {
        let mut control = with_window(9_000);
        control.window.ssthresh = 10_000;
        control.on_ack(&AckSample::of(Instant::ZERO, 1000));
        assert!(control.cwnd() == 10_000 && control.epoch.is_none());
        ack(&mut control, 10, 1);
    }

    #[test]
    fn a_silence_ends_the_stage_if_it_takes_the_window_back() {
        let rto = Duration::from_millis(300);
        let goes_on_after = |how| {
            let mut control = with_window(100_000);
            control.on_loss(100_000);
            ack(&mut control, 0, 1000);
            control.on_idle(how, rto * 2, rto);
            control.epoch.is_some()
        };
        assert!(goes_on_after(IdleRestart::Never));
        assert!(!goes_on_after(IdleRestart::InitialWindow));
    }

    proptest! {
        #[test]
        fn the_root_is_the_largest_whose_cube_fits(of: u64) {
            let root = u128::from(cube_root(of));
            prop_assert!(root.pow(3) <= of.into());
            prop_assert!((root + 1).pow(3) > of.into());
        }
    }
}
