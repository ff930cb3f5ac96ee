//! The way from a SYN to the application: queues, cookies, and what is dropped.

use super::tcp::syn_from;
use super::*;
use crate::tcp::ConnectionEvent;
use crate::tcp::policy::EcnPolicy;
use crate::wire::SeqNum;
use crate::wire::tcp::{Flags, Header, Options, Timestamps};
use proptest::collection::vec;
use proptest::prelude::*;

const PORT: Port = Port(80);

/// A listener with this backlog, on a stack that knows its peer.
fn listening(accept: usize, handshakes: usize) -> Bench {
    let mut bench = Bench::with_peer();
    let backlog = Backlog {
        accept,
        handshakes,
        cookies: true,
    };
    bench
        .stack
        .listen_with(PORT, &Policy::default(), backlog)
        .unwrap();
    bench
}

/// A segment of the peer's.
struct Said {
    port: u16,
    flags: Flags,
    seq: u32,
    ack: u32,
    options: Options,
    payload: &'static [u8],
}

impl Said {
    fn new(port: u16, flags: Flags, seq: u32, ack: u32) -> Self {
        let options = Options::NONE;
        Self {
            port,
            flags,
            seq,
            ack,
            options,
            payload: b"",
        }
    }

    fn frame(&self) -> Vec<u8> {
        let header = Header {
            src_port: Port(self.port),
            dst_port: PORT,
            seq: SeqNum(self.seq),
            ack: SeqNum(self.ack),
            flags: self.flags,
            window: 1_000,
            urgent_pointer: 0,
            options: self.options,
        };
        let mut out = Vec::new();
        header.emit(PEER, US, &[self.payload], &mut out);
        ip_frame(Protocol::TCP, &out)
    }
}

/// The header of the last segment that was sent.
fn last_sent(bench: &Bench) -> (Flags, u32, u32, Options) {
    let (_, bytes) = bench.sent.last().expect("something was sent");
    let packet = dissect(LinkType::Ethernet, bytes, bytes.len());
    let tcp = packet.tcp().expect("a segment");
    (tcp.flags(), tcp.seq().0, tcp.ack().0, tcp.options())
}

/// The peer completes a handshake from this port; its SYN has the number 100.
fn complete(bench: &mut Bench, ms: u64, port: u16) {
    bench.frame(ms, &syn_from(port));
    let (_, iss, ..) = last_sent(bench);
    let ack = Said::new(port, Flags::ACK, 101, iss.wrapping_add(1));
    bench.frame(ms, &ack.frame());
}

#[test]
fn one_port_has_one_listener() {
    let mut bench = listening(1, 1);
    let again = bench.stack.listen(PORT, &Policy::default());
    assert_eq!(again, Err(ListenError::InUse(PORT)));
    let nobody = bench.stack.listen(Port(0), &Policy::default());
    assert_eq!(nobody, Err(ListenError::PortZero));
}

#[test]
fn connections_are_accepted_in_the_order_in_which_they_were_complete() {
    let mut bench = listening(8, 8);
    complete(&mut bench, 1, 4_001);
    complete(&mut bench, 1, 4_002);
    // Told once, however many wait.
    assert_eq!(bench.events(), [StackEvent::Acceptable { port: PORT }]);
    let mut from = || bench.stack.accept(PORT).map(|(_, remote)| remote.port());
    assert_eq!([from(), from(), from()], [Some(4_001), Some(4_002), None]);
    complete(&mut bench, 2, 4_003);
    assert_eq!(bench.events(), [StackEvent::Acceptable { port: PORT }]);
}

#[test]
fn what_happens_before_accept_is_told_after_it() {
    let mut bench = listening(8, 8);
    complete(&mut bench, 1, 4_001);
    let (_, iss, ..) = last_sent(&bench);
    let mut data = Said::new(4_001, Flags::ACK | Flags::FIN, 101, iss.wrapping_add(1));
    data.payload = b"hello";
    bench.frame(2, &data.frame());
    assert_eq!(bench.events(), [StackEvent::Acceptable { port: PORT }]);
    let (conn, _) = bench.stack.accept(PORT).unwrap();
    let told = |event| StackEvent::Connection { conn, event };
    assert_eq!(
        bench.events(),
        [
            told(ConnectionEvent::Readable),
            told(ConnectionEvent::PeerClosed)
        ]
    );
    assert_eq!(bench.stack.readable_len(conn), 5);
}

#[test]
fn a_connection_that_was_reset_before_accept_says_so_afterwards() {
    let mut bench = listening(8, 8);
    complete(&mut bench, 1, 4_001);
    bench.frame(2, &Said::new(4_001, Flags::RST, 101, 0).frame());
    let (conn, _) = bench.stack.accept(PORT).unwrap();
    bench.drain();
    let event = ConnectionEvent::Closed(CloseReason::ResetByPeer);
    let told = StackEvent::Connection { conn, event };
    assert!(bench.events().contains(&told));
    assert_eq!(bench.stack.connections_len(), 0);
}

#[test]
fn a_handshake_that_fails_was_never_anybodys() {
    let mut bench = listening(8, 1);
    bench.frame(1, &syn_from(4_001));
    assert_eq!(bench.stack.connections_len(), 1);
    bench.frame(2, &Said::new(4_001, Flags::RST, 101, 0).frame());
    assert_eq!(bench.stack.connections_len(), 0);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.stack.accept(PORT), None);
    // Its place is free again: no cookie is needed.
    bench.forget();
    bench.frame(3, &syn_from(4_002));
    assert!(bench.story().contains("(SynAck)"));
}

#[test]
fn a_full_accept_queue_drops_the_last_ack_and_takes_it_later() {
    let mut bench = listening(1, 8);
    // Two handshakes begin while there is room for one connection.
    bench.frame(1, &syn_from(4_001));
    let (_, first, ..) = last_sent(&bench);
    bench.frame(1, &syn_from(4_002));
    let (_, second, ..) = last_sent(&bench);
    bench.frame(
        2,
        &Said::new(4_001, Flags::ACK, 101, first.wrapping_add(1)).frame(),
    );
    bench.story();
    let ack = Said::new(4_002, Flags::ACK, 101, second.wrapping_add(1)).frame();
    bench.frame(3, &ack);
    bench.frame(4, &syn_from(4_003));
    bench.check(
        "3 x received#6 AcceptQueueFull
         4 x received#7 AcceptQueueFull",
    );
    // Its SYN-ACK is repeated, and once there is room the repeated ACK is taken.
    bench.run_to(1_200);
    let (flags, again, ..) = last_sent(&bench);
    assert_eq!((flags, again), (Flags::SYN | Flags::ACK, second));
    assert_eq!(bench.stack.accept(PORT).unwrap().1.port(), 4_001);
    bench.frame(1_201, &ack);
    assert_eq!(bench.stack.accept(PORT).unwrap().1.port(), 4_002);
    assert!(!bench.story().contains("Reset"));
}

#[test]
fn whoever_stops_listening_resets_what_nobody_accepted() {
    let mut bench = listening(8, 8);
    complete(&mut bench, 1, 4_001);
    complete(&mut bench, 1, 4_002);
    bench.frame(1, &syn_from(4_003));
    let (accepted, _) = bench.stack.accept(PORT).unwrap();
    bench.forget();
    bench.stack.unlisten(at(2), PORT);
    bench.drain();
    assert_eq!(bench.story().matches("Reset(Aborted)").count(), 2);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.stack.state(accepted), Some(TcpState::Established));
    assert_eq!(bench.stack.connections_len(), 1);
    bench.frame(3, &syn_from(4_004));
    assert!(bench.story().contains("Reset(NoConnection)"));
}

/// The SYN of a peer that has everything.
fn modern_syn(port: u16, scale: u8) -> Vec<u8> {
    let mut syn = Said::new(port, Flags::SYN, 100, 0);
    syn.options = Options {
        mss: Some(1_460),
        window_scale: Some(scale),
        sack_permitted: true,
        timestamps: Some(Timestamps {
            value: 5_000,
            echo: 0,
        }),
        ..Options::NONE
    };
    syn.frame()
}

#[test]
fn more_handshakes_than_there_is_room_for_are_answered_with_cookies() {
    let mut bench = listening(8, 2);
    bench.frame(1, &syn_from(1));
    bench.frame(1, &syn_from(2));
    bench.story();
    bench.frame(1, &modern_syn(3, 7));
    bench.check("1 > 02:00:00:00:00:07: 192.168.0.7 tcp SYN,ACK (SynCookie)");
    // Nothing is kept of it, not even a timer.
    assert_eq!(bench.stack.connections_len(), 2);
    let (_, cookie, ack, options) = last_sent(&bench);
    assert_eq!(ack, 101);
    assert!(options.sack_permitted);
    assert_eq!(options.window_scale, Some(7));

    let ours = options.timestamps.unwrap();
    let mut reply = Said::new(3, Flags::ACK, 101, cookie.wrapping_add(1));
    reply.payload = b"GET";
    reply.options.timestamps = Some(Timestamps {
        value: 5_050,
        echo: ours.value,
    });
    bench.frame(51, &reply.frame());
    let (conn, remote) = bench.stack.accept(PORT).unwrap();
    assert_eq!(remote.port(), 3);
    assert_eq!(bench.stack.state(conn), Some(TcpState::Established));
    assert_eq!(bench.stack.readable_len(conn), 3);
    // The window of 1,000 was scaled by 7, and the MSS less the timestamps is 1,448.
    bench.forget();
    bench.stack.send(at(60), conn, &[7; 200_000]);
    bench.drain();
    let sent = bench.sent.len();
    assert_eq!(sent, 10, "the initial window of RFC 6928");
    let longest = bench.sent.iter().map(|(_, bytes)| bytes.len()).max();
    assert_eq!(longest, Some(1_514));
}

#[test]
fn a_cookie_remembers_little_of_a_peer_without_timestamps() {
    let mut bench = listening(8, 0);
    let mut syn = Said::new(3, Flags::SYN, 100, 0);
    syn.options = Options {
        mss: Some(1_400),
        window_scale: Some(7),
        sack_permitted: true,
        ..Options::NONE
    };
    bench.frame(1, &syn.frame());
    let (_, cookie, _, options) = last_sent(&bench);
    assert_eq!(options.window_scale, None);
    assert!(!options.sack_permitted);
    bench.frame(
        2,
        &Said::new(3, Flags::ACK, 101, cookie.wrapping_add(1)).frame(),
    );
    let (conn, _) = bench.stack.accept(PORT).unwrap();
    bench.forget();
    bench.stack.send(at(60), conn, &[7; 2_000]);
    bench.drain();
    // 1,300 is the next smaller size that a cookie knows; the window is 1,000.
    let longest = bench.sent.iter().map(|(_, bytes)| bytes.len()).max();
    assert_eq!(longest, Some(54 + 1_000));
}

#[test]
fn a_cookie_promises_of_ecn_what_it_remembers() {
    let mut bench = Bench::with_peer();
    let backlog = Backlog {
        accept: 8,
        handshakes: 0,
        cookies: true,
    };
    let policy = Policy {
        ecn: EcnPolicy::Accept,
        ..Policy::default()
    };
    bench.stack.listen_with(PORT, &policy, backlog).unwrap();
    let asks = Flags::SYN | Flags::ECE | Flags::CWR;
    // Without timestamps nothing would be remembered: nothing is promised.
    bench.frame(1, &Said::new(3, asks, 100, 0).frame());
    assert_eq!(last_sent(&bench).0, Flags::SYN | Flags::ACK);

    let clock = |value, echo| Some(Timestamps { value, echo });
    let mut syn = Said::new(4, asks, 100, 0);
    syn.options.timestamps = clock(5_000, 0);
    bench.frame(2, &syn.frame());
    let (flags, cookie, _, options) = last_sent(&bench);
    assert_eq!(flags, Flags::SYN | Flags::ACK | Flags::ECE);

    let mut data = Said::new(4, Flags::ACK, 101, cookie.wrapping_add(1));
    data.options.timestamps = clock(5_050, options.timestamps.unwrap().value);
    bench.frame(50, &data.frame());
    data.payload = b"GET";
    let mut segment = data.frame();
    mark(&mut segment);
    bench.frame(51, &segment);
    let (flags, _, ack, _) = last_sent(&bench);
    assert_eq!((flags, ack), (Flags::ACK | Flags::ECE, 104));
}

/// A router has marked the packet (RFC 3168: CE).
fn mark(frame: &mut [u8]) {
    const IP: usize = 14;
    frame[IP + 1] |= 3;
    frame[IP + 10..IP + 12].fill(0);
    let sum = crate::wire::checksum::Sum::new().with(&frame[IP..IP + 20]);
    frame[IP + 10..IP + 12].copy_from_slice(&sum.finish().to_be_bytes());
}

#[test]
fn nobody_gets_in_with_a_guess() {
    let mut bench = listening(8, 0);
    // No cookie has gone out: no ACK is believed.
    bench.frame(1, &Said::new(3, Flags::ACK, 101, 777).frame());
    bench.frame(2, &modern_syn(3, 7));
    let (_, cookie, ..) = last_sent(&bench);
    bench.story();
    for wrong in 2..40 {
        let ack = Said::new(3, Flags::ACK, 101, cookie.wrapping_add(wrong));
        bench.frame(3, &ack.frame());
    }
    let other_port = Said::new(4, Flags::ACK, 101, cookie.wrapping_add(1));
    bench.frame(3, &other_port.frame());
    let story = bench.story();
    assert_eq!(story.matches("NoConnection\n").count(), 39, "{story}");
    assert_eq!(bench.stack.connections_len(), 0);
    // And after two minutes the true one has gone stale.
    bench.frame(
        200_000,
        &Said::new(3, Flags::ACK, 101, cookie.wrapping_add(1)).frame(),
    );
    assert_eq!(bench.stack.connections_len(), 0);
}

#[test]
fn without_cookies_what_does_not_fit_is_dropped_in_silence() {
    let mut bench = Bench::with_peer();
    let backlog = Backlog {
        accept: 8,
        handshakes: 2,
        cookies: false,
    };
    bench
        .stack
        .listen_with(PORT, &Policy::default(), backlog)
        .unwrap();
    for port in 1..=5 {
        bench.frame(1, &syn_from(port));
    }
    let story = bench.story();
    assert_eq!(story.matches("QueueFull").count(), 3);
    assert_eq!(story.matches("tcp SYN,ACK").count(), 2);
}

#[test]
fn a_crowd_gets_cookies_while_the_first_keep_their_handshakes() {
    let mut bench = Bench::with_peer();
    bench.stack.listen(PORT, &Policy::default()).unwrap();
    for port in 1..=200 {
        bench.frame(1, &syn_from(port));
    }
    assert_eq!(bench.stack.connections_len(), 128);
    let story = bench.story();
    assert_eq!(story.matches("(SynAck)").count(), 128);
    assert_eq!(story.matches("(SynCookie)").count(), 72);
}

/// What strangers, the application and time do.
#[derive(Clone, Copy, Debug)]
enum Act {
    Syn(u16, bool),
    /// The ACK of the last SYN-ACK, with data perhaps.
    Answer(u16, bool),
    Fin(u16),
    Reset(u16),
    Accept,
    /// The oldest connection that was accepted.
    Close,
    Abort,
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let port = 1u16..7;
    prop_oneof![
        4 => (port.clone(), any::<bool>()).prop_map(|(port, modern)| Act::Syn(port, modern)),
        4 => (port.clone(), any::<bool>()).prop_map(|(port, data)| Act::Answer(port, data)),
        2 => port.clone().prop_map(Act::Fin),
        1 => port.prop_map(Act::Reset),
        3 => Just(Act::Accept),
        2 => Just(Act::Close),
        1 => Just(Act::Abort),
        2 => (0u64..5_000).prop_map(Act::Wait),
    ]
}

/// The bench, the peer's knowledge of our numbers, and the application's connections.
struct Books {
    bench: Bench,
    /// By the peer's port: our last SYN-ACK.
    iss: [u32; 7],
    seen: usize,
    accepted: VecDeque<ConnId>,
}

impl Books {
    fn act(&mut self, act: Act) {
        let now = self.bench.now;
        let ms = now.as_millis();
        let numbered = |port: u16, flags| {
            let ack = self.iss[usize::from(port)].wrapping_add(1);
            Said::new(port, flags, 101, ack)
        };
        match act {
            Act::Syn(port, true) => self.bench.frame(ms, &modern_syn(port, 7)),
            Act::Syn(port, false) => self.bench.frame(ms, &syn_from(port)),
            Act::Answer(port, data) => {
                let mut said = numbered(port, Flags::ACK);
                said.payload = if data { b"data" } else { b"" };
                self.bench.frame(ms, &said.frame());
            }
            Act::Fin(port) => {
                let said = numbered(port, Flags::ACK | Flags::FIN);
                self.bench.frame(ms, &said.frame());
            }
            Act::Reset(port) => self.bench.frame(ms, &numbered(port, Flags::RST).frame()),
            Act::Accept => {
                let taken = self.bench.stack.accept(PORT);
                self.accepted.extend(taken.map(|(conn, _)| conn));
            }
            Act::Close => {
                if let Some(conn) = self.accepted.pop_front() {
                    self.bench.stack.close(now, conn);
                }
            }
            Act::Abort => {
                if let Some(conn) = self.accepted.pop_front() {
                    self.bench.stack.abort(now, conn);
                }
            }
            Act::Wait(more) => self.bench.run_to(ms + more),
        }
        self.bench.drain();
        self.bench.events();
        for (_, bytes) in &self.bench.sent[self.seen..] {
            let packet = dissect(LinkType::Ethernet, bytes, bytes.len());
            if let Some(tcp) = packet.tcp()
                && tcp.flags().syn()
            {
                self.iss[usize::from(tcp.dst_port().0)] = tcp.seq().0;
            }
        }
        self.seen = self.bench.sent.len();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever comes, the queues keep to their bounds, and in the end nothing is left
    /// of anybody: no connection, no place in a queue, no timer.
    #[test]
    fn the_books_balance(acts in vec(act(), 0..80)) {
        let bench = listening(2, 2);
        let (iss, accepted) = ([0; 7], VecDeque::new());
        let mut books = Books { bench, iss, seen: 0, accepted };
        for act in acts {
            books.act(act);
            let stack = &books.bench.stack;
            let waiting = stack.connections.unaccepted(PORT).len();
            prop_assert!(waiting <= 2 + 2, "{waiting}");
        }
        while let Some((conn, _)) = books.bench.stack.accept(PORT) {
            books.accepted.push_back(conn);
        }
        while !books.accepted.is_empty() {
            books.act(Act::Abort);
        }
        // Handshakes that nobody completed are given up, records in TIME-WAIT grow old.
        books.act(Act::Wait(900_000));
        prop_assert_eq!(books.bench.stack.connections_len(), 0);
        prop_assert_eq!(books.bench.stack.connections.poll_timeout(), None);
        // Both places are free again: only the third SYN finds none.
        books.bench.story();
        for port in [1, 2, 3] {
            books.act(Act::Syn(port, false));
        }
        let story = books.bench.story();
        prop_assert_eq!(story.matches("Opened").count(), 2, "{}", story);
    }
}
