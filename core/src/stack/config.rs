//! What a stack is made with.

use crate::wire::MacAddr;
use serde::{Deserialize, Serialize};

/// What a stack is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Our Ethernet address.
    pub mac: MacAddr,
    /// The largest IPv4 packet that the link takes, in bytes.
    pub mtu: u16,
    /// Connections at once, those in TIME-WAIT included.
    pub max_connections: usize,
    /// Connections of one listener whose handshake is not complete.
    pub max_backlog: usize,
}

impl Config {
    /// RFC 791: every link takes packets of 68 bytes.
    const MIN_MTU: u16 = 68;

    /// A station on an Ethernet with the usual MTU of 1500 bytes.
    pub fn new(mac: MacAddr) -> Self {
        Self {
            mac,
            mtu: 1500,
            max_connections: 1024,
            max_backlog: 128,
        }
    }

    /// The same with another MTU, in bytes.
    #[must_use]
    pub fn with_mtu(self, mtu: u16) -> Self {
        Self {
            mtu: mtu.max(Self::MIN_MTU),
            ..self
        }
    }
}
