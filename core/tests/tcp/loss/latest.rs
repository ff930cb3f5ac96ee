//! What went out lately, and what went out again: judged by time (RFC 8985 §6.2, §6.3).

use super::timer_only;
use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::CongestionKind;

#[test]
fn what_went_out_just_before_a_timeout_may_still_arrive() {
    let mut policy = timer_only();
    (policy.loss.forward_rto, policy.loss.undo_by_timestamps) = (false, false);
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 1448
            50    < . 1 ack 1449 ts 130 ecr 30
            60    send 2896
            1050  send 1448
            1065  < . 1 ack 2897 ts 1145 ecr 60
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
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1449 ts 130 ecr 30
            60     send 2896
            60       > . 1449:2897 ack 1 win 511 ts 60 ecr 130  Data
            60       > P. 2897:4345 ack 1 win 511 ts 60 ecr 130  Data
            1050   send 1448
            1050     > P. 4345:5793 ack 1 win 511 ts 1050 ecr 130  Data
            1060     timer Retransmission
            1060     timed out until 5793
            1060     > . 1449:2897 ack 1 win 511 ts 1060 ecr 130  RetransmissionTimeout (again: 1)
            1065   < . 1 ack 2897 ts 1145 ecr 60
            1065     > . 2897:4345 ack 1 win 511 ts 1065 ecr 1145  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn a_retransmission_lost_in_a_recovery_is_no_new_recovery() {
    let policy = Policy::rfc();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30   send 4344
            50   < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51   < . 1 ack 4345 ts 131 ecr 30
            100  send 8688
            120  < . 1 ack 4345 ts 200 ecr 30 sack 5793-10137
            126  send 1448
            127  < . 1 ack 4345 ts 207 ecr 100 sack 5793-13033
            147  < . 1 ack 4345 ts 227 ecr 100 sack 5793-14481
            160  wait
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51     < . 1 ack 4345 ts 131 ecr 30
            100    send 8688
            100      > . 4345:5793 ack 1 win 511 ts 100 ecr 131  Data
            100      > . 5793:7241 ack 1 win 511 ts 100 ecr 131  Data
            100      > . 7241:8689 ack 1 win 511 ts 100 ecr 131  Data
            100      > . 8689:10137 ack 1 win 511 ts 100 ecr 131  Data
            100      > . 10137:11585 ack 1 win 511 ts 100 ecr 131  Data
            100      > P. 11585:13033 ack 1 win 511 ts 100 ecr 131  Data
            120    < . 1 ack 4345 ts 200 ecr 30 sack 5793-10137
            125      timer Reordering
            125      recovery until 13033
            125      > . 4345:5793 ack 1 win 511 ts 125 ecr 200  Rack (again: 1)
            126    send 1448
            127    < . 1 ack 4345 ts 207 ecr 100 sack 5793-13033
            127      > P. 13033:14481 ack 1 win 511 ts 127 ecr 207  Data
            147    < . 1 ack 4345 ts 227 ecr 100 sack 5793-14481
            150      timer Reordering
            150      > . 4345:5793 ack 1 win 511 ts 150 ecr 227  Recovery (again: 2)
            160    wait
        "#]],
    );
}

#[test]
fn the_reordering_timer_begins_a_recovery_with_what_had_not_arrived() {
    let mut policy = Policy::rfc();
    policy.congestion = CongestionKind::NewReno;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            56  < . 1 ack 1 ts 136 ecr 20 sack 1449-5793
            57  < . 1 ack 1 ts 137 ecr 20 sack 1449-7241
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            55       timer Reordering
            55       recovery until 14481
            55       cwnd 11584, ssthresh 7240, in flight 14480
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 130  Rack (again: 1)
            56     < . 1 ack 1 ts 136 ecr 20 sack 1449-5793
            56       cwnd 10498, ssthresh 7240, in flight 14480
            57     < . 1 ack 1 ts 137 ecr 20 sack 1449-7241
            57       cwnd 9955, ssthresh 7240, in flight 14480
        "#]],
    );
}

#[test]
fn a_second_timeout_keeps_the_threshold() {
    let policy = timer_only();
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30    send 14480
            3100  wait
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     cwnd 1448, ssthresh 10136, in flight 14480
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            3030     timer Retransmission
            3030     timed out until 14481
            3030     cwnd 1448, ssthresh 10136, in flight 14480
            3030     > . 1:1449 ack 1 win 511 ts 3030 ecr 100  RetransmissionTimeout (again: 2)
            3100   wait
        "#]],
    );
}

#[test]
fn after_a_timeout_each_ack_is_worth_one_segment() {
    let mut policy = timer_only();
    policy.loss.forward_rto = false;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30    send 14480
            1050  < . 1 ack 1449 ts 1130 ecr 1030
            1070  < . 1 ack 4345 ts 1150 ecr 1050
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     cwnd 1448, ssthresh 10136, in flight 14480
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1050   < . 1 ack 1449 ts 1130 ecr 1030
            1050     cwnd 2896, ssthresh 10136, in flight 13032
            1050     > . 1449:2897 ack 1 win 511 ts 1050 ecr 1130  Recovery (again: 1)
            1050     > . 2897:4345 ack 1 win 511 ts 1050 ecr 1130  Recovery (again: 1)
            1070   < . 1 ack 4345 ts 1150 ecr 1050
            1070     cwnd 4344, ssthresh 10136, in flight 10136
            1070     > . 4345:5793 ack 1 win 511 ts 1070 ecr 1150  Recovery (again: 1)
            1070     > . 5793:7241 ack 1 win 511 ts 1070 ecr 1150  Recovery (again: 1)
            1070     > . 7241:8689 ack 1 win 511 ts 1070 ecr 1150  Recovery (again: 1)
        "#]],
    );
}
