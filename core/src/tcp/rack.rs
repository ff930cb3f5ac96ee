//! RACK: losses judged by time (RFC 8985 §6).
//!
//! ```text
//!   sent    A    B    C                     A is lost once it went out before C
//!           |    |    '--- arrived          and reo_wnd longer ago than the round
//!   now ----|----|---------|--[reo_wnd]     trip of C: by now, or when the timer
//!           '------ RACK.rtt -'             says so
//! ```

use super::retransmit::{DUP_THRESH, Sent};
use super::rtt::RttEstimator;
use crate::time::{Duration, Instant};
use crate::wire::{SeqNum, SeqRange};

/// For how many recoveries a D-SACK keeps the reordering window wide
/// (RFC 8985 §6.2, step 4).
const PERSIST: u8 = 16;

/// A timestamp that came back with an ACK (RFC 7323 §4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Echo {
    /// When the segment that it answers went out, to the millisecond.
    pub(super) sent_at_ms: u64,
    /// How long ago that is.
    pub(super) age: Duration,
}

impl Echo {
    /// The round trip that it measures; the clock ticks once in a millisecond.
    pub(super) fn round_trip(self) -> Duration {
        self.age.max(Duration::from_millis(1))
    }
}

/// What one ACK told of for the first time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    /// Segments acknowledged cumulatively, wholly or in part.
    pub(super) segments: u32,
    /// Bytes that were not known to have arrived.
    pub(super) len: u32,
    /// Of those, bytes told of by SACK alone.
    pub(super) sacked_len: u32,
    /// When the first segment acknowledged cumulatively went out (if SACK had
    /// not told of it, and nothing acknowledged went out twice: Karn's rule,
    /// RFC 6298 §3).
    acked_sent_at: Option<Instant>,
    went_out_twice: bool,
    /// The rest of a segment was acknowledged, a part of which was before.
    pub(super) completes_cut: bool,
    /// The same for those that SACK told of.
    sacked_sent_at: Option<Instant>,
    /// The lowest stretch that arrived and never went out again.
    pub(super) original: Option<SeqRange>,
    /// The one that went out last.
    latest: Option<Sent>,
    /// The one looked at last: those acknowledged cumulatively come after the
    /// others, in the order of their numbers.
    last: Option<Sent>,
    last_is_cumulative: bool,
}

impl Delivery {
    /// A segment was acknowledged cumulatively.
    pub(super) fn acknowledged(&mut self, sent: &Sent, echo: Option<Echo>) {
        self.segments += 1;
        self.went_out_twice |= sent.retransmissions > 0;
        if !sent.sacked {
            self.completes_cut |= sent.cut && sent.retransmissions == 0;
            self.acked_sent_at = self.acked_sent_at.or(Some(sent.sent_at));
            self.arrived(sent, echo, true);
        }
    }

    /// SACK told of a segment.
    pub(super) fn sacked(&mut self, sent: &Sent, echo: Option<Echo>) {
        self.sacked_len += sent.range.len();
        if sent.retransmissions == 0 {
            self.sacked_sent_at = self.sacked_sent_at.or(Some(sent.sent_at));
        }
        self.arrived(sent, echo, false);
    }

    fn arrived(&mut self, sent: &Sent, echo: Option<Echo>, cumulative: bool) {
        self.len += sent.range.len();
        if sent.retransmissions == 0 {
            let lower = |known: &SeqRange| known.start.before(sent.range.start);
            self.original = self.original.filter(lower).or(Some(sent.range));
        }
        // RFC 8985 §6.2, step 2: the ACK of a retransmission may be its original's.
        let of_original = sent.retransmissions > 0
            && echo.is_some_and(|echo| echo.sent_at_ms < sent.sent_at.as_millis());
        if of_original {
            return;
        }
        let known = self.latest.into_iter();
        self.latest = known.chain([*sent]).max_by_key(|sent| sent.serial);
        if cumulative || !self.last_is_cumulative {
            self.last = Some(*sent);
            self.last_is_cumulative = cumulative;
        }
    }

    /// Whether anything acknowledged cumulatively had gone out again.
    pub(super) fn has_resent(&self) -> bool {
        self.went_out_twice
    }

    /// The round trip that it measured.
    pub(super) fn round_trip(&self, now: Instant) -> Option<Duration> {
        let acked = self.acked_sent_at.filter(|_| !self.went_out_twice);
        let sacked = || self.sacked_sent_at.filter(|_| !self.went_out_twice);
        acked.or_else(sacked).map(|sent_at| now.since(sent_at))
    }
}

/// RACK's view of the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rack {
    /// Of the transmissions that have arrived, the last (for `RACK.xmit_ts` and
    /// `RACK.end_seq`: a number is not ambiguous even within one instant).
    latest: Option<u64>,
    /// Its round trip.
    rtt: Duration,
    /// How often a segment was overtaken (`RACK.reordering_seen`), and over how
    /// many bytes at most.
    pub(super) overtaken: u32,
    pub(super) overtaken_by: u32,
    /// `RACK.reo_wnd_mult`, counted from zero.
    widened: u8,
    /// `RACK.reo_wnd_persist`
    persist: u8,
    /// `RACK.dsack_round`
    dsack_round: Option<SeqNum>,
    /// When what is in flight is to be judged again.
    pub(super) judge_at: Option<Instant>,
}

impl Rack {
    /// RFC 8985 §6.2, steps 2 and 3. `highest` is the end of what was known to
    /// have arrived before.
    pub(super) fn on_delivery(
        &mut self,
        now: Instant,
        delivery: &Delivery,
        highest: SeqNum,
        min_rtt: Option<Duration>,
    ) {
        if let Some(original) = delivery.original
            && original.start.before(highest)
        {
            self.overtaken = self.overtaken.saturating_add(1);
            let by = highest.distance(original.start);
            self.overtaken_by = self.overtaken_by.max(by);
        }
        // What comes back faster than anything ever did answers the original.
        let counts = |sent: &Sent| {
            let rtt = now.since(sent.sent_at);
            sent.retransmissions == 0 || min_rtt.is_some_and(|min| rtt >= min)
        };
        if let Some(sent) = delivery.last.filter(counts) {
            self.rtt = now.since(sent.sent_at);
        }
        if let Some(sent) = delivery.latest.filter(counts) {
            self.latest = self.latest.max(Some(sent.serial));
        }
    }

    /// RFC 8985 §6.2, step 4: a D-SACK says that we were too impatient.
    pub(super) fn on_dsack(&mut self, una: SeqNum, nxt: SeqNum) {
        // Once for each round trip.
        if self.dsack_round.is_none_or(|round| una.at_or_after(round)) {
            self.dsack_round = Some(nxt);
            self.widened = self.widened.saturating_add(1);
            self.persist = PERSIST;
        }
    }

    /// RFC 8985 §6.2, step 4: a recovery is over.
    pub(super) fn on_recovered(&mut self) {
        self.persist = self.persist.saturating_sub(1);
        if self.persist == 0 {
            self.widened = 0;
        }
    }

    /// RFC 8985 §6.2, step 4: how much later than others a segment may arrive.
    fn reordering_window(
        &self,
        recovering: bool,
        sacked_segments: u32,
        rtt: &RttEstimator,
    ) -> Duration {
        if self.overtaken == 0 && (recovering || sacked_segments >= DUP_THRESH) {
            return Duration::ZERO;
        }
        let (Some(min_rtt), Some(srtt)) = (rtt.min_rtt(), rtt.srtt()) else {
            return Duration::ZERO;
        };
        (min_rtt / 4 * (u32::from(self.widened) + 1)).min(srtt)
    }

    /// How long after it was sent a segment is given up for lost; with what
    /// arrived meanwhile.
    pub(super) fn patience(
        &self,
        recovering: bool,
        sacked_segments: u32,
        rtt: &RttEstimator,
    ) -> Duration {
        self.rtt + self.reordering_window(recovering, sacked_segments, rtt)
    }

    /// What arrived and was sent last.
    pub(super) fn latest(&self) -> Option<u64> {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::policy::Timing;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_window_follows_reordering_and_dsacks() {
        let mut rtt = RttEstimator::new(&Timing::default());
        rtt.on_sample(Instant::from_millis(40), ms(40), 1);
        rtt.on_sample(Instant::from_millis(100), ms(60), 1);
        let mut rack = Rack::default();
        assert_eq!(rack.reordering_window(false, 2, &rtt), ms(10));
        assert_eq!(rack.reordering_window(false, 3, &rtt), Duration::ZERO);
        assert_eq!(rack.reordering_window(true, 0, &rtt), Duration::ZERO);
        rack.overtaken = 1;
        assert_eq!(rack.reordering_window(true, 3, &rtt), ms(10));
        rack.on_dsack(SeqNum(10), SeqNum(50));
        rack.on_dsack(SeqNum(20), SeqNum(60));
        assert_eq!(rack.reordering_window(true, 3, &rtt), ms(20));
        rack.on_dsack(SeqNum(50), SeqNum(90));
        rack.on_dsack(SeqNum(90), SeqNum(99));
        rack.on_dsack(SeqNum(99), SeqNum(120));
        // Never more than SRTT.
        assert_eq!(rack.reordering_window(true, 3, &rtt), rtt.srtt().unwrap());
        rack.on_recovered();
        assert_eq!(rack.reordering_window(true, 3, &rtt), rtt.srtt().unwrap());
        for _ in 1..PERSIST {
            rack.on_recovered();
        }
        assert_eq!(rack.reordering_window(true, 3, &rtt), ms(10));
    }

    /// The `n`th segment of 1000 bytes, which went out last `at_ms` as the
    /// transmission `serial`, and `again` times before.
    fn sent(n: u32, at_ms: u64, serial: u64, again: u16) -> Sent {
        Sent {
            range: SeqRange {
                start: SeqNum(n * 1000),
                end: SeqNum((n + 1) * 1000),
            },
            burst_end: SeqNum(0),
            sent_at: Instant::from_millis(at_ms),
            serial,
            retransmissions: again,
            sacked: false,
            lost: None,
            resent: false,
            cut: false,
        }
    }

    #[test]
    fn a_delivery_knows_what_it_brought() {
        let mut delivery = Delivery::default();
        delivery.sacked(&sent(3, 30, 4, 0), None);
        delivery.sacked(&sent(2, 20, 3, 0), None);
        assert_eq!((delivery.sacked_len, delivery.len), (2000, 2000));
        assert_eq!(delivery.latest.unwrap().serial, 4);
        assert_eq!(delivery.original.unwrap(), sent(2, 0, 0, 0).range);
        assert!(!delivery.has_resent() && !delivery.completes_cut);
        delivery.acknowledged(&sent(0, 40, 5, 1), None);
        assert_eq!((delivery.sacked_len, delivery.len), (2000, 3000));
        assert_eq!(delivery.latest.unwrap().serial, 5);
        assert!(delivery.has_resent());
    }

    #[test]
    fn only_what_went_out_once_measures_a_round_trip() {
        let round_trip = |told: &dyn Fn(&mut Delivery)| {
            let mut delivery = Delivery::default();
            told(&mut delivery);
            delivery.round_trip(Instant::from_millis(100))
        };
        let (once, twice) = (sent(1, 70, 1, 0), sent(2, 80, 2, 1));
        assert_eq!(round_trip(&|d| d.sacked(&once, None)), Some(ms(30)));
        assert_eq!(round_trip(&|d| d.sacked(&twice, None)), None);
        assert_eq!(round_trip(&|d| d.acknowledged(&once, None)), Some(ms(30)));
        assert_eq!(round_trip(&|d| d.acknowledged(&twice, None)), None);
        let both = |d: &mut Delivery| {
            d.sacked(&once, None);
            d.acknowledged(&twice, None);
        };
        assert_eq!(round_trip(&both), None);
    }

    #[test]
    fn the_rest_of_a_segment_that_was_never_resent_completes_it() {
        let completes = |cut, again| {
            let mut delivery = Delivery::default();
            let rest = Sent {
                cut,
                ..sent(0, 10, 1, again)
            };
            delivery.acknowledged(&rest, None);
            delivery.completes_cut
        };
        assert!(completes(true, 0));
        assert!(!completes(true, 1) && !completes(false, 0) && !completes(false, 1));
    }

    #[test]
    fn an_echo_from_before_a_retransmission_answers_the_original() {
        let latest = |again, echo_ms: Option<u64>| {
            let mut delivery = Delivery::default();
            let echo = echo_ms.map(|sent_at_ms| Echo {
                sent_at_ms,
                age: ms(1),
            });
            delivery.acknowledged(&sent(0, 100, 9, again), echo);
            delivery.latest.map(|sent| sent.serial)
        };
        assert_eq!(latest(1, Some(50)), None);
        for told in [latest(1, Some(100)), latest(1, None), latest(0, Some(50))] {
            assert_eq!(told, Some(9));
        }
    }

    #[test]
    fn what_comes_back_too_fast_answers_the_original() {
        let known_after = |again, at_ms| {
            let (mut rack, mut delivery) = (Rack::default(), Delivery::default());
            delivery.acknowledged(&sent(0, 100, 9, again), None);
            let now = Instant::from_millis(at_ms);
            rack.on_delivery(now, &delivery, SeqNum(0), Some(ms(20)));
            (rack.latest(), rack.rtt)
        };
        assert_eq!(known_after(1, 119), (None, Duration::ZERO));
        assert_eq!(known_after(1, 120), (Some(9), ms(20)));
        assert_eq!(known_after(0, 119), (Some(9), ms(19)));
    }
}
