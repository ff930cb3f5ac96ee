//! Experiments in the document's worker: what there is of them, and the run that is shown, with
//! what was written on it. Pure.
//!
//! ```text
//!   Trial ──> synema_play::Play ──> Shown, moments ──> their heights, whenever these change
//!     '── what was written on the run of this very trial before is on it again
//! ```

use super::shown::Shown;
use super::turned;
use crate::protocol::{Hand, Heights, Played, Told, Trial};
use crate::words::{Words, fill};
use synema_diagram::view::View;
use synema_play::{Happening, Moment, Play, Timeline, Turn};
use synema_sim::experiment::by_hand::{self, Game};
use synema_sim::experiment::{Experiment, Text, catalogue};

/// An arrow's row reaches so far above its beginning, and below its end, CSS pixels.
const AROUND: (f64, f64) = (10.0, 8.0);

/// The experiments, and the run that is shown.
#[derive(Default)]
pub struct Plays {
    catalogue: Vec<Experiment>,
    /// Runs that are not shown now, and on which something is written.
    kept: Vec<(Trial, Run, Shown)>,
    now: Option<(Trial, Run)>,
}

/// What is known of a run beside its document.
pub struct Run {
    number: u32,
    digest: String,
    machines: Vec<Text>,
    timeline: Timeline,
    from_start: Vec<Turn>,
    hand: Option<Hand>,
    /// The heights that the page was told, if any yet.
    told: Option<Vec<f64>>,
}

impl Run {
    /// What the page is told of it.
    pub(super) fn played(&self) -> Played {
        Played {
            number: self.number,
            digest: self.digest.clone(),
            machines: self.machines.clone(),
            timeline: self.timeline.clone(),
            from_start: self.from_start.clone(),
            notes_failed: None,
            hand: self.hand.clone(),
        }
    }
}

impl Run {
    /// Where its moments are in the ladder, if that is not what was told before.
    pub(super) fn heights(&mut self, shown: &mut Shown, view: View) -> Option<Heights> {
        let of_moments = heights(shown, view, self.timeline.moments());
        if self.told.as_ref() == Some(&of_moments) {
            return None;
        }
        self.told = Some(of_moments.clone());
        Some(Heights {
            number: self.number,
            of_moments,
        })
    }
}

impl Plays {
    /// All experiments.
    pub fn told(&mut self) -> Vec<Told> {
        let mut told: Vec<_> = self.experiments().iter().map(Told::of).collect();
        // The last of those that are told in their order.
        let place = told.iter().position(|one| one.more);
        told.insert(place.unwrap_or(told.len()), Told::by_hand());
        told
    }

    /// They are read when they are first asked for: who looks at a capture waits for none.
    fn experiments(&mut self) -> &[Experiment] {
        if self.catalogue.is_empty() {
            self.catalogue = catalogue();
        }
        &self.catalogue
    }

    /// A run from its beginning to its end; one on which something is written is found again.
    ///
    /// # Errors
    /// Why that cannot be, and what to do, in words.
    pub fn find(&mut self, trial: &Trial, words: &Words) -> Result<(Run, Shown), String> {
        let kept = self.kept.iter().position(|(of, ..)| of == trial);
        match kept.map(|kept| self.kept.swap_remove(kept)) {
            Some((_, run, shown)) => Ok((run, shown)),
            None => self.begin(trial, words),
        }
    }

    /// A run is shown from now on, as the answer to a question of this number.
    pub fn enter(&mut self, trial: Trial, mut run: Run, number: u32) -> Played {
        run.number = number;
        run.told = None;
        let played = run.played();
        self.now = Some((trial, run));
        played
    }

    /// The run that is shown answers another question too, if it is the one that is asked for.
    pub fn again(&mut self, trial: &Trial, number: u32) -> Option<Played> {
        let (_, run) = self.now.as_mut().filter(|(now, _)| now == trial)?;
        run.number = number;
        run.told = None;
        Some(run.played())
    }

    /// A run from its beginning to its end.
    pub(super) fn begin(&mut self, trial: &Trial, words: &Words) -> Result<(Run, Shown), String> {
        let Trial {
            id,
            seed,
            settings,
            turns,
            moves,
        } = trial;
        if id == by_hand::ID {
            let game = Game::played(moves, *seed).map_err(|why| why.to_string())?;
            let hand = Some(Hand {
                remarks: game.remarks().to_vec(),
                proposal: game.proposal(),
            });
            let (run, shown) = run_of(Play::by_hand(&game), id);
            return Ok((Run { hand, ..run }, shown));
        }
        let experiment = self.experiments().iter().find(|one| one.id == *id);
        let experiment = experiment.ok_or_else(|| fill(words.experiment_unknown, &[("id", id)]))?;
        let play = Play::new(experiment, settings, *seed, turns).map_err(|why| why.to_string())?;
        let from_start = turned::from_start(experiment, trial).map_err(|why| why.to_string())?;
        let (run, shown) = run_of(play, id);
        Ok((Run { from_start, ..run }, shown))
    }

    /// The run is no longer shown; it is kept if something is written on it.
    pub fn leave(&mut self, shown: Shown) {
        if let Some((trial, run)) = self.now.take()
            && !shown.annotations().is_empty()
        {
            self.kept.push((trial, run, shown));
        }
    }

    /// Whether something is written on a run that is not shown, and is in no file.
    pub fn is_unsaved(&self) -> bool {
        self.kept.iter().any(|(.., shown)| shown.is_unsaved())
    }

    /// Where the moments of the run are in the ladder, if that is not what was told before.
    pub fn heights(&mut self, shown: &mut Shown, view: View) -> Option<Heights> {
        let (_, run) = self.now.as_mut()?;
        run.heights(shown, view)
    }
}

/// A run and its document.
fn run_of(play: Play, id: &str) -> (Run, Shown) {
    let run = Run {
        number: 0,
        digest: play.digest.to_string(),
        machines: play.machines,
        timeline: play.timeline,
        from_start: Vec::new(),
        hand: None,
        told: None,
    };
    (run, Shown::of(play.document, id))
}

/// One height for each moment. Where time is drawn row by row, what was overtaken waits for what
/// overtook it; what is no packet stands at the packet that it came with.
fn heights(shown: &mut Shown, view: View, moments: &[Moment]) -> Vec<f64> {
    shown.look(view);
    let document = &mut shown.document;
    let of_packets: Vec<Option<f64>> = moments
        .iter()
        .map(|moment| {
            let (packet, is_end) = match moment.what {
                Happening::Departed { packet } => (packet, false),
                Happening::Arrived { packet } | Happening::Lost { packet } => (packet, true),
                _ => return None,
            };
            let band = document.row_of(packet)?;
            let y = if is_end {
                band.y1 - AROUND.1
            } else {
                band.y0 + AROUND.0
            };
            // An arrow whose far end is not drawn at its time is done with when that time comes.
            Some(y.min(document.y_of(moment.at)))
        })
        .collect();
    let mut lowest = 0.0_f64;
    let mut before = None;
    let mut one = |index: usize, moment: &Moment| {
        if let Some(y) = of_packets[index] {
            lowest = lowest.max(y);
            before = Some(moment.at);
        } else if before != Some(moment.at) {
            let same = (index..moments.len()).take_while(|next| moments[*next].at == moment.at);
            let with = same.filter_map(|next| of_packets[next]).next();
            lowest = lowest.max(with.unwrap_or_else(|| document.y_of(moment.at)));
        }
        lowest
    };
    let all = moments.iter().enumerate();
    all.map(|(index, moment)| one(index, moment)).collect()
}
