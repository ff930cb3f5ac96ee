//! Claiming an address: free, in use, wanted by two, challenged.

use super::*;

fn claiming(timings: Timings) -> Bench {
    let mut bench = Bench::new();
    bench
        .stack
        .claim(Instant::ZERO, US, 24, Some(GATEWAY), timings)
        .unwrap();
    bench
}

#[test]
fn a_free_address_is_probed_announced_and_granted() {
    let mut bench = claiming(Timings::RFC5227);
    bench.run_to(60_000);
    bench.check(
        "    42 claim Probe { number: 1, of: 3 }
             42 > all: who has 192.168.0.129? tell 0.0.0.0 (ArpProbe)
           1819 claim Probe { number: 2, of: 3 }
           1819 > all: who has 192.168.0.129? tell 0.0.0.0 (ArpProbe)
           3492 claim Probe { number: 3, of: 3 }
           3492 > all: who has 192.168.0.129? tell 0.0.0.0 (ArpProbe)
           5492 claim Announce { number: 1, of: 2 }
           5492 claim Granted { rfc_timings: true }
           5492 > all: who has 192.168.0.129? tell 192.168.0.129 (ArpAnnounce)
           7492 claim Announce { number: 2, of: 2 }
           7492 > all: who has 192.168.0.129? tell 192.168.0.129 (ArpAnnounce)",
    );
    assert_eq!(bench.events(), [StackEvent::AddressGranted { addr: US }]);
}

#[test]
fn a_quick_claim_says_that_its_timings_are_not_the_rfcs() {
    let mut bench = claiming(Timings::quick_lab());
    bench.run_to(1_000);
    assert!(bench.story().contains("Granted { rfc_timings: false }"));
    assert!(bench.stack.interface().is_some());
}

#[test]
fn who_took_the_address_unasked_neither_defends_it_nor_answers_who_announces_it() {
    let mut bench = claiming(Timings::unasked(1, Duration::ZERO));
    bench.run_to(10);
    bench.forget();
    bench.frame(20, &arp_from(PEER_MAC, US, US));
    bench.frame(30, &arp_from(PEER_MAC, PEER, US));
    bench.check(
        "30 192.168.0.7 is at 02:00:00:00:00:07
         30 > 02:00:00:00:00:07: 192.168.0.129 is at 02:00:00:00:00:81 (ArpReply)",
    );
}

#[test]
fn nothing_but_probes_goes_out_before_the_address_is_granted() {
    let mut bench = claiming(Timings::RFC5227);
    let remote = SocketAddrV4::new(PEER, 80);
    let refused = bench
        .stack
        .connect(Instant::ZERO, remote, &Policy::default());
    assert_eq!(refused, Err(ConnectError::NoAddress));
    let port = bench.stack.udp_bind(None).unwrap();
    let refused = bench.stack.udp_send_to(Instant::ZERO, port, remote, b"x");
    assert_eq!(refused, Err(UdpError::NoAddress));
    // Nobody is answered: neither who asks for the address, nor a ping to it.
    bench.frame(10, &arp_from(PEER_MAC, PEER, US));
    let echo = icmpv4::Message::EchoRequest {
        identifier: 1,
        sequence: 1,
        data: b"",
    };
    bench.frame(20, &ip_frame(Protocol::ICMP, &icmp_payload(&echo)));
    bench.check("10 x received#1 NoAddress\n20 x received#2 NoAddress");
}

#[test]
fn an_address_in_use_is_refused_with_the_others_mac() {
    let mut bench = claiming(Timings::RFC5227);
    bench.run_to(1_000);
    bench.forget();
    bench.frame(1_001, &arp_reply(PEER_MAC, US));
    bench.run_to(60_000);
    bench.check("1001 claim InUse { by: 02:00:00:00:00:07, frame: received#1 }");
    assert_eq!(
        bench.events(),
        [StackEvent::AddressInUse {
            addr: US,
            by: PEER_MAC
        }]
    );
    assert_eq!(bench.stack.poll_timeout(), None);
    // Another address can be tried.
    let other = Ipv4Addr::new(192, 168, 0, 130);
    assert_eq!(
        bench
            .stack
            .claim(bench.now, other, 24, None, Timings::RFC5227),
        Ok(())
    );
}

#[test]
fn two_that_probe_at_once_both_give_up() {
    let mut bench = claiming(Timings::RFC5227);
    bench.run_to(1_000);
    bench.events();
    bench.frame(1_500, &arp_from(EVIL_MAC, Ipv4Addr::UNSPECIFIED, US));
    assert_eq!(
        bench.events(),
        [StackEvent::AddressInUse {
            addr: US,
            by: EVIL_MAC
        }]
    );
}

#[test]
fn a_challenge_is_answered_once_and_the_second_ends_everything() {
    let mut bench = claiming(Timings::RFC5227);
    bench.run_to(10_000);
    let port = bench.stack.udp_bind(None).unwrap();
    bench.forget();
    bench.frame(20_000, &arp_from(EVIL_MAC, US, US));
    bench.check(
        "20000 claim Defended { against: 02:00:00:00:00:66, frame: received#1 }
         20000 > all: who has 192.168.0.129? tell 192.168.0.129 (ArpDefend)",
    );
    assert_eq!(bench.events(), []);

    // Something that waits to be sent when the address is lost must not go out.
    let remote = SocketAddrV4::new(PEER, 53);
    bench
        .stack
        .udp_send_to(bench.now, port, remote, b"too late")
        .unwrap();
    bench.frame(29_000, &arp_from(EVIL_MAC, US, GATEWAY));
    bench.frame(29_001, &arp_from(PEER_MAC, PEER, US));
    bench.run_to(90_000);
    bench.check(
        "29000 claim Lost { to: 02:00:00:00:00:66, frame: received#2 }
         29001 x received#3 NoAddress",
    );
    assert_eq!(
        bench.events(),
        [StackEvent::AddressLost {
            addr: US,
            to: EVIL_MAC
        }]
    );
    let refused = bench.stack.udp_send_to(bench.now, port, remote, b"x");
    assert_eq!(refused, Err(UdpError::NoAddress));
}

#[test]
fn an_address_can_be_given_back() {
    let mut bench = Bench::with_address();
    let again = bench
        .stack
        .claim(Instant::ZERO, PEER, 24, None, Timings::RFC5227);
    assert_eq!(again, Err(ClaimError::AlreadyClaimed(US)));
    bench.stack.release(at(5));
    bench.check("5 claim Released");
    assert!(bench.stack.interface().is_none());
    assert_eq!(
        bench.stack.claim(at(6), PEER, 24, None, Timings::RFC5227),
        Ok(())
    );
}
