//! `synema interfaces`: what this machine has to stand on.

use crate::cli::InterfacesArgs;
use crate::error::{Exit, Failure};

/// Prints the interfaces.
///
/// # Errors
/// When the system does not tell its interfaces.
pub fn run(_args: &InterfacesArgs) -> Result<(), Failure> {
    Err(Failure::new(Exit::Unsupported, "not there yet", "wait"))
}
