//! Graphs of one direction of one TCP conversation over time.
//!
//! ```text
//!  Document ──► flow      the direction's segments in the order of a clock
//!                │
//!   sequence, rate, trips, flight, window      each draws with a pen, in ns and bytes
//!                │  twice: Measure finds how much there is, Canvas maps it to pixels
//!                ▼
//!   columns, steps                 no more than the pixel columns can show
//!                ▼
//!   layout ──► GraphScene          axes, legend, texts that never touch
//! ```
//!
//! A pass looks at each segment once and holds what can be seen only: a
//! conversation of a million packets makes no larger picture than one of a
//! thousand.

mod axis;
mod canvas;
mod columns;
mod flight;
mod flow;
mod ink;
mod layout;
mod measure;
mod pen;
mod rate;
mod scene;
mod sequence;
mod steps;
mod trips;
mod window;

pub use ink::{Ink, Look, Shape};
pub use scene::{Corner, GraphScene, LegendItem, Line, Mark, Plot, Text, TextRole, Tick};

use crate::layout::Source;
use crate::view::Metrics;
use crate::words::{Language, say};
use canvas::Canvas;
use core::fmt;
use flow::Flow;
use measure::Measure;
use pen::Pen;
use serde::{Deserialize, Serialize};

/// What is shown over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GraphKind {
    /// Sequence numbers: data as bars, what is acknowledged, the window's end, SACK.
    #[default]
    Sequence,
    /// Bits per second: all that is on the wire, and what of it is new and arrived.
    Throughput,
    /// Round trips, and what the sender makes of them where its trace tells.
    RoundTrip,
    /// Bytes sent and not acknowledged, and what limits them.
    Flight,
    /// The window that the receiver offers.
    Window,
}

impl GraphKind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Sequence,
        Self::Throughput,
        Self::RoundTrip,
        Self::Flight,
        Self::Window,
    ];

    /// What it shows, as titles begin.
    pub const fn words(self, language: Language) -> &'static str {
        match self {
            Self::Sequence => language.pick("sequence numbers", "シーケンス番号"),
            Self::Throughput => language.pick("throughput", "スループット"),
            Self::RoundTrip => language.pick("round trips", "往復時間"),
            Self::Flight => language.pick("bytes in flight", "未確認のバイト数"),
            Self::Window => language.pick("receive window", "受信ウィンドウ"),
        }
    }
}

/// Which direction the data goes that a graph is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Way {
    /// The one that carried more data; from the client if both carried the same.
    #[default]
    Busier,
    /// The other one.
    Quieter,
}

/// Which graph, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphOptions {
    /// The conversation's number (tshark's `tcp.stream`).
    pub stream: u32,
    /// What is shown.
    pub kind: GraphKind,
    /// Of which direction's data.
    pub way: Way,
    /// From when on, in ns since the capture's first packet; from the
    /// conversation's first if there is none.
    pub from_ns: Option<u64>,
    /// Until when, in ns since the capture's first packet; to the conversation's
    /// last if there is none.
    pub to_ns: Option<u64>,
    /// The picture's width in CSS pixels; at least 320 are taken.
    pub width: f64,
    /// The picture's height in CSS pixels; at least 200 are taken.
    pub height: f64,
    /// The texts' face.
    pub metrics: Metrics,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self {
            stream: 0,
            kind: GraphKind::default(),
            way: Way::default(),
            from_ns: None,
            to_ns: None,
            width: 900.0,
            height: 420.0,
            metrics: Metrics::default(),
        }
    }
}

/// Why there is no graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoGraph {
    /// The capture has only so many TCP conversations.
    NoStream {
        /// How many.
        count: usize,
    },
    /// The range of time is empty.
    NoTime,
    /// Nothing of this kind was seen in that range and direction.
    Nothing(GraphKind),
}

impl NoGraph {
    /// Why, in a language.
    pub fn words(self, language: Language) -> String {
        match self {
            Self::NoStream { count: 0 } => language
                .pick(
                    "there is no TCP in this capture",
                    "このキャプチャに TCP は含まれていません",
                )
                .into(),
            Self::NoStream { count: 1 } => language
                .pick(
                    "there is one TCP conversation in this capture, number 0",
                    "このキャプチャの TCP 通信は番号 0 の 1 つだけです",
                )
                .into(),
            Self::NoStream { count } => say!(
                language,
                "the TCP conversations of this capture are numbered from 0 to {last}",
                "このキャプチャの TCP 通信の番号は 0 から {last} までです",
                last = count - 1
            ),
            Self::NoTime => language
                .pick(
                    "the range of time ends before it begins",
                    "時間の範囲の終わりが始まりより前です",
                )
                .into(),
            Self::Nothing(kind) => say!(
                language,
                "no {what} were seen in this direction and range of time: try the other direction",
                "この方向と時間の範囲に{what}がありません。逆方向を試してください",
                what = match kind {
                    GraphKind::Throughput => language.pick("bytes", "データ"),
                    GraphKind::Window => language.pick("windows", "ウィンドウ"),
                    _ => kind.words(language),
                }
            ),
        }
    }
}

impl fmt::Display for NoGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Language::English))
    }
}

impl core::error::Error for NoGraph {}

/// Makes a graph.
pub(crate) fn graph(source: Source<'_>, options: &GraphOptions) -> Result<GraphScene, NoGraph> {
    let flow = Flow::new(source, options)?;
    let mut measure = Measure::new(flow.range());
    draw(&flow, options.kind, &mut measure);
    let heights = measure
        .heights(options.kind == GraphKind::Sequence)
        .ok_or(NoGraph::Nothing(options.kind))?;
    let frame = layout::Frame::new(&flow, options, &heights, measure.inks());
    let mut canvas = Canvas::new(flow.range(), &frame, &heights);
    draw(&flow, options.kind, &mut canvas);
    Ok(frame.scene(&flow, canvas, &heights))
}

fn draw(flow: &Flow<'_>, kind: GraphKind, pen: &mut impl Pen) {
    match kind {
        GraphKind::Sequence => sequence::draw(flow, pen),
        GraphKind::Throughput => rate::draw(flow, pen),
        GraphKind::RoundTrip => trips::draw(flow, pen),
        GraphKind::Flight => flight::draw(flow, pen),
        GraphKind::Window => window::draw(flow, pen),
    }
}

#[cfg(test)]
mod tests;
