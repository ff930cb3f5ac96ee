//! Marks by pixel column: as they are while they are few, merged where they are
//! more than can be told apart.

use super::ink::Ink;
use super::scene::Mark;

/// Marks in one column that are kept apart.
const APART: usize = 12;

/// The marks of one ink.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    ink: Ink,
    left: f64,
    columns: Vec<Vec<Mark>>,
}

impl Columns {
    /// For a plot from `left` on, `width` pixels wide.
    pub(super) fn new(ink: Ink, left: f64, width: f64) -> Self {
        Self {
            ink,
            left,
            columns: vec![Vec::new(); width.max(0.0) as usize + 1],
        }
    }

    /// A mark between two heights.
    pub(super) fn add(&mut self, x: f64, (y0, y1): (f64, f64), packet: u64) {
        let last = self.columns.len() - 1;
        let column = ((x - self.left).max(0.0) as usize).min(last);
        let marks = &mut self.columns[column];
        marks.push(Mark {
            ink: self.ink,
            x,
            y0: y0.min(y1),
            y1: y0.max(y1),
            packet,
            count: 1,
        });
        if marks.len() > APART {
            merge(marks);
        }
    }

    /// All of them, from left to right.
    pub(super) fn into_marks(self) -> impl Iterator<Item = Mark> {
        self.columns.into_iter().flatten()
    }
}

/// Merges what touches, then what is near, until half of the places are free.
fn merge(marks: &mut Vec<Mark>) {
    marks.sort_by(|one, other| one.y0.total_cmp(&other.y0));
    let mut near = 0.6;
    while marks.len() > APART / 2 {
        marks.dedup_by(|next, kept| {
            let touches = next.y0 <= kept.y1 + near;
            if touches {
                kept.y1 = kept.y1.max(next.y1);
                kept.packet = kept.packet.min(next.packet);
                kept.count += next.count;
            }
            touches
        });
        near *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_marks_stay_as_they_are_and_many_become_one_bar() {
        let mut columns = Columns::new(Ink::Data, 50.0, 100.0);
        columns.add(60.25, (10.0, 12.0), 7);
        columns.add(60.5, (12.0, 14.0), 8);
        for packet in 0..10_000u32 {
            let y = f64::from(packet % 400);
            columns.add(90.0, (y, y + 1.0), 100 + u64::from(packet));
        }
        let marks: Vec<_> = columns.into_marks().collect();
        assert_eq!((marks[0].packet, marks[1].packet), (7, 8));
        let merged = &marks[2..];
        assert!(merged.len() <= APART, "{}", merged.len());
        assert_eq!(merged.iter().map(|mark| mark.count).sum::<u32>(), 10_000);
        assert_eq!(merged[0].packet, 100);
        let covered: f64 = merged.iter().map(|mark| mark.y1 - mark.y0).sum();
        assert!(covered >= 400.0, "{covered}");
    }
}
