//! What goes wrong, before it is put into words: that is done when it is shown, in the language
//! that is spoken then (see [`crate::words`]).

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use synema_core::app::session::{ClaimRefusal, FetchError};
use synema_core::wire::MacAddr;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The bridge answers, and does not know our key.
    BridgeKey,
    /// Nothing answers where the bridge should be.
    BridgeUnreachable,
    /// The bridge speaks another version; what was found.
    BridgeVersion(String),
    /// The bridge sent what cannot be read; why not.
    BridgeMalformed(String),
    /// The bridge was ended.
    BridgeBye,
    /// What the bridge says, in its own words.
    BridgeSays(Problem),
    /// The bridge came back without our session.
    Forgotten,
    /// No address is proposed, and none was typed.
    AddressNone,
    /// What was typed is no address; one that would be.
    AddressNot(String, Ipv4Addr),
    /// The bridge did not hear all probes for an address.
    GateStuck(Ipv4Addr),
    /// The bridge does not let an address be claimed.
    GateRefused(Ipv4Addr, synema_relay::ClaimRefusal),
    /// Somebody has the address.
    InUse(Ipv4Addr, MacAddr),
    /// Somebody took the address.
    Taken(Ipv4Addr, MacAddr),
    /// The stack does not claim an address.
    Claim(ClaimRefusal),
    /// A fetch failed.
    Fetch(FetchError),
    /// A link cannot be opened; why not.
    Link(String),
    /// A file cannot be read: its name, and why not.
    Open(String, String),
    /// A file cannot be made; why not.
    Save(String),
    /// A part of the page stopped; why.
    Worker(String),
}

/// Why the connection to the bridge ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gone {
    /// It is not known.
    Unknown,
    /// The bridge said nothing in time.
    Silent,
    /// The socket was closed: in its own words.
    Closed(String),
}

/// What went wrong, and what the reader can do about it, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The cause, one sentence.
    pub cause: String,
    /// The next step, one sentence.
    pub next: String,
}

impl Problem {
    /// From its two sentences.
    pub fn new(cause: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            next: next.into(),
        }
    }
}
