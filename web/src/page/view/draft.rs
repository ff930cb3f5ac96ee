//! The dialog in which a note, a bracket or a lane's name is written.

use super::dialog::Modal;
use super::does;
use crate::page::state::{Action, State};
use crate::page::writing::{Draft, On, Pen};
use crate::protocol::Place;
use crate::words::{fill, grouped};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The dialog.
pub fn dialog(state: &State, draft: &Draft, act: &Callback<Action>) -> Html {
    let words = state.words;
    let close = does(act, || Action::Dialog(None));
    let done = does(act, || Action::Pen(Pen::Done));
    let submit = act.reform(|event: SubmitEvent| {
        event.prevent_default();
        Action::Pen(Pen::Done)
    });
    let erase = matches!(draft.on, On::Written(_)).then(|| erased(act));
    html! {
        <Modal key="draft" test="draft" title={title(state, &draft.on)} {close} done={Some(done)}>
            <form onsubmit={submit}>
                { name(state, draft, act) }
                { between(state, draft, act) }
                <label class="field">
                    <span>{ words.note_text }</span>
                    <textarea class="text" data-test="note-text" rows="4" value={draft.text.clone()}
                        autofocus={!matches!(draft.on, On::Lane { .. })}
                        oninput={written(act)} />
                </label>
                <div class="row choices">
                    <button class="button first" type="submit" data-test="note-save">{ words.note_save }</button>
                    <button class="button" type="button" data-test="note-cancel"
                        onclick={does(act, || Action::Dialog(None))}>{ words.cancel }</button>
                    if let Some(erase) = erase {
                        <button class="button" type="button" data-test="note-remove" onclick={erase}>
                            { words.note_remove }
                        </button>
                    }
                    <span class="quiet push"><kbd>{ "Ctrl" }</kbd>{ " " }<kbd>{ "Enter" }</kbd></span>
                </div>
            </form>
        </Modal>
    }
}

/// The note or bracket goes.
fn erased(act: &Callback<Action>) -> Callback<MouseEvent> {
    let act = act.clone();
    Callback::from(move |_| {
        act.emit(Action::Pen(Pen::Text(String::new())));
        act.emit(Action::Pen(Pen::Done));
    })
}

fn title(state: &State, on: &On) -> String {
    let words = state.words;
    match on {
        On::Place(place) => on_place(state, place),
        On::Between { from, to, .. } => fill(
            words.note_between,
            &[
                ("from", &grouped(*from.min(to))),
                ("to", &grouped(*from.max(to))),
            ],
        ),
        On::Lane { title, .. } => fill(words.note_on_lane, &[("lane", title)]),
        On::Written(id) => {
            let written = &state.writing.written;
            let note = written.notes.iter().find(|note| note.id == *id);
            match note {
                Some(note) => on_place(state, &note.on),
                None => words.bracket_reword.to_owned(),
            }
        }
    }
}

/// Where a note is, in words.
pub fn on_place(state: &State, place: &Place) -> String {
    let words = state.words;
    match place {
        Place::Packet(0) | Place::Field { packet: 0, .. } => words.note_elsewhere.to_owned(),
        Place::Packet(packet) => fill(words.note_on_packet, &[("n", &grouped(*packet))]),
        Place::Field { packet, field } => fill(
            words.note_on_field,
            &[("field", field), ("n", &grouped(*packet))],
        ),
        Place::Time { from, to } => fill(
            words.note_on_time,
            &[("from", &grouped(*from)), ("to", &grouped(*to))],
        ),
        Place::Lane(lane) => {
            let name = state.writing.written.lane_name(lane);
            let lane = if name.is_empty() {
                lane.to_string()
            } else {
                name.to_owned()
            };
            fill(words.note_on_lane, &[("lane", &lane)])
        }
    }
}

/// A lane has a name.
fn name(state: &State, draft: &Draft, act: &Callback<Action>) -> Html {
    if !matches!(draft.on, On::Lane { .. }) {
        return html! {};
    }
    let words = state.words;
    let act = act.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            act.emit(Action::Pen(Pen::Name(input.value())));
        }
    });
    html! {
        <label class="field">
            <span>{ words.lane_name }</span>
            <input class="text" data-test="lane-name" autocomplete="off" autofocus={true}
                placeholder={words.lane_name_none} value={draft.name.clone()} {oninput} />
        </label>
    }
}

/// From one packet to another, a bracket is drawn or the time is written on.
fn between(state: &State, draft: &Draft, act: &Callback<Action>) -> Html {
    let On::Between { as_time, .. } = draft.on else {
        return html! {};
    };
    let words = state.words;
    let choice = |is_time: bool, test: &'static str, text: &'static str| {
        html! {
            <label><input type="radio" name="between" data-test={test} checked={as_time == is_time}
                onchange={does(act, move || Action::Pen(Pen::AsTime(is_time)))} />{ " " }{ text }</label>
        }
    };
    html! {
        <div class="between" role="radiogroup">
            { choice(false, "as-bracket", words.as_bracket) }
            { choice(true, "as-time", words.as_time) }
        </div>
    }
}

fn written(act: &Callback<Action>) -> Callback<InputEvent> {
    let act = act.clone();
    Callback::from(move |event: InputEvent| {
        let area = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok());
        if let Some(area) = area {
            act.emit(Action::Pen(Pen::Text(area.value())));
        }
    })
}
