//! Times at the edges: at the left as the vantage point saw them, at the right the far
//! end's.

use super::{Key, Surroundings};
use crate::capture::Fate;
use crate::layout::ladder::near_departs;
use crate::layout::scene::{Anchor, Label, LabelRole};

/// Times at the left edge are at least this far apart.
const TICK_CELL: f64 = 44.0;

impl Surroundings<'_> {
    /// A time now and then, at the height of something that happened at the
    /// vantage point, or at the far end.
    pub(super) fn tick_labels(&self, y0: f64, y1: f64, far: bool) -> Vec<(Key, Label)> {
        let mut labels: Vec<(Key, Label)> = Vec::new();
        let origin = self.source.origin_ns();
        let mut last_cell = f64::NEG_INFINITY;
        let mut items: Vec<_> = self
            .warp
            .items_between(y0, y1)
            .into_iter()
            .filter_map(|item| {
                if far {
                    self.far_at(item)
                } else {
                    self.seen_at(item).filter(|_| self.passed_here(item))
                }
            })
            .filter(|&(y, _, _)| (y0..y1).contains(&y))
            .collect();
        items.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (y, ns, item) in items {
            let cell = (y / TICK_CELL).floor();
            if cell <= last_cell {
                continue;
            }
            last_cell = cell;
            let text = milliseconds(ns.saturating_sub(origin), self.warp.scale());
            let mut label = self.label(&text, LabelRole::Tick, Anchor::Start, 8.0, y + 4.0);
            // Times stand in a column, right-aligned to their point.
            label.anchor = Anchor::End;
            label.x = match far {
                true => self.lanes.width - 8.0,
                false => 8.0 + 8.0 * self.source.view.metrics.char_width,
            };
            labels.push((Key::Tick(item, far), label));
        }
        labels
    }

    /// Whether an item's packet had to do with the vantage point.
    fn passed_here(&self, item: u32) -> bool {
        let kept = self.warp.items().get(item as usize);
        let frame = kept.and_then(|kept| self.source.capture.frames().get(kept.packet as usize));
        frame.is_some_and(|frame| frame.fate != Fate::Elsewhere)
    }

    /// The height at which the vantage point saw an item's packet, and the time.
    pub(super) fn seen_at(&self, item: u32) -> Option<(f64, u64, u32)> {
        let kept = self.warp.items().get(item as usize)?;
        let frame = self.source.capture.frames().get(kept.packet as usize)?;
        let times = self.source.timing.times().get(kept.packet as usize)?;
        let (departs, arrives) = self.warp.of_item(item as usize);
        let ns = frame.at.as_nanos();
        let departure = near_departs(ns, times);
        Some((if departure { departs } else { arrives }, ns, item))
    }

    /// The height at which an item's packet was at the last lane, and the time, where
    /// both ends' times are known.
    fn far_at(&self, item: u32) -> Option<(f64, u64, u32)> {
        let kept = self.warp.items().get(item as usize)?;
        let frame = self.source.capture.frames().get(kept.packet as usize)?;
        let digest = self.source.analysis.digests().get(kept.packet as usize)?;
        let last = Some(self.lanes.last());
        if frame.fate == Fate::Elsewhere {
            let times = self.source.timing.times().get(kept.packet as usize)?;
            let (departs, arrives) = self.warp.of_item(item as usize);
            return if self.lanes.of(digest.from) == last {
                Some((departs, times.departure_ns, item))
            } else if self.lanes.of(digest.to) == last && frame.died.is_none() {
                Some((arrives, times.arrival_ns, item))
            } else {
                None
            };
        }
        let was_there = match frame.fate {
            Fate::Seen | Fate::NeverSeen => true,
            Fate::LostLater | Fate::Elsewhere | Fate::Refused(_) => false,
        };
        let is_far = self.lanes.of(digest.from) == last || self.lanes.of(digest.to) == last;
        let ns = frame.other_end?.as_nanos();
        let (departs, arrives) = self.warp.of_item(item as usize);
        let y = if ns <= frame.at.as_nanos() {
            departs
        } else {
            arrives
        };
        (was_there && is_far && !kept.detached).then_some((y, ns, item))
    }
}

/// Milliseconds, with as many decimals as `scale` (pixels for a millisecond) lets be seen
/// and the column has room for; seconds where it has none for milliseconds.
fn milliseconds(ns: u64, scale: f64) -> String {
    let whole = ns / 1_000_000;
    if whole >= 100_000_000 {
        format!("{} s", whole / 1_000)
    } else if whole >= 1_000_000 {
        format!("{}.{} s", whole / 1_000, whole / 100 % 10)
    } else if scale < 6.0 {
        format!("{whole}.{}", ns / 100_000 % 10)
    } else if scale < 12.0 || whole >= 10_000 {
        format!("{whole}.{:02}", ns / 10_000 % 100)
    } else {
        format!("{whole}.{:03}", ns / 1_000 % 1_000)
    }
}
