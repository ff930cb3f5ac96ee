//! Rotated rectangles, and whether two of them touch.

use super::scene::{Anchor, Label};

/// A rectangle of any direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    /// Centre.
    x: f64,
    y: f64,
    /// Direction of its longer side.
    cos: f64,
    sin: f64,
    half_width: f64,
    half_height: f64,
}

/// The part of a line's height that lies above the baseline.
const ASCENT: f64 = 0.78;

impl Rect {
    /// The room that a text takes, with `margin` around it.
    pub(super) fn of(label: &Label, line_height: f64, margin: f64) -> Self {
        let height = line_height * label.role.scale();
        let along = match label.anchor {
            Anchor::Start => label.width / 2.0,
            Anchor::Middle => 0.0,
            Anchor::End => -label.width / 2.0,
        };
        // From the baseline to the middle of the line: upwards is (sin, -cos).
        let up = height * (ASCENT - 0.5);
        Self {
            x: label.x + along * label.cos + up * label.sin,
            y: label.y + along * label.sin - up * label.cos,
            cos: label.cos,
            sin: label.sin,
            half_width: label.width / 2.0 + margin,
            half_height: height / 2.0 + margin,
        }
    }

    /// Half of its extent along x and along y.
    fn extent(&self) -> (f64, f64) {
        let (cos, sin) = (self.cos.abs(), self.sin.abs());
        (
            self.half_width * cos + self.half_height * sin,
            self.half_width * sin + self.half_height * cos,
        )
    }

    /// Its least and greatest x and y.
    pub(super) fn bounds(&self) -> (f64, f64, f64, f64) {
        let (dx, dy) = self.extent();
        (self.x - dx, self.x + dx, self.y - dy, self.y + dy)
    }

    /// Separating axes: two convex shapes touch unless a line fits between them.
    pub(super) fn touches(&self, other: &Self) -> bool {
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        let axes = [
            (self.cos, self.sin),
            (-self.sin, self.cos),
            (other.cos, other.sin),
            (-other.sin, other.cos),
        ];
        axes.iter().all(|&(ax, ay)| {
            let apart = (dx * ax + dy * ay).abs();
            apart < self.reach(ax, ay) + other.reach(ax, ay)
        })
    }

    /// Half of its extent along a direction.
    fn reach(&self, ax: f64, ay: f64) -> f64 {
        self.half_width * (self.cos * ax + self.sin * ay).abs()
            + self.half_height * (-self.sin * ax + self.cos * ay).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: f64, y: f64, (cos, sin): (f64, f64)) -> Rect {
        Rect {
            x,
            y,
            cos,
            sin,
            half_width: 50.0,
            half_height: 5.0,
        }
    }

    #[test]
    fn rectangles_touch_only_when_they_do() {
        let flat = (1.0, 0.0);
        let steep = (0.6, 0.8);
        assert!(rect(0.0, 0.0, flat).touches(&rect(99.0, 9.0, flat)));
        assert!(!rect(0.0, 0.0, flat).touches(&rect(101.0, 0.0, flat)));
        assert!(!rect(0.0, 0.0, flat).touches(&rect(0.0, 10.5, flat)));
        // Their bounding boxes overlap, they do not: two parallel steep texts.
        assert!(!rect(0.0, 0.0, steep).touches(&rect(20.0, 0.0, steep)));
        assert!(rect(0.0, 0.0, steep).touches(&rect(10.0, 0.0, steep)));
        assert!(rect(0.0, 0.0, steep).touches(&rect(0.0, 0.0, flat)));
    }
}
