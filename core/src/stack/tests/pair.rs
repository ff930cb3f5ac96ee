//! Two stacks on one link, in virtual time: whole connections from the first ARP
//! request to the last FIN.

use super::*;
use crate::tcp::ConnectionEvent;

const DELAY: Duration = Duration::from_millis(10);
const SERVER: Ipv4Addr = PEER;
const PORT: Port = Port(80);

/// One end, and what is on its way to it.
pub(super) struct End {
    pub(super) stack: Stack<Vec<Record>>,
    incoming: VecDeque<(Instant, FrameId, Vec<u8>)>,
    events: Vec<StackEvent>,
}

impl End {
    fn new(config: Config, addr: Ipv4Addr, seed: u64) -> Self {
        let mut stack = Stack::new(config, seed, Vec::new());
        stack
            .assume(Instant::ZERO, Interface::new(addr, 24, None).unwrap())
            .unwrap();
        Self {
            stack,
            incoming: VecDeque::new(),
            events: Vec::new(),
        }
    }

    fn take_events(&mut self) -> Vec<StackEvent> {
        core::mem::take(&mut self.events)
    }
}

/// A client, a server, and the link between them.
pub(super) struct Pair {
    pub(super) now: Instant,
    /// The client, then the server.
    pub(super) ends: [End; 2],
    client_policy: Policy,
    received: u64,
    /// A line for each frame.
    pub(super) ladder: Vec<String>,
    /// Which frames the link loses, counted over both directions.
    pub(super) lose: fn(usize) -> bool,
    /// The client's last SYN.
    pub(super) kept_syn: Option<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        Self::with(&Policy::default(), &Policy::default())
    }

    /// A client and a server that behave so.
    pub(super) fn with(client: &Policy, server: &Policy) -> Self {
        let mut pair = Self::with_server(Config::new(PEER_MAC), server);
        pair.client_policy = client.clone();
        pair
    }

    /// A server that is configured so.
    pub(super) fn with_server(config: Config, policy: &Policy) -> Self {
        let client = End::new(Config::new(OUR_MAC), US, 1);
        let mut server = End::new(config, SERVER, 2);
        server.stack.listen(PORT, policy).unwrap();
        Self {
            now: Instant::ZERO,
            ends: [client, server],
            client_policy: Policy::default(),
            kept_syn: None,
            received: 0,
            ladder: Vec::new(),
            lose: |_| false,
            buffer: Vec::with_capacity(1514),
        }
    }

    pub(super) fn client(&mut self) -> &mut Stack<Vec<Record>> {
        &mut self.ends[0].stack
    }

    pub(super) fn server(&mut self) -> &mut Stack<Vec<Record>> {
        &mut self.ends[1].stack
    }

    pub(super) fn connect(&mut self) -> ConnId {
        let (now, remote) = (self.now, SocketAddrV4::new(SERVER, PORT.0));
        let policy = self.client_policy.clone();
        self.client().connect(now, remote, &policy).unwrap()
    }

    /// The client calls from this port.
    pub(super) fn connect_from(&mut self, port: u16) -> ConnId {
        let (now, remote) = (self.now, SocketAddrV4::new(SERVER, PORT.0));
        let policy = self.client_policy.clone();
        self.client()
            .connect_from(now, Port(port), remote, &policy)
            .unwrap()
    }

    /// The connection that the server has accepted.
    pub(super) fn accepted(&mut self) -> ConnId {
        let told = self.ends[1].take_events();
        assert!(told.contains(&StackEvent::Acceptable { port: PORT }));
        self.server().accept(PORT).expect("a connection").0
    }

    pub(super) fn drain(&mut self) {
        for from in [0, 1] {
            while let Some(frame) = self.ends[from]
                .stack
                .poll_transmit(self.now, &mut self.buffer)
            {
                let lost = (self.lose)(self.ladder.len());
                let arrow = [">", "<"][from];
                let mark = if lost { " LOST" } else { "" };
                let text = describe(&self.buffer);
                let (_, what) = text.split_once(": ").unwrap();
                if from == 0 && what.ends_with("tcp SYN") {
                    self.kept_syn = Some(self.buffer.clone());
                }
                let ms = self.now.as_millis();
                self.ladder.push(format!("{ms:>5} {arrow} {what}{mark}"));
                if !lost {
                    let arrival = (self.now + DELAY, frame, self.buffer.clone());
                    self.ends[1 - from].incoming.push_back(arrival);
                }
            }
            while let Some(event) = self.ends[from].stack.poll_event() {
                self.ends[from].events.push(event);
            }
        }
    }

    /// The next thing that happens, if it happens by `end`.
    fn step(&mut self, end: Instant) -> bool {
        self.drain();
        let due = |end: &End| {
            let frame = end.incoming.front().map(|(at, ..)| *at);
            frame.into_iter().chain(end.stack.poll_timeout()).min()
        };
        let Some(at) = self
            .ends
            .iter()
            .filter_map(due)
            .min()
            .filter(|at| *at <= end)
        else {
            self.now = self.now.max(end);
            return false;
        };
        self.now = self.now.max(at);
        let now = self.now;
        for end in &mut self.ends {
            while end.incoming.front().is_some_and(|(at, ..)| *at <= now) {
                let (_, _, bytes) = end.incoming.pop_front().unwrap();
                self.received += 1;
                end.stack
                    .handle_frame(now, FrameId::received(self.received), &bytes);
            }
            if end.stack.poll_timeout().is_some_and(|at| at <= now) {
                end.stack.handle_timeout(now);
            }
        }
        self.drain();
        true
    }

    pub(super) fn run_for(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while self.step(end) {}
    }

    /// Sends `data` from one end (0 or 1) to the other, both reading and writing as
    /// soon as they can; what the other end has read.
    pub(super) fn transfer(&mut self, from: usize, conns: [ConnId; 2], data: &[u8]) -> Vec<u8> {
        let (mut sent, mut got, mut buf) = (0, Vec::new(), vec![0; 4096]);
        let deadline = self.now + Duration::from_secs(120);
        while got.len() < data.len() && self.now < deadline {
            let now = self.now;
            sent += self.ends[from].stack.send(now, conns[from], &data[sent..]);
            loop {
                let len = self.ends[1 - from]
                    .stack
                    .recv(now, conns[1 - from], &mut buf);
                if len == 0 {
                    break;
                }
                got.extend_from_slice(&buf[..len]);
            }
            self.step(deadline);
        }
        got
    }
}

/// Bytes that differ from place to place.
fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap())
        .collect()
}

#[test]
fn a_connection_from_the_first_request_to_the_last_fin() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let server = pair.accepted();
    let now = pair.now;
    assert_eq!(pair.client().send(now, client, b"GET"), 3);
    pair.run_for(200);
    let mut buf = [0; 10];
    let now = pair.now;
    assert_eq!(pair.server().recv(now, server, &mut buf), 3);
    assert_eq!(&buf[..3], b"GET");
    pair.server().shutdown(now, server);
    pair.run_for(100);
    assert!(pair.client().is_read_finished(client));
    let now = pair.now;
    pair.client().shutdown(now, client);
    pair.run_for(100);
    let ladder: Vec<_> = pair.ladder.iter().map(|line| line.trim()).collect();
    let expected = "\
          0 > who has 192.168.0.7? tell 192.168.0.129
         10 < 192.168.0.7 is at 02:00:00:00:00:07
         20 > 192.168.0.7 tcp SYN
         30 < 192.168.0.129 tcp SYN,ACK
         40 > 192.168.0.7 tcp ACK
        100 > 192.168.0.7 tcp PSH,ACK
        110 < 192.168.0.129 tcp ACK
        300 < 192.168.0.129 tcp FIN,ACK
        310 > 192.168.0.7 tcp ACK
        400 > 192.168.0.7 tcp FIN,ACK
        410 < 192.168.0.129 tcp ACK";
    let lines: Vec<_> = expected.lines().map(str::trim).collect();
    assert_eq!(ladder, lines, "{}", ladder.join("\n"));

    // The server closed first: it waits, the client is forgotten.
    assert_eq!(pair.server().state(server), Some(TcpState::TimeWait));
    assert_eq!(pair.client().state(client), None);
    pair.run_for(300_000);
    assert_eq!(pair.server().state(server), None);
    let told: Vec<_> = pair.ends[0].take_events();
    let closed = ConnectionEvent::Closed(CloseReason::Finished);
    assert_eq!(
        told.last(),
        Some(&StackEvent::Connection {
            conn: client,
            event: closed
        })
    );
}

#[test]
fn a_megabyte_goes_either_way_without_a_new_buffer() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let conns = [client, pair.accepted()];
    let (place, data) = (pair.buffer.as_ptr(), pattern(1 << 20));
    assert!(pair.transfer(0, conns, &data) == data);
    assert!(pair.transfer(1, conns, &data) == data);
    // What goes out never needed more than the frame's own size.
    assert_eq!(
        (pair.buffer.as_ptr(), pair.buffer.capacity()),
        (place, 1514)
    );
    // TCP gets through, so that nobody asks for addresses again.
    let asked = pair
        .ladder
        .iter()
        .filter(|line| line.contains("who has"))
        .count();
    assert_eq!(asked, 1);
}

#[test]
fn loss_is_repaired() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let conns = [client, pair.accepted()];
    pair.lose = |frame| frame % 17 == 3;
    let data = pattern(200_000);
    assert!(pair.transfer(0, conns, &data) == data);
    assert!(pair.ladder.iter().any(|line| line.ends_with("LOST")));
}

#[test]
fn nobody_listens_and_the_connection_is_refused() {
    let mut pair = Pair::new();
    pair.server().unlisten(Instant::ZERO, PORT);
    let conn = pair.connect();
    pair.run_for(100);
    let event = ConnectionEvent::Closed(CloseReason::Refused);
    assert_eq!(
        pair.ends[0].take_events(),
        [StackEvent::Connection { conn, event }]
    );
    assert_eq!(pair.client().connections_len(), 0);
}

#[test]
fn a_silent_neighbour_ends_the_handshake_after_three_seconds() {
    let mut pair = Pair::new();
    pair.lose = |_| true;
    let conn = pair.connect();
    pair.run_for(2_999);
    assert_eq!(pair.client().state(conn), Some(TcpState::SynSent));
    pair.run_for(2);
    let event = ConnectionEvent::Closed(CloseReason::NoNeighbour);
    let events = pair.ends[0].take_events();
    assert!(
        events.contains(&StackEvent::Connection { conn, event }),
        "{events:?}"
    );
    assert!(
        events.contains(&StackEvent::NoNeighbour { addr: SERVER }),
        "{events:?}"
    );
    assert_eq!(pair.client().connections_len(), 0);
}

#[test]
fn who_loses_the_address_falls_silent() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let conns = [client, pair.accepted()];
    let now = pair.now;
    pair.client().send(now, client, &pattern(100_000));
    pair.run_for(5);
    for number in 0..2 {
        let challenge = arp_from(EVIL_MAC, US, US);
        let now = pair.now;
        pair.client()
            .handle_frame(now, FrameId::received(9_000 + number), &challenge);
    }
    let sent = pair.ladder.iter().filter(|line| line.contains('>')).count();
    pair.run_for(1_000);
    let later = pair.ladder.iter().filter(|line| line.contains('>')).count();
    assert_eq!(later, sent, "{:#?}", &pair.ladder[pair.ladder.len() - 5..]);
    let event = ConnectionEvent::Closed(CloseReason::AddressLost);
    let events = pair.ends[0].take_events();
    assert!(
        events.contains(&StackEvent::Connection {
            conn: conns[0],
            event
        }),
        "{events:?}"
    );
    assert!(
        events.contains(&StackEvent::AddressLost {
            addr: US,
            to: EVIL_MAC
        }),
        "{events:?}"
    );
    assert_eq!(pair.client().connections_len(), 0);
}

#[test]
fn many_connections_share_the_link_in_turn() {
    let mut pair = Pair::new();
    let clients: Vec<_> = (0..20).map(|_| pair.connect()).collect();
    pair.run_for(100);
    let now = pair.now;
    for &conn in &clients {
        assert_eq!(pair.client().send(now, conn, &pattern(3_000)), 3_000);
    }
    let before = pair.ladder.len();
    pair.drain();
    // Every connection has sent its first segment before any has sent its third.
    let sent = &pair.ends[0].stack.observer();
    let data = sent
        .iter()
        .rev()
        .take(100)
        .filter_map(|record| match record.event {
            Event::Sent {
                conn,
                cause: Cause::Data,
                ..
            } => conn,
            _ => None,
        });
    let mut order: Vec<_> = data.collect();
    order.reverse();
    assert!(pair.ladder.len() >= before + 40);
    assert_eq!(order[..20], clients[..]);
    let ports = clients
        .iter()
        .map(|conn| pair.ends[0].stack.endpoints(*conn).unwrap().0.port());
    let ports: std::collections::BTreeSet<_> = ports.collect();
    assert_eq!(ports.len(), 20);
    pair.run_for(1_000);
    for _ in &clients {
        let (conn, _) = pair.server().accept(PORT).unwrap();
        assert_eq!(pair.server().readable_len(conn), 3_000);
    }
}

#[test]
fn who_closes_both_ways_does_not_read_what_still_comes() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let server = pair.accepted();
    let now = pair.now;
    pair.client().close(now, client);
    pair.run_for(100);
    let now = pair.now;
    pair.server().send(now, server, b"too late");
    pair.run_for(100);
    assert!(
        pair.ladder.last().unwrap().contains("RST"),
        "{:?}",
        pair.ladder.last()
    );
    assert_eq!(pair.client().connections_len(), 0);
}

#[test]
fn an_abort_resets_and_is_forgotten() {
    let mut pair = Pair::new();
    let client = pair.connect();
    pair.run_for(100);
    let server = pair.accepted();
    let now = pair.now;
    pair.server().send(now, server, b"unread");
    pair.run_for(100);
    let now = pair.now;
    pair.client().abort(now, client);
    pair.run_for(100);
    assert!(
        pair.ladder.last().unwrap().contains("RST"),
        "{:?}",
        pair.ladder.last()
    );
    assert_eq!(pair.client().connections_len(), 0);
    let event = ConnectionEvent::Closed(CloseReason::ResetByPeer);
    let events = pair.ends[1].take_events();
    assert!(
        events.contains(&StackEvent::Connection {
            conn: server,
            event
        }),
        "{events:?}"
    );
}
