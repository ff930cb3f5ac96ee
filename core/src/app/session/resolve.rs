//! A lookup with its sockets and its connection.

use super::Shared;
use super::types::FetchId;
use crate::app::dns::{DnsError, Lookup, LookupStep};
use crate::tcp::{ConnectionEvent, Policy};
use crate::time::Instant;
use crate::trace::{AppEvent, ConnId, Observer};
use crate::wire::Port;
use core::net::{Ipv4Addr, SocketAddrV4};

/// Sockets kept open for answers that come late.
const MAX_SOCKETS: usize = 4;

/// A lookup with its sockets and its connection.
#[derive(Debug)]
pub(super) struct Resolving {
    fetch: FetchId,
    /// As in the URL; the lookup's own becomes another by an alias.
    name: String,
    lookup: Lookup,
    sockets: Vec<Port>,
    tcp: Option<OverTcp>,
}

/// A query on its way over TCP.
#[derive(Debug)]
struct OverTcp {
    conn: ConnId,
    unsent: Vec<u8>,
}

impl Resolving {
    pub(super) fn new(fetch: FetchId, name: &str, servers: &[Ipv4Addr]) -> Self {
        Self {
            fetch,
            name: name.to_owned(),
            lookup: Lookup::new(name, servers),
            sockets: Vec::new(),
            tcp: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.lookup.poll_timeout()
    }

    /// Does what the lookup wants done; its result, once there is one.
    pub(super) fn go_on<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
    ) -> Option<Result<Vec<Ipv4Addr>, DnsError>> {
        loop {
            let id = shared.ids.next();
            let stack = &mut shared.stack;
            let bind = || stack.udp_bind(None).ok().map(|port| port.0);
            match self.lookup.poll(shared.now, id, bind)? {
                LookupStep::SendUdp {
                    name,
                    attempt,
                    local_port,
                    server,
                    query,
                } => {
                    self.drop_tcp(shared);
                    note_query(shared, name, attempt, false);
                    self.send_udp(shared, Port(local_port), server, &query);
                }
                LookupStep::OpenTcp {
                    name,
                    attempt,
                    server,
                    query,
                } => {
                    note_query(shared, name, attempt, true);
                    self.open_tcp(shared, server, query);
                }
                LookupStep::Done(Ok(answer)) => {
                    shared.cache.insert(shared.now, &self.name, &answer);
                    let (name, addrs) = (self.name.clone(), answer.addrs.clone());
                    let event = AppEvent::DnsAnswer { name, addrs };
                    shared.stack.note(shared.now, event);
                    return Some(Ok(answer.addrs));
                }
                LookupStep::Done(Err(error)) => {
                    let (name, why) = (self.name.clone(), error.to_string());
                    let event = AppEvent::DnsFailed { name, why };
                    shared.stack.note(shared.now, event);
                    return Some(Err(error));
                }
            }
        }
    }

    pub(super) fn on_datagram(&mut self, port: Port, from: SocketAddrV4, payload: &[u8]) {
        self.lookup.on_datagram(from, port.0, payload);
    }

    pub(super) fn on_unreachable(&mut self, port: Port, remote: SocketAddrV4) {
        self.lookup.on_unreachable(*remote.ip(), port.0);
    }

    pub(super) fn on_connection<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        conn: ConnId,
        event: ConnectionEvent,
    ) {
        let Some(tcp) = self.tcp.as_mut().filter(|tcp| tcp.conn == conn) else {
            return;
        };
        match event {
            ConnectionEvent::Connected | ConnectionEvent::Writable => {
                let sent = shared.stack.send(shared.now, conn, &tcp.unsent);
                tcp.unsent.drain(..sent);
            }
            ConnectionEvent::Readable => self.read(shared, conn),
            ConnectionEvent::Urgent | ConnectionEvent::Stalled => {}
            ConnectionEvent::PeerClosed | ConnectionEvent::Closed(_) => {
                self.read(shared, conn);
                self.lookup.on_tcp_closed();
            }
        }
    }

    /// The end: sockets are closed, the connection in order.
    pub(super) fn close<O: Observer>(self, shared: &mut Shared<O>) {
        for port in self.sockets {
            close_socket(shared, port);
        }
        if let Some(tcp) = self.tcp {
            shared.close(tcp.conn);
        }
    }

    fn read<O: Observer>(&mut self, shared: &mut Shared<O>, conn: ConnId) {
        while shared.stack.readable_len(conn) > 0 {
            let lookup = &mut self.lookup;
            let taken = shared.stack.recv_with(shared.now, conn, |bytes| {
                lookup.on_tcp_bytes(bytes);
                bytes.len()
            });
            if taken == 0 {
                break;
            }
        }
    }

    fn send_udp<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        port: Port,
        server: SocketAddrV4,
        query: &[u8],
    ) {
        shared.ports.insert(port, self.fetch);
        self.sockets.push(port);
        if self.sockets.len() > MAX_SOCKETS {
            close_socket(shared, self.sockets.remove(0));
        }
        let sent = shared.stack.udp_send_to(shared.now, port, server, query);
        if sent.is_err() {
            self.lookup.on_unreachable(*server.ip(), port.0);
        }
    }

    fn open_tcp<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        server: SocketAddrV4,
        query: Vec<u8>,
    ) {
        self.drop_tcp(shared);
        match shared.connect(self.fetch, server, &Policy::rfc()) {
            Ok(conn) => {
                self.tcp = Some(OverTcp {
                    conn,
                    unsent: query,
                });
            }
            Err(_) => self.lookup.on_tcp_closed(),
        }
    }

    fn drop_tcp<O: Observer>(&mut self, shared: &mut Shared<O>) {
        if let Some(tcp) = self.tcp.take() {
            shared.abort(tcp.conn);
        }
    }
}

fn close_socket<O: Observer>(shared: &mut Shared<O>, port: Port) {
    shared.ports.remove(&port);
    shared.stack.udp_close(port);
}

fn note_query<O: Observer>(shared: &mut Shared<O>, name: String, attempt: u8, tcp: bool) {
    let event = AppEvent::DnsQuery { name, attempt, tcp };
    shared.stack.note(shared.now, event);
}
