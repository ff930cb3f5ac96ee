//! What is left of a connection in TIME-WAIT: its numbers, and no buffers.
//!
//! ```text
//!   Connection, TIME-WAIT, nothing left to send or to tell
//!        |  TimeWait::of           ^  revive, for a segment or the timer
//!        v                         |
//!   TimeWait, a tenth of its size -'
//!        |
//!        '-- a new SYN that cannot be an old one (RFC 6191): the next connection
//! ```
//!
//! A server that closes first leaves thousands of them behind. The rules of
//! TIME-WAIT are the connection's own: a record is put together again for what
//! still comes, which is rare.

use super::connection::{Connection, Identity};
use super::options::Agreed;
use super::policy::Policy;
use super::receiver::Remains;
use super::reset::ChallengeLimit;
use super::segment::Segment;
use super::sender::Fin;
use super::window::WindowSize;
use crate::time::Instant;
use crate::trace::{TcpState, TimerKind};
use crate::wire::SeqNum;
use std::sync::Arc;

/// How far a new connection's numbers begin beyond the old one's: more than any
/// old segment without window scaling can reach (as Linux has it).
const NEXT_ISS: u32 = 65_537;

/// A connection in TIME-WAIT, made small.
#[derive(Debug)]
pub struct TimeWait {
    id: Identity,
    policy: Arc<Policy>,
    over_at: Instant,
    snd_nxt: SeqNum,
    snd_wnd: WindowSize,
    max_snd_wnd: WindowSize,
    rcv: Remains,
    agreed: Agreed,
    challenges: ChallengeLimit,
}

impl TimeWait {
    /// What is to be kept of `connection`; `None` if it is not in TIME-WAIT, or
    /// has still something to send.
    pub fn of(connection: &Connection) -> Option<Self> {
        let over_at = connection.timers.only(TimerKind::TimeWait)?;
        let is_quiet = connection.state == TcpState::TimeWait
            && connection.reset_due.is_none()
            && !connection.rcv.has_ack_to_send();
        is_quiet.then(|| Self {
            id: connection.id,
            policy: Arc::clone(&connection.policy),
            over_at,
            snd_nxt: connection.snd.snd_nxt,
            snd_wnd: connection.snd.snd_wnd,
            max_snd_wnd: connection.snd.max_snd_wnd,
            rcv: connection.rcv.remains(),
            agreed: connection.agreed,
            challenges: connection.challenges.clone(),
        })
    }

    /// The whole connection again. Its end was told before.
    pub fn revive(&self) -> Connection {
        let mut connection = Connection::new(self.over_at, self.id, Arc::clone(&self.policy), true);
        connection.state = TcpState::TimeWait;
        connection.agreed = self.agreed;
        connection.challenges = self.challenges.clone();
        connection.timers.restore(TimerKind::TimeWait, self.over_at);
        connection.pending.suppress_closed();
        connection.rcv.revive(&self.rcv);
        let snd = &mut connection.snd;
        (snd.snd_una, snd.snd_nxt) = (self.snd_nxt, self.snd_nxt);
        (snd.snd_wnd, snd.max_snd_wnd) = (self.snd_wnd, self.max_snd_wnd);
        snd.fin = Fin::Acked;
        connection
    }

    /// What the connection was told at birth.
    pub fn identity(&self) -> &Identity {
        &self.id
    }

    /// When 2 MSL are over.
    pub fn over_at(&self) -> Instant {
        self.over_at
    }

    /// Whether `syn` may open the next connection between the same ends before
    /// 2 MSL are over (RFC 9293 §3.6.1 MAY-2, RFC 6191 §2): it must not be an old
    /// one that was long on its way. If so, the new connection's numbers have to
    /// begin here or later.
    pub fn yields_to(&self, syn: &Segment<'_>) -> Option<SeqNum> {
        let later_number = syn.seq.after(self.rcv.rcv_nxt);
        let recent = self.rcv.ts_recent.map(|(value, _)| SeqNum(value));
        let offered = syn.options.timestamps.map(|ts| SeqNum(ts.value));
        let would_agree = offered.filter(|_| self.policy.offer.timestamps);
        let is_new = match (recent, would_agree) {
            (Some(recent), Some(offered)) => {
                offered.after(recent) || (offered == recent && later_number)
            }
            (None, Some(_)) => true,
            (_, None) => later_number,
        };
        is_new.then_some(self.snd_nxt + NEXT_ISS)
    }
}
