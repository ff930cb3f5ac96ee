//! What colours, dashes and signs mean: shown where a packet will be.

use super::Language;
use synema_diagram::scene::Kind;
use yew::prelude::*;

/// The legend.
pub fn legend(words: Language) -> Html {
    let kinds = [
        (Kind::Syn, words.legend_syn),
        (Kind::Data, words.legend_data),
        (Kind::Ack, words.legend_ack),
        (Kind::Retransmission, words.legend_again),
        (Kind::Rst, words.legend_rst),
        (Kind::Arp, words.legend_side),
    ];
    html! {
        <section class="legend" aria-label={words.legend}>
            <h2>{ words.legend }</h2>
            <ul>
                { for kinds.map(|(kind, text)| row(arrow(kind, ""), text)) }
                { row(arrow(Kind::Data, "estimated"), words.legend_estimated) }
                { row(arrow(Kind::Data, "ghost"), words.legend_ghost) }
                { row(lost(), words.legend_lost) }
                { row(state(), words.legend_state) }
            </ul>
        </section>
    }
}

fn row(sign: Html, text: &'static str) -> Html {
    html! {
        <li><svg viewBox="0 0 44 16" width="44" height="16" aria-hidden="true">{ sign }</svg>
            <span>{ text }</span></li>
    }
}

fn arrow(kind: Kind, more: &'static str) -> Html {
    html! {
        <g class={classes!("arrow", format!("kind-{}", kind.class()), more)}>
            <path class="line" d="M2 8H36" stroke-width={kind.stroke_width().to_string()}
                stroke-dasharray={Some(kind.dash()).filter(|dash| !dash.is_empty())} />
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
