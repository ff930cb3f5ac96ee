//! The walk from the outermost layer inwards.

use core::ops::Range;

use super::{Body, Layer, Packet, PayloadOf};
use crate::wire::checksum::Sum;
use crate::wire::{
    ChecksumStatus, EtherType, LayerKind, LinkType, Problem, Protocol, check_len, ethernet, len_u32,
};
use crate::wire::{arp, icmpv4, icmpv6, ipv4, ipv6, sll, tcp, udp};

/// More tags than this on top of each other nobody sends.
const MAX_VLAN_TAGS: usize = 4;

/// What has been read, and where reading stands.
pub(super) struct Dissector<'a> {
    bytes: &'a [u8],
    snapped: bool,
    /// Offset of the first byte that belongs to no layer yet.
    at: usize,
    /// Offset after the last byte of the packet that is being read; padding follows.
    end: usize,
    quoted: bool,
    layers: Vec<Layer<'a>>,
    problems: Vec<Problem>,
}

/// What a transport layer must know of the IP layer around it.
struct Around {
    protocol: Protocol,
    /// Bytes of transport header and payload, as IP's header says.
    upper_len: usize,
    complete: bool,
    addresses: Addresses,
}

enum Addresses {
    V4(core::net::Ipv4Addr, core::net::Ipv4Addr),
    V6(core::net::Ipv6Addr, core::net::Ipv6Addr),
}

impl Around {
    fn pseudo_header(&self, len: usize) -> Sum {
        match self.addresses {
            Addresses::V4(src, dst) => Sum::pseudo_v4(src, dst, self.protocol, len),
            Addresses::V6(src, dst) => Sum::pseudo_v6(src, dst, self.protocol, len),
        }
    }
}

impl<'a> Dissector<'a> {
    pub(super) fn new(bytes: &'a [u8], snapped: bool) -> Self {
        Self {
            bytes,
            snapped,
            at: 0,
            end: bytes.len(),
            quoted: false,
            layers: Vec::with_capacity(5),
            problems: Vec::new(),
        }
    }

    pub(super) fn run(mut self, link_type: LinkType, original_len: usize) -> Packet<'a> {
        match link_type {
            LinkType::Ethernet => self.ethernet(),
            LinkType::LinuxSll => self.cooked(sll::V1_LEN, sll::Header::parse_v1, Body::Sll),
            LinkType::LinuxSll2 => self.cooked(sll::V2_LEN, sll::Header::parse_v2, Body::Sll2),
            LinkType::Loopback => self.loopback(),
            LinkType::RawIp => self.any_ip(PayloadOf::Link),
            LinkType::Ipv4 => self.ipv4(PayloadOf::Link),
            LinkType::Ipv6 => self.ipv6(PayloadOf::Link),
            LinkType::Other(_) => self.payload(PayloadOf::Link),
        }
        self.padding();
        Packet {
            link_type,
            bytes: self.bytes,
            original_len: original_len.max(self.bytes.len()),
            layers: self.layers,
            problems: self.problems,
        }
    }

    /// What is left of the packet that is being read.
    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..self.end]
    }

    /// Takes the next `len` bytes for a layer.
    fn push(&mut self, len: usize, checksum: ChecksumStatus, body: Body<'a>) {
        let range: Range<usize> = self.at..(self.at + len).min(self.end);
        self.at = range.end;
        self.layers.push(Layer {
            range,
            quoted: self.quoted,
            checksum,
            body,
        });
    }

    /// Notes what is wrong; a shortage in a snapped frame is the capture's doing.
    fn problem(&mut self, problem: Problem) {
        let problem = match self.snapped {
            true => problem.in_snapped_frame(),
            false => problem,
        };
        self.certain_problem(problem);
    }

    /// Notes what is wrong whatever the capture kept. A quote is the beginning of
    /// somebody else's packet: what is wrong with that is not this one's fault.
    fn certain_problem(&mut self, problem: Problem) {
        if !self.quoted {
            self.problems.push(problem);
        }
    }

    /// Takes all that is left for payload.
    fn payload(&mut self, of: PayloadOf) {
        let bytes = self.rest();
        if !bytes.is_empty() {
            self.push(
                bytes.len(),
                ChecksumStatus::None,
                Body::Payload { of, bytes },
            );
        }
    }

    /// A layer that makes no sense: says why, and takes the rest for payload.
    fn give_up(&mut self, problem: Problem, of: PayloadOf) {
        self.problem(problem);
        self.payload(of);
    }

    /// Takes what follows the packet's end for padding.
    fn padding(&mut self) {
        self.end = self.bytes.len();
        let bytes = self.rest();
        if !bytes.is_empty() {
            self.quoted = false;
            self.push(bytes.len(), ChecksumStatus::None, Body::Padding(bytes));
        }
    }

    /// The packet that is being read ends after `len` bytes from here.
    fn limit(&mut self, len: usize) {
        self.end = self.end.min(self.at.saturating_add(len));
    }

    fn ethernet(&mut self) {
        match ethernet::Frame::parse(self.rest()) {
            Ok(frame) => {
                self.push(
                    ethernet::HEADER_LEN,
                    ChecksumStatus::None,
                    Body::Ethernet(frame),
                );
                self.tagged(frame.ether_type());
            }
            Err(problem) => self.give_up(problem, PayloadOf::Link),
        }
    }

    fn tagged(&mut self, mut ether_type: EtherType) {
        for _ in 0..MAX_VLAN_TAGS {
            if !ether_type.is_vlan() {
                return self.network(ether_type);
            }
            match ethernet::VlanTag::parse(self.rest()) {
                Ok((tag, _)) => {
                    self.push(
                        ethernet::VlanTag::LEN,
                        ChecksumStatus::None,
                        Body::Vlan(tag),
                    );
                    ether_type = tag.ether_type;
                }
                Err(problem) => return self.give_up(problem, PayloadOf::Frame(ether_type)),
            }
        }
        if ether_type.is_vlan() {
            let problem = Problem::TooDeep {
                layer: LayerKind::Vlan,
            };
            return self.give_up(problem, PayloadOf::Frame(ether_type));
        }
        self.network(ether_type);
    }

    fn cooked(
        &mut self,
        len: usize,
        parse: impl FnOnce(&'a [u8]) -> Result<(sll::Header, &'a [u8]), Problem>,
        body: impl FnOnce(sll::Header) -> Body<'a>,
    ) {
        match parse(self.rest()) {
            Ok((header, _)) => {
                self.push(len, ChecksumStatus::None, body(header));
                self.tagged(header.ether_type);
            }
            Err(problem) => self.give_up(problem, PayloadOf::Link),
        }
    }

    fn loopback(&mut self) {
        let Some(&family) = self.rest().first_chunk::<4>() else {
            let needed = Problem::Truncated {
                layer: LayerKind::Loopback,
                needed: 4,
                available: len_u32(self.rest().len()),
            };
            return self.give_up(needed, PayloadOf::Link);
        };
        // Families are small numbers: the byte order is the one that makes it small.
        let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
        self.push(4, ChecksumStatus::None, Body::Loopback(family));
        match family {
            // 2 everywhere; IPv6 is 10 on Linux, 24, 28 or 30 on the BSDs and macOS.
            2 | 10 | 24 | 28 | 30 => self.any_ip(PayloadOf::Link),
            _ => self.payload(PayloadOf::Link),
        }
    }

    fn any_ip(&mut self, of: PayloadOf) {
        match self.rest().first().map(|byte| byte >> 4) {
            Some(4) => self.ipv4(of),
            Some(6) => self.ipv6(of),
            _ => self.payload(of),
        }
    }

    fn network(&mut self, ether_type: EtherType) {
        let of = PayloadOf::Frame(ether_type);
        match ether_type {
            EtherType::IPV4 => self.ipv4(of),
            EtherType::IPV6 => self.ipv6(of),
            EtherType::ARP => match arp::Packet::parse(self.rest()) {
                Ok(packet) => {
                    self.push(arp::LEN, ChecksumStatus::None, Body::Arp(packet));
                    self.end = self.at;
                }
                Err(problem) => self.give_up(problem, of),
            },
            EtherType(len) if ether_type.is_length() => {
                self.limit(len.into());
                self.payload(of);
            }
            _ => self.payload(of),
        }
    }

    fn ipv4(&mut self, of: PayloadOf) {
        let bytes = self.rest();
        let packet = match ipv4::Packet::parse_offloaded(bytes) {
            Ok(packet) => packet,
            Err(problem) => return self.give_up(problem, of),
        };
        if bytes[2..4] == [0, 0] {
            self.problem(Problem::OffloadedLength {
                layer: LayerKind::Ipv4,
            });
        }
        self.limit(packet.total_len());
        self.push(
            packet.header_len(),
            packet.checksum_status(),
            Body::Ipv4(packet),
        );
        if let Some(Err(problem)) = packet.option_iter().find(Result::is_err) {
            self.problem(problem);
        }
        if packet.missing_len() != 0 {
            let needed = len_u32(packet.total_len());
            let available = len_u32(packet.total_len() - packet.missing_len());
            self.problem(Problem::Truncated {
                layer: LayerKind::Ipv4,
                needed,
                available,
            });
        }
        if packet.fragment_offset() + packet.payload_len() > ipv4::MAX_LEN && packet.is_fragment() {
            self.problem(Problem::FragmentTooLong);
        }
        if packet.fragment_offset() != 0 {
            return self.payload(PayloadOf::Fragment(packet.protocol()));
        }
        self.transport(&Around {
            protocol: packet.protocol(),
            upper_len: packet.payload_len(),
            complete: !packet.is_fragment(),
            addresses: Addresses::V4(packet.source(), packet.destination()),
        });
    }

    fn ipv6(&mut self, of: PayloadOf) {
        let packet = match ipv6::Packet::parse_snapped(self.rest()) {
            Ok(packet) => packet,
            Err(problem) => return self.give_up(problem, of),
        };
        self.limit(packet.header_len() + packet.payload().len());
        self.push(
            packet.header_len(),
            ChecksumStatus::None,
            Body::Ipv6(packet),
        );
        if let Some(problem) = packet.problem() {
            self.problem(problem);
        }
        if packet.missing_len() != 0 {
            let needed = len_u32(packet.header_len() + packet.upper_len());
            let available = len_u32(packet.header_len() + packet.payload().len());
            self.problem(Problem::Truncated {
                layer: LayerKind::Ipv6,
                needed,
                available,
            });
        }
        if packet.fragment_offset() != 0 {
            return self.payload(PayloadOf::Fragment(packet.protocol()));
        }
        self.transport(&Around {
            protocol: packet.protocol(),
            upper_len: packet.upper_len(),
            complete: !packet.is_fragment(),
            addresses: Addresses::V6(packet.source(), packet.destination()),
        });
    }

    fn transport(&mut self, around: &Around) {
        match (around.protocol, &around.addresses) {
            (Protocol::TCP, _) => self.tcp(around),
            (Protocol::UDP, _) => self.udp(around),
            (Protocol::ICMP, Addresses::V4(..)) => self.icmpv4(around),
            (Protocol::ICMPV6, Addresses::V6(..)) => self.icmpv6(around),
            (protocol, _) => self.payload(PayloadOf::Ip(protocol)),
        }
    }

    /// The status of a checksum over `len` bytes from here, or why there is none to tell.
    fn checksum(
        &self,
        around: &Around,
        len: usize,
        status: impl FnOnce(Sum) -> ChecksumStatus,
    ) -> ChecksumStatus {
        if !around.complete {
            ChecksumStatus::Fragment
        } else if self.rest().len() < len {
            ChecksumStatus::Snapped
        } else {
            status(around.pseudo_header(len))
        }
    }

    fn tcp(&mut self, around: &Around) {
        let bytes = self.rest();
        let segment = match tcp::Segment::parse_snapped(bytes) {
            Ok(segment) => segment,
            Err(problem) => return self.tcp_start(problem),
        };
        let status = self.checksum(around, around.upper_len, |sum| segment.checksum_status(sum));
        if let Err(problem) = check_len(LayerKind::Tcp, bytes, segment.header_len()) {
            // A header that its own packet cannot hold was never right; one that
            // the capture or the quote cut was.
            if around.complete && segment.header_len() > around.upper_len {
                let found = len_u32(segment.header_len());
                self.certain_problem(Problem::BadHeaderLength {
                    layer: LayerKind::Tcp,
                    found,
                });
            } else {
                self.problem(problem);
            }
        } else if let Some(Err(problem)) = segment.option_iter().find(Result::is_err) {
            self.problem(problem);
        }
        self.push(segment.header_len(), status, Body::Tcp(segment));
        self.payload(PayloadOf::Tcp);
    }

    /// Less than a TCP header, or nonsense: the first eight bytes still say whose it is.
    fn tcp_start(&mut self, problem: Problem) {
        let of = PayloadOf::Ip(Protocol::TCP);
        match (problem, tcp::Start::parse(self.rest())) {
            (Problem::Truncated { .. }, Ok(start)) => {
                self.problem(problem);
                self.push(
                    tcp::Start::LEN,
                    ChecksumStatus::Snapped,
                    Body::TcpStart(start),
                );
                self.payload(of);
            }
            _ => self.give_up(problem, of),
        }
    }

    fn udp(&mut self, around: &Around) {
        let datagram = match udp::Datagram::parse_snapped(self.rest()) {
            Ok(datagram) => datagram,
            Err(problem) => return self.give_up(problem, PayloadOf::Ip(Protocol::UDP)),
        };
        let status = if datagram.checksum() == 0 {
            ChecksumStatus::Absent
        } else {
            self.checksum(around, datagram.len(), |sum| datagram.checksum_status(sum))
        };
        if around.complete && datagram.len() > around.upper_len {
            self.certain_problem(Problem::Truncated {
                layer: LayerKind::Udp,
                needed: len_u32(datagram.len()),
                available: len_u32(around.upper_len),
            });
        }
        self.limit(datagram.len());
        self.push(udp::HEADER_LEN, status, Body::Udp(datagram));
        self.payload(PayloadOf::Udp);
    }

    fn icmpv4(&mut self, around: &Around) {
        let packet = match icmpv4::Packet::parse(self.rest()) {
            Ok(packet) => packet,
            Err(problem) => return self.give_up(problem, PayloadOf::Ip(Protocol::ICMP)),
        };
        let status = self.checksum(around, around.upper_len, |_| packet.checksum_status());
        self.push(icmpv4::HEADER_LEN, status, Body::Icmpv4(packet));
        // An error about an error must not be (RFC 1122 §3.2.2): one level is enough.
        if packet.message().is_error() && !self.quoted {
            self.quoted = true;
            self.ipv4(PayloadOf::Icmpv4);
            // Routers may append extensions (RFC 4884), which follow the quote.
            self.quoted = false;
            return;
        }
        self.payload(PayloadOf::Icmpv4);
    }

    fn icmpv6(&mut self, around: &Around) {
        let packet = match icmpv6::Packet::parse(self.rest()) {
            Ok(packet) => packet,
            Err(problem) => return self.give_up(problem, PayloadOf::Ip(Protocol::ICMPV6)),
        };
        let status = self.checksum(around, around.upper_len, |sum| packet.checksum_status(sum));
        self.push(icmpv6::HEADER_LEN, status, Body::Icmpv6(packet));
        // RFC 4443 §2.4 (e.1): an error about an error must not be.
        if packet.message().is_error() && !self.quoted {
            self.quoted = true;
            self.ipv6(PayloadOf::Icmpv6);
            self.quoted = false;
            return;
        }
        self.payload(PayloadOf::Icmpv6);
    }
}
