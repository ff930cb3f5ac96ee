//! What is said beside the frames: who one is, claims, credits, counters, errors.

use core::fmt;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};
use synema_core::wire::MacAddr;

/// Names a page's session with the bridge, so that it can be taken up again on another
/// socket. It opens nothing by itself: the token is asked for each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionId(pub [u8; 16]);

/// The page's first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHello {
    /// The session to take up again after a socket died; none for a new one.
    pub session: Option<SessionId>,
    /// End the session of another page, if there is one, instead of being told that
    /// the bridge is busy.
    pub take_over: bool,
}

/// The bridge's first message: where the page stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeHello {
    /// The session's id from now on.
    pub session: SessionId,
    /// Whether it is the one that the page asked for: claim and gate are as they were.
    pub resumed: bool,
    /// The bridge's program and version, for the person who reads.
    pub program: String,
    /// The interface's name.
    pub interface: String,
    /// The MAC for the page to send from.
    pub mac: MacAddr,
    /// Whether that is the host's own (Wi-Fi, port security).
    pub host_mac: bool,
    /// The largest IPv4 packet of the interface, in bytes.
    pub mtu: u32,
    /// The interface's IPv4 subnet.
    pub subnet: Subnet,
    /// The default gateway on this interface, if there is one.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers to ask, the best first.
    pub dns: Vec<Ipv4Addr>,
    /// The only address that may be claimed, when the bridge was told one.
    pub only: Option<Ipv4Addr>,
    /// Addresses that look free, the best first.
    pub proposed: Vec<Ipv4Addr>,
    /// The host's own addresses on this interface: not to be claimed.
    pub host_addrs: Vec<Ipv4Addr>,
    /// Set in the lab.
    pub lab: Option<LabInfo>,
    /// The claim as the bridge's gate sees it.
    pub claim: ClaimState,
    /// The longest message that the bridge reads, in bytes.
    pub max_message: u32,
    /// The bridge's clock at this moment, nanoseconds since 1970.
    pub now_ns: u64,
}

/// What the lab has to offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabInfo {
    /// Pages to fetch, the simplest first.
    pub urls: Vec<String>,
    /// Whether the gate keeps the lab's short timings, which are not RFC 5227's.
    pub quick_claim: bool,
}

/// An IPv4 subnet: an address in it and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Any address in it.
    pub addr: Ipv4Addr,
    /// 0 to 32; a larger number is read as 32.
    pub prefix_len: u8,
}

impl Subnet {
    /// The mask as a number.
    fn mask(self) -> u32 {
        match self.prefix_len {
            0 => 0,
            len => u32::MAX << (32 - u32::from(len.min(32))),
        }
    }

    /// The first address, which names the subnet.
    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.addr.to_bits() & self.mask())
    }

    /// The last address, which means everybody.
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.addr.to_bits() | !self.mask())
    }

    /// Whether `addr` lies in it.
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        addr.to_bits() & self.mask() == self.network().to_bits()
    }

    /// Whether `addr` can be one station's: in the subnet, and neither its first nor
    /// its last address (RFC 3021: both are stations' when the prefix has 31 bits).
    pub fn is_station(self, addr: Ipv4Addr) -> bool {
        self.contains(addr)
            && (self.prefix_len >= 31 || (addr != self.network() && addr != self.broadcast()))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix_len.min(32))
    }
}

/// Whether an address may be used, as the bridge's own watch sees it (RFC 5227).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimState {
    /// Nothing is claimed.
    #[default]
    Nothing,
    /// Probes are being watched.
    Probing {
        /// The address.
        addr: Ipv4Addr,
        /// Well-spaced probes seen so far.
        seen: u8,
        /// As many as must be seen.
        of: u8,
    },
    /// All probes were seen; an answer may still come (ANNOUNCE_WAIT).
    Waiting {
        /// The address.
        addr: Ipv4Addr,
    },
    /// IPv4 may be sent from the address.
    Open {
        /// The address.
        addr: Ipv4Addr,
    },
    /// Somebody else has the address. If it was lost after it had been in use, the session
    /// is over; otherwise another may be claimed.
    Conflict {
        /// The address.
        addr: Ipv4Addr,
        /// Who has it.
        by: MacAddr,
        /// Whether IPv4 had been open: the address was taken away later.
        lost: bool,
    },
    /// The address cannot be claimed here.
    Refused {
        /// The address.
        addr: Ipv4Addr,
        /// Why.
        why: ClaimRefusal,
    },
}

/// Why an address cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimRefusal {
    /// Not in the interface's subnet, or the subnet's first or last address.
    OutsideSubnet(Subnet),
    /// One of the host's own.
    HostsOwn,
    /// The gateway's.
    Gateways,
    /// Multicast, loopback, broadcast or 0.0.0.0.
    NotAStation,
    /// The bridge was started for another address.
    OnlyThis(Ipv4Addr),
    /// This session holds another address: release it first.
    AlreadyClaimed(Ipv4Addr),
    /// Too many of the addresses that this session tried were in use.
    TooManyConflicts,
}

impl fmt::Display for ClaimRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideSubnet(subnet) => {
                write!(f, "it is not an address for a station in {subnet}")
            }
            Self::HostsOwn => f.write_str("it is one of this host's own addresses"),
            Self::Gateways => f.write_str("it is the gateway's address"),
            Self::NotAStation => f.write_str("it is not an address that a station can have"),
            Self::OnlyThis(addr) => write!(f, "this bridge was started for {addr} alone"),
            Self::AlreadyClaimed(addr) => write!(f, "this session still holds {addr}"),
            Self::TooManyConflicts => f.write_str("too many addresses were found in use"),
        }
    }
}

/// The bridge's counters since the session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Frames heard for the claimed address.
    pub received: u64,
    /// Of these, handed to the page.
    pub delivered: u64,
    /// Frames lost before the bridge could look at them: the kernel's buffer was full, or they
    /// were super-frames of a kind that cannot be cut.
    pub dropped_by_kernel: u64,
    /// Frames dropped because the page's credit or the bridge's queue was used up.
    pub dropped_by_queue: u64,
    /// Frames dropped because no page was connected.
    pub dropped_while_away: u64,
    /// Frames of the page that were sent.
    pub sent: u64,
    /// Frames of the page that were refused.
    pub refused: u64,
}

/// What went wrong, for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// Page and bridge are of different versions.
    Version,
    /// A message could not be read.
    Malformed,
    /// The first message was not a hello, or a hello came later.
    HelloExpected,
    /// Another page has the session.
    Busy,
    /// Another page has taken the session over.
    TakenOver,
    /// The session to be taken up again is over.
    SessionGone,
    /// The page said nothing in time.
    TooSlow,
    /// The page sent more than the bridge takes in.
    Flood,
    /// The address is in use.
    Conflict,
    /// The interface is down or gone.
    InterfaceDown,
    /// The wire failed in another way.
    WireFailed,
}

/// From the bridge to the page, after the hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPage {
    /// The claim changed, as the gate sees it.
    Claim(ClaimState),
    /// The counters; about once a second while they change.
    Stats(Stats),
    /// Something went wrong. The socket is closed after it.
    Error {
        /// For programs.
        code: ErrorCode,
        /// What happened, one sentence.
        cause: String,
        /// What to do now, one sentence.
        next_step: String,
    },
    /// The bridge ends; nothing is wrong.
    Bye,
}

/// From the page to the bridge, after the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToBridge {
    /// Watch this address: I am going to probe it.
    Claim {
        /// The address.
        addr: Ipv4Addr,
    },
    /// The bytes of `Frames` messages that may be sent since the socket was opened.
    Credit {
        /// The total so far.
        total_bytes: u64,
    },
    /// The page gives its address up, and may claim another.
    Release,
    /// The page gives the session up; the address is free again.
    Bye,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_knows_its_stations() {
        let subnet = Subnet {
            addr: Ipv4Addr::new(192, 168, 0, 129),
            prefix_len: 25,
        };
        assert_eq!(subnet.to_string(), "192.168.0.128/25");
        assert!(subnet.is_station(Ipv4Addr::new(192, 168, 0, 129)));
        assert!(!subnet.is_station(Ipv4Addr::new(192, 168, 0, 128)));
        assert!(!subnet.is_station(Ipv4Addr::new(192, 168, 0, 255)));
        assert!(!subnet.is_station(Ipv4Addr::new(192, 168, 0, 1)));
        let link = Subnet {
            addr: Ipv4Addr::new(10, 0, 0, 0),
            prefix_len: 31,
        };
        assert!(link.is_station(Ipv4Addr::new(10, 0, 0, 0)));
        let all = Subnet {
            addr: Ipv4Addr::new(10, 0, 0, 0),
            prefix_len: 0,
        };
        assert!(all.contains(Ipv4Addr::new(200, 1, 2, 3)));
        assert_eq!(all.to_string(), "0.0.0.0/0");
    }
}
