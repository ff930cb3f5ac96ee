//! The retransmission timer and the round trips it goes by (RFC 6298).

use super::timer_only;
use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

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
            7030     * Stalled
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
