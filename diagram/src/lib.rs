#![forbid(unsafe_code)]
//! Captures to conversations to sequence diagrams.

pub mod analysis;
pub mod capture;
pub mod layout;
pub mod render;
pub mod view;

pub use layout::scene;
