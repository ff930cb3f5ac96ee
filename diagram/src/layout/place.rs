//! Texts that never touch: greedy, in the order of their worth, by chunks.
//!
//! A chunk is a stretch of the height. Even chunks are filled by themselves; odd
//! ones after their two neighbours and around them. Nothing reaches farther than
//! half a chunk beyond its own, so even chunks cannot meet, and every chunk
//! depends on two others at the most: any window is laid out without the rest,
//! and always the same.
//!
//! ```text
//!   chunk 0 ██████░░            even: by itself
//!   chunk 1     ░░██████░░      odd: around 0 and 2
//!   chunk 2           ░░██████  even: by itself
//! ```

use super::geometry::Rect;
use super::scene::Label;

/// The height of a chunk, and how far beyond its own chunk a text may reach.
pub(super) const CHUNK: f64 = 1_280.0;
pub(super) const REACH: f64 = 630.0;

/// A text that wants a place: the first candidate that is free is taken.
#[derive(Clone, Debug)]
pub(super) struct Request<K> {
    pub(super) key: K,
    pub(super) candidates: Vec<Label>,
}

/// Texts that have found their place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed<K> {
    pub(super) labels: Vec<(K, Label)>,
    rects: Vec<Rect>,
}

impl<K> Default for Placed<K> {
    fn default() -> Self {
        Self {
            labels: Vec::new(),
            rects: Vec::new(),
        }
    }
}

/// Where texts may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) width: f64,
    pub(super) line_height: f64,
    /// The whole drawing's height.
    pub(super) height: f64,
    /// The chunk's number.
    pub(super) chunk: i64,
}

impl Bounds {
    fn contain(&self, rect: &Rect) -> bool {
        let (x0, x1, y0, y1) = rect.bounds();
        let top = self.chunk as f64 * CHUNK;
        x0 >= 0.0
            && x1 <= self.width
            && y0 >= (top - REACH).max(0.0)
            && y1 <= (top + CHUNK + REACH).min(self.height)
    }
}

/// Places what finds room, around what is placed in `around` already.
pub(super) fn place<K>(
    requests: Vec<Request<K>>,
    bounds: Bounds,
    around: &[&Placed<K>],
) -> Placed<K> {
    let mut placed = Placed::default();
    for request in requests {
        let found = request.candidates.into_iter().find_map(|label| {
            let rect = Rect::of(&label, bounds.line_height, 0.5);
            let free = bounds.contain(&rect)
                && !placed.rects.iter().any(|other| other.touches(&rect))
                && !around
                    .iter()
                    .any(|chunk| chunk.rects.iter().any(|other| other.touches(&rect)));
            free.then_some((label, rect))
        });
        if let Some((label, rect)) = found {
            placed.labels.push((request.key, label));
            placed.rects.push(rect);
        }
    }
    placed
}
