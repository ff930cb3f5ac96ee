//! Capture files: reads pcap and pcapng (also gzipped), writes pcapng.
//!
//! Blocks and fields are the business of the `pcap-file` crate; here is what they
//! mean to us. A file is hostile: what cannot be read is reported with its offset,
//! and all that came before it is kept.

mod options;
mod write;

pub use write::write_pcapng;

use super::notes::{self, SectionParts};
use super::{Capture, Direction, Fate, Frame, Interface, MemoryPolicy};
use core::fmt;
use flate2::read::MultiGzDecoder;
use pcap_file::DataLink;
use pcap_file::pcap::{PcapParseError, PcapParser, PcapTsResolution};
use pcap_file::pcapng::blocks::block_common::{
    ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, PACKET_BLOCK, SECTION_HEADER_BLOCK,
    SIMPLE_PACKET_BLOCK,
};
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{Block, PcapNgParseError, PcapNgParser, PcapNgState, RawBlock};
use std::io::Read;
use std::time::Duration;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_core::wire::MacAddr;

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
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => read_pcapng(bytes, &mut opened).map(|()| opened),
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

/// Which of our interfaces a section's interface is, and whether it is the one
/// for frames that were never seen.
#[derive(Clone, Copy)]
struct SectionInterface {
    index: u32,
    seen: bool,
}

fn read_pcapng(bytes: &[u8], opened: &mut Opened) -> Result<(), FileProblem> {
    let problem = |what: String| FileProblem { offset: 0, what };
    let mut parser = match PcapNgParser::new(bytes) {
        Ok((_, parser)) => parser,
        // Mended again, and told of, when it is read below.
        Err(error) => options::mend(bytes, &PcapNgState::default())
            .and_then(|better| Some(PcapNgParser::new(&better.block).ok()?.1))
            .ok_or_else(|| problem(words(&error)))?,
    };
    let mut interfaces = Vec::new();
    let mut trace = SectionParts::default();
    // From the beginning again: the first section header is a block like the others.
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = (bytes.len() - rest.len()) as u64;
        let mended;
        let (after, raw) = match parser.next_raw_block(rest) {
            Ok(read) => read,
            Err(PcapNgParseError::IncompleteBuffer(needed, present)) => {
                opened.stop(offset, cut_short(needed, present));
                break;
            }
            // An option that breaks its own rules does not cost us what the block describes.
            Err(PcapNgParseError::StateUpdate(error)) => {
                let Some(better) = options::mend(rest, parser.state()) else {
                    opened.stop(offset, words(&error));
                    break;
                };
                opened.warn(offset, better.words(&words(&error)));
                mended = better;
                match parser.next_raw_block(&mended.block) {
                    Ok((_, raw)) => (rest.get(mended.len..).unwrap_or_default(), raw),
                    Err(error) => {
                        opened.stop(offset, words(&error));
                        break;
                    }
                }
            }
            Err(error) => {
                opened.stop(offset, words(&error));
                break;
            }
        };
        rest = after;
        match raw.type_ {
            SECTION_HEADER_BLOCK => {
                interfaces.clear();
                read_section(parser.section(), &mut trace);
            }
            INTERFACE_DESCRIPTION_BLOCK => {
                if let Some(described) = parser.interfaces().last() {
                    interfaces.push(read_interface(described, opened));
                }
            }
            ENHANCED_PACKET_BLOCK | SIMPLE_PACKET_BLOCK | PACKET_BLOCK => {
                read_packet(raw, offset, &parser, &interfaces, opened);
            }
            _ => {}
        }
    }
    trace.annotate(&mut opened.capture);
    for record in trace.records() {
        opened.capture.record(record);
    }
    Ok(())
}

fn read_section(section: &SectionHeaderBlock<'_>, trace: &mut SectionParts) {
    for option in &section.options {
        match option {
            SectionHeaderOption::Common(CommonOption::Comment(text)) => {
                trace.comment(text);
            }
            SectionHeaderOption::Common(CommonOption::CustomBinaryCopiable(option)) => {
                trace.take(option.pen, &option.value);
            }
            _ => {}
        }
    }
}

fn read_interface(
    described: &InterfaceDescriptionBlock<'_>,
    opened: &mut Opened,
) -> SectionInterface {
    let mut interface = Interface {
        name: String::new(),
        link_type: link_type(described.linktype),
        mac: None,
    };
    for option in &described.options {
        match option {
            InterfaceDescriptionOption::IfName(name) => interface.name = name.to_string(),
            InterfaceDescriptionOption::IfMacAddr(mac) => {
                interface.mac = mac.as_ref().try_into().ok().map(MacAddr);
            }
            _ => {}
        }
    }
    if interface.name == NOT_SEEN && !opened.capture.interfaces().is_empty() {
        return SectionInterface {
            index: 0,
            seen: false,
        };
    }
    SectionInterface {
        index: opened.capture.add_interface(interface),
        seen: true,
    }
}

fn read_packet(
    raw: RawBlock<'_>,
    offset: u64,
    parser: &PcapNgParser,
    interfaces: &[SectionInterface],
    opened: &mut Opened,
) {
    let whole = raw.clone();
    let mended;
    let block = match raw.try_into_block(parser.state()) {
        Ok(block) => block,
        // An option that breaks its own rules does not cost us the packet.
        Err(error) => {
            mended = options::mend_block(&whole, parser.state());
            let better = mended.as_ref().and_then(|better| {
                let block = better.raw().try_into_block(parser.state()).ok()?;
                Some((better, block))
            });
            let Some((better, block)) = better else {
                return opened.warn(
                    offset,
                    format!("a packet was passed over: {}", words(&error)),
                );
            };
            opened.warn(offset, better.words(&words(&error)));
            block
        }
    };
    let (interface, at, original_len, data) = match &block {
        Block::EnhancedPacket(packet) => (
            packet.interface_id,
            instant(packet.timestamp),
            packet.original_len,
            &packet.data,
        ),
        Block::Packet(packet) => (
            packet.interface_id.into(),
            instant(packet.timestamp),
            packet.original_len,
            &packet.data,
        ),
        // It carries no time: the one before it is the best that can be said.
        Block::SimplePacket(packet) => (0, opened.last_time(), packet.original_len, &packet.data),
        _ => return,
    };
    let Some(&interface) = interfaces.get(interface as usize) else {
        return opened.warn(
            offset,
            format!("a packet of interface {interface}, which is not described"),
        );
    };
    let mut frame = Frame::new(opened.next_id(), at, Direction::Unknown, data);
    frame.interface = interface.index;
    frame.original_len = frame.original_len.max(original_len);
    let mut comments = Vec::new();
    match &block {
        Block::EnhancedPacket(packet) => {
            comments = read_packet_options(&packet.options, &mut frame);
        }
        Block::Packet(packet) if packet.drop_count != u16::MAX => {
            frame.drops_before = packet.drop_count.into();
        }
        _ => {}
    }
    if !interface.seen && frame.fate == Fate::Seen {
        frame.fate = Fate::NeverSeen;
    }
    let index = opened.capture.push(frame);
    for comment in comments {
        opened.capture.comment(index, comment);
    }
}

/// Gives the packet's comments.
fn read_packet_options<'a>(
    options: &'a [EnhancedPacketOption<'_>],
    frame: &mut Frame,
) -> Vec<&'a str> {
    let mut comments = Vec::new();
    for option in options {
        match option {
            EnhancedPacketOption::Flags(flags) => {
                frame.direction = match flags & 0b11 {
                    0b01 => Direction::Received,
                    0b10 => Direction::Sent,
                    _ => Direction::Unknown,
                };
            }
            EnhancedPacketOption::DropCount(count) => frame.drops_before = *count,
            EnhancedPacketOption::Common(CommonOption::Comment(text)) => {
                comments.push(&**text);
            }
            EnhancedPacketOption::Common(CommonOption::CustomUtf8Copiable(option)) => {
                notes::read_packet_text(option.pen, &option.value, frame);
            }
            _ => {}
        }
    }
    comments
}

fn link_type(link: DataLink) -> u16 {
    // The upper bits of pcap's field are about the FCS.
    (u32::from(link) & 0xffff) as u16
}

fn instant(since_1970: Duration) -> Instant {
    Instant::from_nanos(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
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
