//! `synema`, the one native program.
fn main() {}
