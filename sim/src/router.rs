//! A router: one hop between subnets (RFC 1812, as much of it as a gateway shows).
//!
//! ```text
//!   port 0 --+                           +-- port 1
//!   ARP  <---+--- our own address: echo  +---> ARP
//!            |                           |
//!            +-- TTL - 1, next subnet ---+
//!                 |          |        |
//!             expired     no way   nobody there: ICMP back to the sender
//! ```

use crate::node::{Node, Port};
use core::net::Ipv4Addr;
use std::collections::{BTreeMap, VecDeque};
use synema_core::ip::Interface;
use synema_core::link::{Neighbours, Outbound};
use synema_core::time::Instant;
use synema_core::trace::{Cause, FrameId};
use synema_core::wire::icmpv4::{Message, Unreachable};
use synema_core::wire::{EtherType, MacAddr, Protocol, arp, checksum, ethernet, icmpv4, ipv4};

/// Frames that wait to leave a port.
const MAX_QUEUE: usize = 4096;
/// RFC 1812 §4.3.2.3: as much of a packet as an error quotes.
const MAX_QUOTE: usize = 548;
/// Bytes 8 and 10 of an IPv4 header: TTL and checksum.
const TTL_AT: usize = 8;
const CHECKSUM_AT: usize = 10;

/// A router between the subnets of its ports.
#[derive(Debug)]
pub struct Router {
    ports: Vec<RouterPort>,
    out: VecDeque<(Port, FrameId, Vec<u8>)>,
    next_frame: u64,
    /// What was passed on: what it is called as it leaves, and what it was called as it came.
    passed_on: BTreeMap<FrameId, FrameId>,
    /// The last packet for each neighbour that is being asked for, to be quoted
    /// if it does not answer.
    asked_for: BTreeMap<Ipv4Addr, Vec<u8>>,
}

#[derive(Debug)]
struct RouterPort {
    mac: MacAddr,
    interface: Interface,
    neighbours: Neighbours,
}

impl Router {
    /// A router with a port for each of these.
    pub fn new(ports: &[(MacAddr, Interface)]) -> Self {
        let port = |(mac, interface): &(MacAddr, Interface)| RouterPort {
            mac: *mac,
            interface: *interface,
            neighbours: Neighbours::default(),
        };
        Self {
            ports: ports.iter().map(port).collect(),
            out: VecDeque::new(),
            next_frame: 0,
            passed_on: BTreeMap::new(),
            asked_for: BTreeMap::new(),
        }
    }

    /// As what a frame came here that left as `sent_as`; `None` for the router's own.
    pub fn came_as(&self, sent_as: FrameId) -> Option<FrameId> {
        self.passed_on.get(&sent_as).copied()
    }

    fn on_arp(&mut self, now: Instant, port: usize, frame: FrameId, bytes: &[u8]) {
        let Ok(packet) = arp::Packet::parse(bytes) else {
            return;
        };
        let RouterPort {
            mac,
            interface,
            neighbours,
        } = &mut self.ports[port];
        let to_us = packet.target_ip == interface.address();
        if interface.next_hop(packet.sender_ip) == Ok(packet.sender_ip) {
            neighbours.on_arp(now, &packet, to_us, frame, &mut ());
        }
        if to_us && packet.operation == arp::Operation::Request {
            let reply = arp::Packet {
                operation: arp::Operation::Reply,
                sender_mac: *mac,
                sender_ip: interface.address(),
                target_mac: packet.sender_mac,
                target_ip: packet.sender_ip,
            };
            self.push_arp(port, packet.sender_mac, &reply);
        }
        self.drain(now, port);
    }

    fn on_ipv4(&mut self, now: Instant, port: usize, frame: FrameId, bytes: &[u8]) {
        let Ok(packet) = ipv4::Packet::parse(bytes) else {
            return;
        };
        if packet.checksum_status() != checksum::ChecksumStatus::Ok {
            return;
        }
        let destination = packet.destination();
        // What an Ethernet frame holds behind the packet is padding.
        let bytes = &bytes[..packet.total_len()];
        if self
            .ports
            .iter()
            .any(|it| it.interface.address() == destination)
        {
            return self.on_own(now, port, &packet);
        }
        // RFC 1812 §5.3.1
        if packet.ttl() <= 1 {
            let quote = &bytes[..bytes.len().min(MAX_QUOTE)];
            let expired = Message::TimeExceeded { code: 0, quote };
            return self.send_icmp(now, port, packet.source(), &expired);
        }
        let on_link = |it: &RouterPort| it.interface.next_hop(destination) == Ok(destination);
        let Some(way) = self.ports.iter().position(on_link) else {
            return self.unreachable(now, port, packet.source(), bytes, Unreachable::Network);
        };
        self.forward(now, way, frame, destination, bytes);
    }

    /// RFC 1812 §5.2.1: one hop less, and on.
    fn forward(
        &mut self,
        now: Instant,
        way: usize,
        frame: FrameId,
        destination: Ipv4Addr,
        bytes: &[u8],
    ) {
        let mut packet = bytes.to_vec();
        let old = u16::from_be_bytes([packet[TTL_AT], packet[TTL_AT + 1]]);
        packet[TTL_AT] -= 1;
        let new = u16::from_be_bytes([packet[TTL_AT], packet[TTL_AT + 1]]);
        let sum = u16::from_be_bytes([packet[CHECKSUM_AT], packet[CHECKSUM_AT + 1]]);
        let sum = checksum::update(sum, old, new).to_be_bytes();
        packet[CHECKSUM_AT..CHECKSUM_AT + 2].copy_from_slice(&sum);
        self.send_ipv4(now, way, Some(frame), destination, &packet);
    }

    fn on_own(&mut self, now: Instant, port: usize, packet: &ipv4::Packet<'_>) {
        if packet.protocol() != Protocol::ICMP {
            return;
        }
        let Ok(icmp) = icmpv4::Packet::parse(packet.payload()) else {
            return;
        };
        if let Message::EchoRequest {
            identifier,
            sequence,
            data,
        } = icmp.message()
        {
            let reply = Message::EchoReply {
                identifier,
                sequence,
                data,
            };
            self.send_icmp(now, port, packet.source(), &reply);
        }
    }

    fn unreachable(
        &mut self,
        now: Instant,
        port: usize,
        to: Ipv4Addr,
        bytes: &[u8],
        reason: Unreachable,
    ) {
        // RFC 1812 §4.3.2.7: no errors about errors; a router that forwards
        // nothing but what hosts send need only know its own protocol.
        let is_icmp = ipv4::Packet::parse(bytes).is_ok_and(|it| it.protocol() == Protocol::ICMP);
        if is_icmp {
            return;
        }
        let quote = &bytes[..bytes.len().min(MAX_QUOTE)];
        let message = Message::DestinationUnreachable { reason, quote };
        self.send_icmp(now, port, to, &message);
    }

    fn send_icmp(&mut self, now: Instant, port: usize, to: Ipv4Addr, message: &Message<'_>) {
        let mut payload = Vec::new();
        message.emit(&mut payload);
        let from = self.ports[port].interface.address();
        let mut packet = Vec::new();
        ipv4::Header::new(from, to, Protocol::ICMP).emit(payload.len(), &mut packet);
        packet.extend_from_slice(&payload);
        self.send_ipv4(now, port, None, to, &packet);
    }

    /// Sends a packet to a neighbour on `port`, or lets it wait for its MAC address. `came`
    /// is the frame in which it came, if it is not the router's own.
    fn send_ipv4(
        &mut self,
        now: Instant,
        port: usize,
        came: Option<FrameId>,
        to: Ipv4Addr,
        packet: &[u8],
    ) {
        let RouterPort {
            mac, neighbours, ..
        } = &mut self.ports[port];
        let known = neighbours.lookup(now, to, &mut ());
        let mut bytes = Vec::with_capacity(ethernet::HEADER_LEN + packet.len());
        ethernet::Header {
            destination: known.unwrap_or(MacAddr::ZERO),
            source: *mac,
            ether_type: EtherType::IPV4,
        }
        .emit(&mut bytes);
        bytes.extend_from_slice(packet);
        if known.is_some() {
            self.push(port, came, bytes);
        } else {
            self.asked_for.insert(to, packet.to_vec());
            let waiting = Outbound {
                // A name of its own tells it from what is passed on.
                frame: came.unwrap_or(FrameId::sent(0)),
                conn: None,
                cause: Cause::Datagram,
                bytes,
            };
            self.ports[port].neighbours.wait(now, to, waiting, &mut ());
        }
        self.drain(now, port);
    }

    /// Sends what the port's ARP cache wants sent, and reports who is not there.
    fn drain(&mut self, now: Instant, port: usize) {
        while let Some(ask) = self.ports[port].neighbours.poll_ask() {
            let request = arp::Packet {
                operation: arp::Operation::Request,
                sender_mac: self.ports[port].mac,
                sender_ip: self.ports[port].interface.address(),
                target_mac: MacAddr::ZERO,
                target_ip: ask.addr,
            };
            self.push_arp(port, ask.to, &request);
        }
        while let Some(ready) = self.ports[port].neighbours.poll_ready() {
            let came = Some(ready.frame).filter(|frame| !frame.is_sent());
            self.push(port, came, ready.bytes);
        }
        while let Some(addr) = self.ports[port].neighbours.poll_failed() {
            let Some(bytes) = self.asked_for.remove(&addr) else {
                continue;
            };
            let Ok(packet) = ipv4::Packet::parse(&bytes) else {
                continue;
            };
            let source = packet.source();
            let on_link = |it: &RouterPort| it.interface.next_hop(source) == Ok(source);
            if let Some(back) = self.ports.iter().position(on_link) {
                self.unreachable(now, back, source, &bytes, Unreachable::Host);
            }
        }
    }

    fn push_arp(&mut self, port: usize, destination: MacAddr, packet: &arp::Packet) {
        let mut bytes = Vec::new();
        ethernet::Header {
            destination,
            source: self.ports[port].mac,
            ether_type: EtherType::ARP,
        }
        .emit(&mut bytes);
        packet.emit(&mut bytes);
        self.push(port, None, bytes);
    }

    fn push(&mut self, port: usize, came: Option<FrameId>, bytes: Vec<u8>) {
        if self.out.len() < MAX_QUEUE {
            let frame = FrameId::sent(self.next_frame);
            self.next_frame += 1;
            if let Some(came) = came {
                self.passed_on.insert(frame, came);
            }
            let port = Port::try_from(port).expect("ports are counted by a u8");
            self.out.push_back((port, frame, bytes));
        }
    }
}

impl Node for Router {
    fn on_frame(&mut self, now: Instant, port: Port, frame: FrameId, bytes: &[u8]) {
        let port = usize::from(port);
        let (Some(own), Ok(view)) = (self.ports.get(port), ethernet::Frame::parse(bytes)) else {
            return;
        };
        if view.destination() != own.mac && !view.destination().is_multicast() {
            return;
        }
        match view.ether_type() {
            EtherType::ARP => self.on_arp(now, port, frame, view.payload()),
            EtherType::IPV4 if !view.destination().is_multicast() => {
                self.on_ipv4(now, port, frame, view.payload());
            }
            _ => {}
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        for port in 0..self.ports.len() {
            self.ports[port].neighbours.on_timeout(now, &mut ());
            self.drain(now, port);
        }
    }

    fn poll_transmit(&mut self, _now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)> {
        let (port, id, bytes) = self.out.pop_front()?;
        *frame = bytes;
        Some((port, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = self.ports.iter().map(|port| port.neighbours.poll_timeout());
        deadlines.flatten().min()
    }
}
