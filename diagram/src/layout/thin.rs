//! Which items are drawn where more lie at the same height than the eye could tell apart: on a
//! strictly linear axis a screen may hold all of a capture.
//!
//! ```text
//!   chunk 0 │ 90 items           all of them
//!   chunk 1 │ 40,000 items       every 256th, and of those that tell more (SYN, FIN, RST, what
//!           │                    is sent again) every 4th
//! ```
//!
//! What is drawn of a chunk depends on nothing but the chunk; no more is looked at than is drawn.

use super::place::CHUNK;
use super::scene::Kind;
use super::source::Source;
use super::warp::Warp;
use core::ops::Range;

/// Arrows of a chunk, and how many of them may bear a label.
pub(super) const DRAWN: usize = 256;
pub(super) const LABELLED: usize = 64;

/// Items that tell more than those around them, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Telling(Vec<u32>);

impl Telling {
    /// Takes the next item in, if it is one of them.
    pub(super) fn push(&mut self, source: Source<'_>, packet: usize, item: u32) {
        let digest = source.analysis.digests().get(packet);
        let tells = digest.is_some_and(|digest| {
            matches!(
                digest.kind,
                Kind::Syn | Kind::Fin | Kind::Rst | Kind::Retransmission
            )
        });
        if tells {
            self.0.push(item);
        }
    }

    /// At most about `most` items of a chunk, and as many of those that tell more; none where the
    /// chunk has no more events than that, so that nothing need be left out.
    pub(super) fn of_chunk(&self, warp: &Warp, chunk: i64, most: usize) -> Option<Vec<u32>> {
        let (y0, y1) = (chunk as f64 * CHUNK, (chunk + 1) as f64 * CHUNK);
        if warp.events_between(y0, y1) <= 4 * most {
            return None;
        }
        let seen = warp.seen_between(y0, y1);
        let from = self.0.partition_point(|&item| (item as usize) < seen.start);
        let to = self.0.partition_point(|&item| (item as usize) < seen.end);
        let mut items: Vec<u32> = every(from..to, most).map(|at| self.0[at]).collect();
        items.extend(every(seen, most).map(|item| u32::try_from(item).unwrap_or(u32::MAX)));
        items.sort_unstable();
        items.dedup();
        Some(items)
    }
}

/// At most `most` of a range: always the same ones, however it is cut.
fn every(range: Range<usize>, most: usize) -> impl Iterator<Item = usize> {
    let step = range.len().div_ceil(most).next_power_of_two();
    (range.start.next_multiple_of(step)..range.end).step_by(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_that_and_fewer_are_part_of_more() {
        for range in [0..1_000, 17..90_000, 5..6, 3..3] {
            let many: Vec<_> = every(range.clone(), 256).collect();
            let few: Vec<_> = every(range.clone(), 64).collect();
            assert!(many.len() <= 256 && few.len() <= 64);
            assert!(range.is_empty() || range.len() < 64 || many.len() >= 100);
            assert!(few.iter().all(|item| many.contains(item)));
        }
    }
}
