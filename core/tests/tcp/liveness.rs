//! Whether the peer is still there: the user timeout and keep-alive.

use crate::story::{OPEN, Story};
use expect_test::{Expect, expect};
use synema_core::tcp::Policy;
use synema_core::tcp::policy::KeepAlive;
use synema_core::time::Duration;

fn patient(ms: u64) -> Policy {
    let mut policy = Policy::linux();
    policy.timing.user_timeout = Some(Duration::from_millis(ms));
    policy
}

fn asking() -> Policy {
    let mut policy = Policy::rfc();
    policy.timing.keep_alive = Some(KeepAlive {
        idle: Duration::from_secs(10),
        interval: Duration::from_secs(2),
        count: 3,
    });
    policy
}

fn check(policy: Policy, script: &str, expect: &Expect) {
    Story::new(policy).check(&format!("{OPEN}{script}"), expect);
}

#[test]
fn what_is_not_acknowledged_in_time_ends_the_connection() {
    check(
        patient(1_000),
        "
        100   send 100
        3000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    send 100
            100      > P. 1:101 ack 1 win 255 ts 100 ecr 100  Data
            320      timer TailLossProbe
            320      > P. 1:101 ack 1 win 255 ts 320 ecr 100  TailLossProbe (again: 1)
            540      timer Retransmission
            540      timed out until 101
            540      > P. 1:101 ack 1 win 255 ts 540 ecr 100  RetransmissionTimeout (again: 2)
            980      timer Retransmission
            980      timed out until 101
            980      > P. 1:101 ack 1 win 255 ts 980 ecr 100  RetransmissionTimeout (again: 3)
            1100     timer User
            1100     ESTABLISHED -> CLOSED
            1100     over: TimedOut { syn: false }
            1100     > R. 101 ack 1 win 0 ts 1100 ecr 100  Reset(TimedOut)
            1100     * Closed(TimedOut { syn: false })
            3000   wait
        "#]],
    );
}

#[test]
fn each_step_forward_starts_the_users_patience_anew() {
    check(
        patient(1_000),
        "
        100   send 3000
        120   < . 1 ack 1449 ts 200 ecr 100
        900   < . 1 ack 2897 ts 980 ecr 100
        1500  wait
        1600  < . 1 ack 3001 ts 1680 ecr 100
        9000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    send 3000
            100      > . 1:1449 ack 1 win 255 ts 100 ecr 100  Data
            100      > P. 1449:2897 ack 1 win 255 ts 100 ecr 100  Data
            100      > P. 2897:3001 ack 1 win 255 ts 100 ecr 100  Data
            120    < . 1 ack 1449 ts 200 ecr 100
            162      timer TailLossProbe
            162      > P. 2897:3001 ack 1 win 255 ts 162 ecr 200  TailLossProbe (again: 1)
            382      timer Retransmission
            382      timed out until 3001
            382      > . 1449:2897 ack 1 win 255 ts 382 ecr 200  RetransmissionTimeout (again: 1)
            822      timer Retransmission
            822      timed out until 3001
            822      > . 1449:2897 ack 1 win 255 ts 822 ecr 200  RetransmissionTimeout (again: 2)
            900    < . 1 ack 2897 ts 980 ecr 100
            900      > P. 2897:3001 ack 1 win 255 ts 900 ecr 980  Recovery (again: 2)
            1500   wait
            1600   < . 1 ack 3001 ts 1680 ecr 100
            1600     recovered
            9000   wait
        "#]],
    );
}

#[test]
fn a_window_that_stays_closed_wears_out_the_users_patience_although_probes_are_answered() {
    check(
        patient(1_000),
        "
        100   < . 1 ack 1 win 0 ts 200 ecr 20
        110   send 100
        400   < . 1 ack 1 win 0 ts 500 ecr 20
        700   < . 1 ack 1 win 0 ts 800 ecr 20
        1200  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < . 1 ack 1 win 0 ts 200 ecr 20
            110    send 100
            330      timer Persist
            330      > . 0 ack 1 win 255 ts 330 ecr 200  WindowProbe
            400    < . 1 ack 1 win 0 ts 500 ecr 20
            700    < . 1 ack 1 win 0 ts 800 ecr 20
            770      timer Persist
            770      > . 0 ack 1 win 255 ts 770 ecr 800  WindowProbe
            1110     timer User
            1110     ESTABLISHED -> CLOSED
            1110     over: TimedOut { syn: false }
            1110     > R. 1 ack 1 win 0 ts 1110 ecr 800  Reset(TimedOut)
            1110     * Closed(TimedOut { syn: false })
            1200   wait
        "#]],
    );
}

#[test]
fn a_window_that_opens_is_a_step_forward() {
    check(
        patient(1_000),
        "
        100   < . 1 ack 1 win 0 ts 200 ecr 20
        110   send 100
        1000  < . 1 ack 1 win 500 ts 1100 ecr 20
        1150  < . 1 ack 101 win 500 ts 1200 ecr 20
        5000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < . 1 ack 1 win 0 ts 200 ecr 20
            110    send 100
            330      timer Persist
            330      > . 0 ack 1 win 255 ts 330 ecr 200  WindowProbe
            770      timer Persist
            770      > . 0 ack 1 win 255 ts 770 ecr 200  WindowProbe
            1000   < . 1 ack 1 win 500 ts 1100 ecr 20
            1000     > P. 1:101 ack 1 win 255 ts 1000 ecr 1100  Data
            1150   < . 1 ack 101 win 500 ts 1200 ecr 20
            5000   wait
        "#]],
    );
}

#[test]
fn a_call_that_nobody_answers_wears_it_out_too() {
    Story::new(patient(2_500)).check(
        "
        0     connect
        9000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 8  RetransmissionTimeout (again: 1)
            2500     timer User
            2500     SYN-SENT -> CLOSED
            2500     over: TimedOut { syn: true }
            2500     * Closed(TimedOut { syn: true })
            9000   wait
        "#]],
    );
}

#[test]
fn by_default_nobody_is_asked() {
    check(
        Policy::rfc(),
        "
        100000000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100000000 wait
        "#]],
    );
}

#[test]
fn a_peer_that_answers_is_asked_again_after_the_same_silence() {
    check(
        asking(),
        "
        10030  < . 1 ack 1 ts 10110 ecr 10020
        15000  < P. 1:101 ack 1 ts 15080 ecr 10020
        25100  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            10020    timer KeepAlive
            10020    > . 0 ack 1 win 511 ts 10020 ecr 100  KeepAlive
            10030  < . 1 ack 1 ts 10110 ecr 10020
            12020    timer KeepAlive
            15000  < P. 1:101 ack 1 ts 15080 ecr 10020
            15000    > . 1 ack 101 win 511 ts 15000 ecr 15080  QuickAck
            20030    timer KeepAlive
            25000    timer KeepAlive
            25000    > . 0 ack 101 win 511 ts 25000 ecr 15080  KeepAlive
            25100  wait
        "#]],
    );
}

#[test]
fn a_silent_peer_is_asked_three_times_and_then_given_up() {
    check(
        asking(),
        "
        40000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            10020    timer KeepAlive
            10020    > . 0 ack 1 win 511 ts 10020 ecr 100  KeepAlive
            12020    timer KeepAlive
            12020    > . 0 ack 1 win 511 ts 12020 ecr 100  KeepAlive
            14020    timer KeepAlive
            14020    > . 0 ack 1 win 511 ts 14020 ecr 100  KeepAlive
            16020    timer KeepAlive
            16020    ESTABLISHED -> CLOSED
            16020    over: TimedOut { syn: false }
            16020    > R. 1 ack 1 win 0 ts 16020 ecr 100  Reset(TimedOut)
            16020    * Closed(TimedOut { syn: false })
            40000  wait
        "#]],
    );
}

#[test]
fn nobody_is_asked_while_data_is_on_its_way() {
    let mut policy = asking();
    policy.timing.retries = 4;
    check(
        policy,
        "
        9990   send 100
        11000  wait
        12000  < . 1 ack 101 ts 12080 ecr 9990
        22050  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            9990   send 100
            9990     > P. 1:101 ack 1 win 511 ts 9990 ecr 100  Data
            10020    timer KeepAlive
            10230    timer TailLossProbe
            10230    > P. 1:101 ack 1 win 511 ts 10230 ecr 100  TailLossProbe (again: 1)
            11000  wait
            11230    timer Retransmission
            11230    timed out until 101
            11230    > P. 1:101 ack 1 win 511 ts 11230 ecr 100  RetransmissionTimeout (again: 2)
            12000  < . 1 ack 101 ts 12080 ecr 9990
            12000    recovered
            20020    timer KeepAlive
            22000    timer KeepAlive
            22000    > . 100 ack 1 win 511 ts 22000 ecr 12080  KeepAlive
            22050  wait
        "#]],
    );
}

#[test]
fn the_users_patience_takes_the_place_of_the_number_of_probes() {
    let mut policy = asking();
    policy.timing.user_timeout = Some(Duration::from_secs(11));
    check(
        policy,
        "40000 wait",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            10020    timer KeepAlive
            10020    > . 0 ack 1 win 511 ts 10020 ecr 100  KeepAlive
            12020    timer KeepAlive
            12020    ESTABLISHED -> CLOSED
            12020    over: TimedOut { syn: false }
            12020    > R. 1 ack 1 win 0 ts 12020 ecr 100  Reset(TimedOut)
            12020    * Closed(TimedOut { syn: false })
            40000  wait
        "#]],
    );
}

#[test]
fn a_half_closed_connection_is_asked_as_well() {
    check(
        asking(),
        "
        100    shutdown
        120    < . 1 ack 2 ts 200 ecr 100
        40000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    shutdown
            100      ESTABLISHED -> FIN-WAIT-1
            100      > F. 1 ack 1 win 511 ts 100 ecr 100  Fin
            120    < . 1 ack 2 ts 200 ecr 100
            120      FIN-WAIT-1 -> FIN-WAIT-2
            10020    timer KeepAlive
            10120    timer KeepAlive
            10120    > . 1 ack 1 win 511 ts 10120 ecr 200  KeepAlive
            12120    timer KeepAlive
            12120    > . 1 ack 1 win 511 ts 12120 ecr 200  KeepAlive
            14120    timer KeepAlive
            14120    > . 1 ack 1 win 511 ts 14120 ecr 200  KeepAlive
            16120    timer KeepAlive
            16120    FIN-WAIT-2 -> CLOSED
            16120    over: TimedOut { syn: false }
            16120    > R. 2 ack 1 win 0 ts 16120 ecr 200  Reset(TimedOut)
            16120    * Closed(TimedOut { syn: false })
            40000  wait
        "#]],
    );
}

#[test]
fn a_policy_without_patience_is_no_endless_loop() {
    let mut policy = Policy::rfc();
    policy.timing.user_timeout = Some(Duration::from_secs(1));
    policy.timing.keep_alive = Some(KeepAlive {
        idle: Duration::ZERO,
        interval: Duration::ZERO,
        count: u8::MAX,
    });
    let story = Story::new(policy).log(&format!("{OPEN} 100 send 10\n 1500 wait"));
    assert!(story.contains("over: TimedOut"), "{story}");
}

#[test]
fn a_probe_goes_out_before_the_user_loses_patience_and_patience_is_kept() {
    let mut policy = asking();
    policy.timing.user_timeout = Some(Duration::from_secs(15));
    Story::new(policy).check(
        &format!(
            "{OPEN}
            60000  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            10020    timer KeepAlive
            10020    > . 0 ack 1 win 511 ts 10020 ecr 100  KeepAlive
            12020    timer KeepAlive
            12020    > . 0 ack 1 win 511 ts 12020 ecr 100  KeepAlive
            14020    timer KeepAlive
            14020    > . 0 ack 1 win 511 ts 14020 ecr 100  KeepAlive
            16020    timer KeepAlive
            16020    ESTABLISHED -> CLOSED
            16020    over: TimedOut { syn: false }
            16020    > R. 1 ack 1 win 0 ts 16020 ecr 100  Reset(TimedOut)
            16020    * Closed(TimedOut { syn: false })
            60000  wait
        "#]],
    );
}

#[test]
fn whoever_is_silent_for_longer_than_that_is_asked_once() {
    let mut policy = asking();
    policy.timing.user_timeout = Some(Duration::from_secs(5));
    Story::new(policy).check(
        &format!(
            "{OPEN}
            60000  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            10020    timer KeepAlive
            10020    > . 0 ack 1 win 511 ts 10020 ecr 100  KeepAlive
            12020    timer KeepAlive
            12020    ESTABLISHED -> CLOSED
            12020    over: TimedOut { syn: false }
            12020    > R. 1 ack 1 win 0 ts 12020 ecr 100  Reset(TimedOut)
            12020    * Closed(TimedOut { syn: false })
            60000  wait
        "#]],
    );
}

#[test]
fn a_policy_may_take_patience_back() {
    let mut policy = asking();
    policy.timing.user_timeout = Some(Duration::from_secs(5));
    Story::new(policy).show_timers().check(
        &format!(
            "{OPEN}
            30    send 100
            2000  policy rfc
            2010  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            0        timer User at 5000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       timer User stopped
            20       timer KeepAlive at 10020 ms
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 100
            30       timer User at 5030 ms
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            270      timer TailLossProbe
            270      timer Retransmission at 1270 ms
            270      > P. 1:101 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 101
            1270     timer Retransmission at 3270 ms
            1270     > P. 1:101 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            2000   policy rfc
            2000     timer User stopped
            2000     timer KeepAlive stopped
            2010   wait
        "#]],
    );
}

#[test]
fn what_went_out_before_a_step_forward_has_waited_since_then() {
    let mut policy = patient(1_000);
    policy.send.nagle = synema_core::tcp::policy::Nagle::Off;
    Story::new(policy).show_timers().check(
        &format!(
            "{OPEN}
            100   send 100
            300   send 100
            310   < . 1 ack 101 ts 390 ecr 100
            2000  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            0        timer User at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       timer User stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    send 100
            100      timer User at 1100 ms
            100      > P. 1:101 ack 1 win 255 ts 100 ecr 100  Data
            100      timer TailLossProbe at 320 ms
            300    send 100
            300      > P. 101:201 ack 1 win 255 ts 300 ecr 100  Data
            310    < . 1 ack 101 ts 390 ecr 100
            310      timer User at 1300 ms
            310      timer TailLossProbe at 573 ms
            573      timer TailLossProbe
            573      timer Retransmission at 837 ms
            573      > P. 101:201 ack 1 win 255 ts 573 ecr 390  TailLossProbe (again: 1)
            837      timer Retransmission
            837      timed out until 201
            837      timer Retransmission at 1365 ms
            837      > P. 101:201 ack 1 win 255 ts 837 ecr 390  RetransmissionTimeout (again: 2)
            1300     timer User
            1300     ESTABLISHED -> CLOSED
            1300     timer Retransmission stopped
            1300     over: TimedOut { syn: false }
            1300     > R. 201 ack 1 win 0 ts 1300 ecr 390  Reset(TimedOut)
            1300     * Closed(TimedOut { syn: false })
            2000   wait
        "#]],
    );
}

#[test]
fn another_silence_is_counted_from_what_was_heard_last() {
    Story::new(asking()).show_timers().check(
        &format!(
            "{OPEN}
            30    keep-alive 10
            40    keep-alive 20
            20020 wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       timer KeepAlive at 10020 ms
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     keep-alive 10
            40     keep-alive 20
            40       timer KeepAlive stopped
            40       timer KeepAlive at 20020 ms
            20020    timer KeepAlive
            20020    timer KeepAlive at 22020 ms
            20020    > . 0 ack 1 win 511 ts 20020 ecr 100  KeepAlive
            20020  wait
        "#]],
    );
}
