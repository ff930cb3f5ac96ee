//! A ladder as Markdown: title, description, the drawing as text, and the notes.

use super::listing::Listing;
use super::text::text;
use crate::Document;
use crate::words;
use core::fmt::Write;

/// The whole of it, the drawing `columns` wide where the lanes allow it.
pub fn markdown(document: &Document, title: &str, columns: usize) -> String {
    let mut out = format!("# {}\n\n", plain(title));
    for paragraph in document.annotations().summary().lines() {
        let _ = writeln!(out, "{}\n", plain(paragraph));
    }
    let drawing = text(document, columns).replace("```", "` ` `");
    let _ = writeln!(out, "```text\n{drawing}```");
    let listing = Listing::of(document);
    let mut any = false;
    for entry in listing.entries() {
        for note in entry.notes {
            if !std::mem::replace(&mut any, true) {
                out.push_str("\n## Notes\n\n");
            }
            let _ = writeln!(out, "- packet {}: {}", entry.arrow.number, plain(&note));
        }
    }
    for (on, note) in words::elsewhere(document.story()) {
        if !std::mem::replace(&mut any, true) {
            out.push_str("\n## Notes\n\n");
        }
        let _ = writeln!(out, "- {}: {}", plain(&on), plain(note));
    }
    out
}

/// Text that Markdown takes for nothing else, in one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '!' => {
                out.extend(['\\', character]);
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
    fn notes_follow_the_drawing_and_nothing_breaks_out_of_it() {
        let mut capture = lab_fetch().capture;
        let silent = markdown(&Document::open(capture.clone(), View::default()), "t", 100);
        assert!(!silent.contains("## Notes"));
        assert!(capture.comment(1, "*why* twice?\n# no"));
        let told = markdown(&Document::open(capture, View::default()), "a_b", 100);
        assert!(told.starts_with("# a\\_b\n\n```text\n"), "{told}");
        let (_, notes) = told.split_once("\n## Notes\n\n").expect("notes");
        assert_eq!(notes, "- packet 2: \\*why\\* twice? \\# no\n");
        assert_eq!(told.matches("```").count(), 2);
    }
}
