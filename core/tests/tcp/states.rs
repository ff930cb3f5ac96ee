//! Each state of RFC 9293 §3.3.2 meets each event of §3.10: a table without an
//! empty cell. A state or an event without its line does not compile, and one that
//! is left out of the lists is found.

use crate::cell::{Cell, Peer};
use expect_test::{Expect, expect};
use synema_core::time::Duration;
use synema_core::trace::TcpState;
use synema_core::wire::tcp::Flags;

/// Every state.
const STATES: [TcpState; 11] = [
    TcpState::Closed,
    TcpState::Listen,
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::Closing,
    TcpState::LastAck,
    TcpState::TimeWait,
];

/// What may happen, in the order of RFC 9293 §3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    /// §3.10.1
    ActiveOpen,
    PassiveOpen,
    /// §3.10.2
    Send,
    /// §3.10.3
    Receive,
    /// §3.10.4: one direction, as the RFC's CLOSE does, and both
    Close,
    CloseBoth,
    /// §3.10.5
    Abort,
    /// §3.10.6
    Status,
    /// §3.10.7.4 first: the sequence number
    SequenceOutside,
    OldDuplicate,
    /// Second: RST
    ResetExact,
    ResetInWindow,
    ResetOutside,
    /// Third: security, of which nothing is left to check (RFC 9293 A.1). Fourth: SYN
    Syn,
    SynWithAck,
    /// Fifth: ACK
    NoAckBit,
    AckOfUnsent,
    AckOfOld,
    AckOfAll,
    /// Sixth: URG
    Urgent,
    /// Seventh: the text
    Text,
    /// Eighth: FIN
    FinInOrder,
    FinEarly,
    /// §3.10.8
    UserTimeout,
    RetransmissionTimeout,
    TimeWaitTimeout,
}

use Happening::*;

const HAPPENINGS: [Happening; 26] = [
    ActiveOpen,
    PassiveOpen,
    Send,
    Receive,
    Close,
    CloseBoth,
    Abort,
    Status,
    SequenceOutside,
    OldDuplicate,
    ResetExact,
    ResetInWindow,
    ResetOutside,
    Syn,
    SynWithAck,
    NoAckBit,
    AckOfUnsent,
    AckOfOld,
    AckOfAll,
    Urgent,
    Text,
    FinInOrder,
    FinEarly,
    UserTimeout,
    RetransmissionTimeout,
    TimeWaitTimeout,
];

/// A stack in `state`.
fn cell_in(state: TcpState) -> Cell {
    let mut cell = Cell::new();
    let established = |cell: &mut Cell| {
        cell.connect();
        cell.arrives(segment(Flags::SYN | Flags::ACK, 0, 1));
    };
    match state {
        TcpState::Closed => {}
        TcpState::Listen => cell.listen(),
        TcpState::SynSent => cell.connect(),
        TcpState::SynReceived => {
            cell.listen();
            cell.arrives(segment(Flags::SYN, 0, 0));
        }
        TcpState::Established => established(&mut cell),
        TcpState::FinWait1 => {
            established(&mut cell);
            cell.close();
        }
        TcpState::FinWait2 => {
            established(&mut cell);
            cell.close();
            cell.arrives(segment(Flags::ACK, 1, 2));
        }
        TcpState::CloseWait => {
            established(&mut cell);
            cell.arrives(segment(Flags::FIN | Flags::ACK, 1, 1));
        }
        TcpState::Closing => {
            established(&mut cell);
            cell.close();
            cell.arrives(segment(Flags::FIN | Flags::ACK, 1, 1));
        }
        TcpState::LastAck => {
            established(&mut cell);
            cell.arrives(segment(Flags::FIN | Flags::ACK, 1, 1));
            cell.close();
        }
        TcpState::TimeWait => {
            established(&mut cell);
            cell.close();
            cell.arrives(segment(Flags::FIN | Flags::ACK, 1, 2));
        }
    }
    cell.take_line();
    cell
}

fn segment(flags: Flags, seq: u32, ack: u32) -> Peer {
    Peer {
        flags,
        seq,
        ack,
        len: 0,
    }
}

/// Lets it happen in a state in which RCV.NXT is `next` and SND.NXT is `sent`.
fn happens(cell: &mut Cell, happening: Happening, next: u32, sent: u32) {
    let ack = Flags::ACK;
    let with = |segment: Peer, len| Peer { len, ..segment };
    match happening {
        ActiveOpen => cell.connect(),
        PassiveOpen => cell.listen(),
        Send => cell.send(),
        Receive => cell.receive(),
        Close => cell.close(),
        CloseBoth => cell.close_both(),
        Abort => cell.abort(),
        Status => cell.status(),
        SequenceOutside => cell.arrives(with(segment(ack, 90_000_000, sent), 10)),
        OldDuplicate => cell.arrives(with(segment(ack, 0, sent), 1)),
        ResetExact => cell.arrives(segment(Flags::RST | ack, next, sent)),
        ResetInWindow => cell.arrives(segment(Flags::RST | ack, next + 5000, sent)),
        ResetOutside => cell.arrives(segment(Flags::RST, 90_000_000, 0)),
        Syn => cell.arrives(segment(Flags::SYN, 7000, 0)),
        SynWithAck => cell.arrives(segment(Flags::SYN | ack, 7000, sent)),
        NoAckBit => cell.arrives(with(segment(Flags::PSH, next, 0), 10)),
        AckOfUnsent => cell.arrives(segment(ack, next, sent + 1000)),
        AckOfOld => cell.arrives(segment(ack, next, 0u32.wrapping_sub(100_000))),
        AckOfAll => cell.arrives(segment(ack, next, sent)),
        Urgent => cell.arrives(with(segment(Flags::URG | ack, next, sent), 10)),
        Text => cell.arrives(with(segment(Flags::PSH | ack, next, sent), 10)),
        FinInOrder => cell.arrives(segment(Flags::FIN | ack, next, sent)),
        FinEarly => cell.arrives(segment(Flags::FIN | ack, next + 10, sent)),
        UserTimeout => {
            cell.set_user_timeout(Duration::from_secs(10));
            cell.send();
            cell.wait(Duration::from_secs(20));
        }
        RetransmissionTimeout => {
            cell.send();
            cell.wait(Duration::from_millis(1500));
        }
        TimeWaitTimeout => cell.wait(Duration::from_secs(241)),
    }
}

/// One row of the table: `state` meets everything.
fn check(state: TcpState, next: u32, sent: u32, expect: &Expect) {
    let mut row = String::new();
    for happening in HAPPENINGS {
        let mut cell = cell_in(state);
        assert_eq!(cell.state(), state, "the way into it");
        happens(&mut cell, happening, next, sent);
        let line = match cell.take_line() {
            nothing if nothing.is_empty() => String::from("-"),
            line => line,
        };
        row.push_str(&format!("{:<22} {line}\n", format!("{happening:?}")));
    }
    expect.assert_eq(&row);
}

#[test]
fn no_state_and_no_event_is_left_out() {
    for (index, state) in STATES.into_iter().enumerate() {
        assert_eq!(state as usize, index);
        assert_eq!(cell_in(state).state(), state);
    }
    assert_eq!(STATES.len(), TcpState::TimeWait as usize + 1);
    for (index, happening) in HAPPENINGS.into_iter().enumerate() {
        assert_eq!(happening as usize, index);
    }
    assert_eq!(HAPPENINGS.len(), TimeWaitTimeout as usize + 1);
}

#[test]
fn closed() {
    check(
        TcpState::Closed,
        1,
        1,
        &expect![[r#"
            ActiveOpen             CLOSED -> SYN-SENT; > SYN 0 Syn
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, no more will come
            Close                  -
            CloseBoth              -
            Abort                  -
            Status                 no connection
            SequenceOutside        dropped NoConnection; > RST 1 Reset(NoConnection)
            OldDuplicate           dropped NoConnection; > RST 1 Reset(NoConnection)
            ResetExact             dropped NoConnection
            ResetInWindow          dropped NoConnection
            ResetOutside           dropped NoConnection
            Syn                    dropped NoConnection; > RST,ACK 0 ack 7001 Reset(NoConnection)
            SynWithAck             dropped NoConnection; > RST 1 Reset(NoConnection)
            NoAckBit               dropped NoConnection; > RST,ACK 0 ack 11 Reset(NoConnection)
            AckOfUnsent            dropped NoConnection; > RST 1001 Reset(NoConnection)
            AckOfOld               dropped NoConnection; > RST -100000 Reset(NoConnection)
            AckOfAll               dropped NoConnection; > RST 1 Reset(NoConnection)
            Urgent                 dropped NoConnection; > RST 1 Reset(NoConnection)
            Text                   dropped NoConnection; > RST 1 Reset(NoConnection)
            FinInOrder             dropped NoConnection; > RST 1 Reset(NoConnection)
            FinEarly               dropped NoConnection; > RST 1 Reset(NoConnection)
            UserTimeout            took 0
            RetransmissionTimeout  took 0
            TimeWaitTimeout        -
        "#]],
    );
}

#[test]
fn listen() {
    check(
        TcpState::Listen,
        1,
        1,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            InUse(Port(80))
            Send                   took 0
            Receive                read 0, no more will come
            Close                  listens no more
            CloseBoth              listens no more
            Abort                  listens no more
            Status                 a listener
            SequenceOutside        dropped NoConnection; > RST 1 Reset(NoConnection)
            OldDuplicate           dropped NoConnection; > RST 1 Reset(NoConnection)
            ResetExact             dropped NoConnection
            ResetInWindow          dropped NoConnection
            ResetOutside           dropped NoConnection
            Syn                    LISTEN -> SYN-RECEIVED; > SYN,ACK 0 ack 7001 SynAck
            SynWithAck             dropped NoConnection; > RST 1 Reset(NoConnection)
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped NoConnection; > RST 1001 Reset(NoConnection)
            AckOfOld               dropped NoConnection; > RST -100000 Reset(NoConnection)
            AckOfAll               dropped NoConnection; > RST 1 Reset(NoConnection)
            Urgent                 dropped NoConnection; > RST 1 Reset(NoConnection)
            Text                   dropped NoConnection; > RST 1 Reset(NoConnection)
            FinInOrder             dropped NoConnection; > RST 1 Reset(NoConnection)
            FinEarly               dropped NoConnection; > RST 1 Reset(NoConnection)
            UserTimeout            took 0
            RetransmissionTimeout  took 0
            TimeWaitTimeout        -
        "#]],
    );
}

#[test]
fn syn_sent() {
    check(
        TcpState::SynSent,
        1,
        1,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 10
            Receive                read 0, more may come
            Close                  -
            CloseBoth              SYN-SENT -> CLOSED; over Aborted
            Abort                  SYN-SENT -> CLOSED; over Aborted
            Status                 SYN-SENT, with its ends and numbers
            SequenceOutside        dropped OutsideWindow
            OldDuplicate           dropped OutsideWindow
            ResetExact             SYN-SENT -> CLOSED; over Refused; * Closed(Refused)
            ResetInWindow          SYN-SENT -> CLOSED; over Refused; * Closed(Refused)
            ResetOutside           dropped NoAck
            Syn                    SYN-SENT -> SYN-RECEIVED; > SYN,ACK 0 ack 7001 SynAck
            SynWithAck             SYN-SENT -> ESTABLISHED; > ACK 1 ack 7001 HandshakeAck; * Connected
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > RST 1001 Reset(UnacceptableAck)
            AckOfOld               dropped AckOfUnsent; > RST -100000 Reset(UnacceptableAck)
            AckOfAll               dropped OutsideWindow
            Urgent                 dropped OutsideWindow
            Text                   dropped OutsideWindow
            FinInOrder             dropped OutsideWindow
            FinEarly               dropped OutsideWindow
            UserTimeout            took 10; > SYN 0 RetransmissionTimeout; * Stalled; SYN-SENT -> CLOSED; over TimedOut { syn: true }; * Closed(TimedOut { syn: true })
            RetransmissionTimeout  took 10; > SYN 0 RetransmissionTimeout
            TimeWaitTimeout        > SYN 0 RetransmissionTimeout; * Stalled; dropped NoNeighbour; SYN-SENT -> CLOSED; over NoNeighbour; * Closed(NoNeighbour)
        "#]],
    );
}

#[test]
fn syn_received() {
    check(
        TcpState::SynReceived,
        1,
        1,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            InUse(Port(80))
            Send                   took 10
            Receive                read 0, more may come
            Close                  -
            CloseBoth              -
            Abort                  SYN-RECEIVED -> CLOSED; over Aborted; > RST,ACK 1 ack 1 Reset(Aborted)
            Status                 SYN-RECEIVED, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 1 ack 1 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 1 ack 1 Duplicate
            ResetExact             SYN-RECEIVED -> CLOSED; over ResetByPeer
            ResetInWindow          dropped ResetNotExact; > ACK 1 ack 1 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 1 ack 1 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 1 ack 1 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > RST 1001 Reset(UnacceptableAck)
            AckOfOld               dropped AckOfUnsent; > RST -100000 Reset(UnacceptableAck)
            AckOfAll               SYN-RECEIVED -> ESTABLISHED; * Acceptable
            Urgent                 SYN-RECEIVED -> ESTABLISHED; > ACK 1 ack 11 QuickAck; * Acceptable; * Urgent
            Text                   SYN-RECEIVED -> ESTABLISHED; > ACK 1 ack 11 QuickAck; * Acceptable
            FinInOrder             SYN-RECEIVED -> ESTABLISHED; ESTABLISHED -> CLOSE-WAIT; > ACK 1 ack 2 FinReceived; * Acceptable; * PeerClosed
            FinEarly               SYN-RECEIVED -> ESTABLISHED; > ACK 1 ack 1 OutOfOrder; * Acceptable
            UserTimeout            took 10; > SYN,ACK 0 ack 1 RetransmissionTimeout; SYN-RECEIVED -> CLOSED; over TimedOut { syn: true }
            RetransmissionTimeout  took 10; > SYN,ACK 0 ack 1 RetransmissionTimeout
            TimeWaitTimeout        > SYN,ACK 0 ack 1 RetransmissionTimeout; dropped NoNeighbour; SYN-RECEIVED -> CLOSED; over NoNeighbour
        "#]],
    );
}

#[test]
fn established() {
    check(
        TcpState::Established,
        1,
        1,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 10; > PSH,ACK 1+10 ack 1 Data
            Receive                read 0, more may come
            Close                  ESTABLISHED -> FIN-WAIT-1; > FIN,ACK 1 ack 1 Fin
            CloseBoth              ESTABLISHED -> FIN-WAIT-1; > FIN,ACK 1 ack 1 Fin
            Abort                  ESTABLISHED -> CLOSED; over Aborted; > RST,ACK 1 ack 1 Reset(Aborted)
            Status                 ESTABLISHED, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 1 ack 1 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 1 ack 1 Duplicate
            ResetExact             ESTABLISHED -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 1 ack 1 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 1 ack 1 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 1 ack 1 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 1 ack 1 Unacceptable
            AckOfOld               dropped OldAck; > ACK 1 ack 1 ChallengeAck
            AckOfAll               -
            Urgent                 > ACK 1 ack 11 QuickAck; * Urgent
            Text                   > ACK 1 ack 11 QuickAck
            FinInOrder             ESTABLISHED -> CLOSE-WAIT; > ACK 1 ack 2 FinReceived; * PeerClosed
            FinEarly               > ACK 1 ack 1 OutOfOrder
            UserTimeout            took 10; > PSH,ACK 1+10 ack 1 Data; > PSH,ACK 1+10 ack 1 RetransmissionTimeout; * Stalled; ESTABLISHED -> CLOSED; over TimedOut { syn: false }; > RST,ACK 11 ack 1 Reset(TimedOut); * Closed(TimedOut { syn: false })
            RetransmissionTimeout  took 10; > PSH,ACK 1+10 ack 1 Data; > PSH,ACK 1+10 ack 1 RetransmissionTimeout
            TimeWaitTimeout        -
        "#]],
    );
}

#[test]
fn fin_wait_1() {
    check(
        TcpState::FinWait1,
        1,
        2,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, more may come
            Close                  -
            CloseBoth              -
            Abort                  FIN-WAIT-1 -> CLOSED; over Aborted; > RST,ACK 2 ack 1 Reset(Aborted)
            Status                 FIN-WAIT-1, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 2 ack 1 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 2 ack 1 Duplicate
            ResetExact             FIN-WAIT-1 -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 2 ack 1 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 2 ack 1 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 2 ack 1 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 2 ack 1 Unacceptable
            AckOfOld               dropped OldAck; > ACK 2 ack 1 ChallengeAck
            AckOfAll               FIN-WAIT-1 -> FIN-WAIT-2
            Urgent                 FIN-WAIT-1 -> FIN-WAIT-2; > ACK 2 ack 11 QuickAck; * Urgent
            Text                   FIN-WAIT-1 -> FIN-WAIT-2; > ACK 2 ack 11 QuickAck
            FinInOrder             FIN-WAIT-1 -> FIN-WAIT-2; FIN-WAIT-2 -> TIME-WAIT; > ACK 2 ack 2 FinReceived; * PeerClosed; * Closed(Finished)
            FinEarly               FIN-WAIT-1 -> FIN-WAIT-2; > ACK 2 ack 1 OutOfOrder
            UserTimeout            took 0; > FIN,ACK 1 ack 1 RetransmissionTimeout; * Stalled; FIN-WAIT-1 -> CLOSED; over TimedOut { syn: false }; > RST,ACK 2 ack 1 Reset(TimedOut); * Closed(TimedOut { syn: false })
            RetransmissionTimeout  took 0; > FIN,ACK 1 ack 1 RetransmissionTimeout
            TimeWaitTimeout        > FIN,ACK 1 ack 1 RetransmissionTimeout; * Stalled; > FIN,ACK 1 ack 1 RetransmissionTimeout; dropped NoNeighbour
        "#]],
    );
}

#[test]
fn fin_wait_2() {
    check(
        TcpState::FinWait2,
        1,
        2,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, more may come
            Close                  -
            CloseBoth              -
            Abort                  FIN-WAIT-2 -> CLOSED; over Aborted; > RST,ACK 2 ack 1 Reset(Aborted)
            Status                 FIN-WAIT-2, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 2 ack 1 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 2 ack 1 Duplicate
            ResetExact             FIN-WAIT-2 -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 2 ack 1 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 2 ack 1 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 2 ack 1 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 2 ack 1 Unacceptable
            AckOfOld               dropped OldAck; > ACK 2 ack 1 ChallengeAck
            AckOfAll               -
            Urgent                 > ACK 2 ack 11 QuickAck; * Urgent
            Text                   > ACK 2 ack 11 QuickAck
            FinInOrder             FIN-WAIT-2 -> TIME-WAIT; > ACK 2 ack 2 FinReceived; * PeerClosed; * Closed(Finished)
            FinEarly               > ACK 2 ack 1 OutOfOrder
            UserTimeout            took 0
            RetransmissionTimeout  took 0
            TimeWaitTimeout        -
        "#]],
    );
}

#[test]
fn close_wait() {
    check(
        TcpState::CloseWait,
        2,
        1,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 10; > PSH,ACK 1+10 ack 2 Data
            Receive                read 0, no more will come
            Close                  CLOSE-WAIT -> LAST-ACK; > FIN,ACK 1 ack 2 Fin
            CloseBoth              CLOSE-WAIT -> LAST-ACK; > FIN,ACK 1 ack 2 Fin
            Abort                  CLOSE-WAIT -> CLOSED; over Aborted; > RST,ACK 1 ack 2 Reset(Aborted)
            Status                 CLOSE-WAIT, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 1 ack 2 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 1 ack 2 Duplicate
            ResetExact             CLOSE-WAIT -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 1 ack 2 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 1 ack 2 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 1 ack 2 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 1 ack 2 Unacceptable
            AckOfOld               dropped OldAck; > ACK 1 ack 2 ChallengeAck
            AckOfAll               -
            Urgent                 dropped AfterFin
            Text                   dropped AfterFin
            FinInOrder             dropped AfterFin
            FinEarly               dropped AfterFin
            UserTimeout            took 10; > PSH,ACK 1+10 ack 2 Data; > PSH,ACK 1+10 ack 2 RetransmissionTimeout; * Stalled; CLOSE-WAIT -> CLOSED; over TimedOut { syn: false }; > RST,ACK 11 ack 2 Reset(TimedOut); * Closed(TimedOut { syn: false })
            RetransmissionTimeout  took 10; > PSH,ACK 1+10 ack 2 Data; > PSH,ACK 1+10 ack 2 RetransmissionTimeout
            TimeWaitTimeout        -
        "#]],
    );
}

#[test]
fn closing() {
    check(
        TcpState::Closing,
        2,
        2,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, no more will come
            Close                  -
            CloseBoth              -
            Abort                  CLOSING -> CLOSED; over Aborted
            Status                 CLOSING, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 2 ack 2 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 2 ack 2 Duplicate
            ResetExact             CLOSING -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 2 ack 2 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 2 ack 2 Unacceptable
            AckOfOld               dropped OldAck; > ACK 2 ack 2 ChallengeAck
            AckOfAll               CLOSING -> TIME-WAIT; * Closed(Finished)
            Urgent                 CLOSING -> TIME-WAIT; dropped AfterFin; > ACK 2 ack 2 Unacceptable; * Closed(Finished)
            Text                   CLOSING -> TIME-WAIT; dropped AfterFin; > ACK 2 ack 2 Unacceptable; * Closed(Finished)
            FinInOrder             CLOSING -> TIME-WAIT; dropped AfterFin; > ACK 2 ack 2 Unacceptable; * Closed(Finished)
            FinEarly               CLOSING -> TIME-WAIT; dropped AfterFin; > ACK 2 ack 2 Unacceptable; * Closed(Finished)
            UserTimeout            took 0; > FIN,ACK 1 ack 2 RetransmissionTimeout; * Stalled; CLOSING -> CLOSED; over TimedOut { syn: false }; > RST,ACK 2 ack 2 Reset(TimedOut); * Closed(TimedOut { syn: false })
            RetransmissionTimeout  took 0; > FIN,ACK 1 ack 2 RetransmissionTimeout
            TimeWaitTimeout        > FIN,ACK 1 ack 2 RetransmissionTimeout; * Stalled; > FIN,ACK 1 ack 2 RetransmissionTimeout; dropped NoNeighbour
        "#]],
    );
}

#[test]
fn last_ack() {
    check(
        TcpState::LastAck,
        2,
        2,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, no more will come
            Close                  -
            CloseBoth              -
            Abort                  LAST-ACK -> CLOSED; over Aborted
            Status                 LAST-ACK, with its ends and numbers
            SequenceOutside        dropped OutsideWindow; > ACK 2 ack 2 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 2 ack 2 Duplicate
            ResetExact             LAST-ACK -> CLOSED; over ResetByPeer; * Closed(ResetByPeer)
            ResetInWindow          dropped ResetNotExact; > ACK 2 ack 2 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 2 ack 2 Unacceptable
            AckOfOld               dropped OldAck; > ACK 2 ack 2 ChallengeAck
            AckOfAll               LAST-ACK -> CLOSED; over Finished; * Closed(Finished)
            Urgent                 LAST-ACK -> CLOSED; over Finished; * Closed(Finished)
            Text                   LAST-ACK -> CLOSED; over Finished; * Closed(Finished)
            FinInOrder             LAST-ACK -> CLOSED; over Finished; * Closed(Finished)
            FinEarly               LAST-ACK -> CLOSED; over Finished; * Closed(Finished)
            UserTimeout            took 0; > FIN,ACK 1 ack 2 RetransmissionTimeout; * Stalled; LAST-ACK -> CLOSED; over TimedOut { syn: false }; > RST,ACK 2 ack 2 Reset(TimedOut); * Closed(TimedOut { syn: false })
            RetransmissionTimeout  took 0; > FIN,ACK 1 ack 2 RetransmissionTimeout
            TimeWaitTimeout        > FIN,ACK 1 ack 2 RetransmissionTimeout; * Stalled; > FIN,ACK 1 ack 2 RetransmissionTimeout; dropped NoNeighbour
        "#]],
    );
}

#[test]
fn time_wait() {
    check(
        TcpState::TimeWait,
        2,
        2,
        &expect![[r#"
            ActiveOpen             InUse(Port(80))
            PassiveOpen            listens
            Send                   took 0
            Receive                read 0, no more will come
            Close                  -
            CloseBoth              -
            Abort                  TIME-WAIT -> CLOSED; over Finished
            Status                 TIME-WAIT, with its ends
            SequenceOutside        dropped OutsideWindow; > ACK 2 ack 2 Unacceptable
            OldDuplicate           dropped DuplicateData; > ACK 2 ack 2 Duplicate
            ResetExact             TIME-WAIT -> CLOSED; over Finished
            ResetInWindow          dropped ResetNotExact; > ACK 2 ack 2 ChallengeAck
            ResetOutside           dropped OutsideWindow
            Syn                    dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            SynWithAck             dropped SynInWindow; > ACK 2 ack 2 ChallengeAck
            NoAckBit               dropped NoAck
            AckOfUnsent            dropped AckOfUnsent; > ACK 2 ack 2 Unacceptable
            AckOfOld               dropped OldAck; > ACK 2 ack 2 ChallengeAck
            AckOfAll               -
            Urgent                 dropped AfterFin; > ACK 2 ack 2 Unacceptable
            Text                   dropped AfterFin; > ACK 2 ack 2 Unacceptable
            FinInOrder             dropped AfterFin; > ACK 2 ack 2 Unacceptable
            FinEarly               dropped AfterFin; > ACK 2 ack 2 Unacceptable
            UserTimeout            took 0
            RetransmissionTimeout  took 0
            TimeWaitTimeout        TIME-WAIT -> CLOSED; over Finished
        "#]],
    );
}
