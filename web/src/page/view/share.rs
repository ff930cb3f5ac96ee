//! The dialog that shares: which packets, as what, with what in it.

use super::dialog::Modal;
use super::does;
use crate::page::sharing::{PartChoice, Said, Share, Sharing};
use crate::page::state::{Action, Source, State};
use crate::protocol::{Form, Shared};
use crate::words::{Word, fill, grouped};
use synema_diagram::link::Reach;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The dialog.
pub fn dialog(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let close = does(act, || Action::Dialog(None));
    html! {
        <Modal key="share" test="share" title={words.share} wide={true} {close}>
            <div class="share">
                { parts(state, act) }
                { forms(state, act) }
                { payload(state, act) }
                { made(state, act) }
                { buttons(state, act) }
            </div>
        </Modal>
    }
}

fn parts(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    if state.sharing.form == Form::Experiment {
        return html! {};
    }
    let extent = &state.reader.extent;
    let all = fill(words.share_all, &[("n", &grouped(extent.packets))]);
    let shown = fill(words.share_shown, &[("n", &grouped(extent.shown))]);
    let is_part = extent.shown < extent.packets;
    let one = |part: PartChoice, test: &'static str, text: String| {
        let is_chosen = state.sharing.part == part
            || (!is_part
                && part == PartChoice::Everything
                && state.sharing.part == PartChoice::Shown);
        html! {
            <label><input type="radio" name="part" data-test={test} checked={is_chosen}
                onchange={does(act, move || Action::Share(Share::Part(part)))} />{ " " }{ text }</label>
        }
    };
    html! {
        <fieldset><legend>{ words.share_what }</legend>
            { one(PartChoice::Everything, "share-all", all) }
            if is_part { { one(PartChoice::Shown, "share-shown", shown) } }
            { one(PartChoice::Sight, "share-sight", words.share_sight.to_owned()) }
        </fieldset>
    }
}

/// What a form is called, and what it is good for.
fn described(form: Form) -> (Word, Word) {
    match form {
        Form::Svg => (|words| words.form_svg, |words| words.form_svg_for),
        Form::Png => (|words| words.form_png, |words| words.form_png_for),
        Form::Html => (|words| words.form_html, |words| words.form_html_for),
        Form::Link => (|words| words.form_link, |words| words.form_link_for),
        Form::Experiment => (
            |words| words.form_experiment,
            |words| words.form_experiment_for,
        ),
        Form::Text => (|words| words.form_text, |words| words.form_text_for),
        Form::Markdown => (|words| words.form_markdown, |words| words.form_markdown_for),
        Form::Mermaid => (|words| words.form_mermaid, |words| words.form_mermaid_for),
        Form::Pcapng => (|words| words.form_pcapng, |words| words.form_pcapng_for),
    }
}

fn forms(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let one = |form: Form| {
        let (name, what_for) = described(form);
        html! {
            <label class="form-choice">
                <input type="radio" name="form" data-test={format!("form-{}", form.ending())}
                    checked={state.sharing.form == form}
                    onchange={does(act, move || Action::Share(Share::Form(form)))} />
                <b>{ name(words) }</b><span class="quiet">{ what_for(words) }</span>
            </label>
        }
    };
    html! {
        <fieldset class="forms"><legend>{ words.share_as }</legend>
            if state.source == Source::Experiment { { one(Form::Experiment) } }
            { for Form::ALL.map(one) }
        </fieldset>
    }
}

fn payload(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    if !state.sharing.form.carries() {
        return html! {};
    }
    let has = state.sharing.payload;
    html! {
        <div class="payload">
            <label><input type="checkbox" data-test="share-payload" checked={has}
                onchange={does(act, move || Action::Share(Share::Payload(!has)))} />{ " " }{ words.share_payload }</label>
            <p class={if has { "problem" } else { "quiet" }}>
                { if has { words.share_payload_in } else { words.share_payload_out } }
            </p>
        </div>
    }
}

fn made(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let sharing = &state.sharing;
    match &sharing.made {
        Some(Shared::Nothing(why)) => {
            html! { <p class="problem" role="alert" data-test="share-problem">{ why }</p> }
        }
        Some(_) => {
            let text = sharing.text().unwrap_or_default();
            let is_link = sharing.form.is_link();
            html! {
                <>
                    if is_link { { viewer(state, act) } }
                    <textarea class={classes!("text", "made")} data-test="share-text" readonly={true}
                        aria-label={words.share_text} rows={if is_link { "3" } else { "10" }} value={text} />
                    { for sharing.cost(words).map(|cost| self::cost(sharing, &cost)) }
                </>
            }
        }
        None if sharing.form.is_text() => {
            html! { <p class="quiet" role="status">{ words.share_making }</p> }
        }
        None => html! {},
    }
}

fn cost(sharing: &Sharing, text: &str) -> Html {
    let len = sharing.link().map_or(0, |link| link.chars().count());
    let (name, class) = match Reach::of(len) {
        Reach::Anywhere => ("anywhere", "quiet"),
        Reach::Most => ("most", "warn"),
        Reach::File => ("file", "problem"),
    };
    html! {
        <p {class} role="status" data-test="link-cost" data-reach={name} data-length={len.to_string()}>{ text.to_owned() }</p>
    }
}

/// Where others find this page: it is not known here.
fn viewer(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let act = act.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            act.emit(Action::Share(Share::Viewer(input.value())));
        }
    });
    html! {
        <label class="field">
            <span>{ words.share_viewer }</span>
            <input class="text" data-test="viewer" autocomplete="off" spellcheck="false"
                value={state.sharing.viewer.clone()} {oninput} />
            if state.sharing.is_local() { <span class="warn" data-test="viewer-local">{ words.share_local }</span> }
        </label>
    }
}

fn buttons(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let sharing = &state.sharing;
    let is_text = sharing.form.is_text();
    let is_there = sharing.text().is_some();
    let said = sharing.said.map(|said| match said {
        Said::Copied => words.share_copied,
        Said::NotCopied => words.share_not_copied,
        Said::Making => words.share_making,
    });
    html! {
        <div class="row choices">
            if is_text {
                <button class="button first" data-test="share-copy" disabled={!is_there}
                    onclick={does(act, || Action::Share(Share::Copy))}>{ words.share_copy }</button>
            }
            if !sharing.form.is_link() {
                <button class={classes!("button", (!is_text).then_some("first"))} data-test="share-download"
                    disabled={is_text && !is_there}
                    onclick={does(act, || Action::Share(Share::Download))}>{ words.share_download }</button>
            }
            <button class="button" data-test="share-close"
                onclick={does(act, || Action::Dialog(None))}>{ words.close }</button>
            <span class="quiet push" role="status" data-test="share-said">{ said.unwrap_or_default() }</span>
        </div>
    }
}
