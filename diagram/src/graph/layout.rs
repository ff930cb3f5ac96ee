//! Where the title, the legend, the axes and the plot are.

use super::axis::{Quantity, Scale, Ticks, ticks};
use super::canvas::{Canvas, Drawn};
use super::flow::Flow;
use super::ink::Ink;
use super::measure::Heights;
use super::rate::interval_ns;
use super::scene::{GraphScene, LegendItem, Mark, Plot, Text, TextRole, Tick};
use super::{GraphKind, GraphOptions};
use crate::layout::scene::Anchor;
use crate::view::Metrics;
use crate::words;
use core::fmt::Write;
use std::collections::BTreeMap;

/// Nothing is nearer to the picture's edge.
const EDGE: f64 = 10.0;
/// Between rows of text.
const LEADING: f64 = 5.0;
/// From the plot's edge to what stands at its end: half a glyph.
const INSET: f64 = 6.0;
/// The plot is at least so high.
const MIN_PLOT: f64 = 80.0;
/// Letters at marks, at the most.
const MAX_LETTERS: usize = 200;

/// The picture without what is drawn in it.
pub(super) struct Frame {
    kind: GraphKind,
    metrics: Metrics,
    width: f64,
    height: f64,
    pub(super) plot: Plot,
    /// Of ns since the capture's first packet.
    pub(super) x: Scale,
    /// Of bytes, ns or bits per second.
    pub(super) y: Scale,
    x_ticks: Ticks,
    y_ticks: Ticks,
    title: String,
    legend: Vec<LegendItem>,
    notes: Vec<String>,
}

const fn quantity(kind: GraphKind) -> Quantity {
    match kind {
        GraphKind::Sequence | GraphKind::Flight | GraphKind::Window => Quantity::Bytes,
        GraphKind::Throughput => Quantity::BitRate,
        GraphKind::RoundTrip => Quantity::Time,
    }
}

impl Frame {
    /// For what the first pass found.
    pub(super) fn new(
        flow: &Flow<'_>,
        options: &GraphOptions,
        heights: &Heights,
        inks: impl Iterator<Item = Ink>,
    ) -> Self {
        let metrics = options.metrics;
        let (kind, line) = (options.kind, metrics.line_height);
        let width = options.width.max(320.0);
        let title = format!("{}, {} ({})", kind.words(), flow.way(), flow.clock());
        let shown = inks.filter(|ink| !heights.outside.contains(ink));
        let rows = EDGE + line * 1.1 + LEADING;
        let (legend, below) = legend(shown, rows, width, metrics);
        let notes = wrap(&notes(flow, kind, heights), width - 2.0 * EDGE, metrics);
        // The unit stands above the plot, clear of the highest tick's label.
        let y0 = below + line + LEADING + line / 2.0;
        let under = (line + LEADING) * (2.0 + notes.len() as f64) + EDGE;
        let y1 = (options.height.max(200.0) - under).max(y0 + MIN_PLOT);
        let y = Scale::new((heights.low, heights.high), (y1 - INSET, y0 + INSET));
        let y_ticks = ticks(&y, quantity(kind), |_| line * 2.2);
        let longest = y_ticks.ticks.iter().map(|(_, text)| chars(text));
        let x0 = EDGE + longest.fold(0.0, f64::max) * metrics.char_width + 8.0;
        let x1 = width - EDGE - 4.0;
        let (from, to) = flow.range();
        let bound = |ns| i64::try_from(ns).unwrap_or(i64::MAX);
        let x = Scale::new((bound(from), bound(to)), (x0 + INSET, x1 - INSET));
        let x_ticks = ticks(&x, Quantity::Time, |chars| {
            (chars as f64 + 4.0) * metrics.char_width
        });
        Self {
            kind,
            metrics,
            width,
            height: y1 + under,
            plot: Plot { x0, x1, y0, y1 },
            x,
            y,
            x_ticks,
            y_ticks,
            title,
            legend,
            notes,
        }
    }

    /// All of it, with what the second pass drew.
    pub(super) fn scene(self, flow: &Flow<'_>, canvas: Canvas, heights: &Heights) -> GraphScene {
        let Drawn {
            lines,
            marks,
            counts,
        } = canvas.finish();
        let description = self.describe(flow, &counts, heights);
        GraphScene {
            width: self.width,
            height: self.height,
            char_width: self.metrics.char_width,
            plot: self.plot,
            range_ns: flow.range(),
            texts: self.texts(),
            x_ticks: self.x_labels(),
            y_ticks: self.y_labels(),
            letters: letters(&marks, self.plot, self.metrics),
            legend: self.legend,
            lines,
            marks,
            description,
        }
    }

    fn text(&self, text: &str, (x, y): (f64, f64), anchor: Anchor, role: TextRole) -> Text {
        line_of(text, (x, y), anchor, role, self.metrics)
    }

    /// Title, units and notes.
    fn texts(&self) -> Vec<Text> {
        let line = self.metrics.line_height;
        let step = line + LEADING;
        let Plot { x1, y0, y1, .. } = self.plot;
        let room = ((self.width - 2.0 * EDGE) / (self.metrics.char_width * 1.1)) as usize;
        let title = words::cut(&self.title, room);
        let top = EDGE + line * 1.1 * 0.78;
        let unit_y = y0 - line / 2.0 - LEADING / 2.0 - line * 0.22;
        let under = y1 + INSET + line * 0.78 + step;
        let mut texts = vec![
            self.text(&title, (EDGE, top), Anchor::Start, TextRole::Title),
            self.text(
                self.y_ticks.unit,
                (EDGE, unit_y),
                Anchor::Start,
                TextRole::Unit,
            ),
            self.text(
                &format!("{} since the first packet", self.x_ticks.unit),
                (x1, under),
                Anchor::End,
                TextRole::Unit,
            ),
        ];
        for (row, note) in self.notes.iter().enumerate() {
            let y = under + step * (row as f64 + 1.0);
            texts.push(self.text(note, (EDGE, y), Anchor::Start, TextRole::Note));
        }
        texts
    }

    fn x_labels(&self) -> Vec<Tick> {
        let y = self.plot.y1 + INSET + self.metrics.line_height * 0.78;
        let ticks = self.x_ticks.ticks.iter().map(|(x, text)| Tick {
            at: *x,
            label: self.text(text, (*x, y), Anchor::Middle, TextRole::Tick),
        });
        let inside = |tick: &Tick| {
            let (left, right, ..) = tick.label.room();
            left >= 0.0 && right <= self.width
        };
        ticks.filter(inside).collect()
    }

    fn y_labels(&self) -> Vec<Tick> {
        let x = self.plot.x0 - 6.0;
        let down = self.metrics.line_height * 0.28;
        let ticks = self.y_ticks.ticks.iter().map(|(y, text)| Tick {
            at: *y,
            label: self.text(text, (x, y + down), Anchor::End, TextRole::Tick),
        });
        ticks.collect()
    }

    fn describe(&self, flow: &Flow<'_>, counts: &BTreeMap<Ink, u64>, heights: &Heights) -> String {
        let (from, to) = flow.range();
        let mut text = format!(
            "{}, from {} to {}, up to {}.",
            self.title,
            words::duration(from),
            words::duration(to),
            quantity(self.kind).words(heights.high),
        );
        let shown: Vec<_> = counts
            .iter()
            .map(|(ink, count)| format!("{}: {count}", ink.words()))
            .collect();
        if !shown.is_empty() {
            let _ = write!(text, " {}.", shown.join("; "));
        }
        for note in &self.notes {
            let _ = write!(text, " {note}");
        }
        text
    }
}

fn chars(text: &str) -> f64 {
    text.chars().count() as f64
}

fn line_of(
    text: &str,
    (x, y): (f64, f64),
    anchor: Anchor,
    role: TextRole,
    metrics: Metrics,
) -> Text {
    let scale = match role {
        TextRole::Title => 1.1,
        _ => 1.0,
    };
    Text {
        text: text.to_owned(),
        x,
        y,
        anchor,
        width: chars(text) * metrics.char_width * scale,
        height: metrics.line_height * scale,
        role,
    }
}

/// The inks' meanings in rows, and where the rows end.
fn legend(
    inks: impl Iterator<Item = Ink>,
    top: f64,
    width: f64,
    metrics: Metrics,
) -> (Vec<LegendItem>, f64) {
    let line = metrics.line_height;
    let (mut x, mut y) = (EDGE, top);
    let mut items = Vec::new();
    for ink in inks {
        let wide = LegendItem::SAMPLE + 6.0 + chars(ink.words()) * metrics.char_width;
        if x > EDGE && x + wide > width - EDGE {
            (x, y) = (EDGE, y + line + LEADING);
        }
        let at = (x + LegendItem::SAMPLE + 6.0, y + line * 0.78);
        items.push(LegendItem {
            ink,
            x,
            y: y + line / 2.0,
            text: line_of(ink.words(), at, Anchor::Start, TextRole::Legend, metrics),
        });
        x += wide + 16.0;
    }
    (items, y + line + LEADING)
}

/// What the picture does not show by itself.
fn notes(flow: &Flow<'_>, kind: GraphKind, heights: &Heights) -> Vec<String> {
    let mut notes = Vec::new();
    if kind == GraphKind::Throughput {
        let interval = i64::try_from(interval_ns(flow.range())).unwrap_or(i64::MAX);
        notes.push(format!(
            "Each step is what passed in {}.",
            Quantity::Time.words(interval)
        ));
    }
    for (ink, high) in &heights.beyond {
        let words = quantity(kind).words(*high);
        let verb = if heights.outside.contains(ink) {
            "lies above the picture, at"
        } else {
            "goes on above the picture, to"
        };
        notes.push(format!("{}: {verb} {words}.", ink.words()));
    }
    let has_windows = matches!(
        kind,
        GraphKind::Sequence | GraphKind::Flight | GraphKind::Window
    );
    if has_windows && !flow.saw_answers_begin() {
        notes
            .push("The receiver's SYN was not seen: its windows may be scaled, and larger.".into());
    }
    match kind {
        GraphKind::RoundTrip if flow.is_near_receiver() => notes.push(
            "Taken near the receiver: this is how long it took to acknowledge, not the way.".into(),
        ),
        GraphKind::Flight if flow.is_near_receiver() => notes.push(
            "Taken near the receiver: the sender has more in flight, all that is on the way."
                .into(),
        ),
        _ => {}
    }
    if flow.own_sender().is_none() {
        match kind {
            GraphKind::RoundTrip => {
                notes.push("The sender's SRTT and RTO are not known: it left no trace.".into());
            }
            GraphKind::Flight => {
                notes.push("The sender's cwnd is not known: it left no trace.".into());
            }
            _ => {}
        }
    }
    notes
}

/// The notes one after the other, in lines that fit.
fn wrap(notes: &[String], width: f64, metrics: Metrics) -> Vec<String> {
    let room = (width / metrics.char_width) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in notes.iter().flat_map(|note| note.split(' ')) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(words::cut(word, room)),
        }
    }
    lines
}

/// A letter beside each mark that has one, where there is room.
fn letters(marks: &[Mark], plot: Plot, metrics: Metrics) -> Vec<(Ink, Text)> {
    let mut placed: Vec<(Ink, Text)> = Vec::new();
    for mark in marks {
        let Some(letter) = mark.ink.letter() else {
            continue;
        };
        if placed.len() == MAX_LETTERS {
            break;
        }
        let middle = (mark.y0 + mark.y1) / 2.0 + metrics.line_height * 0.28;
        let above = mark.y0 - 5.0;
        let sides = [(mark.x - 5.0, Anchor::End), (mark.x + 6.0, Anchor::Start)];
        let candidates = [middle, above]
            .into_iter()
            .flat_map(|y| sides.map(|(x, anchor)| ((x, y), anchor)));
        let found = candidates.into_iter().find_map(|(at, anchor)| {
            let text = line_of(
                letter.encode_utf8(&mut [0; 4]),
                at,
                anchor,
                TextRole::Letter,
                metrics,
            );
            let room = text.room();
            let inside =
                room.0 >= plot.x0 && room.1 <= plot.x1 && room.2 >= plot.y0 && room.3 <= plot.y1;
            let free = !placed.iter().any(|(_, other)| touch(room, other.room()));
            (inside && free).then_some(text)
        });
        if let Some(text) = found {
            placed.push((mark.ink, text));
        }
    }
    placed
}

fn touch(a: (f64, f64, f64, f64), b: (f64, f64, f64, f64)) -> bool {
    a.0 < b.1 && b.0 < a.1 && a.2 < b.3 && b.2 < a.3
}
