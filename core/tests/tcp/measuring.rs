//! Round trips: what is measured, and what it means for the retransmission timer.

use crate::story::{OPEN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;

fn rfc() -> Story {
    Story::new(Policy::rfc())
}

#[test]
fn only_what_acknowledges_something_new_is_measured() {
    // RFC 7323 §4.1: neither the peer's own data nor an ACK that comes again.
    rfc().show_rtt().check(
        &format!(
            "{OPEN}
            30   send 100
            100  < P. 1:101 ack 1 ts 180 ecr 20
            110  < . 101 ack 101 ts 190 ecr 30
            400  < . 101 ack 101 ts 480 ecr 30
            500  < P. 101:201 ack 101 ts 580 ecr 30
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       rtt 20ms, srtt 20ms, rto 1s
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            100    < P. 1:101 ack 1 ts 180 ecr 20
            100      > . 101 ack 101 win 511 ts 100 ecr 180  QuickAck
            110    < . 101 ack 101 ts 190 ecr 30
            110      rtt 80ms, srtt 27.5ms, rto 1s
            400    < . 101 ack 101 ts 480 ecr 30
            500    < P. 101:201 ack 101 ts 580 ecr 30
            500      > . 101 ack 201 win 510 ts 500 ecr 580  QuickAck
        "#]],
    );
}

#[test]
fn after_a_lost_syn_data_waits_three_seconds_unless_timestamps_measured() {
    // RFC 6298 §5.7
    rfc().check(
        "
        0     connect
        1020  < S. 0 ack 1 mss 1460
        1030  send 100
        4100  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            1020   < S. 0 ack 1 mss 1460
            1020     SYN-SENT -> ESTABLISHED
            1020     > . 1 ack 1 win 65535  HandshakeAck
            1020     * Connected
            1030   send 100
            1030     > P. 1:101 ack 1 win 65535  Data
            4030     timer Retransmission
            4030     timed out until 101
            4030     > P. 1:101 ack 1 win 65535  RetransmissionTimeout (again: 1)
            4100   wait
        "#]],
    );
    rfc().check(
        "
        0     connect
        1020  < S. 0 ack 1 mss 1460 ts 7 ecr 1000
        1030  send 100
        2100  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            1020   < S. 0 ack 1 mss 1460 ts 7 ecr 1000
            1020     SYN-SENT -> ESTABLISHED
            1020     > . 1 ack 1 win 65535 ts 1020 ecr 7  HandshakeAck
            1020     * Connected
            1030   send 100
            1030     > P. 1:101 ack 1 win 65535 ts 1030 ecr 7  Data
            2030     timer Retransmission
            2030     timed out until 101
            2030     > P. 1:101 ack 1 win 65535 ts 2030 ecr 7  RetransmissionTimeout (again: 1)
            2100   wait
        "#]],
    );
}

#[test]
fn after_a_needless_timeout_the_first_new_round_trip_counts_as_a_first_one() {
    // RFC 4015 §3.1. The path takes 1.3 s from now on: without this the next timeout
    // would be needless, too.
    let mut policy = Policy::rfc();
    policy.loss.tail_loss_probe = false;
    Story::new(policy.clone()).show_rtt().check(
        &format!(
            "{OPEN}
            30    send 1448
            1330  < . 1 ack 1449 ts 1310 ecr 30
            1340  send 1448
            2640  < . 1 ack 2897 ts 2620 ecr 1340
            2650  send 1448
            6000  wait
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       rtt 20ms, srtt 20ms, rto 1s
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            1030     timer Retransmission
            1030     timed out until 1449
            1030     > P. 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1330   < . 1 ack 1449 ts 1310 ecr 30
            1330     rtt 1.3s, srtt 180ms, rto 1.49s
            1330     undone: Timestamp
            1340   send 1448
            1340     > P. 1449:2897 ack 1 win 511 ts 1340 ecr 1310  Data
            2640   < . 1 ack 2897 ts 2620 ecr 1340
            2640     rtt 1.3s, srtt 1.3s, rto 3.9s
            2650   send 1448
            2650     > P. 2897:4345 ack 1 win 511 ts 2650 ecr 2620  Data
            6000   wait
        "#]],
    );
    // After a true timeout it does not.
    Story::new(policy).show_rtt().check(
        &format!(
            "{OPEN}
            30    send 1448
            1330  < . 1 ack 1449 ts 1310 ecr 1030
            1340  send 1448
            1640  < . 1 ack 2897 ts 1620 ecr 1340
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       rtt 20ms, srtt 20ms, rto 1s
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            1030     timer Retransmission
            1030     timed out until 1449
            1030     > P. 1:1449 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1330   < . 1 ack 1449 ts 1310 ecr 1030
            1330     rtt 300ms, srtt 55ms, rto 1s
            1330     recovered
            1340   send 1448
            1340     > P. 1449:2897 ack 1 win 511 ts 1340 ecr 1310  Data
            1640   < . 1 ack 2897 ts 1620 ecr 1340
            1640     rtt 300ms, srtt 85.625ms, rto 1s
        "#]],
    );
}
