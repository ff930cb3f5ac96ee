#![forbid(unsafe_code)]
//! Our stack and smoltcp's, side by side (`cargo xtask bench`).
//!
//! ```text
//!   memory   client ──frames──► server     both ends in one thread; the same pipe, loop and buffers
//!            (Host)  ◄──frames── (Host)    for ours and for theirs
//!
//!   wire     Host ◄──raw socket, veth, router── the kernel's web server
//! ```

mod host;
mod long;
mod memory;
mod ours;
mod theirs;
#[cfg(target_os = "linux")]
mod wire;

use clap::{Parser, Subcommand};
use memory::transfer;
use ours::Ours;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use theirs::Theirs;

/// Measures our stack beside smoltcp's, and prints times and ratios
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// From one host to another, through memory
    Memory {
        /// How many MiB
        #[arg(long, default_value_t = 1024)]
        mib: usize,
        /// How often, each stack by turns; the quickest counts, the others were disturbed
        #[arg(long, default_value_t = 7)]
        times: usize,
        /// Send and receive buffer of each end, KiB
        #[arg(long, default_value_t = 256)]
        buffer_kib: usize,
        /// Only one of the two (for a profiler)
        #[arg(long)]
        only: Option<Whose>,
    },
    /// Makes a long capture
    Capture {
        /// Its name, ending in .pcap or .pcapng
        file: PathBuf,
        /// How many packets
        #[arg(long, default_value_t = 1_000_000)]
        packets: u64,
        /// Bytes kept of each
        #[arg(long, default_value_t = long::WHOLE)]
        snap: usize,
    },
    /// Opens a capture and draws windows of it
    Open {
        /// The capture
        file: PathBuf,
    },
    /// From the kernel's web server in the lab, over a veth
    #[cfg(target_os = "linux")]
    Wire {
        /// The program that makes the lab
        synema: PathBuf,
        /// How many MiB
        #[arg(long, default_value_t = 1024)]
        mib: usize,
        /// How often, each by turns; the median counts
        #[arg(long, default_value_t = 3)]
        times: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Whose {
    Ours,
    Theirs,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse().what {
        What::Memory {
            mib,
            times,
            buffer_kib,
            only,
        } => through_memory(mib << 20, times, buffer_kib << 10, only),
        What::Capture {
            file,
            packets,
            snap,
        } => {
            let len = long::write(&file, packets, snap)?;
            println!("  {}: {packets} packets, {len} bytes", file.display());
        }
        What::Open { file } => return long::steps(&file),
        #[cfg(target_os = "linux")]
        What::Wire { synema, mib, times } => return over_wire(&synema, mib << 20, times),
    }
    Ok(())
}

fn through_memory(len: usize, times: usize, buffer_len: usize, only: Option<Whose>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        if only != Some(Whose::Theirs) {
            ours.push(transfer::<Ours, Ours>(len, buffer_len));
        }
        if only != Some(Whose::Ours) {
            theirs.push(transfer::<Theirs, Theirs>(len, buffer_len));
        }
    }
    let ours = ours.into_iter().min_by_key(|one| one.took);
    let theirs = theirs.into_iter().min_by_key(|one| one.took);
    if let Some(theirs) = theirs {
        println!("  smoltcp 0.14      {theirs}");
    }
    if let Some(ours) = ours {
        println!("  synema            {ours}");
    }
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let ratio = ours.per_data_segment_ns() / theirs.per_data_segment_ns();
        println!("  ratio             {ratio:>8.2} (goal: at most 0.67)");
    }
}

#[cfg(target_os = "linux")]
fn over_wire(synema: &std::path::Path, len: usize, times: usize) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs, mut kernels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times.max(1) {
        kernels.push(wire::by_kernel(synema, len)?);
        theirs.push(wire::by_stack::<Theirs>(synema, len)?);
        ours.push(wire::by_stack::<Ours>(synema, len)?);
    }
    let rate = |times| len as f64 * 8.0 / median(times).as_secs_f64() / 1e9;
    let (ours, theirs, kernels) = (rate(ours), rate(theirs), rate(kernels));
    println!("  the kernel's TCP  {kernels:>8.2} Gbit/s");
    println!("  smoltcp 0.14      {theirs:>8.2} Gbit/s");
    println!("  synema            {ours:>8.2} Gbit/s");
    println!("  to the kernel     {:>8.2}", ours / kernels);
    println!(
        "  to smoltcp        {:>8.2} (goal: at least 1.25)",
        ours / theirs
    );
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
