//! The pure crates' own tests once more, as WebAssembly in Chromium.
//!
//! The target is `wasm32-wasip1`: the same instruction set and the same 32-bit `usize` as the page's, with
//! just enough of a system (arguments, standard output) for Rust's test harness to run unchanged, so that
//! every test is run and none has to be written for wasm. `wasm-runner` plays that system in the browser.

use std::path::Path;

use anyhow::Context;

use super::{native::run_counted, tally::Tally};
use crate::house::House;

const TARGET: &str = "wasm32-wasip1";

/// The crates that promise the same results natively and in wasm.
const PURE: [&str; 5] = [
    "synema-core",
    "synema-sim",
    "synema-diagram",
    "synema-play",
    "synema-relay",
];

/// Runs the tests of every pure crate in the browser.
///
/// # Errors
/// When they do not compile for wasm, or the browser does not run them.
pub(crate) fn run(house: &House, runner: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    house.need_target(TARGET)?;
    let runner = runner
        .to_str()
        .context("the target folder's name is not UTF-8")?;
    let mut command = house.cargo_command(&[
        "test",
        "--target",
        TARGET,
        "--lib",
        "--tests",
        "--no-fail-fast",
    ]);
    for package in PURE {
        command.args(["-p", package]);
    }
    command.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner);
    run_counted(&mut command, tally)
}
