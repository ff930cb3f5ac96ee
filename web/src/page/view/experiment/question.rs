//! What to predict before the run, and what the run has shown.

use super::said;
use crate::page::playing::Play;
use crate::page::state::{Action, State};
use crate::page::view::does;
use synema_sim::experiment::{Answer, Question};
use yew::prelude::*;

/// The question.
pub(super) fn view(state: &State, question: &Question, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let is_told = playing.told_why && playing.answer.is_some();
    html! {
        <fieldset class="question" data-test="question" data-told={is_told.to_string()}>
            <legend>{ said(state, &question.text) }</legend>
            { for question.answers.iter().enumerate().map(|(index, answer)| one(state, index, answer, act)) }
            <div aria-live="polite">
            if is_told {
                <p class="because" data-test="because">{ said(state, &question.because) }</p>
            } else if playing.answer.is_some() {
                <p class="quiet">{ words.question_run }{ " " }
                    <button class="link" data-test="question-why"
                        onclick={does(act, || Action::Play(Play::Why))}>{ words.question_why }</button></p>
            }
            </div>
        </fieldset>
    }
}

fn one(state: &State, index: usize, answer: &Answer, act: &Callback<Action>) -> Html {
    let playing = &state.playing;
    let is_chosen = playing.answer == Some(index);
    let is_told = playing.told_why && playing.answer.is_some();
    let verdict = match (is_told, answer.right, is_chosen) {
        (false, _, _) => "open",
        (true, true, _) => "right",
        (true, false, true) => "wrong",
        (true, false, false) => "other",
    };
    let mark = match verdict {
        "right" => "✓",
        "wrong" => "✗",
        _ => "",
    };
    html! {
        <label class="answer" data-verdict={verdict}>
            <input type="radio" name="answer" data-test="answer" checked={is_chosen}
                data-right={answer.right.to_string()}
                onchange={does(act, move || Action::Play(Play::Answer(index)))} />
            <span>{ said(state, &answer.text) }</span>
            <b aria-hidden="true">{ mark }</b>
        </label>
    }
}
