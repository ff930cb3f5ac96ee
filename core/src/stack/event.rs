//! What an application hears from the stack, and what it may be told when it asks.

use crate::ip::InterfaceError;
use crate::tcp::ConnectionEvent;
use crate::trace::ConnId;
use crate::wire::icmpv4::Unreachable;
use crate::wire::{MacAddr, Port};
use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackEvent {
    /// The address is ours.
    AddressGranted {
        /// Which.
        addr: Ipv4Addr,
    },
    /// Somebody has the address already; the claim is over.
    AddressInUse {
        /// Which.
        addr: Ipv4Addr,
        /// Who.
        by: MacAddr,
    },
    /// Somebody took the address, and insists; all connections have ended.
    AddressLost {
        /// Which.
        addr: Ipv4Addr,
        /// Who.
        to: MacAddr,
    },
    /// A neighbour (the gateway, mostly) does not answer ARP.
    NoNeighbour {
        /// Which.
        addr: Ipv4Addr,
    },
    /// Something happened to a connection.
    Connection {
        /// Which.
        conn: ConnId,
        /// What.
        event: ConnectionEvent,
    },
    /// A listener has connections to accept, their handshakes complete. Told when
    /// one more has come; take them with [`Stack::accept`](super::Stack::accept).
    Acceptable {
        /// The listener's port.
        port: Port,
    },
    /// A datagram waits on a socket.
    UdpReadable {
        /// Whose.
        port: Port,
    },
    /// A datagram that a socket sent did not arrive.
    UdpUnreachable {
        /// Whose.
        port: Port,
        /// Where it was going.
        remote: SocketAddrV4,
        /// Why.
        reason: Unreachable,
    },
}

/// Why an address cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// Address, prefix and gateway do not fit together.
    Interface(InterfaceError),
    /// There is an address already, or a claim to one.
    AlreadyClaimed(Ipv4Addr),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(error) => error.fmt(f),
            Self::AlreadyClaimed(addr) => {
                write!(
                    f,
                    "{addr} is claimed already; release it before claiming another"
                )
            }
        }
    }
}

impl core::error::Error for ClaimError {}

/// Why a connection cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// We have no address yet.
    NoAddress,
    /// There is no way to the destination.
    NoRoute(Ipv4Addr),
    /// Port zero is nobody's.
    PortZero,
    /// Every ephemeral port to this destination is in use.
    NoFreePort,
    /// There is a connection with these ends already, or somebody listens there.
    InUse(Port),
    /// As many connections as the configuration allows.
    TooMany,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("there is no address yet; claim one first"),
            Self::NoRoute(addr) => write!(
                f,
                "no way to {addr}: it is not in our network and there is no gateway, or it is not one host's address"
            ),
            Self::PortZero => f.write_str("port 0 cannot be connected to; name another"),
            Self::NoFreePort => {
                f.write_str("every port to this destination is in use; close some connections")
            }
            Self::InUse(port) => write!(
                f,
                "port {port} is in use towards this destination; name another"
            ),
            Self::TooMany => f.write_str("too many connections; close some first"),
        }
    }
}

impl core::error::Error for ConnectError {}

/// Why a port cannot be listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenError {
    /// Port zero is nobody's.
    PortZero,
    /// Somebody listens there already.
    InUse(Port),
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortZero => f.write_str("port 0 cannot be listened on; name another"),
            Self::InUse(port) => write!(f, "port {port} is in use; name another"),
        }
    }
}

impl core::error::Error for ListenError {}

/// Why a datagram cannot be sent, or a socket not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpError {
    /// We have no address yet.
    NoAddress,
    /// There is no way to the destination.
    NoRoute(Ipv4Addr),
    /// The port is taken, or zero.
    InUse(Port),
    /// No port or no room for another socket.
    TooMany,
    /// No such socket.
    NotBound(Port),
    /// Larger than the link takes in one piece, in bytes.
    TooLong {
        /// The most that fits.
        max: usize,
    },
    /// Too much waits to be sent.
    QueueFull,
}

impl fmt::Display for UdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("there is no address yet; claim one first"),
            Self::NoRoute(addr) => write!(f, "no way to {addr}; check prefix and gateway"),
            Self::InUse(port) => write!(f, "UDP port {port} cannot be had; name another"),
            Self::TooMany => f.write_str("too many UDP sockets; close some first"),
            Self::NotBound(port) => write!(f, "UDP port {port} has no socket; bind it first"),
            Self::TooLong { max } => {
                write!(f, "the datagram does not fit; send at most {max} bytes")
            }
            Self::QueueFull => f.write_str("too much waits to be sent; try again later"),
        }
    }
}

impl core::error::Error for UdpError {}
