//! What is taken for lost, and when: by time, by a timeout, for its size.

use super::{RetransmitQueue, Sent};
use crate::time::{Duration, Instant};
use crate::trace::Cause;
use crate::wire::SeqNum;

/// What loss detection by time found (RFC 8985 §6.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) struct Judged {
    /// Bytes newly taken for lost.
    pub(in crate::tcp) lost_len: u32,
    /// A retransmission was among them.
    pub(in crate::tcp) lost_again: bool,
    /// When the next is due to be judged.
    pub(in crate::tcp) next_at: Option<Instant>,
}

impl RetransmitQueue {
    /// The first outstanding segment is lost, unless SACK told of it.
    pub(in crate::tcp) fn mark_head_lost(&mut self, cause: Cause) -> bool {
        !self.queue.is_empty() && self.mark_lost_at(0, cause)
    }

    /// RFC 8985 §6.2, step 5: what went out before the transmission `latest`, which
    /// has arrived, and `patience` or more ago, is lost.
    pub(in crate::tcp) fn mark_lost_by_time(
        &mut self,
        now: Instant,
        latest: u64,
        patience: Duration,
        cause: Cause,
    ) -> Judged {
        let mut found = Judged::default();
        let mut at = self.judged.map_or(0, |judged| self.index_of(judged));
        while let Some(sent) = self.queue.get(at).copied() {
            if sent.retransmissions == 0 && sent.is_in_flight() {
                if sent.serial >= latest {
                    break;
                }
                let due = sent.sent_at + patience;
                if due > now {
                    found.next_at = Some(due);
                    break;
                }
                self.mark_lost_at(at, cause);
                found.lost_len += sent.range.len();
            }
            self.judged = Some(sent.range.end);
            at += 1;
        }
        self.judge_resends(now, latest, patience, cause, &mut found);
        found
    }

    fn judge_resends(
        &mut self,
        now: Instant,
        latest: u64,
        patience: Duration,
        cause: Cause,
        found: &mut Judged,
    ) {
        while let Some(resend) = self.resends.front().copied() {
            let mut at = self.index_of(resend.range.start);
            while let Some(sent) = self.queue.get(at).copied()
                && sent.range.start.before(resend.range.end)
            {
                if sent.serial == resend.serial && sent.is_in_flight() {
                    if sent.serial >= latest {
                        return;
                    }
                    let due = sent.sent_at + patience;
                    if due > now {
                        found.next_at = Some(found.next_at.map_or(due, |next| next.min(due)));
                        return;
                    }
                    self.mark_lost_again(at, cause);
                    found.lost_len += sent.range.len();
                    found.lost_again = true;
                }
                at += 1;
            }
            self.resends.pop_front();
        }
    }

    /// RFC 6298 §5.4, RFC 8985 §6.3: after a timeout the first is lost, and of
    /// the others those that `is_due` says so of, whether resent or not.
    pub(in crate::tcp) fn mark_lost_by_timeout(&mut self, is_due: impl Fn(&Sent) -> bool) {
        // RFC 2018 §8: a receiver may renege. A first segment that it told of and
        // still does not acknowledge shows that it did: then SACK said nothing.
        let reneged = self.queue.front().is_some_and(|sent| sent.sacked);
        if reneged {
            for sent in &mut self.queue {
                sent.sacked = false;
            }
            (self.sacked_len, self.sacked_segments) = (0, 0);
            self.sacked_end = None;
            self.cache.forget();
        }
        let mut cause = Cause::RetransmissionTimeout;
        for at in 0..self.queue.len() {
            let sent = self.queue[at];
            if sent.sacked || !(at == 0 || reneged || is_due(&sent)) {
                continue;
            }
            self.unmark(at);
            self.mark_lost_at(at, cause);
            cause = Cause::Recovery;
        }
    }

    /// Nothing was lost after all: what is outstanding is in flight.
    pub(in crate::tcp) fn unmark_all_lost(&mut self) {
        for at in 0..self.queue.len() {
            self.unmark(at);
        }
        (self.lost_from, self.judged, self.sack_judged) = (None, None, None);
    }

    /// What is larger than the path takes is lost (RFC 1191 §6.5).
    pub(in crate::tcp) fn mark_larger_lost(&mut self, payload_len: u32) {
        for at in 0..self.queue.len() {
            let sent = self.queue[at];
            if sent.range.len() <= payload_len {
                continue;
            }
            // A retransmission that was already smaller may still be too large.
            if sent.resent {
                self.mark_lost_again(at, Cause::PathMtu);
            } else {
                self.mark_lost_at(at, Cause::PathMtu);
            }
        }
    }

    pub(in crate::tcp) fn mark_lost_at(&mut self, at: usize, cause: Cause) -> bool {
        let sent = &mut self.queue[at];
        if sent.sacked || sent.lost.is_some() {
            return false;
        }
        sent.lost = Some(cause);
        let range = sent.range;
        self.lost_len += range.len();
        self.note_lost_from(range.start);
        true
    }

    /// A retransmission was lost in its turn.
    fn mark_lost_again(&mut self, at: usize, cause: Cause) {
        if self.mark_lost_at(at, cause) {
            return;
        }
        let sent = &mut self.queue[at];
        sent.lost = Some(cause);
        sent.resent = false;
        let range = sent.range;
        self.resent_len -= range.len();
        self.note_lost_from(range.start);
    }

    fn note_lost_from(&mut self, start: SeqNum) {
        self.lost_from = Some(self.lost_from.map_or(start, |from| from.earlier(start)));
    }

    /// Takes the stretch for in flight.
    fn unmark(&mut self, at: usize) {
        let sent = &mut self.queue[at];
        let len = sent.range.len();
        self.lost_len -= if sent.lost.take().is_some() { len } else { 0 };
        self.resent_len -= if core::mem::take(&mut sent.resent) {
            len
        } else {
            0
        };
    }
}
