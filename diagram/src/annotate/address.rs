//! By what a lane is known: the address of its host.

use crate::analysis::Host;
use crate::capture::MachineId;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;
use serde::{Deserialize, Serialize};
use synema_core::wire::MacAddr;

/// A host's address, as `analysis` tells hosts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HostAddress {
    /// Its IP address.
    Ip(IpAddr),
    /// Its IP address and port, where both ends share the address.
    Socket(SocketAddr),
    /// Its MAC address, while no IP address is known.
    Mac(MacAddr),
    /// Its number among the machines of a simulation, where it shares its address with one
    /// before it.
    Machine(MachineId),
}

impl HostAddress {
    /// The address that tells this host from all others; none if nothing is known of it.
    pub fn of(host: &Host) -> Option<Self> {
        Self::all_of(host).next()
    }

    /// All addresses by which the host may be meant, the closest first. A host of which the MAC
    /// address alone was known may have got its IP address since.
    pub(super) fn all_of(host: &Host) -> impl Iterator<Item = Self> {
        let machine = host.machine.filter(|_| host.shares_address);
        let is_alone =
            move |address: &Self| machine.is_none() || matches!(address, Self::Machine(_));
        let socket = host.ip.zip(host.port).map(SocketAddr::from);
        let ip = host.ip.map(Self::Ip);
        let mac = host.mac.map(Self::Mac);
        let machine = machine.map(Self::Machine);
        let addresses = socket.map(Self::Socket).into_iter().chain(ip).chain(mac);
        machine.into_iter().chain(addresses).filter(is_alone)
    }

    /// Whether this host is meant.
    pub fn means(&self, host: &Host) -> bool {
        Self::all_of(host).any(|address| address == *self)
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Socket(socket) => socket.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
            Self::Machine(MachineId(number)) => write!(f, "machine {number}"),
        }
    }
}

/// Text that is no host's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseHostAddressError(String);

impl fmt::Display for ParseHostAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no address of a host; write one like 192.0.2.1, 127.0.0.1:80, [::1]:80 or 02:00:5e:10:00:01",
            self.0
        )
    }
}

impl core::error::Error for ParseHostAddressError {}

impl FromStr for HostAddress {
    type Err = ParseHostAddressError;

    fn from_str(text: &str) -> Result<Self, ParseHostAddressError> {
        let ip = text.parse().ok().map(Self::Ip);
        let socket = || text.parse().ok().map(Self::Socket);
        let mac = || text.parse().ok().map(Self::Mac);
        let machine = || {
            let number = text.strip_prefix("machine ")?.parse().ok()?;
            Some(Self::Machine(MachineId(number)))
        };
        ip.or_else(socket)
            .or_else(mac)
            .or_else(machine)
            .ok_or_else(|| ParseHostAddressError(text.to_owned()))
    }
}

impl TryFrom<String> for HostAddress {
    type Error = ParseHostAddressError;

    fn try_from(text: String) -> Result<Self, ParseHostAddressError> {
        text.parse()
    }
}

impl From<HostAddress> for String {
    fn from(address: HostAddress) -> Self {
        address.to_string()
    }
}
