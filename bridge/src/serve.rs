//! The page and the relay for one claimed address.

use crate::cli::{LabArgs, ServeArgs};
use crate::error::{Exit, Failure};

/// Serves on a real interface.
///
/// # Errors
/// When the socket cannot be opened or the address is refused.
pub fn run(_args: &ServeArgs) -> Result<(), Failure> {
    Err(Failure::new(Exit::Unsupported, "not there yet", "wait"))
}

/// Serves on a lab of its own.
///
/// # Errors
/// As [`run`], and when the lab cannot be made.
pub fn run_lab(_args: &LabArgs) -> Result<(), Failure> {
    Err(Failure::new(Exit::Unsupported, "not there yet", "wait"))
}
