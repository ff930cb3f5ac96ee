//! Makes of a document what is shared: pictures, pages, texts, links, captures.
//!
//! ```text
//!   part ──> view and filter of their own ──> render ──> (the packets that are drawn go into it)
//!            '── put back afterwards
//! ```

use super::shown::Shown;
use crate::protocol::{Form, Part, ShareRequest};
use crate::words::{Words, fill};
use synema_diagram::Document;
use synema_diagram::capture::{Payload, file};
use synema_diagram::filter::Expression;
use synema_diagram::link::{self, embed};
use synema_diagram::render::{
    Download, HtmlOptions, SvgOptions, Theme, html, markdown, mermaid, svg, text,
};
use synema_diagram::view::{Filter, Metrics, View};

/// A picture's width, CSS pixels.
const WIDTH: f64 = 900.0;
/// Columns of a text.
const COLUMNS: usize = 100;
/// No program opens a picture of more packets.
const MOST: usize = 5_000;

/// What was made.
pub enum Made {
    /// A file's bytes.
    File(Vec<u8>),
    /// Text, and its packets.
    Text(String, u64),
    /// A picture to be made of points, and the document to put into it.
    Picture(String, Vec<u8>),
}

/// Makes it. The document is looked at afterwards as it was before.
///
/// # Errors
/// Why not, and what to do, in words.
pub fn share(shown: &mut Shown, view: View, request: &ShareRequest) -> Result<Made, String> {
    let wanted = shown.wanted.clone();
    let (part_view, part_wanted) = part(shown, view, wanted.clone(), request.part);
    let document = &mut shown.document;
    document.set_view(part_view);
    document.set_wanted(part_wanted);
    let title = match document.annotations().title() {
        "" => shown.title.clone(),
        title => title.to_owned(),
    };
    let is_all = document.packets_shown() == document.capture().frames().len() as u64;
    let made = make(document, &title, request);
    document.set_view(view);
    document.set_wanted(wanted);
    if made.is_ok() && is_all && request.form == Form::Pcapng {
        shown.saved();
    }
    made
}

/// How the document is to be looked at so that only the part is drawn.
fn part(
    shown: &mut Shown,
    view: View,
    wanted: Option<Expression>,
    part: Part,
) -> (View, Option<Expression>) {
    let plain = View {
        width: WIDTH,
        metrics: Metrics::default(),
        selected: None,
        ..view
    };
    match part {
        Part::Shown => (plain, wanted),
        Part::Everything => {
            let filter = Filter::All;
            (View { filter, ..plain }, None)
        }
        Part::Sight { y0, y1 } => {
            // What only reaches into sight is not meant.
            let scene = shown.scene(view, y0, y1);
            let arrows = scene.arrows.iter();
            let seen = arrows.filter(|arrow| (y0..=y1).contains(&arrow.tail.y));
            let numbers: Vec<u64> = seen.map(|arrow| arrow.number).collect();
            let first = numbers.iter().min().copied().unwrap_or(1);
            let last = numbers.iter().max().copied().unwrap_or(0);
            let among = match wanted {
                Some(wanted) => wanted.among(first..=last),
                None => Expression::of_packets(first..=last),
            };
            (plain, Some(among))
        }
    }
}

fn make(document: &mut Document, title: &str, request: &ShareRequest) -> Result<Made, String> {
    let words = Words::of(document.view().language);
    let packets = document.packets_shown();
    if packets == 0 {
        return Err(words.share_nothing.to_owned());
    }
    if packets > MOST as u64 && !matches!(request.form, Form::Pcapng | Form::Experiment) {
        return Err(fill(
            words.share_too_many,
            &[("n", &packets), ("most", &MOST)],
        ));
    }
    let payload = if request.payload {
        Payload::Kept
    } else {
        Payload::LeftOut
    };
    let options = SvgOptions {
        theme: if request.dark {
            Theme::Dark
        } else {
            Theme::Light
        },
        title: title.to_owned(),
        ..SvgOptions::default()
    };
    Ok(match request.form {
        Form::Svg => {
            let picture = svg(document, &options);
            let inside = document.to_carry(None, payload);
            let picture = inside.map_or_else(
                || picture.clone(),
                |inside| embed::into_svg(&picture, &inside),
            );
            Made::File(picture.into_bytes())
        }
        Form::Png => {
            let picture = svg(document, &options);
            let inside = document.to_carry(None, payload).unwrap_or_default();
            Made::Picture(picture, inside)
        }
        Form::Html => {
            let options = HtmlOptions {
                title: title.to_owned(),
                download: Some(Download {
                    name: "capture.pcapng".to_owned(),
                    bytes: pcapng(document, payload)?,
                    without_payload: !request.payload,
                }),
                max_packets: MOST,
            };
            Made::File(html(document, &options).into_bytes())
        }
        Form::Experiment => {
            let written = document.annotations();
            let notes = if written.is_empty() {
                String::new()
            } else {
                link::encode_notes(written)
            };
            Made::Text(notes, packets)
        }
        Form::Link => {
            let drawn = document.drawn(None);
            let fragment = link::encode(document.capture(), drawn, payload);
            Made::Text(fragment.text, packets)
        }
        Form::Text => Made::Text(text(document, COLUMNS), packets),
        Form::Markdown => Made::Text(markdown(document, title, COLUMNS, None), packets),
        Form::Mermaid => Made::Text(mermaid(document, title), packets),
        Form::Pcapng => Made::File(pcapng(document, payload)?),
    })
}

/// The packets that are drawn, with what is written on them.
fn pcapng(document: &mut Document, payload: Payload) -> Result<Vec<u8>, String> {
    let drawn = document.drawn(None);
    let excerpt = document.capture().excerpt(drawn, payload);
    let mut bytes = Vec::new();
    file::write_pcapng(&excerpt, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
