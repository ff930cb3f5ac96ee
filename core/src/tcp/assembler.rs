//! Which early bytes are here: ranges of sequence numbers beyond a gap.
//!
//! ```text
//!   RCV.NXT      ranges[0]         ranges[1]
//!      |----gap---[======)---gap---[====)------->
//! ```
//!
//! Sorted, disjoint, never touching each other, all within one receive window
//! (so less than 2³¹ apart, which makes the circle's order a real one). The
//! bytes themselves stand in the receive buffer's [`Ring`](super::ring::Ring).
//! The number of ranges is bounded by the size of the receive buffer, not by a
//! small constant: one range for each [`MIN_BYTES_PER_RANGE`] bytes of it, so
//! that a peer who sends every second byte cannot make us keep a list that is
//! larger than the buffer.

use crate::wire::SeqNum;
use crate::wire::SeqRange;

/// The buffer must be this large for each range that is kept, bytes.
const MIN_BYTES_PER_RANGE: usize = 64;

/// The ranges that came early.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    ranges: Vec<SeqRange>,
}

/// There are too many gaps to keep another range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyGaps;

impl Assembler {
    /// Whether nothing came early.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// All ranges, lowest first.
    pub(super) fn ranges(&self) -> &[SeqRange] {
        &self.ranges
    }

    /// How many ranges a receive buffer of `buffer_len` bytes may have.
    pub(super) fn max_ranges(buffer_len: usize) -> usize {
        (buffer_len / MIN_BYTES_PER_RANGE).max(16)
    }

    /// Adds a range, joined with all that it touches; answers the joined one.
    pub(super) fn insert(
        &mut self,
        range: SeqRange,
        max_ranges: usize,
    ) -> Result<SeqRange, TooManyGaps> {
        let (from, to) = self.touching(range);
        let Some(joined) = self.ranges[from..to]
            .first()
            .zip(self.ranges[from..to].last())
        else {
            if self.ranges.len() >= max_ranges {
                return Err(TooManyGaps);
            }
            self.ranges.insert(from, range);
            return Ok(range);
        };
        let joined = SeqRange {
            start: joined.0.start.earlier(range.start),
            end: joined.1.end.later(range.end),
        };
        self.ranges[from] = joined;
        self.ranges.drain(from + 1..to);
        Ok(joined)
    }

    /// The stream is complete up to `rcv_nxt`: ranges that lie before it go, and
    /// the one that touches it moves it on. Answers the new RCV.NXT.
    pub(super) fn advance(&mut self, rcv_nxt: SeqNum) -> SeqNum {
        let done = self
            .ranges
            .partition_point(|range| range.start.at_or_before(rcv_nxt));
        let next = self.ranges[..done]
            .last()
            .map_or(rcv_nxt, |range| range.end.later(rcv_nxt));
        self.ranges.drain(..done);
        next
    }

    /// The first part of `range` that is here already.
    pub(super) fn overlap(&self, range: SeqRange) -> Option<SeqRange> {
        let at = self
            .ranges
            .partition_point(|held| held.end.at_or_before(range.start));
        let held = self.ranges.get(at).filter(|held| held.overlaps(range))?;
        Some(SeqRange {
            start: held.start.later(range.start),
            end: held.end.earlier(range.end),
        })
    }

    /// The range that `seq` lies in.
    pub(super) fn containing(&self, seq: SeqNum) -> Option<SeqRange> {
        let at = self
            .ranges
            .partition_point(|held| held.end.at_or_before(seq));
        self.ranges
            .get(at)
            .copied()
            .filter(|held| held.start.at_or_before(seq))
    }

    /// The indices of the ranges that `range` overlaps or touches.
    fn touching(&self, range: SeqRange) -> (usize, usize) {
        // Most segments follow the one before: look at the end first.
        if self
            .ranges
            .last()
            .is_none_or(|last| last.end.before(range.start))
        {
            return (self.ranges.len(), self.ranges.len());
        }
        let from = self
            .ranges
            .partition_point(|held| held.end.before(range.start));
        let to = self
            .ranges
            .partition_point(|held| held.start.at_or_before(range.end));
        (from, to.max(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn range(base: u32, from: u32, to: u32) -> SeqRange {
        SeqRange {
            start: SeqNum(base) + from,
            end: SeqNum(base) + to,
        }
    }

    #[test]
    fn touching_ranges_become_one() {
        let mut early = Assembler::default();
        early.insert(range(0, 10, 20), 9).unwrap();
        early.insert(range(0, 30, 40), 9).unwrap();
        assert_eq!(early.insert(range(0, 20, 30), 9), Ok(range(0, 10, 40)));
        assert_eq!(early.ranges(), [range(0, 10, 40)]);
        assert_eq!(early.advance(SeqNum(10)), SeqNum(40));
        assert!(early.is_empty());
    }

    #[test]
    fn the_number_of_gaps_is_bounded_and_joining_is_always_possible() {
        let mut early = Assembler::default();
        early.insert(range(0, 10, 20), 2).unwrap();
        early.insert(range(0, 30, 40), 2).unwrap();
        assert_eq!(early.insert(range(0, 50, 60), 2), Err(TooManyGaps));
        assert_eq!(early.insert(range(0, 40, 60), 2), Ok(range(0, 30, 60)));
    }

    proptest! {
        /// The model is a set of bytes; the circle's seam is inside the window.
        #[test]
        fn agrees_with_a_set_of_bytes(
            base in prop_oneof![Just(0u32), Just(u32::MAX - 100), any::<u32>()],
            steps in prop::collection::vec((1u32..300, 1u32..40, any::<bool>()), 1..80),
        ) {
            let mut early = Assembler::default();
            let mut model = BTreeSet::new();
            let mut nxt = 0u32;
            for (at, len, advance) in steps {
                let from = nxt + at;
                let new = range(base, from, from + len);
                let held = early.overlap(new);
                let first_held = (from..from + len).find(|byte| model.contains(byte));
                prop_assert_eq!(held.map(|held| held.start), first_held.map(|at| SeqNum(base) + at));
                let joined = early.insert(new, usize::MAX).unwrap();
                model.extend(from..from + len);
                prop_assert!(joined.covers(new));
                prop_assert_eq!(early.containing(new.start), Some(joined));
                if advance {
                    nxt += at / 2;
                    let mut expected = nxt;
                    model.retain(|byte| *byte >= nxt);
                    while model.remove(&expected) {
                        expected += 1;
                    }
                    // What ended below the new edge is gone on both sides.
                    let moved = early.advance(SeqNum(base) + nxt);
                    prop_assert_eq!(moved, SeqNum(base) + expected);
                    nxt = expected;
                }
                let held: BTreeSet<u32> = early
                    .ranges()
                    .iter()
                    .flat_map(|r| r.start.distance(SeqNum(base))..r.end.distance(SeqNum(base)))
                    .filter(|byte| *byte >= nxt)
                    .collect();
                prop_assert_eq!(&held, &model);
                for pair in early.ranges().windows(2) {
                    prop_assert!(pair[0].end.before(pair[1].start));
                }
            }
        }
    }

    #[test]
    fn a_larger_buffer_may_have_more_gaps() {
        assert_eq!(Assembler::max_ranges(0), 16);
        let many = Assembler::max_ranges(4 << 20);
        assert_eq!(many * MIN_BYTES_PER_RANGE, 4 << 20);
    }
}
