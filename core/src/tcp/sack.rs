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
use crate::wire::SeqNum;
use crate::wire::SeqRange;
use crate::wire::tcp::SackBlocks;

/// More do not fit into a header (RFC 2018 §3).
const MAX_BLOCKS: usize = 4;

/// What was reported lately, the newest first.
#[derive(Debug, Default)]
pub(super) struct SackReport {
    recent: [Option<SeqNum>; MAX_BLOCKS],
    duplicate: Option<SeqRange>,
}

impl SackReport {
    /// Early data came: its block is to be told first.
    pub(super) fn on_early(&mut self, range: SeqRange) {
        self.remember(range.start);
    }

    /// Data came that was here already (RFC 2883).
    pub(super) fn on_duplicate(&mut self, range: SeqRange) {
        if !range.is_empty() {
            self.duplicate = Some(range);
        }
    }

    /// The blocks for the next ACK, at most `room` of them.
    pub(super) fn blocks(&self, held: &Assembler, rcv_nxt: SeqNum, room: usize) -> SackBlocks {
        let mut chosen = SackBlocks::NONE;
        if held.is_empty() && self.duplicate.is_none() {
            return chosen;
        }
        let mut told: [Option<SeqRange>; MAX_BLOCKS] = [None; MAX_BLOCKS];
        if let Some(duplicate) = self.duplicate
            && room > 0
        {
            // RFC 2883 §4: the first block is the duplicate; §4.1.2: if it lies
            // above the cumulative ACK, the second is the block that holds it.
            chosen.push(duplicate);
            if duplicate.start.at_or_after(rcv_nxt)
                && let Some(block) = held.containing(duplicate.start)
                && chosen.len() < room
            {
                chosen.push(block);
                told[0] = Some(block);
            }
        }
        // RFC 2018 §4: the block of the newest segment first, then those told
        // before, the newest of them first; then any others that there is room for.
        let recent = self.recent.iter().flatten();
        let by_age = recent.filter_map(|seq| held.containing(*seq));
        for block in by_age.chain(held.ranges().iter().copied()) {
            if chosen.len() >= room.min(MAX_BLOCKS) {
                break;
            }
            if told.iter().flatten().any(|known| *known == block) {
                continue;
            }
            chosen.push(block);
            if let Some(slot) = told.iter_mut().find(|slot| slot.is_none()) {
                *slot = Some(block);
            }
        }
        chosen
    }

    /// An ACK with the blocks went out: a duplicate is told only once
    /// (RFC 2883 §4).
    pub(super) fn on_ack_sent(&mut self) {
        self.duplicate = None;
    }

    /// Puts `seq` to the front. What a later arrival covers is found to be the
    /// same block when the ACK is built, and told once.
    fn remember(&mut self, seq: SeqNum) {
        let known = self.recent.iter().position(|slot| *slot == Some(seq));
        let last = known.unwrap_or(self.recent.len() - 1);
        self.recent[..=last].rotate_right(1);
        self.recent[0] = Some(seq);
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

    fn arrive(report: &mut SackReport, held: &mut Assembler, new: SeqRange) {
        held.insert(new, usize::MAX).unwrap();
        report.on_early(new);
    }

    fn told(report: &SackReport, held: &Assembler, room: usize) -> Vec<(u32, u32)> {
        let blocks = report.blocks(held, SeqNum(100), room);
        blocks.iter().map(|r| (r.start.0, r.end.0)).collect()
    }

    #[test]
    fn the_newest_block_is_first_and_the_others_are_repeated() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        arrive(&mut report, &mut held, range(200, 300));
        arrive(&mut report, &mut held, range(400, 500));
        arrive(&mut report, &mut held, range(600, 700));
        arrive(&mut report, &mut held, range(300, 350));
        let blocks = [(200, 350), (600, 700), (400, 500)];
        assert_eq!(told(&report, &held, 3), blocks);
        assert_eq!(told(&report, &held, 2), blocks[..2]);
    }

    #[test]
    fn a_duplicate_is_told_first_and_once() {
        let (mut report, mut held) = (SackReport::default(), Assembler::default());
        arrive(&mut report, &mut held, range(200, 300));
        arrive(&mut report, &mut held, range(400, 500));
        report.on_duplicate(range(50, 100));
        assert_eq!(told(&report, &held, 3), [(50, 100), (400, 500), (200, 300)]);
        report.on_ack_sent();
        assert_eq!(told(&report, &held, 3), [(400, 500), (200, 300)]);
        // RFC 2883 §4.1.2: a duplicate above RCV.NXT, then the block around it.
        report.on_duplicate(range(220, 240));
        assert_eq!(
            told(&report, &held, 3),
            [(220, 240), (200, 300), (400, 500)]
        );
    }
}
