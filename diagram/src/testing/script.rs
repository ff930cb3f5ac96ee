//! Conversations written down segment by segment, and seen from wherever one likes.
//!
//! Times are those of the departure, in µs; how long a packet is under way, and from
//! where the capture was taken, is said once. What is lost on the way is told to a
//! simulator's capture only.

use super::{PAGE_MAC, ROUTER_MAC};
use crate::capture::{Capture, Direction, Fate, Frame, Interface};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use synema_core::time::Instant;
use synema_core::trace::{Cause, Event, FrameId, Record};
use synema_core::wire::checksum::Sum;
use synema_core::wire::tcp::{Flags, Header, Options};
use synema_core::wire::{EtherType, Port, Protocol, SeqNum, SeqRange, ethernet, ipv4};

/// Where the numbers of both ends begin.
const FIRST: [u32; 2] = [2_801_113_980, 4_294_967_000];

/// From where a capture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// At the end that calls, by somebody else's stack.
    AtClient,
    /// At the end that is called.
    AtServer,
    /// At the end that calls, by our own stack, in a simulator that knows both ends' times.
    Simulated,
}

/// Two ends of a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) client: (IpAddr, u16),
    pub(crate) server: (IpAddr, u16),
}

impl Ends {
    pub(crate) const fn v4(client: [u8; 4], port: u16, server: [u8; 4], on: u16) -> Self {
        let [a, b, c, d] = client;
        let [e, f, g, h] = server;
        Self {
            client: (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port),
            server: (IpAddr::V4(Ipv4Addr::new(e, f, g, h)), on),
        }
    }
}

/// One segment in relative numbers, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Tcp {
    flags: Flags,
    seq: u32,
    ack: u32,
    data: Vec<u8>,
    window: u16,
    options: Options,
    sack: Vec<(u32, u32)>,
    later_us: u64,
    is_lost: bool,
    cause: Option<Cause>,
}

impl Tcp {
    fn new(flags: Flags, seq: u32, ack: u32) -> Self {
        Self {
            flags,
            seq,
            ack,
            data: Vec::new(),
            window: 64_240,
            options: Options::NONE,
            sack: Vec::new(),
            later_us: 0,
            is_lost: false,
            cause: None,
        }
    }

    fn offers(mut self) -> Self {
        self.options = Options {
            mss: Some(1_460),
            sack_permitted: true,
            ..Options::NONE
        };
        self
    }

    pub(crate) fn syn() -> Self {
        Self::new(Flags::SYN, 0, 0).offers()
    }

    pub(crate) fn syn_ack() -> Self {
        Self::new(Flags::SYN.with(Flags::ACK), 0, 1).offers()
    }

    pub(crate) fn ack(seq: u32, ack: u32) -> Self {
        Self::new(Flags::ACK, seq, ack)
    }

    pub(crate) fn data(seq: u32, ack: u32, len: usize) -> Self {
        Self {
            data: vec![b'x'; len],
            ..Self::new(Flags::PSH.with(Flags::ACK), seq, ack)
        }
    }

    pub(crate) fn bytes(seq: u32, ack: u32, data: &[u8]) -> Self {
        Self {
            data: data.to_vec(),
            ..Self::data(seq, ack, 0)
        }
    }

    pub(crate) fn fin(seq: u32, ack: u32) -> Self {
        Self::new(Flags::FIN.with(Flags::ACK), seq, ack)
    }

    pub(crate) fn rst(seq: u32) -> Self {
        Self {
            window: 0,
            ..Self::new(Flags::RST, seq, 0)
        }
    }

    pub(crate) fn rst_ack(ack: u32) -> Self {
        Self {
            window: 0,
            ..Self::new(Flags::RST.with(Flags::ACK), 0, ack)
        }
    }

    pub(crate) fn window(self, window: u16) -> Self {
        Self { window, ..self }
    }

    /// Numbers of the other end that came already.
    pub(crate) fn has(mut self, from: u32, to: u32) -> Self {
        self.sack.push((from, to));
        self
    }

    /// It is under way for so much longer than others.
    pub(crate) fn late(self, later_us: u64) -> Self {
        Self { later_us, ..self }
    }

    pub(crate) fn lost(self) -> Self {
        Self {
            is_lost: true,
            ..self
        }
    }

    pub(crate) fn because(self, cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..self
        }
    }
}

/// A capture in the making.
pub(crate) struct Script {
    seen: Seen,
    one_way_us: u64,
    ends: Ends,
    frames: Vec<Frame>,
    records: Vec<Record>,
}

impl Script {
    pub(crate) fn new(seen: Seen, one_way_us: u64, ends: Ends) -> Self {
        Self {
            seen,
            one_way_us,
            ends,
            frames: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Speaks between other ends from now on.
    pub(crate) fn between(&mut self, ends: Ends) -> &mut Self {
        self.ends = ends;
        self
    }

    /// The end that calls sends.
    pub(crate) fn client(&mut self, us: u64, tcp: Tcp) -> FrameId {
        self.sends(true, us, tcp)
    }

    /// The end that was called sends.
    pub(crate) fn server(&mut self, us: u64, tcp: Tcp) -> FrameId {
        self.sends(false, us, tcp)
    }

    /// The three segments with which a conversation begins, the first at `us`.
    pub(crate) fn opens(&mut self, us: u64) -> &mut Self {
        let way = self.one_way_us.max(20);
        self.client(us, Tcp::syn().because(Cause::Syn));
        self.server(us + way, Tcp::syn_ack());
        self.client(us + 2 * way, Tcp::ack(1, 1).because(Cause::HandshakeAck));
        self
    }

    /// What our own stack says of itself.
    pub(crate) fn tells(&mut self, us: u64, event: Event) {
        self.records.push(Record {
            at: Instant::from_micros(us),
            event,
        });
    }

    fn sends(&mut self, from_client: bool, us: u64, tcp: Tcp) -> FrameId {
        let arrives = us + self.one_way_us + tcp.later_us;
        let near = match self.seen {
            Seen::AtServer => !from_client,
            Seen::AtClient | Seen::Simulated => from_client,
        };
        let (at, other) = if near { (us, arrives) } else { (arrives, us) };
        let number = self.frames.len() as u64 + 1;
        let own = self.seen == Seen::Simulated;
        let id = if own && near {
            FrameId::sent(number)
        } else {
            FrameId::received(number)
        };
        let direction = match (own, near) {
            (false, _) => Direction::Unknown,
            (true, true) => Direction::Sent,
            (true, false) => Direction::Received,
        };
        let (is_lost, cause) = (tcp.is_lost, tcp.cause);
        let bytes = self.frame(from_client, tcp);
        let frame = Frame {
            other_end: own.then(|| Instant::from_micros(other)),
            fate: match (is_lost, near) {
                (false, _) => Fate::Seen,
                (true, true) => Fate::LostLater,
                (true, false) => Fate::NeverSeen,
            },
            cause: cause.filter(|_| own),
            ..Frame::new(id, Instant::from_micros(at), direction, &bytes)
        };
        // Elsewhere than in a simulator, what is lost before it is seen is not there.
        if own || frame.fate.was_seen() {
            let fate = if own { frame.fate } else { Fate::Seen };
            self.frames.push(Frame { fate, ..frame });
        }
        id
    }

    /// Any frame, at the time at which the vantage point sees it.
    pub(crate) fn passes(&mut self, us: u64, bytes: &[u8]) {
        let id = FrameId::received(self.frames.len() as u64 + 1);
        let at = Instant::from_micros(us);
        self.frames
            .push(Frame::new(id, at, Direction::Unknown, bytes));
    }

    /// The frame that was sent last.
    pub(crate) fn sent_last(&self) -> &[u8] {
        self.frames.last().map_or(&[], |frame| &frame.bytes)
    }

    fn frame(&self, from_client: bool, tcp: Tcp) -> Vec<u8> {
        let Ends { client, server } = self.ends;
        let ((src, src_port), (dst, dst_port)) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        let [own, other] = if from_client {
            FIRST
        } else {
            [FIRST[1], FIRST[0]]
        };
        let mut options = tcp.options;
        for (from, to) in tcp.sack {
            options.sack.push(SeqRange {
                start: SeqNum(other) + from,
                end: SeqNum(other) + to,
            });
        }
        let has_ack = tcp.flags.ack();
        let header = Header {
            src_port: Port(src_port),
            dst_port: Port(dst_port),
            seq: SeqNum(own) + tcp.seq,
            ack: SeqNum(if has_ack { other } else { 0 }) + if has_ack { tcp.ack } else { 0 },
            flags: tcp.flags,
            window: tcp.window,
            urgent_pointer: 0,
            options,
        };
        ip_frame(from_client, (src, dst), &header, &tcp.data)
    }

    /// All of it, in the order in which the vantage point saw it.
    pub(crate) fn capture(&mut self) -> Capture {
        let mut capture = Capture::default();
        let mac = (self.seen == Seen::Simulated).then_some(PAGE_MAC);
        capture.add_interface(Interface::ethernet("eth0", mac));
        self.frames.sort_by_key(|frame| frame.at);
        for frame in self.frames.drain(..) {
            capture.push(frame);
        }
        self.records.sort_by_key(|record| record.at);
        for record in self.records.drain(..) {
            capture.record(record);
        }
        capture
    }
}

fn ip_frame(
    from_client: bool,
    (src, dst): (IpAddr, IpAddr),
    header: &Header,
    data: &[u8],
) -> Vec<u8> {
    let (source, destination) = if from_client {
        (PAGE_MAC, ROUTER_MAC)
    } else {
        (ROUTER_MAC, PAGE_MAC)
    };
    let mut bytes = Vec::new();
    let ethernet = |ether_type| ethernet::Header {
        destination,
        source,
        ether_type,
    };
    let mut upper = Vec::new();
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            header.emit(src, dst, &[data], &mut upper);
            ethernet(EtherType::IPV4).emit(&mut bytes);
            ipv4::Header::new(src, dst, Protocol::TCP).emit(upper.len(), &mut bytes);
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let nobody = Ipv4Addr::UNSPECIFIED;
            header.emit(nobody, nobody, &[data], &mut upper);
            checksum_v6(src, dst, &mut upper);
            ethernet(EtherType::IPV6).emit(&mut bytes);
            let len = u16::try_from(upper.len()).expect("a segment is short");
            bytes.extend([0x60, 0, 0, 0]);
            bytes.extend(len.to_be_bytes());
            bytes.extend([Protocol::TCP.0, 64]);
            bytes.extend(src.octets());
            bytes.extend(dst.octets());
        }
        _ => panic!("both ends speak the same IP"),
    }
    bytes.extend_from_slice(&upper);
    bytes
}

/// RFC 8200 §8.1: the sum over the pseudo-header and the segment.
fn checksum_v6(src: Ipv6Addr, dst: Ipv6Addr, segment: &mut [u8]) {
    const AT: usize = 16;
    segment[AT..AT + 2].fill(0);
    let len = u32::try_from(segment.len()).expect("a segment is short");
    let mut pseudo = Vec::new();
    pseudo.extend(src.octets());
    pseudo.extend(dst.octets());
    pseudo.extend(len.to_be_bytes());
    pseudo.extend([0, 0, 0, Protocol::TCP.0]);
    let sum = Sum::new().with(&pseudo).with(segment).finish();
    segment[AT..AT + 2].copy_from_slice(&sum.to_be_bytes());
}
