//! Drawing a document: SVG for pictures, text for terminals and tests.

pub mod svg;
pub mod text;

pub use svg::{SvgOptions, Theme, svg};
pub use text::text;
