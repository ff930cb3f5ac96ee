//! What stands beside the ladder: brackets, and what people wrote.

use super::{Label, Point};
use serde::{Deserialize, Serialize};

/// A stretch of time beside a lane: a line from one height to another with short ends
/// towards the lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bracket {
    /// What it tells.
    pub kind: BracketKind,
    /// Where its line runs.
    pub x: f64,
    /// Where its short ends end.
    pub end_x: f64,
    /// Where it begins (perhaps above the window).
    pub y0: f64,
    /// Where it ends (perhaps below the window).
    pub y1: f64,
    /// The number of the packet at which it begins.
    pub from: u64,
    /// The number of the packet at which it ends.
    pub to: u64,
    /// What it is and how long, along its line; none where there was no room.
    pub label: Option<Label>,
    /// The same as one sentence.
    pub title: String,
}

/// What a bracket tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BracketKind {
    /// From the SYN to the ACK of the answer.
    #[default]
    Handshake,
    /// From when a retransmission timer was started to when it ran out, as the packets
    /// show it.
    Timeout,
    /// From the selected packet to its answer.
    RoundTrip,
    /// What somebody drew.
    Own,
}

impl BracketKind {
    /// Its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Timeout => "timeout",
            Self::RoundTrip => "round-trip",
            Self::Own => "own",
        }
    }
}

/// A note: a card at the right, and a dotted line to what it is written on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The note's number.
    pub note: u32,
    /// The number of the packet that it is on, if it is on one.
    pub packet: Option<u64>,
    /// The card's left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// What it is on.
    pub head: Label,
    /// The text, cut where it is long.
    pub lines: Vec<Label>,
    /// The whole of it.
    pub title: String,
    /// From the card to what it is on; level at both ends.
    pub leader: Option<[Point; 2]>,
}

impl Card {
    /// Its dotted line as an SVG path.
    pub fn leader_path(&self) -> Option<String> {
        let [from, to] = self.leader?;
        let bend = (from.x + to.x) / 2.0;
        Some(format!(
            "M{:.1} {:.1}C{bend:.1} {:.1} {bend:.1} {:.1} {:.1} {:.1}",
            from.x, from.y, from.y, to.y, to.x, to.y
        ))
    }
}

/// Where packets are not shown: a thin line across the lanes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// Where.
    pub y: f64,
    /// How many.
    pub count: u64,
    /// The number of the first of them.
    pub first: u64,
    /// How many, in words; none where there was no room.
    pub label: Option<Label>,
    /// How many and which.
    pub title: String,
}
