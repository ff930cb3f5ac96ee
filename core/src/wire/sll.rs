//! Linux cooked captures: what `tcpdump -i any` writes instead of Ethernet.
//!
//! ```text
//!  version 1 (LINKTYPE_LINUX_SLL, 113), 16 bytes
//!   0       2       4       6               14      16
//!  ┌───────┬───────┬───────┬───────────────┬───────┬─────────
//!  │ type  │ ARPHRD│ addr. │ link address  │ proto │ payload
//!  │       │       │ length│ (8, padded)   │ col   │
//!  └───────┴───────┴───────┴───────────────┴───────┴─────────
//!
//!  version 2 (LINKTYPE_LINUX_SLL2, 276), 20 bytes
//!   0       2       4               8       10  11  12            20
//!  ┌───────┬───────┬───────────────┬───────┬───┬───┬─────────────┬─────────
//!  │ proto │ zero  │ interface     │ ARPHRD│typ│len│ link address│ payload
//!  │ col   │       │ index         │       │   │   │ (8, padded) │
//!  └───────┴───────┴───────────────┴───────┴───┴───┴─────────────┴─────────
//! ```

use super::{EtherType, LayerKind, MacAddr, Problem, be16, truncated};
use serde::{Deserialize, Serialize};

/// Bytes of a version 1 header.
pub const V1_LEN: usize = 16;
/// Bytes of a version 2 header.
pub const V2_LEN: usize = 20;

/// To whom a cooked packet was addressed, seen from the machine that captured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Sent to this machine.
    ToUs,
    /// Broadcast by somebody else.
    Broadcast,
    /// Multicast by somebody else.
    Multicast,
    /// From somebody else to somebody else.
    BetweenOthers,
    /// Sent by this machine.
    FromUs,
    /// A number that is not assigned.
    Unknown(u16),
}

impl From<u16> for Direction {
    fn from(number: u16) -> Self {
        match number {
            0 => Self::ToUs,
            1 => Self::Broadcast,
            2 => Self::Multicast,
            3 => Self::BetweenOthers,
            4 => Self::FromUs,
            other => Self::Unknown(other),
        }
    }
}

/// The header of either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// To whom it went.
    pub direction: Direction,
    /// The sender's Ethernet address, when there is one.
    pub source: Option<MacAddr>,
    /// Linux's number for the kind of device (1 Ethernet, 772 loopback, ...).
    pub hardware_type: u16,
    /// What follows.
    pub ether_type: EtherType,
    /// The interface's number; version 2 alone has it.
    pub interface_index: Option<u32>,
}

impl Header {
    /// Reads version 1, and gives the bytes after it.
    pub fn parse_v1(bytes: &[u8]) -> Result<(Self, &[u8]), Problem> {
        let Some((h, rest)) = bytes.split_first_chunk::<V1_LEN>() else {
            return Err(truncated(LayerKind::Sll, V1_LEN, bytes));
        };
        let header = Self {
            direction: be16(h[0], h[1]).into(),
            source: ethernet_address(be16(h[4], h[5]), [h[6], h[7], h[8], h[9], h[10], h[11]]),
            hardware_type: be16(h[2], h[3]),
            ether_type: EtherType(be16(h[14], h[15])),
            interface_index: None,
        };
        Ok((header, rest))
    }

    /// Reads version 2, and gives the bytes after it.
    pub fn parse_v2(bytes: &[u8]) -> Result<(Self, &[u8]), Problem> {
        let Some((h, rest)) = bytes.split_first_chunk::<V2_LEN>() else {
            return Err(truncated(LayerKind::Sll2, V2_LEN, bytes));
        };
        let header = Self {
            direction: u16::from(h[10]).into(),
            source: ethernet_address(h[11].into(), [h[12], h[13], h[14], h[15], h[16], h[17]]),
            hardware_type: be16(h[8], h[9]),
            ether_type: EtherType(be16(h[0], h[1])),
            interface_index: Some(u32::from_be_bytes([h[4], h[5], h[6], h[7]])),
        };
        Ok((header, rest))
    }
}

fn ethernet_address(len: u16, bytes: [u8; 6]) -> Option<MacAddr> {
    (len == 6).then_some(MacAddr(bytes))
}
