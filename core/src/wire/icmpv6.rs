//! ICMP for IPv6 (RFC 4443), with neighbour discovery (RFC 4861): to be read only, as IPv6 is.
//!
//! ```text
//!   0   1   2       4               8
//!  ┌───┬───┬───────┬───────────────┬──────────────────────────────────────
//!  │typ│cod│ check-│ rest of header│ echo: data
//!  │ e │ e │ sum   │               │ errors: the packet that was not liked
//!  └───┴───┴───────┴───────────────┘ neighbour discovery: a target, options
//!
//!  rest of header:  unreachable (1), time exceeded (3)      unused
//!                   too big (2)                             MTU
//!                   parameter problem (4)                   pointer
//!                   echo (128, 129)                         identifier, sequence
//!                   neighbour advertisement (136)           R, S and O flags
//! ```

use core::net::Ipv6Addr;

use super::checksum::{self, Sum};
use super::{ChecksumStatus, LayerKind, MacAddr, Problem, be16, truncated};

/// Bytes of the header that all messages have.
pub const HEADER_LEN: usize = 8;

/// Options of neighbour discovery: the source's and the target's link-layer address.
const SOURCE_ADDRESS: u8 = 1;
const TARGET_ADDRESS: u8 = 2;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// 1: it cannot be delivered; the code says why (RFC 4443 §3.1).
    DestinationUnreachable(u8),
    /// 2: too large for the next hop, which takes so many bytes.
    PacketTooBig(u32),
    /// 3: too many routers (code 0), or a fragment is missing (1).
    TimeExceeded(u8),
    /// 4: somebody does not understand the byte at this offset.
    ParameterProblem(u32),
    /// 128: "are you there?"
    EchoRequest {
        /// Tells one asker from another.
        identifier: u16,
        /// Tells one question from another.
        sequence: u16,
    },
    /// 129: "I am."
    EchoReply {
        /// As asked.
        identifier: u16,
        /// As asked.
        sequence: u16,
    },
    /// 133: is there a router?
    RouterSolicitation,
    /// 134: here is one, for so many seconds.
    RouterAdvertisement {
        /// Seconds for which it is a default router; 0 if it is none.
        lifetime: u16,
    },
    /// 135: who has this address?
    NeighbourSolicitation {
        /// The address that is asked for.
        target: Ipv6Addr,
        /// Who asks, where that is told: not by who only looks whether it is taken.
        mac: Option<MacAddr>,
    },
    /// 136: I have this address.
    NeighbourAdvertisement {
        /// The address.
        target: Ipv6Addr,
        /// Where.
        mac: Option<MacAddr>,
        /// Whether somebody asked.
        solicited: bool,
    },
    /// 130 to 132, 143: who wants to hear which group.
    Multicast,
    /// Anything else, by its type.
    Other(u8),
}

impl Message {
    /// Whether it reports on a packet, and quotes it (RFC 4443 §2.1).
    pub const fn is_error(&self) -> bool {
        matches!(
            self,
            Self::DestinationUnreachable(_)
                | Self::PacketTooBig(_)
                | Self::TimeExceeded(_)
                | Self::ParameterProblem(_)
        )
    }
}

/// A message whose header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    bytes: &'a [u8],
}

impl<'a> Packet<'a> {
    /// A message of which the header is there, and as much of the rest as may be.
    ///
    /// # Errors
    /// When there is less than a header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        match bytes.first_chunk() {
            Some(header) => Ok(Self { header, bytes }),
            None => Err(truncated(LayerKind::Icmpv6, HEADER_LEN, bytes)),
        }
    }

    /// The type.
    pub fn kind(&self) -> u8 {
        self.header[0]
    }

    /// The code.
    pub fn code(&self) -> u8 {
        self.header[1]
    }

    /// The checksum as it stands in the header.
    pub fn checksum(&self) -> u16 {
        be16(self.header[2], self.header[3])
    }

    /// What the checksum is worth, with IPv6's pseudo-header (RFC 4443 §2.3).
    pub fn checksum_status(&self, pseudo: Sum) -> ChecksumStatus {
        checksum::verify(pseudo, self.bytes, 2)
    }

    /// What it says.
    pub fn message(&self) -> Message {
        let [_, _, _, _, a, b, c, d] = *self.header;
        let rest = u32::from_be_bytes([a, b, c, d]);
        let (identifier, sequence) = (be16(a, b), be16(c, d));
        let kind = self.kind();
        match (kind, self.target()) {
            (1, _) => Message::DestinationUnreachable(self.code()),
            (2, _) => Message::PacketTooBig(rest),
            (3, _) => Message::TimeExceeded(self.code()),
            (4, _) => Message::ParameterProblem(rest),
            (128, _) => Message::EchoRequest {
                identifier,
                sequence,
            },
            (129, _) => Message::EchoReply {
                identifier,
                sequence,
            },
            (133, _) => Message::RouterSolicitation,
            (134, _) => Message::RouterAdvertisement { lifetime: sequence },
            (135, Some(target)) => Message::NeighbourSolicitation {
                target,
                mac: self.link_address(SOURCE_ADDRESS),
            },
            (136, Some(target)) => Message::NeighbourAdvertisement {
                target,
                mac: self.link_address(TARGET_ADDRESS),
                solicited: a & 0x40 != 0,
            },
            (130..=132 | 143, _) => Message::Multicast,
            _ => Message::Other(kind),
        }
    }

    /// RFC 4861 §4.3, §4.4: the address follows the header.
    fn target(&self) -> Option<Ipv6Addr> {
        let octets: &[u8; 16] = self.bytes.get(HEADER_LEN..)?.first_chunk()?;
        Some((*octets).into())
    }

    /// RFC 4861 §4.6.1: options have a type, and a length in units of eight bytes.
    fn link_address(&self, wanted: u8) -> Option<MacAddr> {
        let mut options = self.bytes.get(HEADER_LEN + 16..)?;
        while let [kind, units, rest @ ..] = options {
            let len = usize::from(*units) * 8;
            if let (true, Some(&mac)) = (*kind == wanted && *units == 1, rest.first_chunk()) {
                return Some(MacAddr(mac));
            }
            options = options.get(len..).filter(|_| len > 0)?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_asked_for_and_answer() {
        let target = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
        let mut bytes = vec![135, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(&target.octets());
        let packet = Packet::parse(&bytes).expect("the header is there");
        let asked = Message::NeighbourSolicitation { target, mac: None };
        assert_eq!(packet.message(), asked);
        // An unknown option of 16 bytes comes first.
        bytes.extend_from_slice(&[99, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[2, 1, 2, 0, 0, 0, 0, 9]);
        (bytes[0], bytes[4]) = (136, 0x60);
        let answer = Message::NeighbourAdvertisement {
            target,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 9])),
            solicited: true,
        };
        let packet = Packet::parse(&bytes).expect("the header is there");
        assert_eq!(packet.message(), answer);
        // An option without a length ends the list.
        bytes[24..26].copy_from_slice(&[99, 0]);
        let packet = Packet::parse(&bytes).expect("the header is there");
        assert!(matches!(
            packet.message(),
            Message::NeighbourAdvertisement { mac: None, .. }
        ));
    }

    #[test]
    fn short_messages_are_what_their_type_says_or_nothing() {
        assert!(Packet::parse(&[128, 0, 0]).is_err());
        let echo = Packet::parse(&[128, 0, 0, 0, 0, 1, 0, 2]).expect("the header is there");
        let (identifier, sequence) = (1, 2);
        assert_eq!(
            echo.message(),
            Message::EchoRequest {
                identifier,
                sequence
            }
        );
        let cut = Packet::parse(&[135, 0, 0, 0, 0, 0, 0, 0, 1]).expect("the header is there");
        assert_eq!(cut.message(), Message::Other(135));
        let error = Packet::parse(&[2, 0, 0, 0, 0, 0, 5, 0]).expect("the header is there");
        assert_eq!(error.message(), Message::PacketTooBig(1_280));
        assert!(error.message().is_error() && !echo.message().is_error());
    }
}
