//! Marks instead of losses (RFC 3168).

use crate::story::Story;
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::EcnPolicy;

fn with(ecn: EcnPolicy) -> Story {
    let mut policy = Policy::rfc();
    policy.ecn = ecn;
    Story::new(policy)
}

#[test]
fn a_mark_slows_the_sender_down_once_in_a_window() {
    with(EcnPolicy::Request).show_cwnd().check(
        "
        0   connect
        20  < SE. 0 ack 1 win 65535 mss 1000 sackok
        30  send 10000
        50  < E. 1 ack 2001
        51  < E. 1 ack 4001
        52  send 10000
        53  < . 1 ack 10001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000 sackok
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 10000
            30       > . 1:1001 ack 1 win 65535 ect  Data
            30       > . 1001:2001 ack 1 win 65535 ect  Data
            30       > . 2001:3001 ack 1 win 65535 ect  Data
            30       > . 3001:4001 ack 1 win 65535 ect  Data
            30       > . 4001:5001 ack 1 win 65535 ect  Data
            30       > . 5001:6001 ack 1 win 65535 ect  Data
            30       > . 6001:7001 ack 1 win 65535 ect  Data
            30       > . 7001:8001 ack 1 win 65535 ect  Data
            30       > . 8001:9001 ack 1 win 65535 ect  Data
            30       > P. 9001:10001 ack 1 win 65535 ect  Data
            50     < E. 1 ack 2001
            50       slowed: Marked
            50       cwnd 9400, ssthresh 7000, in flight 8000
            51     < E. 1 ack 4001
            51       cwnd 7000, ssthresh 7000, in flight 6000
            52     send 10000
            52       > .W 10001:11001 ack 1 win 65535 ect  Data
            53     < . 1 ack 10001
            53       cwnd 7453, ssthresh 7000, in flight 1000
            53       > . 11001:12001 ack 1 win 65535 ect  Data
            53       > . 12001:13001 ack 1 win 65535 ect  Data
            53       > . 13001:14001 ack 1 win 65535 ect  Data
            53       > . 14001:15001 ack 1 win 65535 ect  Data
            53       > . 15001:16001 ack 1 win 65535 ect  Data
            53       > . 16001:17001 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn a_syn_that_goes_out_again_asks_for_nothing() {
    with(EcnPolicy::Request).check(
        "
        0     connect
        1020  < SE. 0 ack 1 win 65535 mss 1000
        1030  send 100
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            1000     timer Retransmission
            1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
            1020   < SE. 0 ack 1 win 65535 mss 1000
            1020     SYN-SENT -> ESTABLISHED
            1020     > . 1 ack 1 win 65535  HandshakeAck
            1020     * Connected
            1030   send 100
            1030     > P. 1:101 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn a_peer_without_it_gets_no_capable_packets() {
    with(EcnPolicy::Request).check(
        "
        0   connect
        20  < S. 0 ack 1 win 65535 mss 1000
        30  send 100
        50  < E. 1 ack 101
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 65535  Data
            50     < E. 1 ack 101
        "#]],
    );
}

#[test]
fn a_mark_is_echoed_until_the_peer_says_that_it_slowed_down() {
    with(EcnPolicy::Accept).check(
        "
        0   listen
        0   < SEW 0 win 65535 mss 1000
        20  < . 1 ack 1
        30  < P. 1:101 ack 1 ce
        31  < P. 101:201 ack 1
        32  < PW. 201:301 ack 1
        33  < PW. 301:401 ack 1 ce
        ",
        &expect![[r#"
            0      listen
            0      < SEW 0 win 65535 mss 1000
            0        LISTEN -> SYN-RECEIVED
            0        > S.E 0 ack 1 win 65535 mss 1460  SynAck
            20     < . 1 ack 1
            20       SYN-RECEIVED -> ESTABLISHED
            20       * Connected
            30     < P. 1:101 ack 1 ce
            30       > .E 1 ack 101 win 65435  QuickAck
            31     < P. 101:201 ack 1
            31       > .E 1 ack 201 win 65335  QuickAck
            32     < PW. 201:301 ack 1
            32       > . 1 ack 301 win 65235  QuickAck
            33     < PW. 301:401 ack 1 ce
            33       > .E 1 ack 401 win 65135  QuickAck
        "#]],
    );
}

#[test]
fn who_wants_none_of_it_answers_as_if_nobody_had_asked() {
    with(EcnPolicy::Off).check(
        "
        0   listen
        0   < SEW 0 win 65535 mss 1000
        20  < . 1 ack 1
        30  < P. 1:101 ack 1 ce
        ",
        &expect![[r#"
            0      listen
            0      < SEW 0 win 65535 mss 1000
            0        LISTEN -> SYN-RECEIVED
            0        > S. 0 ack 1 win 65535 mss 1460  SynAck
            20     < . 1 ack 1
            20       SYN-RECEIVED -> ESTABLISHED
            20       * Connected
            30     < P. 1:101 ack 1 ce
            30       > . 1 ack 101 win 65435  QuickAck
        "#]],
    );
}

#[test]
fn what_goes_out_again_is_not_capable() {
    with(EcnPolicy::Request).check(
        "
        0     connect
        20    < SE. 0 ack 1 win 65535 mss 1000
        30    send 100
        1040  < . 1 ack 101
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 65535 ect  Data
            1030     timer Retransmission
            1030     timed out until 101
            1030     > P. 1:101 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1040   < . 1 ack 101
            1040     recovered
        "#]],
    );
}

#[test]
fn a_window_probe_is_not_capable_and_says_nothing_of_slowing_down() {
    // RFC 3168 §6.1.6. The mark of 60 has CWR wait for the next new data.
    with(EcnPolicy::Request).check(
        "
        0     connect
        20    < SE. 0 ack 1 win 65535 mss 1000
        30    send 100
        60    < E. 1 ack 101 win 0
        70    send 2000
        1100  < . 1 ack 102 win 5000
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 100
            30       > P. 1:101 ack 1 win 65535 ect  Data
            60     < E. 1 ack 101 win 0
            60       slowed: Marked
            70     send 2000
            1070     timer Persist
            1070     > . 101:102 ack 1 win 65535  WindowProbe
            1100   < . 1 ack 102 win 5000
            1100     > .W 102:1102 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn a_mark_brings_cwnd_down_in_step_with_the_acks_of_one_window() {
    with(EcnPolicy::Request).show_cwnd().check(
        "
        0   connect
        20  < SE. 0 ack 1 win 65535 mss 1000 sackok
        30  send 30000
        50  < E. 1 ack 2001
        51  < E. 1 ack 4001
        52  < . 1 ack 6001
        53  < . 1 ack 8001
        54  < . 1 ack 10001
        70  < . 1 ack 12001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000 sackok
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 30000
            30       > . 1:1001 ack 1 win 65535 ect  Data
            30       > . 1001:2001 ack 1 win 65535 ect  Data
            30       > . 2001:3001 ack 1 win 65535 ect  Data
            30       > . 3001:4001 ack 1 win 65535 ect  Data
            30       > . 4001:5001 ack 1 win 65535 ect  Data
            30       > . 5001:6001 ack 1 win 65535 ect  Data
            30       > . 6001:7001 ack 1 win 65535 ect  Data
            30       > . 7001:8001 ack 1 win 65535 ect  Data
            30       > . 8001:9001 ack 1 win 65535 ect  Data
            30       > . 9001:10001 ack 1 win 65535 ect  Data
            50     < E. 1 ack 2001
            50       slowed: Marked
            50       cwnd 9400, ssthresh 7000, in flight 8000
            50       > .W 10001:11001 ack 1 win 65535 ect  Data
            51     < E. 1 ack 4001
            51       cwnd 7000, ssthresh 7000, in flight 7000
            52     < . 1 ack 6001
            52       > . 11001:12001 ack 1 win 65535 ect  Data
            52       > . 12001:13001 ack 1 win 65535 ect  Data
            53     < . 1 ack 8001
            53       > . 13001:14001 ack 1 win 65535 ect  Data
            53       > . 14001:15001 ack 1 win 65535 ect  Data
            54     < . 1 ack 10001
            54       cwnd 7151, ssthresh 7000, in flight 5000
            54       > . 15001:16001 ack 1 win 65535 ect  Data
            54       > . 16001:17001 ack 1 win 65535 ect  Data
            70     < . 1 ack 12001
            70       cwnd 7299, ssthresh 7000, in flight 5000
            70       > . 17001:18001 ack 1 win 65535 ect  Data
            70       > . 18001:19001 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn a_mark_on_the_last_ack_leaves_no_step_to_take() {
    with(EcnPolicy::Request).show_cwnd().check(
        "
        0   connect
        20  < SE. 0 ack 1 win 65535 mss 1000 sackok
        30  send 10000
        50  < E. 1 ack 10001
        60  send 10000
        80  < . 1 ack 17001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000 sackok
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 10000
            30       > . 1:1001 ack 1 win 65535 ect  Data
            30       > . 1001:2001 ack 1 win 65535 ect  Data
            30       > . 2001:3001 ack 1 win 65535 ect  Data
            30       > . 3001:4001 ack 1 win 65535 ect  Data
            30       > . 4001:5001 ack 1 win 65535 ect  Data
            30       > . 5001:6001 ack 1 win 65535 ect  Data
            30       > . 6001:7001 ack 1 win 65535 ect  Data
            30       > . 7001:8001 ack 1 win 65535 ect  Data
            30       > . 8001:9001 ack 1 win 65535 ect  Data
            30       > P. 9001:10001 ack 1 win 65535 ect  Data
            50     < E. 1 ack 10001
            50       slowed: Marked
            50       cwnd 7000, ssthresh 7000, in flight 0
            60     send 10000
            60       > .W 10001:11001 ack 1 win 65535 ect  Data
            60       > . 11001:12001 ack 1 win 65535 ect  Data
            60       > . 12001:13001 ack 1 win 65535 ect  Data
            60       > . 13001:14001 ack 1 win 65535 ect  Data
            60       > . 14001:15001 ack 1 win 65535 ect  Data
            60       > . 15001:16001 ack 1 win 65535 ect  Data
            60       > . 16001:17001 ack 1 win 65535 ect  Data
            80     < . 1 ack 17001
            80       cwnd 7529, ssthresh 7000, in flight 0
            80       > . 17001:18001 ack 1 win 65535 ect  Data
            80       > . 18001:19001 ack 1 win 65535 ect  Data
            80       > P. 19001:20001 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn without_prr_a_mark_brings_cwnd_down_at_once() {
    let mut policy = Policy::rfc();
    policy.ecn = EcnPolicy::Request;
    policy.loss.proportional_rate = false;
    Story::new(policy).show_cwnd().check(
        "
        0   connect
        20  < SE. 0 ack 1 win 65535 mss 1000 sackok
        30  send 30000
        50  < E. 1 ack 2001
        51  < . 1 ack 4001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000 sackok
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 30000
            30       > . 1:1001 ack 1 win 65535 ect  Data
            30       > . 1001:2001 ack 1 win 65535 ect  Data
            30       > . 2001:3001 ack 1 win 65535 ect  Data
            30       > . 3001:4001 ack 1 win 65535 ect  Data
            30       > . 4001:5001 ack 1 win 65535 ect  Data
            30       > . 5001:6001 ack 1 win 65535 ect  Data
            30       > . 6001:7001 ack 1 win 65535 ect  Data
            30       > . 7001:8001 ack 1 win 65535 ect  Data
            30       > . 8001:9001 ack 1 win 65535 ect  Data
            30       > . 9001:10001 ack 1 win 65535 ect  Data
            50     < E. 1 ack 2001
            50       slowed: Marked
            50       cwnd 7000, ssthresh 7000, in flight 8000
            51     < . 1 ack 4001
            51       cwnd 7151, ssthresh 7000, in flight 6000
            51       > .W 10001:11001 ack 1 win 65535 ect  Data
        "#]],
    );
}

#[test]
fn a_loss_in_the_window_of_a_mark_is_no_second_reason() {
    with(EcnPolicy::Request).show_cwnd().check(
        "
        0   connect
        20  < SE. 0 ack 1 win 65535 mss 1000 sackok
        30  send 30000
        50  < E. 1 ack 2001
        51  < . 1 ack 2001 sack 3001-6001
        52  < . 1 ack 2001 sack 3001-8001
        70  < . 1 ack 10001
        90  < . 1 ack 12001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > SEW 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < SE. 0 ack 1 win 65535 mss 1000 sackok
            20       cwnd 10000, ssthresh -, in flight 0
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 30000
            30       > . 1:1001 ack 1 win 65535 ect  Data
            30       > . 1001:2001 ack 1 win 65535 ect  Data
            30       > . 2001:3001 ack 1 win 65535 ect  Data
            30       > . 3001:4001 ack 1 win 65535 ect  Data
            30       > . 4001:5001 ack 1 win 65535 ect  Data
            30       > . 5001:6001 ack 1 win 65535 ect  Data
            30       > . 6001:7001 ack 1 win 65535 ect  Data
            30       > . 7001:8001 ack 1 win 65535 ect  Data
            30       > . 8001:9001 ack 1 win 65535 ect  Data
            30       > . 9001:10001 ack 1 win 65535 ect  Data
            50     < E. 1 ack 2001
            50       slowed: Marked
            50       cwnd 9400, ssthresh 7000, in flight 8000
            50       > .W 10001:11001 ack 1 win 65535 ect  Data
            51     < . 1 ack 2001 sack 3001-6001
            51       recovery until 11001
            51       cwnd 7000, ssthresh 7000, in flight 9000
            51       > . 2001:3001 ack 1 win 65535  FastRetransmit (again: 1)
            51       > . 11001:12001 ack 1 win 65535 ect  Data
            52     < . 1 ack 2001 sack 3001-8001
            52       > . 12001:13001 ack 1 win 65535 ect  Data
            52       > . 13001:14001 ack 1 win 65535 ect  Data
            70     < . 1 ack 10001
            70       > . 14001:15001 ack 1 win 65535 ect  Data
            70       > . 15001:16001 ack 1 win 65535 ect  Data
            70       > . 16001:17001 ack 1 win 65535 ect  Data
            90     < . 1 ack 12001
            90       recovered
            90       cwnd 7000, ssthresh 7000, in flight 5000
            90       > . 17001:18001 ack 1 win 65535 ect  Data
            90       > . 18001:19001 ack 1 win 65535 ect  Data
        "#]],
    );
}
