//! Where writes end: PSH, records, corks, and how much may be unsent.

use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::{Expect, expect};
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Nagle;

/// A story after [`OPEN_PLAIN`], with segments of 1000 bytes.
fn check(policy: Policy, script: &str, expect: &Expect) {
    Story::new(policy).check(&format!("{OPEN_PLAIN}{script}"), expect);
}

#[test]
fn linux_pushes_at_the_end_of_each_write_and_of_each_burst() {
    check(
        Policy::linux(),
        "
        30  send 300
        30  send 5300
        50  < . 1 ack 5301
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 300
            30       > P. 1:301 ack 1 win 65535  Data
            30     send 5300
            30       > . 301:1301 ack 1 win 65535  Data
            30       > P. 1301:2301 ack 1 win 65535  Data
            30       > . 2301:3301 ack 1 win 65535  Data
            30       > P. 3301:4301 ack 1 win 65535  Data
            30       > . 4301:5301 ack 1 win 65535  Data
            50     < . 1 ack 5301
            50       > P. 5301:5601 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn who_follows_the_rfc_pushes_where_the_buffer_ends() {
    check(
        Policy::rfc(),
        "
        30  send 3000
        50  < . 1 ack 3001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 7  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 3000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > P. 2001:3001 ack 1 win 65535  Data
            50     < . 1 ack 3001
        "#]],
    );
}

#[test]
fn nothing_joins_a_record() {
    check(
        Policy::linux(),
        "
        30  send 1400 record
        30  send 400 record
        30  send 1000
        50  < . 1 ack 2801
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1400 record
            30       > . 1:1001 ack 1 win 65535  Data
            30       > P. 1001:1401 ack 1 win 65535  Data
            30     send 400 record
            30     send 1000
            30       > P. 1401:1801 ack 1 win 65535  Data
            30       > P. 1801:2801 ack 1 win 65535  Data
            50     < . 1 ack 2801
        "#]],
    );
}

#[test]
fn a_write_that_is_to_be_continued_waits_for_the_rest() {
    let mut policy = Policy::linux();
    policy.send.nagle = Nagle::Off;
    check(
        policy,
        "
        30  send 100 more
        40  send 100 more
        50  send 50
        70  < . 1 ack 251
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 100 more
            40     send 100 more
            50     send 50
            50       > P. 1:251 ack 1 win 65535  Data
            70     < . 1 ack 251
        "#]],
    );
}

#[test]
fn what_is_held_back_goes_when_something_happens_or_the_timer_says_so() {
    let mut policy = Policy::linux();
    policy.send.nagle = Nagle::Off;
    check(
        policy,
        "
        30   send 1100 more
        50   < . 1 ack 1001
        70   < . 1 ack 1101
        80   send 40 more
        500  < . 1 ack 1141
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1100 more
            30       > . 1:1001 ack 1 win 65535  Data
            50     < . 1 ack 1001
            50       > . 1001:1101 ack 1 win 65535  Data
            70     < . 1 ack 1101
            80     send 40 more
            300      timer Persist
            300      > P. 1101:1141 ack 1 win 65535  Data
            500    < . 1 ack 1141
        "#]],
    );
}

#[test]
fn a_cork_lets_only_full_segments_out() {
    let mut policy = Policy::linux();
    policy.send.nagle = Nagle::Cork;
    check(
        policy,
        "
        30  send 600
        40  send 600
        60  < . 1 ack 1001
        70  push
        90  < . 1 ack 1201
        91  send 10
        500 < . 1 ack 1211
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 600
            40     send 600
            40       > . 1:1001 ack 1 win 65535  Data
            60     < . 1 ack 1001
            70     push
            70       > P. 1001:1201 ack 1 win 65535  Data
            90     < . 1 ack 1201
            91     send 10
            311      timer Persist
            311      > P. 1201:1211 ack 1 win 65535  Data
            500    < . 1 ack 1211
        "#]],
    );
}

#[test]
fn no_more_is_taken_than_may_be_unsent() {
    let mut policy = Policy::linux();
    policy.send.unsent_limit = Some(4000);
    check(
        policy,
        "
        30  send 50000
        30  send 20000
        30  send 20000
        50  < . 1 ack 10001
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 50000
            30       took 32000 bytes
            30       > . 1:1001 ack 1 win 65535  Data
            30       > P. 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > P. 3001:4001 ack 1 win 65535  Data
            30       > . 4001:5001 ack 1 win 65535  Data
            30       > P. 5001:6001 ack 1 win 65535  Data
            30       > . 6001:7001 ack 1 win 65535  Data
            30       > P. 7001:8001 ack 1 win 65535  Data
            30       > . 8001:9001 ack 1 win 65535  Data
            30       > P. 9001:10001 ack 1 win 65535  Data
            30     send 20000
            30       took 10000 bytes
            30     send 20000
            30       took 0 bytes
            50     < . 1 ack 10001
            50       > . 10001:11001 ack 1 win 65535  Data
            50       > P. 11001:12001 ack 1 win 65535  Data
            50       > . 12001:13001 ack 1 win 65535  Data
            50       > P. 13001:14001 ack 1 win 65535  Data
            50       > . 14001:15001 ack 1 win 65535  Data
            50       > P. 15001:16001 ack 1 win 65535  Data
            50       > . 16001:17001 ack 1 win 65535  Data
            50       > P. 17001:18001 ack 1 win 65535  Data
            50       > . 18001:19001 ack 1 win 65535  Data
            50       > P. 19001:20001 ack 1 win 65535  Data
            50       > . 20001:21001 ack 1 win 65535  Data
            50       > P. 21001:22001 ack 1 win 65535  Data
            50       > . 22001:23001 ack 1 win 65535  Data
            50       > P. 23001:24001 ack 1 win 65535  Data
            50       > . 24001:25001 ack 1 win 65535  Data
            50       > P. 25001:26001 ack 1 win 65535  Data
            50       > . 26001:27001 ack 1 win 65535  Data
            50       > P. 27001:28001 ack 1 win 65535  Data
            50       > . 28001:29001 ack 1 win 65535  Data
            50       > P. 29001:30001 ack 1 win 65535  Data
        "#]],
    );
}

#[test]
fn segments_are_no_larger_than_the_application_wants() {
    let mut policy = Policy::linux();
    policy.offer.mss_limit = Some(700);
    check(
        policy,
        "
        30  send 1400
        50  < . 1 ack 1401
        ",
        &expect![[r#"
            0      connect
            0        CLOSED -> SYN-SENT
            0        > S 0 win 65535 mss 700 sackok ts 0 ecr 0 ws 8  Syn
            20     < S. 0 ack 1 win 65535 mss 1000
            20       SYN-SENT -> ESTABLISHED
            20       > . 1 ack 1 win 65535  HandshakeAck
            20       * Connected
            30     send 1400
            30       > . 1:701 ack 1 win 65535  Data
            30       > P. 701:1401 ack 1 win 65535  Data
            50     < . 1 ack 1401
        "#]],
    );
}

#[test]
fn linux_is_patient_with_losses_once_a_segment_was_acknowledged_in_parts() {
    let script = "
        30  send 8000
        50  < . 1 ack 501 ts 130 ecr 30
        51  < . 1 ack 1449 ts 131 ecr 30
        52  < . 1 ack 1449 ts 132 ecr 30 sack 2897-7241
        70  wait
        ";
    for patient in [true, false] {
        let mut policy = Policy::linux();
        policy.loss.patient_after_partial_acks = patient;
        let expect = if patient {
            expect![[r#"
                0      connect
                0        CLOSED -> SYN-SENT
                0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
                20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
                20       SYN-SENT -> ESTABLISHED
                20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
                20       * Connected
                30     send 8000
                30       > . 1:1449 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 1449:2897 ack 1 win 255 ts 30 ecr 100  Data
                30       > . 2897:4345 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 4345:5793 ack 1 win 255 ts 30 ecr 100  Data
                30       > . 5793:7241 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 7241:8001 ack 1 win 255 ts 30 ecr 100  Data
                50     < . 1 ack 501 ts 130 ecr 30
                51     < . 1 ack 1449 ts 131 ecr 30
                52     < . 1 ack 1449 ts 132 ecr 30 sack 2897-7241
                59       timer Reordering
                59       recovery until 8001
                59       > . 1449:2897 ack 1 win 255 ts 59 ecr 132  Rack (again: 1)
                70     wait
            "#]]
        } else {
            expect![[r#"
                0      connect
                0        CLOSED -> SYN-SENT
                0        > S 0 win 65535 mss 1460 sackok ts 0 ecr 0 ws 8  Syn
                20     < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
                20       SYN-SENT -> ESTABLISHED
                20       > . 1 ack 1 win 255 ts 20 ecr 100  HandshakeAck
                20       * Connected
                30     send 8000
                30       > . 1:1449 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 1449:2897 ack 1 win 255 ts 30 ecr 100  Data
                30       > . 2897:4345 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 4345:5793 ack 1 win 255 ts 30 ecr 100  Data
                30       > . 5793:7241 ack 1 win 255 ts 30 ecr 100  Data
                30       > P. 7241:8001 ack 1 win 255 ts 30 ecr 100  Data
                50     < . 1 ack 501 ts 130 ecr 30
                51     < . 1 ack 1449 ts 131 ecr 30
                52     < . 1 ack 1449 ts 132 ecr 30 sack 2897-7241
                52       recovery until 8001
                52       > . 1449:2897 ack 1 win 255 ts 52 ecr 132  FastRetransmit (again: 1)
                70     wait
            "#]]
        };
        Story::new(policy).check(&format!("{OPEN}{script}"), &expect);
    }
}

#[test]
fn a_write_of_nothing_says_nothing() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 100 more
            40  send 0
            50  send 10
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
            30     send 100 more
            40     send 0
            50     send 10
            50       > P. 1:111 ack 1 win 65535  Data
        "#]],
    );
}
