//! Notes as comments, and comments as notes.
//!
//! Whoever reads the file elsewhere sees the text, with the field's name in front if it is about
//! a field, and may edit it there. What the text does not say is told beside it.

use super::packet::NoteTold;
use crate::annotate::{Note, On};
use serde_json::Map;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The longest comment; a longer text is cut into several.
const MAX_COMMENT: usize = 65_535;
/// A comment that is shorter is no part of a longer text, but for the last: a character has at
/// most four bytes.
const FULL: usize = MAX_COMMENT - 3;

/// A text as comments of a length that is allowed. An empty text is none: other programs drop
/// empty comments.
pub(in super::super) fn parts_of(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, more) = rest.split_at(rest.floor_char_boundary(MAX_COMMENT));
        parts.push(part);
        rest = more;
    }
    parts
}

/// A note as the text of its comment, and what that does not say.
pub(in super::super) fn tell(note: &Note, rest: Option<&Map<String, Value>>) -> NoteTold {
    let text = note.words();
    NoteTold {
        id: note.id.0,
        field: match &note.on {
            On::Field { field, .. } => Some(field.clone()),
            On::Packet(_) | On::Time { .. } | On::Lane(_) => None,
        },
        parts: u32::try_from(parts_of(&text).len()).unwrap_or(u32::MAX),
        sum: sum(&text),
        rest: rest.cloned().unwrap_or_default(),
    }
}

/// A note that was read: what was told beside its comment, if anything was, and its text.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Told {
    pub(in super::super) note: Option<NoteTold>,
    pub(in super::super) text: String,
}

impl Told {
    fn new(note: Option<NoteTold>, mut text: String) -> Self {
        let field = note.as_ref().and_then(|note| note.field.as_deref());
        if let Some(own) = field
            .and_then(|field| text.strip_prefix(field))
            .and_then(|rest| rest.strip_prefix(": "))
        {
            text = own.to_owned();
        }
        Self { note, text }
    }
}

/// Brings a packet's comments and what was told beside them together again, whatever was added,
/// edited and removed meanwhile.
pub(in super::super) fn understand(comments: Vec<String>, told: Vec<NoteTold>) -> Vec<Told> {
    if told.is_empty() {
        let plain = comments.into_iter().map(|text| Told::new(None, text));
        return plain.collect();
    }
    let mut comments: Vec<_> = comments.into_iter().map(Some).collect();
    let mut found = Vec::new();
    let (empty, told): (Vec<_>, Vec<_>) = told.into_iter().partition(|note| note.parts == 0);
    let (long, short): (Vec<_>, Vec<_>) = told.into_iter().partition(|note| note.parts > 1);
    for note in long {
        match join(&mut comments, &note) {
            Some((at, text)) => found.push((at, Told::new(Some(note), text))),
            None => break,
        }
    }
    let mut by_sum: BTreeMap<u32, VecDeque<usize>> = BTreeMap::new();
    for (at, text) in comments.iter().enumerate() {
        if let Some(text) = text {
            by_sum.entry(sum(text)).or_default().push_back(at);
        }
    }
    let mut edited = Vec::new();
    for note in short {
        let at = by_sum.get_mut(&note.sum).and_then(VecDeque::pop_front);
        match at.and_then(|at| Some((at, comments[at].take()?))) {
            Some((at, text)) => found.push((at, Told::new(Some(note), text))),
            None => edited.push(note),
        }
    }
    let others: Vec<_> = comments
        .into_iter()
        .enumerate()
        .filter_map(|(at, text)| Some((at, text?)))
        .collect();
    // As many texts that are not known as notes that are not found: they were edited.
    let same = others.len() == edited.len();
    let mut edited = edited.into_iter().filter(|_| same);
    for (at, text) in others {
        found.push((at, Told::new(edited.next(), text)));
    }
    for note in empty {
        found.push((usize::MAX, Told::new(Some(note), String::new())));
    }
    found.sort_by_key(|&(at, _)| at);
    found.into_iter().map(|(_, told)| told).collect()
}

/// Joins the parts of a long text, which begin with the first full comment that is left.
fn join(comments: &mut [Option<String>], note: &NoteTold) -> Option<(usize, String)> {
    let is_full = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() >= FULL);
    let at = comments.iter().position(is_full)?;
    let parts = comments.get_mut(at..)?.get_mut(..note.parts as usize)?;
    let text: String = parts.iter().flatten().map(String::as_str).collect();
    if sum(&text) != note.sum {
        return None;
    }
    parts.fill(None);
    Some((at, text))
}

/// FNV-1a: enough to know a text again.
fn sum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::NoteId;
    use synema_core::trace::FrameId;

    fn note(id: u32, field: Option<&str>, text: &str) -> Note {
        let packet = FrameId::received(1);
        Note {
            id: NoteId(id),
            on: match field {
                Some(field) => On::Field {
                    packet,
                    field: field.into(),
                },
                None => On::Packet(packet),
            },
            text: text.into(),
        }
    }

    fn texts(told: &[Told]) -> Vec<(Option<u32>, &str)> {
        let id = |told: &Told| told.note.as_ref().map(|note| note.id);
        told.iter().map(|told| (id(told), &*told.text)).collect()
    }

    #[test]
    fn notes_are_known_again_whoever_edited_the_comments() {
        let notes = [
            note(7, None, "first"),
            note(3, Some("tcp.seq"), "second"),
            note(9, None, "third"),
        ];
        let told: Vec<_> = notes.iter().map(|note| tell(note, None)).collect();
        let read = |comments: &[&str]| {
            let comments = comments.iter().map(|&text| text.to_owned()).collect();
            understand(comments, told.clone())
        };
        let same = read(&["first", "tcp.seq: second", "third"]);
        assert_eq!(
            texts(&same),
            [(Some(7), "first"), (Some(3), "second"), (Some(9), "third")]
        );
        let edited = read(&["first", "tcp.seq: changed", "third"]);
        assert_eq!(texts(&edited)[1], (Some(3), "changed"));
        let removed = read(&["third", "tcp.seq: second"]);
        assert_eq!(texts(&removed), [(Some(9), "third"), (Some(3), "second")]);
        let added = read(&["new", "first", "tcp.seq: second", "third", "first"]);
        assert_eq!(
            texts(&added),
            [
                (None, "new"),
                (Some(7), "first"),
                (Some(3), "second"),
                (Some(9), "third"),
                (None, "first")
            ]
        );
    }

    #[test]
    fn a_long_text_is_cut_and_joined() {
        let long = "ä€".repeat(60_000);
        let notes = [note(1, None, "short"), note(2, None, &long)];
        let told: Vec<_> = notes.iter().map(|note| tell(note, None)).collect();
        let mut comments = vec!["short".to_owned()];
        comments.extend(parts_of(&long).into_iter().map(str::to_owned));
        assert!(comments.len() > 4 && comments.iter().all(|text| text.len() <= MAX_COMMENT));
        let read = understand(comments, told);
        assert_eq!(texts(&read), [(Some(1), "short"), (Some(2), &*long)]);
        assert_eq!(parts_of(""), [""; 0]);
        let empty = tell(&note(3, None, ""), None);
        let read = understand(vec!["another".into()], vec![empty]);
        assert_eq!(texts(&read), [(None, "another"), (Some(3), "")]);
    }
}
