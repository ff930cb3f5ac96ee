//! A packet's panel: what it is and why, then its layers' fields.

use super::lines;
use crate::Document;
use crate::render::svg::escape;
use crate::words::say;
use core::fmt::Write;

/// Writes the packet with this number. Its bytes are not in it.
pub(super) fn write(out: &mut String, document: &Document, number: u64) {
    let language = document.view().language;
    let Some(detail) = document.detail(number) else {
        return;
    };
    let packet = say!(language, "Packet {number}", "パケット {number}");
    let _ = write!(
        out,
        "<article class=\"x-packet\" id=\"packet-{number}\"><span class=\"x-quiet\">{packet}</span>\
         <h3>{}</h3>",
        escape(&detail.title)
    );
    let notes = detail.frame.map(|id| document.annotations().notes_on(id));
    for note in notes.into_iter().flatten() {
        let _ = write!(
            out,
            "<div class=\"x-note\">{} <a href=\"#note-{}\">↖</a></div>",
            lines(&note.words()),
            note.id.0
        );
    }
    let _ = write!(
        out,
        "<p>{}<p class=\"x-quiet\">{}",
        escape(&detail.why),
        escape(&detail.when)
    );
    if !detail.links.is_empty() {
        out.push_str("<p>");
        for (index, link) in detail.links.iter().enumerate() {
            let gap = if index == 0 { "" } else { " · " };
            let _ = write!(
                out,
                "{gap}<a href=\"#packet-{}\">{}: {}</a>",
                link.number,
                escape(&link.relation),
                say!(language, "packet {n}", "パケット {n}", n = link.number),
            );
        }
    }
    for problem in &detail.problems {
        let _ = write!(out, "<p class=\"x-problem\">{}", escape(problem));
    }
    for layer in &detail.layers {
        let _ = write!(out, "<h4>{}</h4>", escape(&layer.title));
        if layer.fields.is_empty() {
            continue;
        }
        out.push_str("<dl>");
        for field in &layer.fields {
            let (name, value) = (escape(&field.name), escape(&field.value));
            let _ = write!(out, "<dt>{name}<dd>{value}");
        }
        out.push_str("</dl>");
    }
    out.push_str("</article>\n");
}
