//! What is worth looking at in a capture, and what the capture itself got wrong.
//!
//! ```text
//!   Capture, Analysis ──► moments   where time was lost, the costliest first
//!                    ├──► doubts    what the capture cannot be trusted in
//!                    └──► contents  both with the conversations, as values to be shown
//!                          └──► overview  in words
//! ```

mod contents;
mod doubts;
mod moments;
mod overview;

pub use contents::{Contents, Conversation, contents};
pub use doubts::{Doubt, doubts};
pub use moments::{Moment, moments};
pub use overview::overview;

#[cfg(test)]
mod tests;
