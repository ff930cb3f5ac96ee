//! Blocks with options that break their own rules: the same blocks without these.
//!
//! ```text
//!  type  length │ fixed fields [, packet] │ option, option, … │ length
//!                                           code len value pad
//! ```
//!
//! Each option is tried alone, behind the fixed fields of its block; what is refused is
//! left out, and the rest is kept as it stands.

use pcap_file::Endianness;
use pcap_file::pcapng::blocks::block_common::{
    ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, SECTION_HEADER_BLOCK,
};
use pcap_file::pcapng::{PcapNgState, RawBlock};
use std::borrow::Cow;

/// More options than this are not tried: what follows them is left out.
const MAX_OPTIONS: usize = 1_000;

/// A block that can be read.
pub(super) struct Mended {
    /// From its type to its second length.
    pub(super) block: Vec<u8>,
    /// How long it was, in bytes.
    pub(super) len: usize,
    /// How many options are no longer there.
    left_out: usize,
    type_: u32,
}

impl Mended {
    pub(super) fn words(&self, why: &str) -> String {
        let count = self.left_out;
        let options = if count == 1 { "option" } else { "options" };
        format!("{count} {options} of a block left out: {why}")
    }

    /// The block in the parser's form.
    pub(super) fn raw(&self) -> RawBlock<'_> {
        raw(self.type_, &self.block[8..self.block.len() - 4])
    }
}

/// The block at the beginning of `bytes`, if it is one with options.
pub(super) fn mend(bytes: &[u8], state: &PcapNgState) -> Option<Mended> {
    let order = order_of(bytes, state);
    let type_ = u32_at(bytes, 0, order)?;
    let len = u32_at(bytes, 4, order)? as usize;
    let body = bytes.get(8..len.checked_sub(4)?)?;
    let mended = mend_body(type_, body, order, state)?;
    Some(Mended { len, ..mended })
}

/// The same for a block that was taken apart.
pub(super) fn mend_block(block: &RawBlock<'_>, state: &PcapNgState) -> Option<Mended> {
    mend_body(block.type_, &block.body, state.endianness(), state)
}

fn mend_body(type_: u32, body: &[u8], order: Endianness, state: &PcapNgState) -> Option<Mended> {
    let (alone, options_at) = fixed(type_, body, order)?;
    let mut kept = body.get(..options_at)?.to_vec();
    let mut at = options_at;
    let (mut tried, mut left_out) = (0, 0);
    while let Some(option) = option_at(body, at, order).filter(|_| tried < MAX_OPTIONS) {
        at += option.len();
        tried += 1;
        let trial = [alone.as_slice(), option].concat();
        if raw(type_, &trial).try_into_block(state).is_ok() {
            kept.extend_from_slice(option);
        } else {
            left_out += 1;
        }
    }
    // What is left is no option, nor the end of the options: it goes.
    left_out += usize::from(body.len() > at && u16_at(body, at, order) != Some(0));
    let len = u32::try_from(kept.len() + 12).ok()?;
    let number = |value: u32| match order {
        Endianness::Big => value.to_be_bytes(),
        Endianness::Little => value.to_le_bytes(),
    };
    let block = [&number(type_)[..], &number(len), &kept, &number(len)].concat();
    Some(Mended {
        block,
        len: body.len() + 12,
        left_out,
        type_,
    })
}

/// The fixed fields as they can stand before a single option, and where the options
/// begin.
fn fixed(type_: u32, body: &[u8], order: Endianness) -> Option<(Vec<u8>, usize)> {
    match type_ {
        SECTION_HEADER_BLOCK => Some((body.get(..16)?.to_vec(), 16)),
        INTERFACE_DESCRIPTION_BLOCK => Some((body.get(..8)?.to_vec(), 8)),
        ENHANCED_PACKET_BLOCK => {
            let captured = u32_at(body, 12, order)? as usize;
            let options_at = captured.checked_next_multiple_of(4)?.checked_add(20)?;
            // Without the packet, which may be long.
            let mut alone = body.get(..20)?.to_vec();
            alone[12..16].fill(0);
            Some((alone, options_at))
        }
        _ => None,
    }
}

/// The option there, with its padding; none at their end, or where it is no option.
fn option_at(body: &[u8], at: usize, order: Endianness) -> Option<&[u8]> {
    u16_at(body, at, order).filter(|&code| code != 0)?;
    let len = usize::from(u16_at(body, at + 2, order)?);
    body.get(at..at + 4 + len.next_multiple_of(4))
}

/// A section header says itself in which order its bytes are.
fn order_of(bytes: &[u8], state: &PcapNgState) -> Endianness {
    const MAGIC: u32 = 0x1a2b_3c4d;
    let is_section = u32_at(bytes, 0, Endianness::Big) == Some(SECTION_HEADER_BLOCK);
    match u32_at(bytes, 8, Endianness::Big) {
        Some(MAGIC) if is_section => Endianness::Big,
        Some(_) if is_section => Endianness::Little,
        _ => state.endianness(),
    }
}

fn raw(type_: u32, body: &[u8]) -> RawBlock<'_> {
    let len = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
    RawBlock {
        type_,
        initial_len: len,
        body: Cow::Borrowed(body),
        trailer_len: len,
    }
}

fn u16_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u16> {
    let field: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(match order {
        Endianness::Big => u16::from_be_bytes(field),
        Endianness::Little => u16::from_le_bytes(field),
    })
}

fn u32_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u32> {
    let field: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(match order {
        Endianness::Big => u32::from_be_bytes(field),
        Endianness::Little => u32::from_le_bytes(field),
    })
}
