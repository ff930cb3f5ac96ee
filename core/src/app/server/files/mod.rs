//! A server of files over HTTP/1.1 (RFC 9110, RFC 9112).
//!
//! ```text
//!   connection ─► Client: request ─► path ─► Directory ─► answer ─► bytes, as there is room
//!                    ▲                          ▲
//!                 deadlines                the caller's: this crate reads no files
//! ```
//!
//! GET and HEAD, one range, conditions by ETag and date, `index.html` or a list
//! for a folder. Everything is bounded: clients, heads, time; a client that does
//! not read is not read for.

mod answer;
mod client;
mod date;
mod directory;
mod path;
mod request;

#[cfg(test)]
mod tests;

pub use directory::{Directory, Found, Listed, MemoryDirectory, MemoryFile, NotFound, Unreadable};

use super::Service;
use crate::stack::{ListenError, Stack, StackEvent};
use crate::tcp::{ConnectionEvent, Policy};
use crate::time::{Duration, Instant};
use crate::trace::{ConnId, Observer};
use crate::wire::Port;
use client::{Client, Stay};
use core::net::SocketAddrV4;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What was served and not asked about is kept up to so many; then the oldest goes.
const MAX_TOLD: usize = 1024;

/// How the file server behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub port: Port,
    /// How its connections behave.
    pub policy: Policy,
    /// Clients at once; more wait to be accepted.
    pub max_clients: usize,
    /// From the first byte of a request to the last of its head.
    pub request_timeout: Duration,
    /// Without a request.
    pub idle_timeout: Duration,
    /// While a client takes nothing of an answer.
    pub stall_timeout: Duration,
    /// Whether the stack's clock counts from 1970, so that answers can be dated.
    pub is_unix_time: bool,
    /// Names by which it may be asked (without ports); if there are none, by any. A
    /// page in a browser that has been told that its own name is our address asks by
    /// that name.
    pub hosts: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: Port(80),
            policy: Policy::default(),
            max_clients: 512,
            request_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            is_unix_time: false,
            hosts: Vec::new(),
        }
    }
}

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Who asked.
    pub remote: SocketAddrV4,
    /// The method as it came; empty if the request could not be read.
    pub method: String,
    /// The request target as it came: a stranger's words.
    pub target: String,
    /// The status that was answered.
    pub status: u16,
    /// Bytes of the body that went with it.
    pub body_len: u64,
}

/// Serves the files of a directory.
#[derive(Debug)]
pub struct FileServer<D: Directory> {
    directory: D,
    settings: Settings,
    clients: BTreeMap<ConnId, Client<D::File>>,
    /// Theirs, the earliest first.
    deadlines: BTreeSet<(Instant, ConnId)>,
    told: VecDeque<Served>,
}

impl<D: Directory> FileServer<D> {
    /// A server of what is in `directory`.
    pub fn new(directory: D, settings: Settings) -> Self {
        Self {
            directory,
            settings,
            clients: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            told: VecDeque::new(),
        }
    }

    /// The next request that was answered in full.
    pub fn poll_served(&mut self) -> Option<Served> {
        self.told.pop_front()
    }

    /// How many clients there are.
    pub fn clients_len(&self) -> usize {
        self.clients.len()
    }

    fn accept<O: Observer>(&mut self, stack: &mut Stack<O>, now: Instant) {
        while self.clients.len() < self.settings.max_clients
            && let Some((conn, remote)) = stack.accept(self.settings.port)
        {
            let deadline = now + self.settings.idle_timeout;
            self.deadlines.insert((deadline, conn));
            self.clients
                .insert(conn, Client::new(conn, remote, deadline));
            self.turn(stack, now, conn);
        }
    }

    fn turn<O: Observer>(&mut self, stack: &mut Stack<O>, now: Instant, conn: ConnId) {
        let mut told = Vec::new();
        self.with_client(conn, |client, directory, settings| {
            client.turn(directory, settings, stack, now, &mut told)
        });
        self.told.extend(told);
        let excess = self.told.len().saturating_sub(MAX_TOLD);
        self.told.drain(..excess);
    }

    /// Does something with a client, and lets go of it if that was its end.
    fn with_client(
        &mut self,
        conn: ConnId,
        change: impl FnOnce(&mut Client<D::File>, &mut D, &Settings) -> Stay,
    ) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        let before = client.deadline;
        let stay = change(client, &mut self.directory, &self.settings);
        if stay == Stay::No {
            self.deadlines.remove(&(before, conn));
            self.clients.remove(&conn);
        } else if client.deadline != before {
            self.deadlines.remove(&(before, conn));
            self.deadlines.insert((client.deadline, conn));
        }
    }
}

impl<D: Directory, O: Observer> Service<O> for FileServer<D> {
    fn start(&mut self, stack: &mut Stack<O>) -> Result<(), ListenError> {
        stack.listen(self.settings.port, &self.settings.policy)
    }

    fn stop(&mut self, stack: &mut Stack<O>, now: Instant) {
        stack.unlisten(now, self.settings.port);
        self.deadlines.clear();
        for conn in core::mem::take(&mut self.clients).into_keys() {
            stack.abort(now, conn);
        }
    }

    fn on_event(&mut self, stack: &mut Stack<O>, now: Instant, event: StackEvent) {
        match event {
            StackEvent::Connection { conn, event } => match event {
                ConnectionEvent::Closed(_) => self.with_client(conn, |_, _, _| Stay::No),
                ConnectionEvent::PeerClosed => {
                    self.with_client(conn, |client, _, _| client.on_closed());
                    self.turn(stack, now, conn);
                }
                ConnectionEvent::Readable
                | ConnectionEvent::Writable
                | ConnectionEvent::Urgent
                | ConnectionEvent::Stalled
                | ConnectionEvent::Connected => self.turn(stack, now, conn),
            },
            StackEvent::Acceptable { port } if port == self.settings.port => {}
            _ => return,
        }
        // There may be room for those who wait.
        self.accept(stack, now);
    }

    fn on_timeout(&mut self, stack: &mut Stack<O>, now: Instant) {
        while let Some(&(at, conn)) = self.deadlines.first()
            && at <= now
        {
            // Whoever stays has got a later deadline.
            self.with_client(conn, |client, _, settings| {
                client.on_timeout(settings, stack, now)
            });
        }
        self.accept(stack, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}
