//! The peer's window: kept to, probed, taken back (RFC 9293 §3.8.6).

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::WindowProbe;
use synema_core::time::Duration;

#[test]
fn the_peers_window_is_never_exceeded() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < . 1 ack 1 win 2500
            31  send 9000
            50  < . 1 ack 2001 win 2500
            70  < . 1 ack 4001 win 0
            80  < . 1 ack 4001 win 5000
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
            30     < . 1 ack 1 win 2500
            31     send 9000
            31       > . 1:1001 ack 1 win 65535  Data
            31       > . 1001:2001 ack 1 win 65535  Data
            50     < . 1 ack 2001 win 2500
            50       > . 2001:3001 ack 1 win 65535  Data
            50       > . 3001:4001 ack 1 win 65535  Data
            70     < . 1 ack 4001 win 0
            80     < . 1 ack 4001 win 5000
            80       > . 4001:5001 ack 1 win 65535  Data
            80       > . 5001:6001 ack 1 win 65535  Data
            80       > . 6001:7001 ack 1 win 65535  Data
            80       > . 7001:8001 ack 1 win 65535  Data
            80       > P. 8001:9001 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn a_closed_window_is_probed_with_growing_patience() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30     < . 1 ack 1 win 0
            40     send 3000
            1050   < . 1 ack 1 win 0
            3060   < . 1 ack 1 win 0
            7100   < . 1 ack 2 win 0
            15200  < . 1 ack 2 win 8000
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
            30     < . 1 ack 1 win 0
            40     send 3000
            1040     timer Persist
            1040     > . 1:2 ack 1 win 65535  WindowProbe
            1050   < . 1 ack 1 win 0
            3040     timer Persist
            3040     > . 1:2 ack 1 win 65535  WindowProbe (again: 1)
            3060   < . 1 ack 1 win 0
            7040     timer Persist
            7040     > . 1:2 ack 1 win 65535  WindowProbe (again: 2)
            7100   < . 1 ack 2 win 0
            15040    timer Persist
            15040    > . 2:3 ack 1 win 65535  WindowProbe
            15200  < . 1 ack 2 win 8000
            15200    > . 2:3 ack 1 win 65535  Recovery (again: 1)
            15200    > . 3:1003 ack 1 win 65535  Data
            15200    > . 1003:2003 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn linux_probes_with_an_old_number() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN_PLAIN}
            30    < . 1 ack 1 win 0
            40    send 3000
            300   < . 1 ack 1 win 0
            800   < . 1 ack 1 win 8000
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     < . 1 ack 1 win 0
            40     send 3000
            260      timer Persist
            260      > . 0 ack 1 win 65535  WindowProbe
            300    < . 1 ack 1 win 0
            700      timer Persist
            700      > . 0 ack 1 win 65535  WindowProbe
            800    < . 1 ack 1 win 8000
            800      > . 1:1001 ack 1 win 65535  Data
            800      > P. 1001:2001 ack 1 win 65535  Data
            800      > P. 2001:3001 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn a_probed_peer_that_falls_silent_is_given_up() {
    let mut policy = Policy::rfc();
    policy.timing.retries = 3;
    policy.send.window_probe = WindowProbe::NextByte;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30      < . 1 ack 1 win 0
            40      send 3000
            60000   wait
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
            30     < . 1 ack 1 win 0
            40     send 3000
            1040     timer Persist
            1040     > . 1:2 ack 1 win 65535  WindowProbe
            3040     timer Persist
            3040     > . 1:2 ack 1 win 65535  WindowProbe (again: 1)
            7040     timer Persist
            7040     > . 1:2 ack 1 win 65535  WindowProbe (again: 2)
            15040    timer Persist
            15040    ESTABLISHED -> CLOSED
            15040    over: TimedOut { syn: false }
            15040    > R. 1 ack 1 win 0  Reset(TimedOut)
            15040    * Closed(TimedOut { syn: false })
            60000  wait
        "#]],
    );
}

#[test]
fn a_silly_window_is_not_filled_until_it_has_waited_long_enough() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30    < . 1 ack 1 win 10
            40    send 3000
            1100  wait
            1110  < . 1 ack 11 win 600
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
            30     < . 1 ack 1 win 10
            40     send 3000
            1040     timer Persist
            1040     > . 1:11 ack 1 win 65535  Data
            1100   wait
            1110   < . 1 ack 11 win 600
        "#]],
    );
}

#[test]
fn answers_to_a_probe_are_no_duplicate_acks() {
    let mut policy = Policy::rfc();
    policy.timing.min_rto = Duration::from_millis(100);
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30   < . 1 ack 1 win 0
            40   send 3000
            200  < . 1 ack 1 win 0
            201  < . 1 ack 1 win 0
            202  < . 1 ack 1 win 0
            203  < . 1 ack 1 win 0
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
            30     < . 1 ack 1 win 0
            40     send 3000
            140      timer Persist
            140      > . 1:2 ack 1 win 65535  WindowProbe
            200    < . 1 ack 1 win 0
            201    < . 1 ack 1 win 0
            202    < . 1 ack 1 win 0
            203    < . 1 ack 1 win 0
        "#]],
    );
}

#[test]
fn an_ack_stays_within_the_window_that_a_probe_has_left() {
    check(
        "
        30    < . 1 ack 1 win 0 ts 110 ecr 20
        40    send 3000
        1060  < P. 1:101 ack 1 win 0 ts 1100 ecr 1040
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1 ack 1 win 0 ts 110 ecr 20
            40     send 3000
            1040     timer Persist
            1040     > . 1:2 ack 1 win 511 ts 1040 ecr 110  WindowProbe
            1060   < P. 1:101 ack 1 win 0 ts 1100 ecr 1040
            1060     > . 1 ack 101 win 511 ts 1060 ecr 1100  QuickAck
        "#]],
    );
}

#[test]
fn a_window_that_shrinks_stops_what_is_new_and_what_is_old_is_still_repaired() {
    // RFC 9293 §3.8.6: the peer takes back 4000 bytes of 5000; nothing new goes
    // out, what was sent is sent again, and the connection stays.
    check(
        "
        30    < . 1 ack 1 win 39 ts 110 ecr 20
        40    send 2896
        50    < . 1 ack 1 win 8 ts 130 ecr 20
        60    send 1448
        3500  wait
        3510  < . 1 ack 2897 win 100 ts 3600 ecr 3050
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < . 1 ack 1 win 39 ts 110 ecr 20
            40     send 2896
            40       > . 1:1449 ack 1 win 511 ts 40 ecr 110  Data
            40       > P. 1449:2897 ack 1 win 511 ts 40 ecr 110  Data
            50     < . 1 ack 1 win 8 ts 130 ecr 20
            60     send 1448
            80       timer TailLossProbe
            80       > . 1449:2897 ack 1 win 511 ts 80 ecr 130  TailLossProbe (again: 1)
            1080     timer Retransmission
            1080     timed out until 2897
            1080     > . 1:1449 ack 1 win 511 ts 1080 ecr 130  RetransmissionTimeout (again: 1)
            3080     timer Retransmission
            3080     timed out until 2897
            3080     > . 1:1449 ack 1 win 511 ts 3080 ecr 130  RetransmissionTimeout (again: 2)
            3500   wait
            3510   < . 1 ack 2897 win 100 ts 3600 ecr 3050
            3510     recovered
            3510     > P. 2897:4345 ack 1 win 511 ts 3510 ecr 3600  Data
        "#]],
    );
}

#[test]
fn a_window_may_stay_closed_for_ever_while_probes_are_answered() {
    let mut policy = Policy::rfc();
    policy.timing.retries = 2;
    let mut script = format!("{OPEN} 30 < . 1 ack 1 win 0 ts 110 ecr 20\n 40 send 100\n");
    for at in [1_050, 3_050, 7_050, 15_050, 31_050] {
        script += &format!("{at} < . 1 ack 1 win 0 ts {at} ecr 20\n");
    }
    script += "63050 < . 1 ack 2 win 500 ts 63050 ecr 20";
    Story::new(policy).check(
        &script,
        &expect![[r#"
        0      connect
        0        CLOSED -> SYN-SENT
        0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
        20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
        20       SYN-SENT -> ESTABLISHED
        20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
        20       * Connected
        30     < . 1 ack 1 win 0 ts 110 ecr 20
        40     send 100
        1040     timer Persist
        1040     > . 1:2 ack 1 win 511 ts 1040 ecr 110  WindowProbe
        1050   < . 1 ack 1 win 0 ts 1050 ecr 20
        3040     timer Persist
        3040     > . 1:2 ack 1 win 511 ts 3040 ecr 1050  WindowProbe (again: 1)
        3050   < . 1 ack 1 win 0 ts 3050 ecr 20
        7040     timer Persist
        7040     > . 1:2 ack 1 win 511 ts 7040 ecr 3050  WindowProbe (again: 2)
        7050   < . 1 ack 1 win 0 ts 7050 ecr 20
        15040    timer Persist
        15040    > . 1:2 ack 1 win 511 ts 15040 ecr 7050  WindowProbe (again: 3)
        15050  < . 1 ack 1 win 0 ts 15050 ecr 20
        31040    timer Persist
        31040    > . 1:2 ack 1 win 511 ts 31040 ecr 15050  WindowProbe (again: 4)
        31050  < . 1 ack 1 win 0 ts 31050 ecr 20
        63040    timer Persist
        63040    > . 1:2 ack 1 win 511 ts 63040 ecr 31050  WindowProbe (again: 5)
        63050  < . 1 ack 2 win 500 ts 63050 ecr 20
        63050    > P. 2:101 ack 1 win 511 ts 63050 ecr 63050  Data
    "#]],
    );
}

#[test]
fn a_window_taken_back_to_nothing_ends_nothing_while_the_peer_answers() {
    let mut policy = Policy::rfc();
    policy.timing.retries = 2;
    let mut script = format!("{OPEN} 30 send 1448\n 40 < . 1 ack 1 win 0 ts 130 ecr 30\n");
    for at in [1_040, 3_040, 7_040, 15_040] {
        script += &format!("{at} < . 1 ack 1 win 0 ts {at} ecr 30\n");
    }
    script += "15100 < . 1 ack 1 win 500 ts 15100 ecr 30\n 31100 < . 1 ack 1449 ts 31100 ecr 31030";
    Story::new(policy).check(
        &script,
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
        40     < . 1 ack 1 win 0 ts 130 ecr 30
        270      timer TailLossProbe
        270      > P. 1:1449 ack 1 win 511 ts 270 ecr 130  TailLossProbe (again: 1)
        1040   < . 1 ack 1 win 0 ts 1040 ecr 30
        1270     timer Retransmission
        1270     timed out until 1449
        1270     > P. 1:1449 ack 1 win 511 ts 1270 ecr 1040  RetransmissionTimeout (again: 2)
        3040   < . 1 ack 1 win 0 ts 3040 ecr 30
        3270     timer Retransmission
        3270     timed out until 1449
        3270     > P. 1:1449 ack 1 win 511 ts 3270 ecr 3040  RetransmissionTimeout (again: 3)
        7040   < . 1 ack 1 win 0 ts 7040 ecr 30
        7270     timer Retransmission
        7270     timed out until 1449
        7270     > P. 1:1449 ack 1 win 511 ts 7270 ecr 7040  RetransmissionTimeout (again: 4)
        15040  < . 1 ack 1 win 0 ts 15040 ecr 30
        15100  < . 1 ack 1 win 500 ts 15100 ecr 30
        15270    timer Retransmission
        15270    timed out until 1449
        15270    > P. 1:1449 ack 1 win 511 ts 15270 ecr 15100  RetransmissionTimeout (again: 5)
        31100  < . 1 ack 1449 ts 31100 ecr 31030
        31100    recovered
    "#]],
    );
}

#[test]
fn the_window_of_an_older_segment_is_not_believed() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  < P. 1:101 ack 1 win 65535
            31  < P. 101:151 ack 1 win 65535
            32  < P. 51:201 ack 1 win 100
            33  send 5000
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
            30     < P. 1:101 ack 1 win 65535
            30       > . 1 ack 101 win 65435  QuickAck
            31     < P. 101:151 ack 1 win 65535
            31       > . 1 ack 151 win 65385  QuickAck
            32     < P. 51:201 ack 1 win 100
            32       > . 1 ack 201 win 65335  QuickAck
            33     send 5000
            33       > . 1:1001 ack 201 win 65335  Data
            33       > . 1001:2001 ack 201 win 65335  Data
            33       > . 2001:3001 ack 201 win 65335  Data
            33       > . 3001:4001 ack 201 win 65335  Data
            33       > P. 4001:5001 ack 201 win 65335  Data
        "#]],
    );
}

#[test]
fn half_of_the_largest_window_is_worth_a_segment() {
    Story::new(Policy::rfc()).check(
        "
            0   connect
            20  < S. 0 ack 1 win 2000 mss 1460
            30  < . 1 ack 1 win 1000
            31  send 3000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 2000 mss 1460
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     < . 1 ack 1 win 1000
            31     send 3000
            31       > . 1:1001 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn a_segment_that_was_overtaken_does_not_take_the_window_back() {
    // RFC 9293 §3.10.7.4: SND.WL1. Its data is taken all the same.
    check(
        "
        30  < P. 1:101 ack 1 win 100 ts 110 ecr 20
        31  < P. 101:201 ack 1 win 400 ts 111 ecr 20
        32  < P. 1:301 ack 1 win 0 ts 111 ecr 20
        40  send 1448
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     < P. 1:101 ack 1 win 100 ts 110 ecr 20
            30       > . 1 ack 101 win 511 ts 30 ecr 110  QuickAck
            31     < P. 101:201 ack 1 win 400 ts 111 ecr 20
            31       > . 1 ack 201 win 510 ts 31 ecr 111  QuickAck
            32     < P. 1:301 ack 1 win 0 ts 111 ecr 20
            32       > . 1 ack 301 win 509 ts 32 ecr 111 sack 1-201  QuickAck
            40     send 1448
            40       > P. 1:1449 ack 301 win 509 ts 40 ecr 111  Data
        "#]],
    );
}

#[test]
fn the_window_of_an_old_ack_is_not_believed_either() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 100
            50  < . 1 ack 101
            55  < P. 1:101 ack 101
            60  < P. 101:201 ack 51 win 10
            70  send 900
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
            50     < . 1 ack 101
            55     < P. 1:101 ack 101
            55       > . 101 ack 101 win 65435  QuickAck
            60     < P. 101:201 ack 51 win 10
            60       > . 101 ack 201 win 65335  QuickAck
            70     send 900
            70       > P. 101:1001 ack 201 win 65335  Data
        "#]],
    );
}
