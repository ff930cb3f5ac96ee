//! A frame's way out.
//!
//! ```text
//!   1. frames whose neighbour has answered
//!   2. the stack's own: ARP, ICMP, resets, datagrams
//!   3. connections, in turn: headers and payload go straight into the caller's buffer
//! ```

use super::Stack;
use crate::link::Outbound;
use crate::time::Instant;
use crate::trace::{Cause, ConnId, Event, FrameId, Observer};
use crate::wire::{EtherType, Ipv4Addr, MacAddr, Protocol, arp, ethernet, ipv4};

/// A frame of the stack's own that waits to be sent.
#[derive(Debug)]
pub(super) enum Control {
    /// ARP, to one station or to all.
    Arp {
        destination: MacAddr,
        packet: arp::Packet,
        cause: Cause,
    },
    /// An IP payload; headers are put before it when it goes out.
    Ip {
        destination: Ipv4Addr,
        protocol: Protocol,
        payload: Vec<u8>,
        cause: Cause,
    },
}

/// What a frame is, apart from its bytes.
#[derive(Clone, Copy, Debug)]
struct Label {
    frame: FrameId,
    conn: Option<ConnId>,
    cause: Cause,
}

impl<O: Observer> Stack<O> {
    /// Puts the next frame to be sent into `out` (which is cleared first) and gives
    /// its name; `None` when there is nothing to send now. A buffer that is handed
    /// in again is not allocated again.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<FrameId> {
        self.advance(now);
        out.clear();
        let label = self.transmit_ready(out).or_else(|| {
            let control = self.transmit_control(out);
            control.or_else(|| self.transmit_connection(out))
        })?;
        let len = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let Label { frame, conn, cause } = label;
        self.trace(&Event::Sent {
            frame,
            len,
            conn,
            cause,
        });
        Some(frame)
    }

    /// A frame whose neighbour has answered.
    fn transmit_ready(&mut self, out: &mut Vec<u8>) -> Option<Label> {
        let Outbound {
            frame,
            conn,
            cause,
            bytes,
        } = self.neighbours.poll_ready()?;
        out.extend_from_slice(&bytes);
        Some(Label { frame, conn, cause })
    }

    /// A frame of the stack's own.
    fn transmit_control(&mut self, out: &mut Vec<u8>) -> Option<Label> {
        while let Some(control) = self.control.pop_front() {
            match control {
                Control::Arp {
                    destination,
                    packet,
                    cause,
                } => {
                    let (source, ether_type) = (self.config.mac, EtherType::ARP);
                    ethernet::Header {
                        destination,
                        source,
                        ether_type,
                    }
                    .emit(out);
                    packet.emit(out);
                    return Some(Label {
                        frame: self.take_frame_id(),
                        conn: None,
                        cause,
                    });
                }
                Control::Ip {
                    destination,
                    protocol,
                    payload,
                    cause,
                } => {
                    let Some(Ok((interface, next_hop))) = self.route(destination) else {
                        continue;
                    };
                    let label = Label {
                        frame: self.take_frame_id(),
                        conn: None,
                        cause,
                    };
                    let mut header = ipv4::Header::new(interface.address(), destination, protocol);
                    header.identification = self.take_identification();
                    let known = self.ethernet_header(next_hop, out);
                    header.emit(payload.len(), out);
                    out.extend_from_slice(&payload);
                    if known {
                        return Some(label);
                    }
                    self.wait_for(next_hop, label, out);
                    // The request for the neighbour has joined the queue just now.
                }
            }
        }
        None
    }

    /// The next segment of the connection whose turn it is.
    fn transmit_connection(&mut self, out: &mut Vec<u8>) -> Option<Label> {
        loop {
            // What waits for a neighbour has left a request behind.
            if let Some(label) = self.transmit_control(out) {
                return Some(label);
            }
            let Some(interface) = self.interface().copied() else {
                self.connections.idle_all();
                return None;
            };
            if self.link_is_full {
                self.hold_connections();
                return None;
            }
            let (now, frame) = (self.now, FrameId::sent(self.next_frame));
            let (conn, connection) = self.connections.next_ready()?;
            let remote = *connection.identity().remote.ip();
            let fields = connection.ip_fields();
            let Some(segment) = connection.poll_transmit(now, frame, &mut self.observer) else {
                self.connections.idle(conn);
                continue;
            };
            let label = Label {
                frame,
                conn: Some(conn),
                cause: segment.cause,
            };
            let tcp_header = segment.header;
            let header = ipv4::Header {
                identification: self.next_identification,
                ttl: fields.ttl,
                // RFC 3168 §5: ECT(0).
                traffic_class: fields.traffic_class | if segment.ecn_capable { 2 } else { 0 },
                dont_fragment: fields.dont_fragment,
                ..ipv4::Header::new(interface.address(), remote, Protocol::TCP)
            };
            // Every connection has a next hop: it was asked for when it was opened.
            let next_hop = interface.next_hop(remote).unwrap_or(remote);
            let mac = self.neighbours.lookup(now, next_hop, &mut self.observer);
            ethernet::Header {
                destination: mac.unwrap_or(MacAddr::ZERO),
                source: self.config.mac,
                ether_type: EtherType::IPV4,
            }
            .emit(out);
            header.emit(tcp_header.header_len() + segment.payload_len(), out);
            tcp_header.emit(interface.address(), remote, &segment.payload, out);
            self.next_frame += 1;
            self.next_identification = self.next_identification.wrapping_add(1);
            self.connections.rotate();
            self.drain_neighbours();
            if mac.is_some() {
                return Some(label);
            }
            self.wait_for(next_hop, label, out);
        }
    }

    /// Whether the link takes frames of connections. While it does not, what is due
    /// waits, and [`Stack::poll_transmit`] gives none of them; only ARP, ICMP and
    /// the like, which are few and bounded, go on.
    pub fn set_link_full(&mut self, now: Instant, is_full: bool) {
        self.advance(now);
        if self.link_is_full == is_full {
            return;
        }
        self.link_is_full = is_full;
        let now = self.now;
        for conn in self.connections.ids() {
            let observer = &mut self.observer;
            self.connections.change(conn, |connection| {
                connection.set_link_full(now, is_full, observer);
            });
        }
    }

    /// What connections have to send waits for the link.
    fn hold_connections(&mut self) {
        while let Some((conn, connection)) = self.connections.next_ready() {
            connection.set_link_full(self.now, true, &mut self.observer);
            self.connections.idle(conn);
        }
    }

    /// Puts the header of a frame for `next_hop` into `out`; false if the neighbour
    /// is not known yet, and the frame has to wait.
    fn ethernet_header(&mut self, next_hop: Ipv4Addr, out: &mut Vec<u8>) -> bool {
        let mac = self
            .neighbours
            .lookup(self.now, next_hop, &mut self.observer);
        ethernet::Header {
            destination: mac.unwrap_or(MacAddr::ZERO),
            source: self.config.mac,
            ether_type: EtherType::IPV4,
        }
        .emit(out);
        self.drain_neighbours();
        mac.is_some()
    }

    /// Leaves the frame in `out` with its neighbour, until that answers.
    fn wait_for(&mut self, next_hop: Ipv4Addr, label: Label, out: &mut Vec<u8>) {
        let Label { frame, conn, cause } = label;
        let packet = Outbound {
            frame,
            conn,
            cause,
            bytes: out.clone(),
        };
        out.clear();
        self.neighbours
            .wait(self.now, next_hop, packet, &mut self.observer);
    }

    /// Queues an ARP packet; false when there is no room.
    pub(super) fn push_arp(
        &mut self,
        destination: MacAddr,
        packet: arp::Packet,
        cause: Cause,
    ) -> bool {
        self.push_control(Control::Arp {
            destination,
            packet,
            cause,
        })
    }

    /// Queues an IP packet whose payload `emit` appends; false when there is no room.
    pub(super) fn push_ip(
        &mut self,
        destination: Ipv4Addr,
        protocol: Protocol,
        cause: Cause,
        emit: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut payload = Vec::new();
        emit(&mut payload);
        self.push_control(Control::Ip {
            destination,
            protocol,
            payload,
            cause,
        })
    }

    fn push_control(&mut self, control: Control) -> bool {
        let room = self.control.len() < super::MAX_CONTROL;
        if room {
            self.control.push_back(control);
        }
        room
    }

    /// A request for a neighbour (RFC 826).
    pub(super) fn arp_request(&self, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> arp::Packet {
        arp::Packet {
            operation: arp::Operation::Request,
            sender_mac: self.config.mac,
            sender_ip,
            target_mac: MacAddr::ZERO,
            target_ip,
        }
    }

    fn take_frame_id(&mut self) -> FrameId {
        self.next_frame += 1;
        FrameId::sent(self.next_frame - 1)
    }

    /// RFC 6864 §4.1: any value will do for packets that are not fragmented; a
    /// counter is what captures of other systems show.
    fn take_identification(&mut self) -> u16 {
        self.next_identification = self.next_identification.wrapping_add(1);
        self.next_identification.wrapping_sub(1)
    }
}
