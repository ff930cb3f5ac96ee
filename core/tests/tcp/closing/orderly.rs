//! The ways from ESTABLISHED to CLOSED (RFC 9293 §3.6).

use crate::story::{OPEN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

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
