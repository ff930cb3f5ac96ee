//! Servers: an address of our own, and a service on it.
//!
//! ```text
//!            handle(now, Input)             mutate once
//!                  |
//!   Frame ---->  +--------+  poll_event ----> claims       then drain
//!   Timeout -->  | Server |  poll_transmit -> frames
//!   Claim ---->  +--------+  poll_timeout --> when next
//!                  | stack events
//!                  v
//!                Service: EchoServer, FileServer, ...
//! ```
//!
//! A service knows connections, not where frames come from: the same one serves
//! in the simulator, on a real wire and in a test.

mod echo;
pub mod files;

pub use echo::EchoServer;

use crate::app::session::{
    ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, SessionConfig, claim_refusal,
};
use crate::link::Timings;
use crate::stack::{Config, ListenError, Stack, StackEvent};
use crate::time::Instant;
use crate::trace::{FrameId, Observer};
use std::collections::VecDeque;

/// What runs on a stack and takes its connections.
pub trait Service<O: Observer> {
    /// Begins to listen.
    ///
    /// # Errors
    /// When a port is taken.
    fn start(&mut self, stack: &mut Stack<O>) -> Result<(), ListenError>;

    /// Something happened.
    fn on_event(&mut self, stack: &mut Stack<O>, now: Instant, event: StackEvent);

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    fn on_timeout(&mut self, _stack: &mut Stack<O>, _now: Instant) {}

    /// Takes no more connections, and ends those that there are with a RST.
    fn stop(&mut self, _stack: &mut Stack<O>, _now: Instant) {}

    /// When the service wants [`on_timeout`](Self::on_timeout).
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// One thing that happens to a server.
#[derive(Clone, Debug)]
pub enum ServerInput<'a> {
    /// A frame came in: Ethernet II, without FCS.
    Frame {
        /// Its id, from [`FrameId::received`].
        id: FrameId,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// The time of [`Server::poll_timeout`] has come (too early or too often does
    /// no harm).
    Timeout,
    /// Take this address: it is probed first (RFC 5227).
    Claim(ClaimCommand),
    /// End every connection, and take no more.
    Stop,
}

/// A stack with a service on it.
#[derive(Debug)]
pub struct Server<S, O: Observer> {
    stack: Stack<O>,
    service: S,
    now: Instant,
    rfc_timings: bool,
    events: VecDeque<ClaimEvent>,
}

impl<O: Observer, S: Service<O>> Server<S, O> {
    /// A server without an address. `max_connections` bounds its memory.
    ///
    /// # Errors
    /// When the service cannot listen.
    pub fn new(
        config: SessionConfig,
        max_connections: usize,
        mut service: S,
        observer: O,
    ) -> Result<Self, ListenError> {
        let mut stack_config = Config::new(config.mac).with_mtu(config.mtu);
        stack_config.max_connections = max_connections;
        let mut stack = Stack::new(stack_config, config.stack_seed(), observer);
        service.start(&mut stack)?;
        Ok(Self {
            stack,
            service,
            now: Instant::ZERO,
            rfc_timings: true,
            events: VecDeque::new(),
        })
    }

    /// Something happened. Then drain [`poll_event`](Self::poll_event),
    /// [`poll_transmit`](Self::poll_transmit) and
    /// [`poll_timeout`](Self::poll_timeout), in this order.
    pub fn handle(&mut self, now: Instant, input: ServerInput<'_>) {
        self.now = self.now.max(now);
        let now = self.now;
        match input {
            ServerInput::Frame { id, bytes } => self.stack.handle_frame(now, id, bytes),
            ServerInput::Timeout => {
                self.stack.handle_timeout(now);
                self.take_stack_events();
                if self.service.poll_timeout().is_some_and(|at| at <= now) {
                    self.service.on_timeout(&mut self.stack, now);
                }
            }
            ServerInput::Claim(command) => self.claim(&command),
            ServerInput::Stop => self.service.stop(&mut self.stack, now),
        }
        self.take_stack_events();
    }

    /// Puts the next frame to send into `frame` (whatever that held is replaced).
    /// To be called until it answers `None`.
    pub fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<FrameId> {
        self.now = self.now.max(now);
        self.stack.poll_transmit(self.now, frame)
    }

    /// How the claim goes. To be called until it answers `None`.
    pub fn poll_event(&mut self) -> Option<ClaimEvent> {
        self.take_stack_events();
        self.events.pop_front()
    }

    /// When [`ServerInput::Timeout`] is due, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = [self.stack.poll_timeout(), self.service.poll_timeout()];
        due.into_iter().flatten().min()
    }

    /// The stack below, to be looked at.
    pub fn stack(&self) -> &Stack<O> {
        &self.stack
    }

    /// Whoever is told the trace.
    pub fn observer_mut(&mut self) -> &mut O {
        self.stack.observer_mut()
    }

    /// The service, and the stack that it lives on.
    pub fn service_and_stack(&mut self) -> (&mut S, &Stack<O>) {
        (&mut self.service, &self.stack)
    }

    /// The service.
    pub fn service_mut(&mut self) -> &mut S {
        &mut self.service
    }

    fn claim(&mut self, command: &ClaimCommand) {
        let addr = command.addr;
        if let Err(why) = self.try_claim(command) {
            self.events.push_back(ClaimEvent::Refused { addr, why });
        }
    }

    fn try_claim(&mut self, command: &ClaimCommand) -> Result<(), ClaimRefusal> {
        let ClaimCommand {
            addr,
            prefix_len,
            gateway,
            ..
        } = *command;
        if !(1..=30).contains(&prefix_len) {
            return Err(ClaimRefusal::PrefixLen);
        }
        self.rfc_timings = command.timings == ClaimTimings::Rfc5227;
        let timings = match command.timings {
            ClaimTimings::Rfc5227 => Timings::RFC5227,
            ClaimTimings::QuickLab => Timings::quick_lab(),
        };
        self.stack
            .claim(self.now, addr, prefix_len, gateway, timings)
            .map_err(|error| claim_refusal(error, prefix_len))
    }

    fn take_stack_events(&mut self) {
        while let Some(event) = self.stack.poll_event() {
            match event {
                StackEvent::AddressGranted { addr } => {
                    let rfc_timings = self.rfc_timings;
                    self.events
                        .push_back(ClaimEvent::Granted { addr, rfc_timings });
                    self.service.on_event(&mut self.stack, self.now, event);
                }
                StackEvent::AddressInUse { addr, by } => {
                    let why = ClaimRefusal::InUse { by };
                    self.events.push_back(ClaimEvent::Refused { addr, why });
                }
                StackEvent::AddressLost { addr, to } => {
                    self.events.push_back(ClaimEvent::Lost { addr, to });
                }
                other => self.service.on_event(&mut self.stack, self.now, other),
            }
        }
    }
}
