//! The filter's field: an expression, what is wrong with it, how many packets it means.

use super::{Language, does};
use crate::page::looking::{FilterField, Verdict};
use crate::page::state::{Action, State};
use crate::protocol::{Extent, FilterProblem};
use crate::words::{Word, fill, grouped};
use synema_diagram::view::Filter;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// Expressions for who does not know the language, and what they mean.
const EXAMPLES: [(&str, Word); 6] = [
    ("tcp.analysis.retransmission", |words| words.example_again),
    ("tcp.flags.syn == 1 || tcp.flags.fin == 1", |words| {
        words.example_ends
    }),
    ("tcp.len > 0", |words| words.example_data),
    ("tcp.port == 80", |words| words.example_port),
    ("tcp.analysis.flags", |words| words.example_analysis),
    ("arp || dns || icmp", |words| words.example_side),
];

/// The field.
pub fn field(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let filter = &state.looking.filter;
    let is_bad = matches!(filter.verdict, Verdict::Bad(_));
    html! {
        <div class="filter" role="search" data-test="filter-state" data-state={filter.state_name()}>
            <input class="text" id="filter" data-test="filter" type="text" autocomplete="off"
                autocapitalize="off" spellcheck="false" aria-label={words.filter_label}
                placeholder={words.filter_placeholder} value={filter.text.clone()}
                aria-invalid={is_bad.to_string()} aria-describedby="filter-said"
                oninput={typed(act)} onkeydown={keys(act)} />
            if !filter.text.is_empty() {
                <button class="clear" aria-label={words.filter_clear} title={words.filter_clear}
                    onclick={does(act, || Action::Filter { text: String::new(), enter: true })}>{ "✕" }</button>
            }
            <div class="filter-drop" id="filter-said" aria-live="polite">
                { said(words, filter, &state.reader.extent) }
                if filter.text.is_empty() {
                    <p class="quiet">{ words.filter_help }</p>
                    <ul>{ for EXAMPLES.iter().map(|&(text, title)| example(words, text, title, act)) }</ul>
                }
            </div>
        </div>
    }
}

fn said(words: Language, filter: &FilterField, extent: &Extent) -> Html {
    match &filter.verdict {
        Verdict::Bad(problem) => wrong(filter, problem),
        Verdict::Unknown => html! {},
        Verdict::Good if filter.waits() => html! { <p>{ words.filter_enter }</p> },
        Verdict::Good => {
            let text = if extent.shown == 0 {
                words.filter_nothing.to_owned()
            } else {
                counted(words, extent)
            };
            html! { <p>{ text }</p> }
        }
    }
}

/// `12 of 300 packets`.
pub fn counted(words: Language, extent: &Extent) -> String {
    fill(
        words.filter_counted,
        &[
            ("n", &grouped(extent.shown)),
            ("all", &grouped(extent.packets)),
        ],
    )
}

/// The expression with the place that is not understood, and why.
fn wrong(filter: &FilterField, problem: &FilterProblem) -> Html {
    let text = filter.text.trim();
    let part = |from: u32, to: u32| {
        text.get(from as usize..to as usize)
            .unwrap_or_default()
            .to_owned()
    };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    html! {
        <div data-test="filter-problem">
            <code>{ part(0, problem.from) }<mark>{ part(problem.from, problem.to) }</mark>
                { part(problem.to, end) }</code>
            <p class="problem">{ &problem.what }</p>
        </div>
    }
}

fn example(words: Language, text: &'static str, title: Word, act: &Callback<Action>) -> Html {
    html! {
        <li><button data-test="filter-example" onclick={does(act, move || Action::Filter {
            text: text.to_owned(),
            enter: true,
        })}><code>{ text }</code><span class="quiet">{ title(words) }</span></button></li>
    }
}

fn typed(act: &Callback<Action>) -> Callback<InputEvent> {
    let act = act.clone();
    Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            act.emit(Action::Filter {
                text: input.value(),
                enter: false,
            });
        }
    })
}

/// Enter applies; Escape clears, and leaves the field when there is nothing to clear.
fn keys(act: &Callback<Action>) -> Callback<KeyboardEvent> {
    let act = act.clone();
    Callback::from(move |event: KeyboardEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else {
            return;
        };
        let text = match event.key().as_str() {
            "Enter" => input.value(),
            "Escape" if input.value().is_empty() => {
                // An element that is not focused any more has nothing to lose.
                let _ = HtmlElement::blur(&input);
                return;
            }
            "Escape" => String::new(),
            _ => return,
        };
        act.emit(Action::Filter { text, enter: true });
    })
}

/// What is not all there is: said above the ladder, with the way back.
pub fn note(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let Filter::Stream(stream) = state.reader.view.filter else {
        return html! {};
    };
    html! {
        <p class="alone" data-test="alone" data-stream={stream.to_string()}>
            <span>{ fill(words.alone, &[("n", &stream)]) }</span>
            <button class="link" data-test="show-all"
                onclick={does(act, || Action::Only(None))}>{ words.alone_back }</button>
        </p>
    }
}
