//! The part of the state that says what of the document is looked at: a filter, one conversation
//! alone; what an opened file contains. Pure.
//!
//! ```text
//!   typed ──> Unknown ──(the document's worker reads it)──> Good | Bad(where, why)
//!                                                            '── applied: only what it means is drawn
//! ```

use super::state::{Action, Effect, Source, State, Tab};
use crate::protocol::{FilterProblem, ToDocument};
use std::rc::Rc;
use synema_diagram::notable::Contents;
use synema_diagram::view::Filter;

/// Up to so many packets, a filter is applied while it is typed; beyond, when Enter is pressed.
const AT_ONCE: u64 = 20_000;

/// What of the document is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looking {
    /// The filter's field.
    pub filter: FilterField,
    /// What an opened file contains, once it is known.
    pub contents: Option<Rc<Contents>>,
    /// Whether that is to be asked for when the file's beginning is drawn.
    asks_contents: bool,
    /// Whether a file is being dragged over the page.
    pub dragged: bool,
}

/// The filter's field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterField {
    /// What is in it.
    pub text: String,
    /// What is known of that.
    pub verdict: Verdict,
    /// The expression by which is drawn now; empty if everything is.
    pub applied: String,
    /// The number of the last question.
    number: u32,
}

/// What is known of an expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Verdict {
    /// Nothing yet.
    #[default]
    Unknown,
    /// It is understood.
    Good,
    /// It is not.
    Bad(FilterProblem),
}

impl FilterField {
    /// Whether it would do something else if Enter were pressed.
    pub fn waits(&self) -> bool {
        self.text.trim() != self.applied
    }

    /// The value of `data-state`.
    pub fn state_name(&self) -> &'static str {
        match &self.verdict {
            Verdict::Bad(_) => "bad",
            _ if self.waits() => "waiting",
            _ if self.applied.is_empty() => "none",
            _ => "applied",
        }
    }

    fn ask(&mut self, apply: bool) -> ToDocument {
        self.number = self.number.wrapping_add(1);
        ToDocument::Wanted {
            number: self.number,
            text: self.text.trim().to_owned(),
            apply,
        }
    }
}

impl State {
    pub(super) fn looking_action(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Filter { text, enter } => {
                self.looking.filter.text = text;
                let apply = enter
                    || self.reader.extent.packets <= AT_ONCE
                    || self.looking.filter.text.trim().is_empty();
                vec![Effect::Document(self.looking.filter.ask(apply))]
            }
            Action::Only(stream) => {
                let filter = stream.map_or(Filter::All, Filter::Stream);
                self.only(filter)
            }
            Action::ShowAll => self.show_all(),
            Action::Go { packet, stream } => self.go(packet, stream),
            Action::Dragged(dragged) => {
                self.looking.dragged = dragged;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn only(&mut self, filter: Filter) -> Vec<Effect> {
        if self.reader.view.filter == filter {
            return Vec::new();
        }
        to_document(self.reader.only(filter))
    }

    /// Goes to a packet of a conversation; other conversations that stand alone make way for it.
    fn go(&mut self, packet: u64, stream: Option<u32>) -> Vec<Effect> {
        self.tab = Tab::Packet;
        let mut out = Vec::new();
        let is_hidden = match self.reader.view.filter {
            Filter::All => false,
            Filter::Stream(alone) => Some(alone) != stream,
        };
        if is_hidden {
            out.extend(self.only(Filter::All));
        }
        out.extend(to_document(self.reader.select(Some(packet))));
        out
    }

    /// The document's worker has read an expression.
    pub(super) fn filter_read(
        &mut self,
        number: u32,
        applied: Option<String>,
        problem: Option<FilterProblem>,
    ) {
        let field = &mut self.looking.filter;
        if let Some(applied) = applied {
            field.applied = applied;
        }
        if number == field.number {
            field.verdict = match problem {
                Some(problem) => Verdict::Bad(problem),
                None if field.text.trim().is_empty() => Verdict::Unknown,
                None => Verdict::Good,
            };
        }
    }

    /// Another document is shown: all of it, and what it contains is asked for.
    pub(super) fn look_anew(&mut self) -> Vec<Effect> {
        self.looking.contents = None;
        self.write_anew();
        self.plot_anew();
        let field = &mut self.looking.filter;
        let was_filtered = !field.applied.is_empty() || !field.text.is_empty();
        field.text.clear();
        field.verdict = Verdict::Unknown;
        let mut out = Vec::new();
        if was_filtered {
            out.push(field.ask(true));
        }
        self.reader.view.filter = Filter::All;
        self.looking.asks_contents = matches!(self.source, Source::File { .. });
        to_document(out)
    }

    /// What was said of it in words is said anew.
    pub(super) fn look_again(&mut self) -> Option<Effect> {
        self.looking.asks_contents = matches!(self.source, Source::File { .. });
        let field = &mut self.looking.filter;
        let is_bad = matches!(field.verdict, Verdict::Bad(_));
        is_bad.then(|| Effect::Document(field.ask(false)))
    }

    /// Something is drawn: what takes longer is asked for now.
    pub(super) fn drawn(&mut self) -> Option<Effect> {
        let asks = std::mem::take(&mut self.looking.asks_contents);
        asks.then_some(Effect::Document(ToDocument::Contents))
    }

    /// All packets are shown, whatever was left out before.
    fn show_all(&mut self) -> Vec<Effect> {
        let mut out = Vec::new();
        let field = &mut self.looking.filter;
        if !field.text.is_empty() || !field.applied.is_empty() {
            field.text.clear();
            out.push(Effect::Document(field.ask(true)));
        }
        out.extend(self.only(Filter::All));
        // Its row is there now.
        out.extend(to_document(self.reader.select(self.reader.selected)));
        out
    }
}

fn to_document(messages: Vec<ToDocument>) -> Vec<Effect> {
    messages.into_iter().map(Effect::Document).collect()
}
