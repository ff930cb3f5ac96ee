//! Which SACK blocks an ACK carries (RFC 2018 §4, RFC 2883 §4).
//!
//! ```text
//!   [ D-SACK ][ block of the newest segment ][ block of the one before ]...
//!     only if a duplicate came; if it lies beyond RCV.NXT, the block that
//!     holds it follows at once
//! ```
//!
//! The newest comes first, and each is repeated in later ACKs as long as there
//! is room, so that the loss of an ACK loses nothing.

use super::assembler::Assembler;
use crate::trace::Cause;
use crate::wire::SeqNum;
use crate::wire::SeqRange;
use crate::wire::tcp::SackBlocks;
use std::collections::VecDeque;

/// More do not fit into a header (RFC 2018 §3).
const MAX_BLOCKS: usize = 4;

/// Blocks that wait to be told for the first time: a peer that makes more holes
/// between two of our ACKs hears of the newest.
const MAX_UNTOLD: usize = 64;

/// Duplicates that wait to be told; more are forgotten.
const MAX_DUPLICATES: usize = 16;

/// What is to be reported, and what was lately.
#[derive(Debug, Default)]
pub(super) struct SackReport {
    /// A number in each block that has changed since the last ACK, oldest first.
    untold: VecDeque<SeqNum>,
    /// A number in each block that was told lately, the newest first.
    recent: [Option<SeqNum>; MAX_BLOCKS],
    /// What came twice, oldest first.
    duplicates: VecDeque<SeqRange>,
}

impl SackReport {
    /// Early data came, which is part of the block `joined` now.
    pub(super) fn on_early(&mut self, range: SeqRange, joined: SeqRange) {
        self.untold
            .retain(|seq| seq.before(joined.start) || seq.at_or_after(joined.end));
        if self.untold.len() == MAX_UNTOLD {
            self.untold.pop_front();
        }
        self.untold.push_back(range.start);
    }

    /// Data came that was here already (RFC 2883).
    pub(super) fn on_duplicate(&mut self, range: SeqRange) {
        if !range.is_empty() && self.duplicates.len() < MAX_DUPLICATES {
            self.duplicates.push_back(range);
        }
    }

    /// A gap was filled: blocks that are not early any more need not be told.
    pub(super) fn on_gap_filled(&mut self, held: &Assembler) {
        self.untold.retain(|seq| held.containing(*seq).is_some());
    }

    /// Why another ACK should follow the one that went out: segments that came
    /// together had more to tell than one header holds.
    pub(super) fn more_to_tell(&self) -> Option<Cause> {
        if !self.duplicates.is_empty() {
            Some(Cause::Duplicate)
        } else {
            (!self.untold.is_empty()).then_some(Cause::OutOfOrder)
        }
    }

    /// How many blocks the next ACK will carry.
    pub(super) fn count(&self, held: &Assembler, room: usize) -> usize {
        let duplicates = self.duplicates.len().min(1);
        (duplicates + held.ranges().len()).min(room)
    }

    /// The blocks for an ACK that goes out now, at most `room` of them.
    pub(super) fn take(&mut self, held: &Assembler, rcv_nxt: SeqNum, room: usize) -> SackBlocks {
        let mut told = Told {
            blocks: SackBlocks::NONE,
            held_told: [None; MAX_BLOCKS],
            room: room.min(MAX_BLOCKS),
        };
        if held.is_empty() && self.duplicates.is_empty() {
            return told.blocks;
        }
        // RFC 2883 §4: the first block is the duplicate, which is told once;
        // §4.1.2: if it lies above the cumulative ACK, the second is the block
        // that holds it.
        if let Some(duplicate) = self.duplicates.pop_front() {
            told.blocks.push(duplicate);
            let above = duplicate.start.at_or_after(rcv_nxt);
            told.held(held.containing(duplicate.start).filter(|_| above));
            if above {
                // RFC 2018 §4: the block of what came last is told first, next time as well.
                remember(&mut self.recent, duplicate.start);
            }
        }
        // RFC 2018 §4: the block of the newest segment first, then those told
        // before, the newest of them first; then any others that there is room
        // for. Of several new ones the older go first, as if each segment had had
        // its own ACK.
        let group = self.untold.len().min(told.room - told.blocks.len());
        for seq in self.untold.iter().take(group).rev() {
            told.held(held.containing(*seq));
        }
        for seq in self.recent.iter().flatten() {
            told.held(held.containing(*seq));
        }
        for block in held.ranges() {
            if told.blocks.len() == told.room {
                break;
            }
            told.held(Some(*block));
        }
        for seq in self.untold.drain(..group) {
            remember(&mut self.recent, seq);
        }
        told.blocks
    }
}

/// The blocks that are chosen for an ACK.
struct Told {
    blocks: SackBlocks,
    /// Those of them that are held, not duplicates: each is told once.
    held_told: [Option<SeqRange>; MAX_BLOCKS],
    room: usize,
}

impl Told {
    fn held(&mut self, block: Option<SeqRange>) {
        let Some(block) = block.filter(|_| self.blocks.len() < self.room) else {
            return;
        };
        if self.held_told.contains(&Some(block)) {
            return;
        }
        self.blocks.push(block);
        if let Some(slot) = self.held_told.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(block);
        }
    }
}

/// Puts `seq` to the front. What a later arrival covers is found to be the same
/// block when the ACK is built, and told once.
fn remember(recent: &mut [Option<SeqNum>], seq: SeqNum) {
    let known = recent.iter().position(|slot| *slot == Some(seq));
    let last = known.unwrap_or(recent.len() - 1);
    recent[..=last].rotate_right(1);
    recent[0] = Some(seq);
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

    fn arrive(report: &mut SackReport, held: &mut Assembler, new: SeqRange) {
        let joined = held.insert(new, usize::MAX).unwrap();
        report.on_early(new, joined);
    }

    fn told(report: &mut SackReport, held: &Assembler, room: usize) -> Vec<(u32, u32)> {
        let count = report.count(held, room);
        let blocks = report.take(held, SeqNum(100), room);
        assert_eq!(blocks.len(), count, "as many as were announced");
        blocks.iter().map(|r| (r.start.0, r.end.0)).collect()
    }

    #[test]
    fn the_newest_block_is_first_and_the_others_are_repeated() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        for (start, end) in [(200, 300), (400, 500), (600, 700), (300, 350)] {
            arrive(&mut report, &mut held, range(start, end));
            let first = told(&mut report, &held, 3)[0];
            assert!(first.0 <= start && end <= first.1);
        }
        let blocks = [(200, 350), (600, 700), (400, 500)];
        assert_eq!(told(&mut report, &held, 3), blocks);
        assert_eq!(told(&mut report, &held, 2), blocks[..2]);
    }

    #[test]
    fn a_duplicate_is_told_first_and_once() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        arrive(&mut report, &mut held, range(200, 300));
        arrive(&mut report, &mut held, range(400, 500));
        report.on_duplicate(range(50, 100));
        let blocks = [(50, 100), (400, 500), (200, 300)];
        assert_eq!(told(&mut report, &held, 3), blocks);
        assert_eq!(told(&mut report, &held, 3), blocks[1..]);
        // RFC 2883 §4.1.2: a duplicate above RCV.NXT, then the block around it.
        report.on_duplicate(range(220, 240));
        let blocks = [(220, 240), (200, 300), (400, 500)];
        assert_eq!(told(&mut report, &held, 3), blocks);
    }

    #[test]
    fn what_is_forgotten_what_is_over_and_what_is_nothing_is_not_told() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        report.on_duplicate(range(50, 50));
        assert_eq!(report.more_to_tell(), None);
        for start in 0..20 {
            report.on_duplicate(range(start, start + 10));
        }
        for start in 0..16 {
            assert_eq!(told(&mut report, &held, 3), [(start, start + 10)]);
        }
        assert_eq!(report.more_to_tell(), None);
        arrive(&mut report, &mut held, range(200, 300));
        held.advance(SeqNum(200));
        report.on_gap_filled(&held);
        assert_eq!(report.more_to_tell(), None);
    }

    #[test]
    fn a_duplicate_takes_the_room_of_a_block() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        for start in [200, 400, 600] {
            arrive(&mut report, &mut held, range(start, start + 100));
        }
        report.on_duplicate(range(50, 60));
        let blocks = [(50, 60), (400, 500), (200, 300)];
        assert_eq!(told(&mut report, &held, 3), blocks);
        assert_eq!(report.more_to_tell(), Some(Cause::OutOfOrder));
    }

    #[test]
    fn blocks_that_were_told_long_ago_are_told_again_where_there_is_room() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        for start in [200, 400, 600, 800, 1000] {
            arrive(&mut report, &mut held, range(start, start + 100));
            told(&mut report, &held, 3);
        }
        for start in [500, 700, 900] {
            arrive(&mut report, &mut held, range(start, start + 100));
        }
        assert_eq!(told(&mut report, &held, 3), [(400, 1100), (200, 300)]);
    }

    #[test]
    fn what_came_together_is_told_in_as_many_acks_as_it_needs() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        for start in [200, 400, 600, 800, 1000] {
            arrive(&mut report, &mut held, range(start, start + 100));
        }
        let first = [(600, 700), (400, 500), (200, 300)];
        assert_eq!(told(&mut report, &held, 3), first);
        assert_eq!(report.more_to_tell(), Some(Cause::OutOfOrder));
        let second = [(1000, 1100), (800, 900), (600, 700)];
        assert_eq!(told(&mut report, &held, 3), second);
        assert_eq!(report.more_to_tell(), None);
        report.on_duplicate(range(210, 220));
        report.on_duplicate(range(410, 420));
        told(&mut report, &held, 3);
        assert_eq!(report.more_to_tell(), Some(Cause::Duplicate));
        assert_eq!(told(&mut report, &held, 1), [(410, 420)]);
        assert_eq!(report.more_to_tell(), None);
    }
}
