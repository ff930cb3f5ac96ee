//! Which experiment of how many, the way to the next, and the list of all.

use super::said;
use crate::page::playing::Play;
use crate::page::state::{Action, State};
use crate::page::view::does;
use crate::protocol::Told;
use crate::words::fill;
use yew::prelude::*;

/// `3 of 8`, and the way to the others.
pub(super) fn header(state: &State, index: usize, told: &Told, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let alike = |other: &&Told| other.more == told.more;
    let of = playing.catalogue.iter().filter(alike).count();
    let before = playing.catalogue[..index].iter().filter(alike).count();
    let text = if told.more {
        words.experiment_nth_more
    } else {
        words.experiment_nth
    };
    let nth = fill(text, &[("n", &(before + 1)), ("of", &of)]);
    let is_last = index + 1 >= playing.catalogue.len();
    let is_open = playing.list;
    html! {
        <header class="which">
            <button class="link" data-test="experiments-list" aria-expanded={is_open.to_string()}
                onclick={does(act, move || Action::Play(Play::List(!is_open)))}>
                <span class="quiet" data-test="experiment-nth">{ nth }</span>{ " " }
                { if is_open { words.experiments_back } else { words.experiments_all } }
            </button>
            <span class="push"></span>
            <button class="button small" data-test="experiment-previous" disabled={index == 0}
                aria-label={words.experiment_previous} title={words.experiment_previous}
                onclick={does(act, move || Action::Play(Play::Open(index.saturating_sub(1))))}>{ "←" }</button>
            <button class="button small" data-test="experiment-next" disabled={is_last}
                aria-label={words.experiment_next} title={words.experiment_next}
                onclick={does(act, move || Action::Play(Play::Open(index + 1)))}>{ "→" }</button>
        </header>
    }
}

/// All experiments; those behind "more" after the others.
pub(super) fn all(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let entries = |more: bool| {
        let all = state.playing.catalogue.iter().enumerate();
        all.filter(move |(_, told)| told.more == more)
    };
    let group = |more: bool| {
        html! {
            <ol class="experiments">
                { for entries(more).zip(1..).map(|((index, told), nth)| entry(state, index, told, nth, act)) }
            </ol>
        }
    };
    html! {
        <nav aria-label={words.experiments_all} data-test="experiments">
            <h2 class="lead">{ words.experiments_title }</h2>
            { group(false) }
            if entries(true).next().is_some() {
                <h3>{ words.experiments_more }</h3>
                { group(true) }
            }
        </nav>
    }
}

fn entry(state: &State, index: usize, told: &Told, nth: usize, act: &Callback<Action>) -> Html {
    let is_here = state.playing.index() == Some(index);
    html! {
        <li><button class="entry" data-test="experiment-open" data-id={told.id.clone()}
            aria-current={is_here.then_some("true")}
            onclick={does(act, move || Action::Play(Play::Open(index)))}>
            <span class="nth">{ nth.to_string() }</span>{ said(state, &told.title) }
        </button></li>
    }
}
