//! Each state of RFC 9293 §3.3.2 meets what may come in it (§3.10).

use crate::story::{OPEN, Story};
use expect_test::{Expect, expect};

/// What a segment or a call does in a state of a connection that has received
/// up to 1 (2 after a FIN) and sent up to 1 (2 after a FIN). `next` and `sent`
/// are these two numbers.
fn check_all(before: &str, next: u32, sent: u32, expect: &Expect) {
    let far = next + 5000;
    let scripts = [
        // §3.10.7.4 first: outside of the window, and an old duplicate.
        format!("1000 < . 90000000:90000010 ack {sent} ts 900 ecr 900"),
        format!("1000 < . 0:1 ack {sent} ts 900 ecr 900"),
        // Second: RST, exact, in the window, outside of it.
        format!("1000 < R {next}"),
        format!("1000 < R {far}"),
        "1000 < R 90000000".into(),
        // Fourth: SYN.
        "1000 < S 7000 ts 900 ecr 0".into(),
        // Fifth: no ACK; ACK of what was not sent; an old one.
        format!("1000 < P {next}:{far} ts 900 ecr 0"),
        format!("1000 < . {next} ack {} ts 900 ecr 900", sent + 1000),
        format!("1000 < . {next} ack 0 ts 900 ecr 900"),
        // Seventh and eighth: data, and a FIN before its turn.
        format!("1000 < P. {next}:{} ack {sent} ts 900 ecr 900", next + 10),
        format!("1000 < F. {} ack {sent} ts 900 ecr 900", next + 10),
        // §3.10.2 to §3.10.5: the calls.
        "1000 send 10".into(),
        "1000 recv".into(),
        "1000 shutdown".into(),
        "1000 close".into(),
        "1000 abort".into(),
    ];
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    Story::check_each(before, &scripts, expect);
}

#[test]
fn syn_sent() {
    check_all(
        "0 connect",
        1,
        1,
        &expect![[r#"
        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
        1000     dropped: OutsideWindow

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < . 0:1 ack 1 ts 900 ecr 900
        1000     dropped: OutsideWindow

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < R 1
        1000     dropped: NoAck

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < R 5001
        1000     dropped: NoAck

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < R 90000000
        1000     dropped: NoAck

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < S 7000 ts 900 ecr 0
        1000     SYN-SENT -> SYN-RECEIVED
        1000     > S. 0 ack 7001 win 65535 mss 1460 ts 1000 ecr 900  SynAck (again: 2)

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < P 1:5001 ts 900 ecr 0
        1000     dropped: NoAck

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < . 1 ack 1001 ts 900 ecr 900
        1000     dropped: AckOfUnsent
        1000     > R 1001 win 0  Reset(UnacceptableAck)

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < . 1 ack 0 ts 900 ecr 900
        1000     dropped: AckOfUnsent
        1000     > R 0 win 0  Reset(UnacceptableAck)

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < P. 1:11 ack 1 ts 900 ecr 900
        1000     dropped: OutsideWindow

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   < F. 11 ack 1 ts 900 ecr 900
        1000     dropped: OutsideWindow

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   send 10

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   recv
        1000     read 0 bytes

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   shutdown

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   close
        1000     SYN-SENT -> CLOSED
        1000     over: Aborted
        1000     * Closed(Aborted)

        1000     timer Retransmission
        1000     > S 0 win 65535 mss 1460 sackok ts 1000 ecr 0 ws 7  RetransmissionTimeout (again: 1)
        1000   abort
        1000     SYN-SENT -> CLOSED
        1000     over: Aborted
        1000     * Closed(Aborted)

    "#]],
    );
}

#[test]
fn syn_received() {
    let before = "
        0  listen
        0  < S 0 mss 1460 sackok ts 100 ecr 0 ws 7
    ";
    check_all(
        before,
        1,
        1,
        &expect![[r#"
            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  Unacceptable

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100 sack 0-1  Duplicate

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < R 1
            1000     SYN-RECEIVED -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < R 5001
            1000     dropped: ResetNotExact
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < P 1:5001 ts 900 ecr 0
            1000     dropped: NoAck

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < . 1 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > R 1001 win 0  Reset(UnacceptableAck)

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < . 1 ack 0 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > R 0 win 0  Reset(UnacceptableAck)

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < P. 1:11 ack 1 ts 900 ecr 900
            1000     SYN-RECEIVED -> ESTABLISHED
            1000     > . 1 ack 11 win 511 ts 1000 ecr 900  QuickAck
            1000     * Connected

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   < F. 11 ack 1 ts 900 ecr 900
            1000     SYN-RECEIVED -> ESTABLISHED
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  OutOfOrder
            1000     * Connected

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   send 10

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   recv
            1000     read 0 bytes

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   shutdown

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   close

            1000     timer Retransmission
            1000     > S. 0 ack 1 win 65535 mss 1460 sackok ts 1000 ecr 100 ws 7  RetransmissionTimeout (again: 1)
            1000   abort
            1000     SYN-RECEIVED -> CLOSED
            1000     over: Aborted
            1000     > R. 1 ack 1 win 0 ts 1000 ecr 100  Reset(Aborted)
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn established() {
    check_all(
        OPEN,
        1,
        1,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  Unacceptable

            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100 sack 0-1  Duplicate

            1000   < R 1
            1000     ESTABLISHED -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5001
            1000     dropped: ResetNotExact
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000   < P 1:5001 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 1 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 1 ack 1 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 1 ack 0 ts 900 ecr 900

            1000   < P. 1:11 ack 1 ts 900 ecr 900
            1000     > . 1 ack 11 win 511 ts 1000 ecr 900  QuickAck

            1000   < F. 11 ack 1 ts 900 ecr 900
            1000     > . 1 ack 1 win 511 ts 1000 ecr 100  OutOfOrder

            1000   send 10
            1000     > P. 1:11 ack 1 win 511 ts 1000 ecr 100  Data

            1000   recv
            1000     read 0 bytes

            1000   shutdown
            1000     ESTABLISHED -> FIN-WAIT-1
            1000     > F. 1 ack 1 win 511 ts 1000 ecr 100  Fin

            1000   close
            1000     ESTABLISHED -> FIN-WAIT-1
            1000     > F. 1 ack 1 win 511 ts 1000 ecr 100  Fin

            1000   abort
            1000     ESTABLISHED -> CLOSED
            1000     over: Aborted
            1000     > R. 1 ack 1 win 0 ts 1000 ecr 100  Reset(Aborted)
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn fin_wait_1() {
    let before = format!("{OPEN} 900 shutdown");
    check_all(
        &before,
        1,
        1,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 2 ack 1 win 511 ts 1000 ecr 100  Unacceptable

            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 2 ack 1 win 511 ts 1000 ecr 100 sack 0-1  Duplicate

            1000   < R 1
            1000     FIN-WAIT-1 -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5001
            1000     dropped: ResetNotExact
            1000     > . 2 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 2 ack 1 win 511 ts 1000 ecr 100  ChallengeAck

            1000   < P 1:5001 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 1 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 2 ack 1 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 1 ack 0 ts 900 ecr 900

            1000   < P. 1:11 ack 1 ts 900 ecr 900
            1000     > . 2 ack 11 win 511 ts 1000 ecr 900  QuickAck

            1000   < F. 11 ack 1 ts 900 ecr 900
            1000     > . 2 ack 1 win 511 ts 1000 ecr 100  OutOfOrder

            1000   send 10
            1000     took 0 bytes

            1000   recv
            1000     read 0 bytes

            1000   shutdown

            1000   close

            1000   abort
            1000     FIN-WAIT-1 -> CLOSED
            1000     over: Aborted
            1000     > R. 2 ack 1 win 0 ts 1000 ecr 100  Reset(Aborted)
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn fin_wait_2() {
    let before = format!(
        "{OPEN}
        800 shutdown
        820 < . 1 ack 2 ts 850 ecr 800"
    );
    check_all(
        &before,
        1,
        2,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 2 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 2 ack 1 win 511 ts 1000 ecr 850  Unacceptable

            1000   < . 0:1 ack 2 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 2 ack 1 win 511 ts 1000 ecr 850 sack 0-1  Duplicate

            1000   < R 1
            1000     FIN-WAIT-2 -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5001
            1000     dropped: ResetNotExact
            1000     > . 2 ack 1 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 2 ack 1 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < P 1:5001 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 1 ack 1002 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 2 ack 1 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 1 ack 0 ts 900 ecr 900

            1000   < P. 1:11 ack 2 ts 900 ecr 900
            1000     > . 2 ack 11 win 511 ts 1000 ecr 900  QuickAck

            1000   < F. 11 ack 2 ts 900 ecr 900
            1000     > . 2 ack 1 win 511 ts 1000 ecr 850  OutOfOrder

            1000   send 10
            1000     took 0 bytes

            1000   recv
            1000     read 0 bytes

            1000   shutdown

            1000   close

            1000   abort
            1000     FIN-WAIT-2 -> CLOSED
            1000     over: Aborted
            1000     > R. 2 ack 1 win 0 ts 1000 ecr 850  Reset(Aborted)
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn close_wait() {
    let before = format!("{OPEN} 800 < F. 1 ack 1 ts 850 ecr 20");
    check_all(
        &before,
        2,
        1,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 1 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 1 ack 2 win 511 ts 1000 ecr 850 sack 0-1  Duplicate

            1000   < R 2
            1000     CLOSE-WAIT -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5002
            1000     dropped: ResetNotExact
            1000     > . 1 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 1 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < P 2:5002 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 2 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 1 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 2 ack 0 ts 900 ecr 900

            1000   < P. 2:12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 1 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < F. 12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 1 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   send 10
            1000     > P. 1:11 ack 2 win 511 ts 1000 ecr 850  Data

            1000   recv
            1000     read 0 bytes

            1000   shutdown
            1000     > F. 1 ack 2 win 511 ts 1000 ecr 850  Fin
            1000     CLOSE-WAIT -> LAST-ACK

            1000   close
            1000     > F. 1 ack 2 win 511 ts 1000 ecr 850  Fin
            1000     CLOSE-WAIT -> LAST-ACK

            1000   abort
            1000     CLOSE-WAIT -> CLOSED
            1000     over: Aborted
            1000     > R. 1 ack 2 win 0 ts 1000 ecr 850  Reset(Aborted)
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn closing() {
    let before = format!(
        "{OPEN}
        800 shutdown
        810 < F. 1 ack 1 ts 850 ecr 20"
    );
    check_all(
        &before,
        2,
        1,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850 sack 0-1  Duplicate

            1000   < R 2
            1000     CLOSING -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5002
            1000     dropped: ResetNotExact
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < P 2:5002 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 2 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 2 ack 0 ts 900 ecr 900

            1000   < P. 2:12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < F. 12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   send 10
            1000     took 0 bytes

            1000   recv
            1000     read 0 bytes

            1000   shutdown

            1000   close

            1000   abort
            1000     CLOSING -> CLOSED
            1000     over: Aborted
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn last_ack() {
    let before = format!(
        "{OPEN}
        800 < F. 1 ack 1 ts 850 ecr 20
        810 shutdown"
    );
    check_all(
        &before,
        2,
        1,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   < . 0:1 ack 1 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850 sack 0-1  Duplicate

            1000   < R 2
            1000     LAST-ACK -> CLOSED
            1000     over: ResetByPeer
            1000     * Closed(ResetByPeer)

            1000   < R 5002
            1000     dropped: ResetNotExact
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < P 2:5002 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 2 ack 1001 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 2 ack 0 ts 900 ecr 900

            1000   < P. 2:12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < F. 12 ack 1 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   send 10
            1000     took 0 bytes

            1000   recv
            1000     read 0 bytes

            1000   shutdown

            1000   close

            1000   abort
            1000     LAST-ACK -> CLOSED
            1000     over: Aborted
            1000     * Closed(Aborted)

        "#]],
    );
}

#[test]
fn time_wait() {
    let before = format!(
        "{OPEN}
        800 shutdown
        820 < F. 1 ack 2 ts 850 ecr 800"
    );
    check_all(
        &before,
        2,
        2,
        &expect![[r#"
            1000   < . 90000000:90000010 ack 2 ts 900 ecr 900
            1000     dropped: OutsideWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   < . 0:1 ack 2 ts 900 ecr 900
            1000     dropped: DuplicateData
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850 sack 0-1  Duplicate

            1000   < R 2
            1000     TIME-WAIT -> CLOSED
            1000     over: Finished

            1000   < R 5002
            1000     dropped: ResetNotExact
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < R 90000000
            1000     dropped: OutsideWindow

            1000   < S 7000 ts 900 ecr 0
            1000     dropped: SynInWindow
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  ChallengeAck

            1000   < P 2:5002 ts 900 ecr 0
            1000     dropped: NoAck

            1000   < . 2 ack 1002 ts 900 ecr 900
            1000     dropped: AckOfUnsent
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < . 2 ack 0 ts 900 ecr 900

            1000   < P. 2:12 ack 2 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 900  Unacceptable

            1000   < F. 12 ack 2 ts 900 ecr 900
            1000     dropped: AfterFin
            1000     > . 2 ack 2 win 511 ts 1000 ecr 850  Unacceptable

            1000   send 10
            1000     took 0 bytes

            1000   recv
            1000     read 0 bytes

            1000   shutdown

            1000   close

            1000   abort
            1000     TIME-WAIT -> CLOSED
            1000     over: Finished

        "#]],
    );
}

#[test]
fn closed() {
    let before = format!("{OPEN} 800 < R 1");
    check_all(
        &before,
        1,
        1,
        &expect![[r#"
        1000   < . 90000000:90000010 ack 1 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   < . 0:1 ack 1 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   < R 1
        1000     dropped: NoConnection

        1000   < R 5001
        1000     dropped: NoConnection

        1000   < R 90000000
        1000     dropped: NoConnection

        1000   < S 7000 ts 900 ecr 0
        1000     dropped: NoConnection

        1000   < P 1:5001 ts 900 ecr 0
        1000     dropped: NoConnection

        1000   < . 1 ack 1001 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   < . 1 ack 0 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   < P. 1:11 ack 1 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   < F. 11 ack 1 ts 900 ecr 900
        1000     dropped: NoConnection

        1000   send 10
        1000     took 0 bytes

        1000   recv
        1000     read 0 bytes

        1000   shutdown

        1000   close

        1000   abort

    "#]],
    );
}
