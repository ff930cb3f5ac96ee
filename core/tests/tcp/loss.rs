//! Loss: noticed by duplicates, by SACK, by the clock.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

fn newreno() -> Story {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    Story::new(policy)
}

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
            53       cwnd 3500, ssthresh 3500, in flight 7000
            53       > . 1001:2001 ack 1 win 65535  FastRetransmit (again: 1)
            54     < . 1 ack 1001
            75     < . 1 ack 8001
            75       cwnd 2000, ssthresh 3500, in flight 0
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
            53       cwnd 4500, ssthresh 4500, in flight 9000
            53       > . 1001:2001 ack 1 win 65535  FastRetransmit (again: 1)
            75     < . 1 ack 4001
            75       > . 4001:5001 ack 1 win 65535  Recovery (again: 1)
            95     < . 1 ack 10001
            95       cwnd 2000, ssthresh 4500, in flight 0
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
fn sack_says_which_are_missing() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            52  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-7241
            53  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            54  < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-10137
            75  < . 1 ack 2897 ts 150 ecr 52 sack 4345-14481
            95  < . 1 ack 14481 ts 170 ecr 54
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            51     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-5793
            52     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-7241
            52       cwnd 7240, ssthresh 7240, in flight 14480
            52       > . 1:1449 ack 1 win 511 ts 52 ecr 130  FastRetransmit (again: 1)
            53     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            54     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-10137
            54       > . 2897:4345 ack 1 win 511 ts 54 ecr 130  Recovery (again: 1)
            75     < . 1 ack 2897 ts 150 ecr 52 sack 4345-14481
            95     < . 1 ack 14481 ts 170 ecr 54
            95       cwnd 2896, ssthresh 7240, in flight 0
        "#]],
    );
}

#[test]
fn a_lost_tail_needs_the_clock() {
    Story::new(Policy::rfc()).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30    send 3000
            50    < . 1 ack 1449 ts 130 ecr 30
            1060  wait
            1080  < . 1 ack 2897 ts 1160 ecr 1050
            1090  < . 1 ack 3001 ts 1170 ecr 1080
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       cwnd 14480, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 3000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer Retransmission at 1030 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1449 ts 130 ecr 30
            50       timer Retransmission at 1050 ms
            1050     timer Retransmission
            1050     cwnd 1448, ssthresh 2896, in flight 1448
            1050     timer Retransmission at 3050 ms
            1050     > . 1449:2897 ack 1 win 511 ts 1050 ecr 130  RetransmissionTimeout (again: 1)
            1060   wait
            1080   < . 1 ack 2897 ts 1160 ecr 1050
            1080     cwnd 2896, ssthresh 2896, in flight 0
            1080     timer Retransmission stopped
            1080     > P. 2897:3001 ack 1 win 511 ts 1080 ecr 1160  Data
            1080     timer Retransmission at 2080 ms
            1090   < . 1 ack 3001 ts 1170 ecr 1080
            1090     timer Retransmission stopped
        "#]],
    );
}

#[test]
fn timeouts_back_off_and_at_last_give_up() {
    let mut policy = Policy::rfc();
    policy.timing.retries = 4;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30     send 100
            99000  wait
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
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            1030     timer Retransmission
            1030     > P. 1:101 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            3030     timer Retransmission
            3030     > P. 1:101 ack 1 win 511 ts 3030 ecr 100  RetransmissionTimeout (again: 2)
            7030     timer Retransmission
            7030     > P. 1:101 ack 1 win 511 ts 7030 ecr 100  RetransmissionTimeout (again: 3)
            15030    timer Retransmission
            15030    > P. 1:101 ack 1 win 511 ts 15030 ecr 100  RetransmissionTimeout (again: 4)
            31030    timer Retransmission
            31030    ESTABLISHED -> CLOSED
            31030    over: TimedOut { syn: false }
            31030    > R. 101 ack 1 win 0 ts 31030 ecr 100  Reset(TimedOut)
            31030    * Closed(TimedOut { syn: false })
            99000  wait
        "#]],
    );
}

#[test]
fn after_a_timeout_everything_goes_out_again_joined_into_full_segments() {
    let mut policy = Policy::rfc();
    policy.send.nagle = synema_core::tcp::policy::Nagle::Off;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN_PLAIN}
            30    send 110
            31    send 120
            32    send 200
            33    send 500
            50    < . 1 ack 111
            1100  wait
            1120  < . 1 ack 931
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
            30     send 110
            30       > P. 1:111 ack 1 win 65535  Data
            31     send 120
            31       > P. 111:231 ack 1 win 65535  Data
            32     send 200
            32       > P. 231:431 ack 1 win 65535  Data
            33     send 500
            33       > P. 431:931 ack 1 win 65535  Data
            50     < . 1 ack 111
            1050     timer Retransmission
            1050     cwnd 1000, ssthresh 2000, in flight 820
            1050     > P. 111:931 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1100   wait
            1120   < . 1 ack 931
            1120     cwnd 1820, ssthresh 2000, in flight 0
        "#]],
    );
}

#[test]
fn karn_measures_nothing_that_went_out_twice() {
    Story::new(Policy::rfc()).show_rtt().check(
        &format!(
            "{OPEN_PLAIN}
            30    send 100
            1040  < . 1 ack 101
            1050  send 100
            1090  < . 1 ack 201
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       rtt 20ms, srtt 20ms, rto 1s
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 65535  Data
            1030     timer Retransmission
            1030     > P. 1:101 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 101
            1050   send 100
            1050     > P. 101:201 ack 1 win 65535  Data
            1090   < . 1 ack 201
            1090     rtt 40ms, srtt 22.5ms, rto 1s
        "#]],
    );
}

#[test]
fn timestamps_measure_even_then() {
    Story::new(Policy::rfc()).show_rtt().check(
        &format!(
            "{OPEN}
            30    send 100
            1060  < . 1 ack 101 ts 1100 ecr 1030
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
            1030     timer Retransmission
            1030     > P. 1:101 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1060   < . 1 ack 101 ts 1100 ecr 1030
            1060     rtt 30ms, srtt 21.25ms, rto 1s
        "#]],
    );
}

#[test]
fn a_receiver_that_takes_back_what_it_sacked_is_served_again() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30    send 4344
            50    < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            1100  < . 1 ack 1449 ts 1130 ecr 1030
            9000  wait
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
            30     send 4344
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            1030     timer Retransmission
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 130  RetransmissionTimeout (again: 1)
            1100   < . 1 ack 1449 ts 1130 ecr 1030
            2100     timer Retransmission
            2100     > . 1449:2897 ack 1 win 511 ts 2100 ecr 1130  RetransmissionTimeout (again: 1)
            4100     timer Retransmission
            4100     > . 1449:2897 ack 1 win 511 ts 4100 ecr 1130  RetransmissionTimeout (again: 2)
            8100     timer Retransmission
            8100     path MTU 1064
            8100     > . 1449:2461 ack 1 win 511 ts 8100 ecr 1130  RetransmissionTimeout (again: 3)
            9000   wait
        "#]],
    );
}

#[test]
fn nothing_is_ever_sent_twice_if_the_policy_says_so() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::None;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30     send 5000
            50     < . 1 ack 1449 ts 130 ecr 30
            51     < . 1 ack 1449 ts 130 ecr 30 sack 2897-5001
            60000  wait
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
            30     send 5000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1449 ts 130 ecr 30
            51     < . 1 ack 1449 ts 130 ecr 30 sack 2897-5001
            60000  wait
        "#]],
    );
}

#[test]
fn a_dsack_of_a_needless_retransmission_changes_nothing() {
    check(
        "
        30    send 1000
        1100  < . 1 ack 1001 ts 1130 ecr 30
        1101  < . 1 ack 1001 ts 1131 ecr 30 sack 1-1001
        1110  send 10
        ",
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
            1030     > P. 1:1001 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1100   < . 1 ack 1001 ts 1130 ecr 30
            1101   < . 1 ack 1001 ts 1131 ecr 30 sack 1-1001
            1110   send 10
            1110     > P. 1001:1011 ack 1 win 511 ts 1110 ecr 1131  Data
        "#]],
    );
}
