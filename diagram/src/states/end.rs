//! One end of a conversation: its states, concluded from what it sent and from what was
//! sent to it.
//!
//! ```text
//!   steps:  SYN came ─► ACK came ─► FIN came ─► FIN sent ─► its ACK came
//!   fold:   SYN-RECEIVED  ESTABLISHED  CLOSE-WAIT  LAST-ACK    CLOSED
//! ```
//!
//! That a packet which passed by arrived is an assumption. It stands until the end shows,
//! by something that it sent long enough after, that it did not have it: then that step
//! is taken back, and the others are folded anew.

use super::{Change, When};
use crate::analysis::{TcpDigest, Verdicts};
use synema_core::time::Instant;
use synema_core::trace::TcpState;

/// What is under way when a reset comes may go out for so much longer than the end took
/// to answer when it was quickest.
const SLACK_NS: u64 = 1_000_000;

/// Something that moves an end from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// It is heard of for the first time, with the connection open already.
    Begun,
    SentSyn,
    SentSynAck,
    SentFin,
    SentRst,
    CameSyn,
    CameSynAck,
    /// The ACK of its SYN.
    CameAck,
    /// The ACK of its FIN.
    CameFinAck,
    CameFin,
    CameRst,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    when: When,
    at: Instant,
}

/// One end of a conversation.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    /// The steps that moved it, in their order.
    steps: Vec<Step>,
    changes: Vec<Change>,
    state: Option<TcpState>,
    /// Whether anybody heard from it: it sent, or the other end acknowledges that it
    /// did. Of who is only spoken to nothing is known.
    heard: bool,
    /// Whether it sent anything but resets.
    spoke: bool,
    /// Whether it sent anything but SYNs and resets.
    acked: bool,
    syn_sent: bool,
    syn_ack_sent: bool,
    /// One past its FIN, once it was sent.
    fin_end: Option<i64>,
    /// One past the other end's FIN, once that came.
    other_fin: Option<i64>,
    /// That FIN was not taken yet: data before it is missing.
    is_early: bool,
    /// The number of the other end's reset.
    rst_at: Option<i64>,
    /// The quickest that it ever answered what passed by here.
    trip_ns: Option<u64>,
}

/// RFC 9293 §3.3.2, figure 5, and §3.5, figure 7; `None` is an end of which nothing is
/// known yet.
fn next(state: Option<TcpState>, what: What) -> Option<TcpState> {
    use TcpState::*;
    use What::*;
    let state = state.unwrap_or(Listen);
    Some(match (state, what) {
        (Closed | Listen, Begun) => Established,
        (Closed | Listen, SentSyn) => SynSent,
        (Closed | Listen | SynSent, CameSyn) => SynReceived,
        (Closed | Listen | SynSent, SentSynAck) => SynReceived,
        (SynSent | SynReceived, CameSynAck) | (SynReceived, CameAck) => Established,
        (Established | SynReceived, SentFin) => FinWait1,
        (CloseWait, SentFin) => LastAck,
        (FinWait1, CameFinAck) => FinWait2,
        (Closing, CameFinAck) => TimeWait,
        (LastAck, CameFinAck) => Closed,
        (Established | SynReceived, CameFin) => CloseWait,
        (FinWait1, CameFin) => Closing,
        (FinWait2, CameFin) => TimeWait,
        (_, CameRst | SentRst) => Closed,
        _ => return None,
    })
}

impl End {
    /// What it went through; nothing where nobody heard from it.
    pub(super) fn changes(&self) -> &[Change] {
        if self.heard { &self.changes } else { &[] }
    }

    /// It sent a segment, which passed by at `at`.
    pub(super) fn sent(&mut self, index: u32, tcp: &TcpDigest, at: Instant) {
        let step = |what| Step {
            what,
            when: When::Departure(index),
            at,
        };
        let knows_fin = self.other_fin.is_none_or(|fin| tcp.ack >= fin);
        self.heard = true;
        if tcp.flags.rst() {
            if !self.spoke {
                // RFC 9293 §3.10.7.1: whoever answers with a reset was closed all along.
                self.steps.clear();
                self.fold();
            }
            if !self.acked && !tcp.flags.ack() {
                // So answers a SYN-ACK who has no connection any more.
                self.forget(|step| step.what == What::CameSynAck);
            }
            let trip_ns = self.trip_ns.unwrap_or(0);
            return self.sent_before(step(What::SentRst), |came| {
                let is_known = match tcp.flags.ack() {
                    true => knows_fin,
                    false => came.at.as_nanos() + trip_ns <= at.as_nanos(),
                };
                came.what == What::CameFin && !is_known
            });
        }
        self.spoke = true;
        self.learn_trip(tcp);
        self.doubt(tcp, at);
        if tcp.flags.syn() && tcp.flags.ack() {
            self.syn_ack_sent = true;
            return self.take(step(What::SentSynAck));
        }
        if tcp.flags.syn() {
            // RFC 9293 §3.5, figure 7: without knowing of the other's SYN.
            if !std::mem::replace(&mut self.syn_sent, true) {
                self.sent_before(step(What::SentSyn), |came| came.what == What::CameSyn);
            }
            return;
        }
        self.acked = true;
        if self.state.is_none() {
            // A capture that begins in the middle.
            self.take(step(What::Begun));
        }
        if !self.syn_ack_sent && self.syn_sent {
            // The other end's SYN would have been answered by a SYN-ACK.
            self.forget(|step| step.what == What::CameSyn);
        }
        if self.is_early && tcp.flags.ack() && knows_fin {
            self.is_early = false;
            self.take(step(What::CameFin));
        }
        if tcp.flags.fin() && self.fin_end.is_none() {
            self.fin_end = Some(tcp.seq + i64::from(tcp.len) + 1);
            // RFC 9293 §3.6, figure 13: without knowing of the other's FIN. Of a reset
            // nobody knows who sends a FIN.
            self.sent_before(step(What::SentFin), |came| {
                came.what == What::CameRst || (came.what == What::CameFin && !knows_fin)
            });
        }
    }

    /// It sent something that it would not have sent, had it known of what came before.
    fn sent_before(&mut self, step: Step, is_unknown: impl Fn(&Step) -> bool) {
        let place = self.steps.iter().position(is_unknown);
        match place {
            Some(place) => {
                self.steps.insert(place, step);
                self.fold();
            }
            None => self.take(step),
        }
    }

    /// A segment passed by at `at` on its way to this end.
    pub(super) fn came(&mut self, index: u32, tcp: &TcpDigest, at: Instant) {
        let step = |what| Step {
            what,
            when: When::Arrival(index),
            at,
        };
        let flags = tcp.flags;
        if flags.rst() {
            self.rst_at = Some(tcp.seq);
            return self.take(step(What::CameRst));
        }
        self.heard |= flags.ack();
        if flags.syn() && flags.ack() {
            return self.take(step(What::CameSynAck));
        }
        if flags.syn() {
            // It did not answer the SYN before this one: that may have been lost.
            if !self.heard {
                self.steps.retain(|step| step.what != What::CameSyn);
                self.fold();
            }
            return self.take(step(What::CameSyn));
        }
        if self.state.is_none() {
            self.take(step(What::Begun));
        }
        if flags.ack() && tcp.ack >= 1 {
            self.take(step(What::CameAck));
        }
        if flags.ack() && self.fin_end.is_some_and(|fin| tcp.ack >= fin) {
            self.take(step(What::CameFinAck));
        }
        if flags.fin() {
            self.other_fin = Some(tcp.seq + i64::from(tcp.len) + 1);
            self.is_early = tcp.verdicts.has(Verdicts::LOST_SEGMENT);
            if !self.is_early {
                self.take(step(What::CameFin));
            }
        }
    }

    fn learn_trip(&mut self, tcp: &TcpDigest) {
        if tcp.ends_whole {
            let known = self.trip_ns.unwrap_or(u64::MAX);
            self.trip_ns = Some(known.min(tcp.ack_rtt_ns));
        }
    }

    /// What it sends, as long after what came as it takes to answer, shows what it has.
    fn doubt(&mut self, tcp: &TcpDigest, at: Instant) {
        let Some(trip_ns) = self.trip_ns else { return };
        let (flags, fin, other_fin) = (tcp.flags, self.fin_end, self.other_fin);
        // RFC 5961 §3.2: a reset beyond what came is not believed, but answered.
        let lacks_rst = flags.ack() && self.rst_at.is_some_and(|rst| tcp.ack < rst);
        let is_known = |step: &Step| {
            let slack_ns = if step.what == What::CameRst && !lacks_rst {
                SLACK_NS
            } else {
                0
            };
            step.at
                .as_nanos()
                .saturating_add(trip_ns)
                .saturating_add(slack_ns)
                <= at.as_nanos()
        };
        let again = |end: Option<i64>| flags.fin() && end == Some(tcp.seq + i64::from(tcp.len) + 1);
        let lacks_fin = flags.ack() && other_fin.is_some_and(|fin| tcp.ack < fin);
        let lacks = |step: &Step| match step.what {
            What::CameAck => flags.syn() && flags.ack(),
            What::CameSynAck => flags.syn(),
            What::CameFinAck => again(fin),
            What::CameFin => lacks_fin && matches!(step.when, When::Arrival(_)),
            What::CameRst => true,
            _ => false,
        };
        let had_fin = self.steps.iter().any(|step| step.what == What::CameFin);
        self.forget(|step| lacks(step) && is_known(step));
        let has_fin = self.steps.iter().any(|step| step.what == What::CameFin);
        self.is_early |= had_fin && !has_fin;
    }

    /// Takes steps back.
    fn forget(&mut self, is_wrong: impl Fn(&Step) -> bool) {
        let before = self.steps.len();
        self.steps.retain(|step| !is_wrong(step));
        if self.steps.len() != before {
            self.fold();
        }
    }

    /// Takes a step, if it leads anywhere.
    fn take(&mut self, step: Step) {
        let Some(state) = next(self.state, step.what) else {
            return;
        };
        self.steps.push(step);
        if self.state != Some(state) {
            self.state = Some(state);
            self.changes.push(Change {
                when: step.when,
                state,
            });
        }
    }

    fn fold(&mut self) {
        self.state = None;
        self.changes.clear();
        let steps = std::mem::take(&mut self.steps);
        steps.into_iter().for_each(|step| self.take(step));
    }
}
