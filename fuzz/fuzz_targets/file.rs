//! `cargo fuzz run file -s none`; without cargo fuzz, runs the files that it is given.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| synema_fuzz::file::run(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    synema_fuzz::replay(synema_fuzz::file::run)
}
