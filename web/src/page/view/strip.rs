//! The strip: one letter a packet, one row for each end, silences named.

use super::watch::Watch;
use super::{Language, Shared, does};
use crate::page::state::Action;
use crate::words::fill;
use core::ops::Range;
use synema_diagram::scene::Kind;
use synema_diagram::strip::{Cell, Strip};
use web_sys::HtmlElement;
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
    /// The last packet that has been, where not all have.
    pub until: Option<u64>,
    /// Whether the newest letter is kept in sight.
    pub following: bool,
    /// The language.
    pub words: Language,
    /// What is done.
    pub act: Callback<Action>,
}

/// The strip, which draws only what it has room for, whole.
pub struct StripView {
    element: NodeRef,
    /// How wide it is, CSS pixels; none until it was measured.
    room: Option<f64>,
    watch: Option<Watch>,
}

impl Component for StripView {
    /// It is this wide now.
    type Message = f64;
    type Properties = StripProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self {
            element: NodeRef::default(),
            room: None,
            watch: None,
        }
    }

    fn update(&mut self, _ctx: &Context<Self>, room: f64) -> bool {
        self.room.replace(room) != Some(room)
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let strip = &*props.strip.0;
        let room = self.room.unwrap_or(f64::INFINITY);
        let been = been(&strip.cells, props.until);
        let cells = &been[fitting(been, room, props.following, props.selected)];
        let (places, width) = places(cells);
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
                <div class="strip-room" ref={self.element.clone()}>
                    <svg width={width.to_string()} height="44" role="presentation">
                        { for cells.iter().zip(&places).map(|(cell, place)| one(cell, *place, props)) }
                    </svg>
                </div>
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if !first {
            return;
        }
        let link = ctx.link().clone();
        self.watch = self
            .element
            .cast::<HtmlElement>()
            .and_then(|element| Watch::new(&element, move |width, _| link.send_message(width)));
    }
}

/// The cells up to a packet; all if there is none to end with.
fn been(cells: &[Cell], until: Option<u64>) -> &[Cell] {
    let Some(until) = until else {
        return cells;
    };
    let has_been = |cell: &Cell| matches!(cell, Cell::Packet { number, .. } if *number <= until);
    let count = cells.iter().rposition(has_been).map_or(0, |last| last + 1);
    &cells[..count]
}

/// The cells that are drawn: the newest while these are followed, else the first; but
/// the chosen packet is among them.
fn fitting(cells: &[Cell], room: f64, following: bool, selected: Option<u64>) -> Range<usize> {
    let room = room + PITCH - BOX;
    let count = |cells: &mut dyn Iterator<Item = &Cell>| {
        let mut used = 0.0;
        cells
            .take_while(|cell| {
                used += width(cell);
                used <= room
            })
            .count()
    };
    let last = cells.len() - count(&mut cells.iter().rev());
    if following {
        return last..cells.len();
    }
    let is_chosen =
        |cell: &Cell| matches!(cell, Cell::Packet { number, .. } if Some(*number) == selected);
    let first = count(&mut cells.iter());
    match cells.iter().position(is_chosen) {
        Some(chosen) if chosen >= first => {
            let from = chosen.saturating_sub(first / 2).min(last);
            from..from + count(&mut cells[from..].iter())
        }
        _ => 0..first,
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

    #[test]
    fn only_whole_letters_are_drawn_the_newest_or_the_first_or_round_the_chosen_one() {
        let packet = |number| Cell::Packet {
            number,
            row: 0,
            letter: 'A',
            kind: Kind::Ack,
        };
        let cells: Vec<_> = (1..=20).map(packet).collect();
        // The last needs no room beside it.
        let room = 5.0 * PITCH - (PITCH - BOX);
        assert_eq!(fitting(&cells, room, false, None), 0..5);
        assert_eq!(fitting(&cells, room - 1.0, false, None), 0..4);
        assert_eq!(fitting(&cells, room, true, None), 15..20);
        assert_eq!(fitting(&cells, room, false, Some(3)), 0..5);
        assert_eq!(fitting(&cells, room, false, Some(10)), 7..12);
        assert_eq!(fitting(&cells, room, false, Some(20)), 15..20);
        assert_eq!(fitting(&cells, f64::INFINITY, true, None), 0..20);
        assert_eq!(fitting(&cells, 3.0, true, None), 20..20);
        assert_eq!(fitting(&[], room, false, Some(1)), 0..0);
    }

    #[test]
    fn letters_of_packets_that_are_still_to_come_are_not_drawn() {
        let packet = |number| Cell::Packet {
            number,
            row: 0,
            letter: 'A',
            kind: Kind::Ack,
        };
        let silence = Cell::Silence { text: "1 s".into() };
        let cells = [packet(1), packet(2), silence, packet(3)];
        assert_eq!(been(&cells, None).len(), 4);
        assert_eq!(been(&cells, Some(2)).len(), 2, "nor the silence before");
        assert_eq!(been(&cells, Some(0)).len(), 0);
    }
}
