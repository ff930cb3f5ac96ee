//! The handshake: SYN-SENT and SYN-RECEIVED (RFC 9293 §3.10.7.3, and the parts
//! of §3.10.7.4 that are about them).
//!
//! ```text
//!   us, active                peer        both at once
//!   SYN  ------------------>              SYN --. .-- SYN
//!        <------------------ SYN,ACK            X
//!   ACK  ------------------>              SYN,ACK <' '> SYN,ACK
//! ```

use super::arrival::Check;
use super::congestion::CongestionControl;
use super::connection::Connection;
use super::context::Context;
use super::options::agree;
use super::rack::Echo;
use super::segment::Segment;
use super::state::Step;
use crate::trace::{Cause, CloseReason, DropReason, Observer, ResetReason};

impl Connection {
    /// RFC 9293 §3.10.7.3.
    pub(super) fn arrives_in_syn_sent<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) {
        let flags = segment.flags;
        // First: SEG.ACK =< ISS, or SEG.ACK > SND.NXT.
        let expected = segment.ack.after(self.snd.iss) && !segment.ack.after(self.snd.snd_nxt);
        if flags.ack() && !expected {
            if !flags.rst() {
                let header = self.reset_header(segment.ack, None);
                self.reset_due = Some(Box::new((header, ResetReason::UnacceptableAck)));
            }
            return cx.dropped(DropReason::AckOfUnsent);
        }
        // Second: RST. Without an acceptable ACK it proves nothing (RFC 5961 §3.2).
        if flags.rst() {
            if flags.ack() {
                self.end(CloseReason::Refused, cx);
            } else {
                cx.dropped(DropReason::NoAck);
            }
            return;
        }
        // Fourth: SYN. Fifth: neither SYN nor RST is dropped.
        if !flags.syn() {
            return cx.dropped(if flags.ack() {
                DropReason::OutsideWindow
            } else {
                DropReason::NoAck
            });
        }
        self.take_syn(segment, cx);
        if flags.ack() {
            self.on_syn_acked(segment, cx);
            self.step(Step::SynAckArrived, cx);
            self.rcv.acks.demand(Cause::HandshakeAck);
        } else {
            // A simultaneous open: SYN-ACK, with the number of our SYN.
            self.step(Step::SynArrived, cx);
            self.syn_due = Some(Cause::SynAck);
        }
        // "If there are other controls or text in the segment, then continue
        // processing at the sixth step".
        if flags.ack() {
            self.take_text(segment, segment.seq + 1, cx);
        }
    }

    /// A SYN in SYN-RECEIVED: a repeated one gets our SYN-ACK again; in a
    /// simultaneous open the other end's SYN-ACK acknowledges ours. Any other is
    /// challenged as in later states: the RFC's way, back to LISTEN, would let
    /// anybody who guesses the window undo a handshake.
    pub(super) fn syn_in_syn_received<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) -> Check {
        let same = segment.seq == self.rcv.irs;
        if same && segment.flags.ack() {
            return Check::Pass;
        }
        if same && self.challenges.allow(cx.now) {
            self.syn_due = Some(Cause::SynAck);
        } else if !same {
            self.challenge(cx);
        }
        cx.dropped(if same {
            DropReason::DuplicateData
        } else {
            DropReason::SynInWindow
        });
        Check::Done
    }

    /// Fifth, in SYN-RECEIVED.
    pub(super) fn ack_in_syn_received<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        cx: &mut Context<'_, O>,
    ) -> Check {
        let expected = segment.ack.after(self.snd.snd_una) && !segment.ack.after(self.snd.snd_nxt);
        if !expected {
            let header = self.reset_header(segment.ack, None);
            self.reset_due = Some(Box::new((header, ResetReason::UnacceptableAck)));
            cx.dropped(DropReason::AckOfUnsent);
            return Check::Done;
        }
        self.on_syn_acked(segment, cx);
        self.step(Step::OurSynAcked, cx);
        Check::Pass
    }

    /// Our SYN was acknowledged: SND.UNA, the window, the first round trip.
    fn on_syn_acked<O: Observer>(&mut self, segment: &Segment<'_>, cx: &mut Context<'_, O>) {
        self.syn_due = None;
        self.snd.snd_una = segment.ack;
        self.snd.timeouts = 0;
        self.snd.set_window(segment, segment.ack);
        let again = self.syn_transmissions > 1;
        if again {
            self.snd.rtt.after_syn_loss();
            self.snd.cc.on_syn_loss();
        }
        let sample = match self.syn_transmissions {
            // A cookie: nothing was kept of when it went out.
            0 => None,
            1 => Some(cx.now.since(self.syn_sent_at)),
            _ => self.echo(segment, cx).map(Echo::round_trip),
        };
        if let Some(sample) = sample {
            self.rcv.on_handshake_round_trip(sample);
            self.take_rtt(sample, cx);
        }
        self.tell_congestion(cx);
    }

    /// The peer's SYN: its number, its options, its window.
    pub(super) fn take_syn<O: Observer>(&mut self, syn: &Segment<'_>, cx: &mut Context<'_, O>) {
        self.agreed = agree(self.policy.offer, self.offered_scale, &syn.options);
        self.ecn.on_syn(syn.flags, self.policy.ecn);
        let timestamps = syn.options.timestamps.filter(|_| self.agreed.timestamps);
        self.rcv.on_syn(cx.now, syn.seq, timestamps);
        self.rcv.scale = self.agreed.rcv_scale;
        self.rcv.sack_permitted = self.agreed.sack;
        self.snd.scale = self.agreed.snd_scale;
        self.snd.sack_permitted = self.agreed.sack;
        self.snd.set_window(syn, syn.ack);
        self.set_send_mss(self.path_mss());
    }

    /// The largest segment that peer and path take, bytes.
    pub(super) fn set_send_mss(&mut self, send_mss: u16) {
        let fixed_options_len = if self.agreed.timestamps { 12 } else { 0 };
        self.snd.set_send_mss(send_mss, fixed_options_len);
    }
}
