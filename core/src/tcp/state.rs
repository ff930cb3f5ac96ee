//! Every change of state, in one place, beside the RFC's diagram.
//!
//! RFC 9293 §3.3.2, figure 5, with the numbers of its notes left out:
//!
//! ```text
//!                               +---------+ ---------\      active OPEN
//!                               |  CLOSED |            \    -----------
//!                               +---------+<---------\   \   snd SYN
//!                                 |     ^              \   \
//!                    passive OPEN |     | end           \   \
//!                                 V     |                \   \
//!                               +---------+            end |    |
//!                               |  LISTEN |          ----- |    |
//!                               +---------+                |    |
//!                    rcv SYN      |                        |    V
//!                   -----------   |                       +---------+
//!                   snd SYN,ACK   |                       |   SYN   |
//!    +---------+<-----------------'        rcv SYN        |   SENT  |
//!    |   SYN   |<-----------------------------------------|         |
//!    |   RCVD  |                   snd SYN,ACK            +---------+
//!    +---------+------------------                  -------------|
//!      |            rcv ACK of SYN  \              /  rcv SYN,ACK
//!      |                              V           V   snd ACK
//!      |                               +---------+
//!      |          CLOSE                |  ESTAB  |
//!      |         -------               +---------+
//!      |         snd FIN     CLOSE    |     |    rcv FIN
//!      V                    -------   |     |    -------
//!    +---------+            snd FIN  /       \   snd ACK         +---------+
//!    |  FIN    |<-------------------           ----------------->|  CLOSE  |
//!    | WAIT-1  |------------------                               |   WAIT  |
//!    +---------+          rcv FIN  \                             +---------+
//!      | rcv ACK of FIN   -------   |                              FIN sent |
//!      V        x         snd ACK   V                                       V
//!    +---------+               +---------+                   +---------+
//!    |FINWAIT-2|               | CLOSING |                   | LAST-ACK|
//!    +---------+               +---------+                   +---------+
//!      |              rcv ACK of FIN |                rcv ACK of FIN |
//!      |  rcv FIN            x       V                       x       V
//!      |  -------               +---------+  2 MSL over        +---------+
//!       \ snd ACK ------------->|TIME WAIT|------------------->| CLOSED  |
//!                               +---------+                    +---------+
//! ```
//!
//! SYN-RECEIVED does not go to FIN-WAIT-1 by itself: a close before the
//! handshake is over is queued, and takes effect in ESTABLISHED (RFC 9293
//! §3.10.4 allows both).

use crate::trace::TcpState;

/// What can move a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The application opens.
    ActiveOpen,
    /// A SYN came, without an ACK of ours.
    SynArrived,
    /// A SYN came together with the ACK of ours.
    SynAckArrived,
    /// Our SYN was acknowledged.
    OurSynAcked,
    /// The application closed our direction.
    Close,
    /// Our FIN went out for the first time.
    FinSent,
    /// Our FIN was acknowledged.
    OurFinAcked,
    /// The peer's FIN came in order.
    FinArrived,
    /// 2 MSL have passed in TIME-WAIT.
    TimeWaitOver,
    /// Reset, abort, timeout: it is over at once.
    End,
}

/// The state after `step`; `None` if the step means nothing in `state`.
pub(super) const fn next(state: TcpState, step: Step) -> Option<TcpState> {
    use TcpState::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
        SynSent, TimeWait,
    };
    Some(match (state, step) {
        (Closed, Step::ActiveOpen) => SynSent,
        (Listen | SynSent, Step::SynArrived) => SynReceived,
        (SynSent, Step::SynAckArrived) => Established,
        (SynReceived, Step::OurSynAcked) => Established,

        (Established, Step::Close) => FinWait1,
        (FinWait1, Step::OurFinAcked) => FinWait2,
        (FinWait1, Step::FinArrived) => Closing,
        (FinWait2, Step::FinArrived) => TimeWait,
        (Closing, Step::OurFinAcked) => TimeWait,
        (TimeWait, Step::TimeWaitOver) => Closed,

        (Established, Step::FinArrived) => CloseWait,
        (CloseWait, Step::FinSent) => LastAck,
        (LastAck, Step::OurFinAcked) => Closed,

        (
            Listen | SynSent | SynReceived | Established | FinWait1 | FinWait2 | CloseWait
            | Closing | LastAck | TimeWait,
            Step::End,
        ) => Closed,
        _ => return None,
    })
}

/// Whether both sequence numbers are agreed on (RFC 9293 §3.5.2).
pub(super) const fn is_synchronized(state: TcpState) -> bool {
    !matches!(
        state,
        TcpState::Closed | TcpState::Listen | TcpState::SynSent | TcpState::SynReceived
    )
}

/// Whether data and a FIN may be sent in this state, new or again.
pub(super) const fn may_send(state: TcpState) -> bool {
    matches!(
        state,
        TcpState::Established
            | TcpState::CloseWait
            | TcpState::FinWait1
            | TcpState::Closing
            | TcpState::LastAck
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(start: TcpState, steps: &[Step]) -> Vec<TcpState> {
        let mut state = start;
        let visit = |step: &Step| {
            state = next(state, *step).expect("a step of the diagram");
            state
        };
        steps.iter().map(visit).collect()
    }

    #[test]
    fn the_usual_ways_through_the_diagram() {
        use Step::*;
        use TcpState::{
            CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen,
            SynReceived, SynSent, TimeWait,
        };
        let active = [
            ActiveOpen,
            SynAckArrived,
            Close,
            OurFinAcked,
            FinArrived,
            TimeWaitOver,
        ];
        assert_eq!(
            walk(Closed, &active),
            [SynSent, Established, FinWait1, FinWait2, TimeWait, Closed]
        );
        let passive = [SynArrived, OurSynAcked, FinArrived, FinSent, OurFinAcked];
        assert_eq!(
            walk(Listen, &passive),
            [SynReceived, Established, CloseWait, LastAck, Closed]
        );
        let simultaneous = [SynArrived, OurSynAcked, Close, FinArrived, OurFinAcked];
        assert_eq!(
            walk(SynSent, &simultaneous),
            [SynReceived, Established, FinWait1, Closing, TimeWait]
        );
    }

    #[test]
    fn closed_is_the_end() {
        assert_eq!(next(TcpState::Closed, Step::End), None);
        assert_eq!(next(TcpState::Closed, Step::FinArrived), None);
    }
}
