//! What a stack is made with.

use super::Backlog;
use crate::wire::MacAddr;
use serde::{Deserialize, Serialize};

/// What a stack is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Our Ethernet address.
    pub mac: MacAddr,
    /// The largest IPv4 packet that the link takes, in bytes.
    pub mtu: u16,
    /// Connections at once, handshakes included. In TIME-WAIT only a small record
    /// is left of one, which does not count.
    pub max_connections: usize,
    /// Records of connections in TIME-WAIT; beyond that the oldest goes early.
    pub max_time_wait: usize,
    /// What a listener holds, unless it is told otherwise.
    pub backlog: Backlog,
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
            max_time_wait: 16_384,
            backlog: Backlog::default(),
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
