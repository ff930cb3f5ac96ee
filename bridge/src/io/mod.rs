//! Frames in and out of one interface, on a raw socket of our own.
//!
//! ```text
//!            kernel                          this process
//!   NIC/veth ──► BPF filter ──► mapped ring ──► offload ──► Batch ──► serve | curl
//!                (claimed         (TPACKET_V2)   checksums finished,
//!                 addresses)                     super-frames cut to the MTU
//!   NIC/veth ◄───────────────────── sendmmsg ◄──────────── frames, with a receipt each
//! ```
//!
//! Everything above this module sees complete Ethernet frames within the MTU, each with the
//! kernel's receive time. The socket is opened once, while the process still may; nothing that is
//! done with it later needs a privilege.
//!
//! `unsafe` lives in five files here (`open`, `linux`, `ring`, `ethtool`, `tap`), because no kept crate
//! maps a packet ring with virtio headers or attaches a classic filter to such a socket.

pub mod batch;
#[cfg(target_os = "linux")]
pub mod ethtool;
#[cfg(target_os = "linux")]
pub mod filter;
#[cfg(target_os = "linux")]
pub mod guard;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod offload;
#[cfg(target_os = "linux")]
pub mod open;
#[cfg(not(target_os = "linux"))]
pub mod portable;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
pub mod tap;

pub use batch::{Batch, Frame};
#[cfg(target_os = "linux")]
pub use linux::{PacketIo, Passport, RawSocket};
#[cfg(not(target_os = "linux"))]
pub use portable::{PacketIo, RawSocket};

use crate::error::{Exit, Failure};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

/// What to open, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOptions {
    /// The interface's name.
    pub interface: String,
    /// A unicast MAC of our own that the interface shall receive; `None` uses the interface's.
    pub own_mac: Option<[u8; 6]>,
    /// Which frames get in.
    pub admit: Admit,
    /// See what this host sends, too: for an observer, never for a stack.
    pub see_outgoing: bool,
    /// How many MiB of ring to map; each holds 15 frames of any size.
    pub ring_mib: u32,
}

impl OpenOptions {
    /// A stack's socket: nothing gets in until [`RawSocket::admit`] is told an address. Its ring
    /// holds more than a 1 MiB window of full-sized frames.
    pub fn stack(interface: impl Into<String>, own_mac: Option<[u8; 6]>) -> Self {
        Self {
            interface: interface.into(),
            own_mac,
            admit: Admit::Addresses(Vec::new()),
            see_outgoing: false,
            ring_mib: 64,
        }
    }

    /// An observer's socket: everything on the interface, in both directions.
    pub fn observer(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            own_mac: None,
            admit: Admit::Everything,
            see_outgoing: true,
            ring_mib: 16,
        }
    }
}

/// Which frames the kernel lets into the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admit {
    /// ARP about, and IPv4 to, these addresses (none: nothing at all).
    Addresses(Vec<Ipv4Addr>),
    /// Every frame: for an observer in the lab.
    Everything,
}

/// What the socket did since it was opened. All of them only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Frames handed on, after super-frames were cut.
    pub received: u64,
    /// Frames that the kernel dropped because the ring was full.
    pub dropped_by_kernel: u64,
    /// Super-frames that were cut into frames within the MTU.
    pub super_frames: u64,
    /// Frames whose checksum a local kernel had left to the hardware, and that we finished.
    pub checksums_finished: u64,
    /// Frames that could not be made whole (a kind of super-frame that we do not know).
    pub unusable: u64,
    /// Frames of a VLAN that is not the interface's own.
    pub foreign_vlan: u64,
    /// Frames that the kernel took for sending.
    pub sent: u64,
    /// Frames that the kernel refused to send.
    pub send_refused: u64,
}

/// Nanoseconds since the Unix epoch, on the clock that the kernel stamps received frames with.
pub fn now_ns() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// A locally administered unicast MAC from 40 bits of the caller's randomness (02:xx:xx:xx:xx:xx).
pub fn local_mac(random: [u8; 5]) -> [u8; 6] {
    let [a, b, c, d, e] = random;
    [0x02, a, b, c, d, e]
}

/// Why a raw socket could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Raw sockets are not permitted to this process.
    NotPermitted,
    /// There is no interface of that name.
    NoInterface(String),
    /// The interface is down.
    Down(String),
    /// Something else, while doing this.
    Io(&'static str, io::Error),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotPermitted => Self::new(
                Exit::NoPrivilege,
                "raw sockets are not permitted to this process",
                "run it with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+ep \
                 \"$(command -v synema)\"; or use `synema lab`, which needs no privilege",
            ),
            OpenError::NoInterface(name) => Self::new(
                Exit::NoInterface,
                format!("there is no interface named {name}"),
                "choose one from `synema interfaces`",
            ),
            OpenError::Down(name) => Self::new(
                Exit::NoInterface,
                format!("the interface {name} is down"),
                format!("bring it up (sudo ip link set {name} up), or choose another one"),
            ),
            OpenError::Io(doing, error) => Self::new(
                Exit::LocalIo,
                format!("the raw socket failed while {doing}: {error}"),
                "look whether the interface is an Ethernet that is up, with `synema interfaces`",
            ),
        }
    }
}
