//! Bytes from nowhere: nothing panics, nothing grows without bound, and a run
//! with the same inputs is the same run.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a hostile link does next.
#[derive(Clone, Debug)]
enum Input {
    Bytes(Vec<u8>),
    /// A good frame, a few bytes changed.
    Almost(usize, Vec<(usize, u8)>),
    /// Time passes, or is said to go back.
    Time(u64),
    Connect(u16),
    Datagram(u8),
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        vec(any::<u8>(), 0..120).prop_map(Input::Bytes),
        (0usize..8, vec((0usize..80, any::<u8>()), 0..3)).prop_map(|(n, c)| Input::Almost(n, c)),
        (0u64..5_000).prop_map(Input::Time),
        any::<u16>().prop_map(Input::Connect),
        any::<u8>().prop_map(Input::Datagram),
    ]
}

fn good_frame(number: usize) -> Vec<u8> {
    let mut syn = Vec::new();
    let header = crate::wire::tcp::Header {
        src_port: Port(4_000),
        dst_port: Port(80),
        seq: crate::wire::SeqNum(1),
        ack: crate::wire::SeqNum(0),
        flags: crate::wire::tcp::Flags::SYN,
        window: 1_000,
        urgent_pointer: 0,
        options: crate::wire::tcp::Options::NONE,
    };
    header.emit(PEER, US, &[], &mut syn);
    let echo = icmpv4::Message::EchoRequest {
        identifier: 1,
        sequence: 1,
        data: &[0; 20],
    };
    let piece = ipv4::Header {
        more_fragments: true,
        dont_fragment: false,
        ..ipv4::Header::new(PEER, US, Protocol::UDP)
    };
    match number {
        0 => arp_reply(PEER_MAC, PEER),
        1 => arp_from(PEER_MAC, PEER, US),
        2 => arp_from(EVIL_MAC, US, US),
        3 => ip_frame(Protocol::ICMP, &icmp_payload(&echo)),
        4 => ip_frame(Protocol::UDP, &udp_payload(53, 5_000, b"data")),
        5 => ip_frame_with(&piece, OUR_MAC, &[0; 64]),
        6 => arp_reply(PEER_MAC, GATEWAY),
        _ => ip_frame(Protocol::TCP, &syn),
    }
}

/// Runs the inputs through a stack and gives it back with all that it said and sent.
fn run(inputs: &[Input]) -> Bench {
    let mut bench = Bench::with_address();
    bench.stack.listen(Port(80), &Policy::default()).unwrap();
    bench.stack.udp_bind(Some(Port(5_000))).unwrap();
    for input in inputs {
        match input {
            Input::Bytes(bytes) => bench.frame(0, bytes),
            Input::Almost(number, changes) => {
                let mut frame = good_frame(*number);
                for (at, value) in changes {
                    if let Some(byte) = frame.get_mut(*at) {
                        *byte = *value;
                    }
                }
                bench.frame(0, &frame);
            }
            Input::Time(ms) => {
                bench.run_to(bench.now.as_millis() + ms);
                // A clock that goes back must not confuse anybody.
                bench.stack.handle_timeout(Instant::from_millis(*ms));
            }
            Input::Connect(port) => {
                let remote = SocketAddrV4::new(FAR, *port);
                let _ = bench.stack.connect(bench.now, remote, &Policy::default());
                bench.drain();
            }
            Input::Datagram(byte) => {
                let remote = SocketAddrV4::new(Ipv4Addr::new(192, 168, 0, *byte), 53);
                let _ = bench
                    .stack
                    .udp_send_to(bench.now, Port(5_000), remote, &[*byte]);
                bench.drain();
            }
        }
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_at_all_are_survived_and_replayed(inputs in vec(input(), 0..120)) {
        let bench = run(&inputs);
        prop_assert!(bench.stack.control.len() <= MAX_CONTROL);
        prop_assert!(bench.stack.events.len() <= MAX_EVENTS);
        // Each frame that came in was told of, each that went out has a name of its own.
        let trace = bench.stack.observer();
        let received = trace.iter().filter(|r| matches!(r.event, Event::Received { .. })).count();
        prop_assert_eq!(received as u64, bench.received);
        let mut names: Vec<_> = bench.sent.iter().map(|(frame, _)| *frame).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), bench.sent.len());
        // Time never goes back in the trace.
        prop_assert!(trace.is_sorted_by_key(|record| record.at));
        for (_, bytes) in &bench.sent {
            describe(bytes);
        }

        let again = run(&inputs);
        prop_assert_eq!(again.stack.observer(), trace);
        prop_assert_eq!(again.sent, bench.sent);
    }
}

#[test]
fn a_flood_of_neighbours_stays_within_bounds() {
    let mut bench = Bench::with_address();
    let interface = Interface::new(US, 8, None).unwrap();
    bench.stack.release(Instant::ZERO);
    bench.stack.assume(Instant::ZERO, interface).unwrap();
    let port = bench.stack.udp_bind(None).unwrap();
    for number in 0..2_000u32 {
        let host = Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 1, 0, 1)) + number);
        bench.frame(1, &arp_from(PEER_MAC, host, US));
        let silent = Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 2, 0, 1)) + number);
        let to = SocketAddrV4::new(silent, 53);
        let _ = bench.stack.udp_send_to(bench.now, port, to, &[0; 1_000]);
        bench.drain();
    }
    let story = bench.story();
    // 256 entries, all of them silent in the end: no room to ask for more, and the
    // packets that nobody waits for are accounted for.
    assert_eq!(story.matches("Asking").count(), 256);
    assert_eq!(story.matches("QueueFull").count(), 2_000 - 192);
}

#[test]
fn events_that_nobody_takes_do_not_pile_up() {
    let mut bench = Bench::with_peer();
    bench.stack.udp_bind(Some(Port(5_000))).unwrap();
    let frame = ip_frame(Protocol::UDP, &udp_payload(53, 5_000, b"x"));
    for _ in 0..2_000 {
        bench.frame(1, &frame);
        bench.stack.udp_recv(Port(5_000)).unwrap();
    }
    // However many there are, what befalls our address is told.
    for _ in 0..2 {
        bench.frame(2, &arp_from(EVIL_MAC, US, US));
    }
    let events = bench.events();
    assert_eq!(events.len(), MAX_EVENTS + 1);
    let lost = StackEvent::AddressLost {
        addr: US,
        to: EVIL_MAC,
    };
    assert_eq!(events.last(), Some(&lost));
}
