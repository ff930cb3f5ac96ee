//! Taking a reduction back: nothing had been lost, only late.
//!
//! ```text
//!   before        cwnd 20 ------.            .------- 20
//!   recovery                    '-- 10 -- ! -'
//!                                         |
//!      each retransmission is reported as a duplicate (D-SACK, RFC 3708), or
//!      an ACK echoes a time before the first of them (Eifel, RFC 3522), or
//!      what was never resent arrives after a timeout (F-RTO, RFC 5682)
//! ```

use super::congestion::Congestion;
use super::rack::Echo;
use crate::time::Instant;
use crate::wire::{SeqNum, SeqRange};

/// What is needed to take a reduction back.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    /// SND.UNA when it was made.
    una: SeqNum,
    /// The congestion control before it.
    pub(super) before: Congestion,
    /// Bytes that went out again since and were not reported as duplicates.
    unexplained: u32,
    /// When the first of them went out.
    first_resent_at: Option<Instant>,
    /// Nothing that went out again before was still on its way then: else its
    /// echo could be taken for an original's.
    clear: bool,
}

impl Undo {
    pub(super) fn new(una: SeqNum, before: Congestion, clear: bool) -> Self {
        Self {
            clear,
            una,
            before,
            unexplained: 0,
            first_resent_at: None,
        }
    }

    /// A retransmission of `len` bytes goes out.
    pub(super) fn on_resent(&mut self, now: Instant, len: u32) {
        self.unexplained = self.unexplained.saturating_add(len);
        self.first_resent_at = self.first_resent_at.or(Some(now));
    }

    /// The peer has `range` twice (RFC 2883).
    pub(super) fn on_dsack(&mut self, range: SeqRange) {
        if range.end.after(self.una) {
            self.unexplained = self.unexplained.saturating_sub(range.len());
        }
    }

    /// RFC 3708 §2: every retransmission was needless.
    pub(super) fn is_all_needless(&self) -> bool {
        self.first_resent_at.is_some() && self.unexplained == 0
    }

    /// RFC 3522 §3.2: the ACK answers what went out before the first
    /// retransmission.
    pub(super) fn is_answer_to_original(&self, echo: Option<Echo>) -> bool {
        match (self.first_resent_at, echo) {
            (Some(resent_at), Some(echo)) => self.clear && echo.sent_at_ms < resent_at.as_millis(),
            _ => false,
        }
    }
}
