//! Our own address, and the way to others.

use core::fmt;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};

/// An address with its network and the way out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    address: Ipv4Addr,
    prefix_len: u8,
    gateway: Option<Ipv4Addr>,
}

/// Why these numbers make no interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceError {
    /// More than 32 bits, or none.
    PrefixLength(u8),
    /// No host can have this address: multicast, loopback, 0.x, 240 and above.
    NotAHost(Ipv4Addr),
    /// The network's own address or its broadcast address.
    NetworkOrBroadcast(Ipv4Addr),
    /// The gateway is not in the network.
    GatewayOutside(Ipv4Addr),
    /// The gateway's own address.
    IsGateway(Ipv4Addr),
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrefixLength(len) => {
                write!(
                    f,
                    "a network prefix of {len} bits is impossible; use 1 to 32, mostly 24"
                )
            }
            Self::NotAHost(addr) => {
                write!(
                    f,
                    "{addr} is not an address that a host can have; choose one of the network's"
                )
            }
            Self::NetworkOrBroadcast(addr) => {
                write!(
                    f,
                    "{addr} is the network's own or its broadcast address; choose one between them"
                )
            }
            Self::GatewayOutside(addr) => {
                write!(
                    f,
                    "the gateway {addr} is not in the address's network; check prefix and gateway"
                )
            }
            Self::IsGateway(addr) => write!(f, "{addr} is the gateway's address; choose another"),
        }
    }
}

impl core::error::Error for InterfaceError {}

/// There is no way to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoute(pub Ipv4Addr);

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no way to {}: it is not in our network, and there is no gateway",
            self.0
        )
    }
}

impl core::error::Error for NoRoute {}

impl Interface {
    /// `address` in a network of `prefix_len` bits, with a gateway if there is one.
    pub fn new(
        address: Ipv4Addr,
        prefix_len: u8,
        gateway: Option<Ipv4Addr>,
    ) -> Result<Self, InterfaceError> {
        if !(1..=32).contains(&prefix_len) {
            return Err(InterfaceError::PrefixLength(prefix_len));
        }
        if !is_host(address) {
            return Err(InterfaceError::NotAHost(address));
        }
        let interface = Self {
            address,
            prefix_len,
            gateway,
        };
        // RFC 3021: networks of two addresses have neither.
        let ends = address == interface.network() || address == interface.broadcast();
        if prefix_len < 31 && ends {
            return Err(InterfaceError::NetworkOrBroadcast(address));
        }
        match gateway {
            Some(gateway) if gateway == address => Err(InterfaceError::IsGateway(gateway)),
            Some(gateway) if !interface.is_on_link(gateway) || !is_host(gateway) => {
                Err(InterfaceError::GatewayOutside(gateway))
            }
            _ => Ok(interface),
        }
    }

    /// Our own address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Bits of the network's prefix.
    pub fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// The way out.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        self.gateway
    }

    /// Whether an address belongs to our network.
    pub fn is_on_link(&self, addr: Ipv4Addr) -> bool {
        (u32::from(addr) ^ u32::from(self.address)) & self.mask() == 0
    }

    /// The network's broadcast address.
    pub fn broadcast(&self) -> Ipv4Addr {
        (u32::from(self.address) | !self.mask()).into()
    }

    /// The network's own address.
    pub fn network(&self) -> Ipv4Addr {
        (u32::from(self.address) & self.mask()).into()
    }

    /// Whether an address stands for everybody.
    pub fn is_broadcast(&self, addr: Ipv4Addr) -> bool {
        addr.is_broadcast() || (self.prefix_len < 31 && addr == self.broadcast())
    }

    /// Whom to give a packet for `destination` (RFC 1122 §3.3.1.1).
    pub fn next_hop(&self, destination: Ipv4Addr) -> Result<Ipv4Addr, NoRoute> {
        if !is_host(destination) || self.is_broadcast(destination) || destination == self.address {
            return Err(NoRoute(destination));
        }
        if self.is_on_link(destination) {
            return Ok(destination);
        }
        self.gateway.ok_or(NoRoute(destination))
    }

    fn mask(&self) -> u32 {
        u32::MAX
            .checked_shl(32 - u32::from(self.prefix_len))
            .unwrap_or(0)
    }
}

/// Whether one host on a link can have this address (RFC 1122 §3.2.1.3).
pub(super) fn is_host(addr: Ipv4Addr) -> bool {
    let [first, ..] = addr.octets();
    // 0 is "this network", 127 loopback, 224 and above multicast and reserved.
    !matches!(first, 0 | 127 | 224..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    #[test]
    fn neighbours_are_reached_directly_and_others_by_the_gateway() {
        let lan = Interface::new(ip("192.168.0.129"), 24, Some(ip("192.168.0.1"))).unwrap();
        assert_eq!(lan.next_hop(ip("192.168.0.7")), Ok(ip("192.168.0.7")));
        assert_eq!(lan.next_hop(ip("93.184.216.34")), Ok(ip("192.168.0.1")));
        for nowhere in [
            "192.168.0.255",
            "255.255.255.255",
            "224.0.0.1",
            "127.0.0.1",
            "0.0.0.0",
        ] {
            assert_eq!(lan.next_hop(ip(nowhere)), Err(NoRoute(ip(nowhere))));
        }
        let alone = Interface::new(ip("10.0.0.1"), 30, None).unwrap();
        assert_eq!(alone.next_hop(ip("10.0.0.5")), Err(NoRoute(ip("10.0.0.5"))));
        assert_eq!(alone.next_hop(ip("10.0.0.2")), Ok(ip("10.0.0.2")));
    }

    #[test]
    fn impossible_interfaces_are_refused_with_the_reason() {
        let new = |addr: &str, len, gateway: Option<&str>| {
            Interface::new(ip(addr), len, gateway.map(ip)).unwrap_err()
        };
        assert_eq!(new("10.0.0.1", 0, None), InterfaceError::PrefixLength(0));
        assert_eq!(new("10.0.0.1", 33, None), InterfaceError::PrefixLength(33));
        assert_eq!(
            new("224.0.0.1", 24, None),
            InterfaceError::NotAHost(ip("224.0.0.1"))
        );
        assert_eq!(
            new("10.0.0.0", 24, None),
            InterfaceError::NetworkOrBroadcast(ip("10.0.0.0"))
        );
        assert_eq!(
            new("10.0.0.255", 24, None),
            InterfaceError::NetworkOrBroadcast(ip("10.0.0.255"))
        );
        let outside = InterfaceError::GatewayOutside(ip("10.0.1.1"));
        assert_eq!(new("10.0.0.9", 24, Some("10.0.1.1")), outside);
        assert_eq!(
            new("10.0.0.9", 24, Some("10.0.0.9")),
            InterfaceError::IsGateway(ip("10.0.0.9"))
        );
        assert!(Interface::new(ip("10.0.0.0"), 31, Some(ip("10.0.0.1"))).is_ok());
        assert!(Interface::new(ip("10.0.0.9"), 32, None).is_ok());
    }
}
