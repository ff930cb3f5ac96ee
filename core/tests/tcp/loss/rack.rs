//! Losses told by time, and probes for a lost tail (RFC 8985).

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn time_tells_a_loss_that_two_duplicates_do_not() {
    Story::new(Policy::rfc()).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30  send 4344
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            75  < . 1 ack 4345 ts 155 ecr 55
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 4344
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            30       > P. 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            50       timer Reordering at 55 ms
            50       timer TailLossProbe stopped
            50       timer Retransmission at 1030 ms
            55       timer Reordering
            55       recovery until 4345
            55       cwnd 1448, ssthresh 3040, in flight 4344
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 130  Rack (again: 1)
            75     < . 1 ack 4345 ts 155 ecr 55
            75       recovered
            75       cwnd 3040, ssthresh 3040, in flight 0
            75       timer Retransmission stopped
        "#]],
    );
}

#[test]
fn what_was_overtaken_is_waited_for() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 2897-4345
            51  < . 1 ack 4345 ts 131 ecr 30
            70  < . 1 ack 14481 ts 150 ecr 30
            80  send 14480
            100 < . 1 ack 14481 ts 180 ecr 80 sack 17377-24617
            104 < . 1 ack 28961 ts 184 ecr 80
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
            30     send 14480
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 4345:5793 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 5793:7241 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 7241:8689 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 8689:10137 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 10137:11585 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 11585:13033 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 13033:14481 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 2897-4345
            51     < . 1 ack 4345 ts 131 ecr 30
            51       cwnd 17376, ssthresh -, in flight 10136
            70     < . 1 ack 14481 ts 150 ecr 30
            70       cwnd 27512, ssthresh -, in flight 0
            80     send 14480
            80       > . 14481:15929 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 15929:17377 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 17377:18825 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 18825:20273 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 20273:21721 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 21721:23169 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 23169:24617 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 24617:26065 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 26065:27513 ack 1 win 511 ts 80 ecr 150  Data
            80       > P. 27513:28961 ack 1 win 511 ts 80 ecr 150  Data
            100    < . 1 ack 14481 ts 180 ecr 80 sack 17377-24617
            104    < . 1 ack 28961 ts 184 ecr 80
            104      cwnd 34752, ssthresh -, in flight 0
        "#]],
    );
}

#[test]
fn a_lost_retransmission_is_noticed_by_time() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30  send 20000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-14481
            75  < . 1 ack 1 ts 155 ecr 20 sack 1449-15929
            76  < . 1 ack 1 ts 156 ecr 20 sack 1449-17377
            99  < . 1 ack 17377 ts 179 ecr 79
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
            30     send 20000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
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
            50       timer TailLossProbe stopped
            50       timer Retransmission at 1030 ms
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-14481
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            51       > . 15929:17377 ack 1 win 511 ts 51 ecr 131  Data
            51       > . 17377:18825 ack 1 win 511 ts 51 ecr 131  Data
            75     < . 1 ack 1 ts 155 ecr 20 sack 1449-15929
            75       > . 1:1449 ack 1 win 511 ts 75 ecr 155  Recovery (again: 2)
            76     < . 1 ack 1 ts 156 ecr 20 sack 1449-17377
            99     < . 1 ack 17377 ts 179 ecr 79
            99       recovered
            99       timer Retransmission at 1099 ms
            99       timer Retransmission stopped
            99       timer TailLossProbe at 339 ms
        "#]],
    );
}

#[test]
fn a_probe_repairs_a_lost_tail_and_slows_us_down() {
    Story::new(Policy::rfc()).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30   send 2896
            50   < . 1 ack 1449 ts 130 ecr 30
            310  < . 1 ack 2897 ts 390 ecr 290
            320  send 1448
            340  < . 1 ack 4345 ts 420 ecr 320
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            50     < . 1 ack 1449 ts 130 ecr 30
            50       timer TailLossProbe at 290 ms
            290      timer TailLossProbe
            290      timer Retransmission at 1290 ms
            290      > P. 1449:2897 ack 1 win 511 ts 290 ecr 130  TailLossProbe (again: 1)
            310    < . 1 ack 2897 ts 390 ecr 290
            310      timer Retransmission stopped
            320    send 1448
            320      > P. 2897:4345 ack 1 win 511 ts 320 ecr 390  Data
            320      timer Retransmission at 1320 ms
            340    < . 1 ack 4345 ts 420 ecr 320
            340      slowed: ProbeRepairedLoss
            340      cwnd 2896, ssthresh 2896, in flight 0
            340      timer Retransmission stopped
        "#]],
    );
}

#[test]
fn a_probe_that_was_needless_is_told_by_dsack() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30   send 2896
            100  < . 1 ack 2897 ts 180 ecr 30
            101  < . 1 ack 2897 ts 181 ecr 30 sack 1449-2897
            120  send 1448
            140  < . 1 ack 4345 ts 220 ecr 120
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
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            70       timer TailLossProbe
            70       > P. 1449:2897 ack 1 win 511 ts 70 ecr 100  TailLossProbe (again: 1)
            100    < . 1 ack 2897 ts 180 ecr 30
            101    < . 1 ack 2897 ts 181 ecr 30 sack 1449-2897
            101      needless 1449:2897
            101      cwnd 14480, ssthresh -, in flight 0
            120    send 1448
            120      > P. 2897:4345 ack 1 win 511 ts 120 ecr 181  Data
            140    < . 1 ack 4345 ts 220 ecr 120
        "#]],
    );
}
