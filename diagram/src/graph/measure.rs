//! The first pass: how high everything is within the range of time.

use super::ink::Ink;
use super::pen::Pen;
use std::collections::BTreeMap;

/// An ink that is not a main one may make the picture so many times as high.
const STRETCH: i64 = 3;

/// Heights by ink.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    range: (u64, u64),
    seen: BTreeMap<Ink, Extent>,
    /// A line's height before the range, which it enters with.
    before: BTreeMap<Ink, i64>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    low: i64,
    high: i64,
}

/// What heights the picture has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heights {
    /// The least.
    pub(super) low: i64,
    /// The greatest.
    pub(super) high: i64,
    /// What lies above or reaches above: how high it gets.
    pub(super) beyond: Vec<(Ink, i64)>,
    /// What lies above with all that it has.
    pub(super) outside: Vec<Ink>,
}

impl Measure {
    /// For a range of time, both ends in it.
    pub(super) fn new(range: (u64, u64)) -> Self {
        Self {
            range,
            seen: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }

    fn see(&mut self, ink: Ink, (low, high): (i64, i64)) {
        let extent = self.seen.entry(ink).or_insert(Extent { low, high });
        extent.low = extent.low.min(low);
        extent.high = extent.high.max(high);
    }

    /// What is there, in the order in which it is drawn.
    pub(super) fn inks(&self) -> impl Iterator<Item = Ink> {
        let drawn = |ink: &Ink| self.seen.contains_key(ink) || self.before.contains_key(ink);
        Ink::ALL.into_iter().filter(drawn)
    }

    /// The picture's heights: `around` what is there, or from zero on. None if there is
    /// nothing.
    pub(super) fn heights(&mut self, around: bool) -> Option<Heights> {
        for (ink, height) in core::mem::take(&mut self.before) {
            self.see(ink, (height, height));
        }
        let main = self.seen.iter().filter(|(ink, _)| ink.is_main());
        let extents: Vec<Extent> = main.map(|(_, extent)| *extent).collect();
        let low = extents.iter().map(|extent| extent.low).min()?;
        let low = if around { low } else { low.min(0) };
        let mut high = extents.iter().map(|extent| extent.high).max()?.max(low);
        // Room at the top, so that the highest line is not the frame's.
        let room = |high: i64| high.saturating_add(high.saturating_sub(low) / 20 + 1);
        let limit = low.saturating_add(room(high).saturating_sub(low).saturating_mul(STRETCH));
        let others = || self.seen.iter().filter(|(ink, _)| !ink.is_main());
        for (_, extent) in others().filter(|(_, extent)| extent.high <= limit) {
            high = high.max(extent.high);
        }
        let high = room(high);
        let beyond = others().filter(|(_, extent)| extent.high > high);
        let outside = others().filter(|(_, extent)| extent.low > high);
        Some(Heights {
            low,
            high,
            beyond: beyond.map(|(&ink, extent)| (ink, extent.high)).collect(),
            outside: outside.map(|(&ink, _)| ink).collect(),
        })
    }
}

impl Pen for Measure {
    fn bar(&mut self, ink: Ink, at_ns: u64, heights: (i64, i64), _: u64) {
        if (self.range.0..=self.range.1).contains(&at_ns) {
            self.see(ink, heights);
        }
    }

    fn step(&mut self, ink: Ink, at_ns: u64, height: i64, _: u64) {
        if at_ns < self.range.0 {
            self.before.insert(ink, height);
        } else if at_ns <= self.range.1 {
            self.see(ink, (height, height));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_window_does_not_flatten_the_data_and_is_told_of() {
        let mut measure = Measure::new((10, 20));
        measure.bar(Ink::Data, 12, (0, 1_000), 1);
        measure.bar(Ink::Data, 21, (0, 9_000), 2);
        measure.step(Ink::WindowEnd, 1, 65_000, 3);
        measure.step(Ink::Acked, 1, 400, 4);
        assert_eq!(
            measure.inks().collect::<Vec<_>>(),
            [Ink::Acked, Ink::WindowEnd, Ink::Data]
        );
        let heights = measure.heights(true).expect("data");
        assert_eq!((heights.low, heights.high), (0, 1_051));
        assert_eq!(heights.beyond, [(Ink::WindowEnd, 65_000)]);
        assert_eq!(heights.outside, [Ink::WindowEnd]);
        measure.step(Ink::WindowEnd, 15, 900, 5);
        let heights = measure.heights(true).expect("data");
        assert_eq!(heights.outside, [], "it comes near");
        assert_eq!(Measure::new((0, 9)).heights(false), None);
    }
}
