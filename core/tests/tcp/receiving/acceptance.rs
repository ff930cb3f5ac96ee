//! What is taken, what is answered, and what is dropped (RFC 9293 §3.10.7.4).

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn a_keep_alive_is_answered() {
    check(
        "
        30  < P. 1:101 ack 1 ts 200 ecr 20
        90  < . 100 ack 1 ts 250 ecr 20
        95  < . 1:2 ack 1 ts 260 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 200 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 200  QuickAck
            90     < . 100 ack 1 ts 250 ecr 20
            90       dropped: OutsideWindow
            90       > . 1 ack 101 win 511 ts 90 ecr 200  KeepAliveAnswered
            95     < . 1:2 ack 1 ts 260 ecr 20
            95       dropped: DuplicateData
            95       > . 1 ack 101 win 511 ts 95 ecr 200 sack 1-2  Duplicate
        "#]],
    );
}

#[test]
fn segments_without_ack_or_with_impossible_ones_are_dropped() {
    check(
        "
        30  < P 1:101 ts 200 ecr 20
        31  < P. 1:101 ack 5000 ts 200 ecr 20
        32  < P. 1:101 ack -100000000 ts 200 ecr 20
        33  < P. 1:101 ack 0 ts 200 ecr 20
        34  < P. 1:101 ack 1 ts 200 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P 1:101 ts 200 ecr 20
            30       dropped: NoAck
            31     < P. 1:101 ack 5000 ts 200 ecr 20
            31       dropped: AckOfUnsent
            31       > . 1 ack 1 win 511 ts 31 ecr 100  Unacceptable
            32     < P. 1:101 ack -100000000 ts 200 ecr 20
            32       dropped: OldAck
            32       > . 1 ack 1 win 511 ts 32 ecr 100  ChallengeAck
            33     < P. 1:101 ack 0 ts 200 ecr 20
            33       dropped: OldAck
            33       > . 1 ack 1 win 511 ts 33 ecr 100  ChallengeAck
            34     < P. 1:101 ack 1 ts 200 ecr 20
            34       > . 1 ack 101 win 511 ts 34 ecr 200  QuickAck
        "#]],
    );
}

#[test]
fn a_segment_far_away_is_no_keep_alive() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 200001 ack 1
            31  < F. 200001 ack 1
            32  < . 0 ack 1
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
            30     < . 200001 ack 1
            30       dropped: OutsideWindow
            30       > . 1 ack 1 win 65535  Unacceptable
            31     < F. 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 1 win 65535  Unacceptable
            32     < . 0 ack 1
            32       dropped: OutsideWindow
            32       > . 1 ack 1 win 65535  KeepAliveAnswered
        "#]],
    );
}

#[test]
fn what_is_empty_and_unacceptable_is_answered_within_limits_and_data_always() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < P. 1:101 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            31  < . 200001 ack 1
            32  < P. 1:101 ack 1
            32  < P. 1:101 ack 1
            32  < P. 1:101 ack 1
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
            30     < P. 1:101 ack 1
            30       > . 1 ack 101 win 65435  QuickAck
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 65435  Unacceptable
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            31     < . 200001 ack 1
            31       dropped: OutsideWindow
            32     < P. 1:101 ack 1
            32       dropped: DuplicateData
            32       > . 1 ack 101 win 65435  Duplicate
            32     < P. 1:101 ack 1
            32       dropped: DuplicateData
            32       > . 1 ack 101 win 65435  Duplicate
            32     < P. 1:101 ack 1
            32       dropped: DuplicateData
            32       > . 1 ack 101 win 65435  Duplicate
        "#]],
    );
}

#[test]
fn data_far_away_is_no_duplicate() {
    // A duplicate would make the ACKs quick again, as in Linux.
    let mut policy = Policy::linux();
    policy.receive.quick_acks = 1;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1:101 ack 1 ts 110 ecr 20
            31  < . 200001:200101 ack 1 ts 111 ecr 20
            32  < . 101:201 ack 1 ts 112 ecr 20
            100  wait
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
            30     < . 1:101 ack 1 ts 110 ecr 20
            30       > . 1 ack 101 win 255 ts 30 ecr 110  QuickAck
            31     < . 200001:200101 ack 1 ts 111 ecr 20
            31       dropped: OutsideWindow
            31       > . 1 ack 101 win 255 ts 31 ecr 110  Unacceptable
            32     < . 101:201 ack 1 ts 112 ecr 20
            72       timer DelayedAck
            72       > . 1 ack 201 win 255 ts 72 ecr 112  DelayedAckTimer
            100    wait
        "#]],
    );
}
