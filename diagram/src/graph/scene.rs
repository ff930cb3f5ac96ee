//! A graph ready to be drawn: plain values in CSS pixels, with meanings instead
//! of colours.
//!
//! ```text
//!  title                                            height
//!  legend  ▮ data  ┄ acknowledged  R sent again        │
//!  y unit                                              │
//!     931 ┬┌─────────────────────────────┐ plot        │
//!         ││  marks, lines               │             │
//!       0 ┴└─────────────────────────────┘             │
//!          0        100        200    x unit           │
//!  note                                                ┴
//! ```
//!
//! No two texts touch, none leaves `0..width` × `0..height`, and nothing is drawn
//! outside of the plot but texts and the legend.

use super::ink::Ink;
use crate::layout::scene::Anchor;
use serde::{Deserialize, Serialize};

/// A graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GraphScene {
    /// The picture's width.
    pub width: f64,
    /// The picture's height.
    pub height: f64,
    /// Width of one character of the monospaced face that texts are set in.
    pub char_width: f64,
    /// Where marks and lines are.
    pub plot: Plot,
    /// The times at the plot's left and right edge, in ns since the capture's first packet.
    pub range_ns: (u64, u64),
    /// The title, units, the note: every text that belongs to nothing else.
    pub texts: Vec<Text>,
    /// What the inks mean, only those that are there.
    pub legend: Vec<LegendItem>,
    /// Ticks of the time, from left to right.
    pub x_ticks: Vec<Tick>,
    /// Ticks of the heights, from below upwards.
    pub y_ticks: Vec<Tick>,
    /// Lines, below the marks.
    pub lines: Vec<Line>,
    /// Bars and dots.
    pub marks: Vec<Mark>,
    /// Letters at marks (`R`): only where there is room, the mark alone says it too.
    pub letters: Vec<(Ink, Text)>,
    /// What the graph shows in one or two sentences.
    pub description: String,
}

/// The plot's edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// Left.
    pub x0: f64,
    /// Right.
    pub x1: f64,
    /// Upper edge.
    pub y0: f64,
    /// Lower edge.
    pub y1: f64,
}

/// A level line of text: `(x, y)` is on its baseline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text; nothing in it needs more than XML escaping.
    pub text: String,
    /// Where its anchor is.
    pub x: f64,
    /// Where its baseline is.
    pub y: f64,
    /// Which of its points `x` is.
    pub anchor: Anchor,
    /// How wide it is.
    pub width: f64,
    /// How high a line of it is.
    pub height: f64,
    /// What it is.
    pub role: TextRole,
}

impl Text {
    /// The room that it takes: left, right, top and bottom.
    pub fn room(&self) -> (f64, f64, f64, f64) {
        let left = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - self.width / 2.0,
            Anchor::End => self.x - self.width,
        };
        let top = self.y - self.height * 0.78;
        (left, left + self.width, top, top + self.height)
    }
}

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextRole {
    /// What the graph shows.
    #[default]
    Title,
    /// A quantity and its unit.
    Unit,
    /// A number at an axis.
    Tick,
    /// An ink's meaning.
    Legend,
    /// What else is to be known.
    Note,
    /// A letter at a mark.
    Letter,
}

impl TextRole {
    /// Its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Unit => "unit",
            Self::Tick => "tick",
            Self::Legend => "legend",
            Self::Note => "note",
            Self::Letter => "letter",
        }
    }
}

/// An ink's meaning, with a sample of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegendItem {
    /// Which ink.
    pub ink: Ink,
    /// The sample's left edge; it is [`LegendItem::SAMPLE`] wide.
    pub x: f64,
    /// The sample's middle.
    pub y: f64,
    /// The meaning.
    pub text: Text,
}

impl LegendItem {
    /// Width of a sample.
    pub const SAMPLE: f64 = 18.0;
}

/// A tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Its x or y.
    pub at: f64,
    /// What stands there.
    pub label: Text,
}

/// A line of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its ink.
    pub ink: Ink,
    /// Its corners, from left to right.
    pub corners: Vec<Corner>,
}

/// A line's corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Corner {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// The packet that brought it; 0 for none.
    pub packet: u64,
}

/// A bar or a glyph.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Its ink, which tells its shape.
    pub ink: Ink,
    /// From the left.
    pub x: f64,
    /// Upper end.
    pub y0: f64,
    /// Lower end; the same for a glyph.
    pub y1: f64,
    /// The first packet that it stands for; 0 for none.
    pub packet: u64,
    /// How many marks were drawn as this one, because the eye could not tell them apart.
    pub count: u32,
}

/// A click farther from everything is nobody's.
const NEAR: f64 = 14.0;

impl GraphScene {
    /// The packet of the mark or corner that is nearest to this point, if one is near.
    pub fn nearest(&self, x: f64, y: f64) -> Option<u64> {
        let marks = self.marks.iter().map(|mark| {
            let dy = (mark.y0 - y).max(y - mark.y1).max(0.0);
            (mark.packet, squared(mark.x - x, dy))
        });
        let corners = self.lines.iter().flat_map(|line| &line.corners);
        // A mark before a corner at the same place.
        let corners =
            corners.map(|corner| (corner.packet, squared(corner.x - x, corner.y - y) + 0.5));
        marks
            .chain(corners)
            .filter(|&(packet, distance)| packet > 0 && distance <= NEAR * NEAR)
            .min_by(|one, other| one.1.total_cmp(&other.1))
            .map(|(packet, _)| packet)
    }

    /// The time at this x, in ns since the capture's first packet.
    pub fn time_at(&self, x: f64) -> u64 {
        let (from, to) = self.range_ns;
        let part = (x - self.plot.x0) / (self.plot.x1 - self.plot.x0).max(1.0);
        from + ((to - from) as f64 * part.clamp(0.0, 1.0)) as u64
    }

    /// Every text.
    pub fn all_texts(&self) -> impl Iterator<Item = &Text> {
        let ticks = self.x_ticks.iter().chain(&self.y_ticks);
        (self.texts.iter())
            .chain(self.legend.iter().map(|item| &item.text))
            .chain(ticks.map(|tick| &tick.label))
            .chain(self.letters.iter().map(|(_, text)| text))
    }
}

fn squared(dx: f64, dy: f64) -> f64 {
    dx * dx + dy * dy
}
