//! What people write on a capture: title and summary, notes, brackets, highlights,
//! hidden packets, names of lanes.
//!
//! ```text
//!  Edit ──► Annotations::apply ──► the inverse Edit ──► History: undo, redo
//! ```
//!
//! This is the one home of all of it. In a file, a note on a packet is a comment of that
//! packet, and a packet's comment is a note ([`capture::file`](crate::capture::file)).

mod address;
mod edit;
mod listing;

pub use address::{HostAddress, ParseHostAddressError};
pub use edit::{Edit, History};
pub use listing::listing;

use crate::analysis::Host;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// The number of a note or of a bracket; no two of them in one document share theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoteId(pub u32);

/// What a note is written on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum On {
    /// A packet.
    Packet(FrameId),
    /// One field of a packet.
    Field {
        /// The packet.
        packet: FrameId,
        /// The field's name in tshark's words, as `tcp.window_size_value`.
        field: String,
    },
    /// A range of time, on the clock of the frames.
    Time {
        /// Its beginning.
        from: Instant,
        /// Its end.
        to: Instant,
    },
    /// A lane.
    Lane(HostAddress),
}

impl On {
    /// The packet that the note is written on, or of which it is a field.
    pub fn packet(&self) -> Option<FrameId> {
        match self {
            Self::Packet(packet) | Self::Field { packet, .. } => Some(*packet),
            Self::Time { .. } | Self::Lane(_) => None,
        }
    }
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its number.
    pub id: NoteId,
    /// What it is written on.
    pub on: On,
    /// What it says; may be of several lines.
    pub text: String,
}

impl Note {
    /// What it says where only its packet is known: with its field in front, if it has one.
    pub fn words(&self) -> Cow<'_, str> {
        match &self.on {
            On::Field { field, .. } => Cow::Owned(format!("{field}: {}", self.text)),
            On::Packet(_) | On::Time { .. } | On::Lane(_) => Cow::Borrowed(&self.text),
        }
    }
}

/// A bracket beside the ladder, from one packet to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bracket {
    /// Its number.
    pub id: NoteId,
    /// The packet at one end.
    pub from: FrameId,
    /// The packet at the other.
    pub to: FrameId,
    /// What it says.
    pub text: String,
}

/// Everything that people wrote on a capture. It is changed by [`Edit`]s alone.
///
/// What it names may be missing in the capture: who cuts packets out of a file leaves the
/// brackets round them behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Told", into = "Told")]
pub struct Annotations {
    title: String,
    summary: String,
    notes: BTreeMap<NoteId, Note>,
    brackets: BTreeMap<NoteId, Bracket>,
    highlights: BTreeSet<FrameId>,
    hidden: BTreeSet<FrameId>,
    lane_names: BTreeMap<HostAddress, String>,
    /// Which notes are on a packet or its fields: the way from packets to `notes`.
    on_packets: BTreeMap<FrameId, BTreeSet<NoteId>>,
}

impl Annotations {
    /// What the whole is called; empty if it has no title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the whole is about; may be of several lines, and empty.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// All notes, by their numbers.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.values()
    }

    /// The notes on a packet and on its fields, by their numbers.
    pub fn notes_on(&self, packet: FrameId) -> impl Iterator<Item = &Note> {
        let ids = self.on_packets.get(&packet).into_iter().flatten();
        ids.filter_map(|id| self.notes.get(id))
    }

    /// Whether there is a note on this packet or one of its fields.
    pub fn is_noted(&self, packet: FrameId) -> bool {
        self.on_packets.contains_key(&packet)
    }

    /// All brackets, by their numbers.
    pub fn brackets(&self) -> impl Iterator<Item = &Bracket> {
        self.brackets.values()
    }

    /// The packets that are to catch the eye.
    pub fn highlights(&self) -> &BTreeSet<FrameId> {
        &self.highlights
    }

    /// The packets that are not to be drawn.
    pub fn hidden(&self) -> &BTreeSet<FrameId> {
        &self.hidden
    }

    /// Names that were given to lanes.
    pub fn lane_names(&self) -> &BTreeMap<HostAddress, String> {
        &self.lane_names
    }

    /// The name that this host's lane was given.
    pub fn lane_name(&self, host: &Host) -> Option<&str> {
        HostAddress::all_of(host)
            .find_map(|address| self.lane_names.get(&address))
            .map(String::as_str)
    }

    /// Whether nothing at all was written.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A number that no note and no bracket has.
    pub fn free_id(&self) -> NoteId {
        let last = |id: Option<&NoteId>| id.map_or(0, |id| id.0);
        let notes = last(self.notes.keys().next_back());
        let brackets = last(self.brackets.keys().next_back());
        let next = notes.max(brackets).checked_add(1);
        // Whoever numbers up to the last number leaves gaps before it.
        next.map_or_else(|| self.gap(), NoteId)
    }

    fn gap(&self) -> NoteId {
        let taken = |id: &NoteId| self.notes.contains_key(id) || self.brackets.contains_key(id);
        let free = (1..=u32::MAX).map(NoteId).find(|id| !taken(id));
        free.expect("nobody writes four thousand million notes")
    }
}

/// [`Annotations`] as they are told to others: without what follows from the rest.
#[derive(Serialize, Deserialize)]
struct Told {
    title: String,
    summary: String,
    notes: Vec<Note>,
    brackets: Vec<Bracket>,
    highlights: BTreeSet<FrameId>,
    hidden: BTreeSet<FrameId>,
    lane_names: BTreeMap<HostAddress, String>,
}

impl From<Annotations> for Told {
    fn from(annotations: Annotations) -> Self {
        Self {
            title: annotations.title,
            summary: annotations.summary,
            notes: annotations.notes.into_values().collect(),
            brackets: annotations.brackets.into_values().collect(),
            highlights: annotations.highlights,
            hidden: annotations.hidden,
            lane_names: annotations.lane_names,
        }
    }
}

impl From<Told> for Annotations {
    fn from(told: Told) -> Self {
        let mut annotations = Self::default();
        let edits = [
            Edit::Title(told.title),
            Edit::Summary(told.summary),
            Edit::highlight(told.highlights, true),
            Edit::hide(told.hidden, true),
        ];
        let notes = told.notes.into_iter().map(Edit::write);
        let brackets = told.brackets.into_iter().map(Edit::draw);
        let lanes = told.lane_names.into_iter();
        let names = lanes.map(|(lane, name)| Edit::LaneName(lane, Some(name)));
        for edit in edits.into_iter().chain(notes).chain(brackets).chain(names) {
            annotations.apply(edit);
        }
        annotations
    }
}

#[cfg(test)]
mod tests;
