//! A machine without a stack: it puts on the wire what its script says, from whomever it
//! says, and answers for its own address. All else it hears and says nothing.
//!
//! ```text
//!   next numbers of page and server ---(told by the stage)---> Puppet
//!   acts: at 1 s, then every 20 ms until 3 s -----------------> crafted segments
//! ```
//!
//! What it is told of the others' numbers is what a forger would have to guess.

use super::scene::SERVER_PORT;
use crate::conditions::tcp_segment;
use crate::network::Passage;
use crate::node::{Node, NodeId, Port as Plug};
use core::net::Ipv4Addr;
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use synema_core::random::Random;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_core::wire::tcp::{Flags, Header, Options};
use synema_core::wire::{EtherType, MacAddr, Port, Protocol, SeqNum, arp, ethernet, ipv4};

/// Something that a puppet does, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Act {
    /// When first.
    pub at: Duration,
    /// How long after that again, and so on; only once if it is not said.
    #[serde(default)]
    pub every: Option<Duration>,
    /// Not at this time or later.
    #[serde(default)]
    pub until: Option<Duration>,
    /// What it sends.
    pub sends: Craft,
}

/// A segment that is made by hand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Craft {
    /// A segment of the conversation between page and server, in the name of one of them.
    Forged {
        /// Whose name it bears.
        as_from: End,
        /// Its flags.
        flags: Vec<Flag>,
        /// How far beyond the next number of that end.
        beyond: i32,
    },
    /// A SYN to the server, each time from another address that nobody has.
    StrangeSyn,
}

/// A flag of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Flag {
    /// Synchronise: a call.
    Syn,
    /// The acknowledgment number means something.
    Ack,
    /// No more data.
    Fin,
    /// The connection is cut.
    Rst,
}

impl Flag {
    fn bit(self) -> Flags {
        match self {
            Self::Syn => Flags::SYN,
            Self::Ack => Flags::ACK,
            Self::Fin => Flags::FIN,
            Self::Rst => Flags::RST,
        }
    }
}

/// One end of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The page.
    Page,
    /// The server.
    Server,
}

/// Where an end can be reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) node: NodeId,
    pub(super) mac: MacAddr,
    pub(super) addr: Ipv4Addr,
}

/// What an end has sent last.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    port: Port,
    next: SeqNum,
}

/// The strange SYNs' addresses: 198.51.100.0/24 (RFC 5737), which nobody has.
const STRANGERS: [u8; 3] = [198, 51, 100];
/// What a forged segment offers, bytes.
const WINDOW: u16 = 8_192;

/// A machine that does what its script says.
#[derive(Debug)]
pub(super) struct Puppet {
    mac: MacAddr,
    addr: Ipv4Addr,
    /// Page and server.
    places: [Place; 2],
    numbers: [Option<Numbers>; 2],
    due: BTreeMap<(Instant, usize), Act>,
    out: VecDeque<Vec<u8>>,
    sent: u64,
    random: Random,
}

impl Puppet {
    pub(super) fn new(
        (mac, addr): (MacAddr, Ipv4Addr),
        acts: &[Act],
        places: [Place; 2],
        seed: u64,
    ) -> Self {
        let due = acts.iter().enumerate();
        let due = due.map(|(index, act)| ((Instant::ZERO + act.at, index), act.clone()));
        Self {
            mac,
            addr,
            places,
            numbers: [None; 2],
            due: due.collect(),
            out: VecDeque::new(),
            sent: 0,
            random: Random::new(seed),
        }
    }

    /// Whether a segment was sent between page and server: then its numbers are noted.
    pub(super) fn overhear(&mut self, passage: &Passage) {
        let Some(end) = self
            .places
            .iter()
            .position(|place| place.node == passage.from)
        else {
            return;
        };
        let Some(segment) = tcp_segment(&passage.bytes) else {
            return;
        };
        if segment.flags().rst() {
            return;
        }
        let next = segment.seq() + segment.seq_len();
        let port = segment.src_port();
        self.numbers[end] = match self.numbers[end] {
            Some(known) if known.port == port && next.before(known.next) => Some(known),
            _ => Some(Numbers { port, next }),
        };
    }

    fn craft(&mut self, craft: &Craft) {
        match craft {
            Craft::Forged {
                as_from,
                flags,
                beyond,
            } => {
                let (from, to) = match as_from {
                    End::Page => (0, 1),
                    End::Server => (1, 0),
                };
                let (Some(own), Some(peer)) = (self.numbers[from], self.numbers[to]) else {
                    return; // they have not spoken yet
                };
                let bits = flags.iter().map(|flag| flag.bit());
                let flags = bits.fold(Flags::NONE, |all, bit| all | bit);
                let header = Header {
                    src_port: own.port,
                    dst_port: peer.port,
                    seq: SeqNum(own.next.0.wrapping_add_signed(*beyond)),
                    ack: if flags.contains(Flags::ACK) {
                        peer.next
                    } else {
                        SeqNum(0)
                    },
                    flags,
                    window: WINDOW,
                    urgent_pointer: 0,
                    options: Options::NONE,
                };
                self.send(self.places[from].addr, self.places[to], &header);
            }
            Craft::StrangeSyn => {
                let [host, _, high, low] = self.random.next_u32().to_be_bytes();
                let [a, b, c] = STRANGERS;
                let from = Ipv4Addr::new(a, b, c, host.clamp(1, 254));
                let header = Header {
                    // Not one of the well-known ports.
                    src_port: Port(u16::from_be_bytes([high, low]) | 0x0400),
                    dst_port: SERVER_PORT,
                    seq: SeqNum(self.random.next_u32()),
                    ack: SeqNum(0),
                    flags: Flags::SYN,
                    window: WINDOW,
                    urgent_pointer: 0,
                    options: Options {
                        mss: Some(1460),
                        ..Options::NONE
                    },
                };
                self.send(from, self.places[1], &header);
            }
        }
    }

    fn send(&mut self, from: Ipv4Addr, to: Place, header: &Header) {
        let mut segment = Vec::new();
        header.emit(from, to.addr, &[], &mut segment);
        let mut frame = self.frame(to.mac, EtherType::IPV4);
        ipv4::Header::new(from, to.addr, Protocol::TCP).emit(segment.len(), &mut frame);
        frame.extend_from_slice(&segment);
        self.out.push_back(frame);
    }

    fn frame(&self, to: MacAddr, ether_type: EtherType) -> Vec<u8> {
        let mut frame = Vec::new();
        ethernet::Header {
            destination: to,
            source: self.mac,
            ether_type,
        }
        .emit(&mut frame);
        frame
    }

    /// RFC 826: whoever asks for its address gets an answer.
    fn answer(&mut self, question: &arp::Packet) {
        if question.operation != arp::Operation::Request || question.target_ip != self.addr {
            return;
        }
        let mut frame = self.frame(question.sender_mac, EtherType::ARP);
        arp::Packet {
            operation: arp::Operation::Reply,
            sender_mac: self.mac,
            sender_ip: self.addr,
            target_mac: question.sender_mac,
            target_ip: question.sender_ip,
        }
        .emit(&mut frame);
        self.out.push_back(frame);
    }
}

impl Node for Puppet {
    fn on_frame(&mut self, _now: Instant, _port: Plug, _frame: FrameId, bytes: &[u8]) {
        if let Ok(frame) = ethernet::Frame::parse(bytes)
            && frame.ether_type() == EtherType::ARP
            && let Ok(question) = arp::Packet::parse(frame.payload())
        {
            self.answer(&question);
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        while let Some(entry) = self.due.first_entry()
            && entry.key().0 <= now
        {
            let ((at, index), act) = entry.remove_entry();
            self.craft(&act.sends);
            let again = act.every.filter(|every| !every.is_zero());
            let next = again.map(|every| at + every);
            if let Some(next) = next
                && act.until.is_none_or(|until| next < Instant::ZERO + until)
            {
                self.due.insert((next, index), act);
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, frame: &mut Vec<u8>) -> Option<(Plug, FrameId)> {
        *frame = self.out.pop_front()?;
        let id = FrameId::sent(self.sent);
        self.sent += 1;
        Some((0, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }
}
