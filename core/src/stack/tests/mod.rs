//! Packet stories: what comes in and when, and what the trace says of it.

mod claim;
mod hostile;
mod icmp;
mod listening;
mod neighbours;
mod pair;
mod tcp;
mod time_wait;

use super::*;
use crate::tcp::Policy;
use crate::trace::{ConnId, NeighbourStep, Record, TcpState};
use crate::wire::{
    Body, EtherType, LinkType, Port, Protocol, arp, dissect, ethernet, icmpv4, ipv4, udp,
};
use core::fmt::Write;
use core::net::SocketAddrV4;

const US: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 7);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);
const OUR_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x81]);
const PEER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 7]);
const EVIL_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x66]);

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// A stack on a link where we play everybody else.
struct Bench {
    stack: Stack<Vec<Record>>,
    now: Instant,
    received: u64,
    /// Frames that went out, with their names.
    sent: Vec<(FrameId, Vec<u8>)>,
    out: Vec<u8>,
}

impl Bench {
    /// A stack without an address.
    fn new() -> Self {
        let stack = Stack::new(Config::new(OUR_MAC), 2014, Vec::new());
        Self {
            stack,
            now: Instant::ZERO,
            received: 0,
            sent: Vec::new(),
            out: Vec::new(),
        }
    }

    /// A stack that has its address.
    fn with_address() -> Self {
        let mut bench = Self::new();
        let interface = Interface::new(US, 24, Some(GATEWAY)).unwrap();
        bench.stack.assume(Instant::ZERO, interface).unwrap();
        bench
    }

    /// A stack that has its address and knows the peer's.
    fn with_peer() -> Self {
        let mut bench = Self::with_address();
        let port = bench.stack.udp_bind(None).unwrap();
        let remote = SocketAddrV4::new(PEER, 9);
        bench
            .stack
            .udp_send_to(bench.now, port, remote, b"")
            .unwrap();
        bench.drain();
        bench.frame(0, &arp_from(PEER_MAC, PEER, US));
        bench.frame(0, &arp_reply(PEER_MAC, PEER));
        bench.stack.udp_close(port);
        bench.forget();
        bench
    }

    /// A frame arrives.
    fn frame(&mut self, ms: u64, bytes: &[u8]) {
        self.run_to(ms);
        self.received += 1;
        self.stack
            .handle_frame(self.now, FrameId::received(self.received), bytes);
        self.drain();
    }

    /// Lets time pass, with every timer on the way.
    fn run_to(&mut self, ms: u64) {
        while let Some(due) = self.stack.poll_timeout().filter(|due| *due <= at(ms)) {
            self.now = self.now.max(due);
            self.stack.handle_timeout(self.now);
            self.drain();
        }
        self.now = self.now.max(at(ms));
    }

    /// Takes what is to be sent.
    fn drain(&mut self) {
        while let Some(frame) = self.stack.poll_transmit(self.now, &mut self.out) {
            self.sent.push((frame, self.out.clone()));
        }
    }

    /// Takes the events.
    fn events(&mut self) -> Vec<StackEvent> {
        core::iter::from_fn(|| self.stack.poll_event()).collect()
    }

    /// What happened so far need not be told.
    fn forget(&mut self) {
        self.stack.observer_mut().clear();
        self.sent.clear();
        self.events();
    }

    /// What the trace says since it was last asked, a line for each event.
    fn story(&mut self) -> String {
        let mut story = String::new();
        for Record { at, event } in core::mem::take(self.stack.observer_mut()) {
            let line = match event {
                Event::Received { .. } => continue,
                Event::Sent { frame, cause, .. } => {
                    let sent = self.sent.iter().find(|(id, _)| *id == frame);
                    format!("> {} ({cause:?})", describe(&sent.unwrap().1))
                }
                Event::Dropped { frame, reason, .. } => format!("x {frame:?} {reason:?}"),
                Event::Claim { step, .. } => format!("claim {step:?}"),
                Event::Neighbour { addr, step } => match step {
                    NeighbourStep::Resolved { mac, .. } => format!("{addr} is at {mac}"),
                    step => format!("{addr} {step:?}"),
                },
                other => format!("{other:?}"),
            };
            writeln!(story, "{:>6} {line}", at.as_millis()).unwrap();
        }
        story
    }

    fn check(&mut self, expected: &str) {
        let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let story = self.story();
        assert_eq!(lines(story.trim()), lines(expected.trim()), "\n{story}");
    }
}

/// A frame in a few words.
fn describe(bytes: &[u8]) -> String {
    let packet = dissect(LinkType::Ethernet, bytes, bytes.len());
    assert_eq!(packet.problems, [], "we sent a malformed frame");
    assert!(
        packet
            .layers
            .iter()
            .all(|layer| layer.quoted || !layer.checksum.is_bad())
    );
    let to = packet.ethernet().unwrap().destination();
    let to = if to.is_broadcast() {
        "all".to_owned()
    } else {
        to.to_string()
    };
    let what = match &packet.layers[1].body {
        Body::Arp(arp) if arp.operation == arp::Operation::Request => {
            format!("who has {}? tell {}", arp.target_ip, arp.sender_ip)
        }
        Body::Arp(arp) => format!("{} is at {}", arp.sender_ip, arp.sender_mac),
        Body::Ipv4(ip) => match &packet.layers[2].body {
            Body::Icmpv4(icmp) => {
                format!("{} icmp {}/{}", ip.destination(), icmp.kind(), icmp.code())
            }
            Body::Udp(udp) => format!("{} udp {:?}", ip.destination(), udp.payload()),
            Body::Tcp(tcp) => format!("{} tcp {}", ip.destination(), tcp.flags()),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    };
    format!("{to}: {what}")
}

fn in_ethernet(
    source: MacAddr,
    destination: MacAddr,
    ether_type: EtherType,
    payload: &[u8],
) -> Vec<u8> {
    let mut out = Vec::new();
    ethernet::Header {
        destination,
        source,
        ether_type,
    }
    .emit(&mut out);
    out.extend_from_slice(payload);
    out
}

fn arp_frame(destination: MacAddr, packet: &arp::Packet) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.emit(&mut payload);
    in_ethernet(packet.sender_mac, destination, EtherType::ARP, &payload)
}

/// "Who has `target_ip`? Tell `sender_ip`", to all.
fn arp_from(sender_mac: MacAddr, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Vec<u8> {
    let operation = arp::Operation::Request;
    let target_mac = MacAddr::ZERO;
    let packet = arp::Packet {
        operation,
        sender_mac,
        sender_ip,
        target_mac,
        target_ip,
    };
    arp_frame(MacAddr::BROADCAST, &packet)
}

/// "`sender_ip` is at `sender_mac`", to us.
fn arp_reply(sender_mac: MacAddr, sender_ip: Ipv4Addr) -> Vec<u8> {
    let operation = arp::Operation::Reply;
    let packet = arp::Packet {
        operation,
        sender_mac,
        sender_ip,
        target_mac: OUR_MAC,
        target_ip: US,
    };
    arp_frame(OUR_MAC, &packet)
}

/// An IP packet from the peer to us.
fn ip_frame(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    ip_frame_with(&ipv4::Header::new(PEER, US, protocol), OUR_MAC, payload)
}

fn ip_frame_with(header: &ipv4::Header, destination: MacAddr, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    header.emit(payload.len(), &mut packet);
    packet.extend_from_slice(payload);
    in_ethernet(PEER_MAC, destination, EtherType::IPV4, &packet)
}

/// A datagram from the peer.
fn udp_payload(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    udp::Header {
        src_port: Port(src),
        dst_port: Port(dst),
    }
    .emit(PEER, US, payload, &mut out);
    out
}

fn icmp_payload(message: &icmpv4::Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    message.emit(&mut out);
    out
}
