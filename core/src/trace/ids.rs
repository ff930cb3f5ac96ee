//! What events speak of: frames, connections, states, and what set something off.

use super::TimerKind;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A frame's name, the same wherever the frame is spoken of.
///
/// Received frames are numbered by whoever hands them in (the bridge, the
/// simulator, a capture); sent ones by the stack. The top bit keeps the two
/// numberings apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameId(u64);

impl FrameId {
    const SENT: u64 = 1 << 63;

    /// The `number`th frame handed to the stack.
    pub const fn received(number: u64) -> Self {
        Self(number & !Self::SENT)
    }

    /// The `number`th frame that the stack sent.
    pub const fn sent(number: u64) -> Self {
        Self(number | Self::SENT)
    }

    /// Whether the stack sent this frame.
    pub const fn is_sent(self) -> bool {
        self.0 & Self::SENT != 0
    }

    /// Its number among the frames of its direction.
    pub const fn number(self) -> u64 {
        self.0 & !Self::SENT
    }

    /// The id as one integer, for encodings.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The id from [`to_bits`](Self::to_bits).
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for FrameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.is_sent() { "sent" } else { "received" };
        write!(f, "{way}#{}", self.number())
    }
}

/// A connection's number within its stack; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnId(pub u32);

/// The states of RFC 9293 §3.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TcpState {
    /// No connection at all.
    Closed,
    /// Waiting for a SYN.
    Listen,
    /// A SYN was sent; its answer is awaited.
    SynSent,
    /// SYNs crossed or were answered; the last ACK is awaited.
    SynReceived,
    /// Data flows both ways.
    Established,
    /// Our FIN was sent; neither its ACK nor the peer's FIN has come.
    FinWait1,
    /// Our FIN was acknowledged; the peer may still send.
    FinWait2,
    /// The peer's FIN came; we may still send.
    CloseWait,
    /// Both FINs are out; the ACK of ours is awaited.
    Closing,
    /// The peer closed first; the ACK of our FIN is awaited.
    LastAck,
    /// All is done; old segments are let die for 2 MSL.
    TimeWait,
}

impl TcpState {
    /// The name as the RFC writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }
}

impl fmt::Display for TcpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What made something happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// A frame that came in.
    Frame(FrameId),
    /// A timer that ran out.
    Timer(TimerKind),
    /// The application's call.
    Application,
    /// An ICMP message that came in with this frame.
    Icmp(FrameId),
    /// The stack lost its address.
    AddressLost,
}
