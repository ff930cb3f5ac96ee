//! Why a segment was sent, why one was dropped, and which timers run.
//!
//! These enums are the vocabulary of the whole project: a diagram's "why" is a
//! sentence made from one of them and from the frames around it. A variant's place
//! is its number in documents that are kept: what is new goes to the end.

use crate::wire::SeqNum;
use serde::{Deserialize, Serialize};

/// Why a frame was sent. Every frame has exactly one cause: the first that
/// would have sent it by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// ARP: is anybody using this address? (RFC 5227 §2.1.1)
    ArpProbe,
    /// ARP: this address is ours now. (RFC 5227 §2.3)
    ArpAnnounce,
    /// ARP: it is ours, keep off. (RFC 5227 §2.4)
    ArpDefend,
    /// ARP: who has this address? (RFC 826)
    ArpRequest,
    /// ARP: we have it. (RFC 826)
    ArpReply,
    /// An echo request was answered. (RFC 1122 §3.2.2.6)
    EchoReply,
    /// A datagram came for a port that nobody listens on. (RFC 1122 §4.1.3.1)
    PortUnreachable,
    /// A packet came of a protocol that we do not speak. (RFC 1122 §3.2.2.1)
    ProtocolUnreachable,
    /// Fragments waited in vain for the rest of their packet. (RFC 1122 §3.3.2)
    ReassemblyTimeExceeded,
    /// A UDP datagram of an application.
    Datagram,

    /// Our SYN: the connection is opened.
    Syn,
    /// Our SYN-ACK: a SYN is answered.
    SynAck,
    /// The ACK that completes the handshake.
    HandshakeAck,
    /// New data, within both windows.
    Data,
    /// Our FIN: nothing more will be sent.
    Fin,

    /// ACK: two full-sized segments are unacknowledged. (RFC 9293 §3.8.6.3)
    EverySecondSegment,
    /// ACK: the delayed-ACK timer ran out. (RFC 9293 §3.8.6.3)
    DelayedAckTimer,
    /// ACK: at once, for the sender is probably in slow start, or the policy
    /// asks for an ACK for each segment.
    QuickAck,
    /// ACK: the application has read all that came, and answers nothing.
    AllRead,
    /// ACK: a segment arrived out of order. (RFC 5681 §4.2)
    OutOfOrder,
    /// ACK: a gap was filled, wholly or in part. (RFC 5681 §4.2)
    GapFilled,
    /// ACK: the data was here already; says so by D-SACK. (RFC 2883)
    Duplicate,
    /// ACK: the segment lies outside the window. (RFC 9293 §3.10.7.4)
    Unacceptable,
    /// ACK: the peer's FIN was taken.
    FinReceived,
    /// ACK: the window opened again, enough to say so. (RFC 9293 §3.8.6.2.2)
    WindowUpdate,
    /// ACK: the peer probed our closed window. (RFC 9293 §3.8.6.1)
    ProbeAnswered,
    /// ACK: the peer asked whether we are still here.
    KeepAliveAnswered,
    /// ACK: a suspicious RST or SYN is challenged. (RFC 5961 §3.2, §4.2)
    ChallengeAck,

    /// The retransmission timer ran out. (RFC 6298 §5.4)
    RetransmissionTimeout,
    /// Three duplicate ACKs, or SACK says so. (RFC 5681 §3.2, RFC 6675)
    FastRetransmit,
    /// The next hole in a recovery under way. (RFC 6582, RFC 6675)
    Recovery,
    /// Judged lost by time. (RFC 8985)
    Rack,
    /// Probe for a lost tail. (RFC 8985 §7)
    TailLossProbe,
    /// New data on the first duplicate ACKs. (RFC 3042)
    LimitedTransmit,
    /// One byte into a closed window. (RFC 9293 §3.8.6.1)
    WindowProbe,
    /// Are you still there? (RFC 9293 §3.8.4)
    KeepAlive,
    /// The path takes smaller packets only. (RFC 1191)
    PathMtu,

    /// RST, and why.
    Reset(ResetReason),

    /// Our SYN-ACK without memory: too many handshakes are under way, and its
    /// number holds what must be known of this one. (RFC 4987 §3.6)
    SynCookie,
}

/// Why we sent a RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResetReason {
    /// The segment belongs to no connection. (RFC 9293 §3.10.7.1)
    NoConnection,
    /// The ACK is for something that was never sent. (RFC 9293 §3.10.7.3)
    UnacceptableAck,
    /// The application aborted. (RFC 9293 §3.10.5)
    Aborted,
    /// Data came after the application closed. (RFC 9293 §3.6.1)
    DataAfterClose,
    /// The connection was given up: too many retransmissions, or the user
    /// timeout.
    TimedOut,
}

/// Why a frame went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DropReason {
    /// A header is cut off or contradicts itself.
    Malformed,
    /// A checksum is wrong.
    BadChecksum,
    /// Not for our MAC address.
    OtherMac,
    /// Not for our IP address.
    OtherAddress,
    /// Nobody claimed an address yet.
    NoAddress,
    /// An EtherType that the stack does not speak.
    UnknownEtherType,
    /// An IP protocol that the stack does not speak.
    UnknownProtocol,
    /// A source address that no packet may come from.
    BadSource,
    /// ARP that does not concern us.
    ArpNotForUs,
    /// Fragments beyond the bounds of reassembly.
    FragmentLimit,
    /// A fragment that waited in vain for the others. (RFC 1122 §3.3.2)
    FragmentTimeout,
    /// Overlapping fragments.
    FragmentOverlap,
    /// A port on which nobody listens.
    NoListener,
    /// A full queue.
    QueueFull,
    /// A limit on how often we answer.
    RateLimited,
    /// An ICMP message that quotes nothing of ours.
    IcmpNotOurs,
    /// A frame of ours whose neighbour did not answer ARP.
    NoNeighbour,

    /// No connection has these addresses and ports.
    NoConnection,
    /// Outside the receive window. (RFC 9293 §3.10.7.4)
    OutsideWindow,
    /// All of its data was here already.
    DuplicateData,
    /// Its timestamp is older than one already seen. (RFC 7323 §5, PAWS)
    OldTimestamp,
    /// No ACK bit where there must be one.
    NoAck,
    /// Acknowledges what was never sent.
    AckOfUnsent,
    /// Acknowledges what was acknowledged long ago. (RFC 5961 §5.2)
    OldAck,
    /// A RST whose number is not exactly the next. (RFC 5961 §3.2)
    ResetNotExact,
    /// A SYN in the middle of a connection. (RFC 5961 §4.2)
    SynInWindow,
    /// No memory left for out-of-order data.
    NoRoom,
    /// The policy keeps no out-of-order data. Expected was `expected`.
    PolicyOutOfOrder {
        /// The one sequence number that it would have taken.
        expected: SeqNum,
    },
    /// The policy overlooks this (a FIN on data, for one).
    PolicyOverlooked,
    /// Data after the peer's own FIN.
    AfterFin,
    /// The connection is closing and takes no more data.
    ReceiverGone,
    /// The application has not accepted the connections that there are: no more
    /// are taken. Their SYN or ACK will come again.
    AcceptQueueFull,
}

/// Which timer of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimerKind {
    /// Retransmission timeout. (RFC 6298)
    Retransmission,
    /// Zero-window probing. (RFC 9293 §3.8.6.1)
    Persist,
    /// Delayed ACK. (RFC 9293 §3.8.6.3)
    DelayedAck,
    /// Keep-alive. (RFC 9293 §3.8.4)
    KeepAlive,
    /// 2 MSL. (RFC 9293 §3.6.1)
    TimeWait,
    /// FIN-WAIT-2 with nobody there to read.
    FinWait2,
    /// The user timeout. (RFC 9293 §3.10.8)
    User,
    /// Loss probe. (RFC 8985 §7)
    TailLossProbe,
    /// Reordering window. (RFC 8985 §6)
    Reordering,
    /// The next paced transmission.
    Pacing,
    /// The policy's thinking time for a packet.
    Thinking,
}

/// Why the sender slows down although nothing has to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SlowReason {
    /// A tail loss probe has repaired a loss. (RFC 8985 §7.4)
    ProbeRepairedLoss,
    /// A router marked a packet of ours: congestion experienced. (RFC 3168)
    Marked,
}

/// What tells that nothing had been lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UndoReason {
    /// Every retransmission was reported as a duplicate. (RFC 3708)
    DuplicateSack,
    /// An ACK echoes a time before the first retransmission. (RFC 3522, RFC 4015)
    Timestamp,
    /// What was never resent arrives after the timeout. (RFC 5682)
    ForwardRto,
}

/// A step of loss recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RecoveryStep {
    /// A loss was noticed: fast recovery. (RFC 5681 §3.2, RFC 6675, RFC 8985)
    Began {
        /// It ends when everything before this is acknowledged.
        until: SeqNum,
    },
    /// The retransmission timer ran out: slow start. (RFC 6298 §5)
    TimedOut {
        /// It ends when everything before this is acknowledged.
        until: SeqNum,
    },
    /// All that was out when it began is acknowledged.
    Ended,
    /// Nothing had been lost: cwnd and ssthresh are as before.
    Undone {
        /// What tells so.
        by: UndoReason,
    },
    /// cwnd is reduced without a recovery.
    Slowed {
        /// Why.
        by: SlowReason,
    },
    /// The peer had this already when it came. (RFC 2883)
    Needless {
        /// The first byte.
        from: SeqNum,
        /// One past the last.
        to: SeqNum,
    },
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CloseReason {
    /// Both FINs were sent and acknowledged.
    Finished,
    /// The peer answered our SYN with RST: nobody listens there.
    Refused,
    /// The peer reset the connection.
    ResetByPeer,
    /// The application aborted it.
    Aborted,
    /// Nobody answered for too long; `syn` if not even the SYN was answered.
    TimedOut {
        /// Whether the handshake was still under way.
        syn: bool,
    },
    /// A router or the host says that there is no way (ICMP type 3 code).
    Unreachable {
        /// ICMP destination-unreachable code.
        code: u8,
    },
    /// The next hop does not answer ARP.
    NoNeighbour,
    /// Our address was lost to somebody else.
    AddressLost,
}
