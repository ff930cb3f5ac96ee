//! How a document is looked at: the choices of a reader, none of them part of
//! the capture.

use crate::words::Language;
use serde::{Deserialize, Serialize};

/// How time becomes height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Axis {
    /// Linear as far as every packet can be told from the next; silences cut
    /// out and labelled.
    #[default]
    Gaps,
    /// Strictly linear.
    Linear,
    /// Every packet has a row of the same height.
    Rows,
}

/// How labels are worded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LabelMode {
    /// For a newcomer: `SYN ACK number 0, wants 1`.
    #[default]
    Words,
    /// For an expert: `SYN ACK 0 ack 1 win 65535 mss 1460 ws 7 sackOK`.
    Numbers,
}

/// The face that labels are set in. Every character of a monospaced face is as
/// wide as every other, or as high, so nothing need be measured. All in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Width of one character.
    pub char_width: f64,
    /// Width of a character that is as wide as high: a Japanese one.
    pub wide_width: f64,
    /// Height from the top of the highest letter to the bottom of the lowest.
    pub line_height: f64,
}

impl Default for Metrics {
    /// IBM Plex Mono and DejaVu Sans Mono at 11 px, the wider of the two.
    fn default() -> Self {
        Self {
            char_width: 6.65,
            wide_width: 11.0,
            line_height: 13.0,
        }
    }
}

/// Which conversations are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Filter {
    /// Everything.
    #[default]
    All,
    /// One TCP conversation, by its number (tshark's `tcp.stream`).
    Stream(u32),
}

/// A reader's choices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// How time becomes height.
    pub axis: Axis,
    /// How labels are worded.
    pub labels: LabelMode,
    /// The language of all words.
    pub language: Language,
    /// The drawing's width in CSS pixels.
    pub width: f64,
    /// The width of the notes' column at the right, where there are notes and the
    /// drawing is wide enough; 0 for none.
    pub notes_width: f64,
    /// The labels' face.
    pub metrics: Metrics,
    /// What is drawn.
    pub filter: Filter,
    /// The number of the selected packet, counted from 1.
    pub selected: Option<u64>,
    /// Whether runs of alike packets are drawn as one.
    pub fold: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            axis: Axis::Gaps,
            labels: LabelMode::Words,
            language: Language::English,
            width: 760.0,
            notes_width: 200.0,
            metrics: Metrics::default(),
            filter: Filter::All,
            selected: None,
            fold: false,
        }
    }
}
