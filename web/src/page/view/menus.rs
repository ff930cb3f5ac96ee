//! The two menus above the ladder: time axis and labels.

use super::does;
use crate::page::state::{Action, State};
use synema_diagram::view::{Axis, LabelMode};
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Both.
pub fn menus(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let view = &state.reader.view;
    let fold = !view.fold;
    let axes = [
        (Axis::Gaps, "gaps", words.axis_gaps),
        (Axis::Linear, "linear", words.axis_linear),
        (Axis::Rows, "rows", words.axis_rows),
    ];
    let labels = [
        (LabelMode::Words, "words", words.labels_words),
        (LabelMode::Numbers, "numbers", words.labels_numbers),
    ];
    html! {
        <div class="menus">
            { menu("axis", words.axis, &axes, view.axis, act, Action::Axis) }
            <label class="menu" title={words.fold_hint}>
                <input type="checkbox" data-test="fold" checked={view.fold}
                    onchange={does(act, move || Action::Fold(fold))} />
                <span>{ words.fold }</span>
            </label>
            { menu("labels", words.labels, &labels, view.labels, act, Action::Labels) }
        </div>
    }
}

/// A menu of choices.
pub fn menu<T: Copy + PartialEq + 'static>(
    test: &'static str,
    name: &'static str,
    choices: &[(T, &'static str, &'static str)],
    chosen: T,
    act: &Callback<Action>,
    action: fn(T) -> Action,
) -> Html {
    let values: Vec<T> = choices.iter().map(|choice| choice.0).collect();
    let act = act.clone();
    let onchange = Callback::from(move |event: Event| {
        let select = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let index = select.map_or(-1, |select| select.selected_index());
        if let Some(value) = usize::try_from(index)
            .ok()
            .and_then(|index| values.get(index))
        {
            act.emit(action(*value));
        }
    });
    html! {
        <label class="menu">
            <span>{ name }{ ":" }</span>
            <select data-test={test} {onchange}>
                { for choices.iter().map(|(value, id, text)| html! {
                    <option value={*id} selected={*value == chosen}>{ *text }</option>
                }) }
            </select>
        </label>
    }
}
