//! What can be wrong with bytes that claim to be a packet.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The layers that this crate knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LayerKind {
    /// The four bytes of BSD's loopback (`DLT_NULL`).
    Loopback,
    /// Ethernet II, or IEEE 802.3 with a length.
    Ethernet,
    /// An 802.1Q or 802.1ad tag.
    Vlan,
    /// Linux cooked capture, version 1.
    Sll,
    /// Linux cooked capture, version 2.
    Sll2,
    /// Address resolution.
    Arp,
    /// IPv4, with its options.
    Ipv4,
    /// IPv6, with its extension headers.
    Ipv6,
    /// ICMP for IPv4.
    Icmpv4,
    /// UDP.
    Udp,
    /// TCP, with its options.
    Tcp,
    /// What the layers above carry.
    Payload,
    /// Bytes after the end of what the layers above say they carry.
    Padding,
    /// ICMP for IPv6.
    Icmpv6,
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loopback => "loopback header",
            Self::Ethernet => "Ethernet",
            Self::Vlan => "VLAN tag",
            Self::Sll => "Linux cooked header",
            Self::Sll2 => "Linux cooked header v2",
            Self::Arp => "ARP",
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Icmpv4 => "ICMP",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Payload => "payload",
            Self::Padding => "padding",
            Self::Icmpv6 => "ICMPv6",
        })
    }
}

/// Why bytes are not, or not wholly, the packet that they claim to be.
/// All lengths are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Problem {
    /// The packet itself ends before what its headers announce.
    Truncated {
        /// Where.
        layer: LayerKind,
        /// How many bytes this layer announces or needs at the least.
        needed: u32,
        /// How many there are.
        available: u32,
    },
    /// The capture kept only the beginning of the frame; nothing says that the
    /// frame on the wire was bad.
    Snapped {
        /// Where the kept bytes end.
        layer: LayerKind,
        /// How many bytes this layer announces or needs at the least.
        needed: u32,
        /// How many were kept.
        kept: u32,
    },
    /// A version field that does not belong to this protocol.
    BadVersion {
        /// Where.
        layer: LayerKind,
        /// The version found.
        found: u8,
    },
    /// A header length below the protocol's minimum, or beyond the packet's own length.
    BadHeaderLength {
        /// Where.
        layer: LayerKind,
        /// The length found.
        found: u32,
    },
    /// A total length that does not even cover the header.
    BadTotalLength {
        /// Where.
        layer: LayerKind,
        /// The length found.
        found: u32,
    },
    /// An option whose length is impossible; the options after it are lost.
    BadOption {
        /// Where.
        layer: LayerKind,
        /// The option's kind.
        kind: u8,
        /// Its offset from the beginning of the options.
        offset: u32,
    },
    /// Hardware, protocol or address lengths that this crate does not speak.
    UnsupportedFormat {
        /// Where.
        layer: LayerKind,
    },
    /// More tags or extension headers on top of each other than anybody sends.
    TooDeep {
        /// Where counting stopped.
        layer: LayerKind,
    },
    /// The packet's length field is zero, as segmentation offload leaves it;
    /// the rest of the frame was taken for its content.
    OffloadedLength {
        /// Where.
        layer: LayerKind,
    },
    /// A fragment's data would end beyond 65,535 bytes (the "ping of death").
    FragmentTooLong,
}

impl Problem {
    /// The layer in which it was found.
    pub const fn layer(&self) -> LayerKind {
        match *self {
            Self::Truncated { layer, .. }
            | Self::Snapped { layer, .. }
            | Self::BadVersion { layer, .. }
            | Self::BadHeaderLength { layer, .. }
            | Self::BadTotalLength { layer, .. }
            | Self::BadOption { layer, .. }
            | Self::UnsupportedFormat { layer }
            | Self::TooDeep { layer }
            | Self::OffloadedLength { layer } => layer,
            Self::FragmentTooLong => LayerKind::Ipv4,
        }
    }

    /// The same shortage, seen in a capture that kept only part of the frame.
    pub(super) const fn in_snapped_frame(self) -> Self {
        match self {
            Self::Truncated {
                layer,
                needed,
                available,
            } => Self::Snapped {
                layer,
                needed,
                kept: available,
            },
            other => other,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated {
                layer,
                needed,
                available,
            } => {
                write!(
                    f,
                    "{layer} is cut short: {needed} bytes announced, {available} present"
                )
            }
            Self::Snapped {
                layer,
                needed,
                kept,
            } => {
                write!(f, "the capture kept {kept} of {needed} bytes of {layer}")
            }
            Self::BadVersion { layer, found } => write!(f, "{layer} says it is version {found}"),
            Self::BadHeaderLength { layer, found } => {
                write!(f, "{layer} header length of {found} bytes is impossible")
            }
            Self::BadTotalLength { layer, found } => {
                write!(
                    f,
                    "{layer} total length of {found} bytes does not cover its header"
                )
            }
            Self::BadOption {
                layer,
                kind,
                offset,
            } => {
                write!(
                    f,
                    "{layer} option {kind} at offset {offset} has an impossible length"
                )
            }
            Self::UnsupportedFormat { layer } => {
                write!(f, "{layer} is of a format that is not understood here")
            }
            Self::TooDeep { layer } => write!(f, "{layer} is nested too deeply"),
            Self::OffloadedLength { layer } => {
                write!(f, "{layer} length is 0, as segmentation offload leaves it")
            }
            Self::FragmentTooLong => f.write_str("IPv4 fragment ends beyond 65,535 bytes"),
        }
    }
}

impl core::error::Error for Problem {}

/// A length for a message; nothing on a wire reaches 4 GiB.
pub(super) fn len_u32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// `bytes` is all there is of a layer that needs more.
pub(super) fn truncated(layer: LayerKind, needed: usize, bytes: &[u8]) -> Problem {
    Problem::Truncated {
        layer,
        needed: len_u32(needed),
        available: len_u32(bytes.len()),
    }
}

/// `Ok` when `bytes` holds at least `needed` bytes.
pub(super) fn check_len(layer: LayerKind, bytes: &[u8], needed: usize) -> Result<(), Problem> {
    if bytes.len() < needed {
        Err(truncated(layer, needed, bytes))
    } else {
        Ok(())
    }
}
