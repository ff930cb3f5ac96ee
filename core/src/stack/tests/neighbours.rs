//! Finding neighbours: asking, waiting, giving up, and not being fooled.

use super::*;

/// A bench with a UDP socket.
fn with_socket() -> (Bench, Port) {
    let mut bench = Bench::with_address();
    let port = bench.stack.udp_bind(None).unwrap();
    (bench, port)
}

fn send(bench: &mut Bench, port: Port, to: Ipv4Addr, payload: &[u8]) {
    bench
        .stack
        .udp_send_to(bench.now, port, SocketAddrV4::new(to, 53), payload)
        .unwrap();
    bench.drain();
}

#[test]
fn packets_wait_for_the_answer_and_go_out_in_order() {
    let (mut bench, port) = with_socket();
    send(&mut bench, port, FAR, &[1]);
    send(&mut bench, port, FAR, &[2]);
    send(&mut bench, port, GATEWAY, &[3]);
    bench.frame(5, &arp_reply(PEER_MAC, GATEWAY));
    send(&mut bench, port, FAR, &[4]);
    bench.check(
        "0 192.168.0.1 Asking { attempt: 1 }
         0 > all: who has 192.168.0.1? tell 192.168.0.129 (ArpRequest)
         5 192.168.0.1 is at 02:00:00:00:00:07
         5 > 02:00:00:00:00:07: 93.184.216.34 udp [1] (Datagram)
         5 > 02:00:00:00:00:07: 93.184.216.34 udp [2] (Datagram)
         5 > 02:00:00:00:00:07: 192.168.0.1 udp [3] (Datagram)
         5 > 02:00:00:00:00:07: 93.184.216.34 udp [4] (Datagram)",
    );
}

#[test]
fn three_requests_a_second_apart_and_then_a_failure() {
    let (mut bench, port) = with_socket();
    send(&mut bench, port, PEER, &[1]);
    bench.run_to(60_000);
    bench.check(
        "   0 192.168.0.7 Asking { attempt: 1 }
            0 > all: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         1000 192.168.0.7 Asking { attempt: 2 }
         1000 > all: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         2000 192.168.0.7 Asking { attempt: 3 }
         2000 > all: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         3000 192.168.0.7 Failed
         3000 x sent#0 NoNeighbour",
    );
    assert_eq!(bench.events(), [StackEvent::NoNeighbour { addr: PEER }]);
    // The next packet asks again.
    send(&mut bench, port, PEER, &[2]);
    bench.frame(60_001, &arp_reply(PEER_MAC, PEER));
    assert!(bench.story().ends_with("192.168.0.7 udp [2] (Datagram)\n"));
}

#[test]
fn a_queue_for_a_silent_neighbour_keeps_the_newest() {
    let (mut bench, port) = with_socket();
    for number in 0..68 {
        send(&mut bench, port, PEER, &[number]);
    }
    let story = bench.story();
    assert_eq!(story.matches("QueueFull").count(), 4, "{story}");
    bench.frame(1, &arp_reply(PEER_MAC, PEER));
    let story = bench.story();
    assert_eq!(story.matches("Datagram").count(), 64, "{story}");
    assert!(
        story.contains("udp [4]") && story.contains("udp [67]"),
        "{story}"
    );
}

#[test]
fn requests_for_our_address_alone_are_answered() {
    let mut bench = Bench::with_address();
    bench.frame(1, &arp_from(PEER_MAC, PEER, GATEWAY));
    bench.frame(2, &arp_from(PEER_MAC, PEER, US));
    // A probe for our address is answered, so that the other does not take it.
    bench.frame(3, &arp_from(EVIL_MAC, Ipv4Addr::UNSPECIFIED, US));
    bench.check(
        "1 x received#1 ArpNotForUs
         2 192.168.0.7 is at 02:00:00:00:00:07
         2 > 02:00:00:00:00:07: 192.168.0.129 is at 02:00:00:00:00:81 (ArpReply)
         3 > 02:00:00:00:00:66: 192.168.0.129 is at 02:00:00:00:00:81 (ArpReply)",
    );
}

#[test]
fn nobodys_unasked_word_replaces_an_entry() {
    let (mut bench, port) = with_socket();
    send(&mut bench, port, GATEWAY, &[1]);
    bench.frame(5, &arp_reply(PEER_MAC, GATEWAY));
    bench.forget();
    // A forged reply, a gratuitous announcement, a forged question to us.
    bench.frame(10, &arp_reply(EVIL_MAC, GATEWAY));
    bench.frame(11, &arp_from(EVIL_MAC, GATEWAY, GATEWAY));
    bench.frame(12, &arp_from(EVIL_MAC, GATEWAY, US));
    bench.forget();
    // What they bring about is a question to the gateway that we know.
    send(&mut bench, port, FAR, &[2]);
    bench.run_to(5_012);
    bench.frame(5_020, &arp_reply(PEER_MAC, GATEWAY));
    send(&mut bench, port, FAR, &[3]);
    bench.check(
        "12 > 02:00:00:00:00:07: 93.184.216.34 udp [2] (Datagram)
         5012 192.168.0.1 Asking { attempt: 1 }
         5012 > 02:00:00:00:00:07: who has 192.168.0.1? tell 192.168.0.129 (ArpRequest)
         5020 192.168.0.1 is at 02:00:00:00:00:07
         5020 > 02:00:00:00:00:07: 93.184.216.34 udp [3] (Datagram)",
    );
    // Somebody that nobody asked for makes no entry at all.
    bench.frame(5_030, &arp_reply(EVIL_MAC, PEER));
    send(&mut bench, port, PEER, &[4]);
    assert!(bench.story().contains("who has 192.168.0.7?"));
}

#[test]
fn an_old_entry_is_polled_and_a_new_card_behind_it_is_found() {
    let (mut bench, port) = with_socket();
    send(&mut bench, port, PEER, &[1]);
    bench.frame(5, &arp_reply(PEER_MAC, PEER));
    bench.run_to(70_000);
    bench.forget();
    // Older than a minute: used all the same, and asked. Nobody answers.
    send(&mut bench, port, PEER, &[2]);
    bench.run_to(79_000);
    bench.check(
        "70000 > 02:00:00:00:00:07: 192.168.0.7 udp [2] (Datagram)
         75000 192.168.0.7 Asking { attempt: 1 }
         75000 > 02:00:00:00:00:07: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         76000 192.168.0.7 Asking { attempt: 2 }
         76000 > 02:00:00:00:00:07: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         77000 192.168.0.7 Asking { attempt: 3 }
         77000 > 02:00:00:00:00:07: who has 192.168.0.7? tell 192.168.0.129 (ArpRequest)
         78000 192.168.0.7 Expired",
    );
    // The next packet asks everybody, and the new card answers.
    send(&mut bench, port, PEER, &[3]);
    bench.frame(79_010, &arp_reply(EVIL_MAC, PEER));
    assert!(
        bench
            .story()
            .contains("> 02:00:00:00:00:66: 192.168.0.7 udp [3]")
    );
}

#[test]
fn entries_that_nobody_uses_are_forgotten() {
    let (mut bench, port) = with_socket();
    send(&mut bench, port, PEER, &[1]);
    bench.frame(5, &arp_reply(PEER_MAC, PEER));
    bench.forget();
    bench.run_to(700_000);
    bench.check("600000 192.168.0.7 Expired");
    assert_eq!(bench.stack.poll_timeout(), None);
}
