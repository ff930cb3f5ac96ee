#![forbid(unsafe_code)]
//! What the bridge and the page say to each other: defined once, for both ends.
//!
//! One binary WebSocket message is one message here; its first byte says which kind:
//!
//! ```text
//!   page                                                   bridge
//!    │  Hello{version, session to take up again}             │
//!    │ ─────────────────────────────────────────────────────>│  the first message of each side;
//!    │             Hello{version, session, interface, MAC, …}│  the version is read before the rest
//!    │ <─────────────────────────────────────────────────────│
//!    │  Credit{total bytes}, Claim{address}                  │
//!    │ ─────────────────────────────────────────────────────>│
//!    │  Frames[id, time, bytes]*      (frames to be sent)    │
//!    │ ─────────────────────────────────────────────────────>│  egress, gate, wire
//!    │             Receipts[id, time, sent | refused(why)]*  │
//!    │ <─────────────────────────────────────────────────────│
//!    │             Frames[id, time, bytes]*  (frames heard)  │  within the credit;
//!    │ <─────────────────────────────────────────────────────│  the rest is dropped and counted
//!    │             ClaimState, Stats, Error, Bye             │
//!    │ <─────────────────────────────────────────────────────│
//! ```
//!
//! Frames and receipts are fixed little-endian records, read where they lie
//! ([`frames`], [`receipts`]). The rest are serde values in postcard ([`control`]):
//! small, without a parser's weight in the wasm, and positional. Positional means
//! that both ends must agree on every field, which is why the version stands in
//! front of the first message as a plain integer that any version can read.
//!
//! Both ends read hostile bytes here: every decoder checks the whole message first
//! and answers with a [`DecodeError`]; none allocates more than the message's length.

pub mod control;
pub mod credit;
mod error;
pub mod frames;
mod message;
pub mod receipts;

pub use control::{
    BridgeHello, ClaimRefusal, ClaimState, ErrorCode, LabInfo, PageHello, SessionId, Stats, Subnet,
    ToBridge, ToPage,
};
pub use credit::{Allowance, Granter};
pub use error::DecodeError;
pub use frames::{Frame, Frames, FramesEncoder};
pub use message::{FromBridge, FromPage, encode_hello, encode_to_bridge, encode_to_page};
pub use receipts::{Receipt, Receipts, ReceiptsEncoder, Refusal};

/// The version of everything in this crate. Any change to a message raises it.
pub const VERSION: u32 = 1;

/// The path under which the bridge upgrades to a WebSocket.
pub const RELAY_PATH: &str = "/relay";

/// The WebSocket subprotocol that the page offers and the bridge selects.
pub const SUBPROTOCOL: &str = "synema-relay";

/// The page offers a second subprotocol: this prefix and the token. A header of the
/// handshake appears in no URL, so in no history, `Referer` or access log.
pub const TOKEN_SUBPROTOCOL_PREFIX: &str = "synema-token.";

/// The longest Ethernet frame that can be relayed, in bytes without FCS: the largest
/// IPv4 packet, an Ethernet header and one VLAN tag.
pub const MAX_FRAME: usize = 65_535 + 14 + 4;

/// Encoders stop filling a message at this many bytes and begin the next.
pub const TARGET_MESSAGE: usize = 64 * 1024;

/// A longer message is refused by either end. Room for one frame of any length.
pub const MAX_MESSAGE: usize = 128 * 1024;
