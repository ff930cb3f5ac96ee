//! The wire panel's part of the state: bridge, address, fetch. Pure.
//!
//! ```text
//!   Absent | Connecting -> Open -> Lost -> Open …        the bridge
//!                          |    `-> Refused
//!                          v
//!            Free -> Claiming -> Ours | Failed             the address
//!                                 |
//!                                 v
//!            Idle -> Waiting -> Running -> Done | Failed   the fetch (it may wait for the claim)
//! ```

use super::fetch::{Body, Fetch, Now, Phase};
use crate::protocol::{FromStack, Gone, Link, ToStack, Trouble};
use std::net::Ipv4Addr;
use std::rc::Rc;
use synema_core::app::session::{ClaimEvent, FetchId, SessionEvent};
use synema_core::time::Instant;
use synema_core::trace::ClaimStep;
use synema_relay::{BridgeHello, ClaimState, Stats};

/// Bridge, address and fetch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wire {
    /// The connection to the bridge.
    pub bridge: Bridge,
    /// What the bridge said of itself when it was last there.
    pub hello: Option<Rc<BridgeHello>>,
    /// The address to speak from.
    pub address: Address,
    /// The page that is fetched.
    pub fetch: Fetch,
    /// The bridge's counters.
    pub stats: Stats,
    /// Frames that could not be handed to the bridge.
    pub unsent: u64,
}

/// The connection to the bridge.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Bridge {
    /// No key was given: there may be none.
    #[default]
    Absent,
    /// On the way.
    Connecting,
    /// It is there.
    Open,
    /// It was there; it is tried again.
    Lost {
        /// Why.
        why: Gone,
        /// When it is tried again, milliseconds from when it was lost.
        retry_ms: u32,
    },
    /// It does not want us.
    Refused {
        /// Why, and what to do.
        problem: Trouble,
        /// Whether its session can be taken over.
        can_take_over: bool,
    },
}

/// The address to speak from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// What is in the input.
    pub typed: String,
    /// Whether the reader has typed it.
    pub touched: bool,
    /// What went out and came in for the claim, in order.
    pub steps: Vec<Step>,
    /// How far it is.
    pub claim: Claim,
}

/// A step of a claim that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When, on the worker's clock.
    pub at: Instant,
    /// Of which address.
    pub addr: Ipv4Addr,
    /// What.
    pub step: ClaimStep,
}

/// How far a claim is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Claim {
    /// Nothing is claimed.
    #[default]
    Nothing,
    /// Under way.
    Claiming(Ipv4Addr),
    /// Ours.
    Ours {
        /// The address.
        addr: Ipv4Addr,
        /// Whether the RFC's timings were kept.
        rfc_timings: bool,
    },
    /// Refused, or lost later.
    Failed(Trouble),
}

impl Wire {
    /// Before anything happened; with a bridge to be connected to, or without.
    pub fn new(has_entry: bool) -> Self {
        let bridge = if has_entry {
            Bridge::Connecting
        } else {
            Bridge::Absent
        };
        Self {
            bridge,
            ..Self::default()
        }
    }

    /// The value of the bridge's `data-state`.
    pub fn state_name(&self) -> &'static str {
        match (&self.bridge, &self.address.claim) {
            (Bridge::Absent, _) => "absent",
            (Bridge::Connecting, _) => "connecting",
            (Bridge::Open, Claim::Ours { .. }) => "claimed",
            (Bridge::Open, _) => "open",
            (Bridge::Lost { .. }, _) => "lost",
            (Bridge::Refused { .. }, _) => "refused",
        }
    }

    /// Whether the claim is the lab's quick one.
    pub fn is_lab(&self) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.lab.is_some())
    }

    /// Whether a claim can be begun now.
    pub fn can_claim(&self) -> bool {
        let idle = matches!(self.address.claim, Claim::Nothing | Claim::Failed(_));
        self.bridge == Bridge::Open && idle
    }

    /// Whether a fetch can be begun now (it may claim first).
    pub fn can_fetch(&self) -> bool {
        self.bridge == Bridge::Open && !self.fetch.phase.is_busy()
    }

    /// Claims what is typed.
    pub fn claim(&mut self) -> Option<ToStack> {
        if !self.can_claim() {
            return None;
        }
        let typed = self.address.typed.trim();
        self.address.steps.clear();
        match typed.parse::<Ipv4Addr>() {
            Ok(addr) => {
                self.address.claim = Claim::Claiming(addr);
                Some(ToStack::Claim { addr })
            }
            Err(_) => {
                let problem = self.not_an_address();
                self.address.claim = Claim::Failed(problem);
                None
            }
        }
    }

    fn not_an_address(&self) -> Trouble {
        let typed = self.address.typed.trim();
        if typed.is_empty() {
            return Trouble::AddressNone;
        }
        let example = self.hello.as_ref().map(|hello| hello.subnet.addr);
        let example = example.unwrap_or(Ipv4Addr::new(192, 168, 0, 129));
        Trouble::AddressNot(typed.to_owned(), example)
    }

    /// Fetches what is typed; claims first if need be.
    pub fn begin_fetch(&mut self) -> Vec<ToStack> {
        if !self.can_fetch() {
            return Vec::new();
        }
        let mut out: Vec<ToStack> = self.claim().into_iter().collect();
        if let Claim::Failed(problem) = &self.address.claim {
            let problem = problem.clone();
            self.fetch.begin();
            self.fetch.fail(problem);
            return out;
        }
        self.fetch.begin();
        if !matches!(self.address.claim, Claim::Ours { .. }) {
            self.fetch.phase = Phase::Waiting;
            self.fetch.now = Some(Now::Claiming);
        }
        out.push(ToStack::Fetch {
            fetch: self.fetch.number,
            url: self.fetch.url.trim().to_owned(),
        });
        out
    }

    /// The stack's worker said something.
    pub fn heard(&mut self, said: FromStack) {
        match said {
            FromStack::Ready | FromStack::Broken(_) => {}
            FromStack::Link(link) => self.link(link),
            FromStack::Gate(gate) => self.gate(&gate),
            FromStack::Step { at, addr, step } => self.address.steps.push(Step { at, addr, step }),
            FromStack::Session(SessionEvent::Claim(event)) => self.claim_event(event),
            FromStack::Session(SessionEvent::Fetch { fetch, event }) => {
                if fetch == self.fetch.number {
                    self.fetch.event(event);
                }
            }
            FromStack::Progress { fetch, received } => {
                if fetch == self.fetch.number {
                    self.fetch.received = received;
                }
            }
            FromStack::Stats(stats) => self.stats = stats,
            FromStack::Unsent(frames) => self.unsent = frames,
            FromStack::GateStuck { addr } => self.claim_failed(Trouble::GateStuck(addr)),
        }
    }

    /// The document's worker tells of a body.
    pub fn body(&mut self, fetch: FetchId, body: Body) {
        if fetch != self.fetch.number {
            return;
        }
        self.fetch.received = body.len;
        self.fetch.body = Some(Rc::new(body));
        if self.fetch.phase == Phase::Hashing {
            self.fetch.phase = Phase::Done;
        }
    }

    fn link(&mut self, link: Link) {
        match link {
            Link::Connecting => {
                // A bridge that was lost stays so in words until it is back.
                if !matches!(self.bridge, Bridge::Lost { .. }) {
                    self.bridge = Bridge::Connecting;
                }
            }
            Link::Open { hello, resumed } => self.opened(*hello, resumed),
            Link::Lost { why, retry_ms } => self.bridge = Bridge::Lost { why, retry_ms },
            Link::Refused {
                problem,
                can_take_over,
            } => {
                if self.fetch.phase.is_busy() {
                    self.fetch.fail(problem.clone());
                }
                self.bridge = Bridge::Refused {
                    problem,
                    can_take_over,
                };
            }
            Link::Forgotten => {
                let problem = Trouble::Forgotten;
                if self.fetch.phase.is_busy() {
                    self.fetch.fail(problem.clone());
                }
                if self.address.claim != Claim::Nothing {
                    self.address.claim = Claim::Failed(problem);
                }
            }
        }
    }

    fn opened(&mut self, hello: BridgeHello, resumed: bool) {
        self.bridge = Bridge::Open;
        if !self.address.touched && !resumed {
            let claimed = match hello.claim {
                ClaimState::Open { addr } => Some(addr),
                _ => None,
            };
            let best = claimed.or(hello.only).or(hello.proposed.first().copied());
            self.address.typed = best.map(|addr| addr.to_string()).unwrap_or_default();
        }
        if !self.fetch.touched
            && self.fetch.url.is_empty()
            && let Some(url) = hello.lab.as_ref().and_then(|lab| lab.urls.first())
        {
            self.fetch.url.clone_from(url);
        }
        self.hello = Some(Rc::new(hello));
    }

    /// What the gate refuses, the stack cannot know; the rest it tells itself.
    fn gate(&mut self, gate: &ClaimState) {
        let problem = match *gate {
            ClaimState::Refused { addr, why } => Trouble::GateRefused(addr, why),
            ClaimState::Conflict {
                addr,
                by,
                lost: true,
            } => Trouble::Taken(addr, by),
            ClaimState::Conflict { addr, by, .. } => Trouble::InUse(addr, by),
            ClaimState::Nothing
            | ClaimState::Probing { .. }
            | ClaimState::Waiting { .. }
            | ClaimState::Open { .. } => return,
        };
        self.claim_failed(problem);
    }

    fn claim_event(&mut self, event: ClaimEvent) {
        match event {
            ClaimEvent::Granted { addr, rfc_timings } => {
                self.address.claim = Claim::Ours { addr, rfc_timings };
                if self.fetch.phase == Phase::Waiting {
                    self.fetch.phase = Phase::Running;
                }
            }
            ClaimEvent::Refused { why, .. } => {
                self.claim_failed(Trouble::Claim(why));
            }
            ClaimEvent::Lost { addr, to } => self.claim_failed(Trouble::Taken(addr, to)),
            ClaimEvent::Released { .. } => self.address.claim = Claim::Nothing,
        }
    }

    fn claim_failed(&mut self, problem: Trouble) {
        if self.fetch.phase.is_busy() {
            self.fetch.fail(problem.clone());
        }
        self.address.claim = Claim::Failed(problem);
    }
}
