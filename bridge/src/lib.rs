//! The bridge: the one room that touches sockets, privileges and namespaces.
//!
//! ```text
//!   cli ── run ─┬─ interfaces            what this machine has
//!               ├─ serve  (trust, gate)  the page and the relay for one claimed address
//!               ├─ curl                  the same stack without a browser
//!               ├─ serve-http            the same stack as a server of files
//!               ├─ experiment            two ends that speak a script: simulated, or a kernel and our stack
//!               ├─ lab                   a network of namespaces to do both in
//!               │    all of these over io (one raw socket) and privilege (none left)
//!               ├─ draw, graph, analyze, annotate   a capture as pictures, what every segment was, notes
//!               └─ merge                 two captures, taken at both ends, as one
//! ```
//!
//! The bridge never keeps TCP state; `curl` and `serve-http` alone drive a stack of their own.

// Those macros panic when nobody reads: see `say`, and write to standard output with its errors.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod analyze;
pub mod annotate;
mod capture_input;
mod capture_output;
pub mod check;
pub mod cli;
pub mod curl;
pub mod draw;
mod drive;
pub mod egress;
pub mod error;
pub mod experiment;
pub mod gate;
pub mod graph;
pub mod interfaces;
mod interrupt;
pub mod io;
#[cfg(target_os = "linux")]
pub mod lab;
pub mod link;
pub mod merge;
pub mod privilege;
pub mod say;
pub mod serve;
pub mod serve_http;
mod station;
pub mod trust;

use cli::{Cli, Command};
use error::Failure;

/// Runs one command to its end.
///
/// # Errors
/// What went wrong, what to do next, and the exit code that tells a script which it was.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Interfaces(args) => interfaces::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Lab(args) => serve::run_lab(&args),
        Command::Curl(args) => curl::run(&args),
        Command::ServeHttp(args) => serve_http::run(&args),
        Command::Annotate(args) => annotate::run(&args),
        Command::Analyze(args) => analyze::run(&args),
        Command::Draw(args) => draw::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Link(args) => link::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        #[cfg(target_os = "linux")]
        Command::LabChild => lab::child::run(),
        #[cfg(not(target_os = "linux"))]
        Command::LabChild => Err(Failure::new(
            error::Exit::Unsupported,
            "the lab is made of Linux network namespaces",
            "run it in a Linux virtual machine",
        )),
    }
}
