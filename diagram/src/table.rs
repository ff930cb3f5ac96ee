//! One row for each TCP frame, under the names that tshark gives its fields: what
//! `synema analyze` prints, and what is compared with tshark.
//!
//! TCP that an ICMP error quotes is no TCP frame.

use crate::analysis::{Digest, Verdicts};
use crate::capture::{Capture, Frame};
use core::fmt;
use serde::Serialize;
use synema_core::wire::dissect;

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

/// The rows of a capture, given what [`Analysis`](crate::analysis::Analysis) made of it.
pub fn rows<'a>(capture: &'a Capture, digests: &'a [Digest]) -> impl Iterator<Item = Row> + 'a {
    let frames = (1..).zip(capture.frames()).zip(digests);
    frames.filter_map(|((number, frame), digest)| {
        let link_type = capture
            .interfaces()
            .get(frame.interface as usize)?
            .link_type;
        row(number, frame, link_type, digest)
    })
}

fn row(number: u64, frame: &Frame, link_type: u16, digest: &Digest) -> Option<Row> {
    let tcp = digest.tcp?;
    let packet = dissect(link_type.into(), &frame.bytes, frame.original_len as usize);
    let segment = packet.tcp()?;
    Some(Row {
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
    })
}

fn some(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}
