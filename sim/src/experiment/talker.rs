//! Who speaks a script on a connection.

use super::ExperimentError;
use super::scene::{Cue, Deed, Line, Speaker};
use crate::host::TracedStack;
use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::{BTreeMap, VecDeque};
use synema_core::app::server::Service;
use synema_core::stack::{ListenError, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Record};
use synema_core::wire::Port;

/// So much is read at once, bytes.
const PIECE_LEN: usize = 4096;

/// Which end it is.
#[derive(Clone, Copy, Debug)]
enum End {
    Caller(SocketAddrV4),
    Callee(Port),
}

/// An application that does what its script says, on one connection.
///
/// Each write is a call of its own, as a program makes it: what is written goes
/// on its way, if it may, before the next is.
#[derive(Debug)]
pub struct Talker {
    end: End,
    policy: Policy,
    /// What was not yet spoken.
    script: Vec<Line>,
    /// What is to be done, by time and then in the order in which it came up.
    due: BTreeMap<(Instant, u64), Deed>,
    came_up: u64,
    conn: Option<ConnId>,
    is_connected: bool,
    peer_closed: bool,
    received: u64,
    reads: bool,
    written: u64,
    /// What there was no room for, or what comes after that.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    Bytes(Vec<u8>),
    Close,
}

impl Talker {
    pub(super) fn caller(
        speaker: &Speaker,
        (addr, port): (Ipv4Addr, Port),
    ) -> Result<Self, ExperimentError> {
        Self::new(End::Caller(SocketAddrV4::new(addr, port.0)), speaker)
    }

    pub(super) fn callee(speaker: &Speaker, port: Port) -> Result<Self, ExperimentError> {
        Self::new(End::Callee(port), speaker)
    }

    fn new(end: End, speaker: &Speaker) -> Result<Self, ExperimentError> {
        let mut talker = Self {
            end,
            policy: speaker.policy.policy()?,
            script: speaker.script.clone(),
            due: BTreeMap::new(),
            came_up: 0,
            conn: None,
            is_connected: false,
            peer_closed: false,
            received: 0,
            reads: true,
            written: 0,
            waiting: VecDeque::new(),
        };
        talker.take_cues(Instant::ZERO);
        Ok(talker)
    }

    /// How many bytes it has read.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Its connection, once it has one.
    pub fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    /// Behaves otherwise from now on.
    pub(super) fn set_policy(&mut self, stack: &mut TracedStack, now: Instant, policy: Policy) {
        if let Some(conn) = self.conn {
            stack.set_policy(now, conn, &policy);
        }
        if let End::Callee(port) = self.end {
            stack.set_listen_policy(port, &policy);
        }
        self.policy = policy;
    }

    /// Puts the lines whose cue has come among what is to be done.
    fn take_cues(&mut self, now: Instant) {
        let script = core::mem::take(&mut self.script);
        for line in script {
            let has_come = match line.on {
                Cue::Start => true,
                Cue::Connected => self.is_connected,
                Cue::Received(len) => self.received >= len,
                Cue::PeerClosed => self.peer_closed,
            };
            if !has_come {
                self.script.push(line);
                continue;
            }
            for deed in line.does.into_iter().flat_map(one_by_one) {
                self.due.insert((now + line.after, self.came_up), deed);
                self.came_up += 1;
            }
        }
    }

    fn act(&mut self, stack: &mut TracedStack, now: Instant, deed: Deed) {
        match (deed, self.conn) {
            (Deed::Connect, None) => {
                if let End::Caller(remote) = self.end {
                    // Fails only without an address or a way, and the scene gave both.
                    self.conn = stack.connect(now, remote, &self.policy).ok();
                }
            }
            (Deed::Say(text), Some(conn)) => self.write(stack, now, conn, text.into_bytes()),
            (Deed::Write(lens), Some(conn)) => {
                for len in lens {
                    let bytes = self.bytes(len);
                    self.write(stack, now, conn, bytes);
                }
            }
            (Deed::StopReading, _) => self.reads = false,
            (Deed::Read, conn) => {
                self.reads = true;
                if let Some(conn) = conn {
                    self.read(stack, now, conn);
                }
            }
            (Deed::Close, Some(conn)) => {
                self.waiting.push_back(Waiting::Close);
                self.send_waiting(stack, now, conn);
            }
            (Deed::Abort, Some(conn)) => stack.abort(now, conn),
            // There is nothing yet to do it on, or it was done already.
            _ => {}
        }
    }

    /// `len` bytes to send: lower-case letters, going on where the last ones ended.
    fn bytes(&self, len: u32) -> Vec<u8> {
        let written = self.written + self.waiting.iter().map(Waiting::len).sum::<u64>();
        let from = (written % 26) as u8;
        (0..len)
            .map(|at| b'a' + ((u32::from(from) + at) % 26) as u8)
            .collect()
    }

    fn write(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId, bytes: Vec<u8>) {
        self.waiting.push_back(Waiting::Bytes(bytes));
        self.send_waiting(stack, now, conn);
    }

    fn send_waiting(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId) {
        while let Some(next) = self.waiting.front_mut() {
            match next {
                Waiting::Bytes(bytes) => {
                    let sent = stack.send(now, conn, bytes);
                    self.written += sent as u64;
                    bytes.drain(..sent);
                    if !bytes.is_empty() {
                        return;
                    }
                }
                Waiting::Close => stack.shutdown(now, conn),
            }
            self.waiting.pop_front();
        }
    }

    fn read(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId) {
        let mut piece = [0; PIECE_LEN];
        while self.reads {
            let len = stack.recv(now, conn, &mut piece);
            if len == 0 {
                break;
            }
            self.received += len as u64;
        }
        self.take_cues(now);
    }
}

impl Waiting {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Close => 0,
        }
    }
}

/// Several writes are several deeds.
fn one_by_one(deed: Deed) -> Vec<Deed> {
    match deed {
        Deed::Write(lens) => lens.into_iter().map(|len| Deed::Write(vec![len])).collect(),
        other => vec![other],
    }
}

impl Service<Vec<Record>> for Talker {
    fn start(&mut self, stack: &mut TracedStack) -> Result<(), ListenError> {
        match self.end {
            End::Caller(_) => Ok(()),
            End::Callee(port) => stack.listen(port, &self.policy),
        }
    }

    fn on_event(&mut self, stack: &mut TracedStack, now: Instant, event: StackEvent) {
        match event {
            StackEvent::Acceptable { port } if self.conn.is_none() => {
                let Some((conn, _)) = stack.accept(port) else {
                    return;
                };
                self.conn = Some(conn);
                self.is_connected = true;
                self.read(stack, now, conn);
            }
            StackEvent::Connection { conn, event } if self.conn == Some(conn) => {
                match event {
                    ConnectionEvent::Connected => self.is_connected = true,
                    ConnectionEvent::PeerClosed => self.peer_closed = true,
                    ConnectionEvent::Writable => self.send_waiting(stack, now, conn),
                    ConnectionEvent::Readable
                    | ConnectionEvent::Urgent
                    | ConnectionEvent::Stalled
                    | ConnectionEvent::Closed(_) => {}
                }
                self.read(stack, now, conn);
            }
            _ => {}
        }
    }

    fn on_timeout(&mut self, stack: &mut TracedStack, now: Instant) {
        // One at a time: what it sends is on its way before the next is done.
        if let Some(entry) = self.due.first_entry()
            && entry.key().0 <= now
        {
            let deed = entry.remove();
            self.act(stack, now, deed);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }
}
