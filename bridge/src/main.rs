//! `synema`, the one native program: arguments in, exit code out.

use clap::Parser;
use std::io::Write as _;
use std::process::ExitCode;
use synema_bridge::cli::Cli;

fn main() -> ExitCode {
    match synema_bridge::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whoever closed standard error does not read it; the exit code still tells.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.exit.into()
        }
    }
}
