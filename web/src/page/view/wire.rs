//! The panel at the left: what to do next, in order.

use super::{Language, does, problem, response};
use crate::page::state::{Action, State};
use crate::page::wire::{Bridge, Claim, Step, Wire};
use crate::words::fill;
use synema_core::trace::ClaimStep;
use synema_relay::BridgeHello;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The whole panel.
pub fn panel(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    html! {
        <section class="panel left" aria-label={words.tab_wire} id="panel-wire">
            if state.wire.fetch.number == 0 {
                <h2 class="lead">{ words.lead }</h2>
                <p class="lead-text">{ words.lead_text }</p>
            }
            { bridge(words, &state.wire, act) }
            if state.wire.hello.is_some() {
                { address(words, &state.wire, act) }
                { fetch(words, &state.wire, act) }
            }
            { response::panel(words, &state.wire, act) }
        </section>
    }
}

fn step(number: &'static str, is_done: bool, is_now: bool, title: &str, content: Html) -> Html {
    html! {
        <section class="step" data-number={number} data-done={is_done.to_string()}
            data-now={is_now.to_string()} aria-current={is_now.then_some("step")}>
            <h2>{ title }</h2>
            { content }
        </section>
    }
}

fn bridge(words: Language, wire: &Wire, act: &Callback<Action>) -> Html {
    let is_open = wire.bridge == Bridge::Open;
    let is_new = wire.fetch.number == 0;
    let facts = wire.hello.as_ref().map(|hello| facts(words, hello, is_new));
    let content = match &wire.bridge {
        Bridge::Absent => absent(words),
        Bridge::Connecting => html! { <p>{ words.bridge_connecting }</p> },
        Bridge::Open => html! { { for facts } },
        Bridge::Lost { .. } => html! { <><p>{ words.bridge_lost }</p>{ for facts }</> },
        Bridge::Refused {
            problem: why,
            can_take_over,
        } => {
            let take_over = *can_take_over;
            html! {
                <>
                    { problem(words, why) }
                    <button class="button" data-test="connect"
                        onclick={does(act, move || Action::Connect { take_over })}>
                        { if take_over { words.bridge_take_over } else { words.bridge_try } }
                    </button>
                </>
            }
        }
    };
    step("1", is_open, !is_open, words.step_bridge, content)
}

fn absent(words: Language) -> Html {
    html! {
        <div class="hint" data-test="no-bridge">
            <strong>{ words.bridge_absent_title }</strong>
            <p>{ words.bridge_absent_text }</p>
            <code class="cmd">{ words.bridge_absent_lab }</code>
            <p>{ words.bridge_absent_serve }</p>
            <code class="cmd">{ words.bridge_absent_serve_command }</code>
            <p>{ words.bridge_absent_then }</p>
        </div>
    }
}

/// All about the wire; folded into one line once it is in use.
fn facts(words: Language, hello: &BridgeHello, is_open: bool) -> Html {
    let or_none = |text: String| {
        if text.is_empty() {
            words.none.to_owned()
        } else {
            text
        }
    };
    let gateway = hello
        .gateway
        .map(|addr| addr.to_string())
        .unwrap_or_default();
    let dns: Vec<String> = hello.dns.iter().map(ToString::to_string).collect();
    let mac = if hello.host_mac {
        words.bridge_host_mac
    } else {
        words.bridge_mac
    };
    let short = fill(
        words.bridge_short,
        &[("interface", &hello.interface), ("subnet", &hello.subnet)],
    );
    html! {
        <details open={is_open}>
        <summary>{ short }</summary>
        <dl class="facts">
            <dt>{ words.bridge_interface }</dt><dd>{ &hello.interface }</dd>
            <dt>{ mac }</dt><dd>{ hello.mac.to_string() }</dd>
            <dt>{ words.bridge_subnet }</dt><dd>{ hello.subnet.to_string() }</dd>
            <dt>{ words.bridge_gateway }</dt><dd>{ or_none(gateway) }</dd>
            <dt>{ words.bridge_dns }</dt><dd>{ or_none(dns.join(" ")) }</dd>
        </dl>
        </details>
    }
}

fn address(words: Language, wire: &Wire, act: &Callback<Action>) -> Html {
    let claim = &wire.address.claim;
    let is_ours = matches!(claim, Claim::Ours { .. });
    let is_busy = matches!(claim, Claim::Claiming(_));
    let submit = act.reform(|event: SubmitEvent| {
        event.prevent_default();
        Action::Claim
    });
    let content = html! {
        <>
            if !is_ours {
                <p>{ words.address_text }</p>
                <form class="row" onsubmit={submit}>
                    <input class="text grow" data-test="ip" aria-label={words.address_label}
                        autocomplete="off" spellcheck="false" inputmode="decimal"
                        value={wire.address.typed.clone()} readonly={is_busy}
                        oninput={typing(act, Action::TypeAddress)} />
                    <button class="button" type="submit" data-test="claim"
                        disabled={!wire.can_claim()}>{ words.claim }</button>
                </form>
            }
            if !wire.address.steps.is_empty() {
                <ul class="probes" aria-live="polite">
                    { for wire.address.steps.iter().filter_map(|step| probe(words, step)) }
                </ul>
            }
            { claim_state(words, claim) }
        </>
    };
    step(
        "2",
        is_ours,
        !is_ours && wire.bridge == Bridge::Open,
        words.step_address,
        content,
    )
}

fn claim_state(words: Language, claim: &Claim) -> Html {
    match claim {
        Claim::Nothing => html! {},
        Claim::Claiming(_) => html! { <p>{ words.claim_waiting }</p> },
        Claim::Ours { addr, rfc_timings } => {
            let text = if *rfc_timings {
                words.claimed_rfc
            } else {
                words.claimed_quick
            };
            html! { <p data-test="claimed">{ fill(text, &[("addr", addr)]) }</p> }
        }
        Claim::Failed(why) => problem(words, why),
    }
}

fn probe(words: Language, step: &Step) -> Option<Html> {
    let addr = &step.addr;
    let (text, nth) = match &step.step {
        ClaimStep::Probe { number, of } => (
            fill(words.probe, &[("addr", addr)]),
            fill(words.probe_nth, &[("number", number), ("of", of)]),
        ),
        ClaimStep::Announce { number, of } => (
            fill(words.announce, &[("addr", addr)]),
            fill(words.announce_nth, &[("number", number), ("of", of)]),
        ),
        ClaimStep::Defended { against, .. } => {
            (fill(words.defended, &[("mac", against)]), String::new())
        }
        ClaimStep::Granted { .. }
        | ClaimStep::InUse { .. }
        | ClaimStep::Lost { .. }
        | ClaimStep::Released => return None,
    };
    Some(
        html! { <li data-test="claim-probe"><span>{ text }</span><span class="quiet">{ nth }</span></li> },
    )
}

fn fetch(words: Language, wire: &Wire, act: &Callback<Action>) -> Html {
    let is_busy = wire.fetch.phase.is_busy();
    let is_ours = matches!(wire.address.claim, Claim::Ours { .. });
    let submit = act.reform(|event: SubmitEvent| {
        event.prevent_default();
        Action::Fetch
    });
    let urls = wire
        .hello
        .as_ref()
        .and_then(|hello| hello.lab.as_ref())
        .map(|lab| &lab.urls);
    let hint = if is_ours {
        words.fetch_text
    } else {
        words.fetch_claims_first
    };
    let content = html! {
        <>
            <form onsubmit={submit}>
                <input class="text" data-test="url" aria-label={words.url_label} type="text"
                    autocomplete="off" autocapitalize="off" spellcheck="false" inputmode="url"
                    placeholder="http://"
                    value={wire.fetch.url.clone()} oninput={typing(act, Action::TypeUrl)} />
                <div class="row below">
                    if is_busy {
                        <button class="button" type="button" data-test="cancel"
                            onclick={does(act, || Action::Cancel)}>{ words.cancel }</button>
                    } else {
                        <button class="button first" type="submit" data-test="fetch"
                            disabled={!wire.can_fetch()}>{ words.fetch }</button>
                    }
                    <span class="quiet">{ hint }</span>
                </div>
            </form>
            if let Some(urls) = urls {
                <div class="chips" role="group" aria-label={words.examples}>
                    { for urls.iter().map(|url| example(url, urls, wire.can_fetch(), act)) }
                </div>
            }
        </>
    };
    step("3", false, is_ours, words.step_fetch, content)
}

fn example(url: &str, all: &[String], is_possible: bool, act: &Callback<Action>) -> Html {
    let short = shortened(url, all).to_owned();
    let url = url.to_owned();
    html! {
        <button class="chip" data-test="example" title={url.clone()} disabled={!is_possible}
            onclick={does(act, move || Action::FetchExample(url.clone()))}>{ short }</button>
    }
}

/// What tells a URL from its neighbours: its path, if it is on the first one's host.
fn shortened<'a>(url: &'a str, all: &[String]) -> &'a str {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let host = |url: &str| {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        rest.split('/').next().unwrap_or("").to_owned()
    };
    let common = all.first().map(|first| host(first)).unwrap_or_default();
    match rest.strip_prefix(common.as_str()) {
        Some(path) if path.len() > 1 && path.starts_with('/') => path,
        _ => rest,
    }
}

/// A callback for what is typed.
fn typing(act: &Callback<Action>, action: fn(String) -> Action) -> Callback<InputEvent> {
    let act = act.clone();
    Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            act.emit(action(input.value()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn examples_are_told_apart_by_what_differs() {
        let all = [
            "http://www.lab.test/",
            "http://lab.test/",
            "http://www.lab.test/four",
        ];
        let all: Vec<String> = all.map(str::to_owned).to_vec();
        let short: Vec<_> = all.iter().map(|url| shortened(url, &all)).collect();
        assert_eq!(short, ["www.lab.test/", "lab.test/", "/four"]);
    }
}
