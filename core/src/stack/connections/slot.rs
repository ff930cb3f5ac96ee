//! One place for a connection, and whose it is.

use crate::tcp::{Connection, ConnectionEvent, TimeWait};
use crate::time::Instant;
use crate::wire::Port;

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) enum Owner {
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
pub(super) struct Slot {
    pub(super) connection: Connection,
    pub(super) owner: Owner,
    /// As it stands in `deadlines`.
    pub(super) deadline: Instant,
    /// As it stands in `handshakes`.
    pub(super) is_handshake: bool,
    pub(super) is_ready: bool,
    pub(super) is_noted: bool,
    /// The application is not interested any more, not even in what it did not read.
    pub(super) is_released: bool,
}

#[derive(Debug)]
pub(super) enum Entry {
    Live(Box<Slot>),
    Resting(Box<TimeWait>),
}

impl Slot {
    /// The next event for the application; of what was not accepted there is none.
    pub(super) fn poll_event(&mut self) -> Option<ConnectionEvent> {
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
    pub(super) fn is_wanted(&self) -> bool {
        let is_queued = matches!(self.owner, Owner::Queue(_));
        let unread = self.connection.readable_len() > 0;
        !self.is_released && (is_queued || self.is_noted || unread)
    }
}
