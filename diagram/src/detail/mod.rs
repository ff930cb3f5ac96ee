//! The packet panel: what it is and why first, then its layers, then its bytes.

mod conversation;
mod fields;
mod names;
mod problems;

use crate::capture::Direction;
use crate::layout::scene::Kind;
use crate::words::{self, Language, Story, say};
use core::fmt::Write;
use serde::{Deserialize, Serialize};
use synema_core::trace::{Cause, FrameId};

/// All about one packet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its id.
    pub frame: Option<FrameId>,
    /// What it is, for the colour.
    pub kind: Kind,
    /// What it is: `Retransmission`.
    pub title: String,
    /// Why it was sent and what it does, in plain words.
    pub why: String,
    /// Why, as the trace names it; only for what our own stack sent.
    pub cause: Option<Cause>,
    /// `0.0 ms after the first packet, sent by this page`.
    pub when: String,
    /// Packets that it has to do with.
    pub links: Vec<Link>,
    /// Its layers, outermost first.
    pub layers: Vec<DetailLayer>,
    /// The bytes that are held.
    pub bytes: Vec<u8>,
    /// How long it was on the wire.
    pub original_len: u32,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
    /// Notes.
    pub comments: Vec<String>,
}

/// A packet that this one has to do with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `first sent`, `sent again`, `answered by`, `answers`.
    pub relation: String,
    /// Its number.
    pub number: u64,
}

/// One layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailLayer {
    /// `TCP 80 → 49152`.
    pub title: String,
    /// Its first byte, and one past its last, in [`Detail::bytes`].
    pub range: (u32, u32),
    /// Whether it belongs to the packet that an ICMP error quotes.
    pub quoted: bool,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// `sequence`.
    pub name: String,
    /// What tshark calls it: `tcp.seq`; empty where tshark has no single field for it.
    pub id: String,
    /// `431 (raw 2 801 114 411)`.
    pub value: String,
    /// Its first byte, and one past its last, in [`Detail::bytes`].
    pub range: (u32, u32),
}

impl Detail {
    /// The bytes as lines of sixteen, in hexadecimal and as text.
    pub fn hex(&self) -> String {
        let mut text = String::with_capacity(self.bytes.len() * 5);
        for (line, chunk) in self.bytes.chunks(16).enumerate() {
            let _ = write!(text, "{:04x} ", line * 16);
            for (index, byte) in chunk.iter().enumerate() {
                let space = if index == 8 { " " } else { "" };
                let _ = write!(text, "{space} {byte:02x}");
            }
            let missing = 16 - chunk.len();
            let gap = missing * 3 + usize::from(chunk.len() <= 8);
            let _ = write!(text, "{:gap$}  ", "");
            text.extend(chunk.iter().map(|&byte| match byte {
                b' '..=b'~' => char::from(byte),
                _ => '.',
            }));
            text.push('\n');
        }
        text
    }
}

/// All about the packet with this index.
pub(crate) fn detail(story: Story<'_>, index: usize) -> Option<Detail> {
    let (frame, digest) = story.packet(index)?;
    let language = story.language;
    let packet = story.dissect(frame);
    let first_ns = story
        .capture
        .frames()
        .first()
        .map_or(0, |frame| frame.at.as_nanos());
    let since = words::duration(frame.at.as_nanos().saturating_sub(first_ns));
    let way = match frame.direction {
        Direction::Sent => language.pick(", sent by this page", "、このページが送信"),
        Direction::Received => language.pick(", received by this page", "、このページが受信"),
        Direction::Unknown => "",
    };
    let mut layers = fields::layers(language, &packet, digest);
    if story.analysis.is_put_together(index)
        && let Some(segment) = story.analysis.segment(index, &packet)
    {
        layers.push(fields::put_together(language, &segment, digest));
    }
    conversation::add(story, index, &packet, &mut layers);
    Some(Detail {
        number: index as u64 + 1,
        frame: Some(frame.id),
        kind: digest.kind,
        title: words::title(story, index),
        why: words::why(story, index),
        cause: frame.cause,
        when: say!(
            language,
            "{since} after the first packet{way}",
            "最初のパケットから {since} 後{way}"
        ),
        links: links(language, digest),
        layers,
        bytes: frame.bytes.to_vec(),
        original_len: frame.original_len,
        problems: problems::problems(language, &packet),
        comments: story
            .capture
            .annotations()
            .notes_on(frame.id)
            .map(|note| note.words().into_owned())
            .collect(),
    })
}

fn links(language: Language, digest: &crate::analysis::Digest) -> Vec<Link> {
    let related = [
        (
            language.pick("first sent", "最初の送信"),
            digest.first_sent(),
        ),
        (language.pick("sent again", "再送"), digest.sent_again()),
        (language.pick("answers", "応答先"), digest.answers()),
        (language.pick("answered by", "応答"), digest.answered_by()),
    ];
    related
        .into_iter()
        .filter_map(|(relation, index)| {
            Some(Link {
                relation: relation.to_owned(),
                number: index? as u64 + 1,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_in_columns() {
        let detail = Detail {
            bytes: (0x41..0x41 + 20).collect(),
            ..Detail::default()
        };
        assert_eq!(
            detail.hex(),
            "0000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP\n\
             0010  51 52 53 54                                       QRST\n"
        );
    }
}
