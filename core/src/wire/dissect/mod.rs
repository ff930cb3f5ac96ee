//! Reading what anybody sent or captured, layer by layer, as far as it can be understood.
//!
//! ```text
//!  frame  0        14       34       54                          len
//!         ├────────┼────────┼────────┼──────────────────┬────────┤
//!         │Ethernet│  IPv4  │  TCP   │     Payload      │Padding │
//!         └────────┴────────┴────────┴──────────────────┴────────┘
//!  layers: each with its range of the frame; they follow each other without
//!  gaps and cover all that was kept. The packet within an ICMP error comes
//!  after the ICMP layer, its layers marked as quoted.
//! ```
//!
//! [`dissect`] is total: for any bytes it gives the layers that make sense, the
//! rest as payload, and says what was wrong as [`Problem`]s.

mod layers;

use core::ops::Range;

use super::{ChecksumStatus, EtherType, LayerKind, LinkType, Problem, Protocol};
use super::{arp, ethernet, icmpv4, icmpv6, ipv4, ipv6, sll, tcp, udp};

/// A frame, understood as far as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What the frame begins with.
    pub link_type: LinkType,
    /// The frame, as far as it was kept.
    pub bytes: &'a [u8],
    /// How long it was on the wire, in bytes.
    pub original_len: usize,
    /// The layers, outermost first; they cover `bytes` without gaps.
    pub layers: Vec<Layer<'a>>,
    /// What was wrong, outermost first; of a quoted packet nothing is said.
    pub problems: Vec<Problem>,
}

/// One layer of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer<'a> {
    /// Its header's bytes in the frame (of payload and padding, all of them).
    pub range: Range<usize>,
    /// Whether it belongs to the packet within an ICMP error.
    pub quoted: bool,
    /// What its checksum is worth.
    pub checksum: ChecksumStatus,
    /// What it says.
    pub body: Body<'a>,
}

/// What a layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// BSD's loopback header: the address family.
    Loopback(u32),
    /// Ethernet.
    Ethernet(ethernet::Frame<'a>),
    /// A VLAN tag.
    Vlan(ethernet::VlanTag),
    /// Linux cooked, version 1.
    Sll(sll::Header),
    /// Linux cooked, version 2.
    Sll2(sll::Header),
    /// ARP.
    Arp(arp::Packet),
    /// IPv4.
    Ipv4(ipv4::Packet<'a>),
    /// IPv6.
    Ipv6(ipv6::Packet<'a>),
    /// ICMP for IPv4.
    Icmpv4(icmpv4::Packet<'a>),
    /// ICMP for IPv6.
    Icmpv6(icmpv6::Packet<'a>),
    /// UDP.
    Udp(udp::Datagram<'a>),
    /// TCP.
    Tcp(tcp::Segment<'a>),
    /// The first eight bytes of TCP; no more was kept or quoted.
    TcpStart(tcp::Start),
    /// What is carried, and could not be or need not be understood here.
    Payload {
        /// What carries it.
        of: PayloadOf,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// What follows the end of the packet.
    Padding(&'a [u8]),
}

/// Whose payload it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadOf {
    /// A link layer's that this crate does not know.
    Link,
    /// A frame's with an unknown type, or with a layer that made no sense.
    Frame(EtherType),
    /// An IP packet's with an unknown protocol, or with a layer that made no sense.
    Ip(Protocol),
    /// A fragment's.
    Fragment(Protocol),
    /// An ICMP message's.
    Icmpv4,
    /// An ICMPv6 message's.
    Icmpv6,
    /// A datagram's.
    Udp,
    /// A segment's.
    Tcp,
}

impl Body<'_> {
    /// The layer's name.
    pub const fn kind(&self) -> LayerKind {
        match self {
            Self::Loopback(_) => LayerKind::Loopback,
            Self::Ethernet(_) => LayerKind::Ethernet,
            Self::Vlan(_) => LayerKind::Vlan,
            Self::Sll(_) => LayerKind::Sll,
            Self::Sll2(_) => LayerKind::Sll2,
            Self::Arp(_) => LayerKind::Arp,
            Self::Ipv4(_) => LayerKind::Ipv4,
            Self::Ipv6(_) => LayerKind::Ipv6,
            Self::Icmpv4(_) => LayerKind::Icmpv4,
            Self::Icmpv6(_) => LayerKind::Icmpv6,
            Self::Udp(_) => LayerKind::Udp,
            Self::Tcp(_) | Self::TcpStart(_) => LayerKind::Tcp,
            Self::Payload { .. } => LayerKind::Payload,
            Self::Padding(_) => LayerKind::Padding,
        }
    }
}

/// Reads a frame of which `bytes` were kept and which was `original_len` bytes
/// long on the wire (as long as `bytes` when nothing was cut). Never fails.
pub fn dissect(link_type: LinkType, bytes: &[u8], original_len: usize) -> Packet<'_> {
    layers::Dissector::new(bytes, original_len > bytes.len()).run(link_type, original_len)
}

/// Gives the first layer, not quoted, of one kind.
macro_rules! first_layer {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $view:ty) => {
        $(#[$doc])*
        pub fn $name(&self) -> Option<&$view> {
            self.own_layers().find_map(|layer| match &layer.body {
                Body::$variant(view) => Some(view),
                _ => None,
            })
        }
    };
}

impl<'a> Packet<'a> {
    first_layer!(
        /// The Ethernet header.
        ethernet, Ethernet, ethernet::Frame<'a>
    );
    first_layer!(
        /// The outermost VLAN tag.
        vlan, Vlan, ethernet::VlanTag
    );
    first_layer!(
        /// The ARP packet.
        arp, Arp, arp::Packet
    );
    first_layer!(
        /// The IPv4 header.
        ipv4, Ipv4, ipv4::Packet<'a>
    );
    first_layer!(
        /// The IPv6 header.
        ipv6, Ipv6, ipv6::Packet<'a>
    );
    first_layer!(
        /// The ICMP message.
        icmpv4, Icmpv4, icmpv4::Packet<'a>
    );
    first_layer!(
        /// The ICMPv6 message.
        icmpv6, Icmpv6, icmpv6::Packet<'a>
    );
    first_layer!(
        /// The UDP datagram.
        udp, Udp, udp::Datagram<'a>
    );
    first_layer!(
        /// The TCP segment.
        tcp, Tcp, tcp::Segment<'a>
    );

    /// Whether the capture kept less than there was on the wire.
    pub fn is_snapped(&self) -> bool {
        self.original_len > self.bytes.len()
    }

    /// The first layer of a kind, not quoted.
    pub fn layer(&self, kind: LayerKind) -> Option<&Layer<'a>> {
        self.own_layers().find(|layer| layer.body.kind() == kind)
    }

    /// What the innermost layer that was understood carries; empty when nothing.
    pub fn payload(&self) -> &'a [u8] {
        self.own_layers()
            .find_map(|layer| match layer.body {
                Body::Payload { bytes, .. } => Some(bytes),
                _ => None,
            })
            .unwrap_or(&[])
    }

    /// The layers of the packet within an ICMP error.
    pub fn quoted_layers(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.layers.iter().filter(|layer| layer.quoted)
    }

    fn own_layers(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.layers.iter().filter(|layer| !layer.quoted)
    }
}
