//! What can be said of a connection at a glance.

use crate::story::{OPEN, OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

#[test]
fn what_is_known_of_a_loss() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN}
            30    send 14480
            31    info
            50    < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            50    info
            51    < . 1 ack 1 ts 131 ecr 20 sack 1449-5793
            51    info
            71    < . 1 ack 14481 ts 151 ecr 51
            71    info
            80    send 100
            2000  info
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
            31     info
            31       Open: 10 out, 0 sacked, 0 lost, 0 again, ssthresh None
            50     < . 1 ack 1 ts 130 ecr 20 sack 1449-2897
            50     info
            50       Disorder: 10 out, 1 sacked, 0 lost, 0 again, ssthresh None
            51     < . 1 ack 1 ts 131 ecr 20 sack 1449-5793
            51       recovery until 14481
            51       > . 1:1449 ack 1 win 511 ts 51 ecr 131  FastRetransmit (again: 1)
            51     info
            51       Recovery: 10 out, 3 sacked, 1 lost, 1 again, ssthresh Some(10136)
            71     < . 1 ack 14481 ts 151 ecr 51
            71       recovered
            71     info
            71       Open: 0 out, 0 sacked, 0 lost, 0 again, ssthresh Some(10136)
            80     send 100
            80       > P. 14481:14581 ack 1 win 511 ts 80 ecr 151  Data
            320      timer TailLossProbe
            320      > P. 14481:14581 ack 1 win 511 ts 320 ecr 151  TailLossProbe (again: 1)
            1320     timer Retransmission
            1320     timed out until 14581
            1320     > P. 14481:14581 ack 1 win 511 ts 1320 ecr 151  RetransmissionTimeout (again: 2)
            2000   info
            2000     Loss: 1 out, 0 sacked, 1 lost, 1 again, ssthresh Some(2896)
        "#]],
    );
}

#[test]
fn without_sack_a_duplicate_is_disorder_too() {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  send 5000
            50  < . 1 ack 1
            50  info
            52  < . 1 ack 5001
            52  info
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
            30     send 5000
            30       > . 1:1001 ack 1 win 65535  Data
            30       > . 1001:2001 ack 1 win 65535  Data
            30       > . 2001:3001 ack 1 win 65535  Data
            30       > . 3001:4001 ack 1 win 65535  Data
            30       > P. 4001:5001 ack 1 win 65535  Data
            50     < . 1 ack 1
            50     info
            50       Disorder: 5 out, 0 sacked, 0 lost, 0 again, ssthresh None
            52     < . 1 ack 5001
            52     info
            52       Open: 0 out, 0 sacked, 0 lost, 0 again, ssthresh None
        "#]],
    );
}

#[test]
fn time_is_counted_for_what_limited_then() {
    let mut policy = Policy::rfc();
    policy.send.buffer_len = 3000;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            100   limits
            100   send 2000
            120   < . 1 ack 2001
            120   limits
            200   send 9000
            200   limits
            220   < . 1 ack 5001
            220   limits
            300   send 2000
            320   < . 1 ack 7001 win 0
            320   limits
            400   send 1000
            450   limits
            500   < . 1 ack 7001 win 65535
            520   < . 1 ack 8001
            600   limits
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
            100    limits
            100      busy 0 ms, 0 by the peer's window, 0 by the send buffer
            100    send 2000
            100      > . 1:1001 ack 1 win 65535  Data
            100      > P. 1001:2001 ack 1 win 65535  Data
            120    < . 1 ack 2001
            120    limits
            120      busy 20 ms, 0 by the peer's window, 0 by the send buffer
            200    send 9000
            200      took 3000 bytes
            200      > . 2001:3001 ack 1 win 65535  Data
            200      > . 3001:4001 ack 1 win 65535  Data
            200      > P. 4001:5001 ack 1 win 65535  Data
            200    limits
            200      busy 20 ms, 0 by the peer's window, 0 by the send buffer
            220    < . 1 ack 5001
            220      * Writable
            220    limits
            220      busy 40 ms, 0 by the peer's window, 20 by the send buffer
            300    send 2000
            300      > . 5001:6001 ack 1 win 65535  Data
            300      > P. 6001:7001 ack 1 win 65535  Data
            320    < . 1 ack 7001 win 0
            320    limits
            320      busy 60 ms, 0 by the peer's window, 20 by the send buffer
            400    send 1000
            450    limits
            450      busy 110 ms, 50 by the peer's window, 20 by the send buffer
            500    < . 1 ack 7001 win 65535
            500      > P. 7001:8001 ack 1 win 65535  Data
            520    < . 1 ack 8001
            600    limits
            600      busy 180 ms, 100 by the peer's window, 20 by the send buffer
        "#]],
    );
}

#[test]
fn what_may_be_written() {
    let mut policy = Policy::rfc();
    policy.send.buffer_len = 3000;
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30  room
            31  send 3000
            31  room
            50  < . 1 ack 1001
            50  room
            51  shutdown
            51  room
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
            30     room
            30       room for 3000 bytes, writable: true
            31     send 3000
            31       > . 1:1001 ack 1 win 65535  Data
            31       > . 1001:2001 ack 1 win 65535  Data
            31       > P. 2001:3001 ack 1 win 65535  Data
            31     room
            31       room for 0 bytes, writable: false
            50     < . 1 ack 1001
            50     room
            50       room for 1000 bytes, writable: true
            51     shutdown
            51       ESTABLISHED -> FIN-WAIT-1
            51       > F. 3001 ack 1 win 65535  Fin
            51     room
            51       room for 0 bytes, writable: false
        "#]],
    );
}

#[test]
fn what_routers_have_said() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            30  hints
            40  send 1000
            41  icmp unreachable 1 seq 1
            41  hints
            42  icmp too-big 800 seq 1
            42  hints
            60  < . 1 ack 1001
            60  hints
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
            30     hints
            30       soft error None, narrow path None
            40     send 1000
            40       > P. 1:1001 ack 1 win 65535  Data
            41     icmp unreachable 1 seq 1
            41       soft error: unreachable 1
            41     hints
            41       soft error Some(1), narrow path None
            42     icmp too-big 800 seq 1
            42       path MTU 800
            42       > . 1:761 ack 1 win 65535  PathMtu (again: 1)
            42       > P. 761:1001 ack 1 win 65535  PathMtu (again: 1)
            42     hints
            42       soft error Some(1), narrow path Some(800)
            60     < . 1 ack 1001
            60     hints
            60       soft error None, narrow path Some(800)
        "#]],
    );
}

#[test]
fn a_fin_that_waits_for_the_window_is_no_data() {
    Story::new(Policy::rfc()).check(
        &format!(
            "{OPEN_PLAIN}
            100   < . 1 ack 1 win 0
            100   shutdown
            300   limits
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
            100    < . 1 ack 1 win 0
            100    shutdown
            100      ESTABLISHED -> FIN-WAIT-1
            300    limits
            300      busy 0 ms, 0 by the peer's window, 0 by the send buffer
        "#]],
    );
}
