//! Experiments: a scene, knobs, and the words around it, each one TOML file.
//!
//! ```text
//!   experiments/*.toml --parse--> Experiment --Settings--> Scene --seed--> Run
//!                                 texts, knobs                             | step, turn, go back
//!                                                                          v
//!                                                         frames and traces of both ends
//! ```
//!
//! A knob is a change of the scene's TOML at a place that it names, so that every
//! number of a scene can be made one. Durations in a scene are written as people
//! write them: `"10 ms"`.

pub mod by_hand;
mod cast;
mod catalogue;
mod errand;
mod knob;
mod machine;
mod policy;
mod puppet;
mod quantity;
mod run;
pub mod scene;
mod script;
mod stage;
mod talker;

pub use catalogue::catalogue;
pub use errand::Errand;
pub use knob::{Choice, Control, Knob, Range, Setting, Settings, Unit};
pub use machine::Machine;
pub use policy::{PolicySpec, Preset};
pub use puppet::{Act, Craft, End, Flag};
pub use run::{Run, Turn, Turned};
pub use scene::{Cue, Deed, Line, Manner, Other, Scene, Speaker, Way};
pub use script::{Heard, Script, letters};
pub use talker::Talker;

use core::fmt;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The same words in every language of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// What a reader answers before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub text: Text,
    /// What may be answered.
    pub answers: Vec<Answer>,
    /// What the run will have shown.
    pub because: Text,
}

/// One of a question's answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer.
    pub text: Text,
    /// Whether the run shows that it is so.
    #[serde(default)]
    pub right: bool,
}

/// One experiment.
#[derive(Clone, Debug, Deserialize)]
pub struct Experiment {
    /// Its name in links: letters, digits and hyphens, never changed once published.
    pub id: String,
    /// Its headline.
    pub title: Text,
    /// What there is to know before it is run; paragraphs are parted by empty lines.
    pub story: Text,
    /// What to predict.
    #[serde(default)]
    pub question: Option<Question>,
    /// What to look at, once it has run.
    pub notice: Vec<Text>,
    /// Whether it stands behind "more": what can be told once the story is.
    #[serde(default)]
    pub more: bool,
    /// The seed that it has when it is opened.
    pub seed: u64,
    /// What a reader may change.
    #[serde(default, rename = "knob")]
    pub knobs: Vec<Knob>,
    scene: Table,
}

impl Experiment {
    /// Reads an experiment, and sees to it that every setting of every knob makes a scene.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn parse(text: &str) -> Result<Self, ExperimentError> {
        let deserializer = toml::Deserializer::parse(text).map_err(ExperimentError::file)?;
        let experiment: Self = strictly(deserializer)?;
        experiment.check()?;
        Ok(experiment)
    }

    fn check(&self) -> Result<(), ExperimentError> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(is_plain) {
            return Err(ExperimentError::File(format!(
                "id = \"{}\": use lower-case letters, digits and hyphens",
                self.id
            )));
        }
        let question = self.question.iter().flat_map(|question| {
            let answers = question.answers.iter().map(|answer| &answer.text);
            [&question.text, &question.because]
                .into_iter()
                .chain(answers)
        });
        let knobs = self.knobs.iter().flat_map(Knob::texts);
        let texts = [&self.title, &self.story].into_iter();
        let mut texts = texts.chain(&self.notice).chain(question).chain(knobs);
        if texts.any(|text| text.en.trim().is_empty() || text.ja.trim().is_empty()) {
            return Err(ExperimentError::File("a text is empty".to_owned()));
        }
        if let Some(question) = &self.question
            && !question.answers.iter().any(|answer| answer.right)
        {
            return Err(ExperimentError::File("no answer is right".to_owned()));
        }
        for knob in &self.knobs {
            for setting in knob.extremes() {
                self.scene(&Settings::from([(knob.id.clone(), setting)]))?;
            }
        }
        self.scene(&Settings::new()).map(drop)
    }

    /// The scene with its knobs set; those that are not named stand where they start.
    ///
    /// # Errors
    /// For a knob or a setting that is not there.
    pub fn scene(&self, settings: &Settings) -> Result<Scene, ExperimentError> {
        if let Some(id) = settings.keys().find(|id| self.knob(id).is_none()) {
            return Err(ExperimentError::NoKnob(id.clone()));
        }
        let mut scene = self.scene.clone();
        for knob in &self.knobs {
            let value = match settings.get(&knob.id) {
                Some(setting) => knob.value(setting)?,
                None => knob.value(&knob.start())?,
            };
            for place in &knob.sets {
                put(&mut scene, place, value.clone())?;
            }
        }
        quantity::durations_in(&mut scene);
        strictly(Value::Table(scene))
    }

    /// A knob by its name.
    pub fn knob(&self, id: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }
}

/// Reads a value of which every key must be known: a misspelt one would change nothing,
/// silently.
fn strictly<'de, T, D>(deserializer: D) -> Result<T, ExperimentError>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de, Error = toml::de::Error>,
{
    let mut unknown = None;
    let value = serde_ignored::deserialize(deserializer, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    })
    .map_err(ExperimentError::file)?;
    match unknown {
        Some(path) => Err(ExperimentError::File(format!("nothing is called {path}"))),
        None => Ok(value),
    }
}

/// Puts a value at a place like `server.script.0.does`, where a number counts in a list.
/// A table joins what is there; one at no place joins the scene itself.
/// A table joins what is there; at no place, the scene itself.
fn put(scene: &mut Table, place: &str, value: Value) -> Result<(), ExperimentError> {
    if let (true, Value::Table(value)) = (place.is_empty(), &value) {
        merge(scene, value.clone());
        return Ok(());
    }
    let nowhere = || ExperimentError::File(format!("a knob sets {place}, which is nowhere"));
    if place.is_empty() {
        let Value::Table(value) = value else {
            return Err(nowhere());
        };
        merge(scene, value);
        return Ok(());
    }
    let (way, last) = place.rsplit_once('.').unwrap_or(("", place));
    let mut here = scene;
    let mut steps = way.split('.').filter(|step| !step.is_empty()).peekable();
    while let Some(step) = steps.next() {
        let next = here
            .entry(step)
            .or_insert_with(|| Value::Table(Table::new()));
        let next = match steps.peek().and_then(|step| step.parse::<usize>().ok()) {
            Some(index) => {
                steps.next();
                next.get_mut(index).ok_or_else(nowhere)?
            }
            None => next,
        };
        here = next.as_table_mut().ok_or_else(nowhere)?;
    }
    match (here.get_mut(last), value) {
        (Some(Value::Table(there)), Value::Table(value)) => merge(there, value),
        (_, value) => {
            here.insert(last.to_owned(), value);
        }
    }
    Ok(())
}

/// Puts into a table what another has, table by table.
fn merge(there: &mut Table, value: Table) {
    for (name, value) in value {
        match (there.get_mut(&name), value) {
            (Some(Value::Table(there)), Value::Table(value)) => merge(there, value),
            (_, value) => {
                there.insert(name, value);
            }
        }
    }
}

/// Why an experiment cannot be had, or not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExperimentError {
    /// The file is wrong.
    File(String),
    /// It has no such knob.
    NoKnob(String),
    /// The knob has no such setting.
    NoSetting {
        /// Which knob.
        knob: String,
        /// What it can be set to, in words.
        possible: String,
    },
}

impl ExperimentError {
    fn file(error: impl fmt::Display) -> Self {
        Self::File(error.to_string())
    }
}

impl fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(what) => write!(f, "the experiment's file is wrong: {what}"),
            Self::NoKnob(id) => write!(
                f,
                "this experiment has no knob \"{id}\"; open it afresh from the list"
            ),
            Self::NoSetting { knob, possible } => {
                write!(f, "\"{knob}\" cannot be set so; {possible}")
            }
        }
    }
}

impl core::error::Error for ExperimentError {}

#[cfg(test)]
mod tests;
