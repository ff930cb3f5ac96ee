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

mod filing;
mod slot;

pub(super) use slot::Owner;

use super::StackEvent;
use super::deadlines::Deadlines;
use super::listener::{Listener, Listeners};
use crate::tcp::{Connection, Identity, TimeWait};
use crate::time::Instant;
use crate::trace::ConnId;
use crate::wire::Port;
use core::net::SocketAddrV4;
use slot::{Entry, Slot};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
            is_handshake: false,
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

    /// It sent something: the next one's turn. It is filed anew when it has sent all.
    pub(super) fn rotate(&mut self) {
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

fn pair(identity: &Identity) -> (Port, SocketAddrV4) {
    (Port(identity.local.port()), identity.remote)
}
