//! The file server, asked over two stacks in virtual time.

use super::*;
use crate::app::server::{EchoServer, Server, ServerInput};
use crate::app::session::{ClaimCommand, ClaimEvent, ClaimTimings, SessionConfig};
use crate::ip::Interface;
use crate::stack::Config;
use crate::trace::{AppEvent, Event, FrameId, Record};
use crate::wire::MacAddr;
use core::net::Ipv4Addr;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 80);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const DELAY: Duration = Duration::from_millis(1);
/// 6 November 1994, 08:49:37, and a half.
const CHANGED_NS: u64 = 784_111_777_500_000_000;

/// A server, and a client that is a stack.
struct World<S> {
    now: Instant,
    server: Server<S, Vec<Record>>,
    client: Stack,
    frames: u64,
    claims: Vec<ClaimEvent>,
    buffer: Vec<u8>,
}

impl<S: Service<Vec<Record>>> World<S> {
    fn new(service: S) -> Self {
        let mac = |last| MacAddr([2, 0, 0, 0, 0, last]);
        let config = SessionConfig {
            mac: mac(80),
            mtu: 1500,
            seed: [7; 32],
        };
        let mut server = Server::new(config, 100, service, Vec::new()).unwrap();
        let mut client = Stack::new(Config::new(mac(1)), 1, ());
        let interface = Interface::new(CLIENT, 24, None).unwrap();
        client.assume(Instant::ZERO, interface).unwrap();
        let claim = ClaimCommand {
            addr: SERVER,
            prefix_len: 24,
            gateway: None,
            dns: Vec::new(),
            timings: ClaimTimings::QuickLab,
        };
        server.handle(Instant::ZERO, ServerInput::Claim(claim));
        let mut world = Self {
            now: Instant::ZERO,
            server,
            client,
            frames: 0,
            claims: Vec::new(),
            buffer: Vec::new(),
        };
        world.run_for(2_000);
        let granted = ClaimEvent::Granted {
            addr: SERVER,
            rfc_timings: false,
        };
        assert_eq!(world.claims, [granted]);
        world
    }

    /// Everything that is due by now, and the frames that come of it.
    fn settle(&mut self) {
        loop {
            let mut any = false;
            self.claims
                .extend(core::iter::from_fn(|| self.server.poll_event()));
            while self
                .server
                .poll_transmit(self.now, &mut self.buffer)
                .is_some()
            {
                self.frames += 1;
                let id = FrameId::received(self.frames);
                self.client.handle_frame(self.now, id, &self.buffer);
                any = true;
            }
            while self
                .client
                .poll_transmit(self.now, &mut self.buffer)
                .is_some()
            {
                self.frames += 1;
                let id = FrameId::received(self.frames);
                let bytes = &self.buffer;
                self.server
                    .handle(self.now, ServerInput::Frame { id, bytes });
                any = true;
            }
            if !any {
                return;
            }
        }
    }

    fn run_for(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        self.settle();
        loop {
            let due = [self.server.poll_timeout(), self.client.poll_timeout()];
            let next = due.into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            self.server.handle(self.now, ServerInput::Timeout);
            self.client.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn connect(&mut self, port: u16) -> ConnId {
        let remote = SocketAddrV4::new(SERVER, port);
        let policy = Policy::default();
        let conn = self.client.connect(self.now, remote, &policy).unwrap();
        self.run_for(1);
        conn
    }

    fn say(&mut self, conn: ConnId, bytes: &[u8]) {
        assert_eq!(self.client.send(self.now, conn, bytes), bytes.len());
        self.run_for(50);
    }

    /// What has come on a connection.
    fn hear(&mut self, conn: ConnId) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            let taken = self.client.recv_with(self.now, conn, |bytes| {
                heard.extend_from_slice(bytes);
                bytes.len()
            });
            self.now += DELAY;
            self.settle();
            if taken == 0 {
                return heard;
            }
        }
    }

    /// All that comes in answer to `request` on a connection of its own.
    fn ask(&mut self, request: &str) -> String {
        let conn = self.connect(80);
        self.say(conn, request.as_bytes());
        let heard = self.hear(conn);
        self.client.close(self.now, conn);
        self.run_for(100);
        String::from_utf8(heard).unwrap()
    }

    /// The same for a GET of HTTP/1.1 with these further lines.
    fn get(&mut self, path: &str, lines: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n"
        ))
    }
}

fn directory() -> MemoryDirectory {
    MemoryDirectory::new()
        .with_file("hello.txt", *b"Hello, world!", Some(CHANGED_NS))
        .with_file("site/index.html", *b"<p>index", None)
        .with_file("site/deep/b & c.bin", vec![7; 3], None)
        .with_file("big.bin", pattern(1 << 20), Some(CHANGED_NS))
        .with_file("empty", Vec::new(), None)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

fn files(settings: Settings) -> World<FileServer<MemoryDirectory>> {
    World::new(FileServer::new(directory(), settings))
}

fn head_and_body(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").expect("a whole head")
}

#[test]
fn a_file_is_served_with_all_that_is_known_of_it() {
    let mut world = files(Settings::default());
    let answer = world.get("/hello.txt", "");
    let (head, body) = head_and_body(&answer);
    assert_eq!(body, "Hello, world!");
    assert_eq!(
        head.lines().collect::<Vec<_>>(),
        [
            "HTTP/1.1 200 OK",
            "Server: synema",
            "Content-Length: 13",
            "ETag: \"ae1b981da166f00-d\"",
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
            "Accept-Ranges: bytes",
            "Content-Type: text/plain; charset=utf-8",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
    );
    let served = world.server.service_mut().poll_served().unwrap();
    assert_eq!((served.status, served.body_len), (200, 13));
    assert_eq!(*served.remote.ip(), CLIENT);
    let told = world.server.observer_mut().iter();
    let apps = told.filter(|record| matches!(record.event, Event::App(_)));
    let apps: Vec<_> = apps.map(|record| record.event.clone()).collect();
    assert!(
        matches!(&apps[..], [Event::App(AppEvent::HttpAsked { target, .. }),
                 Event::App(AppEvent::HttpAnswered { status: 200, body_len: 13, .. })]
            if target == "/hello.txt"),
        "{apps:?}"
    );
}

#[test]
fn a_head_alone_has_no_body_and_the_same_length() {
    let mut world = files(Settings::default());
    let answer = world.ask("HEAD /hello.txt HTTP/1.0\r\n\r\n");
    let (head, body) = head_and_body(&answer);
    assert!(head.contains("Content-Length: 13"), "{head}");
    assert_eq!(body, "");
    let answer = world.get("/empty", "");
    assert!(answer.contains("Content-Length: 0\r\n") && answer.ends_with("\r\n\r\n"));
}

#[test]
fn statuses() {
    let mut world = files(Settings::default());
    for (path, lines, status) in [
        ("/nothing", "", "404 Not Found"),
        ("/hello.txt/", "", "404 Not Found"),
        ("/.hidden", "", "404 Not Found"),
        ("/../hello.txt", "", "400 Bad Request"),
        ("/%2e%2e/hello.txt", "", "400 Bad Request"),
        ("/site", "", "301 Moved Permanently"),
        (
            "/hello.txt",
            "Range: bytes=13-\r\n",
            "416 Range Not Satisfiable",
        ),
        ("/hello.txt", "Host: y\r\n", "400 Bad Request"),
    ] {
        let answer = world.get(path, lines);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{path}: {answer}"
        );
        assert!(answer.contains("Connection: close"), "{answer}");
    }
    assert!(world.get("/site", "").contains("Location: /site/\r\n"));
    let answer = world.ask("DELETE /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.contains("Allow: GET, HEAD\r\n"), "{answer}");
    let answer = world.ask("\x16\x03\x01\x02\x00\x01\x00\x01\u{1}fc\u{3}\u{3}");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[test]
fn only_whoever_asks_by_our_name_is_served() {
    let hosts = vec!["x".to_owned()];
    let mut world = files(Settings {
        hosts,
        ..Settings::default()
    });
    let ask =
        |host| format!("GET /hello.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert!(world.ask(&ask("X:8621")).starts_with("HTTP/1.1 200 "));
    let rebound = world.ask(&ask("evil.test"));
    assert!(
        rebound.starts_with("HTTP/1.1 421 Misdirected Request"),
        "{rebound}"
    );
    assert!(
        world
            .ask("GET /hello.txt HTTP/1.0\r\n\r\n")
            .starts_with("HTTP/1.1 200 ")
    );
}

#[test]
fn a_server_that_stops_tells_its_clients() {
    let mut world = files(Settings::default());
    let conn = world.connect(80);
    world.say(conn, b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
    world.server.handle(world.now, ServerInput::Stop);
    world.run_for(10);
    let event = ConnectionEvent::Closed(crate::trace::CloseReason::ResetByPeer);
    let told: Vec<_> = core::iter::from_fn(|| world.client.poll_event()).collect();
    assert!(
        told.contains(&StackEvent::Connection { conn, event }),
        "{told:?}"
    );
    let late = world.connect(80);
    world.run_for(10);
    assert_eq!(
        world.client.state(late),
        Some(crate::trace::TcpState::Closed),
        "refused"
    );
    assert_eq!(world.server.stack().connections_len(), 0);
}

#[test]
fn conditions_save_the_body() {
    let mut world = files(Settings::default());
    let etag = "\"ae1b981da166f00-d\"";
    for known in [
        format!("If-None-Match: {etag}\r\n"),
        format!("If-None-Match: \"other\", W/{etag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n".to_owned(),
    ] {
        let answer = world.get("/hello.txt", &known);
        let (head, body) = head_and_body(&answer);
        assert!(
            head.starts_with("HTTP/1.1 304 Not Modified"),
            "{known}{head}"
        );
        assert!(
            head.contains(etag) && !head.contains("Content-Length"),
            "{head}"
        );
        assert_eq!(body, "");
    }
    for new in [
        "If-None-Match: \"other\"\r\nIf-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
        "If-Modified-Since: yesterday\r\n",
    ] {
        assert!(
            world.get("/hello.txt", new).starts_with("HTTP/1.1 200 "),
            "{new}"
        );
    }
}

#[test]
fn parts_of_a_file() {
    let mut world = files(Settings::default());
    let etag = "\"ae1b981da166f00-d\"";
    let answer = world.get("/hello.txt", "Range: bytes=7-11\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 206 Partial Content"),
        "{answer}"
    );
    assert!(
        answer.contains("Content-Range: bytes 7-11/13\r\n"),
        "{answer}"
    );
    assert!(answer.contains("Content-Length: 5\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nworld"), "{answer}");
    let same = format!("Range: bytes=-1\r\nIf-Range: {etag}\r\n");
    assert!(world.get("/hello.txt", &same).ends_with("\r\n\r\n!"));
    let another = "Range: bytes=-1\r\nIf-Range: \"other\"\r\n";
    assert!(world.get("/hello.txt", another).ends_with("Hello, world!"));
}

#[test]
fn folders_show_their_index_or_a_list() {
    let mut world = files(Settings::default());
    assert!(world.get("/site/", "").ends_with("<p>index"));
    let list = world.get("/site/deep/", "");
    assert!(list.contains("text/html"), "{list}");
    assert!(
        list.contains("<a href=\"./b%20%26%20c.bin\">b &amp; c.bin</a> 3 bytes"),
        "{list}"
    );
    assert!(list.contains("href=\"../\""), "{list}");
    let root = world.get("/", "");
    let at = |name: &str| root.find(name).unwrap_or_else(|| panic!("{name}: {root}"));
    assert!(at("site/</a>") < at("big.bin"), "folders first: {root}");
    assert!(
        world
            .get("/site/deep/b%20&%20c.bin", "")
            .starts_with("HTTP/1.1 200 ")
    );
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let mut world = files(Settings::default());
    let conn = world.connect(80);
    let request = "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n";
    // Two at once, and the third in two pieces.
    world.say(
        conn,
        format!("{request}{request}{}", &request[..10]).as_bytes(),
    );
    let heard = String::from_utf8(world.hear(conn)).unwrap();
    assert_eq!(heard.matches("Hello, world!").count(), 2);
    assert!(!heard.contains("Connection: close"), "{heard}");
    world.say(conn, &request.as_bytes()[10..]);
    let heard = String::from_utf8(world.hear(conn)).unwrap();
    assert_eq!(heard.matches("Hello, world!").count(), 1);
    assert_eq!(world.server.service_mut().clients_len(), 1);
    // Who has nothing more to ask is let go.
    world.run_for(31_000);
    assert!(world.client.is_read_finished(conn));
}

#[test]
fn a_megabyte_goes_to_a_client_that_reads_slowly() {
    let mut world = files(Settings::default());
    let conn = world.connect(80);
    world.say(conn, b"GET /big.bin HTTP/1.0\r\n\r\n");
    let (mut heard, mut buf) = (Vec::new(), [0; 10_000]);
    while !world.client.is_read_finished(conn) {
        let len = world.client.recv(world.now, conn, &mut buf);
        heard.extend_from_slice(&buf[..len]);
        world.run_for(5);
        assert!(
            world.now < Instant::from_millis(60_000),
            "{} bytes came",
            heard.len()
        );
    }
    let end = heard
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    assert!(heard[end + 4..] == pattern(1 << 20));
}

#[test]
fn nobody_holds_a_place_for_ever() {
    let settings = Settings {
        max_clients: 2,
        ..Settings::default()
    };
    let mut world = files(settings);
    let silent = world.connect(80);
    let slow = world.connect(80);
    world.say(slow, b"GET /hello.txt HTT");
    // There is no place for a third, who waits to be accepted.
    let third = world.connect(80);
    world.say(third, b"GET /hello.txt HTTP/1.0\r\n\r\n");
    assert_eq!(world.hear(third), b"");
    assert_eq!(world.server.service_mut().clients_len(), 2);
    world.run_for(21_000);
    let heard = String::from_utf8(world.hear(slow)).unwrap();
    assert!(heard.starts_with("HTTP/1.1 408 Request Timeout"), "{heard}");
    world.run_for(20_000);
    assert!(world.client.is_read_finished(silent));
    let heard = String::from_utf8(world.hear(third)).unwrap();
    assert!(heard.ends_with("Hello, world!"), "{heard}");
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let mut world = files(Settings::default());
    let conn = world.connect(80);
    world.say(conn, b"GET /big.bin HTTP/1.0\r\n\r\n");
    world.run_for(120_000);
    assert_eq!(world.server.service_mut().clients_len(), 0);
    assert_eq!(world.server.stack().connections_len(), 0);
}

/// A file that becomes shorter while it is read.
#[derive(Debug)]
struct Shrinking;

impl Directory for Shrinking {
    type File = ();

    fn find(&mut self, _path: &[String]) -> Result<Found<()>, NotFound> {
        Ok(Found::File {
            file: (),
            len: 100_000,
            modified_ns: None,
        })
    }

    fn read(&mut self, _: &mut (), offset: u64, buf: &mut [u8]) -> Result<usize, Unreadable> {
        Ok(if offset < 50_000 { buf.len() } else { 0 })
    }
}

#[test]
fn a_body_that_cannot_be_completed_ends_with_a_reset() {
    let mut world = World::new(FileServer::new(Shrinking, Settings::default()));
    let conn = world.connect(80);
    world.say(conn, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    let reset = ConnectionEvent::Closed(crate::trace::CloseReason::ResetByPeer);
    let told: Vec<_> = core::iter::from_fn(|| world.client.poll_event()).collect();
    assert!(
        told.contains(&StackEvent::Connection { conn, event: reset }),
        "{told:?}"
    );
}

#[test]
fn an_echo_sends_back_what_it_can_and_closes_when_the_peer_does() {
    let echo = EchoServer::new(Port(7), Policy::default(), 2);
    let mut world = World::new(echo);
    let conn = world.connect(7);
    world.say(conn, b"hello");
    assert_eq!(world.hear(conn), b"hello");
    // More than fits anywhere at once, from a client that does not read meanwhile.
    let data = pattern(3 << 20);
    let (mut sent, mut heard) = (0, Vec::new());
    while heard.len() < data.len() {
        sent += world.client.send(world.now, conn, &data[sent..]);
        world.run_for(20);
        if sent == data.len() || heard.len() + (1 << 20) < sent {
            heard.extend(world.hear(conn));
        }
        assert!(
            world.now < Instant::from_millis(60_000),
            "{} bytes came",
            heard.len()
        );
    }
    assert!(heard == data);
    world.client.shutdown(world.now, conn);
    world.run_for(100);
    assert!(world.client.is_read_finished(conn));
    assert_eq!(world.server.service_mut().clients_len(), 0);
}
