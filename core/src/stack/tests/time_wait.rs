//! TIME-WAIT: a small record, its end, and the connection that may follow early.

use super::pair::Pair;
use super::*;

/// A pair in which the server has closed first, and rests.
fn rested(client: &Policy, server: &Policy) -> (Pair, ConnId) {
    let mut pair = Pair::with(client, server);
    let client = pair.connect_from(5_000);
    pair.run_for(100);
    let server = pair.accepted();
    let now = pair.now;
    pair.server().shutdown(now, server);
    pair.run_for(100);
    let now = pair.now;
    pair.client().shutdown(now, client);
    pair.run_for(100);
    assert_eq!(pair.server().state(server), Some(TcpState::TimeWait));
    assert_eq!(pair.client().state(client), None);
    (pair, server)
}

fn without_timestamps() -> Policy {
    let mut policy = Policy::default();
    policy.offer.timestamps = false;
    policy
}

/// Whether the client gets through again with the same ends, 300 ms later.
fn gets_through(mut pair: Pair, old: ConnId) -> bool {
    let client = pair.connect_from(5_000);
    pair.run_for(100);
    let is_open = pair.client().state(client) == Some(TcpState::Established);
    if is_open {
        assert_ne!(pair.accepted(), old);
        assert_eq!(pair.server().state(old), None, "the record has ended");
    } else {
        assert_eq!(pair.server().state(old), Some(TcpState::TimeWait));
    }
    is_open
}

#[test]
fn two_msl_pass_and_the_record_is_gone() {
    let (mut pair, server) = rested(&Policy::default(), &Policy::default());
    let ends = pair.server().endpoints(server).unwrap();
    assert_eq!(ends.1.port(), 5_000);
    assert!(pair.server().is_read_finished(server));
    pair.server().observer_mut().clear();
    pair.run_for(239_800);
    assert_eq!(pair.server().state(server), Some(TcpState::TimeWait));
    pair.run_for(200);
    assert_eq!(pair.server().state(server), None);
    assert_eq!(pair.server().connections_len(), 0);
    let story: Vec<_> = pair.server().observer().iter().map(|r| &r.event).collect();
    let conn = server;
    let reason = CloseReason::Finished;
    assert!(
        story.contains(&&Event::Closed { conn, reason }),
        "{story:?}"
    );
}

#[test]
fn a_fin_that_comes_again_is_acknowledged_and_starts_the_clock_anew() {
    let mut policy = Policy::default();
    policy.loss.tail_loss_probe = false;
    let mut pair = Pair::with(&policy, &policy);
    let client = pair.connect();
    pair.run_for(100);
    let server = pair.accepted();
    let now = pair.now;
    pair.server().shutdown(now, server);
    pair.run_for(100);
    // The ACK of the client's FIN is lost.
    pair.lose = |frame| frame == 8;
    let now = pair.now;
    pair.client().shutdown(now, client);
    pair.run_for(3_000);
    let ladder = pair.ladder.join("\n");
    assert!(ladder.contains("LOST"), "{ladder}");
    assert_eq!(pair.client().state(client), None, "{ladder}");
    // Two minutes twice from the second FIN, which came more than a second later.
    pair.run_for(238_000);
    assert_eq!(pair.server().state(server), Some(TcpState::TimeWait));
    pair.run_for(3_000);
    assert_eq!(pair.server().state(server), None);
}

#[test]
fn a_later_timestamp_opens_the_next_connection() {
    let (pair, old) = rested(&Policy::default(), &Policy::default());
    assert!(gets_through(pair, old));
}

#[test]
fn without_timestamps_a_later_number_opens_it() {
    // Our own numbers grow with the clock (RFC 6528), so that this is the usual case.
    let (pair, old) = rested(&without_timestamps(), &Policy::default());
    assert!(gets_through(pair, old));
}

#[test]
fn an_old_syn_opens_nothing() {
    let (mut pair, old) = rested(&without_timestamps(), &Policy::default());
    // The SYN of the connection that was: it was copied on its way.
    let syn = pair.kept_syn.clone().unwrap();
    pair.server().observer_mut().clear();
    let now = pair.now;
    pair.server()
        .handle_frame(now, FrameId::received(9_999), &syn);
    pair.drain();
    assert_eq!(pair.server().state(old), Some(TcpState::TimeWait));
    assert!(
        pair.ladder.last().unwrap().ends_with("tcp ACK"),
        "challenged: {:?}",
        pair.ladder.last()
    );
    assert!(gets_through(pair, old));
}

#[test]
fn the_next_connection_begins_beyond_the_last_ones_numbers() {
    let mut pair = Pair::with(&Policy::default(), &Policy::default());
    let client = pair.connect_from(5_000);
    pair.run_for(100);
    let conns = [client, pair.accepted()];
    // More than the clock of RFC 6528 advances in that time.
    let data = vec![7; 4 << 20];
    assert_eq!(pair.transfer(1, conns, &data).len(), data.len());
    let numbers = |pair: &Pair| {
        let trace = pair.ends[1].stack.observer();
        let opened = |record: &Record| match record.event {
            Event::Opened { iss, .. } => Some(iss),
            _ => None,
        };
        trace.iter().filter_map(opened).collect::<Vec<_>>()
    };
    let now = pair.now;
    pair.server().shutdown(now, conns[1]);
    pair.run_for(100);
    let now = pair.now;
    pair.client().shutdown(now, client);
    pair.run_for(50);
    pair.connect_from(5_000);
    pair.run_for(100);
    let isns = numbers(&pair);
    assert_eq!(isns.len(), 2);
    let last = isns[0] + u32::try_from(data.len()).unwrap();
    assert!(isns[1].after(last), "{isns:?}");
}

#[test]
fn the_oldest_records_go_when_there_are_too_many() {
    let mut config = Config::new(PEER_MAC);
    config.max_time_wait = 2;
    let mut pair = Pair::with_server(config, &Policy::default());
    let mut resting = Vec::new();
    for _ in 0..3 {
        let client = pair.connect();
        pair.run_for(100);
        let server = pair.accepted();
        let now = pair.now;
        pair.server().close(now, server);
        pair.run_for(100);
        let now = pair.now;
        pair.client().close(now, client);
        pair.run_for(100);
        resting.push(server);
    }
    let states: Vec<_> = resting.iter().map(|c| pair.server().state(*c)).collect();
    let waits = Some(TcpState::TimeWait);
    assert_eq!(states, [None, waits, waits]);
}

#[test]
fn both_call_at_once_and_it_is_one_connection() {
    let mut pair = Pair::with(&Policy::default(), &Policy::default());
    // Both know the other's address, so that the SYNs are on their way together.
    let first = pair.connect();
    pair.run_for(100);
    let _ = (first, pair.accepted());
    let now = pair.now;
    let policy = Policy::default();
    let (here, there) = (SocketAddrV4::new(US, 7_000), SocketAddrV4::new(PEER, 8_000));
    let client = pair
        .client()
        .connect_from(now, Port(7_000), there, &policy)
        .unwrap();
    let server = pair
        .server()
        .connect_from(now, Port(8_000), here, &policy)
        .unwrap();
    let taken = pair.client().connect_from(now, Port(7_000), there, &policy);
    assert_eq!(taken, Err(ConnectError::InUse(Port(7_000))));
    let before = pair.ladder.len();
    pair.run_for(100);
    let what = |line: &String| line.rsplit(' ').next().unwrap().to_owned();
    let ladder: Vec<_> = pair.ladder[before..].iter().map(what).collect();
    assert_eq!(ladder, ["SYN", "SYN", "SYN,ACK", "SYN,ACK"]);
    assert_eq!(pair.client().state(client), Some(TcpState::Established));
    assert_eq!(pair.server().state(server), Some(TcpState::Established));
    let data = [1, 2, 3];
    assert_eq!(pair.transfer(0, [client, server], &data), data);
}
