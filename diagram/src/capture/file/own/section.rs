//! Our options on a section: what people wrote about the whole, and the trace.

use super::{BINARY_MAGIC, MAX_OPTION, PEN, VERSION, take, take_each, with_rest};
use crate::annotate::{Annotations, Bracket, HostAddress, Note, NoteId};
use crate::capture::{Capture, Machine, MachineId};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Read, Write};
use synema_core::trace::{Event, FrameId, Record};
use synema_core::wire::MacAddr;

const PART_HEADER: usize = BINARY_MAGIC.len() + 1 + 4 + 4;
/// Readers refuse blocks beyond 16 MiB; the section header stays well below.
const MAX_PARTS: usize = 192;
/// A record's JSON is around 100 bytes; what inflates to more is not ours.
const MAX_INFLATED: u64 = 512 << 20;
/// Records that are alike shrink to a hundredth, and single texts to any size; what grows beyond
/// both is made to fill memory.
const MAX_GROWTH: u64 = 200;
const MIN_INFLATED: u64 = 16 << 20;
/// The key of the line that is no record.
const DOCUMENT: &str = "document";

/// What is said about the whole: of the notes, those that are on no packet that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct DocumentTold {
    /// The version of whoever wrote it.
    pub(in super::super) v: u8,
    /// How many of the section's comments are the title, and the summary.
    pub(in super::super) title: u32,
    pub(in super::super) summary: u32,
    /// With what a later version said of them.
    pub(in super::super) notes: Vec<(Note, Map<String, Value>)>,
    pub(in super::super) brackets: Vec<(Bracket, Map<String, Value>)>,
    pub(in super::super) highlights: BTreeSet<FrameId>,
    pub(in super::super) hidden: BTreeSet<FrameId>,
    pub(in super::super) lane_names: BTreeMap<HostAddress, String>,
    /// The stack's own addresses, by interfaces: Wireshark 4.0 drops those of the interfaces.
    pub(in super::super) macs: BTreeMap<u32, MacAddr>,
    /// The machines of a simulation.
    pub(in super::super) machines: Vec<Machine>,
    /// What this version does not know.
    pub(in super::super) rest: Map<String, Value>,
}

/// The trace that is told on a section.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct TraceTold {
    /// The own stack's records.
    pub(in super::super) own: Vec<Record>,
    /// Those of other machines' stacks.
    pub(in super::super) others: Vec<OthersRecord>,
}

/// A record of another machine's stack, as a line. Not laid out like the own stack's records:
/// who does not know of machines must not take it for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct OthersRecord {
    pub(in super::super) machine: MachineId,
    pub(in super::super) record: Record,
}

impl DocumentTold {
    /// What is to be said of a document, of which `has` tells whether it holds a frame.
    pub(in super::super) fn of(
        annotations: &Annotations,
        has: impl Fn(FrameId) -> bool,
        rests: &BTreeMap<NoteId, Map<String, Value>>,
    ) -> Self {
        let rest = |id: NoteId| rests.get(&id).cloned().unwrap_or_default();
        let missing =
            |ids: &BTreeSet<FrameId>| ids.iter().copied().filter(|id| !has(*id)).collect();
        let notes = annotations.notes();
        let elsewhere = notes.filter(|note| !note.on.packet().is_some_and(&has));
        let brackets = annotations.brackets();
        Self {
            v: VERSION,
            notes: elsewhere
                .map(|note| (note.clone(), rest(note.id)))
                .collect(),
            brackets: brackets
                .map(|bracket| (bracket.clone(), rest(bracket.id)))
                .collect(),
            highlights: missing(annotations.highlights()),
            hidden: missing(annotations.hidden()),
            lane_names: annotations.lane_names().clone(),
            ..Self::default()
        }
    }

    /// The names of the frames that are spoken of.
    pub(in super::super) fn names(&self) -> impl Iterator<Item = FrameId> {
        let notes = self.notes.iter().filter_map(|(note, _)| note.on.packet());
        let ends = |(bracket, _): &(Bracket, _)| [bracket.from, bracket.to];
        let brackets = self.brackets.iter().flat_map(ends);
        let marks = self.highlights.iter().chain(&self.hidden).copied();
        notes.chain(brackets).chain(marks)
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        let plain = Self {
            v: self.v,
            ..Self::default()
        };
        *self == plain
    }

    fn line(&self) -> String {
        fn each<T: Serialize>(list: &[(T, Map<String, Value>)]) -> Value {
            let item = |(item, rest): &(T, Map<String, Value>)| {
                let mut value = json!(item);
                with_rest(&mut value, rest);
                value
            };
            list.iter().map(item).collect()
        }
        let mut fields = json!({
            "v": self.v,
            "title": self.title,
            "summary": self.summary,
            "notes": each(&self.notes),
            "brackets": each(&self.brackets),
            "highlights": self.highlights,
            "hidden": self.hidden,
            "lane_names": self.lane_names,
            "macs": self.macs,
            "machines": self.machines,
        });
        if let Value::Object(fields) = &mut fields {
            fields.retain(|_, value| match value {
                Value::Array(list) => !list.is_empty(),
                Value::Object(list) => !list.is_empty(),
                _ => true,
            });
        }
        with_rest(&mut fields, &self.rest);
        json!({ DOCUMENT: fields }).to_string()
    }

    fn read(mut rest: Map<String, Value>) -> Self {
        let mut told = Self::default();
        take(&mut rest, "v", &mut told.v);
        take(&mut rest, "title", &mut told.title);
        take(&mut rest, "summary", &mut told.summary);
        told.notes = take_each(&mut rest, "notes", &["id", "on", "text"]);
        told.brackets = take_each(&mut rest, "brackets", &["id", "from", "to", "text"]);
        take(&mut rest, "highlights", &mut told.highlights);
        take(&mut rest, "hidden", &mut told.hidden);
        if let Some(Value::Object(names)) = rest.get_mut("lane_names") {
            names.retain(|lane, name| match (lane.parse(), name.as_str()) {
                (Ok(lane), Some(name)) => {
                    told.lane_names.insert(lane, name.to_owned());
                    false
                }
                _ => true,
            });
            if names.is_empty() {
                rest.remove("lane_names");
            }
        }
        take(&mut rest, "macs", &mut told.macs);
        take(&mut rest, "machines", &mut told.machines);
        told.rest = rest;
        told
    }
}

/// Whether the record says nothing that is not on a frame anyway.
fn is_on_a_frame(event: &Event) -> bool {
    matches!(event, Event::Received { .. })
}

/// The section's options: the document and all records, deflated and cut into parts. The
/// frequent kinds of records are left out when it would not fit otherwise.
pub(in super::super) fn section_parts(
    document: &DocumentTold,
    capture: &Capture,
    lines: &[String],
) -> Vec<Vec<u8>> {
    let room = MAX_PARTS * (MAX_OPTION - PART_HEADER);
    let mut head = String::new();
    if !document.is_empty() {
        head = document.line() + "\n";
    }
    for line in lines {
        head.push_str(line);
        head.push('\n');
    }
    let mut packed = pack(&head, capture, |event| !is_on_a_frame(event));
    if packed.len() > room {
        packed = pack(&head, capture, is_rare);
    }
    if packed.len() > room {
        packed = pack(&head, capture, |_| false);
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

fn pack(head: &str, capture: &Capture, wanted: impl Fn(&Event) -> bool) -> Vec<u8> {
    let deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    // Whole pieces: the encoder looks after its buffer with each write, and JSON is written in
    // crumbs.
    let mut out = BufWriter::with_capacity(1 << 16, deflate);
    let mut any = !head.is_empty();
    if out.write_all(head.as_bytes()).is_err() {
        return Vec::new();
    }
    for machine in capture.machine_ids() {
        let records = capture.records_of(machine).iter();
        for record in records.filter(|record| wanted(&record.event)) {
            // Writing into a Vec cannot fail, and neither can a Record's JSON: its map
            // keys are strings.
            any = true;
            if write_record(&mut out, machine, record).is_err() {
                return Vec::new();
            }
        }
    }
    match out.into_inner() {
        Ok(deflate) if any => deflate.finish().unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn write_record(out: &mut impl Write, machine: MachineId, record: &Record) -> io::Result<()> {
    if machine == MachineId::OWN {
        serde_json::to_writer(&mut *out, record)?;
    } else {
        let record = record.clone();
        serde_json::to_writer(&mut *out, &OthersRecord { machine, record })?;
    }
    out.write_all(b"\n")
}

/// Gathers the section's options, in whatever order they come.
#[derive(Debug, Default)]
pub(in super::super) struct SectionParts {
    parts: Vec<(u32, Vec<u8>)>,
}

impl SectionParts {
    /// Takes an option. False if it is none of ours.
    pub(in super::super) fn take(&mut self, pen: u32, value: &[u8]) -> bool {
        let Some(rest) = value.strip_prefix(BINARY_MAGIC).filter(|_| pen == PEN) else {
            return false;
        };
        let Some((&[_version, a, b, c, d, _, _, _, _], bytes)) = rest.split_first_chunk::<9>()
        else {
            return false;
        };
        self.parts
            .push((u32::from_le_bytes([a, b, c, d]), bytes.to_vec()));
        true
    }

    /// What was said, as far as it can be understood: the document, the records, and lines that
    /// are neither.
    pub(in super::super) fn told(mut self) -> (DocumentTold, TraceTold, Vec<String>) {
        self.parts.sort_by_key(|&(part, _)| part);
        let packed: Vec<u8> = self
            .parts
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect();
        let mut json = Vec::new();
        let limit = (MIN_INFLATED + packed.len() as u64 * MAX_GROWTH).min(MAX_INFLATED);
        // What was inflated before the damage is still of use.
        let _cut_short = ZlibDecoder::new(&packed[..])
            .take(limit)
            .read_to_end(&mut json);
        let mut told = (DocumentTold::default(), TraceTold::default(), Vec::new());
        for line in json.split(|&byte| byte == b'\n') {
            if let Ok(record) = serde_json::from_slice(line) {
                told.1.own.push(record);
                continue;
            }
            if let Ok(record) = serde_json::from_slice(line) {
                told.1.others.push(record);
                continue;
            }
            let Ok(Value::Object(mut other)) = serde_json::from_slice(line) else {
                continue;
            };
            match other.remove(DOCUMENT) {
                Some(Value::Object(document)) => told.0 = DocumentTold::read(document),
                _ => told.2.push(String::from_utf8_lossy(line).into_owned()),
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::MemoryPolicy;
    use synema_core::time::Instant;
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
        let mut capture = Capture::with_policy(MemoryPolicy::UNLIMITED);
        for record in &records {
            capture.record(record.clone());
        }
        let parts = section_parts(&DocumentTold::default(), &capture, &[]);
        assert!(parts.len() > 2 && parts.iter().all(|part| part.len() <= MAX_OPTION));

        let mut gathered = SectionParts::default();
        for part in parts.iter().rev() {
            gathered.take(PEN, part);
            gathered.take(PEN + 1, part);
        }
        assert_eq!(gathered.told().1.own, records);
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
        assert_eq!(gathered.told(), Default::default());
    }
}
