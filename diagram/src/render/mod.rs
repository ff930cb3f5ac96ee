//! Drawing a scene: SVG and text.
