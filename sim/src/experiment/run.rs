//! An experiment that runs: step by step, with knobs turned on the way, and back again.

use super::machine::Machine;
use super::scene::Scene;
use super::stage::Stage;
use super::{Experiment, ExperimentError, Setting, Settings};
use crate::network::Passage;
use crate::node::NodeId;
use core::hash::Hasher;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use synema_core::app::recording::Digest;
use synema_core::time::Instant;
use synema_core::trace::Record;

/// A run of an experiment. The same experiment, settings, seed and turns give the same
/// run to the byte.
pub struct Run {
    experiment: Experiment,
    /// As it began.
    settings: Settings,
    seed: u64,
    /// As it is now.
    now_set: Settings,
    scene: Scene,
    stage: Stage,
    steps: u64,
    turns: Vec<Turning>,
}

/// A knob that is turned on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When, in the run's own time; what happens at that moment happens before it.
    pub at: Instant,
    /// Which knob.
    pub knob: String,
    /// To what.
    pub setting: Setting,
}

/// A knob that was turned.
#[derive(Clone, Debug)]
struct Turning {
    after_steps: u64,
    turn: Turn,
}

/// What came of turning a knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It holds from now on.
    FromNow,
    /// It changes what has been already; the run was left as it is, and has to be begun
    /// again with it.
    FromTheStart,
}

impl Run {
    /// A run before anything has happened.
    ///
    /// # Errors
    /// For a knob or a setting that the experiment has not.
    pub fn new(
        experiment: &Experiment,
        settings: &Settings,
        seed: u64,
    ) -> Result<Self, ExperimentError> {
        let scene = experiment.scene(settings)?;
        Ok(Self {
            experiment: experiment.clone(),
            settings: settings.clone(),
            seed,
            now_set: settings.clone(),
            stage: Stage::new(&scene, seed)?,
            scene,
            steps: 0,
            turns: Vec::new(),
        })
    }

    /// A run that was played to its end, with knobs turned on the way, in the order of
    /// their times. One that changes what has been already stands so from the start.
    ///
    /// # Errors
    /// For a knob or a setting that the experiment has not.
    pub fn played(
        experiment: &Experiment,
        settings: &Settings,
        seed: u64,
        turns: &[Turn],
    ) -> Result<Self, ExperimentError> {
        let mut settings = settings.clone();
        let mut turns = turns.to_vec();
        turns.sort_by_key(|turn| turn.at);
        loop {
            let mut run = Self::new(experiment, &settings, seed)?;
            let Some(place) = run.take_turns(&turns)? else {
                run.run_to_end();
                return Ok(run);
            };
            let Turn { knob, setting, .. } = turns.remove(place);
            // Where the knob stood before has no time left in which to hold.
            let later = turns.split_off(place);
            turns.retain(|turn| turn.knob != knob);
            turns.extend(later);
            settings.insert(knob, setting);
        }
    }

    /// Turns each knob at its time; gives the place of the first that cannot be turned on
    /// the way.
    fn take_turns(&mut self, turns: &[Turn]) -> Result<Option<usize>, ExperimentError> {
        for (place, turn) in turns.iter().enumerate() {
            self.run_until(turn.at);
            if self.turn(&turn.knob, turn.setting.clone())? == Turned::FromTheStart {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The time in it.
    pub fn now(&self) -> Instant {
        self.stage.network.now()
    }

    /// When it ends at the latest.
    pub fn end(&self) -> Instant {
        Instant::ZERO + self.scene.until
    }

    /// Does the next thing that happens: a frame arrives, or times come. Whether there
    /// was one before the end.
    pub fn step(&mut self) -> bool {
        self.step_until(self.end())
    }

    /// Goes on until `at`, or to its end if that comes first.
    pub fn run_until(&mut self, at: Instant) {
        while self.step_until(at.min(self.end())) {}
    }

    /// Goes on to its end.
    pub fn run_to_end(&mut self) {
        self.run_until(Instant::FAR_FUTURE);
    }

    fn step_until(&mut self, deadline: Instant) -> bool {
        let stepped = self.stage.step_until(deadline);
        self.steps += u64::from(stepped);
        stepped
    }

    /// Turns a knob. Ways and policies change under way; all else is the beginning's.
    ///
    /// # Errors
    /// For a knob or a setting that the experiment has not.
    pub fn turn(&mut self, knob: &str, setting: Setting) -> Result<Turned, ExperimentError> {
        let mut settings = self.now_set.clone();
        settings.insert(knob.to_owned(), setting.clone());
        let scene = self.experiment.scene(&settings)?;
        if self.scene.with_manners_of(&scene) != scene {
            return Ok(Turned::FromTheStart);
        }
        let turn = Turn {
            at: self.now(),
            knob: knob.to_owned(),
            setting,
        };
        self.turns.push(Turning {
            after_steps: self.steps,
            turn,
        });
        self.stage.take_manners(&scene)?;
        self.scene = scene;
        self.now_set = settings;
        Ok(Turned::FromNow)
    }

    /// The same run at an earlier time: played again from the start, with every knob turned
    /// where it was.
    ///
    /// # Errors
    /// None that this run had not.
    pub fn back_to(&self, at: Instant) -> Result<Self, ExperimentError> {
        let mut run = Self::new(&self.experiment, &self.settings, self.seed)?;
        for Turning { after_steps, turn } in self.turns.iter().filter(|it| it.turn.at <= at) {
            while run.steps < *after_steps && run.step() {}
            run.run_until(turn.at);
            run.turn(&turn.knob, turn.setting.clone())?;
        }
        run.run_until(at);
        Ok(run)
    }

    /// Every frame's way so far, in the order of departure.
    pub fn passages(&self) -> &[Passage] {
        self.stage.network.passages()
    }

    /// The same from end to end: what a router passes on is one way, from its sender to
    /// whom it is for.
    pub fn journeys(&self) -> Vec<Passage> {
        self.stage.journeys()
    }

    /// All machines; the first is the one whose view is drawn, the page's.
    pub fn machines(&self) -> Vec<Machine<'_>> {
        self.stage.machines()
    }

    /// The page's machine.
    pub fn page(&self) -> NodeId {
        self.machines()[0].node
    }

    /// The server's.
    pub fn server(&self) -> NodeId {
        self.machines()[1].node
    }

    /// What the page's stack did, and why.
    pub fn page_trace(&self) -> &[Record] {
        self.machines()[0].trace
    }

    /// What the server's stack did, and why.
    pub fn server_trace(&self) -> &[Record] {
        self.machines()[1].trace
    }

    /// How many bytes the page's application has read.
    pub fn page_received(&self) -> u64 {
        self.stage.page_received()
    }

    /// What tells this run from any other: of all frames, their ways and all traces.
    pub fn digest(&self) -> Digest {
        let mut hasher = SipHasher24::new();
        let mut take = |bytes: Result<Vec<u8>, _>| {
            hasher.write(&bytes.expect("a trace always has an encoding"));
        };
        take(postcard::to_allocvec(self.passages()));
        for machine in self.machines() {
            take(postcard::to_allocvec(machine.trace));
        }
        Digest(hasher.finish128().as_bytes())
    }
}
