//! Title and summary above a picture.

use crate::Document;
use crate::scene::{Label, LabelRole};
use crate::words;

const EDGE: f64 = 8.0;
/// A summary of more lines than this is cut; the description has all of it.
const MAX_LINES: usize = 12;

/// Lines above the lanes' heads, at negative heights.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heading {
    pub(super) lines: Vec<Label>,
    pub(super) height: f64,
}

/// What people called the document and wrote about the whole of it.
pub(super) fn of(document: &Document) -> Heading {
    let view = document.view();
    let metrics = view.metrics;
    let mut heading = Heading::default();
    let mut add = |text: &str, role: LabelRole, most: usize| {
        let advance = metrics.char_width * role.scale();
        let columns = ((view.width - 2.0 * EDGE) / advance).max(1.0) as usize;
        let mut lines = words::wrapped(text.trim(), columns);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                *last = words::cut(&format!("{last} …"), columns);
            }
        }
        for text in lines {
            heading.height += metrics.line_height * role.scale() + 3.0;
            heading.lines.push(Label {
                width: text.chars().count() as f64 * advance,
                text,
                x: EDGE,
                y: heading.height,
                cos: 1.0,
                role,
                ..Label::default()
            });
        }
    };
    let annotations = document.annotations();
    add(annotations.title(), LabelRole::Title, 3);
    add(annotations.summary(), LabelRole::Summary, MAX_LINES);
    if heading.lines.is_empty() {
        return heading;
    }
    heading.height += 2.0 * EDGE;
    for line in &mut heading.lines {
        line.y += EDGE - heading.height;
    }
    heading
}
