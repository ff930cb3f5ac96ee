//! What is done with experiments, and what the document's worker answers. Pure.

use super::by_hand::Draft;
use super::fragment::Linked;
use super::{Differs, Motion, Play, Playing, Run, Then, Track};
use crate::page::state::{Effect, Source, State, Tab};
use crate::protocol::{Heights, PlayRequest, Played, ToDocument, Told, Trial};
use std::rc::Rc;
use synema_sim::experiment::Settings;

/// So much of what comes before the cursor stays in sight, and of what comes after, CSS pixels.
const AROUND: (f64, f64) = (140.0, 36.0);

impl State {
    pub(in crate::page) fn play(&mut self, play: Play) -> Vec<Effect> {
        match play {
            Play::Show => self.show_experiments(),
            Play::Link(text) => self.follow(&text),
            Play::Open(index) => self.open_experiment(index, Then::Waits),
            Play::List(open) => {
                self.playing.list = open;
                Vec::new()
            }
            Play::Turn { .. }
            | Play::Unturn(_)
            | Play::Reset
            | Play::Seed(_)
            | Play::FromHere(_) => self.turn(play),
            Play::ByHand(deed) => self.by_hand(deed),
            Play::Answer(answer) => {
                self.playing.answer = Some(answer);
                self.playing.told_why |= self.playing.is_at_end();
                match self.playing.is_at_start() {
                    true => self.play(Play::Run),
                    false => Vec::new(),
                }
            }
            Play::Compare(on) => self.compare(on),
            Play::Pin => self.pin(),
            Play::Why => {
                self.playing.told_why = true;
                Vec::new()
            }
            Play::Pace(pace) => {
                self.playing.pace = Some(pace);
                Vec::new()
            }
            Play::Run
            | Play::Toggle
            | Play::Start
            | Play::End
            | Play::Step(_)
            | Play::Until(_)
            | Play::Scrub(_)
            | Play::At(_)
            | Play::Tick(_) => self.go_along(&play),
        }
    }

    /// Another run of the same experiment.
    fn turn(&mut self, play: Play) -> Vec<Effect> {
        let playing = &mut self.playing;
        match play {
            Play::Turn { knob, to } => playing.turn(knob, to),
            Play::Unturn(place) if place < playing.trial.turns.len() => {
                playing.trial.turns.remove(place);
            }
            Play::Reset => {
                playing.trial.settings = Settings::new();
                playing.trial.turns = Vec::new();
                playing.trial.seed = playing.told().map_or(0, |told| told.seed);
            }
            Play::Seed(seed) => playing.trial.seed = seed,
            Play::FromHere(from_here) => {
                playing.from_here = from_here;
                return Vec::new();
            }
            _ => return Vec::new(),
        }
        playing.differs = None;
        playing.promised = None;
        playing.then = Then::Stays;
        playing.ask().into_iter().collect()
    }

    /// The cursor goes somewhere.
    fn go_along(&mut self, play: &Play) -> Vec<Effect> {
        let playing = &mut self.playing;
        let Some(track) = playing.run.as_ref().map(|run| run.track.clone()) else {
            return Vec::new();
        };
        match *play {
            Play::Run => {
                playing.place = 0.0;
                return self.set_off(None);
            }
            Play::Toggle if playing.is_moving() => playing.motion = Motion::Rests,
            Play::Toggle => {
                if playing.is_at_end() {
                    playing.place = 0.0;
                }
                return self.set_off(None);
            }
            Play::Until(goal) => {
                let until = track.next_of(playing.place, goal).unwrap_or(track.end());
                return self.set_off(Some(until));
            }
            Play::Tick(now_ms) => return self.tick(now_ms, &track),
            Play::Start => playing.rest_at(0.0),
            Play::End => playing.rest_at(track.end()),
            Play::Step(by) if by < 0 => playing.rest_at(track.previous(playing.place)),
            Play::Step(_) => playing.rest_at(track.next(playing.place)),
            Play::Scrub(part) => playing.rest_at(track.at_part(part)),
            Play::At(ns) => playing.rest_at(track.at_time(ns)),
            _ => {}
        }
        self.arrived()
    }

    /// The cursor begins to move by itself, to its end or to a place before.
    fn set_off(&mut self, until: Option<f64>) -> Vec<Effect> {
        let playing = &mut self.playing;
        if playing.still {
            let end = playing.run.as_ref().map_or(0.0, |run| run.track.end());
            playing.rest_at(until.unwrap_or(end));
            return self.arrived();
        }
        let was_moving = playing.is_moving();
        playing.motion = Motion::Moves {
            since_ms: None,
            until,
        };
        let mut out = self.look_at_cursor();
        // A frame of the screen that was asked for comes.
        if !was_moving {
            out.push(Effect::Frame);
        }
        out
    }

    fn tick(&mut self, now_ms: f64, track: &Track) -> Vec<Effect> {
        let pace = self.playing.pace();
        let playing = &mut self.playing;
        let Motion::Moves { since_ms, until } = playing.motion else {
            return Vec::new();
        };
        if self.source != Source::Experiment {
            playing.motion = Motion::Rests;
            return Vec::new();
        }
        // Who looks elsewhere for a while goes on where he was.
        let passed = since_ms.map_or(0.0, |since| (now_ms - since).clamp(0.0, 250.0));
        let until = until.unwrap_or(track.end());
        playing.place = track.advance(playing.place, passed, pace).min(until);
        if playing.place >= until {
            playing.motion = Motion::Rests;
            return self.arrived();
        }
        if let Motion::Moves { since_ms, .. } = &mut playing.motion {
            *since_ms = Some(now_ms);
        }
        let mut out = self.look_at_cursor();
        out.push(Effect::Frame);
        out
    }

    /// The cursor came to rest.
    fn arrived(&mut self) -> Vec<Effect> {
        let playing = &mut self.playing;
        playing.told_why |= playing.answer.is_some() && playing.is_at_end();
        self.look_at_cursor()
    }

    /// Keeps the cursor in sight.
    fn look_at_cursor(&mut self) -> Vec<Effect> {
        let Some(y) = self.playing.curtain() else {
            return Vec::new();
        };
        let messages = self.reader.bring(y, AROUND);
        let mut out: Vec<_> = messages.into_iter().map(Effect::Document).collect();
        out.extend(self.look_at_cursor_beside(AROUND));
        out
    }

    /// A packet was selected: all of its way is seen.
    pub(in crate::page) fn see_selected(&mut self) {
        let playing = &mut self.playing;
        if self.source != Source::Experiment {
            return;
        }
        let selected = self.reader.selected;
        let end = playing
            .run
            .as_ref()
            .zip(selected)
            .and_then(|(run, packet)| run.track.end_of(packet));
        if let Some(end) = end
            && end > playing.place
        {
            playing.rest_at(end);
        }
    }

    /// The tab of experiments is shown: with the run that was there before, or the first one.
    fn show_experiments(&mut self) -> Vec<Effect> {
        if self.source == Source::Experiment {
            return Vec::new();
        }
        self.source = Source::Experiment;
        self.tab = Tab::Wire;
        self.playing.then = match self.playing.run {
            Some(_) => Then::AtEnd,
            None => Then::Plays,
        };
        if self.playing.catalogue.is_empty() {
            return vec![Effect::Document(ToDocument::Catalogue)];
        }
        if self.playing.linked.is_some() {
            return self.open_linked();
        }
        if self.playing.index().is_none() {
            return self.open_experiment(0, self.playing.then);
        }
        self.playing.run = None;
        self.playing.ask().into_iter().collect()
    }

    /// A link to an experiment is followed.
    fn follow(&mut self, text: &str) -> Vec<Effect> {
        let Some(linked) = Linked::read(text) else {
            return Vec::new();
        };
        self.source = Source::Experiment;
        self.tab = Tab::Wire;
        self.playing.linked = Some(linked);
        if self.playing.catalogue.is_empty() {
            return vec![Effect::Document(ToDocument::Catalogue)];
        }
        self.open_linked()
    }

    /// Opens what the page was opened for, once it is known which experiments there are.
    pub(in crate::page) fn catalogue(&mut self, catalogue: Vec<Told>) -> Vec<Effect> {
        self.playing.catalogue = Rc::new(catalogue);
        // Who has gone elsewhere meanwhile stays there.
        if self.source != Source::Experiment {
            return Vec::new();
        }
        if self.playing.linked.is_some() {
            return self.open_linked();
        }
        self.open_experiment(0, self.playing.then)
    }

    fn open_linked(&mut self) -> Vec<Effect> {
        let playing = &mut self.playing;
        let Some(linked) = playing.linked.take() else {
            return Vec::new();
        };
        let catalogue = playing.catalogue.clone();
        let Some(index) = catalogue.iter().position(|told| told.id == linked.id) else {
            let out = self.open_experiment(0, Then::Plays);
            self.playing.differs = Some(Differs::Experiment(linked.id));
            return out;
        };
        let (trial, missing) = linked.trial(&catalogue[index]);
        let alone = playing.begin(trial, Then::AtEnd);
        playing.promised = linked.digest;
        playing.notes = linked.notes;
        playing.differs = (!missing.is_empty()).then(|| Differs::Knobs(missing.join(", ")));
        alone.into_iter().chain(playing.ask()).collect()
    }

    fn open_experiment(&mut self, index: usize, then: Then) -> Vec<Effect> {
        let playing = &mut self.playing;
        playing.list = false;
        let Some(told) = playing.catalogue.get(index) else {
            return Vec::new();
        };
        let trial = Trial {
            id: told.id.clone(),
            seed: told.seed,
            ..Trial::default()
        };
        self.source = Source::Experiment;
        self.tab = Tab::Wire;
        let alone = self.playing.begin(trial, then);
        alone.into_iter().chain(self.playing.ask()).collect()
    }

    /// A run has come.
    pub(in crate::page) fn played(&mut self, played: Played) -> Vec<Effect> {
        let playing = &mut self.playing;
        if played.number != playing.number {
            return Vec::new();
        }
        playing.awaits = false;
        if playing.stale {
            return playing.ask().into_iter().collect();
        }
        if self.source != Source::Experiment {
            playing.run = None;
            return Vec::new();
        }
        let then = playing.then;
        let time_ns = playing.time_ns();
        let (was_at_end, was_at_start) = (playing.is_at_end(), playing.is_at_start());
        let track = Track::new(played.timeline);
        // What a move by hand brings is played.
        let goes_on = then == Then::Stays && played.hand.is_some() && was_at_end;
        playing.place = match then {
            Then::Stays if goes_on => track.at_time(time_ns),
            Then::Waits | Then::Plays => 0.0,
            Then::AtEnd => track.end(),
            Then::Stays if was_at_end => track.end(),
            Then::Stays if was_at_start => 0.0,
            Then::Stays => track.at_time(time_ns),
        };
        playing.failed = None;
        playing.notes = None;
        if playing
            .promised
            .take()
            .is_some_and(|promised| promised != played.digest)
        {
            playing.differs.get_or_insert(Differs::Digest);
        }
        if let Some(why) = played.notes_failed {
            playing.differs = Some(Differs::Notes(why));
        }
        playing.run = Some(Run {
            trial: playing.trial.clone(),
            from_start: played.from_start,
            digest: played.digest,
            machines: Rc::new(played.machines),
            track: Rc::new(track),
            hand: played.hand.map(Rc::new),
        });
        if matches!(playing.motion, Motion::Moves { until: Some(_), .. }) {
            // Where it was to stop, nobody knows in another run.
            playing.motion = Motion::Rests;
        }
        playing.then = Then::Stays;
        let mut out = vec![self.address()];
        out.extend(self.enter_run(then));
        if goes_on && !self.playing.is_at_end() {
            out.extend(self.set_off(None));
        }
        out
    }

    /// The ladder shows the run that has come.
    fn enter_run(&mut self, then: Then) -> Vec<Effect> {
        if then == Then::Stays {
            let detail = self.reader.selected;
            let detail = detail.map(|number| ToDocument::Detail { number });
            return detail.map(Effect::Document).into_iter().collect();
        }
        self.playing.motion = Motion::Rests;
        let mut out = self.look_anew();
        let started = self.reader.start_over(false);
        out.extend(started.into_iter().map(Effect::Document));
        if then == Then::Plays {
            out.extend(self.set_off(None));
        }
        out
    }

    /// The address bar names the run that is shown.
    fn address(&self) -> Effect {
        Effect::Address(self.playing.fragment(""))
    }

    pub(in crate::page) fn play_failed(&mut self, number: u32, why: String) -> Vec<Effect> {
        let playing = &mut self.playing;
        if number != playing.number {
            return Vec::new();
        }
        playing.awaits = false;
        if playing.stale {
            return playing.ask().into_iter().collect();
        }
        playing.failed = Some(why);
        Vec::new()
    }

    /// The ladder draws the run's moments here now.
    pub(in crate::page) fn heights(&mut self, heights: Heights) -> Vec<Effect> {
        let playing = &mut self.playing;
        if heights.number != playing.number {
            return Vec::new();
        }
        let Some(run) = &mut playing.run else {
            return Vec::new();
        };
        Rc::make_mut(&mut run.track).set_heights(heights.of_moments);
        if playing.is_moving() {
            return Vec::new();
        }
        self.look_at_cursor()
    }
}

impl Playing {
    /// Another experiment begins, and nothing stands beside it.
    fn begin(&mut self, trial: Trial, then: Then) -> Option<Effect> {
        self.trial = trial;
        self.then = then;
        self.run = None;
        self.place = 0.0;
        self.motion = Motion::Rests;
        self.answer = None;
        self.told_why = false;
        self.from_here = false;
        self.differs = None;
        self.promised = None;
        self.notes = None;
        self.failed = None;
        self.list = false;
        self.pace = None;
        self.draft = Draft::default();
        let beside = self.beside.take();
        beside.map(|_| Effect::Document(ToDocument::Compare(None)))
    }

    pub(super) fn rest_at(&mut self, place: f64) {
        self.motion = Motion::Rests;
        self.place = place;
    }

    /// The question for the run that is wanted, unless another is under way.
    pub(super) fn ask(&mut self) -> Option<Effect> {
        self.stale = self.awaits;
        if self.awaits {
            return None;
        }
        self.awaits = true;
        self.number = self.number.wrapping_add(1);
        Some(Effect::Document(ToDocument::Play(PlayRequest {
            number: self.number,
            trial: self.trial.clone(),
            notes: self.notes.clone(),
        })))
    }
}
