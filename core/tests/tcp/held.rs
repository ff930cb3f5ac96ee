//! A link that takes nothing for a while.

use crate::story::{OPEN_PLAIN, Story};
use expect_test::expect;
use synema_core::tcp::Policy;
use synema_core::time::Duration;

#[test]
fn what_waits_for_the_link_goes_out_when_it_has_room() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN_PLAIN}
            30   link full
            40   send 1500
            50   < P. 1:101 ack 1
            1000 link free
            1020 < . 101 ack 1501
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
            30     link full
            40     send 1500
            50     < P. 1:101 ack 1
            260      timer Persist
            760      timer Persist
            1000   link free
            1000     > . 1:1001 ack 101 win 65435  Data
            1000     > P. 1001:1501 ack 101 win 65435  Data
            1020   < . 101 ack 1501
        "#]],
    );
}

#[test]
fn the_users_patience_begins_with_the_first_look_at_the_link() {
    let mut policy = Policy::linux();
    policy.timing.user_timeout = Some(Duration::from_secs(2));
    Story::new(policy).check(
        &format!(
            "{OPEN_PLAIN}
            30   link full
            40   send 100
            5000 wait
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
            30     link full
            40     send 100
            260      timer Persist
            760      timer Persist
            1260     timer Persist
            1760     timer Persist
            2260     timer Persist
            2260     timer User
            2260     ESTABLISHED -> CLOSED
            2260     over: TimedOut { syn: false }
            2260     * Closed(TimedOut { syn: false })
            5000   wait
        "#]],
    );
}

#[test]
fn losses_are_noticed_and_repaired_once_the_link_has_room() {
    Story::new(Policy::linux()).check(
        &format!(
            "{OPEN_PLAIN}
            30   send 1000
            40   link full
            400  wait
            1000 link free
            1020 < . 1 ack 1001
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
            30     send 1000
            30       > P. 1:1001 ack 1 win 65535  Data
            40     link full
            250      timer Retransmission
            250      timed out until 1001
            400    wait
            690      timer Retransmission
            690      timed out until 1001
            1000   link free
            1000     > P. 1:1001 ack 1 win 65535  RetransmissionTimeout (again: 1)
            1020   < . 1 ack 1001
            1020     recovered
        "#]],
    );
}
