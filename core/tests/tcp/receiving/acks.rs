//! When what came is acknowledged (RFC 9293 §3.8.6.3, RFC 5681 §4.2).

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
