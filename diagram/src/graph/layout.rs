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
use crate::words::{self, Language, say};
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
    language: Language,
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
        let language = flow.language();
        let title = say!(
            language,
            "{what}, {way} ({clock})",
            "{what}、{way}（{clock}）",
            what = kind.words(language),
            way = flow.way(),
            clock = flow.clock()
        );
        let shown = inks.filter(|ink| !heights.outside.contains(ink));
        let rows = EDGE + line * 1.1 + LEADING;
        let (legend, below) = legend(language, shown, rows, width, metrics);
        let notes = metrics.wrapped(&notes(flow, kind, heights), width - 2.0 * EDGE);
        // The unit stands above the plot, clear of the highest tick's label.
        let y0 = below + line + LEADING + line / 2.0;
        let under = (line + LEADING) * (2.0 + notes.len() as f64) + EDGE;
        let y1 = (options.height.max(200.0) - under).max(y0 + MIN_PLOT);
        let y = Scale::new((heights.low, heights.high), (y1 - INSET, y0 + INSET));
        let y_ticks = ticks(&y, quantity(kind), |_| line * 2.2);
        let longest = y_ticks.ticks.iter().map(|(_, text)| metrics.width(text));
        let x0 = EDGE + longest.fold(0.0, f64::max) + 8.0;
        let x1 = width - EDGE - 4.0;
        let (from, to) = flow.range();
        let bound = |ns| i64::try_from(ns).unwrap_or(i64::MAX);
        let x = Scale::new((bound(from), bound(to)), (x0 + INSET, x1 - INSET));
        let x_ticks = ticks(&x, Quantity::Time, |chars| {
            (chars as f64 + 4.0) * metrics.char_width
        });
        Self {
            kind,
            language,
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
        let title = self
            .metrics
            .cut(&self.title, (self.width - 2.0 * EDGE) / 1.1);
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
                &say!(
                    self.language,
                    "{unit} since the first packet",
                    "最初のパケットから（{unit}）",
                    unit = self.x_ticks.unit
                ),
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
        let mut text = say!(
            self.language,
            "{title}, from {from} to {to}, up to {most}.",
            "{title}、{from} から {to} まで、最大 {most}。",
            title = self.title,
            from = words::duration(from),
            to = words::duration(to),
            most = quantity(self.kind).words(heights.high),
        );
        let shown: Vec<_> = counts
            .iter()
            .map(|(ink, count)| format!("{}: {count}", ink.words(self.language)))
            .collect();
        if !shown.is_empty() {
            let shown = shown.join(self.language.pick("; ", "、"));
            text.push_str(&say!(self.language, " {shown}.", "{shown}。"));
        }
        for note in &self.notes {
            text.push_str(self.language.pick(" ", ""));
            text.push_str(note);
        }
        text
    }
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
        width: metrics.width(text) * scale,
        height: metrics.line_height * scale,
        role,
    }
}

/// The inks' meanings in rows, and where the rows end.
fn legend(
    language: Language,
    inks: impl Iterator<Item = Ink>,
    top: f64,
    width: f64,
    metrics: Metrics,
) -> (Vec<LegendItem>, f64) {
    let line = metrics.line_height;
    let (mut x, mut y) = (EDGE, top);
    let mut items = Vec::new();
    for ink in inks {
        let words = ink.words(language);
        let wide = LegendItem::SAMPLE + 6.0 + metrics.width(words);
        if x > EDGE && x + wide > width - EDGE {
            (x, y) = (EDGE, y + line + LEADING);
        }
        let at = (x + LegendItem::SAMPLE + 6.0, y + line * 0.78);
        items.push(LegendItem {
            ink,
            x,
            y: y + line / 2.0,
            text: line_of(words, at, Anchor::Start, TextRole::Legend, metrics),
        });
        x += wide + 16.0;
    }
    (items, y + line + LEADING)
}

/// What the picture does not show by itself, in sentences.
fn notes(flow: &Flow<'_>, kind: GraphKind, heights: &Heights) -> String {
    let language = flow.language();
    let mut notes: Vec<String> = Vec::new();
    if kind == GraphKind::Throughput {
        let interval = i64::try_from(interval_ns(flow.range())).unwrap_or(i64::MAX);
        notes.push(say!(
            language,
            "Each step is what passed in {time}.",
            "1 段は {time} の間に通った量です。",
            time = Quantity::Time.words(interval)
        ));
    }
    for (ink, high) in &heights.beyond {
        let is_outside = heights.outside.contains(ink);
        let (ink, most) = (ink.words(language), quantity(kind).words(*high));
        notes.push(match is_outside {
            true => say!(
                language,
                "{ink}: lies above the picture, at {most}.",
                "{ink}は図の上の外、{most} にあります。"
            ),
            false => say!(
                language,
                "{ink}: goes on above the picture, to {most}.",
                "{ink}は図の上へはみ出し、{most} まであります。"
            ),
        });
    }
    let has_windows = matches!(
        kind,
        GraphKind::Sequence | GraphKind::Flight | GraphKind::Window
    );
    let mut told = |english: &str, japanese| notes.push(language.pick(english, japanese).into());
    if has_windows && !flow.saw_answers_begin() {
        told(
            "The receiver's SYN was not seen: its windows may be scaled, and larger.",
            "受信側の SYN が見えていないので、ウィンドウは実際にはもっと大きいかもしれません。",
        );
    }
    match kind {
        GraphKind::RoundTrip if flow.is_near_receiver() => told(
            "Taken near the receiver: this is how long it took to acknowledge, not the way.",
            "受信側の近くで取られたため、往復時間ではなく ACK を返すまでの時間です。",
        ),
        GraphKind::Flight if flow.is_near_receiver() => told(
            "Taken near the receiver: the sender has more in flight, all that is on the way.",
            "受信側の近くで取られたため、送信側の未確認の量は、途中にある分だけ多くなります。",
        ),
        _ => {}
    }
    if flow.own_sender().is_none() {
        match kind {
            GraphKind::RoundTrip => told(
                "The sender's SRTT and RTO are not known: it left no trace.",
                "送信側の SRTT と RTO はわかりません（記録がありません）。",
            ),
            GraphKind::Flight => told(
                "The sender's cwnd is not known: it left no trace.",
                "送信側の cwnd はわかりません（記録がありません）。",
            ),
            _ => {}
        }
    }
    notes.join(language.pick(" ", ""))
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
