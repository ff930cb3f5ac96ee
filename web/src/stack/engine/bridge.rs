//! The engine's talk with the bridge: the socket's life, hello, frames, what it is told.

use super::{CREDIT_WINDOW, Do, Engine, FIRST_TRIES, HELLO_WAIT, Phase, TURNED_AWAY, Target};
use crate::protocol::{FromStack, Gone, Link, Live, Problem, Trouble, WireReceipt};
use synema_core::app::session::{Input, Session, SessionConfig};
use synema_core::time::Instant;
use synema_relay::{
    BridgeHello, ClaimState, DecodeError, ErrorCode, FromBridge, Granter, PageHello, ToBridge,
    ToPage, encode_hello, encode_to_bridge,
};

impl Engine {
    pub(super) fn connect(&mut self) {
        if let Some(Target { url, token }) = self.target.clone() {
            self.phase = Phase::Opening;
            self.outbox.page(FromStack::Link(Link::Connecting));
            self.commands.push(Do::Connect { url, token });
        }
    }

    pub(super) fn opened(&mut self, now: Instant) {
        self.phase = Phase::Greeting {
            until: now + HELLO_WAIT,
        };
        let hello = PageHello {
            session: self.session_id,
            take_over: self.take_over,
        };
        self.commands.push(Do::Send(encode_hello(&hello)));
        self.granter = Granter::new(CREDIT_WINDOW);
        let credit = self.granter.first();
        self.commands.push(Do::Send(encode_to_bridge(&credit)));
    }

    pub(super) fn closed(&mut self, now: Instant, code: u16, reason: &str) {
        if matches!(self.phase, Phase::Idle | Phase::Refused) {
            return;
        }
        if self.phase == Phase::Opening {
            self.commands.push(Do::Knock);
        }
        let why = if reason.is_empty() {
            Gone::Unknown
        } else {
            Gone::Closed(format!("{reason} ({code})"))
        };
        self.lost(now, why);
    }

    /// A bridge that answers at its front door and opens no socket does not want our key. Once
    /// may be chance: it came up between the two.
    pub(super) fn knocked(&mut self, answers: bool) {
        if !matches!(self.phase, Phase::Opening | Phase::Waiting { .. }) {
            return;
        }
        self.turned_away = if answers { self.turned_away + 1 } else { 0 };
        if self.turned_away >= TURNED_AWAY {
            self.session_id = None;
            self.refuse(Trouble::BridgeKey, false);
        }
    }

    /// The socket is of no use any more: wait, and try again.
    pub(super) fn lost(&mut self, now: Instant, why: Gone) {
        self.commands.push(Do::Disconnect);
        self.outbox.document(Live::Gone { at: now });
        let wait = self.retry.next_wait();
        if !self.ever_open && self.retry.tries() >= FIRST_TRIES {
            self.refuse(Trouble::BridgeUnreachable, false);
            return;
        }
        self.phase = Phase::Waiting { until: now + wait };
        if self.ever_open {
            let retry_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
            self.outbox
                .page(FromStack::Link(Link::Lost { why, retry_ms }));
        }
    }

    pub(super) fn refuse(&mut self, problem: Trouble, can_take_over: bool) {
        self.commands.push(Do::Disconnect);
        self.phase = Phase::Refused;
        self.pending.clear();
        self.outbox.page(FromStack::Link(Link::Refused {
            problem,
            can_take_over,
        }));
    }

    pub(super) fn message(&mut self, now: Instant, message: &[u8]) {
        match FromBridge::decode(message) {
            Ok(FromBridge::Hello(hello)) => self.hello(now, *hello),
            Ok(FromBridge::Control(control)) => self.told(now, control),
            Ok(FromBridge::Frames(frames)) => {
                for frame in frames {
                    self.outbox.document(Live::Received {
                        frame: frame.id,
                        time_ns: frame.time_ns,
                        bytes: frame.bytes.to_vec(),
                    });
                    if let Some(stack) = &mut self.stack {
                        let input = Input::Frame {
                            id: frame.id,
                            bytes: frame.bytes,
                        };
                        stack.handle(now, input);
                        // Each frame is answered before the next is looked at, as on a wire:
                        // an ACK for every second segment stays one for every second segment.
                        self.drain(now);
                    }
                }
                if let Some(credit) = self.granter.consumed(message.len()) {
                    self.control(credit);
                }
            }
            Ok(FromBridge::Receipts(receipts)) => {
                let receipts = receipts.map(WireReceipt::from).collect();
                self.outbox.document(Live::Receipts(receipts));
            }
            Err(error) => self.malformed(&error),
        }
    }

    pub(super) fn malformed(&mut self, error: &DecodeError) {
        let why = error.to_string();
        let trouble = match error {
            DecodeError::Version { .. } => Trouble::BridgeVersion(why),
            _ => Trouble::BridgeMalformed(why),
        };
        self.refuse(trouble, false);
    }

    pub(super) fn hello(&mut self, now: Instant, hello: BridgeHello) {
        self.phase = Phase::Open;
        self.retry.reset();
        self.ever_open = true;
        self.turned_away = 0;
        self.take_over = false;
        self.session_id = Some(hello.session);
        let resumed = hello.resumed && self.stack.is_some();
        if !resumed {
            self.begin(now, &hello);
        }
        self.gate = hello.claim.clone();
        self.outbox.page(FromStack::Link(Link::Open {
            hello: Box::new(hello.clone()),
            resumed,
        }));
        self.hello = Some(hello);
    }

    /// A new stack: of the one before, nothing can go on.
    pub(super) fn begin(&mut self, now: Instant, hello: &BridgeHello) {
        if self.stack.is_some() {
            self.pending.clear();
            self.outbox.page(FromStack::Link(Link::Forgotten));
        }
        self.granted = None;
        let config = SessionConfig {
            mac: hello.mac,
            mtu: u16::try_from(hello.mtu).unwrap_or(u16::MAX),
            seed: (self.seed)(),
        };
        self.stack = Some(Session::new(config, Vec::new()));
        self.outbox.document(Live::Begin {
            hello: Box::new(hello.clone()),
            at: now,
        });
    }

    pub(super) fn told(&mut self, now: Instant, control: ToPage) {
        match control {
            ToPage::Claim(gate) => {
                self.gate = gate.clone();
                self.outbox.page(FromStack::Gate(gate));
            }
            ToPage::Stats(stats) => self.outbox.page(FromStack::Stats(stats)),
            ToPage::Error {
                code: ErrorCode::SessionGone,
                ..
            } => {
                self.session_id = None;
                self.commands.push(Do::Disconnect);
                self.phase = Phase::Waiting { until: now };
            }
            ToPage::Error {
                code,
                cause,
                next_step,
            } => {
                self.session_id = None;
                let can_take_over = matches!(code, ErrorCode::Busy | ErrorCode::TakenOver);
                let problem = Problem::new(cause, next_step);
                self.refuse(Trouble::BridgeSays(problem), can_take_over);
            }
            ToPage::Bye => {
                self.session_id = None;
                self.refuse(Trouble::BridgeBye, false);
            }
        }
    }

    pub(super) fn control(&mut self, control: ToBridge) {
        self.commands.push(Do::Send(encode_to_bridge(&control)));
    }

    pub(super) fn is_gate_open(&self) -> bool {
        matches!(self.gate, ClaimState::Open { .. })
    }
}
