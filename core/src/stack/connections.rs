//! Which connections there are, and which of them want something.
//!
//! ```text
//!   by_pair:    (our port, their address and port) ─► ConnId
//!   entries:    ConnId ─► a connection, or what is left of one in TIME-WAIT
//!   listeners:  our port ─► handshakes under way, connections to be accepted
//!   handshakes: connections that are not synchronized yet
//!   deadlines:  connections by their next timer; resting: the same for TIME-WAIT
//!   ready:      connections that may have a segment to send, taken in turn
//!   noted:      connections that may have an event to tell
//! ```
//!
//! Every look-up costs O(log n) or less, whatever the number of connections.
//! Maps are ordered, so that a run is the same wherever it runs.

use super::StackEvent;
use super::deadlines::Deadlines;
use super::listener::{Listener, Listeners};
use crate::tcp::{Connection, ConnectionEvent, Identity, TimeWait};
use crate::time::Instant;
use crate::trace::{ConnId, TcpState};
use crate::wire::Port;
use core::net::SocketAddrV4;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The application's: it called, or it has accepted.
    Application {
        /// Its beginning is told by [`ConnectionEvent::Connected`].
        called: bool,
    },
    /// A listener's, its handshake under way.
    Handshake(Port),
    /// A listener's, complete: it waits to be accepted.
    Queue(Port),
}

#[derive(Debug)]
struct Slot {
    connection: Connection,
    owner: Owner,
    /// As it stands in `deadlines`.
    deadline: Instant,
    is_ready: bool,
    is_noted: bool,
    /// The application is not interested any more, not even in what it did not read.
    is_released: bool,
}

#[derive(Debug)]
enum Entry {
    Live(Box<Slot>),
    Resting(Box<TimeWait>),
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    entries: BTreeMap<ConnId, Entry>,
    by_pair: BTreeMap<(Port, SocketAddrV4), ConnId>,
    pub(super) listeners: Listeners,
    handshakes: BTreeSet<ConnId>,
    deadlines: Deadlines,
    resting: Deadlines,
    ready: VecDeque<ConnId>,
    noted: VecDeque<ConnId>,
    next_id: u32,
    max_resting: usize,
}

impl Connections {
    /// No connections; of at most `max_resting` in TIME-WAIT the records are kept.
    pub(super) fn new(max_resting: usize) -> Self {
        Self {
            max_resting,
            ..Self::default()
        }
    }

    /// The number that the next connection will have. Never used twice.
    pub(super) fn next_id(&self) -> ConnId {
        ConnId(self.next_id)
    }

    /// Adds a connection that was born with [`Connections::next_id`].
    pub(super) fn insert(&mut self, connection: Connection, owner: Owner) -> ConnId {
        let conn = self.next_id();
        self.next_id += 1;
        self.by_pair.insert(pair(connection.identity()), conn);
        if let Owner::Handshake(port) = owner {
            self.listeners.on_handshake(port);
        }
        let slot = Slot {
            connection,
            owner,
            deadline: Instant::FAR_FUTURE,
            is_ready: false,
            is_noted: false,
            is_released: false,
        };
        self.entries.insert(conn, Entry::Live(Box::new(slot)));
        self.touch(conn);
        conn
    }

    /// Connections, those in TIME-WAIT included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Connections, those of which only a record in TIME-WAIT is left aside.
    pub(super) fn live_len(&self) -> usize {
        self.entries.len() - self.resting.len()
    }

    pub(super) fn find(&self, local: Port, remote: SocketAddrV4) -> Option<ConnId> {
        self.by_pair.get(&(local, remote)).copied()
    }

    /// Whether a connection may be opened with these ends.
    pub(super) fn is_free(&self, local: Port, remote: SocketAddrV4) -> bool {
        self.find(local, remote).is_none() && self.listeners.get(local).is_none()
    }

    /// A listener's connections that nobody has accepted.
    pub(super) fn unaccepted(&self, port: Port) -> Vec<ConnId> {
        let is_ours = |conn: &ConnId| self.owner(*conn) == Some(Owner::Handshake(port));
        let handshakes = self.handshakes.iter().copied().filter(is_ours);
        let queued = self
            .listeners
            .get(port)
            .into_iter()
            .flat_map(Listener::queue);
        handshakes.chain(queued).collect()
    }

    pub(super) fn ids(&self) -> Vec<ConnId> {
        self.entries.keys().copied().collect()
    }

    /// Connections that are not synchronized yet.
    pub(super) fn handshakes(&self) -> Vec<ConnId> {
        self.handshakes.iter().copied().collect()
    }

    pub(super) fn get(&self, conn: ConnId) -> Option<&Connection> {
        match self.entries.get(&conn)? {
            Entry::Live(slot) => Some(&slot.connection),
            Entry::Resting(_) => None,
        }
    }

    /// What is left of a connection in TIME-WAIT.
    pub(super) fn resting(&self, conn: ConnId) -> Option<&TimeWait> {
        match self.entries.get(&conn)? {
            Entry::Live(_) => None,
            Entry::Resting(record) => Some(record),
        }
    }

    /// What a connection was told at birth.
    pub(super) fn identity(&self, conn: ConnId) -> Option<&Identity> {
        Some(match self.entries.get(&conn)? {
            Entry::Live(slot) => slot.connection.identity(),
            Entry::Resting(record) => record.identity(),
        })
    }

    /// Whose it is; a record in TIME-WAIT is nobody's.
    pub(super) fn owner(&self, conn: ConnId) -> Option<Owner> {
        match self.entries.get(&conn)? {
            Entry::Live(slot) => Some(slot.owner),
            Entry::Resting(_) => None,
        }
    }

    /// Changes a connection; afterwards it may have segments to send and events to
    /// tell. One in TIME-WAIT is put together again for it.
    pub(super) fn change<T>(
        &mut self,
        conn: ConnId,
        change: impl FnOnce(&mut Connection) -> T,
    ) -> Option<T> {
        let was_resting = self.revive(conn);
        let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) else {
            return None;
        };
        let changed = change(&mut slot.connection);
        if was_resting && slot.connection.is_finished() {
            self.remove(conn);
        } else {
            self.touch(conn);
        }
        Some(changed)
    }

    /// The application wants to hear no more of it.
    pub(super) fn release(&mut self, conn: ConnId) {
        if let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) {
            slot.is_released = true;
        }
    }

    /// The application takes the oldest connection of a listener's queue.
    pub(super) fn accept(&mut self, port: Port) -> Option<(ConnId, SocketAddrV4)> {
        loop {
            let conn = self.listeners.take(port)?;
            if let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) {
                slot.owner = Owner::Application { called: false };
                let remote = slot.connection.identity().remote;
                self.touch(conn);
                return Some((conn, remote));
            }
        }
    }

    /// The connection whose turn it is to send.
    pub(super) fn next_ready(&mut self) -> Option<(ConnId, &mut Connection)> {
        while let Some(&conn) = self.ready.front() {
            if matches!(self.entries.get(&conn), Some(Entry::Live(_))) {
                break;
            }
            self.ready.pop_front();
        }
        let conn = *self.ready.front()?;
        match self.entries.get_mut(&conn)? {
            Entry::Live(slot) => Some((conn, &mut slot.connection)),
            Entry::Resting(_) => None,
        }
    }

    /// It sent something: the next one's turn.
    pub(super) fn rotate(&mut self) {
        if let Some(&conn) = self.ready.front() {
            self.settle(conn);
        }
        if self.ready.len() > 1 {
            self.ready.rotate_left(1);
        }
    }

    /// It has nothing (more) to send.
    pub(super) fn idle(&mut self, conn: ConnId) {
        if self.ready.front() == Some(&conn) {
            self.ready.pop_front();
        }
        if let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) {
            slot.is_ready = false;
        }
        self.settle(conn);
        self.forget_if_over(conn);
    }

    /// There is no address: connections have failed, and nothing may be sent.
    pub(super) fn idle_all(&mut self) {
        while let Some((conn, _)) = self.next_ready() {
            self.idle(conn);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let first = [self.deadlines.first(), self.resting.first()];
        first.into_iter().flatten().map(|(at, _)| at).min()
    }

    /// The connection whose timer is due first, if one is due at `now`.
    pub(super) fn next_due(&self, now: Instant) -> Option<ConnId> {
        let first = [self.deadlines.first(), self.resting.first()];
        let (at, conn) = first.into_iter().flatten().min()?;
        (at <= now).then_some(conn)
    }

    /// The next thing that an application may want to know.
    pub(super) fn poll_event(&mut self) -> Option<StackEvent> {
        if let Some(port) = self.listeners.poll() {
            return Some(StackEvent::Acceptable { port });
        }
        while let Some(&conn) = self.noted.front() {
            if let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) {
                if let Some(event) = slot.poll_event() {
                    return Some(StackEvent::Connection { conn, event });
                }
                slot.is_noted = false;
            }
            self.noted.pop_front();
            self.forget_if_over(conn);
        }
        None
    }

    /// Lets go of a connection that is over, once its segments are sent, its events
    /// told and its data read (or nobody wants them). Of one in TIME-WAIT a record
    /// is kept.
    pub(super) fn forget_if_over(&mut self, conn: ConnId) {
        let Some(Entry::Live(slot)) = self.entries.get(&conn) else {
            return;
        };
        if slot.is_ready {
            return;
        }
        let wanted = slot.is_wanted();
        if slot.connection.is_finished() {
            self.free_pair(conn);
            if !wanted {
                self.remove(conn);
            }
        } else if !wanted && let Some(record) = TimeWait::of(&slot.connection) {
            self.rest(conn, record);
        }
    }
}

/// How the maps are kept to what the connections say.
impl Connections {
    /// It may have segments to send and events to tell.
    fn touch(&mut self, conn: ConnId) {
        let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) else {
            return;
        };
        if !core::mem::replace(&mut slot.is_ready, true) {
            self.ready.push_back(conn);
        }
        if !core::mem::replace(&mut slot.is_noted, true) {
            self.noted.push_back(conn);
        }
        self.settle(conn);
    }

    /// Files a connection anew under its state and its next timer.
    fn settle(&mut self, conn: ConnId) {
        let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) else {
            return;
        };
        let deadline = slot.connection.poll_timeout();
        let deadline = deadline.unwrap_or(Instant::FAR_FUTURE);
        self.deadlines.set(conn, slot.deadline, deadline);
        slot.deadline = deadline;
        let state = slot.connection.state();
        if matches!(state, TcpState::SynSent | TcpState::SynReceived) {
            self.handshakes.insert(conn);
            return;
        }
        self.handshakes.remove(&conn);
        if let Owner::Handshake(port) = slot.owner {
            // What ends before it is complete was never anybody's.
            let complete = (state != TcpState::Closed).then_some(conn);
            slot.is_released = complete.is_none();
            slot.owner = Owner::Queue(port);
            self.listeners.on_handshake_over(port, complete);
        }
    }

    fn free_pair(&mut self, conn: ConnId) {
        // Another connection may have the same ends by now.
        if let Some(pair) = self.identity(conn).map(pair)
            && self.by_pair.get(&pair) == Some(&conn)
        {
            self.by_pair.remove(&pair);
        }
    }

    /// Nothing is left of it.
    fn remove(&mut self, conn: ConnId) {
        self.free_pair(conn);
        match self.entries.remove(&conn) {
            Some(Entry::Live(slot)) => {
                self.deadlines.set(conn, slot.deadline, Instant::FAR_FUTURE);
            }
            Some(Entry::Resting(record)) => {
                self.resting
                    .set(conn, record.over_at(), Instant::FAR_FUTURE);
            }
            None => {}
        }
    }

    /// Only a record stays, for the rest of 2 MSL.
    fn rest(&mut self, conn: ConnId, record: TimeWait) {
        if let Some(Entry::Live(slot)) = self.entries.get(&conn) {
            self.deadlines.set(conn, slot.deadline, Instant::FAR_FUTURE);
        }
        self.resting
            .set(conn, Instant::FAR_FUTURE, record.over_at());
        self.entries.insert(conn, Entry::Resting(Box::new(record)));
        // The peers of a busy server decide how many there are; the one that has
        // waited longest goes first (as in Linux).
        if self.resting.len() > self.max_resting
            && let Some((_, oldest)) = self.resting.first()
        {
            self.remove(oldest);
        }
    }

    /// A record in TIME-WAIT becomes a connection again; whether it was one.
    fn revive(&mut self, conn: ConnId) -> bool {
        let Some(Entry::Resting(record)) = self.entries.get(&conn) else {
            return false;
        };
        self.resting
            .set(conn, record.over_at(), Instant::FAR_FUTURE);
        let slot = Slot {
            connection: record.revive(),
            owner: Owner::Application { called: true },
            deadline: Instant::FAR_FUTURE,
            is_ready: false,
            is_noted: false,
            // All was told and read before.
            is_released: true,
        };
        self.entries.insert(conn, Entry::Live(Box::new(slot)));
        true
    }
}

impl Slot {
    /// The next event for the application; of what was not accepted there is none.
    fn poll_event(&mut self) -> Option<ConnectionEvent> {
        let Owner::Application { called } = self.owner else {
            return None;
        };
        self.connection
            .poll_event()
            // Who accepted it knows.
            .filter(|event| called || *event != ConnectionEvent::Connected)
            .or_else(|| self.connection.poll_event())
    }

    /// Whether the application has still to be told something, or to read.
    fn is_wanted(&self) -> bool {
        let is_queued = matches!(self.owner, Owner::Queue(_));
        let unread = self.connection.readable_len() > 0;
        !self.is_released && (is_queued || self.is_noted || unread)
    }
}

fn pair(identity: &Identity) -> (Port, SocketAddrV4) {
    (Port(identity.local.port()), identity.remote)
}
