//! Knobs that are turned on the way of a run although they change what has been: they stand so from
//! its beginning. Pure.

use crate::protocol::Trial;
use synema_play::Turn;
use synema_sim::experiment::{Experiment, ExperimentError, Run, Turned};

/// The turns that could not be taken at their times.
///
/// # Errors
/// For a knob or a setting that the experiment has not.
pub fn from_start(experiment: &Experiment, trial: &Trial) -> Result<Vec<Turn>, ExperimentError> {
    let mut settings = trial.settings.clone();
    let mut turns = trial.turns.clone();
    let mut found = Vec::new();
    while !turns.is_empty() {
        let mut run = Run::new(experiment, &settings, trial.seed)?;
        let Some(place) = first(&mut run, &turns)? else {
            break;
        };
        let turn = turns.remove(place);
        settings.insert(turn.knob.clone(), turn.setting.clone());
        found.push(turn);
    }
    Ok(found)
}

/// The place of the first that changes what has been.
fn first(run: &mut Run, turns: &[Turn]) -> Result<Option<usize>, ExperimentError> {
    for (place, turn) in turns.iter().enumerate() {
        run.run_until(turn.at);
        if run.turn(&turn.knob, turn.setting.clone())? == Turned::FromTheStart {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::time::Instant;
    use synema_sim::experiment::{Setting, catalogue};

    fn turned(id: &str, knob: &str, setting: Setting) -> usize {
        let all = catalogue();
        let experiment = all.iter().find(|one| one.id == id).expect("it is there");
        let trial = Trial {
            id: id.to_owned(),
            seed: 1,
            turns: vec![Turn {
                at: Instant::from_millis(15),
                knob: knob.to_owned(),
                setting,
            }],
            ..Trial::default()
        };
        from_start(experiment, &trial).expect("a run").len()
    }

    #[test]
    fn a_way_changes_under_way_and_a_script_does_not() {
        assert_eq!(turned("handshake", "delay", Setting::Number(50)), 0);
        let early = Setting::Choice("yes".to_owned());
        assert_eq!(turned("why-google-gave-up", "close", early), 1);
    }
}
