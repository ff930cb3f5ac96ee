//! Loss: noticed by duplicates, by SACK, by the clock.

use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

fn newreno() -> Story {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    Story::new(policy)
}

/// Without tail loss probes: the retransmission timer alone.
fn timer_only() -> Policy {
    let mut policy = Policy::rfc();
    policy.loss.tail_loss_probe = false;
    policy
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
fn sack_says_which_are_missing() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::Sack;
    Story::new(policy).show_cwnd().check(
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
            52       recovery until 14481
            52       cwnd 10136, ssthresh 10136, in flight 14480
            52       > . 1:1449 ack 1 win 511 ts 52 ecr 130  FastRetransmit (again: 1)
            53     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-8689
            53       cwnd 8688, ssthresh 10136, in flight 14480
            53       > . 2897:4345 ack 1 win 511 ts 53 ecr 130  Recovery (again: 1)
            54     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897,4345-10137
            75     < . 1 ack 2897 ts 150 ecr 52 sack 4345-14481
            75       cwnd 10136, ssthresh 10136, in flight 11584
            95     < . 1 ack 14481 ts 170 ecr 54
            95       recovered
            95       cwnd 10136, ssthresh 10136, in flight 0
        "#]],
    );
}

#[test]
fn a_lost_tail_needs_the_clock() {
    Story::new(timer_only()).show_cwnd().show_timers().check(
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
            1050     timed out until 2897
            1050     cwnd 1448, ssthresh 2896, in flight 1448
            1050     timer Retransmission at 3050 ms
            1050     > . 1449:2897 ack 1 win 511 ts 1050 ecr 130  RetransmissionTimeout (again: 1)
            1060   wait
            1080   < . 1 ack 2897 ts 1160 ecr 1050
            1080     recovered
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
    let mut policy = timer_only();
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
            1030     timed out until 101
            1030     > P. 1:101 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            3030     timer Retransmission
            3030     timed out until 101
            3030     > P. 1:101 ack 1 win 511 ts 3030 ecr 100  RetransmissionTimeout (again: 2)
            7030     timer Retransmission
            7030     timed out until 101
            7030     > P. 1:101 ack 1 win 511 ts 7030 ecr 100  RetransmissionTimeout (again: 3)
            15030    timer Retransmission
            15030    timed out until 101
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
            1050     timed out until 931
            1050     cwnd 1000, ssthresh 2000, in flight 820
            1050     > P. 111:931 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1100   wait
            1120   < . 1 ack 931
            1120     recovered
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
            1030     timed out until 101
            1030     > P. 1:101 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 101
            1040     recovered
            1050   send 100
            1050     > P. 101:201 ack 1 win 65535  Data
            1090   < . 1 ack 201
            1090     rtt 40ms, srtt 22.5ms, rto 1s
        "#]],
    );
}

#[test]
fn timestamps_measure_even_then() {
    Story::new(timer_only()).show_rtt().check(
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
            1030     timed out until 101
            1030     > P. 1:101 ack 1 win 511 ts 1030 ecr 100  RetransmissionTimeout (again: 1)
            1060   < . 1 ack 101 ts 1100 ecr 1030
            1060     rtt 30ms, srtt 21.25ms, rto 1s
            1060     recovered
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
            55       timer Reordering
            55       recovery until 4345
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 130  Rack (again: 1)
            1030     timer Retransmission
            1030     timed out until 4345
            1030     > . 1:1449 ack 1 win 511 ts 1030 ecr 130  RetransmissionTimeout (again: 2)
            1100   < . 1 ack 1449 ts 1130 ecr 1030
            2100     timer Retransmission
            2100     timed out until 4345
            2100     > . 1449:2897 ack 1 win 511 ts 2100 ecr 1130  RetransmissionTimeout (again: 1)
            4100     timer Retransmission
            4100     timed out until 4345
            4100     > . 1449:2897 ack 1 win 511 ts 4100 ecr 1130  RetransmissionTimeout (again: 2)
            8100     timer Retransmission
            8100     path MTU 1064
            8100     timed out until 4345
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
fn time_tells_a_loss_that_two_duplicates_do_not() {
    Story::new(Policy::rfc()).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30  send 4344
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            75  < . 1 ack 4345 ts 155 ecr 55
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
            30     send 4344
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            30       > P. 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-4345
            50       timer Reordering at 55 ms
            50       timer TailLossProbe stopped
            50       timer Retransmission at 1030 ms
            55       timer Reordering
            55       recovery until 4345
            55       cwnd 1448, ssthresh 3040, in flight 4344
            55       > . 1:1449 ack 1 win 511 ts 55 ecr 130  Rack (again: 1)
            75     < . 1 ack 4345 ts 155 ecr 55
            75       recovered
            75       cwnd 3040, ssthresh 3040, in flight 0
            75       timer Retransmission stopped
        "#]],
    );
}

#[test]
fn what_was_overtaken_is_waited_for() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 14480
            50  < . 1 ack 1 ts 130 ecr 20 sack 2897-4345
            51  < . 1 ack 4345 ts 131 ecr 30
            70  < . 1 ack 14481 ts 150 ecr 30
            80  send 14480
            100 < . 1 ack 14481 ts 180 ecr 80 sack 17377-24617
            104 < . 1 ack 28961 ts 184 ecr 80
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 2897-4345
            51     < . 1 ack 4345 ts 131 ecr 30
            51       cwnd 17376, ssthresh -, in flight 10136
            70     < . 1 ack 14481 ts 150 ecr 30
            70       cwnd 27512, ssthresh -, in flight 0
            80     send 14480
            80       > . 14481:15929 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 15929:17377 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 17377:18825 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 18825:20273 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 20273:21721 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 21721:23169 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 23169:24617 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 24617:26065 ack 1 win 511 ts 80 ecr 150  Data
            80       > . 26065:27513 ack 1 win 511 ts 80 ecr 150  Data
            80       > P. 27513:28961 ack 1 win 511 ts 80 ecr 150  Data
            100    < . 1 ack 14481 ts 180 ecr 80 sack 17377-24617
            104    < . 1 ack 28961 ts 184 ecr 80
            104      cwnd 34752, ssthresh -, in flight 0
        "#]],
    );
}

#[test]
fn a_lost_retransmission_is_noticed_by_time() {
    Story::new(Policy::rfc()).show_timers().check(
        &format!(
            "{OPEN}
            30  send 20000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-14481
            75  < . 1 ack 1 ts 155 ecr 20 sack 1449-15929
            76  < . 1 ack 1 ts 156 ecr 20 sack 1449-17377
            99  < . 1 ack 17377 ts 179 ecr 79
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
            30     send 20000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            30       > . 2897:4345 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 4345:5793 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 5793:7241 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 7241:8689 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 8689:10137 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 10137:11585 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 11585:13033 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 13033:14481 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       timer TailLossProbe stopped
            50       timer Retransmission at 1030 ms
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-14481
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            51       > . 15929:17377 ack 1 win 511 ts 51 ecr 131  Data
            51       > . 17377:18825 ack 1 win 511 ts 51 ecr 131  Data
            75     < . 1 ack 1 ts 155 ecr 20 sack 1449-15929
            75       > . 1:1449 ack 1 win 511 ts 75 ecr 155  Recovery (again: 2)
            76     < . 1 ack 1 ts 156 ecr 20 sack 1449-17377
            99     < . 1 ack 17377 ts 179 ecr 79
            99       recovered
            99       timer Retransmission at 1099 ms
            99       timer Retransmission stopped
            99       timer TailLossProbe at 339 ms
        "#]],
    );
}

#[test]
fn a_probe_repairs_a_lost_tail_and_slows_us_down() {
    Story::new(Policy::rfc()).show_cwnd().show_timers().check(
        &format!(
            "{OPEN}
            30   send 2896
            50   < . 1 ack 1449 ts 130 ecr 30
            310  < . 1 ack 2897 ts 390 ecr 290
            320  send 1448
            340  < . 1 ack 4345 ts 420 ecr 320
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
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 270 ms
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            30       timer TailLossProbe at 70 ms
            50     < . 1 ack 1449 ts 130 ecr 30
            50       timer TailLossProbe at 290 ms
            290      timer TailLossProbe
            290      timer Retransmission at 1290 ms
            290      > P. 1449:2897 ack 1 win 511 ts 290 ecr 130  TailLossProbe (again: 1)
            310    < . 1 ack 2897 ts 390 ecr 290
            310      timer Retransmission stopped
            320    send 1448
            320      > P. 2897:4345 ack 1 win 511 ts 320 ecr 390  Data
            320      timer Retransmission at 1320 ms
            340    < . 1 ack 4345 ts 420 ecr 320
            340      slowed: ProbeRepairedLoss
            340      cwnd 2896, ssthresh 2896, in flight 0
            340      timer Retransmission stopped
        "#]],
    );
}

#[test]
fn a_probe_that_was_needless_is_told_by_dsack() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30   send 2896
            100  < . 1 ack 2897 ts 180 ecr 30
            101  < . 1 ack 2897 ts 181 ecr 30 sack 1449-2897
            120  send 1448
            140  < . 1 ack 4345 ts 220 ecr 120
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
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            70       timer TailLossProbe
            70       > P. 1449:2897 ack 1 win 511 ts 70 ecr 100  TailLossProbe (again: 1)
            100    < . 1 ack 2897 ts 180 ecr 30
            101    < . 1 ack 2897 ts 181 ecr 30 sack 1449-2897
            101      needless 1449:2897
            101      cwnd 14480, ssthresh -, in flight 0
            120    send 1448
            120      > P. 2897:4345 ack 1 win 511 ts 120 ecr 181  Data
            140    < . 1 ack 4345 ts 220 ecr 120
        "#]],
    );
}

#[test]
fn cwnd_comes_down_in_step_with_the_acks() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 40000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            52  < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            53  < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            54  < . 1 ack 1 ts 134 ecr 20 sack 1449-11585
            55  < . 1 ack 1 ts 135 ecr 20 sack 1449-14481
            72  < . 1 ack 14481 ts 152 ecr 50
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
            30     send 40000
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            52     < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            52       > . 15929:17377 ack 1 win 511 ts 52 ecr 132  Data
            53     < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            53       > . 17377:18825 ack 1 win 511 ts 53 ecr 133  Data
            54     < . 1 ack 1 ts 134 ecr 20 sack 1449-11585
            54       > . 18825:20273 ack 1 win 511 ts 54 ecr 134  Data
            55     < . 1 ack 1 ts 135 ecr 20 sack 1449-14481
            55       > . 20273:21721 ack 1 win 511 ts 55 ecr 135  Data
            55       > . 21721:23169 ack 1 win 511 ts 55 ecr 135  Data
            72     < . 1 ack 14481 ts 152 ecr 50
            72       recovered
            72       cwnd 10136, ssthresh 10136, in flight 8688
            72       > . 23169:24617 ack 1 win 511 ts 72 ecr 152  Data
        "#]],
    );
}

#[test]
fn without_it_cwnd_falls_at_once() {
    let mut policy = Policy::rfc();
    policy.loss.proportional_rate = false;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 40000
            50  < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            51  < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            52  < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            53  < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            72  < . 1 ack 10137 ts 152 ecr 50
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
            30     send 40000
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
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-5793
            50       recovery until 14481
            50       cwnd 10136, ssthresh 10136, in flight 14480
            50       > . 1:1449 ack 1 win 511 ts 50 ecr 130  FastRetransmit (again: 1)
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-7241
            51       > . 14481:15929 ack 1 win 511 ts 51 ecr 131  Data
            52     < . 1 ack 1 ts 132 ecr 20 sack 1449-8689
            52       > . 15929:17377 ack 1 win 511 ts 52 ecr 132  Data
            53     < . 1 ack 1 ts 133 ecr 20 sack 1449-10137
            53       > . 17377:18825 ack 1 win 511 ts 53 ecr 133  Data
            72     < . 1 ack 10137 ts 152 ecr 50
            72       > . 10137:11585 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 11585:13033 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 13033:14481 ack 1 win 511 ts 72 ecr 152  Recovery (again: 1)
            72       > . 18825:20273 ack 1 win 511 ts 72 ecr 152  Data
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

/// What Linux was seen to do when one of four packets is lost (20 ms round trip):
/// RACK resends after about 30 ms; a lost tail, and any loss without SACK, takes
/// about 245 ms, the round trip and 200 ms.
#[test]
fn linux_resends_one_of_four_as_it_was_seen_to() {
    let mut policy = Policy::linux();
    policy.send.nagle = synema_core::tcp::policy::Nagle::Off;
    let four = "
        50   send 110
        50   send 120
        50   send 200
        50   send 500
    ";
    Story::new(policy.clone()).show_timers().check(
        &format!(
            "{OPEN}{four}
            70  < . 1 ack 111 ts 150 ecr 50
            70  < . 1 ack 111 ts 150 ecr 50 sack 231-431
            70  < . 1 ack 111 ts 150 ecr 50 sack 231-931
            97  < . 1 ack 931 ts 177 ecr 77
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 92 ms
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 111 ts 150 ecr 50
            70       timer TailLossProbe at 112 ms
            70     < . 1 ack 111 ts 150 ecr 50 sack 231-431
            70       timer Reordering at 77 ms
            70       timer TailLossProbe stopped
            70       timer Retransmission at 290 ms
            70     < . 1 ack 111 ts 150 ecr 50 sack 231-931
            77       timer Reordering
            77       recovery until 931
            77       > P. 111:231 ack 1 win 255 ts 77 ecr 150  Rack (again: 1)
            97     < . 1 ack 931 ts 177 ecr 77
            97       recovered
            97       timer Retransmission stopped
        "#]],
    );
    Story::new(policy.clone()).show_timers().check(
        &format!(
            "{OPEN}{four}
            70   < . 1 ack 431 ts 150 ecr 50
            310  < . 1 ack 931 ts 390 ecr 290
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50       timer TailLossProbe at 92 ms
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 431 ts 150 ecr 50
            70       timer TailLossProbe at 290 ms
            290      timer TailLossProbe
            290      timer Retransmission at 510 ms
            290      > P. 431:931 ack 1 win 255 ts 290 ecr 150  TailLossProbe (again: 1)
            310    < . 1 ack 931 ts 390 ecr 290
            310      timer Retransmission stopped
        "#]],
    );
    policy.offer.sack = false;
    Story::new(policy).show_timers().check(
        &format!(
            "
            0    connect
            20   < S. 0 ack 1 win 65535 mss 1460 ts 100 ecr 0 ws 7
            {four}
            70   < . 1 ack 111 ts 150 ecr 50
            70   < . 1 ack 111 ts 150 ecr 50
            70   < . 1 ack 111 ts 150 ecr 50
            310  < . 1 ack 931 ts 390 ecr 290
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 ts 0 ecr 0 ws 8  Syn
            0        timer Retransmission at 1000 ms
            20     < S. 0 ack 1 win 65535 mss 1460 ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       timer Retransmission stopped
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            50     send 110
            50       > P. 1:111 ack 1 win 255 ts 50 ecr 100  Data
            50       timer Retransmission at 270 ms
            50     send 120
            50       > P. 111:231 ack 1 win 255 ts 50 ecr 100  Data
            50     send 200
            50       > P. 231:431 ack 1 win 255 ts 50 ecr 100  Data
            50     send 500
            50       > P. 431:931 ack 1 win 255 ts 50 ecr 100  Data
            70     < . 1 ack 111 ts 150 ecr 50
            70       timer Retransmission at 290 ms
            70     < . 1 ack 111 ts 150 ecr 50
            70     < . 1 ack 111 ts 150 ecr 50
            290      timer Retransmission
            290      timed out until 931
            290      timer Retransmission at 730 ms
            290      > P. 111:931 ack 1 win 255 ts 290 ecr 150  RetransmissionTimeout (again: 1)
            310    < . 1 ack 931 ts 390 ecr 290
            310      recovered
            310      timer Retransmission stopped
        "#]],
    );
}
