//! A ladder as SVG: plain elements, classes, no script, no foreignObject.
//!
//! Colour means kind and never stands alone: width, dashes and the label's words
//! say it too. What is estimated is drawn lighter towards the end that is.

mod graph;
mod marks;
pub(super) mod style;

pub use graph::graph_svg;

use crate::Document;
use crate::scene::{
    Arrow, ArrowEnd, Certainty, Gap, Kind, Label, Lane, Point, Scene, StateBar, Timer, TimerEnd,
};
use core::fmt::Write;
use core::ops::Range;

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light paper.
    #[default]
    Light,
    /// Dark ground, the same meanings at the same contrast.
    Dark,
    /// What the reader's system prefers.
    Auto,
}

/// How a picture is made.
#[derive(Clone, Debug, Default)]
pub struct SvgOptions {
    /// Which colours.
    pub theme: Theme,
    /// Which part of the height; all of it where there is none.
    pub rows: Option<Range<f64>>,
    /// `<title>`: what the picture shows.
    pub title: String,
    /// `<desc>`: the same for who cannot see it.
    pub description: String,
}

/// The document's ladder as a whole SVG file.
pub fn svg(document: &mut Document, options: &SvgOptions) -> String {
    let extent = document.extent();
    let rows = options.rows.clone().unwrap_or(0.0..extent);
    let scene = document.window(rows.start, rows.end);
    let mut description = options.description.clone();
    if description.is_empty() {
        description = describe(&scene);
    }
    let title = if options.title.is_empty() {
        "Sequence diagram"
    } else {
        &options.title
    };
    draw(&scene, options.theme, title, &description)
}

/// A scene as a whole SVG file, the lanes' heads on top.
pub fn draw(scene: &Scene, theme: Theme, title: &str, description: &str) -> String {
    let (y0, y1) = scene.window;
    let (width, height) = (scene.width, y1 - y0 + scene.head_height);
    let mut out = String::with_capacity(scene.arrows.len() * 600 + 8_192);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{}</style>\n",
        escape(title),
        escape(description),
        style::style(scene, theme),
    );
    let _ = writeln!(
        out,
        "<rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>"
    );
    let _ = writeln!(
        out,
        "<clipPath id=\"rows\"><rect y=\"{y0:.1}\" width=\"{width:.0}\" height=\"{:.1}\"/></clipPath>",
        y1 - y0
    );
    let _ = writeln!(
        out,
        "<g transform=\"translate(0 {:.2})\" clip-path=\"url(#rows)\">",
        scene.head_height - y0
    );
    body(&mut out, scene);
    out.push_str("</g>\n");
    for lane in &scene.lanes {
        head(&mut out, lane);
    }
    for label in [Some(&scene.clock), scene.far_clock.as_ref()]
        .into_iter()
        .flatten()
    {
        text(&mut out, label, "");
    }
    out.push_str("</svg>\n");
    out
}

fn body(out: &mut String, scene: &Scene) {
    let (y0, y1) = scene.window;
    if let Some(band) = &scene.selection {
        let _ = writeln!(
            out,
            "<rect class=\"selection\" x=\"4\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>",
            band.y0,
            scene.width - 8.0,
            band.y1 - band.y0
        );
    }
    for lane in &scene.lanes {
        let _ = writeln!(
            out,
            "<line class=\"lane\" x1=\"{x:.1}\" y1=\"{y0:.1}\" x2=\"{x:.1}\" y2=\"{y1:.1}\"/>",
            x = lane.x
        );
    }
    for bar in &scene.states {
        state(out, bar, &scene.gaps);
    }
    for gap in &scene.gaps {
        cut(out, gap, scene);
    }
    // The end of one lies above the beginning of the next.
    for timer in scene.timers.iter().rev() {
        timer_line(out, timer);
    }
    for item in &scene.arrows {
        arrow(out, item, scene);
    }
    marks::brackets(out, scene);
    for tick in &scene.ticks {
        text(out, tick, "");
    }
    for label in scene.states.iter().filter_map(|bar| bar.label.as_ref()) {
        text(out, label, "");
    }
    for label in scene.gaps.iter().filter_map(|gap| gap.label.as_ref()) {
        text(out, label, "");
    }
    for timer in &scene.timers {
        for label in [&timer.armed, &timer.ended].into_iter().flatten() {
            text(out, label, "");
        }
    }
    // Labels last: no line runs over a letter.
    for item in &scene.arrows {
        if let Some(label) = &item.label {
            let lost = if item.certainty == Certainty::Inferred {
                " ghost"
            } else {
                ""
            };
            text(out, label, &format!("{}{lost}", item.kind.class()));
        }
    }
}

fn head(out: &mut String, lane: &Lane) {
    let _ = writeln!(out, "<g><title>{}</title>", escape(&lane.title));
    for label in &lane.head {
        text(out, label, "");
    }
    out.push_str("</g>\n");
}

pub(super) fn text(out: &mut String, label: &Label, class: &str) {
    let certainty = if label.certainty == Certainty::Inferred {
        " inferred"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text class=\"label {}{certainty}{}{class}\" transform=\"{}\" text-anchor=\"{}\">{}</text>",
        label.role.class(),
        if class.is_empty() { "" } else { " " },
        label.transform(),
        label.text_anchor(),
        escape(&label.text),
    );
}

fn state(out: &mut String, bar: &StateBar, gaps: &[Gap]) {
    let certainty = if bar.certainty == Certainty::Inferred {
        " inferred"
    } else {
        ""
    };
    let _ = writeln!(out, "<g><title>{}</title>", bar.state.name());
    // A silence cuts the bar as well.
    let mut from = bar.y0;
    let cuts = gaps.iter().filter(|gap| gap.y0 > bar.y0 && gap.y1 < bar.y1);
    for (to, next) in cuts.map(|gap| (gap.y0, gap.y1)).chain([(bar.y1, bar.y1)]) {
        let _ = writeln!(
            out,
            "<rect class=\"state {}{certainty}\" x=\"{:.1}\" y=\"{from:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            bar.class(),
            bar.x - bar.width / 2.0,
            bar.width,
            (to - from).max(0.0),
        );
        from = next;
    }
    out.push_str("</g>\n");
}

fn cut(out: &mut String, gap: &Gap, scene: &Scene) {
    let _ = writeln!(
        out,
        "<g class=\"gap\"><title>{}</title>\
         <rect class=\"cut\" y=\"{:.1}\" width=\"{:.0}\" height=\"{:.1}\"/>",
        escape(&gap.title),
        gap.y0,
        scene.width,
        gap.y1 - gap.y0,
    );
    let middle = (gap.y0 + gap.y1) / 2.0;
    let hidden = |x: f64| {
        gap.label
            .as_ref()
            .is_some_and(|label| (label.x - x).abs() < label.width / 2.0 + 8.0)
    };
    for lane in scene.lanes.iter().filter(|lane| !hidden(lane.x)) {
        // Two short waves: the line was cut here.
        for y in [middle - 3.0, middle + 3.0] {
            let x = lane.x;
            let _ = write!(
                out,
                "<path class=\"wave\" d=\"M{:.1} {y:.1}q3 -4 6 0t6 0\"/>",
                x - 6.0
            );
        }
    }
    out.push_str("</g>\n");
}

fn timer_line(out: &mut String, timer: &Timer) {
    let (x, y0, y1) = (timer.x, timer.y0, timer.y1);
    let _ = write!(
        out,
        "<g class=\"timer\"><title>{}</title>\
         <line x1=\"{x:.1}\" y1=\"{y0:.1}\" x2=\"{x:.1}\" y2=\"{y1:.1}\"/>\
         <circle class=\"armed\" cx=\"{x:.1}\" cy=\"{y0:.1}\" r=\"3\"/>",
        escape(&timer.title)
    );
    match timer.end {
        TimerEnd::Running => {}
        TimerEnd::Fired => {
            let _ = write!(
                out,
                "<circle class=\"fired\" cx=\"{x:.1}\" cy=\"{y1:.1}\" r=\"3.2\"/>"
            );
        }
        TimerEnd::Stopped => {
            let _ = write!(
                out,
                "<path class=\"stopped\" d=\"M{:.1} {y1:.1}h8\"/>",
                x - 4.0
            );
        }
    }
    out.push_str("</g>\n");
}

/// Lines keep this far from the middle of a lane.
const CLEAR: f64 = 5.0;

fn arrow(out: &mut String, arrow: &Arrow, scene: &Scene) {
    let ghost = if arrow.certainty == Certainty::Inferred {
        " ghost"
    } else {
        ""
    };
    let focus = if arrow.in_focus { "" } else { " aside" };
    let _ = write!(
        out,
        "<g class=\"arrow {}{ghost}{focus}\" data-packet=\"{}\"><title>{}</title>",
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
    if arrow.shortened {
        let _ = write!(
            out,
            "<path class=\"break\" d=\"M{:.1} {:.1}l8 -5m-8 10l8 -5\"/>",
            middle.x - 4.0,
            middle.y
        );
    }
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

/// One sentence about what can be seen.
pub(super) fn describe(scene: &Scene) -> String {
    let names: Vec<_> = scene.lanes.iter().map(|lane| lane.title.as_str()).collect();
    let again = scene
        .arrows
        .iter()
        .filter(|a| a.kind == Kind::Retransmission)
        .count();
    let lost = scene
        .arrows
        .iter()
        .filter(|a| a.end == ArrowEnd::Lost)
        .count();
    format!(
        "A ladder diagram between {}: {} packets, {again} sent again, {lost} lost.",
        names.join("; "),
        scene.arrows.len()
    )
}

/// Text as XML wants it; what XML cannot hold at all becomes a question mark.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escape("<script>&\"\u{1}\u{ffff}é"),
            "&lt;script&gt;&amp;&quot;??é"
        );
    }
}
