#![forbid(unsafe_code)]
//! Hostile input for the stack, and those who watch what it does with it; and hostile captures.
//!
//! ```text
//!   bytes of a fuzzer ─┐             ┌─► frame      one stack, somebody's frames
//!   a seed ────────────┴─► Choices ──┴─► session    two stacks, and a Mangler between them
//!                                           │
//!                        Watch ◄────────────┘  what a stack says and sends
//!                          ├─ Checker     its trace: states, timers, RTO, windows
//!                          └─ Inspector   its segments: nothing acknowledged that never came,
//!                                         nothing beyond the window
//! ```
//!
//! A third target, `file`, reads a capture file, opens it and draws it.
//!
//! The same input is the same run. Each target is a function over bytes, which `cargo fuzz` calls,
//! and the tests of this crate with seeds of their own:
//!
//! ```sh
//! cargo run -p synema-fuzz --example seeds      # into fuzz/corpus
//! cargo fuzz run session -s none -- -max_total_time=900 -rss_limit_mb=512 -timeout=10
//! ```

mod checker;
mod choices;
pub mod differential;
pub mod file;
pub mod frame;
mod inspector;
mod mangler;
mod repair;
pub mod seeds;
pub mod session;
mod watch;

pub use checker::Checker;
pub use choices::Choices;
pub use inspector::Inspector;
pub use watch::Watch;

use std::process::ExitCode;

/// Runs the files that the program was given; for targets that no fuzzer drives.
pub fn replay(run: fn(&[u8])) -> ExitCode {
    let mut files = std::env::args_os().skip(1).peekable();
    if files.peek().is_none() {
        eprintln!("name the files to run, or use cargo fuzz to make some");
        return ExitCode::FAILURE;
    }
    for file in files {
        match std::fs::read(&file) {
            Ok(bytes) => run(&bytes),
            Err(error) => {
                eprintln!("{} cannot be read: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
