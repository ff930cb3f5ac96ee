//! One row for each TCP frame, under the names that tshark gives its fields: what
//! `synema analyze` prints, and what is compared with tshark.
//!
//! TCP that an ICMP error quotes is no TCP frame.

use crate::analysis::sack::came_twice;
use crate::analysis::{TcpDigest, Verdicts};
use crate::words::Story;
use core::fmt;
use serde::Serialize;
use synema_core::wire::tcp::Segment;
use synema_core::wire::{SeqNum, SeqRange};

/// The columns, named as tshark names them; `tcp.analysis` holds the names of the
/// flags without that prefix, in alphabetical order, with commas between them.
pub const COLUMNS: [&str; 10] = [
    "frame.number",
    "tcp.stream",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.len",
    "tcp.window_size",
    "tcp.analysis",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.bytes_in_flight",
];

/// What is known of one TCP frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number in the capture, counted from 1.
    #[serde(rename = "frame.number")]
    pub number: u64,
    /// The conversation's number, counted from 0.
    #[serde(rename = "tcp.stream")]
    pub stream: u32,
    /// The sequence number as it stands in the header.
    #[serde(rename = "tcp.seq_raw")]
    pub seq_raw: u32,
    /// The acknowledgment number as it stands in the header, whether or not it counts.
    #[serde(rename = "tcp.ack_raw")]
    pub ack_raw: u32,
    /// Bytes of data.
    #[serde(rename = "tcp.len")]
    pub len: u32,
    /// The window in bytes, scaled where the scale is known.
    #[serde(rename = "tcp.window_size")]
    pub window_size: u32,
    /// What the segment was.
    #[serde(rename = "tcp.analysis", serialize_with = "names")]
    pub analysis: Verdicts,
    /// Which duplicate of an ACK it is, counted from 1.
    #[serde(
        rename = "tcp.analysis.duplicate_ack_num",
        skip_serializing_if = "Option::is_none"
    )]
    pub duplicate_ack_num: Option<u32>,
    /// Since the data that it acknowledges was sent.
    #[serde(
        rename = "tcp.analysis.ack_rtt",
        skip_serializing_if = "Option::is_none"
    )]
    pub ack_rtt: Option<Seconds>,
    /// Bytes that its sender has sent and that are not acknowledged, this frame's included.
    #[serde(
        rename = "tcp.analysis.bytes_in_flight",
        skip_serializing_if = "Option::is_none"
    )]
    pub bytes_in_flight: Option<u32>,
}

/// A row, and what else is known: which packets it has to do with, its conversation, its
/// SACK blocks. Relative numbers are those of `tcp.seq`, as tshark tells them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FullRow {
    /// The row.
    #[serde(flatten)]
    pub row: Row,
    /// The frame whose data it acknowledges last.
    #[serde(
        rename = "tcp.analysis.acks_frame",
        skip_serializing_if = "Option::is_none"
    )]
    pub acks_frame: Option<u64>,
    /// How long its sender waited for an ACK, of what is sent again.
    #[serde(rename = "tcp.analysis.rto", skip_serializing_if = "Option::is_none")]
    pub rto: Option<Seconds>,
    /// From which frame on that is reckoned.
    #[serde(
        rename = "tcp.analysis.rto_frame",
        skip_serializing_if = "Option::is_none"
    )]
    pub rto_frame: Option<u64>,
    /// The conversation's first round trip.
    #[serde(
        rename = "tcp.analysis.initial_rtt",
        skip_serializing_if = "Option::is_none"
    )]
    pub initial_rtt: Option<Seconds>,
    /// What was seen of the conversation, in bits.
    #[serde(rename = "tcp.completeness")]
    pub completeness: u8,
    /// The same in words.
    #[serde(rename = "tcp.completeness.str")]
    pub completeness_words: String,
    /// Where its SACK blocks begin.
    #[serde(rename = "tcp.options.sack_le", skip_serializing_if = "Vec::is_empty")]
    pub sack_left: Vec<u32>,
    /// One past where they end.
    #[serde(rename = "tcp.options.sack_re", skip_serializing_if = "Vec::is_empty")]
    pub sack_right: Vec<u32>,
    /// What came twice, by the first of them: where it begins and one past its end.
    #[serde(
        rename = "tcp.options.sack.dsack",
        skip_serializing_if = "Option::is_none"
    )]
    pub dsack: Option<(u32, u32)>,
    /// The frame that carried its data first.
    #[serde(rename = "synema.first_sent", skip_serializing_if = "Option::is_none")]
    pub first_sent: Option<u64>,
    /// The first frame that carried its data again.
    #[serde(rename = "synema.sent_again", skip_serializing_if = "Option::is_none")]
    pub sent_again: Option<u64>,
    /// The first frame that acknowledges it.
    #[serde(rename = "synema.answered_by", skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<u64>,
}

/// Seconds to the nanosecond: `0.000123000`, and in JSON a string of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0 / 1_000_000_000,
            self.0 % 1_000_000_000
        )
    }
}

impl Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn names<S: serde::Serializer>(verdicts: &Verdicts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(verdicts.names())
}

/// The row as tab-separated values, empty where there is nothing to say.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\t{}\t{}\t{}\t{}\t{}\t",
            self.number, self.stream, self.seq_raw, self.ack_raw, self.len, self.window_size,
        )?;
        for (index, name) in self.analysis.names().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{name}")?;
        }
        or_empty(f, self.duplicate_ack_num)?;
        or_empty(f, self.ack_rtt)?;
        or_empty(f, self.bytes_in_flight)
    }
}

fn or_empty(f: &mut fmt::Formatter<'_>, value: Option<impl fmt::Display>) -> fmt::Result {
    match value {
        Some(value) => write!(f, "\t{value}"),
        None => f.write_str("\t"),
    }
}

/// The rows of a capture.
pub fn rows(story: Story<'_>) -> impl Iterator<Item = Row> + '_ {
    let all = 0..story.analysis.digests().len();
    all.filter_map(move |index| of_segment(story, index, row))
}

/// The rows of a capture with all that is known.
pub fn full_rows(story: Story<'_>) -> impl Iterator<Item = FullRow> + '_ {
    let all = 0..story.analysis.digests().len();
    all.filter_map(move |index| {
        of_segment(story, index, |number, tcp, segment| {
            full_row(story, index, row(number, tcp, segment), segment)
        })
    })
}

fn of_segment<T>(
    story: Story<'_>,
    index: usize,
    make: impl FnOnce(u64, &TcpDigest, &Segment<'_>) -> T,
) -> Option<T> {
    let (frame, digest) = story.packet(index)?;
    let tcp = digest.tcp?;
    let packet = story.dissect(frame);
    let segment = story.analysis.segment(index, &packet)?;
    Some(make(index as u64 + 1, &tcp, &segment))
}

fn row(number: u64, tcp: &TcpDigest, segment: &Segment<'_>) -> Row {
    Row {
        number,
        stream: tcp.stream,
        seq_raw: segment.seq().0,
        ack_raw: segment.ack().0,
        len: tcp.len,
        window_size: tcp.window,
        analysis: tcp.verdicts,
        duplicate_ack_num: some(tcp.duplicate_ack),
        ack_rtt: (tcp.ack_rtt_ns > 0).then_some(Seconds(tcp.ack_rtt_ns)),
        bytes_in_flight: some(tcp.in_flight),
    }
}

fn full_row(story: Story<'_>, index: usize, row: Row, segment: &Segment<'_>) -> FullRow {
    let digest = &story.analysis.digests()[index];
    let tcp = digest.tcp.unwrap_or(TcpDigest::EMPTY);
    let info = story.analysis.streams().get(row.stream as usize);
    let number = |index: usize| index as u64 + 1;
    let relative = |seq: SeqNum| (tcp.ack + i64::from(seq.signed_distance(segment.ack()))) as u32;
    let blocks = segment.options().sack;
    let edges = |edge: fn(SeqRange) -> SeqNum| blocks.iter().map(edge).map(relative).collect();
    let waited = story.waited(index);
    let completeness = info.map(|info| info.completeness).unwrap_or_default();
    FullRow {
        acks_frame: digest.acks().map(number),
        rto: waited.map(|(ns, _)| Seconds(ns)),
        rto_frame: waited.map(|(_, since)| number(since)),
        initial_rtt: info.and_then(|info| info.initial_rtt_ns).map(Seconds),
        completeness: completeness.bits(),
        completeness_words: completeness.to_string(),
        sack_left: edges(|block| block.start),
        sack_right: edges(|block| block.end),
        dsack: came_twice(segment).map(|twice| (relative(twice.start), relative(twice.end))),
        first_sent: digest.first_sent().map(number),
        sent_again: digest.sent_again().map(number),
        answered_by: digest.answered_by().map(number),
        row,
    }
}

fn some(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}
