//! The line below the ladder: counters and the download.

use super::{does, filter};
use crate::page::graphs::Plotting;
use crate::page::state::{Action, Source, State};
use crate::words::{fill, grouped};
use yew::prelude::*;

/// The line.
pub fn bar(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let extent = &state.reader.extent;
    let stats = &state.wire.stats;
    // What the bridge knows to be lost between it and the page, and what is missing here: the same
    // frames, but the bridge does not hear of those that a socket took with it.
    let by_bridge = stats
        .dropped_by_queue
        .saturating_add(stats.dropped_while_away);
    let between = by_bridge.max(extent.missing);
    let dropped = [stats.dropped_by_kernel, between, state.wire.unsent]
        .into_iter()
        .fold(0_u64, u64::saturating_add);
    let count = if extent.packets == 1 {
        words.packets_one
    } else {
        words.packets
    };
    let dropped_text = if dropped == 0 {
        words.dropped_none.to_owned()
    } else {
        fill(words.dropped, &[("n", &grouped(dropped))])
    };
    let left_out = state
        .reader
        .scene
        .as_ref()
        .map_or(0, |scene| scene.arrows_left_out);
    html! {
        <footer class="foot">
            <span data-test="packet-count" data-count={extent.packets.to_string()}>
                { fill(count, &[("n", &grouped(extent.packets))]) }
            </span>
            if extent.shown < extent.packets {
                <span data-test="shown-count" data-count={extent.shown.to_string()}>
                    { filter::counted(words, extent) }
                </span>
            }
            if state.source == Source::Wire && state.wire.hello.is_some() {
                <span data-test="stats" data-dropped={dropped.to_string()}>{ dropped_text }</span>
                if stats.refused > 0 {
                    <span>{ fill(words.refused, &[("n", &grouped(stats.refused))]) }</span>
                }
            }
            if extent.let_go > 0 {
                <span>{ fill(words.payload_gone, &[("n", &grouped(extent.let_go + 1))]) }</span>
            }
            if left_out > 0 { <span>{ fill(words.left_out, &[("n", &grouped(left_out))]) }</span> }
            <span class="push"></span>
            if state.source == Source::Wire && !state.reader.following && extent.packets > 0 {
                <button class="button small" data-test="follow"
                    onclick={does(act, || Action::Follow)}>{ words.follow }</button>
            }
            <button class="button small" data-test="graph-open" title={words.graph_hint}
                aria-pressed={state.graphs.open.to_string()} disabled={extent.packets == 0}
                onclick={does(act, || Action::Plot(Plotting::Toggle))}>{ words.graph_open }</button>
            <button class="button small" data-test="download" title={words.download_hint}
                disabled={extent.packets == 0} onclick={does(act, || Action::Download)}>
                { words.download }
            </button>
        </footer>
    }
}
