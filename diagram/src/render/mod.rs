//! Drawing a document: SVG for pictures; text, Markdown and Mermaid for where people write.

pub mod chart;
pub mod html;
mod listing;
pub mod markdown;
pub mod mermaid;
pub mod svg;
pub mod text;

pub use chart::chart;
pub use html::{Download, HtmlOptions, html};
pub use markdown::{Picture, markdown};
pub use mermaid::mermaid;
pub use svg::{SvgOptions, Theme, description, graph_svg, svg};
pub use text::text;
