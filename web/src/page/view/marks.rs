//! What stands beside the arrows: brackets, and what people wrote.

use super::scene::{SceneProps, px, text};
use crate::page::state::Action;
use crate::page::writing::{On, Pen};
use synema_diagram::annotate::NoteId;
use synema_diagram::scene::{Band, Bracket, Card, Hidden, Scene};
use yew::prelude::*;

/// Stripes under everything: ranges of time with a note, rows that are to catch the eye,
/// the selected row.
pub fn bands(scene: &Scene) -> Html {
    // The notes' column is not crossed.
    let width = scene.ladder_width;
    let stripe = |class: &'static str, band: &Band| {
        html! {
            <rect {class} x="0" width={px(width)} rx="6" y={px(band.y0)} height={px(band.y1 - band.y0)} />
        }
    };
    html! {
        <>
            { for scene.periods.iter().map(|band| stripe("noted-time", band)) }
            { for scene.highlights.iter().map(|band| stripe("highlight", band)) }
            { for scene.selection.iter().map(|band| stripe("chosen-band", band)) }
        </>
    }
}

/// A stretch of time beside the ladder, without its text.
pub fn bracket(bracket: &Bracket) -> Html {
    let (x, end, y0, y1) = (bracket.x, bracket.end_x, bracket.y0, bracket.y1);
    let d = format!("M{} {}H{}V{}H{}", px(end), px(y0), px(x), px(y1), px(end));
    html! {
        <g class={classes!("bracket", bracket.kind.class())} data-test="bracket">
            <title>{ &bracket.title }</title>
            <path {d} />
        </g>
    }
}

/// Where packets are not shown, without its words.
pub fn hidden(mark: &Hidden, scene: &Scene) -> Html {
    let lanes = || scene.lanes.iter().map(|lane| lane.x);
    let (left, right) = (
        lanes().fold(scene.width, f64::min),
        lanes().fold(0.0, f64::max),
    );
    let d = format!("M{} {}H{}", px(left - 10.0), px(mark.y), px(right + 10.0));
    html! {
        <g class="hidden-mark" data-test="hidden" data-count={mark.count.to_string()}>
            <title>{ &mark.title }</title>
            <path {d} />
        </g>
    }
}

/// The dotted line from a card to what it is on.
pub fn leader(card: &Card) -> Html {
    html! { <path class="note-leader" d={card.leader_path()} /> }
}

/// A note; a click on it selects its packet, two open it to be written anew.
pub fn card(card: &Card, props: &SceneProps) -> Html {
    let faces = &props.faces.0;
    let number = card.packet;
    let onclick =
        number.map(|number| super::does(&props.act, move || Action::Select(Some(number))));
    let id = NoteId(card.note);
    let ondblclick = super::does(&props.act, move || Action::Pen(Pen::Begin(On::Written(id))));
    html! {
        <g class="note-card" {ondblclick} data-test="note-card" data-note={card.note.to_string()}
            data-packet={number.map(|number| number.to_string())} {onclick} role="note"
            aria-label={card.title.clone()}>
            <title>{ &card.title }</title>
            <rect x={px(card.x)} y={px(card.y)} width={px(card.width)} height={px(card.height)} rx="6" />
            { text(&card.head, faces, "") }
            { for card.lines.iter().map(|line| text(line, faces, "")) }
        </g>
    }
}
