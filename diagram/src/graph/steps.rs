//! A line of steps by pixel column: what a column cannot show of its ups and downs
//! becomes one stroke from the least to the greatest.

use super::scene::Corner;

/// Changes in one column that are drawn one by one.
const APART: usize = 3;

/// A line in the making, from left to right.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    corners: Vec<Corner>,
    column: i64,
    /// Changes within the column.
    changes: Vec<Corner>,
    least: Corner,
    greatest: Corner,
    more: bool,
}

impl Steps {
    /// From this x on the line is at this height.
    pub(super) fn add(&mut self, x: f64, y: f64, packet: u64) {
        let column = x as i64;
        if column != self.column {
            self.finish_column();
            self.column = column;
        }
        let change = Corner { x, y, packet };
        if self.changes.is_empty() {
            (self.least, self.greatest) = (change, change);
        }
        if y < self.least.y {
            self.least = change;
        }
        if y > self.greatest.y {
            self.greatest = change;
        }
        if self.changes.len() >= APART {
            self.changes.pop();
            self.more = true;
        }
        self.changes.push(change);
    }

    fn finish_column(&mut self) {
        let changes = core::mem::take(&mut self.changes);
        if core::mem::take(&mut self.more) {
            let x = changes.first().map_or(0.0, |change| change.x);
            for mut corner in [self.least, self.greatest] {
                corner.x = x;
                self.go(corner);
            }
            if let Some(&last) = changes.last() {
                self.go(last);
            }
        } else {
            for change in changes {
                self.go(change);
            }
        }
    }

    /// Along at the old height, then up or down.
    fn go(&mut self, to: Corner) {
        let Some(&before) = self.corners.last() else {
            self.corners.push(to);
            return;
        };
        if before.y == to.y {
            return;
        }
        let x = to.x.max(before.x);
        if x > before.x {
            let packet = before.packet;
            self.corners.push(Corner {
                x,
                y: before.y,
                packet,
            });
        }
        self.corners.push(Corner { x, ..to });
    }

    /// The corners, the last height kept until `end`.
    pub(super) fn into_corners(mut self, end: f64) -> Vec<Corner> {
        self.finish_column();
        if let Some(&last) = self.corners.last()
            && last.x < end
        {
            self.corners.push(Corner { x: end, ..last });
        }
        self.corners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corners(changes: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut steps = Steps::default();
        for &(x, y) in changes {
            steps.add(x, y, 1);
        }
        let corners = steps.into_corners(10.0);
        corners.iter().map(|corner| (corner.x, corner.y)).collect()
    }

    #[test]
    fn a_height_is_kept_until_it_changes() {
        assert_eq!(
            corners(&[(1.0, 5.0), (3.0, 5.0), (4.0, 2.0)]),
            [(1.0, 5.0), (4.0, 5.0), (4.0, 2.0), (10.0, 2.0)]
        );
    }

    #[test]
    fn a_crowded_column_keeps_its_least_its_greatest_and_its_last() {
        let crowd: Vec<_> = (0..1_000)
            .map(|index| (4.0 + f64::from(index) / 2_000.0, f64::from(index * 7 % 100)))
            .chain([(4.6, 50.0)])
            .collect();
        let drawn = corners(&crowd);
        assert!(drawn.len() <= 8, "{drawn:?}");
        let heights: Vec<_> = drawn.iter().map(|corner| corner.1).collect();
        assert!(heights.contains(&0.0) && heights.contains(&99.0));
        assert_eq!(drawn.last(), Some(&(10.0, 50.0)));
    }
}
