//! IPv4 as a host has it (RFC 791, RFC 1122): which way out, and what to take in.
//!
//! ```text
//!   out:  destination ──► Interface::next_hop ──► on-link neighbour, or the gateway
//!   in:   packet ──► admit ──► Reassembly (fragments only) ──► tcp | udp | icmp
//! ```
//!
//! Packets that we send are never fragments and must not become ones (DF): a
//! router that cannot pass one says so, and the connection is told.

mod admit;
mod interface;
pub mod limit;
pub mod paths;
pub mod reassembly;
pub mod udp;

pub use admit::admit;
pub use interface::{Interface, InterfaceError, NoRoute};
