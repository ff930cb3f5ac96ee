//! Captures made in code, for tests: frames by `core::wire`'s own emitters.

pub(crate) mod apart;
pub(crate) mod made;
pub(crate) mod script;

use crate::capture::{Capture, Direction, Frame, Interface};
use core::net::Ipv4Addr;
use synema_core::time::Instant;
use synema_core::trace::{
    Cause, ClaimStep, ConnId, Event, FrameId, Record, TcpState, TimerKind, Trigger,
};
use synema_core::wire::tcp::{Flags, Options};
use synema_core::wire::{
    EtherType, MacAddr, Port, Protocol, SeqNum, arp, ethernet, icmpv4, ipv4, tcp, udp,
};

pub(crate) const PAGE_MAC: MacAddr = MacAddr([0x02, 0x5e, 0x7a, 0x10, 0, 0x29]);
pub(crate) const ROUTER_MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
pub(crate) const PAGE: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
pub(crate) const DNS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 53);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
pub(crate) const CLIENT_PORT: u16 = 49_152;
const PAGE_ISS: u32 = 2_801_113_980;
const SERVER_ISS: u32 = 4_294_967_000;

/// One TCP segment, in relative numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seg {
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) len: usize,
    pub(crate) window: u16,
    pub(crate) port: u16,
}

impl Seg {
    pub(crate) const fn new(flags: Flags, seq: u32, ack: u32, len: usize) -> Self {
        Self {
            flags,
            seq,
            ack,
            len,
            window: 512,
            port: CLIENT_PORT,
        }
    }
}

/// A capture at the page's end, in the making.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) capture: Capture,
    sent: u64,
    received: u64,
}

impl Story {
    pub(crate) fn new() -> Self {
        let mut capture = Capture::default();
        capture.add_interface(Interface::ethernet("lab0", Some(PAGE_MAC)));
        Self {
            capture,
            ..Self::default()
        }
    }

    /// A frame of ours, with its cause; `us` is when it passed.
    pub(crate) fn sends(&mut self, us: u64, cause: Cause, bytes: &[u8]) -> FrameId {
        self.sent += 1;
        let id = FrameId::sent(self.sent);
        let frame = Frame::new(id, Instant::from_micros(us), Direction::Sent, bytes);
        self.capture.push(frame);
        let len = u32::try_from(bytes.len()).expect("a frame is short");
        let event = Event::Sent {
            frame: id,
            len,
            conn: Some(ConnId(1)),
            cause,
        };
        self.tells(us, event);
        id
    }

    pub(crate) fn receives(&mut self, us: u64, bytes: &[u8]) -> FrameId {
        self.received += 1;
        let id = FrameId::received(self.received);
        let frame = Frame::new(id, Instant::from_micros(us), Direction::Received, bytes);
        self.capture.push(frame);
        id
    }

    pub(crate) fn tells(&mut self, us: u64, event: Event) {
        self.capture.record(Record {
            at: Instant::from_micros(us),
            event,
        });
    }

    pub(crate) fn state(&mut self, us: u64, from: TcpState, to: TcpState, by: Trigger) {
        self.tells(
            us,
            Event::State {
                conn: ConnId(1),
                from,
                to,
                by,
            },
        );
    }
}

pub(crate) fn arp_frame(
    operation: arp::Operation,
    (sender_mac, sender_ip): (MacAddr, Ipv4Addr),
    (target_mac, target_ip): (MacAddr, Ipv4Addr),
) -> Vec<u8> {
    let destination = if target_mac == MacAddr::ZERO {
        MacAddr::BROADCAST
    } else {
        target_mac
    };
    let mut bytes = Vec::new();
    ethernet::Header {
        destination,
        source: sender_mac,
        ether_type: EtherType::ARP,
    }
    .emit(&mut bytes);
    arp::Packet {
        operation,
        sender_mac,
        sender_ip,
        target_mac,
        target_ip,
    }
    .emit(&mut bytes);
    bytes
}

fn ip_frame(from: Ipv4Addr, to: Ipv4Addr, protocol: Protocol, upper: &[u8]) -> Vec<u8> {
    let (source, destination) = if from == PAGE {
        (PAGE_MAC, ROUTER_MAC)
    } else {
        (ROUTER_MAC, PAGE_MAC)
    };
    let mut bytes = Vec::new();
    ethernet::Header {
        destination,
        source,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut bytes);
    ipv4::Header::new(from, to, protocol).emit(upper.len(), &mut bytes);
    bytes.extend_from_slice(upper);
    bytes
}

pub(crate) fn udp_frame(
    (from, src): (Ipv4Addr, u16),
    (to, dst): (Ipv4Addr, u16),
    payload: &[u8],
) -> Vec<u8> {
    let mut upper = Vec::new();
    let header = udp::Header {
        src_port: Port(src),
        dst_port: Port(dst),
    };
    header.emit(from, to, payload, &mut upper);
    ip_frame(from, to, Protocol::UDP, &upper)
}

pub(crate) fn icmp_frame(from: Ipv4Addr, to: Ipv4Addr, message: icmpv4::Message<'_>) -> Vec<u8> {
    let mut upper = Vec::new();
    message.emit(&mut upper);
    ip_frame(from, to, Protocol::ICMP, &upper)
}

/// A segment between page and server; the payload begins with `text`.
pub(crate) fn tcp_frame(from_page: bool, seg: Seg, options: Options, text: &[u8]) -> Vec<u8> {
    let (from, to) = if from_page {
        (PAGE, SERVER)
    } else {
        (SERVER, PAGE)
    };
    let (own, other) = if from_page {
        (PAGE_ISS, SERVER_ISS)
    } else {
        (SERVER_ISS, PAGE_ISS)
    };
    let (src, dst) = if from_page {
        (seg.port, 80)
    } else {
        (80, seg.port)
    };
    let mut payload = text.to_vec();
    payload.resize(seg.len, b'x');
    let header = tcp::Header {
        src_port: Port(src),
        dst_port: Port(dst),
        seq: SeqNum(own) + seg.seq,
        ack: if seg.flags.ack() {
            SeqNum(other) + seg.ack
        } else {
            SeqNum(0)
        },
        flags: seg.flags,
        window: seg.window,
        urgent_pointer: 0,
        options,
    };
    let mut upper = Vec::new();
    header.emit(from, to, &[&payload], &mut upper);
    ip_frame(from, to, Protocol::TCP, &upper)
}

/// The page's number `seq`, as it stands on the wire.
pub(crate) fn page_number(seq: u32) -> SeqNum {
    SeqNum(PAGE_ISS) + seq
}

/// The server's numbers `start..end` as a SACK block.
pub(crate) fn server_range(start: u32, end: u32) -> synema_core::wire::SeqRange {
    let base = SeqNum(SERVER_ISS);
    synema_core::wire::SeqRange {
        start: base + start,
        end: base + end,
    }
}

const PSH_ACK: Flags = Flags::PSH.with(Flags::ACK);
const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);
const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);

/// A whole fetch in the lab, 10 ms each way: claim, gateway, name, page of four
/// segments of which the last is lost, retransmission, close.
pub(crate) fn lab_fetch() -> Story {
    let mut story = Story::new();
    let us = claim_and_resolve(&mut story);
    let syn = Seg {
        window: 65_535,
        ..Seg::new(Flags::SYN, 0, 0, 0)
    };
    let offers = Options {
        mss: Some(1_460),
        window_scale: Some(7),
        sack_permitted: true,
        ..Options::NONE
    };
    let at = us + 200;
    story.tells(
        at,
        Event::Opened {
            conn: ConnId(1),
            local: core::net::SocketAddrV4::new(PAGE, CLIENT_PORT),
            remote: core::net::SocketAddrV4::new(SERVER, 80),
            active: true,
            iss: SeqNum(PAGE_ISS),
        },
    );
    story.state(
        at,
        TcpState::Closed,
        TcpState::SynSent,
        Trigger::Application,
    );
    story.sends(at, Cause::Syn, &tcp_frame(true, syn, offers, b""));
    let seg = Seg {
        window: 65_160,
        ..Seg::new(SYN_ACK, 0, 1, 0)
    };
    let id = story.receives(at + 20_000, &tcp_frame(false, seg, offers, b""));
    story.state(
        at + 20_050,
        TcpState::SynSent,
        TcpState::Established,
        Trigger::Frame(id),
    );
    let ack = |ack| Seg::new(Flags::ACK, 79, ack, 0);
    let first = Seg::new(Flags::ACK, 1, 1, 0);
    story.sends(
        at + 20_100,
        Cause::HandshakeAck,
        &tcp_frame(true, first, Options::NONE, b""),
    );
    let get = Seg::new(PSH_ACK, 1, 1, 78);
    let request = b"GET /four HTTP/1.1\r\nHost: www.lab.test\r\n";
    story.sends(
        at + 20_400,
        Cause::Data,
        &tcp_frame(true, get, Options::NONE, request),
    );
    let head = b"HTTP/1.1 200 OK\r\n";
    for (after, seq, len, text) in [
        (40_500, 1, 110, &head[..]),
        (40_600, 111, 120, b""),
        (40_700, 231, 200, b""),
    ] {
        let data = Seg::new(PSH_ACK, seq, 79, len);
        story.receives(at + after, &tcp_frame(false, data, Options::NONE, text));
        let next = seq + u32::try_from(len).expect("short");
        let reply = tcp_frame(true, ack(next), Options::NONE, b"");
        story.sends(at + after + 40, Cause::QuickAck, &reply);
    }
    let again = Seg::new(PSH_ACK, 431, 79, 500);
    story.receives(at + 280_600, &tcp_frame(false, again, Options::NONE, b""));
    story.sends(
        at + 280_700,
        Cause::QuickAck,
        &tcp_frame(true, ack(931), Options::NONE, b""),
    );
    close(&mut story, at + 281_000);
    story
}

fn claim_and_resolve(story: &mut Story) -> u64 {
    use arp::Operation::{Reply, Request};
    let nobody = (MacAddr::ZERO, PAGE);
    let probe = arp_frame(Request, (PAGE_MAC, Ipv4Addr::UNSPECIFIED), nobody);
    for number in 0..3u8 {
        let step = ClaimStep::Probe {
            number: number + 1,
            of: 3,
        };
        let at = u64::from(number) * 300_000;
        story.tells(at, Event::Claim { addr: PAGE, step });
        story.sends(at, Cause::ArpProbe, &probe);
    }
    let announce = arp_frame(Request, (PAGE_MAC, PAGE), nobody);
    let granted = ClaimStep::Granted { rfc_timings: false };
    story.tells(
        900_000,
        Event::Claim {
            addr: PAGE,
            step: granted,
        },
    );
    story.sends(900_000, Cause::ArpAnnounce, &announce);
    let ask = arp_frame(Request, (PAGE_MAC, PAGE), (MacAddr::ZERO, ROUTER));
    story.sends(2_900_000, Cause::ArpRequest, &ask);
    let told = arp_frame(Reply, (ROUTER_MAC, ROUTER), (PAGE_MAC, PAGE));
    story.receives(2_900_300, &told);
    let (question, answer) = dns_messages();
    let asked = udp_frame((PAGE, 50_000), (DNS, 53), &question);
    story.sends(2_900_400, Cause::Datagram, &asked);
    story.receives(2_902_000, &udp_frame((DNS, 53), (PAGE, 50_000), &answer));
    2_902_000
}

fn close(story: &mut Story, at: u64) {
    let fin = Seg::new(FIN_ACK, 79, 931, 0);
    story.state(
        at,
        TcpState::Established,
        TcpState::FinWait1,
        Trigger::Application,
    );
    story.sends(at, Cause::Fin, &tcp_frame(true, fin, Options::NONE, b""));
    let theirs = Seg::new(FIN_ACK, 931, 80, 0);
    let id = story.receives(at + 20_100, &tcp_frame(false, theirs, Options::NONE, b""));
    story.state(
        at + 20_110,
        TcpState::FinWait1,
        TcpState::TimeWait,
        Trigger::Frame(id),
    );
    let last = Seg::new(Flags::ACK, 80, 932, 0);
    story.sends(
        at + 20_200,
        Cause::FinReceived,
        &tcp_frame(true, last, Options::NONE, b""),
    );
    story.tells(
        at + 20_200,
        Event::TimerArmed {
            conn: ConnId(1),
            timer: TimerKind::TimeWait,
            deadline: Instant::from_micros(at + 60_020_200),
        },
    );
}

fn dns_messages() -> (Vec<u8>, Vec<u8>) {
    use simple_dns::rdata::{A, RData};
    use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, ResourceRecord, TYPE};
    let name = || Name::new_unchecked("www.lab.test");
    let mut question = Packet::new_query(7);
    let ask = || {
        Question::new(
            name(),
            QTYPE::TYPE(TYPE::A),
            QCLASS::CLASS(CLASS::IN),
            false,
        )
    };
    question.questions.push(ask());
    let mut answer = Packet::new_reply(7);
    answer.questions.push(ask());
    let address = RData::A(A {
        address: u32::from(SERVER),
    });
    answer
        .answers
        .push(ResourceRecord::new(name(), CLASS::IN, 60, address));
    let bytes = |packet: &Packet<'_>| packet.build_bytes_vec().expect("a small message");
    (bytes(&question), bytes(&answer))
}
