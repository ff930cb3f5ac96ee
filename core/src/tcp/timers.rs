//! One table of deadlines.

use super::context::Context;
use crate::time::Instant;
use crate::trace::{Event, Observer, TimerKind};

/// How many kinds of timers there are.
const KINDS: usize = 11;

/// Which kinds there are, in the order of the table.
const ALL: [TimerKind; KINDS] = [
    TimerKind::Retransmission,
    TimerKind::Persist,
    TimerKind::DelayedAck,
    TimerKind::KeepAlive,
    TimerKind::TimeWait,
    TimerKind::FinWait2,
    TimerKind::User,
    TimerKind::TailLossProbe,
    TimerKind::Reordering,
    TimerKind::Pacing,
    TimerKind::Thinking,
];

/// The deadlines of one connection.
#[derive(Clone, Debug)]
pub(super) struct Timers {
    /// [`Instant::FAR_FUTURE`] for a timer that does not run.
    deadlines: [Instant; KINDS],
}

impl Timers {
    /// No timer runs.
    pub(super) fn new() -> Self {
        Self {
            deadlines: [Instant::FAR_FUTURE; KINDS],
        }
    }

    /// Sets a timer, or sets it anew.
    #[inline]
    pub(super) fn arm<O: Observer>(
        &mut self,
        timer: TimerKind,
        deadline: Instant,
        cx: &mut Context<'_, O>,
    ) {
        let slot = &mut self.deadlines[timer as usize];
        if *slot != deadline {
            *slot = deadline;
            let conn = cx.conn;
            cx.emit(&Event::TimerArmed {
                conn,
                timer,
                deadline,
            });
        }
    }

    /// Stops a timer if it runs.
    #[inline]
    pub(super) fn stop<O: Observer>(&mut self, timer: TimerKind, cx: &mut Context<'_, O>) {
        if self.is_armed(timer) {
            self.deadlines[timer as usize] = Instant::FAR_FUTURE;
            let conn = cx.conn;
            cx.emit(&Event::TimerStopped { conn, timer });
        }
    }

    /// Stops all.
    pub(super) fn stop_all<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        for timer in ALL {
            self.stop(timer, cx);
        }
    }

    /// Whether the timer runs.
    #[inline]
    pub(super) fn is_armed(&self, timer: TimerKind) -> bool {
        self.deadlines[timer as usize] != Instant::FAR_FUTURE
    }

    /// Whether the timer has run out at `now`, and has not been taken.
    pub(super) fn is_due(&self, timer: TimerKind, now: Instant) -> bool {
        self.deadlines[timer as usize] <= now
    }

    /// When `timer` runs out, if it runs and no other does.
    pub(super) fn only(&self, timer: TimerKind) -> Option<Instant> {
        let others = |other: &TimerKind| *other != timer && self.is_armed(*other);
        let alone = self.is_armed(timer) && !ALL.iter().any(others);
        alone.then(|| self.deadlines[timer as usize])
    }

    /// A timer runs as it did before: nobody need be told.
    pub(super) fn restore(&mut self, timer: TimerKind, deadline: Instant) {
        self.deadlines[timer as usize] = deadline;
    }

    /// The next deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        let next = self.deadlines.iter().copied();
        let next = next.fold(Instant::FAR_FUTURE, Instant::min);
        (next != Instant::FAR_FUTURE).then_some(next)
    }

    /// Takes the earliest timer that is due, the first in the table among equals.
    pub(super) fn take_due<O: Observer>(&mut self, cx: &mut Context<'_, O>) -> Option<TimerKind> {
        let timer = ALL
            .into_iter()
            .min_by_key(|timer| self.deadlines[*timer as usize])?;
        let slot = &mut self.deadlines[timer as usize];
        if *slot == Instant::FAR_FUTURE || *slot > cx.now {
            return None;
        }
        *slot = Instant::FAR_FUTURE;
        let conn = cx.conn;
        cx.emit(&Event::TimerFired { conn, timer });
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ConnId, Trigger};

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, timer) in ALL.into_iter().enumerate() {
            assert_eq!(timer as usize, index);
        }
    }

    #[test]
    fn due_timers_are_taken_in_time_order() {
        let mut trace = Vec::new();
        let mut cx = Context {
            now: Instant::from_millis(5),
            conn: ConnId(1),
            by: Trigger::Application,
            observer: &mut trace,
        };
        let mut timers = Timers::new();
        timers.arm(TimerKind::Retransmission, Instant::from_millis(4), &mut cx);
        timers.arm(TimerKind::DelayedAck, Instant::from_millis(3), &mut cx);
        timers.arm(TimerKind::Persist, Instant::from_millis(6), &mut cx);
        assert_eq!(timers.next(), Some(Instant::from_millis(3)));
        assert_eq!(timers.take_due(&mut cx), Some(TimerKind::DelayedAck));
        assert_eq!(timers.take_due(&mut cx), Some(TimerKind::Retransmission));
        assert_eq!(timers.take_due(&mut cx), None);
        assert_eq!(timers.next(), Some(Instant::from_millis(6)));
    }

    #[test]
    fn a_timer_is_the_only_one_if_it_runs_and_no_other_does() {
        let mut cx = Context {
            now: Instant::ZERO,
            conn: ConnId(1),
            by: Trigger::Application,
            observer: &mut (),
        };
        let (mut timers, at) = (Timers::new(), Instant::from_millis(5));
        assert_eq!(timers.only(TimerKind::TimeWait), None);
        timers.arm(TimerKind::TimeWait, at, &mut cx);
        assert_eq!(timers.only(TimerKind::TimeWait), Some(at));
        assert_eq!(timers.only(TimerKind::User), None);
        timers.arm(TimerKind::User, at, &mut cx);
        assert_eq!(timers.only(TimerKind::TimeWait), None);
        let (before, then) = (Instant::from_millis(4), at);
        assert!(!timers.is_due(TimerKind::User, before) && timers.is_due(TimerKind::User, then));
        assert!(!timers.is_due(TimerKind::Persist, then));
    }
}
