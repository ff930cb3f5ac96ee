//! A ladder as plain text: one packet a line, for terminals, tests and tickets.
//!
//! ```text
//!       ms  this page                        www.lab.test
//!      0.0  │─────SYN number 0──────────────►│  SYN-SENT ...
//!     20.0  │◄─────SYN ACK number 0, wants 1─│
//!           ≈  220 ms of silence: only the sender's timer runs
//! ```

use super::listing::Listing;
use crate::Document;
use crate::scene::{Arrow, ArrowEnd, Bracket, Certainty, Kind, Lane};
use crate::words::{self, say};
use core::fmt::Write;

/// Columns before the first lane: a time.
const TIMES: usize = 11;
/// The least room between two lanes.
const MIN_BETWEEN: usize = 14;

/// The whole ladder, `columns` wide where the lanes allow it.
pub fn text(document: &Document, columns: usize) -> String {
    let language = document.view().language;
    let listing = Listing::of(document);
    let lanes = &listing.scene.lanes;
    let gaps = lanes.len().saturating_sub(1).max(1);
    let between = (columns.saturating_sub(TIMES + 2) / gaps).max(MIN_BETWEEN);
    let mut out = heading(document, columns);
    out.push_str(&heads(lanes, between));
    for (on, note) in words::elsewhere(document.story()) {
        noted(&mut out, &format!("{on}: {note}"), columns);
    }
    for entry in listing.entries() {
        if let Some(hidden) = entry.hidden {
            let _ = writeln!(out, "{:TIMES$}⋯ {hidden}", "");
        }
        if let Some(silence) = &entry.silence {
            let _ = writeln!(out, "{:TIMES$}≈ {silence}", "");
        }
        let time = match entry.arrow.certainty {
            Certainty::Firm => {
                let since = entry.since_ns;
                format!("{}.{:02}", since / 1_000_000, since / 10_000 % 100)
            }
            Certainty::Inferred => "?".to_owned(),
        };
        let line = row(entry.arrow, &entry.labels, lanes.len(), between);
        let _ = writeln!(out, "{time:>9}  {}", line.trim_end());
        for bracket in entry.brackets {
            let Bracket { title, from, .. } = bracket;
            let since = say!(
                language,
                "{title}, since packet {from}",
                "{title}、パケット {from} から"
            );
            let _ = writeln!(out, "{:TIMES$}└ {since}", "");
        }
        for note in &entry.notes {
            noted(&mut out, note, columns);
        }
    }
    out
}

/// Title and summary.
fn heading(document: &Document, columns: usize) -> String {
    let annotations = document.annotations();
    let mut lines = words::wrapped(annotations.title(), columns);
    lines.extend(words::wrapped(annotations.summary(), columns));
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn noted(out: &mut String, note: &str, columns: usize) {
    for line in words::wrapped(note, columns.saturating_sub(TIMES + 3).max(20)) {
        let _ = writeln!(out, "{:TIMES$}▌ {line}", "");
    }
}

fn heads(lanes: &[Lane], between: usize) -> String {
    let mut out = String::new();
    for line in 0..2 {
        let start = if line == 0 { "ms" } else { "" };
        let mut row = format!("{start:>9}  ");
        for lane in lanes {
            let text = lane.head.get(line).map_or("", |label| label.text.as_str());
            let text = words::cut(text, between.saturating_sub(1));
            let pad = " ".repeat(between.saturating_sub(words::columns(&text)));
            let _ = write!(row, "{text}{pad}");
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
        _ if arrow.fold.is_some() => '═',
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
    let fits = |text: &&String| words::columns(text) + 4 <= room;
    let text = labels.iter().find(fits).cloned().or_else(|| {
        labels
            .last()
            .map(|text| words::cut(text, room.saturating_sub(4)))
    });
    if let Some(text) = text {
        let len = words::columns(&text);
        // Near the sender, as on a drawing.
        let spare = room.saturating_sub(len);
        let at = left
            + if to > from {
                spare / 3
            } else {
                spare - spare / 3
            };
        // A character of two columns leaves nothing in the second.
        let end = (at + len).min(cells.len());
        cells.splice(at..end, text.chars());
    }
    cells.into_iter().collect()
}
