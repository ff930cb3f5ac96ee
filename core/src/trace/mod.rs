//! What the stack did, and why: the only window into it.
//!
//! Every layer tells an [`Observer`] what it did at the moment it did it. The
//! diagram, the logs and the tests read these [`Event`]s and the frames, never
//! the stack's fields; with `()` as the observer all of it compiles away.
//!
//! ```text
//!  frame in  -> Received -> Dropped{reason}                  it ended here
//!                        -> State{from, to, by: the frame}   it moved a connection
//!  timer     -> TimerArmed{deadline} -> TimerFired | TimerStopped
//!  frame out -> Sent{cause}                                  each one has a cause
//! ```
//!
//! Events name frames by [`FrameId`], not only by time: the worker's clock, the
//! bridge's and the kernel's differ, and a frame keeps its id across them.
//! Records are `serde` values; their postcard encoding is the same to the byte
//! natively and in wasm, which is what makes a replay checkable.

mod cause;

pub use cause::{
    Cause, CloseReason, DropReason, RecoveryStep, ResetReason, SlowReason, TimerKind, UndoReason,
};

use crate::time::{Duration, Instant};
use crate::wire::{MacAddr, SeqNum};
use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};
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

/// One thing that the stack did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A frame was handed in; `len` in bytes, without FCS.
    Received {
        /// Which.
        frame: FrameId,
        /// Its length on the wire.
        len: u32,
    },
    /// A frame was handed out, and why.
    Sent {
        /// Which.
        frame: FrameId,
        /// Its length on the wire.
        len: u32,
        /// On behalf of which connection, if of any.
        conn: Option<ConnId>,
        /// Why it was sent.
        cause: Cause,
    },
    /// A frame that came in changed nothing (or nothing more), and why.
    Dropped {
        /// Which.
        frame: FrameId,
        /// The connection that turned it down, if it got that far.
        conn: Option<ConnId>,
        /// Why.
        reason: DropReason,
    },

    /// A connection came into being.
    Opened {
        /// Its number from now on.
        conn: ConnId,
        /// Our end.
        local: SocketAddrV4,
        /// The other end.
        remote: SocketAddrV4,
        /// Whether we called (active open) or were called.
        active: bool,
        /// Our initial sequence number.
        iss: SeqNum,
    },
    /// A connection changed its state.
    State {
        /// Which.
        conn: ConnId,
        /// The state it left.
        from: TcpState,
        /// The state it is in now.
        to: TcpState,
        /// What moved it.
        by: Trigger,
    },
    /// A connection is over.
    Closed {
        /// Which.
        conn: ConnId,
        /// How it ended.
        reason: CloseReason,
    },
    /// A timer was set, or set anew.
    TimerArmed {
        /// Whose.
        conn: ConnId,
        /// Which of its timers.
        timer: TimerKind,
        /// When it will fire if nothing stops it.
        deadline: Instant,
    },
    /// A timer ran out.
    TimerFired {
        /// Whose.
        conn: ConnId,
        /// Which of its timers.
        timer: TimerKind,
    },
    /// A timer was stopped before it ran out.
    TimerStopped {
        /// Whose.
        conn: ConnId,
        /// Which of its timers.
        timer: TimerKind,
    },
    /// A round trip was measured (RFC 6298).
    Rtt {
        /// Whose.
        conn: ConnId,
        /// The measurement.
        sample: Duration,
        /// SRTT after it.
        srtt: Duration,
        /// RTTVAR after it.
        rttvar: Duration,
        /// RTO after it.
        rto: Duration,
    },
    /// The congestion window or its threshold changed.
    Congestion {
        /// Whose.
        conn: ConnId,
        /// Congestion window, bytes.
        cwnd: u64,
        /// Slow-start threshold, bytes; `u64::MAX` while unset.
        ssthresh: u64,
        /// Bytes sent and not yet acknowledged.
        in_flight: u64,
    },
    /// Loss recovery took a step; [`Congestion`](Self::Congestion) follows.
    Recovery {
        /// Whose.
        conn: ConnId,
        /// Which step.
        step: RecoveryStep,
    },
    /// A gap opened or moved: bytes `from..to` wait for what lies before them.
    OutOfOrder {
        /// Whose.
        conn: ConnId,
        /// The frame that arrived early.
        frame: FrameId,
        /// The first byte still missing (RCV.NXT).
        missing: SeqNum,
        /// The first byte kept.
        from: SeqNum,
        /// One past the last byte kept.
        to: SeqNum,
    },
    /// Bytes became readable in order; `total` since the connection began.
    InOrder {
        /// Whose.
        conn: ConnId,
        /// In-order bytes received so far.
        total: u64,
    },
    /// The application took bytes; `total` since the connection began.
    Delivered {
        /// Whose.
        conn: ConnId,
        /// Bytes taken so far.
        total: u64,
    },
    /// The path's MTU was found to be another.
    PathMtu {
        /// Whose path.
        conn: ConnId,
        /// The largest IPv4 packet from now on, bytes.
        mtu: u16,
        /// What said so: an ICMP message; the retransmission timer, for full-sized
        /// segments vanish; or, after ten minutes, the frame that tries more.
        by: Trigger,
    },
    /// An ICMP error came that ends nothing by itself (RFC 5461 §3).
    SoftError {
        /// Whose segment it quotes.
        conn: ConnId,
        /// The frame that brought it.
        frame: FrameId,
        /// The code, of "destination unreachable".
        code: Option<u8>,
    },
    /// The application keeps up: the receive window may be larger from now on.
    ReceiveWindow {
        /// Whose.
        conn: ConnId,
        /// How large it may be, bytes.
        limit: u32,
    },

    /// A step of an address claim (RFC 5227).
    Claim {
        /// The address.
        addr: Ipv4Addr,
        /// What happened.
        step: ClaimStep,
    },
    /// A step of finding a neighbour's MAC address (RFC 826).
    Neighbour {
        /// The neighbour.
        addr: Ipv4Addr,
        /// What happened.
        step: NeighbourStep,
    },
    /// A step of an application on top of the stack.
    App(AppEvent),
    /// The peer marked what it sends as urgent, further than before.
    Urgent {
        /// Whose.
        conn: ConnId,
        /// The frame that said so.
        frame: FrameId,
        /// One past the last urgent byte (RCV.UP).
        until: SeqNum,
    },
}

/// The steps of claiming an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimStep {
    /// Probe `number` of `of` goes out.
    Probe {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
    /// Nobody answered: announcement `number` of `of` goes out.
    Announce {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
    /// The address may be used from now on. `rfc_timings` is false for the
    /// lab's quick claim, which is not the RFC's.
    Granted {
        /// Whether RFC 5227's own timings were kept.
        rfc_timings: bool,
    },
    /// Somebody has the address: the claim is given up before it was used.
    InUse {
        /// Whose frame said so.
        by: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// Somebody else used our address; we say once that it is ours.
    Defended {
        /// Whose frame challenged us.
        against: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// Challenged again: we give way, and every connection ends.
    Lost {
        /// To whom.
        to: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// The application gave the address back.
    Released,
}

/// The steps of an address resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeighbourStep {
    /// Request `attempt` goes out; packets for the neighbour wait.
    Asking {
        /// Counted from 1.
        attempt: u8,
    },
    /// The answer came.
    Resolved {
        /// The neighbour's MAC address.
        mac: MacAddr,
        /// The frame that told it.
        frame: FrameId,
    },
    /// Nobody answered; what waited was dropped.
    Failed,
    /// The entry grew old.
    Expired,
}

/// What the applications on top of the stack say of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppEvent {
    /// A name is asked for.
    DnsQuery {
        /// The name.
        name: String,
        /// Counted from 1.
        attempt: u8,
        /// Whether over TCP (after a truncated answer).
        tcp: bool,
    },
    /// A name was resolved; CNAMEs followed.
    DnsAnswer {
        /// The name.
        name: String,
        /// Its addresses.
        addrs: Vec<Ipv4Addr>,
    },
    /// A name was not resolved.
    DnsFailed {
        /// The name.
        name: String,
        /// In words.
        why: String,
    },
    /// A request was written to a connection.
    HttpRequest {
        /// On which connection.
        conn: ConnId,
        /// Method.
        method: String,
        /// The whole URL.
        url: String,
    },
    /// A response's head is complete.
    HttpResponse {
        /// On which connection.
        conn: ConnId,
        /// Status code.
        status: u16,
    },
    /// A response's body is complete.
    HttpDone {
        /// On which connection.
        conn: ConnId,
        /// Body bytes after de-chunking.
        body_len: u64,
    },
    /// A redirect is followed.
    HttpRedirect {
        /// Where to.
        to: String,
    },
    /// A fetch ended without a whole response.
    HttpFailed {
        /// In words.
        why: String,
    },
    /// A client's request was read.
    HttpAsked {
        /// On which connection.
        conn: ConnId,
        /// Method; empty if it could not be made out.
        method: String,
        /// What was asked for, as it came.
        target: String,
    },
    /// A client is answered.
    HttpAnswered {
        /// On which connection.
        conn: ConnId,
        /// Status code.
        status: u16,
        /// Bytes of the body that follow.
        body_len: u64,
    },
}

/// One event and its time on the stack's own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, on the clock of whoever drives the stack.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// Somebody who is told what the stack does.
pub trait Observer {
    /// Called once for each event, in order. `at` never goes back.
    fn observe(&mut self, at: Instant, event: &Event);
}

/// Nobody looks: every call compiles away.
impl Observer for () {
    #[inline(always)]
    fn observe(&mut self, _at: Instant, _event: &Event) {}
}

impl<O: Observer + ?Sized> Observer for &mut O {
    #[inline]
    fn observe(&mut self, at: Instant, event: &Event) {
        (**self).observe(at, event);
    }
}

/// Everything is kept.
impl Observer for Vec<Record> {
    fn observe(&mut self, at: Instant, event: &Event) {
        self.push(Record {
            at,
            event: event.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_and_received_frames_never_share_an_id() {
        assert_ne!(FrameId::sent(7), FrameId::received(7));
        assert_eq!(FrameId::sent(7).number(), FrameId::received(7).number());
        assert!(FrameId::from_bits(FrameId::sent(7).to_bits()).is_sent());
        assert_eq!(format!("{:?}", FrameId::received(3)), "received#3");
    }
}
