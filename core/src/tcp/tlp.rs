//! TLP: a probe for the end of a flight, where no later segment can tell of a
//! loss (RFC 8985 §7).
//!
//! ```text
//!   data --> (lost)
//!     '- 2·SRTT -> the last segment again, or a new one: its ACK or SACK says
//!                  what is missing, long before the retransmission timer
//! ```

use super::judge::Detection;
use super::policy::{Policy, Timing};
use super::recovery::Phase;
use super::rtt::RttEstimator;
use super::sender::Sender;
use crate::time::{Duration, Instant};
use crate::wire::SeqNum;

/// How long a peer may hold back the ACK of a lone segment (`WCDelAckT`).
const WORST_DELAYED_ACK: Duration = Duration::from_millis(200);

/// PTO before a round trip was measured (RFC 8985 §7.2).
const INITIAL_PTO: Duration = Duration::from_secs(1);

/// A probe that went out.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProbeOut {
    /// SND.NXT behind it (`TLP.end_seq`).
    end: SeqNum,
    /// Whether it was sent before (`TLP.is_retrans`).
    again: bool,
}

/// What an ACK says of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeVerdict {
    /// Nothing yet.
    Open,
    /// What it repeated had arrived.
    Needless,
    /// It has repaired a loss.
    Repaired,
}

/// The probing of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TailProbe {
    /// A probe is to go out now.
    pub(super) due: bool,
    /// A probe went out and is not judged.
    pub(super) out: Option<ProbeOut>,
}

impl TailProbe {
    /// RFC 8985 §7.2: how long to wait, with one segment in flight or several.
    pub(super) fn timeout(rtt: &RttEstimator, lone: bool, timing: &Timing) -> Duration {
        let Some(srtt) = rtt.srtt() else {
            return INITIAL_PTO;
        };
        let extra = if lone {
            WORST_DELAYED_ACK
        } else {
            timing.timer_slack
        };
        srtt * 2 + extra
    }

    /// RFC 8985 §7.3: the probe goes out.
    pub(super) fn on_sent(&mut self, nxt: SeqNum, again: bool) {
        self.out = Some(ProbeOut { end: nxt, again });
    }

    /// RFC 8985 §7.4.2. `idle` says that the ACK acknowledged, told and brought
    /// nothing at all.
    pub(super) fn judge(&mut self, ack: SeqNum, dsack: bool, idle: bool) -> ProbeVerdict {
        let Some(out) = self.out.filter(|out| ack.at_or_after(out.end)) else {
            return ProbeVerdict::Open;
        };
        let verdict = if !out.again || dsack {
            ProbeVerdict::Needless
        } else if ack.after(out.end) {
            ProbeVerdict::Repaired
        } else if idle {
            ProbeVerdict::Needless
        } else {
            return ProbeVerdict::Open;
        };
        self.out = None;
        verdict
    }
}

impl Sender {
    /// When a tail loss probe is to go out, if one may (RFC 8985 §7.2): nothing
    /// is known to be lost, and nothing tells of a loss.
    pub(super) fn probe_at(&self, policy: &Policy) -> Option<Instant> {
        let sack = matches!(self.detection(policy), Detection::Sack | Detection::Rack);
        let calm = self.phase == Phase::Open
            && self.queue.sacked_len() == 0
            && !self.queue.has_lost()
            && !self.tail.due
            && self.tail.out.is_none();
        if !(policy.loss.tail_loss_probe && sack && calm) {
            return None;
        }
        let lone = self.queue.segments() == 1;
        let wait = TailProbe::timeout(&self.rtt, lone, &policy.timing);
        let from = self
            .last_sent_at
            .map_or(self.rto_from, |at| at.max(self.rto_from));
        // "PTO = min(RTO, PTO)"
        Some((from + wait).min(self.rto_at(policy)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_segment_waits_for_a_delayed_ack() {
        let timing = Timing::default();
        let mut rtt = RttEstimator::new(&timing);
        assert_eq!(TailProbe::timeout(&rtt, true, &timing), INITIAL_PTO);
        rtt.on_sample(Instant::ZERO, Duration::from_millis(30), 1);
        let pto = |lone| TailProbe::timeout(&rtt, lone, &timing).as_millis();
        assert_eq!((pto(true), pto(false)), (260, 60));
    }

    #[test]
    fn who_needed_the_probe() {
        let end = SeqNum(100);
        let verdict = |again, ack, dsack, idle| {
            let mut probe = TailProbe::default();
            probe.on_sent(end, again);
            probe.judge(SeqNum(ack), dsack, idle)
        };
        assert_eq!(verdict(true, 90, false, true), ProbeVerdict::Open);
        assert_eq!(verdict(true, 100, false, false), ProbeVerdict::Open);
        assert_eq!(verdict(true, 100, true, false), ProbeVerdict::Needless);
        assert_eq!(verdict(true, 100, false, true), ProbeVerdict::Needless);
        assert_eq!(verdict(true, 200, false, false), ProbeVerdict::Repaired);
        assert_eq!(verdict(false, 200, false, false), ProbeVerdict::Needless);
    }
}
