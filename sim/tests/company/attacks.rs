//! Somebody off the path who forges.

use super::{ends, played, told};
use expect_test::expect;
use synema_core::trace::{Cause, CloseReason, DropReason, Event};
use synema_sim::experiment::Run;

/// How many frames a machine sent because of this.
fn sent(run: &Run, machine: usize, cause: Cause) -> usize {
    let is = |event: &Event| matches!(event, Event::Sent { cause: why, .. } if *why == cause);
    let trace = run.machines()[machine].trace;
    trace.iter().filter(|it| is(&it.event)).count()
}

/// How many frames a machine dropped because of this.
fn dropped(run: &Run, machine: usize, reason: DropReason) -> usize {
    let is = |event: &Event| matches!(event, Event::Dropped { reason: why, .. } if *why == reason);
    let trace = run.machines()[machine].trace;
    trace.iter().filter(|it| is(&it.event)).count()
}

#[test]
fn a_reset_in_the_window_is_asked_about() {
    let run = played("a-forged-rst", &[]);
    expect![[r#"
        0.0     this page -> www.lab.test: SYN 0
        10.0    www.lab.test -> this page: SYN ACK 0 ack 1
        20.0    this page -> www.lab.test: ACK 1 ack 1
        20.0    this page -> www.lab.test: ACK 1+23 ack 1
        30.0    www.lab.test -> this page: ACK 1 ack 24
        30.0    www.lab.test -> this page: ACK 1+100 ack 24
        40.0    this page -> www.lab.test: ACK 24 ack 101
        230.0   www.lab.test -> this page: ACK 101+100 ack 24
        240.0   this page -> www.lab.test: ACK 24 ack 201
        430.0   www.lab.test -> this page: ACK 201+100 ack 24
        440.0   this page -> www.lab.test: ACK 24 ack 301
        500.0   the attacker -> this page: RST 20301
        515.0   this page -> www.lab.test: ACK 24 ack 301
        630.0   www.lab.test -> this page: ACK 301+100 ack 24
        640.0   this page -> www.lab.test: ACK 24 ack 401
        830.0   www.lab.test -> this page: ACK 401+100 ack 24
        840.0   this page -> www.lab.test: ACK 24 ack 501
        840.0   this page -> www.lab.test: FIN ACK 24 ack 501
        850.0   www.lab.test -> this page: FIN ACK 501 ack 25
        860.0   this page -> www.lab.test: ACK 25 ack 502
    "#]]
    .assert_eq(&told(&run));
    assert_eq!(sent(&run, 0, Cause::ChallengeAck), 1);
    assert_eq!(run.page_received(), 500);
    let run = played("a-forged-rst", &[("number", "outside")]);
    assert_eq!(sent(&run, 0, Cause::ChallengeAck), 0);
    assert_eq!(dropped(&run, 0, DropReason::OutsideWindow), 1);
    assert_eq!(run.page_received(), 500);
}

#[test]
fn the_exact_number_and_the_old_rule_end_it_for_both() {
    for set in [("number", "exact"), ("rule", "old")] {
        let run = played("a-forged-rst", &[set]);
        assert_eq!(run.page_received(), 300, "{set:?}");
        for machine in 0..2 {
            assert_eq!(ends(&run, machine), [CloseReason::ResetByPeer], "{set:?}");
        }
    }
    // Even the old rule has a window.
    let run = played("a-forged-rst", &[("number", "outside"), ("rule", "old")]);
    assert_eq!(run.page_received(), 500);
}

#[test]
fn four_forged_calls_keep_the_page_out_long_after_the_flood() {
    let run = played("syn-flood", &[]);
    assert_eq!(run.page_received(), 0);
    let page = run.page();
    let calls = run.passages().iter().filter(|it| it.from == page);
    let at: Vec<_> = calls.map(|it| it.departed.as_millis()).collect();
    // At 5.5 s it asks for the server's MAC address first, which it has not heard of lately.
    assert_eq!(at, [500, 1_500, 3_500, 5_500, 7_500]);
    assert_eq!(sent(&run, 1, Cause::SynAck), 4);
    assert_eq!(sent(&run, 1, Cause::RetransmissionTimeout), 3 * 4);
    assert_eq!(dropped(&run, 1, DropReason::QueueFull), 20 - 4 + 4);
}

#[test]
fn cookies_need_no_room_and_more_room_is_filled_later() {
    let run = played("syn-flood", &[("cookies", "on")]);
    assert_eq!(run.page_received(), 500);
    assert_eq!(sent(&run, 1, Cause::SynCookie), 20 - 4 + 1);
    let run = played("syn-flood", &[("room", "64")]);
    assert_eq!(run.page_received(), 500);
    assert_eq!(sent(&run, 1, Cause::SynCookie), 0);
}
