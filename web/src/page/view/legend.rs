//! What colours, dashes, signs and the strip's letters mean: shown where a packet will be.

use super::{Language, scene};
use synema_diagram::scene::{Kind, Point};
use synema_diagram::strip::{LOST, letters};
use yew::prelude::*;

/// The legend.
pub fn legend(words: Language) -> Html {
    let kinds: [(&[Kind], &'static str); 6] = [
        (&[Kind::Syn, Kind::Fin], words.legend_syn),
        (&[Kind::Data], words.legend_data),
        (&[Kind::Ack], words.legend_ack),
        (&[Kind::Retransmission], words.legend_again),
        (&[Kind::Rst], words.legend_rst),
        (&[Kind::Arp, Kind::Dns], words.legend_side),
    ];
    html! {
        <section class="legend" aria-label={words.legend}>
            <h2>{ words.legend }</h2>
            <ul>
                { for kinds.map(|(kinds, text)| row(arrow(kinds[0], ""), chips(kinds), text)) }
                { row(arrow(Kind::Data, "estimated"), html! {}, words.legend_estimated) }
                { row(arrow(Kind::Data, "ghost"), html! {}, words.legend_ghost) }
                { row(lost(), chip(Kind::Rst, LOST), words.legend_lost) }
                { row(state(), html! {}, words.legend_state) }
            </ul>
        </section>
    }
}

fn row(sign: Html, letters: Html, text: &'static str) -> Html {
    html! {
        <li><svg viewBox="0 0 44 16" width="44" height="16" aria-hidden="true">{ sign }</svg>
            <span>{ letters }{ text }</span></li>
    }
}

/// The letters that stand for these kinds in the strip.
fn chips(kinds: &[Kind]) -> Html {
    let all = kinds
        .iter()
        .flat_map(|&kind| letters(kind).iter().map(move |&letter| (kind, letter)));
    all.map(|(kind, letter)| chip(kind, letter)).collect()
}

fn chip(kind: Kind, letter: char) -> Html {
    html! { <b class={classes!("chip", format!("kind-{}", kind.class()))}>{ letter }</b> }
}

fn arrow(kind: Kind, more: &'static str) -> Html {
    html! {
        <g class={classes!("arrow", format!("kind-{}", kind.class()), more)}>
            <path class="line" d="M2 8H36" stroke-width={kind.stroke_width().to_string()}
                stroke-dasharray={Some(kind.dash()).filter(|dash| !dash.is_empty())} />
            { scene::tail(kind.tail(), Point { x: 7.0, y: 8.0 }, Point { x: 1.0, y: 0.0 }) }
            <polygon class="tip" points="42,8 34,11.2 34,4.8" />
        </g>
    }
}

fn lost() -> Html {
    html! {
        <g class="arrow kind-data">
            <path class="line" d="M2 8H34" stroke-width="2" />
            <path class="cross" d="M31 4l8 8m0 -8l-8 8" />
        </g>
    }
}

fn state() -> Html {
    html! { <rect class="state-bar open" x="19" y="0" width="7" height="16" rx="2" /> }
}
