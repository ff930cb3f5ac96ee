//! Our stack against the kernel's over a way that delays, loses, reorders, doubles and corrupts.
#![cfg(target_os = "linux")]

mod door;

use door::Served;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{self, Command, Output, Stdio};
use std::{env, fs};
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

/// What the kernel behind such a way fetches from our server.
fn fetch_from_us(folder: &Path, way: &[&str]) -> Vec<u8> {
    let served = Served::start(folder, way);
    let mut stream = served.connect();
    let request = format!(
        "GET /body HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        served.address
    );
    stream.write_all(request.as_bytes()).expect("it is taken");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("a FIN, no RST");
    served.stop();
    let head = response.windows(4).position(|four| four == b"\r\n\r\n");
    let body = response.split_off(head.expect("a head") + 4);
    assert!(response.starts_with(b"HTTP/1.1 200 OK\r\n"), "{way:?}");
    body
}

fn body() -> Vec<u8> {
    content::blocks(LEN).flatten().collect()
}

#[test]
fn every_body_that_we_receive_is_whole_whatever_the_way_does_to_it() {
    let expected = body();
    for way in WAYS {
        let output = fetch(way);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{way:?}: {said}");
        assert!(output.stdout == expected, "{way:?}: another body");
    }
}

#[test]
fn every_body_that_we_send_is_whole_whatever_the_way_does_to_it() {
    let expected = body();
    let folder = env::temp_dir().join(format!("synema-impaired-{}", process::id()));
    fs::create_dir(&folder).expect("a folder for the test");
    fs::write(folder.join("body"), &expected).expect("a file");
    for way in WAYS {
        let received = fetch_from_us(&folder, way);
        assert!(received == expected, "{way:?}: {} bytes", received.len());
    }
    fs::remove_dir_all(&folder).expect("it is ours");
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
