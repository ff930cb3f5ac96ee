//! `synema merge`: two captures of a connection, taken at its two ends, as one.

use crate::cli::MergeArgs;
use crate::error::{Exit, Failure};
use crate::say;
use crate::{capture_input, capture_output};
use synema_diagram::merge::merge;

/// Merges, writes, and says how the clocks stand.
///
/// # Errors
/// When one of the captures cannot be read, they do not belong together, or the result
/// cannot be written. Of a capture that ends before its end, what could be read is merged
/// first.
pub fn run(args: &MergeArgs) -> Result<(), Failure> {
    let near = capture_input::open(&args.near)?;
    let far = capture_input::open(&args.far)?;
    let merged = merge(&near.capture, &far.capture).map_err(|error| {
        let (near, far) = (args.near.display(), args.far.display());
        Failure::new(
            Exit::BadCapture,
            format!("{near} and {far} cannot be merged: {error}"),
            error.next_step(),
        )
    })?;
    capture_output::write(&merged.capture, &args.output)?;
    say::line(format_args!("synema: {}", merged.report));
    capture_input::told_to_the_end(&args.near, &near)?;
    capture_input::told_to_the_end(&args.far, &far)
}
