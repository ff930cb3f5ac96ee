//! What the page and the document's worker say to each other of experiments.
//!
//! ```text
//!   Catalogue ──> Catalogue                 words and knobs of every experiment, once
//!   Play      ──> Played, Extent, Heights   a run from its beginning to its end, at once
//!   Look      ──> Extent, Heights           the same run, drawn otherwise
//! ```
//!
//! Playing, pausing and going back are the page's own: a cursor in time over a run that is over.

use serde::{Deserialize, Serialize};
use synema_play::{Timeline, Turn};
use synema_sim::experiment::by_hand::{self, Move, Proposal, Remark};
use synema_sim::experiment::{Control, Experiment, Knob, Question, Range, Setting, Settings, Text};

/// In a URL's fragment it stands before an experiment.
pub const EXPERIMENT_KEY: &str = "e=";

/// An experiment, as the page tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name in links.
    pub id: String,
    /// Its headline.
    pub title: Text,
    /// What there is to know before it is run; paragraphs are parted by empty lines.
    pub story: Text,
    /// What to predict.
    pub question: Option<Question>,
    /// What to look at, once it has run.
    pub notice: Vec<Text>,
    /// Whether it stands behind "more".
    pub more: bool,
    /// The seed that it has when it is opened.
    pub seed: u64,
    /// What may be changed.
    pub knobs: Vec<ToldKnob>,
    /// Whether one end's segments are written by hand.
    pub by_hand: bool,
}

/// A knob, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldKnob {
    /// Its name in links.
    pub id: String,
    /// What it is.
    pub label: Text,
    /// What it may be set to.
    pub control: ToldControl,
}

/// What a knob may be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToldControl {
    /// A number.
    Range(Range),
    /// One of a few.
    Choice {
        /// The name of the one that it starts with.
        start: String,
        /// All of them: names in links, and what they are called.
        of: Vec<(String, Text)>,
    },
}

impl Told {
    /// What is told of an experiment.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            id: experiment.id.clone(),
            title: experiment.title.clone(),
            story: experiment.story.clone(),
            question: experiment.question.clone(),
            notice: experiment.notice.clone(),
            more: experiment.more,
            seed: experiment.seed,
            knobs: experiment.knobs.iter().map(ToldKnob::of).collect(),
            by_hand: false,
        }
    }

    /// The one in which the reader is the stack.
    pub fn by_hand() -> Self {
        Self {
            id: by_hand::ID.to_owned(),
            title: by_hand::title(),
            story: by_hand::story(),
            question: None,
            notice: by_hand::notice(),
            more: false,
            seed: by_hand::SEED,
            knobs: Vec::new(),
            by_hand: true,
        }
    }

    /// A knob by its name.
    pub fn knob(&self, id: &str) -> Option<&ToldKnob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }
}

impl ToldKnob {
    fn of(knob: &Knob) -> Self {
        let control = match &knob.control {
            Control::Range(range) => ToldControl::Range(*range),
            Control::Choice(choices) => {
                let of = choices.of.iter();
                ToldControl::Choice {
                    start: choices.start.clone(),
                    of: of
                        .map(|choice| (choice.id.clone(), choice.label.clone()))
                        .collect(),
                }
            }
        };
        Self {
            id: knob.id.clone(),
            label: knob.label.clone(),
            control,
        }
    }

    /// Where it starts.
    pub fn start(&self) -> Setting {
        match &self.control {
            ToldControl::Range(range) => Setting::Number(range.start),
            ToldControl::Choice { start, .. } => Setting::Choice(start.clone()),
        }
    }

    /// What a text in a link sets it to, if it can be set so.
    pub fn read(&self, text: &str) -> Option<Setting> {
        match &self.control {
            ToldControl::Range(range) => {
                let number: u32 = text.parse().ok()?;
                let is_there = (range.from..=range.to).contains(&number)
                    && (number - range.from).is_multiple_of(range.step.max(1));
                is_there.then_some(Setting::Number(number))
            }
            ToldControl::Choice { of, .. } => {
                let is_there = of.iter().any(|(id, _)| id == text);
                is_there.then(|| Setting::Choice(text.to_owned()))
            }
        }
    }
}

/// Which run of which experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The experiment's name.
    pub id: String,
    /// What its chance is made of.
    pub seed: u64,
    /// The knobs that do not stand where they start.
    pub settings: Settings,
    /// The knobs that are turned on the way, in the order of their times.
    pub turns: Vec<Turn>,
    /// What was done by hand.
    pub moves: Vec<Move>,
}

/// A run that is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayRequest {
    /// The question's number.
    pub number: u32,
    /// Which.
    pub trial: Trial,
    /// What a link brings to be written on it.
    pub notes: Option<String>,
}

/// A run that is over: what happened when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// The question's number.
    pub number: u32,
    /// What tells this run from any other, in hexadecimal.
    pub digest: String,
    /// The machines that speak TCP in it, the one whose clock is shown first.
    pub machines: Vec<Text>,
    /// What happened when.
    pub timeline: Timeline,
    /// The turns that change what was before their times: they hold from the beginning.
    pub from_start: Vec<Turn>,
    /// Why what a link brought could not be written on it.
    pub notes_failed: Option<String>,
    /// How it stands with a run that is played by hand.
    pub hand: Option<Hand>,
}

/// How it stands with a run that is played by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// What there is to say of each move.
    pub remarks: Vec<Vec<Remark>>,
    /// What a right stack would send now; none while it would wait.
    pub proposal: Option<Proposal>,
}

/// Where a run's moments are in the ladder, as it is drawn now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heights {
    /// The question's number that was answered with the run.
    pub number: u32,
    /// One for each moment, CSS pixels from the ladder's top; they never fall.
    pub of_moments: Vec<f64>,
}
