//! The three kinds of packet blocks: what they say, and how they are written.
//!
//! ```text
//!  enhanced:  interface:u32  time:2×u32  captured:u32  original:u32  bytes  options
//!  obsolete:  interface:u16 drops:u16  time:2×u32  captured:u32  original:u32  bytes  options
//!  simple:    original:u32  bytes
//! ```

use super::blocks::{BlockWriter, Options, custom, u16_at, u32_at, u64_at};
use super::own::{CUSTOM_TEXT, PEN, PacketTold};
use crate::capture::foreign::{FrameRest, Ticks};
use crate::capture::{Direction, Frame};
use pcap_file::Endianness;
use pcap_file::pcapng::blocks::block_common::{
    ENHANCED_PACKET_BLOCK, PACKET_BLOCK, SIMPLE_PACKET_BLOCK,
};
use std::io::{self, Write};

pub(super) const COMMENT: u16 = 1;
const FLAGS: u16 = 2;
const DROP_COUNT: u16 = 4;
/// The bits of the flags that tell the direction.
const DIRECTION: u32 = 0b11;

/// A packet block's fields.
pub(super) struct PacketBlock<'a> {
    pub(super) interface: u32,
    /// None in a simple packet block.
    pub(super) ticks: Option<u64>,
    pub(super) original_len: u32,
    pub(super) drops: u64,
    pub(super) bytes: &'a [u8],
    options: &'a [u8],
}

impl<'a> PacketBlock<'a> {
    /// The fields of a packet block's body; `snaplen` is that of its section's first interface.
    pub(super) fn read(
        type_: u32,
        body: &'a [u8],
        order: Endianness,
        snaplen: u32,
    ) -> Result<Self, String> {
        let short = || format!("its block has {} bytes only", body.len());
        let long = |len: u32| format!("{len} bytes do not fit its block");
        let word = |at| u32_at(body, at, order).ok_or_else(short);
        if type_ == SIMPLE_PACKET_BLOCK {
            let original_len = word(0)?;
            let limit = if snaplen == 0 { u32::MAX } else { snaplen };
            let len = original_len.min(limit);
            let bytes = body.get(4..).and_then(|rest| rest.get(..len as usize));
            return Ok(Self {
                interface: 0,
                ticks: None,
                original_len,
                drops: 0,
                bytes: bytes.ok_or_else(|| long(len))?,
                options: &[],
            });
        }
        let (mut interface, mut drops) = (word(0)?, 0);
        if type_ == PACKET_BLOCK {
            interface = u16_at(body, 0, order).ok_or_else(short)?.into();
            // All ones: nobody counted.
            let counted = u16_at(body, 2, order).filter(|&count| count != u16::MAX);
            drops = counted.unwrap_or(0).into();
        }
        let ticks = u64::from(word(4)?) << 32 | u64::from(word(8)?);
        let (len, original_len) = (word(12)?, word(16)?);
        let bytes = body[20..].get(..len as usize).ok_or_else(|| long(len))?;
        let options = body.get(20 + bytes.len().next_multiple_of(4)..);
        Ok(Self {
            interface,
            ticks: Some(ticks),
            original_len,
            drops,
            bytes,
            options: options.unwrap_or_default(),
        })
    }
}

/// What the options of a packet said.
#[derive(Default)]
pub(super) struct PacketOptions {
    pub(super) comments: Vec<String>,
    pub(super) own: PacketTold,
    /// Options that are none, or hold no text where there should be one.
    pub(super) broken: bool,
}

/// Reads a packet's options: puts on the frame what it holds, and what we do not know into `rest`.
pub(super) fn read_options(
    block: &PacketBlock<'_>,
    order: Endianness,
    frame: &mut Frame,
    rest: &mut FrameRest,
) -> PacketOptions {
    let mut told = PacketOptions::default();
    let mut options = Options::new(block.options, order);
    for option in options.by_ref() {
        let value = option.value;
        let known = match option.code {
            // Says nothing.
            COMMENT if value.is_empty() => false,
            COMMENT => match str::from_utf8(value) {
                Ok(text) => {
                    told.comments.push(text.to_owned());
                    true
                }
                Err(_) => {
                    told.broken = true;
                    false
                }
            },
            FLAGS => u32_at(value, 0, order).is_some_and(|flags| {
                frame.direction = match flags & DIRECTION {
                    0b01 => Direction::Received,
                    0b10 => Direction::Sent,
                    _ => Direction::Unknown,
                };
                let others = flags & !DIRECTION;
                rest.flags = Some(others).filter(|_| others != 0 || flags == 0);
                true
            }),
            DROP_COUNT => u64_at(value, 0, order).is_some_and(|count| {
                frame.drops_before = count;
                count > 0
            }),
            CUSTOM_TEXT => custom(value, order)
                .filter(|&(pen, _)| pen == PEN)
                .and_then(|(_, text)| str::from_utf8(text).ok())
                .is_some_and(|text| told.own.take(text)),
            _ => false,
        };
        if !known {
            rest.options.extend_from_slice(option.whole);
        }
    }
    told.broken |= options.are_broken();
    told
}

/// What stands in a packet's block beside the frame itself.
pub(super) struct Beside<'a> {
    /// The interface's number within the section.
    pub(super) interface: u32,
    pub(super) ticks: Ticks,
    pub(super) snaplen: u32,
    pub(super) comments: &'a [std::borrow::Cow<'a, str>],
    pub(super) own: PacketTold,
    pub(super) rest: Option<&'a FrameRest>,
}

/// Writes a frame as a block.
pub(super) fn write<W: Write>(
    out: &mut BlockWriter<W>,
    frame: &Frame,
    beside: Beside<'_>,
) -> io::Result<()> {
    let none = FrameRest::default();
    let rest = beside.rest.unwrap_or(&none);
    let flags = rest.flags.unwrap_or(0)
        | match frame.direction {
            Direction::Unknown => 0,
            Direction::Received => 0b01,
            Direction::Sent => 0b10,
        };
    let has_flags = flags != 0 || rest.flags.is_some();
    let says_nothing = !has_flags && frame.drops_before == 0 && beside.comments.is_empty();
    let len = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
    let is_cut_alike = len == frame.original_len || len == beside.snaplen;
    let is_first = beside.interface == 0 && is_cut_alike;
    if rest.is_simple && is_first && says_nothing && beside.own.is_empty() {
        out.begin(SIMPLE_PACKET_BLOCK);
        out.u32(frame.original_len);
        out.padded(&frame.bytes);
        return out.end();
    }
    let nearest = || beside.ticks.of_nanos(frame.at.as_nanos());
    let kept = rest
        .ticks
        .filter(|&ticks| beside.ticks.to_instant(ticks) == frame.at);
    let ticks = kept.unwrap_or_else(nearest);
    out.begin(ENHANCED_PACKET_BLOCK);
    out.u32(beside.interface);
    out.u32((ticks >> 32) as u32);
    out.u32(ticks as u32);
    out.u32(len);
    out.u32(frame.original_len);
    out.padded(&frame.bytes);
    if has_flags {
        out.option_u32(FLAGS, flags);
    }
    if frame.drops_before > 0 {
        out.option_u64(DROP_COUNT, frame.drops_before);
    }
    out.raw_options(&rest.options);
    for comment in beside.comments {
        for part in super::own::parts_of(comment) {
            out.option(COMMENT, part.as_bytes());
        }
    }
    if !beside.own.is_empty() {
        for text in beside.own.texts() {
            out.custom(CUSTOM_TEXT, PEN, text.as_bytes());
        }
    }
    out.end()
}
