//! One claimed address and the fetches made from it: what `synema curl` and the page's worker drive.
//!
//! ```text
//!            handle(now, Input)                 mutate once
//!                  |
//!   Frame ---->  +---------+  poll_event -----> events      then drain,
//!   Timeout -->  | Session |  poll_transmit --> frames      until all
//!   Command -->  +---------+  poll_timeout ---> when next   answer None
//! ```
//!
//! **Backpressure.** A body's bytes stay in the connection's receive buffer
//! until [`Session::poll_event`] is called: whoever stops asking for events
//! closes the peer's window, and no more than the receive buffer is ever held.
//! Taking events can make frames (window updates): drain `poll_event` first,
//! `poll_transmit` after it, and ask `poll_timeout` last. Drain after *each*
//! `handle`: whoever hands in a burst of frames first and drains then has one ACK
//! sent for all of them.

mod address;
mod error;
mod exchange;
mod fetch;
mod propose;
mod resolve;
mod types;

pub use error::{FetchError, FetchErrorKind};
pub use propose::propose_candidates;
pub use types::{
    ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, Command, FetchEvent, FetchId,
    FetchLimits, FetchOptions, FetchTimeouts, Input, SessionConfig, SessionEvent,
};

use crate::app::dns::Cache;
use crate::stack::{Config, Stack, StackEvent};
use crate::time::Instant;
use crate::trace::{ConnId, FrameId, Observer};
use crate::wire::Port;
use address::Network;
pub(super) use address::claim_refusal;
use core::hash::Hasher;
use core::net::SocketAddrV4;
use fetch::Fetch;
use siphasher::sip::SipHasher24;
use std::collections::{BTreeMap, VecDeque};

/// Fetches at once.
const MAX_FETCHES: usize = 16;

/// One claimed address and the fetches made from it.
#[derive(Debug)]
pub struct Session<O: Observer> {
    /// What all fetches share.
    shared: Shared<O>,
    fetches: BTreeMap<FetchId, Fetch>,
    /// The fetch whose body was read last: the next one's turn comes first.
    last_read: FetchId,
}

/// What all fetches share.
#[derive(Debug)]
struct Shared<O: Observer> {
    stack: Stack<O>,
    now: Instant,
    ids: Ids,
    /// The address and what is around it, from the claim on.
    network: Option<Network>,
    cache: Cache,
    events: VecDeque<SessionEvent>,
    /// Which fetch a connection or a socket belongs to.
    conns: BTreeMap<ConnId, FetchId>,
    ports: BTreeMap<Port, FetchId>,
}

impl<O: Observer> Session<O> {
    /// A session without an address. `observer` is told every trace event.
    pub fn new(config: SessionConfig, observer: O) -> Self {
        let stack_config = Config::new(config.mac).with_mtu(config.mtu);
        Self {
            shared: Shared {
                stack: Stack::new(stack_config, config.stack_seed(), observer),
                now: Instant::ZERO,
                ids: Ids {
                    key: (config.seed_word(2), config.seed_word(3)),
                    count: 0,
                },
                network: None,
                cache: Cache::default(),
                events: VecDeque::new(),
                conns: BTreeMap::new(),
                ports: BTreeMap::new(),
            },
            fetches: BTreeMap::new(),
            last_read: 0,
        }
    }

    /// Something happened. Then drain [`poll_event`](Self::poll_event),
    /// [`poll_transmit`](Self::poll_transmit) and
    /// [`poll_timeout`](Self::poll_timeout), in this order.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        let now = self.shared.advance(now);
        match input {
            Input::Frame { id, bytes } => {
                self.shared.stack.handle_frame(now, id, bytes);
                for fetch in self.fetches.values_mut() {
                    fetch.on_frame(&self.shared);
                }
            }
            Input::Timeout => self.on_timeout(now),
            Input::Command(command) => self.on_command(command),
        }
        self.take_stack_events();
    }

    /// Puts the next frame to send into `frame` (whatever that held is
    /// replaced): Ethernet II, without FCS. To be called until it answers `None`.
    pub fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<FrameId> {
        let now = self.shared.advance(now);
        self.shared.stack.poll_transmit(now, frame)
    }

    /// The next event. To be called until it answers `None`; or not, to let the
    /// peers wait.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        loop {
            if let Some(event) = self.shared.events.pop_front() {
                return Some(event);
            }
            self.take_stack_events();
            if self.shared.events.is_empty() && !self.read_next() {
                return None;
            }
        }
    }

    /// When [`Input::Timeout`] is due, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let fetches = self.fetches.values().filter_map(Fetch::poll_timeout);
        fetches.chain(self.shared.stack.poll_timeout()).min()
    }

    /// The stack below, to be looked at: its connections' states, the address.
    pub fn stack(&self) -> &Stack<O> {
        &self.shared.stack
    }

    /// Whoever is told the trace.
    pub fn observer(&self) -> &O {
        self.shared.stack.observer()
    }

    /// Whoever is told the trace.
    pub fn observer_mut(&mut self) -> &mut O {
        self.shared.stack.observer_mut()
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Claim(claim) => self.shared.claim(claim),
            Command::Release => self.release(),
            Command::Fetch {
                fetch,
                url,
                options,
            } => self.begin(fetch, &url, options),
            Command::Cancel { fetch } => {
                if let Some(mut cancelled) = self.fetches.remove(&fetch) {
                    cancelled.fail(&mut self.shared, FetchError::Cancelled);
                }
            }
        }
    }

    fn begin(&mut self, fetch: FetchId, url: &str, options: Box<FetchOptions>) {
        let busy = self.fetches.contains_key(&fetch) || self.fetches.len() >= MAX_FETCHES;
        if busy {
            let event = FetchEvent::Failed(FetchError::Busy);
            return self.shared.tell(fetch, event);
        }
        if let Some(begun) = Fetch::begin(&mut self.shared, fetch, url, options) {
            self.fetches.insert(fetch, begun);
        }
    }

    fn release(&mut self) {
        self.fail_all(&FetchError::AddressReleased);
        self.shared.release();
    }

    fn fail_all(&mut self, error: &FetchError) {
        for (_, mut fetch) in core::mem::take(&mut self.fetches) {
            fetch.fail(&mut self.shared, error.clone());
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        self.shared.stack.handle_timeout(now);
        // What the stack has to tell comes before our own patience ends.
        self.take_stack_events();
        let due =
            |(_, fetch): &(&FetchId, &Fetch)| fetch.poll_timeout().is_some_and(|at| at <= now);
        let due: Vec<FetchId> = self.fetches.iter().filter(due).map(|(id, _)| *id).collect();
        for fetch in due {
            self.with_fetch(fetch, Fetch::on_timeout);
        }
    }

    fn take_stack_events(&mut self) {
        while let Some(event) = self.shared.stack.poll_event() {
            self.on_stack_event(event);
        }
    }

    fn on_stack_event(&mut self, event: StackEvent) {
        match event {
            StackEvent::AddressGranted { addr } => self.shared.on_granted(addr),
            StackEvent::AddressInUse { addr, by } => self.shared.on_in_use(addr, by),
            StackEvent::AddressLost { addr, to } => {
                self.shared.on_lost(addr, to);
                self.fail_all(&FetchError::AddressLost { to });
            }
            StackEvent::Connection { conn, event } => {
                if let Some(fetch) = self.shared.conns.get(&conn).copied() {
                    self.with_fetch(fetch, |fetch, shared| {
                        fetch.on_connection(shared, conn, event);
                    });
                }
            }
            StackEvent::UdpReadable { port } => {
                if let Some(fetch) = self.shared.ports.get(&port).copied() {
                    self.with_fetch(fetch, |fetch, shared| fetch.on_datagrams(shared, port));
                }
            }
            StackEvent::UdpUnreachable { port, remote, .. } => {
                if let Some(fetch) = self.shared.ports.get(&port).copied() {
                    self.with_fetch(fetch, |fetch, shared| {
                        fetch.on_udp_unreachable(shared, port, remote);
                    });
                }
            }
            // Connections that wait for the neighbour are told by themselves; and
            // nobody listens here.
            StackEvent::NoNeighbour { .. } | StackEvent::Acceptable { .. } => {}
        }
    }

    /// Reads from the next connection that has something; whether there was one.
    fn read_next(&mut self) -> bool {
        let after = self.fetches.range(self.last_read.saturating_add(1)..);
        let before = self.fetches.range(..=self.last_read);
        let readable = |(_, fetch): &(&FetchId, &Fetch)| fetch.has_news(&self.shared);
        let Some((&next, _)) = after.chain(before).find(readable) else {
            return false;
        };
        self.last_read = next;
        self.with_fetch(next, Fetch::read);
        true
    }

    /// Does something with a fetch, and lets go of it if that was its end.
    fn with_fetch(&mut self, fetch: FetchId, change: impl FnOnce(&mut Fetch, &mut Shared<O>)) {
        if let Some(changed) = self.fetches.get_mut(&fetch) {
            change(changed, &mut self.shared);
            if changed.is_over() {
                self.fetches.remove(&fetch);
            }
        }
    }
}

impl<O: Observer> Shared<O> {
    /// Time goes forward, whatever the caller says.
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn tell(&mut self, fetch: FetchId, event: FetchEvent) {
        self.events.push_back(SessionEvent::Fetch { fetch, event });
    }

    /// Opens a connection on behalf of `fetch`.
    fn connect(
        &mut self,
        fetch: FetchId,
        remote: SocketAddrV4,
        policy: &crate::tcp::Policy,
    ) -> Result<ConnId, FetchError> {
        use crate::stack::ConnectError;
        match self.stack.connect(self.now, remote, policy) {
            Ok(conn) => {
                self.conns.insert(conn, fetch);
                Ok(conn)
            }
            Err(ConnectError::NoAddress) => Err(FetchError::NoAddress),
            Err(ConnectError::NoRoute(_)) => Err(FetchError::NoRoute { remote }),
            Err(
                ConnectError::PortZero
                | ConnectError::NoFreePort
                | ConnectError::InUse(_)
                | ConnectError::TooMany,
            ) => Err(FetchError::NoPort),
        }
    }

    /// Ends a connection in order, and wants to hear no more of it.
    fn close(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
        self.stack.close(self.now, conn);
    }

    /// Ends a connection at once.
    fn abort(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
        self.stack.abort(self.now, conn);
    }
}

/// Ids of DNS queries, from a keyed hash: a stranger who has seen some can tell
/// nothing of the next (RFC 5452 §9.2).
#[derive(Debug)]
struct Ids {
    key: (u64, u64),
    count: u64,
}

impl Ids {
    fn next(&mut self) -> u16 {
        self.count += 1;
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write(&self.count.to_le_bytes());
        let [low, high, ..] = hasher.finish().to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}
