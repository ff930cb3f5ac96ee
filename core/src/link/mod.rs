//! Who is on the link: claiming our own address, and finding the neighbours'.
//!
//! ```text
//!             ARP in ──┬──► claim       is the address ours, or somebody else's?
//!                      └──► neighbour   which MAC address has this neighbour?
//!
//!  packet for a next hop ──► neighbour ──┬─ known ──────► frame out
//!                                        └─ not known ──► waits (bounded), ARP request out
//! ```
//!
//! [`claim`] is RFC 5227's state machine, [`neighbour`] the ARP cache of RFC 826
//! and RFC 1122 §2.3.2. Neither has a clock or a socket: the stack asks them what
//! to send and when to wake them.

pub mod claim;
pub mod neighbour;

pub use claim::{Claim, Timings};
pub use neighbour::{Neighbours, Outbound};
