//! The panel with all that is written on a capture, and a note as it stands in the panels.

use super::{Language, does, draft};
use crate::page::state::{Action, State};
use crate::page::writing::{On, Pen};
use crate::protocol::{Place, Write, Written, WrittenNote};
use crate::words::{fill, grouped};
use synema_diagram::annotate::NoteId;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The whole panel.
pub fn panel(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let written = &state.writing.written;
    let count = written.notes.len() + written.brackets.len();
    html! {
        <section class="panel left notes" aria-label={words.annotate} id="panel-wire" data-test="notes"
            data-count={count.to_string()} data-unsaved={written.unsaved.to_string()}>
            <header>
                <div class="nth">
                    <h2 class="lead">{ words.notes_title }</h2>
                    <button class="link" data-test="notes-close" aria-label={words.unselect} title={words.unselect}
                        onclick={does(act, || Action::Pen(Pen::Panel))}>{ "✕" }</button>
                </div>
                { undo(words, written, act) }
            </header>
            { about(state, act) }
            if count == 0 { <p class="quiet how">{ words.notes_how }</p> }
            <ul class="list">
                { for written.notes.iter().map(|note| entry(state, note, act)) }
                { for written.brackets.iter().map(|bracket| {
                    let text = fill(words.note_between, &[
                        ("from", &grouped(bracket.from)),
                        ("to", &grouped(bracket.to)),
                    ]);
                    row(words, bracket.id, Some(bracket.from).filter(|from| *from > 0), &text, &bracket.text, act)
                }) }
            </ul>
            { marks(words, written, act) }
            if written.unsaved { <p class="quiet" data-test="notes-unsaved">{ words.notes_unsaved }</p> }
        </section>
    }
}

fn undo(words: Language, written: &Written, act: &Callback<Action>) -> Html {
    html! {
        <div class="row">
            <button class="button small" data-test="undo" disabled={!written.can_undo}
                onclick={does(act, || Action::Pen(Pen::Write(Write::Undo)))}>{ words.undo }</button>
            <button class="button small" data-test="redo" disabled={!written.can_redo}
                onclick={does(act, || Action::Pen(Pen::Write(Write::Redo)))}>{ words.redo }</button>
        </div>
    }
}

/// The value of an input or a text area that an event came from.
fn value_of(event: &Event) -> Option<String> {
    let target = event.target()?;
    let input = target.dyn_ref::<HtmlInputElement>();
    let area = target.dyn_ref::<HtmlTextAreaElement>();
    input
        .map(HtmlInputElement::value)
        .or_else(|| area.map(HtmlTextAreaElement::value))
}

/// Title and summary, written where they stand.
fn about(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let written = &state.writing.written;
    let value = |which: usize, there: &String| {
        let typed = state.writing.typed[which].as_ref();
        typed.unwrap_or(there).clone()
    };
    let typing = |which: usize| {
        let act = act.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(text) = value_of(&event) {
                act.emit(Action::Pen(Pen::Typing(which, text)));
            }
        })
    };
    html! {
        <div class="about-it">
            <label class="field">
                <span>{ words.notes_name }</span>
                <input class="text" data-test="title" autocomplete="off" value={value(0, &written.title)}
                    oninput={typing(0)} onchange={does(act, || Action::Pen(Pen::Typed(0)))} />
            </label>
            <label class="field">
                <span>{ words.notes_summary }</span>
                <textarea class="text" data-test="summary" rows="3" value={value(1, &written.summary)}
                    oninput={typing(1)} onchange={does(act, || Action::Pen(Pen::Typed(1)))} />
            </label>
        </div>
    }
}

fn entry(state: &State, note: &WrittenNote, act: &Callback<Action>) -> Html {
    let place = draft::on_place(state, &note.on);
    row(
        state.words,
        note.id,
        note.on.packet(),
        &place,
        &note.text,
        act,
    )
}

fn row(
    words: Language,
    id: NoteId,
    packet: Option<u64>,
    place: &str,
    text: &str,
    act: &Callback<Action>,
) -> Html {
    let go = match packet {
        Some(packet) => does(act, move || Action::Go {
            packet,
            stream: None,
        }),
        None => does(act, move || Action::Pen(Pen::Begin(On::Written(id)))),
    };
    html! {
        <li class="written">
            <button class="entry" data-test="note-entry" onclick={go}>
                <span class="words">{ if text.is_empty() { words.bracket_silent } else { text } }</span>
                <span class="where">{ place.to_owned() }</span>
            </button>
            { edit(words, id, act) }
        </li>
    }
}

fn edit(words: Language, id: NoteId, act: &Callback<Action>) -> Html {
    html! {
        <button class="pen" data-test="note-edit" aria-label={words.note_edit} title={words.note_edit}
            onclick={does(act, move || Action::Pen(Pen::Begin(On::Written(id))))}>{ "✎" }</button>
    }
}

/// What is highlighted, hidden, or has a name of its own.
fn marks(words: Language, written: &Written, act: &Callback<Action>) -> Html {
    html! {
        <>
            if !written.hidden.is_empty() {
                <p class="quiet" data-test="hidden-count" data-count={written.hidden.len().to_string()}>
                    { fill(words.hidden, &[("n", &grouped(written.hidden.len() as u64))]) }{ " " }
                    <button class="link" data-test="show-hidden"
                        onclick={does(act, || Action::Pen(Pen::Write(Write::ShowHidden)))}>{ words.hidden_show }</button>
                </p>
            }
            if !written.highlights.is_empty() {
                <p class="quiet">{ fill(words.highlighted, &[("n", &grouped(written.highlights.len() as u64))]) }</p>
            }
            { for written.lane_names.iter().map(|(lane, name)| {
                let on = On::Lane { lane: *lane, title: lane.to_string() };
                html! {
                    <p class="quiet">
                        { fill(words.lane_named, &[("lane", lane), ("name", name)]) }{ " " }
                        <button class="link" onclick={does(act, move || Action::Pen(Pen::Begin(on.clone())))}>{ words.note_edit }</button>
                    </p>
                }
            }) }
        </>
    }
}

/// A bracket has one end: where the other is to be chosen.
pub fn bracket_note(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let Some(from) = state.writing.bracket_from else {
        return html! {};
    };
    html! {
        <p class="alone" role="status" data-test="bracket-from" data-frame={from.to_string()}>
            <span>{ fill(words.bracket_from, &[("n", &grouped(from))]) }</span>
            <button class="link" onclick={does(act, || Action::Pen(Pen::NoBracket))}>{ words.cancel }</button>
        </p>
    }
}

/// A note as a card: in the packet panel.
pub fn card(words: Language, note: &WrittenNote, act: &Callback<Action>) -> Html {
    let id = note.id;
    let is_field = matches!(note.on, Place::Field { .. });
    html! {
        <div class={classes!("note", is_field.then_some("on-field"))} data-test="note">
            <p>{ &note.text }</p>
            { edit(words, id, act) }
        </div>
    }
}
