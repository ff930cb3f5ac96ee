//! What people wrote, each with a link to what it is written on.

use super::lines;
use crate::Document;
use crate::annotate::{HostAddress, On};
use crate::render::svg::escape;
use crate::words::{self, say};
use core::fmt::Write;
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// Writes the list; nothing if nobody wrote anything.
pub(super) fn write(out: &mut String, document: &Document) {
    let language = document.view().language;
    let annotations = document.annotations();
    let notes = annotations
        .notes()
        .map(|note| (note.id.0, place(document, &note.on), &note.text));
    let brackets = annotations.brackets().map(|bracket| {
        let ends = [bracket.from, bracket.to].map(|id| packet(document, id));
        (
            bracket.id.0,
            ends.join(language.pick(" to ", " 〜 ")),
            &bracket.text,
        )
    });
    let all: Vec<_> = notes.chain(brackets).collect();
    if all.is_empty() {
        return;
    }
    let heading = language.pick("Notes", "メモ");
    let _ = writeln!(out, "<section class=\"x-notes\"><h2>{heading}</h2><ol>");
    for (id, place, text) in all {
        let _ = writeln!(out, "<li id=\"note-{id}\">{place}: {}</li>", lines(text));
    }
    out.push_str("</ol></section>\n");
}

/// What a note is written on, as markup.
fn place(document: &Document, on: &On) -> String {
    let language = document.view().language;
    match on {
        On::Packet(id) => packet(document, *id),
        On::Field { packet: id, field } => {
            say!(
                language,
                "{packet}, {field}",
                "{packet}、{field}",
                packet = packet(document, *id),
                field = escape(field)
            )
        }
        On::Time { from, to } => {
            say!(
                language,
                "{from} to {to}",
                "{from} 〜 {to}",
                from = time(document, *from),
                to = time(document, *to)
            )
        }
        On::Lane(address) => escape(&lane(document, address)),
    }
}

fn packet(document: &Document, id: FrameId) -> String {
    let language = document.view().language;
    match document.number_of(id) {
        Some(number) => say!(
            language,
            "<a href=\"#packet-{number}\">packet {number}</a>",
            "<a href=\"#packet-{number}\">パケット {number}</a>"
        ),
        None => language
            .pick("a packet that is not here", "ここにないパケット")
            .to_owned(),
    }
}

/// Since the first packet, as everything else in the picture.
fn time(document: &Document, at: Instant) -> String {
    let first = document.capture().frames().first();
    let origin = first.map_or(0, |frame| frame.at.as_nanos());
    words::duration(at.as_nanos().saturating_sub(origin))
}

/// The host's name, or its address where it has none.
fn lane(document: &Document, address: &HostAddress) -> String {
    let hosts = document.analysis().hosts().list();
    let host = hosts.iter().find(|host| address.means(host));
    let given = host.and_then(|host| document.annotations().lane_name(host));
    let known = host.and_then(|host| host.name.as_deref());
    match given.or(known) {
        Some(name) => name.to_owned(),
        None => address.to_string(),
    }
}
