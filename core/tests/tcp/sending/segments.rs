//! How data becomes segments, and how many at once.

use crate::story::{OPEN, OPEN_PLAIN, Story, check};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{CongestionKind, Nagle, Recovery};

#[test]
fn data_goes_out_in_full_segments_and_the_window_grows() {
    Story::new(Policy::rfc()).show_cwnd().show_rtt().check(
        &format!(
            "{OPEN}
            30  send 20000
            50  < . 1 ack 2897 ts 130 ecr 30
            51  < . 1 ack 14481 ts 131 ecr 30
            70  < . 1 ack 18825 ts 150 ecr 50
            90  < . 1 ack 20001 ts 170 ecr 70
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       rtt 20ms, srtt 20ms, rto 1s
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
            50     < . 1 ack 2897 ts 130 ecr 30
            50       rtt 20ms, srtt 20ms, rto 1s
            50       cwnd 17376, ssthresh -, in flight 11584
            50       > . 14481:15929 ack 1 win 511 ts 50 ecr 130  Data
            50       > . 15929:17377 ack 1 win 511 ts 50 ecr 130  Data
            50       > . 17377:18825 ack 1 win 511 ts 50 ecr 130  Data
            51     < . 1 ack 14481 ts 131 ecr 30
            51       rtt 21ms, srtt 20.0625ms, rto 1s
            51       cwnd 28960, ssthresh -, in flight 4344
            70     < . 1 ack 18825 ts 150 ecr 50
            70       rtt 20ms, srtt 20.054688ms, rto 1s
            70       cwnd 33304, ssthresh -, in flight 0
            70       > P. 18825:20001 ack 1 win 511 ts 70 ecr 150  Data
            90     < . 1 ack 20001 ts 170 ecr 70
            90       rtt 20ms, srtt 20.047852ms, rto 1s
        "#]],
    );
}

#[test]
fn nagle_lets_the_first_go_and_gathers_the_rest() {
    check(
        "
        30  send 110
        31  send 120
        32  send 200
        33  send 500
        50  < . 1 ack 111 ts 130 ecr 30
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 511 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 110
            30       > P. 1:111 ack 1 win 511 ts 30 ecr 100  Data
            31     send 120
            32     send 200
            33     send 500
            50     < . 1 ack 111 ts 130 ecr 30
            50       > P. 111:931 ack 1 win 511 ts 50 ecr 130  Data
        "#]],
    );
}

#[test]
fn without_nagle_each_write_is_a_segment() {
    let mut policy = Policy::rfc();
    policy.send.nagle = Nagle::Off;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 110
            31  send 120
            32  send 200
            33  send 500
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
            30     send 110
            30       > P. 1:111 ack 1 win 511 ts 30 ecr 100  Data
            31     send 120
            31       > P. 111:231 ack 1 win 511 ts 31 ecr 100  Data
            32     send 200
            32       > P. 231:431 ack 1 win 511 ts 32 ecr 100  Data
            33     send 500
            33       > P. 431:931 ack 1 win 511 ts 33 ecr 100  Data
        "#]],
    );
}

#[test]
fn minshall_waits_only_for_small_segments() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN}
            30  send 1548
            31  send 50
            50  < . 1 ack 1549 ts 130 ecr 30
            "
        ),
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
            20       * Connected
            30     send 1548
            30       > . 1:1449 ack 1 win 255 ts 30 ecr 100  Data
            30       > P. 1449:1549 ack 1 win 255 ts 30 ecr 100  Data
            31     send 50
            50     < . 1 ack 1549 ts 130 ecr 30
            50       > P. 1549:1599 ack 1 win 255 ts 50 ecr 130  Data
        "#]],
    );
}

#[test]
fn a_write_that_does_not_fit_is_told_when_there_is_room() {
    let mut policy = Policy::rfc();
    policy.send.buffer_len = 4000;
    Story::new(policy).check(
        &format!(
            "{OPEN}
            30  send 5000
            50  < . 1 ack 2897 ts 130 ecr 30
            60  send 5000
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
            30       took 4000 bytes
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            50     < . 1 ack 2897 ts 130 ecr 30
            50       > P. 2897:4001 ack 1 win 511 ts 50 ecr 130  Data
            50       * Writable
            60     send 5000
            60       took 2896 bytes
            60       > . 4001:5449 ack 1 win 511 ts 60 ecr 130  Data
            60       > P. 5449:6897 ack 1 win 511 ts 60 ecr 130  Data
        "#]],
    );
}

#[test]
fn a_router_with_a_small_mtu_makes_the_segments_smaller() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30  send 4000
            40  icmp too-big 1200 seq 1
            45  icmp too-big 68 seq 99999
            46  icmp too-big 1300 seq 1
            70  < . 1 ack 2897 ts 150 ecr 40
            80  send 2000
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
            30     send 4000
            30       > . 1:1449 ack 1 win 511 ts 30 ecr 100  Data
            30       > . 1449:2897 ack 1 win 511 ts 30 ecr 100  Data
            40     icmp too-big 1200 seq 1
            40       path MTU 1200
            40       cwnd 11480, ssthresh -, in flight 2896
            40       > . 1:1149 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > . 1149:2297 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            40       > . 2297:2897 ack 1 win 511 ts 40 ecr 100  PathMtu (again: 1)
            45     icmp too-big 68 seq 99999
            45       dropped: IcmpNotOurs
            46     icmp too-big 1300 seq 1
            46       dropped: IcmpNotOurs
            70       timer TailLossProbe
            70       > P. 2897:4001 ack 1 win 511 ts 70 ecr 100  TailLossProbe
            70     < . 1 ack 2897 ts 150 ecr 40
            80     send 2000
            80       > . 4001:5149 ack 1 win 511 ts 80 ecr 150  Data
        "#]],
    );
}

#[test]
fn after_a_long_silence_the_window_starts_over() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30    send 14480
            50    < . 1 ack 14481 ts 130 ecr 30
            60    send 17000
            80    < . 1 ack 30409 ts 160 ecr 60
            100   < . 1 ack 31481 ts 180 ecr 80
            5000  send 30000
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
            50     < . 1 ack 14481 ts 130 ecr 30
            50       cwnd 28960, ssthresh -, in flight 0
            60     send 17000
            60       > . 14481:15929 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 15929:17377 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 17377:18825 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 18825:20273 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 20273:21721 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 21721:23169 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 23169:24617 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 24617:26065 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 26065:27513 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 27513:28961 ack 1 win 511 ts 60 ecr 130  Data
            60       > . 28961:30409 ack 1 win 511 ts 60 ecr 130  Data
            80     < . 1 ack 30409 ts 160 ecr 60
            80       cwnd 44888, ssthresh -, in flight 0
            80       > P. 30409:31481 ack 1 win 511 ts 80 ecr 160  Data
            100    < . 1 ack 31481 ts 180 ecr 80
            5000   send 30000
            5000     > . 31481:32929 ack 1 win 511 ts 5000 ecr 180  Data
            5000     cwnd 14480, ssthresh -, in flight 0
            5000     > . 32929:34377 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 34377:35825 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 35825:37273 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 37273:38721 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 38721:40169 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 40169:41617 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 41617:43065 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 43065:44513 ack 1 win 511 ts 5000 ecr 180  Data
            5000     > . 44513:45961 ack 1 win 511 ts 5000 ecr 180  Data
        "#]],
    );
}

#[test]
fn a_window_grows_where_all_of_it_was_used() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    policy.congestion = CongestionKind::NewReno;
    policy.window.pacing = false;
    Story::new(policy).show_cwnd().check(
        &format!(
            "{OPEN_PLAIN}
            30   send 10000
            50   < . 1 ack 1
            51   < . 1 ack 1
            52   < . 1 ack 1
            70   < . 1 ack 10001
            80   send 4000
            100  < . 1 ack 14001
            110  send 4000
            130  < . 1 ack 18001
            140  send 5000
            160  < . 1 ack 23001
            170  send 6000
            190  < . 1 ack 29001
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
            50     < . 1 ack 1
            51     < . 1 ack 1
            52     < . 1 ack 1
            52       recovery until 10001
            52       cwnd 7000, ssthresh 5000, in flight 10000
            52       > . 1:1001 ack 1 win 65535  FastRetransmit (again: 1)
            70     < . 1 ack 10001
            70       recovered
            70       cwnd 5000, ssthresh 5000, in flight 0
            80     send 4000
            80       > . 10001:11001 ack 1 win 65535  Data
            80       > . 11001:12001 ack 1 win 65535  Data
            80       > . 12001:13001 ack 1 win 65535  Data
            80       > P. 13001:14001 ack 1 win 65535  Data
            100    < . 1 ack 14001
            110    send 4000
            110      > . 14001:15001 ack 1 win 65535  Data
            110      > . 15001:16001 ack 1 win 65535  Data
            110      > . 16001:17001 ack 1 win 65535  Data
            110      > P. 17001:18001 ack 1 win 65535  Data
            130    < . 1 ack 18001
            140    send 5000
            140      > . 18001:19001 ack 1 win 65535  Data
            140      > . 19001:20001 ack 1 win 65535  Data
            140      > . 20001:21001 ack 1 win 65535  Data
            140      > . 21001:22001 ack 1 win 65535  Data
            140      > P. 22001:23001 ack 1 win 65535  Data
            160    < . 1 ack 23001
            160      cwnd 6000, ssthresh 5000, in flight 0
            170    send 6000
            170      > . 23001:24001 ack 1 win 65535  Data
            170      > . 24001:25001 ack 1 win 65535  Data
            170      > . 25001:26001 ack 1 win 65535  Data
            170      > . 26001:27001 ack 1 win 65535  Data
            170      > . 27001:28001 ack 1 win 65535  Data
            170      > P. 28001:29001 ack 1 win 65535  Data
            190    < . 1 ack 29001
            190      cwnd 7000, ssthresh 5000, in flight 0
        "#]],
    );
}

#[test]
fn an_ack_of_ours_does_not_end_a_silence() {
    Story::new(Policy::rfc()).show_cwnd().check(
        &format!(
            "{OPEN}
            30    send 14480
            50    < . 1 ack 14481 ts 130 ecr 30
            5000  < P. 1:101 ack 14481 ts 5080 ecr 50
            5100  send 40000
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
            50     < . 1 ack 14481 ts 130 ecr 30
            50       cwnd 28960, ssthresh -, in flight 0
            5000   < P. 1:101 ack 14481 ts 5080 ecr 50
            5000     > . 14481 ack 101 win 511 ts 5000 ecr 5080  QuickAck
            5100   send 40000
            5100     > . 14481:15929 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     cwnd 14480, ssthresh -, in flight 0
            5100     > . 15929:17377 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 17377:18825 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 18825:20273 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 20273:21721 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 21721:23169 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 23169:24617 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 24617:26065 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 26065:27513 ack 101 win 511 ts 5100 ecr 5080  Data
            5100     > . 27513:28961 ack 101 win 511 ts 5100 ecr 5080  Data
        "#]],
    );
}
