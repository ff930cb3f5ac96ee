//! Section headers and interface descriptions without their options: what the `pcap-file` crate
//! is given where an option breaks its own rules. It needs them for the byte order alone.

use super::blocks::u32_at;
use pcap_file::Endianness;
use pcap_file::pcapng::PcapNgState;
use pcap_file::pcapng::blocks::block_common::{INTERFACE_DESCRIPTION_BLOCK, SECTION_HEADER_BLOCK};

/// A block without options.
pub(super) struct Bare {
    /// From its type to its second length.
    pub(super) block: Vec<u8>,
    /// How long the block is with its options, in bytes.
    pub(super) len: usize,
}

/// The block at the beginning of `bytes`, if it is one of those two.
pub(super) fn bare(bytes: &[u8], state: &PcapNgState) -> Option<Bare> {
    let order = order_of(bytes, state);
    let len = u32_at(bytes, 4, order)? as usize;
    let fixed = match u32_at(bytes, 0, order)? {
        SECTION_HEADER_BLOCK => 16,
        INTERFACE_DESCRIPTION_BLOCK => 8,
        _ => return None,
    };
    let body = bytes.get(8..len.checked_sub(4)?)?.get(..fixed)?;
    let new_len = fixed as u32 + 12;
    let new_len = match order {
        Endianness::Big => new_len.to_be_bytes(),
        Endianness::Little => new_len.to_le_bytes(),
    };
    let block = [&bytes[..4], &new_len, body, &new_len].concat();
    Some(Bare { block, len })
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
