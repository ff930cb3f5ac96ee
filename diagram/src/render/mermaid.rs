//! A ladder as a Mermaid sequence diagram, for the places that draw those (GitHub,
//! GitLab, many wikis). It has no times: silences are told in notes.

use super::listing::Listing;
use crate::Document;
use crate::scene::ArrowEnd;
use core::fmt::Write;

/// The whole ladder.
pub fn mermaid(document: &Document, title: &str) -> String {
    let listing = Listing::of(document);
    let lanes = &listing.scene.lanes;
    let mut out = String::from("sequenceDiagram\n");
    let _ = writeln!(out, "    accTitle: {}", plain(title));
    for (number, lane) in lanes.iter().enumerate() {
        let name: Vec<_> = lane.head.iter().map(|line| plain(&line.text)).collect();
        let _ = writeln!(out, "    participant L{number} as {}", name.join("<br/>"));
    }
    let last = lanes.len().saturating_sub(1);
    for entry in listing.entries() {
        let arrow = entry.arrow;
        if let Some(silence) = &entry.silence {
            let _ = writeln!(out, "    Note over L0,L{last}: {}", plain(silence));
        }
        let line = match arrow.end {
            ArrowEnd::Lost | ArrowEnd::Refused | ArrowEnd::Dropped => "-x",
            ArrowEnd::Arrives | ArrowEnd::Everyone => "->>",
        };
        let (from, to) = (arrow.from, arrow.to);
        let label = entry.labels.first().map_or("", String::as_str);
        let _ = writeln!(out, "    L{from}{line}L{to}: {}", plain(label));
        for note in entry.notes {
            let _ = writeln!(out, "    Note over L{from},L{to}: {}", plain(&note));
        }
    }
    out
}

/// Text without what Mermaid reads as its own: `;` ends a statement, `#` begins an
/// entity, `<` a tag.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '#' | ';' | '<' | '>' | '&' | '"' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::lab_fetch;
    use crate::view::View;

    #[test]
    fn arrows_silences_and_notes_are_statements_of_their_own() {
        let mut capture = lab_fetch().capture;
        assert!(capture.comment(0, "who is there?; #1\n<b>"));
        let document = Document::open(capture, View::default());
        let text = mermaid(&document, "a page; fetched");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("sequenceDiagram"));
        assert_eq!(lines.next(), Some("    accTitle: a page#59; fetched"));
        assert!(
            text.contains(": who is there?#59; #35;1 #60;b#62;\n"),
            "{text}"
        );
        assert!(text.contains("of silence"), "{text}");
        let arrows = |line: &&str| line.contains("->>") || line.contains("-x");
        let firm = document.capture().frames().len();
        assert!(text.lines().filter(arrows).count() >= firm, "{text}");
    }
}
