//! From one state to the next: what entering a state brings with it, and which
//! timers run there.

use super::connection::{Connection, Identity};
use super::context::Context;
use super::next::NewData;
use super::options::timestamp_clock;
use super::policy::Recovery;
use super::sender::Fin;
use super::state::{self, Step};
use crate::time::{Duration, Instant};
use crate::trace::{
    Cause, CloseReason, Event, Observer, ResetReason, TcpState, TimerKind, Trigger,
};
use crate::wire::tcp::{Header, Timestamps};
use crate::wire::{Port, SeqNum};

/// How long FIN-WAIT-2 may last when nobody is left to read (as in Linux).
const FIN_WAIT_2: Duration = Duration::from_secs(60);

impl Connection {
    pub(super) fn tell_opened<O: Observer>(&self, cx: &mut Context<'_, O>) {
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
        self.last_data_at = cx.now;
        self.heard(cx.now);
        self.timers.stop(TimerKind::Retransmission, cx);
        // A close that was asked for before.
        if self.snd.fin == Fin::Queued {
            self.step(Step::Close, cx);
        }
    }

    fn on_time_wait<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        // The ACK of the peer's FIN may still be due.
        self.stop_loss_timers(cx);
        for timer in [
            TimerKind::Persist,
            TimerKind::FinWait2,
            TimerKind::User,
            TimerKind::KeepAlive,
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

    pub(super) fn bound_fin_wait_2<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let deadline = cx.now + FIN_WAIT_2;
        self.timers.arm(TimerKind::FinWait2, deadline, cx);
    }

    /// A RST goes out with the next poll; the connection is to be ended by the
    /// caller.
    pub(super) fn reset_with<O: Observer>(&mut self, why: ResetReason, cx: &mut Context<'_, O>) {
        let ack = Some(self.rcv.rcv_nxt);
        let mut header = self.reset_header(self.snd.bare_seq(), ack);
        // RFC 7323 §3.2: a RST should carry the timestamps, too.
        header.options.timestamps = self.timestamps(cx);
        self.reset_due = Some(Box::new((header, why)));
    }

    /// The timestamps of a segment that goes out now, if they were agreed on.
    pub(super) fn timestamps<O: Observer>(&self, cx: &Context<'_, O>) -> Option<Timestamps> {
        self.agreed.timestamps.then(|| Timestamps {
            value: timestamp_clock(cx.now, self.id.timestamp_offset),
            echo: self.rcv.timestamp_echo(),
        })
    }

    pub(super) fn reset_header(&self, seq: SeqNum, ack: Option<SeqNum>) -> Header {
        let (local, remote) = (self.id.local.port(), self.id.remote.port());
        super::reset::reset_header(Port(local), Port(remote), seq, ack)
    }

    pub(super) fn after_read<O: Observer>(&mut self, now: Instant, taken: usize, trace: &mut O) {
        if taken == 0 {
            return;
        }
        let mut cx = self.context(now, Trigger::Application, trace);
        let (conn, total) = (cx.conn, self.rcv.delivered_total);
        cx.emit(&Event::Delivered { conn, total });
        if self.urgent_len() == 0 {
            self.rcv_up = None;
        }
        if let Some(limit) = self.rcv.tune_window(now) {
            cx.emit(&Event::ReceiveWindow { conn, limit });
        }
        // RFC 9293 §3.8.6.2.2: the window opened enough to say so.
        if !self.may_receive() {
            return;
        }
        if self.rcv.wants_window_update() {
            self.rcv.acks.demand(Cause::WindowUpdate);
        } else if self.rcv.readable_len() == 0 {
            self.rcv.acks.on_all_read(&self.policy.receive);
        }
    }

    /// Keeps the retransmission and persist timers as what is outstanding asks
    /// for (RFC 6298 §5, RFC 9293 §3.8.6.1). Called after every change.
    pub(super) fn rearm<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        self.note_limit(cx.now);
        self.rearm_liveness(cx);
        if !state::may_send(self.state) || self.policy.recovery == Recovery::None {
            return;
        }
        let snd = &self.snd;
        let probing = snd.probing.outstanding && snd.is_window_closed();
        if !snd.queue.is_empty() && !probing {
            self.timers.stop(TimerKind::Persist, cx);
            return self.rearm_loss_timers(cx);
        }
        self.stop_loss_timers(cx);
        let snd = &self.snd;
        let waits = probing
            || self.waits_for_link()
            || (!snd.probing.due
                && match snd.next_new(snd.mss(), &self.policy) {
                    NewData::WaitsForWindow => true,
                    // Nothing will be acknowledged: corked data does not wait for ever.
                    NewData::WaitsForMore => snd.queue.is_empty(),
                    _ => false,
                });
        if waits && !self.timers.is_armed(TimerKind::Persist) {
            let deadline = cx.now + self.persist_interval();
            self.timers.arm(TimerKind::Persist, deadline, cx);
        } else if !waits {
            self.timers.stop(TimerKind::Persist, cx);
        }
    }
}
