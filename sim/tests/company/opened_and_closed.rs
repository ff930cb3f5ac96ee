//! Connections that begin or end otherwise than by the book's first picture.

use super::{ends, played, told};
use crate::played::play;
use expect_test::expect;
use synema_core::trace::{CloseReason, Event, TcpState};
use synema_diagram::analysis::Verdicts;
use synema_sim::experiment::Run;

/// When each machine came to a state, milliseconds.
fn came_to(run: &Run, state: TcpState) -> Vec<Option<u64>> {
    let machines = run.machines();
    let first = |trace: &[synema_core::trace::Record]| {
        let is = |event: &Event| matches!(event, Event::State { to, .. } if *to == state);
        let first = trace.iter().find(|it| is(&it.event));
        first.map(|record| record.at.as_millis())
    };
    machines
        .iter()
        .map(|machine| first(machine.trace))
        .collect()
}

#[test]
fn two_calls_that_cross_make_one_connection() {
    let run = played("simultaneous-open", &[]);
    expect![[r#"
        0.0     this page -> www.lab.test: SYN 0
        0.0     www.lab.test -> this page: SYN 0
        10.0    www.lab.test -> this page: SYN ACK 0 ack 1
        10.0    this page -> www.lab.test: SYN ACK 0 ack 1
        20.0    this page -> www.lab.test: ACK 1+19 ack 1
        20.0    www.lab.test -> this page: ACK 1+19 ack 1
        30.0    www.lab.test -> this page: ACK 20 ack 20
        30.0    this page -> www.lab.test: ACK 20 ack 20
        30.0    this page -> www.lab.test: FIN ACK 20 ack 20
        40.0    www.lab.test -> this page: ACK 20 ack 21
        40.0    www.lab.test -> this page: FIN ACK 20 ack 21
        50.0    this page -> www.lab.test: ACK 21 ack 21
    "#]]
    .assert_eq(&told(&run));
    assert_eq!(came_to(&run, TcpState::Established), [Some(20), Some(20)]);
    assert_eq!(came_to(&run, TcpState::SynReceived), [Some(10), Some(10)]);
    for machine in run.machines() {
        let opened = |event: &Event| matches!(event, Event::Opened { .. });
        let opened = machine.trace.iter().filter(|it| opened(&it.event));
        assert_eq!(opened.count(), 1);
    }
    assert_eq!(run.page_received(), 19);
    // As late as the way takes, and they no longer cross.
    let late = played("simultaneous-open", &[("late", "9")]);
    assert_eq!(late.page_received(), 19);
    let too_late = played("simultaneous-open", &[("late", "15")]);
    expect![[r#"
        0.0     this page -> www.lab.test: SYN 0
        10.0    www.lab.test -> this page: RST ACK 0 ack 1
        15.0    www.lab.test -> this page: SYN 0
        25.0    this page -> www.lab.test: RST ACK 97647583 ack 1
    "#]]
    .assert_eq(&told(&too_late));
    for machine in 0..2 {
        assert_eq!(ends(&too_late, machine), [CloseReason::Refused]);
    }
}

#[test]
fn who_closes_first_is_there_when_the_last_ack_is_lost() {
    let run = played("time-wait", &[]);
    expect![[r#"
        0.0     this page -> www.lab.test: SYN 0
        10.0    www.lab.test -> this page: SYN ACK 0 ack 1
        20.0    this page -> www.lab.test: ACK 1 ack 1
        20.0    this page -> www.lab.test: ACK 1+21 ack 1
        30.0    www.lab.test -> this page: ACK 1 ack 22
        30.0    www.lab.test -> this page: ACK 1+500 ack 22
        40.0    this page -> www.lab.test: ACK 22 ack 501
        40.0    this page -> www.lab.test: FIN ACK 22 ack 501
        50.0    www.lab.test -> this page: FIN ACK 501 ack 23
        60.0    this page -> www.lab.test: ACK 23 ack 502 LOST (Chosen)
        270.0   www.lab.test -> this page: FIN ACK 501 ack 23
        280.0   this page -> www.lab.test: ACK 23 ack 502
    "#]]
    .assert_eq(&told(&run));
    assert_eq!(came_to(&run, TcpState::TimeWait), [Some(60), None]);
    for machine in 0..2 {
        assert_eq!(ends(&run, machine), [CloseReason::Finished]);
    }
    // The FIN that came again began the wait anew.
    let over = |event: &Event| matches!(event, Event::Closed { .. });
    let over = run.page_trace().iter().find(|it| over(&it.event));
    assert_eq!(over.map(|it| it.at.as_millis()), Some(2_280));
    let played = play("time-wait", &[]);
    assert_eq!(played.count(Verdicts::RETRANSMISSION), 1);
}

#[test]
fn the_server_stays_behind_when_it_closes_first() {
    let run = played("time-wait", &[("first", "server"), ("lose", "arrives")]);
    assert_eq!(came_to(&run, TcpState::TimeWait), [None, Some(250)]);
    let run = played("time-wait", &[("first", "server")]);
    assert_eq!(came_to(&run, TcpState::TimeWait), [None, Some(250)]);
    assert_eq!(ends(&run, 0), [CloseReason::Finished]);
}

#[test]
fn without_time_wait_a_good_end_looks_like_a_reset() {
    let run = played("time-wait", &[("wait", "none")]);
    assert_eq!(ends(&run, 0), [CloseReason::Finished]);
    assert_eq!(ends(&run, 1), [CloseReason::ResetByPeer]);
    let run = played("time-wait", &[("wait", "none"), ("lose", "arrives")]);
    assert_eq!(ends(&run, 1), [CloseReason::Finished]);
}
