//! `synema`, the one native program: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use synema_bridge::cli::Cli;

fn main() -> ExitCode {
    match synema_bridge::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit.into()
        }
    }
}
