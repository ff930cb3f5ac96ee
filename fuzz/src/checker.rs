//! An observer that knows the RFC's diagram and bounds, and believes nothing.

use synema_core::time::{Duration, Instant};
use synema_core::trace::{CloseReason, Event, Observer, TcpState, TimerKind};

/// Checks one connection's trace.
#[derive(Debug)]
pub struct Checker {
    state: TcpState,
    last: Instant,
    min_rto: Duration,
    max_rto: Duration,
    in_order: u64,
    delivered: u64,
    running: Vec<TimerKind>,
    /// When a tail loss probe's timer, which stands for the RTO's, stopped last.
    probe_ended_at: Option<Instant>,
    closed: Option<CloseReason>,
}

impl Checker {
    /// Of a connection that calls (`active`), or is called.
    pub fn new(policy: &synema_core::tcp::Policy, active: bool) -> Self {
        Self {
            state: if active {
                TcpState::Closed
            } else {
                TcpState::Listen
            },
            last: Instant::ZERO,
            min_rto: policy.timing.min_rto.min(policy.timing.initial_rto),
            max_rto: policy.timing.max_rto,
            in_order: 0,
            delivered: 0,
            running: Vec::new(),
            probe_ended_at: None,
            closed: None,
        }
    }

    fn on_state(&mut self, from: TcpState, to: TcpState) {
        use TcpState::*;
        assert_eq!(from, self.state, "the trace left out a state");
        let known = matches!(
            (from, to),
            (Closed, SynSent)
                | (Listen, SynReceived)
                | (SynSent, SynReceived | Established)
                | (SynReceived, Established)
                | (Established, FinWait1 | CloseWait)
                | (FinWait1, FinWait2 | Closing)
                | (FinWait2, TimeWait)
                | (Closing, TimeWait)
                | (CloseWait, LastAck)
                | (LastAck | TimeWait, Closed)
        );
        assert!(
            known || to == Closed,
            "{from} -> {to} is not in the diagram"
        );
        self.state = to;
    }
}

impl Observer for Checker {
    fn observe(&mut self, at: Instant, event: &Event) {
        assert!(at >= self.last, "time went back");
        self.last = at;
        // What came before the end may be read after it.
        let reads = matches!(event, Event::Delivered { .. });
        assert!(self.closed.is_none() || reads, "{event:?} after the end");
        match *event {
            Event::State { from, to, .. } => self.on_state(from, to),
            Event::TimerArmed {
                timer, deadline, ..
            } => {
                assert!(deadline >= at, "{timer:?} armed for the past");
                if timer == TimerKind::Retransmission {
                    let rto = deadline.since(at);
                    // After a tail loss probe's timer it goes on from where it began.
                    let goes_on = self.probe_ended_at == Some(at);
                    let least = if goes_on {
                        Duration::ZERO
                    } else {
                        self.min_rto
                    };
                    assert!(least <= rto && rto <= self.max_rto, "RTO {rto:?}");
                }
                if !self.running.contains(&timer) {
                    self.running.push(timer);
                }
            }
            Event::TimerFired { timer, .. } | Event::TimerStopped { timer, .. } => {
                let known = self.running.iter().position(|known| *known == timer);
                self.running.remove(known.expect("only what runs can end"));
                if timer == TimerKind::TailLossProbe {
                    self.probe_ended_at = Some(at);
                }
            }
            Event::Congestion { cwnd, ssthresh, .. } => {
                assert!(cwnd >= 36, "cwnd {cwnd} holds no segment");
                assert!(ssthresh >= 2 * 36, "ssthresh {ssthresh}");
            }
            Event::Rtt { srtt, rto, .. } => assert!(rto >= srtt.min(self.max_rto)),
            Event::InOrder { total, .. } => {
                assert!(total > self.in_order, "nothing new, and yet told");
                self.in_order = total;
            }
            Event::Delivered { total, .. } => {
                assert!(total > self.delivered && total <= self.in_order);
                self.delivered = total;
            }
            Event::Closed { reason, .. } => {
                assert_eq!(self.state, TcpState::Closed);
                assert!(self.running.is_empty(), "{:?} still run", self.running);
                self.closed = Some(reason);
            }
            _ => {}
        }
    }
}
