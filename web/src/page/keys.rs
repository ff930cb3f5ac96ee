//! What keys do: go from packet to packet, write, move an experiment's cursor.

use super::graphs::Plotting;
use super::playing::{Goal, Play};
use super::sharing::Share;
use super::state::Action;
use super::writing::{Dialog, Pen};
use crate::protocol::Write;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};
use yew::Callback;

/// Keys go from packet to packet and write on them, unless somebody types.
pub(super) fn keydown(event: &Event, act: &Callback<Action>) {
    let Some(key) = event.dyn_ref::<KeyboardEvent>() else {
        return;
    };
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    // A slider has no use for the space bar.
    let is_slid = |element: &Element| {
        key.key() == " " && element.get_attribute("type").as_deref() == Some("range")
    };
    let types = target.as_ref().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA") && !is_slid(element)
    });
    if types || key.alt_key() || is_answering() {
        return;
    }
    let action = if key.ctrl_key() || key.meta_key() {
        match (key.key().to_ascii_lowercase().as_str(), key.shift_key()) {
            ("z", false) => Action::Pen(Pen::Write(Write::Undo)),
            ("z", true) | ("y", false) => Action::Pen(Pen::Write(Write::Redo)),
            _ => return,
        }
    } else {
        let along = target
            .filter(may_play)
            .and_then(|_| playing_key(&key.key()));
        match along.or_else(|| plain_key(&key.key())) {
            Some(action) => action,
            None if key.key() == "/" => {
                event.prevent_default();
                focus("filter");
                return;
            }
            None => return,
        }
    };
    event.prevent_default();
    act.emit(action);
}

/// Whether a dialog is open: its keys are its own.
fn is_answering() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| matches!(document.query_selector("dialog[open]"), Ok(Some(_))))
}

/// Whether keys move the cursor of an experiment: one is shown, and nothing is pressed by them.
fn may_play(target: &Element) -> bool {
    let is_pressed = matches!(target.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY");
    let document = web_sys::window().and_then(|window| window.document());
    let shows = document.is_some_and(|document| {
        let shown = document.query_selector("[data-source='experiment']");
        matches!(shown, Ok(Some(_)))
    });
    shows && !is_pressed
}

/// What a key does to the cursor of an experiment.
fn playing_key(key: &str) -> Option<Action> {
    Some(Action::Play(match key {
        " " => Play::Toggle,
        "ArrowRight" => Play::Step(1),
        "ArrowLeft" => Play::Step(-1),
        "[" => Play::Start,
        "]" => Play::End,
        "l" => Play::Until(Goal::Loss),
        "t" => Play::Until(Goal::State),
        "r" => Play::Run,
        _ => return None,
    }))
}

/// What a key does by itself.
fn plain_key(key: &str) -> Option<Action> {
    Some(match key {
        "ArrowDown" | "j" => Action::Step(1),
        "ArrowUp" | "k" => Action::Step(-1),
        "Escape" => Action::Select(None),
        "n" => Action::Pen(Pen::Note),
        "h" => Action::Pen(Pen::Highlight),
        "x" => Action::Pen(Pen::Hide),
        "b" => Action::Pen(Pen::Bracket),
        "a" => Action::Pen(Pen::Panel),
        "s" => Action::Share(Share::Open),
        "g" => Action::Plot(Plotting::Toggle),
        "?" => Action::Dialog(Some(Dialog::Keys)),
        _ => return None,
    })
}

fn focus(id: &str) {
    let element = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id(id))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // Only an element that cannot be focused refuses, and nothing is lost then.
        let _ = element.focus();
    }
}
