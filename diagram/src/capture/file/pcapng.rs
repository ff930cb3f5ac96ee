//! Reading pcapng, block by block.
//!
//! The `pcap-file` crate cuts the file into blocks and knows in which byte order they are; what
//! stands in them is read here, so that what we do not know can be kept to the byte
//! ([`foreign`](crate::capture::foreign)).

use super::bare::bare;
use super::blocks::{MAX_BLOCK, Options, custom, u16_at, u32_at, u64_at};
use super::documents::Documents;
use super::own::{CUSTOM_BYTES, SectionParts, TraceTold, VERSION};
use super::packet::{COMMENT, PacketBlock, read_options};
use super::source::Source;
use super::{NOT_SEEN, Opened, cut_short, go_on, resolved, words};
use crate::capture::foreign::{FrameRest, InterfaceRest, OtherBlock, Section, Ticks};
use crate::capture::{Between, Direction, Fate, Frame, Interface};
use pcap_file::Endianness;
use pcap_file::pcapng::blocks::block_common::{
    ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, NAME_RESOLUTION_BLOCK, PACKET_BLOCK,
    SECTION_HEADER_BLOCK, SIMPLE_PACKET_BLOCK,
};
use pcap_file::pcapng::{PcapNgParseError, PcapNgParser, PcapNgState};
use synema_core::trace::FrameId;
use synema_core::wire::MacAddr;

/// What our sections say they were written by.
pub(super) const OUR_NAME: &str = "synema";
pub(super) const SECTION_APPLICATION: u16 = 4;
pub(super) const INTERFACE_NAME: u16 = 2;
pub(super) const INTERFACE_MAC: u16 = 6;
pub(super) const INTERFACE_RESOLUTION: u16 = 9;
pub(super) const INTERFACE_OFFSET: u16 = 14;

/// Which of our interfaces a section's interface is, and whether it is the one
/// for frames that were never seen.
#[derive(Clone, Copy)]
struct SectionInterface {
    index: u32,
    seen: bool,
    ticks: Ticks,
    snaplen: u32,
}

/// A file that is being read.
struct Reading<'a> {
    opened: &'a mut Opened,
    order: Endianness,
    /// Of this section.
    interfaces: Vec<SectionInterface>,
    trace: TraceTold,
    documents: Documents,
}

pub(super) fn read(source: &mut Source<'_>, opened: &mut Opened) -> Result<(), String> {
    let mut parser = open_section(source)?;
    let mut reading = Reading {
        opened,
        order: Endianness::Little,
        interfaces: Vec::new(),
        trace: TraceTold::default(),
        documents: Documents::default(),
    };
    // From the beginning again: the first section header is a block like the others.
    while source.has_more() {
        let offset = source.offset();
        let rest = source.rest();
        let (len, type_) = match parser.next_raw_block(rest) {
            Ok((after, raw)) => (rest.len() - after.len(), raw.type_),
            Err(PcapNgParseError::IncompleteBuffer(needed, present)) => {
                if go_on(source, (needed, present), MAX_BLOCK, reading.opened) {
                    continue;
                }
                break;
            }
            // An option that it does not like does not cost us what the block describes.
            Err(PcapNgParseError::StateUpdate(error)) => {
                let Some(bare) = bare(rest, parser.state()) else {
                    reading.opened.stop(offset, words(&error));
                    break;
                };
                match parser.next_raw_block(&bare.block) {
                    Ok((_, raw)) => (bare.len, raw.type_),
                    Err(error) => {
                        reading.opened.stop(offset, words(&error));
                        break;
                    }
                }
            }
            Err(error) => {
                reading.opened.stop(offset, words(&error));
                break;
            }
        };
        let block = &rest[..len.min(rest.len())];
        reading.order = parser.state().endianness();
        // Between its type and length, and its length.
        let body = block.get(8..block.len() - 4).unwrap_or_default();
        reading.block(type_, body, source);
        source.take(len);
    }
    if reading.opened.stopped.is_none() {
        reading.opened.end(source);
    }
    let capture = &mut reading.opened.capture;
    reading.documents.finish(capture);
    for record in reading.trace.own {
        capture.record(record);
    }
    for told in reading.trace.others {
        capture.record_of(told.machine, told.record);
    }
    Ok(())
}

/// The first section header, for the order of its bytes; it is read again as a block.
fn open_section(source: &mut Source<'_>) -> Result<PcapNgParser, String> {
    let error = loop {
        match PcapNgParser::new(source.rest()) {
            Ok((_, parser)) => return Ok(parser),
            Err(PcapNgParseError::IncompleteBuffer(needed, present)) => {
                if source.rest().len() > MAX_BLOCK || !source.fill() {
                    break cut_short(needed, present);
                }
            }
            Err(error) => break words(&error),
        }
    };
    // Told of when it is read as a block.
    bare(source.rest(), &PcapNgState::default())
        .and_then(|bare| Some(PcapNgParser::new(&bare.block).ok()?.1))
        .ok_or(error)
}

impl Reading<'_> {
    fn block(&mut self, type_: u32, body: &[u8], source: &Source<'_>) {
        match type_ {
            SECTION_HEADER_BLOCK => self.section(body, source.offset()),
            INTERFACE_DESCRIPTION_BLOCK => self.interface(body, source.offset()),
            ENHANCED_PACKET_BLOCK | SIMPLE_PACKET_BLOCK | PACKET_BLOCK => {
                self.packet(type_, body, source);
            }
            NAME_RESOLUTION_BLOCK if resolved::are_ours(body, self.order) => {}
            _ => {
                let section = self.documents.section();
                let capture = &mut self.opened.capture;
                let before = u32::try_from(capture.frames().len()).unwrap_or(u32::MAX);
                capture.foreign_mut().blocks.push(OtherBlock {
                    section,
                    before,
                    type_,
                    body: body.into(),
                });
            }
        }
    }

    fn section(&mut self, body: &[u8], offset: u64) {
        let mut section = Section {
            big_endian: self.order == Endianness::Big,
            first_interface: count(self.opened.capture.interfaces()),
            first_frame: count(self.opened.capture.frames()),
            is_foreign: true,
            ..Section::default()
        };
        let mut comments = Vec::new();
        let mut parts = SectionParts::default();
        let mut broken = false;
        let mut options = Options::new(body.get(16..).unwrap_or_default(), self.order);
        for option in options.by_ref() {
            let value = option.value;
            let known = match option.code {
                COMMENT => match str::from_utf8(value) {
                    Ok(text) => {
                        comments.push(text.to_owned());
                        true
                    }
                    Err(_) => {
                        broken = true;
                        false
                    }
                },
                SECTION_APPLICATION if value == OUR_NAME.as_bytes() => {
                    section.is_foreign = false;
                    true
                }
                CUSTOM_BYTES => {
                    custom(value, self.order).is_some_and(|(pen, bytes)| parts.take(pen, bytes))
                }
                _ => false,
            };
            if !known {
                section.options.extend_from_slice(option.whole);
            }
        }
        self.told_if(broken || options.are_broken(), "a section", offset);
        self.interfaces.clear();
        let (mut document, mut trace, mut lines) = parts.told();
        self.trace.own.append(&mut trace.own);
        if self.documents.is_begun() {
            // Its machines are numbered otherwise than those of the section before.
            lines.extend(trace.others.iter().flat_map(serde_json::to_string));
        } else {
            self.trace.others.append(&mut trace.others);
            for machine in core::mem::take(&mut document.machines) {
                self.opened.capture.add_machine(machine);
            }
        }
        if !lines.is_empty() {
            self.opened.capture.foreign_mut().lines.extend(lines);
        }
        if document.v > VERSION {
            let what =
                "a later version of synema wrote this: what is not known here is kept, not shown";
            self.opened.warn(offset, what.into());
        }
        self.documents.begin_section(section, comments, document);
    }

    fn interface(&mut self, body: &[u8], offset: u64) {
        let mut interface = Interface {
            name: String::new(),
            link_type: u16_at(body, 0, self.order).unwrap_or(0),
            mac: None,
        };
        let mut rest = InterfaceRest {
            snaplen: u32_at(body, 4, self.order).unwrap_or(0),
            ..InterfaceRest::default()
        };
        let mut broken = false;
        let mut options = Options::new(body.get(8..).unwrap_or_default(), self.order);
        for option in options.by_ref() {
            let value = option.value;
            let known = match option.code {
                INTERFACE_NAME => {
                    let name = str::from_utf8(value);
                    broken |= name.is_err();
                    name.is_ok_and(|name| {
                        name.clone_into(&mut interface.name);
                        true
                    })
                }
                INTERFACE_MAC => {
                    let mac = value.try_into().ok().map(MacAddr);
                    broken |= mac.is_none();
                    interface.mac = mac.or(interface.mac);
                    mac.is_some()
                }
                INTERFACE_RESOLUTION => {
                    match value {
                        &[resolution] => rest.ticks.resolution = resolution,
                        _ => broken = true,
                    }
                    *value == [Ticks::NANOSECONDS.resolution]
                }
                INTERFACE_OFFSET => {
                    let offset = u64_at(value, 0, self.order).unwrap_or(0);
                    rest.ticks.offset = offset.cast_signed();
                    false
                }
                _ => false,
            };
            if !known {
                rest.options.extend_from_slice(option.whole);
            }
        }
        self.told_if(broken || options.are_broken(), "an interface", offset);
        let capture = &mut self.opened.capture;
        let (ticks, snaplen) = (rest.ticks, rest.snaplen);
        let seen = interface.name != NOT_SEEN || capture.interfaces().is_empty();
        let index = match seen {
            true => capture.add_interface(interface),
            false => 0,
        };
        let as_ours = InterfaceRest {
            ticks: Ticks::NANOSECONDS,
            ..InterfaceRest::default()
        };
        if seen && rest != as_ours {
            capture.foreign_mut().interfaces.insert(index, rest);
        }
        self.interfaces.push(SectionInterface {
            index,
            seen,
            ticks,
            snaplen,
        });
    }

    /// Tells of options that are none, or hold what they may not.
    fn told_if(&mut self, broken: bool, whose: &str, offset: u64) {
        if broken {
            let what = format!("an option of {whose} breaks its own rules: kept, not shown");
            self.opened.warn(offset, what);
        }
    }

    fn packet(&mut self, type_: u32, body: &[u8], source: &Source<'_>) {
        let offset = source.offset();
        let snaplen = self.interfaces.first().map_or(0, |first| first.snaplen);
        let block = match PacketBlock::read(type_, body, self.order, snaplen) {
            Ok(block) => block,
            Err(why) => {
                let what = format!("a packet was passed over: {why}");
                return self.opened.warn(offset, what);
            }
        };
        let Some(&interface) = self.interfaces.get(block.interface as usize) else {
            let what = format!(
                "a packet of interface {}, which is not described",
                block.interface
            );
            return self.opened.warn(offset, what);
        };
        // Without a time of its own, the one before it is the best that can be said.
        let at = block.ticks.map_or_else(
            || self.opened.last_time(),
            |ticks| interface.ticks.to_instant(ticks),
        );
        let for_now = FrameId::received(0);
        let mut frame = Frame::of(for_now, at, Direction::Unknown, source.keep(block.bytes));
        frame.interface = interface.index;
        frame.original_len = frame.original_len.max(block.original_len);
        frame.drops_before = block.drops;
        let mut rest = FrameRest {
            is_simple: block.ticks.is_none(),
            ticks: block
                .ticks
                .filter(|&ticks| interface.ticks.of_nanos(at.as_nanos()) != ticks),
            ..FrameRest::default()
        };
        let mut told = read_options(&block, self.order, &mut frame, &mut rest);
        self.told_if(told.broken, "a packet", offset);
        told.own.put_on(&mut frame);
        if self.documents.section() > 0 {
            frame.between = Between::UNKNOWN;
        }
        rest.own = std::mem::take(&mut told.own.rest);
        if !interface.seen && frame.fate == Fate::Seen {
            frame.fate = Fate::NeverSeen;
        }
        if !interface.seen {
            let meant = told.own.interface.unwrap_or(0) as usize;
            frame.interface = self.interfaces.get(meant).map_or(0, |meant| meant.index);
        }
        let index = self.documents.push(&mut self.opened.capture, frame, told);
        if !rest.is_empty() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.opened.capture.foreign_mut().frames.insert(index, rest);
        }
    }
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
