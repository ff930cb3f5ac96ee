//! How cwnd comes down in a recovery (RFC 6937, RFC 5681).

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn cwnd_comes_down_in_step_with_the_acks() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 40000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            52  < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            53  < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            54  < . 1 ack 1 ts 134 ecr 20 sack 1449-11585
            55  < . 1 ack 1 ts 135 ecr 20 sack 1449-14481
            72  < . 1 ack 14481 ts 152 ecr 50
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            52     < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            52       > . 15929:17377 ack 1 win 511 ts 52 ecr 132  Data
            53     < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            53       > . 17377:18825 ack 1 win 511 ts 53 ecr 133  Data
            54     < . 1 ack 1 ts 134 ecr 20 sack 1449-11585
            54       > . 18825:20273 ack 1 win 511 ts 54 ecr 134  Data
            55     < . 1 ack 1 ts 135 ecr 20 sack 1449-14481
            55       > . 20273:21721 ack 1 win 511 ts 55 ecr 135  Data
            55       > . 21721:23169 ack 1 win 511 ts 55 ecr 135  Data
            72     < . 1 ack 14481 ts 152 ecr 50
            72       recovered
            72       cwnd 10136, ssthresh 10136, in flight 8688
            72       > . 23169:24617 ack 1 win 511 ts 72 ecr 152  Data
        "#]],
    );
}

#[test]
fn without_it_cwnd_falls_at_once() {
    let mut policy = Policy::rfc();
    policy.loss.proportional_rate = false;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 40000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            52  < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            53  < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            72  < . 1 ack 10137 ts 152 ecr 50
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            52     < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            52       > . 15929:17377 ack 1 win 511 ts 52 ecr 132  Data
            53     < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            53       > . 17377:18825 ack 1 win 511 ts 53 ecr 133  Data
            72     < . 1 ack 10137 ts 152 ecr 50
            72       > . 10137:11585 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 11585:13033 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 13033:14481 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 18825:20273 ack 1 win 511 ts 72 ecr 152  Data
        "#]],
    );
}
