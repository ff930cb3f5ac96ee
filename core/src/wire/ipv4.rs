//! IPv4 (RFC 791).
//!
//! ```text
//!   0                   1                   2                   3
//!   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!  ┌───────┬───────┬───────────┬───┬───────────────────────────────┐
//!  │   4   │  IHL  │   DSCP    │ECN│         total length          │
//!  ├───────┴───────┴───────────┴───┼─┬─┬─┬─────────────────────────┤
//!  │        identification         │0│D│M│  fragment offset / 8    │
//!  ├───────────────┬───────────────┼─┴─┴─┴─────────────────────────┤
//!  │      TTL      │   protocol    │       header checksum         │
//!  ├───────────────┴───────────────┴───────────────────────────────┤
//!  │                        source address                         │
//!  ├───────────────────────────────────────────────────────────────┤
//!  │                      destination address                      │
//!  ├───────────────────────────────────────────────────────────────┤
//!  │         options, to the end of IHL * 4 bytes (0 to 40)        │
//!  └───────────────────────────────────────────────────────────────┘
//! ```

use core::net::Ipv4Addr;

use super::checksum::{self, Sum};
use super::{
    ChecksumStatus, LayerKind, Problem, Protocol, be16, check_len, len_u16, len_u32, truncated,
};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

/// The largest packet: its length must fit into 16 bits.
pub const MAX_LEN: usize = 65_535;

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;

/// A packet whose header is there, and is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    fixed: &'a [u8; HEADER_LEN],
    /// From the header's first byte to the packet's last one that is there.
    bytes: &'a [u8],
    header_len: usize,
    total_len: usize,
}

impl<'a> Packet<'a> {
    /// A packet that is all there. Bytes after its end (padding) are left out.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let packet = Self::parse_snapped(bytes)?;
        check_len(LayerKind::Ipv4, bytes, packet.total_len)?;
        // RFC 791: data of a fragment lies within the longest packet possible.
        if packet.fragment_offset() + packet.payload().len() > MAX_LEN {
            return Err(Problem::FragmentTooLong);
        }
        Ok(packet)
    }

    /// A packet of which the header is there, and as much of the rest as may be:
    /// what a capture kept, or what an ICMP error quotes.
    pub fn parse_snapped(bytes: &'a [u8]) -> Result<Self, Problem> {
        let layer = LayerKind::Ipv4;
        let Some(fixed) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(truncated(layer, HEADER_LEN, bytes));
        };
        if fixed[0] >> 4 != 4 {
            return Err(Problem::BadVersion {
                layer,
                found: fixed[0] >> 4,
            });
        }
        let header_len = usize::from(fixed[0] & 0x0f) * 4;
        if header_len < HEADER_LEN {
            return Err(Problem::BadHeaderLength {
                layer,
                found: len_u32(header_len),
            });
        }
        check_len(layer, bytes, header_len)?;
        let total_len = usize::from(be16(fixed[2], fixed[3]));
        if total_len < header_len {
            return Err(Problem::BadTotalLength {
                layer,
                found: len_u32(total_len),
            });
        }
        let bytes = &bytes[..total_len.min(bytes.len())];
        Ok(Self {
            fixed,
            bytes,
            header_len,
            total_len,
        })
    }

    /// A packet whose total length is zero, as segmentation offload leaves it: all
    /// of `bytes` is taken for it.
    pub fn parse_offloaded(bytes: &'a [u8]) -> Result<Self, Problem> {
        match Self::parse_snapped(bytes) {
            Err(Problem::BadTotalLength { found: 0, .. }) => {}
            other => return other,
        }
        let fixed = bytes
            .first_chunk()
            .ok_or_else(|| truncated(LayerKind::Ipv4, HEADER_LEN, bytes))?;
        let header_len = usize::from(fixed[0] & 0x0f) * 4;
        Ok(Self {
            fixed,
            bytes,
            header_len,
            total_len: bytes.len(),
        })
    }

    /// Who sent it.
    pub fn source(&self) -> Ipv4Addr {
        let [.., a, b, c, d, _, _, _, _] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Where it is going.
    pub fn destination(&self) -> Ipv4Addr {
        let [.., a, b, c, d] = *self.fixed;
        Ipv4Addr::new(a, b, c, d)
    }

    /// What it carries.
    pub fn protocol(&self) -> Protocol {
        Protocol(self.fixed[9])
    }

    /// How many routers it may still pass.
    pub fn ttl(&self) -> u8 {
        self.fixed[8]
    }

    /// Differentiated services code point, 0 to 63.
    pub fn dscp(&self) -> u8 {
        self.fixed[1] >> 2
    }

    /// Explicit congestion notification: 0 not capable, 1 and 2 capable, 3 congestion experienced.
    pub fn ecn(&self) -> u8 {
        self.fixed[1] & 0x03
    }

    /// Tells the fragments of one packet from those of another.
    pub fn identification(&self) -> u16 {
        be16(self.fixed[4], self.fixed[5])
    }

    /// Whether routers must not fragment it.
    pub fn dont_fragment(&self) -> bool {
        self.flags_and_offset() & DONT_FRAGMENT != 0
    }

    /// Whether fragments follow this one.
    pub fn more_fragments(&self) -> bool {
        self.flags_and_offset() & MORE_FRAGMENTS != 0
    }

    /// Where in the original packet's payload this one's belongs, in bytes.
    pub fn fragment_offset(&self) -> usize {
        usize::from(self.flags_and_offset() & 0x1fff) * 8
    }

    /// Whether it is a piece of a packet.
    pub fn is_fragment(&self) -> bool {
        self.more_fragments() || self.fragment_offset() != 0
    }

    /// The checksum as it stands in the header.
    pub fn checksum(&self) -> u16 {
        be16(self.fixed[10], self.fixed[11])
    }

    /// Whether it is right.
    pub fn checksum_status(&self) -> ChecksumStatus {
        checksum::verify(Sum::new(), &self.bytes[..self.header_len], 10)
    }

    /// Bytes of header and options.
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// Bytes of header and payload, as the header says.
    pub fn total_len(&self) -> usize {
        self.total_len
    }

    /// Bytes of payload, as the header says.
    pub fn payload_len(&self) -> usize {
        self.total_len - self.header_len
    }

    /// Header and payload, as far as they are there.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The options' bytes.
    pub fn options(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..self.header_len]
    }

    /// The options, one by one.
    pub fn option_iter(&self) -> OptionIter<'a> {
        OptionIter {
            bytes: self.options(),
            at: 0,
        }
    }

    /// The payload, as far as it is there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.header_len..]
    }

    /// Bytes that the header announces and that are not there.
    pub fn missing_len(&self) -> usize {
        self.total_len - self.bytes.len()
    }

    /// The sum of the pseudo-header for an upper layer of `upper_len` bytes.
    pub fn pseudo_header(&self, upper_len: usize) -> Sum {
        Sum::pseudo_v4(
            self.source(),
            self.destination(),
            self.protocol(),
            upper_len,
        )
    }

    fn flags_and_offset(&self) -> u16 {
        be16(self.fixed[6], self.fixed[7])
    }
}

/// An IPv4 option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpOption<'a> {
    /// Copied flag, class and number: 1 no operation, 7 record route, 68 timestamp,
    /// 131 and 137 source routes, 148 router alert, ...
    pub kind: u8,
    /// What follows kind and length.
    pub data: &'a [u8],
}

/// IPv4 options, one by one; ends at the end-of-list option or at nonsense.
#[derive(Clone, Debug)]
pub struct OptionIter<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for OptionIter<'a> {
    type Item = Result<IpOption<'a>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..)?;
        let &kind = rest.first()?;
        match kind {
            0 => {
                self.at = self.bytes.len();
                None
            }
            1 => {
                self.at += 1;
                Some(Ok(IpOption { kind, data: &[] }))
            }
            _ => {
                let len = usize::from(*rest.get(1).unwrap_or(&0));
                let Some(data) = rest.get(2..len) else {
                    let offset = len_u32(self.at);
                    self.at = self.bytes.len();
                    return Some(Err(Problem::BadOption {
                        layer: LayerKind::Ipv4,
                        kind,
                        offset,
                    }));
                };
                self.at += len;
                Some(Ok(IpOption { kind, data }))
            }
        }
    }
}

/// The header of a packet to be sent; it has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who sends it.
    pub source: Ipv4Addr,
    /// Where it is to go.
    pub destination: Ipv4Addr,
    /// What it carries.
    pub protocol: Protocol,
    /// How many routers it may pass.
    pub ttl: u8,
    /// Differentiated services and ECN, as the byte in the header.
    pub traffic_class: u8,
    /// Tells fragments of one packet from those of another.
    pub identification: u16,
    /// Whether routers must not fragment it.
    pub dont_fragment: bool,
    /// Whether fragments follow this one.
    pub more_fragments: bool,
    /// Offset of this fragment's payload, in units of eight bytes.
    pub fragment_offset_units: u16,
}

impl Header {
    /// A packet that is not a fragment and must not become one, TTL 64.
    pub const fn new(source: Ipv4Addr, destination: Ipv4Addr, protocol: Protocol) -> Self {
        Self {
            source,
            destination,
            protocol,
            ttl: 64,
            traffic_class: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_units: 0,
        }
    }

    /// Appends the 20 bytes, with their checksum, for a payload of `payload_len` bytes.
    pub fn emit(&self, payload_len: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let flags = if self.dont_fragment { DONT_FRAGMENT } else { 0 }
            | if self.more_fragments {
                MORE_FRAGMENTS
            } else {
                0
            };
        out.extend_from_slice(&[0x45, self.traffic_class]);
        out.extend_from_slice(&len_u16(HEADER_LEN + payload_len).to_be_bytes());
        out.extend_from_slice(&self.identification.to_be_bytes());
        out.extend_from_slice(&(flags | self.fragment_offset_units & 0x1fff).to_be_bytes());
        out.extend_from_slice(&[self.ttl, self.protocol.0, 0, 0]);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
        let sum = Sum::new().with(&out[start..]).finish();
        out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
    }
}
