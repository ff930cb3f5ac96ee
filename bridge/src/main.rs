//! `synema`, the one native program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use synema_bridge::cli::Cli;

fn main() -> ExitCode {
    match synema_bridge::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whoever does not read it can still tell by the exit code.
            synema_bridge::say::last(&failure);
            failure.exit.into()
        }
    }
}
