//! One arrow: its line, lighter where it is estimated, and what stands at its tip.

use super::escape;
use crate::scene::{Arrow, ArrowEnd, Certainty, Point, Scene, Tail};
use core::fmt::Write;

/// Lines keep this far from the middle of a lane.
const CLEAR: f64 = 5.0;

pub(super) fn arrow(out: &mut String, arrow: &Arrow, scene: &Scene) {
    let ghost = if arrow.certainty == Certainty::Inferred {
        " ghost"
    } else {
        ""
    };
    let focus = if arrow.in_focus { "" } else { " aside" };
    let fold = if arrow.fold.is_some() { " fold" } else { "" };
    let _ = write!(
        out,
        "<g class=\"arrow {}{ghost}{focus}{fold}\" data-packet=\"{}\"><title>{}</title>",
        arrow.kind.class(),
        arrow.number,
        escape(&arrow.title)
    );
    let (tail, tip) = ends(arrow);
    let middle = Point {
        x: (tail.x + tip.x) / 2.0,
        y: (tail.y + tip.y) / 2.0,
    };
    line(out, tail, middle, arrow.departure);
    line(out, middle, tip, arrow.arrival);
    if arrow.fold.is_some() {
        // Several at once, whatever its colour and width.
        let (x, y) = (middle.x - 5.0, middle.y - 7.0);
        let _ = write!(
            out,
            "<path class=\"break\" d=\"M{x:.1} {y:.1}v14m5 -14v14m5 -14v14\"/>"
        );
    } else if arrow.shortened {
        let _ = write!(
            out,
            "<path class=\"break\" d=\"M{:.1} {:.1}l8 -5m-8 10l8 -5\"/>",
            middle.x - 4.0,
            middle.y
        );
    }
    begin(out, arrow, (tail, tip));
    finish(out, arrow, scene, (tail, tip));
    out.push_str("</g>\n");
}

/// The line's ends, clear of the lanes' bars.
fn ends(arrow: &Arrow) -> (Point, Point) {
    let (dx, dy) = (arrow.tip.x - arrow.tail.x, arrow.tip.y - arrow.tail.y);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let clear = CLEAR.min(length / 3.0);
    let (ux, uy) = (dx / length * clear, dy / length * clear);
    let tail = Point {
        x: arrow.tail.x + ux,
        y: arrow.tail.y + uy,
    };
    let at_lane = !matches!(arrow.end, ArrowEnd::Lost | ArrowEnd::Refused);
    let back = if at_lane { 1.0 } else { 0.0 };
    (
        tail,
        Point {
            x: arrow.tip.x - ux * back,
            y: arrow.tip.y - uy * back,
        },
    )
}

fn line(out: &mut String, from: Point, to: Point, certainty: Certainty) {
    let class = if certainty == Certainty::Inferred {
        " class=\"estimated\""
    } else {
        ""
    };
    let _ = write!(
        out,
        "<line{class} x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.x, from.y, to.x, to.y
    );
}

/// What stands where it begins.
fn begin(out: &mut String, arrow: &Arrow, (tail, tip): (Point, Point)) {
    let (dx, dy) = (tip.x - tail.x, tip.y - tail.y);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    // Clear of the lane's bar.
    let (x, y) = (tail.x + ux * 4.0, tail.y + uy * 4.0);
    let estimated = if arrow.departure == Certainty::Inferred {
        " estimated"
    } else {
        ""
    };
    let d = match arrow.kind.tail() {
        Tail::Plain => return,
        Tail::Dot => format!(
            "M{:.1} {y:.1}a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0 -5.6 0Z",
            x - 2.8
        ),
        // A thin quadrangle, so that it is filled as the others are.
        Tail::Bar => {
            let corner = |along: f64, across: f64| {
                (x + ux * along - uy * across, y + uy * along + ux * across)
            };
            quadrangle(
                [(-0.9, -4.2), (0.9, -4.2), (0.9, 4.2), (-0.9, 4.2)].map(|(a, b)| corner(a, b)),
            )
        }
        Tail::Diamond => quadrangle([(x - 4.0, y), (x, y - 4.0), (x + 4.0, y), (x, y + 4.0)]),
    };
    let _ = write!(out, "<path class=\"head{estimated}\" d=\"{d}\"/>");
}

fn quadrangle([a, b, c, d]: [(f64, f64); 4]) -> String {
    format!(
        "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
        a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1
    )
}

/// What stands at the tip.
fn finish(out: &mut String, arrow: &Arrow, scene: &Scene, (tail, tip): (Point, Point)) {
    let (dx, dy) = (tip.x - tail.x, tip.y - tail.y);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let head = |out: &mut String| {
        let (bx, by) = (tip.x - ux * 9.0, tip.y - uy * 9.0);
        let estimated = if arrow.arrival == Certainty::Inferred {
            " estimated"
        } else {
            ""
        };
        let _ = write!(
            out,
            "<path class=\"head{estimated}\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"/>",
            tip.x,
            tip.y,
            bx - uy * 3.4,
            by + ux * 3.4,
            bx + uy * 3.4,
            by - ux * 3.4
        );
    };
    let cross = |out: &mut String, at: Point, size: f64| {
        let _ = write!(
            out,
            "<path class=\"cross\" d=\"M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}M{x0:.1} {y1:.1}L{x1:.1} {y0:.1}\"/>",
            x0 = at.x - size,
            x1 = at.x + size,
            y0 = at.y - size,
            y1 = at.y + size
        );
    };
    match arrow.end {
        ArrowEnd::Arrives => head(out),
        ArrowEnd::Lost => cross(out, tip, 4.5),
        ArrowEnd::Dropped => {
            head(out);
            let beside = Point {
                x: tip.x - ux * 16.0,
                y: tip.y - uy * 16.0,
            };
            cross(out, beside, 3.2);
        }
        ArrowEnd::Refused => {
            let _ = write!(
                out,
                "<path class=\"cross\" d=\"M{:.1} {:.1}v10\"/>",
                tip.x,
                tip.y - 5.0
            );
        }
        ArrowEnd::Everyone => {
            head(out);
            let between = |x: f64| (x - tail.x) * (x - tip.x) < -1.0;
            for lane in scene.lanes.iter().filter(|lane| between(lane.x)) {
                let part = (lane.x - tail.x) / dx;
                let _ = write!(
                    out,
                    "<circle class=\"passes\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>",
                    lane.x,
                    tail.y + dy * part
                );
            }
        }
    }
}
