//! Receiving: order, gaps, windows, and when it is acknowledged.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

/// No quick ACKs, so that the delayed ones are seen at once.
fn slow_start_over() -> Policy {
    let mut policy = Policy::rfc();
    policy.receive.quick_acks = 0;
    policy
}

#[test]
fn every_second_segment_is_acknowledged_and_the_last_one_late() {
    Story::new(slow_start_over()).show_timers().check(
        &format!(
            "{OPEN}
            30   < . 1:1449 ack 1 ts 110 ecr 20
            31   < . 1449:2897 ack 1 ts 111 ecr 20
            32   < P. 2897:3000 ack 1 ts 112 ecr 20
            100  recv
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
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:1449 ack 1 ts 110 ecr 20
            30       timer DelayedAck at 70 ms
            31     < . 1449:2897 ack 1 ts 111 ecr 20
            31       > . 1 ack 2897 win 489 ts 31 ecr 110  EverySecondSegment
            31       timer DelayedAck stopped
            32     < P. 2897:3000 ack 1 ts 112 ecr 20
            32       timer DelayedAck at 72 ms
            72       timer DelayedAck
            72       > . 1 ack 3000 win 488 ts 72 ecr 112  DelayedAckTimer
            100    recv
            100      read 2999 bytes
        "#]],
    );
}

#[test]
fn at_the_start_every_segment_is_acknowledged() {
    check(
        "
        30  < . 1:1449 ack 1 ts 110 ecr 20
        31  < . 1449:2897 ack 1 ts 111 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1:1449 ack 1 ts 110 ecr 20
            30       > . 1 ack 1449 win 500 ts 30 ecr 110  QuickAck
            31     < . 1449:2897 ack 1 ts 111 ecr 20
            31       > . 1 ack 2897 win 489 ts 31 ecr 111  QuickAck
        "#]],
    );
}

#[test]
fn our_data_carries_the_ack() {
    Story::new(slow_start_over()).show_timers().check(
        &format!(
            "{OPEN}
            30  < P. 1:101 ack 1 ts 110 ecr 20
            40  send 50
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
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 110 ecr 20
            30       timer DelayedAck at 70 ms
            40     send 50
            40       > P. 1:51 ack 101 win 511 ts 40 ecr 110  Data
            40       timer DelayedAck stopped
            40       timer TailLossProbe at 280 ms
        "#]],
    );
}

#[test]
fn the_four_of_the_article_with_the_second_lost() {
    check(
        "
        30  < P. 1:111 ack 1 ts 110 ecr 20
        31  < P. 231:431 ack 1 ts 111 ecr 20
        32  < P. 431:931 ack 1 ts 112 ecr 20
        60  < P. 111:231 ack 1 ts 140 ecr 31
        70  recv
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:111 ack 1 ts 110 ecr 20
            30       > . 1 ack 111 win 511 ts 30 ecr 110  QuickAck
            31     < P. 231:431 ack 1 ts 111 ecr 20
            31       > . 1 ack 111 win 511 ts 31 ecr 110 sack 231-431  OutOfOrder
            32     < P. 431:931 ack 1 ts 112 ecr 20
            32       > . 1 ack 111 win 511 ts 32 ecr 110 sack 231-931  OutOfOrder
            60     < P. 111:231 ack 1 ts 140 ecr 31
            60       > . 1 ack 931 win 504 ts 60 ecr 140  GapFilled
            70     recv
            70       read 930 bytes
        "#]],
    );
}

#[test]
fn a_stray_packet_at_2000_is_kept_and_told() {
    check(
        "
        30  < P. 1:931 ack 1 ts 110 ecr 20
        31  < P. 2001:2101 ack 1 ts 111 ecr 20
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
            30     < P. 1:931 ack 1 ts 110 ecr 20
            30       > . 1 ack 931 win 504 ts 30 ecr 110  QuickAck
            31     < P. 2001:2101 ack 1 ts 111 ecr 20
            31       > . 1 ack 931 win 504 ts 31 ecr 110 sack 2001-2101  OutOfOrder
            40     recv
            40       read 930 bytes
        "#]],
    );
}

#[test]
fn sack_tells_the_newest_block_first() {
    check(
        "
        30  < . 1001:2001 ack 1 ts 110 ecr 20
        31  < . 3001:4001 ack 1 ts 110 ecr 20
        32  < . 5001:6001 ack 1 ts 110 ecr 20
        33  < . 7001:8001 ack 1 ts 110 ecr 20
        34  < . 2001:3001 ack 1 ts 110 ecr 20
        35  < . 1:1001 ack 1 ts 110 ecr 20
        36  recv
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1001:2001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 1001-2001  OutOfOrder
            31     < . 3001:4001 ack 1 ts 110 ecr 20
            31       > . 1 ack 1 win 511 ts 31 ecr 100 sack 3001-4001,1001-2001  OutOfOrder
            32     < . 5001:6001 ack 1 ts 110 ecr 20
            32       > . 1 ack 1 win 511 ts 32 ecr 100 sack 5001-6001,3001-4001,1001-2001  OutOfOrder
            33     < . 7001:8001 ack 1 ts 110 ecr 20
            33       > . 1 ack 1 win 511 ts 33 ecr 100 sack 7001-8001,5001-6001,3001-4001  OutOfOrder
            34     < . 2001:3001 ack 1 ts 110 ecr 20
            34       > . 1 ack 1 win 511 ts 34 ecr 100 sack 1001-4001,7001-8001,5001-6001  OutOfOrder
            35     < . 1:1001 ack 1 ts 110 ecr 20
            35       > . 1 ack 4001 win 480 ts 35 ecr 110 sack 7001-8001,5001-6001  GapFilled
            36     recv
            36       read 4000 bytes
        "#]],
    );
}

#[test]
fn without_timestamps_there_is_room_for_four_blocks() {
    Story::new(Policy::rfc()).check(
        "
        0   connect
        20  < S. 0 ack 1 mss 1460 sackok
        30  < . 1001:2001 ack 1
        31  < . 3001:4001 ack 1
        32  < . 5001:6001 ack 1
        33  < . 7001:8001 ack 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 mss 1460 sackok
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     < . 1001:2001 ack 1
            30       > . 1 ack 1 win 65535 sack 1001-2001  OutOfOrder
            31     < . 3001:4001 ack 1
            31       > . 1 ack 1 win 65535 sack 3001-4001,1001-2001  OutOfOrder
            32     < . 5001:6001 ack 1
            32       > . 1 ack 1 win 65535 sack 5001-6001,3001-4001,1001-2001  OutOfOrder
            33     < . 7001:8001 ack 1
            33       > . 1 ack 1 win 65535 sack 7001-8001,5001-6001,3001-4001,1001-2001  OutOfOrder
        "#]],
    );
}

#[test]
fn a_peer_without_sack_gets_plain_duplicate_acks() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 1001:2001 ack 1
            31  < . 2001:3001 ack 1
            32  < . 1:1001 ack 1
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
            30     < . 1001:2001 ack 1
            30       > . 1 ack 1 win 65535  OutOfOrder
            31     < . 2001:3001 ack 1
            31       > . 1 ack 1 win 65535  OutOfOrder
            32     < . 1:1001 ack 1
            32       > . 1 ack 3001 win 62535  GapFilled
        "#]],
    );
}

#[test]
fn duplicates_are_told_by_dsack() {
    check(
        "
        30  < . 1:1001 ack 1 ts 110 ecr 20
        31  < . 1:1001 ack 1 ts 111 ecr 20
        32  < . 2001:3001 ack 1 ts 112 ecr 20
        33  < . 2001:3001 ack 1 ts 113 ecr 20
        34  < . 501:2501 ack 1 ts 114 ecr 20
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
            30     < . 1:1001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1001 win 504 ts 30 ecr 110  QuickAck
            31     < . 1:1001 ack 1 ts 111 ecr 20
            31       dropped: DuplicateData
            31       > . 1 ack 1001 win 504 ts 31 ecr 110 sack 1-1001  Duplicate
            32     < . 2001:3001 ack 1 ts 112 ecr 20
            32       > . 1 ack 1001 win 504 ts 32 ecr 110 sack 2001-3001  OutOfOrder
            33     < . 2001:3001 ack 1 ts 113 ecr 20
            33       dropped: DuplicateData
            33       > . 1 ack 1001 win 504 ts 33 ecr 110 sack 2001-3001,2001-3001  Duplicate
            34     < . 501:2501 ack 1 ts 114 ecr 20
            34       > . 1 ack 3001 win 488 ts 34 ecr 114 sack 501-1001  GapFilled
            40     recv
            40       read 3000 bytes
        "#]],
    );
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
fn numbers_of_data_go_round_the_circle() {
    Story::new(Policy::rfc()).numbers(9, u32::MAX - 1500).check(
        &format!(
            "{OPEN}
                30  < . 1001:2001 ack 1 ts 110 ecr 20
                31  < . 1:1001 ack 1 ts 110 ecr 20
                32  < . 2001:3001 ack 1 ts 110 ecr 20
                40  recv
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
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 1001-2001  OutOfOrder
            31     < . 1:1001 ack 1 ts 110 ecr 20
            31       > . 1 ack 2001 win 496 ts 31 ecr 110  GapFilled
            32     < . 2001:3001 ack 1 ts 110 ecr 20
            32       > . 1 ack 3001 win 488 ts 32 ecr 110  QuickAck
            40     recv
            40       read 3000 bytes
        "#]],
    );
}

#[test]
fn an_overtaken_pure_ack_is_not_answered() {
    check(
        "
        30  < P. 1:101 ack 1 ts 200 ecr 20
        31  < . 101 ack 1 ts 150 ecr 20
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
            31     < . 101 ack 1 ts 150 ecr 20
            31       dropped: OldTimestamp
        "#]],
    );
}

/// A policy whose window starts small, to see it grow.
fn small_window() -> Policy {
    let mut policy = Policy::rfc();
    policy.receive.initial_window = 4000;
    policy.receive.buffer_len = 100_000;
    policy
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
fn after_24_days_of_silence_any_timestamp_is_believed() {
    check(
        "
        30          < P. 1:101 ack 1 ts 2000000000 ecr 20
        31          recv
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
fn a_linux_receiver_is_quick_then_waits_and_is_quick_again_after_a_silence() {
    let mut policy = Policy::linux();
    policy.receive.quick_acks = 1;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    < . 1:1001 ack 1 ts 110 ecr 20
            40    < . 1001:2001 ack 1 ts 120 ecr 30
            50    < P. 2001:2101 ack 1 ts 130 ecr 30
            60    < P. 2101:2201 ack 1 ts 140 ecr 50
            110   recv
            120   < P. 2201:2301 ack 1 ts 150 ecr 60
            125   recv
            130   send 100
            150   < P. 2301:2401 ack 101 ts 180 ecr 130
            155   recv
            5000  < . 2401:3401 ack 101 ts 5100 ecr 155
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
            30     < . 1:1001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1001 win 252 ts 30 ecr 110  QuickAck
            40     < . 1001:2001 ack 1 ts 120 ecr 30
            50     < P. 2001:2101 ack 1 ts 130 ecr 30
            50       > . 1 ack 2101 win 247 ts 50 ecr 120  EverySecondSegment
            60     < P. 2101:2201 ack 1 ts 140 ecr 50
            100      timer DelayedAck
            100      > . 1 ack 2201 win 247 ts 100 ecr 140  DelayedAckTimer
            110    recv
            110      read 2200 bytes
            120    < P. 2201:2301 ack 1 ts 150 ecr 60
            125    recv
            125      read 100 bytes
            125      > . 1 ack 2301 win 255 ts 125 ecr 150  AllRead
            130    send 100
            130      > P. 1:101 ack 2301 win 255 ts 130 ecr 150  Data
            150    < P. 2301:2401 ack 101 ts 180 ecr 130
            155    recv
            155      read 100 bytes
            190      timer DelayedAck
            190      > . 101 ack 2401 win 254 ts 190 ecr 180  DelayedAckTimer
            5000   < . 2401:3401 ack 101 ts 5100 ecr 155
            5000     > . 101 ack 3401 win 250 ts 5000 ecr 5100  QuickAck
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
fn data_that_carries_sack_blocks_leaves_room_for_them() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < . 1001:2001 ack 1 ts 110 ecr 20
            30  < . 3001:4001 ack 1 ts 110 ecr 20
            31  < . 5001:6001 ack 1 ts 111 ecr 20
            31  send 4000
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
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 1001-2001  OutOfOrder
            30     < . 3001:4001 ack 1 ts 110 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 3001-4001,1001-2001  OutOfOrder
            31     < . 5001:6001 ack 1 ts 111 ecr 20
            31       > . 1 ack 1 win 511 ts 31 ecr 100 sack 5001-6001,3001-4001,1001-2001  OutOfOrder
            31     send 4000
            31       > . 1:1421 ack 1 win 511 ts 31 ecr 100 sack 5001-6001,3001-4001,1001-2001  Data
            31       > . 1421:2841 ack 1 win 511 ts 31 ecr 100 sack 5001-6001,3001-4001,1001-2001  Data
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
fn each_early_segment_has_its_duplicate_ack_without_sack() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  link full
            31  < . 1001:1101 ack 1
            31  < . 1101:1201 ack 1
            31  < . 1201:1301 ack 1
            32  link free
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
            30     link full
            31     < . 1001:1101 ack 1
            31     < . 1101:1201 ack 1
            31     < . 1201:1301 ack 1
            32     link free
            32       > . 1 ack 1 win 65535  OutOfOrder
            32       > . 1 ack 1 win 65535  OutOfOrder
            32       > . 1 ack 1 win 65535  OutOfOrder
        "#]],
    );
}

#[test]
fn with_sack_one_ack_tells_of_all() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  link full
            31  < . 1001:1101 ack 1 ts 111 ecr 20
            31  < . 1101:1201 ack 1 ts 111 ecr 20
            31  < . 1201:1301 ack 1 ts 111 ecr 20
            32  link free
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
            30     link full
            31     < . 1001:1101 ack 1 ts 111 ecr 20
            31     < . 1101:1201 ack 1 ts 111 ecr 20
            31     < . 1201:1301 ack 1 ts 111 ecr 20
            32     link free
            32       > . 1 ack 1 win 511 ts 32 ecr 100 sack 1001-1301  OutOfOrder
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

#[test]
fn data_far_away_is_no_duplicate() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN}
            30  < . 200001:200101 ack 1 ts 110 ecr 20
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
            30     < . 200001:200101 ack 1 ts 110 ecr 20
            30       dropped: OutsideWindow
            30       > . 1 ack 1 win 255 ts 30 ecr 100  Unacceptable
        "#]],
    );
}

#[test]
fn of_early_fins_the_first_counts() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < F. 101:201 ack 1
            31  < F. 301:311 ack 1
            40  < . 1:101 ack 1
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
            30     < F. 101:201 ack 1
            30       > . 1 ack 1 win 65535  OutOfOrder
            31     < F. 301:311 ack 1
            31       dropped: AfterFin
            31       > . 1 ack 1 win 65535  Unacceptable
            40     < . 1:101 ack 1
            40       ESTABLISHED -> CLOSE-WAIT
            40       > . 1 ack 202 win 65334  GapFilled
            40       * PeerClosed
        "#]],
    );
}
