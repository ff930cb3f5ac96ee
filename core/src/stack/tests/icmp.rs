//! Echoes, errors, fragments and datagrams.

use super::*;
use crate::wire::icmpv4::{Message, Unreachable};

fn echo(data: &[u8]) -> Vec<u8> {
    icmp_payload(&Message::EchoRequest {
        identifier: 7,
        sequence: 1,
        data,
    })
}

#[test]
fn a_ping_is_answered_with_its_own_data() {
    let mut bench = Bench::with_peer();
    bench.frame(1, &ip_frame(Protocol::ICMP, &echo(b"hello")));
    bench.check("1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)");
    let (_, reply) = &bench.sent[0];
    let packet = dissect(LinkType::Ethernet, reply, reply.len());
    let expected = Message::EchoReply {
        identifier: 7,
        sequence: 1,
        data: b"hello",
    };
    assert_eq!(packet.icmpv4().unwrap().message(), expected);
    assert_eq!(packet.ipv4().unwrap().source(), US);
    assert!(packet.ipv4().unwrap().dont_fragment());
}

#[test]
fn a_fragmented_ping_is_put_together_and_answered_if_the_answer_fits() {
    let mut bench = Bench::with_peer();
    let small = echo(&[9; 1_000]);
    let large = echo(&[9; 2_000]);
    for (id, message) in [(1, &small), (2, &large)] {
        for (at, piece) in message.chunks(800).enumerate() {
            let header = ipv4::Header {
                identification: id,
                dont_fragment: false,
                more_fragments: (at + 1) * 800 < message.len(),
                fragment_offset_units: u16::try_from(at * 100).unwrap(),
                ..ipv4::Header::new(PEER, US, Protocol::ICMP)
            };
            bench.frame(1, &ip_frame_with(&header, OUR_MAC, piece));
        }
    }
    bench.check(
        "1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)
         1 x received#7 FragmentLimit",
    );
    assert_eq!(bench.sent[0].1.len(), 14 + 20 + 8 + 1_000);
}

#[test]
fn a_packet_whose_rest_never_comes_is_given_up_and_its_sender_told() {
    let mut bench = Bench::with_peer();
    let piece = |id, offset_units, payload: &[u8]| {
        let header = ipv4::Header {
            identification: id,
            dont_fragment: false,
            more_fragments: true,
            fragment_offset_units: offset_units,
            ..ipv4::Header::new(PEER, US, Protocol::UDP)
        };
        ip_frame_with(&header, OUR_MAC, payload)
    };
    bench.frame(1, &piece(1, 0, &[7; 800]));
    bench.frame(1, &piece(2, 100, &[7; 800]));
    bench.run_to(40_000);
    // RFC 1122 §3.3.2: only if the first fragment is here.
    bench.check(
        "30001 x received#3 FragmentTimeout
         30001 x received#4 FragmentTimeout
         30001 > 02:00:00:00:00:07: 192.168.0.7 icmp 11/1 (ReassemblyTimeExceeded)",
    );
    assert_eq!(bench.sent[0].1.len(), 14 + 576);
}

#[test]
fn what_is_not_for_us_alone_is_never_answered() {
    let mut bench = Bench::with_peer();
    let header = |source, destination| ipv4::Header::new(source, destination, Protocol::ICMP);
    let broadcast = Ipv4Addr::new(192, 168, 0, 255);
    let strange = [
        (header(PEER, US), MacAddr::BROADCAST),
        (header(PEER, broadcast), MacAddr::BROADCAST),
        (header(PEER, Ipv4Addr::BROADCAST), MacAddr::BROADCAST),
        (
            header(PEER, Ipv4Addr::new(224, 0, 0, 1)),
            MacAddr([1, 0, 0x5e, 0, 0, 1]),
        ),
        (header(PEER, GATEWAY), OUR_MAC),
        (header(PEER, US), EVIL_MAC),
        (header(broadcast, US), OUR_MAC),
        (header(Ipv4Addr::LOCALHOST, US), OUR_MAC),
        (header(Ipv4Addr::UNSPECIFIED, US), OUR_MAC),
        (header(Ipv4Addr::new(224, 0, 0, 1), US), OUR_MAC),
        (header(US, US), OUR_MAC),
    ];
    for (header, destination) in strange {
        bench.frame(1, &ip_frame_with(&header, destination, &echo(b"")));
    }
    bench.check(
        "1 x received#3 OtherMac
         1 x received#4 OtherAddress
         1 x received#5 OtherAddress
         1 x received#6 OtherAddress
         1 x received#7 OtherAddress
         1 x received#8 OtherMac
         1 x received#9 BadSource
         1 x received#10 BadSource
         1 x received#11 BadSource
         1 x received#12 BadSource
         1 x received#13 BadSource",
    );
}

#[test]
fn damaged_packets_are_dropped_each_for_its_reason() {
    let mut bench = Bench::with_peer();
    let good = ip_frame(Protocol::ICMP, &echo(b"x"));
    let damage = |at: usize, value: u8| {
        let mut frame = good.clone();
        frame[at] = value;
        frame
    };
    bench.frame(1, &good[..10]);
    bench.frame(1, &good[..30]);
    bench.frame(1, &damage(14, 0x65));
    bench.frame(1, &damage(22, 1)); // TTL, without a new checksum
    bench.frame(1, &damage(42, b'y'));
    bench.frame(1, &ip_frame(Protocol(132), b"sctp"));
    bench.frame(
        1,
        &in_ethernet(PEER_MAC, OUR_MAC, EtherType(0x88cc), b"lldp"),
    );
    bench.frame(1, &in_ethernet(PEER_MAC, OUR_MAC, EtherType::ARP, b"short"));
    bench.frame(
        1,
        &in_ethernet(MacAddr::BROADCAST, OUR_MAC, EtherType::IPV4, &good[14..]),
    );
    bench.check(
        "1 x received#3 Malformed
         1 x received#4 Malformed
         1 x received#5 Malformed
         1 x received#6 BadChecksum
         1 x received#7 BadChecksum
         1 x received#8 UnknownProtocol
         1 > 02:00:00:00:00:07: 192.168.0.7 icmp 3/2 (ProtocolUnreachable)
         1 x received#9 UnknownEtherType
         1 x received#10 Malformed
         1 x received#11 BadSource",
    );
}

#[test]
fn a_priority_tag_is_looked_through_and_another_vlan_is_not() {
    let mut bench = Bench::with_peer();
    let packet = &ip_frame(Protocol::ICMP, &echo(b""))[14..];
    for id in [0, 5] {
        let mut payload = Vec::new();
        let ether_type = EtherType::IPV4;
        ethernet::VlanTag {
            priority: 6,
            drop_eligible: false,
            id,
            ether_type,
        }
        .emit(&mut payload);
        payload.extend_from_slice(packet);
        bench.frame(
            1,
            &in_ethernet(PEER_MAC, OUR_MAC, EtherType::VLAN, &payload),
        );
    }
    bench.check(
        "1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)
         1 x received#4 UnknownEtherType",
    );
}

#[test]
fn pings_are_answered_only_so_often() {
    let mut bench = Bench::with_peer();
    for _ in 0..150 {
        bench.frame(1, &ip_frame(Protocol::ICMP, &echo(b"")));
    }
    let story = bench.story();
    assert_eq!(story.matches("EchoReply").count(), 100);
    assert_eq!(story.matches("RateLimited").count(), 50);
}

#[test]
fn a_datagram_reaches_its_socket_or_its_sender_is_told() {
    let mut bench = Bench::with_peer();
    let port = bench.stack.udp_bind(Some(Port(5_000))).unwrap();
    assert_eq!(bench.stack.udp_bind(Some(port)), Err(UdpError::InUse(port)));
    bench.frame(
        1,
        &ip_frame(Protocol::UDP, &udp_payload(53, 5_000, b"answer")),
    );
    bench.frame(
        1,
        &ip_frame(Protocol::UDP, &udp_payload(53, 5_001, b"nobody")),
    );
    bench.check(
        "1 x received#4 NoListener
         1 > 02:00:00:00:00:07: 192.168.0.7 icmp 3/3 (PortUnreachable)",
    );
    let (_, error) = &bench.sent[0];
    let packet = dissect(LinkType::Ethernet, error, error.len());
    let asked = ip_frame(Protocol::UDP, &udp_payload(53, 5_001, b"nobody"));
    assert_eq!(
        packet.icmpv4().unwrap().message().quoted(),
        Some(&asked[14..])
    );
    assert_eq!(bench.events(), [StackEvent::UdpReadable { port }]);
    let datagram = bench.stack.udp_recv(port).unwrap();
    assert_eq!(datagram.payload, b"answer");
    assert_eq!(datagram.remote, SocketAddrV4::new(PEER, 53));
    assert_eq!(bench.stack.udp_recv(port), None);
    let max = 1_472;
    let remote = SocketAddrV4::new(PEER, 53);
    let refused = bench
        .stack
        .udp_send_to(bench.now, port, remote, &[0; 1_473]);
    assert_eq!(refused, Err(UdpError::TooLong { max }));
    assert_eq!(
        bench
            .stack
            .udp_send_to(bench.now, port, remote, &[0; 1_472]),
        Ok(())
    );
}

#[test]
fn an_error_is_believed_only_if_it_quotes_what_is_ours() {
    let mut bench = Bench::with_peer();
    let port = bench.stack.udp_bind(None).unwrap();
    let remote = SocketAddrV4::new(PEER, 53);
    bench
        .stack
        .udp_send_to(bench.now, port, remote, b"question")
        .unwrap();
    bench.drain();
    let quote = bench.sent[0].1[14..].to_vec();
    bench.forget();
    let reason = Unreachable::Port;
    let error = icmp_payload(&Message::DestinationUnreachable {
        reason,
        quote: &quote,
    });
    bench.frame(1, &ip_frame(Protocol::ICMP, &error));
    assert_eq!(
        bench.events(),
        [StackEvent::UdpUnreachable {
            port,
            remote,
            reason
        }]
    );

    // From another address, another port, or not from us at all.
    let mut forged = quote.clone();
    forged[21] ^= 1;
    let wrong_port = icmp_payload(&Message::DestinationUnreachable {
        reason,
        quote: &forged,
    });
    bench.frame(1, &ip_frame(Protocol::ICMP, &wrong_port));
    let mut forged = quote.clone();
    forged[15] ^= 1;
    let wrong_source = icmp_payload(&Message::DestinationUnreachable {
        reason,
        quote: &forged,
    });
    bench.frame(1, &ip_frame(Protocol::ICMP, &wrong_source));
    let redirect = icmp_payload(&Message::Redirect {
        code: 1,
        gateway: PEER,
        quote: &quote,
    });
    bench.frame(1, &ip_frame(Protocol::ICMP, &redirect));
    bench.check(
        "1 x received#4 IcmpNotOurs
         1 x received#5 IcmpNotOurs
         1 x received#6 IcmpNotOurs",
    );
    assert_eq!(bench.events(), []);
}

#[test]
fn a_source_quench_is_nobodys_business() {
    let mut bench = Bench::with_peer();
    let remote = SocketAddrV4::new(PEER, 80);
    let policy = Policy::default();
    let conn = bench.stack.connect(bench.now, remote, &policy).unwrap();
    bench.drain();
    let quote = bench.sent[0].1[14..].to_vec();
    bench.forget();
    let data = [&[0; 4], &quote[..]].concat();
    let quench = icmp_payload(&Message::Other {
        kind: 4,
        code: 0,
        data: &data,
    });
    bench.frame(1, &ip_frame(Protocol::ICMP, &quench));
    bench.check("1 x received#3 IcmpNotOurs");
    assert_eq!(bench.stack.soft_error(conn), None);
}

/// A ping with these 12 bytes of options in its IP header.
fn echo_with_options(options: [u8; 12]) -> Vec<u8> {
    let mut packet = ip_frame(Protocol::ICMP, &echo(b"x"))[14..].to_vec();
    packet.splice(20..20, options);
    packet[0] = 0x48;
    let total = u16::try_from(packet.len()).unwrap().to_be_bytes();
    packet[2..4].copy_from_slice(&total);
    packet[10..12].fill(0);
    let sum = crate::wire::checksum::Sum::new().with(&packet[..32]);
    packet[10..12].copy_from_slice(&sum.finish().to_be_bytes());
    in_ethernet(PEER_MAC, OUR_MAC, EtherType::IPV4, &packet)
}

#[test]
fn options_of_ip_are_passed_over() {
    let mut bench = Bench::with_peer();
    // A timestamp, a record of the route, an unknown one, and the end.
    bench.frame(
        1,
        &echo_with_options([68, 4, 5, 0, 7, 3, 4, 200, 3, 9, 0, 0]),
    );
    // A length of zero, and one beyond the header.
    bench.frame(
        2,
        &echo_with_options([7, 0, 1, 1, 1, 1, 1, 1, 1, 1, 68, 200]),
    );
    bench.check(
        "1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)
         2 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)",
    );
}

#[test]
fn a_source_route_steers_nothing() {
    let mut bench = Bench::with_peer();
    let [a, b, c, d] = FAR.octets();
    // Loose and strict, both completed: the way back would be by somebody else.
    for kind in [131, 137] {
        bench.frame(
            1,
            &echo_with_options([1, kind, 7, 8, a, b, c, d, 0, 0, 0, 0]),
        );
    }
    bench.check(
        "1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)
         1 > 02:00:00:00:00:07: 192.168.0.7 icmp 0/0 (EchoReply)",
    );
    for (_, reply) in &bench.sent {
        assert_eq!(reply[14], 0x45, "no options");
    }
}
