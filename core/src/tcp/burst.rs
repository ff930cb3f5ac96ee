//! Segments that Linux hands to the network card as one, for the card to cut up
//! (TSO). Here they are separate segments from the start, but one thing is seen of
//! it on the wire: the last of several bears a PSH bit.

use super::congestion::CongestionControl;
use super::policy::{Policy, PushMarks};
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

    /// Whether a burst that has begun ends there. Linux cuts it off the data at once, up to the end
    /// of the window, and its last segment goes with the others however short it is.
    pub(super) fn ends_open_burst(&self, end: SeqNum, policy: &Policy) -> bool {
        policy.send.push == PushMarks::EachWrite
            && self.snd_nxt.before(self.burst_end)
            && end == self.burst_end
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
        // Without a congestion control there is no end to it.
        let in_round_trip = window.saturating_mul(percent) / 100;
        let rate = in_round_trip.saturating_mul(1_000_000) / srtt_us;
        // For a near peer bursts may be longer: they cost it no time.
        let nearness = u32::try_from(srtt_us >> 9).unwrap_or(u32::MAX);
        let bonus = 65_536u64.checked_shr(nearness).unwrap_or(0);
        (rate / 1024 + bonus).min(MAX_LEN.into()) / mss
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::window::WindowSize;
    use crate::time::Duration;

    /// A sender of segments of 1000 bytes, with a window of `cwnd` and a round trip of
    /// `srtt_us`.
    fn sender(cwnd: u64, srtt_us: Option<u64>) -> Sender {
        let mut sender = Sender::new(SeqNum(0), &Policy::linux());
        (sender.snd_una, sender.snd_nxt) = (SeqNum(1), SeqNum(1));
        sender.set_send_mss(1000, 0);
        (sender.snd_wnd, sender.max_snd_wnd) = (WindowSize(300_000), WindowSize(300_000));
        sender.cc.set_cwnd(cwnd);
        if let Some(us) = srtt_us {
            sender
                .rtt
                .on_sample(Instant::ZERO, Duration::from_micros(us), 1);
        }
        sender
    }

    #[test]
    fn a_burst_is_what_the_pacing_rate_sends_in_a_millisecond() {
        let segments = |cwnd, us| sender(cwnd, us).segments_a_millisecond(1000);
        assert_eq!(segments(10_000, None), 65, "nothing is known yet");
        // Twice a window of 100,000 bytes in 20 ms; the path is too long for more.
        assert_eq!(segments(100_000, Some(20_000)), 9);
        assert_eq!(
            segments(1_000_000, Some(20_000)),
            65,
            "as much as a card takes"
        );
        // Twice 10,354 bytes in 5 ms are 3949 bytes in 1.024 ms; 64 more, for it is near.
        assert_eq!(segments(10_354, Some(5_120)), 4);
        // A near one: 65,536 halved for each half millisecond.
        assert_eq!(segments(10_000, Some(1_536)), 12 + 8);
    }

    #[test]
    fn without_a_congestion_control_a_burst_is_as_long_as_a_card_takes() {
        let mut policy = Policy::linux();
        policy.congestion = crate::tcp::policy::CongestionKind::None;
        let mut unlimited = Sender::new(SeqNum(0), &policy);
        unlimited.set_send_mss(1000, 0);
        let rtt = Duration::from_millis(20);
        unlimited.rtt.on_sample(Instant::ZERO, rtt, 1);
        assert_eq!(unlimited.segments_a_millisecond(1000), 65);
        assert_eq!(unlimited.burst_segments(1000, &policy).0, 65);
    }

    #[test]
    fn after_slow_start_the_rate_is_a_fifth_above_the_window() {
        let mut sender = sender(200_000, Some(20_000));
        sender.cc.on_loss(200_000);
        assert_eq!((sender.cc.cwnd(), sender.cc.ssthresh()), (140_000, 140_000));
        assert_eq!(sender.segments_a_millisecond(1000), 8);
        // Up to half of the threshold it still doubles.
        sender.cc.set_cwnd(70_000);
        assert_eq!(sender.segments_a_millisecond(1000), 4);
        sender.cc.set_cwnd(69_000);
        assert_eq!(sender.segments_a_millisecond(1000), 6);
    }

    #[test]
    fn a_burst_is_half_a_window_at_most_and_what_has_room() {
        let policy = Policy::linux();
        let mut sender = sender(10_000, None);
        assert_eq!(sender.burst_segments(1000, &policy), (5, 10));
        sender.buffer.append(&[0; 20_000]);
        let out = SeqRange {
            start: SeqNum(1),
            end: SeqNum(7001),
        };
        sender.queue.push(out, SeqNum(7001), Instant::ZERO);
        sender.snd_nxt = SeqNum(7001);
        assert_eq!(sender.burst_segments(1000, &policy), (3, 3));
        assert_eq!(sender.burst_len(SeqNum(7001), 1000, &policy), 3000);
        let cut = sender.cut(&policy);
        assert_eq!((cut.burst_len, cut.sendable_len), (3000, 3000));
        assert_eq!(cut.push_distance, 150_000);
        assert_eq!(cut.piece_len, 65_000);
        sender.snd_wnd = WindowSize(9_500);
        assert_eq!(sender.cut(&policy).sendable_len, 2000);
    }

    #[test]
    fn a_last_segment_that_is_not_full_joins_unless_it_is_held_back() {
        let mut policy = Policy::linux();
        let mut sender = sender(10_000, None);
        sender.buffer.append(&[0; 2_400]);
        assert_eq!(sender.burst_len(SeqNum(1), 1000, &policy), 2400);
        policy.send.nagle = crate::tcp::policy::Nagle::Cork;
        assert_eq!(sender.burst_len(SeqNum(1), 1000, &policy), 2000);
    }

    #[test]
    fn what_goes_out_again_in_one_go_ends_once() {
        let mut sender = sender(10_000, None);
        let now = Instant::from_millis(5);
        let segment = |n: u32| SeqRange {
            start: SeqNum(n * 1000 + 1),
            end: SeqNum((n + 1) * 1000 + 1),
        };
        // Two bursts of three.
        for n in 0..6 {
            let burst_end = if n < 3 { 3001 } else { 6001 };
            sender
                .queue
                .push(segment(n), SeqNum(burst_end), Instant::ZERO);
        }
        sender.snd_nxt = SeqNum(6001);
        sender.queue.mark_lost_by_timeout(|_| true);
        let mut ends = Vec::new();
        while let Some(sent) = sender.next_retransmission(1000) {
            sender.on_resent(now, &sent);
            ends.push(sender.ends_resent_burst(now, &sent, 1000));
        }
        assert_eq!(ends, [false, false, true, false, false, true]);
    }
}
