//! Resets, aborts and challenges (RFC 9293 §3.5, RFC 5961).

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;

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
fn as_rfc_793_had_it_any_reset_in_the_window_is_believed() {
    let mut policy = Policy::rfc();
    policy.quirks.believe_resets_in_window = true;
    Story::new(policy).check(
        "
        0   connect
        20  < S. 0 ack 1 win 65535 mss 1460
        31  < R 9000000
        32  < R 0
        40  < R 60000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            31     < R 9000000
            31       dropped: OutsideWindow
            32     < R 0
            32       dropped: OutsideWindow
            40     < R 60000
            40       ESTABLISHED -> CLOSED
            40       over: ResetByPeer
            40       * Closed(ResetByPeer)
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
