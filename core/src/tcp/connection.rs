//! One TCP connection as a value: segments, time and calls in; segments,
//! events and a trace out.

use super::policy::Policy;
use super::segment::{Outgoing, Segment};
use crate::time::Instant;
use crate::trace::{CloseReason, ConnId, FrameId, Observer, TcpState};
use crate::wire::SeqNum;
use core::net::SocketAddrV4;

/// What a connection must be told at birth.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its number in the trace.
    pub conn: ConnId,
    /// Our address and port.
    pub local: SocketAddrV4,
    /// The peer's address and port.
    pub remote: SocketAddrV4,
    /// Our initial sequence number, from [`super::isn`].
    pub iss: SeqNum,
    /// Added to our timestamp clock, so that it tells nothing of our age
    /// (RFC 7323 §5.4); any secret number per pair of addresses.
    pub timestamp_offset: u32,
    /// Largest IPv4 packet of the way out, bytes.
    pub mtu: u16,
}

/// What the application hears of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// The handshake is done: ESTABLISHED.
    Connected,
    /// Bytes can be read that could not be read before.
    Readable,
    /// The send buffer has room again after it was full.
    Writable,
    /// The peer sends no more; what it sent can still be read.
    PeerClosed,
    /// The connection is over. The last event; unread data stays readable.
    Closed(CloseReason),
}

/// An ICMP error that quotes one of our segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// Destination unreachable, by its code (other than 4).
    Unreachable {
        /// The ICMP code.
        code: u8,
    },
    /// Fragmentation needed and DF set (RFC 1191); zero if the router is too
    /// old to say which MTU fits.
    FragmentationNeeded {
        /// The next hop's MTU, bytes.
        mtu: u16,
    },
    /// TTL or reassembly time exceeded.
    TimeExceeded,
}

/// One TCP connection.
#[derive(Debug)]
pub struct Connection {
    id: Identity,
}

impl Connection {
    /// Active open: the SYN goes out with the next
    /// [`poll_transmit`](Self::poll_transmit).
    pub fn connect<O: Observer>(
        now: Instant,
        id: Identity,
        policy: &Policy,
        trace: &mut O,
    ) -> Self {
        let _ = (now, policy, trace);
        Self { id }
    }

    /// Passive open: a connection born from a SYN that a listener received in
    /// `frame`. `None` if the segment is not a plain SYN.
    pub fn accept<O: Observer>(
        now: Instant,
        id: Identity,
        policy: &Policy,
        syn: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Self> {
        let _ = (now, policy, trace, syn, frame);
        Some(Self { id })
    }

    /// A segment for this connection came in with `frame`. Changes the state
    /// only: answers are polled.
    pub fn on_segment<O: Observer>(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) {
        let _ = (now, segment, frame, trace);
    }

    /// An ICMP error quotes a segment of ours whose sequence number was `seq`.
    pub fn on_icmp_error<O: Observer>(
        &mut self,
        now: Instant,
        error: IcmpError,
        seq: SeqNum,
        frame: FrameId,
        trace: &mut O,
    ) {
        let _ = (now, error, seq, frame, trace);
    }

    /// Runs every timer that is due.
    pub fn on_timeout<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let _ = (now, trace);
    }

    /// The stack ends the connection without a word to the peer: the address is
    /// lost, or the next hop does not answer.
    pub fn fail<O: Observer>(&mut self, now: Instant, reason: CloseReason, trace: &mut O) {
        let _ = (now, reason, trace);
    }

    /// When [`on_timeout`](Self::on_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next segment to send, to be called until it answers `None`. If it
    /// answers, the segment *will* be sent as `frame`: the caller emits it and
    /// traces `Sent` with its cause. If not, `frame` is free for somebody else.
    pub fn poll_transmit<O: Observer>(
        &mut self,
        now: Instant,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Outgoing<'_>> {
        let _ = (now, frame, trace);
        None
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        None
    }

    /// Queues bytes to be sent; answers how many there was room for (zero also
    /// after [`shutdown`](Self::shutdown) and when the connection is over).
    pub fn send<O: Observer>(&mut self, now: Instant, data: &[u8], trace: &mut O) -> usize {
        let _ = (now, data, trace);
        0
    }

    /// Takes received bytes; answers how many.
    pub fn recv<O: Observer>(&mut self, now: Instant, buf: &mut [u8], trace: &mut O) -> usize {
        let _ = (now, buf, trace);
        0
    }

    /// Shows the first received bytes in place (all, or up to where the ring
    /// wraps); `take` answers how many of them it has taken.
    pub fn recv_with<O: Observer>(
        &mut self,
        now: Instant,
        trace: &mut O,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> usize {
        let _ = (now, trace, take);
        0
    }

    /// Closes our direction: a FIN follows what is queued. Reading goes on.
    pub fn shutdown<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let _ = (now, trace);
    }

    /// Ends the connection at once; the peer gets a RST.
    pub fn abort<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let _ = (now, trace);
    }

    /// How it behaves from now on. What the SYNs agreed on stays agreed.
    pub fn set_policy(&mut self, policy: &Policy) {
        let _ = policy;
    }

    /// Its state.
    pub fn state(&self) -> TcpState {
        TcpState::Closed
    }

    /// How many received bytes can be read now.
    pub fn readable_len(&self) -> usize {
        0
    }

    /// How many bytes [`send`](Self::send) would take now.
    pub fn writable_len(&self) -> usize {
        0
    }

    /// Whether all that will ever come has been read: the peer's FIN is in, or
    /// the connection is over, and nothing is unread.
    pub fn is_read_finished(&self) -> bool {
        true
    }

    /// Whether it is over and has nothing left to transmit: the stack may
    /// forget it once its events and data are taken.
    pub fn is_finished(&self) -> bool {
        true
    }

    /// What it was told at birth.
    pub fn identity(&self) -> &Identity {
        &self.id
    }
}
