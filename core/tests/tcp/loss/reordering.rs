//! The reordering timer (RFC 8985 §6.2): what was overtaken is waited for, and no longer.

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

#[test]
fn the_timer_runs_for_the_first_and_then_for_the_next() {
    // A round trip of 20 ms and a quarter: what went out at 30 is due at 55, what went
    // out at 32 at 57.
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30  send 1448
            32  send 1448
            34  send 1448
            54  < . 1 ack 1 ts 134 ecr 20 sack 2897-4345
            58  wait
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
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            32     send 1448
            32       > P. 1449:2897 ack 1 win 511 ts 32 ecr 100  Data
            32       timer TailLossProbe at 72 ms
            34     send 1448
            34       > P. 2897:4345 ack 1 win 511 ts 34 ecr 100  Data
            34       timer TailLossProbe at 74 ms
            54     < . 1 ack 1 ts 134 ecr 20 sack 2897-4345
            54       timer Reordering at 55 ms
            54       timer TailLossProbe stopped
            54       timer Retransmission at 1030 ms
            55       timer Reordering
            55       recovery until 4345
            55       timer Reordering at 57 ms
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 134  Rack (again: 1)
            57       timer Reordering
            57       > . 1449:2897 ack 1 win 511 ts 57 ecr 134  Recovery (again: 1)
            58     wait
        "#]],
    );
}

#[test]
fn nothing_is_left_to_be_judged_once_all_is_acknowledged() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30   send 1448
            32   send 1448
            34   send 1448
            54   < . 1 ack 1 ts 134 ecr 20 sack 2897-4345
            56   < . 1 ack 4345 ts 136 ecr 30
            100  send 1448
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
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            32     send 1448
            32       > P. 1449:2897 ack 1 win 511 ts 32 ecr 100  Data
            32       timer TailLossProbe at 72 ms
            34     send 1448
            34       > P. 2897:4345 ack 1 win 511 ts 34 ecr 100  Data
            34       timer TailLossProbe at 74 ms
            54     < . 1 ack 1 ts 134 ecr 20 sack 2897-4345
            54       timer Reordering at 55 ms
            54       timer TailLossProbe stopped
            54       timer Retransmission at 1030 ms
            55       timer Reordering
            55       recovery until 4345
            55       timer Reordering at 57 ms
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 134  Rack (again: 1)
            56     < . 1 ack 4345 ts 136 ecr 30
            56       undone: Timestamp
            56       timer Retransmission stopped
            56       timer Reordering stopped
            100    send 1448
            100      > P. 4345:5793 ack 1 win 511 ts 100 ecr 136  Data
            100      timer TailLossProbe at 341 ms
        "#]],
    );
}
