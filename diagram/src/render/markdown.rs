//! A ladder as Markdown: title, description, the picture if there is one beside it, the
//! drawing as text, and the notes.

use super::listing::Listing;
use super::text::text;
use crate::Document;
use crate::words::{self, say};
use core::fmt::Write;

/// A picture in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// Where it is, seen from where the Markdown is.
    pub file: &'a str,
    /// What it shows, for who cannot see it.
    pub alt: &'a str,
}

/// The whole of it, the drawing `columns` wide where the lanes allow it.
pub fn markdown(
    document: &Document,
    title: &str,
    columns: usize,
    picture: Option<Picture<'_>>,
) -> String {
    let mut out = format!("# {}\n\n", plain(title));
    for paragraph in document.annotations().summary().lines() {
        let _ = writeln!(out, "{}\n", plain(paragraph));
    }
    if let Some(Picture { file, alt }) = picture {
        let _ = writeln!(out, "![{}](<{}>)\n", plain(alt), destination(file));
    }
    let drawing = text(document, columns).replace("```", "` ` `");
    let _ = writeln!(out, "```text\n{drawing}```");
    let listing = Listing::of(document);
    let language = document.view().language;
    let heading = language.pick("\n## Notes\n\n", "\n## メモ\n\n");
    let mut any = false;
    for entry in listing.entries() {
        for note in entry.notes {
            if !std::mem::replace(&mut any, true) {
                out.push_str(heading);
            }
            let line = say!(
                language,
                "- packet {n}: {note}",
                "- パケット {n}: {note}",
                n = entry.arrow.number,
                note = plain(&note)
            );
            let _ = writeln!(out, "{line}");
        }
    }
    for (on, note) in words::elsewhere(document.story()) {
        if !std::mem::replace(&mut any, true) {
            out.push_str(heading);
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

/// A file's name between angle brackets.
fn destination(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    for character in file.chars() {
        match character {
            '<' | '>' | '\\' => out.extend(['\\', character]),
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
        let silent = markdown(
            &Document::open(capture.clone(), View::default()),
            "t",
            100,
            None,
        );
        assert!(!silent.contains("## Notes"));
        assert!(capture.comment(1, "*why* twice?\n# no"));
        let told = markdown(&Document::open(capture, View::default()), "a_b", 100, None);
        assert!(told.starts_with("# a\\_b\n\n```text\n"), "{told}");
        let (_, notes) = told.split_once("\n## Notes\n\n").expect("notes");
        assert_eq!(notes, "- packet 2: \\*why\\* twice? \\# no\n");
        assert_eq!(told.matches("```").count(), 2);
    }

    #[test]
    fn a_picture_stands_before_the_drawing_with_its_words() {
        let document = Document::open(lab_fetch().capture, View::default());
        let picture = Picture {
            file: "my <ladder>.svg",
            alt: "A ladder] diagram",
        };
        let told = markdown(&document, "t", 100, Some(picture));
        let begin = "# t\n\n![A ladder\\] diagram](<my \\<ladder\\>.svg>)\n\n```text\n";
        assert!(told.starts_with(begin), "{told}");
    }
}
