//! Our stack against the kernel's over a way that delays, loses, reorders, doubles and corrupts.
#![cfg(target_os = "linux")]

use std::process::{Command, Output, Stdio};
use synema_bridge::lab::content;

const LEN: u64 = 300_000;

/// Each hardship alone, then together. Quick enough for a test, long enough to meet each of them:
/// 300,000 bytes are 208 segments.
const WAYS: [&[&str]; 12] = [
    &["--delay", "10"],
    &["--delay", "2", "--loss", "1"],
    &["--delay", "2", "--loss", "5"],
    &["--delay", "2", "--jitter", "3"],
    &["--delay", "2", "--reorder", "5"],
    &["--delay", "2", "--duplicate", "5"],
    &["--delay", "2", "--corrupt", "2"],
    &["--delay", "5", "--rate", "20", "--queue", "16"],
    &["--delay", "2", "--loss", "2", "--reorder", "5"],
    &[
        "--delay",
        "2",
        "--loss",
        "2",
        "--duplicate",
        "5",
        "--corrupt",
        "1",
    ],
    &[
        "--delay", "5", "--rate", "20", "--queue", "32", "--loss", "1",
    ],
    &[
        "--delay",
        "2",
        "--jitter",
        "1",
        "--loss",
        "2",
        "--reorder",
        "2",
        "--duplicate",
        "2",
        "--corrupt",
        "1",
    ],
];

fn fetch(way: &[&str]) -> Output {
    let url = format!("http://www.lab.test/size/{LEN}");
    Command::new("timeout")
        .args(["100", env!("CARGO_BIN_EXE_synema"), "curl", "--lab", &url])
        .args(way)
        .stdin(Stdio::null())
        .output()
        .expect("it starts")
}

#[test]
fn every_body_is_whole_whatever_the_way_does_to_it() {
    let expected: Vec<u8> = content::blocks(LEN).flatten().collect();
    for way in WAYS {
        let output = fetch(way);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{way:?}: {said}");
        assert!(output.stdout == expected, "{way:?}: another body");
    }
}

#[test]
fn a_way_that_loses_everything_is_told_of_as_silence() {
    let output = Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_synema"), "curl", "--lab"])
        .args(["http://203.0.113.80/", "--loss", "100", "--timeout", "2"])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("\n  next: "), "{said}");
}
