//! Which segments are taken for lost before the timer runs out: by time, by what
//! SACK tells, or by duplicate ACKs.

use super::policy::{Policy, Recovery};
use super::recovery::{Change, Phase};
use super::retransmit::{DUP_THRESH, Judged};
use super::sender::Sender;
use crate::time::Instant;
use crate::trace::Cause;

/// How losses are noticed before the timer runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detection {
    /// Not at all.
    Timer,
    /// RFC 5681, RFC 6582.
    DuplicateAcks,
    /// RFC 6675.
    Sack,
    /// RFC 8985.
    Rack,
}

impl Sender {
    /// How losses are noticed: what the policy wants, if the peer sends SACK.
    pub(super) fn detection(&self, policy: &Policy) -> Detection {
        match policy.recovery {
            Recovery::None | Recovery::TimeoutOnly => Detection::Timer,
            Recovery::Sack if self.sack_permitted => Detection::Sack,
            Recovery::Rack if self.sack_permitted => Detection::Rack,
            Recovery::NewReno | Recovery::Sack | Recovery::Rack => Detection::DuplicateAcks,
        }
    }

    /// Marks what is lost, now that an ACK has come.
    pub(super) fn find_losses(&mut self, change: &Change) -> Judged {
        match change.how {
            Detection::Timer => Judged::default(),
            Detection::Rack => self.judge_by_time(change.now),
            Detection::Sack => self.judge_by_sack(change),
            Detection::DuplicateAcks => self.judge_by_duplicates(),
        }
    }

    /// RFC 8985 §6.2, step 5.
    pub(super) fn judge_by_time(&mut self, now: Instant) -> Judged {
        self.rack.judge_at = None;
        let Some(latest) = self.rack.latest() else {
            return Judged::default();
        };
        let recovering = self.phase != Phase::Open;
        let sacked = self.queue.sacked_segments();
        let patience = self.rack.patience(recovering, sacked, &self.rtt);
        let cause = if recovering {
            Cause::Recovery
        } else if sacked >= DUP_THRESH && self.rack.overtaken == 0 {
            Cause::FastRetransmit
        } else {
            Cause::Rack
        };
        let judged = self.queue.mark_lost_by_time(now, latest, patience, cause);
        self.rack.judge_at = judged.next_at;
        judged
    }

    fn judge_by_sack(&mut self, change: &Change) -> Judged {
        let mut lost_len = 0;
        let recovering = self.phase == Phase::FastRecovery;
        // RFC 6582 §3.2 (3), partial acknowledgment: the next hole.
        if recovering && change.progress && self.queue.sacked_len() > 0 {
            let len = self.queue.head().map_or(0, |head| head.range.len());
            if self.queue.mark_head_lost(Cause::Recovery) {
                self.force_retransmission = true;
                lost_len += len;
            }
        }
        let cause = match self.phase {
            Phase::Open => Cause::FastRetransmit,
            Phase::FastRecovery | Phase::AfterTimeout => Cause::Recovery,
        };
        lost_len += self.queue.mark_lost_by_sack(self.mss(), cause);
        Judged {
            lost_len,
            ..Judged::default()
        }
    }

    fn judge_by_duplicates(&mut self) -> Judged {
        let cause = match self.phase {
            // RFC 6582 §3.2 (2), §4: duplicates that a go-back-N after a timeout
            // has caused are not a loss.
            Phase::Open if self.snd_una.at_or_before(self.recover) => return Judged::default(),
            Phase::Open if self.dup_acks >= DUP_THRESH => Cause::FastRetransmit,
            // RFC 6582 §3.2 (3), partial acknowledgment.
            Phase::FastRecovery => Cause::Recovery,
            _ => return Judged::default(),
        };
        let len = self.queue.head().map_or(0, |head| head.range.len());
        let found = self.queue.mark_head_lost(cause);
        self.force_retransmission |= found;
        Judged {
            lost_len: if found { len } else { 0 },
            ..Judged::default()
        }
    }
}
