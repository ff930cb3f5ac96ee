//! Bytes per interval, as bits per second: what went over the wire, and what of it
//! was new and arrived.

use super::axis::round_up;
use super::flow::Flow;
use super::ink::Ink;
use super::pen::Pen;

/// Intervals that a picture has, at the most.
const INTERVALS: u64 = 120;
const SECOND: u128 = 1_000_000_000;

/// How long an interval is that suits a range of time, in ns.
pub(super) fn interval_ns((from, to): (u64, u64)) -> u64 {
    let least = i64::try_from((to - from) / INTERVALS).unwrap_or(i64::MAX);
    round_up(least.max(1_000)).unsigned_abs()
}

/// Bytes of one ink, gathered by interval.
struct Bins {
    ink: Ink,
    interval_ns: u64,
    /// The number of the interval at hand.
    bin: u64,
    bytes: u64,
    packet: u64,
}

impl Bins {
    fn new(ink: Ink, interval_ns: u64) -> Self {
        Self {
            ink,
            interval_ns,
            bin: 0,
            bytes: 0,
            packet: 0,
        }
    }

    fn add(&mut self, at_ns: u64, bytes: u64, packet: u64, pen: &mut impl Pen) {
        let bin = at_ns / self.interval_ns;
        // A packet that is older than the one before it counts where the clock is.
        if bin > self.bin {
            self.finish(pen);
            (self.bin, self.packet) = (bin, packet);
        }
        self.bytes += bytes;
    }

    /// The interval's rate, and nothing after it until more comes.
    fn finish(&mut self, pen: &mut impl Pen) {
        if self.bytes == 0 {
            return;
        }
        let bits = u128::from(self.bytes) * 8 * SECOND / u128::from(self.interval_ns);
        let rate = i64::try_from(bits).unwrap_or(i64::MAX);
        let begin = self.bin * self.interval_ns;
        pen.step(self.ink, begin, rate, self.packet);
        let end = begin.saturating_add(self.interval_ns);
        pen.step(self.ink, end, 0, 0);
        self.bytes = 0;
    }
}

pub(super) fn draw(flow: &Flow<'_>, pen: &mut impl Pen) {
    let interval_ns = interval_ns(flow.range());
    let mut wire = Bins::new(Ink::Throughput, interval_ns);
    let mut good = Bins::new(Ink::Goodput, interval_ns);
    // Numbers of data only: the SYN and the FIN are acknowledged, too.
    let (mut first, mut end, mut acked) = (None, 0, None::<i64>);
    for segment in flow.segments() {
        let (at, number) = (segment.at_ns, segment.number());
        if segment.is_forward {
            // What never came by was not on this wire.
            if segment.was_seen {
                wire.add(at, u64::from(segment.wire_len), number, pen);
            }
            if segment.tcp.len > 0 {
                let (from, to) = segment.data();
                first.get_or_insert(from);
                end = to.max(end);
            }
        } else if let (true, true, Some(first)) = (segment.was_seen, segment.tcp.flags.ack(), first)
        {
            let ack = segment.tcp.ack.min(end);
            let before = acked.unwrap_or(first);
            if ack > before {
                good.add(at, before.abs_diff(ack), number, pen);
            }
            acked = Some(before.max(ack));
        }
    }
    wire.finish(pen);
    good.finish(pen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_round_and_not_too_many() {
        assert_eq!(interval_ns((0, 1_200_000_000)), 10_000_000);
        assert_eq!(interval_ns((5, 5)), 1_000);
        for span in [7_777, 1_000_000_007, 86_400_000_000_000] {
            assert!(span / interval_ns((0, span)) <= INTERVALS);
        }
    }

    #[test]
    fn a_rate_holds_for_its_interval_and_not_after_it() {
        struct Told(Vec<(u64, i64)>);
        impl Pen for Told {
            fn bar(&mut self, _: Ink, _: u64, _: (i64, i64), _: u64) {}
            fn step(&mut self, _: Ink, at_ns: u64, height: i64, _: u64) {
                self.0.push((at_ns, height));
            }
        }
        let mut told = Told(Vec::new());
        let mut bins = Bins::new(Ink::Throughput, 1_000_000);
        bins.add(100, 500, 1, &mut told);
        bins.add(999_999, 500, 2, &mut told);
        bins.add(5_000_000, 250, 3, &mut told);
        bins.finish(&mut told);
        assert_eq!(
            told.0,
            [
                (0, 8_000_000),
                (1_000_000, 0),
                (5_000_000, 2_000_000),
                (6_000_000, 0)
            ]
        );
    }
}
