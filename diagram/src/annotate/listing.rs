//! What is written on a capture, as lines of text.

use super::{Annotations, Note, On};
use crate::capture::Capture;
use core::fmt::Write;
use std::collections::BTreeSet;
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// All that is written on a capture, one thing a line, in the words of `synema annotate`; empty
/// if nothing is.
pub fn listing(capture: &Capture) -> String {
    let annotations = capture.annotations();
    let mut out = String::new();
    for (what, text) in [
        ("title", annotations.title()),
        ("summary", annotations.summary()),
    ] {
        if !text.is_empty() {
            line(&mut out, what, text);
        }
    }
    for note in in_order(capture, annotations) {
        line(&mut out, &place(capture, note), &note.text);
    }
    for bracket in annotations.brackets() {
        let (from, to) = (number(capture, bracket.from), number(capture, bracket.to));
        line(&mut out, &format!("bracket {from}-{to}"), &bracket.text);
    }
    for (lane, name) in annotations.lane_names() {
        line(&mut out, &format!("lane {lane} is called"), name);
    }
    for (what, packets) in [
        ("highlighted", annotations.highlights()),
        ("hidden", annotations.hidden()),
    ] {
        if !packets.is_empty() {
            line(&mut out, what, &ranges(capture, packets));
        }
    }
    out
}

/// The notes on packets in the packets' order, then the others.
fn in_order<'a>(capture: &Capture, annotations: &'a Annotations) -> Vec<&'a Note> {
    let mut notes: Vec<_> = annotations.notes().collect();
    let index = |note: &Note| note.on.packet().and_then(|packet| capture.index_of(packet));
    notes.sort_by_key(|note| index(note).unwrap_or(usize::MAX));
    notes
}

/// What a note is written on: `packet 12`, `0.1-0.5 s`, `lane 192.0.2.1`.
fn place(capture: &Capture, note: &Note) -> String {
    match &note.on {
        On::Packet(packet) => format!("packet {}", number(capture, *packet)),
        On::Field { packet, field } => format!("packet {}, {field}", number(capture, *packet)),
        On::Time { from, to } => {
            format!("{}-{} s", seconds(capture, *from), seconds(capture, *to))
        }
        On::Lane(lane) => format!("lane {lane}"),
    }
}

/// A packet's number, or `?` if it is not there.
fn number(capture: &Capture, packet: FrameId) -> String {
    let index = capture.index_of(packet);
    index.map_or_else(|| "?".to_owned(), |index| (index + 1).to_string())
}

/// Seconds since the first packet, without zeros at the end.
fn seconds(capture: &Capture, at: Instant) -> String {
    let first = capture
        .frames()
        .first()
        .map_or(0, |frame| frame.at.as_nanos());
    let since = i128::from(at.as_nanos()) - i128::from(first);
    let sign = if since < 0 { "-" } else { "" };
    let (whole, part) = (since.abs() / 1_000_000_000, since.abs() % 1_000_000_000);
    let text = format!("{sign}{whole}.{part:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Packets as `1-4,7`; those that are not there as `?`, with how many.
fn ranges(capture: &Capture, packets: &BTreeSet<FrameId>) -> String {
    let mut numbers: Vec<_> = packets
        .iter()
        .filter_map(|&packet| capture.index_of(packet))
        .map(|index| index + 1)
        .collect();
    numbers.sort_unstable();
    let missing = packets.len() - numbers.len();
    let mut parts: Vec<String> = numbers
        .chunk_by(|before, after| before + 1 == *after)
        .map(|run| match run {
            [first, .., last] => format!("{first}-{last}"),
            _ => run[0].to_string(),
        })
        .collect();
    if missing > 0 {
        parts.push(format!("? ({missing} not there)"));
    }
    parts.join(",")
}

/// Further lines of a text stand below its first.
fn line(out: &mut String, what: &str, text: &str) {
    let mut lines = text.lines();
    let _ = writeln!(out, "{what}: {}", plain(lines.next().unwrap_or_default()));
    for more in lines {
        let _ = writeln!(out, "    {}", plain(more));
    }
}

/// Without what a terminal takes for orders.
fn plain(text: &str) -> String {
    let plain = |character: char| match character {
        character if character.is_control() => '\u{fffd}',
        character => character,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::{Bracket, Edit, NoteId};
    use crate::capture::{Direction, Frame};

    #[test]
    fn everything_is_a_line_in_words() {
        let mut capture = Capture::default();
        assert_eq!(listing(&capture), "");
        for number in 1..=9 {
            let at = Instant::from_millis(1_000 + 250 * (number - 1));
            let id = FrameId::received(number);
            capture.push(Frame::new(id, at, Direction::Unknown, &[0; 60]));
        }
        let packet = FrameId::received;
        let note = |id, on, text: &str| {
            let text = text.to_owned();
            Edit::write(Note {
                id: NoteId(id),
                on,
                text,
            })
        };
        let field = On::Field {
            packet: packet(2),
            field: "tcp.seq".into(),
        };
        let time = On::Time {
            from: Instant::from_millis(900),
            to: Instant::from_millis(1_250),
        };
        let lane = "192.0.2.1".parse().expect("an address");
        for edit in [
            Edit::Title("A stall".into()),
            Edit::Summary("first\nsecond \x1b[31mred".into()),
            note(1, On::Packet(packet(9)), "late"),
            note(2, field, "early"),
            note(3, time, "in between"),
            note(4, On::Lane(lane), "slow"),
            note(5, On::Packet(packet(77)), "gone"),
            Edit::draw(Bracket {
                id: NoteId(6),
                from: packet(3),
                to: packet(7),
                text: "RTO".into(),
            }),
            Edit::LaneName(lane, Some("server".into())),
            Edit::highlight([1, 2, 3, 5].map(packet), true),
            Edit::hide([8, 77].map(packet), true),
        ] {
            capture.annotate(edit);
        }
        assert_eq!(
            listing(&capture),
            "title: A stall\n\
             summary: first\n    second \u{fffd}[31mred\n\
             packet 2, tcp.seq: early\n\
             packet 9: late\n\
             -0.1-0.25 s: in between\n\
             lane 192.0.2.1: slow\n\
             packet ?: gone\n\
             bracket 3-7: RTO\n\
             lane 192.0.2.1 is called: server\n\
             highlighted: 1-3,5\n\
             hidden: 8,? (1 not there)\n"
        );
    }
}
