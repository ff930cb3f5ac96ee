//! What scripts that were played to Linux and to this stack have shown.

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn a_fin_in_order_is_believed_whatever_came_early() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < . 201:301 ack 1 ts 130 ecr 20
            40  < F. 101:201 ack 1 ts 140 ecr 20
            50  < F. 1:51 ack 1 ts 150 ecr 20
            60  < . 51:101 ack 1 ts 160 ecr 20
            70  recv
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
            30     < . 201:301 ack 1 ts 130 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 201-301  OutOfOrder
            40     < F. 101:201 ack 1 ts 140 ecr 20
            40       > . 1 ack 1 win 511 ts 40 ecr 100 sack 101-301  OutOfOrder
            50     < F. 1:51 ack 1 ts 150 ecr 20
            50       ESTABLISHED -> CLOSE-WAIT
            50       > . 1 ack 52 win 511 ts 50 ecr 150  GapFilled
            50       * PeerClosed
            60     < . 51:101 ack 1 ts 160 ecr 20
            60       dropped: AfterFin
            60       > . 1 ack 52 win 511 ts 60 ecr 160 sack 51-52  Unacceptable
            70     recv
            70       read 50 bytes
        "#]],
    );
}

#[test]
fn of_two_early_fins_the_one_that_comes_into_order_counts() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < F. 101:201 ack 1 ts 130 ecr 20
            40  < F. 1 ack 1 ts 140 ecr 20
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
            30     < F. 101:201 ack 1 ts 130 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 101-202  OutOfOrder
            40     < F. 1 ack 1 ts 140 ecr 20
            40       ESTABLISHED -> CLOSE-WAIT
            40       > . 1 ack 2 win 511 ts 40 ecr 140  FinReceived
            40       * PeerClosed
        "#]],
    );
}

#[test]
fn the_block_that_a_duplicate_lies_in_is_told_first_from_then_on() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < . 101:201 ack 1 ts 130 ecr 20
            40  < . 301:401 ack 1 ts 140 ecr 20
            50  < . 101:151 ack 1 ts 150 ecr 20
            60  send 100
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
            30     < . 101:201 ack 1 ts 130 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 101-201  OutOfOrder
            40     < . 301:401 ack 1 ts 140 ecr 20
            40       > . 1 ack 1 win 511 ts 40 ecr 100 sack 301-401,101-201  OutOfOrder
            50     < . 101:151 ack 1 ts 150 ecr 20
            50       dropped: DuplicateData
            50       > . 1 ack 1 win 511 ts 50 ecr 100 sack 101-151,101-201,301-401  Duplicate
            60     send 100
            60       > P. 1:101 ack 1 win 511 ts 60 ecr 100 sack 101-201,301-401  Data
        "#]],
    );
}

#[test]
fn a_segment_that_blocks_leave_less_room_in_is_not_small() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN}
            30  < . 101:201 ack 1 ts 130 ecr 20
            40  send 1500
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 101:201 ack 1 ts 130 ecr 20
            30       > . 1 ack 1 win 255 ts 30 ecr 100 sack 101-201  OutOfOrder
            40     send 1500
            40       > . 1:1437 ack 1 win 255 ts 40 ecr 100 sack 101-201  Data
            40       > P. 1437:1501 ack 1 win 255 ts 40 ecr 100 sack 101-201  Data
        "#]],
    );
}

#[test]
fn an_ack_with_a_timestamp_from_long_ago_is_answered_and_one_overtaken_is_not() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < . 1:101 ack 1 ts 100000 ecr 20
            40  < . 101 ack 1 ts 99990 ecr 20
            50  < . 1 ack 1 ts 130 ecr 20
            60  < . 101 ack 1 ts 130 ecr 20
            70  < . 51:151 ack 1 ts 130 ecr 20
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
            30     < . 1:101 ack 1 ts 100000 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 100000  QuickAck
            40     < . 101 ack 1 ts 99990 ecr 20
            40       dropped: OldTimestamp
            50     < . 1 ack 1 ts 130 ecr 20
            50       dropped: OldTimestamp
            60     < . 101 ack 1 ts 130 ecr 20
            60       dropped: OldTimestamp
            60       > . 1 ack 101 win 511 ts 60 ecr 100000  Unacceptable
            70     < . 51:151 ack 1 ts 130 ecr 20
            70       dropped: OldTimestamp
            70       > . 1 ack 101 win 511 ts 70 ecr 100000 sack 51-101  Unacceptable
        "#]],
    );
}

#[test]
fn an_ack_of_what_was_never_sent_is_no_old_one() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30   send 100
            50   < . 1 ack 101 ts 150 ecr 30
            60   < P. 1:11 ack 1 ts 160 ecr 30
            700  < P. 11:21 ack -10 ts 800 ecr 30
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
            50     < . 1 ack 101 ts 150 ecr 30
            60     < P. 1:11 ack 1 ts 160 ecr 30
            60       > . 101 ack 11 win 511 ts 60 ecr 160  QuickAck
            700    < P. 11:21 ack -10 ts 800 ecr 30
            700      dropped: OldAck
            700      > . 101 ack 11 win 511 ts 700 ecr 160  ChallengeAck
        "#]],
    );
}

#[test]
fn a_goodbye_that_is_answered_at_once_needs_no_ack_of_its_own() {
    let linux = || Story::new(Policy::linux());
    linux().check(
        &format!(
            "{OPEN}
            30  < P. 1:101 ack 1 ts 130 ecr 20
            31  recv
            32  send 50
            60  < . 101 ack 51 ts 160 ecr 32
            70  < F. 101 ack 51 ts 170 ecr 32
            75  close
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 130 ecr 20
            30       > . 1 ack 101 win 255 ts 30 ecr 130  QuickAck
            31     recv
            31       read 100 bytes
            32     send 50
            32       > P. 1:51 ack 101 win 255 ts 32 ecr 130  Data
            60     < . 101 ack 51 ts 160 ecr 32
            70     < F. 101 ack 51 ts 170 ecr 32
            70       ESTABLISHED -> CLOSE-WAIT
            70       * PeerClosed
            75     close
            75       > F. 51 ack 102 win 255 ts 75 ecr 170  Fin
            75       CLOSE-WAIT -> LAST-ACK
        "#]],
    );
    // The program says nothing.
    linux().check(
        &format!(
            "{OPEN}
            30  < P. 1:101 ack 1 ts 130 ecr 20
            40  < F. 101 ack 1 ts 140 ecr 20
            200 wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 130 ecr 20
            30       > . 1 ack 101 win 255 ts 30 ecr 130  QuickAck
            40     < F. 101 ack 1 ts 140 ecr 20
            40       ESTABLISHED -> CLOSE-WAIT
            40       * PeerClosed
            80       timer DelayedAck
            80       > . 1 ack 102 win 255 ts 80 ecr 140  DelayedAckTimer
            200    wait
        "#]],
    );
}

#[test]
fn a_burst_fills_the_window_to_its_last_byte() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN}
            30  < . 1 ack 1 win 32 ts 130 ecr 20
            40  send 6000
            41  < . 1 ack 1449 win 32 ts 141 ecr 40
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1 ack 1 win 32 ts 130 ecr 20
            40     send 6000
            40       > . 1:1449 ack 1 win 255 ts 40 ecr 130  Data
            40       > P. 1449:2897 ack 1 win 255 ts 40 ecr 130  Data
            41     < . 1 ack 1449 win 32 ts 141 ecr 40
            41       > . 2897:4345 ack 1 win 255 ts 41 ecr 141  Data
            41       > P. 4345:5545 ack 1 win 255 ts 41 ecr 141  Data
        "#]],
    );
}
