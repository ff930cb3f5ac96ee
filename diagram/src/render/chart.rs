//! A graph as characters, for terminals, tickets and tests.

use crate::graph::{Corner, GraphScene, Ink, LegendItem, Plot};
use core::fmt::Write;

/// Rows of the plot.
const ROWS: usize = 20;
/// Columns of the plot, at least.
const MIN_COLUMNS: usize = 20;

/// The character of an ink; what is drawn later lies on top.
const fn character(ink: Ink) -> char {
    match ink {
        Ink::Acked | Ink::Srtt => '-',
        Ink::WindowEnd => '.',
        Ink::Data => '|',
        Ink::Late => 'O',
        Ink::Again => 'R',
        Ink::Lost => 'x',
        Ink::Unseen => '?',
        Ink::Sacked => 'S',
        Ink::Duplicate => '\'',
        Ink::Closed => 'Z',
        Ink::Syn => '^',
        Ink::Fin => 'v',
        Ink::Rst => '#',
        Ink::Throughput | Ink::Flight | Ink::Offered => '*',
        Ink::Goodput => '+',
        Ink::Rto | Ink::Ssthresh => ':',
        Ink::Trip => 'o',
        Ink::PeerWindow => '~',
        Ink::Cwnd => '=',
    }
}

/// The graph, `columns` wide where its labels allow it.
pub fn chart(scene: &GraphScene, columns: usize) -> String {
    let label = |tick: &crate::graph::Tick| tick.label.text.chars().count();
    let margin = scene.y_ticks.iter().map(label).max().unwrap_or(0);
    let mut cells = Cells::new(
        scene.plot,
        columns.saturating_sub(margin + 2).max(MIN_COLUMNS),
    );
    for line in &scene.lines {
        for pair in line.corners.windows(2) {
            cells.stroke(pair[0], pair[1], character(line.ink));
        }
    }
    for mark in &scene.marks {
        let end = |y| Corner {
            x: mark.x,
            y,
            packet: 0,
        };
        cells.stroke(end(mark.y0), end(mark.y1), character(mark.ink));
    }
    let mut texts = scene.texts.iter().map(|text| text.text.as_str());
    let mut out = String::new();
    let mut next = |out: &mut String| {
        let _ = writeln!(out, "{}", texts.next().unwrap_or_default());
    };
    next(&mut out);
    let legend: Vec<_> = scene
        .legend
        .iter()
        .map(|item| format!("{} {}", character(item.ink), meaning(item)))
        .collect();
    let _ = writeln!(out, "{}", legend.join("   "));
    next(&mut out);
    for (row, line) in cells.rows.iter().enumerate() {
        let tick = scene.y_ticks.iter().find(|tick| cells.row(tick.at) == row);
        let label = tick.map_or("", |tick| tick.label.text.as_str());
        let edge = if tick.is_some() { '+' } else { '|' };
        let line: String = line.iter().collect();
        let _ = writeln!(
            out,
            "{}",
            format!("{label:>margin$} {edge}{line}").trim_end()
        );
    }
    let (ruler, labels) = cells.time_axis(scene);
    let indent = margin + 1;
    let _ = writeln!(out, "{:indent$}+{ruler}", "");
    let _ = writeln!(out, "{:margin$}{}", "", labels.trim_end());
    for _ in 2..scene.texts.len() {
        next(&mut out);
    }
    out
}

/// The legend's words without the letter that the picture has and a chart says itself.
fn meaning(item: &LegendItem) -> &str {
    let words = item.text.text.as_str();
    match item.ink.letter() {
        Some(letter) => words.strip_prefix(letter).unwrap_or(words).trim_start(),
        None => words,
    }
}

struct Cells {
    plot: Plot,
    rows: Vec<Vec<char>>,
}

impl Cells {
    fn new(plot: Plot, columns: usize) -> Self {
        Self {
            plot,
            rows: vec![vec![' '; columns]; ROWS],
        }
    }

    fn columns(&self) -> usize {
        self.rows[0].len()
    }

    fn row(&self, y: f64) -> usize {
        let part = (y - self.plot.y0) / (self.plot.y1 - self.plot.y0);
        ((part * ROWS as f64) as usize).min(ROWS - 1)
    }

    fn column(&self, x: f64) -> usize {
        let part = (x - self.plot.x0) / (self.plot.x1 - self.plot.x0);
        ((part * self.columns() as f64) as usize).min(self.columns() - 1)
    }

    /// Along, or up and down: there is nothing else in a graph.
    fn stroke(&mut self, from: Corner, to: Corner, character: char) {
        let columns = (self.column(from.x), self.column(to.x));
        let rows = (self.row(from.y), self.row(to.y));
        for row in &mut self.rows[rows.0.min(rows.1)..=rows.0.max(rows.1)] {
            row[columns.0.min(columns.1)..=columns.0.max(columns.1)].fill(character);
        }
    }

    /// The time axis, and its labels from two columns before it on.
    fn time_axis(&self, scene: &GraphScene) -> (String, String) {
        let mut ruler = vec!['-'; self.columns()];
        let mut labels = String::new();
        for tick in &scene.x_ticks {
            let column = self.column(tick.at);
            ruler[column] = '+';
            let text = &tick.label.text;
            let long = text.chars().count();
            let begin = (column + 2).saturating_sub(long / 2);
            let taken = labels.chars().count();
            if (labels.is_empty() || begin > taken) && begin + long <= self.columns() + 2 {
                let _ = write!(labels, "{:1$}{text}", "", begin - taken);
            }
        }
        (ruler.into_iter().collect(), labels)
    }
}
