//! The sending half: SND.UNA, SND.NXT, SND.WND, and what may go out now.
//!
//! ```text
//!        acknowledged       in flight          may go      waits for the window
//!    --------------------|==============|----------------|- - - - - - - - - -|
//!                     SND.UNA        SND.NXT      SND.UNA + SND.WND      buffer end
//!                        '---- outstanding ----'              (then the FIN)
//! ```
//!
//! Two limits hold at once: the peer's window counts from SND.UNA, the
//! congestion window counts what is thought to be in the network (the pipe).

use super::congestion::{Congestion, CongestionControl};
use super::options::DEFAULT_SEND_MSS;
use super::pacing::Pacer;
use super::policy::{Policy, PushMarks};
use super::prr::Prr;
use super::rack::Rack;
use super::recovery::Phase;
use super::retransmit::{RetransmitQueue, Sent};
use super::rtt::RttEstimator;
use super::segment::Segment;
use super::send_buffer::SendBuffer;
use super::tlp::TailProbe;
use super::undo::Undo;
use super::usage::Usage;
use super::window::{UnscaledWindow, WindowScale, WindowSize};
use super::writes::{Write, Writes};
use crate::time::{Duration, Instant};
use crate::trace::RecoveryStep;
use crate::wire::{SeqNum, SeqRange};

/// Our FIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fin {
    /// The application may still write.
    Open,
    /// It follows what is in the buffer.
    Queued,
    /// It is out.
    Sent,
    /// The peer has it.
    Acked,
}

/// Zero-window probing (RFC 9293 §3.8.6.1).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probing {
    /// A probe is to go out now.
    pub(super) due: bool,
    /// A byte was sent into the closed window and is not acknowledged.
    pub(super) outstanding: bool,
    /// How often the timer ran out since the window closed: the backoff.
    pub(super) backoff: u32,
    /// Probes since the peer was heard last.
    pub(super) unanswered: u32,
}

/// The send sequence space and what belongs to it.
#[derive(Debug)]
pub(super) struct Sender {
    /// Initial send sequence number.
    pub(super) iss: SeqNum,
    /// Oldest unacknowledged number.
    pub(super) snd_una: SeqNum,
    /// Next number to be sent.
    pub(super) snd_nxt: SeqNum,
    /// The peer's window, counted from SND.UNA.
    pub(super) snd_wnd: WindowSize,
    /// `SEG.SEQ` and `SEG.ACK` of the last window update.
    snd_wl1: SeqNum,
    snd_wl2: SeqNum,
    /// The largest window that the peer ever offered (`MAX.SND.WND`).
    pub(super) max_snd_wnd: WindowSize,
    /// How many numbers were acknowledged since the handshake, as far as 32 bits tell.
    pub(super) acked_len: u32,
    /// Shift of the peer's windows.
    pub(super) scale: WindowScale,
    /// Whether the peer sends SACK blocks.
    pub(super) sack_permitted: bool,
    /// Largest segment for the peer and the path, options included, bytes.
    pub(super) send_mss: u16,
    /// Bytes of options on every segment.
    pub(super) fixed_options_len: u16,
    pub(super) buffer: SendBuffer,
    /// Where writes end in it.
    pub(super) writes: Writes,
    /// Where the burst ends that is going out.
    pub(super) burst_end: SeqNum,
    /// The last retransmission: its end, its burst, its time.
    pub(super) resent_last: Option<(SeqNum, SeqNum, Instant)>,
    pub(super) queue: RetransmitQueue,
    pub(super) rtt: RttEstimator,
    pub(super) cc: Congestion,
    pub(super) phase: Phase,
    /// Duplicate ACKs in a row (RFC 5681 §2).
    pub(super) dup_acks: u32,
    /// Everything before it was sent before the last recovery began
    /// (`recover` of RFC 6582).
    pub(super) recover: SeqNum,
    /// A mark brings cwnd down until this is acknowledged.
    pub(super) slow_until: Option<SeqNum>,
    /// The next retransmission goes out whatever the congestion window says.
    pub(super) force_retransmission: bool,
    /// So many new segments go out before what is lost (F-RTO).
    pub(super) new_data_first: u32,
    pub(super) rack: Rack,
    pub(super) tail: TailProbe,
    pub(super) prr: Prr,
    /// How to take the last reduction back, and until what is acknowledged.
    pub(super) undo: Option<Box<Undo>>,
    pub(super) undo_until: SeqNum,
    /// SND.UNA at the timeout that F-RTO has doubts about.
    pub(super) forward_rto: Option<SeqNum>,
    /// Where the last recovery from a timeout ended, if nothing beyond is acknowledged yet
    /// and no SACK tells what became of it.
    pub(super) timeout_ended_at: Option<SeqNum>,
    /// The retransmission timer counts from here.
    pub(super) rto_from: Instant,
    /// What is still to be told to the trace.
    pub(super) steps: Steps,
    usage: Usage,
    pub(super) pacer: Pacer,
    pub(super) fin: Fin,
    /// Timeouts in a row without an ACK of anything new.
    pub(super) timeouts: u32,
    pub(super) probing: Probing,
    /// When new data went out last.
    pub(super) last_sent_at: Option<Instant>,
    /// End of the last segment that was smaller than full (Minshall's rule).
    pub(super) small_end: Option<SeqNum>,
}

/// Steps of a recovery that the trace has not heard of; one call makes few.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    waiting: [Option<RecoveryStep>; 4],
}

impl Steps {
    pub(super) fn tell(&mut self, step: RecoveryStep) {
        if let Some(slot) = self.waiting.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(step);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting[0].is_none()
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = RecoveryStep> + use<> {
        core::mem::take(&mut self.waiting).into_iter().flatten()
    }
}

impl Sender {
    pub(super) fn new(iss: SeqNum, policy: &Policy) -> Self {
        Self {
            iss,
            snd_una: iss,
            snd_nxt: iss,
            snd_wnd: WindowSize(0),
            snd_wl1: SeqNum(0),
            snd_wl2: SeqNum(0),
            max_snd_wnd: WindowSize(0),
            acked_len: 0,
            scale: WindowScale::ZERO,
            sack_permitted: false,
            send_mss: DEFAULT_SEND_MSS,
            fixed_options_len: 0,
            buffer: SendBuffer::new(iss + 1, policy.send.buffer_len),
            writes: Writes::new(iss + 1),
            burst_end: iss,
            resent_last: None,
            queue: RetransmitQueue::default(),
            rtt: RttEstimator::new(&policy.timing),
            cc: Congestion::new(policy, u32::from(DEFAULT_SEND_MSS)),
            phase: Phase::Open,
            dup_acks: 0,
            recover: iss,
            slow_until: None,
            force_retransmission: false,
            new_data_first: 0,
            rack: Rack::default(),
            tail: TailProbe::default(),
            prr: Prr::default(),
            undo: None,
            undo_until: iss,
            forward_rto: None,
            timeout_ended_at: None,
            rto_from: Instant::ZERO,
            steps: Steps::default(),
            usage: Usage::new(iss),
            pacer: Pacer::default(),
            fin: Fin::Open,
            timeouts: 0,
            probing: Probing::default(),
            last_sent_at: None,
            small_end: None,
        }
    }

    /// What a full segment carries, bytes (`SMSS`; RFC 6691: options count).
    pub(super) fn mss(&self) -> u32 {
        u32::from(self.send_mss.saturating_sub(self.fixed_options_len).max(1))
    }

    /// Whether the peer's window is closed.
    pub(super) fn is_window_closed(&self) -> bool {
        self.snd_wnd == WindowSize(0)
    }

    /// How much the peer's window still takes beyond SND.NXT.
    pub(super) fn usable_window(&self) -> u32 {
        let edge = self.snd_una + self.snd_wnd.0;
        if edge.after(self.snd_nxt) {
            edge.distance(self.snd_nxt)
        } else {
            0
        }
    }

    /// Bytes thought to be in the network. Each duplicate ACK (they are counted where
    /// there is no SACK) stands for a segment that has left it (RFC 5681 §3.2).
    pub(super) fn pipe(&self) -> u32 {
        let left = self.dup_acks.saturating_mul(self.mss());
        self.queue.pipe().saturating_sub(left)
    }

    /// Whether the congestion window is what limits us: only then may it grow.
    pub(super) fn is_cwnd_limited(&self) -> bool {
        self.usage.is_limited(self.cc.cwnd(), self.cc.ssthresh())
    }

    /// RFC 9293 §3.10.7.4: takes the window of a segment that is not older than
    /// the one it was last taken from. Answers whether it changed. One that
    /// acknowledges more is newer even if its number is older: its window counts
    /// from what it acknowledges, and the old one from there would reach too far.
    pub(super) fn update_window(&mut self, segment: &Segment<'_>, ack: SeqNum) -> bool {
        let newer = ack.after(self.snd_una)
            || self.snd_wl1.before(segment.seq)
            || (self.snd_wl1 == segment.seq && self.snd_wl2.at_or_before(ack));
        newer && self.set_window(segment, ack)
    }

    /// Takes the window of a segment, whatever came before.
    pub(super) fn set_window(&mut self, segment: &Segment<'_>, ack: SeqNum) -> bool {
        // RFC 7323 §2.2: the window of a SYN is never scaled.
        let scale = if segment.flags.syn() {
            WindowScale::ZERO
        } else {
            self.scale
        };
        let window = scale.scale_up(UnscaledWindow(segment.window));
        let changed = window != self.snd_wnd;
        self.snd_wnd = window;
        self.snd_wl1 = segment.seq;
        self.snd_wl2 = ack;
        self.max_snd_wnd = self.max_snd_wnd.max(window);
        changed
    }

    /// How much a write may add now, bytes.
    pub(super) fn write_room(&mut self, policy: &Policy) -> usize {
        let room = self.buffer.room();
        let Some(unsent_limit) = policy.send.unsent_limit else {
            return room;
        };
        let (end, snd_nxt) = (self.buffer.end(), self.snd_nxt);
        let piece_len = self.piece_len();
        let piece = self.writes.room(end, snd_nxt, unsent_limit, piece_len);
        room.min(piece as usize)
    }

    /// The application has written `len` bytes.
    pub(super) fn on_written(&mut self, len: u32, write: Write, policy: &Policy) {
        let end = self.buffer.end();
        let range = SeqRange {
            start: end - len,
            end,
        };
        let cut = (policy.send.push == PushMarks::EachWrite).then(|| self.cut(policy));
        self.writes
            .on_written(range, self.snd_nxt, write, cut.as_ref());
    }

    /// Whether whoever waits to write is to be told now.
    pub(super) fn is_writable(&self, policy: &Policy) -> bool {
        let unsent_limit = policy.send.unsent_limit;
        let is_below = unsent_limit.is_none_or(|limit| self.unsent_len() < limit.div_ceil(2));
        is_below && self.buffer.room() > 0
    }

    /// What is to be sent again now, at most `limit` bytes.
    pub(super) fn next_retransmission(&mut self, limit: u32) -> Option<Sent> {
        if self.new_data_first > 0 {
            return None;
        }
        // What is joined on its way out again stays within its record.
        let writes = &self.writes;
        let lost = self
            .queue
            .next_lost(|start| limit.min(writes.record_left(start)))?;
        let pipe = u64::from(self.pipe());
        let fits = pipe + u64::from(lost.range.len()) <= self.cc.cwnd();
        (fits || pipe == 0 || self.force_retransmission).then_some(lost)
    }

    /// New data (and the FIN, if `fin`) goes out now, in a segment with room for `limit` bytes.
    pub(super) fn on_new_sent(
        &mut self,
        now: Instant,
        range: SeqRange,
        fin: bool,
        limit: u32,
        policy: &Policy,
    ) {
        let counted = fin && !policy.quirks.fin_not_counted;
        let taken = SeqRange {
            start: range.start,
            end: range.end + u32::from(counted),
        };
        if range.len() < limit {
            self.small_end = Some(taken.end);
        }
        if !taken.is_empty() {
            if self.queue.is_empty() {
                // RFC 6298 §5.1
                self.rto_from = now;
            }
            self.queue.push(taken, self.burst_end, now);
        }
        if fin {
            self.fin = Fin::Sent;
        }
        self.snd_nxt = taken.end;
        self.new_data_first = self.new_data_first.saturating_sub(1);
        self.last_sent_at = Some(now);
        self.prr.on_sent(taken.len());
        let full = u64::from(self.pipe()) + u64::from(self.mss()) > self.cc.cwnd();
        let out = self.queue.outstanding();
        self.usage.on_sent(self.snd_una, self.snd_nxt, out, full);
    }

    /// What went out before goes out again now.
    pub(super) fn on_resent(&mut self, now: Instant, sent: &Sent) {
        self.queue.on_resent(sent.range.start, now);
        self.force_retransmission = false;
        self.prr.on_sent(sent.range.len());
        if let Some(undo) = self.undo.as_mut() {
            undo.on_resent(now, sent.range.len());
        }
    }

    /// When the retransmission timer is to run out.
    pub(super) fn rto_at(&self, policy: &Policy) -> Instant {
        self.rto_from + self.rtt.rto(&policy.timing)
    }

    /// RFC 5681 §4.1: after a silence of more than an RTO the path is not known
    /// any more. To be called before new data goes out; answers whether the
    /// congestion window is another now.
    pub(super) fn restart_if_idle(&mut self, now: Instant, policy: &Policy) -> bool {
        let Some(last) = self.last_sent_at.filter(|_| self.queue.is_empty()) else {
            return false;
        };
        let pause = now.since(last);
        if !self.can_send_new() || pause == Duration::ZERO {
            return false;
        }
        // Once for each pause.
        self.last_sent_at = Some(now);
        self.cc.on_pause(pause);
        let rto = self.rtt.base_rto(&policy.timing);
        if pause <= rto {
            return false;
        }
        let before = self.cc.cwnd();
        self.cc.on_idle(policy.window.idle, pause, rto);
        self.cc.cwnd() != before
    }

    /// The path's or the peer's segment size has changed.
    pub(super) fn set_send_mss(&mut self, send_mss: u16, fixed_options_len: u16) {
        self.send_mss = send_mss;
        self.fixed_options_len = fixed_options_len;
        let mss = self.mss();
        self.cc.set_mss(mss);
    }
}
