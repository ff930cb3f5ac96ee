//! The strip: one letter a packet, one row for each end, silences named.

use super::{Language, Shared, does};
use crate::page::state::Action;
use crate::words::fill;
use synema_diagram::scene::Kind;
use synema_diagram::strip::{Cell, Strip};
use yew::prelude::*;

/// From one letter to the next, CSS pixels.
const PITCH: f64 = 22.0;
/// A letter's box, CSS pixels.
const BOX: f64 = 18.0;
/// The width of a character of a silence, CSS pixels.
const CHAR: f64 = 6.6;

/// What the strip is given.
#[derive(Clone, PartialEq, Properties)]
pub struct StripProps {
    /// The letters.
    pub strip: Shared<Strip>,
    /// The selected packet's number.
    pub selected: Option<u64>,
    /// Whether the newest letter is kept in sight.
    pub following: bool,
    /// The language.
    pub words: Language,
    /// What is done.
    pub act: Callback<Action>,
}

/// The strip.
#[component]
pub fn StripView(props: &StripProps) -> Html {
    let strip = &*props.strip.0;
    let (places, width) = places(&strip.cells);
    let words = props.words;
    let [page, peer] = &strip.rows;
    let row_name = |given: &str, otherwise: &'static str| {
        if given.is_empty() {
            otherwise.to_owned()
        } else {
            given.to_owned()
        }
    };
    html! {
        <div class="strip" data-test="strip" role="group" aria-label={words.strip}>
            <div class="who">
                <div>{ row_name(page, words.strip_page) }</div>
                <div>{ row_name(peer, words.strip_peer) }</div>
            </div>
            <div class={classes!("strip-scroll", props.following.then_some("newest"))}>
                <svg width={width.to_string()} height="44" role="presentation">
                    { for strip.cells.iter().zip(&places).map(|(cell, place)| one(cell, *place, props)) }
                </svg>
            </div>
        </div>
    }
}

/// Where each cell begins, and how wide all are: a silence takes the room of its words.
fn places(cells: &[Cell]) -> (Vec<f64>, f64) {
    let mut x = 0.0;
    let mut places = Vec::with_capacity(cells.len());
    for cell in cells {
        places.push(x);
        x += width(cell);
    }
    (places, x)
}

fn width(cell: &Cell) -> f64 {
    match cell {
        Cell::Packet { .. } => PITCH,
        Cell::Silence { text } => text.chars().count() as f64 * CHAR + 10.0,
    }
}

fn one(cell: &Cell, x: f64, props: &StripProps) -> Html {
    match cell {
        Cell::Packet {
            number,
            row,
            letter,
            kind,
        } => packet(*number, *row == 0, *letter, *kind, x, props),
        Cell::Silence { text } => {
            let middle = x + width(cell) / 2.0 - 2.0;
            html! { <text class="strip-silence" x={middle.to_string()} y="26">{ text }</text> }
        }
    }
}

fn packet(
    number: u64,
    is_page: bool,
    letter: char,
    kind: Kind,
    x: f64,
    props: &StripProps,
) -> Html {
    let y = if is_page { 2.0 } else { 24.0 };
    let is_chosen = props.selected == Some(number);
    let row = if is_page { "page" } else { "peer" };
    let side = BOX.to_string();
    html! {
        <g class={classes!("strip-letter", format!("kind-{}", kind.class()), is_chosen.then_some("chosen"))}
            onclick={does(&props.act, move || Action::Select(Some(number)))}>
            <title>{ fill(props.words.packet, &[("n", &number)]) }</title>
            <rect x={x.to_string()} y={y.to_string()} width={side.clone()} height={side} rx="4" />
            <text x={(x + BOX / 2.0).to_string()} y={(y + 13.2).to_string()} data-test="strip-letter"
                data-row={row} data-frame={number.to_string()}>{ letter.to_string() }</text>
        </g>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_side_by_side_and_silences_take_room() {
        let packet = |number| Cell::Packet {
            number,
            row: 0,
            letter: 'P',
            kind: Kind::Data,
        };
        let silence = Cell::Silence {
            text: "220 ms".into(),
        };
        let (places, width) = places(&[packet(1), packet(2), silence, packet(3)]);
        assert_eq!(places[..3], [0.0, PITCH, 2.0 * PITCH]);
        assert!(places[3] > 2.0 * PITCH + 6.0 * CHAR);
        assert_eq!(width, places[3] + PITCH);
    }
}
