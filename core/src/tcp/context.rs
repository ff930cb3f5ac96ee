//! What every step carries along: the time, what set it off, and who watches.

use crate::time::Instant;
use crate::trace::{ConnId, DropReason, Event, Observer, Trigger};

/// The circumstances of one step.
#[derive(Debug)]
pub(super) struct Context<'a, O> {
    /// Now.
    pub(super) now: Instant,
    /// On behalf of which connection.
    pub(super) conn: ConnId,
    /// What set it off.
    pub(super) by: Trigger,
    /// Who watches.
    pub(super) observer: &'a mut O,
}

impl<O: Observer> Context<'_, O> {
    /// Tells the trace.
    #[inline]
    pub(super) fn emit(&mut self, event: &Event) {
        self.observer.observe(self.now, event);
    }

    /// The frame that set this off goes no further.
    pub(super) fn dropped(&mut self, reason: DropReason) {
        if let Trigger::Frame(frame) | Trigger::Icmp(frame) = self.by {
            let conn = Some(self.conn);
            self.emit(&Event::Dropped {
                frame,
                conn,
                reason,
            });
        }
    }
}
