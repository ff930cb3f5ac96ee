//! What is said of each frame beside its bytes, and what need not be said.

use crate::annotate::{Note, NoteId, On};
use crate::capture::file::own::{self, PacketTold, parts_of};
use crate::capture::foreign::Foreign;
use crate::capture::{Capture, Frame};
use std::borrow::Cow;
use std::collections::BTreeSet;
use synema_core::trace::FrameId;

/// Knows of a capture what its frames need to be told of.
pub(super) struct Speaker<'a> {
    capture: &'a Capture,
    foreign: &'a Foreign,
    /// Whether all notes on packets tell their numbers.
    numbered: bool,
    /// Frames whose names are spoken of elsewhere.
    named: BTreeSet<FrameId>,
}

impl<'a> Speaker<'a> {
    pub(super) fn new(capture: &'a Capture, foreign: &'a Foreign) -> Self {
        Self {
            capture,
            foreign,
            numbered: needs_numbers(capture, foreign),
            named: named(capture),
        }
    }

    /// What there is to say of a frame: its comments, and what only we know.
    pub(super) fn said(&self, index: usize, frame: &Frame) -> (Vec<Cow<'a, str>>, PacketTold) {
        let mut own = PacketTold::of(frame);
        let key = u32::try_from(index).unwrap_or(u32::MAX);
        if let Some(rest) = self.foreign.frames.get(&key) {
            own.rest.clone_from(&rest.own);
        }
        let annotations = self.capture.annotations();
        let mut comments = Vec::new();
        // A name that two frames have is that of the first.
        if self.capture.index_of(frame.id) == Some(index) {
            own.highlighted = annotations.highlights().contains(&frame.id);
            own.hidden = annotations.hidden().contains(&frame.id);
            for note in annotations.notes_on(frame.id) {
                comments.push(note.words());
                if self.numbered || !is_plain(self.capture, self.foreign, note) {
                    own.notes
                        .push(own::tell(note, self.foreign.notes.get(&note.id)));
                }
            }
        }
        let is_default = frame.id == FrameId::received(index as u64 + 1);
        let has_trace = !self.capture.records().is_empty() || !self.capture.machines().is_empty();
        let is_spoken_of = self.named.contains(&frame.id) || has_trace;
        if !is_default || is_spoken_of || !own.is_empty() {
            own.frame = Some(frame.id);
        }
        (comments, own)
    }
}

/// Whether notes on packets need their numbers told: not if a reader would number them alike.
fn needs_numbers(capture: &Capture, foreign: &Foreign) -> bool {
    let annotations = capture.annotations();
    let mut taken: BTreeSet<NoteId> = annotations.brackets().map(|bracket| bracket.id).collect();
    let mut plain = Vec::new();
    for note in annotations.notes() {
        let index = match note.on {
            On::Packet(packet) => capture.index_of(packet),
            On::Field { .. } | On::Time { .. } | On::Lane(_) => None,
        };
        match index {
            Some(index) if is_plain(capture, foreign, note) => plain.push((index, note.id)),
            _ => {
                taken.insert(note.id);
            }
        }
    }
    plain.sort_unstable();
    let mut free = (1..).map(NoteId).filter(|id| !taken.contains(id));
    plain.iter().any(|&(_, id)| free.next() != Some(id))
}

/// Whether a comment says all of a note but its number.
fn is_plain(capture: &Capture, foreign: &Foreign, note: &Note) -> bool {
    let mut on_it = note
        .on
        .packet()
        .into_iter()
        .flat_map(|packet| capture.annotations().notes_on(packet));
    matches!(note.on, On::Packet(_))
        && parts_of(&note.text).len() == 1
        && !foreign.notes.contains_key(&note.id)
        && on_it.all(|other| matches!(other.on, On::Packet(_)))
}

/// The frames whose names are spoken of, beside those that carry what is said of them.
fn named(capture: &Capture) -> BTreeSet<FrameId> {
    let brackets = capture.annotations().brackets();
    brackets
        .flat_map(|bracket| [bracket.from, bracket.to])
        .collect()
}
