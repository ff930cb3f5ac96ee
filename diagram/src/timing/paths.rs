//! Order on a path: estimated arrivals do not overtake one another.
//!
//! A path leads from one host to another. Who departs later on it arrives later,
//! unless more is known; and an estimate lies between what is known of its packet:
//!
//! ```text
//!  page              server
//!   X ├──────┐  ┌──────┤ sent without knowing of X
//!     │      └──┼─────►│ X arrives: below that one ...
//!     │         │  ┌───┤ ... and above its own answer
//!     ◄─────────┘  │   │
//!     ◄────────────┘   │
//! ```
//!
//! Arrivals that are known (at the vantage point, or by a simulator that knows both
//! ends' times) stand in no line: they stay as they were, overtaking and all.

use super::Times;
use crate::analysis::HostId;
use std::collections::BTreeMap;

const NONE: u32 = u32::MAX;
/// With more packets than this behind it, the far end of an arrow is not drawn at its
/// time anyway: what it is known to be below is let go.
const MAX_RAISED: usize = 64;

/// A packet's place in its line.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Who departed before and after it on its path.
    before: u32,
    after: u32,
    not_before_ns: u64,
    not_after_ns: u64,
    /// Whether its arrival is estimated, so that it stands in its path's line.
    in_line: bool,
    sent_again: bool,
}

/// The lines of all paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    places: Vec<Place>,
    /// Who departed last on each path.
    lines: BTreeMap<(HostId, HostId), u32>,
    moved: Vec<u32>,
}

impl Paths {
    /// The next packet; `path` where its arrival is estimated.
    pub(super) fn push(&mut self, path: Option<(HostId, HostId)>, times: &mut [Times]) {
        let index = u32::try_from(self.places.len()).unwrap_or(NONE);
        let mut place = Place {
            before: NONE,
            after: NONE,
            not_before_ns: 0,
            not_after_ns: u64::MAX,
            in_line: path.is_some(),
            sent_again: false,
        };
        if let Some(path) = path {
            place.before = self.lines.insert(path, index).unwrap_or(NONE);
        }
        if let Some(before) = self.places.get_mut(place.before as usize) {
            before.after = index;
            let departed_ns = times[place.before as usize].departure_ns;
            let own = &mut times[index as usize];
            if !own.departure_known {
                own.departure_ns = own.departure_ns.max(departed_ns).min(own.arrival_ns);
            }
        }
        self.places.push(place);
    }

    /// This packet's data was sent again: which of the two was answered is not known.
    pub(super) fn was_sent_again(&mut self, index: usize) {
        if let Some(place) = self.places.get_mut(index) {
            place.sent_again = true;
        }
    }

    /// See [`Timing::bound`](super::Timing::bound). `unaware` is the packet that was
    /// sent without knowing of the question; it counts when the answer came within
    /// `near_ns`.
    pub(super) fn bound(
        &mut self,
        question: usize,
        answer: usize,
        unaware: Option<usize>,
        near_ns: u64,
        times: &mut [Times],
    ) {
        let (Some(place), Some(answer)) = (self.places.get(question), times.get(answer)) else {
            return;
        };
        if !place.in_line {
            return;
        }
        let not_after_ns = place.not_after_ns.min(answer.departure_ns);
        let is_near = !place.sent_again
            && answer
                .departure_ns
                .saturating_sub(times[question].departure_ns)
                <= near_ns;
        let not_before_ns = unaware
            .filter(|_| is_near)
            .and_then(|unaware| times.get(unaware))
            // One more, for of two events at one time the earlier packet's is first.
            .map(|unaware| unaware.departure_ns.saturating_add(1))
            .filter(|&ns| ns <= not_after_ns && self.raises_few(question, ns, times));
        self.places[question].not_after_ns = not_after_ns;
        if let Some(ns) = not_before_ns {
            let place = &mut self.places[question];
            place.not_before_ns = place.not_before_ns.max(ns);
        }
        self.settle(question, times);
    }

    /// Puts an arrival where its bounds and its neighbours on the path allow, and
    /// moves those that would overtake or be overtaken.
    pub(super) fn settle(&mut self, index: usize, times: &mut [Times]) {
        let place = self.places[index];
        let own = times[index];
        let mut at_ns = own
            .arrival_ns
            .max(place.not_before_ns)
            .min(place.not_after_ns)
            .max(own.departure_ns);
        for later in self.overtaking(index, at_ns, times) {
            let not_after_ns = self.places[later].not_after_ns;
            at_ns = at_ns.min(not_after_ns.max(times[later].departure_ns));
        }
        self.move_to(index, at_ns, times);
        let mut later = place.after;
        while later != NONE && times[later as usize].arrival_ns < at_ns {
            self.move_to(later as usize, at_ns, times);
            later = self.places[later as usize].after;
        }
        let mut earlier = place.before;
        while earlier != NONE && times[earlier as usize].arrival_ns > at_ns {
            self.move_to(earlier as usize, at_ns, times);
            earlier = self.places[earlier as usize].before;
        }
    }

    /// The packets whose times were moved since this was last asked.
    pub(super) fn take_moved(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.moved)
    }

    fn move_to(&mut self, index: usize, at_ns: u64, times: &mut [Times]) {
        let own = &mut times[index];
        let at_ns = at_ns.max(own.departure_ns);
        if own.arrival_ns != at_ns {
            own.arrival_ns = at_ns;
            self.moved.push(u32::try_from(index).unwrap_or(NONE));
        }
    }

    /// Those behind a packet that arrive before `at_ns`.
    fn overtaking<'a>(
        &'a self,
        index: usize,
        at_ns: u64,
        times: &'a [Times],
    ) -> impl Iterator<Item = usize> + 'a {
        let next = |index: usize| {
            let after = self.places[index].after;
            (after != NONE).then_some(after as usize)
        };
        core::iter::successors(next(index), move |&index| next(index))
            .take_while(move |&later| times[later].arrival_ns < at_ns)
    }

    fn raises_few(&self, index: usize, at_ns: u64, times: &[Times]) -> bool {
        self.overtaking(index, at_ns, times)
            .take(MAX_RAISED + 1)
            .count()
            <= MAX_RAISED
    }
}
