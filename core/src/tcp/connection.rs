//! One TCP connection as a value: segments, time and calls in; segments,
//! events and a trace out.
//!
//! This file holds the value and its face. What the application calls is in
//! `calls.rs`, what a segment does to it in `arrival.rs`, what goes out in
//! `transmit.rs`, what timers do in `timeout.rs`.

use super::context::Context;
use super::ecn::Ecn;
use super::limits::Limits;
use super::liveness::Liveness;
use super::options::{Agreed, own_mss};
use super::path::Path;
use super::policy::Policy;
use super::receiver::Receiver;
use super::reset::ChallengeLimit;
use super::segment::{Outgoing, Segment};
use super::sender::{Fin, Sender};
use super::state::Step;
use super::timers::Timers;
use super::window::WindowScale;
use crate::time::Instant;
use crate::trace::{Cause, CloseReason, ConnId, FrameId, Observer, ResetReason, TcpState, Trigger};
use crate::wire::SeqNum;
use crate::wire::tcp::{Flags, Header};
use core::net::SocketAddrV4;
use std::sync::Arc;

/// What a connection must be told at birth.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Its number in the trace.
    pub conn: ConnId,
    /// Our address and port.
    pub local: SocketAddrV4,
    /// The peer's address and port.
    pub remote: SocketAddrV4,
    /// Our initial sequence number (RFC 6528).
    pub iss: SeqNum,
    /// Added to our timestamp clock, so that it tells nothing of our age
    /// (RFC 7323 §5.4); any secret number, the same for each pair of hosts.
    pub timestamp_offset: u32,
    /// Largest IPv4 packet that our link takes, bytes.
    pub mtu: u16,
    /// Largest that the way to the peer takes, as far as is known, bytes.
    pub path_mtu: u16,
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
    /// The peer has marked what it sends as urgent, up to a point that was not
    /// known before: [`Connection::urgent_len`] says how far. It is read in line
    /// with the rest (RFC 9293 §3.8.5, RFC 6093).
    Urgent,
    /// What goes out is not answered: it has gone out again three times (R1 of RFC 9293
    /// §3.8.3). The connection lives on until its patience ends; told once until
    /// something is acknowledged.
    Stalled,
    /// The peer sends no more; what it sent can still be read.
    PeerClosed,
    /// The connection is over for the application; the last event. Unread data
    /// stays readable. In TIME-WAIT, which this is told on entering, the
    /// connection itself lives on for 2 MSL.
    Closed(CloseReason),
}

/// What the IP headers of a connection's packets say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpFields {
    /// How many routers they may pass.
    pub ttl: u8,
    /// The code point in the first six bits; the last two are ECN's, and zero here.
    pub traffic_class: u8,
    /// Whether routers must drop what is too large for them, and say so (RFC 1191).
    pub dont_fragment: bool,
}

/// An ICMP error that quotes one of our segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// Destination unreachable, by its code (other than 4).
    Unreachable {
        /// The ICMP code.
        code: u8,
    },
    /// Fragmentation needed and DF set (RFC 1191).
    FragmentationNeeded {
        /// The next hop's MTU, bytes; zero if the router is too old to say.
        mtu: u16,
    },
    /// TTL or reassembly time exceeded.
    TimeExceeded,
    /// A router could not make sense of the header.
    ParameterProblem,
}

/// Events that wait to be taken: each kind at most once.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) connected: bool,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) urgent: bool,
    pub(super) stalled: bool,
    pub(super) peer_closed: bool,
    closed: Option<CloseReason>,
    closed_told: bool,
}

impl Pending {
    /// The end is told once: the first reason counts.
    pub(super) fn tell_closed(&mut self, reason: CloseReason) {
        if !self.closed_told {
            self.closed = Some(reason);
            self.closed_told = true;
        }
    }

    /// The end was told before.
    pub(super) fn suppress_closed(&mut self) {
        self.closed_told = true;
    }
}

/// One TCP connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) id: Identity,
    pub(super) policy: Arc<Policy>,
    pub(super) state: TcpState,
    pub(super) snd: Sender,
    pub(super) rcv: Receiver,
    pub(super) timers: Timers,
    /// What the SYNs agreed on.
    pub(super) agreed: Agreed,
    /// What is known of the way to the peer.
    pub(super) path: Path,
    /// The shift that our SYN offers.
    pub(super) offered_scale: WindowScale,
    /// When it came into being.
    pub(super) born_at: Instant,
    /// Whether it was us who called.
    pub(super) active: bool,
    /// A SYN or SYN-ACK is to go out, and why.
    pub(super) syn_due: Option<Cause>,
    /// When our SYN went out last, and how often.
    pub(super) syn_sent_at: Instant,
    pub(super) syn_transmissions: u16,
    /// A RST that is to go out.
    pub(super) reset_due: Option<Box<(Header, ResetReason)>>,
    pub(super) challenges: ChallengeLimit,
    /// The last ICMP error that was not fatal (RFC 5461 §3).
    pub(super) soft_error: Option<u8>,
    pub(super) ecn: Ecn,
    /// Where the peer's urgent data ends (`RCV.UP`), until it is read.
    pub(super) rcv_up: Option<SeqNum>,
    pub(super) liveness: Liveness,
    /// The application closed both directions: it will not read any more.
    pub(super) reader_gone: bool,
    /// Our link takes nothing at present.
    pub(super) link_is_full: bool,
    /// What kept it from sending more.
    pub(super) limits: Limits,
    /// When data came last, or the handshake was done.
    pub(super) last_data_at: Instant,
    /// The application found the send buffer full.
    pub(super) writer_waits: bool,
    pub(super) pending: Pending,
}

impl Connection {
    /// Active open: the SYN goes out with the next
    /// [`poll_transmit`](Self::poll_transmit).
    pub fn connect<O: Observer>(
        now: Instant,
        id: Identity,
        policy: impl Into<Arc<Policy>>,
        trace: &mut O,
    ) -> Self {
        let mut connection = Self::new(now, id, policy.into(), true);
        let mut cx = connection.context(now, Trigger::Application, trace);
        connection.tell_opened(&mut cx);
        connection.step(Step::ActiveOpen, &mut cx);
        connection.syn_due = Some(Cause::Syn);
        connection
    }

    /// Passive open: a connection born from a SYN that a listener received in
    /// `frame`. `None` if the segment is not a plain SYN (RFC 9293 §3.10.7.2).
    pub fn accept<O: Observer>(
        now: Instant,
        id: Identity,
        policy: impl Into<Arc<Policy>>,
        syn: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Self> {
        let flags = syn.flags;
        if !flags.syn() || flags.intersects(Flags::ACK | Flags::RST | Flags::FIN) {
            return None;
        }
        let mut connection = Self::new(now, id, policy.into(), false);
        connection.state = TcpState::Listen;
        let mut cx = connection.context(now, Trigger::Frame(frame), trace);
        connection.tell_opened(&mut cx);
        connection.take_syn(syn, &mut cx);
        connection.step(Step::SynArrived, &mut cx);
        connection.syn_due = Some(Cause::SynAck);
        Some(connection)
    }

    /// Whether challenges (RFC 5961) may be sent on account of what comes next: all
    /// connections of a host together have a limit, too (§7).
    pub fn permit_challenges(&mut self, permitted: bool) {
        self.challenges.permit(permitted);
    }

    /// How many challenges were decided on since this was asked last.
    pub fn take_challenges(&mut self) -> u32 {
        self.challenges.take_spent()
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
        let mut cx = self.context(now, Trigger::Frame(frame), trace);
        self.segment_arrives(segment, &mut cx);
        self.rearm(&mut cx);
    }

    /// The same for a segment whose packet a router has marked (RFC 3168: CE).
    pub fn on_marked_segment<O: Observer>(
        &mut self,
        now: Instant,
        segment: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) {
        self.ecn.marked = true;
        self.on_segment(now, segment, frame, trace);
        self.ecn.marked = false;
    }

    /// Runs every timer that is due.
    pub fn on_timeout<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Application, trace);
        while let Some(timer) = self.timers.take_due(&mut cx) {
            cx.by = Trigger::Timer(timer);
            self.timer_fires(timer, &mut cx);
            self.rearm(&mut cx);
        }
    }

    /// The stack ends the connection without a word to the peer: the address is
    /// lost, or the next hop does not answer.
    pub fn fail<O: Observer>(&mut self, now: Instant, reason: CloseReason, trace: &mut O) {
        let by = match reason {
            CloseReason::AddressLost => Trigger::AddressLost,
            _ => Trigger::Application,
        };
        let mut cx = self.context(now, by, trace);
        self.end(reason, &mut cx);
    }

    /// When [`on_timeout`](Self::on_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
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
        let by = Trigger::Frame(frame);
        let mut cx = self.context(now, by, trace);
        let plan = self.next_transmission(&mut cx)?;
        self.rearm(&mut cx);
        Some(Outgoing {
            header: plan.header,
            payload: self.snd.buffer.slices(plan.data),
            cause: plan.cause,
            retransmissions: plan.retransmissions,
            ecn_capable: plan.ecn_capable,
        })
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        let pending = &mut self.pending;
        let take = |flag: &mut bool| core::mem::take(flag);
        if take(&mut pending.connected) {
            Some(ConnectionEvent::Connected)
        } else if take(&mut pending.urgent) {
            Some(ConnectionEvent::Urgent)
        } else if take(&mut pending.readable) {
            Some(ConnectionEvent::Readable)
        } else if take(&mut pending.writable) {
            Some(ConnectionEvent::Writable)
        } else if take(&mut pending.stalled) {
            Some(ConnectionEvent::Stalled)
        } else if take(&mut pending.peer_closed) {
            Some(ConnectionEvent::PeerClosed)
        } else {
            pending.closed.take().map(ConnectionEvent::Closed)
        }
    }

    /// In TIME-WAIT, a new connection between the same ends begins with `frame`:
    /// 2 MSL need not be waited for (RFC 6191).
    pub fn supersede<O: Observer>(&mut self, now: Instant, frame: FrameId, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Frame(frame), trace);
        self.end(CloseReason::Finished, &mut cx);
    }

    /// Its state.
    pub fn state(&self) -> TcpState {
        self.state
    }

    /// How many received bytes can be read now.
    pub fn readable_len(&self) -> usize {
        self.rcv.readable_len()
    }

    /// How many bytes there are still to be read before the peer's urgent data
    /// ends, those that have not come yet counted; zero if nothing is urgent.
    pub fn urgent_len(&self) -> u32 {
        let Some(end) = self.rcv_up else { return 0 };
        let read_up_to = self.rcv.read_up_to();
        if end.after(read_up_to) {
            end.distance(read_up_to)
        } else {
            0
        }
    }

    /// Whether it is worth while to write: there is room, and little is unsent if
    /// the policy limits that.
    pub fn is_writable(&self) -> bool {
        self.may_write() && self.snd.is_writable(&self.policy)
    }

    /// How many bytes the send buffer has room for.
    pub fn writable_len(&self) -> usize {
        if self.may_write() {
            self.snd.buffer.room()
        } else {
            0
        }
    }

    /// Whether all that will ever come has been read: the peer's FIN is in, or
    /// the connection is over, and nothing is unread.
    pub fn is_read_finished(&self) -> bool {
        let no_more = self.rcv.fin_taken() || self.state == TcpState::Closed;
        no_more && self.rcv.readable_len() == 0
    }

    /// Whether it is over and has nothing left to transmit: the stack may
    /// forget it once its events and data are taken.
    pub fn is_finished(&self) -> bool {
        self.state == TcpState::Closed && self.reset_due.is_none()
    }

    /// The code of the last ICMP "destination unreachable" that a router sent for
    /// it, unless the peer has been heard of since (RFC 1122 §4.2.3.9: a soft
    /// error, which ends nothing by itself).
    pub fn soft_error(&self) -> Option<u8> {
        self.soft_error
    }

    /// The largest IPv4 packet that its path was found to take, bytes, if that is
    /// less than what the link takes.
    pub fn narrow_path(&self) -> Option<u16> {
        (self.path.mtu < self.id.mtu).then_some(self.path.mtu)
    }

    /// What the IP headers of its packets say.
    pub fn ip_fields(&self) -> IpFields {
        let send = &self.policy.send;
        IpFields {
            ttl: send.ttl,
            traffic_class: send.dscp << 2,
            dont_fragment: !self.may_be_cut(),
        }
    }

    /// What it was told at birth.
    pub fn identity(&self) -> &Identity {
        &self.id
    }
}

/// What the other rooms share.
impl Connection {
    pub(super) fn new(now: Instant, id: Identity, policy: Arc<Policy>, active: bool) -> Self {
        Self {
            id,
            state: TcpState::Closed,
            snd: Sender::new(id.iss, &policy),
            rcv: Receiver::new(now, &policy, own_mss(policy.offer, id.mtu)),
            timers: Timers::new(),
            agreed: Agreed::default(),
            path: Path::known(now, &id),
            offered_scale: WindowScale::for_buffer(policy.receive.buffer_len),
            policy,
            born_at: now,
            active,
            syn_due: None,
            syn_sent_at: now,
            syn_transmissions: 0,
            reset_due: None,
            challenges: ChallengeLimit::default(),
            soft_error: None,
            ecn: Ecn::new(),
            rcv_up: None,
            liveness: Liveness::new(now),
            reader_gone: false,
            link_is_full: false,
            limits: Limits::default(),
            last_data_at: now,
            writer_waits: false,
            pending: Pending::default(),
        }
    }

    pub(super) fn context<'a, O: Observer>(
        &self,
        now: Instant,
        by: Trigger,
        observer: &'a mut O,
    ) -> Context<'a, O> {
        let conn = self.id.conn;
        Context {
            now,
            conn,
            by,
            observer,
        }
    }

    pub(super) fn may_write(&self) -> bool {
        let open = !matches!(self.state, TcpState::Closed | TcpState::TimeWait);
        open && self.snd.fin == Fin::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        // Beyond its buffers, which are empty until they are used.
        assert!(
            size_of::<Connection>() <= 1792,
            "{}",
            size_of::<Connection>()
        );
    }
}
