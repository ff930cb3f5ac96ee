//! Drawing a document: SVG for pictures; text, Markdown and Mermaid for where people write.

mod listing;
pub mod markdown;
pub mod mermaid;
pub mod svg;
pub mod text;

pub use markdown::markdown;
pub use mermaid::mermaid;
pub use svg::{SvgOptions, Theme, svg};
pub use text::text;
