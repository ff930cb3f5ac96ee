//! What applications ask of connections.

use super::{ConnectError, ListenError, Stack};
use crate::tcp::{Connection, Identity, Policy};
use crate::time::Instant;
use crate::trace::{ConnId, Observer, TcpState};
use crate::wire::Port;
use core::net::{Ipv4Addr, SocketAddrV4};

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
        let (interface, _) = match self.route(*remote.ip()) {
            None => return Err(ConnectError::NoAddress),
            Some(Err(no_route)) => return Err(ConnectError::NoRoute(no_route.0)),
            Some(Ok(route)) => route,
        };
        if remote.port() == 0 {
            return Err(ConnectError::PortZero);
        }
        if self.connections.len() >= self.config.max_connections {
            return Err(ConnectError::TooMany);
        }
        let local = interface.address();
        let (connections, listeners) = (&self.connections, &self.listeners);
        let is_free =
            |port: Port| connections.find(port, remote).is_none() && !listeners.contains_key(&port);
        let port = self.secrets.ephemeral_port(local, remote, is_free);
        let port = port.ok_or(ConnectError::NoFreePort)?;
        let identity = self.identity(local, port, remote);
        let connection = Connection::connect(self.now, identity, policy, &mut self.observer);
        Ok(self.connections.insert(connection, None))
    }

    /// Takes connections on a port; [`super::StackEvent::Accepted`] tells of each.
    pub fn listen(&mut self, port: Port, policy: &Policy) -> Result<(), ListenError> {
        if port.0 == 0 {
            return Err(ListenError::PortZero);
        }
        if self.listeners.contains_key(&port) {
            return Err(ListenError::InUse(port));
        }
        self.listeners.insert(port, policy.clone());
        Ok(())
    }

    /// Takes no more connections on a port; those that there are go on.
    pub fn unlisten(&mut self, port: Port) {
        self.listeners.remove(&port);
    }

    /// Queues bytes to be sent; answers how many there was room for.
    pub fn send(&mut self, now: Instant, conn: ConnId, data: &[u8]) -> usize {
        self.advance(now);
        let now = self.now;
        match self.connections.touch(conn) {
            Some(connection) => connection.send(now, data, &mut self.observer),
            None => 0,
        }
    }

    /// Takes bytes that were received, in order; answers how many.
    pub fn recv(&mut self, now: Instant, conn: ConnId, buf: &mut [u8]) -> usize {
        self.advance(now);
        let now = self.now;
        match self.connections.touch(conn) {
            Some(connection) => connection.recv(now, buf, &mut self.observer),
            None => 0,
        }
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
        match self.connections.touch(conn) {
            Some(connection) => connection.recv_with(now, &mut self.observer, take),
            None => 0,
        }
    }

    /// Closes our direction: a FIN follows what is queued. Reading goes on.
    pub fn shutdown(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        if let Some(connection) = self.connections.touch(conn) {
            connection.shutdown(now, &mut self.observer);
        }
    }

    /// Ends a connection at once; the peer gets a RST, unread data is let go.
    pub fn abort(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        if let Some(connection) = self.connections.touch(conn) {
            connection.abort(now, &mut self.observer);
        }
        self.connections.release(conn);
    }

    /// Closes both directions, and wants to hear no more of it: a FIN follows what
    /// is queued, what is unread or still to come is let go (RFC 9293 §3.6.1).
    pub fn close(&mut self, now: Instant, conn: ConnId) {
        self.advance(now);
        let now = self.now;
        if let Some(connection) = self.connections.touch(conn) {
            connection.close(now, &mut self.observer);
        }
        self.connections.release(conn);
    }

    /// How a connection behaves from now on.
    pub fn set_policy(&mut self, now: Instant, conn: ConnId, policy: &Policy) {
        self.advance(now);
        if let Some(connection) = self.connections.touch(conn) {
            connection.set_policy(policy);
        }
    }

    /// A connection's state; `None` once it is forgotten.
    pub fn state(&self, conn: ConnId) -> Option<TcpState> {
        self.connections.get(conn).map(Connection::state)
    }

    /// A connection's ends, ours first; `None` once it is forgotten.
    pub fn endpoints(&self, conn: ConnId) -> Option<(SocketAddrV4, SocketAddrV4)> {
        let identity = self.connections.get(conn)?.identity();
        Some((identity.local, identity.remote))
    }

    /// How many bytes [`Stack::recv`] would give now.
    pub fn readable_len(&self, conn: ConnId) -> usize {
        self.connections
            .get(conn)
            .map_or(0, Connection::readable_len)
    }

    /// How many bytes [`Stack::send`] would take now.
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
        }
    }
}
