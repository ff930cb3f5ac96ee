//! What is written on a capture, as page and document's worker speak of it: packets by their
//! numbers, where the document itself knows them by their ids.

use serde::{Deserialize, Serialize};
use synema_diagram::annotate::{HostAddress, NoteId};

/// A change of what is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Write {
    /// The whole is called so.
    Title(String),
    /// The whole is about this.
    Summary(String),
    /// A new note.
    Note {
        /// On what.
        on: Place,
        /// What it says; an empty one is not written.
        text: String,
    },
    /// A new bracket.
    Bracket {
        /// The packet at one end.
        from: u64,
        /// The packet at the other.
        to: u64,
        /// What it says.
        text: String,
    },
    /// A note or bracket says something else; with an empty text it goes.
    Reword {
        /// Which.
        id: NoteId,
        /// What it says now.
        text: String,
    },
    /// A packet is to catch the eye, or no longer.
    Highlight {
        /// Which.
        packet: u64,
        /// Whether it is.
        on: bool,
    },
    /// A packet is not to be drawn, or is again.
    Hide {
        /// Which.
        packet: u64,
        /// Whether it is hidden.
        on: bool,
    },
    /// All packets are to be drawn again.
    ShowHidden,
    /// A lane is called so; with an empty name, as it was before.
    LaneName {
        /// Whose lane.
        lane: HostAddress,
        /// Its name.
        name: String,
    },
    /// Take the last change back.
    Undo,
    /// Make the change again that was taken back last.
    Redo,
}

/// What a note is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A packet, by its number; 0 if it is not in this capture.
    Packet(u64),
    /// A field of a packet.
    Field {
        /// The packet's number; 0 if it is not in this capture.
        packet: u64,
        /// The field's name in tshark's words.
        field: String,
    },
    /// The time from one packet to another.
    Time {
        /// The first of them.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A lane.
    Lane(HostAddress),
}

impl Place {
    /// The packet to go to, if there is one.
    pub fn packet(&self) -> Option<u64> {
        match *self {
            Self::Packet(packet) | Self::Field { packet, .. } | Self::Time { from: packet, .. } => {
                Some(packet).filter(|packet| *packet > 0)
            }
            Self::Lane(_) => None,
        }
    }
}

/// All that is written on the document that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What the whole is called; empty if it has no title.
    pub title: String,
    /// What it is about; may be of several lines, and empty.
    pub summary: String,
    /// The notes, in the order in which they were written.
    pub notes: Vec<WrittenNote>,
    /// The brackets, in the order in which they were drawn.
    pub brackets: Vec<WrittenBracket>,
    /// The packets that are to catch the eye, ascending.
    pub highlights: Vec<u64>,
    /// The packets that are not drawn, ascending.
    pub hidden: Vec<u64>,
    /// Lanes that were given names.
    pub lane_names: Vec<(HostAddress, String)>,
    /// Whether there is a change to take back.
    pub can_undo: bool,
    /// Whether there is a change to make again.
    pub can_redo: bool,
    /// Whether something of it is in no file yet.
    pub unsaved: bool,
    /// Whether something is in no file yet that is written on this document, or on the wire's
    /// while a file is shown.
    pub unsaved_anywhere: bool,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenNote {
    /// Its number.
    pub id: NoteId,
    /// What it is on.
    pub on: Place,
    /// What it says.
    pub text: String,
}

/// A bracket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenBracket {
    /// Its number.
    pub id: NoteId,
    /// The packet at one end; 0 if it is not in this capture.
    pub from: u64,
    /// The packet at the other; 0 if it is not in this capture.
    pub to: u64,
    /// What it says.
    pub text: String,
}

impl Written {
    /// The notes on a packet itself.
    pub fn on_packet(&self, number: u64) -> impl Iterator<Item = &WrittenNote> {
        let notes = self.notes.iter();
        notes.filter(move |note| note.on == Place::Packet(number))
    }

    /// The notes on a field of a packet.
    pub fn on_field<'a>(
        &'a self,
        number: u64,
        name: &'a str,
    ) -> impl Iterator<Item = &'a WrittenNote> {
        self.notes.iter().filter(move |note| match &note.on {
            Place::Field { packet, field } => *packet == number && field == name,
            _ => false,
        })
    }

    /// The name that was given to a lane; empty if none was.
    pub fn lane_name(&self, lane: &HostAddress) -> &str {
        let names = &self.lane_names;
        let found = names.iter().find(|(address, _)| address == lane);
        found.map_or("", |(_, name)| name)
    }

    /// Whether a packet is to catch the eye.
    pub fn is_highlighted(&self, number: u64) -> bool {
        self.highlights.binary_search(&number).is_ok()
    }

    /// Whether a packet is not drawn.
    pub fn is_hidden(&self, number: u64) -> bool {
        self.hidden.binary_search(&number).is_ok()
    }
}
