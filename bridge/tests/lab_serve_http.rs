//! `synema serve-http` in the lab: the kernel's TCP is our client.
#![cfg(target_os = "linux")]

mod door;

use clap::Parser as _;
use door::Served;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use synema_bridge::cli::{Cli, Command};
use synema_bridge::error::Exit;
use synema_bridge::lab::{self, Lab, LabOptions, Place, content};
use synema_bridge::serve::Ground;
use synema_bridge::serve_http::{Folder, serve_through};
use synema_core::trace::Cause;
use synema_core::wire::{ChecksumStatus, LinkType, dissect};
use synema_diagram::capture::Direction;
use synema_diagram::capture::file::read;

const CLIENTS: u64 = 6;
/// The largest file, bytes; each client fetches one that is a little smaller.
const LARGE: u64 = 3_000_000;

/// A folder for one test's files, gone with it.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("synema-serve-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("served/folder")).expect("a folder for the test");
        fs::write(path.join("secret"), "secret").expect("a file");
        let files = Self(path);
        files.write("hello.txt", b"Hello, kernel!");
        for client in 0..CLIENTS {
            let body: Vec<u8> = content::blocks(LARGE - client).flatten().collect();
            files.write(&format!("folder/{client}.bin"), &body);
        }
        symlink("../secret", files.0.join("served/out")).expect("a link");
        files
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join("served").join(name), bytes).expect("a file");
    }

    fn served(&self) -> PathBuf {
        self.0.join("served")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads one response: its head, and as much of a body as that says.
fn response(stream: &mut TcpStream, has_body: bool) -> (String, Vec<u8>) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 65_536]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let len = stream.read(&mut piece).expect("more of the head");
        assert!(len > 0, "cut off: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..len]);
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).expect("a head");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
    while has_body && body.len() < length {
        let len = stream.read(&mut piece).expect("more of the body");
        assert!(len > 0, "{} bytes of {length}", body.len());
        body.extend_from_slice(&piece[..len]);
    }
    (head, body)
}

fn get(stream: &mut TcpStream, target: &str, further: &str) -> (String, Vec<u8>) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: 192.168.0.129\r\n{further}\r\n");
    stream.write_all(request.as_bytes()).expect("it is taken");
    response(stream, true)
}

/// One of several clients at once: a large file, whole; a part of it; and something small, all
/// on one connection of the kernel's.
fn be_a_client(lab: &Lab, place: Place, to: SocketAddr, client: u64) {
    let mut stream = lab.connect(place, to).expect("the handshake");
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).expect("a timeout");
    let file = format!("/folder/{client}.bin");
    let expected: Vec<u8> = content::blocks(LARGE - client).flatten().collect();
    let (head, body) = get(&mut stream, &file, "");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nDate: "), "{head}");
    assert!(body == expected, "client {client}: {} bytes", body.len());
    let (head, body) = get(&mut stream, &file, "Range: bytes=1000000-1999999\r\n");
    assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
    assert!(body == expected[1_000_000..2_000_000]);
    let (_, body) = get(&mut stream, "/hello.txt", "Connection: close\r\n");
    assert_eq!(body, b"Hello, kernel!");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("a FIN, no RST");
    assert!(rest.is_empty());
}

fn ask_for_what_is_not_served(lab: &Lab, to: SocketAddr) {
    let status = |target: &str, further: &str| {
        let mut stream = lab.connect(Place::Host, to).expect("the handshake");
        let (head, _) = get(&mut stream, target, further);
        head.split(' ').nth(1).expect("a status").to_owned()
    };
    assert_eq!(status("/nothing", ""), "404");
    assert_eq!(status("/../secret", ""), "400");
    assert_eq!(status("/%2e%2e/secret", ""), "400");
    assert_eq!(status("/out", ""), "403");
    assert_eq!(status("/folder", ""), "301");
    assert_eq!(status("/", "Host: evil.test\r\n"), "400");
    let mut stream = lab.connect(Place::Host, to).expect("the handshake");
    let (_, list) = get(&mut stream, "/", "");
    let list = String::from_utf8(list).expect("a page");
    assert!(
        list.contains("hello.txt") && list.contains("folder/"),
        "{list}"
    );
    assert!(!list.contains("out"), "{list}");
}

/// Whole frames, right checksums, and a reason for each of ours.
fn is_sound(capture: &Path) {
    let opened = read(&fs::read(capture).expect("it was written")).expect("a capture");
    assert!(opened.stopped.is_none(), "{:?}", opened.stopped);
    let frames = opened.capture.frames();
    assert!(
        frames.len() as u64 > CLIENTS * LARGE / 1460,
        "{}",
        frames.len()
    );
    let mut caused = Vec::new();
    for frame in frames {
        let packet = dissect(
            LinkType::Ethernet,
            &frame.bytes,
            frame.original_len as usize,
        );
        assert_eq!(packet.problems, [], "{frame:?}");
        for layer in &packet.layers {
            let is_bad = matches!(
                layer.checksum,
                ChecksumStatus::Bad { .. } | ChecksumStatus::Unfinished
            );
            assert!(!is_bad, "{:?}: {frame:?}", layer.checksum);
        }
        assert_eq!(frame.cause.is_some(), frame.direction == Direction::Sent);
        caused.extend(frame.cause);
    }
    assert!(caused.contains(&Cause::SynAck) && caused.contains(&Cause::Fin));
    let resets = caused
        .iter()
        .filter(|cause| matches!(cause, Cause::Reset(_)));
    assert_eq!(resets.count(), 0, "nobody was cut off");
    let complaints = judge::complaints(capture).expect("tshark reads it");
    assert_eq!(complaints, [] as [String; 0]);
}

#[test]
fn the_kernel_fetches_from_us_what_is_in_the_folder_and_nothing_else() {
    let files = Files::new("kernel");
    let options = LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        ..LabOptions::default()
    };
    let (lab, socket) = lab::start(&options).expect("this system lets us make user namespaces");
    let capture = files.0.join("run.pcapng");
    let line = format!(
        "synema serve-http --lab {} --capture {}",
        files.served().display(),
        capture.display()
    );
    let Command::ServeHttp(args) = Cli::parse_from(line.split(' ')).command else {
        panic!("another command");
    };
    let (ground, ip) = (Ground::of_lab(&lab.facts, false), lab.facts.free_ip);
    let (told, ready) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let folder = Folder::open(&args.folder)?;
        let told = move |url: &str| told.send(url.to_owned()).expect("the test waits for it");
        let until = async move {
            let _ = stopped.await;
        };
        serve_through(&args, ground, ip, socket, folder, told, until)
    });
    let url = ready.recv_timeout(Duration::from_secs(20));
    assert_eq!(url.as_deref(), Ok("http://192.168.0.129/"));
    let to = SocketAddr::from((ip, 80));
    thread::scope(|clients| {
        for client in 0..CLIENTS {
            // Some on the same wire, others behind the router.
            let place = [Place::Host, Place::Server][usize::from(client % 2 == 1)];
            let lab = &lab;
            clients.spawn(move || be_a_client(lab, place, to, client));
        }
    });
    ask_for_what_is_not_served(&lab, to);
    stop.send(()).expect("it still runs");
    let ended = server.join().expect("it did not panic");
    assert_eq!(ended, Ok(()));
    is_sound(&capture);
}

#[test]
fn through_the_door_the_lab_is_reached_from_outside() {
    let files = Files::new("door");
    let served = Served::start(&files.served(), &[]);
    let mut stream = served.connect();
    let address = &served.address;
    let request = format!("GET /hello.txt HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is taken");
    assert_eq!(response(&mut stream, true).1, b"Hello, kernel!");
    let rebound = "GET /hello.txt HTTP/1.1\r\nHost: evil.test:8621\r\n\r\n";
    stream.write_all(rebound.as_bytes()).expect("it is taken");
    let (head, _) = response(&mut stream, true);
    assert!(head.starts_with("HTTP/1.1 421 "), "{head}");
    served.stop();
}

#[test]
fn a_folder_that_cannot_be_served_is_said_before_anything_is_sent() {
    let files = Files::new("folder");
    for (folder, words) in [
        (files.0.join("nothing"), "does not exist"),
        (files.0.join("secret"), "is not a folder"),
    ] {
        let output = Program::new("timeout")
            .args(["60", env!("CARGO_BIN_EXE_synema"), "serve-http"])
            .arg(&folder)
            .args(["--interface", "nowhere0", "--ip", "192.0.2.9"])
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(Exit::LocalIo as i32), "{said}");
        assert!(
            said.contains(words) && said.contains("\n  next: "),
            "{said}"
        );
    }
    let output = Program::new(env!("CARGO_BIN_EXE_synema"))
        .args(["serve-http", "--interface", "nowhere0", "--ip", "192.0.2.9"])
        .arg(files.served())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(Exit::NoInterface as i32),
        "{said}"
    );
}
