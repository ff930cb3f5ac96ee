//! One cell of the table of RFC 9293 §3.10: a stack is brought into a state, one
//! event happens, and what came of it is written in one line.

use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, Event, FrameId, Record, TcpState};
use synema_core::wire::tcp::{Flags, Header, Options, Segment};
use synema_core::wire::{
    Body, EtherType, LinkType, MacAddr, Port, Protocol, SeqNum, arp, dissect, ethernet, ipv4,
};

const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const OUR_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const PEER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const OUR_PORT: Port = Port(80);
const PEER_PORT: Port = Port(4000);
const IRS: SeqNum = SeqNum(5_000_000);

/// A stack and its peer, whom we play, on one pair of ports.
pub(crate) struct Cell {
    stack: Stack<Vec<Record>>,
    policy: Policy,
    now: Instant,
    listens: bool,
    conn: Option<ConnId>,
    iss: SeqNum,
    frames: u64,
    line: Vec<String>,
}

/// A segment of the peer; its numbers count from its own and our initial one.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) len: usize,
}

impl Cell {
    pub(crate) fn new() -> Self {
        let mut policy = Policy::rfc();
        policy.offer.timestamps = false;
        let mut stack = Stack::new(Config::new(OUR_MAC), 9293, Vec::new());
        let interface = Interface::new(US, 24, None).expect("an address in its subnet");
        let assumed = stack.assume(Instant::ZERO, interface);
        assumed.expect("there is no address yet");
        let mut cell = Self {
            stack,
            policy,
            now: Instant::ZERO,
            listens: false,
            conn: None,
            iss: SeqNum(0),
            frames: 0,
            line: Vec::new(),
        };
        // The peer asks for our address, and so is known.
        cell.arp(arp::Operation::Request, MacAddr::BROADCAST);
        cell.take_line();
        cell
    }

    /// What came of it since this was asked last.
    pub(crate) fn take_line(&mut self) -> String {
        self.drain();
        core::mem::take(&mut self.line).join("; ")
    }

    pub(crate) fn state(&self) -> TcpState {
        let state = self.conn.and_then(|conn| self.stack.state(conn));
        state.unwrap_or(if self.listens {
            TcpState::Listen
        } else {
            TcpState::Closed
        })
    }

    /// RFC 9293 §3.10.1, active.
    pub(crate) fn connect(&mut self) {
        let remote = SocketAddrV4::new(PEER, PEER_PORT.0);
        let opened = self
            .stack
            .connect_from(self.now, OUR_PORT, remote, &self.policy);
        match opened {
            Ok(conn) => self.conn = Some(conn),
            Err(error) => self.note(format!("{error:?}")),
        }
        self.drain();
    }

    /// §3.10.1, passive.
    pub(crate) fn listen(&mut self) {
        match self.stack.listen(OUR_PORT, &self.policy) {
            Ok(()) => {
                self.listens = true;
                self.note("listens".into());
            }
            Err(error) => self.note(format!("{error:?}")),
        }
    }

    /// §3.10.2.
    pub(crate) fn send(&mut self) {
        let (now, conn) = (self.now, self.handle());
        let taken = self.stack.send(now, conn, &[7; 10]);
        self.note(format!("took {taken}"));
        self.drain();
    }

    /// §3.10.3.
    pub(crate) fn receive(&mut self) {
        let (now, conn) = (self.now, self.handle());
        let taken = self.stack.recv(now, conn, &mut [0; 100]);
        let finished = self.stack.is_read_finished(conn);
        let more = if finished {
            "no more will come"
        } else {
            "more may come"
        };
        self.note(format!("read {taken}, {more}"));
        self.drain();
    }

    /// §3.10.4. What listens has no connection to close.
    pub(crate) fn close(&mut self) {
        let (now, conn) = (self.now, self.handle());
        if self.conn.is_none() && self.listens {
            self.stack.unlisten(now, OUR_PORT);
            self.listens = false;
            self.note("listens no more".into());
        }
        self.stack.shutdown(now, conn);
        self.drain();
    }

    /// §3.6.1: what the peer still sends is not wanted any more.
    pub(crate) fn close_both(&mut self) {
        if self.conn.is_none() {
            return self.close();
        }
        let (now, conn) = (self.now, self.handle());
        self.stack.close(now, conn);
        self.drain();
    }

    /// §3.10.5.
    pub(crate) fn abort(&mut self) {
        if self.conn.is_none() {
            return self.close();
        }
        let (now, conn) = (self.now, self.handle());
        self.stack.abort(now, conn);
        self.drain();
    }

    /// §3.10.6.
    pub(crate) fn status(&mut self) {
        let conn = self.handle();
        let state = self.stack.state(conn).map(TcpState::name);
        let ends = self.stack.endpoints(conn).is_some();
        let info = self.stack.info(self.now, conn).is_some();
        self.note(match state {
            Some(state) if ends && info => format!("{state}, with its ends and numbers"),
            Some(state) if ends => format!("{state}, with its ends"),
            Some(_) | None if self.listens => "a listener".into(),
            Some(_) | None => "no connection".into(),
        });
    }

    /// §3.10.7.
    pub(crate) fn arrives(&mut self, segment: Peer) {
        let header = Header {
            src_port: PEER_PORT,
            dst_port: OUR_PORT,
            seq: IRS + segment.seq,
            ack: self.iss + segment.ack,
            flags: segment.flags,
            window: 10_000,
            urgent_pointer: if segment.flags.contains(Flags::URG) {
                3
            } else {
                0
            },
            options: Options::NONE,
        };
        let mut out = Vec::new();
        header.emit(PEER, US, &[&vec![7; segment.len]], &mut out);
        let mut packet = Vec::new();
        ipv4::Header::new(PEER, US, Protocol::TCP).emit(out.len(), &mut packet);
        packet.extend_from_slice(&out);
        self.frame(OUR_MAC, EtherType::IPV4, &packet);
        self.drain();
    }

    /// Sets the user timeout (RFC 9293 §3.10.1, OPEN's parameter).
    pub(crate) fn set_user_timeout(&mut self, patience: Duration) {
        self.policy.timing.user_timeout = Some(patience);
        let (now, conn) = (self.now, self.handle());
        self.stack.set_policy(now, conn, &self.policy);
    }

    /// §3.10.8: timers run.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.stack.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.stack.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// The connection, or one that there never was.
    fn handle(&self) -> ConnId {
        self.conn.unwrap_or(ConnId(99))
    }

    fn note(&mut self, what: String) {
        // What happens again and again is told once.
        if self.line.last() != Some(&what) {
            self.line.push(what);
        }
    }

    fn arp(&mut self, operation: arp::Operation, to: MacAddr) {
        let packet = arp::Packet {
            operation,
            sender_mac: PEER_MAC,
            sender_ip: PEER,
            target_mac: to,
            target_ip: US,
        };
        let mut payload = Vec::new();
        packet.emit(&mut payload);
        self.frame(to, EtherType::ARP, &payload);
    }

    fn frame(&mut self, destination: MacAddr, ether_type: EtherType, payload: &[u8]) {
        let mut bytes = Vec::new();
        let source = PEER_MAC;
        ethernet::Header {
            destination,
            source,
            ether_type,
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(payload);
        self.frames += 1;
        let frame = FrameId::received(self.frames);
        self.stack.handle_frame(self.now, frame, &bytes);
    }

    /// Takes what is to be sent and what is to be told, in order.
    fn drain(&mut self) {
        let mut out = Vec::new();
        while self.stack.poll_transmit(self.now, &mut out).is_some() {
            self.tell(Some(&out));
        }
        self.tell(None);
        let events: Vec<_> = core::iter::from_fn(|| self.stack.poll_event()).collect();
        for event in events {
            match event {
                StackEvent::Connection { event, .. } => match event {
                    ConnectionEvent::Readable => {}
                    other => self.note(format!("* {other:?}")),
                },
                StackEvent::Acceptable { port } => {
                    self.note("* Acceptable".into());
                    self.stack.accept(port);
                }
                _ => {}
            }
        }
    }

    /// Writes down what the trace says, and the frame that went out last.
    fn tell(&mut self, sent: Option<&[u8]>) {
        for record in core::mem::take(self.stack.observer_mut()) {
            match record.event {
                Event::Opened { conn, iss, .. } => (self.conn, self.iss) = (Some(conn), iss),
                Event::State { from, to, .. } => self.note(format!("{from} -> {to}")),
                Event::Dropped { reason, .. } => self.note(format!("dropped {reason:?}")),
                Event::Closed { reason, .. } => self.note(format!("over {reason:?}")),
                Event::Sent { cause, .. } => {
                    let text = sent.map(|bytes| self.describe(bytes)).unwrap_or_default();
                    if !text.is_empty() {
                        self.note(format!("> {text} {cause:?}"));
                    }
                }
                _ => {}
            }
        }
    }

    /// A segment that we sent, in a few words; nothing for another frame.
    fn describe(&mut self, bytes: &[u8]) -> String {
        let packet = dissect(LinkType::Ethernet, bytes, bytes.len());
        let body = packet.layers.iter().find_map(|layer| match &layer.body {
            Body::Tcp(segment) => Some(self.numbers(segment)),
            _ => None,
        });
        body.unwrap_or_default()
    }

    fn numbers(&self, segment: &Segment<'_>) -> String {
        let flags = segment.flags();
        let seq = match self.conn {
            Some(_) => segment.seq().distance(self.iss).cast_signed(),
            None => segment.seq().0.cast_signed(),
        };
        let len = segment.payload().len();
        let data = if len > 0 {
            format!("+{len}")
        } else {
            String::new()
        };
        let ack = segment.ack().distance(IRS).cast_signed();
        let ack = if flags.ack() {
            format!(" ack {ack}")
        } else {
            String::new()
        };
        format!("{flags} {seq}{data}{ack}")
    }
}
