//! What stands beside the ladder: brackets.

use super::Label;
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
