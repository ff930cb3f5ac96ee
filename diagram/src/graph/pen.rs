//! What a graph is drawn with: times in ns, heights in the axis' own unit.

use super::ink::Ink;

/// Draws, or only measures what would be drawn.
///
/// Times are ns since the capture's first packet; heights are bytes, ns or bits
/// per second. `packet` is a number counted from 1, 0 where it is none's.
pub(super) trait Pen {
    /// A bar from one height to another.
    fn bar(&mut self, ink: Ink, at_ns: u64, heights: (i64, i64), packet: u64);

    /// A dot, or whatever the ink's glyph is.
    fn dot(&mut self, ink: Ink, at_ns: u64, height: i64, packet: u64) {
        self.bar(ink, at_ns, (height, height), packet);
    }

    /// A line that keeps this height from this time on.
    fn step(&mut self, ink: Ink, at_ns: u64, height: i64, packet: u64);
}
