//! One stack with an address, a listening port and an open connection, and somebody who sends it
//! frames: any bytes, packets of any protocol, segments near the numbers of its connections,
//! fragments, ICMP errors about what it sent. Checksums are repaired.
//!
//! ```text
//!   Choices ──► frame, time or call ──► Stack ──► frames ──┐
//!      ▲                                                   │
//!      └── the numbers of what was sent last, for each pair of ports
//! ```

use crate::repair::{IP, repair};
use crate::{Choices, Watch};
use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::stack::{Backlog, Config, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId, TcpState};
use synema_core::wire::tcp::{Flags, Header, Options, Timestamps};
use synema_core::wire::{
    EtherType, LinkType, MacAddr, Port, Protocol, SeqNum, SeqRange, arp, dissect, ethernet, ipv4,
};

const US: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const OUR_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const PEER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const PORT: Port = Port(80);
/// More steps than this no fuzzer's input has.
const MAX_STEPS: u32 = 400;
/// More frames than this for one step would be an answer without end.
const MAX_ANSWERS: u32 = 2_000;
/// Connections, and again as many in TIME-WAIT.
const MAX_CONNECTIONS: usize = 16;
/// Pairs of ports whose numbers are remembered.
const MAX_TALKS: usize = 8;

/// Frames that these bytes decide: the target of the fuzzer.
pub fn run(bytes: &[u8]) {
    let mut bench = Bench::new(Choices::of(bytes));
    for _ in 0..MAX_STEPS {
        if bench.choices.are_spent() {
            return;
        }
        bench.step();
    }
}

/// What the stack said last between two ports.
#[derive(Clone, Copy, Debug)]
struct Talk {
    ours: Port,
    theirs: Port,
    /// One past the last number that it sent.
    next: SeqNum,
    /// What it expects from the other end.
    expected: SeqNum,
    /// Its latest timestamp.
    clock: u32,
}

/// The stack, and what somebody on its link knows of it.
#[derive(Debug)]
pub struct Bench<'a> {
    choices: Choices<'a>,
    stack: Stack<Watch>,
    now: Instant,
    known: Vec<ConnId>,
    talks: Vec<Talk>,
    /// The IP packet that the stack sent last.
    last_packet: Vec<u8>,
    received: u64,
    sent: u64,
}

impl<'a> Bench<'a> {
    /// A stack whose connection is open.
    pub fn new(mut choices: Choices<'a>) -> Self {
        let mut policy = match choices.below(3) {
            0 => Policy::rfc(),
            1 => Policy::linux(),
            _ => Policy::teeceepee_2014(),
        };
        policy.receive.buffer_len = 1 << (11 + choices.below(8));
        policy.send.buffer_len = 1 << (11 + choices.below(8));
        let config = Config {
            max_connections: MAX_CONNECTIONS,
            max_time_wait: MAX_CONNECTIONS,
            backlog: Backlog {
                accept: 4,
                handshakes: 4,
                ..Backlog::default()
            },
            ..Config::new(OUR_MAC)
        };
        let watch = Watch::new(policy.clone(), policy.clone());
        let mut bench = Self {
            stack: Stack::new(config, choices.below(256).into(), watch),
            choices,
            now: Instant::ZERO,
            known: Vec::new(),
            talks: Vec::new(),
            last_packet: Vec::new(),
            received: 0,
            sent: 0,
        };
        bench.open(&policy);
        bench
    }

    /// Whether a connection was in this state.
    pub fn has_seen(&self, state: TcpState) -> bool {
        self.stack.observer().has_seen(state)
    }

    /// How many frames the stack sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    fn open(&mut self, policy: &Policy) {
        let interface = Interface::new(US, 24, None).expect("an address of a network");
        let assumed = self.stack.assume(self.now, interface);
        assumed.expect("the first address");
        self.stack.listen(PORT, policy).expect("nobody listens yet");
        let conn = self
            .stack
            .connect(self.now, SocketAddrV4::new(PEER, 9), policy);
        self.known.push(conn.expect("a way and a port"));
        self.drain();
        self.give(&arp_reply());
        let syn_ack = Flags::SYN | Flags::ACK;
        let talk = self.talks[0];
        let options = Options {
            mss: Some(1460),
            sack_permitted: true,
            window_scale: Some(7),
            ..Options::NONE
        };
        self.segment(talk, syn_ack, SeqNum(1000), talk.next, options, 0);
    }

    /// One frame comes, time passes, or an application calls.
    ///
    /// # Panics
    /// When the stack does what no stack may.
    pub fn step(&mut self) {
        match self.choices.below(12) {
            0 => self.any_bytes(),
            1 | 2 => self.any_packet(),
            3..=6 => self.near_segment(),
            7 => self.call_of_stranger(),
            8 => self.icmp_error(),
            9 => self.wait(),
            _ => self.call(),
        }
        assert!(self.stack.connections_len() <= 2 * MAX_CONNECTIONS);
    }

    fn any_bytes(&mut self) {
        let mut frame = Vec::new();
        let len = self.choices.below(256) as usize;
        self.choices.fill(len, &mut frame);
        self.give(&frame);
    }

    /// From the peer's address to ours; the rest is anything.
    fn any_packet(&mut self) {
        let protocol = [1, 6, 17, 2][self.choices.below(4) as usize];
        let len = self.choices.below(200) as usize;
        let mut header = ipv4::Header::new(PEER, US, Protocol(protocol));
        if self.choices.once_in(4) {
            header.dont_fragment = false;
            header.more_fragments = self.choices.once_in(2);
            header.fragment_offset_units = self.choices.below(64) as u16;
            header.identification = self.choices.below(2) as u16;
        }
        let mut frame = ethernet_header();
        header.emit(len, &mut frame);
        self.choices.fill(len, &mut frame);
        if self.choices.once_in(4) {
            // Anything in the header, its own length too.
            let at = IP + self.choices.below(20) as usize;
            frame[at] = self.choices.below(256) as u8;
        }
        repair(&mut frame);
        self.give(&frame);
    }

    /// A segment near the numbers of a connection.
    fn near_segment(&mut self) {
        let talk = self.talks[self.choices.below(self.talks.len() as u32) as usize];
        let flags = match self.choices.below(4) {
            0 => Flags::ACK,
            1 => Flags::ACK | Flags::PSH,
            2 => Flags::ACK | Flags::FIN,
            _ => Flags::from_bits(self.choices.below(512) as u16),
        };
        let seq = self.near(talk.expected);
        let ack = self.near(talk.next);
        let mut options = Options::NONE;
        if self.choices.once_in(2) {
            let value = self.near(SeqNum(talk.clock)).0;
            let echo = self.near(SeqNum(talk.clock)).0;
            options.timestamps = Some(Timestamps { value, echo });
        }
        for _ in 0..self.choices.below(4) {
            let start = self.near(talk.next);
            let end = self.near(start);
            options.sack.push(SeqRange { start, end });
        }
        if flags.syn() {
            options.mss = Some(self.choices.below(0x1_0000) as u16);
            options.window_scale = self
                .choices
                .once_in(2)
                .then_some(self.choices.below(256) as u8);
            options.sack_permitted = self.choices.once_in(2);
        }
        let len = [0, 1, 100, 1460][self.choices.below(4) as usize];
        self.segment(talk, flags, seq, ack, options, len);
    }

    fn call_of_stranger(&mut self) {
        let talk = Talk {
            ours: PORT,
            theirs: Port(1000 + self.choices.below(8) as u16),
            next: SeqNum(0),
            expected: SeqNum(0),
            clock: 0,
        };
        let seq = SeqNum(self.choices.below(0x1_0000) << 16);
        self.segment(talk, Flags::SYN, seq, SeqNum(0), Options::NONE, 0);
    }

    /// Equal, a little off, further off, or anywhere.
    fn near(&mut self, number: SeqNum) -> SeqNum {
        match self.choices.below(8) {
            0..=3 => number,
            4 => number + self.choices.below(5) - 2,
            5 => number + self.choices.below(6_000) - 3_000,
            6 => number + self.choices.below(0x2_0000) - 0x1_0000,
            _ => SeqNum(self.choices.any()),
        }
    }

    fn segment(
        &mut self,
        talk: Talk,
        flags: Flags,
        seq: SeqNum,
        ack: SeqNum,
        options: Options,
        len: usize,
    ) {
        let header = Header {
            src_port: talk.theirs,
            dst_port: talk.ours,
            seq,
            ack,
            flags,
            window: [0xffff, 0, 1, 1000][self.choices.below(4) as usize],
            urgent_pointer: self.choices.below(4) as u16,
            options,
        };
        let mut frame = ethernet_header();
        let ip = ipv4::Header::new(PEER, US, Protocol::TCP);
        ip.emit(header.header_len() + len, &mut frame);
        header.emit(PEER, US, &[&vec![7; len]], &mut frame);
        self.give(&frame);
    }

    /// A router says that what was sent last did not get through.
    fn icmp_error(&mut self) {
        let mut quote = self.last_packet.clone();
        quote.truncate(20 + self.choices.below(64) as usize);
        let kind = [3, 3, 3, 4, 5, 11, 12, 0][self.choices.below(8) as usize];
        let code = self.choices.below(16) as u8;
        let mtu = [0, 68, 576, 1400, 9000][self.choices.below(5) as usize];
        let mut frame = ethernet_header();
        ipv4::Header::new(PEER, US, Protocol::ICMP).emit(8 + quote.len(), &mut frame);
        frame.extend_from_slice(&[kind, code, 0, 0, 0, 0]);
        frame.extend_from_slice(&u16::to_be_bytes(mtu));
        frame.extend_from_slice(&quote);
        repair(&mut frame);
        self.give(&frame);
    }

    /// To the next timer, a little, or long.
    fn wait(&mut self) {
        self.now = match self.choices.below(4) {
            0 | 1 => self.stack.poll_timeout().unwrap_or(self.now).max(self.now),
            2 => self.now + Duration::from_millis(self.choices.below(300).into()),
            _ => self.now + Duration::from_secs(self.choices.below(300).into()),
        };
        self.stack.handle_timeout(self.now);
        self.drain();
    }

    fn call(&mut self) {
        let now = self.now;
        let conn = self.known[self.choices.below(self.known.len() as u32) as usize];
        match self.choices.below(8) {
            0..=2 => {
                let data = vec![1; 1 + self.choices.below(5_000) as usize];
                self.stack.send(now, conn, &data);
            }
            3 | 4 => {
                self.stack.recv_with(now, conn, <[u8]>::len);
            }
            5 => self.stack.shutdown(now, conn),
            6 if self.choices.once_in(4) => self.stack.close(now, conn),
            7 if self.choices.once_in(8) => self.stack.abort(now, conn),
            _ => {}
        }
        self.drain();
    }

    fn give(&mut self, frame: &[u8]) {
        self.received += 1;
        self.stack.observer_mut().arrives(frame);
        let id = FrameId::received(self.received);
        self.stack.handle_frame(self.now, id, frame);
        self.drain();
    }

    /// Takes what the stack sends and tells.
    fn drain(&mut self) {
        let mut out = Vec::new();
        for answers in 0.. {
            assert!(answers < MAX_ANSWERS, "an answer without end");
            if self.stack.poll_transmit(self.now, &mut out).is_none() {
                break;
            }
            self.sent += 1;
            self.stack.observer_mut().departs(&out);
            self.learn(&out);
        }
        while let Some(event) = self.stack.poll_event() {
            if let StackEvent::Acceptable { port } = event {
                while let Some((conn, _)) = self.stack.accept(port) {
                    self.known.push(conn);
                }
            }
        }
    }

    fn learn(&mut self, frame: &[u8]) {
        let packet = dissect(LinkType::Ethernet, frame, frame.len());
        if let Some(ip) = packet.ipv4() {
            self.last_packet = ip.bytes().to_vec();
        }
        let Some(segment) = packet.tcp() else { return };
        let talk = Talk {
            ours: segment.src_port(),
            theirs: segment.dst_port(),
            next: segment.seq() + segment.seq_len(),
            expected: segment.ack(),
            clock: segment.options().timestamps.map_or(0, |known| known.value),
        };
        self.talks
            .retain(|known| (known.ours, known.theirs) != (talk.ours, talk.theirs));
        if self.talks.len() == MAX_TALKS {
            self.talks.remove(0);
        }
        self.talks.push(talk);
    }
}

fn ethernet_header() -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: OUR_MAC,
        source: PEER_MAC,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut frame);
    frame
}

/// The peer says where it is.
fn arp_reply() -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: OUR_MAC,
        source: PEER_MAC,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    arp::Packet {
        operation: arp::Operation::Reply,
        sender_mac: PEER_MAC,
        sender_ip: PEER,
        target_mac: OUR_MAC,
        target_ip: US,
    }
    .emit(&mut frame);
    frame
}
