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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ConnId, FrameId};
    use crate::wire::tcp::{Flags, Options, Timestamps};

    /// The last timestamp of the connection that was.
    const LAST: u32 = 500;
    /// The number after its FIN.
    const END: u32 = 1_002;

    fn segment(flags: Flags, seq: u32, ack: SeqNum, timestamp: Option<u32>) -> Segment<'static> {
        let timestamps = timestamp.map(|value| Timestamps { value, echo: 0 });
        Segment {
            seq: SeqNum(seq),
            ack,
            flags,
            window: 1_000,
            urgent_pointer: 0,
            options: Options {
                timestamps,
                ..Options::NONE
            },
            payload: &[],
        }
    }

    /// What is left of a connection that we closed first.
    fn rested(policy: &Policy, timestamps: bool) -> TimeWait {
        let id = Identity {
            conn: ConnId(1),
            local: "10.0.0.1:80".parse().unwrap(),
            remote: "10.0.0.2:5000".parse().unwrap(),
            iss: SeqNum(70),
            timestamp_offset: 0,
            mtu: 1500,
            path_mtu: 1500,
        };
        let (now, frame) = (Instant::from_millis(1), FrameId::received(1));
        let stamp = |value| timestamps.then_some(value);
        let syn = segment(Flags::SYN, END - 2, SeqNum(0), stamp(LAST - 1));
        let mut connection = Connection::accept(now, id, policy, &syn, frame, &mut ()).unwrap();
        let hear = |connection: &mut Connection, segment: Segment<'_>| {
            connection.on_segment(now, &segment, frame, &mut ());
            while connection.poll_transmit(now, frame, &mut ()).is_some() {}
        };
        while connection.poll_transmit(now, frame, &mut ()).is_some() {}
        hear(
            &mut connection,
            segment(Flags::ACK, END - 1, SeqNum(71), stamp(LAST - 1)),
        );
        connection.shutdown(now, &mut ());
        assert!(TimeWait::of(&connection).is_none());
        while connection.poll_transmit(now, frame, &mut ()).is_some() {}
        let fin = segment(Flags::FIN | Flags::ACK, END - 1, SeqNum(72), stamp(LAST));
        connection.on_segment(now, &fin, frame, &mut ());
        assert!(TimeWait::of(&connection).is_none(), "its ACK is due");
        while connection.poll_transmit(now, frame, &mut ()).is_some() {}
        TimeWait::of(&connection).expect("it rests")
    }

    #[test]
    fn a_syn_opens_the_next_connection_as_rfc_6191_says() {
        let policy = Policy::rfc();
        let mut silent = Policy::rfc();
        silent.offer.timestamps = false;
        let (with, without) = (rested(&policy, true), rested(&policy, false));
        let opens = |record: &TimeWait, seq, timestamp| {
            let syn = segment(Flags::SYN, seq, SeqNum(0), timestamp);
            record.yields_to(&syn).is_some()
        };
        let (old, new) = (END - 100, END + 1);
        // Both have timestamps: they decide, and the number only if they are equal.
        assert!(opens(&with, old, Some(LAST + 1)));
        assert!(opens(&with, new, Some(LAST)));
        assert!(!opens(&with, old, Some(LAST)));
        assert!(!opens(&with, END, Some(LAST)));
        assert!(!opens(&with, new, Some(LAST - 1)));
        // Only the old one had, or neither: the number decides.
        assert!(opens(&with, new, None) && !opens(&with, old, None));
        assert!(opens(&without, new, None) && !opens(&without, old, None));
        // Only the new one would: whoever sends it has just begun to.
        assert!(opens(&without, old, Some(1)));
        // What we would not agree on counts for nothing.
        let silent = rested(&silent, true);
        assert!(!opens(&silent, old, Some(LAST + 1)) && opens(&silent, new, Some(1)));
        // The new numbers begin beyond all old ones.
        let syn = segment(Flags::SYN, new, SeqNum(0), None);
        assert_eq!(without.yields_to(&syn), Some(SeqNum(72 + NEXT_ISS)));
    }

    #[test]
    fn what_is_put_together_again_is_what_it_was() {
        let policy = Policy::rfc();
        let record = rested(&policy, true);
        let again = TimeWait::of(&record.revive()).expect("it still rests");
        assert_eq!(format!("{again:?}"), format!("{record:?}"));
        assert_eq!(
            again.over_at(),
            Instant::from_millis(1) + policy.timing.msl * 2
        );
    }

    #[test]
    fn what_is_put_together_again_ends_without_a_word() {
        let record = rested(&Policy::rfc(), true);
        let mut again = record.revive();
        again.on_timeout(record.over_at(), &mut ());
        assert!(again.is_finished() && again.poll_event().is_none());
    }
}
