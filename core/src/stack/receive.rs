//! A frame's way in.

use super::Stack;
use super::listen::Taken;
use crate::ip;
use crate::tcp;
use crate::time::Instant;
use crate::trace::{Cause, ConnId, DropReason, Event, FrameId, Observer, ResetReason};
use crate::wire::icmpv4::{self, Unreachable};
use crate::wire::{
    ChecksumStatus, EtherType, Ipv4Addr, MacAddr, Protocol, arp, ethernet, ipv4, tcp as wire_tcp,
};
use core::net::SocketAddrV4;

/// What the layers below tell of an IP payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried<'a> {
    pub(super) frame: FrameId,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) protocol: Protocol,
    pub(super) payload: &'a [u8],
    /// From which station, when one frame carried all of it.
    pub(super) neighbour: Option<MacAddr>,
    /// The whole IP packet, when one frame carried all of it.
    pub(super) packet: Option<&'a [u8]>,
    /// Whether a router has marked it: congestion experienced (RFC 3168 §5).
    pub(super) marked: bool,
}

impl<O: Observer> Stack<O> {
    /// Takes a frame from the link: Ethernet, without FCS. Any bytes will do. `frame`
    /// is the caller's name for it ([`FrameId::received`]).
    pub fn handle_frame(&mut self, now: Instant, frame: FrameId, bytes: &[u8]) {
        self.advance(now);
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.trace(&Event::Received { frame, len });
        if let Err(reason) = self.on_ethernet(frame, bytes) {
            self.drop_frame(frame, reason);
        }
    }

    fn on_ethernet(&mut self, frame: FrameId, bytes: &[u8]) -> Result<(), DropReason> {
        let view = ethernet::Frame::parse(bytes).map_err(|_| DropReason::Malformed)?;
        let destination = view.destination();
        if destination != self.config.mac && !destination.is_multicast() {
            return Err(DropReason::OtherMac);
        }
        if !view.source().is_unicast() {
            return Err(DropReason::BadSource);
        }
        let (ether_type, payload) = match view.ether_type() {
            // IEEE 802.1Q: VLAN 0 is a priority only, the frame is as good as untagged.
            EtherType::VLAN => match ethernet::VlanTag::parse(view.payload()) {
                Ok((tag, rest)) if tag.id == 0 => (tag.ether_type, rest),
                Ok(_) => return Err(DropReason::UnknownEtherType),
                Err(_) => return Err(DropReason::Malformed),
            },
            other => (other, view.payload()),
        };
        match ether_type {
            EtherType::ARP => self.on_arp(frame, payload),
            EtherType::IPV4 => self.on_ipv4(frame, &view, payload),
            _ => Err(DropReason::UnknownEtherType),
        }
    }

    fn on_arp(&mut self, frame: FrameId, bytes: &[u8]) -> Result<(), DropReason> {
        let packet = arp::Packet::parse(bytes).map_err(|_| DropReason::Malformed)?;
        if !packet.sender_mac.is_unicast() {
            return Err(DropReason::BadSource);
        }
        let Some(claim) = &mut self.claim else {
            return Err(DropReason::NoAddress);
        };
        let verdict = claim.on_arp(self.now, &packet);
        if self.judge_claim(verdict, frame) {
            return Ok(());
        }
        // While it only probes, a host has no address to answer for (RFC 5227 §2.1.1).
        let interface = *self.interface().ok_or(DropReason::NoAddress)?;
        let to_us = packet.target_ip == interface.address();
        if interface.next_hop(packet.sender_ip) == Ok(packet.sender_ip) {
            let now = self.now;
            self.neighbours
                .on_arp(now, &packet, to_us, frame, &mut self.observer);
            self.drain_neighbours();
        }
        if !to_us {
            return Err(DropReason::ArpNotForUs);
        }
        // RFC 826: answer whoever asks for our address, a prober (RFC 5227 §1.1) as well; who
        // announces it for himself asks nothing.
        let asks =
            packet.operation == arp::Operation::Request && packet.sender_ip != interface.address();
        if asks && packet.sender_mac != self.config.mac {
            let reply = arp::Packet {
                operation: arp::Operation::Reply,
                sender_mac: self.config.mac,
                sender_ip: interface.address(),
                target_mac: packet.sender_mac,
                target_ip: packet.sender_ip,
            };
            if !self.push_arp(packet.sender_mac, reply, Cause::ArpReply) {
                return Err(DropReason::QueueFull);
            }
        }
        Ok(())
    }

    fn on_ipv4(
        &mut self,
        frame: FrameId,
        view: &ethernet::Frame<'_>,
        bytes: &[u8],
    ) -> Result<(), DropReason> {
        let interface = *self.interface().ok_or(DropReason::NoAddress)?;
        let packet = ip::admit(bytes, &interface, view.destination().is_multicast())?;
        let carried = Carried {
            frame,
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            payload: packet.payload(),
            neighbour: Some(view.source()),
            packet: Some(packet.bytes()),
            marked: packet.ecn() == 3,
        };
        if !packet.is_fragment() {
            return self.on_payload(&carried);
        }
        let now = self.now;
        match self.reassembly.add(now, &packet, frame, &mut self.observer) {
            Some(payload) => self.on_payload(&Carried {
                payload: &payload,
                neighbour: None,
                packet: None,
                ..carried
            }),
            None => Ok(()),
        }
    }

    fn on_payload(&mut self, carried: &Carried<'_>) -> Result<(), DropReason> {
        match carried.protocol {
            Protocol::TCP => self.on_tcp(carried),
            Protocol::UDP => self.on_udp(carried),
            Protocol::ICMP => self.on_icmp(carried),
            _ => {
                // RFC 1122 §3.2.2.1: tell the sender that we do not speak it.
                let cause = Cause::ProtocolUnreachable;
                self.unreachable(carried, Unreachable::Protocol, cause)?;
                Err(DropReason::UnknownProtocol)
            }
        }
    }

    fn on_tcp(&mut self, carried: &Carried<'_>) -> Result<(), DropReason> {
        let view = wire_tcp::Segment::parse(carried.payload).map_err(|_| DropReason::Malformed)?;
        if view.checksum_status(carried.pseudo_header()) != ChecksumStatus::Ok {
            return Err(DropReason::BadChecksum);
        }
        let local = view.dst_port();
        let remote = SocketAddrV4::new(carried.source, view.src_port().0);
        let segment = tcp::Segment::from(&view);
        if let Some(conn) = self.connections.find(local, remote) {
            return self.on_segment(conn, carried, &view, &segment);
        }
        if self.connections.listeners.get(local).is_some()
            && self.on_listener(carried, local, remote, &segment)? == Taken::Yes
        {
            return Ok(());
        }
        self.reset(&segment, &view, carried)?;
        Err(DropReason::NoConnection)
    }

    /// A segment for a connection that there is.
    fn on_segment(
        &mut self,
        conn: ConnId,
        carried: &Carried<'_>,
        view: &wire_tcp::Segment<'_>,
        segment: &tcp::Segment<'_>,
    ) -> Result<(), DropReason> {
        if self.on_waiting(conn, carried, segment)? == Taken::Yes {
            return Ok(());
        }
        self.confirm_neighbour(carried, view);
        let (now, frame, observer) = (self.now, carried.frame, &mut self.observer);
        let (limit, random) = (&mut self.limits.challenge, &mut self.random);
        let open = limit.is_open(now, || random.next_u32());
        self.connections.change(conn, |connection| {
            connection.permit_challenges(open);
            if carried.marked {
                connection.on_marked_segment(now, segment, frame, observer);
            } else {
                connection.on_segment(now, segment, frame, observer);
            }
            limit.spend(connection.take_challenges());
        });
        Ok(())
    }

    /// RFC 9293 §3.10.7.1: a segment to no connection is answered with a reset,
    /// unless it is one.
    fn reset(
        &mut self,
        segment: &tcp::Segment<'_>,
        view: &wire_tcp::Segment<'_>,
        carried: &Carried<'_>,
    ) -> Result<(), DropReason> {
        let Some(header) = tcp::reset_for(segment, view.dst_port(), view.src_port()) else {
            return Ok(());
        };
        if !self.limits.reset.take(self.now) {
            return Err(DropReason::RateLimited);
        }
        let cause = Cause::Reset(ResetReason::NoConnection);
        let (us, them) = (carried.destination, carried.source);
        let emit = |out: &mut Vec<u8>| header.emit(us, them, &[], out);
        if self.push_ip(them, Protocol::TCP, cause, emit) {
            Ok(())
        } else {
            Err(DropReason::QueueFull)
        }
    }

    /// A segment that acknowledges ours came straight from the next hop: it is there.
    fn confirm_neighbour(&mut self, carried: &Carried<'_>, view: &wire_tcp::Segment<'_>) {
        if let (Some(mac), true) = (carried.neighbour, view.flags().ack())
            && let Some(Ok((_, next_hop))) = self.route(carried.source)
        {
            self.neighbours.confirm(self.now, next_hop, mac);
        }
    }
}

impl Carried<'_> {
    pub(super) fn pseudo_header(&self) -> crate::wire::checksum::Sum {
        let len = self.payload.len();
        crate::wire::checksum::Sum::pseudo_v4(self.source, self.destination, self.protocol, len)
    }

    /// The packet's beginning, as an ICMP error quotes it.
    pub(super) fn quote(&self) -> Vec<u8> {
        // RFC 1812 §4.3.2.3: as much as fits into an error of 576 bytes.
        const MAX_LEN: usize = 576 - ipv4::HEADER_LEN - icmpv4::HEADER_LEN;
        let mut quote = Vec::new();
        match self.packet {
            Some(packet) => quote.extend_from_slice(packet),
            // Put together from fragments: a header that names the same ends.
            None => {
                ipv4::Header::new(self.source, self.destination, self.protocol)
                    .emit(self.payload.len(), &mut quote);
                quote.extend_from_slice(self.payload);
            }
        }
        quote.truncate(MAX_LEN);
        quote
    }
}
