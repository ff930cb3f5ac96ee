//! From the model to places on a drawing.

pub mod scene;
