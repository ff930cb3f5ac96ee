//! The lab by itself: its network and its servers, tried with the kernel's own sockets.
#![cfg(target_os = "linux")]

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use synema_bridge::error::Exit;
use synema_bridge::lab::{self, Lab, LabOptions, Place, content, plan};

fn lab() -> Lab {
    lab::start(&options())
        .expect("this system lets us make user namespaces")
        .0
}

fn options() -> LabOptions {
    LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        ..LabOptions::default()
    }
}

fn web() -> SocketAddr {
    (plan::WEB_IP, plan::HTTP_PORT).into()
}

fn connect(lab: &Lab, from: Place, to: SocketAddr) -> TcpStream {
    let stream = lab.connect(from, to).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Everything that comes back, and how it ended.
fn ask(lab: &Lab, from: Place, path: &str) -> (Vec<u8>, std::io::Result<usize>) {
    let mut stream = connect(lab, from, web());
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    (bytes, ended)
}

/// Status line and headers as text, and the body.
fn fetch(lab: &Lab, from: Place, path: &str) -> (String, Vec<u8>) {
    let (bytes, ended) = ask(lab, from, path);
    ended.unwrap();
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("headers end")
        + 4;
    (
        String::from_utf8(bytes[..end].to_vec()).unwrap(),
        bytes[end..].to_vec(),
    )
}

fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

#[test]
fn pages_are_served_off_subnet_and_on_it() {
    let lab = lab();
    for from in [Place::Wire, Place::Host] {
        let (head, body) = fetch(&lab, from, "/");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(body.starts_with(b"<!DOCTYPE html>"));
        let (_, body) = fetch(&lab, from, "/size/1000000");
        assert_eq!(
            body,
            content::blocks(1_000_000).flatten().collect::<Vec<u8>>()
        );
        let (_, digest) = fetch(&lab, from, "/size/1000000.sha256");
        assert_eq!(String::from_utf8(digest).unwrap().trim(), hex_sha256(&body));
    }
    let mut local = connect(&lab, Place::Wire, (plan::HOST_IP, plan::HTTP_PORT).into());
    local.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut page = String::new();
    local.read_to_string(&mut page).unwrap();
    assert!(page.contains("200 OK"), "{page}");
}

#[test]
fn the_web_server_behaves_and_misbehaves_as_asked() {
    let lab = lab();
    let get = |path: &str| fetch(&lab, Place::Host, path);

    let (head, body) = get("/chunked");
    assert!(
        head.to_ascii_lowercase()
            .contains("transfer-encoding: chunked"),
        "{head}"
    );
    assert!(String::from_utf8_lossy(&body).contains("chunk 6 of 6"));

    let start = Instant::now();
    let (head, body) = get("/slow");
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert!(head.contains("220\r\n") && body.len() == 220, "{head}");

    let (head, body) = get("/close");
    assert!(
        !head.to_ascii_lowercase().contains("content-length"),
        "{head}"
    );
    assert_eq!(body.len(), 10_000);

    let (head, body) = get("/cut");
    assert!(
        head.contains("Content-Length: 10000") && body.len() == 4_000,
        "{head}"
    );

    let (head, body) = get("/four");
    assert_eq!((head.len(), body.len()), (110, 820));

    assert!(
        get("/redirect-loop")
            .0
            .to_ascii_lowercase()
            .contains("location: /redirect-loop")
    );
    assert!(get("/nowhere").0.starts_with("HTTP/1.1 404"));
    assert!(get("/size/99999999999").0.starts_with("HTTP/1.1 404"));

    let (bytes, ended) = ask(&lab, Place::Host, "/reset");
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(bytes.len() < 5_000);

    let mut endless = connect(&lab, Place::Host, web());
    endless
        .write_all(b"GET /endless-headers HTTP/1.1\r\n\r\n")
        .unwrap();
    let mut some = vec![0; 1 << 20];
    endless.read_exact(&mut some).unwrap();
    assert!(!some.windows(4).any(|w| w == b"\r\n\r\n"));

    let mut moved = connect(&lab, Place::Host, web());
    moved
        .write_all(b"GET /size/5 HTTP/1.1\r\nHost: lab.test\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut reply = String::new();
    moved.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 301"), "{reply}");
    assert!(
        reply
            .to_ascii_lowercase()
            .contains("location: http://www.lab.test/size/5"),
        "{reply}"
    );
}

#[test]
fn what_does_not_answer_fails_in_its_own_way() {
    let lab = lab();
    let attempt = &|ip: Ipv4Addr, port: u16| {
        let start = Instant::now();
        let failure = lab.connect(Place::Host, (ip, port).into()).unwrap_err();
        (failure.exit, start.elapsed())
    };
    let soon = Duration::from_secs(2);
    let (exit, took) = attempt(plan::WEB_IP, plan::REFUSED_PORT);
    assert!(exit == Exit::Refused && took < soon, "{exit:?} {took:?}");
    let (exit, took) = attempt(plan::UNREACHABLE_IP, 80);
    assert!(
        exit == Exit::Unreachable && took < soon,
        "{exit:?} {took:?}"
    );
    std::thread::scope(|scope| {
        let silent = [(plan::WEB_IP, plan::SILENT_PORT), (plan::SILENT_IP, 80)];
        let attempts = silent.map(|(ip, port)| scope.spawn(move || attempt(ip, port)));
        for attempt in attempts {
            let (exit, took) = attempt.join().unwrap();
            assert!(
                exit == Exit::Unreachable && took > soon,
                "{exit:?} {took:?}"
            );
        }
    });
}

#[test]
fn a_lab_whose_process_dies_says_so() {
    let lab = lab();
    let killed = Command::new("kill")
        .args(["-9", &lab.child_id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let failure = lab.set_offloads(false).unwrap_err();
    assert!(failure.cause.starts_with("the lab is gone"), "{failure}");
}

#[test]
fn the_child_is_not_for_people() {
    let outcome = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("lab-child")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&outcome.stderr).contains("run `synema lab`"),
        "{outcome:?}"
    );
}

#[test]
fn the_name_server_answers_over_udp_and_tcp() {
    let lab = lab();
    let dns: SocketAddr = (plan::DNS_IP, plan::DNS_PORT).into();
    let query = |name: &str| {
        let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            bytes.push(u8::try_from(label.len()).unwrap());
            bytes.extend(label.bytes());
        }
        bytes.extend([0, 0, 1, 0, 1]);
        bytes
    };
    let socket = lab.udp_socket(Place::Host).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(700)))
        .unwrap();
    let ask = |name: &str| {
        socket.send_to(&query(name), dns).unwrap();
        let mut reply = vec![0; 2048];
        let (len, from) = socket.recv_from(&mut reply)?;
        assert_eq!(from, dns);
        reply.truncate(len);
        Ok::<_, std::io::Error>(reply)
    };
    let www = ask("www.lab.test").unwrap();
    assert_eq!(
        (www[3] & 15, &www[www.len() - 4..]),
        (0, &plan::WEB_IP.octets()[..])
    );
    assert_eq!(ask("nobody.lab.test").unwrap()[3] & 15, 3);
    assert_eq!(ask("servfail.lab.test").unwrap()[3] & 15, 2);
    assert!(ask("silent.lab.test").is_err());
    assert!(ask("second.lab.test").is_err());
    assert!(ask("second.lab.test").is_ok());
    let big = ask("big.lab.test").unwrap();
    assert!(big[2] & 2 != 0 && big.len() < 512);

    let mut stream = connect(&lab, Place::Host, dns);
    let question = query("big.lab.test");
    let len = u16::try_from(question.len()).unwrap().to_be_bytes();
    stream.write_all(&[&len[..], &question].concat()).unwrap();
    let mut len = [0; 2];
    stream.read_exact(&mut len).unwrap();
    let mut whole = vec![0; usize::from(u16::from_be_bytes(len))];
    stream.read_exact(&mut whole).unwrap();
    assert_eq!((whole[2] & 2, whole[6..8].to_vec()), (0, vec![0, 100]));
}
