//! Which connection wants to be woken next.
//!
//! An ordered set: the next deadline is its first element, and a deadline that
//! moves costs O(log n), however many connections there are.

use crate::time::Instant;
use crate::trace::ConnId;
use std::collections::BTreeSet;

/// Deadlines, the earliest first; among equals the oldest connection.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Instant, ConnId)>);

impl Deadlines {
    /// Moves a connection's deadline from `old` to `new`; [`Instant::FAR_FUTURE`]
    /// means that it has none.
    pub(super) fn set(&mut self, conn: ConnId, old: Instant, new: Instant) {
        if old == new {
            return;
        }
        if old != Instant::FAR_FUTURE {
            self.0.remove(&(old, conn));
        }
        if new != Instant::FAR_FUTURE {
            self.0.insert((new, conn));
        }
    }

    /// The next deadline, and whose it is.
    pub(super) fn first(&self) -> Option<(Instant, ConnId)> {
        self.0.first().copied()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_what_has_no_deadline_is_not_there() {
        let mut deadlines = Deadlines::default();
        let (never, soon, late) = (
            Instant::FAR_FUTURE,
            Instant::from_millis(1),
            Instant::from_millis(2),
        );
        deadlines.set(ConnId(1), never, late);
        deadlines.set(ConnId(2), never, late);
        deadlines.set(ConnId(3), never, soon);
        assert_eq!(deadlines.first(), Some((soon, ConnId(3))));
        deadlines.set(ConnId(3), soon, never);
        assert_eq!(deadlines.first(), Some((late, ConnId(1))));
        assert_eq!(deadlines.len(), 2);
    }
}
