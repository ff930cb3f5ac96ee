//! Title and summary above a picture.

use crate::Document;
use crate::scene::{Label, LabelRole};

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
        let room = (view.width - 2.0 * EDGE) / role.scale();
        let mut lines = metrics.wrapped(text.trim(), room);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                *last = metrics.cut(&format!("{last} …"), room);
            }
        }
        for text in lines {
            heading.height += metrics.line_height * role.scale() + 3.0;
            heading.lines.push(Label {
                width: metrics.width(&text) * role.scale(),
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
