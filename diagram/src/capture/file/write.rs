//! Writing pcapng.

use super::{NOT_SEEN, words};
use crate::annotate::Annotations;
use crate::capture::notes;
use crate::capture::{Capture, Direction, Frame, Interface};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::custom::{CustomBinaryOption, CustomUtf8Option};
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};
use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

/// Writes a capture as pcapng: nanoseconds, directions, drop counts, comments,
/// and what only we know in custom options.
///
/// # Errors
/// Those of the writer.
pub fn write_pcapng<W: Write>(capture: &Capture, out: W) -> std::io::Result<()> {
    let mut writer = PcapNgWriter::with_section_header(out, section(capture)).map_err(io_error)?;
    let none = [Interface::ethernet("", None)];
    let interfaces = match capture.interfaces() {
        [] if !capture.frames().is_empty() => &none[..],
        some => some,
    };
    for interface in interfaces {
        writer
            .write_pcapng_block(interface_block(interface))
            .map_err(io_error)?;
    }
    let not_seen = u32::try_from(interfaces.len()).unwrap_or(u32::MAX);
    if capture.frames().iter().any(|frame| !frame.fate.was_seen()) {
        let interface = Interface {
            name: NOT_SEEN.into(),
            link_type: interfaces
                .first()
                .map_or(1, |interface| interface.link_type),
            mac: None,
        };
        writer
            .write_pcapng_block(interface_block(&interface))
            .map_err(io_error)?;
    }
    for frame in capture.frames() {
        let interface_id = if frame.fate.was_seen() {
            frame.interface
        } else {
            not_seen
        };
        writer
            .write_pcapng_block(EnhancedPacketBlock {
                interface_id,
                timestamp: Duration::from_nanos(frame.at.as_nanos()),
                original_len: frame.original_len,
                data: Cow::Borrowed(&frame.bytes),
                options: packet_options(frame, capture.annotations()),
            })
            .map_err(io_error)?;
    }
    Ok(())
}

fn section(capture: &Capture) -> SectionHeaderBlock<'_> {
    let mut options = vec![SectionHeaderOption::UserApplication("synema".into())];
    let annotations = capture.annotations();
    let told = [annotations.title(), annotations.summary()];
    for text in told.into_iter().filter(|text| !text.is_empty()) {
        options.push(SectionHeaderOption::Common(CommonOption::Comment(
            comment_text(text),
        )));
    }
    for part in notes::section_parts(capture.records()) {
        options.push(SectionHeaderOption::Common(
            CommonOption::CustomBinaryCopiable(CustomBinaryOption {
                pen: notes::PEN,
                value: part.into(),
            }),
        ));
    }
    SectionHeaderBlock {
        endianness: Endianness::Little,
        options,
        ..SectionHeaderBlock::default()
    }
}

fn interface_block(interface: &Interface) -> InterfaceDescriptionBlock<'_> {
    let mut block =
        InterfaceDescriptionBlock::new(DataLink::from(u32::from(interface.link_type)), 0);
    if !interface.name.is_empty() {
        block
            .options
            .push(InterfaceDescriptionOption::IfName(comment_text(
                &interface.name,
            )));
    }
    if let Some(mac) = &interface.mac {
        block
            .options
            .push(InterfaceDescriptionOption::IfMacAddr(Cow::Borrowed(&mac.0)));
    }
    block.options.push(InterfaceDescriptionOption::IfTsResol(
        InterfaceTsResolution::NANO,
    ));
    block
}

fn packet_options<'a>(
    frame: &'a Frame,
    annotations: &'a Annotations,
) -> Vec<EnhancedPacketOption<'a>> {
    let mut options = Vec::new();
    match frame.direction {
        Direction::Unknown => {}
        Direction::Received => options.push(EnhancedPacketOption::Flags(0b01)),
        Direction::Sent => options.push(EnhancedPacketOption::Flags(0b10)),
    }
    if frame.drops_before > 0 {
        options.push(EnhancedPacketOption::DropCount(frame.drops_before));
    }
    for note in annotations.notes_on(frame.id) {
        options.push(EnhancedPacketOption::Common(CommonOption::Comment(
            comment_text(&note.text),
        )));
    }
    options.push(EnhancedPacketOption::Common(
        CommonOption::CustomUtf8Copiable(CustomUtf8Option {
            pen: notes::PEN,
            value: notes::packet_text(frame).into(),
        }),
    ));
    options
}

/// A text that fits an option: cut at a character's end.
fn comment_text(text: &str) -> Cow<'_, str> {
    let end = text.floor_char_boundary(65_535);
    Cow::Borrowed(&text[..end])
}

fn io_error(error: impl core::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(words(&error))
}
