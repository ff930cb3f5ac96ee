//! The panel at the right: a packet. Why first, then its fields, then its bytes.

use super::{Language, Shared, does, legend, notes};
use crate::page::state::Action;
use crate::page::writing::{Dialog, On, Pen};
use crate::protocol::{Place, Written};
use crate::words::{fill, grouped};
use synema_diagram::detail::{Detail, DetailLayer, Field, Link};
use yew::prelude::*;

/// Bytes of a row of the hex dump.
const ROW: usize = 16;
/// So many bytes are shown; the rest is in the download.
const SHOWN: usize = 2048;

/// What the panel is given.
#[derive(Clone, PartialEq, Properties)]
pub struct PacketProps {
    /// The packet.
    pub detail: Option<Shared<Detail>>,
    /// What is written on the capture.
    pub written: Shared<Written>,
    /// The packet at one end of a bracket that has no other end yet.
    pub bracket_from: Option<u64>,
    /// Whether it is not drawn.
    pub left_out: bool,
    /// How many there are.
    pub packets: u64,
    /// The bytes that are marked.
    pub marked: Option<(u32, u32)>,
    /// The language.
    pub words: Language,
    /// What is done.
    pub act: Callback<Action>,
}

/// The panel.
#[component]
pub fn PacketView(props: &PacketProps) -> Html {
    let words = props.words;
    html! {
        <section class="panel right" aria-label={words.tab_packet} id="panel-packet">
            if let Some(detail) = &props.detail {
                { packet(&detail.0, props) }
            } else {
                <p class="lead">{ words.packet_none_title }</p>
                <p class="quiet">{ words.packet_none }</p>
                <p class="keys"><kbd>{ "↓" }</kbd>{ " " }<kbd>{ "↑" }</kbd>{ " " }<kbd>{ "Esc" }</kbd>
                    { " · " }<button class="link" data-test="show-keys"
                        onclick={does(&props.act, || Action::Dialog(Some(Dialog::Keys)))}>{ words.keys_all }</button></p>
                { legend::legend(words) }
            }
        </section>
    }
}

fn packet(detail: &Detail, props: &PacketProps) -> Html {
    let words = props.words;
    let act = &props.act;
    html! {
        <article class={classes!("packet", format!("kind-{}", detail.kind.class()))}
            data-test="packet" data-frame={detail.number.to_string()}>
            <header>
                <div class="nth">
                    <span>{ fill(words.packet, &[("n", &grouped(detail.number))]) }</span>
                    <span>
                        <button class="link" onclick={does(act, || Action::Step(-1))}
                            disabled={detail.number <= 1} aria-label={words.previous} title={words.previous}>{ "↑" }</button>
                        { "\u{a0}\u{a0}" }
                        <button class="link" onclick={does(act, || Action::Step(1))}
                            disabled={detail.number >= props.packets} aria-label={words.next} title={words.next}>{ "↓" }</button>
                        { "\u{a0}\u{a0}" }
                        <button class="link" onclick={does(act, || Action::Select(None))}
                            aria-label={words.unselect} title={words.unselect}>{ "✕" }</button>
                    </span>
                </div>
                <h2>{ &detail.title }</h2>
            </header>
            <p class="why" data-test="packet-why">
                { if detail.why.is_empty() { words.why_unknown } else { &detail.why } }
            </p>
            if !detail.links.is_empty() {
                <div class="ties">{ for detail.links.iter().map(|link| tie(link, props)) }</div>
            }
            { for detail.problems.iter().map(|text| html! { <p class="problem">{ text }</p> }) }
            { for props.written.0.on_packet(detail.number).map(|note| notes::card(words, note, act)) }
            { pens(detail, props) }
            <p class="seen">{ &detail.when }</p>
            <div class="layers" role="group" aria-label={words.layers}>
                { for detail.layers.iter().map(|one| layer(one, props)) }
            </div>
            { bytes(detail, props) }
        </article>
    }
}

/// What can be written on it.
fn pens(detail: &Detail, props: &PacketProps) -> Html {
    let words = props.words;
    let written = &props.written.0;
    let number = detail.number;
    let pen = |test: &'static str,
               text: &'static str,
               key: &'static str,
               pressed: Option<bool>,
               pen: fn() -> Pen| {
        html! {
            <button class="button small" data-test={test} title={key} aria-keyshortcuts={key}
                aria-pressed={pressed.map(|pressed| pressed.to_string())}
                onclick={does(&props.act, move || Action::Pen(pen()))}>{ text }</button>
        }
    };
    let is_hidden = written.is_hidden(number);
    let bracket = match props.bracket_from {
        Some(from) if from != number => words.pen_bracket_to,
        _ => words.pen_bracket,
    };
    html! {
        <>
            <div class="pens" role="group" aria-label={words.annotate}>
                { pen("pen-note", words.pen_note, "n", None, || Pen::Note) }
                { pen("pen-highlight", words.pen_highlight, "h", Some(written.is_highlighted(number)), || Pen::Highlight) }
                { pen("pen-bracket", bracket, "b", Some(props.bracket_from == Some(number)), || Pen::Bracket) }
                { pen("pen-hide", words.pen_hide, "x", Some(is_hidden), || Pen::Hide) }
            </div>
            if is_hidden {
                <p class="seen">{ words.is_hidden }</p>
            } else if props.left_out {
                <p class="seen" data-test="left-out">{ words.is_left_out }{ " " }
                    <button class="link" data-test="show-everything"
                        onclick={does(&props.act, || Action::ShowAll)}>{ words.show_all }</button>
                </p>
            }
        </>
    }
}

/// `first sent: packet 8`, with an arrow up or down the ladder.
fn tie(link: &Link, props: &PacketProps) -> Html {
    let number = link.number;
    let here = props.detail.as_ref().map_or(0, |detail| detail.0.number);
    let arrow = if number < here { "↗" } else { "↘" };
    let text = fill(
        props.words.tie,
        &[
            ("relation", &link.relation),
            ("n", &grouped(number)),
            ("arrow", &arrow),
        ],
    );
    html! {
        <button class="link" data-test="packet-link"
            onclick={does(&props.act, move || Action::Select(Some(number)))}>{ text }</button>
    }
}

/// Marks these bytes, or takes the mark away.
fn marks(range: (u32, u32), props: &PacketProps) -> Callback<MouseEvent> {
    let next = (props.marked != Some(range)).then_some(range);
    does(&props.act, move || Action::Mark(next))
}

fn layer(layer: &DetailLayer, props: &PacketProps) -> Html {
    let words = props.words;
    let chosen = (props.marked == Some(layer.range)).then_some("chosen");
    let len = layer.range.1.saturating_sub(layer.range.0);
    html! {
        <div class={classes!("layer", layer.quoted.then_some("quoted"))} data-test="packet-layer">
            <button class={classes!(chosen)} onclick={marks(layer.range, props)}
                aria-pressed={chosen.is_some().to_string()}>
                <b>{ &layer.title }</b>
                <span class="bytes">{ fill(words.size_bytes, &[("n", &grouped(u64::from(len)))]) }</span>
            </button>
            <div class="tree">{ for layer.fields.iter().map(|one| field(one, props)) }</div>
        </div>
    }
}

fn field(field: &Field, props: &PacketProps) -> Html {
    let is_chosen = props.marked == Some(field.range);
    let class = classes!("item", is_chosen.then_some("chosen"),);
    let number = props.detail.as_ref().map_or(0, |detail| detail.0.number);
    let notes = props.written.0.on_field(number, &field.id);
    html! {
        <>
            <div class="item-row">
                <button {class} onclick={marks(field.range, props)} aria-pressed={is_chosen.to_string()}>
                    <span>{ &field.name }</span><span class="value">{ &field.value }</span>
                </button>
                if !field.id.is_empty() { { field_pen(field, number, props) } }
            </div>
            if !field.id.is_empty() { { for notes.map(|note| notes::card(props.words, note, &props.act)) } }
        </>
    }
}

fn field_pen(field: &Field, packet: u64, props: &PacketProps) -> Html {
    let title = fill(props.words.pen_field, &[("field", &field.id)]);
    let field = field.id.clone();
    let begin = does(&props.act, move || {
        let field = field.clone();
        Action::Pen(Pen::Begin(On::Place(Place::Field { packet, field })))
    });
    html! {
        <button class="pen" data-test="pen-field" aria-label={title.clone()} {title} onclick={begin}>{ "✎" }</button>
    }
}

fn bytes(detail: &Detail, props: &PacketProps) -> Html {
    let words = props.words;
    let shown = &detail.bytes[..detail.bytes.len().min(SHOWN)];
    let kept = detail.bytes.len() as u64;
    html! {
        <>
            <div class="hex" data-test="packet-bytes" role="group" aria-label={words.bytes} tabindex="0">
                { for shown.chunks(ROW).enumerate().map(|(row, bytes)| hex_row(row, bytes, detail, props)) }
            </div>
            if kept < u64::from(detail.original_len) {
                <p class="seen">
                    { fill(words.bytes_cut, &[("kept", &grouped(kept)), ("all", &grouped(u64::from(detail.original_len)))]) }
                </p>
            }
        </>
    }
}

fn hex_row(row: usize, bytes: &[u8], detail: &Detail, props: &PacketProps) -> Html {
    let at = row * ROW;
    let (from, to) = props.marked.unwrap_or((0, 0));
    let is_marked = |index: usize| (from..to).contains(&u32::try_from(index).unwrap_or(u32::MAX));
    let hex = bytes.iter().enumerate().map(|(column, byte)| {
        let index = at + column;
        let chosen = is_marked(index).then_some("chosen");
        let range = field_of(detail, index).unwrap_or((index as u32, index as u32 + 1));
        html! {
            <i class={classes!(chosen)} onclick={marks(range, props)}>{ format!("{byte:02x}") }</i>
        }
    });
    let ascii: String = bytes.iter().map(|&byte| printable(byte)).collect();
    html! {
        <div class="line">
            <span class="at">{ format!("{at:04x}") }</span>
            <span class="row">{ for hex }</span>
            <span class="ascii">{ ascii }</span>
        </div>
    }
}

fn printable(byte: u8) -> char {
    if (0x20..0x7f).contains(&byte) {
        char::from(byte)
    } else {
        '·'
    }
}

/// The narrowest field that has this byte; a layer if no field has it.
fn field_of(detail: &Detail, index: usize) -> Option<(u32, u32)> {
    let index = u32::try_from(index).ok()?;
    let fields = detail
        .layers
        .iter()
        .flat_map(|layer| layer.fields.iter().map(|field| field.range));
    let layers = detail.layers.iter().map(|layer| layer.range);
    let has = |range: &(u32, u32)| range.0 <= index && index < range.1;
    fields
        .filter(has)
        .min_by_key(|range| range.1 - range.0)
        .or_else(|| layers.filter(has).min_by_key(|range| range.1 - range.0))
}

/// A packet as a property.
pub fn shared(detail: &Option<std::rc::Rc<Detail>>) -> Option<Shared<Detail>> {
    detail.clone().map(Shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_belongs_to_the_narrowest_field() {
        let field = |range| Field {
            range,
            ..Field::default()
        };
        let detail = Detail {
            layers: vec![DetailLayer {
                range: (14, 34),
                fields: vec![field((14, 15)), field((14, 34)), field((20, 22))],
                ..DetailLayer::default()
            }],
            ..Detail::default()
        };
        assert_eq!(field_of(&detail, 21), Some((20, 22)));
        assert_eq!(field_of(&detail, 14), Some((14, 15)));
        assert_eq!(field_of(&detail, 30), Some((14, 34)));
        assert_eq!(field_of(&detail, 0), None);
    }

    #[test]
    fn bytes_that_are_no_letters_are_dots() {
        assert_eq!(printable(b'G'), 'G');
        assert_eq!(printable(0), '·');
        assert_eq!(printable(0xff), '·');
    }
}
