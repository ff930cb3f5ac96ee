//! The process that holds the lab's namespaces.

use crate::error::{Exit, Failure};

/// Runs the lab's child until its parent is gone.
///
/// # Errors
/// When it was not started by `synema lab`.
pub fn run() -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "not started by a lab",
        "run `synema lab`",
    ))
}
