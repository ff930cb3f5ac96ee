//! How the maps are kept to what the connections say: after each change a
//! connection is filed anew, and what is over is taken out.

use super::slot::{Entry, Owner, Slot};
use super::{Connections, pair};
use crate::tcp::TimeWait;
use crate::time::Instant;
use crate::trace::{ConnId, TcpState};

impl Connections {
    /// It may have segments to send and events to tell.
    pub(super) fn touch(&mut self, conn: ConnId) {
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
    pub(super) fn settle(&mut self, conn: ConnId) {
        let Some(Entry::Live(slot)) = self.entries.get_mut(&conn) else {
            return;
        };
        let deadline = slot.connection.poll_timeout();
        let deadline = deadline.unwrap_or(Instant::FAR_FUTURE);
        self.deadlines.set(conn, slot.deadline, deadline);
        slot.deadline = deadline;
        let state = slot.connection.state();
        let is_handshake = matches!(state, TcpState::SynSent | TcpState::SynReceived);
        let was_handshake = core::mem::replace(&mut slot.is_handshake, is_handshake);
        if is_handshake {
            self.handshakes.insert(conn);
            return;
        }
        if was_handshake {
            self.handshakes.remove(&conn);
        }
        if let Owner::Handshake(port) = slot.owner {
            // What ends before it is complete was never anybody's.
            let complete = (state != TcpState::Closed).then_some(conn);
            slot.is_released = complete.is_none();
            slot.owner = Owner::Queue(port);
            self.listeners.on_handshake_over(port, complete);
        }
    }

    pub(super) fn free_pair(&mut self, conn: ConnId) {
        // Another connection may have the same ends by now.
        if let Some(pair) = self.identity(conn).map(pair)
            && self.by_pair.get(&pair) == Some(&conn)
        {
            self.by_pair.remove(&pair);
        }
    }

    /// Nothing is left of it.
    pub(super) fn remove(&mut self, conn: ConnId) {
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
    pub(super) fn rest(&mut self, conn: ConnId, record: TimeWait) {
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
    pub(super) fn revive(&mut self, conn: ConnId) -> bool {
        let Some(Entry::Resting(record)) = self.entries.get(&conn) else {
            return false;
        };
        self.resting
            .set(conn, record.over_at(), Instant::FAR_FUTURE);
        let slot = Slot {
            connection: record.revive(),
            owner: Owner::Application { called: true },
            deadline: Instant::FAR_FUTURE,
            is_handshake: false,
            is_ready: false,
            is_noted: false,
            // All was told and read before.
            is_released: true,
        };
        self.entries.insert(conn, Entry::Live(Box::new(slot)));
        true
    }
}
