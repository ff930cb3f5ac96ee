//! Time to height: a piecewise linear, monotone warp.
//!
//! Every departure and every arrival is an event with a height of its own.
//! Between one event and the next the height grows with the time that passed, but
//! never by less than keeps the two apart, and never by more than a silence is
//! worth:
//!
//! ```text
//!  height grows
//!      ▲             ┌──────── longer: a cut, CUT_HEIGHT
//!      │           ╱ │
//!      │        ╱    time * scale
//!      │─────╱  at least what keeps two events (two labels) apart
//!      └──────────────────────► time between two events
//! ```
//!
//! Heights are prefix sums: appending costs nothing for what is there, an event
//! that turns out to lie a little in the past costs what follows it.

mod reach;

use crate::view::Axis;
use core::ops::Range;
use std::collections::BTreeSet;

/// The first event's height.
pub(super) const TOP: f64 = 26.0;
/// What follows the last event.
pub(super) const BOTTOM: f64 = 48.0;
/// The height of a silence that was cut out.
pub(super) const CUT_HEIGHT: f64 = 58.0;
/// A row of [`Axis::Rows`], and how far an arrow falls in it.
const ROW: f64 = 26.0;
const ROW_FALL: f64 = 12.0;
/// Linear growth ends here: longer silences are cut.
const MAX_LINEAR: f64 = 170.0;
/// Two events at all.
const APART: f64 = 8.5;
/// Departure and arrival of the same packet: a slope that can be seen.
const FALL: f64 = 10.0;
/// A round trip, on a linear stretch.
const ROUND_TRIP: f64 = 84.0;
/// More packets than this between an arrow's two ends, as the vantage point saw
/// them, and no screen would show both.
const MAX_BETWEEN: usize = 28;
/// How far an arrow falls whose far end is not drawn at its time.
const DETACHED_FALL: f64 = 190.0;
/// Bounds of the scale, pixels for a millisecond.
const SCALE: (f64, f64) = (0.02, 12.0);
const DEFAULT_SCALE: f64 = 3.0;

/// Something that is drawn as an arrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Item {
    /// The packet's index.
    pub(super) packet: u32,
    pub(super) departure_ns: u64,
    /// None: it has no arrival of its own (broadcast, lost, refused).
    pub(super) arrival_ns: Option<u64>,
    pub(super) sender: u32,
    /// When the vantage point saw it, and whether that was nearer to its departure.
    /// Items come in this order.
    pub(super) near_ns: u64,
    pub(super) near_departs: bool,
    /// So much happened while it was on its way that its far end is not drawn at
    /// its time: that end has no event. Decided here.
    pub(super) detached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at_ns: u64,
    item: u32,
    arrival: bool,
}

/// The heights of all events.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    axis: Axis,
    /// Pixels for a millisecond.
    scale: f64,
    row_height: f64,
    items: Vec<Item>,
    events: Vec<Event>,
    heights: Vec<f64>,
    /// Heights from here on are to be reckoned.
    dirty: usize,
    /// Items whose arrival may still turn out to be too far away.
    pending: BTreeSet<u32>,
}

impl Warp {
    pub(super) fn new(axis: Axis, round_trip_ns: Option<u64>, row_height: f64) -> Self {
        Self {
            axis,
            scale: scale(round_trip_ns),
            row_height,
            items: Vec::new(),
            events: Vec::new(),
            heights: Vec::new(),
            dirty: 0,
            pending: BTreeSet::new(),
        }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// The scale is chosen anew: all heights change.
    pub(super) fn set_round_trip(&mut self, round_trip_ns: Option<u64>) {
        let scale = scale(round_trip_ns);
        if (scale - self.scale).abs() > f64::EPSILON * scale {
            self.scale = scale;
            self.dirty = 0;
        }
    }

    /// Adds many; they are sorted once.
    pub(super) fn extend(&mut self, items: impl IntoIterator<Item = Item>) {
        let first = self.items.len();
        for mut item in items {
            item.near_ns = item
                .near_ns
                .max(self.items.last().map_or(0, |last| last.near_ns));
            self.items.push(item);
        }
        for index in first..self.items.len() {
            let item = &mut self.items[index];
            if item.near_departs && item.arrival_ns.is_some_and(|at| at > item.near_ns) {
                self.pending
                    .insert(u32::try_from(index).unwrap_or(u32::MAX));
            }
            self.items[index].detached = self.is_detached(index);
            let events = events_of(index, &self.items[index]);
            self.events.extend(events.into_iter().flatten());
        }
        self.events.sort_unstable();
        self.dirty = 0;
        self.review();
    }

    /// Adds one, mostly at the end.
    pub(super) fn push(&mut self, mut item: Item) {
        item.near_ns = item
            .near_ns
            .max(self.items.last().map_or(0, |last| last.near_ns));
        let index = self.items.len();
        self.items.push(item);
        if item.near_departs {
            self.pending
                .insert(u32::try_from(index).unwrap_or(u32::MAX));
        }
        self.items[index].detached = self.is_detached(index);
        for event in events_of(index, &self.items[index]).into_iter().flatten() {
            self.insert(event);
        }
        self.review();
    }

    /// Arrivals that lie too many packets away lose their event.
    fn review(&mut self) {
        let now_ns = self.items.last().map_or(0, |last| last.near_ns);
        while let Some(&front) = self.pending.first() {
            let index = front as usize;
            let arrived = self.items[index].arrival_ns.is_none_or(|at| at <= now_ns);
            if !arrived && self.items.len() - index <= MAX_BETWEEN + 1 {
                break;
            }
            self.pending.pop_first();
            if self.is_detached(index) && !self.items[index].detached {
                let item = Item {
                    detached: true,
                    ..self.items[index]
                };
                self.replace(index, item);
            }
        }
    }

    fn is_detached(&self, index: usize) -> bool {
        let item = &self.items[index];
        let Some(arrival_ns) = item.arrival_ns else {
            return false;
        };
        // Items are in the order of `near_ns`: one of them tells whether there are so many.
        if item.near_departs {
            let later = self.items.get(index + 1 + MAX_BETWEEN);
            later.is_some_and(|later| later.near_ns < arrival_ns)
        } else {
            let earlier = index.checked_sub(1 + MAX_BETWEEN);
            earlier.is_some_and(|at| self.items[at].near_ns > item.departure_ns)
        }
    }

    /// Times of an item were estimated anew.
    pub(super) fn change(&mut self, index: usize, item: Item) {
        let old = self.items[index];
        let item = Item {
            near_ns: old.near_ns,
            detached: old.detached,
            ..item
        };
        if old == item {
            return;
        }
        self.replace(index, item);
        let detached = self.is_detached(index);
        self.replace(index, Item { detached, ..item });
        if item.near_departs {
            self.pending
                .insert(u32::try_from(index).unwrap_or(u32::MAX));
            self.review();
        }
    }

    fn replace(&mut self, index: usize, item: Item) {
        for event in events_of(index, &self.items[index]).into_iter().flatten() {
            if let Ok(at) = self.events.binary_search(&event) {
                self.events.remove(at);
                self.dirty = self.dirty.min(at);
            }
        }
        self.items[index] = item;
        for event in events_of(index, &item).into_iter().flatten() {
            self.insert(event);
        }
    }

    fn insert(&mut self, event: Event) {
        let at = self.events.partition_point(|other| *other < event);
        self.events.insert(at, event);
        self.dirty = self.dirty.min(at);
    }

    /// Reckons what is to be reckoned; gives the height from which on things may
    /// have moved.
    pub(super) fn settle(&mut self) -> f64 {
        let from = self.dirty.min(self.heights.len());
        let first_moved = match from {
            0 => 0.0,
            _ => self.heights[from - 1],
        };
        if from >= self.events.len() && self.heights.len() == self.events.len() {
            return f64::INFINITY;
        }
        self.heights.truncate(from);
        self.heights.reserve(self.events.len() - from);
        for index in from..self.events.len() {
            let height = self.next_height(index);
            self.heights.push(height);
        }
        self.dirty = self.events.len();
        first_moved
    }

    fn next_height(&self, index: usize) -> f64 {
        let event = self.events[index];
        if index == 0 {
            return TOP;
        }
        match self.axis {
            Axis::Linear => TOP + self.linear(event.at_ns - self.events[0].at_ns),
            Axis::Gaps | Axis::Rows => self.heights[index - 1] + self.advance(index),
        }
    }

    fn linear(&self, ns: u64) -> f64 {
        ns as f64 / 1e6 * self.scale
    }

    /// How far event `index` lies below the one before it.
    fn advance(&self, index: usize) -> f64 {
        let (before, event) = (self.events[index - 1], self.events[index]);
        let linear = self.linear(event.at_ns - before.at_ns);
        if linear > MAX_LINEAR {
            return CUT_HEIGHT;
        }
        let same_packet = before.item == event.item;
        let mut advance = linear.max(if same_packet { FALL } else { APART });
        if !self.bears_label(event) {
            return advance;
        }
        // Two arrows of one host need room for a label between them.
        let sender = self.items[event.item as usize].sender;
        let above = self.heights[index - 1];
        for (earlier, height) in self.events[..index].iter().zip(&self.heights).rev() {
            if above + advance - height >= self.row_height {
                break;
            }
            if self.bears_label(*earlier) && self.items[earlier.item as usize].sender == sender {
                advance = advance.max(height + self.row_height - above);
                break;
            }
        }
        advance
    }

    /// A label stands near the departure, or near the only end that there is.
    fn bears_label(&self, event: Event) -> bool {
        !event.arrival || self.items[event.item as usize].detached
    }

    /// The height of all of it.
    pub(super) fn height(&self) -> f64 {
        let last = match self.axis {
            Axis::Rows => TOP + self.items.len() as f64 * ROW,
            Axis::Gaps | Axis::Linear => self.heights.last().copied().unwrap_or(TOP),
        };
        last + BOTTOM
    }

    /// Heights of departure and arrival; the same where there is no arrival.
    pub(super) fn of_item(&self, index: usize) -> (f64, f64) {
        if self.axis == Axis::Rows {
            let y = TOP + index as f64 * ROW;
            return (y, y + ROW_FALL);
        }
        match events_of(index, &self.items[index]) {
            [Some(departure), Some(arrival)] => (self.of_event(departure), self.of_event(arrival)),
            [Some(departure), None] => {
                let y = self.of_event(departure);
                (
                    y,
                    if self.items[index].detached {
                        y + DETACHED_FALL
                    } else {
                        y
                    },
                )
            }
            [None, Some(arrival)] => {
                let y = self.of_event(arrival);
                (y - DETACHED_FALL, y)
            }
            [None, None] => (TOP, TOP),
        }
    }

    fn of_event(&self, event: Event) -> f64 {
        let at = self.events.binary_search(&event).ok();
        let height = at.and_then(|at| self.heights.get(at));
        // An event that has no height yet lies below all that have one.
        height.or(self.heights.last()).copied().unwrap_or(TOP)
    }

    /// The height of any time.
    pub(super) fn of_time(&self, ns: u64) -> f64 {
        if self.axis == Axis::Rows {
            let row = self.items.partition_point(|item| item.departure_ns <= ns);
            return TOP + row as f64 * ROW - ROW_FALL;
        }
        let after = self.events.partition_point(|event| event.at_ns <= ns);
        let Some(before) = after.checked_sub(1) else {
            return TOP;
        };
        let Some(next) = self.events.get(after) else {
            let beyond = self.linear(ns - self.events[before].at_ns);
            return self.heights[before] + beyond.min(BOTTOM - 12.0);
        };
        let (from, to) = (self.events[before].at_ns, next.at_ns);
        let part = (ns - from) as f64 / (to - from) as f64;
        self.heights[before] + part * (self.heights[after] - self.heights[before])
    }

    /// The time at a height.
    pub(super) fn time_at(&self, y: f64) -> u64 {
        if self.axis == Axis::Rows {
            let row = ((y - TOP) / ROW).max(0.0) as usize;
            return self
                .items
                .get(row)
                .or(self.items.last())
                .map_or(0, |item| item.departure_ns);
        }
        let after = self.heights.partition_point(|&height| height <= y);
        match (after.checked_sub(1), self.events.get(after)) {
            (None, Some(first)) => first.at_ns,
            (None, None) => 0,
            (Some(last), None) => self.events[last].at_ns,
            (Some(before), Some(next)) => {
                let from = self.events[before].at_ns;
                let (above, below) = (self.heights[before], self.heights[after]);
                let part = ((y - above) / (below - above)).clamp(0.0, 1.0);
                from + ((next.at_ns - from) as f64 * part) as u64
            }
        }
    }

    /// The items that have an event between two heights, in order.
    pub(super) fn items_between(&self, y0: f64, y1: f64) -> Vec<u32> {
        if self.axis == Axis::Rows {
            let row = |y: f64| ((y - TOP) / ROW).clamp(0.0, self.items.len() as f64) as usize;
            let range = row(y0 - ROW)..(row(y1 + ROW) + 1).min(self.items.len());
            return range
                .map(|index| u32::try_from(index).unwrap_or(u32::MAX))
                .collect();
        }
        let from = self.heights.partition_point(|&height| height < y0);
        let to = self.heights.partition_point(|&height| height <= y1);
        let mut items: Vec<_> = self.events[from..to]
            .iter()
            .map(|event| event.item)
            .collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// The packet of the first item that the vantage point saw below a height.
    pub(super) fn first_below(&self, y: f64) -> u32 {
        let ns = self.time_at(y);
        let at = self.items.partition_point(|item| item.near_ns < ns);
        self.items.get(at).map_or(u32::MAX, |item| item.packet)
    }

    /// How many events lie between two heights.
    pub(super) fn events_between(&self, y0: f64, y1: f64) -> usize {
        let from = self.heights.partition_point(|&height| height < y0);
        let to = self.heights.partition_point(|&height| height <= y1);
        to.saturating_sub(from)
    }

    /// The items whose packets the vantage point saw between two heights.
    pub(super) fn seen_between(&self, y0: f64, y1: f64) -> Range<usize> {
        let (from_ns, to_ns) = (self.time_at(y0), self.time_at(y1));
        let from = self.items.partition_point(|item| item.near_ns < from_ns);
        let to = self.items.partition_point(|item| item.near_ns < to_ns);
        from..to.max(from)
    }

    /// The heights between two heights at which anything happens, in their order.
    pub(super) fn heights_between(&self, y0: f64, y1: f64) -> impl Iterator<Item = f64> {
        let rows = self.axis == Axis::Rows;
        let (from, count) = if rows {
            let above = ((y0 - TOP) / ROW).max(0.0) as usize;
            (above, self.items.len())
        } else {
            let above = self.heights.partition_point(|&height| height < y0);
            (above, self.heights.len())
        };
        let at = move |index: usize| match rows {
            true => TOP + index as f64 * ROW,
            false => self.heights[index],
        };
        (from..count)
            .map(at)
            .skip_while(move |&y| y < y0)
            .take_while(move |&y| y <= y1)
    }

    /// The silences between two heights: their heights, how long they are, and the
    /// items before and after.
    pub(super) fn cuts_between(&self, y0: f64, y1: f64) -> Vec<Cut> {
        if self.axis != Axis::Gaps {
            return Vec::new();
        }
        let from = self.heights.partition_point(|&height| height < y0).max(1);
        let to = (self.heights.partition_point(|&height| height <= y1) + 1).min(self.events.len());
        (from..to)
            .filter_map(|index| {
                let (before, after) = (self.events[index - 1], self.events[index]);
                let ns = after.at_ns - before.at_ns;
                (self.linear(ns) > MAX_LINEAR).then(|| Cut {
                    y0: self.heights[index - 1],
                    y1: self.heights[index],
                    ns,
                    before: before.item,
                    after: after.item,
                    arrives: after.arrival,
                    is_crossed: after.arrival
                        && self.items[after.item as usize].departure_ns <= before.at_ns,
                })
            })
            .collect()
    }
}

/// A silence that was cut out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) y0: f64,
    pub(super) y1: f64,
    pub(super) ns: u64,
    pub(super) before: u32,
    pub(super) after: u32,
    /// What ends it is an arrival.
    pub(super) arrives: bool,
    /// What arrives at its end had departed before it.
    pub(super) is_crossed: bool,
}

/// Departure and arrival, as far as they have heights of their own.
fn events_of(index: usize, item: &Item) -> [Option<Event>; 2] {
    let number = u32::try_from(index).unwrap_or(u32::MAX);
    let departs = !item.detached || item.near_departs;
    let arrives = !item.detached || !item.near_departs;
    let departure = Event {
        at_ns: item.departure_ns,
        item: number,
        arrival: false,
    };
    let arrival = item.arrival_ns.map(|at_ns| Event {
        at_ns,
        item: number,
        arrival: true,
    });
    [departs.then_some(departure), arrival.filter(|_| arrives)]
}

fn scale(round_trip_ns: Option<u64>) -> f64 {
    match round_trip_ns {
        Some(ns) => (ROUND_TRIP / (ns.max(1) as f64 / 1e6)).clamp(SCALE.0, SCALE.1),
        None => DEFAULT_SCALE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(packet: u32, departure_ns: u64, arrival_ns: u64, sender: u32) -> Item {
        let near_departs = sender == 0;
        Item {
            packet,
            departure_ns,
            arrival_ns: Some(arrival_ns),
            sender,
            near_ns: if near_departs {
                departure_ns
            } else {
                arrival_ns
            },
            near_departs,
            detached: false,
        }
    }

    #[test]
    fn a_silence_is_cut_and_said_how_long() {
        let mut warp = Warp::new(Axis::Gaps, Some(20_000_000), 17.0);
        warp.push(item(0, 0, 10_000_000, 0));
        warp.push(item(1, 230_000_000, 240_000_000, 1));
        warp.settle();
        let cuts = warp.cuts_between(0.0, 1_000.0);
        assert_eq!(cuts.len(), 1);
        assert_eq!(
            (cuts[0].ns, cuts[0].before, cuts[0].after),
            (220_000_000, 0, 1)
        );
        assert_eq!(warp.of_item(0), (TOP, TOP + 42.0));
        assert_eq!(warp.of_item(1).0, TOP + 42.0 + CUT_HEIGHT);
    }

    #[test]
    fn an_item_that_has_no_height_yet_lies_below_all_that_have() {
        let mut warp = Warp::new(Axis::Gaps, None, 17.0);
        warp.push(item(0, 0, 10_000_000, 0));
        assert_eq!(warp.of_item(0), (TOP, TOP), "nothing has a height");
        let end = {
            warp.settle();
            warp.of_item(0).1
        };
        warp.push(item(1, 20_000_000, 30_000_000, 0));
        warp.change(1, item(1, 20_000_000, 31_000_000, 0));
        assert_eq!(warp.of_item(1), (end, end));
    }

    proptest! {
        /// Appending one by one, with estimates that change, ends where sorting all at once does.
        #[test]
        fn appended_and_sorted_at_once_are_the_same(
            times in prop::collection::vec((0u64..9_000_000, 0u64..30_000_000, 0u32..3), 1..120),
            quick in 1u64..40,
        ) {
            let mut near_ns = 40_000_000;
            let items: Vec<_> = (0u32..)
                .zip(&times)
                .map(|(packet, &(gap, flight, sender))| {
                    near_ns += gap / quick;
                    match sender {
                        0 => item(packet, near_ns, near_ns + flight, sender),
                        _ => item(packet, near_ns - flight, near_ns, sender),
                    }
                })
                .collect();
            let mut live = Warp::new(Axis::Gaps, Some(20_000_000), 17.0);
            for (index, &item) in items.iter().enumerate() {
                let near = Some(item.near_ns);
                live.push(Item { departure_ns: item.near_ns, arrival_ns: near, ..item });
                live.settle();
                live.change(index, item);
                live.settle();
            }
            let mut whole = Warp::new(Axis::Gaps, Some(20_000_000), 17.0);
            whole.extend(items.iter().copied());
            whole.settle();
            for index in 0..items.len() {
                prop_assert_eq!(live.of_item(index), whole.of_item(index));
            }
            // Every event has a height of its own, in the order of time; departures of
            // one host leave room for a label.
            prop_assert!(whole.heights.windows(2).all(|pair| pair[1] - pair[0] >= APART - 1e-9));
            for (a, first) in items.iter().enumerate() {
                for (b, second) in items.iter().enumerate().skip(a + 1) {
                    let near = |index: usize| whole.items[index].detached;
                    if first.sender == second.sender && near(a) == near(b) {
                        let apart = (whole.of_item(a).0 - whole.of_item(b).0).abs();
                        prop_assert!(apart >= 17.0 - 1e-9, "{a} and {b} are {apart} apart");
                    }
                }
            }
            // Height to time and back.
            for (index, &y) in whole.heights.iter().enumerate() {
                // Of several events at one instant the last has its height.
                let at = |index: usize| whole.events.get(index).map(|event| event.at_ns);
                if at(index) != at(index + 1) {
                    prop_assert!((whole.of_time(whole.time_at(y)) - y).abs() < 1e-6);
                }
            }
        }
    }
}
