//! Losses told by duplicate ACKs (RFC 5681, RFC 6582, RFC 3042).

use super::newreno;
use crate::story::{OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

#[test]
fn three_duplicates_and_the_segment_goes_out_again() {
    newreno().show_cwnd().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 8000
            50  < . 1 ack 1001
            51  < . 1 ack 1001
            52  < . 1 ack 1001
            53  < . 1 ack 1001
            54  < . 1 ack 1001
            75  < . 1 ack 8001
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
            30     send 8000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > P. 7001:8001 ack 1 win 65535  Data
            50     < . 1 ack 1001
            50       cwnd 11000, ssthresh -, in flight 7000
            51     < . 1 ack 1001
            52     < . 1 ack 1001
            53     < . 1 ack 1001
            53       recovery until 8001
            53       cwnd 4000, ssthresh 4900, in flight 7000
            53       > . 1001:2001 ack 1 win 65535  FastRetransmit (again: 1)
            54     < . 1 ack 1001
            75     < . 1 ack 8001
            75       recovered
            75       cwnd 4900, ssthresh 4900, in flight 0
        "#]],
    );
}

#[test]
fn a_partial_ack_shows_the_next_hole() {
    newreno().show_cwnd().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 10000
            50  < . 1 ack 1001
            51  < . 1 ack 1001
            52  < . 1 ack 1001
            53  < . 1 ack 1001
            75  < . 1 ack 4001
            95  < . 1 ack 10001
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
            50     < . 1 ack 1001
            50       cwnd 11000, ssthresh -, in flight 9000
            51     < . 1 ack 1001
            52     < . 1 ack 1001
            53     < . 1 ack 1001
            53       recovery until 10001
            53       cwnd 6000, ssthresh 6300, in flight 9000
            53       > . 1001:2001 ack 1 win 65535  FastRetransmit (again: 1)
            75     < . 1 ack 4001
            75       cwnd 5000, ssthresh 6300, in flight 6000
            75       > . 4001:5001 ack 1 win 65535  Recovery (again: 1)
            95     < . 1 ack 10001
            95       recovered
            95       cwnd 6300, ssthresh 6300, in flight 0
        "#]],
    );
}

#[test]
fn new_data_goes_out_on_the_first_duplicates() {
    newreno().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 20000
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
            30     send 20000
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
            50     < . 1 ack 1
            50       > . 10001:11001 ack 1 win 65535  LimitedTransmit
            51     < . 1 ack 1
            51       > . 11001:12001 ack 1 win 65535  LimitedTransmit
            52     < . 1 ack 1
            52       recovery until 12001
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
        "#]],
    );
}

#[test]
fn what_is_no_duplicate_ack_does_not_count() {
    newreno().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 8000
            50  < . 1 ack 1 win 600
            51  < . 1 ack 1 win 700
            52  < P. 1:2 ack 1 win 700
            53  < P. 2:3 ack 1 win 700
            54  < P. 3:4 ack 1 win 700
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
            30     send 8000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > P. 7001:8001 ack 1 win 65535  Data
            50     < . 1 ack 1 win 600
            51     < . 1 ack 1 win 700
            52     < P. 1:2 ack 1 win 700
            52       > . 701 ack 2 win 65534  QuickAck
            53     < P. 2:3 ack 1 win 700
            53       > . 701 ack 3 win 65533  QuickAck
            54     < P. 3:4 ack 1 win 700
            54       > . 701 ack 4 win 65532  QuickAck
        "#]],
    );
}

#[test]
fn without_limited_transmit_duplicates_bring_nothing_new() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    policy.loss.limited_transmit = false;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 20000
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
            30     send 20000
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
            50     < . 1 ack 1
            51     < . 1 ack 1
            52     < . 1 ack 1
            52       recovery until 10001
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
        "#]],
    );
}

#[test]
fn what_fits_anyway_is_no_limited_transmit() {
    newreno().check(
        &format!(
            "{OPEN_PLAIN}
            30  send 9000
            50  < . 1 ack 1
            51  send 1000
            52  < . 1 ack 1
            53  send 1000
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
            30     send 9000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > . 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > . 7001:8001 ack 1 win 65535  Data
            30       > P. 8001:9001 ack 1 win 65535  Data
            50     < . 1 ack 1
            51     send 1000
            51       > P. 9001:10001 ack 1 win 65535  Data
            52     < . 1 ack 1
            53     send 1000
            53       > P. 10001:11001 ack 1 win 65535  LimitedTransmit
        "#]],
    );
}
