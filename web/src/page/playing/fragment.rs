//! An experiment in a URL's fragment: with its knobs, and what is written on its run. Pure.
//!
//! ```text
//!   #e=one-goes-missing&seed=7&k.lose=2&t.35000000.delay=100&digest=5818…&n=AcW3…
//!      which            chance knobs    turned at 35 ms      of the run   notes
//! ```
//!
//! The digest tells whether whoever follows the link sees the very run that was linked to.

use super::by_hand;
use crate::protocol::{EXPERIMENT_KEY, Told, Trial};
use std::fmt::Write;
use synema_core::time::Instant;
use synema_play::Turn;
use synema_sim::experiment::by_hand::Move;
use synema_sim::experiment::{Setting, Settings};

/// No more turns of knobs than this are read from a link.
const MOST_TURNS: usize = 64;

/// What stands in a link to an experiment; not looked at yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// The experiment's name.
    pub id: String,
    /// The digest of the run that was linked to.
    pub digest: Option<String>,
    /// What is written on it.
    pub notes: Option<String>,
    seed: Option<u64>,
    knobs: Vec<(String, String)>,
    turns: Vec<(u64, String, String)>,
    moves: Vec<Move>,
}

impl Linked {
    /// What stands in a fragment, with or without its `#`; none if it is not that of an experiment.
    pub fn read(fragment: &str) -> Option<Self> {
        let text = fragment.trim_start_matches('#');
        let mut parts = text.split('&');
        let id = parts.next()?.strip_prefix(EXPERIMENT_KEY)?;
        let mut linked = Self {
            id: id.to_owned(),
            ..Self::default()
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            linked.take(name, value);
        }
        (!id.is_empty()).then_some(linked)
    }

    fn take(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        match name.split_once('.') {
            Some(("k", knob)) => self.knobs.push((knob.to_owned(), value)),
            Some(("t", turn)) if self.turns.len() < MOST_TURNS => {
                if let Some((ns, knob)) = turn.split_once('.')
                    && let Ok(ns) = ns.parse()
                {
                    self.turns.push((ns, knob.to_owned(), value));
                }
            }
            _ => match name {
                "seed" => self.seed = value.parse().ok(),
                "digest" => self.digest = Some(value),
                "n" => self.notes = Some(value),
                "m" => self.moves = by_hand::read(&value),
                _ => {}
            },
        }
    }

    /// The run that is meant, and what of the link is not there in this experiment: `lose=9`.
    pub fn trial(&self, told: &Told) -> (Trial, Vec<String>) {
        let mut missing = Vec::new();
        let mut read = |knob: &str, value: &str| {
            let setting = told.knob(knob).and_then(|knob| knob.read(value));
            if setting.is_none() {
                missing.push(format!("{knob}={value}"));
            }
            setting
        };
        let mut settings = Settings::new();
        for (knob, value) in &self.knobs {
            if let Some(setting) = read(knob, value) {
                settings.insert(knob.clone(), setting);
            }
        }
        let mut turns = Vec::new();
        for (ns, knob, value) in &self.turns {
            if let Some(setting) = read(knob, value) {
                turns.push(Turn {
                    at: Instant::from_nanos(*ns),
                    knob: knob.clone(),
                    setting,
                });
            }
        }
        turns.sort_by_key(|turn| turn.at);
        let trial = Trial {
            id: told.id.clone(),
            seed: self.seed.unwrap_or(told.seed),
            settings,
            turns,
            moves: match told.by_hand {
                true => self.moves.clone(),
                false => Vec::new(),
            },
        };
        (trial, missing)
    }
}

/// The fragment of a link to a run, without its `#`.
pub fn write(trial: &Trial, told: &Told, digest: &str, notes: Option<&str>) -> String {
    let mut text = format!("{EXPERIMENT_KEY}{}", trial.id);
    // Writing into a String cannot fail.
    if trial.seed != told.seed {
        let _ = write!(text, "&seed={}", trial.seed);
    }
    for (knob, setting) in &trial.settings {
        let _ = write!(text, "&k.{knob}={}", value(setting));
    }
    for Turn { at, knob, setting } in &trial.turns {
        let _ = write!(text, "&t.{}.{knob}={}", at.as_nanos(), value(setting));
    }
    if !trial.moves.is_empty() {
        let _ = write!(text, "&m={}", by_hand::write(&trial.moves));
    }
    if !digest.is_empty() {
        let _ = write!(text, "&digest={digest}");
    }
    if let Some(notes) = notes {
        let _ = write!(text, "&n={notes}");
    }
    text
}

fn value(setting: &Setting) -> String {
    match setting {
        Setting::Number(number) => number.to_string(),
        Setting::Choice(id) => id.clone(),
    }
}
