//! What the way to the peer tells: its MTU, and errors on it.

use crate::story::{OPEN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Nagle;

#[test]
fn a_smaller_path_makes_smaller_segments_and_is_tried_anew_after_ten_minutes() {
    let mut policy = Policy::rfc();
    policy.send.nagle = Nagle::Off;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30      send 2896
            40      icmp too-big 1000 seq 1
            60      < . 1 ack 2897 ts 140 ecr 40
            600000  send 1448
            600020  < . 1 ack 4345 ts 600100 ecr 600000
            600041  send 1448
            600050  icmp too-big 1400 seq 4345
            600070  < . 1 ack 5793 ts 600150 ecr 600050
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
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 1000 seq 1
            40       path MTU 1000
            40       > . 1:949 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > . 949:1897 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > . 1897:2845 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > P. 2845:2897 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            60     < . 1 ack 2897 ts 140 ecr 40
            600000 send 1448
            600000   > . 2897:3845 ack 1 win 511 ts 600000 ecr 140  Data
            600000   > P. 3845:4345 ack 1 win 511 ts 600000 ecr 140  Data
            600020 < . 1 ack 4345 ts 600100 ecr 600000
            600041 send 1448
            600041   > P. 4345:5793 ack 1 win 511 ts 600041 ecr 600100  Data
            600041   path MTU 1500
            600050 icmp too-big 1400 seq 4345
            600050   path MTU 1400
            600050   > . 4345:5693 ack 1 win 511 ts 600050 ecr 600100  PathMtu (again: 1)
            600050   > P. 5693:5793 ack 1 win 511 ts 600050 ecr 600100  PathMtu (again: 1)
            600070 < . 1 ack 5793 ts 600150 ecr 600050
        "#]],
    );
}

#[test]
fn what_a_router_says_of_the_mtu_is_believed_within_bounds() {
    check(
        "
        30  send 1448
        40  icmp too-big 1400 seq 5000
        41  icmp too-big 9000 seq 1
        42  icmp too-big 68 seq 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 1400 seq 5000
            40       dropped: IcmpNotOurs
            41     icmp too-big 9000 seq 1
            41       dropped: IcmpNotOurs
            42     icmp too-big 68 seq 1
            42       path MTU 68
            42       > . 1:501 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 1)
            42       > . 501:1001 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 1)
            42       > P. 1001:1449 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 1)
        "#]],
    );
}

#[test]
fn full_segments_that_vanish_again_and_again_are_made_smaller() {
    check(
        "
        30     send 2896
        7100   wait
        7130   < . 1 ack 1013 ts 7200 ecr 7031
        7160   < . 1 ack 2897 ts 7230 ecr 7130
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            70       timer TailLossProbe
            70       > P. 1449:2897 ack 1 win 511 ts 70 ecr 100  TailLossProbe (again: 1)
            1070     timer Retransmission
            1070     timed out until 2897
            1070     > . 1:1449 ack 1 win 511 ts 1070 ecr 100  RetransmissionTimeout (again: 1)
            3070     timer Retransmission
            3070     timed out until 2897
            3070     > . 1:1449 ack 1 win 511 ts 3070 ecr 100  RetransmissionTimeout (again: 2)
            7070     timer Retransmission
            7070     path MTU 1064
            7070     timed out until 2897
            7070     > . 1:1013 ack 1 win 511 ts 7070 ecr 100  RetransmissionTimeout (again: 3)
            7070     * Stalled
            7100   wait
            7130   < . 1 ack 1013 ts 7200 ecr 7031
            7130     > . 1013:2025 ack 1 win 511 ts 7130 ecr 7200  RetransmissionTimeout (again: 3)
            7130     > P. 2025:2897 ack 1 win 511 ts 7130 ecr 7200  Recovery (again: 2)
            7160   < . 1 ack 2897 ts 7230 ecr 7130
            7160     recovered
        "#]],
    );
}

#[test]
fn small_segments_that_vanish_say_nothing_of_the_mtu() {
    check(
        "
        30     send 1012
        20000  wait
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1012
            30       > P. 1:1013 ack 1 win 511 ts 30 ecr 100  Data
            270      timer TailLossProbe
            270      > P. 1:1013 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 1013
            1270     > P. 1:1013 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3270     timer Retransmission
            3270     timed out until 1013
            3270     > P. 1:1013 ack 1 win 511 ts 3270 ecr 100  RetransmissionTimeout (again: 3)
            7270     timer Retransmission
            7270     timed out until 1013
            7270     > P. 1:1013 ack 1 win 511 ts 7270 ecr 100  RetransmissionTimeout (again: 4)
            7270     * Stalled
            15270    timer Retransmission
            15270    timed out until 1013
            15270    > P. 1:1013 ack 1 win 511 ts 15270 ecr 100  RetransmissionTimeout (again: 5)
            20000  wait
        "#]],
    );
}

#[test]
fn without_black_hole_detection_segments_stay_as_they_are() {
    let mut policy = Policy::rfc();
    policy.send.black_hole_detection = false;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30     send 1448
            20000  wait
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
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            270      timer TailLossProbe
            270      > P. 1:1449 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 1449
            1270     > P. 1:1449 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3270     timer Retransmission
            3270     timed out until 1449
            3270     > P. 1:1449 ack 1 win 511 ts 3270 ecr 100  RetransmissionTimeout (again: 3)
            7270     timer Retransmission
            7270     timed out until 1449
            7270     > P. 1:1449 ack 1 win 511 ts 7270 ecr 100  RetransmissionTimeout (again: 4)
            7270     * Stalled
            15270    timer Retransmission
            15270    timed out until 1449
            15270    > P. 1:1449 ack 1 win 511 ts 15270 ecr 100  RetransmissionTimeout (again: 5)
            20000  wait
        "#]],
    );
}

#[test]
fn errors_on_the_way_end_nothing_but_are_the_reason_if_it_ends() {
    let mut policy = Policy::rfc();
    policy.timing.retries = 2;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30    send 100
            40    icmp time-exceeded seq 1
            41    icmp parameter-problem seq 1
            42    icmp unreachable 3 seq 1
            43    icmp unreachable 1 seq 1
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
            30     send 100
            30       > P. 1:101 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp time-exceeded seq 1
            40       soft error
            41     icmp parameter-problem seq 1
            41       soft error
            42     icmp unreachable 3 seq 1
            42       soft error: unreachable 3
            43     icmp unreachable 1 seq 1
            43       soft error: unreachable 1
            270      timer TailLossProbe
            270      > P. 1:101 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 101
            1270     > P. 1:101 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3270     timer Retransmission
            3270     timed out until 101
            3270     > P. 1:101 ack 1 win 511 ts 3270 ecr 100  RetransmissionTimeout (again: 3)
            7270     timer Retransmission
            7270     ESTABLISHED -> CLOSED
            7270     over: Unreachable { code: 1 }
            7270     > R. 101 ack 1 win 0 ts 7270 ecr 100  Reset(TimedOut)
            7270     * Closed(Unreachable { code: 1 })
            9000   wait
        "#]],
    );
}

#[test]
fn a_router_that_says_no_mtu_means_the_next_plateau() {
    check(
        "
        30  send 1448
        40  icmp too-big 0 seq 1
        41  icmp too-big 0 seq 1
        42  icmp too-big 0 seq 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 0 seq 1
            40       path MTU 1492
            40       > . 1:1441 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > P. 1441:1449 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            41     icmp too-big 0 seq 1
            41       path MTU 1006
            41       > . 1:955 ack 1 win 511 ts 41 ecr 100  PathMtu (again: 2)
            41       > . 955:1441 ack 1 win 511 ts 41 ecr 100  PathMtu (again: 2)
            42     icmp too-big 0 seq 1
            42       path MTU 508
            42       > . 1:501 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 3)
            42       > . 501:1001 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 3)
            42       > . 1001:1441 ack 1 win 511 ts 42 ecr 100  PathMtu (again: 3)
        "#]],
    );
}

#[test]
fn a_path_below_552_bytes_gets_what_is_out_again_and_after_ten_minutes_more() {
    // Segments do not become smaller than that: routers may cut them.
    check(
        "
        30      send 300
        40      icmp too-big 552 seq 1
        41      icmp too-big 300 seq 1
        42      icmp too-big 300 seq 1
        60      < . 1 ack 301 ts 140 ecr 41
        70      send 600
        71      icmp too-big 0 seq 301
        72      icmp too-big 0 seq 301
        90      < . 1 ack 801 ts 170 ecr 72
        110     < . 1 ack 901 ts 190 ecr 90
        600080  send 1500
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 300
            30       > P. 1:301 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 552 seq 1
            40       path MTU 552
            41     icmp too-big 300 seq 1
            41       path MTU 300
            41       > P. 1:301 ack 1 win 511 ts 41 ecr 100  PathMtu (again: 1)
            42     icmp too-big 300 seq 1
            42       dropped: IcmpNotOurs
            60     < . 1 ack 301 ts 140 ecr 41
            70     send 600
            70       > . 301:801 ack 1 win 511 ts 70 ecr 140  Data
            71     icmp too-big 0 seq 301
            71       path MTU 296
            71       > . 301:801 ack 1 win 511 ts 71 ecr 140  PathMtu (again: 1)
            72     icmp too-big 0 seq 301
            72       path MTU 68
            72       > . 301:801 ack 1 win 511 ts 72 ecr 140  PathMtu (again: 2)
            90     < . 1 ack 801 ts 170 ecr 72
            90       > P. 801:901 ack 1 win 511 ts 90 ecr 170  Data
            110    < . 1 ack 901 ts 190 ecr 90
            600080 send 1500
            600080   > . 901:2349 ack 1 win 511 ts 600080 ecr 190  Data
            600080   path MTU 1500
        "#]],
    );
}

#[test]
fn a_small_write_is_no_try_for_more() {
    check(
        "
        30      send 1448
        40      icmp too-big 1064 seq 1
        60      < . 1 ack 1449 ts 140 ecr 40
        700000  send 1012
        700020  < . 1 ack 2461 ts 700100 ecr 700000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 1064 seq 1
            40       path MTU 1064
            40       > . 1:1013 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > P. 1013:1449 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            60     < . 1 ack 1449 ts 140 ecr 40
            700000 send 1012
            700000   > P. 1449:2461 ack 1 win 511 ts 700000 ecr 140  Data
            700020 < . 1 ack 2461 ts 700100 ecr 700000
        "#]],
    );
}

#[test]
fn full_segments_that_vanish_still_are_made_smaller_once_more() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30     send 1448
            63000  wait
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
            30     send 1448
            30       > P. 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            270      timer TailLossProbe
            270      > P. 1:1449 ack 1 win 511 ts 270 ecr 100  TailLossProbe (again: 1)
            1270     timer Retransmission
            1270     timed out until 1449
            1270     > P. 1:1449 ack 1 win 511 ts 1270 ecr 100  RetransmissionTimeout (again: 2)
            3270     timer Retransmission
            3270     timed out until 1449
            3270     > P. 1:1449 ack 1 win 511 ts 3270 ecr 100  RetransmissionTimeout (again: 3)
            7270     timer Retransmission
            7270     path MTU 1064
            7270     timed out until 1449
            7270     > . 1:1013 ack 1 win 511 ts 7270 ecr 100  RetransmissionTimeout (again: 4)
            7270     * Stalled
            15270    timer Retransmission
            15270    path MTU 552
            15270    timed out until 1449
            15270    > . 1:501 ack 1 win 511 ts 15270 ecr 100  RetransmissionTimeout (again: 5)
            31270    timer Retransmission
            31270    timed out until 1449
            31270    > . 1:501 ack 1 win 511 ts 31270 ecr 100  RetransmissionTimeout (again: 6)
            63000  wait
        "#]],
    );
}

#[test]
fn a_larger_segment_is_tried_when_the_ten_minutes_are_over() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30      send 2896
            40      icmp too-big 1400 seq 1
            60      < . 1 ack 2897 ts 140 ecr 40
            600040  send 3000
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
            30     send 2896
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > P. 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 1400 seq 1
            40       path MTU 1400
            40       > . 1:1349 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > . 1349:2697 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > P. 2697:2897 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            60     < . 1 ack 2897 ts 140 ecr 40
            600040 send 3000
            600040   > . 2897:4345 ack 1 win 511 ts 600040 ecr 140  Data
            600040   path MTU 1500
            600040   > . 4345:5793 ack 1 win 511 ts 600040 ecr 140  Data
        "#]],
    );
}

#[test]
fn a_plateau_is_below_what_we_send_not_below_what_the_path_takes() {
    Story::new(Policy::rfc()).check(
        "
        0   connect
        20  < S. 0 ack 1 win 65535 mss 1000
        30  send 1000
        40  icmp too-big 0 seq 1
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1000
            30       > P. 1:1001 ack 1 win 65535  Data
            40     icmp too-big 0 seq 1
            40       path MTU 1006
            40       > . 1:967 ack 1 win 65535  PathMtu (again: 1)
            40       > P. 967:1001 ack 1 win 65535  PathMtu (again: 1)
        "#]],
    );
}
