#![forbid(unsafe_code)]
//! Our stack and smoltcp's, side by side (`cargo xtask bench`).
//!
//! ```text
//!   memory   client ──frames──► server     both ends in one thread; the same pipe, loop and buffers
//!            (Host)  ◄──frames── (Host)    for ours and for theirs
//! ```

mod host;
mod memory;
mod ours;
mod theirs;

use clap::Parser;
use host::Role;
use memory::{Measured, transfer};
use ours::Ours;
use theirs::Theirs;

/// Measures our stack beside smoltcp's, and prints nanoseconds and ratios
#[derive(Parser)]
struct Arguments {
    /// How many MiB go from the client to the server
    #[arg(long, default_value_t = 1024)]
    mib: usize,
    /// How often, each stack by turns; the median counts
    #[arg(long, default_value_t = 7)]
    times: usize,
    /// Send and receive buffer of each end, KiB
    #[arg(long, default_value_t = 256)]
    buffer_kib: usize,
    /// Only so (for a profiler)
    #[arg(long)]
    only: Option<Whose>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Whose {
    Ours,
    Theirs,
}

fn main() {
    let arguments = Arguments::parse();
    let (len, buffer_len) = (arguments.mib << 20, arguments.buffer_kib << 10);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..arguments.times.max(1) {
        if arguments.only != Some(Whose::Theirs) {
            let host = |role| Ours::new(role, buffer_len);
            ours.push(transfer(host(Role::Client), host(Role::Server), len));
        }
        if arguments.only != Some(Whose::Ours) {
            let host = |role| Theirs::new(role, buffer_len);
            theirs.push(transfer(host(Role::Client), host(Role::Server), len));
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    if let Some(theirs) = theirs {
        println!("  smoltcp 0.14      {theirs}");
    }
    if let Some(ours) = ours {
        println!("  synema            {ours}");
    }
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        println!(
            "  ratio             {:>8.2} (goal: at most 0.67)",
            ours.per_data_segment_ns() / theirs.per_data_segment_ns()
        );
    }
}

fn median(mut measured: Vec<Measured>) -> Option<Measured> {
    measured.sort_by_key(|one| one.took);
    measured.get(measured.len() / 2).copied()
}
