//! Fetches a URL with our own stack, without a browser.

use crate::cli::CurlArgs;
use crate::error::{Exit, Failure};

/// Fetches.
///
/// # Errors
/// Whatever kept the body from arriving.
pub fn run(_args: &CurlArgs) -> Result<(), Failure> {
    Err(Failure::new(Exit::Unsupported, "not there yet", "wait"))
}
