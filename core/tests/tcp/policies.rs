//! Behaving otherwise, on purpose.

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{AckStrategy, KeepAlive, OutOfOrderPolicy};
use synema_core::time::Duration;

fn teeceepee() -> Policy {
    Policy::teeceepee_2014()
}

#[test]
fn teeceepee_offers_nothing_and_acknowledges_each_segment() {
    Story::new(teeceepee()).check(
        "
        0   connect
        20  < S. 0 ack 1 win 64240 mss 1460
        30  send 50
        50  < . 1:537 ack 51
        50  < . 537:1073 ack 51
        51  recv
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     send 50
            30       > P. 1:51 ack 1 win 8192  Data
            50     < . 1:537 ack 51
            50       > . 51 ack 537 win 8192  QuickAck
            50     < . 537:1073 ack 51
            50       > . 51 ack 1073 win 8192  QuickAck
            51     recv
            51       read 1072 bytes
        "#]],
    );
}

#[test]
fn teeceepee_throws_away_what_comes_early_in_silence() {
    Story::new(teeceepee()).check(
        "
        0   connect
        20  < S. 0 ack 1 win 64240 mss 1460
        50  < . 537:1073 ack 1
        60  < . 1:537 ack 1
        70  < . 1:537 ack 1
        80  < . 537:1073 ack 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            50     < . 537:1073 ack 1
            50       dropped: PolicyOutOfOrder { expected: 5000001 }
            60     < . 1:537 ack 1
            60       > . 1 ack 537 win 8192  QuickAck
            70     < . 1:537 ack 1
            70       dropped: PolicyOutOfOrder { expected: 5000537 }
            80     < . 537:1073 ack 1
            80       > . 1 ack 1073 win 8192  QuickAck
        "#]],
    );
}

#[test]
fn teeceepee_does_not_count_its_fin() {
    Story::new(teeceepee()).check(
        "
        0   connect
        20  < S. 0 ack 1 win 64240 mss 1460
        30  shutdown
        50  < . 1:537 ack 2
        60  < P. 537:700 ack 2
        70  < F. 700 ack 2
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 8192  Fin
            50     < . 1:537 ack 2
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       > . 1 ack 537 win 8192  QuickAck
            60     < P. 537:700 ack 2
            60       > . 1 ack 700 win 8192  QuickAck
            70     < F. 700 ack 2
            70       FIN-WAIT-2 -> TIME-WAIT
            70       > . 2 ack 701 win 8192  QuickAck
            70       * PeerClosed
            70       * Closed(Finished)
        "#]],
    );
}

#[test]
fn the_same_with_its_fin_counted() {
    let mut policy = teeceepee();
    policy.quirks.fin_not_counted = false;
    Story::new(policy).check(
        "
        0   connect
        20  < S. 0 ack 1 win 64240 mss 1460
        30  shutdown
        50  < . 1:537 ack 2
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 8192  Fin
            50     < . 1:537 ack 2
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       > . 2 ack 537 win 8192  QuickAck
        "#]],
    );
}

#[test]
fn teeceepee_overlooks_a_fin_on_data_and_never_repeats() {
    Story::new(teeceepee()).check(
        "
        0      connect
        20     < S. 0 ack 1 win 64240 mss 1460
        30     send 10
        50     < FP. 1:101 ack 1
        60000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     send 10
            30       > P. 1:11 ack 1 win 8192  Data
            50     < FP. 1:101 ack 1
            50       dropped: PolicyOverlooked
            50       > . 11 ack 101 win 8192  QuickAck
            60000  wait
        "#]],
    );
}

#[test]
fn a_thinker_takes_its_time_for_each_packet() {
    let mut policy = teeceepee();
    policy.receive.think = Duration::from_millis(50);
    Story::new(policy).check(
        "
        0    connect
        20   < S. 0 ack 1 win 64240 mss 1460
        30   < . 1:537 ack 1
        31   < . 537:1073 ack 1
        32   < . 1073:1609 ack 1
        40   send 10
        300  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     < . 1:537 ack 1
            31     < . 537:1073 ack 1
            32     < . 1073:1609 ack 1
            40     send 10
            40       > P. 1:11 ack 1 win 9800  Data
            80       timer Thinking
            80       > . 11 ack 537 win 9264  QuickAck
            130      timer Thinking
            130      > . 11 ack 1073 win 8728  QuickAck
            180      timer Thinking
            180      > . 11 ack 1609 win 8192  QuickAck
            300    wait
        "#]],
    );
}

#[test]
fn early_data_may_be_dropped_with_a_duplicate_ack() {
    let mut policy = Policy::rfc();
    policy.receive.out_of_order = OutOfOrderPolicy::Drop;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1001:2001 ack 1 ts 110 ecr 20
            31  < . 1:1001 ack 1 ts 110 ecr 20
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
            30     < . 1001:2001 ack 1 ts 110 ecr 20
            30       dropped: PolicyOutOfOrder { expected: 5000001 }
            30       > . 1 ack 1 win 511 ts 30 ecr 100  OutOfOrder
            31     < . 1:1001 ack 1 ts 110 ecr 20
            31       > . 1 ack 1001 win 504 ts 31 ecr 110  QuickAck
        "#]],
    );
}

#[test]
fn data_may_never_be_acknowledged() {
    let mut policy = Policy::rfc();
    policy.receive.ack = AckStrategy::Never;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    < . 1:1001 ack 1 ts 110 ecr 20
            31    < . 2001:3001 ack 1 ts 110 ecr 20
            1000  wait
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
            30     < . 1:1001 ack 1 ts 110 ecr 20
            31     < . 2001:3001 ack 1 ts 110 ecr 20
            1000   wait
        "#]],
    );
}

#[test]
fn every_nth_or_after_a_delay() {
    let mut policy = Policy::rfc();
    policy.receive.quick_acks = 0;
    policy.receive.ack = AckStrategy::Delayed {
        segments: 4,
        delay: Duration::from_millis(300),
    };
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30   < . 1:1001 ack 1 ts 110 ecr 20
            31   < . 1001:2001 ack 1 ts 110 ecr 20
            32   < . 2001:3001 ack 1 ts 110 ecr 20
            33   < . 3001:4001 ack 1 ts 110 ecr 20
            34   < . 4001:5001 ack 1 ts 110 ecr 20
            900  wait
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
            30     < . 1:1001 ack 1 ts 110 ecr 20
            31     < . 1001:2001 ack 1 ts 110 ecr 20
            32     < . 2001:3001 ack 1 ts 110 ecr 20
            33     < . 3001:4001 ack 1 ts 110 ecr 20
            33       > . 1 ack 4001 win 480 ts 33 ecr 110  EverySecondSegment
            34     < . 4001:5001 ack 1 ts 110 ecr 20
            334      timer DelayedAck
            334      > . 1 ack 5001 win 472 ts 334 ecr 110  DelayedAckTimer
            900    wait
        "#]],
    );
}

#[test]
fn the_policy_may_change_on_the_way_and_promises_are_kept() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30   < . 1:1001 ack 1 ts 110 ecr 20
            40   policy teeceepee
            50   < . 2001:3001 ack 1 ts 120 ecr 30
            60   < . 1001:2001 ack 1 ts 130 ecr 30
            70   send 3000
            90   < . 2001 ack 2897 ts 150 ecr 70
            100  policy linux
            110  < . 3001:4001 ack 2897 ts 160 ecr 90
            120  < . 2001:3001 ack 2897 ts 170 ecr 90
            130  recv
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
            30     < . 1:1001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1001 win 504 ts 30 ecr 110  QuickAck
            40     policy teeceepee
            50     < . 2001:3001 ack 1 ts 120 ecr 30
            50       dropped: PolicyOutOfOrder { expected: 5001001 }
            60     < . 1001:2001 ack 1 ts 130 ecr 30
            60       > . 1 ack 2001 win 496 ts 60 ecr 130  QuickAck
            70     send 3000
            70       > . 1:1449 ack 2001 win 496 ts 70 ecr 130  Data
            70       > . 1449:2897 ack 2001 win 496 ts 70 ecr 130  Data
            70       > P. 2897:3001 ack 2001 win 496 ts 70 ecr 130  Data
            90     < . 2001 ack 2897 ts 150 ecr 70
            100    policy linux
            110    < . 3001:4001 ack 2897 ts 160 ecr 90
            110      > . 3001 ack 2001 win 65535 ts 110 ecr 150 sack 3001-4001  OutOfOrder
            120    < . 2001:3001 ack 2897 ts 170 ecr 90
            120      > . 3001 ack 4001 win 65535 ts 120 ecr 170  GapFilled
            130    recv
            130      read 4000 bytes
        "#]],
    );
}

#[test]
fn an_article_reader_can_make_segments_of_any_size() {
    let mut policy = Policy::rfc();
    policy.send.max_payload = Some(120);
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 300
            50  < . 1 ack 241 ts 130 ecr 30
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
            30     send 300
            30       > . 1:121 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 121:241 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 241 ts 130 ecr 30
            50       > P. 241:301 ack 1 win 511 ts 50 ecr 130  Data
        "#]],
    );
}

#[test]
fn a_policy_survives_being_written_down() {
    for policy in [Policy::rfc(), Policy::linux(), teeceepee()] {
        let bytes = postcard::to_allocvec(&policy).unwrap();
        assert_eq!(postcard::from_bytes::<Policy>(&bytes).unwrap(), policy);
    }
}

#[test]
fn keep_alives_are_two_hours_apart_by_default() {
    assert_eq!(Policy::rfc().timing.keep_alive, None);
    let mut policy = Policy::rfc();
    policy.timing.keep_alive = Some(KeepAlive::default());
    Story::new(policy).check(
        &format!(
            "{OPEN}
            7200019  wait
            7200030  wait
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
            7200019 wait
            7200020   timer KeepAlive
            7200020   > . 0 ack 1 win 511 ts 7200020 ecr 100  KeepAlive
            7200030 wait
        "#]],
    );
}

#[test]
fn by_default_a_silent_peer_is_given_up_after_many_minutes() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30       send 100
            3600000  wait
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
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            270      timer TailLossProbe
            270      > P. 1:101 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 101
            1270     > P. 1:101 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3270     timer Retransmission
            3270     timed out until 101
            3270     > P. 1:101 ack 1 win 511 ts 3270 ecr 100  RetransmissionTimeout (again: 3)
            7270     timer Retransmission
            7270     timed out until 101
            7270     > P. 1:101 ack 1 win 511 ts 7270 ecr 100  RetransmissionTimeout (again: 4)
            7270     * Stalled
            15270    timer Retransmission
            15270    timed out until 101
            15270    > P. 1:101 ack 1 win 511 ts 15270 ecr 100  RetransmissionTimeout (again: 5)
            31270    timer Retransmission
            31270    timed out until 101
            31270    > P. 1:101 ack 1 win 511 ts 31270 ecr 100  RetransmissionTimeout (again: 6)
            63270    timer Retransmission
            63270    timed out until 101
            63270    > P. 1:101 ack 1 win 511 ts 63270 ecr 100  RetransmissionTimeout (again: 7)
            123270   timer Retransmission
            123270   timed out until 101
            123270   > P. 1:101 ack 1 win 511 ts 123270 ecr 100  RetransmissionTimeout (again: 8)
            183270   timer Retransmission
            183270   timed out until 101
            183270   > P. 1:101 ack 1 win 511 ts 183270 ecr 100  RetransmissionTimeout (again: 9)
            243270   timer Retransmission
            243270   timed out until 101
            243270   > P. 1:101 ack 1 win 511 ts 243270 ecr 100  RetransmissionTimeout (again: 10)
            303270   timer Retransmission
            303270   timed out until 101
            303270   > P. 1:101 ack 1 win 511 ts 303270 ecr 100  RetransmissionTimeout (again: 11)
            363270   timer Retransmission
            363270   timed out until 101
            363270   > P. 1:101 ack 1 win 511 ts 363270 ecr 100  RetransmissionTimeout (again: 12)
            423270   timer Retransmission
            423270   timed out until 101
            423270   > P. 1:101 ack 1 win 511 ts 423270 ecr 100  RetransmissionTimeout (again: 13)
            483270   timer Retransmission
            483270   timed out until 101
            483270   > P. 1:101 ack 1 win 511 ts 483270 ecr 100  RetransmissionTimeout (again: 14)
            543270   timer Retransmission
            543270   timed out until 101
            543270   > P. 1:101 ack 1 win 511 ts 543270 ecr 100  RetransmissionTimeout (again: 15)
            603270   timer Retransmission
            603270   timed out until 101
            603270   > P. 1:101 ack 1 win 511 ts 603270 ecr 100  RetransmissionTimeout (again: 16)
            663270   timer Retransmission
            663270   ESTABLISHED -> CLOSED
            663270   over: TimedOut { syn: false }
            663270   > R. 101 ack 1 win 0 ts 663270 ecr 100  Reset(TimedOut)
            663270   * Closed(TimedOut { syn: false })
            3600000 wait
        "#]],
    );
}

#[test]
fn who_does_not_count_its_fin_bears_that_the_peer_does_but_no_more() {
    Story::new(teeceepee()).check(
        "
            0   connect
            20  < S. 0 ack 1 win 64240 mss 1460
            30  < . 1 ack 2
            31  send 50
            32  shutdown
            50  < . 1 ack 51
            51  < . 1 ack 52
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     < . 1 ack 2
            30       dropped: AckOfUnsent
            30       > . 1 ack 1 win 8192  Unacceptable
            31     send 50
            31       > P. 1:51 ack 1 win 8192  Data
            32     shutdown
            32       ESTABLISHED -> FIN-WAIT-1
            32       > F. 51 ack 1 win 8192  Fin
            50     < . 1 ack 51
            51     < . 1 ack 52
            51       FIN-WAIT-1 -> FIN-WAIT-2
        "#]],
    );
}

#[test]
fn who_thinks_no_time_needs_no_timer_for_it() {
    Story::new(teeceepee()).show_timers().check(
        "
            0   connect
            20  < S. 0 ack 1 win 64240 mss 1460
            30  link full
            31  < . 1:101 ack 1
            31  < . 101:201 ack 1
            31  link free
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     link full
            31     < . 1:101 ack 1
            31     < . 101:201 ack 1
            31     link free
            31       > . 1 ack 101 win 8292  QuickAck
            31       > . 1 ack 201 win 8192  QuickAck
        "#]],
    );
}

#[test]
fn a_policy_that_changes_nothing_changes_nothing() {
    let mut policy = Policy::rfc();
    policy.timing.user_timeout = Some(Duration::from_secs(9));
    policy.timing.keep_alive = Some(KeepAlive::default());
    Story::new(policy).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 14481 ts 130 ecr 30
            60  send 30000
            70  policy rfc
            80  < . 1 ack 43441 ts 160 ecr 60
            90  policy rfc
            95  send 100
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            0        timer User at 9000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       timer User stopped
            20       timer KeepAlive at 7200020 ms
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 14480
            30       timer User at 9030 ms
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 4345:5793 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 5793:7241 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 7241:8689 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 8689:10137 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 10137:11585 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 11585:13033 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 13033:14481 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 14481 ts 130 ecr 30
            50       cwnd 28960, ssthresh -, in flight 0
            50       timer User at 9050 ms
            50       timer TailLossProbe stopped
            50       timer User stopped
            60     send 30000
            60       timer User at 9060 ms
            60       > . 14481:15929 ack 1 win 511 ts 60 ecr 130  Data
            60       timer TailLossProbe at 300 ms
            60       > . 15929:17377 ack 1 win 511 ts 60 ecr 130  Data
            60       timer TailLossProbe at 100 ms
            60       > . 17377:18825 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 18825:20273 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 20273:21721 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 21721:23169 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 23169:24617 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 24617:26065 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 26065:27513 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 27513:28961 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 28961:30409 ack 1 win 511 ts 60 ecr 130  Data
            60       timer Pacing at 60 ms
            60       timer Pacing
            60       > . 30409:31857 ack 1 win 511 ts 60 ecr 130  Data
            60       timer TailLossProbe at 100 ms
            60       timer Pacing at 61 ms
            61       timer Pacing
            61       > . 31857:33305 ack 1 win 511 ts 61 ecr 130  Data
            61       timer TailLossProbe at 101 ms
            61       timer Pacing at 61 ms
            61       timer Pacing
            61       > . 33305:34753 ack 1 win 511 ts 61 ecr 130  Data
            61       timer TailLossProbe at 101 ms
            61       timer Pacing at 62 ms
            62       timer Pacing
            62       > . 34753:36201 ack 1 win 511 ts 62 ecr 130  Data
            62       timer TailLossProbe at 102 ms
            62       timer Pacing at 62 ms
            62       timer Pacing
            62       > . 36201:37649 ack 1 win 511 ts 62 ecr 130  Data
            62       timer TailLossProbe at 102 ms
            62       timer Pacing at 63 ms
            63       timer Pacing
            63       > . 37649:39097 ack 1 win 511 ts 63 ecr 130  Data
            63       timer TailLossProbe at 103 ms
            63       timer Pacing at 63 ms
            63       timer Pacing
            63       > . 39097:40545 ack 1 win 511 ts 63 ecr 130  Data
            63       timer TailLossProbe at 103 ms
            63       timer Pacing at 64 ms
            64       timer Pacing
            64       > . 40545:41993 ack 1 win 511 ts 64 ecr 130  Data
            64       timer TailLossProbe at 104 ms
            64       timer Pacing at 64 ms
            64       timer Pacing
            64       > . 41993:43441 ack 1 win 511 ts 64 ecr 130  Data
            64       timer TailLossProbe at 104 ms
            70     policy rfc
            70       timer User stopped
            70       timer KeepAlive stopped
            80     < . 1 ack 43441 ts 160 ecr 60
            80       cwnd 57920, ssthresh -, in flight 0
            80       timer TailLossProbe stopped
            80       > P. 43441:44481 ack 1 win 511 ts 80 ecr 160  Data
            80       timer TailLossProbe at 320 ms
            90     policy rfc
            95     send 100
        "#]],
    );
}

#[test]
fn teeceepee_knows_no_time_wait() {
    Story::new(teeceepee()).check(
        "
            0   connect
            20  < S. 0 ack 1 win 64240 mss 1460
            30  shutdown
            50  < F. 1 ack 2
            60  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 8192  Syn
            20     < S. 0 ack 1 win 64240 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 8192  HandshakeAck
            20       * Connected
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 8192  Fin
            50     < F. 1 ack 2
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       FIN-WAIT-2 -> TIME-WAIT
            50       > . 2 ack 2 win 8192  QuickAck
            50       * PeerClosed
            50       * Closed(Finished)
            50       timer TimeWait
            50       TIME-WAIT -> CLOSED
            50       over: Finished
            60     wait
        "#]],
    );
}
