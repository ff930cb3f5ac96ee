//! Who speaks a script on a connection.

use super::ExperimentError;
use super::scene::{Cue, Deed, PREFIX_LEN, Speaker};
use super::script::{Heard, Script, letters};
use crate::forge::Stray;
use crate::host::TracedStack;
use core::net::SocketAddrV4;
use std::collections::VecDeque;
use synema_core::app::server::Service;
use synema_core::ip::Interface;
use synema_core::stack::{Backlog, ListenError, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Record};
use synema_core::wire::Port;

/// So much is read at once, bytes.
const PIECE_LEN: usize = 4096;

/// Whom it calls, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    to: SocketAddrV4,
    /// Any port if none is named.
    from: Option<Port>,
}

impl Call {
    pub(super) fn new(to: SocketAddrV4, from: Option<u16>) -> Self {
        Self {
            to,
            from: from.map(Port),
        }
    }
}

/// An application that does what its script says, on one connection.
///
/// Each write is a call of its own, as a program makes it: what is written goes
/// on its way, if it may, before the next is.
#[derive(Debug)]
pub struct Talker {
    interface: Interface,
    claims: bool,
    call: Option<Call>,
    listens: Option<(Port, Backlog)>,
    policy: Policy,
    script: Script,
    heard: Heard,
    conn: Option<ConnId>,
    reads: bool,
    written: u64,
    /// What there was no room for, or what comes after that.
    waiting: VecDeque<Waiting>,
    /// What goes out past the stack.
    strays: VecDeque<Stray>,
}

#[derive(Debug)]
enum Waiting {
    Bytes(Vec<u8>),
    Close,
}

impl Talker {
    /// One with this address, who may call, and lets himself be called on a port.
    pub(super) fn new(
        speaker: &Speaker,
        interface: Interface,
        call: Option<Call>,
        port: Option<Port>,
    ) -> Result<Self, ExperimentError> {
        Ok(Self {
            interface,
            claims: !speaker.has_address(),
            call,
            listens: port.map(|port| (port, speaker.backlog)),
            policy: speaker.policy.policy()?,
            script: Script::new(speaker.script.clone()),
            heard: Heard::default(),
            conn: None,
            reads: true,
            written: 0,
            waiting: VecDeque::new(),
            strays: VecDeque::new(),
        })
    }

    /// One on a wire, at an address that is claimed for it: what its script does at the start, it
    /// does when the address is its own.
    ///
    /// # Errors
    /// When its policy names what a policy has not.
    pub fn calling(
        speaker: &Speaker,
        interface: Interface,
        to: SocketAddrV4,
    ) -> Result<Self, ExperimentError> {
        let mut speaker = speaker.clone();
        for line in &mut speaker.script {
            if line.on == Cue::Start {
                line.on = Cue::Granted;
            }
        }
        let call = Call::new(to, speaker.port);
        Self::new(&speaker, interface, Some(call), None)
    }

    /// How many bytes it has read.
    pub fn received(&self) -> u64 {
        self.heard.received
    }

    /// The next segment that goes out past the stack.
    pub(super) fn take_stray(&mut self) -> Option<Stray> {
        self.strays.pop_front()
    }

    /// Its connection, once it has one.
    pub fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    /// Its address, or the one that it claims.
    pub(super) fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Whether it claims its address, and has none till then.
    pub(super) fn claims(&self) -> bool {
        self.claims
    }

    /// Behaves so from now on.
    pub(super) fn set_policy(&mut self, stack: &mut TracedStack, now: Instant, policy: Policy) {
        if policy == self.policy {
            return;
        }
        if let Some(conn) = self.conn {
            stack.set_policy(now, conn, &policy);
        }
        if let Some((port, _)) = self.listens {
            stack.set_listen_policy(port, &policy);
        }
        self.policy = policy;
    }

    fn act(&mut self, stack: &mut TracedStack, now: Instant, deed: Deed) {
        match (deed, self.conn) {
            (Deed::Claim(manner), _) => {
                let (addr, gateway) = (self.interface.address(), self.interface.gateway());
                // Refused only if it has one already.
                let _ = stack.claim(now, addr, PREFIX_LEN, gateway, manner.timings());
            }
            (Deed::Connect, None) => self.conn = self.connect(stack, now),
            (Deed::Say(text), Some(conn)) => self.write(stack, now, conn, text.into_bytes()),
            (Deed::Write(lens), Some(conn)) => {
                for len in lens {
                    let bytes = self.bytes(len);
                    self.write(stack, now, conn, bytes);
                }
            }
            (Deed::Stray(stray), _) => self.strays.push_back(stray),
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

    /// Fails without an address, or where the other end's call has come already.
    fn connect(&self, stack: &mut TracedStack, now: Instant) -> Option<ConnId> {
        let Call { to, from } = self.call?;
        match from {
            Some(port) => stack.connect_from(now, port, to, &self.policy).ok(),
            None => stack.connect(now, to, &self.policy).ok(),
        }
    }

    /// `len` bytes to send, going on where the last ones ended.
    fn bytes(&self, len: u32) -> Vec<u8> {
        let waiting = self.waiting.iter().map(Waiting::len).sum::<u64>();
        letters(self.written + waiting, len)
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
            self.heard.received += len as u64;
        }
        self.script.take_cues(now, self.heard);
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

impl Service<Vec<Record>> for Talker {
    fn start(&mut self, stack: &mut TracedStack) -> Result<(), ListenError> {
        match self.listens {
            None => Ok(()),
            Some((port, backlog)) => stack.listen_with(port, &self.policy, backlog),
        }
    }

    fn on_event(&mut self, stack: &mut TracedStack, now: Instant, event: StackEvent) {
        match event {
            StackEvent::Acceptable { port } if self.conn.is_none() => {
                let Some((conn, _)) = stack.accept(port) else {
                    return;
                };
                self.conn = Some(conn);
                self.heard.is_connected = true;
                self.read(stack, now, conn);
            }
            StackEvent::AddressGranted { .. } => {
                self.heard.is_granted = true;
                self.script.take_cues(now, self.heard);
            }
            StackEvent::Connection { conn, event } if self.conn == Some(conn) => {
                match event {
                    ConnectionEvent::Connected => self.heard.is_connected = true,
                    ConnectionEvent::PeerClosed => self.heard.peer_closed = true,
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
        if let Some(deed) = self.script.next(now) {
            self.act(stack, now, deed);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.script.poll_timeout()
    }
}
