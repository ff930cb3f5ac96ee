//! What may be changed: a slider for a number, a few buttons or a menu for a choice.

use super::{said, time};
use crate::page::playing::Play;
use crate::page::state::{Action, State};
use crate::page::view::does;
use crate::protocol::{Told, ToldControl, ToldKnob};
use crate::words::fill;
use synema_sim::experiment::{Range, Setting, Text, Unit};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Choices whose words are longer than this in all stand in a menu, characters.
const LONG: usize = 44;

/// All knobs, the seed, and what was turned on the way.
pub(super) fn view(state: &State, told: &Told, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let is_between = !playing.is_at_start() && !playing.is_at_end();
    let from_here = playing.from_here;
    html! {
        <section class="knobs" data-test="knobs">
            <h3>{ words.knobs }
                if !playing.is_as_told() {
                    <button class="link" data-test="knobs-reset"
                        onclick={does(act, || Action::Play(Play::Reset))}>{ words.knobs_reset }</button>
                }
            </h3>
            { for told.knobs.iter().map(|knob| one(state, knob, act)) }
            if is_between || from_here {
                <label class="from-here"><input type="checkbox" data-test="from-here" checked={from_here}
                    onchange={does(act, move || Action::Play(Play::FromHere(!from_here)))} />
                    { " " }{ fill(words.knobs_from_here, &[("time", &time(playing.time_ns()))]) }</label>
            }
            { turns(state, told, act) }
            { seed(state, act) }
        </section>
    }
}

fn one(state: &State, knob: &ToldKnob, act: &Callback<Action>) -> Html {
    let setting = state.playing.setting(knob);
    match (&knob.control, &setting) {
        (ToldControl::Range(range), Setting::Number(number)) => {
            slider(state, knob, *range, *number, act)
        }
        (ToldControl::Choice { of, .. }, Setting::Choice(chosen)) => {
            choice(state, knob, of, chosen, act)
        }
        _ => html! {},
    }
}

/// A number with its unit.
fn counted(unit: Unit, number: u32) -> String {
    match unit {
        Unit::Count => number.to_string(),
        Unit::Bytes => format!("{number} B"),
        Unit::Ms => format!("{number} ms"),
        Unit::Percent => format!("{number} %"),
        Unit::Kbit => format!("{number} kbit/s"),
    }
}

fn slider(
    state: &State,
    knob: &ToldKnob,
    range: Range,
    number: u32,
    act: &Callback<Action>,
) -> Html {
    let (act, id) = (act.clone(), knob.id.clone());
    let oninput = Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(number) = input.and_then(|input| input.value().parse().ok()) {
            let (knob, to) = (id.clone(), Setting::Number(number));
            act.emit(Action::Play(Play::Turn { knob, to }));
        }
    });
    let text = counted(range.unit, number);
    html! {
        <label class="knob">
            <span class="named"><span>{ said(state, &knob.label) }</span><output class="mono">{ text.clone() }</output></span>
            <input type="range" data-test="knob" data-knob={knob.id.clone()} min={range.from.to_string()}
                max={range.to.to_string()} step={range.step.max(1).to_string()} value={number.to_string()}
                aria-valuetext={text} {oninput} />
        </label>
    }
}

fn choice(
    state: &State,
    knob: &ToldKnob,
    of: &[(String, Text)],
    chosen: &str,
    act: &Callback<Action>,
) -> Html {
    let label = said(state, &knob.label);
    let long: usize = of
        .iter()
        .map(|(_, text)| said(state, text).chars().count() + 4)
        .sum();
    if long > LONG {
        return menu(state, knob, of, chosen, act);
    }
    let one = |(id, text): &(String, Text)| {
        let is_chosen = id == chosen;
        let (knob, id) = (knob.id.clone(), id.clone());
        let value = id.clone();
        html! {
            <label class="pill"><input type="radio" name={format!("knob-{knob}")} data-test="knob"
                data-knob={knob.clone()} {value} checked={is_chosen}
                onchange={does(act, move || Action::Play(Play::Turn {
                    knob: knob.clone(), to: Setting::Choice(id.clone()) }))} />
                <span>{ said(state, text) }</span></label>
        }
    };
    html! {
        <fieldset class="knob"><legend>{ label }</legend><div class="pills">{ for of.iter().map(one) }</div></fieldset>
    }
}

fn menu(
    state: &State,
    knob: &ToldKnob,
    of: &[(String, Text)],
    chosen: &str,
    act: &Callback<Action>,
) -> Html {
    let (act, id) = (act.clone(), knob.id.clone());
    let onchange = Callback::from(move |event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        if let Some(select) = select {
            let (knob, to) = (id.clone(), Setting::Choice(select.value()));
            act.emit(Action::Play(Play::Turn { knob, to }));
        }
    });
    html! {
        <label class="knob">
            <span class="named"><span>{ said(state, &knob.label) }</span></span>
            <select class="text" data-test="knob" data-knob={knob.id.clone()} {onchange}>
                { for of.iter().map(|(id, text)| html! {
                    <option value={id.clone()} selected={id == chosen}>{ said(state, text) }</option>
                }) }
            </select>
        </label>
    }
}

/// What a setting is called.
pub(super) fn set_to(state: &State, knob: &ToldKnob, setting: &Setting) -> String {
    match (&knob.control, setting) {
        (ToldControl::Range(range), Setting::Number(number)) => counted(range.unit, *number),
        (ToldControl::Choice { of, .. }, Setting::Choice(chosen)) => {
            let found = of.iter().find(|(id, _)| id == chosen);
            found.map_or_else(String::new, |(_, text)| said(state, text))
        }
        _ => String::new(),
    }
}

/// Knobs that are turned on the way: each can be taken back.
fn turns(state: &State, told: &Told, act: &Callback<Action>) -> Html {
    let words = state.words;
    let turns = &state.playing.trial.turns;
    if turns.is_empty() {
        return html! {};
    }
    let one = |(place, turn): (usize, &synema_play::Turn)| {
        let knob = told.knob(&turn.knob)?;
        let run = state.playing.run.as_ref();
        let is_early = run.is_some_and(|run| run.from_start.contains(turn));
        let at = time(turn.at.as_nanos());
        let (label, to) = (said(state, &knob.label), set_to(state, knob, &turn.setting));
        let text = fill(
            words.knobs_turned,
            &[("time", &at), ("knob", &label), ("to", &to)],
        );
        Some(html! {
            <li data-test="turn"><span>{ text }
                if is_early { <span class="quiet">{ " " }{ words.knobs_early }</span> }</span>
                <button class="pen" aria-label={words.note_remove} title={words.note_remove}
                    onclick={does(act, move || Action::Play(Play::Unturn(place)))}>{ "✕" }</button></li>
        })
    };
    html! { <ul class="turns">{ for turns.iter().enumerate().filter_map(one) }</ul> }
}

/// What chance is made of: another number, another run.
fn seed(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let act = act.clone();
    let onchange = Callback::from(move |event: Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(seed) = input.and_then(|input| input.value().parse().ok()) {
            act.emit(Action::Play(Play::Seed(seed)));
        }
    });
    html! {
        <label class="knob seed" title={words.seed_hint}>
            <span>{ words.seed }</span>
            <input class="text" type="number" min="0" data-test="seed"
                value={state.playing.trial.seed.to_string()} {onchange} />
        </label>
    }
}
