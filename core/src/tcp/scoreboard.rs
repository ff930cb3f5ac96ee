//! What SACK tells beyond the queue itself: which blocks are news, and which
//! segments they give up for lost (RFC 6675).
//!
//! ```text
//!                sack_judged          edge             sacked_end
//!   SND.UNA --------|-------------------|------[S]--[S]---[S]|----- SND.NXT
//!     judged before      lost: enough SACKed above
//! ```

use super::retransmit::{DUP_THRESH, RetransmitQueue};
use crate::trace::Cause;
use crate::wire::{SeqNum, SeqRange};

/// How many blocks a header holds (RFC 2018 §3).
const MAX_BLOCKS: usize = 4;

/// The blocks of the last ACK: what they told needs no second look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SackCache {
    known: [Option<SeqRange>; MAX_BLOCKS],
}

impl SackCache {
    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// These are the blocks of this ACK.
    pub(super) fn remember(&mut self, blocks: impl Iterator<Item = SeqRange>) {
        self.forget();
        for (slot, block) in self.known.iter_mut().zip(blocks) {
            *slot = Some(block);
        }
    }

    /// The first part of `block` at or after `from` that was not told before.
    pub(super) fn next_news(&self, mut from: SeqNum, block: SeqRange) -> Option<SeqRange> {
        let known = || self.known.iter().flatten();
        while from.before(block.end)
            && let Some(old) =
                known().find(|old| old.start.at_or_before(from) && from.before(old.end))
        {
            from = old.end;
        }
        let starts = known().map(|old| old.start);
        let end = starts
            .filter(|start| start.after(from))
            .fold(block.end, SeqNum::earlier);
        let news = SeqRange { start: from, end };
        (!news.is_empty()).then_some(news)
    }
}

impl RetransmitQueue {
    /// RFC 6675 §4, `IsLost`: what lies below enough SACKed data is lost.
    /// `mss` in bytes. Answers how many bytes were newly found.
    pub(super) fn mark_lost_by_sack(&mut self, mss: u32, mut cause: Cause) -> u32 {
        let Some(edge) = self.loss_edge(mss) else {
            return 0;
        };
        let mut at = self.sack_judged.map_or(0, |judged| self.index_of(judged));
        let mut found = 0;
        while let Some(range) = self.queue.get(at).map(|sent| sent.range)
            && range.start.before(edge)
        {
            if self.mark_lost_at(at, cause) {
                found += range.len();
                // The first tells how the loss was found, the others follow.
                cause = Cause::Recovery;
            }
            at += 1;
        }
        let known = self.sack_judged;
        self.sack_judged = Some(known.map_or(edge, |known| known.later(edge)));
        found
    }

    /// Above it lies just enough that SACK told of.
    fn loss_edge(&self, mss: u32) -> Option<SeqNum> {
        let top = self.index_of(self.sacked_end? - 1);
        let (mut above_len, mut above_runs) = (0u32, 0u32);
        let mut run_start = None;
        for at in (0..=top).rev() {
            let sent = self.queue.get(at)?;
            if sent.sacked {
                above_len += sent.range.len();
                if run_start != Some(sent.range.end) {
                    above_runs += 1;
                }
                run_start = Some(sent.range.start);
            }
            if above_runs >= DUP_THRESH || above_len > (DUP_THRESH - 1) * mss {
                return Some(sent.range.start);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> SeqRange {
        SeqRange {
            start: SeqNum(start),
            end: SeqNum(end),
        }
    }

    #[test]
    fn only_what_the_last_ack_did_not_tell_is_looked_at() {
        let mut cache = SackCache::default();
        let block = range(100, 900);
        assert_eq!(cache.next_news(SeqNum(100), block), Some(block));
        cache.remember([range(500, 700), range(100, 300)].into_iter());
        assert_eq!(cache.next_news(SeqNum(100), block), Some(range(300, 500)));
        assert_eq!(cache.next_news(SeqNum(500), block), Some(range(700, 900)));
        assert_eq!(cache.next_news(SeqNum(900), block), None);
        assert_eq!(cache.next_news(SeqNum(500), range(500, 700)), None);
        cache.remember([range(500, 700)].into_iter());
        let forgotten = range(100, 300);
        assert_eq!(cache.next_news(SeqNum(100), forgotten), Some(forgotten));
    }
}
