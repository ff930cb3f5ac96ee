//! Ports on which connections are taken, and the two queues before `accept`.
//!
//! ```text
//!              handshakes (SYN queue)            complete (accept queue)
//!   SYN ────►  [ SYN-RECEIVED, a connection ] ─ACK─► [ ESTABLISHED ] ─accept()─► application
//!    │ full         ▲                    ACK, queue full: dropped,
//!    ▼              │                    the SYN-ACK will be repeated
//!   SYN cookie      └── its number is the whole memory ──── ACK ──►
//! ```

use crate::tcp::Policy;
use crate::time::{Duration, Instant};
use crate::trace::ConnId;
use crate::wire::Port;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How long after the last cookie went out one may come back: as long as
/// cookies are valid.
const COOKIES_RETURN: Duration = Duration::from_secs(120);

/// How much a listener holds before the application takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Complete connections that wait for [`Stack::accept`](super::Stack::accept).
    pub accept: usize,
    /// Handshakes under way.
    pub handshakes: usize,
    /// Whether further SYNs are answered with cookies (RFC 4987 §3.6), which
    /// need no memory; if not, they are dropped.
    pub cookies: bool,
}

impl Default for Backlog {
    fn default() -> Self {
        Self {
            accept: 128,
            handshakes: 128,
            cookies: true,
        }
    }
}

/// A port on which connections are taken.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) policy: Arc<Policy>,
    pub(super) backlog: Backlog,
    /// Handshakes under way.
    handshakes: usize,
    /// Complete connections, the oldest first.
    queue: VecDeque<ConnId>,
    /// When a cookie went out last.
    cookie_at: Option<Instant>,
    /// The application is to be told that the accept queue is not empty.
    is_noted: bool,
}

impl Listener {
    fn new(policy: &Policy, backlog: Backlog) -> Self {
        Self {
            policy: policy.into(),
            backlog,
            handshakes: 0,
            queue: VecDeque::new(),
            cookie_at: None,
            is_noted: false,
        }
    }

    /// Whether the application must take a connection before another is complete.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= self.backlog.accept
    }

    /// Whether another handshake can be remembered.
    pub(super) fn has_room_for_handshake(&self) -> bool {
        self.handshakes < self.backlog.handshakes
    }

    /// Complete connections, the oldest first.
    pub(super) fn queue(&self) -> impl Iterator<Item = ConnId> {
        self.queue.iter().copied()
    }

    /// A cookie goes out.
    pub(super) fn on_cookie(&mut self, now: Instant) {
        self.cookie_at = Some(now);
    }

    /// Whether a cookie of ours may come back. When none was sent lately, an ACK
    /// out of nowhere need not be believed, however well it is guessed.
    pub(super) fn expects_cookies(&self, now: Instant) -> bool {
        self.cookie_at
            .is_some_and(|at| now.since(at) < COOKIES_RETURN)
    }
}

/// All ports on which connections are taken.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    by_port: BTreeMap<Port, Listener>,
}

impl Listeners {
    /// Answers false if somebody listens there already.
    pub(super) fn open(&mut self, port: Port, policy: &Policy, backlog: Backlog) -> bool {
        let is_free = !self.by_port.contains_key(&port);
        if is_free {
            self.by_port.insert(port, Listener::new(policy, backlog));
        }
        is_free
    }

    pub(super) fn close(&mut self, port: Port) {
        self.by_port.remove(&port);
    }

    pub(super) fn get(&self, port: Port) -> Option<&Listener> {
        self.by_port.get(&port)
    }

    pub(super) fn get_mut(&mut self, port: Port) -> Option<&mut Listener> {
        self.by_port.get_mut(&port)
    }

    /// A handshake begins.
    pub(super) fn on_handshake(&mut self, port: Port) {
        if let Some(listener) = self.by_port.get_mut(&port) {
            listener.handshakes += 1;
        }
    }

    /// A handshake is over; `complete` if a connection came of it.
    pub(super) fn on_handshake_over(&mut self, port: Port, complete: Option<ConnId>) {
        if let Some(listener) = self.by_port.get_mut(&port) {
            listener.handshakes = listener.handshakes.saturating_sub(1);
            if let Some(conn) = complete {
                listener.queue.push_back(conn);
                listener.is_noted = true;
            }
        }
    }

    /// The oldest connection of a port's accept queue.
    pub(super) fn take(&mut self, port: Port) -> Option<ConnId> {
        self.by_port.get_mut(&port)?.queue.pop_front()
    }

    /// A port with connections to accept of which the application was not told.
    pub(super) fn poll(&mut self) -> Option<Port> {
        let (port, listener) = self.by_port.iter_mut().find(|(_, l)| l.is_noted)?;
        listener.is_noted = false;
        Some(*port)
    }
}
