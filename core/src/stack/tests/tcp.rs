//! Segments that belong to nobody.

use super::*;
use crate::tcp::ConnectionEvent;
use crate::wire::SeqNum;
use crate::wire::tcp::{Flags, Header, Options};

/// A segment from the peer.
fn segment(flags: Flags, seq: u32, ack: u32, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        src_port: Port(4_000),
        dst_port: Port(80),
        seq: SeqNum(seq),
        ack: SeqNum(ack),
        flags,
        window: 1_000,
        urgent_pointer: 0,
        options: Options::NONE,
    };
    let mut out = Vec::new();
    header.emit(PEER, US, &[payload], &mut out);
    ip_frame(Protocol::TCP, &out)
}

/// A SYN from one of the peer's ports to our port 80.
pub(super) fn syn_from(port: u16) -> Vec<u8> {
    let header = Header {
        src_port: Port(port),
        dst_port: Port(80),
        seq: SeqNum(100),
        ack: SeqNum(0),
        flags: Flags::SYN,
        window: 1_000,
        urgent_pointer: 0,
        options: Options::NONE,
    };
    let mut out = Vec::new();
    header.emit(PEER, US, &[], &mut out);
    ip_frame(Protocol::TCP, &out)
}

#[test]
fn a_segment_to_nobody_is_reset_as_the_rfc_says() {
    let mut bench = Bench::with_peer();
    bench.frame(1, &segment(Flags::SYN, 100, 0, b""));
    bench.frame(1, &segment(Flags::SYN | Flags::FIN, 100, 0, b"abc"));
    bench.frame(1, &segment(Flags::ACK, 100, 777, b"data"));
    bench.frame(1, &segment(Flags::RST, 100, 0, b""));
    bench.check(
        "1 x received#3 NoConnection
         1 > 02:00:00:00:00:07: 192.168.0.7 tcp RST,ACK (Reset(NoConnection))
         1 x received#4 NoConnection
         1 > 02:00:00:00:00:07: 192.168.0.7 tcp RST,ACK (Reset(NoConnection))
         1 x received#5 NoConnection
         1 > 02:00:00:00:00:07: 192.168.0.7 tcp RST (Reset(NoConnection))
         1 x received#6 NoConnection",
    );
    let numbers = |at: usize| {
        let bytes = &bench.sent[at].1;
        let packet = dissect(LinkType::Ethernet, bytes, bytes.len());
        let reset = packet.tcp().unwrap();
        (reset.seq().0, reset.ack().0)
    };
    // RFC 9293 §3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN>, or <SEQ=SEG.ACK>.
    assert_eq!(numbers(0), (0, 101));
    assert_eq!(numbers(1), (0, 105));
    assert_eq!(numbers(2), (777, 0));
}

#[test]
fn a_router_that_says_no_ends_the_handshake() {
    let mut bench = Bench::with_peer();
    let remote = SocketAddrV4::new(PEER, 80);
    let conn = bench
        .stack
        .connect(bench.now, remote, &Policy::default())
        .unwrap();
    bench.drain();
    let quote = bench.sent[0].1[14..42].to_vec();
    let error = |reason, quote: &[u8]| {
        let message = icmpv4::Message::DestinationUnreachable { reason, quote };
        ip_frame(Protocol::ICMP, &icmp_payload(&message))
    };
    // A quote of what was never sent is not believed: not even its sequence number fits.
    let mut forged = quote.clone();
    forged[24] ^= 0x80;
    bench.frame(1, &error(icmpv4::Unreachable::Port, &forged));
    assert_eq!(bench.stack.state(conn), Some(TcpState::SynSent));
    bench.frame(2, &error(icmpv4::Unreachable::Port, &quote));
    assert_eq!(bench.stack.state(conn), Some(TcpState::Closed));
    let closed = |event: &StackEvent| {
        matches!(
            event,
            StackEvent::Connection {
                event: ConnectionEvent::Closed(_),
                ..
            }
        )
    };
    assert!(bench.events().iter().any(closed));
    assert_eq!(bench.stack.state(conn), None);
}

#[test]
fn resets_are_sent_only_so_often() {
    let mut bench = Bench::with_peer();
    for _ in 0..150 {
        bench.frame(1, &segment(Flags::ACK, 1, 1, b""));
    }
    let story = bench.story();
    assert_eq!(story.matches("Reset").count(), 100);
    assert_eq!(story.matches("RateLimited").count(), 50);
}

#[test]
fn a_damaged_segment_reaches_nobody() {
    let mut bench = Bench::with_peer();
    let mut frame = segment(Flags::SYN, 100, 0, b"");
    frame[50] ^= 1;
    bench.frame(1, &frame);
    bench.check("1 x received#3 BadChecksum");
}

#[test]
fn where_there_is_no_way_there_is_no_connection() {
    let mut bench = Bench::with_address();
    let mut connect = |remote: Ipv4Addr, port| {
        let remote = SocketAddrV4::new(remote, port);
        bench
            .stack
            .connect(Instant::ZERO, remote, &Policy::default())
            .unwrap_err()
    };
    assert_eq!(connect(PEER, 0), ConnectError::PortZero);
    assert_eq!(connect(US, 80), ConnectError::NoRoute(US));
    assert_eq!(
        connect(Ipv4Addr::BROADCAST, 80),
        ConnectError::NoRoute(Ipv4Addr::BROADCAST)
    );
    let everybody = Ipv4Addr::new(224, 0, 0, 1);
    assert_eq!(connect(everybody, 80), ConnectError::NoRoute(everybody));
    let our_link = Ipv4Addr::new(192, 168, 0, 255);
    assert_eq!(connect(our_link, 80), ConnectError::NoRoute(our_link));
}

#[test]
fn a_call_to_many_or_from_nobody_is_not_heard() {
    let mut bench = Bench::with_peer();
    bench.stack.listen(Port(80), &Policy::default()).unwrap();
    let call = |source: Ipv4Addr, destination: Ipv4Addr| {
        let mut syn = Vec::new();
        let header = Header {
            src_port: Port(4_000),
            dst_port: Port(80),
            seq: SeqNum(100),
            ack: SeqNum(0),
            flags: Flags::SYN,
            window: 1_000,
            urgent_pointer: 0,
            options: Options::NONE,
        };
        header.emit(source, destination, &[], &mut syn);
        let header = ipv4::Header::new(source, destination, Protocol::TCP);
        ip_frame_with(&header, OUR_MAC, &syn)
    };
    let (our_link, group) = (Ipv4Addr::new(192, 168, 0, 255), Ipv4Addr::new(224, 0, 0, 1));
    for (source, destination) in [
        (PEER, our_link),
        (PEER, Ipv4Addr::BROADCAST),
        (PEER, group),
        (our_link, US),
        (group, US),
        (Ipv4Addr::BROADCAST, US),
        (Ipv4Addr::UNSPECIFIED, US),
    ] {
        bench.frame(1, &call(source, destination));
        assert!(bench.sent.is_empty(), "{source} called {destination}");
        assert_eq!(bench.stack.connections_len(), 0);
    }
    bench.frame(1, &call(PEER, US));
    assert_eq!(bench.stack.connections_len(), 1);
}

#[test]
fn what_a_router_said_can_be_asked_for_until_the_peer_is_heard() {
    let mut bench = Bench::with_peer();
    let conn = call(&mut bench, 100);
    bench.stack.send(bench.now, conn, b"x");
    bench.drain();
    let sent = bench.sent.pop().unwrap().1;
    let packet = dissect(LinkType::Ethernet, &sent, sent.len());
    let ours = packet.tcp().unwrap();
    let kinds = [
        (icmpv4::Unreachable::Network, 0),
        (icmpv4::Unreachable::Host, 1),
        (icmpv4::Unreachable::SourceRouteFailed, 5),
    ];
    assert_eq!(bench.stack.soft_error(conn), None);
    for (reason, code) in kinds {
        let message = icmpv4::Message::DestinationUnreachable {
            reason,
            quote: &sent[14..],
        };
        bench.frame(2, &ip_frame(Protocol::ICMP, &icmp_payload(&message)));
        assert_eq!(bench.stack.soft_error(conn), Some(code));
        assert_eq!(bench.stack.state(conn), Some(TcpState::Established));
    }
    let header = Header {
        src_port: Port(80),
        dst_port: ours.src_port(),
        seq: SeqNum(101),
        ack: ours.seq() + 1,
        flags: Flags::ACK,
        window: 60_000,
        urgent_pointer: 0,
        options: Options::NONE,
    };
    let mut answer = Vec::new();
    header.emit(PEER, US, &[], &mut answer);
    bench.frame(3, &ip_frame(Protocol::TCP, &answer));
    assert_eq!(bench.stack.soft_error(conn), None);
}

#[test]
fn packets_bear_the_ttl_and_the_code_point_that_the_policy_says() {
    let mut bench = Bench::with_peer();
    let mut policy = Policy::default();
    (policy.send.ttl, policy.send.dscp) = (3, 46);
    let remote = SocketAddrV4::new(PEER, 80);
    let conn = bench.stack.connect(bench.now, remote, &policy).unwrap();
    bench.drain();
    policy.send.dscp = 8;
    bench.stack.set_policy(bench.now, conn, &policy);
    bench.run_to(1_500);
    let fields = |frame: &[u8]| {
        let packet = dissect(LinkType::Ethernet, frame, frame.len());
        let Body::Ipv4(ip) = &packet.layers[1].body else {
            panic!("it is an IPv4 packet");
        };
        (ip.ttl(), ip.dscp())
    };
    let sent: Vec<_> = bench.sent.iter().map(|(_, frame)| fields(frame)).collect();
    assert_eq!(sent, [(3, 46), (3, 8)]);
}

#[test]
fn all_connections_together_challenge_only_so_often() {
    let mut bench = Bench::with_peer();
    bench.stack.config.max_connections = 1_000;
    let backlog = Backlog {
        accept: 200,
        handshakes: 200,
        cookies: false,
    };
    let policy = Policy::default();
    let listening = bench.stack.listen_with(Port(80), &policy, backlog);
    listening.expect("the port is free");
    let reset = |port: u16| {
        let header = Header {
            src_port: Port(port),
            dst_port: Port(80),
            seq: SeqNum(150),
            ack: SeqNum(0),
            flags: Flags::RST,
            window: 0,
            urgent_pointer: 0,
            options: Options::NONE,
        };
        let mut out = Vec::new();
        header.emit(PEER, US, &[], &mut out);
        ip_frame(Protocol::TCP, &out)
    };
    // 200 handshakes, each of which would challenge ten times in five seconds.
    for port in 0..200 {
        bench.frame(2_000, &syn_from(1_000 + port));
    }
    assert_eq!(bench.stack.connections_len(), 200);
    bench.forget();
    for port in 0..200 {
        for _ in 0..10 {
            bench.frame(2_100, &reset(1_000 + port));
        }
    }
    let challenges = bench.story().matches("ChallengeAck").count();
    assert!((500..1500).contains(&challenges), "{challenges}");
    // A second later there is a new number of them.
    bench.frame(3_500, &reset(1_199));
    let later = bench.story();
    assert!(later.contains("ChallengeAck"), "{later}");
}

/// Handshakes with a peer of 1460 bytes, whose own numbers begin with `irs`.
fn call(bench: &mut Bench, irs: u32) -> ConnId {
    let remote = SocketAddrV4::new(PEER, 80);
    let policy = Policy::default();
    let conn = bench.stack.connect(bench.now, remote, &policy).unwrap();
    bench.drain();
    let syn = bench.sent.pop().unwrap().1;
    let packet = dissect(LinkType::Ethernet, &syn, syn.len());
    let syn = packet.tcp().unwrap();
    assert_eq!(syn.options().mss, Some(1460), "our own link is as it was");
    let header = Header {
        src_port: Port(80),
        dst_port: syn.src_port(),
        seq: SeqNum(irs),
        ack: syn.seq() + 1,
        flags: Flags::SYN | Flags::ACK,
        window: 60_000,
        urgent_pointer: 0,
        options: Options {
            mss: Some(1460),
            ..Options::NONE
        },
    };
    let mut answer = Vec::new();
    header.emit(PEER, US, &[], &mut answer);
    bench.frame(1, &ip_frame(Protocol::TCP, &answer));
    conn
}

/// A router says that the last packet sent was larger than `next_hop_mtu`.
fn too_big(bench: &mut Bench, next_hop_mtu: u16) {
    let quote = bench.sent.pop().unwrap().1[14..].to_vec();
    let reason = icmpv4::Unreachable::FragmentationNeeded { next_hop_mtu };
    let message = icmpv4::Message::DestinationUnreachable {
        reason,
        quote: &quote,
    };
    let error = icmp_payload(&message);
    bench.frame(2, &ip_frame(Protocol::ICMP, &error));
}

#[test]
fn what_one_connection_learns_of_a_way_the_next_one_knows() {
    let mut bench = Bench::with_peer();
    let first = call(&mut bench, 100);
    assert_eq!(bench.stack.info(bench.now, first).unwrap().send_mss, 1460);
    bench.stack.send(bench.now, first, &[7; 1460]);
    bench.drain();
    too_big(&mut bench, 1_000);
    assert_eq!(bench.stack.info(bench.now, first).unwrap().send_mss, 960);
    let second = call(&mut bench, 200);
    assert_eq!(bench.stack.info(bench.now, second).unwrap().send_mss, 960);
}

#[test]
fn over_a_way_below_552_bytes_routers_may_cut_our_packets() {
    let mut bench = Bench::with_peer();
    let first = call(&mut bench, 100);
    bench.stack.send(bench.now, first, &[7; 700]);
    bench.drain();
    let sent = |bench: &mut Bench| -> Vec<(usize, bool)> {
        bench.drain();
        let frames = bench.sent.drain(..).map(|(_, bytes)| {
            let packet = dissect(LinkType::Ethernet, &bytes, bytes.len());
            (bytes.len() - 14, packet.ipv4().unwrap().dont_fragment())
        });
        frames.collect()
    };
    too_big(&mut bench, 552);
    bench.sent.remove(0);
    assert_eq!(sent(&mut bench), [(552, true), (228, true)]);
    // The next one is even narrower.
    bench.stack.send(bench.now, first, &[7; 10]);
    bench.run_to(20_000);
    let last = bench.sent.pop().unwrap();
    bench.sent.clear();
    bench.sent.push(last);
    too_big(&mut bench, 300);
    assert_eq!(sent(&mut bench), [(552, false)]);
    // And the next connection knows it.
    let second = call(&mut bench, 200);
    bench.sent.clear();
    bench.stack.send(bench.now, second, &[7; 1_024]);
    assert_eq!(sent(&mut bench), [(552, false), (552, false)]);
}
