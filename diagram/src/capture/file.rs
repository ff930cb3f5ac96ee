//! Capture files: reads pcap and pcapng (also gzipped), writes pcapng.
//!
//! Blocks and fields are the business of the `pcap-file` crate; here is what they
//! mean to us. A file is hostile: what cannot be read is reported with its offset,
//! and all that came before it is kept.

mod bare;
mod blocks;
mod documents;
mod names;
mod own;
mod packet;
mod pcapng;
mod resolved;
mod write;

pub(super) use resolved::resolved_names;
pub use write::write_pcapng;

use super::{Capture, Direction, Frame, Interface, MemoryPolicy};
use core::fmt;
use flate2::read::MultiGzDecoder;
use pcap_file::DataLink;
use pcap_file::pcap::{PcapParseError, PcapParser, PcapTsResolution};
use std::io::Read;
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// The interface on which frames are kept that never passed the vantage point.
const NOT_SEEN: &str = "not seen here";
/// Longer than any link's frame; a length beyond it is damage.
const MAX_FRAME: usize = 1 << 20;
/// A gzipped capture may grow to this many bytes.
const MAX_INFLATED: u64 = 4 << 30;
/// More warnings than this are counted, not listed.
const MAX_WARNINGS: usize = 20;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What could be read.
    pub capture: Capture,
    /// Where reading had to stop, if it did before the end.
    pub stopped: Option<FileProblem>,
    /// What was passed over, at most the first 20.
    pub warnings: Vec<FileProblem>,
    /// How many things were passed over.
    pub passed_over: u64,
}

/// What is wrong with a capture file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Bytes from the beginning of the file (inflated, if it is gzipped).
    pub offset: u64,
    /// In words.
    pub what: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.what)
    }
}

impl core::error::Error for FileProblem {}

/// Reads a capture file.
///
/// # Errors
/// When it is no capture file at all. A file that is damaged further on gives
/// what could be read, and says in [`Opened::stopped`] where it ended.
pub fn read(bytes: &[u8]) -> Result<Opened, FileProblem> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read_plain(&inflate(bytes)?);
    }
    read_plain(bytes)
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, FileProblem> {
    let mut plain = Vec::new();
    let result = MultiGzDecoder::new(bytes)
        .take(MAX_INFLATED)
        .read_to_end(&mut plain);
    match result {
        Err(error) if plain.is_empty() => Err(FileProblem {
            offset: 0,
            what: format!("gzip cannot be inflated: {error}"),
        }),
        // Damaged later on: the capture inside ends there, and says so.
        _ => Ok(plain),
    }
}

fn read_plain(bytes: &[u8]) -> Result<Opened, FileProblem> {
    let mut opened = Opened {
        capture: Capture::with_policy(MemoryPolicy::UNLIMITED),
        stopped: None,
        warnings: Vec::new(),
        passed_over: 0,
    };
    match bytes {
        [] => Err(FileProblem {
            offset: 0,
            what: "the file is empty; choose a pcap or pcapng file".into(),
        }),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => pcapng::read(bytes, &mut opened).map(|()| opened),
        [0xa1, 0xb2, ..] | [0xd4, 0xc3, ..] | [0x4d, 0x3c, ..] => {
            read_pcap(bytes, &mut opened).map(|()| opened)
        }
        _ => Err(FileProblem {
            offset: 0,
            what: "not a capture: neither pcap nor pcapng begins like this".into(),
        }),
    }
}

impl Opened {
    fn warn(&mut self, offset: u64, what: String) {
        self.passed_over += 1;
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(FileProblem { offset, what });
        }
    }

    fn stop(&mut self, offset: u64, what: String) {
        self.stopped = Some(FileProblem { offset, what });
    }

    fn next_id(&self) -> FrameId {
        FrameId::received(self.capture.frames().len() as u64 + 1)
    }

    fn last_time(&self) -> Instant {
        self.capture
            .frames()
            .last()
            .map_or(Instant::ZERO, |frame| frame.at)
    }
}

fn read_pcap(bytes: &[u8], opened: &mut Opened) -> Result<(), FileProblem> {
    let problem = |what: String| FileProblem { offset: 0, what };
    let (mut rest, parser) = PcapParser::new(bytes).map_err(|error| problem(words(&error)))?;
    let header = parser.header();
    opened.capture.add_interface(Interface {
        name: String::new(),
        link_type: link_type(header.datalink),
        mac: None,
    });
    while !rest.is_empty() {
        let offset = (bytes.len() - rest.len()) as u64;
        let (after, packet) = match parser.next_raw_packet(rest) {
            Ok((after, packet)) if packet.data.len() <= MAX_FRAME => (after, packet),
            Ok((_, packet)) => {
                opened.stop(
                    offset,
                    format!("a packet of {} bytes is impossible", packet.incl_len),
                );
                break;
            }
            Err(PcapParseError::IncompleteBuffer(needed, present)) => {
                opened.stop(offset, cut_short(needed, present));
                break;
            }
            Err(error) => {
                opened.stop(offset, words(&error));
                break;
            }
        };
        rest = after;
        let per_unit = match header.ts_resolution {
            PcapTsResolution::MicroSecond => 1_000,
            PcapTsResolution::NanoSecond => 1,
        };
        let ns = u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_frac) * per_unit;
        let mut frame = Frame::new(
            opened.next_id(),
            Instant::from_nanos(ns),
            Direction::Unknown,
            &packet.data,
        );
        frame.original_len = frame.original_len.max(packet.orig_len);
        opened.capture.push(frame);
    }
    Ok(())
}

fn link_type(link: DataLink) -> u16 {
    // The upper bits of pcap's field are about the FCS.
    (u32::from(link) & 0xffff) as u16
}

fn cut_short(needed: usize, present: usize) -> String {
    format!("the file ends in the middle of a block: {needed} bytes announced, {present} present")
}

/// An error and its sources in one line.
fn words(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
