//! What applications ask of connections.

use super::connections::Owner;
use super::{Backlog, ConnectError, ListenError, Stack};
use crate::tcp::{Connection, Identity, Info, Policy, Write};
use crate::time::Instant;
use crate::trace::{ConnId, Observer, TcpState};
use crate::wire::Port;
use core::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// Calls on a connection that is over and forgotten do nothing: its end was an event.
impl<O: Observer> Stack<O> {
    /// Opens a connection; its SYN goes out with [`Stack::poll_transmit`].
    pub fn connect(
        &mut self,
        now: Instant,
        remote: SocketAddrV4,
        policy: &Policy,
    ) -> Result<ConnId, ConnectError> {
        self.advance(now);
        let local = self.way_to(remote)?;
        let connections = &self.connections;
        let is_free = |port: Port| connections.is_free(port, remote);
        let port = self.secrets.ephemeral_port(local, remote, is_free);
        let port = port.ok_or(ConnectError::NoFreePort)?;
        Ok(self.open(local, port, remote, policy))
    }

    /// The same from a port of the caller's choice. If the other end does so too,
    /// towards us and at the same time, the two calls make one connection (RFC 9293
    /// §3.5, simultaneous open).
    pub fn connect_from(
        &mut self,
        now: Instant,
        port: Port,
        remote: SocketAddrV4,
        policy: &Policy,
    ) -> Result<ConnId, ConnectError> {
        self.advance(now);
        let local = self.way_to(remote)?;
        if port.0 == 0 {
            return Err(ConnectError::PortZero);
        }
        if !self.connections.is_free(port, remote) {
            return Err(ConnectError::InUse(port));
        }
        Ok(self.open(local, port, remote, policy))
    }

    /// The address that a connection to `remote` would have.
    fn way_to(&self, remote: SocketAddrV4) -> Result<Ipv4Addr, ConnectError> {
        let (interface, _) = match self.route(*remote.ip()) {
            None => return Err(ConnectError::NoAddress),
            Some(Err(no_route)) => return Err(ConnectError::NoRoute(no_route.0)),
            Some(Ok(route)) => route,
        };
        if remote.port() == 0 {
            return Err(ConnectError::PortZero);
        }
        if self.connections.live_len() >= self.config.max_connections {
            return Err(ConnectError::TooMany);
        }
        Ok(interface.address())
    }

    fn open(
        &mut self,
        local: Ipv4Addr,
        port: Port,
        remote: SocketAddrV4,
        policy: &Policy,
    ) -> ConnId {
        let identity = self.identity(local, port, remote);
        let connection = Connection::connect(self.now, identity, policy, &mut self.observer);
        let owner = Owner::Application { called: true };
        self.connections.insert(connection, owner)
    }

    /// Takes connections on a port, with the configuration's backlog;
    /// [`super::StackEvent::Acceptable`] tells that there are some.
    pub fn listen(&mut self, port: Port, policy: &Policy) -> Result<(), ListenError> {
        self.listen_with(port, policy, self.config.backlog)
    }

    /// Takes connections on a port, and keeps as many waiting as `backlog` says.
    pub fn listen_with(
        &mut self,
        port: Port,
        policy: &Policy,
        backlog: Backlog,
    ) -> Result<(), ListenError> {
        if port.0 == 0 {
            return Err(ListenError::PortZero);
        }
        if !self.connections.listeners.open(port, policy, backlog) {
            return Err(ListenError::InUse(port));
        }
        Ok(())
    }

    /// Takes the connection that has waited longest on a port: its number and its
    /// other end. It may have ended meanwhile; then that is its next event.
    pub fn accept(&mut self, port: Port) -> Option<(ConnId, SocketAddrV4)> {
        self.connections.accept(port)
    }

    /// How many connections wait to be accepted on a port.
    pub fn acceptable_len(&self, port: Port) -> usize {
        let listener = self.connections.listeners.get(port);
        listener.map_or(0, |listener| listener.queue().count())
    }

    /// How connections on a port behave whose handshake begins from now on.
    pub fn set_listen_policy(&mut self, port: Port, policy: &Policy) {
        if let Some(listener) = self.connections.listeners.get_mut(port) {
            listener.policy = Arc::new(policy.clone());
        }
    }

    /// Takes no more connections on a port; those that were accepted go on, the
    /// others are reset.
    pub fn unlisten(&mut self, now: Instant, port: Port) {
        self.advance(now);
        let now = self.now;
        for conn in self.connections.unaccepted(port) {
            let observer = &mut self.observer;
            self.connections
                .change(conn, |connection| connection.abort(now, observer));
            self.connections.release(conn);
        }
        self.connections.listeners.close(port);
    }

    /// Queues bytes to be sent; answers how many there was room for.
    pub fn send(&mut self, now: Instant, conn: ConnId, data: &[u8]) -> usize {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        let send = |connection: &mut Connection| connection.send(now, data, observer);
        self.connections.change(conn, send).unwrap_or(0)
    }

    /// The same, with what the application says of this write.
    pub fn send_with(&mut self, now: Instant, conn: ConnId, data: &[u8], write: Write) -> usize {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        let send = |connection: &mut Connection| connection.send_with(now, data, write, observer);
        self.connections.change(conn, send).unwrap_or(0)
    }

    /// Sends what waits for company without it.
    pub fn push(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        self.connections
            .change(conn, |connection| connection.push(now, observer));
    }

    /// Takes bytes that were received, in order; answers how many.
    pub fn recv(&mut self, now: Instant, conn: ConnId, buf: &mut [u8]) -> usize {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        let recv = |connection: &mut Connection| connection.recv(now, buf, observer);
        self.connections.change(conn, recv).unwrap_or(0)
    }

    /// Shows bytes that were received in place; `take` answers how many of them it
    /// has taken. Ask again until nothing is readable: a ring shows them in two parts.
    pub fn recv_with(
        &mut self,
        now: Instant,
        conn: ConnId,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> usize {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        let recv = |connection: &mut Connection| connection.recv_with(now, observer, take);
        self.connections.change(conn, recv).unwrap_or(0)
    }

    /// Closes our direction: a FIN follows what is queued. Reading goes on.
    pub fn shutdown(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        self.connections
            .change(conn, |connection| connection.shutdown(now, observer));
    }

    /// Ends a connection at once; the peer gets a RST, unread data is let go.
    pub fn abort(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        self.connections
            .change(conn, |connection| connection.abort(now, observer));
        self.connections.release(conn);
    }

    /// Closes both directions, and wants to hear no more of it: a FIN follows what
    /// is queued, what is unread or still to come is let go (RFC 9293 §3.6.1).
    pub fn close(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        self.connections
            .change(conn, |connection| connection.close(now, observer));
        self.connections.release(conn);
    }

    /// How a connection behaves from now on.
    pub fn set_policy(&mut self, now: Instant, conn: ConnId, policy: &Policy) {
        self.advance(now);
        let now = self.now;
        let observer = &mut self.observer;
        self.connections.change(conn, |connection| {
            connection.set_policy(now, policy, observer);
        });
    }

    /// A connection's state; `None` once it is forgotten.
    pub fn state(&self, conn: ConnId) -> Option<TcpState> {
        let live = self.connections.get(conn).map(Connection::state);
        live.or_else(|| {
            let record = self.connections.resting(conn);
            record.map(|_| TcpState::TimeWait)
        })
    }

    /// A connection's ends, ours first; `None` once it is forgotten.
    pub fn endpoints(&self, conn: ConnId) -> Option<(SocketAddrV4, SocketAddrV4)> {
        let identity = self.connections.identity(conn)?;
        Some((identity.local, identity.remote))
    }

    /// How many bytes [`Stack::recv`] would give now.
    pub fn readable_len(&self, conn: ConnId) -> usize {
        self.connections
            .get(conn)
            .map_or(0, Connection::readable_len)
    }

    /// Whether it is worth while to write: there is room, and little is unsent if
    /// the policy limits that.
    pub fn is_writable(&self, conn: ConnId) -> bool {
        self.connections
            .get(conn)
            .is_some_and(Connection::is_writable)
    }

    /// How many bytes the send buffer has room for.
    pub fn writable_len(&self, conn: ConnId) -> usize {
        self.connections
            .get(conn)
            .map_or(0, Connection::writable_len)
    }

    /// The ICMP code of what a router last said about a connection's way, if the
    /// peer has not been heard of since.
    pub fn soft_error(&self, conn: ConnId) -> Option<u8> {
        self.connections.get(conn).and_then(Connection::soft_error)
    }

    /// Whether all that will ever come has been read.
    pub fn is_read_finished(&self, conn: ConnId) -> bool {
        self.connections
            .get(conn)
            .is_none_or(Connection::is_read_finished)
    }

    /// What can be said of a connection at a glance; `None` once it is forgotten.
    pub fn info(&self, now: Instant, conn: ConnId) -> Option<Info> {
        let connection = self.connections.get(conn)?;
        Some(connection.info(now.max(self.now)))
    }

    /// How many connections there are, those in TIME-WAIT included.
    pub fn connections_len(&self) -> usize {
        self.connections.len()
    }

    /// What the next connection is told at birth.
    pub(super) fn identity(&self, local: Ipv4Addr, port: Port, remote: SocketAddrV4) -> Identity {
        let local = SocketAddrV4::new(local, port.0);
        Identity {
            conn: self.connections.next_id(),
            local,
            remote,
            iss: self.secrets.isn(self.now, local, remote),
            timestamp_offset: self.secrets.timestamp_offset(*local.ip(), *remote.ip()),
            mtu: self.config.mtu,
            path_mtu: self.paths.mtu(self.now, *remote.ip(), self.config.mtu),
        }
    }
}
