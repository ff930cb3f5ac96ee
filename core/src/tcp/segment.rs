//! Segments as a connection sees them: what came in, and what is to go out.
//!
//! How they look on the wire is [`crate::wire::tcp`]'s business; here their
//! fields have RFC 9293's names (`SEG.SEQ`, `SEG.ACK`, `SEG.LEN`, `SEG.WND`).

use crate::trace::Cause;
use crate::wire::SeqNum;
use crate::wire::tcp::{self, Flags, Header, Options};

/// A segment that came in, its checksum and lengths checked, its options read.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// `SEG.SEQ`: of the SYN, or of the first byte of the payload.
    pub seq: SeqNum,
    /// `SEG.ACK`; means nothing without the ACK bit.
    pub ack: SeqNum,
    /// Control bits.
    pub flags: Flags,
    /// `SEG.WND` as it stands on the wire, not scaled.
    pub window: u16,
    /// `SEG.UP`: where urgent data ends, counted from `SEG.SEQ`; means nothing
    /// without the URG bit.
    pub urgent_pointer: u16,
    /// Options.
    pub options: Options,
    /// The data.
    pub payload: &'a [u8],
}

impl<'a> From<&tcp::Segment<'a>> for Segment<'a> {
    fn from(view: &tcp::Segment<'a>) -> Self {
        Self {
            seq: view.seq(),
            ack: view.ack(),
            flags: view.flags(),
            window: view.window(),
            urgent_pointer: view.urgent_pointer(),
            options: view.options(),
            payload: view.payload(),
        }
    }
}

impl Segment<'_> {
    /// `SEG.LEN`: the sequence space that it takes, SYN and FIN counted.
    pub fn seq_len(&self) -> u32 {
        // An IPv4 packet holds less than 2¹⁶ bytes.
        self.payload.len() as u32 + self.flags.seq_len()
    }

    /// One past the last number that it takes.
    pub fn seq_end(&self) -> SeqNum {
        self.seq + self.seq_len()
    }
}

/// A segment that is to go out now, and why.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The header; only the checksum is still to be computed.
    pub header: Header,
    /// The payload: two slices, for the send buffer is a ring.
    pub payload: [&'a [u8]; 2],
    /// Why it is sent.
    pub cause: Cause,
    /// How often (any of) these bytes were sent before; zero for anything new.
    pub retransmissions: u16,
    /// Its packet may be marked instead of dropped (RFC 3168: ECT(0)).
    pub ecn_capable: bool,
}

impl Outgoing<'_> {
    /// Bytes of payload.
    pub fn payload_len(&self) -> usize {
        self.payload[0].len() + self.payload[1].len()
    }
}
