//! Experiments that come with the simulator, played.

use synema_core::time::Instant;
use synema_core::trace::{TcpState, TimerKind};
use synema_play::{Happening, Play, Stop, Turn};
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

#[test]
fn at_any_time_it_is_known_how_things_stand() {
    let play = play("one-goes-missing", &[], &[]);
    let at = |ms| play.timeline.at(Instant::from_millis(ms));
    // Both SYNs and the first data are over; the four are on their way.
    let now = at(33);
    assert_eq!(now.machines[0].state(), Some(TcpState::Established));
    assert_eq!(now.machines[1].state(), Some(TcpState::Established));
    assert_eq!(now.in_flight.len(), 5, "an ACK and four packets: {now:?}");
    // The last has died by then.
    assert_eq!(at(36).in_flight.len(), 4);
    // Nothing is on its way, and the server's timer runs until it sends again.
    let now = at(200);
    assert!(now.in_flight.is_empty(), "{now:?}");
    let conn = &now.machines[1].conns[0];
    let timer = conn
        .timers
        .iter()
        .find(|running| running.timer == TimerKind::Retransmission)
        .expect("it runs");
    assert_eq!(timer.fires, Instant::from_millis(270));
    assert_eq!((conn.in_order, conn.read), (78, 78));
    assert_eq!(now.machines[0].conns[0].read, 430);
    let end = play.timeline.at(play.timeline.end());
    assert_eq!(end.machines[0].conns[0].read, 930);
    assert!(end.in_flight.is_empty(), "{end:?}");
}

#[test]
fn one_goes_from_loss_to_loss_and_from_state_to_state_and_back() {
    let play = play("one-goes-missing", &[], &[]);
    let timeline = &play.timeline;
    let ms = Instant::from_millis;
    assert_eq!(timeline.next(ms(0), Stop::Loss), Some(ms(35)));
    assert_eq!(timeline.next(ms(35), Stop::Loss), None);
    assert_eq!(timeline.next(ms(0), Stop::State), Some(ms(10)));
    assert_eq!(timeline.next(ms(10), Stop::State), Some(ms(20)));
    assert_eq!(timeline.previous(ms(35), Stop::State), Some(ms(30)));
    assert_eq!(timeline.previous(ms(10), Stop::Anything), Some(ms(0)));
    assert_eq!(timeline.previous(ms(0), Stop::Anything), None);
}

#[test]
fn a_cursor_goes_down_the_document_with_the_time() {
    let mut play = play("one-goes-missing", &[], &[]);
    let end = play.timeline.end();
    let (top, bottom) = (play.document.y_of(Instant::ZERO), play.document.y_of(end));
    assert!(top < bottom && bottom <= play.document.extent());
    // Half-way down the SYN it is half-way on its way.
    let syn = play.document.row_of(1).expect("the SYN is drawn");
    let y = play.document.y_of(Instant::from_millis(5));
    assert!(syn.y0 < y && y < syn.y1, "{y} {syn:?}");
    assert_eq!(play.document.time_of(y), Instant::from_millis(5));
}
