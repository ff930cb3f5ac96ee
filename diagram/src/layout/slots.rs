//! Conversations that run at the same time between the same hosts, beside each other.

use super::lanes::Lanes;
use super::source::Source;
use crate::analysis::{HostId, StreamInfo};
use crate::view::Filter;

/// From one conversation's bar to the next.
const STEP: f64 = 9.0;
/// More at the same time are not told by bars.
const MOST: usize = 3;
/// How many earlier conversations are looked at.
const LOOKED_AT: usize = 8;

/// How many earlier conversations of a host were still going on when this one of it
/// began, or never ended; none where it is too many to be told apart by bars.
pub(super) fn slot(source: Source<'_>, stream: u32, host: HostId) -> Option<usize> {
    if matches!(source.view.filter, Filter::Stream(_)) {
        return Some(0);
    }
    let streams = source.analysis.streams();
    let info = streams.get(stream as usize)?;
    let earlier = (0..stream).zip(&streams[..stream as usize]);
    let overlapping = earlier.rev().take(LOOKED_AT).filter(|(number, other)| {
        (other.last >= info.first || !source.states.is_over(*number))
            && (other.client.0 == host || other.server.0 == host)
    });
    Some(overlapping.count()).filter(|&slot| slot < MOST)
}

/// The conversation, if at one of its ends it is not the only one.
pub(super) fn second(source: Source<'_>, stream: u32) -> Option<&StreamInfo> {
    let info = source.analysis.streams().get(stream as usize)?;
    let is_second = |host| slot(source, stream, host).is_some_and(|slot| slot > 0);
    (is_second(info.client.0) || is_second(info.server.0)).then_some(info)
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
