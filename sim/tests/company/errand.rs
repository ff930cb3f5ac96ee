//! A page that is fetched, with all that comes before.

use super::{ends, played, told};
use expect_test::expect;
use synema_core::time::Instant;
use synema_core::trace::{AppEvent, ClaimStep, CloseReason, Event};
use synema_diagram::analysis::Verdicts;
use synema_sim::experiment::Run;

const ID: &str = "get-the-page";

/// How long the reader waited from the address to the page's last byte, milliseconds.
fn waited_ms(run: &Run) -> u64 {
    let when = |is: fn(&Event) -> bool| {
        let found = run.page_trace().iter().rfind(|it| is(&it.event));
        found.map_or(Instant::ZERO, |record| record.at)
    };
    let granted = when(|event| {
        let step = ClaimStep::Granted { rfc_timings: true };
        matches!(event, Event::Claim { step: is, .. } if *is == step)
    });
    let done = when(|event| matches!(event, Event::App(AppEvent::HttpDone { .. })));
    done.since(granted).as_millis() as u64
}

#[test]
fn three_round_trips_lie_between_the_address_and_the_page() {
    let run = played(ID, &[]);
    expect![[r#"
        260.0   this page -> the router: ARP: does anybody use .129?
        1819.3  this page -> the router: ARP: does anybody use .129?
        2945.9  this page -> the router: ARP: does anybody use .129?
        4945.9  this page -> the router: ARP: .129 is mine
        4945.9  this page -> the router: ARP: who has .1?
        4946.0  the router -> this page: ARP: I have .1
        4946.1  this page -> the name server: UDP, 38 bytes
        4956.2  the name server -> this page: UDP, 54 bytes
        4966.3  this page -> www.lab.test: SYN 0
        4976.4  www.lab.test -> this page: SYN ACK 0 ack 1
        4986.5  this page -> www.lab.test: ACK 1 ack 1
        4986.5  this page -> www.lab.test: ACK 1+123 ack 1
        4996.6  www.lab.test -> this page: ACK 1+1448 ack 124
        4996.6  www.lab.test -> this page: ACK 1449+1448 ack 124
        4996.6  www.lab.test -> this page: FIN ACK 2897+204 ack 124
        5006.7  this page -> www.lab.test: ACK 124 ack 1449
        5006.7  this page -> www.lab.test: ACK 124 ack 2897
        5006.7  this page -> www.lab.test: FIN ACK 124 ack 3102
        5016.8  www.lab.test -> this page: ACK 3102 ack 125
        6945.9  this page -> the router: ARP: .129 is mine
    "#]]
    .assert_eq(&told(&run));
    assert_eq!(run.page_received(), 3_000);
    assert_eq!(waited_ms(&run), 60);
    assert_eq!(ends(&run, 0), [CloseReason::Finished]);
    let names: Vec<_> = run.machines().iter().map(|it| it.name.en.clone()).collect();
    assert_eq!(
        names,
        ["this page", "www.lab.test", "the name server", "the router"]
    );
}

#[test]
fn what_each_knob_costs() {
    let waited = |set: &[(&str, &str)]| waited_ms(&played(ID, set));
    assert_eq!(waited(&[("url", "address")]), 40);
    assert_eq!(waited(&[("url", "old")]), 101);
    assert_eq!(waited(&[("delay", "100")]), 600);
    assert_eq!(waited(&[("lose", "question")]), 1_060);
    assert_eq!(waited(&[("lose", "syn")]), 1_060);
    let last = waited(&[("lose", "last")]);
    assert!((290..310).contains(&last), "{last}");
}

#[test]
fn a_packet_lost_behind_the_router_is_missed_by_the_page() {
    let run = played(ID, &[("lose", "last")]);
    let document = synema_play::document(&run.journeys(), &run.machines());
    let digests = document.analysis().digests().iter();
    let resent = digests.filter_map(|digest| digest.tcp);
    let resent = resent.filter(|tcp| tcp.verdicts.has(Verdicts::RETRANSMISSION));
    // The page never saw the first copy, so that the second is none to its capture.
    assert_eq!(resent.count(), 0);
    let lost = document
        .capture()
        .frames()
        .iter()
        .filter(|it| !it.fate.was_seen());
    assert_eq!(lost.count(), 1);
}

#[test]
fn a_name_that_nobody_has_ends_it_before_any_syn() {
    let run = played(ID, &[("url", "nobody")]);
    let failed = |event: &Event| matches!(event, Event::App(AppEvent::DnsFailed { .. }));
    assert!(run.page_trace().iter().any(|it| failed(&it.event)));
    assert!(!told(&run).contains("SYN"));
}
