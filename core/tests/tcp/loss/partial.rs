//! ACKs of a part: what a recovery makes of them, with and without SACK.

use super::timer_only;
use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{CongestionKind, Recovery};

fn by_sack() -> Policy {
    let mut policy = timer_only();
    policy.recovery = Recovery::Sack;
    policy
}

fn by_duplicates() -> Policy {
    let mut policy = timer_only();
    policy.recovery = Recovery::NewReno;
    policy
}

#[test]
fn in_a_recovery_the_next_hole_is_lost_if_anything_arrived_above_it() {
    let policy = by_sack();
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 4345-8689
            70  < . 1 ack 8689 ts 150 ecr 50 sack 13033-14481
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 4345-8689
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            50       > . 1449:2897 ack 1 win 511 ts 50 ecr 130  Recovery (again: 1)
            50       > . 2897:4345 ack 1 win 511 ts 50 ecr 130  Recovery (again: 1)
            70     < . 1 ack 8689 ts 150 ecr 50 sack 13033-14481
            70       cwnd 8688, ssthresh 10136, in flight 5792
            70       > . 8689:10137 ack 1 win 511 ts 70 ecr 150  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn what_nothing_arrived_above_of_is_still_on_its_way() {
    let policy = by_sack();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            70  < . 1 ack 5793 ts 150 ecr 50
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            70     < . 1 ack 5793 ts 150 ecr 50
        "#]],
    );
}

#[test]
fn without_a_recovery_one_that_arrived_above_is_no_loss() {
    let policy = by_sack();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1449 ts 130 ecr 20 sack 2897-4345
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
            50     < . 1 ack 1449 ts 130 ecr 20 sack 2897-4345
        "#]],
    );
}

#[test]
fn an_ack_that_tells_of_more_losses_is_not_safe() {
    let policy = by_sack();
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 4345-8689
            70  < . 1 ack 1449 ts 150 ecr 50 sack 4345-8689,10137-14481
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 4345-8689
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            50       > . 1449:2897 ack 1 win 511 ts 50 ecr 130  Recovery (again: 1)
            50       > . 2897:4345 ack 1 win 511 ts 50 ecr 130  Recovery (again: 1)
            70     < . 1 ack 1449 ts 150 ecr 50 sack 4345-8689,10137-14481
            70       cwnd 8688, ssthresh 10136, in flight 13032
            70       > . 8689:10137 ack 1 win 511 ts 70 ecr 150  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn a_peer_without_sack_is_judged_by_its_duplicates() {
    let policy = by_sack();
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 4000
            50  < . 1 ack 1
            51  < . 1 ack 1
            52  < . 1 ack 1
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
            30     send 4000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > P. 3001:4001 ack 1 win 65535  Data
            50     < . 1 ack 1
            51     < . 1 ack 1
            52     < . 1 ack 1
            52       recovery until 4001
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
        "#]],
    );
}

#[test]
fn an_old_ack_may_have_news() {
    let policy = by_sack();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 2897 ts 130 ecr 30
            51  < . 1 ack 1449 ts 130 ecr 30 sack 4345-8689
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
            50     < . 1 ack 2897 ts 130 ecr 30
            51     < . 1 ack 1449 ts 130 ecr 30 sack 4345-8689
            51       recovery until 14481
            51       > . 2897:4345 ack 1 win 511 ts 51 ecr 130  FastRetransmit (again: 1)
        "#]],
    );
}

#[test]
fn what_arrived_before_the_recovery_is_no_part_of_it() {
    let mut policy = by_sack();
    policy.congestion = CongestionKind::NewReno;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51  < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            52  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            53  < . 1 ack 1 ts 130 ecr 20 sack 1449-7241
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
            51     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            52     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            52       recovery until 14481
            52       cwnd 10136, ssthresh 7240, in flight 14480
            52       > . 1:1449 ack 1 win 511 ts 52 ecr 130  FastRetransmit (again: 1)
            53     < . 1 ack 1 ts 130 ecr 20 sack 1449-7241
            53       cwnd 9050, ssthresh 7240, in flight 14480
        "#]],
    );
}

#[test]
fn duplicates_of_a_go_back_n_are_no_loss() {
    let mut policy = by_duplicates();
    policy.loss.forward_rto = false;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30    send 5000
            1040  < . 1 ack 1001
            1060  < . 1 ack 5001
            1070  send 4000
            1071  < . 1 ack 5001
            1072  < . 1 ack 5001
            1073  < . 1 ack 5001
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
            30     send 5000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > P. 4001:5001 ack 1 win 65535  Data
            1030     timer Retransmission
            1030     timed out until 5001
            1030     > . 1:1001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1001
            1040     > . 1001:2001 ack 1 win 65535  Recovery (again: 1)
            1040     > . 2001:3001 ack 1 win 65535  Recovery (again: 1)
            1060   < . 1 ack 5001
            1060     recovered
            1070   send 4000
            1070     > . 5001:6001 ack 1 win 65535  Data
            1070     > . 6001:7001 ack 1 win 65535  Data
            1070     > . 7001:8001 ack 1 win 65535  Data
            1071   < . 1 ack 5001
            1071     > P. 8001:9001 ack 1 win 65535  LimitedTransmit
            1072   < . 1 ack 5001
            1073   < . 1 ack 5001
        "#]],
    );
}

#[test]
fn the_next_hole_goes_out_even_if_the_window_is_full() {
    let mut policy = by_duplicates();
    policy.loss.proportional_rate = false;
    policy.congestion = CongestionKind::NewReno;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 10000
            50  < . 1 ack 1
            51  < . 1 ack 1
            52  < . 1 ack 1
            70  < . 1 ack 2001
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 10000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > . 7001:8001 ack 1 win 65535  Data
            30       > . 8001:9001 ack 1 win 65535  Data
            30       > P. 9001:10001 ack 1 win 65535  Data
            50     < . 1 ack 1
            51     < . 1 ack 1
            52     < . 1 ack 1
            52       recovery until 10001
            52       cwnd 5000, ssthresh 5000, in flight 10000
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
            70     < . 1 ack 2001
            70       > . 2001:3001 ack 1 win 65535  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn reports_of_what_was_never_sent_are_not_believed() {
    let policy = by_sack();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 1000
            50  < . 1 ack 1001 ts 130 ecr 30 sack 4294967196-10
            51  < . 1 ack 1001 ts 131 ecr 30 sack 2001-5001,1001-9001
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
            30     send 1000
            30       > P. 1:1001 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1001 ts 130 ecr 30 sack 4294967196-10
            51     < . 1 ack 1001 ts 131 ecr 30 sack 2001-5001,1001-9001
        "#]],
    );
}
