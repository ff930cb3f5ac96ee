//! What a capture file cannot say in the standard's own words, in custom
//! options of ours.
//!
//! ```text
//!  on a packet, code 2988 (UTF-8):   "synema:" JSON
//!  on the section, code 2989:        "synema" version:u8 part:u32 parts:u32 bytes
//!                                     all parts joined: deflate(JSON lines, one record each)
//! ```
//!
//! Numbers are little endian whatever the section's byte order: who rewrites a
//! file in the other order leaves a custom option's content alone. Both kinds are
//! the copyable ones; `editcap` and `tshark -w` keep them.

use super::{Capture, Direction, Fate, Frame};
use crate::annotate::Edit;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{BufWriter, Read, Write};
use synema_core::time::Instant;
use synema_core::trace::{Event, FrameId, Record};

/// The enterprise number that the options carry: the one for documentation
/// (RFC 5612), with [`TEXT_MAGIC`] or [`BINARY_MAGIC`] to tell them from others.
pub(super) const PEN: u32 = 32_473;
const TEXT_MAGIC: &str = "synema:";
const BINARY_MAGIC: &[u8] = b"synema";
const VERSION: u8 = 1;
/// An option is at most 65,535 bytes with its enterprise number.
const MAX_OPTION: usize = 65_531;
const PART_HEADER: usize = BINARY_MAGIC.len() + 1 + 4 + 4;
/// Readers refuse blocks beyond 16 MiB; the section header stays well below.
const MAX_PARTS: usize = 192;
/// A record's JSON is around 100 bytes; what inflates to more is not ours.
const MAX_INFLATED: u64 = 512 << 20;

/// What a packet's option says. Fields that are not there are not written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PacketNote {
    v: u8,
    frame: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<Value>,
}

/// The text of a packet's option.
pub(super) fn packet_text(frame: &Frame) -> String {
    let note = PacketNote {
        v: VERSION,
        frame: frame.id.to_bits(),
        cause: frame
            .cause
            .and_then(|cause| serde_json::to_value(cause).ok()),
        dropped: frame
            .dropped
            .and_then(|reason| serde_json::to_value(reason).ok()),
        other_ns: frame.other_end.map(Instant::as_nanos),
        fate: match &frame.fate {
            Fate::Seen => None,
            other => serde_json::to_value(other).ok(),
        },
    };
    let json = serde_json::to_string(&note).unwrap_or_default();
    format!("{TEXT_MAGIC}{json}")
}

/// Puts on `frame` what a packet's option says, if the option is ours. Values
/// that a later version wrote and this one does not know are passed over.
pub(super) fn read_packet_text(pen: u32, text: &str, frame: &mut Frame) {
    let Some(json) = text.strip_prefix(TEXT_MAGIC).filter(|_| pen == PEN) else {
        return;
    };
    let Ok(note) = serde_json::from_str::<PacketNote>(json) else {
        return;
    };
    fn known<T: for<'de> Deserialize<'de>>(value: Option<Value>) -> Option<T> {
        value.and_then(|value| serde_json::from_value(value).ok())
    }
    frame.id = FrameId::from_bits(note.frame);
    frame.cause = known(note.cause);
    frame.dropped = known(note.dropped);
    frame.other_end = note.other_ns.map(Instant::from_nanos);
    frame.fate = known(note.fate).unwrap_or_default();
    if frame.direction == Direction::Unknown && frame.id.is_sent() {
        frame.direction = Direction::Sent;
    }
}

/// Whether the record says nothing that is not on a frame anyway.
fn is_on_a_frame(event: &Event) -> bool {
    matches!(event, Event::Received { .. })
}

/// The section's options: all records, deflated and cut into parts. The frequent
/// kinds are left out when it would not fit otherwise.
pub(super) fn section_parts(records: &[Record]) -> Vec<Vec<u8>> {
    let room = MAX_PARTS * (MAX_OPTION - PART_HEADER);
    let mut packed = pack(records, |event| !is_on_a_frame(event));
    if packed.len() > room {
        packed = pack(records, is_rare);
    }
    if packed.is_empty() || packed.len() > room {
        return Vec::new();
    }
    let chunks: Vec<_> = packed.chunks(MAX_OPTION - PART_HEADER).collect();
    let parts = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    (0u32..)
        .zip(chunks)
        .map(|(part, chunk)| {
            let mut option = Vec::with_capacity(PART_HEADER + chunk.len());
            option.extend_from_slice(BINARY_MAGIC);
            option.push(VERSION);
            option.extend_from_slice(&part.to_le_bytes());
            option.extend_from_slice(&parts.to_le_bytes());
            option.extend_from_slice(chunk);
            option
        })
        .collect()
}

fn is_rare(event: &Event) -> bool {
    matches!(
        event,
        Event::Opened { .. }
            | Event::State { .. }
            | Event::Closed { .. }
            | Event::TimerFired { .. }
            | Event::Recovery { .. }
            | Event::PathMtu { .. }
            | Event::SoftError { .. }
            | Event::Claim { .. }
            | Event::Neighbour { .. }
            | Event::App(_)
    )
}

fn pack(records: &[Record], wanted: impl Fn(&Event) -> bool) -> Vec<u8> {
    let deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    // Whole pieces: the encoder looks after its buffer with each write, and JSON is written in
    // crumbs.
    let mut out = BufWriter::with_capacity(1 << 16, deflate);
    let mut any = false;
    for record in records.iter().filter(|record| wanted(&record.event)) {
        // Writing into a Vec cannot fail, and neither can a Record's JSON: its map
        // keys are strings.
        any = true;
        if serde_json::to_writer(&mut out, record).is_err() || out.write_all(b"\n").is_err() {
            return Vec::new();
        }
    }
    match out.into_inner() {
        Ok(deflate) if any => deflate.finish().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Gathers the section's options, in whatever order they come.
#[derive(Debug, Default)]
pub(super) struct SectionParts {
    parts: Vec<(u32, Vec<u8>)>,
    comments: Vec<String>,
}

impl SectionParts {
    /// Takes an option if it is one of ours.
    pub(super) fn take(&mut self, pen: u32, value: &[u8]) {
        let Some(rest) = value.strip_prefix(BINARY_MAGIC).filter(|_| pen == PEN) else {
            return;
        };
        let Some((&[_version, a, b, c, d, _, _, _, _], bytes)) = rest.split_first_chunk::<9>()
        else {
            return;
        };
        self.parts
            .push((u32::from_le_bytes([a, b, c, d]), bytes.to_vec()));
    }

    /// Takes a comment of the section.
    pub(super) fn comment(&mut self, text: &str) {
        self.comments.push(text.to_owned());
    }

    /// The first comment is the title, the others are the summary.
    pub(super) fn annotate(&mut self, capture: &mut Capture) {
        let mut comments = std::mem::take(&mut self.comments).into_iter();
        let title = comments.next().unwrap_or_default();
        let summary = comments.collect::<Vec<_>>().join("\n");
        capture.annotate(Edit::Title(title));
        capture.annotate(Edit::Summary(summary));
    }

    /// The records, as far as they can be understood.
    pub(super) fn records(mut self) -> Vec<Record> {
        self.parts.sort_by_key(|&(part, _)| part);
        let packed: Vec<u8> = self
            .parts
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect();
        let mut json = Vec::new();
        // What was inflated before the damage is still of use.
        let _cut_short = ZlibDecoder::new(&packed[..])
            .take(MAX_INFLATED)
            .read_to_end(&mut json);
        json.split(|&byte| byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::trace::ConnId;

    #[test]
    fn many_records_are_cut_into_parts_that_fit_an_option_and_joined_again() {
        // Numbers that do not compress well, so that there is more than one part.
        let mut state = 1u64;
        let records: Vec<_> = (0..20_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                Record {
                    at: Instant::from_nanos(state),
                    event: Event::Delivered {
                        conn: ConnId(1),
                        total: state.rotate_left(17),
                    },
                }
            })
            .collect();
        let parts = section_parts(&records);
        assert!(parts.len() > 2 && parts.iter().all(|part| part.len() <= MAX_OPTION));

        let mut gathered = SectionParts::default();
        for part in parts.iter().rev() {
            gathered.take(PEN, part);
            gathered.take(PEN + 1, part);
        }
        assert_eq!(gathered.records(), records);
    }

    #[test]
    fn what_is_not_ours_is_passed_over() {
        let mut gathered = SectionParts::default();
        for value in [
            &b""[..],
            b"synem",
            b"synema",
            b"synema\x01\0\0\0\0\0\0\0",
            b"other data",
        ] {
            gathered.take(PEN, value);
        }
        assert_eq!(gathered.records(), []);
    }
}
