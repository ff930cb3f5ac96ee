//! What lies above the page until it is answered: a browser's own dialog, so that the keyboard
//! stays in it and Escape leaves it.

use super::{Language, does, draft, experiment, share};
use crate::page::state::{Action, State};
use crate::page::writing::Dialog;
use crate::words::Word;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Each key, or keys, and what it does.
const KEYS: [(&str, Word); 20] = [
    ("↓ j", |words| words.key_next),
    ("↑ k", |words| words.key_previous),
    ("Space", |words| words.key_play),
    ("→ ←", |words| words.key_moment),
    ("[ ]", |words| words.key_ends),
    ("l", |words| words.key_loss),
    ("t", |words| words.key_state),
    ("r", |words| words.key_run),
    ("Esc", |words| words.key_escape),
    ("/", |words| words.key_filter),
    ("n", |words| words.key_note),
    ("h", |words| words.key_highlight),
    ("x", |words| words.key_hide),
    ("b", |words| words.key_bracket),
    ("a", |words| words.key_annotate),
    ("g", |words| words.key_graph),
    ("s", |words| words.key_share),
    ("Ctrl Z", |words| words.key_undo),
    ("Ctrl ⇧ Z", |words| words.key_redo),
    ("?", |words| words.key_keys),
];

/// What a dialog is given.
#[derive(Clone, PartialEq, Properties)]
pub struct ModalProps {
    /// Its name for tests.
    pub test: &'static str,
    /// Its title.
    pub title: AttrValue,
    /// Whether there is much in it.
    #[prop_or_default]
    pub wide: bool,
    /// What is in it.
    pub children: Html,
    /// What Ctrl and Enter do in it.
    #[prop_or_default]
    pub done: Option<Callback<()>>,
    /// What leaves it.
    pub close: Callback<()>,
}

/// A dialog.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let element = use_node_ref();
    {
        let (element, close) = (element.clone(), props.close.clone());
        use_effect_with((), move |()| {
            // The browser closes it by itself too: by Escape, wherever the keyboard is.
            let closed = Closure::<dyn FnMut()>::new(move || close.emit(()));
            if let Some(dialog) = element.cast::<HtmlDialogElement>() {
                let function = closed.as_ref().unchecked_ref();
                // One that is shown for the first time refuses neither.
                let _ = dialog.add_event_listener_with_callback("close", function);
                let _ = dialog.show_modal();
            }
            move || drop(closed)
        });
    }
    let (close, done) = (props.close.clone(), props.done.clone());
    let onkeydown = Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            close.emit(());
        }
        "Enter" if event.ctrl_key() || event.meta_key() => {
            if let Some(done) = &done {
                event.prevent_default();
                done.emit(());
            }
        }
        _ => {}
    });
    // A click beside it is a click on the dialog's own element.
    let (close, here) = (props.close.clone(), element.clone());
    let onmousedown = Callback::from(move |event: MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
        if target.is_some() && target == here.cast::<HtmlDialogElement>() {
            close.emit(());
        }
    });
    html! {
        <dialog class={classes!("modal", props.wide.then_some("wide"))} ref={element} data-test={props.test} aria-label={props.title.clone()}
            {onkeydown} {onmousedown}>
            <div class="inside">
                <h2>{ &props.title }</h2>
                { props.children.clone() }
            </div>
        </dialog>
    }
}

/// The dialog that is open, if one is.
pub fn view(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let close = does(act, || Action::Dialog(None));
    match &state.dialog {
        None => html! {},
        Some(Dialog::Keys) => html! {
            <Modal key="keys" test="keys" title={words.keys_title} {close}>{ keys(words) }</Modal>
        },
        Some(Dialog::OnAWire) => html! {
            <Modal key="on-a-wire" test="on-a-wire-dialog" title={words.experiment_on_wire} {close}>
                { experiment::on_a_wire(state, act) }
            </Modal>
        },
        Some(Dialog::Share) => share::dialog(state, act),
        Some(Dialog::Draft(one)) => draft::dialog(state, one, act),
        Some(Dialog::Unsaved(_)) => html! {
            <Modal key="unsaved" test="unsaved" title={words.unsaved_title} {close}>
                { unsaved(words, act) }
            </Modal>
        },
    }
}

fn keys(words: Language) -> Html {
    html! {
        <dl class="key-list">
            { for KEYS.iter().map(|(keys, what)| html! {
                <>
                    <dt>{ for keys.split(' ').map(|key| html! { <kbd>{ key }</kbd> }) }</dt>
                    <dd>{ what(words) }</dd>
                </>
            }) }
        </dl>
    }
}

fn unsaved(words: Language, act: &Callback<Action>) -> Html {
    html! {
        <>
            <p>{ words.unsaved_text }</p>
            <div class="row choices">
                <button class="button first" data-test="unsaved-save" autofocus={true}
                    onclick={does(act, || Action::Answer { save: true })}>{ words.unsaved_save }</button>
                <button class="button" data-test="unsaved-discard"
                    onclick={does(act, || Action::Answer { save: false })}>{ words.unsaved_discard }</button>
                <button class="button" data-test="unsaved-cancel"
                    onclick={does(act, || Action::Dialog(None))}>{ words.cancel }</button>
            </div>
        </>
    }
}
