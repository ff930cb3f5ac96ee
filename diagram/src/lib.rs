#![forbid(unsafe_code)]
//! Captures to conversations to sequence diagrams.

pub mod analysis;
pub mod annotate;
pub mod capture;
pub mod clock;
pub mod detail;
mod document;
pub mod filter;
#[cfg(test)]
mod golden;
pub mod graph;
pub mod layout;
pub mod link;
pub mod merge;
pub mod notable;
pub mod render;
pub mod states;
pub mod strip;
pub mod table;
#[cfg(test)]
mod testing;
pub mod timing;
pub mod view;
pub mod words;

pub use document::{Document, Stats};
pub use layout::scene;
