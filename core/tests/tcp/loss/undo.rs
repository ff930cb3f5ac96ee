//! What was needless is taken back (RFC 3708, RFC 4015, RFC 5682).

use super::timer_only;
use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

#[test]
fn a_dsack_of_a_needless_retransmission_takes_the_timeout_back() {
    Story::new(timer_only()).check(
        &format!(
            "{OPEN}
            30    send 1000
            1100  < . 1 ack 1001 ts 1130 ecr 1030
            1101  < . 1 ack 1001 ts 1131 ecr 30 sack 1-1001
            1110  send 10
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
            1030     timer Retransmission
            1030     timed out until 1001
            1030     > P. 1:1001 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1100   < . 1 ack 1001 ts 1130 ecr 1030
            1100     recovered
            1101   < . 1 ack 1001 ts 1131 ecr 30 sack 1-1001
            1101     needless 1:1001
            1101     undone: DuplicateSack
            1110   send 10
            1110     > P. 1001:1011 ack 1 win 511 ts 1110 ecr 1131  Data
        "#]],
    );
}

#[test]
fn an_echo_from_before_the_retransmission_takes_it_back() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            55  < . 1 ack 14481 ts 135 ecr 30
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            55     < . 1 ack 14481 ts 135 ecr 30
            55       undone: Timestamp
            55       cwnd 24616, ssthresh -, in flight 0
        "#]],
    );
}

#[test]
fn a_dsack_for_each_retransmission_takes_it_back() {
    let mut policy = Policy::rfc();
    policy.offer.timestamps = false;
    Story::new(policy).show_cwnd().check(
        "
        0   connect
        20  < S. 0 ack 1 win 65535 mss 1460 sackok
        30  send 14600
        50  < . 1 ack 1 sack 1461-5841
        55  < . 1 ack 14601
        75  < . 1 ack 14601 sack 1-1461
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok
            20       cwnd 14600, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 14600
            30       > . 1:1461 ack 1 win 65535  Data
            30       > . 1461:2921 ack 1 win 65535  Data
            30       > . 2921:4381 ack 1 win 65535  Data
            30       > . 4381:5841 ack 1 win 65535  Data
            30       > . 5841:7301 ack 1 win 65535  Data
            30       > . 7301:8761 ack 1 win 65535  Data
            30       > . 8761:10221 ack 1 win 65535  Data
            30       > . 10221:11681 ack 1 win 65535  Data
            30       > . 11681:13141 ack 1 win 65535  Data
            30       > P. 13141:14601 ack 1 win 65535  Data
            50     < . 1 ack 1 sack 1461-5841
            50       recovery until 14601
            50       cwnd 10220, ssthresh 10220, in flight 14600
            50       > . 1:1461 ack 1 win 65535  FastRetransmit (again: 1)
            55     < . 1 ack 14601
            55       recovered
            55       cwnd 10220, ssthresh 10220, in flight 0
            75     < . 1 ack 14601 sack 1-1461
            75       needless 1:1461
            75       undone: DuplicateSack
            75       cwnd 14600, ssthresh -, in flight 0
        "#]],
    );
}

#[test]
fn what_was_never_resent_tells_that_a_timeout_was_needless() {
    let mut policy = timer_only();
    policy.loss.undo_by_timestamps = false;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30    send 20000
            1040  < . 1 ack 1449 ts 1120 ecr 30
            1041  < . 1 ack 2897 ts 1121 ecr 30
            1042  < . 1 ack 8689 ts 1122 ecr 30
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
            1030     cwnd 1448, ssthresh 10136, in flight 14480
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 1449 ts 1120 ecr 30
            1040     cwnd 2896, ssthresh 10136, in flight 13032
            1040     > . 14481:15929 ack 1 win 511 ts 1040 ecr 1120  Data
            1040     > . 15929:17377 ack 1 win 511 ts 1040 ecr 1120  Data
            1041   < . 1 ack 2897 ts 1121 ecr 30
            1041     undone: ForwardRto
            1041     cwnd 15928, ssthresh -, in flight 14480
            1042   < . 1 ack 8689 ts 1122 ecr 30
            1042     cwnd 21720, ssthresh -, in flight 8688
        "#]],
    );
}

#[test]
fn a_true_timeout_sends_new_data_once_and_then_what_was_lost() {
    let mut policy = timer_only();
    policy.recovery = Recovery::NewReno;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30    send 12000
            1040  < . 1 ack 1001
            1050  < . 1 ack 1001
            1051  < . 1 ack 1001
            1070  < . 1 ack 2001
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
            1040   < . 1 ack 1001
            1040     > . 10001:11001 ack 1 win 65535  Data
            1040     > P. 11001:12001 ack 1 win 65535  Data
            1050   < . 1 ack 1001
            1050     > . 1001:2001 ack 1 win 65535  Recovery (again: 1)
            1051   < . 1 ack 1001
            1051     > . 2001:3001 ack 1 win 65535  Recovery (again: 1)
            1070   < . 1 ack 2001
        "#]],
    );
}
