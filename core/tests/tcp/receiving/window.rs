//! The receive window: what it promises, and how it grows.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

/// A policy whose window starts small, to see it grow.
fn small_window() -> Policy {
    let mut policy = Policy::rfc();
    policy.receive.initial_window = 4000;
    policy.receive.buffer_len = 100_000;
    policy
}

#[test]
fn a_window_that_fills_and_opens_again() {
    let mut policy = Policy::rfc();
    policy.receive.buffer_len = 4000;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30   < . 1:1449 ack 1 ts 110 ecr 20
            31   < . 1449:2897 ack 1 ts 110 ecr 20
            32   < . 2897:4001 ack 1 ts 110 ecr 20
            300  < . 4001:4002 ack 1 ts 300 ecr 32
            400  recv 500
            500  recv 1000
            600  recv
            700  < . 4001:5001 ack 1 ts 700 ecr 600
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 4000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 4000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:1449 ack 1 ts 110 ecr 20
            30       > . 1 ack 1449 win 2552 ts 30 ecr 110  QuickAck
            31     < . 1449:2897 ack 1 ts 110 ecr 20
            31       > . 1 ack 2897 win 1104 ts 31 ecr 110  QuickAck
            32     < . 2897:4001 ack 1 ts 110 ecr 20
            32       > . 1 ack 4001 win 0 ts 32 ecr 110  QuickAck
            300    < . 4001:4002 ack 1 ts 300 ecr 32
            300      dropped: OutsideWindow
            300      > . 1 ack 4001 win 0 ts 300 ecr 300  ProbeAnswered
            400    recv 500
            400      read 500 bytes
            500    recv 1000
            500      read 1000 bytes
            500      > . 1 ack 4001 win 1500 ts 500 ecr 300  WindowUpdate
            600    recv
            600      read 2500 bytes
            600      > . 1 ack 4001 win 4000 ts 600 ecr 300  WindowUpdate
            700    < . 4001:5001 ack 1 ts 700 ecr 600
            700      > . 1 ack 5001 win 3000 ts 700 ecr 700  QuickAck
        "#]],
    );
}

#[test]
fn what_lies_beyond_the_window_is_cut_off() {
    let mut policy = Policy::rfc();
    policy.receive.buffer_len = 1000;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 501:1501 ack 1 ts 110 ecr 20
            31  < . 1:501 ack 1 ts 110 ecr 20
            32  < . 3000:3100 ack 1 ts 110 ecr 20
            40  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 1000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 1000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 501:1501 ack 1 ts 110 ecr 20
            30       > . 1 ack 1 win 1000 ts 30 ecr 100 sack 501-1001  OutOfOrder
            31     < . 1:501 ack 1 ts 110 ecr 20
            31       > . 1 ack 1001 win 0 ts 31 ecr 110  GapFilled
            32     < . 3000:3100 ack 1 ts 110 ecr 20
            32       dropped: OutsideWindow
            32       > . 1 ack 1001 win 0 ts 32 ecr 110  Unacceptable
            40     recv
            40       read 1000 bytes
            40       > . 1 ack 1001 win 1000 ts 40 ecr 110  WindowUpdate
        "#]],
    );
}

#[test]
fn a_tiny_window_still_moves() {
    let mut policy = Policy::rfc();
    policy.receive.buffer_len = 10;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1:11 ack 1 ts 110 ecr 20
            40  recv 3
            50  recv 3
            60  recv
            70  < . 11:21 ack 1 ts 110 ecr 60
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 10 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 10 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:11 ack 1 ts 110 ecr 20
            30       > . 1 ack 11 win 0 ts 30 ecr 110  QuickAck
            40     recv 3
            40       read 3 bytes
            50     recv 3
            50       read 3 bytes
            50       > . 1 ack 11 win 6 ts 50 ecr 110  WindowUpdate
            60     recv
            60       read 4 bytes
            70     < . 11:21 ack 1 ts 110 ecr 60
            70       > . 1 ack 17 win 0 ts 70 ecr 110  QuickAck
        "#]],
    );
}

#[test]
fn the_window_grows_while_the_application_keeps_up() {
    Story::new(small_window()).check(
        &format!(
            "{OPEN}
            40  < . 1:1449 ack 1 ts 110 ecr 20
            40  < . 1449:2897 ack 1 ts 110 ecr 20
            40  recv
            60  < . 2897:4345 ack 1 ts 130 ecr 40
            60  recv
            80  < . 4345:5793 ack 1 ts 150 ecr 60
            80  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 4000 mss 1460 sackok ts 0 ecr 0 ws 1  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            40     < . 1:1449 ack 1 ts 110 ecr 20
            40       > . 1 ack 1449 win 1276 ts 40 ecr 110  QuickAck
            40     < . 1449:2897 ack 1 ts 110 ecr 20
            40       > . 1 ack 2897 win 552 ts 40 ecr 110  QuickAck
            40     recv
            40       read 2896 bytes
            40       window up to 55272
            40       > . 1 ack 2897 win 27636 ts 40 ecr 110  WindowUpdate
            60     < . 2897:4345 ack 1 ts 130 ecr 40
            60       > . 1 ack 4345 win 26912 ts 60 ecr 130  QuickAck
            60     recv
            60       read 1448 bytes
            80     < . 4345:5793 ack 1 ts 150 ecr 60
            80       > . 1 ack 5793 win 26188 ts 80 ecr 150  QuickAck
            80     recv
            80       read 1448 bytes
        "#]],
    );
}

#[test]
fn the_window_stays_small_for_who_does_not_read() {
    Story::new(small_window()).check(
        &format!(
            "{OPEN}
            40  < . 1:1449 ack 1 ts 110 ecr 20
            40  < . 1449:2897 ack 1 ts 110 ecr 20
            60  < . 2897:4001 ack 1 ts 130 ecr 40
            80  < . 4001:4002 ack 1 ts 150 ecr 60
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 4000 mss 1460 sackok ts 0 ecr 0 ws 1  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            40     < . 1:1449 ack 1 ts 110 ecr 20
            40       > . 1 ack 1449 win 1276 ts 40 ecr 110  QuickAck
            40     < . 1449:2897 ack 1 ts 110 ecr 20
            40       > . 1 ack 2897 win 552 ts 40 ecr 110  QuickAck
            60     < . 2897:4001 ack 1 ts 130 ecr 40
            60       > . 1 ack 4001 win 0 ts 60 ecr 130  QuickAck
            80     < . 4001:4002 ack 1 ts 150 ecr 60
            80       dropped: OutsideWindow
            80       > . 1 ack 4001 win 0 ts 80 ecr 150  ProbeAnswered
        "#]],
    );
}

#[test]
fn without_timestamps_the_window_grows_by_its_turnover() {
    Story::new(small_window()).check(
        &format!(
            "{OPEN_PLAIN}
            40  < . 1:1001 ack 1
            40  < . 1001:2001 ack 1
            40  < . 2001:3001 ack 1
            40  recv
            60  < . 3001:4001 ack 1
            60  < . 4001:5001 ack 1
            60  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 4000 mss 1460 sackok ts 0 ecr 0 ws 1  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 4000  HandshakeAck
            20       * Connected
            40     < . 1:1001 ack 1
            40       > . 1 ack 1001 win 3000  QuickAck
            40     < . 1001:2001 ack 1
            40       > . 1 ack 2001 win 2000  QuickAck
            40     < . 2001:3001 ack 1
            40       > . 1 ack 3001 win 1000  QuickAck
            40     recv
            40       read 3000 bytes
            40       window up to 58720
            40       > . 1 ack 3001 win 58720  WindowUpdate
            60     < . 3001:4001 ack 1
            60       > . 1 ack 4001 win 57720  QuickAck
            60     < . 4001:5001 ack 1
            60       > . 1 ack 5001 win 56720  QuickAck
            60     recv
            60       read 2000 bytes
        "#]],
    );
}

#[test]
fn a_closed_window_still_hears_acks_urgent_pointers_and_resets() {
    let mut policy = Policy::rfc();
    policy.receive.buffer_len = 1000;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1:1001 ack 1 ts 110 ecr 20
            31  send 100
            40  < U. 1001:1011 ack 101 ts 120 ecr 31 urg 5
            41  urgent
            50  < R. 1001 ack 101
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 1000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 1000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:1001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1001 win 0 ts 30 ecr 110  QuickAck
            31     send 100
            31       > P. 1:101 ack 1001 win 0 ts 31 ecr 110  Data
            40     < U. 1001:1011 ack 101 ts 120 ecr 31 urg 5
            40       dropped: OutsideWindow
            40       > . 101 ack 1001 win 0 ts 40 ecr 120  ProbeAnswered
            40       * Urgent
            41     urgent
            41       1005 bytes to the end of what is urgent
            50     < R. 1001 ack 101
            50       ESTABLISHED -> CLOSED
            50       over: ResetByPeer
            50       * Closed(ResetByPeer)
        "#]],
    );
}

#[test]
fn a_late_small_segment_is_no_measure_of_the_round_trip() {
    Story::new(small_window()).check(
        &format!(
            "{OPEN}
            40    < . 1:1449 ack 1 ts 110 ecr 20
            1000  < P. 1449:1549 ack 1 ts 1100 ecr 40
            1000  recv
            1010  < . 1549:2997 ack 1 ts 1110 ecr 1000
            1010  < P. 2997:4445 ack 1 ts 1110 ecr 1000
            1025  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 4000 mss 1460 sackok ts 0 ecr 0 ws 1  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            40     < . 1:1449 ack 1 ts 110 ecr 20
            40       > . 1 ack 1449 win 1276 ts 40 ecr 110  QuickAck
            1000   < P. 1449:1549 ack 1 ts 1100 ecr 40
            1000     > . 1 ack 1549 win 1226 ts 1000 ecr 1100  QuickAck
            1000   recv
            1000     read 1548 bytes
            1010   < . 1549:2997 ack 1 ts 1110 ecr 1000
            1010     > . 1 ack 2997 win 1276 ts 1010 ecr 1110  QuickAck
            1010   < P. 2997:4445 ack 1 ts 1110 ecr 1000
            1010     > . 1 ack 4445 win 552 ts 1010 ecr 1110  QuickAck
            1025   recv
            1025     read 2896 bytes
            1025     window up to 55272
            1025     > . 1 ack 4445 win 27636 ts 1025 ecr 1110  WindowUpdate
        "#]],
    );
}

#[test]
fn what_a_syn_promised_is_taken_though_a_scaled_window_says_less() {
    // RFC 7323 §2.4: the SYN's window ends at 65536, that of the ACK at 65409.
    check(
        "
        30  < . 65400:65536 ack 1 ts 110 ecr 20
        31  < . 65536:65600 ack 1 ts 111 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 65400:65536 ack 1 ts 110 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 65400-65536  OutOfOrder
            31     < . 65536:65600 ack 1 ts 111 ecr 20
            31       dropped: OutsideWindow
            31       > . 1 ack 1 win 511 ts 31 ecr 100 sack 65400-65536  Unacceptable
        "#]],
    );
}

#[test]
fn data_at_the_very_edge_of_the_window_brings_its_ack_in_vain() {
    let mut policy = Policy::rfc();
    (policy.receive.initial_window, policy.receive.buffer_len) = (2000, 2000);
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 10
            50    < . 2001:2101 ack 11
            1040  < . 2001 ack 11
            5000  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 2000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000  HandshakeAck
            20       * Connected
            30     send 10
            30       > P. 1:11 ack 1 win 2000  Data
            50     < . 2001:2101 ack 11
            50       dropped: OutsideWindow
            50       > . 11 ack 1 win 2000  Unacceptable
            1030     timer Retransmission
            1030     timed out until 11
            1030     > P. 1:11 ack 1 win 2000  RetransmissionTimeout (again: 1)
            1040   < . 2001 ack 11
            1040     recovered
            5000   wait
        "#]],
    );
}

#[test]
fn without_timestamps_a_window_that_is_read_in_time_grows() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 1:60001 ack 1
            31  recv
            35  < . 60001:120001 ack 1
            35  recv
            36  < . 120001:180001 ack 1
            36  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     < . 1:60001 ack 1
            30       > . 1 ack 60001 win 5535  EverySecondSegment
            31     recv
            31       read 60000 bytes
            31       window up to 430080
            31       > . 1 ack 60001 win 65535  WindowUpdate
            35     < . 60001:120001 ack 1
            35       > . 1 ack 120001 win 65535  EverySecondSegment
            35     recv
            35       read 60000 bytes
            35       > . 1 ack 120001 win 65535  WindowUpdate
            36     < . 120001:180001 ack 1
            36       > . 1 ack 180001 win 65535  EverySecondSegment
            36     recv
            36       read 60000 bytes
            36       window up to 790080
            36       > . 1 ack 180001 win 65535  WindowUpdate
        "#]],
    );
}

#[test]
fn an_old_number_at_a_closed_window_is_a_probe() {
    let mut policy = Policy::rfc();
    (policy.receive.initial_window, policy.receive.buffer_len) = (2000, 2000);
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 1:2001 ack 1
            31  < . 2000 ack 1
            32  < . 2001:2002 ack 1
            33  recv
            34  < . 2000 ack 1
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 2000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000  HandshakeAck
            20       * Connected
            30     < . 1:2001 ack 1
            30       > . 1 ack 2001 win 0  QuickAck
            31     < . 2000 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 2001 win 0  ProbeAnswered
            32     < . 2001:2002 ack 1
            32       dropped: OutsideWindow
            32       > . 1 ack 2001 win 0  ProbeAnswered
            33     recv
            33       read 2000 bytes
            33       > . 1 ack 2001 win 2000  WindowUpdate
            34     < . 2000 ack 1
            34       dropped: OutsideWindow
            34       > . 1 ack 2001 win 2000  KeepAliveAnswered
        "#]],
    );
}

#[test]
fn a_closed_window_takes_nothing_but_the_next_number() {
    // RFC 9293 §3.10.7.4, table 6.
    let mut policy = Policy::rfc();
    policy.receive.buffer_len = 1000;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1:1001 ack 1 ts 110 ecr 20
            31  send 100
            40  < . 1500 ack 101 ts 120 ecr 31
            41  < R 1500
            50  < . 1001 ack 101 ts 130 ecr 31
            60  send 100
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 1000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 1000 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:1001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1001 win 0 ts 30 ecr 110  QuickAck
            31     send 100
            31       > P. 1:101 ack 1001 win 0 ts 31 ecr 110  Data
            40     < . 1500 ack 101 ts 120 ecr 31
            40       dropped: OutsideWindow
            40       > . 101 ack 1001 win 0 ts 40 ecr 110  Unacceptable
            41     < R 1500
            41       dropped: OutsideWindow
            50     < . 1001 ack 101 ts 130 ecr 31
            60     send 100
            60       > P. 101:201 ack 1001 win 0 ts 60 ecr 130  Data
        "#]],
    );
}
