//! The strip: one letter a packet, one row for each end, silences named.

use super::{Language, Shared, does};
use crate::answers::{Strip, StripLetter};
use crate::page::state::Action;
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
    let (places, width) = places(&strip.letters);
    let name = |given: &str, otherwise: &'static str| {
        if given.is_empty() {
            otherwise.to_owned()
        } else {
            given.to_owned()
        }
    };
    html! {
        <div class="strip" data-test="strip" role="group" aria-label={props.words.strip}>
            <div class="who">{ name(&strip.page, props.words.strip_page) }<br/>
                { name(&strip.peer, props.words.strip_peer) }</div>
            <div class={classes!("strip-scroll", props.following.then_some("newest"))}>
                <svg width={width.to_string()} height="44" role="presentation">
                    { for strip.letters.iter().zip(&places).map(|(letter, place)| one(letter, *place, props)) }
                </svg>
            </div>
        </div>
    }
}

/// Where each letter begins, and how wide all are: a silence takes the room of its words.
fn places(letters: &[StripLetter]) -> (Vec<f64>, f64) {
    let mut x = 0.0;
    let mut places = Vec::with_capacity(letters.len());
    for letter in letters {
        x += silence_width(letter);
        places.push(x);
        x += PITCH;
    }
    (places, x)
}

fn silence_width(letter: &StripLetter) -> f64 {
    let chars = letter
        .silence
        .as_ref()
        .map_or(0, |text| text.chars().count());
    if chars == 0 {
        0.0
    } else {
        chars as f64 * CHAR + 10.0
    }
}

fn one(letter: &StripLetter, x: f64, props: &StripProps) -> Html {
    let y = if letter.is_page { 2.0 } else { 24.0 };
    let number = letter.number;
    let is_chosen = props.selected == Some(number);
    let row = if letter.is_page { "page" } else { "peer" };
    html! {
        <>
            if let Some(silence) = &letter.silence {
                <text class="strip-silence" x={(x - silence_width(letter) / 2.0 - 2.0).to_string()} y="26">
                    { silence }
                </text>
            }
            <g class={classes!("strip-letter", format!("kind-{}", letter.kind.class()), is_chosen.then_some("chosen"))}
                onclick={does(&props.act, move || Action::Select(Some(number)))}>
                <title>{ &letter.title }</title>
                <rect x={x.to_string()} y={y.to_string()} width={BOX.to_string()} height={BOX.to_string()} rx="4" />
                <text x={(x + BOX / 2.0).to_string()} y={(y + 13.2).to_string()}
                    data-test="strip-letter" data-row={row} data-frame={number.to_string()}>{ &letter.letter }</text>
            </g>
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_side_by_side_and_silences_take_room() {
        let letter = |silence: Option<&str>| StripLetter {
            silence: silence.map(str::to_owned),
            ..StripLetter::default()
        };
        let (places, width) = places(&[letter(None), letter(None), letter(Some("220 ms"))]);
        assert_eq!(places[..2], [0.0, PITCH]);
        assert!(places[2] > 2.0 * PITCH + 6.0 * CHAR);
        assert_eq!(width, places[2] + PITCH);
    }
}
