//! The second pass: marks and lines in pixels.

use super::axis::Scale;
use super::columns::Columns;
use super::ink::{Ink, Shape};
use super::layout::Frame;
use super::measure::Heights;
use super::pen::Pen;
use super::scene::{Line, Mark};
use super::steps::Steps;
use std::collections::BTreeMap;

/// What was drawn so far.
pub(super) struct Canvas {
    range: (u64, u64),
    x: Scale,
    y: Scale,
    left: f64,
    right: f64,
    outside: Vec<Ink>,
    marks: BTreeMap<Ink, Columns>,
    lines: BTreeMap<Ink, Steps>,
    /// A line's height before the range.
    before: BTreeMap<Ink, (i64, u64)>,
    counts: BTreeMap<Ink, u64>,
}

/// Everything that was drawn.
pub(super) struct Drawn {
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
    /// How many marks of each ink there are, drawn one by one or merged.
    pub(super) counts: BTreeMap<Ink, u64>,
}

impl Canvas {
    /// Nothing is drawn yet.
    pub(super) fn new(range: (u64, u64), frame: &Frame, heights: &Heights) -> Self {
        Self {
            range,
            x: frame.x,
            y: frame.y,
            left: frame.plot.x0,
            right: frame.plot.x1,
            outside: heights.outside.clone(),
            marks: BTreeMap::new(),
            lines: BTreeMap::new(),
            before: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn x_of(&self, at_ns: u64) -> f64 {
        self.x.at(i64::try_from(at_ns).unwrap_or(i64::MAX))
    }

    /// A line that was at a height before the range comes in at its left edge.
    fn enter(&mut self, ink: Ink) {
        if let Some((height, packet)) = self.before.remove(&ink) {
            let y = self.y.at(height);
            self.lines.entry(ink).or_default().add(self.left, y, packet);
        }
    }

    /// What was drawn.
    pub(super) fn finish(mut self) -> Drawn {
        for ink in Ink::ALL {
            self.enter(ink);
        }
        let right = self.right;
        let lines = self.lines.into_iter().map(|(ink, steps)| Line {
            ink,
            corners: steps.into_corners(right),
        });
        Drawn {
            lines: lines.collect(),
            marks: self
                .marks
                .into_values()
                .flat_map(Columns::into_marks)
                .collect(),
            counts: self.counts,
        }
    }
}

impl Pen for Canvas {
    fn bar(&mut self, ink: Ink, at_ns: u64, (low, high): (i64, i64), packet: u64) {
        if !(self.range.0..=self.range.1).contains(&at_ns) {
            return;
        }
        let x = self.x_of(at_ns);
        let heights = (self.y.at(high), self.y.at(low));
        // A bar is seen even if its data is not a pixel high.
        let (y0, y1) = match ink.look().shape {
            Shape::Bar | Shape::CrossedBar | Shape::Beam if heights.1 - heights.0 < 1.5 => {
                (heights.0, heights.0 + 1.5)
            }
            _ => heights,
        };
        let (left, width) = (self.left, self.right - self.left);
        self.marks
            .entry(ink)
            .or_insert_with(|| Columns::new(ink, left, width))
            .add(x, (y0, y1), packet);
        *self.counts.entry(ink).or_default() += 1;
    }

    fn step(&mut self, ink: Ink, at_ns: u64, height: i64, packet: u64) {
        if self.outside.contains(&ink) || at_ns > self.range.1 {
            return;
        }
        if at_ns < self.range.0 {
            self.before.insert(ink, (height, packet));
            return;
        }
        self.enter(ink);
        let (x, y) = (self.x_of(at_ns), self.y.at(height));
        self.lines.entry(ink).or_default().add(x, y, packet);
    }
}
