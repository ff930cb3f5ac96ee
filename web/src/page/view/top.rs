//! The bar at the top, and the banner below it.

use super::{contents, does, filter};
use crate::page::playing::Play;
use crate::page::sharing::Share;
use crate::page::state::{Action, Source, State, Theme};
use crate::page::wire::{Bridge, Claim};
use crate::page::writing::Pen;
use crate::protocol::Gone;
use crate::words::{Words, fill};
use synema_diagram::words::Language;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement};
use yew::prelude::*;

/// Name, places, what is shown, the bridge's lamp, the theme.
pub fn bar(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let place = |is_here: bool| is_here.then_some("page");
    let is_file = matches!(state.source, Source::File { .. });
    let open = act.clone();
    let on_file = Callback::from(move |event: Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                open.emit(Action::Open(file));
            }
            // The same file can be chosen again.
            input.set_value("");
        }
    });
    let theme = state.theme.other();
    html! {
        <header class="top">
            <h1>{ words.title }</h1>
            <nav aria-label={words.places}>
                <button class="place" data-test="place-experiments" aria-current={place(state.source == Source::Experiment)}
                    onclick={does(act, || Action::Play(Play::Show))}>{ words.place_experiments }</button>
                <button class="place" data-test="place-wire" aria-current={place(state.source == Source::Wire)}
                    onclick={does(act, || Action::ShowWire)}>{ words.place_wire }</button>
                <label class="place open-file" aria-current={place(is_file)}>
                    { words.place_file }
                    <input type="file" data-test="open" accept=".pcap,.pcapng,.cap,.ntar,.dmp,.gz,.svg,.png,.html"
                        aria-label={words.place_file} onchange={on_file} />
                </label>
                { samples(state, act) }
            </nav>
            { filter::field(state, act) }
            <span class="about">{ about(state) }</span>
            <span class="pens">
            <button class="button small" data-test="annotate" aria-pressed={state.writing.open.to_string()}
                title={words.annotate_hint} onclick={does(act, || Action::Pen(Pen::Panel))}>{ words.annotate }</button>
            <button class="button small first" data-test="share-open" title={words.share_hint}
                disabled={state.reader.extent.packets == 0}
                onclick={does(act, || Action::Share(Share::Open))}>{ words.share }</button>
            </span>
            { lamp(state) }
            { languages(state, act) }
            <button class="button small" title={words.theme_hint} data-test="theme"
                onclick={does(act, move || Action::Theme(theme))}>
                { if theme == Theme::Dark { words.theme_dark } else { words.theme_light } }
            </button>
        </header>
    }
}

/// A menu of the captures that come with the page.
fn samples(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    html! {
        <details class="drop-down">
            <summary class="place" data-test="menu" aria-label={words.samples} title={words.samples}>{ "▾" }</summary>
            <div class="drop" onclick={Callback::from(|event: MouseEvent| close(&event))}>
                { contents::samples(words, "menu-sample", act) }
            </div>
        </details>
    }
}

/// Closes the menu in which something was chosen.
fn close(event: &MouseEvent) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let menu = target.and_then(|target| target.closest("details").ok()?);
    if let Some(menu) = menu {
        // It has the attribute, or it could not have been pressed.
        let _ = menu.remove_attribute("open");
    }
}

/// `EN · JA`: each language under its code, which is the same in all of them.
fn languages(state: &State, act: &Callback<Action>) -> Html {
    let one = |language: Language| {
        let is_spoken = state.words == Words::of(language);
        let code = language.code();
        html! {
            <button class="link" lang={code} data-test={format!("speak-{code}")} aria-pressed={is_spoken.to_string()}
                onclick={does(act, move || Action::Speak(language))}>{ code.to_uppercase() }</button>
        }
    };
    html! {
        <span class="languages" role="group" aria-label={state.words.language} title={state.words.language}>
            { one(Language::English) }{ "·" }{ one(Language::Japanese) }
        </span>
    }
}

fn about(state: &State) -> String {
    let words = state.words;
    match (&state.source, &state.wire.hello) {
        (Source::Experiment, _) => words.about_experiment.to_owned(),
        (Source::File { name, .. }, _) => fill(words.about_file, &[("name", name)]),
        (Source::Wire, Some(hello)) => fill(words.about_wire, &[("interface", &hello.interface)]),
        (Source::Wire, None) => String::new(),
    }
}

fn lamp(state: &State) -> Html {
    let words = state.words;
    let name = state.wire.state_name();
    let text = match (&state.wire.bridge, &state.wire.address.claim) {
        (Bridge::Absent, _) => words.lamp_absent.to_owned(),
        (Bridge::Connecting, _) => words.lamp_connecting.to_owned(),
        (Bridge::Open, Claim::Ours { addr, .. }) => fill(words.lamp_claimed, &[("addr", addr)]),
        (Bridge::Open, _) => words.lamp_open.to_owned(),
        (Bridge::Lost { .. }, _) => words.lamp_lost.to_owned(),
        (Bridge::Refused { .. }, _) => words.lamp_refused.to_owned(),
    };
    html! { <span class="lamp" role="status" data-test="bridge" data-state={name}>{ text }</span> }
}

/// Waits get as long as this when a bridge stays away, milliseconds.
const LONG_MS: u32 = 4_000;

/// What must not be missed: the bridge is gone, or something of the page broke.
pub fn banner(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    if let Some(trouble) = &state.trouble {
        let problem = trouble.words(words);
        return html! {
            <div class="banner bad" role="alert" data-test="banner">
                <strong>{ problem.cause }</strong>
                <span>{ problem.next }</span>
                <button class="link" onclick={does(act, || Action::Dismiss)}>{ words.unselect }</button>
            </div>
        };
    }
    match &state.wire.bridge {
        Bridge::Lost { why, retry_ms } => lost(words, why, *retry_ms),
        _ => html! {},
    }
}

fn lost(words: &Words, why: &Gone, retry_ms: u32) -> Html {
    let why = match why {
        Gone::Unknown => "",
        Gone::Silent => words.bridge_silent,
        Gone::Closed(why) => why,
    };
    let seconds = format!("{:.1}", f64::from(retry_ms) / 1000.0);
    let text = fill(words.banner_lost_text, &[("seconds", &seconds)]);
    html! {
        <div class="banner" role="alert" data-test="banner">
            <strong>{ words.banner_lost }</strong>
            <span>{ text }</span>
            if retry_ms >= LONG_MS { <span>{ words.banner_lost_long }</span> }
            if !why.is_empty() { <span class="quiet">{ why }</span> }
        </div>
    }
}
