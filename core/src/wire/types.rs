//! Numbers that several layers share.

use core::fmt;
use serde::{Deserialize, Serialize};

/// A TCP or UDP port.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Port(pub u16);

impl From<u16> for Port {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> Self {
        port.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What an Ethernet frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// ARP.
    pub const ARP: Self = Self(0x0806);
    /// A customer's VLAN tag, IEEE 802.1Q.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);
    /// A provider's VLAN tag, IEEE 802.1ad.
    pub const VLAN_PROVIDER: Self = Self(0x88a8);
    /// A provider's tag as it was numbered before 802.1ad was out.
    pub const VLAN_QINQ_OLD: Self = Self(0x9100);

    /// True when a VLAN tag follows.
    pub const fn is_vlan(self) -> bool {
        matches!(self, Self::VLAN | Self::VLAN_PROVIDER | Self::VLAN_QINQ_OLD)
    }

    /// True when the field is a length, as IEEE 802.3 (spanning tree, say) has it.
    pub const fn is_length(self) -> bool {
        self.0 < 0x0600
    }
}

/// What an IP packet carries (the assigned "protocol numbers").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ICMP => f.write_str("ICMP"),
            Self::TCP => f.write_str("TCP"),
            Self::UDP => f.write_str("UDP"),
            Self::ICMPV6 => f.write_str("ICMPv6"),
            Self(number) => write!(f, "IP protocol {number}"),
        }
    }
}

/// What a captured frame begins with; numbered as pcap and pcapng do
/// (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinkType {
    /// 0: BSD loopback, an address family in the writer's byte order.
    Loopback,
    /// 1: Ethernet.
    Ethernet,
    /// 101: IPv4 or IPv6, told by the version.
    RawIp,
    /// 113: Linux cooked capture, version 1.
    LinuxSll,
    /// 228: IPv4.
    Ipv4,
    /// 229: IPv6.
    Ipv6,
    /// 276: Linux cooked capture, version 2.
    LinuxSll2,
    /// Anything else, by its number.
    Other(u16),
}

impl From<u16> for LinkType {
    fn from(number: u16) -> Self {
        match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            // 12 and 14 are DLT_RAW as older systems wrote it.
            12 | 14 | 101 => Self::RawIp,
            113 => Self::LinuxSll,
            228 => Self::Ipv4,
            229 => Self::Ipv6,
            276 => Self::LinuxSll2,
            other => Self::Other(other),
        }
    }
}

impl From<LinkType> for u16 {
    fn from(link_type: LinkType) -> Self {
        match link_type {
            LinkType::Loopback => 0,
            LinkType::Ethernet => 1,
            LinkType::RawIp => 101,
            LinkType::LinuxSll => 113,
            LinkType::Ipv4 => 228,
            LinkType::Ipv6 => 229,
            LinkType::LinuxSll2 => 276,
            LinkType::Other(number) => number,
        }
    }
}
