//! Losses told by SACK (RFC 2018, RFC 6675).

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

#[test]
fn sack_says_which_are_missing() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::Sack;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            52  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-7241
            53  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            54  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-10137
            75  < . 1 ack 2897 ts 150 ecr 52 sack 4345-14481
            95  < . 1 ack 14481 ts 170 ecr 54
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            52     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-7241
            52       recovery until 14481
            52       cwnd 10136, ssthresh 10136, in flight 14480
            52       > . 1:1449 ack 1 win 511 ts 52 ecr 130  FastRetransmit (again: 1)
            53     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            53       cwnd 8688, ssthresh 10136, in flight 14480
            53       > . 2897:4345 ack 1 win 511 ts 53 ecr 130  Recovery (again: 1)
            54     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-10137
            75     < . 1 ack 2897 ts 150 ecr 52 sack 4345-14481
            75       cwnd 10136, ssthresh 10136, in flight 11584
            95     < . 1 ack 14481 ts 170 ecr 54
            95       recovered
            95       cwnd 10136, ssthresh 10136, in flight 0
        "#]],
    );
}

#[test]
fn a_receiver_that_takes_back_what_it_sacked_is_served_again() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30    send 4344
            50    < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            1100  < . 1 ack 1449 ts 1130 ecr 1030
            9000  wait
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
            30     send 4344
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            55       timer Reordering
            55       recovery until 4345
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 130  Rack (again: 1)
            1030     timer Retransmission
            1030     timed out until 4345
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 130  RetransmissionTimeout (again: 2)
            1100   < . 1 ack 1449 ts 1130 ecr 1030
            2100     timer Retransmission
            2100     timed out until 4345
            2100     > . 1449:2897 ack 1 win 511 ts 2100 ecr 1130  RetransmissionTimeout (again: 1)
            4100     timer Retransmission
            4100     timed out until 4345
            4100     > . 1449:2897 ack 1 win 511 ts 4100 ecr 1130  RetransmissionTimeout (again: 2)
            8100     timer Retransmission
            8100     path MTU 1064
            8100     timed out until 4345
            8100     > . 1449:2461 ack 1 win 511 ts 8100 ecr 1130  RetransmissionTimeout (again: 3)
            8100     * Stalled
            9000   wait
        "#]],
    );
}

/// What Linux was seen to do when one of four packets is lost (20 ms round trip):
/// RACK resends after about 30 ms; a lost tail, and any loss without SACK, takes
/// about 245 ms, the round trip and 200 ms.
#[test]
fn linux_resends_one_of_four_as_it_was_seen_to() {
    let mut policy = Policy::linux();
    policy.send.nagle = synema_core::tcp::policy::Nagle::Off;
    let four = "
        50   send 110
        50   send 120
        50   send 200
        50   send 500
    ";
    Story::new(policy.clone()).show_timers().check(
        &format!(
            "{OPEN}{four}
            70  < . 1 ack 111 ts 150 ecr 50
            70  < . 1 ack 111 ts 150 ecr 50 sack 231-431
            70  < . 1 ack 111 ts 150 ecr 50 sack 231-931
            97  < . 1 ack 931 ts 177 ecr 77
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 92 ms
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 111 ts 150 ecr 50
            70       timer TailLossProbe at 112 ms
            70     < . 1 ack 111 ts 150 ecr 50 sack 231-431
            70       timer Reordering at 77 ms
            70       timer TailLossProbe stopped
            70       timer Retransmission at 290 ms
            70     < . 1 ack 111 ts 150 ecr 50 sack 231-931
            77       timer Reordering
            77       recovery until 931
            77       > P. 111:231 ack 1 win 255 ts 77 ecr 150  Rack (again: 1)
            97     < . 1 ack 931 ts 177 ecr 77
            97       recovered
            97       timer Retransmission stopped
        "#]],
    );
    Story::new(policy.clone()).show_timers().check(
        &format!(
            "{OPEN}{four}
            70   < . 1 ack 431 ts 150 ecr 50
            310  < . 1 ack 931 ts 390 ecr 290
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 92 ms
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 431 ts 150 ecr 50
            70       timer TailLossProbe at 290 ms
            290      timer TailLossProbe
            290      timer Retransmission at 510 ms
            290      > P. 431:931 ack 1 win 255 ts 290 ecr 150  TailLossProbe (again: 1)
            310    < . 1 ack 931 ts 390 ecr 290
            310      timer Retransmission stopped
        "#]],
    );
    policy.offer.sack = false;
    Story::new(policy).show_timers().check(
        &format!(
            "
            0    connect
            20   < S. 0 ack 1 win 65535 mss 1460 ts 100 ecr 0 ws 7
            {four}
            70   < . 1 ack 111 ts 150 ecr 50
            70   < . 1 ack 111 ts 150 ecr 50
            70   < . 1 ack 111 ts 150 ecr 50
            310  < . 1 ack 931 ts 390 ecr 290
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer Retransmission at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 111 ts 150 ecr 50
            70       timer Retransmission at 290 ms
            70     < . 1 ack 111 ts 150 ecr 50
            70     < . 1 ack 111 ts 150 ecr 50
            290      timer Retransmission
            290      timed out until 931
            290      timer Retransmission at 730 ms
            290      > P. 111:931 ack 1 win 255 ts 290 ecr 150  RetransmissionTimeout (again: 1)
            310    < . 1 ack 931 ts 390 ecr 290
            310      recovered
            310      timer Retransmission stopped
        "#]],
    );
}
