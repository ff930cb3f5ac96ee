//! The echo service (RFC 862): what comes is sent back.

use super::Service;
use crate::stack::{ListenError, Stack, StackEvent};
use crate::tcp::{ConnectionEvent, Policy};
use crate::time::Instant;
use crate::trace::{ConnId, Observer};
use crate::wire::Port;
use std::collections::BTreeMap;

/// So much is read before it is sent back, bytes: a peer that does not read
/// stops being read from.
const PIECE_LEN: usize = 4096;

/// Sends back what comes, and closes when the peer does.
#[derive(Debug)]
pub struct EchoServer {
    port: Port,
    policy: Policy,
    max_clients: usize,
    clients: BTreeMap<ConnId, Client>,
}

#[derive(Debug, Default)]
struct Client {
    /// What there was no room to send back.
    waiting: Vec<u8>,
    is_closed: bool,
}

impl EchoServer {
    /// An echo on `port` (7 is the well-known one), for `max_clients` at a time.
    pub fn new(port: Port, policy: Policy, max_clients: usize) -> Self {
        Self {
            port,
            policy,
            max_clients,
            clients: BTreeMap::new(),
        }
    }

    /// How many there are.
    pub fn clients_len(&self) -> usize {
        self.clients.len()
    }

    fn accept<O: Observer>(&mut self, stack: &mut Stack<O>, now: Instant) {
        while self.clients.len() < self.max_clients
            && let Some((conn, _)) = stack.accept(self.port)
        {
            self.clients.insert(conn, Client::default());
            self.turn(stack, now, conn);
        }
    }

    /// Sends back as much as goes.
    fn turn<O: Observer>(&mut self, stack: &mut Stack<O>, now: Instant, conn: ConnId) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        let mut piece = [0; PIECE_LEN];
        loop {
            if !client.waiting.is_empty() {
                let sent = stack.send(now, conn, &client.waiting);
                client.waiting.drain(..sent);
                if !client.waiting.is_empty() {
                    return;
                }
            }
            let len = stack.recv(now, conn, &mut piece);
            if len == 0 {
                break;
            }
            let sent = stack.send(now, conn, &piece[..len]);
            client.waiting.extend_from_slice(&piece[sent..len]);
        }
        if client.is_closed {
            stack.shutdown(now, conn);
        }
    }
}

impl<O: Observer> Service<O> for EchoServer {
    fn start(&mut self, stack: &mut Stack<O>) -> Result<(), ListenError> {
        stack.listen(self.port, &self.policy)
    }

    fn stop(&mut self, stack: &mut Stack<O>, now: Instant) {
        stack.unlisten(now, self.port);
        for conn in core::mem::take(&mut self.clients).into_keys() {
            stack.abort(now, conn);
        }
    }

    fn on_event(&mut self, stack: &mut Stack<O>, now: Instant, event: StackEvent) {
        match event {
            StackEvent::Acceptable { port } if port == self.port => self.accept(stack, now),
            StackEvent::Connection { conn, event } => {
                let Some(client) = self.clients.get_mut(&conn) else {
                    return;
                };
                match event {
                    ConnectionEvent::Closed(_) => {
                        self.clients.remove(&conn);
                        return self.accept(stack, now);
                    }
                    ConnectionEvent::PeerClosed => client.is_closed = true,
                    ConnectionEvent::Connected
                    | ConnectionEvent::Readable
                    | ConnectionEvent::Writable
                    | ConnectionEvent::Urgent
                    | ConnectionEvent::Stalled => {}
                }
                self.turn(stack, now, conn);
            }
            _ => {}
        }
    }
}
