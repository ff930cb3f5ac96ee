//! Which frame of one capture is which of the other.
//!
//! A packet is known by what no router changes: addresses, IPv4's identification, TCP's
//! ports, numbers, flags, window and timestamps; of other protocols by the first bytes
//! that they carry. TTL, checksums (which network cards complete) and layer 2 are left
//! out.

use crate::analysis::exchange::addresses;
use crate::capture::Capture;
use core::net::IpAddr;
use std::collections::BTreeMap;
use synema_core::wire::{LayerKind, LinkType, Packet, SeqNum, dissect};

/// What a packet is known by at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    protocol: u8,
    id: u32,
    fragment: u32,
    len: u32,
    upper: [u32; 6],
}

/// One direction between two addresses.
pub(super) type Way = (IpAddr, IpAddr);

/// The data of a TCP segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data {
    pub(super) ports: (u16, u16),
    pub(super) seq: SeqNum,
    pub(super) len: u32,
}

impl Data {
    /// How many bytes of this are in `other`.
    pub(super) fn shared(&self, other: &Self) -> u32 {
        if self.ports != other.ports {
            return 0;
        }
        let ahead = i64::from(other.seq.signed_distance(self.seq));
        let (start, end) = (
            ahead.max(0),
            (ahead + i64::from(other.len)).min(self.len.into()),
        );
        u32::try_from(end - start).unwrap_or(0)
    }
}

/// An IP packet of a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    /// Its frame.
    pub(super) index: usize,
    /// When it passed, on its capture's clock.
    pub(super) at_ns: i64,
    pub(super) way: Way,
    pub(super) identity: Identity,
    pub(super) data: Option<Data>,
}

/// The IP packets of a capture that passed its vantage point.
pub(super) fn passed(capture: &Capture) -> Vec<Passed> {
    let frames = capture.frames().iter().enumerate();
    let seen = frames.filter(|(_, frame)| frame.fate.was_seen());
    seen.filter_map(|(index, frame)| {
        let interface = capture.interfaces().get(frame.interface as usize)?;
        let link_type = LinkType::from(interface.link_type);
        let packet = dissect(link_type, &frame.bytes, frame.original_len as usize);
        Some(Passed {
            index,
            at_ns: i64::try_from(frame.at.as_nanos()).ok()?,
            way: addresses(&packet)?,
            identity: identity(&packet)?,
            data: data(&packet),
        })
    })
    .collect()
}

fn identity(packet: &Packet<'_>) -> Option<Identity> {
    let (protocol, id, fragment, len) = match (packet.ipv4(), packet.ipv6()) {
        (Some(ip), _) => (
            ip.protocol().0,
            ip.identification().into(),
            ip.fragment_offset(),
            ip.payload_len(),
        ),
        (None, Some(ip)) => (
            ip.protocol().0,
            ip.flow_label(),
            ip.fragment_offset(),
            ip.upper_len(),
        ),
        (None, None) => return None,
    };
    let mut upper = [0; 6];
    if let Some(tcp) = packet.tcp() {
        let times = tcp.options().timestamps;
        let ports = u32::from(tcp.src_port().0) << 16 | u32::from(tcp.dst_port().0);
        let flags = u32::from(tcp.flags().bits()) << 16 | u32::from(tcp.window());
        upper = [ports, tcp.seq().0, tcp.ack().0, flags, 0, 0];
        if let Some(times) = times {
            (upper[4], upper[5]) = (times.value, times.echo);
        }
    } else {
        let from = packet.udp().map_or(4, |_| 8);
        let ip = [LayerKind::Ipv4, LayerKind::Ipv6];
        let ip = ip.into_iter().find_map(|kind| packet.layer(kind))?;
        let bytes = packet.bytes.get(ip.range.end + from..).unwrap_or(&[]);
        if let Some(udp) = packet.udp() {
            upper[0] = u32::from(udp.src_port().0) << 16 | u32::from(udp.dst_port().0);
        }
        for (word, four) in upper[1..].iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
        }
    }
    Some(Identity {
        protocol,
        id,
        fragment: u32::try_from(fragment).ok()?,
        len: u32::try_from(len).ok()?,
        upper,
    })
}

fn data(packet: &Packet<'_>) -> Option<Data> {
    let tcp = packet.tcp()?;
    let upper = match (packet.ipv4(), packet.ipv6()) {
        (Some(ip), _) => ip.payload_len(),
        (None, Some(ip)) => ip.upper_len(),
        (None, None) => return None,
    };
    let len = u32::try_from(upper.checked_sub(tcp.header_len())?).ok()?;
    let ports = (tcp.src_port().0, tcp.dst_port().0);
    (len > 0).then_some(Data {
        ports,
        seq: tcp.seq(),
        len,
    })
}

/// Packets of both captures that look the same, by their places in the lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Alike {
    pub(super) near: Vec<usize>,
    pub(super) far: Vec<usize>,
}

/// All packets of both, grouped by what they are known by.
pub(super) fn alike(near: &[Passed], far: &[Passed]) -> BTreeMap<(Way, Identity), Alike> {
    let mut groups: BTreeMap<_, Alike> = BTreeMap::new();
    for (place, packet) in near.iter().enumerate() {
        let group = groups.entry((packet.way, packet.identity)).or_default();
        group.near.push(place);
    }
    for (place, packet) in far.iter().enumerate() {
        if let Some(group) = groups.get_mut(&(packet.way, packet.identity)) {
            group.far.push(place);
        }
    }
    groups
}
