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
mod ids;
mod naming;
mod steps;

pub use cause::{
    Cause, CloseReason, DropReason, RecoveryStep, ResetReason, SlowReason, TimerKind, UndoReason,
};
pub use ids::{ConnId, FrameId, TcpState, Trigger};
pub use steps::{AppEvent, ClaimStep, NeighbourStep};

use crate::time::{Duration, Instant};
use crate::wire::SeqNum;
use core::net::{Ipv4Addr, SocketAddrV4};
use serde::{Deserialize, Serialize};

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
        /// What brought it: an ACK, or a timer.
        by: Trigger,
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
