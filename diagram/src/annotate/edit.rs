//! Changes of [`Annotations`], and the way back from each.

use super::{Annotations, Bracket, HostAddress, Note, NoteId, On};
use core::mem;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use synema_core::trace::FrameId;

/// More changes than this are not remembered; the oldest are forgotten first.
const MAX_REMEMBERED: usize = 1_000;

/// One change. Each says what is to be there afterwards, whatever is there now, so none can
/// fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// The title becomes this.
    Title(String),
    /// The summary becomes this.
    Summary(String),
    /// The note of this number becomes this, or goes.
    Note {
        /// The note's number.
        id: NoteId,
        /// What it is written on, and what it says.
        to: Option<(On, String)>,
    },
    /// The bracket of this number becomes this, or goes.
    Bracket {
        /// The bracket's number.
        id: NoteId,
        /// Its two ends, and what it says.
        to: Option<(FrameId, FrameId, String)>,
    },
    /// These packets become highlighted, or no longer so.
    Highlight(BTreeSet<FrameId>, bool),
    /// These packets become hidden, or are shown again.
    Hide(BTreeSet<FrameId>, bool),
    /// The lane of this host is called this, or as it was before it was given a name.
    LaneName(HostAddress, Option<String>),
    /// All of these, one after the other.
    All(Vec<Edit>),
}

impl Edit {
    /// The note is there.
    pub fn write(note: Note) -> Self {
        Self::Note {
            id: note.id,
            to: Some((note.on, note.text)),
        }
    }

    /// The bracket is there.
    pub fn draw(bracket: Bracket) -> Self {
        Self::Bracket {
            id: bracket.id,
            to: Some((bracket.from, bracket.to, bracket.text)),
        }
    }

    /// These packets are highlighted, or not.
    pub fn highlight(packets: impl IntoIterator<Item = FrameId>, on: bool) -> Self {
        Self::Highlight(packets.into_iter().collect(), on)
    }

    /// These packets are hidden, or not.
    pub fn hide(packets: impl IntoIterator<Item = FrameId>, on: bool) -> Self {
        Self::Hide(packets.into_iter().collect(), on)
    }
}

impl Annotations {
    /// Makes the change, and gives the one that takes it back.
    pub fn apply(&mut self, edit: Edit) -> Edit {
        match edit {
            Edit::Title(title) => Edit::Title(mem::replace(&mut self.title, clean(title))),
            Edit::Summary(summary) => {
                Edit::Summary(mem::replace(&mut self.summary, clean(summary)))
            }
            Edit::Note { id, to } => {
                let before = self.set_note(id, to);
                Edit::Note { id, to: before }
            }
            Edit::Bracket { id, to } => {
                let to = to.map(|(from, to, text)| Bracket {
                    id,
                    from,
                    to,
                    text: clean(text),
                });
                let before = match to {
                    Some(bracket) => self.brackets.insert(id, bracket),
                    None => self.brackets.remove(&id),
                };
                Edit::Bracket {
                    id,
                    to: before.map(|bracket| (bracket.from, bracket.to, bracket.text)),
                }
            }
            Edit::Highlight(packets, on) => {
                Edit::Highlight(set(&mut self.highlights, packets, on), !on)
            }
            Edit::Hide(packets, on) => Edit::Hide(set(&mut self.hidden, packets, on), !on),
            Edit::LaneName(lane, name) => {
                let before = match name {
                    Some(name) => self.lane_names.insert(lane, clean(name)),
                    None => self.lane_names.remove(&lane),
                };
                Edit::LaneName(lane, before)
            }
            Edit::All(edits) => {
                let mut back: Vec<_> = edits.into_iter().map(|edit| self.apply(edit)).collect();
                back.reverse();
                Edit::All(back)
            }
        }
    }

    /// Gives what was there before.
    fn set_note(&mut self, id: NoteId, to: Option<(On, String)>) -> Option<(On, String)> {
        let before = self.notes.remove(&id);
        if let Some(packet) = before.as_ref().and_then(|note| note.on.packet())
            && let Some(ids) = self.on_packets.get_mut(&packet)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.on_packets.remove(&packet);
            }
        }
        if let Some((on, text)) = to {
            if let Some(packet) = on.packet() {
                self.on_packets.entry(packet).or_default().insert(id);
            }
            let text = clean(text);
            self.notes.insert(id, Note { id, on, text });
        }
        before.map(|note| (note.on, note.text))
    }
}

/// Puts packets into a set, or takes them out; gives those of which that was not so before.
fn set(marked: &mut BTreeSet<FrameId>, packets: BTreeSet<FrameId>, on: bool) -> BTreeSet<FrameId> {
    let change = |packet: &FrameId| match on {
        true => marked.insert(*packet),
        false => marked.remove(packet),
    };
    packets.into_iter().filter(change).collect()
}

/// A text without NUL, at which other programs take a text to end.
fn clean(mut text: String) -> String {
    text.retain(|character| character != '\0');
    text
}

/// What was changed, so that it can be taken back, and made again.
#[derive(Clone, Debug, Default)]
pub struct History {
    undo: VecDeque<Edit>,
    redo: Vec<Edit>,
}

impl History {
    /// Makes a change that can be taken back. What was taken back before is forgotten.
    pub fn apply(&mut self, annotations: &mut Annotations, edit: Edit) {
        self.redo.clear();
        if self.undo.len() == MAX_REMEMBERED {
            self.undo.pop_front();
        }
        self.undo.push_back(annotations.apply(edit));
    }

    /// Takes the last change back. False if there is none.
    pub fn undo(&mut self, annotations: &mut Annotations) -> bool {
        let Some(edit) = self.undo.pop_back() else {
            return false;
        };
        self.redo.push(annotations.apply(edit));
        true
    }

    /// Makes the change again that was taken back last. False if there is none.
    pub fn redo(&mut self, annotations: &mut Annotations) -> bool {
        let Some(edit) = self.redo.pop() else {
            return false;
        };
        self.undo.push_back(annotations.apply(edit));
        true
    }

    /// Whether there is a change to take back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether there is a change to make again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}
