//! TCP (RFC 9293): connections as values that are fed and drained.

pub mod connection;
pub mod policy;
pub mod segment;

pub use connection::{Connection, ConnectionEvent, IcmpError, Identity};
pub use policy::Policy;
pub use segment::{Flags, Header, Options, Outgoing, SackBlocks, Segment, SeqRange, Timestamps};
