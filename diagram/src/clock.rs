//! Two clocks: the stack's (the page's worker) and that of whoever stamps frames
//! (the bridge, the kernel).
//!
//! A frame that was sent is stamped after the stack handed it out, one that was
//! received before the stack was told. So with `offset = bridge - worker`:
//!
//! ```text
//!   received:  bridge - worker <= offset        (the frame waited on its way in)
//!   sent:      bridge - worker >= offset        (the frame waited on its way out)
//!
//!        greatest of the received ├──── offset ────┤ least of the sent
//! ```
//!
//! The middle of what is left is taken; zero if zero is possible, for then there
//! was only one clock all along. Clocks drift, so bounds are kept for spans of
//! time, and the span at hand is asked.

use synema_core::time::Instant;

/// Bounds are gathered anew after this much time on the stack's clock.
const SPAN_NS: u64 = 10_000_000_000;

/// Maps the stack's clock to the frames'.
#[derive(Clone, Debug, Default)]
pub struct ClockMap {
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    /// On the stack's clock.
    begin_ns: u64,
    at_least_ns: Option<i128>,
    at_most_ns: Option<i128>,
}

impl Span {
    fn offset(&self) -> Option<i128> {
        match (self.at_least_ns, self.at_most_ns) {
            (None, None) => None,
            (Some(bound), None) | (None, Some(bound)) => Some(bound),
            (Some(low), Some(high)) if low <= 0 && 0 <= high => Some(0),
            (Some(low), Some(high)) => Some(low + (high - low) / 2),
        }
    }
}

impl ClockMap {
    /// A frame that the stack handed out at `stack` was stamped `frame`.
    pub fn sent(&mut self, stack: Instant, frame: Instant) {
        let bound = difference(frame, stack);
        let span = self.span(stack);
        span.at_most_ns = Some(span.at_most_ns.map_or(bound, |old| old.min(bound)));
    }

    /// A frame stamped `frame` reached the stack at `stack`.
    pub fn received(&mut self, stack: Instant, frame: Instant) {
        let bound = difference(frame, stack);
        let span = self.span(stack);
        span.at_least_ns = Some(span.at_least_ns.map_or(bound, |old| old.max(bound)));
    }

    /// A time of the stack's clock on the frames' clock. Without any frame that
    /// both know, the clocks are taken for the same.
    pub fn to_frames(&self, stack: Instant) -> Instant {
        let ns = stack.as_nanos();
        let at = self.spans.partition_point(|span| span.begin_ns <= ns);
        let (before, after) = self.spans.split_at(at);
        let offset = before
            .iter()
            .rev()
            .find_map(Span::offset)
            .or_else(|| after.iter().find_map(Span::offset))
            .unwrap_or(0);
        let mapped = (i128::from(ns) + offset).clamp(0, i128::from(u64::MAX));
        Instant::from_nanos(u64::try_from(mapped).unwrap_or(u64::MAX))
    }

    fn span(&mut self, stack: Instant) -> &mut Span {
        let ns = stack.as_nanos();
        let stale = self
            .spans
            .last()
            .is_none_or(|span| ns.saturating_sub(span.begin_ns) >= SPAN_NS);
        if stale {
            self.spans.push(Span {
                begin_ns: ns,
                at_least_ns: None,
                at_most_ns: None,
            });
        }
        self.spans
            .last_mut()
            .expect("one was pushed if there was none")
    }
}

fn difference(frame: Instant, stack: Instant) -> i128 {
    i128::from(frame.as_nanos()) - i128::from(stack.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Instant {
        Instant::from_micros(us)
    }

    #[test]
    fn the_offset_lies_between_what_both_ways_allow_and_slow_frames_do_not_move_it() {
        let mut map = ClockMap::default();
        // The bridge is 1 s ahead; frames take 100 us, some of them 50 ms.
        for (stack, delay) in [(0u64, 100), (1_000, 50_000), (60_000, 100), (70_000, 400)] {
            map.sent(us(stack), us(stack + 1_000_000 + delay));
            map.received(us(stack + delay), us(stack + 1_000_000));
        }
        assert_eq!(map.to_frames(us(5_000)), us(1_005_000));
    }

    #[test]
    fn one_clock_stays_one_clock() {
        let mut map = ClockMap::default();
        map.sent(us(10), us(13));
        map.received(us(40), us(20));
        assert_eq!(map.to_frames(us(99)), us(99));
        assert_eq!(ClockMap::default().to_frames(us(7)), us(7));
    }

    #[test]
    fn drift_is_followed() {
        let mut map = ClockMap::default();
        for second in 0..100u64 {
            let stack = second * 1_000_000;
            // 100 us a second apart.
            let bridge = stack + 5_000_000 + second * 100;
            map.sent(us(stack), us(bridge + 50));
            map.received(us(stack + 50), us(bridge));
        }
        let mapped = map.to_frames(us(99_000_000)).as_micros();
        assert!(mapped.abs_diff(104_009_900) <= 1_000, "{mapped}");
    }
}
