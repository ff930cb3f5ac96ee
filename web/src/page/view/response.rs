//! What came of a fetch: status, headers, body; or why nothing did.

use super::{Language, does, problem};
use crate::page::fetch::{Body, Fetch, Phase};
use crate::page::state::Action;
use crate::page::wire::{Bridge, Claim, Wire};
use crate::protocol::Trouble;
use crate::words::{fill, grouped, size};
use synema_core::app::http::{Header, ResponseHead};
use yew::prelude::*;

/// The part of the panel that speaks of the fetch.
pub fn panel(words: Language, wire: &Wire, act: &Callback<Action>) -> Html {
    let fetch = &wire.fetch;
    let is_idle = fetch.phase == Phase::Idle;
    html! {
        <section class={classes!((!is_idle).then_some("response"))} data-test="fetch-state"
            data-state={fetch.phase.name()} data-fetch={fetch.number.to_string()} aria-live="polite">
            { for fetch.redirects.iter().map(|(status, to)| html! {
                <p class="quiet" data-test="redirect">
                    { fill(words.now_redirected, &[("status", status), ("to", to)]) }
                </p>
            }) }
            if let Some(now) = &fetch.now { <p class="quiet">{ now.words(words) }</p> }
            if let Some(head) = &fetch.head { { status(head) } }
            { progress(words, fetch) }
            if let Some(why) = fetch.problem.as_ref().filter(|why| !is_said(wire, why)) {
                { problem(words, why) }
            }
            if let Some(body) = &fetch.body { { self::body(words, fetch, body, act) } }
            if let Some(head) = &fetch.head {
                <ul class="headers">{ for head.headers.iter().map(header) }</ul>
            }
        </section>
    }
}

/// What stopped the claim or the bridge stands there already, where it can be mended.
fn is_said(wire: &Wire, why: &Trouble) -> bool {
    let by_claim = matches!(&wire.address.claim, Claim::Failed(problem) if problem == why);
    let by_bridge = matches!(&wire.bridge, Bridge::Refused { problem, .. } if problem == why);
    by_claim || by_bridge
}

fn status(head: &ResponseHead) -> Html {
    html! {
        <div>
            <p class="quiet mono">{ &head.url }</p>
            <p class="status-line" data-test="status" data-class={(head.status / 100).to_string()}>
                { format!("{} {}", head.status, head.reason).trim_end() }
            </p>
        </div>
    }
}

fn header(header: &Header) -> Html {
    html! { <li data-test="header"><b>{ &header.name }</b>{ ": " }{ header.text() }</li> }
}

fn progress(words: Language, fetch: &Fetch) -> Html {
    match fetch.phase {
        Phase::Hashing => html! { <p class="quiet">{ words.hashing }</p> },
        Phase::Running if fetch.head.is_some() => {
            let total = fetch.head.as_ref().and_then(|head| head.body_len);
            let received = size(fetch.received);
            let text = match total {
                Some(total) => fill(
                    words.now_body_of,
                    &[("received", &received), ("total", &size(total))],
                ),
                None => fill(words.now_body, &[("received", &received)]),
            };
            html! {
                <div>
                    if let Some(total) = total {
                        <progress max={total.to_string()} value={fetch.received.to_string()} aria-label={words.response} />
                    }
                    <p class="quiet">{ text }</p>
                </div>
            }
        }
        _ => html! {},
    }
}

fn body(words: Language, fetch: &Fetch, body: &Body, act: &Callback<Action>) -> Html {
    if body.len == 0 {
        return html! {
            <>
                <p class="quiet" data-test="body-length" data-bytes="0">{ words.body_none }</p>
                { digest(words, body) }
            </>
        };
    }
    let exact = fill(words.body_bytes, &[("bytes", &grouped(body.len))]);
    html! {
        <>
            <div class="row">
                <span class="grow" data-test="body-length" data-bytes={body.len.to_string()} title={exact}>
                    { fill(words.body_size, &[("size", &size(body.len))]) }
                </span>
                <button class="link" data-test="save-body" onclick={does(act, || Action::SaveBody)}>
                    { words.save_body }
                </button>
            </div>
            if let Some(text) = &body.text {
                <pre class="body" data-test="body" tabindex="0" aria-label={words.body_label}>{ text }</pre>
                if body.shown < body.len {
                    <p class="quiet">
                        { fill(words.body_cut, &[("shown", &size(body.shown)), ("size", &size(body.len))]) }
                    </p>
                }
            } else {
                <p class="quiet" data-test="body">{ words.body_binary }</p>
            }
            if fetch.phase == Phase::Done { { digest(words, body) } }
        </>
    }
}

fn digest(words: Language, body: &Body) -> Html {
    html! {
        <div class="digest">
            <span>{ words.sha256 }</span>
            <div data-test="body-sha256">{ &body.sha256 }</div>
        </div>
    }
}
