//! Explicit congestion notification (RFC 3168): routers mark packets instead of
//! dropping them.
//!
//! ```text
//!   sender                     router                    receiver
//!     data, ECT(0) ------------> full: CE ---------------> ECE on every ACK
//!     cwnd down, CWR on the next new data ---------------> ECE no more
//! ```
//!
//! cwnd comes down as for a loss: in step with the ACKs of one window (RFC 6937).

use super::congestion::CongestionControl;
use super::policy::{EcnPolicy, Policy};
use super::prr::Prr;
use super::recovery::Phase;
use super::sender::Sender;
use crate::trace::{RecoveryStep, SlowReason};
use crate::wire::SeqNum;
use crate::wire::tcp::Flags;

/// What one connection knows of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ecn {
    /// Both ends take part.
    pub(super) agreed: bool,
    /// The packet of the segment that is being looked at is marked.
    pub(super) marked: bool,
    /// A mark came and the peer has not said that it slowed down.
    echo: bool,
    /// We slowed down, and the next new data says so.
    cwr_due: bool,
    /// One reduction for each window: marks of what was sent before do not count.
    slowed_until: Option<SeqNum>,
}

impl Ecn {
    pub(super) fn new() -> Self {
        Self {
            agreed: false,
            marked: false,
            echo: false,
            cwr_due: false,
            slowed_until: None,
        }
    }

    /// RFC 3168 §6.1.1: what our SYN says. One that has to go out again says
    /// nothing (§6.1.1.1): something on the way may not like it.
    pub(super) fn syn_flags(policy: EcnPolicy, again: bool) -> Flags {
        if policy == EcnPolicy::Request && !again {
            Flags::ECE | Flags::CWR
        } else {
            Flags::NONE
        }
    }

    /// What our SYN-ACK says.
    pub(super) fn syn_ack_flags(&self) -> Flags {
        if self.agreed { Flags::ECE } else { Flags::NONE }
    }

    /// The peer's SYN came, with these flags.
    pub(super) fn on_syn(&mut self, flags: Flags, policy: EcnPolicy) {
        let (ece, cwr) = (flags.contains(Flags::ECE), flags.contains(Flags::CWR));
        self.agreed = match policy {
            EcnPolicy::Off => false,
            // §6.1.1: an ECN-setup SYN-ACK has ECE alone.
            EcnPolicy::Request if flags.ack() => ece && !cwr,
            EcnPolicy::Accept if flags.ack() => false,
            EcnPolicy::Accept | EcnPolicy::Request => ece && cwr,
        };
    }

    /// §6.1.3: an acceptable segment came, in a packet that was marked or not.
    pub(super) fn on_segment(&mut self, flags: Flags) {
        if flags.contains(Flags::CWR) {
            self.echo = false;
        }
        self.echo |= self.agreed && self.marked;
    }

    /// What every ACK of ours says.
    pub(super) fn ack_flags(&self) -> Flags {
        if self.echo { Flags::ECE } else { Flags::NONE }
    }

    /// §6.1.2: an ACK came; whether cwnd has to be reduced now.
    pub(super) fn must_slow_down(&mut self, flags: Flags, una: SeqNum, nxt: SeqNum) -> bool {
        if !self.agreed || !flags.contains(Flags::ECE) {
            return false;
        }
        let again = self.slowed_until.is_none_or(|until| una.after(until));
        if again {
            self.slowed_until = Some(nxt);
            self.cwr_due = true;
        }
        again
    }

    /// §6.1.2: new data goes out: what it says.
    pub(super) fn take_cwr(&mut self) -> Flags {
        if core::mem::take(&mut self.cwr_due) {
            Flags::CWR
        } else {
            Flags::NONE
        }
    }
}

impl Sender {
    /// §6.1.2: a router marked what we sent. `outstanding` bytes were, before the ACK
    /// that says so.
    pub(super) fn on_marked(&mut self, outstanding: u32, policy: &Policy) {
        // What a recovery has reduced already is not reduced again, and a mark is no
        // mistake to be taken back.
        self.undo = None;
        if self.phase != Phase::Open {
            return;
        }
        self.cc.on_loss(outstanding);
        let left = self.queue.outstanding();
        if policy.loss.proportional_rate && left > 0 {
            self.slow_until = Some(self.snd_nxt);
            self.prr = Prr::new(outstanding);
            self.come_down(outstanding.saturating_sub(left), true);
        }
        let by = SlowReason::Marked;
        self.steps.tell(RecoveryStep::Slowed { by });
    }

    /// Whether cwnd comes down for a mark; it has come down when all that was out then
    /// is acknowledged.
    pub(super) fn slows_down(&mut self) -> bool {
        let Some(until) = self.slow_until else {
            return false;
        };
        let is_over = self.snd_una.at_or_after(until);
        if is_over {
            self.slow_until = None;
            self.cc.on_recovered(self.queue.outstanding(), true);
        }
        !is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_must_want_it() {
        let agreed = |flags, policy| {
            let mut ecn = Ecn::new();
            ecn.on_syn(flags, policy);
            ecn.agreed
        };
        let syn = Flags::SYN | Flags::ECE | Flags::CWR;
        let syn_ack = Flags::SYN | Flags::ACK | Flags::ECE;
        assert!(agreed(syn, EcnPolicy::Accept) && agreed(syn, EcnPolicy::Request));
        assert!(agreed(syn_ack, EcnPolicy::Request));
        assert!(!agreed(syn, EcnPolicy::Off) && !agreed(syn_ack, EcnPolicy::Accept));
        assert!(!agreed(Flags::SYN, EcnPolicy::Request));
        // A broken peer sends our flags back.
        assert!(!agreed(syn | Flags::ACK, EcnPolicy::Request));
    }

    #[test]
    fn a_window_is_reduced_once_and_said_once() {
        let mut ecn = Ecn::new();
        ecn.on_syn(Flags::SYN | Flags::ECE | Flags::CWR, EcnPolicy::Accept);
        let ack = Flags::ACK | Flags::ECE;
        assert!(ecn.must_slow_down(ack, SeqNum(10), SeqNum(100)));
        assert!(!ecn.must_slow_down(ack, SeqNum(20), SeqNum(110)));
        assert_eq!(ecn.take_cwr(), Flags::CWR);
        assert_eq!(ecn.take_cwr(), Flags::NONE);
        assert!(ecn.must_slow_down(ack, SeqNum(101), SeqNum(200)));
    }

    #[test]
    fn a_mark_is_echoed_until_the_peer_has_slowed_down() {
        let mut ecn = Ecn::new();
        (ecn.agreed, ecn.marked) = (true, true);
        ecn.on_segment(Flags::ACK);
        ecn.marked = false;
        ecn.on_segment(Flags::ACK);
        assert_eq!(ecn.ack_flags(), Flags::ECE);
        ecn.on_segment(Flags::ACK | Flags::CWR);
        assert_eq!(ecn.ack_flags(), Flags::NONE);
        // A new mark on the very segment that says so.
        ecn.marked = true;
        ecn.on_segment(Flags::ACK | Flags::CWR);
        assert_eq!(ecn.ack_flags(), Flags::ECE);
    }

    #[test]
    fn half_a_request_and_an_answer_to_none_are_nothing() {
        let agreed = |flags, policy| {
            let mut ecn = Ecn::new();
            ecn.on_syn(flags, policy);
            ecn.agreed
        };
        for half in [Flags::SYN | Flags::ECE, Flags::SYN | Flags::CWR] {
            assert!(!agreed(half, EcnPolicy::Accept));
        }
        let both = Flags::SYN | Flags::ACK | Flags::ECE | Flags::CWR;
        assert!(
            !agreed(both, EcnPolicy::Accept),
            "our SYN had asked for nothing"
        );
    }
}
