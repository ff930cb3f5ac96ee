//! The FIN in its sequence space: lost, early, late, without room.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{CongestionKind, Recovery};

#[test]
fn a_lost_fin_is_sent_again() {
    check(
        "
        30    shutdown
        3100  < . 1 ack 2 ts 3200 ecr 3030
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 511 ts 30 ecr 100  Fin
            270      timer TailLossProbe
            270      > F. 1 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 2
            1270     > F. 1 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3100   < . 1 ack 2 ts 3200 ecr 3030
            3100     recovered
            3100     FIN-WAIT-1 -> FIN-WAIT-2
        "#]],
    );
}

#[test]
fn a_fin_before_its_turn_waits_for_the_data() {
    check(
        "
        30  < FP. 101:201 ack 1 ts 110 ecr 20
        31  < P. 1:101 ack 1 ts 110 ecr 20
        32  recv
        40  < P. 202:300 ack 1 ts 120 ecr 31
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < FP. 101:201 ack 1 ts 110 ecr 20
            30       > . 1 ack 1 win 511 ts 30 ecr 100 sack 101-202  OutOfOrder
            31     < P. 1:101 ack 1 ts 110 ecr 20
            31       ESTABLISHED -> CLOSE-WAIT
            31       > . 1 ack 202 win 510 ts 31 ecr 110  GapFilled
            31       * PeerClosed
            32     recv
            32       read 200 bytes
            40     < P. 202:300 ack 1 ts 120 ecr 31
            40       dropped: AfterFin
        "#]],
    );
}

#[test]
fn an_ack_beyond_our_fin_is_none() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  shutdown
            50  < . 1 ack 3 ts 130 ecr 30
            51  < . 1 ack 2 ts 131 ecr 30
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
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 511 ts 30 ecr 100  Fin
            50     < . 1 ack 3 ts 130 ecr 30
            50       dropped: AckOfUnsent
            50       > . 2 ack 1 win 511 ts 50 ecr 100  Unacceptable
            51     < . 1 ack 2 ts 131 ecr 30
            51       FIN-WAIT-1 -> FIN-WAIT-2
        "#]],
    );
}

#[test]
fn an_ack_of_one_byte_too_many_is_none() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30  < . 1 ack 2 ts 110 ecr 20
            40  send 10
            60  < . 1 ack 11 ts 140 ecr 40
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
            30     < . 1 ack 2 ts 110 ecr 20
            30       dropped: AckOfUnsent
            30       > . 1 ack 1 win 511 ts 30 ecr 100  Unacceptable
            40     send 10
            40       > P. 1:11 ack 1 win 511 ts 40 ecr 100  Data
            60     < . 1 ack 11 ts 140 ecr 40
        "#]],
    );
}

#[test]
fn a_fin_beyond_the_window_is_not_remembered() {
    let mut policy = Policy::rfc();
    (policy.receive.initial_window, policy.receive.buffer_len) = (2000, 2000);
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  < F. 1:3001 ack 1
            40  recv
            50  < . 2001:3501 ack 1
            51  recv
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 2000 mss 1460 sackok ts 0 ecr 0 ws 0  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 2000  HandshakeAck
            20       * Connected
            30     < F. 1:3001 ack 1
            30       > . 1 ack 2001 win 0  QuickAck
            40     recv
            40       read 2000 bytes
            40       > . 1 ack 2001 win 2000  WindowUpdate
            50     < . 2001:3501 ack 1
            50       > . 1 ack 3501 win 500  QuickAck
            51     recv
            51       read 1500 bytes
            51       > . 1 ack 3501 win 2000  WindowUpdate
        "#]],
    );
}

#[test]
fn a_fin_goes_out_however_full_the_path_is() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    policy.congestion = CongestionKind::NewReno;
    policy.loss.proportional_rate = false;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 10000
            50  < . 1 ack 1
            51  < . 1 ack 1
            52  < . 1 ack 1
            53  shutdown
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
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
            53     shutdown
            53       ESTABLISHED -> FIN-WAIT-1
            53       > F. 10001 ack 1 win 65535  Fin
        "#]],
    );
}

#[test]
fn a_fin_needs_room_in_the_window() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 1 ack 1 win 10
            40  send 10
            41  shutdown
            60  < . 1 ack 11 win 0
            80  < . 1 ack 11 win 1
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
            30     < . 1 ack 1 win 10
            40     send 10
            40       > P. 1:11 ack 1 win 65535  Data
            41     shutdown
            41       ESTABLISHED -> FIN-WAIT-1
            60     < . 1 ack 11 win 0
            80     < . 1 ack 11 win 1
            80       > F. 11 ack 1 win 65535  Fin
        "#]],
    );
}

#[test]
fn nothing_is_acknowledged_after_the_end() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  link full
            31  < P. 1:101 ack 1
            32  < P. 1:101 ack 1
            33  < R. 101 ack 1
            34  link free
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
            31     < P. 1:101 ack 1
            32     < P. 1:101 ack 1
            32       dropped: DuplicateData
            33     < R. 101 ack 1
            33       ESTABLISHED -> CLOSED
            33       over: ResetByPeer
            33       * Closed(ResetByPeer)
            34     link free
        "#]],
    );
}

#[test]
fn a_fin_is_the_probe_of_a_closed_window() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30    < . 1 ack 1 win 0
            31    shutdown
            2000  wait
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
            30     < . 1 ack 1 win 0
            31     shutdown
            31       ESTABLISHED -> FIN-WAIT-1
            1031     timer Persist
            1031     > F. 1 ack 1 win 65535  WindowProbe
            2000   wait
        "#]],
    );
}

#[test]
fn a_fin_that_probes_is_out() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30    < F. 1 ack 1 win 0
            31    shutdown
            2000  < . 2 ack 2 win 100
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
            30     < F. 1 ack 1 win 0
            30       ESTABLISHED -> CLOSE-WAIT
            30       > . 1 ack 2 win 65534  FinReceived
            30       * PeerClosed
            31     shutdown
            1031     timer Persist
            1031     > F. 1 ack 2 win 65534  WindowProbe
            1031     CLOSE-WAIT -> LAST-ACK
            2000   < . 2 ack 2 win 100
            2000     LAST-ACK -> CLOSED
            2000     over: Finished
            2000     * Closed(Finished)
        "#]],
    );
}
