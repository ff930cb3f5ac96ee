//! How far down the ladder a time has come, for a cursor that goes through it.
//!
//! ```text
//!   Gaps, Linear: between two events, as the heights grow
//!   Rows:   row of a packet   ─ departs ─┐
//!                                        ╲   falls with the time that it is on its way
//!                               arrives ─┘   and waits for the next row's departure
//! ```
//!
//! In rows, packets overtake each other: one that departs before the row above it has
//! begun waits for that row, so that the cursor never goes back.

use super::{ROW, ROW_FALL, TOP, Warp};
use crate::view::Axis;

impl Warp {
    /// The height down to which a time has come.
    pub(in super::super) fn reached(&self, ns: u64) -> f64 {
        if self.axis != Axis::Rows {
            return self.of_time(ns);
        }
        let begun = self.rows().take_while(|(departs, _)| *departs <= ns);
        match begun.enumerate().last() {
            Some((row, (departs, arrives))) => {
                TOP + row as f64 * ROW + ROW_FALL * part(ns, departs, arrives)
            }
            None => TOP,
        }
    }

    /// The time to which a height belongs.
    pub(in super::super) fn reached_at(&self, y: f64) -> u64 {
        if self.axis != Axis::Rows {
            return self.time_at(y);
        }
        let last = self.items.len().saturating_sub(1);
        let row = (((y - TOP) / ROW).max(0.0) as usize).min(last);
        let Some((departs, arrives)) = self.rows().nth(row) else {
            return 0;
        };
        let next = self.rows().nth(row + 1).map(|(departs, _)| departs);
        let fallen = ((y - TOP - row as f64 * ROW) / ROW_FALL).clamp(0.0, 1.0);
        let at = departs + ((arrives - departs) as f64 * fallen) as u64;
        next.map_or(at, |next| at.min(next))
    }

    /// When each row begins and ends, no row before the one above it.
    fn rows(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut begun = 0;
        self.items.iter().map(move |item| {
            begun = item.departure_ns.max(begun);
            (begun, item.arrival_ns.unwrap_or(begun).max(begun))
        })
    }
}

/// How much of the way from `from` to `to` is behind `ns`.
fn part(ns: u64, from: u64, to: u64) -> f64 {
    if ns >= to {
        1.0
    } else {
        (ns - from) as f64 / (to - from) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::Item;
    use super::*;
    use proptest::prelude::*;

    /// Packets of a page that sees them leave, or come: when seen, and how long on the way.
    fn warp(axis: Axis, packets: &[(u64, u64, bool)]) -> Warp {
        let mut near_ns = 0;
        let items = (0..).zip(packets).map(|(packet, &(after, way, departs))| {
            near_ns += after;
            let (departure_ns, arrival_ns) = match departs {
                true => (near_ns, near_ns + way),
                false => (near_ns.saturating_sub(way), near_ns),
            };
            Item {
                packet,
                departure_ns,
                arrival_ns: Some(arrival_ns),
                sender: u32::from(departs),
                near_ns,
                near_departs: departs,
                detached: false,
            }
        });
        let mut warp = Warp::new(axis, Some(20_000_000), 17.0);
        warp.extend(items);
        warp.settle();
        warp
    }

    proptest! {
        #[test]
        fn a_cursor_never_goes_back_and_nothing_that_was_is_below_it(
            packets in prop::collection::vec((0..300_000_000u64, 0..60_000_000u64, any::<bool>()), 1..40),
            mut times in prop::collection::vec(0..3_000_000_000u64, 2..20),
            mut heights in prop::collection::vec(0.0..2_000.0f64, 2..20),
        ) {
            times.sort_unstable();
            heights.sort_by(f64::total_cmp);
            for axis in [Axis::Gaps, Axis::Linear, Axis::Rows] {
                let warp = warp(axis, &packets);
                let ys: Vec<_> = times.iter().map(|&ns| warp.reached(ns)).collect();
                prop_assert!(ys.is_sorted(), "{axis:?} {ys:?}");
                let at: Vec<_> = heights.iter().map(|&y| warp.reached_at(y)).collect();
                prop_assert!(at.is_sorted(), "{axis:?} {at:?}");
                for (index, item) in warp.items().iter().enumerate() {
                    let (departs, arrives) = warp.of_item(index);
                    if axis != Axis::Rows && !item.detached {
                        prop_assert!(departs <= warp.reached(item.departure_ns) + 1e-6);
                        prop_assert!(arrives <= warp.reached(item.arrival_ns.unwrap()) + 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn in_rows_an_arrow_falls_while_its_packet_is_on_the_way() {
        let ms = 1_000_000;
        let warp = warp(Axis::Rows, &[(0, 10 * ms, true), (30 * ms, 10 * ms, false)]);
        assert_eq!(warp.reached(5 * ms), TOP + ROW_FALL / 2.0);
        assert_eq!(warp.reached(15 * ms), TOP + ROW_FALL);
        assert_eq!(warp.reached(20 * ms), TOP + ROW);
        assert_eq!(warp.reached(90 * ms), TOP + ROW + ROW_FALL);
        assert_eq!(warp.reached_at(TOP + ROW_FALL / 2.0), 5 * ms);
        assert_eq!(warp.reached_at(TOP + ROW + ROW_FALL / 2.0), 25 * ms);
    }
}
