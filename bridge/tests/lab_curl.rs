//! `synema curl` in the lab: whole bodies, and everything that can go wrong, each with an
//! exit code of its own and a message that names the cause and the next step.
#![cfg(target_os = "linux")]

mod terminal;

use sha2::{Digest, Sha256};
use std::fs;
use std::process::{Command, Output};
use synema_bridge::error::Exit;
use synema_bridge::lab::content;
use synema_core::app::recording::{Recording, replay};
use synema_core::trace::{Event, Record};
use synema_core::wire::{ChecksumStatus, LinkType, dissect};
use synema_diagram::capture::Direction;
use terminal::{Folder, PROGRAM, capture, curl_in_lab, failed, is_sound, program, said, succeeded};

fn sha256_of_file(path: &str) -> String {
    let bytes = fs::read(path).expect("it was written");
    Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
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
        is_sound(&file);

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
    let folder = Folder::new("delimited");
    let file = folder.file("run.pcapng");
    for (path, len, end) in [
        ("chunked", None, "chunk 6 of 6"),
        ("slow", Some(220), ""),
        ("close", Some(10_000), ""),
        ("four", None, ""),
    ] {
        let url = format!("http://www.lab.test/{path}");
        let output = curl_in_lab(&["--capture", &file, &url]);
        succeeded(&output);
        is_sound(&file);
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
    let folder = Folder::new("host-mac");
    let file = folder.file("run.pcapng");
    let url = "http://www.lab.test/size/100000";
    let arguments = ["--host-mac", "--ip-forward", "--capture", &file, url];
    let output = curl_in_lab(&arguments);
    succeeded(&output);
    assert_eq!(output.stdout.len(), 100_000);
    is_sound(&file);
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
    for (url, exit, cause, next) in [
        ("", Exit::Usage, "URL", "http://host/path"),
        ("http://", Exit::Usage, "not a URL", "http://host/path"),
        (
            "http:/not a url",
            Exit::Usage,
            "not a URL",
            "http://host/path",
        ),
        (
            "http://a:99999/",
            Exit::Usage,
            "invalid port",
            "http://host/path",
        ),
        (
            "www.lab.test/",
            Exit::Usage,
            "does not say http://",
            "http://www.lab.test/",
        ),
        (
            "ftp://www.lab.test/",
            Exit::Usage,
            "ftp",
            "begins with http://",
        ),
        (
            "http://www.lab.test:0/",
            Exit::Usage,
            "port 0",
            "from 1 to 65535",
        ),
        (
            "http://127.0.0.1/",
            Exit::Usage,
            "127.0.0.1 is not the address of a server",
            "on the network",
        ),
        (
            "https://www.lab.test/",
            Exit::Unsupported,
            "TLS is not there yet",
            "plain http://",
        ),
        (
            "http://[2001:db8::1]/",
            Exit::Unsupported,
            "IPv6 is not there yet",
            "IPv4 address",
        ),
    ] {
        let absent = ["--interface", "synema-none0", "--ip", "192.168.0.129"];
        let output = program().arg("curl").arg(url).args(absent).output();
        failed(&output.expect("it starts"), exit, &[cause], next);
    }
}

/// A fetch in the lab that fails so; what was seen until then is kept, and tshark has nothing
/// against it. The words of the cause first, then of the next step.
fn fails_in_lab(url: &str, exit: Exit, causes: &[&str], next: &str) -> Output {
    let folder = Folder::new("failing");
    let file = folder.file("run.pcapng");
    let output = curl_in_lab(&["--timeout", "5", "--capture", &file, url]);
    failed(&output, exit, causes, next);
    is_sound(&file);
    let capture = capture(&file);
    let sent = capture.frames().iter().filter(|frame| frame.id.is_sent());
    // The claim at least: three probes and an announcement.
    assert!(sent.count() >= 4, "{url}");
    output
}

#[test]
fn names_that_do_not_resolve_are_told() {
    let exit = Exit::NameUnresolved;
    let fails = |url, causes: &[&str], next| fails_in_lab(url, exit, causes, next);
    let nobody = "http://nobody.lab.test/";
    fails(nobody, &["nobody.lab.test", "NXDOMAIN"], "spelling");
    let looping = "http://loop.lab.test/";
    fails(looping, &["loop.lab.test", "aliases"], "the name's zone");
    let failing = "http://servfail.lab.test/";
    fails(failing, &["servfail.lab.test", "SERVFAIL"], "IPv4 address");
}

#[test]
fn peers_that_refuse_or_keep_silent_are_told() {
    for (url, exit, causes, next) in [
        (
            "http://203.0.113.80:82/",
            Exit::Refused,
            &["203.0.113.80:82", "refused"],
            "listens on port 82",
        ),
        (
            "http://203.0.113.80:81/",
            Exit::Unreachable,
            &["203.0.113.80:81", "did not answer within 5 s"],
            "firewall",
        ),
        (
            "http://198.51.100.1/",
            Exit::Unreachable,
            &["198.51.100.1", "a router knows no way"],
            "the packet that says so is in the capture",
        ),
        (
            "http://192.0.2.1/",
            Exit::Unreachable,
            &["192.0.2.1", "did not answer within 5 s"],
            "firewall",
        ),
        (
            "http://192.168.0.254/",
            Exit::Unreachable,
            &["192.168.0.254", "nobody answers ARP"],
            "switched on",
        ),
        (
            "http://www.lab.test/hang",
            Exit::Unreachable,
            &["no response", "5 s"],
            "longer time",
        ),
    ] {
        fails_in_lab(url, exit, causes, next);
    }
}

#[test]
fn responses_that_are_none_are_told_and_the_capture_is_kept() {
    for (path, exit, cause, next, received) in [
        (
            "cut",
            Exit::BadResponse,
            "cut off: 4000 of 10000",
            "try again",
            4000,
        ),
        (
            "reset",
            Exit::Refused,
            "the server reset the connection",
            "the capture shows who ended it",
            0,
        ),
        (
            "endless-headers",
            Exit::BadResponse,
            "head has no end within",
            "whoever runs the server",
            0,
        ),
        (
            "not-http",
            Exit::BadResponse,
            "not HTTP/1: it begins with \"SSH-2.0",
            "check the port",
            0,
        ),
        (
            "redirect-loop",
            Exit::BadResponse,
            "redirects lead back to",
            "by itself",
            0,
        ),
    ] {
        let url = format!("http://www.lab.test/{path}");
        let output = fails_in_lab(&url, exit, &[cause], next);
        // What came is handed on.
        assert!(output.stdout.len() >= received, "{path}");
    }
}

#[test]
fn interfaces_that_will_not_do_are_told() {
    let exit = Exit::NoInterface;
    let on = |interface: &str| {
        let url = "http://192.0.2.1/";
        let arguments = [
            "curl",
            url,
            "--ip",
            "192.168.0.129",
            "--interface",
            interface,
        ];
        program().args(arguments).output().expect("it starts")
    };
    let absent = on("synema-none0");
    failed(
        &absent,
        exit,
        &["no interface named synema-none0"],
        "choose one of: ",
    );
    failed(&on("lo"), exit, &["lo is no Ethernet"], "synema lab");
    for (doing, cause, next) in [
        (
            "ip link set wire0 down",
            "wire0 is down",
            "ip link set wire0 up",
        ),
        ("ip link set far0 down", "wire0 has no carrier", "cable"),
        (
            "ip addr flush dev wire0",
            "wire0 has no IPv4 address",
            "ip addr add",
        ),
    ] {
        let address = "--interface wire0 --ip 192.168.0.129";
        let script = format!("{doing} && exec $SYNEMA curl http://192.0.2.1/ {address}");
        failed(&with_a_wire(&script), exit, &[cause], next);
    }
}

/// A veth pair in a namespace of its own, and one command there.
fn with_a_wire(script: &str) -> Output {
    let setup = "ip link add wire0 type veth peer name far0 && \
         ip addr add 192.168.0.2/24 dev wire0 && \
         ip link set wire0 up && ip link set far0 up && ";
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "sh", "-c"])
        .arg(format!("{setup}{script}"))
        .env("SYNEMA", PROGRAM)
        .output()
        .expect("unshare is there")
}

#[test]
fn addresses_that_cannot_be_claimed_are_told() {
    for (ip, cause, next) in [
        (
            "192.168.0.2",
            "this host's own",
            "the host's kernel would reset",
        ),
        (
            "192.168.1.9",
            "192.168.0.0/24",
            "unused address in 192.168.0.0/24",
        ),
        (
            "192.168.0.255",
            "192.168.0.0/24",
            "unused address in 192.168.0.0/24",
        ),
        (
            "224.0.0.1",
            "not an address that a station can have",
            "subnet",
        ),
    ] {
        let script = format!("exec $SYNEMA curl http://192.0.2.1/ --interface wire0 --ip {ip}");
        let output = with_a_wire(&script);
        failed(&output, Exit::AddressRefused, &[ip, cause], next);
    }
}

#[test]
fn missing_privileges_are_told() {
    for command in ["curl http://192.0.2.1/", "serve --www ."] {
        let script = format!(
            "cd $(mktemp -d) && touch index.html && \
             exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \
             $SYNEMA {command} --interface wire0 --ip 192.168.0.129"
        );
        let output = with_a_wire(&script);
        failed(
            &output,
            Exit::NoPrivilege,
            &["raw sockets are not permitted"],
            "synema lab",
        );
        assert!(said(&output).contains("setcap cap_net_raw"));
    }
}

#[test]
fn check_says_in_words_what_will_work() {
    let script = "exec $SYNEMA serve --check --interface wire0 --ip 192.168.0.129 --www /nowhere";
    let output = with_a_wire(script);
    // Only the page is missing.
    failed(&output, Exit::LocalIo, &["index.html"], "marked FAILS");
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
    for (arguments, exit, cause, next) in [
        ("--host-mac", Exit::Usage, "must be known", "--ip"),
        ("--ip 192.168.0.2", Exit::AddressRefused, "own", "unused"),
        (
            "--ip 10.0.0.1",
            Exit::AddressRefused,
            "192.168.0.0/24",
            "unused",
        ),
        (
            "--listen 192.168.9.9:1",
            Exit::LocalIo,
            "192.168.9.9:1",
            "--listen",
        ),
        ("--www /nowhere", Exit::LocalIo, "index.html", "build"),
    ] {
        let output = match arguments {
            "--www /nowhere" => with_a_wire("exec $SYNEMA serve --interface wire0 --www /nowhere"),
            arguments => serve_with_a_wire(arguments),
        };
        failed(&output, exit, &[cause], next);
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
