//! Numbers, options and blocks as they stand in a pcapng file, in its section's byte order.
//!
//! ```text
//!  block:   type  length │ fixed fields [, packet] │ option, option, … │ length
//!  option:  code:u16  length:u16  value, padded to four bytes;  code 0 ends them
//! ```

use pcap_file::Endianness;
use std::io::{self, Write};

/// Readers refuse a block that is longer.
pub(super) const MAX_BLOCK: usize = 16 << 20;

pub(super) fn u16_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u16> {
    let field = field(bytes, at)?;
    Some(match order {
        Endianness::Big => u16::from_be_bytes(field),
        Endianness::Little => u16::from_le_bytes(field),
    })
}

pub(super) fn u32_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u32> {
    let field = field(bytes, at)?;
    Some(match order {
        Endianness::Big => u32::from_be_bytes(field),
        Endianness::Little => u32::from_le_bytes(field),
    })
}

pub(super) fn u64_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u64> {
    let field = field(bytes, at)?;
    Some(match order {
        Endianness::Big => u64::from_be_bytes(field),
        Endianness::Little => u64::from_le_bytes(field),
    })
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockOption<'a> {
    pub(super) code: u16,
    pub(super) value: &'a [u8],
    /// From its code to the end of its padding.
    pub(super) whole: &'a [u8],
}

/// The options in `bytes`, up to the end of them or to one that does not fit.
#[derive(Clone, Debug)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: Endianness,
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Endianness) -> Self {
        Self { rest: bytes, order }
    }

    /// What follows the end of them, once they were all taken.
    pub(super) fn after_end(&self) -> Option<&'a [u8]> {
        u32_at(self.rest, 0, self.order).filter(|&end| end == 0)?;
        self.rest.get(4..)
    }

    /// Whether, after the last of them, something is left that is no option.
    pub(super) fn are_broken(&self) -> bool {
        !self.rest.is_empty() && u16_at(self.rest, 0, self.order) != Some(0)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = BlockOption<'a>;

    fn next(&mut self) -> Option<BlockOption<'a>> {
        let code = u16_at(self.rest, 0, self.order).filter(|&code| code != 0)?;
        let len = usize::from(u16_at(self.rest, 2, self.order)?);
        let whole = self.rest.get(..4 + len.next_multiple_of(4))?;
        self.rest = &self.rest[whole.len()..];
        Some(BlockOption {
            code,
            value: &whole[4..4 + len],
            whole,
        })
    }
}

/// The four bytes of an enterprise number, and what follows them in a custom option.
pub(super) fn custom(value: &[u8], order: Endianness) -> Option<(u32, &[u8])> {
    Some((u32_at(value, 0, order)?, &value[4..]))
}

/// Writes blocks, one after the other.
#[derive(Debug)]
pub(super) struct BlockWriter<W> {
    out: W,
    /// The byte order of the section that is being written.
    pub(super) order: Endianness,
    block: Vec<u8>,
    has_options: bool,
}

impl<W: Write> BlockWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            order: Endianness::Little,
            block: Vec::new(),
            has_options: false,
        }
    }

    /// What it wrote to.
    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    /// Begins a block of this type.
    pub(super) fn begin(&mut self, type_: u32) {
        self.block.clear();
        self.has_options = false;
        self.u32(type_);
        // Its length, which is known at its end.
        self.u32(0);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.block.extend(match self.order {
            Endianness::Big => value.to_be_bytes(),
            Endianness::Little => value.to_le_bytes(),
        });
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.block.extend(self.in_order(value));
    }

    fn in_order(&self, value: u32) -> [u8; 4] {
        match self.order {
            Endianness::Big => value.to_be_bytes(),
            Endianness::Little => value.to_le_bytes(),
        }
    }

    /// Bytes as they are; a block's body or whole options, already padded.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
    }

    /// Bytes, and zeros up to the next multiple of four.
    pub(super) fn padded(&mut self, bytes: &[u8]) {
        self.raw(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    /// Options as they stood in another block of this byte order.
    pub(super) fn raw_options(&mut self, options: &[u8]) {
        self.has_options |= !options.is_empty();
        self.raw(options);
    }

    /// An option; what is longer than an option can be is cut.
    pub(super) fn option(&mut self, code: u16, value: &[u8]) {
        let (value, _) = value.split_at(value.len().min(u16::MAX.into()));
        self.has_options = true;
        self.u16(code);
        self.u16(value.len() as u16);
        self.padded(value);
    }

    /// An option that holds a number of four bytes' width.
    pub(super) fn option_u32(&mut self, code: u16, value: u32) {
        let value = self.in_order(value);
        self.option(code, &value);
    }

    /// The same of eight bytes' width.
    pub(super) fn option_u64(&mut self, code: u16, value: u64) {
        let value = match self.order {
            Endianness::Big => value.to_be_bytes(),
            Endianness::Little => value.to_le_bytes(),
        };
        self.option(code, &value);
    }

    /// A custom option.
    pub(super) fn custom(&mut self, code: u16, pen: u32, value: &[u8]) {
        let number = self.in_order(pen);
        self.option(code, &[&number, value].concat());
    }

    /// Ends the block, and writes it.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.has_options {
            self.u32(0);
        }
        let len = self.block.len() + 4;
        if len > MAX_BLOCK {
            return Err(io::Error::other(format!(
                "a block of {len} bytes is longer than anybody reads; shorten the notes on one packet, or the title and summary"
            )));
        }
        let len = self.in_order(len as u32);
        self.block[4..8].copy_from_slice(&len);
        self.raw(&len);
        self.out.write_all(&self.block)
    }
}
