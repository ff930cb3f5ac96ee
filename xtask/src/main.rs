#![forbid(unsafe_code)]
//! What a newcomer and CI call: `cargo xtask demo`, `cargo xtask test`, and the long or outside things.

mod house;
mod site;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{house::House, site::Speed};

/// Build, show and test Synema.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the page and the bridge.
    Build {
        /// Builds quickly and runs slowly: for those who work on the page.
        #[arg(long)]
        dev: bool,
    },
    /// Build the page alone, into `target/site`.
    Site {
        /// Builds quickly and runs slowly: for those who work on the page.
        #[arg(long)]
        dev: bool,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<()> {
    let house = House::find()?;
    match *task {
        Task::Build { dev } => {
            site::build(&house, Speed::of(dev))?;
            house.cargo(&["build", "-p", "synema-bridge"])
        }
        Task::Site { dev } => site::build(&house, Speed::of(dev)).map(drop),
    }
}
