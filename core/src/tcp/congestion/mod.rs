//! How much may be in the network: one small trait, one file for each answer.
//!
//! ```text
//!    cwnd ^            loss
//!         |          /|           ssthresh = half of what was in flight
//!         |        /  |        .
//!         |     .'    |     .'     congestion avoidance: one MSS a round trip
//!         |   :       |  .'
//!         |  :        '-'
//!         | :  slow start: doubles each round trip
//!         +-----------------------------> time
//! ```

mod bbr;
mod cubic;
mod hystart;
mod hystart_plus;
mod newreno;
mod slow_start;
mod window;

use super::policy::{CongestionKind, IdleRestart, Policy};
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;
use bbr::Bbr;
use cubic::Cubic;
use newreno::NewReno;

/// What an ACK of new data says.
#[derive(Clone, Copy, Debug)]
pub(super) struct AckSample {
    pub(super) now: Instant,
    /// SND.UNA and SND.NXT after it.
    pub(super) una: SeqNum,
    pub(super) nxt: SeqNum,
    /// Bytes that it told of for the first time.
    pub(super) acked_len: u32,
    /// Whether cwnd was what limited us: one that is not used does not grow.
    pub(super) limited: bool,
    /// Whether a timeout's losses are still being repaired (RFC 5681 §3.1: then
    /// at most one segment for each ACK).
    pub(super) after_timeout: bool,
    /// The round trip that it measured.
    pub(super) rtt: Option<Duration>,
    /// The least round trip of late.
    pub(super) min_rtt: Option<Duration>,
    /// Whether segments go out in even steps.
    pub(super) paced: bool,
}

#[cfg(test)]
impl AckSample {
    /// An ACK of `acked_len` bytes for a window that was full.
    fn of(now: Instant, acked_len: u32) -> Self {
        Self {
            now,
            una: SeqNum(0),
            nxt: SeqNum(0),
            acked_len,
            limited: true,
            after_timeout: false,
            rtt: None,
            min_rtt: None,
            paced: false,
        }
    }
}

/// A congestion control. All lengths in bytes.
pub(super) trait CongestionControl {
    /// The congestion window.
    fn cwnd(&self) -> u64;
    /// The slow-start threshold; `u64::MAX` while unset.
    fn ssthresh(&self) -> u64;
    /// A reduction under way says what cwnd is now.
    fn set_cwnd(&mut self, cwnd: u64);
    /// The segment size is known, or has changed.
    fn set_mss(&mut self, mss: u32);
    /// The handshake had to send a SYN again.
    fn on_syn_loss(&mut self);
    /// New data was acknowledged outside of fast recovery.
    fn on_ack(&mut self, ack: &AckSample);
    /// A loss was noticed and fast recovery begins.
    fn on_loss(&mut self, in_flight: u32);
    /// Fast recovery is over; `smooth` if cwnd came down in step with the ACKs, so
    /// that no burst is to be feared.
    fn on_recovered(&mut self, in_flight: u32, smooth: bool);
    /// The retransmission timer ran out; `again` if it did so for the same data.
    fn on_timeout(&mut self, in_flight: u32, again: bool);
    /// Nothing was outstanding for a while, and now there is something to send.
    fn on_pause(&mut self, pause: Duration);
    /// The same, for longer than the RTO.
    fn on_idle(&mut self, how: IdleRestart, idle: Duration, rto: Duration);
    /// Bytes to send in a round trip, where it is for the control to say.
    fn round_trip_len(&self, _now: Instant, _srtt: Duration) -> Option<u64> {
        None
    }
}

/// The congestion control of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Congestion {
    /// None at all: an experiment's.
    None,
    /// RFC 5681 and RFC 6582.
    NewReno(NewReno),
    /// RFC 9438.
    Cubic(Cubic),
    /// BBR, version 1.
    Bbr(Bbr),
}

impl Congestion {
    /// The one that the policy asks for; the segment size is told later.
    pub(super) fn new(policy: &Policy, mss: u32) -> Self {
        match policy.congestion {
            CongestionKind::None => Self::None,
            CongestionKind::NewReno => Self::NewReno(NewReno::new(mss, &policy.window)),
            CongestionKind::Cubic => Self::Cubic(Cubic::new(mss, &policy.window)),
            CongestionKind::Bbr => Self::Bbr(Bbr::new(mss)),
        }
    }

    /// Whether it is what the policy asks for.
    pub(super) fn is(&self, kind: CongestionKind) -> bool {
        match self {
            Self::None => kind == CongestionKind::None,
            Self::NewReno(_) => kind == CongestionKind::NewReno,
            Self::Cubic(_) => kind == CongestionKind::Cubic,
            Self::Bbr(_) => kind == CongestionKind::Bbr,
        }
    }

    fn control(&mut self) -> Option<&mut dyn CongestionControl> {
        match self {
            Self::None => None,
            Self::NewReno(control) => Some(control),
            Self::Cubic(control) => Some(control),
            Self::Bbr(control) => Some(control),
        }
    }
}

impl CongestionControl for Congestion {
    fn cwnd(&self) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::NewReno(control) => control.cwnd(),
            Self::Cubic(control) => control.cwnd(),
            Self::Bbr(control) => control.cwnd(),
        }
    }

    fn ssthresh(&self) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::NewReno(control) => control.ssthresh(),
            Self::Cubic(control) => control.ssthresh(),
            Self::Bbr(control) => control.ssthresh(),
        }
    }

    fn set_cwnd(&mut self, cwnd: u64) {
        if let Some(control) = self.control() {
            control.set_cwnd(cwnd);
        }
    }

    fn set_mss(&mut self, mss: u32) {
        if let Some(control) = self.control() {
            control.set_mss(mss);
        }
    }

    fn on_syn_loss(&mut self) {
        if let Some(control) = self.control() {
            control.on_syn_loss();
        }
    }

    fn on_ack(&mut self, ack: &AckSample) {
        if let Some(control) = self.control() {
            control.on_ack(ack);
        }
    }

    fn on_loss(&mut self, in_flight: u32) {
        if let Some(control) = self.control() {
            control.on_loss(in_flight);
        }
    }

    fn on_recovered(&mut self, in_flight: u32, smooth: bool) {
        if let Some(control) = self.control() {
            control.on_recovered(in_flight, smooth);
        }
    }

    fn on_timeout(&mut self, in_flight: u32, again: bool) {
        if let Some(control) = self.control() {
            control.on_timeout(in_flight, again);
        }
    }

    fn on_pause(&mut self, pause: Duration) {
        if let Some(control) = self.control() {
            control.on_pause(pause);
        }
    }

    fn on_idle(&mut self, how: IdleRestart, idle: Duration, rto: Duration) {
        if let Some(control) = self.control() {
            control.on_idle(how, idle, rto);
        }
    }

    fn round_trip_len(&self, now: Instant, srtt: Duration) -> Option<u64> {
        match self {
            Self::Bbr(control) => control.round_trip_len(now, srtt),
            Self::None | Self::NewReno(_) | Self::Cubic(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [CongestionKind; 4] = [
        CongestionKind::None,
        CongestionKind::NewReno,
        CongestionKind::Cubic,
        CongestionKind::Bbr,
    ];
    /// Those that a loss tells how much may be out.
    const BY_LOSS: [CongestionKind; 2] = [CongestionKind::NewReno, CongestionKind::Cubic];

    fn of(congestion: CongestionKind) -> Congestion {
        let policy = Policy {
            congestion,
            ..Policy::rfc()
        };
        Congestion::new(&policy, 1000)
    }

    #[test]
    fn each_knows_what_it_is() {
        for (kind, other) in KINDS.into_iter().flat_map(|a| KINDS.map(|b| (a, b))) {
            assert_eq!(of(kind).is(other), kind == other);
        }
    }

    #[test]
    fn a_lost_syn_leaves_one_segment_and_no_new_beginning() {
        for kind in &KINDS[1..] {
            let mut control = of(*kind);
            control.set_mss(500);
            assert_eq!(control.cwnd(), 5000);
            control.on_syn_loss();
            assert_eq!(control.cwnd(), 500);
            control.set_mss(400);
            assert_eq!(control.cwnd(), 500);
        }
    }

    #[test]
    fn after_a_recovery_no_burst_goes_out_unless_none_is_to_be_feared() {
        for kind in &BY_LOSS {
            let mut control = of(*kind);
            control.set_cwnd(100_000);
            control.on_loss(100_000);
            let ssthresh = control.ssthresh();
            control.on_recovered(3000, true);
            assert_eq!(control.cwnd(), ssthresh);
            control.on_recovered(3000, false);
            assert_eq!(control.cwnd(), 4000);
            control.on_recovered(0, false);
            assert_eq!(control.cwnd(), 2000);
        }
    }

    #[test]
    fn a_silence_takes_back_what_any_of_them_had() {
        for kind in &BY_LOSS {
            let mut control = of(*kind);
            control.set_cwnd(100_000);
            let rto = Duration::from_millis(300);
            control.on_idle(IdleRestart::InitialWindow, rto * 2, rto);
            assert_eq!(control.cwnd(), 10_000);
        }
    }

    #[test]
    fn a_pause_is_told_to_the_one_that_counts_time() {
        let grown_by = |pause: Duration| {
            let mut control = of(CongestionKind::Cubic);
            control.set_cwnd(1_000_000);
            control.on_loss(1_000_000);
            let start = Instant::from_millis(100);
            control.on_ack(&AckSample::of(start, 2000));
            control.on_pause(pause);
            let before = control.cwnd();
            for _ in 0..100 {
                control.on_ack(&AckSample::of(start + Duration::from_secs(5), 2000));
            }
            control.cwnd() - before
        };
        let (paused, steady) = (grown_by(Duration::from_secs(5)), grown_by(Duration::ZERO));
        assert!(2 * paused < steady, "{paused} {steady}");
    }
}
