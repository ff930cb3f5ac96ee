//! Segments for a listener, and for connections that wait before it: which
//! handshakes are begun, remembered, completed or left for later.
//!
//! ```text
//!   SYN   accept queue full                 dropped: it will come again
//!         room for a handshake              a connection in SYN-RECEIVED
//!         otherwise                         a SYN cookie, or dropped
//!         its ends are in TIME-WAIT         the next connection, if it is surely new
//!   ACK   of a handshake, queue full        dropped: our SYN-ACK will be repeated
//!         of a cookie                       a connection, complete
//!         of nothing                        RST
//! ```

use super::Stack;
use super::connections::Owner;
use super::cookies::Cookies;
use super::receive::Carried;
use crate::tcp::{Connection, Policy, Segment, TimeWait, cookie_syn_ack};
use crate::trace::{Cause, ConnId, DropReason, Observer};
use crate::wire::{Port, Protocol, SeqNum};
use core::net::SocketAddrV4;
use std::sync::Arc;

/// Whether a segment was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

impl<O: Observer> Stack<O> {
    /// A segment from a stranger to a port on which somebody listens (RFC 9293
    /// §3.10.7.2). What is not taken is to be reset.
    pub(super) fn on_listener(
        &mut self,
        carried: &Carried<'_>,
        port: Port,
        remote: SocketAddrV4,
        segment: &Segment<'_>,
    ) -> Result<Taken, DropReason> {
        if is_call(segment) {
            self.begin(carried, port, remote, segment, None)?;
            return Ok(Taken::Yes);
        }
        if !segment.flags.ack() && !segment.flags.syn() && !segment.flags.rst() {
            // "Any other control or data-bearing segment (not containing SYN) must have an ACK":
            // drop it.
            return Err(DropReason::NoAck);
        }
        let may_complete = segment.flags.ack() && !segment.flags.rst() && !segment.flags.syn();
        if may_complete {
            return self.on_cookie(carried, port, remote, segment);
        }
        Ok(Taken::No)
    }

    /// A segment for a connection that waits before a listener, or in TIME-WAIT.
    /// What is not taken is the connection's.
    pub(super) fn on_waiting(
        &mut self,
        conn: ConnId,
        carried: &Carried<'_>,
        segment: &Segment<'_>,
    ) -> Result<Taken, DropReason> {
        if is_call(segment) && !segment.flags.fin() {
            return self.on_next_call(conn, carried, segment);
        }
        if let Some(Owner::Handshake(port)) = self.connections.owner(conn)
            && segment.flags.ack()
            && !segment.flags.rst()
            && self.is_accept_queue_full(port)
        {
            return Err(DropReason::AcceptQueueFull);
        }
        Ok(Taken::No)
    }

    /// A SYN between the ends of a connection in TIME-WAIT: RFC 6191 §2.
    fn on_next_call(
        &mut self,
        conn: ConnId,
        carried: &Carried<'_>,
        syn: &Segment<'_>,
    ) -> Result<Taken, DropReason> {
        let Some(identity) = self.connections.identity(conn).copied() else {
            return Ok(Taken::No);
        };
        let port = Port(identity.local.port());
        if self.connections.listeners.get(port).is_none() {
            return Ok(Taken::No);
        }
        let floor = match (self.connections.resting(conn), self.connections.get(conn)) {
            (Some(record), _) => record.yields_to(syn),
            (None, Some(live)) => TimeWait::of(live).and_then(|record| record.yields_to(syn)),
            (None, None) => None,
        };
        let Some(floor) = floor else {
            return Ok(Taken::No);
        };
        self.begin(carried, port, identity.remote, syn, Some((conn, floor)))?;
        Ok(Taken::Yes)
    }

    /// A handshake begins. `after` is the connection in TIME-WAIT that it takes the
    /// place of, and the least number that ours may begin with.
    fn begin(
        &mut self,
        carried: &Carried<'_>,
        port: Port,
        remote: SocketAddrV4,
        syn: &Segment<'_>,
        after: Option<(ConnId, SeqNum)>,
    ) -> Result<(), DropReason> {
        if !matches!(self.route(carried.source), Some(Ok(_))) || remote.port() == 0 {
            return Err(DropReason::BadSource);
        }
        let listener = self.connections.listeners.get(port);
        let listener = listener.ok_or(DropReason::NoListener)?;
        if listener.is_full() {
            return Err(DropReason::AcceptQueueFull);
        }
        let policy = Arc::clone(&listener.policy);
        let is_crowded = !listener.has_room_for_handshake()
            || self.connections.live_len() >= self.config.max_connections;
        if is_crowded {
            // A cookie cannot promise to begin beyond an old connection's numbers.
            let with_cookie = listener.backlog.cookies && after.is_none();
            return if with_cookie {
                self.send_cookie(carried, port, remote, &policy, syn)
            } else {
                Err(DropReason::QueueFull)
            };
        }
        let (now, frame) = (self.now, carried.frame);
        let mut identity = self.identity(carried.destination, port, remote);
        if let Some((old, floor)) = after {
            let observer = &mut self.observer;
            self.connections
                .change(old, |connection| connection.supersede(now, frame, observer));
            identity.iss = identity.iss.later(floor);
        }
        let born = Connection::accept(now, identity, policy, syn, frame, &mut self.observer);
        let connection = born.ok_or(DropReason::Malformed)?;
        self.connections.insert(connection, Owner::Handshake(port));
        Ok(())
    }

    /// RFC 4987 §3.6: too many handshakes are under way to remember another.
    fn send_cookie(
        &mut self,
        carried: &Carried<'_>,
        port: Port,
        remote: SocketAddrV4,
        policy: &Arc<Policy>,
        syn: &Segment<'_>,
    ) -> Result<(), DropReason> {
        let mut identity = self.identity(carried.destination, port, remote);
        let cookies = Cookies {
            secrets: &self.secrets,
            local: identity.local,
            remote,
        };
        // RFC 9293 §3.7.1 MUST-15: 536 bytes if it did not say.
        let mss = syn.options.mss.unwrap_or(536);
        identity.iss = cookies.make(self.now, syn.seq, mss);
        let answer = cookie_syn_ack(self.now, identity, policy, syn);
        let header = answer.ok_or(DropReason::Malformed)?;
        let (us, them) = (carried.destination, carried.source);
        let emit = |out: &mut Vec<u8>| header.emit(us, them, &[], out);
        if !self.push_ip(them, Protocol::TCP, Cause::SynCookie, emit) {
            return Err(DropReason::QueueFull);
        }
        let now = self.now;
        if let Some(listener) = self.connections.listeners.get_mut(port) {
            listener.on_cookie(now);
        }
        Ok(())
    }

    /// An ACK of no connection: of a cookie, perhaps.
    fn on_cookie(
        &mut self,
        carried: &Carried<'_>,
        port: Port,
        remote: SocketAddrV4,
        ack: &Segment<'_>,
    ) -> Result<Taken, DropReason> {
        let Some(listener) = self.connections.listeners.get(port) else {
            return Ok(Taken::No);
        };
        if !listener.expects_cookies(self.now) {
            return Ok(Taken::No);
        }
        let (is_full, policy) = (listener.is_full(), Arc::clone(&listener.policy));
        let mut identity = self.identity(carried.destination, port, remote);
        identity.iss = ack.ack - 1;
        let cookies = Cookies {
            secrets: &self.secrets,
            local: identity.local,
            remote,
        };
        let Some(mss) = cookies.open(self.now, ack.seq - 1, identity.iss) else {
            return Ok(Taken::No);
        };
        if is_full {
            return Err(DropReason::AcceptQueueFull);
        }
        if self.connections.live_len() >= self.config.max_connections {
            return Err(DropReason::QueueFull);
        }
        let (now, frame) = (self.now, carried.frame);
        let observer = &mut self.observer;
        let born = Connection::from_cookie(now, identity, policy, mss, ack, frame, observer);
        let connection = born.ok_or(DropReason::Malformed)?;
        self.connections.insert(connection, Owner::Handshake(port));
        Ok(Taken::Yes)
    }

    fn is_accept_queue_full(&self, port: Port) -> bool {
        let listener = self.connections.listeners.get(port);
        listener.is_some_and(super::listener::Listener::is_full)
    }
}

/// Whether somebody calls: a SYN that answers nothing.
fn is_call(segment: &Segment<'_>) -> bool {
    let flags = segment.flags;
    flags.syn() && !flags.ack() && !flags.rst()
}
