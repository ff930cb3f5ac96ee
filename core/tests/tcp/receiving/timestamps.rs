//! Timestamps and what is too old (RFC 7323 §4, §5).

use crate::story::{OPEN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn an_old_timestamp_is_not_believed() {
    check(
        "
        30  < P. 1:101 ack 1 ts 200 ecr 20
        31  < P. 101:201 ack 1 ts 150 ecr 20
        32  < P. 101:201 ack 1 ts 200 ecr 20
        40  recv
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
            31     < P. 101:201 ack 1 ts 150 ecr 20
            31       dropped: OldTimestamp
            31       > . 1 ack 101 win 511 ts 31 ecr 200  Unacceptable
            32     < P. 101:201 ack 1 ts 200 ecr 20
            32       > . 1 ack 201 win 510 ts 32 ecr 200  QuickAck
            40     recv
            40       read 200 bytes
        "#]],
    );
}

#[test]
fn after_24_days_of_silence_any_timestamp_is_believed() {
    check(
        "
        30          < P. 1:101 ack 1 ts 2000000000 ecr 20
        31          recv
        2000000000  < P. 101:201 ack 1 ts 1900000000 ecr 20
        2100000000  < P. 101:201 ack 1 ts 1900000000 ecr 20
        2100000001  < P. 201:301 ack 1 ts 1900000001 ecr 20
        2100000002  < P. 301:401 ack 1 ts 1800000000 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 2000000000 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 2000000000  QuickAck
            31     recv
            31       read 100 bytes
            2000000000 < P. 101:201 ack 1 ts 1900000000 ecr 20
            2000000000   dropped: OldTimestamp
            2000000000   > . 1 ack 101 win 511 ts 2000000000 ecr 2000000000  Unacceptable
            2100000000 < P. 101:201 ack 1 ts 1900000000 ecr 20
            2100000000   > . 1 ack 201 win 510 ts 2100000000 ecr 1900000000  QuickAck
            2100000001 < P. 201:301 ack 1 ts 1900000001 ecr 20
            2100000001   > . 1 ack 301 win 509 ts 2100000001 ecr 1900000001  QuickAck
            2100000002 < P. 301:401 ack 1 ts 1800000000 ecr 20
            2100000002   dropped: OldTimestamp
            2100000002   > . 1 ack 301 win 509 ts 2100000002 ecr 1900000001  Unacceptable
        "#]],
    );
}

#[test]
fn timestamps_come_from_the_segment_that_the_last_ack_ends_in() {
    // RFC 7323 §4.3: a delayed ACK echoes the first segment, not the last.
    let mut policy = Policy::rfc();
    policy.receive.quick_acks = 0;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  < . 1:1001 ack 1 ts 110 ecr 20
            35  < . 1001:2001 ack 1 ts 115 ecr 20
            40  < . 3001:4001 ack 1 ts 120 ecr 20
            45  < . 2001:3001 ack 1 ts 125 ecr 20
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
            35     < . 1001:2001 ack 1 ts 115 ecr 20
            35       > . 1 ack 2001 win 496 ts 35 ecr 110  EverySecondSegment
            40     < . 3001:4001 ack 1 ts 120 ecr 20
            40       > . 1 ack 2001 win 496 ts 40 ecr 110 sack 3001-4001  OutOfOrder
            45     < . 2001:3001 ack 1 ts 125 ecr 20
            45       > . 1 ack 4001 win 480 ts 45 ecr 125  GapFilled
        "#]],
    );
}

#[test]
fn paws_does_not_stop_a_reset() {
    check(
        "
        30  < P. 1:101 ack 1 ts 2000 ecr 20
        40  < R. 101 ack 1 ts 1000 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 2000 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 2000  QuickAck
            40     < R. 101 ack 1 ts 1000 ecr 20
            40       ESTABLISHED -> CLOSED
            40       over: ResetByPeer
            40       * Closed(ResetByPeer)
        "#]],
    );
}

#[test]
fn a_segment_with_an_impossible_ack_does_not_make_paws_drop_what_is_true() {
    check(
        "
        30  < F. 1 ack 9999 ts 200000 ecr 20
        40  < . 1:1001 ack 1 ts 201 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < F. 1 ack 9999 ts 200000 ecr 20
            30       dropped: AckOfUnsent
            30       > . 1 ack 1 win 511 ts 30 ecr 100  Unacceptable
            40     < . 1:1001 ack 1 ts 201 ecr 20
            40       > . 1 ack 1001 win 504 ts 40 ecr 201  QuickAck
        "#]],
    );
}

#[test]
fn an_ack_is_overtaken_as_long_as_it_may_be_on_its_way() {
    // Its timestamp may be older by 1.2 RTO, here 1200 ms.
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < P. 1:11 ack 1 ts 5000 ecr 20
            31  < . 11 ack 1 ts 3800 ecr 20
            32  < . 11 ack 1 ts 3799 ecr 20
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
            30     < P. 1:11 ack 1 ts 5000 ecr 20
            30       > . 1 ack 11 win 511 ts 30 ecr 5000  QuickAck
            31     < . 11 ack 1 ts 3800 ecr 20
            31       dropped: OldTimestamp
            32     < . 11 ack 1 ts 3799 ecr 20
            32       dropped: OldTimestamp
            32       > . 1 ack 11 win 511 ts 32 ecr 5000  Unacceptable
        "#]],
    );
}
