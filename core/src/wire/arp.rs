//! ARP for IPv4 over Ethernet (RFC 826).
//!
//! ```text
//!   0       2       4   5   6       8             14          18            24          28
//!  ┌───────┬───────┬───┬───┬───────┬─────────────┬───────────┬─────────────┬───────────┐
//!  │ hrd 1 │ pro   │ 6 │ 4 │ op    │ sender MAC  │ sender IP │ target MAC  │ target IP │
//!  │       │ 0x0800│hln│pln│1 ask  │             │           │             │           │
//!  │       │       │   │   │2 reply│             │           │             │           │
//!  └───────┴───────┴───┴───┴───────┴─────────────┴───────────┴─────────────┴───────────┘
//! ```

use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};

use super::{EtherType, LayerKind, MacAddr, Problem, be16, truncated};

/// Bytes of an ARP packet for IPv4 over Ethernet.
pub const LEN: usize = 28;

/// What an ARP packet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// "Who has the target address?"
    Request,
    /// "The sender has."
    Reply,
    /// Anything else, by its number.
    Other(u16),
}

impl From<u16> for Operation {
    fn from(number: u16) -> Self {
        match number {
            1 => Self::Request,
            2 => Self::Reply,
            other => Self::Other(other),
        }
    }
}

impl From<Operation> for u16 {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Request => 1,
            Operation::Reply => 2,
            Operation::Other(number) => number,
        }
    }
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// What it does.
    pub operation: Operation,
    /// Who sends it, as far as Ethernet goes.
    pub sender_mac: MacAddr,
    /// The address that the sender says it has; 0.0.0.0 in a probe (RFC 5227 §1.1).
    pub sender_ip: Ipv4Addr,
    /// In a request, unknown.
    pub target_mac: MacAddr,
    /// The address asked for, or to whom the answer goes.
    pub target_ip: Ipv4Addr,
}

impl Packet {
    /// Reads it; bytes after it are padding.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let Some(h) = bytes.first_chunk::<LEN>() else {
            return Err(truncated(LayerKind::Arp, LEN, bytes));
        };
        if be16(h[0], h[1]) != 1 || be16(h[2], h[3]) != EtherType::IPV4.0 || h[4] != 6 || h[5] != 4
        {
            return Err(Problem::UnsupportedFormat {
                layer: LayerKind::Arp,
            });
        }
        Ok(Self {
            operation: be16(h[6], h[7]).into(),
            sender_mac: MacAddr([h[8], h[9], h[10], h[11], h[12], h[13]]),
            sender_ip: Ipv4Addr::new(h[14], h[15], h[16], h[17]),
            target_mac: MacAddr([h[18], h[19], h[20], h[21], h[22], h[23]]),
            target_ip: Ipv4Addr::new(h[24], h[25], h[26], h[27]),
        })
    }

    /// Appends the 28 bytes.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0, 1, 0x08, 0x00, 6, 4]);
        out.extend_from_slice(&u16::from(self.operation).to_be_bytes());
        out.extend_from_slice(&self.sender_mac.0);
        out.extend_from_slice(&self.sender_ip.octets());
        out.extend_from_slice(&self.target_mac.0);
        out.extend_from_slice(&self.target_ip.octets());
    }

    /// A probe asks for an address without claiming one (RFC 5227 §1.1).
    pub fn is_probe(&self) -> bool {
        self.operation == Operation::Request && self.sender_ip.is_unspecified()
    }

    /// An announcement asks for, or answers with, the sender's own address (RFC 5227 §1.1, §3).
    pub fn is_announcement(&self) -> bool {
        self.sender_ip == self.target_ip && !self.sender_ip.is_unspecified()
    }
}
