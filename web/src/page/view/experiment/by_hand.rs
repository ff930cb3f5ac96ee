//! The form in which the reader writes segments, and what there is to say of them.

use super::{said, time};
use crate::page::playing::Play;
use crate::page::playing::by_hand::{ByHand, FLAGS, MOST_LEN, MOST_MOVES};
use crate::page::state::{Action, State};
use crate::page::view::does;
use crate::protocol::Hand;
use crate::words::fill;
use std::str::FromStr;
use synema_core::time::Duration;
use synema_core::wire::tcp::Flags;
use synema_sim::experiment::by_hand::{Move, Remark, RemarkKind, Segment};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The form, and the moves so far with what was said of them, the last one first.
pub(super) fn view(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let hand = playing.run.as_ref().and_then(|run| run.hand.as_deref());
    let moves = playing.trial.moves.as_slice();
    let mut told = moves.iter().enumerate().rev();
    let last = told
        .next()
        .map(|(index, step)| one(state, hand, index, step));
    let earlier = told.map(|(index, step)| one(state, hand, index, step));
    html! {
        <section class="by-hand" data-test="by-hand" data-moves={moves.len().to_string()}>
            <h3>{ words.hand_title }</h3>
            { form(state, act) }
            { send(state, hand, act) }
            <ol class="moves" start={moves.len().to_string()} aria-live="polite">{ for last }</ol>
            { others(state, act) }
            <ol class="moves" reversed={true}>{ for earlier }</ol>
        </section>
    }
}

fn form(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let draft = state.playing.draft.0;
    let flag = |(flag, name, _): &(Flags, &'static str, char)| {
        let (flag, name) = (*flag, *name);
        html! {
            <label class="pill"><input type="checkbox" data-test="hand-flag" data-flag={name}
                checked={draft.flags.contains(flag)}
                onchange={does(act, move || Action::Play(Play::ByHand(ByHand::Flag(flag))))} /><span>{ name }</span></label>
        }
    };
    html! {
        <>
            <fieldset class="pills" aria-label={words.hand_flags}>{ for FLAGS.iter().map(flag) }</fieldset>
            <div class="numbers">
                { number(words.hand_seq, "seq", draft.seq, act, ByHand::Seq) }
                { number(words.hand_ack, "ack", draft.ack, act, ByHand::Ack) }
                { number(words.hand_len, "len", draft.len, act, ByHand::Len) }
                { number(words.hand_window, "window", draft.window, act, ByHand::Window) }
            </div>
            if draft.flags.syn() {
                <label class="from-here"><input type="checkbox" data-test="hand-mss" checked={draft.mss.is_some()}
                    onchange={does(act, || Action::Play(Play::ByHand(ByHand::Mss)))} />
                    { " " }{ fill(words.hand_mss, &[("n", &MOST_LEN)]) }</label>
            }
        </>
    }
}

fn number<T>(
    label: &'static str,
    name: &'static str,
    value: T,
    act: &Callback<Action>,
    deed: fn(T) -> ByHand,
) -> Html
where
    T: Copy + FromStr + ToString + 'static,
{
    let act = act.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(number) = input.and_then(|input| input.value().parse().ok()) {
            act.emit(Action::Play(Play::ByHand(deed(number))));
        }
    });
    html! {
        <label><span>{ label }</span><input class="text mono" type="number" data-test="hand-number"
            data-name={name} value={value.to_string()} {oninput} /></label>
    }
}

/// The segment goes out, or the form is filled.
fn send(state: &State, hand: Option<&Hand>, act: &Callback<Action>) -> Html {
    let words = state.words;
    let proposal = hand.and_then(|hand| hand.proposal.as_ref());
    let is_full = state.playing.trial.moves.len() >= MOST_MOVES;
    let suggest = words.hand_suggest;
    html! {
        <>
            <div class="row run">
                { button("first", "hand-send", words.hand_send, is_full, ByHand::Send, act) }
                { button("", "hand-suggest", suggest, proposal.is_none(), ByHand::Suggest, act) }
            </div>
            <p class="quiet due" data-test="hand-due">{ match proposal {
                Some(proposal) => said(state, &proposal.why),
                None => words.hand_servers_turn.to_owned(),
            } }</p>
        </>
    }
}

/// What can be done besides.
fn others(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let moves = state.playing.trial.moves.len();
    let is_full = moves >= MOST_MOVES;
    let second = ByHand::Wait(Duration::from_secs(1));
    let wait_server = words.hand_wait_server;
    html! {
        <>
            <div class="row run">
                { button("small", "hand-wait", words.hand_wait, is_full, second, act) }
                { button("small", "hand-wait-server", wait_server, is_full, ByHand::WaitForServer, act) }
            </div>
            <div class="row run">
                { button("small", "hand-back", words.hand_back, moves == 0, ByHand::TakeBack, act) }
                { button("small", "hand-over", words.hand_over, moves == 0, ByHand::StartOver, act) }
            </div>
        </>
    }
}

fn button(
    class: &'static str,
    name: &'static str,
    text: &'static str,
    is_off: bool,
    deed: ByHand,
    act: &Callback<Action>,
) -> Html {
    html! {
        <button class={classes!("button", class)} data-test={name} disabled={is_off}
            onclick={does(act, move || Action::Play(Play::ByHand(deed)))}>{ text }</button>
    }
}

fn one(state: &State, hand: Option<&Hand>, index: usize, step: &Move) -> Html {
    let remarks = hand.and_then(|hand| hand.remarks.get(index));
    html! {
        <li data-test="hand-move">
            <p class="mono">{ told(state, step) }</p>
            <ul>{ for remarks.into_iter().flatten().map(|it| remark(state, it)) }</ul>
        </li>
    }
}

fn told(state: &State, step: &Move) -> String {
    let words = state.words;
    match step {
        Move::Wait(waited) => {
            let ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
            fill(words.hand_waited, &[("time", &time(ns))])
        }
        Move::WaitForServer => words.hand_wait_server.to_owned(),
        Move::Send(segment) => segment_text(segment),
    }
}

/// `SYN ACK seq 0 ack 1 len 0 win 65535`: as captures are read.
fn segment_text(segment: &Segment) -> String {
    let set = FLAGS
        .iter()
        .filter(|(flag, ..)| segment.flags.contains(*flag));
    let names: Vec<_> = set.map(|(_, name, _)| *name).collect();
    let mut text = names.join(" ");
    if text.is_empty() {
        text.push('–');
    }
    text.push_str(&format!(" seq {}", segment.seq));
    if segment.flags.ack() {
        text.push_str(&format!(" ack {}", segment.ack));
    }
    text.push_str(&format!(" len {} win {}", segment.len, segment.window));
    if let Some(mss) = segment.mss.filter(|_| segment.flags.syn()) {
        text.push_str(&format!(" mss {mss}"));
    }
    text
}

fn remark(state: &State, remark: &Remark) -> Html {
    let (kind, sign) = match remark.kind {
        RemarkKind::Mistake => ("mistake", "✗ "),
        RemarkKind::Note => ("note", "! "),
        RemarkKind::Right => ("right", "✓ "),
        RemarkKind::Outcome => ("outcome", "→ "),
    };
    html! {
        <li class={kind} data-test="hand-remark" data-kind={kind}>
            { sign }{ said(state, &remark.text) }
            if !remark.section.is_empty() {
                <>{ " " }<span class="quiet">{ &remark.section }</span></>
            }
        </li>
    }
}
