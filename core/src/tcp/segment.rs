//! Segments as plain values: what came in, and what is to go out.
//!
//! Only [`crate::wire`] knows how they look on the wire; here their fields have
//! RFC 9293's names (`SEG.SEQ`, `SEG.ACK`, `SEG.LEN`, `SEG.WND`).

use crate::trace::Cause;
use crate::wire::SeqNum;

/// The control bits that a connection looks at or sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// No more data from the sender.
    pub fin: bool,
    /// Synchronize sequence numbers.
    pub syn: bool,
    /// Reset the connection.
    pub rst: bool,
    /// Push function.
    pub psh: bool,
    /// The acknowledgment field is significant.
    pub ack: bool,
    /// The urgent pointer is significant.
    pub urg: bool,
}

/// The timestamps option (RFC 7323 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// The sender's clock (`TSval`).
    pub value: u32,
    /// The other end's clock, sent back (`TSecr`).
    pub echo: u32,
}

/// A range of sequence numbers: the first, and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeqRange {
    /// The first number in it.
    pub start: SeqNum,
    /// One past the last number in it.
    pub end: SeqNum,
}

impl SeqRange {
    /// How many numbers it holds.
    pub const fn len(self) -> u32 {
        self.end.distance(self.start)
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.end.at_or_before(self.start)
    }

    /// Whether every number of `other` is in it.
    pub const fn covers(self, other: Self) -> bool {
        self.start.at_or_before(other.start) && self.end.at_or_after(other.end)
    }

    /// Whether the two share a number.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start.before(other.end) && other.start.before(self.end)
    }
}

/// Up to four SACK blocks: as many as 40 bytes of options hold (RFC 2018 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SackBlocks {
    blocks: [Option<SeqRange>; 4],
}

impl SackBlocks {
    /// None.
    pub const NONE: Self = Self { blocks: [None; 4] };

    /// Appends a block; a fifth is ignored.
    pub fn push(&mut self, block: SeqRange) {
        if let Some(slot) = self.blocks.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(block);
        }
    }

    /// The blocks in the order of the option.
    pub fn iter(&self) -> impl Iterator<Item = SeqRange> + '_ {
        self.blocks.iter().map_while(|block| *block)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.blocks[0].is_none()
    }
}

/// The options of a segment, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Maximum segment size, bytes; in SYNs only (RFC 9293 §3.7.1).
    pub mss: Option<u16>,
    /// Window scale shift; in SYNs only (RFC 7323 §2).
    pub window_scale: Option<u8>,
    /// SACK permitted; in SYNs only (RFC 2018 §2).
    pub sack_permitted: bool,
    /// Timestamps (RFC 7323 §3).
    pub timestamps: Option<Timestamps>,
    /// Selective acknowledgment (RFC 2018 §3).
    pub sack: SackBlocks,
}

/// A segment that came in, checksum and lengths checked.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// `SEG.SEQ`: of the SYN, or of the first byte of the payload.
    pub seq: SeqNum,
    /// `SEG.ACK`; significant if `flags.ack`.
    pub ack: SeqNum,
    /// Control bits.
    pub flags: Flags,
    /// The window field as it stands on the wire, not scaled.
    pub window: u16,
    /// Options.
    pub options: Options,
    /// The data.
    pub payload: &'a [u8],
}

impl Segment<'_> {
    /// `SEG.LEN`: the sequence space that it takes, SYN and FIN counted.
    pub fn seq_len(&self) -> u32 {
        // An IPv4 packet holds less than 2¹⁶ bytes.
        self.payload.len() as u32 + u32::from(self.flags.syn) + u32::from(self.flags.fin)
    }

    /// One past the last number that it takes.
    pub fn seq_end(&self) -> SeqNum {
        self.seq + self.seq_len()
    }
}

/// The header of a segment that is to go out; ports are the connection's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// `SEG.SEQ`.
    pub seq: SeqNum,
    /// `SEG.ACK`; zero unless `flags.ack`.
    pub ack: SeqNum,
    /// Control bits.
    pub flags: Flags,
    /// The window field as it stands on the wire, already scaled.
    pub window: u16,
    /// Options, to be laid out in the order that Linux and most others use.
    pub options: Options,
}

/// A segment that is to go out now, and why.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Everything but ports and checksum.
    pub header: Header,
    /// The payload: two slices, for the send buffer is a ring.
    pub payload: [&'a [u8]; 2],
    /// Why it is sent.
    pub cause: Cause,
    /// How often these bytes were sent before; zero for anything new.
    pub retransmissions: u16,
}

impl Outgoing<'_> {
    /// Bytes of payload.
    pub fn payload_len(&self) -> usize {
        self.payload[0].len() + self.payload[1].len()
    }
}
