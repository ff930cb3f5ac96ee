//! A graph, as page and document's worker speak of it.

use serde::{Deserialize, Serialize};
use synema_diagram::graph::{GraphKind, Plot, Way};

/// Which graph is wanted, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphRequest {
    /// Of which conversation.
    pub stream: u32,
    /// What is shown over time.
    pub kind: GraphKind,
    /// Of which direction.
    pub way: Way,
    /// CSS pixels.
    pub width: f64,
    /// CSS pixels.
    pub height: f64,
    /// Light on dark.
    pub dark: bool,
}

/// A graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DrawnGraph {
    /// What is shown over time.
    pub kind: GraphKind,
    /// The picture.
    pub svg: String,
    /// What it shows in one or two sentences.
    pub description: String,
    /// Where its marks and lines are.
    pub plot: Plot,
    /// The times at the plot's left and right edge, ns since the capture's first packet.
    pub range_ns: (u64, u64),
}

impl DrawnGraph {
    /// Where a time is, CSS pixels from the left; none if it is not in the picture.
    pub fn x_of(&self, ns: u64) -> Option<f64> {
        let (from, to) = self.range_ns;
        if !(from..=to).contains(&ns) {
            return None;
        }
        let part = (ns - from) as f64 / (to - from).max(1) as f64;
        Some(self.plot.x0 + part * (self.plot.x1 - self.plot.x0))
    }
}
