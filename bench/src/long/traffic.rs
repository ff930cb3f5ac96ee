//! The packets of a long capture, made one after the other: several hosts that fetch at the same time, with losses,
//! silences, resets, and what goes on beside TCP.
//!
//! ```text
//!   fetch 0  ──SYN, rounds of two segments and their ACK, FIN──► the next fetch in its place
//!   fetch 1  ──...
//!   fetch 2  ──...          who is next by time says its packet; now and then ARP asks again
//!   fetch 3  ──...
//! ```
//!
//! The same number of packets is always the same capture.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use synema_core::wire::tcp::{Flags, Options, SackBlocks};
use synema_core::wire::{
    EtherType, MacAddr, Port, Protocol, SeqNum, SeqRange, arp, ethernet, ipv4, tcp, udp,
};

/// Fetches that run at the same time.
const AT_ONCE: usize = 4;
/// What a segment carries at the most, with timestamps left out.
const MSS: u32 = 1_460;
const ROUND_TRIP_NS: u64 = 10_000_000;
/// From one data segment to the next.
const SPACING_NS: u64 = 120_000;
/// Every so many packets the router is asked for again.
const ARP_EVERY: u64 = 5_000;

const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);
const ROUTER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const ROUTER_MAC: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 1]);
const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);
const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);
const PSH_ACK: Flags = Flags::PSH.with(Flags::ACK);

/// What is sent at a time.
#[derive(Clone, Copy, Debug)]
enum Said {
    Segment { from_client: bool, segment: Segment },
    Question,
    Answer,
}

/// Numbers relative to the first of their direction.
#[derive(Clone, Copy, Debug)]
struct Segment {
    flags: Flags,
    seq: u32,
    ack: u32,
    len: u32,
    sack: Option<(u32, u32)>,
}

/// One fetch, as far as it was thought of.
struct Fetch {
    number: u64,
    planned: VecDeque<(u64, Said)>,
    now_ns: u64,
    /// What the server has sent, and how many rounds it will still send.
    sent: u32,
    rounds: u64,
    over: bool,
}

/// All packets.
pub(crate) struct Traffic {
    fetches: Vec<Fetch>,
    begun: u64,
    packets: u64,
    random: u64,
    payload: Vec<u8>,
    upper: Vec<u8>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let mut traffic = Self {
            fetches: Vec::new(),
            begun: 0,
            packets: 0,
            random: 1,
            payload: (0..MSS).map(|at| (at % 251) as u8).collect(),
            upper: Vec::new(),
        };
        for nth in 0..AT_ONCE as u64 {
            let fetch = traffic.begin(nth * 1_300_000);
            traffic.fetches.push(fetch);
        }
        traffic
    }

    /// Appends the next frame to `frame`; gives its time in ns.
    pub(crate) fn next(&mut self, frame: &mut Vec<u8>) -> u64 {
        let next = |fetch: &Fetch| fetch.planned.front().map_or(u64::MAX, |planned| planned.0);
        let first = (0..AT_ONCE)
            .min_by_key(|&nth| next(&self.fetches[nth]))
            .expect("there are some at once");
        let at_ns = next(&self.fetches[first]);
        self.packets += 1;
        if self.packets.is_multiple_of(ARP_EVERY) {
            let asks = (self.packets / ARP_EVERY).is_multiple_of(2);
            ask_for_router(asks, frame);
            return at_ns;
        }
        let fetch = &mut self.fetches[first];
        let number = fetch.number;
        let (_, said) = fetch
            .planned
            .pop_front()
            .expect("a fetch is thought of further than it is");
        if fetch.planned.is_empty() {
            if fetch.over {
                self.fetches[first] = self.begin(at_ns + 3_000_000);
            } else {
                let chance = self.chance();
                self.fetches[first].go_on(chance);
            }
        }
        self.write(number, said, frame);
        at_ns
    }

    fn chance(&mut self) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.random >> 33
    }

    fn begin(&mut self, at_ns: u64) -> Fetch {
        let mut fetch = Fetch {
            number: self.begun,
            planned: VecDeque::new(),
            now_ns: at_ns,
            sent: 1,
            rounds: 100 + self.chance() % 3_000,
            over: false,
        };
        self.begun += 1;
        fetch.open();
        fetch
    }

    fn write(&mut self, number: u64, said: Said, frame: &mut Vec<u8>) {
        let (client, server, port) = ends(number);
        self.upper.clear();
        let (from_client, protocol, peer) = match said {
            Said::Question | Said::Answer => {
                let asks = matches!(said, Said::Question);
                let message = dns(number, (!asks).then_some(server));
                let (src_port, dst_port) = if asks { (port, 53) } else { (53, port) };
                let header = udp::Header {
                    src_port: Port(src_port),
                    dst_port: Port(dst_port),
                };
                let (from, to) = if asks {
                    (client, NAME_SERVER)
                } else {
                    (NAME_SERVER, client)
                };
                header.emit(from, to, &message, &mut self.upper);
                (asks, Protocol::UDP, NAME_SERVER)
            }
            Said::Segment {
                from_client,
                segment,
            } => {
                let header = header(number, from_client, segment);
                let (from, to) = if from_client {
                    (client, server)
                } else {
                    (server, client)
                };
                let payload = &self.payload[..segment.len as usize];
                header.emit(from, to, &[payload], &mut self.upper);
                (from_client, Protocol::TCP, server)
            }
        };
        let (from, to) = if from_client {
            (client, peer)
        } else {
            (peer, client)
        };
        let mac = client_mac(client);
        let (source, destination) = if from_client {
            (mac, ROUTER_MAC)
        } else {
            (ROUTER_MAC, mac)
        };
        let ether_type = EtherType::IPV4;
        ethernet::Header {
            destination,
            source,
            ether_type,
        }
        .emit(frame);
        ipv4::Header::new(from, to, protocol).emit(self.upper.len(), frame);
        frame.extend_from_slice(&self.upper);
    }
}

impl Fetch {
    fn say(&mut self, after_ns: u64, said: Said) {
        self.now_ns += after_ns;
        self.planned.push_back((self.now_ns, said));
    }

    fn client(&mut self, after_ns: u64, flags: Flags, seq: u32, ack: u32, len: u32) {
        let segment = Segment {
            flags,
            seq,
            ack,
            len,
            sack: None,
        };
        self.say(
            after_ns,
            Said::Segment {
                from_client: true,
                segment,
            },
        );
    }

    fn server(&mut self, after_ns: u64, flags: Flags, seq: u32, len: u32) {
        let segment = Segment {
            flags,
            seq,
            ack: 301,
            len,
            sack: None,
        };
        self.say(
            after_ns,
            Said::Segment {
                from_client: false,
                segment,
            },
        );
    }

    fn open(&mut self) {
        self.say(0, Said::Question);
        self.say(ROUND_TRIP_NS / 5, Said::Answer);
        self.client(50_000, Flags::SYN, 0, 0, 0);
        let segment = Segment {
            flags: SYN_ACK,
            seq: 0,
            ack: 1,
            len: 0,
            sack: None,
        };
        self.say(
            ROUND_TRIP_NS,
            Said::Segment {
                from_client: false,
                segment,
            },
        );
        self.client(40_000, Flags::ACK, 1, 1, 0);
        self.client(60_000, PSH_ACK, 1, 1, 300);
        self.server(ROUND_TRIP_NS, Flags::ACK, 1, 0);
    }

    /// The next round: mostly two segments and their ACK.
    fn go_on(&mut self, chance: u64) {
        if self.rounds == 0 {
            return self.close(chance.is_multiple_of(4));
        }
        self.rounds -= 1;
        match chance % 1_000 {
            0..5 => self.lose_one(),
            5 => self.fall_silent(),
            _ => {
                for _ in 0..2 {
                    self.server(SPACING_NS, Flags::ACK, self.sent, MSS);
                    self.sent += MSS;
                }
                self.client(20_000, Flags::ACK, 301, self.sent, 0);
            }
        }
    }

    /// One segment never comes; duplicate ACKs ask for it.
    fn lose_one(&mut self) {
        let missing = self.sent;
        self.sent += MSS;
        for _ in 0..4 {
            let (start, end) = (self.sent, self.sent + MSS);
            self.server(SPACING_NS, Flags::ACK, start, MSS);
            self.sent = end;
            let segment = Segment {
                flags: Flags::ACK,
                seq: 301,
                ack: missing,
                len: 0,
                sack: Some((missing + MSS, end)),
            };
            self.say(
                20_000,
                Said::Segment {
                    from_client: true,
                    segment,
                },
            );
        }
        self.server(ROUND_TRIP_NS, Flags::ACK, missing, MSS);
        self.client(20_000, Flags::ACK, 301, self.sent, 0);
    }

    /// An ACK is lost on its way: the sender's timer runs out.
    fn fall_silent(&mut self) {
        let again = self.sent;
        self.server(SPACING_NS, PSH_ACK, again, MSS);
        self.sent += MSS;
        self.client(20_000, Flags::ACK, 301, self.sent, 0);
        self.server(220_000_000, PSH_ACK, again, MSS);
        self.client(20_000, Flags::ACK, 301, self.sent, 0);
    }

    fn close(&mut self, resets: bool) {
        self.over = true;
        if resets {
            return self.client(400_000, Flags::RST, 301, 0, 0);
        }
        self.server(SPACING_NS, FIN_ACK, self.sent, 0);
        self.client(50_000, FIN_ACK, 301, self.sent + 1, 0);
        let segment = Segment {
            flags: Flags::ACK,
            seq: self.sent + 1,
            ack: 302,
            len: 0,
            sack: None,
        };
        self.say(
            ROUND_TRIP_NS,
            Said::Segment {
                from_client: false,
                segment,
            },
        );
    }
}

/// Client, server, and the client's port.
fn ends(number: u64) -> (Ipv4Addr, Ipv4Addr, u16) {
    let client = Ipv4Addr::new(198, 51, 100, 10 + (number % 5) as u8);
    let server = Ipv4Addr::new(203, 0, 113, 80 + (number % 3) as u8);
    (client, server, 40_000 + (number % 20_000) as u16)
}

fn client_mac(client: Ipv4Addr) -> MacAddr {
    MacAddr([0x02, 0, 0, 0, 1, client.octets()[3]])
}

fn header(number: u64, from_client: bool, segment: Segment) -> tcp::Header {
    let (_, _, port) = ends(number);
    let first = |client: bool| {
        SeqNum((number as u32).wrapping_mul(7_919) + if client { 1_000 } else { 3_000_000_000 })
    };
    let (own, other) = (first(from_client), first(!from_client));
    let (src_port, dst_port) = if from_client { (port, 80) } else { (80, port) };
    let syn = segment.flags.syn();
    let mut sack = SackBlocks::NONE;
    if let Some((start, end)) = segment.sack {
        sack.push(SeqRange {
            start: other + start,
            end: other + end,
        });
    }
    tcp::Header {
        src_port: Port(src_port),
        dst_port: Port(dst_port),
        seq: own + segment.seq,
        ack: if segment.flags.ack() {
            other + segment.ack
        } else {
            SeqNum(0)
        },
        flags: segment.flags,
        window: if syn { 65_535 } else { 2_048 },
        urgent_pointer: 0,
        options: Options {
            mss: syn.then_some(MSS as u16),
            window_scale: syn.then_some(7),
            sack_permitted: syn,
            sack,
            ..Options::NONE
        },
    }
}

fn ask_for_router(asks: bool, frame: &mut Vec<u8>) {
    let (client, router) = (ends(0).0, ROUTER);
    let mac = client_mac(client);
    let (sender, target, operation) = if asks {
        (
            (mac, client),
            (MacAddr::ZERO, router),
            arp::Operation::Request,
        )
    } else {
        ((ROUTER_MAC, router), (mac, client), arp::Operation::Reply)
    };
    let destination = if asks { MacAddr::BROADCAST } else { mac };
    let (source, ether_type) = (sender.0, EtherType::ARP);
    ethernet::Header {
        destination,
        source,
        ether_type,
    }
    .emit(frame);
    arp::Packet {
        operation,
        sender_mac: sender.0,
        sender_ip: sender.1,
        target_mac: target.0,
        target_ip: target.1,
    }
    .emit(frame);
}

/// RFC 1035 §4: asks for the server's address by name, or tells it.
fn dns(number: u64, answer: Option<Ipv4Addr>) -> Vec<u8> {
    let flags: u16 = if answer.is_some() { 0x8180 } else { 0x0100 };
    let mut message = Vec::new();
    for field in [number as u16, flags, 1, u16::from(answer.is_some()), 0, 0] {
        message.extend_from_slice(&field.to_be_bytes());
    }
    message.extend_from_slice(b"\x03www\x07example\x00");
    message.extend_from_slice(&[0, 1, 0, 1]);
    if let Some(address) = answer {
        message.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4]);
        message.extend_from_slice(&address.octets());
    }
    message
}
