//! What goes out next, in this order: a RST, a SYN, what is lost, what is new,
//! a probe, and at last a bare ACK if one is due.

use super::connection::Connection;
use super::context::Context;
use super::ecn::Ecn;
use super::next::NewData;
use super::options::{syn_options, timestamp_clock};
use super::policy::{PushMarks, WindowProbe};
use super::state::Step;
use crate::trace::{Cause, Observer, TcpState, TimerKind, Trigger};
use crate::wire::tcp::{Flags, Header, Options, Timestamps};
use crate::wire::{Port, SeqNum, SeqRange};

/// A segment that is to go out now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transmission {
    pub(super) header: Header,
    /// Its bytes in the send buffer.
    pub(super) data: SeqRange,
    pub(super) cause: Cause,
    pub(super) retransmissions: u16,
    /// RFC 3168 §6.1.5: new data alone.
    pub(super) ecn_capable: bool,
}

impl Connection {
    /// Decides on the next segment, and counts it as sent.
    pub(super) fn next_transmission<O: Observer>(
        &mut self,
        cx: &mut Context<'_, O>,
    ) -> Option<Transmission> {
        if let Some(due) = self.reset_due.take() {
            let (header, why) = *due;
            return Some(bare(header, Cause::Reset(why)));
        }
        match self.state {
            TcpState::Closed | TcpState::Listen => None,
            TcpState::SynSent => self.next_syn(cx),
            TcpState::SynReceived => self.next_syn(cx).or_else(|| self.next_ack(cx)),
            // RFC 9293 §3.10.7.3: queued data MAY ride on the handshake's third
            // segment; here, as from a kernel, that one is seen by itself.
            _ if self.rcv.acks.is_due_for(Cause::HandshakeAck) => self.next_ack(cx),
            _ => self
                .next_retransmission(cx)
                .or_else(|| self.next_tail_probe(cx))
                .or_else(|| self.next_new_data(cx))
                .or_else(|| self.next_probe(cx))
                .or_else(|| self.next_keep_alive(cx))
                .or_else(|| self.next_ack(cx)),
        }
    }

    /// SYN or SYN-ACK, for the first time or again.
    fn next_syn<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<Transmission> {
        let cause = self.syn_due.take()?;
        let answers = self.state == TcpState::SynReceived;
        let timestamps = Timestamps {
            value: timestamp_clock(cx.now, self.id.timestamp_offset),
            echo: self.rcv.timestamp_echo(),
        };
        let offer = if answers {
            self.agreed.offer(self.policy.offer)
        } else {
            self.policy.offer
        };
        let options = syn_options(offer, self.id.mtu, self.offered_scale, timestamps);
        let retransmissions = self.syn_transmissions;
        self.syn_transmissions = self.syn_transmissions.saturating_add(1);
        self.syn_sent_at = cx.now;
        self.snd.snd_nxt = self.snd.iss + 1;
        let ack = if answers { self.rcv.rcv_nxt } else { SeqNum(0) };
        let window = self.rcv.promise_window(self.rcv.rcv_nxt, true).0;
        if answers {
            self.rcv.on_ack_sent(ack);
        }
        if self.policy.recovery != super::policy::Recovery::None {
            let deadline = cx.now + self.snd.rtt.rto(&self.policy.timing);
            self.timers.arm(TimerKind::Retransmission, deadline, cx);
        }
        let flags = if answers {
            Flags::SYN | Flags::ACK | self.ecn.syn_ack_flags()
        } else {
            Flags::SYN | Ecn::syn_flags(self.policy.ecn, retransmissions > 0)
        };
        let header = Header {
            src_port: Port(self.id.local.port()),
            dst_port: Port(self.id.remote.port()),
            seq: self.snd.iss,
            ack,
            flags,
            window,
            urgent_pointer: 0,
            options,
        };
        Some(Transmission {
            retransmissions,
            ..bare(header, cause)
        })
    }

    fn next_retransmission<O: Observer>(
        &mut self,
        cx: &mut Context<'_, O>,
    ) -> Option<Transmission> {
        if !self.snd.queue.has_lost() {
            return None;
        }
        let limit = self.payload_limit();
        let sent = self.snd.next_retransmission(limit)?;
        if self.waits_for_pace(cx) {
            return None;
        }
        self.snd.on_paced(cx.now, sent.range.len(), &self.policy);
        let cause = super::retransmit::RetransmitQueue::cause_of(&sent);
        self.snd.on_resent(cx.now, &sent);
        let ends_burst = self.policy.send.push == PushMarks::EachWrite
            && self.snd.ends_resent_burst(cx.now, &sent, limit);
        // RFC 6298 §5.1: (re)started for what goes out now, if it does not run.
        let again = sent.retransmissions.saturating_add(1);
        let mut segment = self.data_segment(sent.range, cause, again, cx);
        if ends_burst {
            segment.header.flags |= Flags::PSH;
        }
        Some(segment)
    }

    fn next_new_data<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<Transmission> {
        self.try_larger_segments(cx);
        if self.snd.restart_if_idle(cx.now, &self.policy) {
            self.tell_congestion(cx);
        }
        let limit = self.payload_limit();
        let NewData::Send { range, fin } = self.snd.next_new(limit, &self.policy) else {
            return None;
        };
        if self.waits_for_pace(cx) {
            return None;
        }
        self.snd.on_paced(cx.now, range.len(), &self.policy);
        let cause = self.snd.cause_of_new(range);
        let ends_burst = self.policy.send.push == PushMarks::EachWrite
            && self.snd.ends_burst(range, limit, &self.policy);
        let mut segment = self.send_new(range, fin, cause, cx);
        if ends_burst {
            segment.header.flags |= Flags::PSH;
        }
        Some(segment)
    }

    /// Whether the next segment has to wait for its time; the timer is set then.
    fn waits_for_pace<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> bool {
        let wait = self.snd.pacing_wait(cx.now, &self.policy);
        if let Some(at) = wait {
            self.timers.arm(TimerKind::Pacing, at, cx);
        }
        wait.is_some()
    }

    /// RFC 8985 §7.3: new data if there is any, else the last segment again.
    fn next_tail_probe<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<Transmission> {
        if !core::mem::take(&mut self.snd.tail.due) {
            return None;
        }
        let cause = Cause::TailLossProbe;
        let limit = self.payload_limit();
        if let Some(range) = self.snd.override_range(limit) {
            let segment = self.send_new(range, false, cause, cx);
            self.snd.tail.on_sent(self.snd.snd_nxt, false);
            return Some(segment);
        }
        let last = self.snd.queue.cut_tail(limit)?;
        self.snd.on_resent(cx.now, &last);
        self.snd.tail.on_sent(self.snd.snd_nxt, true);
        let again = last.retransmissions.saturating_add(1);
        Some(self.data_segment(last.range, cause, again, cx))
    }

    fn next_probe<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<Transmission> {
        if !core::mem::take(&mut self.snd.probing.due) {
            return None;
        }
        if self.snd.probing.outstanding {
            // The same byte again.
            let head = *self.snd.queue.head()?;
            self.snd.on_resent(cx.now, &head);
            let again = head.retransmissions.saturating_add(1);
            return Some(self.data_segment(head.range, Cause::WindowProbe, again, cx));
        }
        if !self.snd.is_window_closed() {
            // RFC 9293 §3.8.6.2.1 (4): the override timeout of SWS avoidance.
            let range = self.snd.override_range(self.payload_limit())?;
            let mut segment = self.send_new(range, false, Cause::Data, cx);
            // It has waited long enough, and is not to wait at the other end as well.
            if self.policy.send.push == PushMarks::EachWrite {
                segment.header.flags |= Flags::PSH;
            }
            return Some(segment);
        }
        match self.policy.send.window_probe {
            WindowProbe::NextByte => {
                let (range, fin) = self.snd.probe_range()?;
                self.snd.probing.outstanding = true;
                Some(self.send_new(range, fin, Cause::WindowProbe, cx))
            }
            WindowProbe::OldSequence => {
                let header = self.header(self.snd.snd_una - 1, Flags::ACK, None, cx);
                Some(bare(header, Cause::WindowProbe))
            }
        }
    }

    fn next_ack<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<Transmission> {
        let due = self.rcv.take_due_ack(cx.now, &self.policy.receive);
        let (cause, number) = due?;
        if let Some(at) = self.rcv.acks.next_thought()
            && at > cx.now
        {
            self.timers.arm(TimerKind::Thinking, at, cx);
        }
        let header = self.header(self.snd.bare_seq(), Flags::ACK, number, cx);
        Some(bare(header, cause))
    }

    /// New data goes out: counts it, and takes the step that a FIN means.
    fn send_new<O: Observer>(
        &mut self,
        range: SeqRange,
        fin: bool,
        cause: Cause,
        cx: &mut Context<'_, O>,
    ) -> Transmission {
        let limit = self.payload_limit();
        self.snd
            .on_new_sent(cx.now, range, fin, limit, &self.policy);
        if !range.is_empty() {
            self.rcv.acks.on_data_sent(cx.now, &self.policy.receive);
        }
        let taken = SeqRange {
            end: range.end + u32::from(fin),
            ..range
        };
        let segment = self.data_segment(taken, cause, 0, cx);
        if fin {
            // RFC 9293 §3.10.4, CLOSE-WAIT: the FIN goes out, enter LAST-ACK.
            cx.by = Trigger::Application;
            self.step(Step::FinSent, cx);
        }
        segment
    }

    /// A segment with the data (and the FIN) of `taken`.
    fn data_segment<O: Observer>(
        &mut self,
        taken: SeqRange,
        cause: Cause,
        retransmissions: u16,
        cx: &mut Context<'_, O>,
    ) -> Transmission {
        let end = self.snd.buffer.end();
        let data = SeqRange {
            start: taken.start,
            end: taken.end.earlier(end.later(taken.start)),
        };
        let mut flags = Flags::ACK;
        // RFC 3168 §6.1.4 to §6.1.6: neither what goes out again nor a window probe,
        // whose loss nobody would notice.
        let is_new = retransmissions == 0 && cause != Cause::WindowProbe;
        let ecn_capable = self.ecn.agreed && is_new && !data.is_empty();
        if ecn_capable {
            flags |= self.ecn.take_cwr();
        }
        let pushes = match self.policy.send.push {
            PushMarks::BufferEnd => data.end == end,
            PushMarks::EachWrite => self.snd.writes.has_push_in(data),
        };
        if !data.is_empty() && pushes {
            flags |= Flags::PSH;
        }
        let mut number = None;
        if taken.end.after(end) {
            flags |= Flags::FIN;
            // Who says goodbye has thought enough.
            self.rcv.acks.stop_thinking();
            number = Some(self.rcv.rcv_nxt);
        }
        Transmission {
            header: self.header(taken.start, flags, number, cx),
            data,
            cause,
            retransmissions,
            ecn_capable,
        }
    }

    /// The header of a segment in a synchronized state: it acknowledges, tells
    /// the window, and carries what was agreed on. `number` is what it
    /// acknowledges if that is not simply all that came.
    pub(super) fn header<O: Observer>(
        &mut self,
        seq: SeqNum,
        flags: Flags,
        number: Option<SeqNum>,
        cx: &mut Context<'_, O>,
    ) -> Header {
        let options = Options {
            timestamps: self.timestamps(cx),
            sack: self.rcv.take_sack_blocks(self.sack_room()),
            ..Options::NONE
        };
        let ack = number.unwrap_or_else(|| self.rcv.ack_number());
        let window = self.rcv.promise_window(ack, false).0;
        self.rcv.on_ack_sent(ack);
        self.timers.stop(TimerKind::DelayedAck, cx);
        Header {
            src_port: Port(self.id.local.port()),
            dst_port: Port(self.id.remote.port()),
            seq,
            ack,
            flags: flags | self.ecn.ack_flags(),
            window,
            urgent_pointer: 0,
            options,
        }
    }

    /// How many SACK blocks fit (RFC 2018 §3).
    fn sack_room(&self) -> usize {
        if self.agreed.timestamps { 3 } else { 4 }
    }

    /// What a segment that goes out now can carry, bytes: the options that it
    /// needs are taken from the MSS (RFC 6691).
    fn payload_limit(&self) -> u32 {
        let blocks = self.rcv.sack_count(self.sack_room());
        let sack_len = if blocks == 0 {
            0
        } else {
            4 + 8 * blocks as u32
        };
        let limit = self.snd.mss().saturating_sub(sack_len).max(1);
        let chosen = self.policy.send.max_payload.map_or(u32::MAX, u32::from);
        limit.min(chosen.max(1))
    }
}

/// A segment without data.
pub(super) fn bare(header: Header, cause: Cause) -> Transmission {
    Transmission {
        header,
        data: SeqRange {
            start: header.seq,
            end: header.seq,
        },
        cause,
        retransmissions: 0,
        ecn_capable: false,
    }
}
