//! Experiments that come with the simulator, played.

use synema_core::time::Instant;
use synema_core::trace::TcpState;
use synema_play::{Happening, Play, Turn};
use synema_sim::experiment::{Experiment, Setting, Settings, catalogue};

fn experiment(id: &str) -> Experiment {
    let found = catalogue().into_iter().find(|one| one.id == id);
    found.unwrap_or_else(|| panic!("there is no experiment {id}"))
}

fn play(id: &str, settings: &[(&str, Setting)], turns: &[Turn]) -> Play {
    let settings: Settings = settings
        .iter()
        .map(|(knob, setting)| ((*knob).to_owned(), setting.clone()))
        .collect();
    let experiment = experiment(id);
    Play::new(&experiment, &settings, experiment.seed, turns).expect("it has these settings")
}

fn turn(at_ms: u64, knob: &str, setting: Setting) -> Turn {
    Turn {
        at: Instant::from_millis(at_ms),
        knob: knob.to_owned(),
        setting,
    }
}

#[test]
fn every_experiment_plays_and_each_packet_departs_before_it_arrives_or_dies() {
    for experiment in catalogue() {
        let play = Play::new(&experiment, &Settings::new(), experiment.seed, &[])
            .unwrap_or_else(|error| panic!("{}: {error}", experiment.id));
        let mut departed = std::collections::BTreeSet::new();
        let mut ended = std::collections::BTreeSet::new();
        for moment in play.timeline.moments() {
            match moment.what {
                Happening::Departed { packet } => assert!(departed.insert(packet)),
                Happening::Arrived { packet } | Happening::Lost { packet } => {
                    assert!(departed.contains(&packet), "{}: {packet}", experiment.id);
                    assert!(ended.insert(packet));
                }
                _ => {}
            }
        }
        let packets = play.document.capture().frames().len() as u64;
        assert_eq!(departed, (1..=packets).collect(), "{}", experiment.id);
    }
}

#[test]
fn a_lost_packet_is_lost_half_way_and_both_ends_change_their_state() {
    let play = play("one-goes-missing", &[], &[]);
    let moments = play.timeline.moments();
    let lost: Vec<_> = moments
        .iter()
        .filter(|moment| matches!(moment.what, Happening::Lost { .. }))
        .collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].at, Instant::from_millis(35));
    let established = |of: usize| {
        moments.iter().find(|moment| {
            matches!(moment.what, Happening::State { machine, to: TcpState::Established, .. } if machine == of)
        })
    };
    assert_eq!(established(0).map(|m| m.at), Some(Instant::from_millis(20)));
    assert_eq!(established(1).map(|m| m.at), Some(Instant::from_millis(30)));
}

#[test]
fn a_turn_in_the_middle_leaves_what_was_before_it() {
    let straight = play("one-goes-missing", &[], &[]);
    let slower = turn(200, "delay", Setting::Number(50));
    let turned = play("one-goes-missing", &[], &[slower]);
    let before = |play: &Play| {
        let moments = play.timeline.moments().iter();
        moments
            .filter(|moment| moment.at < Instant::from_millis(200))
            .copied()
            .collect::<Vec<_>>()
    };
    assert!(!before(&straight).is_empty());
    assert_eq!(before(&straight), before(&turned));
    assert_ne!(straight.digest, turned.digest);
    // Sent again at 270 ms, and 50 ms on the way.
    let last_data = |play: &Play| {
        let frames = play.document.capture().frames();
        frames
            .iter()
            .rev()
            .find(|frame| frame.bytes.len() > 500)
            .map(|frame| frame.at)
    };
    assert_eq!(last_data(&straight), Some(Instant::from_millis(280)));
    assert_eq!(last_data(&turned), Some(Instant::from_millis(320)));
}

#[test]
fn a_turn_of_what_has_been_already_begins_again_with_it() {
    // When the server closes is in its script, which was begun with.
    let late = |ms| Setting::Number(ms);
    let turns = [turn(10, "think", late(100)), turn(20, "think", late(300))];
    let turned = play("half-close", &[], &turns);
    let straight = play("half-close", &[("think", late(300))], &[]);
    assert_eq!(turned.digest, straight.digest);
    assert_ne!(turned.digest, play("half-close", &[], &[]).digest);
}
