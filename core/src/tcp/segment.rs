//! Segments as plain values: what came in, and what is to go out.
//!
//! Only [`crate::wire`] knows how they look on the wire; here their fields have
//! RFC 9293's names (`SEG.SEQ`, `SEG.ACK`, `SEG.LEN`, `SEG.WND`).

use crate::trace::Cause;
use crate::wire::SeqNum;

pub use crate::wire::SeqRange;
pub use crate::wire::tcp::{Options, SackBlocks, Timestamps};

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
