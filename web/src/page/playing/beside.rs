//! Another run beside the one that is shown: the same cursor goes through both. Pure.
//!
//! ```text
//!   Compare ──> ToDocument::Compare(trial) ──> Beside(Played), Beside(Extent), Beside(Heights), ...
//!   its ladder ──> Beside(Window), Beside(Look) ──> Beside(Scene)
//! ```

use super::{Run, Track};
use crate::page::reader::Reader;
use crate::page::state::{Action, Effect, State};
use crate::protocol::{FromDocument, ToDocument, Trial};
use std::rc::Rc;
use synema_diagram::view::View;

/// The run beside.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// Which.
    pub trial: Trial,
    /// The run, once it has come.
    pub run: Option<Run>,
    /// Where in its ladder.
    pub reader: Reader,
}

impl State {
    /// Compares with a run that is kept beside from now on; with the experiment as it is told, if
    /// knobs were turned. Or no longer.
    pub(super) fn compare(&mut self, on: bool) -> Vec<Effect> {
        if !on {
            self.playing.beside = None;
            return vec![Effect::Document(ToDocument::Compare(None))];
        }
        let trial = match self.playing.told() {
            Some(told) if !self.playing.is_as_told() => Trial {
                id: told.id.clone(),
                seed: told.seed,
                ..Trial::default()
            },
            _ => self.playing.trial.clone(),
        };
        self.put_beside(trial)
    }

    /// Keeps the run that is shown beside.
    pub(super) fn pin(&mut self) -> Vec<Effect> {
        self.put_beside(self.playing.trial.clone())
    }

    fn put_beside(&mut self, trial: Trial) -> Vec<Effect> {
        let mut reader = match self.playing.beside.take() {
            // Its place on the screen is the same.
            Some(beside) => beside.reader,
            None => Reader::default(),
        };
        let shown = self.reader.view;
        let view = View {
            width: reader.view.width,
            selected: None,
            ..shown
        };
        reader.view = view;
        self.playing.beside = Some(Beside {
            trial: trial.clone(),
            run: None,
            reader,
        });
        vec![
            Effect::Document(ToDocument::Compare(Some(trial))),
            beside(ToDocument::Look(view)),
        ]
    }

    /// The run that is shown is looked at otherwise: so is the one beside.
    pub(in crate::page) fn look_beside(&mut self) -> Option<Effect> {
        let shown = self.reader.view;
        let reader = &mut self.playing.beside.as_mut()?.reader;
        let view = View {
            width: reader.view.width,
            selected: None,
            filter: reader.view.filter,
            ..shown
        };
        if reader.view == view {
            return None;
        }
        reader.view = view;
        Some(beside(ToDocument::Look(view)))
    }

    /// Something is done in the ladder beside.
    pub(in crate::page) fn act_beside(&mut self, action: &Action) -> Vec<Effect> {
        let Some(Beside { reader, .. }) = &mut self.playing.beside else {
            return Vec::new();
        };
        told(match *action {
            Action::Resized { width, height } => reader.resize(width, height),
            Action::Scrolled(top) => reader.scrolled(top),
            _ => Vec::new(),
        })
    }

    /// The document's worker said something of the run beside.
    pub(in crate::page) fn heard_beside(&mut self, said: FromDocument) -> Vec<Effect> {
        let Some(Beside { trial, run, reader }) = &mut self.playing.beside else {
            return Vec::new();
        };
        match said {
            FromDocument::Played(played) => {
                *run = Some(Run {
                    trial: trial.clone(),
                    from_start: played.from_start,
                    digest: played.digest,
                    machines: Rc::new(played.machines),
                    track: Rc::new(Track::new(played.timeline)),
                    hand: played.hand.map(Rc::new),
                });
                // Versions begin anew, and so do questions.
                *reader = reader.afresh();
                told(reader.bring(0.0, (0.0, 0.0)))
            }
            FromDocument::Heights(heights) => {
                if let Some(run) = run {
                    Rc::make_mut(&mut run.track).set_heights(heights.of_moments);
                }
                Vec::new()
            }
            said => told(reader.heard(said)),
        }
    }

    /// Keeps the cursor in sight in the ladder beside.
    pub(super) fn look_at_cursor_beside(&mut self, around: (f64, f64)) -> Vec<Effect> {
        let Some(y) = self.playing.curtain_beside() else {
            return Vec::new();
        };
        let Some(Beside { reader, .. }) = &mut self.playing.beside else {
            return Vec::new();
        };
        told(reader.bring(y, around))
    }
}

impl super::Playing {
    /// The height below which nothing is seen of the run beside; none if all is.
    pub fn curtain_beside(&self) -> Option<f64> {
        let track = &self.beside.as_ref()?.run.as_ref()?.track;
        if self.is_at_end() {
            return None;
        }
        let place = match self.is_at_start() {
            true => 0.0,
            false => track.at_time(self.time_ns()),
        };
        (place < track.end()).then(|| track.height(place).unwrap_or(0.0))
    }
}

fn beside(said: ToDocument) -> Effect {
    Effect::Document(ToDocument::Beside(Box::new(said)))
}

/// What the reader of the run beside asks for: its ladder alone is seen.
fn told(messages: Vec<ToDocument>) -> Vec<Effect> {
    let seen = |said: &ToDocument| matches!(said, ToDocument::Look(_) | ToDocument::Window { .. });
    messages.into_iter().filter(seen).map(beside).collect()
}
