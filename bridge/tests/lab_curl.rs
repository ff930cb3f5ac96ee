//! `synema curl` in the lab: whole bodies, and everything that can go wrong, each with an
//! exit code of its own and a message that names the cause and the next step.
#![cfg(target_os = "linux")]

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use synema_bridge::error::Exit;
use synema_bridge::lab::content;
use synema_core::app::recording::{Recording, replay};
use synema_core::trace::{Event, Record};
use synema_core::wire::{ChecksumStatus, LinkType, dissect};
use synema_diagram::capture::file::read;
use synema_diagram::capture::{Capture, Direction};

/// The program, with an end set to it should it hang.
fn program() -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["120", env!("CARGO_BIN_EXE_synema")])
        .stdin(Stdio::null());
    command
}

fn curl_in_lab(arguments: &[&str]) -> Output {
    program()
        .args(["curl", "--lab"])
        .args(arguments)
        .output()
        .expect("it starts")
}

/// A folder for one test's files, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("synema-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("our own names").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// It failed in this way, with these words, and said what to do.
fn failed(output: &Output, exit: Exit, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(exit as i32), "{said}");
    assert!(said.starts_with("synema: "), "{said}");
    assert!(said.contains("\n  next: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

fn sha256_of_file(path: &str) -> String {
    let bytes = fs::read(path).expect("it was written");
    Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn capture(path: &str) -> Capture {
    let bytes = fs::read(path).expect("it was written");
    let opened = read(&bytes).expect("a capture");
    assert!(opened.stopped.is_none(), "{:?}", opened.stopped);
    opened.capture
}

#[test]
fn a_small_page_comes_to_standard_output_with_its_head_if_asked() {
    let plain = curl_in_lab(&["http://www.lab.test/"]);
    succeeded(&plain);
    assert!(plain.stdout.starts_with(b"<!DOCTYPE html>"));
    assert!(plain.stdout.ends_with(b"</html>\n"));
    assert!(plain.stderr.is_empty(), "{}", said(&plain));

    let whole = curl_in_lab(&["--include", "-v", "http://lab.test/"]);
    succeeded(&whole);
    let text = String::from_utf8(whole.stdout).expect("a page");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body.as_bytes(), plain.stdout);
    let told = String::from_utf8_lossy(&whole.stderr).into_owned();
    for step in [
        "* probe 1 of 3 for 192.168.0.129",
        "not RFC 5227's",
        "* www.lab.test is 203.0.113.80",
        "* connected to 203.0.113.80:80",
        "* 301: going on to http://www.lab.test/",
        "< HTTP/1.1 200 OK",
    ] {
        assert!(told.contains(step), "{step}: {told}");
    }
}

#[test]
fn a_megabyte_arrives_whole_and_its_capture_is_sound() {
    let folder = Folder::new("megabyte");
    let (body, file) = (folder.file("body"), folder.file("run.pcapng"));
    for offloads in ["on", "off"] {
        let output = curl_in_lab(&[
            "http://www.lab.test/size/1000000",
            "--offloads",
            offloads,
            "-o",
            &body,
            "--capture",
            &file,
        ]);
        succeeded(&output);
        assert!(output.stdout.is_empty());
        assert_eq!(sha256_of_file(&body), content::sha256_hex(1_000_000));
        assert!(!Path::new(&format!("{file}.tmp")).exists());

        let capture = capture(&file);
        let frames = capture.frames();
        assert!(frames.len() > 1_000_000 / 1448, "{}", frames.len());
        assert!(frames.is_sorted_by_key(|frame| frame.at));
        for frame in frames {
            let len = frame.original_len as usize;
            assert!(len <= 1514, "{len} bytes: offloads {offloads}");
            let packet = dissect(LinkType::Ethernet, &frame.bytes, len);
            assert_eq!(packet.problems, [], "{frame:?}");
            for layer in &packet.layers {
                let status = layer.checksum;
                let sound = !matches!(
                    status,
                    ChecksumStatus::Bad { .. } | ChecksumStatus::Unfinished
                );
                assert!(sound, "{status:?}: {frame:?}");
            }
            let ours = frame.direction == Direction::Sent;
            assert_eq!(frame.id.is_sent(), ours);
            assert_eq!(frame.cause.is_some(), ours, "{frame:?}");
        }
    }
}

#[test]
fn a_hundred_megabytes_arrive_whole() {
    let folder = Folder::new("hundred");
    let body = folder.file("body");
    let url = "http://www.lab.test/size/100000000";
    let output = curl_in_lab(&[url, "-o", &body]);
    succeeded(&output);
    assert_eq!(sha256_of_file(&body), content::sha256_hex(100_000_000));
}

#[test]
fn chunked_slow_and_close_delimited_bodies_arrive_whole() {
    for (path, len, end) in [
        ("chunked", None, "chunk 6 of 6"),
        ("slow", Some(220), ""),
        ("close", Some(10_000), ""),
        ("four", None, ""),
    ] {
        let output = curl_in_lab(&[&format!("http://www.lab.test/{path}")]);
        succeeded(&output);
        if let Some(len) = len {
            assert_eq!(output.stdout.len(), len, "{path}");
        }
        assert!(!output.stdout.is_empty());
        assert!(
            String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .contains(end),
            "{path}"
        );
    }
}

#[test]
fn host_mac_mode_fetches_too_while_the_host_forwards() {
    let url = "http://www.lab.test/size/100000";
    let output = curl_in_lab(&["--host-mac", "--ip-forward", url]);
    succeeded(&output);
    assert_eq!(output.stdout.len(), 100_000);
}

#[test]
fn a_recorded_run_is_had_again_to_the_byte() {
    let folder = Folder::new("recorded");
    let (record, file) = (folder.file("run.recording"), folder.file("run.pcapng"));
    let url = "http://lab.test/size/100000";
    let output = curl_in_lab(&["--record", &record, "--capture", &file, url]);
    succeeded(&output);
    let bytes = fs::read(&record).expect("it was written");
    let recording = Recording::from_bytes(&bytes).expect("a recording");
    assert!(recording.is_complete);
    let again = replay(&recording);
    let capture = capture(&file);
    let sent = capture.frames().iter().filter(|frame| frame.id.is_sent());
    assert_eq!(again.frames_sent, sent.count() as u64);
    // What a file says by having the frame is not written into it a second time.
    let told = |records: &[Record]| -> Vec<Record> {
        let frameless = |record: &&Record| {
            let event = &record.event;
            !matches!(
                event,
                Event::Received { .. } | Event::Sent { .. } | Event::Dropped { .. }
            )
        };
        records.iter().filter(frameless).cloned().collect()
    };
    let (again_told, taped) = (told(&again.records), told(capture.records()));
    let differs = again_told.iter().zip(&taped).find(|(a, b)| a != b);
    assert_eq!(differs, None);
    assert_eq!(again_told.len(), taped.len());
    assert!(taped.len() > 50, "{}", taped.len());
    assert_eq!(replay(&recording).digest, again.digest);
}

#[test]
fn urls_that_cannot_be_fetched_are_refused_before_anything_is_opened() {
    for (url, exit, words) in [
        ("", Exit::Usage, &["URL"][..]),
        ("http://", Exit::Usage, &["not a URL"]),
        ("www.lab.test/", Exit::Usage, &["http://www.lab.test/"]),
        ("ftp://www.lab.test/", Exit::Usage, &["ftp"]),
        ("http://www.lab.test:0/", Exit::Usage, &["port 0"]),
        ("http://127.0.0.1/", Exit::Usage, &["127.0.0.1"]),
        ("https://www.lab.test/", Exit::Unsupported, &["TLS"]),
        ("http://[2001:db8::1]/", Exit::Unsupported, &["IPv6"]),
    ] {
        let absent = ["--interface", "synema-none0", "--ip", "192.168.0.129"];
        let output = program().arg("curl").arg(url).args(absent).output();
        failed(&output.expect("it starts"), exit, words);
    }
}

#[test]
fn names_that_do_not_resolve_are_told() {
    for (url, words) in [
        ("http://nobody.lab.test/", "nobody.lab.test"),
        ("http://loop.lab.test/", "loop.lab.test"),
        ("http://servfail.lab.test/", "servfail.lab.test"),
    ] {
        failed(&curl_in_lab(&[url]), Exit::NameUnresolved, &[words]);
    }
}

#[test]
fn peers_that_refuse_or_keep_silent_are_told() {
    let fetch = |url: &str| curl_in_lab(&["--timeout", "2", url]);
    for (url, exit, words) in [
        (
            "http://203.0.113.80:82/",
            Exit::Refused,
            &["203.0.113.80:82", "refused"][..],
        ),
        (
            "http://203.0.113.80:81/",
            Exit::Unreachable,
            &["203.0.113.80:81", "2 s"],
        ),
        (
            "http://198.51.100.1/",
            Exit::Unreachable,
            &["198.51.100.1", "router"],
        ),
        (
            "http://192.0.2.1/",
            Exit::Unreachable,
            &["192.0.2.1", "2 s"],
        ),
        (
            "http://192.168.0.254/",
            Exit::Unreachable,
            &["192.168.0.254"],
        ),
        (
            "http://www.lab.test/hang",
            Exit::Unreachable,
            &["no response", "2 s"],
        ),
    ] {
        failed(&fetch(url), exit, words);
    }
}

#[test]
fn responses_that_are_none_are_told_and_the_capture_is_kept() {
    let folder = Folder::new("broken");
    let file = folder.file("run.pcapng");
    for (path, exit, words, received) in [
        ("cut", Exit::BadResponse, &["4000 of 10000"][..], 4000),
        ("reset", Exit::Refused, &["reset"], 0),
        ("endless-headers", Exit::BadResponse, &["head"], 0),
        ("not-http", Exit::BadResponse, &["HTTP"], 0),
        ("redirect-loop", Exit::BadResponse, &["redirects"], 0),
    ] {
        let _ = fs::remove_file(&file);
        let url = format!("http://www.lab.test/{path}");
        let output = curl_in_lab(&["--capture", &file, &url]);
        failed(&output, exit, words);
        // What came is handed on.
        assert!(output.stdout.len() >= received, "{path}");
        let frames = capture(&file);
        let tcp = frames.frames().iter().filter(|frame| {
            let len = frame.original_len as usize;
            dissect(LinkType::Ethernet, &frame.bytes, len)
                .tcp()
                .is_some()
        });
        assert!(tcp.count() >= 5, "{path}");
    }
}

#[test]
fn files_that_cannot_be_written_are_told() {
    let url = "http://www.lab.test/size/1000000";
    let output = curl_in_lab(&[url, "-o", "/nowhere/at/all"]);
    failed(&output, Exit::LocalIo, &["/nowhere/at/all"]);
    let output = curl_in_lab(&[url, "--capture", "/nowhere/at/all"]);
    failed(&output, Exit::LocalIo, &["/nowhere/at/all"]);
    let output = curl_in_lab(&[url, "--record", "/nowhere/at/all"]);
    failed(&output, Exit::LocalIo, &["/nowhere/at/all"]);
    let output = curl_in_lab(&[url, "-o", "/dev/full"]);
    failed(&output, Exit::LocalIo, &["/dev/full"]);
    // A reader that goes away.
    let mut child = program()
        .args(["curl", "--lab", url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    failed(&output, Exit::LocalIo, &["standard output"]);
}

#[test]
fn interfaces_that_will_not_do_are_told() {
    let curl = |arguments: &[&str]| {
        program()
            .args(["curl", "http://192.0.2.1/", "--ip", "192.168.0.129"])
            .args(arguments)
            .output()
            .expect("it starts")
    };
    let output = curl(&["--interface", "synema-none0"]);
    failed(&output, Exit::NoInterface, &["synema-none0", "interfaces"]);
    let output = curl(&["--interface", "lo"]);
    failed(&output, Exit::NoInterface, &["lo"]);
    // In a new namespace, the one interface is down.
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net"])
        .arg(env!("CARGO_BIN_EXE_synema"))
        .args(["curl", "http://192.0.2.1/", "--ip", "192.168.0.129"])
        .args(["--interface", "lo"])
        .output()
        .expect("unshare is there");
    failed(
        &output,
        Exit::NoInterface,
        &["lo is down", "ip link set lo up"],
    );
}

/// A veth pair in a namespace of its own, and one command there.
fn with_a_wire(script: &str) -> Output {
    let setup = "ip link add wire0 type veth peer name far0 && \
         ip addr add 192.168.0.2/24 dev wire0 && \
         ip link set wire0 up && ip link set far0 up && ";
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "sh", "-c"])
        .arg(format!("{setup}{script}"))
        .env("SYNEMA", env!("CARGO_BIN_EXE_synema"))
        .output()
        .expect("unshare is there")
}

#[test]
fn addresses_that_cannot_be_claimed_are_told() {
    for (ip, words) in [
        ("192.168.0.2", "this host's own"),
        ("192.168.1.9", "192.168.0.0/24"),
        ("192.168.0.255", "192.168.0.0/24"),
        ("224.0.0.1", "224.0.0.1"),
    ] {
        let script = format!("exec $SYNEMA curl http://192.0.2.1/ --interface wire0 --ip {ip}");
        failed(&with_a_wire(&script), Exit::AddressRefused, &[ip, words]);
    }
}

#[test]
fn missing_privileges_are_told() {
    let script = "exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \
         $SYNEMA curl http://192.0.2.1/ --interface wire0 --ip 192.168.0.129";
    failed(
        &with_a_wire(script),
        Exit::NoPrivilege,
        &["raw sockets", "synema lab"],
    );
}

#[test]
fn check_says_in_words_what_will_work() {
    let script = "exec $SYNEMA serve --check --interface wire0 --ip 192.168.0.129 --www /nowhere";
    let output = with_a_wire(script);
    // Only the page is missing.
    failed(&output, Exit::LocalIo, &["index.html"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [
        "works  wire0 is up",
        "works  raw sockets are permitted",
        "works  192.168.0.129 may be claimed",
        "note   192.168.0.0/24 has no gateway",
        "FAILS  no built page",
        "ssh -N -L 8620:127.0.0.1:8620 ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// What `synema serve` says on a wire of its own before it is interrupted.
fn serve_with_a_wire(arguments: &str) -> Output {
    let folder = Folder::new("served");
    fs::write(folder.0.join("index.html"), "<!doctype html>").expect("a page");
    let script = format!(
        "ip link set lo up && exec timeout --preserve-status --signal INT 2 \
         $SYNEMA serve --interface wire0 --www {} {arguments}",
        folder.0.display()
    );
    with_a_wire(&script)
}

#[test]
fn serve_prints_one_line_with_its_url_and_ends_when_interrupted() {
    for arguments in [
        "--listen 127.0.0.1:0",
        "--listen [::1]:0 --ip 192.168.0.129",
        "--listen 127.0.0.1:0 --ip 192.168.0.129 --host-mac",
    ] {
        let output = serve_with_a_wire(arguments);
        succeeded(&output);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text.lines().count(), 1, "{text}");
        let (url, token) = text.trim().split_once("/#token=").expect("a token");
        assert!(url.starts_with("http://") && !url.ends_with(":0"), "{url}");
        assert!(token.len() * 4 >= 128, "{token}");
        assert!(output.stderr.is_empty(), "{}", said(&output));
    }
}

#[test]
fn serve_says_what_keeps_it_from_serving() {
    for (arguments, exit, words) in [
        ("--host-mac", Exit::Usage, "--ip"),
        ("--ip 192.168.0.2", Exit::AddressRefused, "own"),
        ("--ip 10.0.0.1", Exit::AddressRefused, "192.168.0.0/24"),
        ("--listen 192.168.9.9:1", Exit::LocalIo, "192.168.9.9:1"),
        ("--www /nowhere", Exit::LocalIo, "index.html"),
    ] {
        let output = match arguments {
            "--www /nowhere" => with_a_wire("exec $SYNEMA serve --interface wire0 --www /nowhere"),
            arguments => serve_with_a_wire(arguments),
        };
        failed(&output, exit, &[words]);
        assert!(output.stdout.is_empty());
    }
    let open = serve_with_a_wire("--listen 0.0.0.0:0");
    succeeded(&open);
    assert!(
        said(&open).contains("without encryption"),
        "{}",
        said(&open)
    );
}
