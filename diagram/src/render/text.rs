//! A ladder as plain text: one packet a line, for terminals, tests and tickets.
//!
//! ```text
//!       ms  this page                        www.lab.test
//!      0.0  │─────SYN number 0──────────────►│  SYN-SENT ...
//!     20.0  │◄─────SYN ACK number 0, wants 1─│
//!           ≈  220 ms of silence: only the sender's timer runs
//! ```

use crate::Document;
use crate::scene::{Arrow, ArrowEnd, Certainty, Kind, Lane};
use crate::view::{Axis, View};
use crate::words::{self, Story};
use core::fmt::Write;

/// Columns before the first lane: a time.
const TIMES: usize = 11;
/// The least room between two lanes.
const MIN_BETWEEN: usize = 14;
/// A silence that is worth a line.
const SILENCE_NS: u64 = 100_000_000;

/// The whole ladder, `columns` wide where the lanes allow it.
pub fn text(document: &Document, columns: usize) -> String {
    // Rows are all that is needed: one for each packet, in their order.
    let mut rows = document.clone();
    rows.set_view(View {
        axis: Axis::Rows,
        ..*document.view()
    });
    let extent = rows.extent();
    let scene = rows.window(0.0, extent);
    let lanes = &scene.lanes;
    let gaps = lanes.len().saturating_sub(1).max(1);
    let between = (columns.saturating_sub(TIMES + 2) / gaps).max(MIN_BETWEEN);
    let mut out = heads(lanes, between);
    let story = Story {
        capture: document.capture(),
        analysis: document.analysis(),
    };
    let frames = document.capture().frames();
    let origin = frames.first().map_or(0, |frame| frame.at.as_nanos());
    let mut arrows: Vec<&Arrow> = scene.arrows.iter().collect();
    arrows.sort_by_key(|arrow| (arrow.number, arrow.certainty == Certainty::Firm));
    let mut last: Option<usize> = None;
    for arrow in arrows {
        let index = usize::try_from(arrow.number - 1).unwrap_or(usize::MAX);
        let Some(frame) = frames.get(index) else {
            continue;
        };
        let ns = frame.at.as_nanos();
        if let Some(before) = last {
            let silent = ns.saturating_sub(frames[before].at.as_nanos());
            if silent > SILENCE_NS && arrow.certainty == Certainty::Firm {
                let what = words::silence_labels(silent, words::awaited(story, before, index));
                let _ = writeln!(out, "{:TIMES$}≈ {}", "", what[0]);
            }
        }
        last = Some(index);
        let since = ns.saturating_sub(origin);
        let time = match arrow.certainty {
            Certainty::Firm => format!("{}.{:02}", since / 1_000_000, since / 10_000 % 100),
            Certainty::Inferred => "?".to_owned(),
        };
        let label = match arrow.certainty {
            Certainty::Firm => words::labels(story, index, document.view().labels),
            Certainty::Inferred => vec!["never seen here".to_owned()],
        };
        let line = row(arrow, &label, lanes.len(), between);
        let _ = writeln!(out, "{time:>9}  {}", line.trim_end());
    }
    out
}

fn heads(lanes: &[Lane], between: usize) -> String {
    let mut out = String::new();
    for line in 0..2 {
        let start = if line == 0 { "ms" } else { "" };
        let mut row = format!("{start:>9}  ");
        for lane in lanes {
            let text = lane.head.get(line).map_or("", |label| label.text.as_str());
            let text = words::cut(text, between.saturating_sub(1));
            let _ = write!(row, "{text:<between$}");
        }
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out
}

/// One arrow between the lanes' lines.
fn row(arrow: &Arrow, labels: &[String], lanes: usize, between: usize) -> String {
    let width = between * lanes.saturating_sub(1).max(1) + 1;
    let mut cells: Vec<char> = vec![' '; width];
    for lane in 0..lanes {
        cells[lane * between] = '│';
    }
    let (from, mut to) = (
        usize::from(arrow.from) * between,
        usize::from(arrow.to) * between,
    );
    if from == to {
        to = if from == 0 { width - 1 } else { 0 };
    }
    let (left, right) = (from.min(to) + 1, from.max(to));
    let stroke = match arrow.kind {
        Kind::Retransmission => '╌',
        Kind::Arp | Kind::Dns => '┄',
        _ if arrow.certainty == Certainty::Inferred => '·',
        _ => '─',
    };
    let room = right.saturating_sub(left);
    cells[left..right].fill(stroke);
    let tip = if to > from { right - 1 } else { left };
    let mark = match arrow.end {
        ArrowEnd::Lost | ArrowEnd::Refused | ArrowEnd::Dropped => '×',
        ArrowEnd::Everyone | ArrowEnd::Arrives if to > from => '►',
        ArrowEnd::Everyone | ArrowEnd::Arrives => '◄',
    };
    if room > 0 {
        cells[tip] = mark;
    }
    let fits = |text: &&String| text.chars().count() + 4 <= room;
    let text = labels.iter().find(fits).cloned().or_else(|| {
        labels
            .last()
            .map(|text| words::cut(text, room.saturating_sub(4)))
    });
    if let Some(text) = text {
        let len = text.chars().count();
        // Near the sender, as on a drawing.
        let spare = room.saturating_sub(len);
        let at = left
            + if to > from {
                spare / 3
            } else {
                spare - spare / 3
            };
        for (cell, character) in cells[at..].iter_mut().zip(text.chars()) {
            *cell = character;
        }
    }
    cells.into_iter().collect()
}
