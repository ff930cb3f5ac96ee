//! Bytes to checked views to valid values, and back: the only place that
//! knows how packets are laid out.
//!
//! ```text
//!  frame bytes ──► View::parse ──► checked view ──► accessors, never fail
//!                      │
//!                      └──► Problem: what is wrong, in which layer
//!
//!  Header value ──► emit(&self, &mut Vec<u8>) ──► appended to the caller's buffer
//!
//!  any bytes    ──► dissect() ──► Packet: layers as far as understood, total
//! ```
//!
//! * A *view* (`ethernet::Frame`, `ipv4::Packet`, `tcp::Segment`, ...) borrows
//!   the bytes. Its constructor checks all lengths once; what it hands out need
//!   not be checked again. `parse` is strict (the packet is all there),
//!   `parse_snapped` accepts a capture that kept only the beginning.
//! * A *header* (`ethernet::Header`, `ipv4::Header`, `tcp::Header`, ...) is a
//!   value that can only be valid, and appends itself to a buffer. A buffer that
//!   is kept by the caller is not allocated again.
//! * [`dissect`](dissect::dissect) reads what anybody sent or captured. It is
//!   total: it never fails and never panics.

pub mod arp;
pub mod checksum;
pub mod dissect;
pub mod ethernet;
pub mod icmpv4;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
mod mac;
mod problem;
mod seq;
pub mod sll;
pub mod tcp;
pub mod tls;
mod types;
pub mod udp;

#[cfg(test)]
mod tests;

pub use core::net::{Ipv4Addr, Ipv6Addr};

pub use checksum::ChecksumStatus;
pub use dissect::{Body, Layer, Packet, dissect};
pub use mac::{MacAddr, ParseMacError};
pub use problem::{LayerKind, Problem};
pub use seq::{SeqNum, SeqRange};
pub use types::{EtherType, LinkType, Port, Protocol};

use problem::{check_len, len_u32, truncated};

/// The number in two bytes, most significant first.
const fn be16(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}

/// A length as it stands in a 16-bit length field. What does not fit is capped:
/// the callers that emit keep packets within an MTU of at most 65,535 bytes.
fn len_u16(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}
