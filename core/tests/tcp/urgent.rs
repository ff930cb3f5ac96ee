//! Urgent data: told, and read in line (RFC 9293 §3.8.5, RFC 6093).

use crate::story::check;
use expect_test::expect;

#[test]
fn urgent_data_is_told_once_and_read_in_line() {
    check(
        "
        100  < PU. 1:101 ack 1 urg 50 ts 180 ecr 20
        101  urgent
        102  recv 30
        103  urgent
        104  recv
        105  urgent
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < PU. 1:101 ack 1 urg 50 ts 180 ecr 20
            100      > . 1 ack 101 win 511 ts 100 ecr 180  QuickAck
            100      * Urgent
            101    urgent
            101      50 bytes to the end of what is urgent
            102    recv 30
            102      read 30 bytes
            103    urgent
            103      20 bytes to the end of what is urgent
            104    recv
            104      read 70 bytes
            105    urgent
            105      0 bytes to the end of what is urgent
        "#]],
    );
}

#[test]
fn a_pointer_that_moves_is_told_again_and_one_that_does_not_is_not() {
    check(
        "
        100  < U. 1 ack 1 urg 200 ts 180 ecr 20
        101  urgent
        110  < PU. 1:101 ack 1 urg 200 ts 190 ecr 20
        120  < PU. 101:201 ack 1 urg 50 ts 200 ecr 20
        130  < PU. 201:301 ack 1 urg 500 ts 210 ecr 20
        131  urgent
        132  recv
        133  urgent
        140  < P. 301:701 ack 1 ts 220 ecr 20
        141  recv
        142  urgent
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < U. 1 ack 1 urg 200 ts 180 ecr 20
            100      * Urgent
            101    urgent
            101      200 bytes to the end of what is urgent
            110    < PU. 1:101 ack 1 urg 200 ts 190 ecr 20
            110      > . 1 ack 101 win 511 ts 110 ecr 190  QuickAck
            120    < PU. 101:201 ack 1 urg 50 ts 200 ecr 20
            120      > . 1 ack 201 win 510 ts 120 ecr 200  QuickAck
            130    < PU. 201:301 ack 1 urg 500 ts 210 ecr 20
            130      > . 1 ack 301 win 509 ts 130 ecr 210  QuickAck
            130      * Urgent
            131    urgent
            131      700 bytes to the end of what is urgent
            132    recv
            132      read 300 bytes
            133    urgent
            133      400 bytes to the end of what is urgent
            140    < P. 301:701 ack 1 ts 220 ecr 20
            140      > . 1 ack 701 win 506 ts 140 ecr 220  QuickAck
            141    recv
            141      read 400 bytes
            142    urgent
            142      0 bytes to the end of what is urgent
        "#]],
    );
}

#[test]
fn a_pointer_to_what_was_read_or_after_the_fin_says_nothing() {
    check(
        "
        100  < P. 1:101 ack 1 ts 180 ecr 20
        101  recv
        110  < U. 101 ack 1 urg 0 ts 190 ecr 20
        120  < F. 101 ack 1 ts 200 ecr 20
        130  < U. 102 ack 1 urg 9 ts 210 ecr 20
        131  urgent
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < P. 1:101 ack 1 ts 180 ecr 20
            100      > . 1 ack 101 win 511 ts 100 ecr 180  QuickAck
            101    recv
            101      read 100 bytes
            110    < U. 101 ack 1 urg 0 ts 190 ecr 20
            120    < F. 101 ack 1 ts 200 ecr 20
            120      ESTABLISHED -> CLOSE-WAIT
            120      > . 1 ack 102 win 511 ts 120 ecr 200  FinReceived
            120      * PeerClosed
            130    < U. 102 ack 1 urg 9 ts 210 ecr 20
            131    urgent
            131      0 bytes to the end of what is urgent
        "#]],
    );
}

#[test]
fn what_is_urgent_in_the_last_segment_ends_before_the_fin() {
    check(
        "
        100  < FU. 1:101 ack 1 urg 100 ts 180 ecr 20
        101  urgent
        102  recv 30
        103  urgent
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            100    < FU. 1:101 ack 1 urg 100 ts 180 ecr 20
            100      ESTABLISHED -> CLOSE-WAIT
            100      > . 1 ack 102 win 511 ts 100 ecr 180  QuickAck
            100      * Urgent
            100      * PeerClosed
            101    urgent
            101      100 bytes to the end of what is urgent
            102    recv 30
            102      read 30 bytes
            103    urgent
            103      70 bytes to the end of what is urgent
        "#]],
    );
}
