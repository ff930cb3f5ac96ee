//! The round-trip time, and how long to wait for an ACK (RFC 6298).
//!
//! ```text
//!   first sample R:   SRTT = R          RTTVAR = R/2
//!   then:             RTTVAR += (|SRTT - R| - RTTVAR) / 4
//!                     SRTT   += (R - SRTT) / 8
//!   RTO = SRTT + max(G, 4·RTTVAR), within [min, max], doubled by each timeout
//! ```
//!
//! Who measures often in one round trip must weigh each sample less, or the
//! memory of the estimator becomes too short (RFC 7323, appendix G).

use super::policy::Timing;
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// The clock's granularity `G` of RFC 6298 §2.
const GRANULARITY: Duration = Duration::from_millis(1);

/// RTO after a lost SYN, until a sample was taken (RFC 6298 §5.7).
const RTO_AFTER_SYN_LOSS: Duration = Duration::from_secs(3);

/// For how long the least round trip is believed: a path may have changed.
/// It is looked for in two halves of this (RFC 8985 §6.1 asks for a windowed
/// minimum; Linux's is as long).
const MIN_RTT_WINDOW: Duration = Duration::from_secs(300);

/// Linux's deviation, which is four times RTTVAR: it follows the largest of a round
/// trip at once, goes down but once in each, and a shorter sample moves it little.
#[derive(Clone, Copy, Debug)]
struct Deviation {
    /// The moving one.
    mean: Duration,
    /// The largest of this round trip.
    largest: Duration,
    /// The one that the RTO is made of.
    used: Duration,
    /// What is sent from here on belongs to the next round trip.
    round_end: SeqNum,
}

impl Deviation {
    fn first(sample: Duration, least: Duration, nxt: SeqNum) -> Self {
        let mean = sample * 2;
        let used = mean.max(least);
        Self {
            mean,
            largest: used,
            used,
            round_end: nxt,
        }
    }

    /// `una` and `nxt` are SND.UNA and SND.NXT.
    fn next(
        &mut self,
        srtt: Duration,
        sample: Duration,
        least: Duration,
        una: SeqNum,
        nxt: SeqNum,
    ) {
        let (error, quarter) = (srtt.abs_diff(sample), self.mean / 4);
        if error > quarter {
            let weight = if sample < srtt { 8 } else { 1 };
            self.mean += (error - quarter) / weight;
        } else {
            self.mean -= quarter - error;
        }
        self.largest = self.largest.max(self.mean);
        self.used = self.used.max(self.largest);
        if una.after(self.round_end) {
            self.used -= self.used.saturating_sub(self.largest) / 4;
            self.round_end = nxt;
            self.largest = least;
        }
    }
}

/// SRTT and RTTVAR as they were when the timer ran out too early, and what was sent
/// for the first time after that.
#[derive(Clone, Copy, Debug)]
struct TooShort {
    srtt: Duration,
    rttvar: Duration,
    from: SeqNum,
}

/// The estimator; all times in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct RttEstimator {
    srtt: Option<Duration>,
    rttvar: Duration,
    /// Where the policy is Linux's.
    deviation: Option<Deviation>,
    /// Before the first sample.
    initial_rto: Duration,
    /// Timeouts since the last good sample (RFC 6298 §5.5).
    backoff: u32,
    /// The RTO was found to be too short, and that is still to be made up for.
    too_short: Option<Box<TooShort>>,
    /// The least of this half of the window and of the one before.
    min_rtt: [Option<Duration>; 2],
    /// When this half began.
    half_began_at: Instant,
}

impl RttEstimator {
    /// Nothing measured yet.
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            srtt: None,
            rttvar: Duration::ZERO,
            deviation: None,
            initial_rto: timing.initial_rto,
            backoff: 0,
            too_short: None,
            min_rtt: [None; 2],
            half_began_at: Instant::ZERO,
        }
    }

    /// The least round trip of late.
    pub(super) fn min_rtt(&self) -> Option<Duration> {
        self.min_rtt.iter().flatten().min().copied()
    }

    /// SRTT, once there is a sample.
    pub(super) fn srtt(&self) -> Option<Duration> {
        self.srtt
    }

    /// RTTVAR.
    pub(super) fn rttvar(&self) -> Duration {
        self.rttvar
    }

    /// A round trip took `sample`. `samples_per_rtt` says how many such samples
    /// are to be expected in one round trip.
    pub(super) fn on_sample(&mut self, now: Instant, sample: Duration, samples_per_rtt: u32) {
        self.note_min(now, sample);
        // RFC 6298 §5.7 says nothing more about the backoff than that a new
        // sample computes the RTO anew.
        self.backoff = 0;
        let Some(srtt) = self.srtt else {
            // RFC 6298 §2.2
            self.srtt = Some(sample);
            self.rttvar = sample / 2;
            return;
        };
        // RFC 6298 §2.3, with RFC 7323 appendix G's weights.
        let n = samples_per_rtt.max(1);
        let deviation = srtt.abs_diff(sample);
        self.rttvar = step(self.rttvar, deviation, n.saturating_mul(4));
        self.srtt = Some(step(srtt, sample, n.saturating_mul(8)));
    }

    /// The same as Linux does it: each sample weighs the same. `una` and `nxt` are
    /// SND.UNA and SND.NXT.
    pub(super) fn on_linux_sample(
        &mut self,
        now: Instant,
        sample: Duration,
        timing: &Timing,
        (una, nxt): (SeqNum, SeqNum),
    ) {
        let least = timing.min_rto;
        match (self.srtt, &mut self.deviation) {
            (Some(srtt), Some(deviation)) => deviation.next(srtt, sample, least, una, nxt),
            _ => self.deviation = Some(Deviation::first(sample, least, nxt)),
        }
        self.on_sample(now, sample, 1);
    }

    /// A timeout was needless: the RTO, made of `measured` (SRTT and RTTVAR), was too
    /// short. What is sent from the number `from` on was not out yet.
    pub(super) fn was_too_short(&mut self, measured: (Duration, Duration), from: SeqNum) {
        let (srtt, rttvar) = measured;
        self.too_short = Some(Box::new(TooShort { srtt, rttvar, from }));
    }

    /// RFC 4015 §3.1, the last step: the first round trip measured by what was sent since
    /// a needless timeout counts as a first one does, or the next would be needless, too.
    /// `sent_from` is where what it measures starts.
    pub(super) fn make_up(&mut self, sample: Duration, sent_from: SeqNum) {
        let Some(prior) = self
            .too_short
            .take_if(|prior| sent_from.at_or_after(prior.from))
        else {
            return;
        };
        self.srtt = Some(sample.max(prior.srtt + GRANULARITY * 2));
        self.rttvar = (sample / 2).max(prior.rttvar);
    }

    fn note_min(&mut self, now: Instant, sample: Duration) {
        let [current, before] = &mut self.min_rtt;
        if now.since(self.half_began_at) > MIN_RTT_WINDOW / 2 {
            (*current, *before) = (None, *current);
            self.half_began_at = now;
        }
        *current = Some(current.map_or(sample, |least| least.min(sample)));
    }

    /// The RTO without backoff: what the measurements say.
    pub(super) fn base_rto(&self, timing: &Timing) -> Duration {
        let rto = match self.srtt {
            None => self.initial_rto,
            Some(srtt) if timing.min_rto_is_variance => {
                let deviation = self.deviation.map(|deviation| deviation.used);
                srtt + deviation.unwrap_or(self.rttvar * 4).max(timing.min_rto)
            }
            Some(srtt) => (srtt + (self.rttvar * 4).max(GRANULARITY)).max(timing.min_rto),
        };
        // A policy may ask for nothing at all; then the clock is the limit.
        rto.min(timing.max_rto).max(GRANULARITY)
    }

    /// How long to wait now (RFC 6298 §2, §5.5).
    pub(super) fn rto(&self, timing: &Timing) -> Duration {
        backed_off(self.base_rto(timing), self.backoff, timing.max_rto)
    }

    /// A timeout: wait twice as long from now on (RFC 6298 §5.5).
    pub(super) fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
    }

    /// The handshake needed more than one SYN. RFC 6298 §5.7: the RTO is three
    /// seconds when data begins, unless something was measured.
    pub(super) fn after_syn_loss(&mut self) {
        self.backoff = 0;
        self.initial_rto = self.initial_rto.max(RTO_AFTER_SYN_LOSS);
    }
}

/// `base` doubled `times` times, at most `max`.
pub(super) fn backed_off(base: Duration, times: u32, max: Duration) -> Duration {
    base.saturating_mul(1 << times.min(31)).min(max.max(base))
}

/// One step of a moving average with weight 1/`weight`.
fn step(average: Duration, sample: Duration, weight: u32) -> Duration {
    if sample >= average {
        average + (sample - average) / weight
    } else {
        average - (average - sample) / weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn follows_rfc_6298() {
        let timing = Timing {
            min_rto: Duration::ZERO,
            ..Timing::default()
        };
        let mut rtt = RttEstimator::new(&timing);
        assert_eq!(rtt.rto(&timing), ms(1000));
        rtt.on_sample(Instant::ZERO, ms(100), 1);
        assert_eq!(rtt.rto(&timing), ms(100 + 4 * 50));
        rtt.on_sample(Instant::ZERO, ms(180), 1);
        assert_eq!(rtt.srtt(), Some(ms(110)));
        assert_eq!(rtt.rttvar(), Duration::from_micros(57_500));
        rtt.back_off();
        rtt.back_off();
        assert_eq!(rtt.rto(&timing), ms((110 + 230) * 4));
        rtt.on_sample(Instant::ZERO, ms(110), 1);
        assert!(rtt.rto(&timing) < ms(340));
    }

    #[test]
    fn linux_lets_the_rto_go_down_once_in_a_round_trip() {
        let timing = Timing {
            min_rto: ms(200),
            min_rto_is_variance: true,
            ..Timing::default()
        };
        let mut rtt = RttEstimator::new(&timing);
        let mut sample = |length, una, nxt| {
            rtt.on_linux_sample(
                Instant::ZERO,
                ms(length),
                &timing,
                (SeqNum(una), SeqNum(nxt)),
            );
            rtt.rto(&timing)
        };
        assert_eq!(sample(200, 0, 1), ms(600));
        // The largest of the first round trip was the first.
        assert_eq!(sample(200, 2, 10), ms(600));
        assert_eq!(sample(200, 3, 10), ms(600));
        // Now 400 ms come down by a quarter of what they are above 225 ms.
        assert_eq!(sample(200, 11, 20), Duration::from_micros(556_250));
        // A longer one is believed at once.
        assert!(sample(900, 12, 20) > ms(1100));
    }

    #[test]
    fn linux_moves_the_deviation_as_far_as_a_sample_deserves() {
        let deviation_after = |sample| {
            let mut deviation = Deviation::first(ms(100), ms(10), SeqNum(0));
            assert_eq!(deviation.mean, ms(200));
            deviation.next(ms(100), ms(sample), ms(10), SeqNum(0), SeqNum(1));
            deviation.mean
        };
        // A longer one by what it is off beyond a quarter, a shorter by an eighth of
        // that, and what is less off brings it down.
        assert_eq!(deviation_after(190), ms(200 + 40));
        assert_eq!(deviation_after(10), ms(200 + 5));
        assert_eq!(deviation_after(130), ms(200 - 20));
    }

    #[test]
    fn what_was_measured_before_the_policy_changed_still_counts() {
        let mut rtt = RttEstimator::new(&Timing::default());
        rtt.on_sample(Instant::ZERO, ms(100), 1);
        let timing = Timing {
            min_rto: ms(20),
            min_rto_is_variance: true,
            ..Timing::default()
        };
        assert_eq!(rtt.rto(&timing), ms(100 + 4 * 50));
    }

    #[test]
    fn what_makes_up_for_a_short_rto_is_no_less_than_what_was_measured_before() {
        let made_up = |sample| {
            let mut rtt = RttEstimator::new(&Timing::default());
            rtt.was_too_short((ms(100), ms(20)), SeqNum(50));
            rtt.make_up(ms(sample), SeqNum(49));
            assert_eq!(rtt.srtt(), None, "it was out before");
            rtt.make_up(ms(sample), SeqNum(50));
            (rtt.srtt().unwrap(), rtt.rttvar())
        };
        assert_eq!(made_up(10), (ms(102), ms(20)));
        assert_eq!(made_up(300), (ms(300), ms(150)));
    }

    #[test]
    fn rto_stays_within_its_bounds() {
        let timing = Timing::default();
        let mut rtt = RttEstimator::new(&timing);
        rtt.on_sample(Instant::ZERO, ms(1), 1);
        assert_eq!(rtt.rto(&timing), ms(1000));
        for _ in 0..100 {
            rtt.back_off();
        }
        assert_eq!(rtt.rto(&timing), timing.max_rto);
        rtt.on_sample(Instant::ZERO, Duration::from_secs(1 << 40), 1);
        assert_eq!(rtt.rto(&timing), timing.max_rto);
    }

    #[test]
    fn linux_adds_at_least_its_minimum_to_the_round_trip() {
        let timing = Timing {
            min_rto: ms(200),
            min_rto_is_variance: true,
            ..Timing::default()
        };
        let mut rtt = RttEstimator::new(&timing);
        rtt.on_sample(Instant::ZERO, ms(20), 1);
        assert_eq!(rtt.rto(&timing), ms(220));
    }

    #[test]
    fn many_samples_in_a_round_trip_weigh_less() {
        let timing = Timing::default();
        let (mut one, mut many) = (RttEstimator::new(&timing), RttEstimator::new(&timing));
        one.on_sample(Instant::ZERO, ms(100), 1);
        many.on_sample(Instant::ZERO, ms(100), 1);
        one.on_sample(Instant::ZERO, ms(200), 1);
        many.on_sample(Instant::ZERO, ms(200), 10);
        assert!(many.srtt() < one.srtt());
    }

    #[test]
    fn a_lost_syn_makes_us_careful() {
        let timing = Timing::default();
        let mut rtt = RttEstimator::new(&timing);
        rtt.back_off();
        rtt.after_syn_loss();
        assert_eq!(rtt.rto(&timing), ms(3000));
    }

    #[test]
    fn the_least_round_trip_is_forgotten_in_time() {
        let mut rtt = RttEstimator::new(&Timing::default());
        let at = |secs: u64| Instant::from_millis(secs * 1000);
        rtt.on_sample(at(0), ms(10), 1);
        rtt.on_sample(at(100), ms(40), 1);
        assert_eq!(rtt.min_rtt(), Some(ms(10)));
        rtt.on_sample(at(200), ms(40), 1);
        assert_eq!(rtt.min_rtt(), Some(ms(10)));
        rtt.on_sample(at(400), ms(40), 1);
        assert_eq!(rtt.min_rtt(), Some(ms(40)));
        // Half the window is over when more than half of its time is.
        let mut rtt = RttEstimator::new(&Timing::default());
        for (secs, sample, least) in [(0, 10, 10), (150, 40, 10), (301, 50, 10), (452, 50, 50)] {
            rtt.on_sample(at(secs), ms(sample), 1);
            assert_eq!(rtt.min_rtt(), Some(ms(least)), "{secs}");
        }
    }
}
