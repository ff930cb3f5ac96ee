//! Packets that people chose not to show: left out, and where, said with a thin mark.

use super::scene::{Anchor, Hidden, Label, LabelRole};
use crate::view::View;
use crate::words::{Language, say};

/// How far the mark stands above the packet after it.
const ABOVE: f64 = 9.0;

/// Packets in a row that are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// How many packets are drawn before it: the number of the item after it.
    pub(super) item: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

/// Takes the next hidden packet; `items` are drawn so far.
pub(super) fn push(runs: &mut Vec<Run>, packet: u32, items: usize) {
    let item = u32::try_from(items).unwrap_or(u32::MAX);
    match runs.last_mut() {
        Some(run) if run.item == item => run.count += 1,
        _ => runs.push(Run {
            item,
            first: packet,
            count: 1,
        }),
    }
}

/// The mark of a run; `y` is the height at which the packet after it departs.
pub(super) fn mark(language: Language, run: Run, y: f64) -> Hidden {
    let count = u64::from(run.count);
    let first = u64::from(run.first) + 1;
    let title = match count {
        1 => say!(
            language,
            "packet {first} hidden",
            "パケット {first} は非表示"
        ),
        _ => say!(
            language,
            "{count} packets hidden, from {first} on",
            "パケット {first} から {count} 個が非表示"
        ),
    };
    Hidden {
        y: y - ABOVE,
        count,
        first,
        label: None,
        title,
    }
}

/// Where its words may be.
pub(super) fn texts(mark: &Hidden, view: &View, (left, right): (f64, f64)) -> Vec<Label> {
    let role = LabelRole::Hidden;
    let text = match mark.count {
        1 => view
            .language
            .pick("1 packet hidden", "1 パケット非表示")
            .to_owned(),
        count => say!(
            view.language,
            "{count} packets hidden",
            "{count} パケット非表示"
        ),
    };
    let parts = [0.5, 0.62, 0.38, 0.74, 0.26, 0.86, 0.14];
    let label = |part: f64| Label {
        width: view.metrics.width(&text) * role.scale(),
        text: text.clone(),
        x: left + (right - left) * part,
        y: mark.y + 3.0,
        cos: 1.0,
        anchor: Anchor::Middle,
        role,
        ..Label::default()
    };
    parts.into_iter().map(label).collect()
}
