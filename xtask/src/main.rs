#![forbid(unsafe_code)]
//! What a newcomer and CI call: `cargo xtask demo`, `cargo xtask test`, and the long or outside things.

mod bench;
mod conformance;
mod demo;
mod dist;
mod house;
mod packetdrill;
mod samples;
mod site;
mod soak;
mod test;

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
    /// Build everything and open the page on a network of its own.
    Demo(demo::Arguments),
    /// Check everything: what CI runs.
    Test(test::Arguments),
    /// Compare with what others made: outside captures, packetdrill.
    Conformance(conformance::Arguments),
    /// Fetch over and over, and compare every byte; long property tests.
    Soak(soak::Arguments),
    /// Measure ourselves beside the kernel, and print ratios.
    Bench(bench::Arguments),
    /// Build the page and the bridge.
    Build {
        /// Builds quickly and runs slowly: for those who work on the page.
        #[arg(long)]
        dev: bool,
    },
    /// Build the page for any web host, below any path, into `dist`.
    Dist,
    /// Make the captures that come with the page (`www/samples`) anew.
    Samples,
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
        Task::Demo(ref arguments) => demo::run(&house, arguments),
        Task::Test(ref arguments) => test::run(&house, arguments),
        Task::Conformance(ref arguments) => conformance::run(&house, arguments),
        Task::Soak(ref arguments) => soak::run(&house, arguments),
        Task::Bench(ref arguments) => bench::run(&house, arguments),
        Task::Build { dev } => {
            site::build(&house, Speed::of(dev))?;
            house.cargo(&["build", "-p", "synema-bridge"])
        }
        Task::Dist => dist::run(&house),
        Task::Samples => samples::run(&house),
        Task::Site { dev } => site::build(&house, Speed::of(dev)).map(drop),
    }
}
