//! Opening: actively, passively, at the same time, and in vain.

use crate::story::{OPEN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

fn rfc() -> Story {
    Story::new(Policy::rfc())
}

#[test]
fn three_segments_open_a_connection() {
    check(
        "",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
        "#]],
    );
}

#[test]
fn a_lost_syn_is_sent_again_with_growing_patience() {
    rfc().show_rtt().check(
        "
        0     connect
        3500  < S. 0 ack 1 mss 1460 ts 7 ecr 3000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            3000     timer Retransmission
            3000     > S 0 win 65535 mss 1460 sackok ts 3000 ecr 0 ws 7  RetransmissionTimeout (again: 2)
            3500   < S. 0 ack 1 mss 1460 ts 7 ecr 3000
            3500     rtt 500ms, srtt 500ms, rto 1.5s
            3500     SYN-SENT -> ESTABLISHED
            3500     > . 1 ack 1 win 65535 ts 3500 ecr 7  HandshakeAck
            3500     * Connected
        "#]],
    );
}

#[test]
fn a_silent_peer_is_given_up() {
    rfc().check(
        "
        0       connect
        250000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            3000     timer Retransmission
            3000     > S 0 win 65535 mss 1460 sackok ts 3000 ecr 0 ws 7  RetransmissionTimeout (again: 2)
            7000     timer Retransmission
            7000     > S 0 win 65535 mss 1460 sackok ts 7000 ecr 0 ws 7  RetransmissionTimeout (again: 3)
            7000     * Stalled
            15000    timer Retransmission
            15000    > S 0 win 65535 mss 1460 sackok ts 15000 ecr 0 ws 7  RetransmissionTimeout (again: 4)
            31000    timer Retransmission
            31000    > S 0 win 65535 mss 1460 sackok ts 31000 ecr 0 ws 7  RetransmissionTimeout (again: 5)
            63000    timer Retransmission
            63000    > S 0 win 65535 mss 1460 sackok ts 63000 ecr 0 ws 7  RetransmissionTimeout (again: 6)
            123000   timer Retransmission
            123000   > S 0 win 65535 mss 1460 sackok ts 123000 ecr 0 ws 7  RetransmissionTimeout (again: 7)
            183000   timer Retransmission
            183000   SYN-SENT -> CLOSED
            183000   over: TimedOut { syn: true }
            183000   * Closed(TimedOut { syn: true })
            250000 wait
        "#]],
    );
}

#[test]
fn a_reset_refuses_the_connection() {
    rfc().check(
        "
        0   connect
        20  < R. 0 ack 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < R. 0 ack 1
            20       SYN-SENT -> CLOSED
            20       over: Refused
            20       * Closed(Refused)
        "#]],
    );
}

#[test]
fn a_reset_that_acknowledges_nothing_of_ours_is_not_believed() {
    rfc().check(
        "
        0   connect
        10  < R. 0 ack 77
        20  < R 0
        30  < . 0 ack 77
        40  < S. 0 ack 1 mss 1460
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     < R. 0 ack 77
            10       dropped: AckOfUnsent
            20     < R 0
            20       dropped: NoAck
            30     < . 0 ack 77
            30       dropped: AckOfUnsent
            30       > R 77 win 0  Reset(UnacceptableAck)
            40     < S. 0 ack 1 mss 1460
            40       SYN-SENT -> ESTABLISHED
            40       > . 1 ack 1 win 65535  HandshakeAck
            40       * Connected
        "#]],
    );
}

#[test]
fn a_listener_answers_a_syn_and_offers_only_what_was_asked() {
    rfc().check(
        "
        0   listen
        0   < S 0 mss 1400 sackok
        20  < . 1 ack 1 win 500
        30  send 3000
        ",
        &expect![[r#"
            0      listen
            0      < S 0 mss 1400 sackok
            0        LISTEN -> SYN-RECEIVED
            0        > S. 0 ack 1 win 65535 mss 1460 sackok  SynAck
            20     < . 1 ack 1 win 500
            20       SYN-RECEIVED -> ESTABLISHED
            20       * Connected
            30     send 3000
        "#]],
    );
}

#[test]
fn a_repeated_syn_gets_the_same_answer_and_a_lost_answer_is_repeated() {
    rfc().check(
        "
        0     listen
        0     < S 0 mss 1400
        100   < S 0 mss 1400
        1000  wait
        1200  wait
        1300  < . 1 ack 1 win 500
        ",
        &expect![[r#"
            0      listen
            0      < S 0 mss 1400
            0        LISTEN -> SYN-RECEIVED
            0        > S. 0 ack 1 win 65535 mss 1460  SynAck
            100    < S 0 mss 1400
            100      dropped: DuplicateData
            100      > S. 0 ack 1 win 65535 mss 1460  SynAck (again: 1)
            1000   wait
            1100     timer Retransmission
            1100     > S. 0 ack 1 win 65535 mss 1460  RetransmissionTimeout (again: 2)
            1200   wait
            1300   < . 1 ack 1 win 500
            1300     SYN-RECEIVED -> ESTABLISHED
            1300     * Connected
        "#]],
    );
}

#[test]
fn an_ack_of_something_else_in_syn_received_is_reset() {
    rfc().check(
        "
        0   listen
        0   < S 0 mss 1400
        10  < . 1 ack 99
        20  < . 1 ack 1
        ",
        &expect![[r#"
            0      listen
            0      < S 0 mss 1400
            0        LISTEN -> SYN-RECEIVED
            0        > S. 0 ack 1 win 65535 mss 1460  SynAck
            10     < . 1 ack 99
            10       dropped: AckOfUnsent
            10       > R 99 win 0  Reset(UnacceptableAck)
            20     < . 1 ack 1
            20       SYN-RECEIVED -> ESTABLISHED
            20       * Connected
        "#]],
    );
}

#[test]
fn what_is_not_a_plain_syn_is_not_accepted() {
    rfc().check(
        "0 listen\n0 < S. 0 ack 1",
        &expect![[r#"
            0      listen
            0      < S. 0 ack 1
            0        not accepted
        "#]],
    );
    rfc().check(
        "0 listen\n0 < SR 0",
        &expect![[r#"
            0      listen
            0      < SR 0
            0        not accepted
        "#]],
    );
    rfc().check(
        "0 listen\n0 < SF 0",
        &expect![[r#"
            0      listen
            0      < SF 0
            0        not accepted
        "#]],
    );
    rfc().check(
        "0 listen\n0 < . 0 ack 1",
        &expect![[r#"
            0      listen
            0      < . 0 ack 1
            0        not accepted
        "#]],
    );
}

#[test]
fn both_may_open_at_the_same_time() {
    rfc().check(
        "
        0   connect
        10  < S 0 mss 1460 sackok ts 5 ecr 0 ws 7
        20  < S. 0 ack 1 mss 1460 sackok ts 15 ecr 10 ws 7
        30  < P. 1:101 ack 1 ts 20 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     < S 0 mss 1460 sackok ts 5 ecr 0 ws 7
            10       SYN-SENT -> SYN-RECEIVED
            10       > S. 0 ack 1 win 65535 mss 1460 sackok ts 10 ecr 5 ws 7  SynAck (again: 1)
            20     < S. 0 ack 1 mss 1460 sackok ts 15 ecr 10 ws 7
            20       SYN-RECEIVED -> ESTABLISHED
            20       * Connected
            30     < P. 1:101 ack 1 ts 20 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 20  QuickAck
        "#]],
    );
}

#[test]
fn a_close_before_the_handshake_is_over_waits_for_it() {
    rfc().check(
        "
        0   connect
        5   send 100
        10  shutdown
        20  < S. 0 ack 1 mss 1460
        40  < . 1 ack 102
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            5      send 100
            10     shutdown
            20     < S. 0 ack 1 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       ESTABLISHED -> FIN-WAIT-1
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       > FP. 1:101 ack 1 win 65535  Data
            20       * Connected
            40     < . 1 ack 102
            40       FIN-WAIT-1 -> FIN-WAIT-2
        "#]],
    );
}

#[test]
fn data_and_fin_on_the_syn_ack_are_taken() {
    rfc().check(
        "
        0   connect
        20  < SF. 0:10 ack 1 mss 1460
        30  recv
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SF. 0:10 ack 1 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       ESTABLISHED -> CLOSE-WAIT
            20       > . 1 ack 12 win 65524  HandshakeAck
            20       * Connected
            20       * PeerClosed
            30     recv
            30       read 10 bytes
        "#]],
    );
}

#[test]
fn port_unreachable_ends_an_attempt_and_a_hint_does_not() {
    rfc().check(
        "
        0    connect
        10   icmp unreachable 1 seq 0
        20   icmp unreachable 3 seq 9
        30   icmp unreachable 3 seq 0
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     icmp unreachable 1 seq 0
            10       soft error: unreachable 1
            20     icmp unreachable 3 seq 9
            20       dropped: IcmpNotOurs
            30     icmp unreachable 3 seq 0
            30       SYN-SENT -> CLOSED
            30       over: Unreachable { code: 3 }
            30       * Closed(Unreachable { code: 3 })
        "#]],
    );
}

#[test]
fn what_a_router_said_is_told_when_the_attempt_is_given_up() {
    let mut policy = Policy::rfc();
    policy.timing.syn_retries = 1;
    Story::new(policy).check(
        "
        0     connect
        10    icmp unreachable 1 seq 0
        9000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     icmp unreachable 1 seq 0
            10       soft error: unreachable 1
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            3000     timer Retransmission
            3000     SYN-SENT -> CLOSED
            3000     over: Unreachable { code: 1 }
            3000     * Closed(Unreachable { code: 1 })
            9000   wait
        "#]],
    );
}

#[test]
fn numbers_may_go_round_the_circle() {
    rfc().numbers(u32::MAX - 500, u32::MAX).check(
        &format!(
            "{OPEN}
            30  send 2000
            50  < P. 1:1001 ack 1449 ts 130 ecr 30
            60  recv
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
            30     send 2000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            50     < P. 1:1001 ack 1449 ts 130 ecr 30
            50       > P. 1449:2001 ack 1001 win 504 ts 50 ecr 130  Data
            60     recv
            60       read 1000 bytes
        "#]],
    );
}

#[test]
fn a_peer_that_says_no_mss_gets_segments_of_536_bytes() {
    Story::new(Policy::rfc()).check(
        "
        0   connect
        20  < S. 0 ack 1
        30  send 1072
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1072
            30       > . 1:537 ack 1 win 65535  Data
            30       > P. 537:1073 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn a_reset_after_a_simultaneous_open_refuses_the_connection() {
    Story::new(Policy::rfc()).check(
        "
        0   connect
        10  < S 0 mss 1460
        20  < R. 1 ack 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     < S 0 mss 1460
            10       SYN-SENT -> SYN-RECEIVED
            10       > S. 0 ack 1 win 65535 mss 1460  SynAck (again: 1)
            20     < R. 1 ack 1
            20       SYN-RECEIVED -> CLOSED
            20       over: Refused
            20       * Closed(Refused)
        "#]],
    );
}

#[test]
fn what_is_unacceptable_before_the_handshake_is_over_is_answered_with_the_number_after_our_syn() {
    rfc().check(
        "
        0    < S 0 win 0 mss 1460
        10   < . 70000:70100 ack 1 win 0
        ",
        &expect![[r#"
            0      < S 0 win 0 mss 1460
            0        LISTEN -> SYN-RECEIVED
            0        > S. 0 ack 1 win 65535 mss 1460  SynAck
            10     < . 70000:70100 ack 1 win 0
            10       dropped: OutsideWindow
            10       > . 1 ack 1 win 65535  Unacceptable
        "#]],
    );
}

#[test]
fn the_window_of_a_syn_is_taken_as_it_stands_and_of_later_segments_scaled() {
    // RFC 7323 §2.2
    rfc().check(
        "
        0   connect
        20  < S. 0 ack 1 win 3000 mss 1460 sackok ts 100 ecr 0 ws 7
        30  send 9000
        50  < . 1 ack 2897 win 30 ts 130 ecr 30
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 3000 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 9000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 2897 win 30 ts 130 ecr 30
            50       > . 2897:4345 ack 1 win 511 ts 50 ecr 130  Data
            50       > . 4345:5793 ack 1 win 511 ts 50 ecr 130  Data
        "#]],
    );
}

#[test]
fn the_mss_is_announced_even_where_the_peer_would_take_it_for_granted() {
    rfc().mtu(576).check(
        "
        0   connect
        20  < S. 0 ack 1 mss 1460
        30  send 1072
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 536 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1072
            30       > . 1:537 ack 1 win 65535  Data
            30       > P. 537:1073 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn a_lost_syn_makes_the_first_window_one_segment() {
    Story::new(Policy::rfc()).check(
        "
        0     connect
        1020  < S. 0 ack 1 win 65535 mss 1000
        1030  send 20000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            1020   < S. 0 ack 1 win 65535 mss 1000
            1020     SYN-SENT -> ESTABLISHED
            1020     > . 1 ack 1 win 65535  HandshakeAck
            1020     * Connected
            1030   send 20000
            1030     > . 1:1001 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn data_on_a_simultaneous_syn_waits_and_on_its_answer_is_taken() {
    Story::new(Policy::rfc()).check(
        "
            0    connect
            10   < S 0:100 win 65535 mss 1000
            20   recv
            30   < S. 0:10 ack 1 win 65535 mss 1000
            30   recv
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            10     < S 0:100 win 65535 mss 1000
            10       SYN-SENT -> SYN-RECEIVED
            10       > S. 0 ack 1 win 65535 mss 1460  SynAck (again: 1)
            20     recv
            20       read 0 bytes
            30     < S. 0:10 ack 1 win 65535 mss 1000
            30       SYN-RECEIVED -> ESTABLISHED
            30       > . 1 ack 11 win 65525  QuickAck
            30       * Connected
            30     recv
            30       read 10 bytes
        "#]],
    );
}
