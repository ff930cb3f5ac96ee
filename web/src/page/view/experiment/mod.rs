//! The panel at the left while an experiment is shown: what it is about, what to predict, what to
//! change; and the list of all.

mod by_hand;
mod compare;
mod cursor;
mod knobs;
mod list;
mod question;
mod transport;

pub use compare::compared;
pub use cursor::Cursor;
pub use transport::transport;

use super::does;
use crate::page::playing::{Differs, Play, Playing};
use crate::page::state::{Action, State};
use crate::page::writing::Dialog;
use crate::protocol::{Told, Trial};
use crate::words::fill;
use std::fmt::Write as _;
use synema_diagram::words::Language;
use synema_sim::experiment::{Setting, Text};
use yew::prelude::*;

/// A text in the reader's language.
pub fn said(state: &State, text: &Text) -> String {
    match state.reader.view.language {
        Language::English => text.en.clone(),
        Language::Japanese => text.ja.clone(),
    }
}

/// A time of a run: `34.2 ms`, `1.204 s`.
pub fn time(ns: u64) -> String {
    let tenths = ns / 100_000;
    if tenths < 100_000 {
        return format!("{}.{} ms", tenths / 10, tenths % 10);
    }
    format!("{}.{:03} s", tenths / 10_000, tenths % 10_000 / 10)
}

/// The whole panel.
pub fn panel(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let Some((index, told)) = playing.index().zip(playing.told()) else {
        return html! {
            <section class="panel left experiment" aria-label={words.tab_experiment} id="panel-wire">
                <p class="quiet" role="status">{ words.experiments_loading }</p>
            </section>
        };
    };
    let digest = playing.run.as_ref().map(|run| run.digest.clone());
    html! {
        <section class="panel left experiment" aria-label={words.tab_experiment} id="panel-wire"
            data-test="experiment" data-id={told.id.clone()} data-digest={digest}
            data-played={is_current(playing).to_string()}>
            { list::header(state, index, told, act) }
            if playing.list {
                { list::all(state, act) }
            } else {
                { about(state, told, act) }
            }
        </section>
    }
}

/// Whether the run that is shown is the one that is wanted.
fn is_current(playing: &Playing) -> bool {
    let run = playing.run.as_ref();
    run.is_some_and(|run| run.trial == playing.trial)
}

fn about(state: &State, told: &Told, act: &Callback<Action>) -> Html {
    let words = state.words;
    let has_begun = told.by_hand && !state.playing.trial.moves.is_empty();
    html! {
        <>
            <h2 class="lead" data-test="experiment-title">{ said(state, &told.title) }</h2>
            { differs(state) }
            if let Some(why) = &state.playing.failed {
                <div class="error" role="alert" data-test="play-failed">{ why }</div>
            }
            // Who has begun to write segments wants to see what is said of them.
            if has_begun {
                { by_hand::view(state, act) }
            }
            <div class="story" data-test="story">{ paragraphs(&said(state, &told.story)) }</div>
            { for told.question.iter().map(|question| question::view(state, question, act)) }
            if told.by_hand {
                if !has_begun {
                    { by_hand::view(state, act) }
                }
            } else {
                { knobs::view(state, told, act) }
                { buttons(state, act) }
            }
            <section class="notice">
                <h3>{ words.experiment_notice }</h3>
                <ul>{ for told.notice.iter().map(|text| html! { <li>{ said(state, text) }</li> }) }</ul>
            </section>
        </>
    }
}

fn paragraphs(text: &str) -> Html {
    let parts = text.split("\n\n").map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| html! { <p>{ part }</p> })
        .collect()
}

/// What a link asked for and is not so here.
fn differs(state: &State) -> Html {
    let words = state.words;
    let Some(differs) = &state.playing.differs else {
        return html! {};
    };
    let (name, text) = match differs {
        Differs::Experiment(id) => ("experiment", fill(words.link_no_experiment, &[("id", id)])),
        Differs::Knobs(missing) => ("knobs", fill(words.link_no_knobs, &[("knobs", missing)])),
        Differs::Digest => ("digest", words.link_other_digest.to_owned()),
        Differs::Notes(why) => ("notes", fill(words.link_no_notes, &[("why", why)])),
    };
    html! { <div class="hint differs" role="status" data-test="link-differs" data-what={name}>{ text }</div> }
}

fn buttons(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let run = if state.playing.is_at_start() {
        words.experiment_run
    } else {
        words.experiment_run_again
    };
    let compares = state.playing.beside.is_some();
    html! {
        <div class="row run">
            <button class="button first" data-test="run" title={words.key_run}
                onclick={does(act, || Action::Play(Play::Run))}>{ run }</button>
            <button class="button" data-test="compare" aria-pressed={compares.to_string()} title={words.compare_hint}
                onclick={does(act, move || Action::Play(Play::Compare(!compares)))}>{ words.compare }</button>
            <button class="button" data-test="on-a-wire"
                onclick={does(act, || Action::Dialog(Some(Dialog::OnAWire)))}>{ words.experiment_on_wire }</button>
        </div>
    }
}

/// How to do the same over a wire.
pub fn on_a_wire(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    html! {
        <>
            <p>{ words.on_wire_text }</p>
            <code class="cmd" data-test="on-a-wire-command">{ command(&state.playing.trial) }</code>
            <p>{ words.on_wire_then }</p>
            <div class="row choices">
                <button class="button" data-test="on-a-wire-close" autofocus={true}
                    onclick={does(act, || Action::Dialog(None))}>{ words.close }</button>
            </div>
        </>
    }
}

/// What runs this at a terminal; ids and settings are plain words.
fn command(trial: &Trial) -> String {
    let mut command = format!("synema experiment {}", trial.id);
    for (knob, setting) in &trial.settings {
        let _ = match setting {
            Setting::Number(number) => write!(command, " --set {knob}={number}"),
            Setting::Choice(choice) => write!(command, " --set {knob}={choice}"),
        };
    }
    command.push_str(" --lab --capture wire.pcapng");
    command
}

#[cfg(test)]
mod tests {
    use super::{command, time};
    use crate::protocol::Trial;
    use synema_sim::experiment::Setting;

    #[test]
    fn the_command_sets_the_same_knobs() {
        let settings = [
            ("delay", Setting::Number(30)),
            ("lose", Setting::Choice("2".to_owned())),
        ];
        let trial = Trial {
            id: "one-goes-missing".to_owned(),
            settings: settings.map(|(id, to)| (id.to_owned(), to)).into(),
            ..Trial::default()
        };
        assert_eq!(
            command(&trial),
            "synema experiment one-goes-missing --set delay=30 --set lose=2 --lab --capture wire.pcapng"
        );
    }

    #[test]
    fn times_are_short() {
        assert_eq!(time(0), "0.0 ms");
        assert_eq!(time(34_260_000), "34.2 ms");
        assert_eq!(time(9_999_900_000), "9999.9 ms");
        assert_eq!(time(10_204_000_000), "10.204 s");
    }
}
