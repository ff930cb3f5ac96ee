//! TCP (RFC 9293 §3.1).
//!
//! ```text
//!   0                   1                   2                   3
//!   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!  ┌───────────────────────────────┬───────────────────────────────┐
//!  │          source port          │       destination port        │
//!  ├───────────────────────────────┴───────────────────────────────┤
//!  │                        sequence number                        │
//!  ├───────────────────────────────────────────────────────────────┤
//!  │                     acknowledgment number                     │
//!  ├───────┬─────┬─┬─┬─┬─┬─┬─┬─┬─┬─┬───────────────────────────────┤
//!  │ data  │     │A│C│E│U│A│P│R│S│F│                               │
//!  │offset │ 0   │E│W│C│R│C│S│S│Y│I│            window             │
//!  │       │     │ │R│E│G│K│H│T│N│N│                               │
//!  ├───────┴─────┴─┴─┴─┴─┴─┴─┴─┴─┴─┼───────────────────────────────┤
//!  │           checksum            │        urgent pointer         │
//!  ├───────────────────────────────┴───────────────────────────────┤
//!  │     options, to the end of data offset * 4 bytes (0 to 40)    │
//!  └───────────────────────────────────────────────────────────────┘
//! ```

mod flags;
mod options;

pub use flags::Flags;
pub use options::{MAX_OPTIONS_LEN, OptionIter, Options, SackBlocks, TcpOption, Timestamps};

use core::net::Ipv4Addr;

use super::checksum::{self, Sum};
use super::{
    ChecksumStatus, LayerKind, Port, Problem, Protocol, SeqNum, be16, check_len, len_u32, truncated,
};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

const CHECKSUM_AT: usize = 16;

/// A segment whose fixed header is there. The IP packet ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    fixed: &'a [u8; HEADER_LEN],
    bytes: &'a [u8],
    /// As the data offset says; beyond `bytes` when the capture cut the options.
    header_len: usize,
}

impl<'a> Segment<'a> {
    /// A segment whose header is all there; `bytes` is the IP packet's payload.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let segment = Self::parse_snapped(bytes)?;
        check_len(LayerKind::Tcp, bytes, segment.header_len)?;
        Ok(segment)
    }

    /// A segment of which the fixed header is there, and as much of the rest as may be.
    pub fn parse_snapped(bytes: &'a [u8]) -> Result<Self, Problem> {
        let Some(fixed) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(truncated(LayerKind::Tcp, HEADER_LEN, bytes));
        };
        let header_len = usize::from(fixed[12] >> 4) * 4;
        if header_len < HEADER_LEN {
            return Err(Problem::BadHeaderLength {
                layer: LayerKind::Tcp,
                found: len_u32(header_len),
            });
        }
        Ok(Self {
            fixed,
            bytes,
            header_len,
        })
    }

    /// The sender's port.
    pub fn src_port(&self) -> Port {
        Port(be16(self.fixed[0], self.fixed[1]))
    }

    /// The receiver's port.
    pub fn dst_port(&self) -> Port {
        Port(be16(self.fixed[2], self.fixed[3]))
    }

    /// SEG.SEQ: the number of the first octet, or of the SYN.
    pub fn seq(&self) -> SeqNum {
        SeqNum(u32::from_be_bytes([
            self.fixed[4],
            self.fixed[5],
            self.fixed[6],
            self.fixed[7],
        ]))
    }

    /// SEG.ACK: the next number that the sender expects. Means nothing without [`Flags::ACK`].
    pub fn ack(&self) -> SeqNum {
        SeqNum(u32::from_be_bytes([
            self.fixed[8],
            self.fixed[9],
            self.fixed[10],
            self.fixed[11],
        ]))
    }

    /// The control bits.
    pub fn flags(&self) -> Flags {
        Flags::from_bits(be16(self.fixed[12], self.fixed[13]))
    }

    /// SEG.WND as it stands in the header, not scaled.
    pub fn window(&self) -> u16 {
        be16(self.fixed[14], self.fixed[15])
    }

    /// The checksum as it stands in the header.
    pub fn checksum(&self) -> u16 {
        be16(self.fixed[16], self.fixed[17])
    }

    /// Whether it is right, given the sum of the pseudo-header.
    pub fn checksum_status(&self, pseudo: Sum) -> ChecksumStatus {
        checksum::verify(pseudo, self.bytes, CHECKSUM_AT)
    }

    /// Where urgent data ends, after `seq`. Means nothing without [`Flags::URG`].
    pub fn urgent_pointer(&self) -> u16 {
        be16(self.fixed[18], self.fixed[19])
    }

    /// Bytes of header and options, as the data offset says.
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// The options' bytes, as far as they are there.
    pub fn options_bytes(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..self.header_len.min(self.bytes.len())]
    }

    /// The options one by one, in the sender's order, unknown ones too.
    pub fn option_iter(&self) -> OptionIter<'a> {
        OptionIter::new(self.options_bytes())
    }

    /// The options that this stack knows, each once. What is malformed is left out.
    pub fn options(&self) -> Options {
        Options::read(self.options_bytes())
    }

    /// The data, as far as it is there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.header_len.min(self.bytes.len())..]
    }

    /// SEG.LEN: octets of sequence space that it takes, SYN and FIN included
    /// (RFC 9293 §3.4).
    pub fn seq_len(&self) -> u32 {
        len_u32(self.payload().len()) + self.flags().seq_len()
    }
}

/// The first eight bytes of a TCP header: all that an ICMP error must quote
/// (RFC 792), and all that a short capture may have kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The sender's port.
    pub src_port: Port,
    /// The receiver's port.
    pub dst_port: Port,
    /// The number of the first octet.
    pub seq: SeqNum,
}

impl Start {
    /// Bytes that it takes.
    pub const LEN: usize = 8;

    /// Reads it; bytes after it are left alone.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        match bytes.first_chunk::<{ Self::LEN }>() {
            Some(&[a, b, c, d, e, f, g, h]) => Ok(Self {
                src_port: Port(be16(a, b)),
                dst_port: Port(be16(c, d)),
                seq: SeqNum(u32::from_be_bytes([e, f, g, h])),
            }),
            None => Err(truncated(LayerKind::Tcp, Self::LEN, bytes)),
        }
    }
}

/// The header of a segment to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port.
    pub src_port: Port,
    /// The receiver's port.
    pub dst_port: Port,
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK; zero unless [`Flags::ACK`] is set (RFC 9293 §3.10.7.1 does so for resets).
    pub ack: SeqNum,
    /// The control bits.
    pub flags: Flags,
    /// The window field, already scaled.
    pub window: u16,
    /// The urgent pointer.
    pub urgent_pointer: u16,
    /// The options.
    pub options: Options,
}

impl Header {
    /// Bytes of header and options. Named as the field that it becomes, for a
    /// header is never empty.
    pub fn header_len(&self) -> usize {
        HEADER_LEN + self.options.emitted_len(self.flags.contains(Flags::SYN))
    }

    /// Appends header, options and the payload's pieces, with their checksum.
    ///
    /// Options that do not fit into 40 bytes lose SACK blocks, the last first.
    pub fn emit(&self, src: Ipv4Addr, dst: Ipv4Addr, payload: &[&[u8]], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.src_port.0.to_be_bytes());
        out.extend_from_slice(&self.dst_port.0.to_be_bytes());
        out.extend_from_slice(&self.seq.0.to_be_bytes());
        out.extend_from_slice(&self.ack.0.to_be_bytes());
        let offset_words =
            u16::try_from(self.header_len() / 4).expect("at most 60 bytes, 15 words");
        out.extend_from_slice(&(offset_words << 12 | self.flags.bits()).to_be_bytes());
        out.extend_from_slice(&self.window.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.urgent_pointer.to_be_bytes());
        self.options.emit(self.flags.contains(Flags::SYN), out);
        for piece in payload {
            out.extend_from_slice(piece);
        }
        let segment = &mut out[start..];
        let sum = Sum::pseudo_v4(src, dst, Protocol::TCP, segment.len())
            .with(segment)
            .finish();
        segment[CHECKSUM_AT..CHECKSUM_AT + 2].copy_from_slice(&sum.to_be_bytes());
    }
}
