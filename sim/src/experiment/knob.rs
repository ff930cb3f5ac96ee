//! What a reader may change in a scene.

use super::{ExperimentError, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::Value;

/// What knobs are set to, by their names.
pub type Settings = BTreeMap<String, Setting>;

/// What one knob is set to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Setting {
    /// A number of a [`Range`], in its unit.
    Number(u32),
    /// One of the [`Choice`]s, by its name.
    Choice(String),
}

/// One thing that a reader may change.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Knob {
    /// Its name in links.
    pub id: String,
    /// What it is.
    pub label: Text,
    /// Where it is in the scene: `way.back.delay`; the scene itself if it is empty.
    pub sets: Vec<String>,
    /// What it may be set to.
    pub control: Control,
}

/// What a knob may be set to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Control {
    /// A number.
    Range(Range),
    /// One of a few.
    Choice(Choices),
}

/// Numbers, from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The least.
    pub from: u32,
    /// The most.
    pub to: u32,
    /// From one to the next.
    #[serde(default = "one")]
    pub step: u32,
    /// Where it starts.
    pub start: u32,
    /// Of what.
    pub unit: Unit,
}

const fn one() -> u32 {
    1
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Ms,
    /// Of a hundred; parts of a million in the scene.
    Percent,
    /// Thousands of bits a second; bits in the scene.
    Kbit,
}

impl Unit {
    fn value(self, number: u32) -> Value {
        let scaled = |factor: i64| Value::Integer(i64::from(number) * factor);
        match self {
            Self::Count | Self::Bytes => scaled(1),
            Self::Ms => Value::String(format!("{number} ms")),
            Self::Percent => scaled(10_000),
            Self::Kbit => scaled(1_000),
        }
    }
}

/// A few things to choose from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Choices {
    /// The name of the one that it starts with.
    pub start: String,
    /// All of them.
    pub of: Vec<Choice>,
}

/// One of a few.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Choice {
    /// Its name in links.
    pub id: String,
    /// What it is called.
    pub label: Text,
    /// What it puts into the scene.
    pub value: Value,
}

impl Knob {
    /// Where it starts.
    pub fn start(&self) -> Setting {
        match &self.control {
            Control::Range(range) => Setting::Number(range.start),
            Control::Choice(choices) => Setting::Choice(choices.start.clone()),
        }
    }

    /// Settings that between them try everything of it that can be wrong.
    pub fn extremes(&self) -> Vec<Setting> {
        match &self.control {
            Control::Range(range) => [range.from, range.to, range.start]
                .map(Setting::Number)
                .into(),
            Control::Choice(choices) => {
                let ids = choices.of.iter().map(|choice| choice.id.clone());
                ids.map(Setting::Choice).chain([self.start()]).collect()
            }
        }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &Text> {
        let choices = match &self.control {
            Control::Range(_) => &[][..],
            Control::Choice(choices) => &choices.of,
        };
        [&self.label]
            .into_iter()
            .chain(choices.iter().map(|choice| &choice.label))
    }

    /// What a setting puts into the scene.
    pub(super) fn value(&self, setting: &Setting) -> Result<Value, ExperimentError> {
        let value = match (&self.control, setting) {
            (Control::Range(range), Setting::Number(number)) => {
                let is_there = (range.from..=range.to).contains(number)
                    && (number - range.from).is_multiple_of(range.step.max(1));
                is_there.then(|| range.unit.value(*number))
            }
            (Control::Choice(choices), Setting::Choice(id)) => {
                let chosen = choices.of.iter().find(|choice| choice.id == *id);
                chosen.map(|choice| choice.value.clone())
            }
            _ => None,
        };
        value.ok_or_else(|| ExperimentError::NoSetting {
            knob: self.id.clone(),
            possible: self.possible(),
        })
    }

    fn possible(&self) -> String {
        match &self.control {
            Control::Range(range) => format!(
                "it goes from {} to {} in steps of {}",
                range.from, range.to, range.step
            ),
            Control::Choice(choices) => {
                let ids: Vec<_> = choices.of.iter().map(|choice| choice.id.as_str()).collect();
                format!("it is one of {}", ids.join(", "))
            }
        }
    }
}
