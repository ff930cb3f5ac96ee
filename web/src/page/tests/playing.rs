//! Experiments: what is asked for when, and where the cursor stands. The document's worker is the
//! real one.

use super::{document, extent};
use crate::document::beside::Beside;
use crate::document::play::Plays;
use crate::page::playing::by_hand::ByHand;
use crate::page::playing::fragment::{self, Linked};
use crate::page::playing::{Differs, Goal, Play};
use crate::page::state::{Action, Effect, Source, State, Theme};
use crate::protocol::{FromDocument, PlayRequest, ToDocument, Trial};
use crate::words::ENGLISH;
use synema_core::trace::TcpState;
use synema_core::wire::tcp::Flags;
use synema_diagram::view::View;
use synema_sim::experiment::Setting;
use synema_sim::experiment::by_hand::RemarkKind;

/// A page with its document's worker, as far as experiments go.
#[derive(Default)]
struct Worker {
    plays: Plays,
    beside: Option<Beside>,
    version: u64,
}

impl Worker {
    /// Answers what was asked; the page's own questions in return are answered too. Gives what
    /// was not for the worker.
    fn answer(&mut self, state: &mut State, effects: Vec<Effect>) -> Vec<Effect> {
        let mut rest = Vec::new();
        for effect in effects {
            match effect {
                Effect::Document(ToDocument::Catalogue) => {
                    let told = FromDocument::Catalogue(self.plays.told());
                    let next = document(state, told);
                    rest.extend(self.answer(state, next));
                }
                Effect::Document(ToDocument::Play(request)) => {
                    rest.extend(self.play(state, &request));
                }
                Effect::Document(ToDocument::Compare(trial)) => {
                    rest.extend(self.compare(state, trial));
                }
                Effect::Document(ToDocument::Beside(said)) => {
                    let beside = self.beside.as_mut();
                    let answer = beside.and_then(|beside| beside.asked(&said));
                    let next = answer.map(|answer| said_beside(state, answer));
                    rest.extend(self.answer(state, next.unwrap_or_default()));
                }
                other => rest.push(other),
            }
        }
        let news = self.beside.as_mut().map_or_else(Vec::new, Beside::news);
        for said in news {
            let next = said_beside(state, said);
            rest.extend(self.answer(state, next));
        }
        rest
    }

    fn play(&mut self, state: &mut State, request: &PlayRequest) -> Vec<Effect> {
        let (run, mut shown) = match self.plays.find(&request.trial, &ENGLISH) {
            Ok(found) => found,
            Err(why) => {
                let number = request.number;
                return document(state, FromDocument::PlayFailed { number, why });
            }
        };
        let played = self.plays.enter(request.trial.clone(), run, request.number);
        self.version += 1;
        let mut out = document(state, FromDocument::Played(Box::new(played)));
        out.extend(document(
            state,
            extent(self.version, shown.packets(), 900.0),
        ));
        let heights = self.plays.heights(&mut shown, View::default());
        let heights = heights.expect("a new run has heights that nobody was told");
        out.extend(document(state, FromDocument::Heights(heights)));
        // What it asks for in return.
        self.answer(state, out)
    }

    fn compare(&mut self, state: &mut State, trial: Option<Trial>) -> Vec<Effect> {
        self.beside = None;
        let Some(trial) = trial else {
            return Vec::new();
        };
        let made = Beside::new(&mut self.plays, &trial, View::default(), &ENGLISH);
        let (beside, played) = made.unwrap_or_else(|why| panic!("{why}"));
        self.beside = Some(beside);
        let next = said_beside(state, FromDocument::Played(Box::new(played)));
        self.answer(state, next)
    }

    fn act(&mut self, state: &mut State, play: Play) -> Vec<Effect> {
        let effects = state.reduce(Action::Play(play));
        self.answer(state, effects)
    }
}

fn said_beside(state: &mut State, said: FromDocument) -> Vec<Effect> {
    document(state, FromDocument::Beside(Box::new(said)))
}

/// A page that was opened for this, and has got its run.
fn opened(play: Play) -> (State, Worker, Vec<Effect>) {
    let mut state = State::new(None, Theme::Light);
    let mut worker = Worker::default();
    document(&mut state, FromDocument::Ready);
    let effects = worker.act(&mut state, play);
    (state, worker, effects)
}

fn knob(knob: &str, to: Setting) -> Play {
    let knob = knob.to_owned();
    Play::Turn { knob, to }
}

fn chosen(to: &str) -> Setting {
    Setting::Choice(to.to_owned())
}

fn ms(state: &State) -> u64 {
    state.playing.time_ns() / 1_000_000
}

#[test]
fn the_page_opens_on_the_first_experiment_and_it_runs() {
    let (mut state, mut worker, effects) = opened(Play::Show);
    assert_eq!(state.source, Source::Experiment);
    assert_eq!(state.playing.trial.id, "handshake");
    assert!(state.playing.is_moving() && state.playing.is_at_start());
    assert!(effects.contains(&Effect::Frame));
    assert_eq!(
        effects.iter().filter(|it| **it == Effect::Frame).count(),
        1,
        "one frame is asked for at a time"
    );
    // Ten milliseconds take a second.
    worker.act(&mut state, Play::Tick(5_000.0));
    for now in 1..=100 {
        let effects = worker.act(&mut state, Play::Tick(5_000.0 + f64::from(now) * 10.0));
        assert!(effects.contains(&Effect::Frame));
    }
    assert_eq!(ms(&state), 9);
    let now = &state.playing.standing()[0];
    assert_eq!(now.state(), Some(TcpState::SynSent));
    assert!(state.playing.curtain().is_some());
    for now in 0..600 {
        worker.act(&mut state, Play::Tick(6_000.0 + f64::from(now) * 10.0));
    }
    assert!(state.playing.is_at_end() && !state.playing.is_moving());
    assert_eq!(state.playing.curtain(), None, "all of it is seen");
    let after = worker.act(&mut state, Play::Tick(20_000.0));
    assert_eq!(after, [], "nothing moves any more");
}

#[test]
fn who_goes_elsewhere_before_the_experiments_are_there_stays_there() {
    let mut state = State::new(None, Theme::Light);
    let mut worker = Worker::default();
    document(&mut state, FromDocument::Ready);
    let asked = state.reduce(Action::Play(Play::Show));
    state.reduce(Action::ShowWire);
    worker.answer(&mut state, asked);
    assert_eq!(state.source, Source::Wire);
    let effects = state.reduce(Action::Play(Play::Show));
    let asked = worker.answer(&mut state, effects);
    assert!(state.playing.is_moving());
    // And while the run is awaited.
    state.reduce(Action::ShowWire);
    let effects = state.reduce(Action::Play(Play::Tick(1.0)));
    assert!(effects.is_empty() && !state.playing.is_moving());
    assert!(asked.contains(&Effect::Frame));
}

#[test]
fn who_wants_nothing_to_move_sees_the_whole_run_at_once() {
    let mut state = State::new(None, Theme::Light);
    state.playing.still = true;
    document(&mut state, FromDocument::Ready);
    let effects = Worker::default().act(&mut state, Play::Show);
    assert!(state.playing.is_at_end());
    assert!(!effects.contains(&Effect::Frame));
}

#[test]
fn steps_go_from_moment_to_moment_and_back_to_the_beginning() {
    let (mut state, mut worker, _) = opened(Play::Show);
    let mut seen = Vec::new();
    worker.act(&mut state, Play::Start);
    assert_eq!(state.playing.standing()[0].state(), None, "nothing was");
    while !state.playing.is_at_end() {
        let before = state.playing.curtain();
        worker.act(&mut state, Play::Step(1));
        assert_ne!(state.playing.curtain(), before, "something is to be seen");
        seen.push(ms(&state));
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.contains(&10) && seen.contains(&20) && seen.contains(&30));
    for _ in 0..seen.len() {
        worker.act(&mut state, Play::Step(-1));
    }
    assert!(state.playing.is_at_start());
}

#[test]
fn a_run_is_run_to_its_next_loss() {
    let (mut state, mut worker, _) = opened(Play::Link("#e=one-goes-missing".to_owned()));
    assert!(state.playing.is_at_end(), "a link shows all of it");
    worker.act(&mut state, Play::Start);
    state.playing.still = true;
    worker.act(&mut state, Play::Until(Goal::Loss));
    let lost_at = ms(&state);
    assert!((30..50).contains(&lost_at), "{lost_at} ms");
    worker.act(&mut state, Play::Until(Goal::Loss));
    assert!(state.playing.is_at_end(), "there is one loss only");
}

#[test]
fn a_knob_runs_it_again_and_the_cursor_stays() {
    let (mut state, mut worker, _) = opened(Play::Show);
    let digest = |state: &State| state.playing.run.as_ref().map(|run| run.digest.clone());
    worker.act(&mut state, Play::End);
    let before = digest(&state);
    worker.act(&mut state, knob("delay", Setting::Number(100)));
    assert_ne!(digest(&state), before);
    assert!(state.playing.is_at_end());
    assert_eq!(ms(&state), 300);
    // In its middle: at its time.
    worker.act(&mut state, Play::Scrub(0.5));
    let here = ms(&state);
    worker.act(&mut state, knob("delay", Setting::Number(90)));
    assert!(ms(&state).abs_diff(here) <= 1, "{} {here}", ms(&state));
    // Back to how it was told: the very same run.
    worker.act(&mut state, Play::Reset);
    assert_eq!(digest(&state), before);
    assert!(state.playing.is_as_told());
}

#[test]
fn a_knob_that_is_turned_on_the_way_leaves_what_was_before() {
    let (mut state, mut worker, _) = opened(Play::Show);
    worker.act(&mut state, Play::Start);
    for _ in 0..3 {
        worker.act(&mut state, Play::Step(1));
    }
    let here = ms(&state);
    assert!(here >= 10, "the SYN has arrived");
    worker.act(&mut state, Play::FromHere(true));
    worker.act(&mut state, knob("delay", Setting::Number(150)));
    assert_eq!(state.playing.trial.turns.len(), 1);
    assert_eq!(ms(&state), here);
    worker.act(&mut state, Play::End);
    assert!(ms(&state) > 100 && ms(&state) < 450, "{}", ms(&state));
    worker.act(&mut state, Play::Unturn(0));
    assert!(state.playing.is_as_told());
}

#[test]
fn while_a_run_is_awaited_only_the_newest_wish_is_kept() {
    let (mut state, mut worker, _) = opened(Play::Show);
    let asked = |effects: &[Effect]| {
        let plays = effects.iter().filter_map(|effect| match effect {
            Effect::Document(ToDocument::Play(request)) => Some(request.clone()),
            _ => None,
        });
        plays.collect::<Vec<_>>()
    };
    let first = state.reduce(Action::Play(knob("delay", Setting::Number(20))));
    let first = asked(&first).remove(0);
    for delay in 21..30 {
        let effects = state.reduce(Action::Play(knob("delay", Setting::Number(delay))));
        assert!(asked(&effects).is_empty());
    }
    worker.play(&mut state, &first);
    let run = state.playing.run.as_ref().expect("a run");
    let delay = run.trial.settings.get("delay");
    assert_eq!(delay, Some(&Setting::Number(29)));
}

#[test]
fn two_runs_are_compared_and_one_cursor_goes_through_both() {
    let (mut state, mut worker, _) = opened(Play::Link("#e=handshake&k.delay=100".to_owned()));
    worker.act(&mut state, Play::Compare(true));
    let beside = |state: &State| state.playing.beside.clone().expect("it is there");
    let size = Action::Resized {
        width: 400.0,
        height: 500.0,
    };
    let asked = state.reduce(Action::Beside(Box::new(size)));
    worker.answer(&mut state, asked);
    // The experiment as it is told, for a knob was turned.
    assert!(beside(&state).trial.settings.is_empty());
    let scene = beside(&state).reader.scene.expect("it is drawn");
    assert_eq!(scene.arrows.len(), 3);
    assert_eq!(state.playing.curtain_beside(), None, "both are over");
    // At 25 ms it has its ACK on the way, and this one its SYN still.
    worker.act(&mut state, Play::Start);
    assert!(state.playing.curtain_beside().is_some());
    while ms(&state) < 100 {
        worker.act(&mut state, Play::Step(1));
    }
    assert_eq!(
        state.playing.curtain_beside(),
        None,
        "all of it has been by then"
    );
    assert!(state.playing.curtain().is_some());
    // Other labels are for both.
    let effects = state.reduce(Action::Labels(synema_diagram::view::LabelMode::Numbers));
    worker.answer(&mut state, effects);
    assert_eq!(beside(&state).reader.view.labels, state.reader.view.labels);
    // This very run is kept, and the other changes.
    worker.act(&mut state, Play::Pin);
    assert_eq!(beside(&state).trial, state.playing.trial);
    worker.act(&mut state, knob("delay", Setting::Number(30)));
    assert_ne!(beside(&state).trial, state.playing.trial);
    // Another experiment stands alone.
    worker.act(&mut state, Play::Open(1));
    assert_eq!(state.playing.beside, None);
    assert!(worker.beside.is_none());
}

#[test]
fn a_packet_that_is_selected_ahead_of_the_cursor_is_seen() {
    let (mut state, mut worker, _) = opened(Play::Show);
    worker.act(&mut state, Play::Start);
    let effects = state.reduce(Action::Select(Some(2)));
    worker.answer(&mut state, effects);
    assert_eq!(ms(&state), 20, "the SYN ACK has arrived");
    assert!(!state.playing.is_moving());
}

#[test]
fn the_slider_stands_where_it_was_put() {
    let (state, ..) = opened(Play::Link("#e=one-goes-missing".to_owned()));
    let run = state.playing.run.expect("a run");
    for tenth in 0..=10 {
        let part = f64::from(tenth) / 10.0;
        let place = run.track.at_part(part);
        let shown = run.track.part(place);
        assert!((shown - part).abs() < 0.03, "{part} is shown as {shown}");
    }
    let places: Vec<u64> = (0..=20)
        .map(|part| run.track.time(run.track.at_part(f64::from(part) / 20.0)))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    // A silence of 220 ms is no more of the way than its cut is high.
    let silence = run.track.at_time(150_000_000);
    assert!(run.track.part(silence) < 0.8);
    let pace = run.track.fitting_pace();
    assert!(run.track.silence(silence, pace).is_some(), "it is said");
}

#[test]
fn what_is_predicted_is_told_when_the_run_has_shown_it() {
    let (mut state, mut worker, _) = opened(Play::Show);
    worker.act(&mut state, Play::Start);
    worker.act(&mut state, Play::Answer(1));
    assert!(state.playing.is_moving(), "it is run to be looked at");
    assert!(!state.playing.told_why);
    worker.act(&mut state, Play::End);
    assert!(state.playing.told_why);
    // Another experiment asks its own question, and waits for the answer.
    worker.act(&mut state, Play::Open(1));
    assert_eq!(state.playing.answer, None);
    assert!(state.playing.is_at_start() && !state.playing.is_moving());
}

#[test]
fn a_link_names_experiment_knobs_seed_and_run() {
    let (mut state, mut worker, _) = opened(Play::Link("#e=one-goes-missing".to_owned()));
    worker.act(&mut state, knob("lose", chosen("2")));
    worker.act(&mut state, Play::Seed(99));
    let run = state.playing.run.clone().expect("a run");
    let told = state.playing.told().expect("told");
    let link = fragment::write(&run.trial, told, &run.digest, None);
    assert_eq!(
        link,
        format!("e=one-goes-missing&seed=99&k.lose=2&digest={}", run.digest)
    );
    let (followed, _, effects) = opened(Play::Link(link.clone()));
    let same = followed.playing.run.expect("a run");
    assert_eq!(same.digest, run.digest);
    assert_eq!(followed.playing.differs, None);
    assert!(effects.contains(&Effect::Address(link)));
}

#[test]
fn turns_stand_in_links_too() {
    let (mut state, mut worker, _) = opened(Play::Show);
    worker.act(&mut state, Play::Scrub(0.5));
    worker.act(&mut state, Play::FromHere(true));
    worker.act(&mut state, knob("delay", Setting::Number(70)));
    let run = state.playing.run.clone().expect("a run");
    let told = state.playing.told().expect("told");
    let link = fragment::write(&run.trial, told, &run.digest, Some("notes"));
    let linked = Linked::read(&link).expect("a link");
    assert_eq!(linked.notes.as_deref(), Some("notes"));
    assert_eq!(linked.trial(told), (run.trial, Vec::new()));
}

#[test]
fn what_a_link_asks_for_and_is_not_there_is_said() {
    let differs = |link: &str| opened(Play::Link(link.to_owned())).0.playing.differs;
    assert_eq!(
        differs("#e=perpetual-motion"),
        Some(Differs::Experiment("perpetual-motion".to_owned()))
    );
    assert_eq!(
        differs("#e=handshake&k.delay=30&k.delay=9999&k.colour=red"),
        Some(Differs::Knobs("delay=9999, colour=red".to_owned()))
    );
    assert_eq!(
        differs("#e=handshake&digest=00000000000000000000000000000000"),
        Some(Differs::Digest)
    );
    assert_eq!(differs("#e=handshake"), None);
    assert_eq!(Linked::read("#d=abc"), None);
    assert_eq!(Linked::read("#e="), None);
}

#[test]
fn every_experiment_is_opened_and_has_a_run_with_moments() {
    let (mut state, mut worker, _) = opened(Play::Show);
    for index in 0..state.playing.catalogue.len() {
        worker.act(&mut state, Play::Open(index));
        if state.playing.told().is_some_and(|told| told.by_hand) {
            continue; // nothing happens in it before the reader does something
        }
        let run = state.playing.run.as_ref().expect("a run");
        let id = &state.playing.trial.id;
        assert_eq!(state.playing.index(), Some(index));
        assert!(run.track.end() > 4.0, "{id}");
        assert!(!run.machines.is_empty(), "{id}");
        let pace = state.playing.pace();
        let whole = run.track.advance(0.0, 60_000.0, pace);
        assert!(
            whole >= run.track.end(),
            "{id} is done within a minute at {}",
            pace.name
        );
    }
}

/// The one in which the reader is the stack.
fn by_hand() -> (State, Worker) {
    let (mut state, mut worker, _) = opened(Play::Show);
    let mut all = state.playing.catalogue.iter();
    let index = all.position(|told| told.by_hand).expect("it is there");
    worker.act(&mut state, Play::Open(index));
    (state, worker)
}

fn does(state: &mut State, worker: &mut Worker, deeds: &[ByHand]) {
    for deed in deeds {
        worker.act(state, Play::ByHand(*deed));
    }
}

#[test]
fn who_sends_what_is_due_gets_the_page_by_hand() {
    let (mut state, mut worker) = by_hand();
    for _ in 0..9 {
        does(&mut state, &mut worker, &[ByHand::Suggest, ByHand::Send]);
        worker.act(&mut state, Play::End);
    }
    let run = state.playing.run.as_ref().expect("a run");
    let hand = run.hand.as_ref().expect("it is played by hand");
    assert_eq!(hand.proposal, None, "all is done");
    assert_eq!(hand.remarks.len(), state.playing.trial.moves.len());
    let server = &state.playing.standing()[1];
    assert_eq!(server.state(), Some(TcpState::Closed));
    // A link plays it again.
    let link = fragment::write(
        &run.trial,
        state.playing.told().expect("told"),
        &run.digest,
        None,
    );
    let (again, ..) = opened(Play::Link(link));
    assert_eq!(again.playing.differs, None);
    assert_eq!(
        again.playing.run.as_ref().map(|run| &run.digest),
        Some(&run.digest)
    );
}

#[test]
fn a_segment_is_written_sent_and_taken_back() {
    let (mut state, mut worker) = by_hand();
    let syn = [ByHand::Flag(Flags::SYN), ByHand::Send];
    does(&mut state, &mut worker, &syn);
    assert!(state.playing.is_moving(), "what it brings is played");
    let kinds = |state: &State| -> Vec<RemarkKind> {
        let run = state.playing.run.as_ref().expect("a run");
        let hand = run.hand.as_ref().expect("it is played by hand");
        let last = hand.remarks.last().expect("there was a move");
        last.iter().map(|remark| remark.kind).collect()
    };
    assert_eq!(kinds(&state), [RemarkKind::Note, RemarkKind::Outcome]);
    // The SYN is not counted.
    let ack = [
        ByHand::Flag(Flags::SYN),
        ByHand::Flag(Flags::ACK),
        ByHand::Ack(1),
        ByHand::Send,
    ];
    does(&mut state, &mut worker, &ack);
    assert_eq!(kinds(&state)[0], RemarkKind::Mistake);
    let put_right = [ByHand::TakeBack, ByHand::Seq(1), ByHand::Send];
    does(&mut state, &mut worker, &put_right);
    assert_eq!(kinds(&state)[0], RemarkKind::Right);
    assert_eq!(state.playing.trial.moves.len(), 2);
    does(&mut state, &mut worker, &[ByHand::StartOver]);
    assert!(state.playing.trial.moves.is_empty());
}

#[test]
fn an_experiment_that_is_not_there_is_refused_with_what_to_do() {
    let mut plays = Plays::default();
    let trial = Trial {
        id: "nothing".to_owned(),
        ..Trial::default()
    };
    let refused = plays.find(&trial, &ENGLISH).err().unwrap_or_default();
    assert!(refused.contains("choose one from the list"), "{refused}");
}
