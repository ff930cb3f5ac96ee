//! Writing pcapng: what we know in the standard's words where it has any, what only we know in
//! custom options, and what a file brought as it was.

mod speaker;

use self::speaker::Speaker;
use super::NOT_SEEN;
use super::blocks::{BlockWriter, Options};
use super::documents::titled;
use super::own::{CUSTOM_BYTES, DocumentTold, PEN, parts_of, section_parts};
use super::packet::{self, Beside, COMMENT};
use super::pcapng::{
    INTERFACE_MAC, INTERFACE_NAME, INTERFACE_OFFSET, INTERFACE_RESOLUTION, OUR_NAME,
    SECTION_APPLICATION,
};
use super::resolved;
use crate::capture::foreign::{Foreign, InterfaceRest, Section, Ticks};
use crate::capture::{Capture, Frame, Interface};
use pcap_file::Endianness;
use pcap_file::pcapng::blocks::block_common::{INTERFACE_DESCRIPTION_BLOCK, SECTION_HEADER_BLOCK};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes a capture as pcapng: packets with their times, directions, drop counts and comments,
/// what only we know in custom options, and everything that an opened file brought.
///
/// # Errors
/// Those of the writer, and notes that no block can hold (16 MiB on one packet).
pub fn write_pcapng<W: Write>(capture: &Capture, out: W) -> io::Result<()> {
    let none = Foreign::default();
    let foreign = capture.foreign().unwrap_or(&none);
    let one = [Section::default()];
    let sections = match foreign.sections.as_slice() {
        [] => &one[..],
        some => some,
    };
    let mut writing = Writing {
        out: BlockWriter::new(out),
        capture,
        foreign,
        ticks: ticks(capture, foreign),
        speaker: Speaker::new(capture, foreign),
        local: BTreeMap::new(),
        interfaces: 0,
        blocks: 0,
    };
    for (number, section) in sections.iter().enumerate() {
        writing.section(number, section, sections.get(number + 1))?;
    }
    Ok(())
}

/// How each interface counts time: as it did, if that tells all that its frames say.
fn ticks(capture: &Capture, foreign: &Foreign) -> Vec<Ticks> {
    let known = |index| foreign.interfaces.get(&index);
    let mut all: Vec<_> = (0u32..)
        .zip(capture.interfaces())
        .map(|(index, _)| known(index).map_or(Ticks::NANOSECONDS, |rest| rest.ticks))
        .collect();
    if foreign.interfaces.is_empty() {
        return all;
    }
    for (index, frame) in (0u32..).zip(capture.frames()) {
        let Some(ticks) = all.get_mut(frame.interface as usize) else {
            continue;
        };
        let nanos = frame.at.as_nanos();
        let rest = foreign.frames.get(&index);
        // It had no time of its own to be told.
        if rest.is_some_and(|rest| rest.is_simple) {
            continue;
        }
        let kept = rest.and_then(|rest| rest.ticks);
        let told = kept.unwrap_or_else(|| ticks.of_nanos(nanos));
        if ticks.to_nanos(told) != nanos {
            *ticks = Ticks::NANOSECONDS;
        }
    }
    all
}

struct Writing<'a, W> {
    out: BlockWriter<W>,
    capture: &'a Capture,
    foreign: &'a Foreign,
    /// By an interface's index.
    ticks: Vec<Ticks>,
    speaker: Speaker<'a>,
    /// The section's own numbers of interfaces, by their indices; `None` is that of frames that
    /// were not seen.
    local: BTreeMap<Option<u32>, u32>,
    /// How many interfaces the section has so far.
    interfaces: u32,
    /// How many of the other blocks are written.
    blocks: usize,
}

impl<W: Write> Writing<'_, W> {
    fn section(
        &mut self,
        number: usize,
        section: &Section,
        next: Option<&Section>,
    ) -> io::Result<()> {
        self.local.clear();
        self.interfaces = 0;
        self.header(number, section)?;
        let interfaces = next.map_or(self.capture.interfaces().len(), |next| {
            next.first_interface as usize
        });
        for index in section.first_interface as usize..interfaces {
            self.interface(u32::try_from(index).unwrap_or(u32::MAX))?;
        }
        let all = self.capture.frames();
        let first = (section.first_frame as usize).min(all.len());
        let end = next.map_or(all.len(), |next| (next.first_frame as usize).min(all.len()));
        let frames = all.get(first..end).unwrap_or_default();
        if frames.iter().any(|frame| !frame.fate.was_seen()) {
            self.not_seen(frames)?;
        }
        if number == 0 {
            resolved::write(&mut self.out, self.capture)?;
        }
        for (index, frame) in (first..).zip(frames) {
            self.other_blocks(number, index)?;
            self.frame(index, frame)?;
        }
        self.other_blocks(number, usize::MAX)
    }

    fn header(&mut self, number: usize, section: &Section) -> io::Result<()> {
        self.out.order = match section.big_endian {
            true => Endianness::Big,
            false => Endianness::Little,
        };
        let out = &mut self.out;
        out.begin(SECTION_HEADER_BLOCK);
        // The magic number, version 1.0, and a length that nobody tells.
        out.u32(0x1a2b_3c4d);
        out.u16(1);
        out.u16(0);
        out.raw(&[0xff; 8]);
        out.raw_options(&section.options);
        if !section.is_foreign {
            out.option(SECTION_APPLICATION, OUR_NAME.as_bytes());
        }
        if number > 0 {
            for comment in &section.comments {
                out.option(COMMENT, comment.as_bytes());
            }
            return out.end();
        }
        let annotations = self.capture.annotations();
        let has = |id| self.capture.index_of(id).is_some();
        let mut document = DocumentTold::of(annotations, has, &self.foreign.notes);
        document.rest.clone_from(&self.foreign.document);
        document.machines = self.capture.machines().to_vec();
        let own = [annotations.title(), annotations.summary()];
        let kept = titled(&section.comments, &DocumentTold::default());
        if !section.comments.is_empty() && own == [kept.0.as_str(), kept.1.as_str()] {
            for comment in &section.comments {
                out.option(COMMENT, comment.as_bytes());
            }
        } else {
            let [title, summary] = own.map(parts_of);
            for part in title.iter().chain(&summary) {
                out.option(COMMENT, part.as_bytes());
            }
            document.title = u32::try_from(title.len()).unwrap_or(u32::MAX);
            document.summary = u32::try_from(summary.len()).unwrap_or(u32::MAX);
            let comments: Vec<_> = title
                .iter()
                .chain(&summary)
                .map(|part| (*part).to_owned())
                .collect();
            let plain = titled(&comments, &DocumentTold::default());
            if own == [plain.0.as_str(), plain.1.as_str()] {
                (document.title, document.summary) = (0, 0);
            }
        }
        let is_told = !document.is_empty() || !self.capture.records().is_empty();
        document.macs = (0u32..)
            .zip(self.capture.interfaces())
            .filter(|(index, _)| is_told || !self.foreign.interfaces.contains_key(index))
            .filter_map(|(index, interface)| Some((index, interface.mac?)))
            .collect();
        for part in section_parts(&document, self.capture, &self.foreign.lines) {
            out.custom(CUSTOM_BYTES, PEN, &part);
        }
        out.end()
    }

    fn interface(&mut self, index: u32) -> io::Result<()> {
        let Some(interface) = self.capture.interfaces().get(index as usize) else {
            return Ok(());
        };
        let ours = InterfaceRest {
            ticks: Ticks::NANOSECONDS,
            ..InterfaceRest::default()
        };
        let rest = self.foreign.interfaces.get(&index).unwrap_or(&ours);
        self.describe(Some(index), interface, rest, self.ticks[index as usize])
    }

    fn not_seen(&mut self, frames: &[Frame]) -> io::Result<()> {
        let first = frames.first().map_or(0, |frame| frame.interface as usize);
        let like = self.capture.interfaces().get(first);
        let interface = Interface {
            name: NOT_SEEN.into(),
            link_type: like.map_or(1, |like| like.link_type),
            mac: None,
        };
        let rest = InterfaceRest::default();
        self.describe(None, &interface, &rest, Ticks::NANOSECONDS)
    }

    fn describe(
        &mut self,
        index: Option<u32>,
        interface: &Interface,
        rest: &InterfaceRest,
        ticks: Ticks,
    ) -> io::Result<()> {
        let out = &mut self.out;
        out.begin(INTERFACE_DESCRIPTION_BLOCK);
        out.u16(interface.link_type);
        out.u16(0);
        out.u32(rest.snaplen);
        if !interface.name.is_empty() {
            let end = interface.name.floor_char_boundary(u16::MAX.into());
            out.option(INTERFACE_NAME, &interface.name.as_bytes()[..end]);
        }
        if let Some(mac) = &interface.mac {
            out.option(INTERFACE_MAC, &mac.0);
        }
        let is_about_time = |code| [INTERFACE_RESOLUTION, INTERFACE_OFFSET].contains(&code);
        if ticks.resolution == Ticks::NANOSECONDS.resolution {
            out.option(INTERFACE_RESOLUTION, &[ticks.resolution]);
        }
        // Where they would no longer be true, those about time are left out.
        let as_it_was = ticks == rest.ticks;
        for option in Options::new(&rest.options, out.order) {
            if as_it_was || !is_about_time(option.code) {
                out.raw_options(option.whole);
            }
        }
        self.local.insert(index, self.interfaces);
        self.interfaces += 1;
        out.end()
    }

    /// The other blocks of this section that stood before the frame with this index.
    fn other_blocks(&mut self, section: usize, index: usize) -> io::Result<()> {
        while let Some(block) = self.foreign.blocks.get(self.blocks)
            && block.section as usize == section
            && (block.before as usize) <= index
        {
            self.out.begin(block.type_);
            self.out.raw(&block.body);
            self.out.end()?;
            self.blocks += 1;
        }
        Ok(())
    }

    fn frame(&mut self, index: usize, frame: &Frame) -> io::Result<()> {
        let interface = Some(frame.interface).filter(|_| frame.fate.was_seen());
        // Of another section, or of none: described where it is used.
        if let Some(index) = interface
            && !self.local.contains_key(&interface)
        {
            self.interface(index)?;
        }
        let Some(&local) = self.local.get(&interface) else {
            return Err(io::Error::other(format!(
                "frame {} is of interface {}, which is not there",
                index + 1,
                frame.interface
            )));
        };
        let key = u32::try_from(index).unwrap_or(u32::MAX);
        let rest = self.foreign.frames.get(&key);
        let (comments, mut own) = self.speaker.said(index, frame);
        if interface.is_none() {
            let meant = self.local.get(&Some(frame.interface)).copied();
            own.interface = meant.filter(|&local| local != 0);
        }
        let ticks = interface.map_or(Ticks::NANOSECONDS, |index| self.ticks[index as usize]);
        let snaplen = self.foreign.interfaces.get(&frame.interface);
        packet::write(
            &mut self.out,
            frame,
            Beside {
                interface: local,
                ticks,
                snaplen: snaplen.map_or(0, |rest| rest.snaplen),
                comments: &comments,
                own,
                rest,
            },
        )
    }
}
