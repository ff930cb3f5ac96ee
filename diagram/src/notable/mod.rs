//! What is worth looking at in a capture, and what the capture itself got wrong.
//!
//! ```text
//!   Capture, Analysis ──► moments   where time was lost, the costliest first
//!                    ├──► doubts    what the capture cannot be trusted in
//!                    └──► overview  both in words, with the conversations
//! ```

mod doubts;
mod moments;
mod overview;

pub use doubts::{Doubt, doubts};
pub use moments::{Moment, moments};
pub use overview::overview;

#[cfg(test)]
mod tests;
