//! TIME-WAIT (RFC 9293 §3.6.1).

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

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
