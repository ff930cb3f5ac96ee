//! packetdrill speaks IPv4 without a link below it; the stack speaks Ethernet.
//!
//! There is one station on the other side, which answers for every address.

use synema_core::wire::{EtherType, MacAddr, arp, ethernet};

/// Our station.
pub(crate) const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
/// The one that everybody else is behind.
const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

/// An IPv4 packet as a frame to us.
pub(crate) fn framed(packet: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(ethernet::HEADER_LEN + packet.len());
    ethernet::Header {
        destination: OURS,
        source: THEIRS,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut frame);
    frame.extend_from_slice(packet);
    frame
}

/// What a frame from the stack is.
pub(crate) enum Sent<'a> {
    /// It carries an IPv4 packet.
    Packet(&'a [u8]),
    /// It asks for a station; this frame is the answer.
    Asked(Vec<u8>),
    /// It is nobody's concern.
    Other,
}

/// Reads a frame that the stack sent.
pub(crate) fn read(frame: &[u8]) -> Sent<'_> {
    let Ok(view) = ethernet::Frame::parse(frame) else {
        return Sent::Other;
    };
    match view.ether_type() {
        EtherType::IPV4 => Sent::Packet(view.payload()),
        EtherType::ARP => match arp::Packet::parse(view.payload()) {
            Ok(asked) if asked.operation == arp::Operation::Request => Sent::Asked(answer(&asked)),
            _ => Sent::Other,
        },
        _ => Sent::Other,
    }
}

fn answer(asked: &arp::Packet) -> Vec<u8> {
    let reply = arp::Packet {
        operation: arp::Operation::Reply,
        sender_mac: THEIRS,
        sender_ip: asked.target_ip,
        target_mac: asked.sender_mac,
        target_ip: asked.sender_ip,
    };
    let mut frame = Vec::new();
    ethernet::Header {
        destination: OURS,
        source: THEIRS,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    reply.emit(&mut frame);
    frame
}
