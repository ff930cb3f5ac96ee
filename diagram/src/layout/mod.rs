//! From packets to places on a drawing.
//!
//! ```text
//!  timing (departure, arrival) ──► warp     time -> height, monotone, incremental
//!  hosts ───────────────────────► lanes    host -> x, heads
//!  words ───────────────────────► place    texts that never touch each other
//!                                   │
//!                                   ▼
//!                                 ladder ──► scene::Scene for any window
//! ```
//!
//! Any window of a long capture is laid out without the rest: heights are a
//! prefix sum that is only ever continued (or, when an estimate at the very end
//! changes, continued from there), and texts are placed by chunks of the height
//! that depend on their neighbours alone.

mod arrows;
mod folds;
mod furniture;
mod geometry;
mod hidden;
mod ladder;
mod lanes;
mod notes;
mod place;
pub mod scene;
mod slots;
mod source;
mod spans;
mod thin;
mod warp;

pub(crate) use ladder::{Ladder, flags_text};
pub(crate) use source::Source;
