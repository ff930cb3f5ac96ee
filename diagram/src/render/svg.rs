//! A ladder as SVG: plain elements, classes, no script, no foreignObject.
//!
//! Colour means kind and never stands alone: width, dashes and the label's words
//! say it too. What is estimated is drawn lighter towards the end that is.

mod arrow;
mod graph;
mod heading;
mod marks;
pub(super) mod style;

pub use graph::graph_svg;

use crate::Document;
use crate::scene::{ArrowEnd, Certainty, Gap, Kind, Label, Lane, Scene, StateBar, Timer, TimerEnd};
use crate::words::{self, Language, say};
use core::fmt::Write;
use core::ops::Range;
use heading::Heading;

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
        description = describe(document, &scene);
    }
    let given = document.annotations().title();
    let title = match (options.title.as_str(), given) {
        ("", "") => document
            .view()
            .language
            .pick("Sequence diagram", "シーケンス図"),
        ("", title) | (title, _) => title,
    };
    let heading = heading::of(document);
    draw_under(&heading, &scene, options.theme, (title, &description))
}

/// What a picture of the whole ladder shows, in words.
pub fn description(document: &mut Document) -> String {
    let extent = document.extent();
    let scene = document.window(0.0, extent);
    describe(document, &scene)
}

/// A scene as a whole SVG file, the lanes' heads on top.
pub(super) fn draw(scene: &Scene, theme: Theme, title: &str, description: &str) -> String {
    draw_under(&Heading::default(), scene, theme, (title, description))
}

/// The same with a heading above the heads.
fn draw_under(heading: &Heading, scene: &Scene, theme: Theme, words: (&str, &str)) -> String {
    let (y0, y1) = scene.window;
    let (width, top) = (scene.width, heading.height);
    let height = y1 - y0 + scene.head_height + top;
    let mut out = String::with_capacity(scene.arrows.len() * 600 + 8_192);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 {:.0} {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{}</style>\n",
        0.0 - top,
        escape(words.0),
        escape(words.1),
        style::style(scene, theme),
    );
    let _ = writeln!(
        out,
        "<rect class=\"ground\" y=\"{:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"/>",
        0.0 - top
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
    let clocks = [Some(&scene.clock), scene.far_clock.as_ref()];
    for label in clocks.into_iter().flatten().chain(&heading.lines) {
        text(&mut out, label, "");
    }
    out.push_str("</svg>\n");
    out
}

fn body(out: &mut String, scene: &Scene) {
    let (y0, y1) = scene.window;
    let periods = scene.periods.iter().map(|band| ("period", band));
    let highlights = scene.highlights.iter().map(|band| ("highlight", band));
    let selection = scene.selection.iter().map(|band| ("selection", band));
    for (class, band) in periods.chain(highlights).chain(selection) {
        marks::band(out, class, band, scene);
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
        arrow::arrow(out, item, scene);
    }
    marks::leaders(out, scene);
    marks::brackets(out, scene);
    marks::hidden(out, scene);
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
    marks::cards(out, scene);
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

/// What can be seen, for who cannot: what people wrote, or else one sentence.
pub(super) fn describe(document: &Document, scene: &Scene) -> String {
    let language = document.view().language;
    let annotations = document.annotations();
    let mut told: Vec<_> = [annotations.title(), annotations.summary()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| sentence(language, text))
        .collect();
    let notes = words::all_notes(document.story());
    told.extend(notes.iter().map(|note| sentence(language, note)));
    if annotations.summary().is_empty() {
        told.push(counted(language, scene));
    }
    told.join(language.pick(" ", ""))
}

/// A text that ends as a sentence does.
fn sentence(language: Language, text: &str) -> String {
    const STOPS: [char; 8] = ['.', '!', '?', ':', '…', '。', '！', '？'];
    let text = text.trim_end();
    let stop = if text.ends_with(STOPS) {
        ""
    } else {
        language.pick(".", "。")
    };
    format!("{text}{stop}")
}

/// One sentence about what can be seen.
fn counted(language: Language, scene: &Scene) -> String {
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
    say!(
        language,
        "A ladder diagram between {names}: {packets} packets, {again} sent again, {lost} lost.",
        "{names} の間のシーケンス図: {packets} パケット、再送 {again}、損失 {lost}。",
        names = names.join(language.pick("; ", "、")),
        packets = scene.arrows.len()
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
