//! The panel at the left while a file is shown: what it contains, and what is worth looking at.

use super::{Language, does};
use crate::page::samples::SAMPLES;
use crate::page::state::{Action, Source, State};
use crate::page::writing::Pen;
use crate::words::{fill, grouped, size};
use synema_diagram::notable::{Contents, Conversation, Doubt, Moment};
use synema_diagram::view::Filter;
use yew::prelude::*;

/// The whole panel.
pub fn panel(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    html! {
        <section class="panel left contents" aria-label={words.tab_capture} id="panel-wire">
            { head(state, act) }
            if let Some(contents) = &state.looking.contents {
                { moments(words, state, contents, act) }
                { conversations(words, state, contents, act) }
                { doubts(words, &contents.doubts, act) }
            } else {
                <p class="quiet">{ words.contents_working }</p>
            }
            <p class="after">
                <button class="link" data-test="back-to-wire"
                    onclick={does(act, || Action::ShowWire)}>{ words.back_to_wire }</button>
            </p>
        </section>
    }
}

fn head(state: &State, act: &Callback<Action>) -> Html {
    let Source::File {
        name,
        partly,
        passed_over,
    } = &state.source
    else {
        return html! {};
    };
    let words = state.words;
    let written = &state.writing.written;
    let notes = (written.notes.len() + written.brackets.len()) as u64;
    let noted = if notes == 1 {
        words.notes_count_one
    } else {
        words.notes_count
    };
    let packets = state.reader.extent.packets;
    let count = if packets == 1 {
        words.packets_one
    } else {
        words.packets
    };
    let mut facts = vec![fill(count, &[("n", &grouped(packets))])];
    if let Some(contents) = &state.looking.contents {
        facts.push(fill(words.contents_lasted, &[("time", &contents.lasted)]));
    }
    html! {
        <header data-test="file" data-name={name.clone()}>
            if written.title.is_empty() {
                <p class="quiet">{ words.file_panel }</p>
                <h2 class="lead">{ name }</h2>
            } else {
                <p class="quiet">{ name }</p>
                <h2 class="lead" data-test="file-title">{ &written.title }</h2>
            }
            if !written.summary.is_empty() { <p class="summary" data-test="file-summary">{ &written.summary }</p> }
            <p title={words.file_private}>
                { facts.join(" ") }
                if notes > 0 {
                    { " · " }
                    <button class="link" data-test="file-notes"
                        onclick={does(act, || Action::Pen(Pen::Panel))}>{ fill(noted, &[("n", &grouped(notes))]) }</button>
                }
            </p>
            if let Some(why) = partly {
                <div class="error" data-test="partly">
                    <strong>{ words.open_partly_title }</strong>
                    { fill(words.open_partly, &[("n", &grouped(packets)), ("why", why)]) }
                </div>
            }
            if let Some((count, first)) = passed_over {
                <div class="hint" data-test="passed-over">
                    { fill(words.open_passed_over, &[("n", &grouped(*count)), ("first", first)]) }
                </div>
            }
        </header>
    }
}

fn section(title: &'static str, count: u64, test: &'static str, content: Html) -> Html {
    html! {
        <section class="list" data-test={test}>
            <h3>{ title }{ " " }<span class="quiet">{ grouped(count) }</span></h3>
            { content }
        </section>
    }
}

fn more(text: &'static str, left_out: u64) -> Html {
    if left_out == 0 {
        return html! {};
    }
    html! { <p class="quiet">{ fill(text, &[("n", &grouped(left_out))]) }</p> }
}

fn moments(words: Language, state: &State, contents: &Contents, act: &Callback<Action>) -> Html {
    let one = |moment: &Moment| {
        let (packet, stream) = (moment.packet, moment.stream);
        let is_here = state.reader.selected == Some(packet);
        html! {
            <li><button class="entry" data-test="moment" data-frame={packet.to_string()}
                aria-current={is_here.then_some("true")}
                onclick={does(act, move || Action::Go { packet, stream })}>
                <span>{ &moment.what }</span>
                <span class="where">{ fill(words.at_packet, &[("n", &grouped(packet))]) }</span>
            </button></li>
        }
    };
    let count = contents.moments.len() as u64 + contents.moments_left_out;
    let content = if contents.moments.is_empty() {
        html! { <p class="quiet">{ words.moments_none }</p> }
    } else {
        html! {
            <>
                <ol>{ for contents.moments.iter().map(one) }</ol>
                { more(words.moments_more, contents.moments_left_out) }
            </>
        }
    };
    section(words.moments, count, "moments", content)
}

fn conversations(
    words: Language,
    state: &State,
    contents: &Contents,
    act: &Callback<Action>,
) -> Html {
    let count = contents.conversations.len() as u64 + contents.conversations_left_out;
    let alone = match state.reader.view.filter {
        Filter::Stream(stream) => Some(stream),
        Filter::All => None,
    };
    let content = if contents.conversations.is_empty() {
        html! { <p class="quiet">{ words.conversations_none }</p> }
    } else {
        html! {
            <>
                <ul>{ for contents.conversations.iter().map(|one| conversation(words, one, alone, act)) }</ul>
                { more(words.conversations_more, contents.conversations_left_out) }
            </>
        }
    };
    section(words.conversations, count, "conversations", content)
}

/// Pressed, it is shown alone; pressed again, all are shown.
fn conversation(
    words: Language,
    one: &Conversation,
    alone: Option<u32>,
    act: &Callback<Action>,
) -> Html {
    let stream = one.stream;
    let is_alone = alone == Some(stream);
    let end = |(name, port): &(String, u16)| format!("{name} :{port}");
    let packets = if one.packets == 1 {
        words.packets_one
    } else {
        words.packets
    };
    let mut facts = vec![
        fill(packets, &[("n", &grouped(one.packets))]),
        format!("{} ↗ {} ↙", size(one.bytes[0]), size(one.bytes[1])),
        one.lasted.clone(),
    ];
    if one.retransmissions > 0 {
        facts.push(fill(
            words.conversation_again,
            &[("n", &grouped(one.retransmissions))],
        ));
    }
    let next = (!is_alone).then_some(stream);
    html! {
        <li><button class="entry" data-test="conversation" data-stream={stream.to_string()}
            aria-pressed={is_alone.to_string()} title={if is_alone { words.alone_back } else { words.alone_hint }}
            onclick={does(act, move || Action::Only(next))}>
            <span><b>{ end(&one.client) }</b>{ " → " }<b>{ end(&one.server) }</b></span>
            <span class="where">{ facts.join(" · ") }</span>
        </button></li>
    }
}

fn doubts(words: Language, doubts: &[Doubt], act: &Callback<Action>) -> Html {
    if doubts.is_empty() {
        return html! {};
    }
    let one = |doubt: &Doubt| {
        let packet = doubt.packet;
        html! {
            <li><button class="entry" data-test="doubt" data-frame={packet.to_string()}
                onclick={does(act, move || Action::Go { packet, stream: None })}>
                <span>{ &doubt.what }</span>
                <span class="where">{ fill(words.first_at_packet, &[("n", &grouped(packet))]) }</span>
            </button></li>
        }
    };
    let content = html! { <ul>{ for doubts.iter().map(one) }</ul> };
    section(words.doubts, doubts.len() as u64, "doubts", content)
}

/// The captures that come with the page.
pub fn samples(words: Language, test: &'static str, act: &Callback<Action>) -> Html {
    html! {
        <div class="samples" role="group" aria-label={words.samples}>
            <span class="quiet">{ words.samples }</span>
            { for SAMPLES.iter().map(|sample| {
                let file = sample.file;
                html! {
                    <button class="chip" data-test={test}
                        onclick={does(act, move || Action::OpenSample(file))}>{ (sample.title)(words) }</button>
                }
            }) }
        </div>
    }
}
