//! The part of the state that writes on the capture: notes, brackets, what is highlighted or
//! hidden; and what must not be thrown away unasked. Pure.
//!
//! ```text
//!   n, h, x, b, a lane's head, a field's row ──> Draft in a dialog ──> Write ──> the worker
//!                                                                                   │
//!   panel, packet, ladder <────────────────────── Written <─────────────────────────'
//! ```

use super::playing::Play;
use super::state::{Action, Effect, Source, State};
use crate::protocol::{Place, ToDocument, Write, Written};
use std::rc::Rc;
use synema_diagram::annotate::{HostAddress, NoteId};
use web_sys::File;

/// What is written, and what is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Writing {
    /// All that is written on what is shown.
    pub written: Rc<Written>,
    /// Whether the panel with all of it is open.
    pub open: bool,
    /// The packet at one end of a bracket whose other end is not chosen yet.
    pub bracket_from: Option<u64>,
    /// The title and the summary while they are typed.
    pub typed: [Option<String>; 2],
}

/// What is open above the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// The keys.
    Keys,
    /// How an experiment is done over a wire.
    OnAWire,
    /// What is to be shared.
    Share,
    /// Something that is being written.
    Draft(Draft),
    /// Notes would be thrown away by this: is it meant?
    Unsaved(Leaving),
}

/// What leaves an opened file behind, with all that is written on it.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaving {
    /// Another file is opened.
    Open(File),
    /// A capture that comes with the page is opened.
    Sample(&'static str),
    /// A link is opened.
    Link(String),
    /// An experiment is shown.
    Experiment(Play),
    /// The wire is shown.
    Wire,
    /// Something is fetched, which shows the wire.
    Fetch,
    /// One of the examples is fetched.
    Example(String),
}

impl Leaving {
    fn of(action: &Action) -> Option<Self> {
        Some(match action {
            Action::Open(file) => Self::Open(file.clone()),
            Action::OpenSample(name) => Self::Sample(name),
            Action::OpenLink(text) => Self::Link(text.clone()),
            Action::Play(play @ (Play::Show | Play::Open(_) | Play::Link(_))) => {
                Self::Experiment(play.clone())
            }
            Action::ShowWire => Self::Wire,
            Action::Fetch => Self::Fetch,
            Action::FetchExample(url) => Self::Example(url.clone()),
            _ => return None,
        })
    }

    fn action(self) -> Action {
        match self {
            Self::Open(file) => Action::Open(file),
            Self::Sample(name) => Action::OpenSample(name),
            Self::Link(text) => Action::OpenLink(text),
            Self::Experiment(play) => Action::Play(play),
            Self::Wire => Action::ShowWire,
            Self::Fetch => Action::Fetch,
            Self::Example(url) => Action::FetchExample(url),
        }
    }
}

/// Something that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// On what.
    pub on: On,
    /// What it says so far.
    pub text: String,
    /// The lane's name so far.
    pub name: String,
}

/// What a draft is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// A new note.
    Place(Place),
    /// The packets between two, as a bracket or as a note on the time between them.
    Between {
        /// One end.
        from: u64,
        /// The other.
        to: u64,
        /// Whether it becomes a note on the time.
        as_time: bool,
    },
    /// A lane, which has a name too.
    Lane {
        /// Whose lane.
        lane: HostAddress,
        /// What the lane is called where it is drawn.
        title: String,
    },
    /// A note or bracket that is there.
    Written(NoteId),
}

/// What is done in writing.
#[derive(Clone, Debug)]
pub enum Pen {
    /// Open or close the panel with all that is written.
    Panel,
    /// Begin to write on something.
    Begin(On),
    /// The draft says this now.
    Text(String),
    /// The lane is called this now.
    Name(String),
    /// The draft becomes a note on the time, or a bracket.
    AsTime(bool),
    /// The draft is done.
    Done,
    /// A note on the selected packet.
    Note,
    /// The selected packet is one end of a bracket, or the other.
    Bracket,
    /// No bracket after all.
    NoBracket,
    /// The selected packet is to catch the eye, or no longer.
    Highlight,
    /// The selected packet is not to be drawn, or is again.
    Hide,
    /// The title (0) or the summary (1) is being typed.
    Typing(usize, String),
    /// The title (0) or the summary (1) is typed.
    Typed(usize),
    /// A change that needs no draft.
    Write(Write),
}

impl State {
    pub(super) fn pen(&mut self, pen: Pen) -> Vec<Effect> {
        match pen {
            Pen::Panel => {
                self.writing.open = !self.writing.open;
                self.tab = super::state::Tab::Wire;
                Vec::new()
            }
            Pen::Begin(on) => self.begin(on),
            Pen::Text(text) => self.draft(|draft| draft.text = text),
            Pen::Name(name) => self.draft(|draft| draft.name = name),
            Pen::AsTime(is_time) => self.draft(|draft| {
                if let On::Between { as_time, .. } = &mut draft.on {
                    *as_time = is_time;
                }
            }),
            Pen::Done => self.draft_done(),
            Pen::Note => self.on_selected(|packet| Pen::Begin(On::Place(Place::Packet(packet)))),
            Pen::Bracket => self.bracket(),
            Pen::NoBracket => {
                self.writing.bracket_from = None;
                Vec::new()
            }
            Pen::Highlight => {
                let written = self.writing.written.clone();
                self.on_selected(|packet| {
                    let on = !written.is_highlighted(packet);
                    Pen::Write(Write::Highlight { packet, on })
                })
            }
            Pen::Hide => {
                let written = self.writing.written.clone();
                self.on_selected(|packet| {
                    let on = !written.is_hidden(packet);
                    Pen::Write(Write::Hide { packet, on })
                })
            }
            Pen::Typing(which, text) => {
                if let Some(typed) = self.writing.typed.get_mut(which) {
                    *typed = Some(text);
                }
                Vec::new()
            }
            Pen::Typed(which) => self.typed(which),
            Pen::Write(change) => vec![Effect::Document(ToDocument::Write(change))],
        }
    }

    fn on_selected(&mut self, pen: impl Fn(u64) -> Pen) -> Vec<Effect> {
        match self.reader.selected {
            Some(packet) => self.pen(pen(packet)),
            None => Vec::new(),
        }
    }

    fn begin(&mut self, on: On) -> Vec<Effect> {
        let written = &self.writing.written;
        let (text, name) = match &on {
            On::Written(id) => (text_of(written, *id), String::new()),
            On::Lane { lane, .. } => (String::new(), written.lane_name(lane).to_owned()),
            On::Place(_) | On::Between { .. } => (String::new(), String::new()),
        };
        self.dialog = Some(Dialog::Draft(Draft { on, text, name }));
        Vec::new()
    }

    fn draft(&mut self, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
        if let Some(Dialog::Draft(draft)) = &mut self.dialog {
            change(draft);
        }
        Vec::new()
    }

    fn draft_done(&mut self) -> Vec<Effect> {
        let Some(Dialog::Draft(draft)) = &self.dialog else {
            return Vec::new();
        };
        let Draft { on, text, name } = draft.clone();
        self.dialog = None;
        let mut changes = Vec::new();
        match on {
            On::Place(on) => changes.push(Write::Note { on, text }),
            On::Between { from, to, as_time } => {
                self.writing.bracket_from = None;
                changes.push(if as_time {
                    let on = Place::Time { from, to };
                    Write::Note { on, text }
                } else {
                    Write::Bracket { from, to, text }
                });
            }
            On::Lane { lane, .. } => {
                if self.writing.written.lane_name(&lane) != name.trim() {
                    changes.push(Write::LaneName { lane, name });
                }
                if !text.trim().is_empty() {
                    let on = Place::Lane(lane);
                    changes.push(Write::Note { on, text });
                }
            }
            On::Written(id) => changes.push(Write::Reword { id, text }),
        }
        let told = changes.into_iter().map(ToDocument::Write);
        told.map(Effect::Document).collect()
    }

    /// One end, then the other; the same packet twice is no bracket.
    fn bracket(&mut self) -> Vec<Effect> {
        let Some(here) = self.reader.selected else {
            return Vec::new();
        };
        match self.writing.bracket_from {
            None => {
                self.writing.bracket_from = Some(here);
                Vec::new()
            }
            Some(from) if from == here => {
                self.writing.bracket_from = None;
                Vec::new()
            }
            Some(from) => self.begin(On::Between {
                from,
                to: here,
                as_time: false,
            }),
        }
    }

    fn typed(&mut self, which: usize) -> Vec<Effect> {
        let typed = self.writing.typed.get_mut(which).and_then(Option::take);
        let Some(text) = typed else {
            return Vec::new();
        };
        let text = text.trim().to_owned();
        let written = &self.writing.written;
        let (before, change): (_, fn(String) -> Write) = match which {
            0 => (&written.title, Write::Title),
            _ => (&written.summary, Write::Summary),
        };
        if *before == text {
            return Vec::new();
        }
        vec![Effect::Document(ToDocument::Write(change(text)))]
    }

    /// The document's worker tells what is written.
    pub(super) fn written(&mut self, written: Written) -> Vec<Effect> {
        let warns = self.writing.written.unsaved_anywhere != written.unsaved_anywhere;
        let warn = Effect::Warn(written.unsaved_anywhere);
        self.writing.written = Rc::new(written);
        warns.then_some(warn).into_iter().collect()
    }

    /// Whether an action would throw notes away: then it is asked for first.
    pub(super) fn asks_first(&mut self, action: &Action) -> bool {
        let is_file = matches!(self.source, Source::File { .. });
        if !(is_file && self.writing.written.unsaved) {
            return false;
        }
        let Some(leaving) = Leaving::of(action) else {
            return false;
        };
        self.looking.dragged = false;
        self.dialog = Some(Dialog::Unsaved(leaving));
        true
    }

    /// What was asked about is done: after the notes are in a file, or without.
    pub(super) fn answered(&mut self, save: bool) -> Vec<Effect> {
        let Some(Dialog::Unsaved(leaving)) = self.dialog.take() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        if save {
            out.push(Effect::Document(ToDocument::Download));
        }
        out.extend(self.change(leaving.action()));
        out
    }

    /// Another document is shown: nothing that was begun on the old one is finished.
    pub(super) fn write_anew(&mut self) {
        self.writing.bracket_from = None;
        self.writing.typed = [None, None];
        if matches!(self.dialog, Some(Dialog::Draft(_))) {
            self.dialog = None;
        }
    }
}

fn text_of(written: &Written, id: NoteId) -> String {
    let note = written.notes.iter().find(|note| note.id == id);
    let bracket = written.brackets.iter().find(|bracket| bracket.id == id);
    let text = note.map(|note| &note.text);
    text.or(bracket.map(|bracket| &bracket.text))
        .cloned()
        .unwrap_or_default()
}
