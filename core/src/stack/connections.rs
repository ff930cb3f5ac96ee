//! Which connections there are, and which of them want something.
//!
//! ```text
//!   by_pair:  (our port, their address and port) ─► ConnId
//!   slots:     ConnId ─► connection, and whether it stands in a queue
//!   ready:     connections that may have a segment to send, taken in turn
//!   noted:     connections that may have an event to tell
//! ```
//!
//! Maps are ordered, so that a run is the same wherever it runs.

use super::StackEvent;
use crate::tcp::{Connection, ConnectionEvent};
use crate::time::Instant;
use crate::trace::{ConnId, TcpState};
use crate::wire::Port;
use core::net::SocketAddrV4;
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug)]
struct Slot {
    connection: Connection,
    /// The listener that took it.
    listener: Option<Port>,
    is_ready: bool,
    is_noted: bool,
    /// The application is not interested any more, not even in what it did not read.
    is_released: bool,
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    slots: BTreeMap<ConnId, Slot>,
    by_pair: BTreeMap<(Port, SocketAddrV4), ConnId>,
    ready: VecDeque<ConnId>,
    noted: VecDeque<ConnId>,
    next_id: u32,
}

impl Connections {
    /// The number that the next connection will have. Never used twice.
    pub(super) fn next_id(&self) -> ConnId {
        ConnId(self.next_id)
    }

    /// Adds a connection that was born with [`Connections::next_id`].
    pub(super) fn insert(&mut self, connection: Connection, listener: Option<Port>) -> ConnId {
        let conn = self.next_id();
        self.next_id += 1;
        let identity = connection.identity();
        self.by_pair
            .insert((Port(identity.local.port()), identity.remote), conn);
        let slot = Slot {
            connection,
            listener,
            is_ready: false,
            is_noted: false,
            is_released: false,
        };
        self.slots.insert(conn, slot);
        self.touch(conn);
        conn
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Connections of one listener whose handshake is not complete.
    pub(super) fn backlog(&self, port: Port) -> usize {
        let waits = |slot: &&Slot| {
            slot.listener == Some(port) && slot.connection.state() == TcpState::SynReceived
        };
        self.slots.values().filter(waits).count()
    }

    pub(super) fn find(&self, local: Port, remote: SocketAddrV4) -> Option<ConnId> {
        self.by_pair.get(&(local, remote)).copied()
    }

    pub(super) fn ids(&self) -> Vec<ConnId> {
        self.slots.keys().copied().collect()
    }

    pub(super) fn get(&self, conn: ConnId) -> Option<&Connection> {
        self.slots.get(&conn).map(|slot| &slot.connection)
    }

    /// The connection, about to be changed: afterwards it may have segments to send
    /// and events to tell.
    pub(super) fn touch(&mut self, conn: ConnId) -> Option<&mut Connection> {
        let slot = self.slots.get_mut(&conn)?;
        if !slot.is_ready {
            slot.is_ready = true;
            self.ready.push_back(conn);
        }
        if !slot.is_noted {
            slot.is_noted = true;
            self.noted.push_back(conn);
        }
        Some(&mut slot.connection)
    }

    /// The application wants to hear no more of it.
    pub(super) fn release(&mut self, conn: ConnId) {
        if let Some(slot) = self.slots.get_mut(&conn) {
            slot.is_released = true;
        }
    }

    /// The connection whose turn it is to send.
    pub(super) fn next_ready(&mut self) -> Option<(ConnId, &mut Connection)> {
        while let Some(&conn) = self.ready.front() {
            if self.slots.contains_key(&conn) {
                break;
            }
            self.ready.pop_front();
        }
        let conn = *self.ready.front()?;
        let slot = self.slots.get_mut(&conn)?;
        Some((conn, &mut slot.connection))
    }

    /// It sent something: the next one's turn.
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
        if let Some(slot) = self.slots.get_mut(&conn) {
            slot.is_ready = false;
        }
        self.forget_if_over(conn);
    }

    /// There is no address: connections have failed, and nothing may be sent.
    pub(super) fn idle_all(&mut self) {
        while let Some((conn, _)) = self.next_ready() {
            self.idle(conn);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.slots
            .values()
            .filter_map(|slot| slot.connection.poll_timeout())
            .min()
    }

    /// Connections with a timer that is due.
    pub(super) fn due(&self, now: Instant) -> Vec<ConnId> {
        let due = |(_, slot): &(&ConnId, &Slot)| {
            slot.connection.poll_timeout().is_some_and(|at| at <= now)
        };
        self.slots
            .iter()
            .filter(due)
            .map(|(conn, _)| *conn)
            .collect()
    }

    /// The next thing that an application may want to know.
    pub(super) fn poll_event(&mut self) -> Option<StackEvent> {
        while let Some(&conn) = self.noted.front() {
            if let Some(slot) = self.slots.get_mut(&conn) {
                if let Some(event) = slot.connection.poll_event() {
                    return Some(told(conn, slot, event));
                }
                slot.is_noted = false;
            }
            self.noted.pop_front();
            self.forget_if_over(conn);
        }
        None
    }

    /// Lets go of a connection that is over, once its segments are sent, its events
    /// told and its data read (or nobody wants them).
    pub(super) fn forget_if_over(&mut self, conn: ConnId) {
        let Some(slot) = self.slots.get(&conn) else {
            return;
        };
        if slot.is_ready || !slot.connection.is_finished() {
            return;
        }
        let identity = *slot.connection.identity();
        let wanted = !slot.is_released && (slot.is_noted || slot.connection.readable_len() > 0);
        let pair = (Port(identity.local.port()), identity.remote);
        // Another connection may have the same ends by now.
        if self.by_pair.get(&pair) == Some(&conn) {
            self.by_pair.remove(&pair);
        }
        if !wanted {
            self.slots.remove(&conn);
        }
    }
}

/// A listener's connection is told of once its handshake is complete.
fn told(conn: ConnId, slot: &Slot, event: ConnectionEvent) -> StackEvent {
    match (event, slot.listener) {
        (ConnectionEvent::Connected, Some(port)) => StackEvent::Accepted {
            conn,
            port,
            remote: slot.connection.identity().remote,
        },
        _ => StackEvent::Connection { conn, event },
    }
}
