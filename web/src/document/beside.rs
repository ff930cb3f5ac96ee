//! Another run beside the one that is shown, to be compared with it. Pure.

use super::play::{Plays, Run};
use super::shown::Shown;
use crate::protocol::{FromDocument, Played, ToDocument, Trial};
use crate::words::Words;
use synema_diagram::view::View;

/// A run, how it is looked at, and what the page knows of it.
pub struct Beside {
    run: Run,
    shown: Shown,
    view: View,
    version: u64,
    told: Option<u64>,
}

impl Beside {
    /// A run from its beginning to its end, and what is told of it.
    ///
    /// # Errors
    /// As [`Plays::find`].
    pub fn new(
        plays: &mut Plays,
        trial: &Trial,
        view: View,
        words: &Words,
    ) -> Result<(Self, Played), String> {
        let (run, shown) = plays.begin(trial, words)?;
        let played = run.played();
        let beside = Self {
            run,
            shown,
            view,
            version: 0,
            told: None,
        };
        Ok((beside, played))
    }

    /// What the page says of this run; the answer, if there is one at once.
    pub fn asked(&mut self, said: &ToDocument) -> Option<FromDocument> {
        match *said {
            ToDocument::Look(view) => {
                self.view = view;
                self.version += 1;
                None
            }
            ToDocument::Window { y0, y1 } => Some(FromDocument::Scene {
                version: self.version,
                scene: Box::new(self.shown.scene(self.view, y0, y1)),
            }),
            _ => None,
        }
    }

    /// What the page is to be told since it was told last.
    pub fn news(&mut self) -> Vec<FromDocument> {
        if self.told == Some(self.version) {
            return Vec::new();
        }
        self.told = Some(self.version);
        let extent = self.shown.extent(self.version, self.view);
        let mut said = vec![FromDocument::Extent(extent)];
        let heights = self.run.heights(&mut self.shown, self.view);
        said.extend(heights.map(FromDocument::Heights));
        said
    }
}
