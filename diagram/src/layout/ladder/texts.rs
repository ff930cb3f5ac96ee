//! A ladder's texts, chunk by chunk.

use super::Ladder;
use crate::layout::arrows::{Drawn, MAX_FALL};
use crate::layout::furniture::{self, Key};
use crate::layout::place::{Bounds, CHUNK, Request, place};
use crate::layout::source::Source;
use crate::layout::thin;
use crate::view::Axis;

/// Chunks of placed texts that are remembered.
pub(super) const MAX_CHUNKS: usize = 64;

impl Ladder {
    /// The chunks that hold anything: a linear axis may be all but empty.
    pub(super) fn chunks_between(&self, first: i64, last: i64) -> Vec<i64> {
        if last - first <= MAX_CHUNKS as i64 {
            return (first..=last).collect();
        }
        let range = (first as f64 * CHUNK, (last + 1) as f64 * CHUNK);
        let mut chunks: Vec<_> = self
            .warp
            .heights_between(range.0, range.1)
            .map(chunk_of)
            .collect();
        chunks.dedup();
        chunks
    }

    /// Fills a chunk with texts, its neighbours first where it is odd.
    pub(super) fn ensure(&mut self, source: Source<'_>, chunk: i64) {
        if chunk < 0 || self.chunks.contains_key(&chunk) {
            return;
        }
        let bounds = Bounds {
            width: self.lanes.width,
            line_height: source.view.metrics.line_height,
            height: self.warp.height(),
            chunk,
        };
        let requests = self.requests(source, chunk);
        let placed = if chunk % 2 == 0 {
            place(requests, bounds, &[])
        } else {
            self.ensure(source, chunk - 1);
            self.ensure(source, chunk + 1);
            let around: Vec<_> = [chunk - 1, chunk + 1]
                .iter()
                .filter_map(|chunk| self.chunks.get(chunk))
                .collect();
            place(requests, bounds, &around)
        };
        self.chunks.insert(chunk, placed);
    }

    /// All texts that are anchored in a chunk, the most important first.
    fn requests(&self, source: Source<'_>, chunk: i64) -> Vec<Request<Key>> {
        let (y0, y1) = (chunk as f64 * CHUNK, (chunk + 1) as f64 * CHUNK);
        let surroundings = furniture::Surroundings {
            source,
            warp: &self.warp,
            lanes: &self.lanes,
            spans: &self.spans,
            folds: &self.folds,
            hidden: &self.hidden,
            shown: source.wanted.map(|_| &self.shown.streams),
        };
        let mut requests = surroundings.first_requests(y0, y1);
        let arrows = self.arrows(source);
        let thinned = match source.view.axis {
            Axis::Linear => self.telling.of_chunk(&self.warp, chunk, thin::LABELLED),
            Axis::Gaps | Axis::Rows => None,
        };
        let items = thinned.unwrap_or_else(|| {
            let (above, below) = (y0 - MAX_FALL - 20.0, y1 + MAX_FALL + 20.0);
            self.warp.items_between(above, below)
        });
        for item in items {
            let packet = self.warp.items()[item as usize].packet;
            let ghost = self.ghosts.get(&packet).and_then(|&filler| {
                let shape = arrows.ghost_shape(item)?;
                Some((Key::Ghost(packet), Drawn::Ghost(filler), shape))
            });
            let own = arrows
                .shape(item)
                .map(|shape| (Key::Arrow(item), Drawn::Item(item), shape));
            for (key, drawn, shape) in own.into_iter().chain(ghost) {
                if (y0..y1).contains(&shape.tail.y) {
                    let candidates = arrows.texts(drawn, shape);
                    requests.push(Request { key, candidates });
                }
            }
        }
        requests.extend(surroundings.last_requests(y0, y1));
        requests
    }
}

/// The chunk that a height lies in.
pub(super) fn chunk_of(y: f64) -> i64 {
    (y / CHUNK).floor().max(0.0) as i64
}
