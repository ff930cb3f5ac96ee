//! What people write on a document: changes in the page's words become edits, and what is
//! written is told in the page's words. Pure.

use crate::protocol::{Place, Write, Written, WrittenBracket, WrittenNote};
use synema_core::trace::FrameId;
use synema_diagram::Document;
use synema_diagram::annotate::{Annotations, Bracket, Edit, Note, NoteId, On};

/// Makes a change. Nothing happens when it names what is not there.
pub fn write(document: &mut Document, change: Write) {
    match change {
        Write::Undo => {
            document.undo();
        }
        Write::Redo => {
            document.redo();
        }
        change => {
            if let Some(edit) = edit(document, change) {
                document.annotate(edit);
            }
        }
    }
}

/// Everything that is written elsewhere, as one change.
pub fn all_of(annotations: &Annotations) -> Edit {
    let mut edits = vec![
        Edit::Title(annotations.title().to_owned()),
        Edit::Summary(annotations.summary().to_owned()),
        Edit::highlight(annotations.highlights().iter().copied(), true),
        Edit::hide(annotations.hidden().iter().copied(), true),
    ];
    edits.extend(annotations.notes().cloned().map(Edit::write));
    edits.extend(annotations.brackets().cloned().map(Edit::draw));
    let names = annotations.lane_names().iter();
    edits.extend(names.map(|(lane, name)| Edit::LaneName(*lane, Some(name.clone()))));
    Edit::All(edits)
}

fn edit(document: &Document, change: Write) -> Option<Edit> {
    let annotations = document.annotations();
    Some(match change {
        Write::Title(title) => Edit::Title(title),
        Write::Summary(summary) => Edit::Summary(summary),
        Write::Note { on, text } => {
            let text = some(&text)?;
            Edit::write(Note {
                id: annotations.free_id(),
                on: place(document, on)?,
                text,
            })
        }
        Write::Bracket { from, to, text } => Edit::draw(Bracket {
            id: annotations.free_id(),
            from: id_of(document, from.min(to))?,
            to: id_of(document, from.max(to))?,
            text,
        }),
        Write::Reword { id, text } => reword(annotations, id, some(&text))?,
        Write::Highlight { packet, on } => Edit::highlight([id_of(document, packet)?], on),
        Write::Hide { packet, on } => Edit::hide([id_of(document, packet)?], on),
        Write::ShowHidden => Edit::hide(annotations.hidden().iter().copied(), false),
        Write::LaneName { lane, name } => Edit::LaneName(lane, some(&name)),
        Write::Undo | Write::Redo => return None,
    })
}

fn reword(annotations: &Annotations, id: NoteId, text: Option<String>) -> Option<Edit> {
    if let Some(note) = annotations.notes().find(|note| note.id == id) {
        let to = text.map(|text| (note.on.clone(), text));
        return Some(Edit::Note { id, to });
    }
    let bracket = annotations.brackets().find(|bracket| bracket.id == id)?;
    let to = text.map(|text| (bracket.from, bracket.to, text));
    Some(Edit::Bracket { id, to })
}

/// The text without space around it, if anything is left.
fn some(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn index_of(number: u64) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}

fn id_of(document: &Document, number: u64) -> Option<FrameId> {
    let frame = document.capture().frames().get(index_of(number)?)?;
    Some(frame.id)
}

fn place(document: &Document, place: Place) -> Option<On> {
    let at = |number| {
        let frame = document.capture().frames().get(index_of(number)?)?;
        Some(frame.at)
    };
    Some(match place {
        Place::Packet(packet) => On::Packet(id_of(document, packet)?),
        Place::Field { packet, field } => On::Field {
            packet: id_of(document, packet)?,
            field,
        },
        Place::Time { from, to } => {
            let (one, other) = (at(from)?, at(to)?);
            On::Time {
                from: one.min(other),
                to: one.max(other),
            }
        }
        Place::Lane(lane) => On::Lane(lane),
    })
}

/// All that is written; `saved` is what is in a file already.
pub fn written(document: &Document, saved: &Annotations) -> Written {
    let annotations = document.annotations();
    let number = |id: FrameId| document.number_of(id).unwrap_or(0);
    let numbers = |ids: &std::collections::BTreeSet<FrameId>| {
        let known = ids.iter().filter_map(|id| document.number_of(*id));
        let mut numbers: Vec<u64> = known.collect();
        numbers.sort_unstable();
        numbers
    };
    let notes = annotations.notes().map(|note| WrittenNote {
        id: note.id,
        on: told_place(document, &note.on),
        text: note.text.clone(),
    });
    let brackets = annotations.brackets().map(|bracket| WrittenBracket {
        id: bracket.id,
        from: number(bracket.from),
        to: number(bracket.to),
        text: bracket.text.clone(),
    });
    let names = annotations.lane_names().iter();
    Written {
        title: annotations.title().to_owned(),
        summary: annotations.summary().to_owned(),
        notes: notes.collect(),
        brackets: brackets.collect(),
        highlights: numbers(annotations.highlights()),
        hidden: numbers(annotations.hidden()),
        lane_names: names.map(|(lane, name)| (*lane, name.clone())).collect(),
        can_undo: document.history().can_undo(),
        can_redo: document.history().can_redo(),
        unsaved: annotations != saved,
        unsaved_anywhere: annotations != saved,
    }
}

fn told_place(document: &Document, on: &On) -> Place {
    let number = |id: FrameId| document.number_of(id).unwrap_or(0);
    match on {
        On::Packet(packet) => Place::Packet(number(*packet)),
        On::Field { packet, field } => Place::Field {
            packet: number(*packet),
            field: field.clone(),
        },
        On::Time { from, to } => {
            let frames = document.capture().frames();
            let first = frames.partition_point(|frame| frame.at < *from);
            let last = frames.partition_point(|frame| frame.at <= *to);
            Place::Time {
                from: (first as u64 + 1).min(frames.len() as u64),
                to: last.max(first) as u64,
            }
        }
        On::Lane(lane) => Place::Lane(*lane),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::time::Instant;
    use synema_diagram::capture::{Direction, Frame, Interface, MemoryPolicy};
    use synema_diagram::view::View;

    fn document() -> Document {
        let interface = Interface::ethernet("wire0", None);
        let mut document = Document::live(interface, MemoryPolicy::default(), View::default());
        for number in 1..=5 {
            let id = FrameId::received(number);
            let at = Instant::from_millis(10 * number);
            document.append(Frame::new(id, at, Direction::Received, &[0; 60]));
        }
        document
    }

    fn told(document: &Document) -> Written {
        written(document, &Annotations::default())
    }

    fn note(on: Place, text: &str) -> Write {
        let text = text.to_owned();
        Write::Note { on, text }
    }

    #[test]
    fn what_is_written_is_told_where_it_was_written() {
        let mut document = document();
        let places = [
            Place::Packet(2),
            Place::Field {
                packet: 3,
                field: "tcp.seq".into(),
            },
            Place::Time { from: 4, to: 2 },
            Place::Lane("10.0.0.1".parse().expect("an address")),
        ];
        for place in places.clone() {
            write(&mut document, note(place, " here "));
        }
        let told = told(&document);
        let on: Vec<_> = told.notes.iter().map(|note| note.on.clone()).collect();
        assert_eq!(on[..2], places[..2]);
        assert_eq!(on[2], Place::Time { from: 2, to: 4 });
        assert_eq!(on[3], places[3]);
        assert!(told.notes.iter().all(|note| note.text == "here"));
        assert!(told.unsaved);
    }

    #[test]
    fn a_note_is_reworded_where_it_is_and_goes_with_its_last_word() {
        let mut document = document();
        write(&mut document, note(Place::Packet(2), "one"));
        let bracket = Write::Bracket {
            from: 5,
            to: 1,
            text: "all".into(),
        };
        write(&mut document, bracket);
        let before = told(&document);
        let (id, other) = (before.notes[0].id, before.brackets[0].id);
        assert_eq!((before.brackets[0].from, before.brackets[0].to), (1, 5));
        let reword = |id, text: &str| Write::Reword {
            id,
            text: text.into(),
        };
        write(&mut document, reword(id, "two"));
        write(&mut document, reword(other, "most"));
        let after = told(&document);
        assert_eq!(after.notes[0].text, "two");
        assert_eq!(after.notes[0].on, Place::Packet(2));
        assert_eq!(after.brackets[0].text, "most");
        write(&mut document, reword(id, "  "));
        assert!(told(&document).notes.is_empty());
        write(&mut document, Write::Undo);
        write(&mut document, Write::Undo);
        assert_eq!(told(&document).brackets[0].text, "all");
        assert_eq!(told(&document).notes[0].text, "two");
        write(&mut document, Write::Redo);
        assert_eq!(told(&document).brackets[0].text, "most");
    }

    #[test]
    fn what_is_not_there_is_not_written_on() {
        let mut document = document();
        for change in [
            note(Place::Packet(6), "nowhere"),
            note(Place::Packet(0), "nowhere"),
            note(Place::Packet(1), " \n"),
            Write::Reword {
                id: NoteId(9),
                text: "nothing".into(),
            },
            Write::Hide {
                packet: 77,
                on: true,
            },
            Write::Undo,
        ] {
            write(&mut document, change);
        }
        assert_eq!(told(&document), Written::default());
    }

    #[test]
    fn only_what_is_in_no_file_is_unsaved() {
        let mut document = document();
        write(&mut document, note(Place::Packet(2), "one"));
        let saved = document.annotations().clone();
        assert!(!written(&document, &saved).unsaved);
        write(
            &mut document,
            Write::Highlight {
                packet: 4,
                on: true,
            },
        );
        assert!(written(&document, &saved).unsaved);
        assert_eq!(written(&document, &saved).highlights, [4]);
        write(&mut document, Write::Undo);
        assert!(!written(&document, &saved).unsaved, "as it is in the file");
    }
}
