//! The seventh and eighth step of RFC 9293 §3.10.7.4: the text and the FIN.

use super::ack::AckTimer;
use super::connection::Connection;
use super::context::Context;
use super::policy::{AckStrategy, OutOfOrderPolicy};
use super::rack::Echo;
use super::receiver::Taken;
use super::segment::Segment;
use super::sender::Fin;
use super::state::Step;
use crate::time::Duration;
use crate::trace::{
    Cause, CloseReason, DropReason, Event, Observer, ResetReason, TcpState, TimerKind, Trigger,
};
use crate::wire::SeqNum;
use crate::wire::tcp::Flags;

impl Connection {
    /// Sixth: the URG bit. RCV.UP <- max(RCV.UP, SEG.UP), and the user is told
    /// whenever that moves (RFC 9293 §3.8.5 MUST-32). The data is read in line, as
    /// RFC 6093 advises; the pointer is the number after the last urgent byte.
    fn take_urgent<O: Observer>(&mut self, segment: &Segment<'_>, cx: &mut Context<'_, O>) {
        if !segment.flags.contains(Flags::URG) || !self.may_receive() {
            return;
        }
        let until = segment.seq + u32::from(segment.urgent_pointer);
        let is_news = until.after(self.rcv.read_up_to())
            && self.rcv_up.is_none_or(|known| until.after(known));
        if is_news {
            self.rcv_up = Some(until);
            self.pending.urgent = true;
            if let Trigger::Frame(frame) = cx.by {
                let conn = cx.conn;
                cx.emit(&Event::Urgent { conn, frame, until });
            }
        }
    }

    /// Seventh and eighth: the text, which starts at `seq`, and the FIN.
    pub(super) fn take_text<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        seq: SeqNum,
        cx: &mut Context<'_, O>,
    ) {
        self.take_urgent(segment, cx);
        let payload = segment.payload;
        let mut has_fin = segment.flags.fin();
        if has_fin && self.policy.quirks.overlook_fin_on_data && !payload.is_empty() {
            has_fin = false;
            cx.dropped(DropReason::PolicyOverlooked);
        }
        let beyond = self.rcv.fin_taken() && (has_fin || !payload.is_empty());
        if beyond && (payload.is_empty() || seq.at_or_after(self.rcv.rcv_nxt)) {
            // RFC 9293 §3.10.7.4, seventh: "This should not occur since a FIN has been
            // received from the remote side. Ignore the segment text." In TIME-WAIT, who sends
            // any has not heard that all is over.
            if self.state == TcpState::TimeWait {
                self.demand_ack(Cause::Unacceptable);
            }
            return cx.dropped(DropReason::AfterFin);
        }
        if has_fin {
            self.note_fin(seq, seq + payload.len() as u32);
        }
        if !payload.is_empty() {
            if self.reader_gone && seq.at_or_after(self.rcv.rcv_nxt) {
                return self.data_after_close(segment, cx);
            }
            self.last_data_at = cx.now;
            let echoed = self.echo(segment, cx).map(Echo::round_trip);
            self.take_payload(seq, payload, echoed, cx);
        } else if has_fin && seq != self.rcv.rcv_nxt {
            self.demand_ack(Cause::OutOfOrder);
        }
        if self.rcv.take_fin() {
            self.fin_arrives(cx);
        }
    }

    /// Notes where the peer's FIN stands, unless it lies where data would not be
    /// kept either.
    fn note_fin(&mut self, start: SeqNum, fin: SeqNum) {
        let keeps_early = self.policy.receive.out_of_order == OutOfOrderPolicy::Keep;
        let window = self.rcv.rcv_wnd().0;
        if fin.distance(self.rcv.rcv_nxt) <= window && (keeps_early || fin == self.rcv.rcv_nxt) {
            self.rcv.note_fin(start, fin);
        }
    }

    fn take_payload<O: Observer>(
        &mut self,
        seq: SeqNum,
        payload: &[u8],
        echoed: Option<Duration>,
        cx: &mut Context<'_, O>,
    ) {
        let policy = &self.policy.receive;
        let missing = self.rcv.rcv_nxt;
        match self.rcv.take(seq, payload, policy) {
            Taken::InOrder { len, filled_gap } => {
                let rto = self.snd.rtt.base_rto(&self.policy.timing);
                let timer = self.rcv.schedule_ack(cx.now, rto, len, filled_gap, policy);
                let came = payload.len() as u32;
                self.rcv.measure_round_trip(cx.now, came, echoed);
                self.pending.readable = true;
                let (conn, total) = (cx.conn, self.rcv.in_order_total);
                cx.emit(&Event::InOrder { conn, total });
                self.start_ack_timer(timer, cx);
            }
            Taken::Early { joined } => {
                if let Trigger::Frame(frame) = cx.by {
                    let conn = cx.conn;
                    cx.emit(&Event::OutOfOrder {
                        conn,
                        frame,
                        missing,
                        from: joined.start,
                        to: joined.end,
                    });
                }
                // RFC 5681 §4.2: at once, for the sender counts them.
                if self.policy.receive.ack != AckStrategy::Never {
                    let counted = !self.rcv.sack_permitted;
                    self.rcv.acks.demand_duplicate(counted);
                }
            }
            Taken::Dropped(reason) => {
                self.demand_ack(match reason {
                    DropReason::DuplicateData => Cause::Duplicate,
                    // Only a closed window takes nothing of an acceptable segment.
                    DropReason::OutsideWindow => Cause::ProbeAnswered,
                    DropReason::AfterFin => Cause::Unacceptable,
                    _ => Cause::OutOfOrder,
                });
                cx.dropped(reason);
            }
        }
    }

    fn start_ack_timer<O: Observer>(&mut self, timer: AckTimer, cx: &mut Context<'_, O>) {
        match timer {
            AckTimer::Keep => {}
            AckTimer::Delay(deadline) => {
                // A second segment does not put off the first one's ACK.
                if !self.timers.is_armed(TimerKind::DelayedAck) {
                    self.timers.arm(TimerKind::DelayedAck, deadline, cx);
                }
            }
            AckTimer::Think(deadline) => self.timers.arm(TimerKind::Thinking, deadline, cx),
        }
    }

    /// Eighth: the FIN, in order.
    fn fin_arrives<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        self.pending.peer_closed = true;
        if self.policy.receive.ack == AckStrategy::EverySegment {
            let rcv = &mut self.rcv;
            let rto = self.snd.rtt.base_rto(&self.policy.timing);
            let timer = rcv.schedule_ack(cx.now, rto, 0, false, &self.policy.receive);
            self.start_ack_timer(timer, cx);
        } else if self.state == TcpState::Established {
            let timer = self.rcv.acks.on_fin(cx.now, &self.policy.receive);
            self.start_ack_timer(timer, cx);
        } else {
            self.demand_ack(Cause::FinReceived);
        }
        if self.policy.quirks.fin_not_counted && self.snd.fin >= Fin::Sent {
            // teeceepee counts it here, too late.
            self.snd.snd_nxt += 1;
        }
        self.step(Step::FinArrived, cx);
    }

    /// RFC 9293 §3.6.1: nobody is left to read what comes.
    /// The RST is the one that a segment without a connection gets (§3.10.7.1):
    /// its number is what the peer has acknowledged, which it cannot but accept.
    fn data_after_close<O: Observer>(&mut self, segment: &Segment<'_>, cx: &mut Context<'_, O>) {
        cx.dropped(DropReason::ReceiverGone);
        let header = self.reset_header(segment.ack, None);
        self.reset_due = Some(Box::new((header, ResetReason::DataAfterClose)));
        self.end(CloseReason::Aborted, cx);
    }
}
