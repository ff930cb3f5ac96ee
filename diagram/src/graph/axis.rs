//! Axes: ticks at 1, 2 or 5 times a power of ten, in a unit that suits them.

/// What an axis counts, in whole units of the smallest kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Bits per second.
    BitRate,
}

impl Quantity {
    /// Units by their size, the smallest first.
    const fn units(self) -> &'static [(i64, &'static str)] {
        match self {
            Self::Time => &[
                (1, "ns"),
                (1_000, "µs"),
                (1_000_000, "ms"),
                (1_000_000_000, "s"),
            ],
            Self::Bytes => &[
                (1, "B"),
                (1_000, "kB"),
                (1_000_000, "MB"),
                (1_000_000_000, "GB"),
            ],
            Self::BitRate => &[
                (1, "bit/s"),
                (1_000, "kbit/s"),
                (1_000_000, "Mbit/s"),
                (1_000_000_000, "Gbit/s"),
            ],
        }
    }

    /// The unit in which the greatest number has at most four digits before the point.
    fn unit(self, greatest: i64) -> (i64, &'static str) {
        let units = self.units();
        let fits = |&&(size, _): &&(i64, &str)| greatest / size < 10_000;
        *units.iter().find(fits).unwrap_or(&units[units.len() - 1])
    }

    /// An amount in words, three digits of it: `64.2 kB`.
    pub(super) fn words(self, amount: i64) -> String {
        let units = self.units();
        let small_enough = |&&(size, _): &&(i64, &str)| amount.abs() >= size;
        let (size, name) = *units.iter().rev().find(small_enough).unwrap_or(&units[0]);
        let step = match amount.abs() / size {
            _ if size == 1 => 1,
            0..10 => size / 100,
            10..100 => size / 10,
            _ => size,
        };
        format!("{} {name}", decimal(amount / step * step, size, step))
    }
}

/// Pixels for amounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: i64,
    high: i64,
    at_low: f64,
    at_high: f64,
}

impl Scale {
    /// `low` stands at the first place, `high` (more than `low`) at the second.
    pub(super) fn new((low, high): (i64, i64), (at_low, at_high): (f64, f64)) -> Self {
        Self {
            low,
            high: high.max(low.saturating_add(1)),
            at_low,
            at_high,
        }
    }

    /// Where an amount stands; at the nearer edge if it lies outside.
    pub(super) fn at(&self, amount: i64) -> f64 {
        let amount = amount.clamp(self.low, self.high);
        let part = (amount - self.low) as f64 / (self.high - self.low) as f64;
        self.at_low + (self.at_high - self.at_low) * part
    }

    /// Pixels from `low` to `high`.
    fn length(&self) -> f64 {
        (self.at_high - self.at_low).abs()
    }
}

/// Ticks of a scale, and their unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Where, and what stands there.
    pub(super) ticks: Vec<(f64, String)>,
    /// The unit.
    pub(super) unit: &'static str,
}

/// Chooses ticks so that each has `room` pixels, which depends on how many characters
/// the longest of them has.
pub(super) fn ticks(scale: &Scale, quantity: Quantity, room: impl Fn(usize) -> f64) -> Ticks {
    let (size, unit) = quantity.unit(scale.high.max(scale.low.saturating_neg()));
    let span = scale.high - scale.low;
    let mut step = 1i64;
    loop {
        let longest = [scale.low, scale.high]
            .map(|amount| decimal(amount / step * step, size, step).chars().count());
        let each = scale.length() * (step as f64 / span as f64);
        if each >= room(longest[0].max(longest[1])) || step >= span {
            break;
        }
        let Some(next) = next_step(step) else { break };
        step = next;
    }
    let first = scale.low.div_euclid(step) * step;
    let ticks = (0..)
        .map(|index| first.saturating_add(step.saturating_mul(index)))
        .skip_while(|&amount| amount < scale.low)
        .take_while(|&amount| amount <= scale.high)
        .take(100)
        .map(|amount| (scale.at(amount), decimal(amount, size, step)))
        .collect();
    Ticks { ticks, unit }
}

/// The least of 1, 2, 5, 10, ... that is not less.
pub(super) fn round_up(amount: i64) -> i64 {
    let mut step = 1;
    while step < amount {
        match next_step(step) {
            Some(next) => step = next,
            None => break,
        }
    }
    step
}

/// 1, 2, 5, 10, 20, ...
fn next_step(step: i64) -> Option<i64> {
    let mut power = step;
    while power % 10 == 0 {
        power /= 10;
    }
    match power {
        2 => (step / 2).checked_mul(5),
        _ => step.checked_mul(2),
    }
}

/// An amount in units of `size`, with as many digits as multiples of `step` need.
fn decimal(amount: i64, size: i64, step: i64) -> String {
    let mut digits = 0;
    let mut part = size;
    while part > 1 && step % part != 0 {
        part /= 10;
        digits += 1;
    }
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    let size = size.unsigned_abs();
    let whole = amount / size;
    if digits == 0 {
        return format!("{sign}{whole}");
    }
    let rest = amount % size / part.unsigned_abs();
    format!("{sign}{whole}.{rest:0digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(low: i64, high: i64, quantity: Quantity) -> (Vec<String>, &'static str) {
        let scale = Scale::new((low, high), (0.0, 600.0));
        let ticks = ticks(&scale, quantity, |chars| chars as f64 * 7.0 + 60.0);
        (
            ticks.ticks.into_iter().map(|(_, text)| text).collect(),
            ticks.unit,
        )
    }

    #[test]
    fn ticks_are_round_in_a_unit_that_suits_them() {
        let cases = [
            (0, 931, Quantity::Bytes, "B: 0 200 400 600 800"),
            (1, 1_000_000, Quantity::Bytes, "kB: 200 400 600 800 1000"),
            (
                0,
                300_000_000,
                Quantity::Time,
                "ms: 0 50 100 150 200 250 300",
            ),
            (0, 900, Quantity::Time, "ns: 0 200 400 600 800"),
            (
                3_600_001_000_000,
                3_600_003_000_000,
                Quantity::Time,
                "s: 3600.0010 3600.0015 3600.0020 3600.0025 3600.0030",
            ),
            (
                0,
                2_500_000,
                Quantity::BitRate,
                "kbit/s: 0 500 1000 1500 2000 2500",
            ),
            (-1, 3, Quantity::Bytes, "B: -1 0 1 2 3"),
        ];
        for (low, high, quantity, expected) in cases {
            let (texts, unit) = shown(low, high, quantity);
            assert_eq!(format!("{unit}: {}", texts.join(" ")), expected);
        }
    }

    #[test]
    fn amounts_have_three_digits() {
        for (amount, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_449, "1.44 kB"),
            (64_240, "64.2 kB"),
            (8_388_608, "8.38 MB"),
        ] {
            assert_eq!(Quantity::Bytes.words(amount), text);
        }
        assert_eq!(Quantity::Time.words(20_000_000), "20.0 ms");
    }

    #[test]
    fn steps_are_one_two_and_five() {
        let rounded = [1, 2, 3, 6, 11, 21, 51, 1_000, 1_001].map(round_up);
        assert_eq!(rounded, [1, 2, 5, 10, 20, 50, 100, 1_000, 2_000]);
        // What cannot be rounded up any more does not go on for ever.
        assert!(round_up(i64::MAX) > i64::MAX / 3);
    }
}
