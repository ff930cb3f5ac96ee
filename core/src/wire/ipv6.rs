//! IPv6 (RFC 8200), to be read only: captures have it, our stack does not speak it.
//!
//! ```text
//!   0       4               12                                  31
//!  ┌───────┬───────────────┬────────────────────────────────────┐
//!  │   6   │ traffic class │             flow label             │
//!  ├───────┴───────────────┴──────┬──────────────┬──────────────┤
//!  │        payload length        │ next header  │  hop limit   │
//!  ├──────────────────────────────┴──────────────┴──────────────┤
//!  │                   source address (16 bytes)                │
//!  ├────────────────────────────────────────────────────────────┤
//!  │                destination address (16 bytes)              │
//!  └────────────────────────────────────────────────────────────┘
//!  then extension headers, each naming the next:
//!  hop-by-hop (0), routing (43), fragment (44), authentication (51),
//!  destination options (60), mobility (135), HIP (139), shim6 (140)
//! ```

use core::net::Ipv6Addr;

use super::checksum::Sum;
use super::{LayerKind, Problem, Protocol, be16, check_len, truncated};

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 40;

/// More extension headers than this on top of each other nobody sends.
const MAX_EXTENSIONS: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;

/// A packet whose fixed header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    fixed: &'a [u8; HEADER_LEN],
    bytes: &'a [u8],
    payload_len: usize,
    extensions: Extensions,
}

/// The fragment header (RFC 8200 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// What the packet carries, once it is whole: its next header.
    pub protocol: Protocol,
    /// Where in the packet this piece belongs, in bytes.
    pub offset: usize,
    /// Whether pieces follow this one.
    pub more: bool,
    /// Tells fragments of one packet from those of another.
    pub identification: u32,
    /// Where the piece begins, from the fixed header's first byte.
    end: usize,
}

/// What the chain of extension headers came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extensions {
    protocol: Protocol,
    /// Where the upper layer begins, from the fixed header's first byte.
    end: usize,
    fragment: Option<Fragment>,
    problem: Option<Problem>,
}

impl<'a> Packet<'a> {
    /// A packet of which the fixed header is there, and as much of the rest as may be.
    pub fn parse_snapped(bytes: &'a [u8]) -> Result<Self, Problem> {
        let layer = LayerKind::Ipv6;
        let Some(fixed) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(truncated(layer, HEADER_LEN, bytes));
        };
        if fixed[0] >> 4 != 6 {
            return Err(Problem::BadVersion {
                layer,
                found: fixed[0] >> 4,
            });
        }
        let announced = usize::from(be16(fixed[4], fixed[5]));
        // RFC 2675 jumbograms, and segmentation offload, say zero: all that is there.
        let offloaded = announced == 0 && bytes.len() > HEADER_LEN && fixed[6] != 59;
        let payload_len = if offloaded {
            bytes.len() - HEADER_LEN
        } else {
            announced
        };
        let bytes = &bytes[..(HEADER_LEN + payload_len).min(bytes.len())];
        let mut extensions = walk_extensions(Protocol(fixed[6]), bytes);
        if offloaded && extensions.problem.is_none() {
            extensions.problem = Some(Problem::OffloadedLength { layer });
        }
        Ok(Self {
            fixed,
            bytes,
            payload_len,
            extensions,
        })
    }

    /// Who sent it.
    pub fn source(&self) -> Ipv6Addr {
        address(self.fixed, 8)
    }

    /// Where it is going.
    pub fn destination(&self) -> Ipv6Addr {
        address(self.fixed, 24)
    }

    /// What it carries, after any extension headers.
    pub fn protocol(&self) -> Protocol {
        self.extensions.protocol
    }

    /// How many routers it may still pass.
    pub fn hop_limit(&self) -> u8 {
        self.fixed[7]
    }

    /// Differentiated services and ECN.
    pub fn traffic_class(&self) -> u8 {
        self.fixed[0] << 4 | self.fixed[1] >> 4
    }

    /// The flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.fixed[1] & 0x0f, self.fixed[2], self.fixed[3]])
    }

    /// Bytes of the fixed header and all extension headers that are there.
    pub fn header_len(&self) -> usize {
        self.extensions.end
    }

    /// Bytes of the upper layer, as the header says.
    pub fn upper_len(&self) -> usize {
        (HEADER_LEN + self.payload_len).saturating_sub(self.extensions.end)
    }

    /// The upper layer, as far as it is there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.extensions.end..]
    }

    /// Bytes that the header announces and that are not there.
    pub fn missing_len(&self) -> usize {
        HEADER_LEN + self.payload_len - self.bytes.len()
    }

    /// Whether it is a piece of a packet (and not an "atomic" fragment, RFC 6946).
    pub fn is_fragment(&self) -> bool {
        self.extensions
            .fragment
            .is_some_and(|fragment| fragment.offset != 0 || fragment.more)
    }

    /// Where in the original packet this piece belongs, in bytes.
    pub fn fragment_offset(&self) -> usize {
        self.fragment().map_or(0, |fragment| fragment.offset)
    }

    /// The fragment header, if there is one.
    pub fn fragment(&self) -> Option<Fragment> {
        self.extensions.fragment
    }

    /// What follows the fragment header, as far as it is there; of other packets, the
    /// upper layer.
    pub fn fragment_payload(&self) -> &'a [u8] {
        match self.extensions.fragment {
            Some(fragment) => &self.bytes[fragment.end..],
            None => self.payload(),
        }
    }

    /// What is wrong with the extension headers, if anything.
    pub fn problem(&self) -> Option<Problem> {
        self.extensions.problem
    }

    /// The sum of the pseudo-header for an upper layer of `upper_len` bytes.
    pub fn pseudo_header(&self, upper_len: usize) -> Sum {
        Sum::pseudo_v6(
            self.source(),
            self.destination(),
            self.protocol(),
            upper_len,
        )
    }
}

fn walk_extensions(first: Protocol, bytes: &[u8]) -> Extensions {
    let mut found = Extensions {
        protocol: first,
        end: HEADER_LEN,
        fragment: None,
        problem: None,
    };
    for _ in 0..MAX_EXTENSIONS {
        let rest = &bytes[found.end..];
        // RFC 8200 §4: all but the fragment header carry their length.
        let len = match (found.protocol.0, rest.get(1)) {
            (HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | 135 | 139 | 140, Some(&units)) => {
                8 + usize::from(units) * 8
            }
            // RFC 4302 §2.2: counted in units of four bytes, minus two.
            (AUTHENTICATION, Some(&units)) => 8 + usize::from(units) * 4,
            (
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | 135 | 139 | 140 | FRAGMENT
                | AUTHENTICATION,
                _,
            ) => 8,
            _ => return found,
        };
        if let Err(problem) = check_len(LayerKind::Ipv6, rest, len) {
            found.problem = Some(problem);
            return found;
        }
        if found.protocol.0 == FRAGMENT {
            let field = be16(rest[2], rest[3]);
            found.fragment = Some(Fragment {
                protocol: Protocol(rest[0]),
                offset: usize::from(field & 0xfff8),
                more: field & 1 != 0,
                identification: u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]),
                end: found.end + len,
            });
        }
        found.protocol = Protocol(rest[0]);
        found.end += len;
        if found.fragment.is_some_and(|fragment| fragment.offset != 0) {
            return found;
        }
    }
    found.problem = Some(Problem::TooDeep {
        layer: LayerKind::Ipv6,
    });
    found
}

fn address(header: &[u8; HEADER_LEN], at: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&header[at..at + 16]);
    octets.into()
}
