//! What the document's worker does with experiments: shows the run of one, and another beside it.

use super::Worker;
use super::beside::Beside;
use crate::post;
use crate::protocol::{FromDocument, PlayRequest, Played, Trial};
use crate::words::Words;
use synema_diagram::link;

impl Worker {
    pub(super) fn play(&mut self, request: &PlayRequest) {
        let PlayRequest {
            number,
            ref trial,
            ref notes,
        } = *request;
        let played = match self.plays.again(trial, number) {
            Some(played) => played,
            None => match self.plays.find(trial, Words::of(self.view.language)) {
                Ok((run, shown)) => {
                    self.show(Some((trial.id.clone(), shown)));
                    self.plays.enter(trial.clone(), run, number)
                }
                Err(why) => return self.say(FromDocument::PlayFailed { number, why }),
            },
        };
        let notes = notes.as_deref().map(|notes| self.bring(notes));
        let notes_failed = notes.and_then(Result::err);
        self.say(FromDocument::Played(Box::new(Played {
            notes_failed,
            ..played
        })));
        self.tell_written();
    }

    /// Shows another run beside the one that is shown, or none.
    pub(super) fn compare(&mut self, trial: Option<&Trial>) {
        self.beside = None;
        let Some(trial) = trial else {
            return;
        };
        let words = Words::of(self.view.language);
        // A run that cannot be had is not compared with: who asked has it before the eyes already.
        if let Ok((beside, played)) = Beside::new(&mut self.plays, trial, self.view, words) {
            self.beside = Some(beside);
            let played = FromDocument::Played(Box::new(played));
            self.say(FromDocument::Beside(Box::new(played)));
        }
    }

    pub(super) fn tell_beside(&mut self) {
        let news = self.beside.as_mut().map_or_else(Vec::new, Beside::news);
        if !news.is_empty() {
            let news = news.into_iter().map(Box::new).map(FromDocument::Beside);
            post::send(&self.scope, &news.collect::<Vec<_>>());
        }
    }

    /// Writes on the run that is shown what a link brings.
    pub(super) fn bring(&mut self, notes: &str) -> Result<(), String> {
        let brought = link::decode_notes(notes).map_err(|problem| problem.to_string())?;
        self.shown().write_all(&brought);
        Ok(())
    }
}
