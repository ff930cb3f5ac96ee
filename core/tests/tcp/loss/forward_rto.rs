//! Whether a timeout was needless, told by what arrives next (RFC 5682): which ACKs
//! tell it, and which do not.

use super::timer_only;
use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{CongestionKind, Recovery};

/// No timestamp tells what an ACK answers.
fn without_echoes() -> Policy {
    let mut policy = timer_only();
    policy.loss.undo_by_timestamps = false;
    policy
}

#[test]
fn without_sack_an_ack_of_both_may_be_for_the_retransmission() {
    let mut policy = without_echoes();
    policy.recovery = Recovery::NewReno;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30    send 12000
            1040  < . 1 ack 2001
            1041  < . 1 ack 3001
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
            30     send 12000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > . 7001:8001 ack 1 win 65535  Data
            30       > . 8001:9001 ack 1 win 65535  Data
            30       > . 9001:10001 ack 1 win 65535  Data
            1030     timer Retransmission
            1030     timed out until 10001
            1030     > . 1:1001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 2001
            1040     > . 10001:11001 ack 1 win 65535  Data
            1040     > P. 11001:12001 ack 1 win 65535  Data
            1041   < . 1 ack 3001
            1041     undone: ForwardRto
        "#]],
    );
}

/// RFC 5682 §2.1 (1): what the test itself sent may be what is lost now.
#[test]
fn without_sack_a_timeout_where_the_last_ones_losses_end_is_not_doubted() {
    let mut policy = without_echoes();
    policy.recovery = Recovery::NewReno;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30    send 30000
            1040  < . 1 ack 1001
            1041  < . 1 ack 1001
            1050  < . 1 ack 10001
            3050  < . 1 ack 11001
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
            30     send 30000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > . 7001:8001 ack 1 win 65535  Data
            30       > . 8001:9001 ack 1 win 65535  Data
            30       > . 9001:10001 ack 1 win 65535  Data
            1030     timer Retransmission
            1030     timed out until 10001
            1030     > . 1:1001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1001
            1040     > . 10001:11001 ack 1 win 65535  Data
            1040     > . 11001:12001 ack 1 win 65535  Data
            1041   < . 1 ack 1001
            1041     > . 1001:2001 ack 1 win 65535  Recovery (again: 1)
            1050   < . 1 ack 10001
            1050     recovered
            1050     > . 12001:13001 ack 1 win 65535  Data
            1050     > . 13001:14001 ack 1 win 65535  Data
            3050     timer Retransmission
            3050     timed out until 14001
            3050     > . 10001:11001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            3050   < . 1 ack 11001
            3050     > . 11001:12001 ack 1 win 65535  Recovery (again: 1)
            3050     > . 12001:13001 ack 1 win 65535  Recovery (again: 1)
        "#]],
    );
}

/// Linux's pacing timer does not wait for the answer.
#[test]
fn with_bbr_the_test_is_spoilt_by_what_goes_out_again_behind_its_two_segments() {
    let mut policy = without_echoes();
    policy.recovery = Recovery::NewReno;
    policy.congestion = CongestionKind::Bbr;
    policy.window.pacing = true;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30    send 14000
            1040  < . 1 ack 1001
            1041  < . 1 ack 2001
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
            30     send 14000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > . 7001:8001 ack 1 win 65535  Data
            30       > . 8001:9001 ack 1 win 65535  Data
            30       > . 9001:10001 ack 1 win 65535  Data
            1030     timer Retransmission
            1030     timed out until 10001
            1030     > . 1:1001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1001
            1040     > . 10001:11001 ack 1 win 65535  Data
            1040     > . 11001:12001 ack 1 win 65535  Data
            1040     > . 1001:2001 ack 1 win 65535  Recovery (again: 1)
            1040     > . 2001:3001 ack 1 win 65535  Recovery (again: 1)
            1041   < . 1 ack 2001
            1041     > . 3001:4001 ack 1 win 65535  Recovery (again: 1)
            1041     > . 4001:5001 ack 1 win 65535  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn with_sack_an_ack_of_both_tells_of_the_original() {
    let policy = without_echoes();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 16000
            1040  < . 1 ack 2897 ts 1120 ecr 30
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
            30     send 16000
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 2897 ts 1120 ecr 30
            1040     undone: ForwardRto
            1040     > . 14481:15929 ack 1 win 511 ts 1040 ecr 1120  Data
        "#]],
    );
}

#[test]
fn the_arrival_of_new_data_tells_that_the_loss_was_real() {
    let policy = without_echoes();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 20000
            1040  < . 1 ack 1449 ts 1120 ecr 1030
            1050  < . 1 ack 1449 ts 1130 ecr 1040 sack 14481-15929
            1070  < . 1 ack 5793 ts 1150 ecr 1050 sack 14481-15929
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
            30     send 20000
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1449 ts 1120 ecr 1030
            1040     > . 14481:15929 ack 1 win 511 ts 1040 ecr 1120  Data
            1040     > . 15929:17377 ack 1 win 511 ts 1040 ecr 1120  Data
            1050   < . 1 ack 1449 ts 1130 ecr 1040 sack 14481-15929
            1050     > . 1449:2897 ack 1 win 511 ts 1050 ecr 1130  Recovery (again: 1)
            1070   < . 1 ack 5793 ts 1150 ecr 1050 sack 14481-15929
            1070     > . 5793:7241 ack 1 win 511 ts 1070 ecr 1150  Recovery (again: 1)
            1070     > . 7241:8689 ack 1 win 511 ts 1070 ecr 1150  Recovery (again: 1)
        "#]],
    );
}

#[test]
fn a_window_update_tells_nothing() {
    let policy = without_echoes();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 20000
            1040  < . 1 ack 1449 ts 1120 ecr 1030
            1041  < . 1 ack 1449 win 600 ts 1121 ecr 1030
            1042  < . 1 ack 2897 ts 1122 ecr 30
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
            30     send 20000
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1449 ts 1120 ecr 1030
            1040     > . 14481:15929 ack 1 win 511 ts 1040 ecr 1120  Data
            1040     > . 15929:17377 ack 1 win 511 ts 1040 ecr 1120  Data
            1041   < . 1 ack 1449 win 600 ts 1121 ecr 1030
            1042   < . 1 ack 2897 ts 1122 ecr 30
            1042     undone: ForwardRto
        "#]],
    );
}

#[test]
fn an_ack_that_does_not_advance_sends_what_was_lost() {
    let policy = without_echoes();
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 20000
            1040  < . 1 ack 1 ts 1120 ecr 100 sack 1449-2897
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
            30     send 20000
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1 ts 1120 ecr 100 sack 1449-2897
        "#]],
    );
}

#[test]
fn who_does_not_ask_is_not_told() {
    let mut policy = without_echoes();
    policy.loss.forward_rto = false;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 20000
            1040  < . 1 ack 1449 ts 1120 ecr 30
            1041  < . 1 ack 4345 ts 1121 ecr 30
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
            30     send 20000
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
            1030     timer Retransmission
            1030     timed out until 14481
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1449 ts 1120 ecr 30
            1040     > . 1449:2897 ack 1 win 511 ts 1040 ecr 1120  Recovery (again: 1)
            1040     > . 2897:4345 ack 1 win 511 ts 1040 ecr 1120  Recovery (again: 1)
            1041   < . 1 ack 4345 ts 1121 ecr 30
            1041     > . 4345:5793 ack 1 win 511 ts 1041 ecr 1121  Recovery (again: 1)
            1041     > . 5793:7241 ack 1 win 511 ts 1041 ecr 1121  Recovery (again: 1)
            1041     > . 7241:8689 ack 1 win 511 ts 1041 ecr 1121  Recovery (again: 1)
        "#]],
    );
}
