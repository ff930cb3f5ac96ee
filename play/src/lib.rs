#![forbid(unsafe_code)]
//! A run of an experiment as one document, with a timeline.
//!
//! ```text
//!  Experiment, settings, seed, turns ──► sim::Run, to its end
//!                                          │ passages, traces
//!                      ┌───────────────────┴──────────────────┐
//!                      ▼                                      ▼
//!          Document: every frame's departure,       Timeline: what happened when,
//!          arrival or loss, both ends' states       and how things stood at any time
//! ```
//!
//! Playing, pausing, stepping and scrubbing only move a cursor in virtual time over
//! the finished document. A knob that is turned in the middle is one more
//! [`Turn`]: the run is played again, the same to the byte up to there.

mod moments;
mod now;
mod sighted;

pub use moments::{Happening, Moment, Stop, Timeline};
pub use now::{ConnNow, MachineNow, Now, Running};
pub use sighted::document;
pub use synema_sim::experiment::Turn;

use synema_core::app::recording::Digest;
use synema_core::time::Instant;
use synema_diagram::Document;
use synema_diagram::view::View;
use synema_sim::Passage;
use synema_sim::experiment::by_hand::Game;
use synema_sim::experiment::{Experiment, ExperimentError, Machine, Run, Settings, Text};

/// A run that was played to its end.
#[derive(Debug)]
pub struct Play {
    /// Every frame, as the page saw it or would have.
    pub document: Document,
    /// What happened when.
    pub timeline: Timeline,
    /// What its machines are called, the one whose clock is shown first.
    pub machines: Vec<Text>,
    /// What tells this run from any other.
    pub digest: Digest,
}

impl Play {
    /// Plays an experiment, with knobs turned on the way.
    ///
    /// # Errors
    /// For a knob or a setting that the experiment has not.
    pub fn new(
        experiment: &Experiment,
        settings: &Settings,
        seed: u64,
        turns: &[Turn],
    ) -> Result<Self, ExperimentError> {
        let run = Run::played(experiment, settings, seed, turns)?;
        let (machines, journeys) = (run.machines(), run.journeys());
        Ok(Self::of(&journeys, &machines, run.end(), run.digest()))
    }

    /// What a reader who is the stack has played so far.
    pub fn by_hand(game: &Game) -> Self {
        let machines = game.machines();
        Self::of(game.passages(), &machines, game.now(), game.digest())
    }

    fn of(ways: &[Passage], machines: &[Machine<'_>], end: Instant, digest: Digest) -> Self {
        let sighted = sighted::sighted(ways, machines);
        let drawn = sighted.passages.iter().map(|&index| &ways[index]);
        Self {
            timeline: Timeline::new(drawn, machines, end),
            document: Document::open(sighted.capture, View::default()),
            machines: machines.iter().map(|one| one.name.clone()).collect(),
            digest,
        }
    }
}
