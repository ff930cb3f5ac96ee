//! Conversations that run at the same time between the same hosts, beside each other.

use super::lanes::Lanes;
use super::source::Source;
use crate::view::Filter;

/// From one conversation's bar to the next.
const STEP: f64 = 9.0;
/// More at the same time are not told by bars.
const MOST: usize = 3;
/// How many earlier conversations are looked at.
const LOOKED_AT: usize = 8;

/// How many earlier conversations of the same hosts were still going on, or never
/// ended; none where it is too many to be told apart by bars.
pub(super) fn slot(source: Source<'_>, stream: u32) -> Option<usize> {
    if matches!(source.view.filter, Filter::Stream(_)) {
        return Some(0);
    }
    let streams = source.analysis.streams();
    let info = streams.get(stream as usize)?;
    let earlier = (0..stream).zip(&streams[..stream as usize]);
    let overlapping = earlier.rev().take(LOOKED_AT).filter(|(number, other)| {
        (other.last >= info.first || !source.states.is_over(*number))
            && (other.client.0 == info.client.0 || other.server.0 == info.server.0)
    });
    Some(overlapping.count()).filter(|&slot| slot < MOST)
}

/// How far from its lane's line a conversation's bar stands; outwards where that is clear.
pub(super) fn offset(lanes: &Lanes, lane: u16, slot: usize) -> f64 {
    let outwards = if lane == lanes.last() && lane > 0 {
        1.0
    } else {
        -1.0
    };
    outwards * slot as f64 * STEP
}
