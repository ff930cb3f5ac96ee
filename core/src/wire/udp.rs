//! UDP (RFC 768).
//!
//! ```text
//!   0       2       4       6       8
//!  ┌───────┬───────┬───────┬───────┬─────────
//!  │ source│ dest. │ length│ check-│ payload
//!  │ port  │ port  │       │ sum   │
//!  └───────┴───────┴───────┴───────┴─────────
//! ```

use core::net::Ipv4Addr;

use super::checksum::{self, Sum};
use super::{
    ChecksumStatus, LayerKind, Port, Problem, Protocol, be16, check_len, len_u16, len_u32,
    truncated,
};

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;

/// A datagram whose header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    header: &'a [u8; HEADER_LEN],
    bytes: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// A datagram that is all there. Bytes after its end are left out.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let datagram = Self::parse_snapped(bytes)?;
        check_len(LayerKind::Udp, bytes, datagram.len())?;
        Ok(datagram)
    }

    /// A datagram of which the header is there, and as much of the rest as may be.
    pub fn parse_snapped(bytes: &'a [u8]) -> Result<Self, Problem> {
        let Some(header) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(truncated(LayerKind::Udp, HEADER_LEN, bytes));
        };
        let len = usize::from(be16(header[4], header[5]));
        if len < HEADER_LEN {
            return Err(Problem::BadTotalLength {
                layer: LayerKind::Udp,
                found: len_u32(len),
            });
        }
        Ok(Self {
            header,
            bytes: &bytes[..len.min(bytes.len())],
        })
    }

    /// The sender's port.
    pub fn src_port(&self) -> Port {
        Port(be16(self.header[0], self.header[1]))
    }

    /// The receiver's port.
    pub fn dst_port(&self) -> Port {
        Port(be16(self.header[2], self.header[3]))
    }

    /// Bytes of header and payload, as the header says; never below eight.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a datagram has a header, it is never empty"
    )]
    pub fn len(&self) -> usize {
        usize::from(be16(self.header[4], self.header[5]))
    }

    /// The checksum as it stands in the header; zero says that there is none.
    pub fn checksum(&self) -> u16 {
        be16(self.header[6], self.header[7])
    }

    /// Whether it is right, given the sum of the pseudo-header.
    pub fn checksum_status(&self, pseudo: Sum) -> ChecksumStatus {
        if self.checksum() == 0 {
            return ChecksumStatus::Absent;
        }
        if self.bytes.len() < self.len() {
            return ChecksumStatus::Snapped;
        }
        checksum::verify(pseudo, self.bytes, 6)
    }

    /// The payload, as far as it is there.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// Bytes that the header announces and that are not there.
    pub fn missing_len(&self) -> usize {
        self.len() - self.bytes.len()
    }
}

/// The header of a datagram to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's port.
    pub src_port: Port,
    /// The receiver's port.
    pub dst_port: Port,
}

impl Header {
    /// Appends header and payload, with their checksum.
    pub fn emit(&self, src: Ipv4Addr, dst: Ipv4Addr, payload: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let len = HEADER_LEN + payload.len();
        out.extend_from_slice(&self.src_port.0.to_be_bytes());
        out.extend_from_slice(&self.dst_port.0.to_be_bytes());
        out.extend_from_slice(&len_u16(len).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(payload);
        let sum = Sum::pseudo_v4(src, dst, Protocol::UDP, len)
            .with(&out[start..])
            .finish();
        // RFC 768: a computed zero is sent as all ones, for zero says "no checksum".
        let sum = if sum == 0 { 0xffff } else { sum };
        out[start + 6..start + 8].copy_from_slice(&sum.to_be_bytes());
    }
}
