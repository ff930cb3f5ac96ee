//! What was sent and not acknowledged: the retransmission queue, which is the
//! SACK scoreboard as well (RFC 9293 §3.10.1, RFC 6675 §3).
//!
//! ```text
//!   SND.UNA                                                   SND.NXT
//!     [ lost, resent ][ SACKed ][ lost ][ SACKed ][ in flight ]
//!
//!   pipe = everything - SACKed - lost + resent
//! ```

use crate::time::Instant;
use crate::trace::Cause;
use crate::wire::SeqNum;
use crate::wire::SeqRange;
use std::collections::VecDeque;

/// RFC 5681 §3.2, RFC 6675 §2: three duplicate ACKs are a loss.
pub(super) const DUP_THRESH: u32 = 3;

/// SACK blocks that begin or end within a segment cut it in two, but not any
/// more when there are so many pieces: a peer must not make us keep one for
/// each byte.
const MAX_PIECES: usize = 8192;

/// A stretch of sequence space that went out as one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// What it takes of the sequence space, FIN counted.
    pub(super) range: SeqRange,
    /// When it went out last.
    pub(super) sent_at: Instant,
    /// How often it went out again.
    pub(super) retransmissions: u16,
    /// The peer told by SACK that it has it.
    sacked: bool,
    /// It is taken for lost, and the cause that it will be sent again with.
    lost: Option<Cause>,
    /// It was taken for lost and has been sent again since.
    resent: bool,
}

/// What an ACK took from the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acked {
    /// How many segments were acknowledged, wholly or in part.
    pub(super) segments: u32,
    /// Of those, bytes that SACK had not told of before.
    pub(super) newly_len: u32,
    /// When the first of them went out, if none of them went out twice
    /// (Karn's rule, RFC 6298 §3).
    pub(super) sent_at: Option<Instant>,
}

/// The queue, lowest number first, without gaps.
#[derive(Debug, Default)]
pub(super) struct RetransmitQueue {
    queue: VecDeque<Sent>,
    sacked_len: u32,
    lost_len: u32,
    resent_len: u32,
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

    /// Bytes that SACK has told of.
    pub(super) fn sacked_len(&self) -> u32 {
        self.sacked_len
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
    pub(super) fn push(&mut self, range: SeqRange, now: Instant) {
        debug_assert!(
            self.queue
                .back()
                .is_none_or(|last| last.range.end == range.start)
        );
        self.queue.push_back(Sent {
            range,
            sent_at: now,
            retransmissions: 0,
            sacked: false,
            lost: None,
            resent: false,
        });
    }

    /// Everything before `una` has arrived.
    pub(super) fn acknowledge(&mut self, una: SeqNum) -> Acked {
        let mut acked = Acked::default();
        let mut once_only = true;
        while let Some(sent) = self.queue.front_mut()
            && sent.range.start.before(una)
        {
            let part = SeqRange {
                start: sent.range.start,
                end: sent.range.end.earlier(una),
            };
            let len = part.len();
            let (sacked, lost, resent) = (sent.sacked, sent.lost.is_some(), sent.resent);
            once_only &= sent.retransmissions == 0;
            // A segment that SACK told of earlier would be measured too long.
            if !sacked && acked.sent_at.is_none() {
                acked.sent_at = Some(sent.sent_at);
            }
            acked.segments += 1;
            acked.newly_len += if sacked { 0 } else { len };
            sent.range.start = part.end;
            if sent.range.is_empty() {
                self.queue.pop_front();
            }
            self.uncount(len, sacked, lost, resent);
        }
        if !once_only {
            acked.sent_at = None;
        }
        acked
    }

    /// A SACK block: answers how many bytes it told of for the first time.
    /// Blocks that do not lie within what is outstanding say nothing.
    pub(super) fn mark_sacked(&mut self, block: SeqRange) -> u32 {
        let (Some(first), Some(last)) = (self.queue.front(), self.queue.back()) else {
            return 0;
        };
        let outstanding = SeqRange {
            start: first.range.start,
            end: last.range.end,
        };
        if block.is_empty() || !outstanding.covers(block) {
            return 0;
        }
        let mut newly = 0;
        let mut at = self.index_of(block.start);
        while at < self.queue.len() && self.queue[at].range.start.before(block.end) {
            let sent = self.queue[at];
            if !sent.sacked && block.covers(sent.range) {
                let len = sent.range.len();
                self.uncount(len, false, sent.lost.is_some(), sent.resent);
                let sent = &mut self.queue[at];
                sent.sacked = true;
                sent.lost = None;
                sent.resent = false;
                self.sacked_len += len;
                newly += len;
            } else if !sent.sacked && self.queue.len() < MAX_PIECES {
                // The block begins or ends within a segment: cut there.
                let cut = if block.start.after(sent.range.start) {
                    block.start
                } else {
                    block.end
                };
                self.split(at, cut);
                if cut == block.end {
                    continue;
                }
            }
            at += 1;
        }
        newly
    }

    /// RFC 6675 §4, `IsLost`: what lies below enough SACKed data is lost.
    /// `mss` in bytes. Answers whether something new was found.
    pub(super) fn mark_lost_by_sack(&mut self, mss: u32, mut cause: Cause) -> bool {
        let (mut above_len, mut above_runs) = (0u32, 0u32);
        let mut run_start = None;
        let mut edge = None;
        for sent in self.queue.iter().rev() {
            if sent.sacked {
                above_len += sent.range.len();
                if run_start != Some(sent.range.end) {
                    above_runs += 1;
                }
                run_start = Some(sent.range.start);
            }
            if above_runs >= DUP_THRESH || above_len > (DUP_THRESH - 1) * mss {
                edge = Some(sent.range.start);
                break;
            }
        }
        let Some(edge) = edge else { return false };
        let mut found = false;
        for at in 0..self.queue.len() {
            if self.queue[at].range.start.at_or_after(edge) {
                break;
            }
            if self.mark_lost_at(at, cause) {
                found = true;
                // The first tells how the loss was found, the others follow.
                cause = Cause::Recovery;
            }
        }
        found
    }

    /// The first outstanding segment is lost, unless SACK told of it.
    pub(super) fn mark_head_lost(&mut self, cause: Cause) -> bool {
        !self.queue.is_empty() && self.mark_lost_at(0, cause)
    }

    /// RFC 6298 §5.4, RFC 8985 §6.3: after a timeout all is lost that SACK did
    /// not tell of, and what was resent must be resent once more.
    pub(super) fn mark_all_lost(&mut self) {
        // RFC 2018 §8: a receiver may renege. A first segment that it told of and
        // still does not acknowledge shows that it did: then SACK said nothing.
        if self.queue.front().is_some_and(|sent| sent.sacked) {
            for sent in &mut self.queue {
                sent.sacked = false;
            }
            self.sacked_len = 0;
        }
        let mut cause = Cause::RetransmissionTimeout;
        (self.lost_len, self.resent_len) = (0, 0);
        for sent in &mut self.queue {
            if sent.sacked {
                continue;
            }
            sent.lost = Some(cause);
            sent.resent = false;
            self.lost_len += sent.range.len();
            cause = Cause::Recovery;
        }
    }

    /// What is larger than the path takes is lost (RFC 1191 §6.5).
    pub(super) fn mark_larger_lost(&mut self, payload_len: u32) {
        for at in 0..self.queue.len() {
            if self.queue[at].range.len() > payload_len {
                self.mark_lost_at(at, Cause::PathMtu);
            }
        }
    }

    /// The next stretch to be sent again, at most `max_len` long: joined with
    /// lost neighbours, for a retransmission need not be the same segment.
    pub(super) fn next_lost(&mut self, max_len: u32) -> Option<Sent> {
        if !self.has_lost() {
            return None;
        }
        let at = self
            .queue
            .iter()
            .position(|sent| sent.lost.is_some() && !sent.resent)?;
        if self.queue[at].range.len() > max_len {
            let cut = self.queue[at].range.start + max_len;
            self.split(at, cut);
        }
        while let (sent, Some(next)) = (self.queue[at], self.queue.get(at + 1).copied())
            && next.lost.is_some()
            && !next.resent
            && sent.range.len() < max_len
        {
            let room = max_len - sent.range.len();
            if next.range.len() > room {
                self.split(at + 1, next.range.start + room);
            }
            let next = self.queue[at + 1];
            let joined = &mut self.queue[at];
            joined.range.end = next.range.end;
            joined.retransmissions = joined.retransmissions.max(next.retransmissions);
            self.queue.remove(at + 1);
        }
        Some(self.queue[at])
    }

    /// The stretch that starts at `start` has been sent again.
    pub(super) fn on_resent(&mut self, start: SeqNum, now: Instant) {
        let at = self.index_of(start);
        let Some(sent) = self.queue.get_mut(at) else {
            return;
        };
        sent.sent_at = now;
        sent.retransmissions = sent.retransmissions.saturating_add(1);
        if sent.lost.is_some() && !sent.resent {
            sent.resent = true;
            self.resent_len += sent.range.len();
        }
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
    fn index_of(&self, seq: SeqNum) -> usize {
        self.queue
            .partition_point(|sent| sent.range.end.at_or_before(seq))
    }

    fn mark_lost_at(&mut self, at: usize, cause: Cause) -> bool {
        let sent = &mut self.queue[at];
        if sent.sacked || sent.lost.is_some() {
            return false;
        }
        sent.lost = Some(cause);
        self.lost_len += sent.range.len();
        true
    }

    fn uncount(&mut self, len: u32, sacked: bool, lost: bool, resent: bool) {
        self.sacked_len -= if sacked { len } else { 0 };
        self.lost_len -= if lost { len } else { 0 };
        self.resent_len -= if resent { len } else { 0 };
    }

    /// Cuts the stretch at index `at` in two.
    fn split(&mut self, at: usize, cut: SeqNum) {
        let mut upper = self.queue[at];
        upper.range.start = cut;
        self.queue[at].range.end = cut;
        self.queue.insert(at + 1, upper);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
                Instant::from_millis(i.into()),
            );
        }
        queue
    }

    #[test]
    fn sack_finds_what_is_lost() {
        let mut queue = sent(6);
        assert_eq!(queue.mark_sacked(range(1000, 2000)), 1000);
        assert_eq!(queue.mark_sacked(range(1000, 3000)), 1000);
        assert!(!queue.mark_lost_by_sack(1000, Cause::FastRetransmit));
        assert_eq!(queue.mark_sacked(range(1000, 4000)), 1000);
        assert!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit));
        assert_eq!(queue.pipe(), 2000);
        let lost = queue.next_lost(1460).unwrap();
        assert_eq!(lost.range, range(0, 1000));
        assert_eq!(RetransmitQueue::cause_of(&lost), Cause::FastRetransmit);
        queue.on_resent(lost.range.start, Instant::from_millis(50));
        assert_eq!(queue.pipe(), 3000);
        assert!(queue.next_lost(1460).is_none());
        let acked = queue.acknowledge(BASE + 4000);
        assert_eq!((acked.segments, acked.newly_len), (4, 1000));
        assert_eq!(acked.sent_at, None, "Karn: one of them went out twice");
        assert_eq!(queue.pipe(), 2000);
    }

    #[test]
    fn three_runs_are_enough_even_if_small() {
        let mut queue = RetransmitQueue::default();
        for i in 0..8 {
            queue.push(range(i * 10, (i + 1) * 10), Instant::ZERO);
        }
        for i in [1, 3] {
            queue.mark_sacked(range(i * 10, (i + 1) * 10));
            assert!(!queue.mark_lost_by_sack(1000, Cause::FastRetransmit));
        }
        queue.mark_sacked(range(50, 60));
        assert!(queue.mark_lost_by_sack(1000, Cause::FastRetransmit));
    }

    #[test]
    fn lost_neighbours_are_joined_and_large_ones_cut() {
        let mut queue = RetransmitQueue::default();
        for (start, end) in [(0, 120), (120, 320), (320, 820), (820, 5000)] {
            queue.push(range(start, end), Instant::ZERO);
        }
        queue.mark_all_lost();
        let first = queue.next_lost(1460).unwrap();
        assert_eq!(first.range, range(0, 1460));
        queue.on_resent(first.range.start, Instant::ZERO);
        assert_eq!(queue.next_lost(1460).unwrap().range, range(1460, 2920));
    }

    #[test]
    fn a_reneging_receiver_is_believed_no_more() {
        let mut queue = sent(3);
        queue.mark_sacked(range(0, 1000));
        queue.mark_all_lost();
        assert_eq!(queue.next_lost(1000).unwrap().range, range(0, 1000));
    }

    proptest! {
        /// The three sums always agree with the queue, and nothing hostile panics.
        #[test]
        fn sums_agree(
            steps in prop::collection::vec((0u8..7, 0u32..12_000, 0u32..4000), 1..60),
        ) {
            let mut queue = sent(10);
            for (what, at, len) in steps {
                match what {
                    0 | 1 => { queue.mark_sacked(range(at, at + len)); }
                    2 => { queue.acknowledge(BASE + at / 3); }
                    3 => { queue.mark_lost_by_sack(1000, Cause::FastRetransmit); }
                    4 => queue.mark_all_lost(),
                    5 => { queue.mark_head_lost(Cause::Recovery); }
                    _ => if let Some(lost) = queue.next_lost(len.max(1)) {
                        prop_assert!(lost.range.len() <= len.max(1));
                        queue.on_resent(lost.range.start, Instant::ZERO);
                    },
                }
                let sum = |pick: fn(&Sent) -> bool| -> u32 {
                    queue.queue.iter().filter(|s| pick(s)).map(|s| s.range.len()).sum()
                };
                prop_assert_eq!(sum(|s| s.sacked), queue.sacked_len);
                prop_assert_eq!(sum(|s| s.lost.is_some()), queue.lost_len);
                prop_assert_eq!(sum(|s| s.resent), queue.resent_len);
                prop_assert!(queue.queue.iter().all(|s| !(s.sacked && s.lost.is_some())));
                prop_assert!(queue.queue.iter().all(|s| !s.resent || s.lost.is_some()));
                prop_assert!(queue.pipe() <= queue.outstanding());
            }
        }
    }
}
