//! Segments that Linux hands to the network card as one, for the card to cut up
//! (TSO). Here they are separate segments from the start, but one thing is seen of
//! it on the wire: the last of several bears a PSH bit.

use super::congestion::CongestionControl;
use super::policy::Policy;
use super::retransmit::Sent;
use super::sender::Sender;
use super::writes::Cut;
use crate::time::Instant;
use crate::wire::{SeqNum, SeqRange};

/// The largest burst, and the largest piece that writes are cut into, bytes
/// (`gso_max_size`).
const MAX_LEN: u32 = 65_535;

impl Sender {
    /// Whether the burst that the new data in `range` belongs to ends with it, and
    /// is more than one segment of `limit` bytes. To be asked once, before the data
    /// is counted as sent.
    pub(super) fn ends_burst(&mut self, range: SeqRange, limit: u32, policy: &Policy) -> bool {
        let in_burst = range.start.before(self.burst_end);
        if !in_burst {
            self.burst_end = range.start + self.burst_len(range.start, limit, policy);
        }
        let is_single = !in_burst && range.end.at_or_after(self.burst_end);
        range.end.at_or_after(self.burst_end) && !is_single
    }

    /// Whether `sent`, which went out again just now, ends what goes out again of its
    /// burst in one go, and is not the only one of it.
    pub(super) fn ends_resent_burst(&mut self, now: Instant, sent: &Sent, limit: u32) -> bool {
        let run = (sent.range.end, sent.burst_end, now);
        let before = self.resent_last.replace(run);
        let goes_on = before == Some((sent.range.start, sent.burst_end, now));
        let next = self.next_retransmission(limit);
        let is_last = next.is_none_or(|next| {
            next.range.start != sent.range.end || next.burst_end != sent.burst_end
        });
        goes_on && is_last
    }

    /// The length of a full piece of what is written: half the peer's largest window,
    /// in whole segments, bytes.
    pub(super) fn piece_len(&self) -> u32 {
        let mss = self.mss();
        let piece_len = (self.max_snd_wnd.0 / 2).clamp(mss, MAX_LEN.max(mss));
        piece_len - piece_len % mss
    }

    /// How a write that is made now is cut.
    pub(super) fn cut(&self, policy: &Policy) -> Cut {
        let mss = self.mss();
        let (burst, free) = self.burst_segments(mss.into(), policy);
        let len = |segments: u64| u32::try_from(segments * u64::from(mss)).unwrap_or(u32::MAX);
        let usable = self.usable_window();
        Cut {
            piece_len: self.piece_len(),
            push_distance: self.max_snd_wnd.0 / 2,
            burst_len: len(burst),
            sendable_len: len(free).min(usable - usable % mss),
        }
    }

    /// How many segments make a full burst, and how many the congestion window has
    /// room for.
    fn burst_segments(&self, mss: u64, policy: &Policy) -> (u64, u64) {
        let cwnd = self.cc.cwnd() / mss;
        let free = cwnd.saturating_sub(u64::from(self.pipe()) / mss);
        let most = (cwnd / 2).max(1).min(free.max(1));
        let segments = self.segments_a_millisecond(mss);
        let segments = segments.max(policy.send.min_burst.into()).min(most);
        (segments, free)
    }

    /// The length of a burst that begins now, bytes.
    fn burst_len(&self, start: SeqNum, limit: u32, policy: &Policy) -> u32 {
        let limit = limit.max(1);
        let mss = u64::from(limit);
        let (segments, _) = self.burst_segments(mss, policy);
        let window_end = (self.snd_una + self.snd_wnd.0).later(start);
        let sendable = self.unsent_len().min(window_end.distance(start));
        let sendable = sendable.min(self.writes.record_left(start));
        // A last one that is not full joins if nothing holds it back.
        let rest = sendable % limit;
        let held = self.waits_for_company(start + sendable, policy);
        let joined = if held { sendable - rest } else { sendable };
        let wanted = u32::try_from(segments * mss).unwrap_or(u32::MAX);
        joined.min(wanted).max(limit.min(sendable))
    }

    /// How many segments the pacing rate of Linux sends in a millisecond: 200 % of
    /// the window in a round trip while it grows fast, else 120 %.
    fn segments_a_millisecond(&self, mss: u64) -> u64 {
        let Some(srtt) = self.rtt.srtt() else {
            return u64::from(MAX_LEN) / mss;
        };
        let srtt_us = u64::try_from(srtt.as_micros()).unwrap_or(u64::MAX).max(1);
        let is_slow_start = self.cc.cwnd() < self.cc.ssthresh() / 2;
        let percent = if is_slow_start { 200 } else { 120 };
        let window = self.cc.cwnd().max(self.queue.outstanding().into());
        let rate = window.saturating_mul(percent) / 100 * 1_000_000 / srtt_us;
        // For a near peer bursts may be longer: they cost it no time.
        let nearness = srtt_us >> 9;
        let bonus = if nearness < 32 { 65_536 >> nearness } else { 0 };
        (rate / 1024 + bonus).min(MAX_LEN.into()) / mss
    }
}
