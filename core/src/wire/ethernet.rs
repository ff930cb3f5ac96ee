//! Ethernet II, and the VLAN tags of IEEE 802.1Q and 802.1ad.
//!
//! ```text
//!   0               6               12      14
//!  ┌───────────────┬───────────────┬───────┬─────────
//!  │  destination  │    source     │ type  │ payload
//!  └───────────────┴───────────────┴───────┴─────────
//!                                   0x0600 and above; below, a length (802.3)
//!
//!  a tag stands where the type does, and ends with the type of what follows:
//!   12      14      16      18
//!  ┌───────┬───────┬───────┬─────────
//!  │ 0x8100│  TCI  │ type  │ payload       TCI: PCP:3 DEI:1 VID:12
//!  └───────┴───────┴───────┴─────────
//! ```

use super::{EtherType, LayerKind, MacAddr, Problem, be16, truncated};

/// Bytes of an Ethernet header without tags.
pub const HEADER_LEN: usize = 14;

/// A frame whose header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Checks that a header is there.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        match bytes.split_first_chunk() {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(truncated(LayerKind::Ethernet, HEADER_LEN, bytes)),
        }
    }

    /// Where it is going.
    pub fn destination(&self) -> MacAddr {
        let [a, b, c, d, e, f, ..] = *self.header;
        MacAddr([a, b, c, d, e, f])
    }

    /// Where it came from.
    pub fn source(&self) -> MacAddr {
        let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = *self.header;
        MacAddr([a, b, c, d, e, f])
    }

    /// What it carries, or how much of it ([`EtherType::is_length`]).
    pub fn ether_type(&self) -> EtherType {
        EtherType(be16(self.header[12], self.header[13]))
    }

    /// All after the header: tags, content and padding.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// A VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanTag {
    /// Priority code point, 0 to 7.
    pub priority: u8,
    /// Whether it may be dropped first under congestion.
    pub drop_eligible: bool,
    /// The VLAN's number, 0 to 4095; 0 says that there is only a priority.
    pub id: u16,
    /// What follows the tag.
    pub ether_type: EtherType,
}

impl VlanTag {
    /// Bytes from the tag's control information to the type that follows.
    pub const LEN: usize = 4;

    /// Reads what follows a type for which [`EtherType::is_vlan`] holds, and
    /// gives the bytes after the tag as well.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Problem> {
        let Some((&[a, b, c, d], rest)) = bytes.split_first_chunk::<{ Self::LEN }>() else {
            return Err(truncated(LayerKind::Vlan, Self::LEN, bytes));
        };
        let control = be16(a, b);
        let tag = Self {
            priority: a >> 5,
            drop_eligible: control & 0x1000 != 0,
            id: control & 0x0fff,
            ether_type: EtherType(be16(c, d)),
        };
        Ok((tag, rest))
    }

    /// Appends the tag. The type before it is the caller's.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let control = u16::from(self.priority & 0x07) << 13
            | u16::from(self.drop_eligible) << 12
            | self.id & 0x0fff;
        out.extend_from_slice(&control.to_be_bytes());
        out.extend_from_slice(&self.ether_type.0.to_be_bytes());
    }
}

/// The header of a frame to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Where it is to go.
    pub destination: MacAddr,
    /// Who sends it.
    pub source: MacAddr,
    /// What follows.
    pub ether_type: EtherType,
}

impl Header {
    /// Appends the 14 bytes.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.0);
        out.extend_from_slice(&self.source.0);
        out.extend_from_slice(&self.ether_type.0.to_be_bytes());
    }
}
