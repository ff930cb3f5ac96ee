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
mod source;
mod write;

pub(super) use resolved::resolved_names;
pub use write::write_pcapng;

use super::foreign::{InterfaceRest, Ticks};
use super::{Capture, Direction, Frame, Interface, MemoryPolicy};
use crate::link::embed::{self, Carried};
use core::fmt;
use flate2::read::MultiGzDecoder;
use pcap_file::DataLink;
use pcap_file::pcap::{PcapParseError, PcapParser, PcapTsResolution};
use source::{End, Source};
use std::io::{self, Read};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// The interface on which frames are kept that never passed the vantage point.
const NOT_SEEN: &str = "not seen here";
/// Longer than any link's frame; a length beyond it is damage.
const MAX_FRAME: usize = 1 << 20;
const PCAP_HEADER_LEN: usize = 24;
/// A gzipped capture may grow to this many bytes.
const MAX_INFLATED: u64 = 4 << 30;
/// So much of a picture or a page is searched for a document.
const MAX_PICTURE: usize = 64 << 20;
const NOTHING_CARRIED: &str =
    "this picture or page carries no document; open the capture that it was made of";
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

/// Why nothing of a file could be read.
#[derive(Debug)]
pub enum Unread {
    /// The file itself could not be read.
    Input(io::Error),
    /// It is no capture.
    NoCapture(FileProblem),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => write!(f, "it cannot be read: {error}"),
            Self::NoCapture(problem) => problem.fmt(f),
        }
    }
}

impl core::error::Error for Unread {}

/// Reads a capture file that is in memory.
///
/// # Errors
/// When it is no capture file at all. A file that is damaged further on gives
/// what could be read, and says in [`Opened::stopped`] where it ended.
pub fn read(bytes: &[u8]) -> Result<Opened, FileProblem> {
    read_from(bytes).map_err(|unread| match unread {
        Unread::NoCapture(problem) => problem,
        Unread::Input(error) => FileProblem {
            offset: 0,
            what: error.to_string(),
        },
    })
}

/// Reads a capture file as it comes; nothing of it is in memory twice.
///
/// # Errors
/// As [`read`], and when the input fails before there is anything.
pub fn read_from(input: impl Read) -> Result<Opened, Unread> {
    let mut source = Source::new(input, u64::MAX);
    while source.rest().len() < 4 && source.fill() {}
    let zipped = source.rest().starts_with(&[0x1f, 0x8b]);
    if zipped {
        let inflated = MultiGzDecoder::new(source.into_input());
        source = Source::new(inflated, MAX_INFLATED);
        while source.rest().len() < 4 && source.fill() {}
    }
    let problem = |what: String| Unread::NoCapture(FileProblem { offset: 0, what });
    let mut opened = Opened::from(Capture::with_policy(MemoryPolicy::UNLIMITED));
    let read = match source.rest() {
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => pcapng::read(&mut source, &mut opened),
        [0xa1, 0xb2, ..] | [0xd4, 0xc3, ..] | [0x4d, 0x3c, ..] => {
            read_pcap(&mut source, &mut opened)
        }
        [] => match source.into_end() {
            Some(End::Failed(error)) if zipped => {
                return Err(problem(format!("gzip cannot be inflated: {error}")));
            }
            Some(End::Failed(error)) => return Err(Unread::Input(error)),
            _ => Err("the file is empty; choose a pcap or pcapng file".into()),
        },
        bytes if embed::may_carry(bytes) => match carried(&mut source) {
            Ok(Carried::Document(capture)) => {
                opened.capture = *capture;
                Ok(())
            }
            // A page carries a file; that one no other page.
            Ok(Carried::File(file)) if !embed::may_carry(&file) => {
                return read_from(&file[..]);
            }
            Ok(Carried::File(_)) => Err("a page within a page is not read".into()),
            Err(what) => Err(what),
        },
        _ => Err("not a capture: neither pcap nor pcapng begins like this".into()),
    };
    read.map(|()| opened).map_err(problem)
}

/// What a picture or a page carries.
fn carried(source: &mut Source<'_>) -> Result<Carried, String> {
    while source.rest().len() < MAX_PICTURE && source.fill() {}
    match embed::carried(source.rest()) {
        Some(Ok(carried)) => Ok(carried),
        Some(Err(problem)) => Err(problem.to_string()),
        None => match source.end() {
            None | Some(End::OfInput) => Err(NOTHING_CARRIED.into()),
            Some(_) => Err("it ends before the document that it may carry".into()),
        },
    }
}

impl From<Capture> for Opened {
    /// A capture that was had whole.
    fn from(capture: Capture) -> Self {
        Self {
            capture,
            stopped: None,
            warnings: Vec::new(),
            passed_over: 0,
        }
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

    /// Says why no more was read, if that was not the end.
    fn end(&mut self, source: &Source<'_>) {
        let what = match source.end() {
            None | Some(End::OfInput) => return,
            Some(End::OfRoom) => {
                format!(
                    "more than {} GiB, inflated, are not read",
                    MAX_INFLATED >> 30
                )
            }
            Some(End::Failed(error)) => format!("it cannot be read any further: {error}"),
        };
        self.stop(source.offset(), what);
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

fn read_pcap(source: &mut Source<'_>, opened: &mut Opened) -> Result<(), String> {
    while source.rest().len() < PCAP_HEADER_LEN && source.fill() {}
    let (_, parser) = PcapParser::new(source.rest()).map_err(|error| words(&error))?;
    source.take(PCAP_HEADER_LEN);
    let header = parser.header();
    opened.capture.add_interface(Interface {
        name: String::new(),
        link_type: link_type(header.datalink),
        mac: None,
    });
    let (per_unit, ticks) = match header.ts_resolution {
        PcapTsResolution::MicroSecond => (1_000, Ticks::default()),
        PcapTsResolution::NanoSecond => (1, Ticks::NANOSECONDS),
    };
    let rest = InterfaceRest {
        snaplen: header.snaplen,
        ticks,
        ..InterfaceRest::default()
    };
    opened.capture.foreign_mut().interfaces.insert(0, rest);
    while source.has_more() {
        let rest = source.rest();
        let (after, packet) = match parser.next_raw_packet(rest) {
            Ok((after, packet)) if packet.data.len() <= MAX_FRAME => (after, packet),
            Ok((_, packet)) => {
                let what = format!("a packet of {} bytes is impossible", packet.incl_len);
                opened.stop(source.offset(), what);
                return Ok(());
            }
            Err(PcapParseError::IncompleteBuffer(needed, present)) => {
                if !go_on(source, (needed, present), MAX_FRAME, opened) {
                    return Ok(());
                }
                continue;
            }
            Err(error) => {
                opened.stop(source.offset(), words(&error));
                return Ok(());
            }
        };
        let len = rest.len() - after.len();
        let ns = u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_frac) * per_unit;
        let bytes = source.keep(&packet.data);
        let at = Instant::from_nanos(ns);
        let mut frame = Frame::of(opened.next_id(), at, Direction::Unknown, bytes);
        frame.original_len = frame.original_len.max(packet.orig_len);
        opened.capture.push(frame);
        source.take(len);
    }
    opened.end(source);
    Ok(())
}

/// Reads on in a block that is not here whole; false, and said why, where that is of no use.
fn go_on(
    source: &mut Source<'_>,
    (needed, present): (usize, usize),
    most: usize,
    opened: &mut Opened,
) -> bool {
    if source.rest().len() <= most && source.fill() {
        return true;
    }
    let what = match source.end() {
        None => format!("a block of {needed} bytes is impossible"),
        Some(_) => cut_short(needed, present),
    };
    opened.stop(source.offset(), what);
    opened.end(source);
    false
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
mod hostile;
#[cfg(test)]
mod tests;
