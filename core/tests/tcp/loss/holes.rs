//! Recovery by SACK alone (RFC 6675): what goes out while there are holes.

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

#[test]
fn holes_go_out_before_anything_new() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::Sack;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 40000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            52  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            53  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-11585
            54  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-14481
            72  < . 1 ack 2897 ts 152 ecr 52 sack 4345-14481
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
            30     send 40000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 4345:5793 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 5793:7241 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 7241:8689 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 8689:10137 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 10137:11585 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 11585:13033 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 13033:14481 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            50       > . 14481:15929 ack 1 win 511 ts 50 ecr 130  Data
            51     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            51       > . 15929:17377 ack 1 win 511 ts 51 ecr 130  Data
            52     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            52       recovery until 17377
            52       > . 1:1449 ack 1 win 511 ts 52 ecr 130  FastRetransmit (again: 1)
            53     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-11585
            53       > . 2897:4345 ack 1 win 511 ts 53 ecr 130  Recovery (again: 1)
            53       > . 17377:18825 ack 1 win 511 ts 53 ecr 130  Data
            54     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-14481
            54       > . 18825:20273 ack 1 win 511 ts 54 ecr 130  Data
            54       > . 20273:21721 ack 1 win 511 ts 54 ecr 130  Data
            72     < . 1 ack 2897 ts 152 ecr 52 sack 4345-14481
            72       > . 21721:23169 ack 1 win 511 ts 72 ecr 152  Data
        "#]],
    );
}

#[test]
fn a_hole_that_nothing_calls_lost_waits_for_the_timer() {
    // RFC 6675 §4, NextSeg (3) and (4), would send 4345:5793 now: two segments above it
    // are no three.
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::Sack;
    policy.loss.tail_loss_probe = false;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 8688
            50    < . 1 ack 1 ts 130 ecr 20 sack 1449-4345,5793-8689
            1060  wait
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
            30     send 8688
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 4345:5793 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 5793:7241 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 7241:8689 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345,5793-8689
            50       recovery until 8689
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            1030     timer Retransmission
            1030     timed out until 8689
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 130  RetransmissionTimeout (again: 2)
            1060   wait
        "#]],
    );
}
