//! What was sent and not acknowledged: the retransmission queue, which is the
//! SACK scoreboard as well (RFC 9293 §3.10.1, RFC 6675 §3).
//!
//! ```text
//!   SND.UNA                                                   SND.NXT
//!     [ lost, resent ][ SACKed ][ lost ][ SACKed ][ in flight ]
//!                               ^ lost_from       ^ judged
//!
//!   pipe = everything - SACKed - lost + resent
//! ```
//!
//! No ACK walks the whole queue: borders remember how far it was looked at.
//! What went out once lies in the order of its numbers and so of its time; what
//! went out again has an order of its own, `resends`.

mod lost;

pub(super) use lost::Judged;

use super::scoreboard::SackCache;
use crate::time::Instant;
use crate::trace::Cause;
use crate::wire::SeqNum;
use crate::wire::SeqRange;
use crate::wire::tcp::SackBlocks;
use std::collections::VecDeque;

/// RFC 5681 §3.2, RFC 6675 §2: three duplicate ACKs are a loss.
pub(super) const DUP_THRESH: u32 = 3;

/// A stretch of sequence space that went out as one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// What it takes of the sequence space, FIN counted.
    pub(super) range: SeqRange,
    /// Where the burst ends that it was part of.
    pub(super) burst_end: SeqNum,
    /// When it went out last, and as which transmission: many share an instant.
    pub(super) sent_at: Instant,
    pub(super) serial: u64,
    /// How often it went out again.
    pub(super) retransmissions: u16,
    /// The peer told by SACK that it has it.
    pub(super) sacked: bool,
    /// It is taken for lost, and the cause that it will be sent again with.
    pub(super) lost: Option<Cause>,
    /// It was taken for lost and has been sent again since.
    pub(super) resent: bool,
    /// An ACK ended within it before.
    pub(super) cut: bool,
}

impl Sent {
    /// Whether it is thought to be in the network.
    pub(super) fn is_in_flight(&self) -> bool {
        !self.sacked && (self.lost.is_none() || self.resent)
    }
}

/// A stretch that went out again; stale once its pieces arrived or went out
/// once more.
#[derive(Clone, Copy, Debug)]
struct Resend {
    range: SeqRange,
    serial: u64,
}

/// The queue, lowest number first, without gaps.
#[derive(Debug, Default)]
pub(super) struct RetransmitQueue {
    pub(super) queue: VecDeque<Sent>,
    pub(super) sacked_len: u32,
    pub(super) sacked_segments: u32,
    lost_len: u32,
    resent_len: u32,
    /// What the last ACK's SACK blocks told.
    pub(super) cache: SackCache,
    /// One past the highest number that SACK told of.
    pub(super) sacked_end: Option<SeqNum>,
    /// Nothing before it waits to be sent again.
    lost_from: Option<SeqNum>,
    /// Nothing before it is in flight for the first time.
    judged: Option<SeqNum>,
    /// Everything before it was judged by what SACK told.
    pub(super) sack_judged: Option<SeqNum>,
    /// Retransmissions in the order of their time.
    resends: VecDeque<Resend>,
    /// How many transmissions there were.
    serial: u64,
}

/// How many segments the queue holds, and of which kinds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) segments: u32,
    pub(super) sacked: u32,
    pub(super) lost: u32,
    pub(super) resent: u32,
}

impl RetransmitQueue {
    /// How many segments there are.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for sent in &self.queue {
            counts.segments += 1;
            counts.sacked += u32::from(sent.sacked);
            counts.lost += u32::from(sent.lost.is_some());
            counts.resent += u32::from(sent.resent);
        }
        counts
    }

    /// Whether nothing is outstanding.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many segments are outstanding.
    pub(super) fn segments(&self) -> usize {
        self.queue.len()
    }

    /// Bytes that SACK has told of.
    pub(super) fn sacked_len(&self) -> u32 {
        self.sacked_len
    }

    /// Segments that SACK has told of.
    pub(super) fn sacked_segments(&self) -> u32 {
        self.sacked_segments
    }

    /// Whether anything outstanding has gone out more than once.
    pub(super) fn has_resends(&self) -> bool {
        !self.resends.is_empty()
    }

    /// Bytes that are thought to be in the network (RFC 6675 §4, `SetPipe`).
    pub(super) fn pipe(&self) -> u32 {
        self.outstanding() - self.sacked_len - self.lost_len + self.resent_len
    }

    /// Whether anything waits to be sent again.
    pub(super) fn has_lost(&self) -> bool {
        self.lost_len > self.resent_len
    }

    /// The first that is outstanding.
    pub(super) fn head(&self) -> Option<&Sent> {
        self.queue.front()
    }

    /// Something new went out, right behind what went out before.
    pub(super) fn push(&mut self, range: SeqRange, burst_end: SeqNum, now: Instant) {
        debug_assert!(
            self.queue
                .back()
                .is_none_or(|last| last.range.end == range.start)
        );
        self.serial += 1;
        self.queue.push_back(Sent {
            range,
            burst_end,
            sent_at: now,
            serial: self.serial,
            retransmissions: 0,
            sacked: false,
            lost: None,
            resent: false,
            cut: false,
        });
    }

    /// Everything before `una` has arrived; each stretch (or its part) that it
    /// covers is told to `each`, as it was.
    pub(super) fn acknowledge(&mut self, una: SeqNum, mut each: impl FnMut(&Sent)) {
        while let Some(sent) = self.queue.front_mut()
            && sent.range.start.before(una)
        {
            let was = Sent {
                range: SeqRange {
                    start: sent.range.start,
                    end: sent.range.end.earlier(una),
                },
                ..*sent
            };
            sent.range.start = was.range.end;
            let whole = sent.range.is_empty();
            sent.cut = true;
            if whole {
                self.queue.pop_front();
            }
            self.uncount(&was, whole);
            each(&was);
        }
        while let Some(resend) = self.resends.front()
            && resend.range.end.at_or_before(una)
        {
            self.resends.pop_front();
        }
        self.lost_from = self.lost_from.map(|from| from.later(una));
        for border in [
            &mut self.judged,
            &mut self.sack_judged,
            &mut self.sacked_end,
        ] {
            *border = border.filter(|at| at.after(una));
        }
    }

    /// What the SACK blocks tell (RFC 2018): each stretch that they tell of for
    /// the first time is told to `each`, as it was. Blocks that do not lie within
    /// what is outstanding say nothing, and a part of a segment is not the
    /// segment.
    pub(super) fn mark_sacked(&mut self, blocks: &SackBlocks, mut each: impl FnMut(&Sent)) {
        let (Some(first), Some(last)) = (self.queue.front(), self.queue.back()) else {
            return self.cache.forget();
        };
        let outstanding = SeqRange {
            start: first.range.start,
            end: last.range.end,
        };
        let valid = |block: &SeqRange| !block.is_empty() && outstanding.covers(*block);
        for block in blocks.iter().filter(valid) {
            let mut from = block.start;
            while let Some(news) = self.cache.next_news(from, block) {
                self.mark_within(news, block, &mut each);
                from = news.end;
            }
        }
        self.cache.remember(blocks.iter().filter(valid));
    }

    fn mark_within(&mut self, news: SeqRange, block: SeqRange, each: &mut impl FnMut(&Sent)) {
        let mut at = self.index_of(news.start);
        while at < self.queue.len() && self.queue[at].range.start.before(news.end) {
            let was = self.queue[at];
            if !was.sacked && block.covers(was.range) {
                self.uncount(&was, true);
                let sent = &mut self.queue[at];
                sent.sacked = true;
                sent.lost = None;
                sent.resent = false;
                self.sacked_len += was.range.len();
                self.sacked_segments += 1;
                let end = was.range.end;
                self.sacked_end = Some(self.sacked_end.map_or(end, |known| known.later(end)));
                each(&was);
            }
            at += 1;
        }
    }

    /// The next stretch to be sent again, at most `max_len` long: joined with
    /// lost neighbours, for a retransmission need not be the same segment.
    pub(super) fn next_lost(&mut self, max_len: impl Fn(SeqNum) -> u32) -> Option<Sent> {
        if !self.has_lost() {
            return None;
        }
        let from = self.lost_from.map_or(0, |from| self.index_of(from));
        let waits = |sent: &Sent| sent.lost.is_some() && !sent.resent;
        let at = from + self.queue.range(from..).position(waits)?;
        let start = self.queue[at].range.start;
        self.lost_from = Some(start);
        let max_len = max_len(start);
        if self.queue[at].range.len() > max_len {
            let cut = self.queue[at].range.start + max_len;
            self.split(at, cut);
        }
        while let (sent, Some(next)) = (self.queue[at], self.queue.get(at + 1).copied())
            && waits(&next)
            && sent.range.len() < max_len
        {
            let room = max_len - sent.range.len();
            if next.range.len() > room {
                self.split(at + 1, next.range.start + room);
            }
            let next = self.queue[at + 1];
            let joined = &mut self.queue[at];
            joined.range.end = next.range.end;
            joined.burst_end = next.burst_end;
            joined.retransmissions = joined.retransmissions.max(next.retransmissions);
            self.queue.remove(at + 1);
        }
        Some(self.queue[at])
    }

    /// The end of the last segment, at most `max_len` long, cut off so that it
    /// can go out again by itself.
    pub(super) fn cut_tail(&mut self, max_len: u32) -> Option<Sent> {
        let last = *self.queue.back()?;
        if last.range.len() > max_len {
            self.split(self.queue.len() - 1, last.range.end - max_len);
        }
        self.queue.back().copied()
    }

    /// The stretch that starts at `start` has been sent again.
    pub(super) fn on_resent(&mut self, start: SeqNum, now: Instant) {
        let at = self.index_of(start);
        let Some(sent) = self.queue.get_mut(at) else {
            return;
        };
        self.serial += 1;
        sent.sent_at = now;
        sent.serial = self.serial;
        sent.retransmissions = sent.retransmissions.saturating_add(1);
        let range = sent.range;
        if sent.lost.is_some() && !sent.resent {
            sent.resent = true;
            self.resent_len += range.len();
        }
        let serial = self.serial;
        self.resends.push_back(Resend { range, serial });
    }

    /// Why a stretch is to be sent again.
    pub(super) fn cause_of(sent: &Sent) -> Cause {
        sent.lost.unwrap_or(Cause::Recovery)
    }

    /// Bytes outstanding, FIN counted.
    pub(super) fn outstanding(&self) -> u32 {
        match (self.queue.front(), self.queue.back()) {
            (Some(first), Some(last)) => last.range.end.distance(first.range.start),
            _ => 0,
        }
    }

    /// The index of the stretch that `seq` lies in.
    pub(super) fn index_of(&self, seq: SeqNum) -> usize {
        self.queue
            .partition_point(|sent| sent.range.end.at_or_before(seq))
    }

    fn uncount(&mut self, was: &Sent, whole: bool) {
        let len = was.range.len();
        self.sacked_len -= if was.sacked { len } else { 0 };
        self.sacked_segments -= u32::from(was.sacked && whole);
        self.lost_len -= if was.lost.is_some() { len } else { 0 };
        self.resent_len -= if was.resent { len } else { 0 };
    }

    /// Cuts the stretch at index `at` in two.
    fn split(&mut self, at: usize, cut: SeqNum) {
        let mut upper = self.queue[at];
        upper.range.start = cut;
        self.queue[at].range.end = cut;
        self.queue.insert(at + 1, upper);
        self.sacked_segments += u32::from(upper.sacked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    use proptest::prelude::*;

    const BASE: SeqNum = SeqNum(u32::MAX - 1500);

    fn range(start: u32, end: u32) -> SeqRange {
        SeqRange {
            start: BASE + start,
            end: BASE + end,
        }
    }

    /// `n` segments of 1000 bytes; the circle's seam lies in the second.
    fn sent(n: u32) -> RetransmitQueue {
        let mut queue = RetransmitQueue::default();
        for i in 0..n {
            queue.push(
                range(i * 1000, (i + 1) * 1000),
                SeqNum(0),
                Instant::from_millis(i.into()),
            );
        }
        queue
    }

    fn sack(queue: &mut RetransmitQueue, block: SeqRange) -> u32 {
        let mut newly = 0;
        let blocks = SackBlocks::from_iter([block]);
        queue.mark_sacked(&blocks, |sent| newly += sent.range.len());
        newly
    }

    #[test]
    fn sack_finds_what_is_lost() {
        let mut queue = sent(6);
        assert_eq!(sack(&mut queue, range(1000, 2000)), 1000);
        assert_eq!(sack(&mut queue, range(1000, 3000)), 1000);
        assert_eq!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit), 0);
        assert_eq!(sack(&mut queue, range(1000, 4000)), 1000);
        assert_eq!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit), 1000);
        assert_eq!(queue.pipe(), 2000);
        let lost = queue.next_lost(|_| 1460).unwrap();
        assert_eq!(lost.range, range(0, 1000));
        assert_eq!(RetransmitQueue::cause_of(&lost), Cause::FastRetransmit);
        queue.on_resent(lost.range.start, Instant::from_millis(50));
        assert_eq!(queue.pipe(), 3000);
        assert!(queue.next_lost(|_| 1460).is_none());
        let mut news = Vec::new();
        queue.acknowledge(BASE + 4000, |sent| news.push(!sent.sacked));
        assert_eq!(news, [true, false, false, false]);
        assert_eq!((queue.pipe(), queue.sacked_segments()), (2000, 0));
    }

    #[test]
    fn three_runs_are_enough_even_if_small() {
        let mut queue = RetransmitQueue::default();
        for i in 0..8 {
            queue.push(range(i * 10, (i + 1) * 10), SeqNum(0), Instant::ZERO);
        }
        for i in [1, 3] {
            sack(&mut queue, range(i * 10, (i + 1) * 10));
            assert_eq!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit), 0);
        }
        sack(&mut queue, range(50, 60));
        assert_eq!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit), 10);
    }

    #[test]
    fn a_part_of_a_segment_is_not_the_segment() {
        let mut queue = sent(3);
        assert_eq!(sack(&mut queue, range(999, 2999)), 1000);
        assert_eq!(sack(&mut queue, range(999, 3000)), 1000);
    }

    #[test]
    fn time_finds_what_went_out_before_what_arrived() {
        let mut queue = sent(5);
        sack(&mut queue, range(3000, 4000));
        let latest = queue.queue[3].serial;
        let patience = Duration::from_millis(20);
        let judge = |queue: &mut RetransmitQueue, now, latest| {
            let now = Instant::from_millis(now);
            queue.mark_lost_by_time(now, latest, patience, Cause::Rack)
        };
        let found = judge(&mut queue, 21, latest);
        let next_at = Some(Instant::from_millis(22));
        assert_eq!((found.lost_len, found.next_at), (2000, next_at));
        let found = judge(&mut queue, 22, latest);
        assert_eq!((found.lost_len, found.next_at), (1000, None));

        // What went out again is judged by its new time, and its own place.
        for at in [30, 31, 32] {
            let lost = queue.next_lost(|_| 1000).unwrap();
            queue.on_resent(lost.range.start, Instant::from_millis(at));
        }
        assert_eq!(judge(&mut queue, 60, latest), Judged::default());
        queue.acknowledge(BASE + 1000, |_| {});
        let latest = queue.queue[1].serial;
        let found = judge(&mut queue, 60, latest);
        assert_eq!((found.lost_len, found.lost_again), (2000, true));
        let again = queue.next_lost(|_| 1000).unwrap();
        assert_eq!((again.range, again.retransmissions), (range(1000, 2000), 1));
    }

    #[test]
    fn lost_neighbours_are_joined_and_large_ones_cut() {
        let mut queue = RetransmitQueue::default();
        for (start, end) in [(0, 120), (120, 320), (320, 820), (820, 5000)] {
            queue.push(range(start, end), SeqNum(0), Instant::ZERO);
        }
        queue.mark_lost_by_timeout(|_| true);
        let first = queue.next_lost(|_| 1460).unwrap();
        assert_eq!(first.range, range(0, 1460));
        queue.on_resent(first.range.start, Instant::ZERO);
        assert_eq!(queue.next_lost(|_| 1460).unwrap().range, range(1460, 2920));
    }

    #[test]
    fn a_retransmission_is_judged_when_its_time_has_come() {
        let mut queue = sent(3);
        sack(&mut queue, range(1000, 3000));
        queue.mark_head_lost(Cause::Rack);
        queue.on_resent(BASE, Instant::from_millis(100));
        let latest = queue.serial + 1;
        let mut judge = |now_ms| {
            let (now, patience) = (Instant::from_millis(now_ms), Duration::from_millis(20));
            queue.mark_lost_by_time(now, latest, patience, Cause::Rack)
        };
        let early = Judged {
            next_at: Some(Instant::from_millis(120)),
            ..Judged::default()
        };
        assert_eq!(judge(119), early);
        let found = judge(120);
        assert_eq!((found.lost_len, found.lost_again), (1000, true));
    }

    #[test]
    fn a_timeout_takes_the_first_and_what_is_due_for_lost() {
        let mut queue = sent(3);
        queue.mark_lost_by_timeout(|sent| sent.range.start == BASE + 2000);
        assert_eq!(queue.pipe(), 1000);
        queue.acknowledge(BASE + 1000, |_| {});
        assert_eq!(queue.next_lost(|_| 1000).unwrap().range, range(2000, 3000));
        let mut queue = sent(3);
        queue.mark_lost_by_timeout(|_| false);
        assert_eq!(queue.pipe(), 2000);
        assert_eq!(queue.next_lost(|_| 1000).unwrap().range, range(0, 1000));
    }

    #[test]
    fn what_is_joined_is_as_long_as_it_may_be_and_not_longer() {
        let joined = |ends: &[u32]| {
            let (mut queue, mut start) = (RetransmitQueue::default(), 0);
            for end in ends {
                queue.push(range(start, *end), SeqNum(0), Instant::ZERO);
                start = *end;
            }
            queue.mark_lost_by_timeout(|_| true);
            assert_eq!(queue.next_lost(|_| 1000).unwrap().range, range(0, 1000));
            queue.segments()
        };
        assert_eq!(joined(&[400, 800, 1200, 1800]), 3);
        assert_eq!(joined(&[500, 1000, 1500]), 2);
    }

    #[test]
    fn blocks_beyond_what_was_sent_say_nothing() {
        let mut queue = sent(3);
        assert_eq!(sack(&mut queue, range(1000, 3001)), 0);
        assert_eq!(sack(&mut queue, range(2000, 2000)), 0);
        assert_eq!(sack(&mut queue, range(1000, 3000)), 2000);
    }

    #[test]
    fn each_kind_is_counted() {
        let mut queue = sent(5);
        sack(&mut queue, range(3000, 5000));
        queue.mark_head_lost(Cause::Rack);
        queue.on_resent(BASE, Instant::from_millis(100));
        queue.mark_lost_at(1, Cause::Rack);
        let counts = queue.counts();
        assert_eq!((counts.segments, counts.sacked), (5, 2));
        assert_eq!((counts.lost, counts.resent), (2, 1));
    }

    #[test]
    fn the_halves_of_what_arrived_have_arrived() {
        let mut queue = sent(2);
        sack(&mut queue, range(1000, 2000));
        assert_eq!(queue.cut_tail(400).unwrap().range, range(1600, 2000));
        assert_eq!((queue.sacked_segments(), queue.sacked_len()), (2, 1000));
    }

    #[test]
    fn a_reneging_receiver_is_believed_no_more() {
        let mut queue = sent(3);
        sack(&mut queue, range(0, 1000));
        queue.mark_lost_by_timeout(|_| false);
        assert_eq!(queue.next_lost(|_| 1000).unwrap().range, range(0, 1000));
    }

    proptest! {
        /// The sums and borders always agree with the queue, and nothing hostile
        /// panics.
        #[test]
        fn sums_agree(
            steps in prop::collection::vec((0u8..10, 0u32..12_000, 0u32..4000), 1..60),
        ) {
            let mut queue = sent(10);
            for (now, (what, at, len)) in (10..).zip(steps) {
                let now = Instant::from_millis(now);
                match what {
                    0 | 1 => { sack(&mut queue, range(at, at + len)); }
                    2 => queue.acknowledge(BASE + at / 3, |_| {}),
                    3 => { queue.mark_lost_by_sack(1000, Cause::FastRetransmit); }
                    4 => queue.mark_lost_by_timeout(|sent| sent.range.start.0 % 3 < len % 4),
                    5 => { queue.mark_head_lost(Cause::Recovery); }
                    6 => {
                        let latest = u64::from(at % 40);
                        let patience = Duration::from_millis(u64::from(len % 8));
                        queue.mark_lost_by_time(now, latest, patience, Cause::Rack);
                    }
                    7 => queue.unmark_all_lost(),
                    8 => if let Some(last) = queue.cut_tail(len.max(1)) {
                        queue.on_resent(last.range.start, now);
                    },
                    _ => if let Some(lost) = queue.next_lost(|_| len.max(1)) {
                        prop_assert!(lost.range.len() <= len.max(1));
                        queue.on_resent(lost.range.start, now);
                    },
                }
                check(&queue)?;
            }
        }
    }

    fn check(queue: &RetransmitQueue) -> Result<(), TestCaseError> {
        let sum = |pick: fn(&Sent) -> bool| -> u32 {
            let picked = queue.queue.iter().filter(|s| pick(s));
            picked.map(|s| s.range.len()).sum()
        };
        prop_assert_eq!(sum(|s| s.sacked), queue.sacked_len);
        prop_assert_eq!(sum(|s| s.lost.is_some()), queue.lost_len);
        prop_assert_eq!(sum(|s| s.resent), queue.resent_len);
        let segments = queue.queue.iter().filter(|s| s.sacked).count();
        prop_assert_eq!(segments, queue.sacked_segments as usize);
        prop_assert!(queue.queue.iter().all(|s| !(s.sacked && s.lost.is_some())));
        prop_assert!(queue.queue.iter().all(|s| !s.resent || s.lost.is_some()));
        prop_assert!(queue.pipe() <= queue.outstanding());
        // The borders hide nothing.
        for sent in &queue.queue {
            if sent.lost.is_some() && !sent.resent {
                let from = queue.lost_from.expect("something waits");
                prop_assert!(from.at_or_before(sent.range.start));
            }
            if sent.is_in_flight() && sent.retransmissions == 0 {
                let judged = queue.judged.unwrap_or(sent.range.start);
                prop_assert!(judged.at_or_before(sent.range.start));
            }
        }
        Ok(())
    }
}
