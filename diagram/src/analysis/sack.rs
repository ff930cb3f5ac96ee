//! What a SACK option says besides what is here: that something came twice.

use synema_core::wire::SeqRange;
use synema_core::wire::tcp::Segment;

/// RFC 2883 §4: the first block tells of a duplicate where it lies below what is
/// acknowledged, or within the second block.
pub(crate) fn came_twice(segment: &Segment<'_>) -> Option<SeqRange> {
    let blocks = segment.options().sack;
    let mut blocks = blocks.iter();
    let (first, second) = (blocks.next()?, blocks.next());
    let below = first.end.at_or_before(segment.ack());
    (below || second.is_some_and(|second| second.covers(first))).then_some(first)
}
