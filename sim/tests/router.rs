//! The network itself: the switch, and the router between two of them.

mod common;

use common::{Shouter, lab_with_pages, server, ten_ms};
use core::net::Ipv4Addr;
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, Command, FetchOptions, SessionEvent,
    propose_candidates,
};
use synema_core::time::Duration;
use synema_core::wire::icmpv4::{self, Message, Unreachable};
use synema_core::wire::{ChecksumStatus, EtherType, MacAddr, Protocol, arp, ethernet, ipv4};
use synema_sim::lab::{DNS, GATEWAY, PAGE};
use synema_sim::{HttpServer, Lab, NodeRef, Page};

const US: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 200);
const OUR_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 200]);
const ROUTER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

fn frame(destination: MacAddr, ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
    let source = OUR_MAC;
    let mut bytes = Vec::new();
    ethernet::Header {
        destination,
        source,
        ether_type,
    }
    .emit(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

fn packet(to: Ipv4Addr, ttl: u8, message: &Message<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    message.emit(&mut payload);
    let mut bytes = Vec::new();
    let header = ipv4::Header {
        ttl,
        ..ipv4::Header::new(US, to, Protocol::ICMP)
    };
    header.emit(payload.len(), &mut bytes);
    bytes.extend_from_slice(&payload);
    bytes
}

fn udp_packet(to: Ipv4Addr, ttl: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = ipv4::Header {
        ttl,
        ..ipv4::Header::new(US, to, Protocol::UDP)
    };
    header.emit(8, &mut bytes);
    bytes.extend_from_slice(&[0, 7, 0, 7, 0, 8, 0, 0]);
    bytes
}

const ECHO: Message<'static> = Message::EchoRequest {
    identifier: 5,
    sequence: 6,
    data: b"hello",
};

/// Says an ARP request for the router and then these frames; the IPv4 packets that come back.
fn say(frames: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut lab = Lab::new(1, ten_ms(), HttpServer::default());
    let mut shouter = Shouter::default();
    let mut request = Vec::new();
    arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: OUR_MAC,
        sender_ip: US,
        target_mac: MacAddr::ZERO,
        target_ip: GATEWAY,
    }
    .emit(&mut request);
    let request = frame(MacAddr::BROADCAST, EtherType::ARP, &request);
    shouter.frames.push_back((Duration::ZERO, request));
    for (number, frame) in (1..).zip(frames) {
        shouter
            .frames
            .push_back((Duration::from_millis(number), frame));
    }
    let node: NodeRef<Shouter> = lab.network.add(shouter);
    lab.network.plug(node, 0, lab.lan);
    lab.network.run_for(Duration::from_secs(10));
    let heard = lab.network.node(node).heard.iter().filter_map(|bytes| {
        let view = ethernet::Frame::parse(bytes).expect("an Ethernet frame");
        assert_eq!(view.source(), ROUTER_MAC, "nobody else has to say anything");
        (view.ether_type() == EtherType::IPV4).then(|| view.payload().to_vec())
    });
    heard.collect()
}

/// The one ICMP message among `heard`, and who sent it.
fn only_icmp<T>(heard: &[Vec<u8>], judge: impl FnOnce(Ipv4Addr, &Message<'_>) -> T) -> T {
    let [bytes] = heard else {
        panic!("not one packet: {heard:?}");
    };
    let packet = ipv4::Packet::parse(bytes).expect("a packet");
    assert_eq!(packet.checksum_status(), ChecksumStatus::Ok);
    assert_eq!(packet.destination(), US);
    let icmp = icmpv4::Packet::parse(packet.payload()).expect("a message");
    assert_eq!(icmp.checksum_status(), ChecksumStatus::Ok);
    judge(packet.source(), &icmp.message())
}

#[test]
fn the_router_answers_echoes_and_forwards_them() {
    for (to, hops) in [(GATEWAY, 0), (DNS, 1)] {
        let heard = say(vec![frame(
            ROUTER_MAC,
            EtherType::IPV4,
            &packet(to, 9, &ECHO),
        )]);
        let ttl = ipv4::Packet::parse(&heard[0]).expect("a packet").ttl();
        assert_eq!(ttl, 64 - hops);
        only_icmp(&heard, |from, message| {
            assert_eq!(from, to);
            let reply = Message::EchoReply {
                identifier: 5,
                sequence: 6,
                data: b"hello",
            };
            assert_eq!(*message, reply);
        });
    }
}

#[test]
fn packets_that_go_no_further_are_reported() {
    let say_packet = |packet: Vec<u8>| say(vec![frame(ROUTER_MAC, EtherType::IPV4, &packet)]);
    only_icmp(&say_packet(udp_packet(DNS, 1)), |from, message| {
        assert_eq!(from, GATEWAY);
        assert!(
            matches!(message, Message::TimeExceeded { code: 0, .. }),
            "{message:?}"
        );
    });
    let reason = |to| {
        only_icmp(&say_packet(udp_packet(to, 9)), |_, message| match message {
            Message::DestinationUnreachable { reason, quote } => {
                assert_eq!(
                    quote[..],
                    udp_packet(
                        to,
                        if *reason == Unreachable::Network {
                            9
                        } else {
                            8
                        }
                    )[..]
                );
                *reason
            }
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(reason(Ipv4Addr::new(10, 7, 7, 7)), Unreachable::Network);
    assert_eq!(reason(Ipv4Addr::new(10, 2, 0, 77)), Unreachable::Host);
    // RFC 1812 §4.3.2.7: no errors about ICMP.
    let to = Ipv4Addr::new(10, 7, 7, 7);
    assert!(say_packet(packet(to, 9, &ECHO)).is_empty());
}

#[test]
fn what_is_damaged_or_for_others_is_left_alone() {
    let good = packet(GATEWAY, 9, &ECHO);
    let mut damaged = good.clone();
    damaged[10] ^= 1;
    let other_mac = MacAddr([2, 0, 0, 0, 9, 9]);
    let heard = say(vec![
        frame(ROUTER_MAC, EtherType::IPV4, &damaged),
        frame(other_mac, EtherType::IPV4, &good),
        frame(MacAddr::BROADCAST, EtherType::IPV4, &good),
        frame(ROUTER_MAC, EtherType::IPV4, &good[..15]),
        frame(ROUTER_MAC, EtherType::ARP, &good),
        frame(ROUTER_MAC, EtherType::IPV6, &good),
        vec![1, 2, 3],
    ]);
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn a_server_on_the_same_lan_is_reached_without_the_gateway() {
    let mut lab = lab_with_pages(2, ten_ms(), &[]);
    lab.add_host(80, server(&[("/", Page::new(b"near"))]));
    let fetched = lab.fetch(1, "http://10.1.0.80/", FetchOptions::default());
    assert_eq!(fetched.body, b"near");
    let (page, router) = (lab.page.id(), lab.router.id());
    let unicast = |it: &&synema_sim::Passage| it.bytes[0] & 1 == 0;
    let mut passages = lab.network.passages().iter().filter(unicast);
    assert!(passages.all(|it| it.from != router && !(it.from == page && it.to == router)));
}

#[test]
fn when_an_address_is_taken_the_next_candidate_is_tried() {
    let mut lab = Lab::new(3, ten_ms(), HttpServer::default());
    let candidates = propose_candidates(GATEWAY, 24, &[GATEWAY], 3, 4);
    for taken in &candidates[..2] {
        lab.add_neighbour(taken.octets()[3]);
    }
    for addr in &candidates[..3] {
        let claim = ClaimCommand {
            addr: *addr,
            ..Lab::claim_command(ClaimTimings::QuickLab)
        };
        lab.command(Command::Claim(claim));
        lab.network.run_for(Duration::from_secs(2));
    }
    let claims = lab
        .network
        .node(lab.page)
        .events()
        .iter()
        .map(|(_, event)| match event {
            SessionEvent::Claim(claim) => *claim,
            SessionEvent::Fetch { .. } => panic!("nothing is fetched"),
        });
    let claims: Vec<_> = claims.collect();
    let in_use = |addr: Ipv4Addr| ClaimEvent::Refused {
        addr,
        why: ClaimRefusal::InUse {
            by: MacAddr([2, 0, 0, 0, 1, addr.octets()[3]]),
        },
    };
    let granted = ClaimEvent::Granted {
        addr: candidates[2],
        rfc_timings: false,
    };
    assert_eq!(
        claims,
        [in_use(candidates[0]), in_use(candidates[1]), granted]
    );
    assert_ne!(candidates[2], PAGE);
}
