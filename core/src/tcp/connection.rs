//! One TCP connection as a value: segments, time and calls in; segments,
//! events and a trace out.
//!
//! This file holds the value and its face. What a segment does to it is in
//! `arrival.rs`, what goes out in `transmit.rs`, what timers do in `timeout.rs`.

use super::context::Context;
use super::options::{Agreed, agree, mss_for_mtu};
use super::policy::Policy;
use super::receiver::Receiver;
use super::reset::ChallengeLimit;
use super::segment::{Outgoing, Segment};
use super::sender::{Fin, NewData, Sender};
use super::state::{self, Step};
use super::timers::Timers;
use super::window::WindowScale;
use crate::time::{Duration, Instant};
use crate::trace::{
    Cause, CloseReason, ConnId, Event, FrameId, Observer, ResetReason, TcpState, TimerKind, Trigger,
};
use crate::wire::tcp::{Flags, Header};
use crate::wire::{Port, SeqNum};
use core::net::SocketAddrV4;

/// How long FIN-WAIT-2 may last when nobody is left to read (as in Linux).
const FIN_WAIT_2: Duration = Duration::from_secs(60);

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
    /// The connection is over for the application; the last event. Unread data
    /// stays readable. In TIME-WAIT, which this is told on entering, the
    /// connection itself lives on for 2 MSL.
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
    /// Fragmentation needed and DF set (RFC 1191).
    FragmentationNeeded {
        /// The next hop's MTU, bytes; zero if the router is too old to say.
        mtu: u16,
    },
    /// TTL or reassembly time exceeded.
    TimeExceeded,
}

/// Events that wait to be taken: each kind at most once.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) connected: bool,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) peer_closed: bool,
    closed: Option<CloseReason>,
    closed_told: bool,
}

impl Pending {
    /// The end is told once: the first reason counts.
    fn tell_closed(&mut self, reason: CloseReason) {
        if !self.closed_told {
            self.closed = Some(reason);
            self.closed_told = true;
        }
    }
}

/// One TCP connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) id: Identity,
    pub(super) policy: Policy,
    pub(super) state: TcpState,
    pub(super) snd: Sender,
    pub(super) rcv: Receiver,
    pub(super) timers: Timers,
    /// What the SYNs agreed on.
    pub(super) agreed: Agreed,
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
    pub(super) reset_due: Option<(Header, ResetReason)>,
    pub(super) challenges: ChallengeLimit,
    /// The last ICMP error that was not fatal (RFC 5461 §3).
    pub(super) soft_error: Option<u8>,
    /// The application closed both directions: it will not read any more.
    pub(super) reader_gone: bool,
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
        policy: &Policy,
        trace: &mut O,
    ) -> Self {
        let mut connection = Self::new(now, id, policy, true);
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
        policy: &Policy,
        syn: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Self> {
        let flags = syn.flags;
        if !flags.syn() || flags.intersects(Flags::ACK | Flags::RST | Flags::FIN) {
            return None;
        }
        let mut connection = Self::new(now, id, policy, false);
        connection.state = TcpState::Listen;
        let mut cx = connection.context(now, Trigger::Frame(frame), trace);
        connection.tell_opened(&mut cx);
        connection.take_syn(syn, &mut cx);
        connection.step(Step::SynArrived, &mut cx);
        connection.syn_due = Some(Cause::SynAck);
        Some(connection)
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
        })
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        let pending = &mut self.pending;
        let take = |flag: &mut bool| core::mem::take(flag);
        if take(&mut pending.connected) {
            Some(ConnectionEvent::Connected)
        } else if take(&mut pending.readable) {
            Some(ConnectionEvent::Readable)
        } else if take(&mut pending.writable) {
            Some(ConnectionEvent::Writable)
        } else if take(&mut pending.peer_closed) {
            Some(ConnectionEvent::PeerClosed)
        } else {
            pending.closed.take().map(ConnectionEvent::Closed)
        }
    }

    /// Queues bytes to be sent; answers how many there was room for (zero also
    /// after [`shutdown`](Self::shutdown) and when the connection is over).
    pub fn send<O: Observer>(&mut self, now: Instant, data: &[u8], trace: &mut O) -> usize {
        if !self.may_write() {
            return 0;
        }
        let taken = self.snd.buffer.append(data);
        self.writer_waits |= taken < data.len();
        let mut cx = self.context(now, Trigger::Application, trace);
        self.rearm(&mut cx);
        taken
    }

    /// Takes received bytes; answers how many.
    pub fn recv<O: Observer>(&mut self, now: Instant, buf: &mut [u8], trace: &mut O) -> usize {
        let mut taken = 0;
        // Twice, for the ring may wrap once.
        for _ in 0..2 {
            let front = self.rcv.front();
            let n = front.len().min(buf.len() - taken);
            buf[taken..taken + n].copy_from_slice(&front[..n]);
            self.rcv.consume(n);
            taken += n;
        }
        self.after_read(now, taken, trace);
        taken
    }

    /// Shows the first received bytes in place (all, or up to where the ring
    /// wraps); `take` answers how many of them it has taken.
    pub fn recv_with<O: Observer>(
        &mut self,
        now: Instant,
        trace: &mut O,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> usize {
        let front = self.rcv.front();
        let taken = take(front).min(front.len());
        self.rcv.consume(taken);
        self.after_read(now, taken, trace);
        taken
    }

    /// Closes our direction: a FIN follows what is queued. Reading goes on
    /// (RFC 9293 §3.6, a half close).
    pub fn shutdown<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        if self.snd.fin != Fin::Open {
            return;
        }
        let mut cx = self.context(now, Trigger::Application, trace);
        self.snd.fin = Fin::Queued;
        // RFC 9293 §3.10.4: "In any case, enter FIN-WAIT-1". Before ESTABLISHED it
        // is queued; from CLOSE-WAIT the step is taken when the FIN goes out.
        if self.state == TcpState::Established {
            self.step(Step::Close, &mut cx);
        }
        self.rearm(&mut cx);
    }

    /// Closes both directions: a FIN follows what is queued, and what the peer
    /// still sends is answered with RST (RFC 9293 §3.6.1).
    pub fn close<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Application, trace);
        self.reader_gone = true;
        match self.state {
            // RFC 9293 §3.10.4, SYN-SENT: "Delete the TCB".
            TcpState::SynSent => self.end(CloseReason::Aborted, &mut cx),
            TcpState::FinWait2 => self.bound_fin_wait_2(&mut cx),
            // RFC 9293 §3.6.1: unread data means that something is lost: say so.
            _ if self.rcv.readable_len() > 0 && !self.rcv.fin_taken() => {
                self.reset_with(ResetReason::DataAfterClose, &mut cx);
                self.end(CloseReason::Aborted, &mut cx);
            }
            _ => self.shutdown(now, trace),
        }
    }

    /// Ends the connection at once; the peer gets a RST (RFC 9293 §3.10.5).
    pub fn abort<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Application, trace);
        let peer_waits = !matches!(
            self.state,
            TcpState::Closed | TcpState::Listen | TcpState::SynSent | TcpState::TimeWait
        );
        if peer_waits {
            self.reset_with(ResetReason::Aborted, &mut cx);
        }
        self.end(CloseReason::Aborted, &mut cx);
    }

    /// How it behaves from now on. What the SYNs agreed on stays agreed, and
    /// what was promised stays promised.
    pub fn set_policy(&mut self, policy: &Policy) {
        if !self.snd.cc.is(policy.congestion) {
            self.snd.cc = super::congestion::Congestion::new(policy.congestion, self.snd.mss());
        }
        self.rcv.set_policy(&policy.receive);
        self.snd.buffer.set_limit(policy.send.buffer_len);
        self.policy = policy.clone();
    }

    /// Its state.
    pub fn state(&self) -> TcpState {
        self.state
    }

    /// How many received bytes can be read now.
    pub fn readable_len(&self) -> usize {
        self.rcv.readable_len()
    }

    /// How many bytes [`send`](Self::send) would take now.
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

    /// What it was told at birth.
    pub fn identity(&self) -> &Identity {
        &self.id
    }
}

/// What the other rooms share.
impl Connection {
    fn new(now: Instant, id: Identity, policy: &Policy, active: bool) -> Self {
        Self {
            id,
            policy: policy.clone(),
            state: TcpState::Closed,
            snd: Sender::new(id.iss, policy),
            rcv: Receiver::new(policy, mss_for_mtu(id.mtu)),
            timers: Timers::new(),
            agreed: Agreed::default(),
            offered_scale: WindowScale::for_buffer(policy.receive.buffer_len),
            born_at: now,
            active,
            syn_due: None,
            syn_sent_at: now,
            syn_transmissions: 0,
            reset_due: None,
            challenges: ChallengeLimit::default(),
            soft_error: None,
            reader_gone: false,
            writer_waits: false,
            pending: Pending::default(),
        }
    }

    fn context<'a, O: Observer>(
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

    fn tell_opened<O: Observer>(&self, cx: &mut Context<'_, O>) {
        let Identity {
            conn,
            local,
            remote,
            iss,
            ..
        } = self.id;
        let active = self.active;
        cx.emit(&Event::Opened {
            conn,
            local,
            remote,
            active,
            iss,
        });
    }

    /// Goes to the next state, if the step means anything in this one.
    pub(super) fn step<O: Observer>(&mut self, step: Step, cx: &mut Context<'_, O>) {
        if !self.enter(step, cx) {
            return;
        }
        match self.state {
            TcpState::Established => self.on_established(cx),
            TcpState::FinWait2 if self.reader_gone => self.bound_fin_wait_2(cx),
            TcpState::TimeWait => self.on_time_wait(cx),
            TcpState::Closed => self.on_closed(CloseReason::Finished, cx),
            _ => {}
        }
    }

    /// It is over at once.
    pub(super) fn end<O: Observer>(&mut self, reason: CloseReason, cx: &mut Context<'_, O>) {
        if self.enter(Step::End, cx) {
            self.on_closed(reason, cx);
        }
    }

    fn enter<O: Observer>(&mut self, step: Step, cx: &mut Context<'_, O>) -> bool {
        let Some(to) = state::next(self.state, step) else {
            return false;
        };
        let (conn, from, by) = (cx.conn, self.state, cx.by);
        self.state = to;
        cx.emit(&Event::State { conn, from, to, by });
        true
    }

    fn on_established<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        self.pending.connected = true;
        self.timers.stop(TimerKind::Retransmission, cx);
        // A close that was asked for before.
        if self.snd.fin == Fin::Queued {
            self.step(Step::Close, cx);
        }
    }

    fn on_time_wait<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        // The ACK of the peer's FIN may still be due.
        for timer in [
            TimerKind::Retransmission,
            TimerKind::Persist,
            TimerKind::FinWait2,
        ] {
            self.timers.stop(timer, cx);
        }
        let deadline = cx.now + self.policy.timing.msl * 2;
        self.timers.arm(TimerKind::TimeWait, deadline, cx);
        self.pending.tell_closed(CloseReason::Finished);
    }

    fn on_closed<O: Observer>(&mut self, reason: CloseReason, cx: &mut Context<'_, O>) {
        self.timers.stop_all(cx);
        self.syn_due = None;
        self.pending.tell_closed(reason);
        let conn = cx.conn;
        cx.emit(&Event::Closed { conn, reason });
    }

    fn bound_fin_wait_2<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let deadline = cx.now + FIN_WAIT_2;
        self.timers.arm(TimerKind::FinWait2, deadline, cx);
    }

    /// The peer's SYN: its number, its options, its window.
    pub(super) fn take_syn<O: Observer>(&mut self, syn: &Segment<'_>, cx: &mut Context<'_, O>) {
        self.agreed = agree(self.policy.offer, self.offered_scale, &syn.options);
        let timestamps = syn.options.timestamps.filter(|_| self.agreed.timestamps);
        self.rcv.on_syn(cx.now, syn.seq, timestamps);
        self.rcv.scale = self.agreed.rcv_scale;
        self.rcv.sack_permitted = self.agreed.sack;
        self.snd.scale = self.agreed.snd_scale;
        self.snd.sack_permitted = self.agreed.sack;
        self.snd.set_window(syn, syn.ack);
        let send_mss = self.agreed.peer_mss.min(mss_for_mtu(self.id.mtu));
        self.set_send_mss(send_mss);
    }

    /// The largest segment that peer and path take, bytes.
    pub(super) fn set_send_mss(&mut self, send_mss: u16) {
        let fixed_options_len = if self.agreed.timestamps { 12 } else { 0 };
        self.snd.set_send_mss(send_mss, fixed_options_len);
    }

    /// A RST goes out with the next poll; the connection is to be ended by the
    /// caller.
    pub(super) fn reset_with<O: Observer>(&mut self, why: ResetReason, _: &mut Context<'_, O>) {
        let ack = Some(self.rcv.rcv_nxt);
        self.reset_due = Some((self.reset_header(self.snd.snd_nxt, ack), why));
    }

    pub(super) fn reset_header(&self, seq: SeqNum, ack: Option<SeqNum>) -> Header {
        let (local, remote) = (self.id.local.port(), self.id.remote.port());
        super::reset::reset_header(Port(local), Port(remote), seq, ack)
    }

    fn may_write(&self) -> bool {
        let open = !matches!(self.state, TcpState::Closed | TcpState::TimeWait);
        open && self.snd.fin == Fin::Open
    }

    fn after_read<O: Observer>(&mut self, now: Instant, taken: usize, trace: &mut O) {
        if taken == 0 {
            return;
        }
        let mut cx = self.context(now, Trigger::Application, trace);
        let (conn, total) = (cx.conn, self.rcv.delivered_total);
        cx.emit(&Event::Delivered { conn, total });
        // RFC 9293 §3.8.6.2.2: the window opened enough to say so.
        if self.may_receive() && self.rcv.wants_window_update() {
            self.rcv.acks.demand(Cause::WindowUpdate);
        }
    }

    /// Keeps the retransmission and persist timers as what is outstanding asks
    /// for (RFC 6298 §5, RFC 9293 §3.8.6.1). Called after every change.
    pub(super) fn rearm<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if !state::may_send(self.state) {
            return;
        }
        let snd = &self.snd;
        let timing = &self.policy.timing;
        let probing = snd.probing.outstanding && snd.is_window_closed();
        let resends = self.policy.recovery != super::policy::Recovery::None;
        if !snd.queue.is_empty() && !probing {
            self.timers.stop(TimerKind::Persist, cx);
            if resends && !self.timers.is_armed(TimerKind::Retransmission) {
                let deadline = cx.now + self.snd.rtt.rto(timing);
                self.timers.arm(TimerKind::Retransmission, deadline, cx);
            }
            return;
        }
        self.timers.stop(TimerKind::Retransmission, cx);
        let waits = probing
            || (!snd.probing.due
                && snd.next_new(snd.mss(), &self.policy) == NewData::WaitsForWindow);
        if waits && !self.timers.is_armed(TimerKind::Persist) {
            let base = snd.rtt.base_rto(timing);
            let interval = super::rtt::backed_off(base, snd.probing.backoff, timing.max_rto);
            self.timers.arm(TimerKind::Persist, cx.now + interval, cx);
        } else if !waits {
            self.timers.stop(TimerKind::Persist, cx);
        }
    }
}
