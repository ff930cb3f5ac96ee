//! Pairs: first those that nothing else looks like, then, with the clocks known, those of
//! which there are several, then data that network cards cut up or joined.

use super::Ends;
use super::packets::{Alike, Passed, Way, alike};
use std::collections::BTreeMap;

/// How many sent segments back one is looked for that a piece of data belongs to.
const LOOK_BACK: usize = 4_096;

/// What became of a packet at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The other end has it too, at this time on its clock, in nanoseconds.
    Both(i64),
    /// Only this end has it.
    Alone,
    /// A copy made on the way, or a part of what the other end has in another shape.
    Copy,
}

impl Sent {
    pub(super) fn at_ns(self) -> Option<i64> {
        match self {
            Self::Both(ns) => Some(ns),
            Self::Alone | Self::Copy => None,
        }
    }
}

/// For each packet of both lists, what became of it.
pub(super) struct Pairs {
    pub(super) near: Vec<Sent>,
    pub(super) far: Vec<Sent>,
    pub(super) copies: u64,
}

/// Packets that are in each list once, by their places in them.
pub(super) fn certain(near: &[Passed], far: &[Passed]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<_> = alike(near, far)
        .into_values()
        .filter_map(|group| match (&*group.near, &*group.far) {
            (&[near], &[far]) => Some((near, far)),
            _ => None,
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

/// All pairs, with the clocks known.
pub(super) fn all(near: &[Passed], far: &[Passed], ends: &Ends) -> Pairs {
    let mut pairs = Pairs {
        near: vec![Sent::Alone; near.len()],
        far: vec![Sent::Alone; far.len()],
        copies: 0,
    };
    for group in alike(near, far).into_values() {
        several(near, far, ends, &group, &mut pairs);
    }
    pieces(near, far, ends, &mut pairs);
    pairs
}

/// Which of several alike arrivals is which departure: none arrives before it departed,
/// and of those that may be, the one that departed last.
fn several(near: &[Passed], far: &[Passed], ends: &Ends, group: &Alike, pairs: &mut Pairs) {
    let Some(&first) = group.near.first() else {
        return;
    };
    let is_sent = ends.sends(&near[first]);
    let here = |place: usize| near[place].at_ns;
    let there = |place: usize| ends.near_ns(far[place].at_ns);
    let (departures, arrivals): (Vec<_>, Vec<_>) = if is_sent {
        let departures = group.near.iter().map(|&place| (here(place), place));
        let arrivals = group.far.iter().map(|&place| (there(place), place));
        (departures.collect(), arrivals.collect())
    } else {
        let departures = group.far.iter().map(|&place| (there(place), place));
        let arrivals = group.near.iter().map(|&place| (here(place), place));
        (departures.collect(), arrivals.collect())
    };
    let mut is_used = vec![false; departures.len()];
    for &(arrived_ns, arrival) in &arrivals {
        let before = departures
            .iter()
            .filter(|(departed, _)| *departed <= arrived_ns);
        let Some(last) = before.count().checked_sub(1) else {
            continue;
        };
        let departure = departures[last].1;
        let (place, other) = if is_sent {
            (departure, arrival)
        } else {
            (arrival, departure)
        };
        if std::mem::replace(&mut is_used[last], true) {
            if is_sent {
                pairs.far[arrival] = Sent::Copy;
                pairs.copies += 1;
            } else {
                pairs.near[arrival] = Sent::Both(far[departure].at_ns);
            }
            continue;
        }
        pairs.near[place] = Sent::Both(far[other].at_ns);
        pairs.far[other] = Sent::Both(near[place].at_ns);
    }
}

/// Data that is in other segments there than here: a piece belongs to the last segments
/// with its bytes that departed before it arrived.
fn pieces(near: &[Passed], far: &[Passed], ends: &Ends, pairs: &mut Pairs) {
    let near_ns = |place: usize| near[place].at_ns;
    let far_ns = |place: usize| ends.near_ns(far[place].at_ns);
    let here = alone(near, &pairs.near);
    let there = alone(far, &pairs.far);
    let sent_here = Departures::of(near, &here, near_ns, |packet| ends.sends(packet));
    let sent_there = Departures::of(far, &there, far_ns, |packet| !ends.sends(packet));
    for &arrival in there.iter().filter(|&&place| ends.sends(&far[place])) {
        for place in sent_here.whole(&far[arrival], far_ns(arrival)) {
            // It is there when its last piece is.
            let before_ns = pairs.near[place].at_ns().unwrap_or(i64::MIN);
            pairs.near[place] = Sent::Both(before_ns.max(far[arrival].at_ns));
            pairs.far[arrival] = Sent::Copy;
        }
    }
    for &arrival in here.iter().filter(|&&place| !ends.sends(&near[place])) {
        for place in sent_there.whole(&near[arrival], near_ns(arrival)) {
            let before_ns = pairs.near[arrival].at_ns().unwrap_or(i64::MIN);
            pairs.near[arrival] = Sent::Both(before_ns.max(far[place].at_ns));
            pairs.far[place] = Sent::Copy;
        }
    }
}

/// Packets with data that found no partner, by their places.
fn alone(list: &[Passed], sent: &[Sent]) -> Vec<usize> {
    let is_alone = |&place: &usize| sent[place] == Sent::Alone && list[place].data.is_some();
    (0..list.len()).filter(is_alone).collect()
}

/// A direction of a connection.
type Flow = (Way, (u16, u16));

/// Segments that departed at one end, in their order, each with its time on the near clock.
struct Departures<'a> {
    list: &'a [Passed],
    flows: BTreeMap<Flow, Vec<(i64, usize)>>,
}

impl<'a> Departures<'a> {
    fn of(
        list: &'a [Passed],
        alone: &[usize],
        near_ns: impl Fn(usize) -> i64,
        departs: impl Fn(&Passed) -> bool,
    ) -> Self {
        let mut flows: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for &place in alone.iter().filter(|&&place| departs(&list[place])) {
            if let Some(flow) = flow(&list[place]) {
                flows.entry(flow).or_default().push((near_ns(place), place));
            }
        }
        Self { list, flows }
    }

    /// The last segments that hold the bytes of an arrival, and departed before it.
    fn whole(&self, arrival: &Passed, arrived_ns: i64) -> Vec<usize> {
        let sent = flow(arrival).and_then(|flow| self.flows.get(&flow));
        let (Some(sent), Some(data)) = (sent, arrival.data) else {
            return Vec::new();
        };
        let before = sent.partition_point(|&(at_ns, _)| at_ns <= arrived_ns);
        let mut taken: Vec<usize> = Vec::new();
        let mut found = 0;
        for &(_, place) in sent[..before].iter().rev().take(LOOK_BACK) {
            let Some(other) = self.list[place].data else {
                continue;
            };
            let shared = other.shared(&data);
            let is_new = |&taken: &usize| {
                let taken = self.list[taken].data;
                taken.is_none_or(|taken| taken.shared(&other) == 0)
            };
            if shared > 0 && taken.iter().all(is_new) {
                taken.push(place);
                found += shared;
            }
            if found >= data.len {
                break;
            }
        }
        taken
    }
}

fn flow(packet: &Passed) -> Option<Flow> {
    Some((packet.way, packet.data?.ports))
}
