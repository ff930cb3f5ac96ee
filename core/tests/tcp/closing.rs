//! Closing: one way, both ways, at once, and by force.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{CongestionKind, Recovery};

#[test]
fn we_close_first() {
    check(
        "
        30      send 100
        31      shutdown
        50      < . 1 ack 102 ts 130 ecr 30
        60      < F. 1 ack 102 ts 140 ecr 30
        200     < F. 1 ack 102 ts 140 ecr 30
        240300  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            31     shutdown
            31       ESTABLISHED -> FIN-WAIT-1
            31       > F. 101 ack 1 win 511 ts 31 ecr 100  Fin
            50     < . 1 ack 102 ts 130 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            60     < F. 1 ack 102 ts 140 ecr 30
            60       FIN-WAIT-2 -> TIME-WAIT
            60       > . 102 ack 2 win 511 ts 60 ecr 140  FinReceived
            60       * PeerClosed
            60       * Closed(Finished)
            200    < F. 1 ack 102 ts 140 ecr 30
            200      dropped: DuplicateData
            200      > . 102 ack 2 win 511 ts 200 ecr 140 sack 1-2  Duplicate
            240200   timer TimeWait
            240200   TIME-WAIT -> CLOSED
            240200   over: Finished
            240300 wait
        "#]],
    );
}

#[test]
fn the_peer_closes_first_and_we_go_on_sending() {
    check(
        "
        30  < FP. 1:101 ack 1 ts 110 ecr 20
        40  send 500
        50  recv
        60  shutdown
        80  < . 102 ack 502 ts 150 ecr 60
        90  < . 102 ack 502 ts 150 ecr 60
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < FP. 1:101 ack 1 ts 110 ecr 20
            30       ESTABLISHED -> CLOSE-WAIT
            30       > . 1 ack 102 win 511 ts 30 ecr 110  QuickAck
            30       * PeerClosed
            40     send 500
            40       > P. 1:501 ack 102 win 511 ts 40 ecr 110  Data
            50     recv
            50       read 100 bytes
            60     shutdown
            60       > F. 501 ack 102 win 511 ts 60 ecr 110  Fin
            60       CLOSE-WAIT -> LAST-ACK
            80     < . 102 ack 502 ts 150 ecr 60
            80       LAST-ACK -> CLOSED
            80       over: Finished
            80       * Closed(Finished)
            90     < . 102 ack 502 ts 150 ecr 60
            90       dropped: NoConnection
        "#]],
    );
}

#[test]
fn the_peers_ack_of_our_fin_in_last_ack() {
    check(
        "
        30  < F. 1 ack 1 ts 110 ecr 20
        40  shutdown
        60  < . 2 ack 2 ts 150 ecr 40
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < F. 1 ack 1 ts 110 ecr 20
            30       ESTABLISHED -> CLOSE-WAIT
            30       > . 1 ack 2 win 511 ts 30 ecr 110  FinReceived
            30       * PeerClosed
            40     shutdown
            40       > F. 1 ack 2 win 511 ts 40 ecr 110  Fin
            40       CLOSE-WAIT -> LAST-ACK
            60     < . 2 ack 2 ts 150 ecr 40
            60       LAST-ACK -> CLOSED
            60       over: Finished
            60       * Closed(Finished)
        "#]],
    );
}

#[test]
fn a_half_closed_connection_still_receives() {
    check(
        "
        30  shutdown
        50  < . 1:1001 ack 2 ts 130 ecr 30
        60  < . 1001:2001 ack 2 ts 130 ecr 30
        70  recv
        80  send 10
        90  < F. 2001 ack 2 ts 160 ecr 60
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
            50     < . 1:1001 ack 2 ts 130 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       > . 2 ack 1001 win 504 ts 50 ecr 130  QuickAck
            60     < . 1001:2001 ack 2 ts 130 ecr 30
            60       > . 2 ack 2001 win 496 ts 60 ecr 130  QuickAck
            70     recv
            70       read 2000 bytes
            80     send 10
            80       took 0 bytes
            90     < F. 2001 ack 2 ts 160 ecr 60
            90       FIN-WAIT-2 -> TIME-WAIT
            90       > . 2 ack 2002 win 511 ts 90 ecr 160  FinReceived
            90       * PeerClosed
            90       * Closed(Finished)
        "#]],
    );
}

#[test]
fn both_close_at_the_same_time() {
    check(
        "
        30      shutdown
        35      < F. 1 ack 1 ts 130 ecr 20
        55      < . 2 ack 2 ts 150 ecr 35
        240100  wait
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
            35     < F. 1 ack 1 ts 130 ecr 20
            35       FIN-WAIT-1 -> CLOSING
            35       > . 2 ack 2 win 511 ts 35 ecr 130  FinReceived
            35       * PeerClosed
            55     < . 2 ack 2 ts 150 ecr 35
            55       CLOSING -> TIME-WAIT
            55       * Closed(Finished)
            240055   timer TimeWait
            240055   TIME-WAIT -> CLOSED
            240055   over: Finished
            240100 wait
        "#]],
    );
}

#[test]
fn a_fin_that_acknowledges_ours_leads_straight_to_time_wait() {
    check(
        "
        30  shutdown
        50  < F. 1 ack 2 ts 130 ecr 30
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
            50     < F. 1 ack 2 ts 130 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       FIN-WAIT-2 -> TIME-WAIT
            50       > . 2 ack 2 win 511 ts 50 ecr 130  FinReceived
            50       * PeerClosed
            50       * Closed(Finished)
        "#]],
    );
}

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
fn a_reset_must_have_exactly_the_next_number() {
    check(
        "
        30  < R 2 ts 110 ecr 20
        31  < R 9000000
        32  < R 0
        40  < R 1
        50  send 10
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < R 2 ts 110 ecr 20
            30       dropped: ResetNotExact
            30       > . 1 ack 1 win 511 ts 30 ecr 100  ChallengeAck
            31     < R 9000000
            31       dropped: OutsideWindow
            32     < R 0
            32       dropped: OutsideWindow
            40     < R 1
            40       ESTABLISHED -> CLOSED
            40       over: ResetByPeer
            40       * Closed(ResetByPeer)
            50     send 10
            50       took 0 bytes
        "#]],
    );
}

#[test]
fn a_syn_in_the_middle_is_challenged() {
    check(
        "
        30  < S 1 ts 110 ecr 20
        31  < S 9000000 ts 110 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < S 1 ts 110 ecr 20
            30       dropped: SynInWindow
            30       > . 1 ack 1 win 511 ts 30 ecr 100  ChallengeAck
            31     < S 9000000 ts 110 ecr 20
            31       dropped: SynInWindow
            31       > . 1 ack 1 win 511 ts 31 ecr 100  ChallengeAck
        "#]],
    );
}

#[test]
fn challenges_are_limited() {
    let mut script = String::from(OPEN);
    for n in 0..14 {
        script.push_str(&format!("{} < R 5\n", 30 + n));
    }
    script.push_str("6000 < R 5\n");
    Story::new(Policy::rfc()).check(
        &script,
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < R 5
            30       dropped: ResetNotExact
            30       > . 1 ack 1 win 511 ts 30 ecr 100  ChallengeAck
            31     < R 5
            31       dropped: ResetNotExact
            31       > . 1 ack 1 win 511 ts 31 ecr 100  ChallengeAck
            32     < R 5
            32       dropped: ResetNotExact
            32       > . 1 ack 1 win 511 ts 32 ecr 100  ChallengeAck
            33     < R 5
            33       dropped: ResetNotExact
            33       > . 1 ack 1 win 511 ts 33 ecr 100  ChallengeAck
            34     < R 5
            34       dropped: ResetNotExact
            34       > . 1 ack 1 win 511 ts 34 ecr 100  ChallengeAck
            35     < R 5
            35       dropped: ResetNotExact
            35       > . 1 ack 1 win 511 ts 35 ecr 100  ChallengeAck
            36     < R 5
            36       dropped: ResetNotExact
            36       > . 1 ack 1 win 511 ts 36 ecr 100  ChallengeAck
            37     < R 5
            37       dropped: ResetNotExact
            37       > . 1 ack 1 win 511 ts 37 ecr 100  ChallengeAck
            38     < R 5
            38       dropped: ResetNotExact
            38       > . 1 ack 1 win 511 ts 38 ecr 100  ChallengeAck
            39     < R 5
            39       dropped: ResetNotExact
            39       > . 1 ack 1 win 511 ts 39 ecr 100  ChallengeAck
            40     < R 5
            40       dropped: ResetNotExact
            41     < R 5
            41       dropped: ResetNotExact
            42     < R 5
            42       dropped: ResetNotExact
            43     < R 5
            43       dropped: ResetNotExact
            6000   < R 5
            6000     dropped: ResetNotExact
            6000     > . 1 ack 1 win 511 ts 6000 ecr 100  ChallengeAck
        "#]],
    );
}

#[test]
fn an_abort_tells_the_peer() {
    check(
        "
        30  send 100
        40  abort
        50  < . 1 ack 101 ts 130 ecr 30
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            40     abort
            40       ESTABLISHED -> CLOSED
            40       over: Aborted
            40       > R. 101 ack 1 win 0 ts 40 ecr 100  Reset(Aborted)
            40       * Closed(Aborted)
            50     < . 1 ack 101 ts 130 ecr 30
            50       dropped: NoConnection
        "#]],
    );
}

#[test]
fn a_close_with_unread_data_is_a_reset() {
    check(
        "
        30  < P. 1:101 ack 1 ts 110 ecr 20
        40  close
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 ts 110 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 110  QuickAck
            40     close
            40       ESTABLISHED -> CLOSED
            40       over: Aborted
            40       > R. 1 ack 101 win 0 ts 40 ecr 110  Reset(DataAfterClose)
            40       * Closed(Aborted)
        "#]],
    );
}

#[test]
fn data_for_a_reader_that_is_gone_is_a_reset() {
    check(
        "
        30  close
        50  < P. 1:101 ack 2 ts 130 ecr 30
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     close
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 511 ts 30 ecr 100  Fin
            50     < P. 1:101 ack 2 ts 130 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       dropped: ReceiverGone
            50       FIN-WAIT-2 -> CLOSED
            50       over: Aborted
            50       > R 2 win 0  Reset(DataAfterClose)
            50       * Closed(Aborted)
        "#]],
    );
}

#[test]
fn a_peer_that_never_closes_does_not_hold_us_for_ever() {
    check(
        "
        30     close
        50     < . 1 ack 2 ts 130 ecr 30
        60100  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     close
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 511 ts 30 ecr 100  Fin
            50     < . 1 ack 2 ts 130 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            60050    timer FinWait2
            60050    FIN-WAIT-2 -> CLOSED
            60050    over: Finished
            60050    * Closed(Finished)
            60100  wait
        "#]],
    );
}

#[test]
fn a_reset_may_carry_data() {
    check(
        "
        30  < R. 1:20 ack 1 ts 110 ecr 20
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < R. 1:20 ack 1 ts 110 ecr 20
            30       ESTABLISHED -> CLOSED
            30       over: ResetByPeer
            30       * Closed(ResetByPeer)
        "#]],
    );
}

#[test]
fn unread_data_is_lost_in_every_state_in_which_a_reset_can_say_so() {
    // The peer has closed, too: it must not take our FIN for an answer.
    check(
        "
        30  < FP. 1:101 ack 1 ts 110 ecr 20
        40  close
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < FP. 1:101 ack 1 ts 110 ecr 20
            30       ESTABLISHED -> CLOSE-WAIT
            30       > . 1 ack 102 win 511 ts 30 ecr 110  QuickAck
            30       * PeerClosed
            40     close
            40       CLOSE-WAIT -> CLOSED
            40       over: Aborted
            40       > R. 1 ack 102 win 0 ts 40 ecr 110  Reset(DataAfterClose)
            40       * Closed(Aborted)
        "#]],
    );
    // Our own direction was closed before.
    check(
        "
        30  shutdown
        50  < P. 1:101 ack 2 ts 110 ecr 30
        60  close
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
            50     < P. 1:101 ack 2 ts 110 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       > . 2 ack 101 win 511 ts 50 ecr 110  QuickAck
            60     close
            60       FIN-WAIT-2 -> CLOSED
            60       over: Aborted
            60       > R. 2 ack 101 win 0 ts 60 ecr 110  Reset(DataAfterClose)
            60       * Closed(Aborted)
        "#]],
    );
    // After the last FIN there is nobody left to tell.
    check(
        "
        30  shutdown
        50  < FP. 1:101 ack 2 ts 110 ecr 30
        60  close
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
            50     < FP. 1:101 ack 2 ts 110 ecr 30
            50       FIN-WAIT-1 -> FIN-WAIT-2
            50       FIN-WAIT-2 -> TIME-WAIT
            50       > . 2 ack 102 win 511 ts 50 ecr 110  QuickAck
            50       * PeerClosed
            50       * Closed(Finished)
            60     close
        "#]],
    );
}

#[test]
fn only_a_fin_in_time_wait_starts_its_clock_anew() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30   < P. 1:101 ack 1 ts 110 ecr 20
            31   < P. 1:101 ack 1 ts 110 ecr 20
            40   < F. 101 ack 1 ts 120 ecr 20
            41   < F. 101 ack 1 ts 120 ecr 20
            50   shutdown
            70   < . 102 ack 2 ts 150 ecr 50
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
            30       > . 1 ack 101 win 511 ts 30 ecr 110  QuickAck
            31     < P. 1:101 ack 1 ts 110 ecr 20
            31       dropped: DuplicateData
            31       > . 1 ack 101 win 511 ts 31 ecr 110 sack 1-101  Duplicate
            40     < F. 101 ack 1 ts 120 ecr 20
            40       ESTABLISHED -> CLOSE-WAIT
            40       > . 1 ack 102 win 511 ts 40 ecr 120  FinReceived
            40       * PeerClosed
            41     < F. 101 ack 1 ts 120 ecr 20
            41       dropped: DuplicateData
            41       > . 1 ack 102 win 511 ts 41 ecr 120 sack 101-102  Duplicate
            50     shutdown
            50       > F. 1 ack 102 win 511 ts 50 ecr 120  Fin
            50       CLOSE-WAIT -> LAST-ACK
            50       timer TailLossProbe at 290 ms
            70     < . 102 ack 2 ts 150 ecr 50
            70       timer TailLossProbe stopped
            70       LAST-ACK -> CLOSED
            70       over: Finished
            70       * Closed(Finished)
        "#]],
    );
}

#[test]
fn data_in_time_wait_does_not_prolong_it() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30   < P. 1:101 ack 1 ts 110 ecr 20
            50   shutdown
            70   < F. 101 ack 2 ts 150 ecr 50
            80   < P. 1:101 ack 2 ts 150 ecr 50
            90   < F. 101 ack 2 ts 150 ecr 50
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
            30       > . 1 ack 101 win 511 ts 30 ecr 110  QuickAck
            50     shutdown
            50       ESTABLISHED -> FIN-WAIT-1
            50       > F. 1 ack 101 win 511 ts 50 ecr 110  Fin
            50       timer TailLossProbe at 290 ms
            70     < F. 101 ack 2 ts 150 ecr 50
            70       timer TailLossProbe stopped
            70       FIN-WAIT-1 -> FIN-WAIT-2
            70       FIN-WAIT-2 -> TIME-WAIT
            70       timer TimeWait at 240070 ms
            70       > . 2 ack 102 win 511 ts 70 ecr 150  FinReceived
            70       * PeerClosed
            70       * Closed(Finished)
            80     < P. 1:101 ack 2 ts 150 ecr 50
            80       dropped: DuplicateData
            80       > . 2 ack 102 win 511 ts 80 ecr 150 sack 1-101  Duplicate
            90     < F. 101 ack 2 ts 150 ecr 50
            90       timer TimeWait at 240090 ms
            90       dropped: DuplicateData
            90       > . 2 ack 102 win 511 ts 90 ecr 150 sack 101-102  Duplicate
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
fn a_close_of_both_ways_bounds_the_wait_for_the_peers_fin() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30  shutdown
            50  < . 1 ack 2 ts 130 ecr 30
            60  close
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
            30     shutdown
            30       ESTABLISHED -> FIN-WAIT-1
            30       > F. 1 ack 1 win 511 ts 30 ecr 100  Fin
            30       timer TailLossProbe at 270 ms
            50     < . 1 ack 2 ts 130 ecr 30
            50       timer TailLossProbe stopped
            50       FIN-WAIT-1 -> FIN-WAIT-2
            60     close
            60       timer FinWait2 at 60060 ms
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
fn who_challenges_counts_it() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  challenges
            31  < S 100 win 1000
            31  challenges
            32  < P. 1:101 ack 1
            32  challenges
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
            30     challenges
            30       0 challenges since
            31     < S 100 win 1000
            31       dropped: SynInWindow
            31       > . 1 ack 1 win 65535  ChallengeAck
            31     challenges
            31       1 challenges since
            32     < P. 1:101 ack 1
            32       > . 1 ack 101 win 65435  QuickAck
            32     challenges
            32       0 challenges since
        "#]],
    );
}

#[test]
fn the_loss_of_the_address_ends_it_without_a_word() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 100
            40  address-lost
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
            30     send 100
            30       > P. 1:101 ack 1 win 65535  Data
            40     address-lost
            40       ESTABLISHED -> CLOSED, by the loss of the address
            40       over: AddressLost
            40       * Closed(AddressLost)
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
