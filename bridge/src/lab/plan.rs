//! The lab's network: who is where, with which address.
//!
//! ```text
//!   wire               switch              router                    server
//!   our raw socket     a Linux bridge      forwards, TTL - 1         kernel TCP: web, names
//!   wire0 ──veth────── port-wire
//!   192.168.0.2        port-router ──veth── lan0 192.168.0.1
//!   (claimed: .129)    port-host            dmz0 203.0.113.1 ──veth── eth0 203.0.113.80 (web)
//!                          │                                               203.0.113.53 (names)
//!   host                   │
//!   eth0 192.168.0.10 ─veth┘
//!
//!   198.51.100.0/24: the router has no route (ICMP net unreachable)
//!   192.0.2.0/24:    the router's black hole (silence)
//! ```
//!
//! Each column is a network namespace. The addresses are those of RFC 5737 and of the picture that
//! every textbook draws.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A namespace of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// The machine that the bridge runs on, as the lab plays it.
    Wire,
    /// The Ethernet switch of the local network.
    Switch,
    /// The gateway.
    Router,
    /// The web server and the name server behind the gateway.
    Server,
    /// Another machine on the local network.
    Host,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Wire,
        Self::Switch,
        Self::Router,
        Self::Server,
        Self::Host,
    ];
}

/// The end of the wire that the raw socket sits on.
pub const WIRE_INTERFACE: &str = "wire0";
/// The other machine's interface.
pub const HOST_INTERFACE: &str = "eth0";
/// The router's interface on the local network.
pub const ROUTER_INTERFACE: &str = "lan0";
/// The router's interface on the servers' network.
pub const DMZ_INTERFACE: &str = "dmz0";
/// The server's interface.
pub const SERVER_INTERFACE: &str = "eth0";

/// The prefix of both networks.
pub const PREFIX_LEN: u8 = 24;
/// Largest IP packet on every wire.
pub const MTU: u32 = 1500;

/// The address that the kernel of the machine with the raw socket has itself.
pub const WIRE_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
/// The gateway, on the local network.
pub const GATEWAY_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
/// The other machine: an address that is in use.
pub const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 10);
/// A free address, to be claimed.
pub const FREE_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
/// An address of the local network that nobody ever has.
pub const NOBODY_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 254);
/// The gateway, on the servers' network.
pub const DMZ_IP: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The web server.
pub const WEB_IP: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
/// The name server.
pub const DNS_IP: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 53);
/// An address in a network that the router has no route to.
pub const UNREACHABLE_IP: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// An address in a network that the router silently drops.
pub const SILENT_IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The network of [`SILENT_IP`].
pub const SILENT_NETWORK: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 0);

/// The web server's port.
pub const HTTP_PORT: u16 = 80;
/// A port that never answers a SYN.
pub const SILENT_PORT: u16 = 81;
/// A port that nobody listens on: the kernel answers with RST.
pub const REFUSED_PORT: u16 = 82;
/// The name server's port.
pub const DNS_PORT: u16 = 53;

/// The MAC of our stack in the lab, when it has one of its own ("SYN").
pub const OWN_MAC: [u8; 6] = [0x02, 0x53, 0x59, 0x4e, 0x00, 0x81];
/// The MAC of the kernel on the raw socket's interface.
pub const WIRE_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x00, 0x02];
/// The gateway's MAC.
pub const ROUTER_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x00, 0x01];
/// The other machine's MAC.
pub const HOST_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x00, 0x0a];
/// The MAC of the gateway's other side.
pub const DMZ_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x71, 0x01];
/// The server's MAC.
pub const SERVER_MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x00, 0x71, 0x50];
