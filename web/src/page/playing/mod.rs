//! The part of the state that plays experiments: which one, with which knobs, and where in its run
//! the cursor stands. Pure.
//!
//! ```text
//!   an experiment, a knob ──> Play (unless one is asked for) ──> Played, Heights ──> a run that is over
//!                                                                                       │
//!   play, step, scrub, back ──> place on the Track <── Tick: the reader's time passes ──'
//! ```
//!
//! A run is whole when it comes; what lies after the cursor is hidden. So going back costs nothing,
//! and a knob that is turned in the middle is the same run up to there.

pub mod beside;
pub mod by_hand;
pub mod fragment;
pub mod reduce;
pub mod track;

pub use track::{Goal, Pace, Track};

use crate::protocol::{Hand, Told, ToldKnob, Trial};
use beside::Beside;
use by_hand::{ByHand, Draft};
use fragment::Linked;
use std::rc::Rc;
use synema_core::time::Instant;
use synema_play::{MachineNow, Turn};
use synema_sim::experiment::{Setting, Text};

/// The experiments, and the run of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playing {
    /// All experiments, once they are known.
    pub catalogue: Rc<Vec<Told>>,
    /// The run that is wanted.
    pub trial: Trial,
    /// The run that is shown.
    pub run: Option<Run>,
    /// The run that it is compared with.
    pub beside: Option<Beside>,
    /// Where the cursor stands.
    pub place: f64,
    /// Whether it moves by itself.
    pub motion: Motion,
    /// The pace that the reader chose.
    pub pace: Option<Pace>,
    /// Whether knobs are turned at the cursor's time, not from the beginning.
    pub from_here: bool,
    /// The answer that the reader gave.
    pub answer: Option<usize>,
    /// Whether the reader was told what the run shows.
    pub told_why: bool,
    /// Whether the list of all experiments is open.
    pub list: bool,
    /// The segment that the reader writes.
    pub draft: Draft,
    /// What a link asked for and is not so here.
    pub differs: Option<Differs>,
    /// Why the run that is wanted cannot be had.
    pub failed: Option<String>,
    /// Whether the reader wants nothing to move.
    pub still: bool,
    /// The link by which the page was opened, until its experiment is known.
    linked: Option<Linked>,
    /// The digest that the link promised.
    promised: Option<String>,
    /// What the link brings to be written on the run.
    notes: Option<String>,
    /// The number of the last question, and whether its answer is awaited.
    number: u32,
    awaits: bool,
    /// Whether something else is wanted than what was asked for.
    stale: bool,
    /// What happens when the run comes.
    then: Then,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which.
    pub trial: Trial,
    /// Turns of knobs that hold from the beginning, for they change what was before.
    pub from_start: Vec<Turn>,
    /// What tells it from any other.
    pub digest: String,
    /// Its machines' names.
    pub machines: Rc<Vec<Text>>,
    /// The cursor's way through it.
    pub track: Rc<Track>,
    /// How it stands, if it is played by hand.
    pub hand: Option<Rc<Hand>>,
}

/// Whether the cursor moves by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Motion {
    /// It does not.
    #[default]
    Rests,
    /// It does.
    Moves {
        /// When it moved last, milliseconds on the reader's clock; none before it did.
        since_ms: Option<f64>,
        /// Where it stops, if not at the end.
        until: Option<f64>,
    },
}

/// What in a link is not so here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// There is no such experiment.
    Experiment(String),
    /// It has no such knobs or settings.
    Knobs(String),
    /// The run is another one.
    Digest,
    /// What is written on it cannot be read.
    Notes(String),
}

/// What happens when a run comes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Then {
    /// It is the first of another experiment: the cursor stands at the beginning.
    #[default]
    Waits,
    /// The same, and it is played.
    Plays,
    /// The same, and all of it is seen at once.
    AtEnd,
    /// It is the same experiment again: the cursor stays at its time.
    Stays,
}

/// What is done with experiments.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Show them.
    Show,
    /// Open one, by its place in the catalogue.
    Open(usize),
    /// Open the one that a fragment names.
    Link(String),
    /// Show the list of all, or no longer.
    List(bool),
    /// Turn a knob.
    Turn {
        /// Which, by its name.
        knob: String,
        /// To what.
        to: Setting,
    },
    /// Turn knobs at the cursor's time, or from the beginning.
    FromHere(bool),
    /// Do not turn the knob at that time after all: its place among the turns.
    Unturn(usize),
    /// All knobs back to where they started.
    Reset,
    /// Another seed.
    Seed(u64),
    /// Play from the beginning.
    Run,
    /// Play on, or pause.
    Toggle,
    /// To the beginning.
    Start,
    /// To the end.
    End,
    /// To the next moment, or the one before.
    Step(i32),
    /// Play until this happens.
    Until(Goal),
    /// To a part of the whole, 0 to 1.
    Scrub(f64),
    /// To a time in the run, nanoseconds.
    At(u64),
    /// Another pace.
    Pace(Pace),
    /// A frame of the screen: the reader's clock, milliseconds.
    Tick(f64),
    /// Compare with another run, or no longer.
    Compare(bool),
    /// Compare with this very run from now on.
    Pin,
    /// Do something by hand.
    ByHand(ByHand),
    /// Predict.
    Answer(usize),
    /// Tell what the run shows.
    Why,
}

impl Playing {
    /// The experiment that is wanted.
    pub fn told(&self) -> Option<&Told> {
        self.catalogue.get(self.index()?)
    }

    /// Its place in the catalogue.
    pub fn index(&self) -> Option<usize> {
        let mut places = self.catalogue.iter();
        places.position(|told| told.id == self.trial.id)
    }

    /// What a knob stands at, from the beginning or, if it was turned on the way, at last.
    pub fn setting(&self, knob: &ToldKnob) -> Setting {
        let turned = self.trial.turns.iter().rev();
        let turned = turned.clone().find(|turn| turn.knob == knob.id);
        let set = turned.map(|turn| &turn.setting);
        let set = set.or_else(|| self.trial.settings.get(&knob.id));
        set.cloned().unwrap_or_else(|| knob.start())
    }

    /// Whether no knob was turned.
    pub fn is_as_told(&self) -> bool {
        let seed = self.told().map_or(self.trial.seed, |told| told.seed);
        self.trial.settings.is_empty() && self.trial.turns.is_empty() && self.trial.seed == seed
    }

    /// Whether all of the run is seen.
    pub fn is_at_end(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| self.place >= run.track.end())
    }

    /// Whether nothing of it is seen yet.
    pub fn is_at_start(&self) -> bool {
        self.place <= 0.0
    }

    /// Whether the cursor moves by itself.
    pub fn is_moving(&self) -> bool {
        matches!(self.motion, Motion::Moves { .. })
    }

    /// The cursor's time, ns.
    pub fn time_ns(&self) -> u64 {
        let run = self.run.as_ref();
        run.map_or(0, |run| run.track.time(self.place))
    }

    /// The height below which nothing is seen; none if all is.
    pub fn curtain(&self) -> Option<f64> {
        let run = self.run.as_ref()?;
        if self.is_at_end() {
            return None;
        }
        Some(run.track.height(self.place).unwrap_or(0.0))
    }

    /// The number of the last packet that has departed.
    pub fn last_departed(&self) -> u64 {
        let run = self.run.as_ref();
        run.map_or(0, |run| run.track.last_departed(self.place))
    }

    /// How fast time passes now.
    pub fn pace(&self) -> Pace {
        let fitting = || self.run.as_ref().map(|run| run.track.fitting_pace());
        self.pace.or_else(fitting).unwrap_or(Pace::SLOW)
    }

    /// The fragment of a link to the run that is shown, with notes if there are any.
    pub fn fragment(&self, notes: &str) -> String {
        let run = self.run.as_ref().zip(self.told());
        run.map_or_else(String::new, |(run, told)| {
            let notes = Some(notes).filter(|notes| !notes.is_empty());
            fragment::write(&run.trial, told, &run.digest, notes)
        })
    }

    /// How the machines stand at the cursor.
    pub fn standing(&self) -> Vec<MachineNow> {
        let Some(run) = &self.run else {
            return Vec::new();
        };
        // What happens at the very first moment has not been yet.
        if self.is_at_start() {
            return vec![MachineNow::default(); run.machines.len()];
        }
        run.track.now(self.place).machines
    }

    /// Puts a setting into the run that is wanted.
    fn turn(&mut self, knob: String, to: Setting) {
        let start = self
            .told()
            .and_then(|told| told.knob(&knob))
            .map(ToldKnob::start);
        let is_between = !self.is_at_start() && !self.is_at_end();
        if self.from_here && is_between {
            let at = Instant::from_nanos(self.time_ns());
            self.trial
                .turns
                .retain(|turn| turn.knob != knob || turn.at < at);
            let setting = to;
            self.trial.turns.push(Turn { at, knob, setting });
            self.trial.turns.sort_by_key(|turn| turn.at);
            return;
        }
        // From the beginning: what was turned on the way is no longer.
        self.trial.turns.retain(|turn| turn.knob != knob);
        if Some(&to) == start.as_ref() {
            self.trial.settings.remove(&knob);
        } else {
            self.trial.settings.insert(knob, to);
        }
    }
}
