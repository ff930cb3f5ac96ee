//! What goes into a session and what comes out of it.

use super::error::FetchError;
use crate::app::http::{Header, Method, ResponseHead};
use crate::tcp::Policy;
use crate::time::Duration;
use crate::trace::{ConnId, FrameId};
use crate::wire::MacAddr;
use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};
use serde::{Deserialize, Serialize};

/// What a session is told at birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionConfig {
    /// The MAC address that our frames come from.
    pub mac: MacAddr,
    /// Largest IPv4 packet of the wire, bytes (1500 on most).
    pub mtu: u16,
    /// Everything random comes from it: the same seed and the same inputs give
    /// the same run. On a real wire it must come from the system's generator,
    /// for sequence numbers, ports and query ids are as secret as it is.
    pub seed: [u8; 32],
}

impl SessionConfig {
    /// What the stack's random numbers come from.
    pub(in crate::app) fn stack_seed(&self) -> u64 {
        self.seed_word(0) ^ self.seed_word(1)
    }

    /// One of the seed's four words.
    pub(super) fn seed_word(&self, index: usize) -> u64 {
        let bytes = self.seed[index * 8..][..8].try_into();
        u64::from_le_bytes(bytes.expect("eight bytes were cut out of 32"))
    }
}

/// One thing that happens to a session.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A frame came in: Ethernet II, without FCS.
    Frame {
        /// Its id, from [`FrameId::received`].
        id: FrameId,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// The time of [`poll_timeout`](super::Session::poll_timeout) has come
    /// (too early or too often does no harm).
    Timeout,
    /// Somebody wants something.
    Command(Command),
}

/// What a session can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Take an address: it is probed first (RFC 5227).
    Claim(ClaimCommand),
    /// Give the address back; fetches under way fail.
    Release,
    /// Fetch a page. Its events carry `fetch`.
    Fetch {
        /// Chosen by the caller; not one that is under way.
        fetch: FetchId,
        /// As typed; `http://` only.
        url: String,
        /// How.
        options: Box<FetchOptions>,
    },
    /// End a fetch: its connection is reset. It fails as cancelled.
    Cancel {
        /// Which.
        fetch: FetchId,
    },
}

/// A fetch's number, chosen by whoever asks for it.
pub type FetchId = u32;

/// Which address to take, and what the network around it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimCommand {
    /// The address.
    pub addr: Ipv4Addr,
    /// Its subnet's prefix length, 1 to 30.
    pub prefix_len: u8,
    /// The way out of the subnet, if there is one.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers, in the order in which they are asked.
    pub dns: Vec<Ipv4Addr>,
    /// How long to listen before the address is ours.
    pub timings: ClaimTimings,
}

/// The timings of a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimTimings {
    /// RFC 5227 §1.1: about six seconds.
    #[default]
    Rfc5227,
    /// A fraction of a second. For the lab and the simulator alone, where
    /// nobody else can have the address; it is *not* the RFC's.
    QuickLab,
}

/// How a page is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchOptions {
    /// GET or HEAD.
    pub method: Method,
    /// How its TCP connections behave.
    pub policy: Policy,
    /// How much it may cost us.
    pub limits: FetchLimits,
    /// How long it may take.
    pub timeouts: FetchTimeouts,
}

/// How much a fetch may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchLimits {
    /// Longest head (status line and header fields), bytes.
    pub head_len: u32,
    /// Most header fields.
    pub head_fields: u16,
    /// Longest body after de-chunking, bytes.
    pub body_len: u64,
    /// Most redirects followed.
    pub redirects: u8,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            head_len: 64 << 10,
            head_fields: 128,
            body_len: 4 << 30,
            redirects: 10,
        }
    }
}

/// How long a fetch may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchTimeouts {
    /// From the SYN to ESTABLISHED, for each address that is tried.
    pub connect: Duration,
    /// From the request to the first byte of the response.
    pub first_byte: Duration,
    /// Between two arrivals of bytes after that.
    pub idle: Duration,
}

impl Default for FetchTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(30),
        }
    }
}

/// What a session tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEvent {
    /// Of the address.
    Claim(ClaimEvent),
    /// Of a fetch.
    Fetch {
        /// Which.
        fetch: FetchId,
        /// What.
        event: FetchEvent,
    },
}

/// How a claim goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimEvent {
    /// The address is ours.
    Granted {
        /// The address.
        addr: Ipv4Addr,
        /// Whether the RFC's own timings were kept.
        rfc_timings: bool,
    },
    /// The address is not to be had.
    Refused {
        /// The address.
        addr: Ipv4Addr,
        /// Why.
        why: ClaimRefusal,
    },
    /// Somebody else uses our address now, and insists: nothing more is sent.
    Lost {
        /// The address.
        addr: Ipv4Addr,
        /// Whose frames said so.
        to: MacAddr,
    },
    /// The address was given back.
    Released {
        /// The address.
        addr: Ipv4Addr,
    },
}

/// Why an address is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimRefusal {
    /// Somebody has it.
    InUse {
        /// Who answered the probe.
        by: MacAddr,
    },
    /// Not in the gateway's subnet.
    OutsideSubnet {
        /// Its first address.
        subnet: Ipv4Addr,
        /// Its prefix length.
        prefix_len: u8,
    },
    /// Not an address that one host can have (this network, loopback,
    /// multicast, and so on).
    NotAHost,
    /// The subnet's own first or last address (network or broadcast).
    SubnetItself,
    /// The gateway's or a name server's.
    Infrastructure,
    /// A prefix length that leaves no room for two hosts.
    PrefixLen,
    /// The session has, or is claiming, an address already.
    Busy,
}

impl ClaimRefusal {
    /// What to do now, one sentence without a full stop.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "choose another address: this one belongs to that machine",
            Self::OutsideSubnet { .. } => "choose an unused address inside the subnet",
            Self::NotAHost | Self::SubnetItself => "choose an unused host address of the subnet",
            Self::Infrastructure => {
                "choose another address: the network cannot do without this one"
            }
            Self::PrefixLen => "use a prefix length from 1 to 30",
            Self::Busy => "release the present address first",
        }
    }
}

impl fmt::Display for ClaimRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { by } => write!(f, "the address is in use by {by}"),
            Self::OutsideSubnet { subnet, prefix_len } => {
                write!(
                    f,
                    "the address lies outside the subnet {subnet}/{prefix_len}"
                )
            }
            Self::NotAHost => f.write_str("no host may have such an address"),
            Self::SubnetItself => {
                f.write_str("it is the network or the broadcast address of the subnet")
            }
            Self::Infrastructure => {
                f.write_str("the address is the gateway's or a name server's own")
            }
            Self::PrefixLen => f.write_str("the prefix length leaves no room for hosts"),
            Self::Busy => f.write_str("this session has an address already"),
        }
    }
}

/// How a fetch goes. In this order: what concerns one hop of the redirects is
/// told anew for each; after [`Done`](Self::Done) or [`Failed`](Self::Failed)
/// comes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FetchEvent {
    /// The host's name is being asked for. Not told of literal addresses.
    Resolving {
        /// The name.
        name: String,
    },
    /// The name is known.
    Resolved {
        /// The name.
        name: String,
        /// Its addresses, the first of which is tried first.
        addrs: Vec<Ipv4Addr>,
    },
    /// A connection is being opened.
    Connecting {
        /// Its number in the trace.
        conn: ConnId,
        /// To where.
        remote: SocketAddrV4,
    },
    /// The connection stands; the request goes out.
    Connected {
        /// Its number in the trace.
        conn: ConnId,
        /// To where.
        remote: SocketAddrV4,
    },
    /// A redirect is followed.
    Redirected {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The whole URL that comes next.
        to: String,
    },
    /// The final response's head is here.
    Head(ResponseHead),
    /// Bytes of the body, de-chunked; never empty, at most [`MAX_CHUNK_LEN`](crate::app::http::MAX_CHUNK_LEN).
    Body(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The response is complete.
    Done {
        /// Bytes of the body.
        body_len: u64,
        /// Fields that came behind a chunked body.
        trailers: Vec<Header>,
    },
    /// The fetch ended without a whole response; what came of the body was told.
    Failed(FetchError),
}
