//! What comes early, and what SACK tells of it (RFC 2018, RFC 2883).

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

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
