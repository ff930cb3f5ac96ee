//! ICMP for IPv4 (RFC 792, RFC 1122 §3.2.2, RFC 1191 for the next hop's MTU).
//!
//! ```text
//!   0   1   2       4               8
//!  ┌───┬───┬───────┬───────────────┬──────────────────────────────────────
//!  │typ│cod│ check-│ rest of header│ echo: data
//!  │ e │ e │ sum   │               │ errors: the IP header and 8 bytes or
//!  └───┴───┴───────┴───────────────┘ more of the packet that was not liked
//!
//!  rest of header:  echo (0, 8)             identifier, sequence
//!                   unreachable (3)         unused, next hop's MTU if code 4
//!                   redirect (5)            the better gateway
//!                   time exceeded (11)      unused
//!                   parameter problem (12)  pointer, unused
//! ```

use core::fmt;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};

use super::checksum::{self, Sum};
use super::tcp;
use super::{ChecksumStatus, LayerKind, Port, Problem, Protocol, be16, ipv4, truncated};

/// Bytes of the header that all messages have.
pub const HEADER_LEN: usize = 8;

/// Why a destination cannot be reached (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unreachable {
    /// 0: a router knows no way to the network.
    Network,
    /// 1: the last router got no answer from the host.
    Host,
    /// 2: the host does not speak the protocol.
    Protocol,
    /// 3: nobody listens on the port.
    Port,
    /// 4: too large for the next hop, and not to be fragmented. Routers older than
    /// RFC 1191 leave the MTU zero.
    FragmentationNeeded {
        /// What the next hop can take, in bytes of IP packet.
        next_hop_mtu: u16,
    },
    /// 5: a source route failed.
    SourceRouteFailed,
    /// 9, 10, 13: forbidden by an administrator; the code.
    Prohibited(u8),
    /// Any other code.
    Other(u8),
}

impl Unreachable {
    /// The code in the header.
    pub const fn code(self) -> u8 {
        match self {
            Self::Network => 0,
            Self::Host => 1,
            Self::Protocol => 2,
            Self::Port => 3,
            Self::FragmentationNeeded { .. } => 4,
            Self::SourceRouteFailed => 5,
            Self::Prohibited(code) | Self::Other(code) => code,
        }
    }

    fn read(code: u8, next_hop_mtu: u16) -> Self {
        match code {
            0 => Self::Network,
            1 => Self::Host,
            2 => Self::Protocol,
            3 => Self::Port,
            4 => Self::FragmentationNeeded { next_hop_mtu },
            5 => Self::SourceRouteFailed,
            9 | 10 | 13 => Self::Prohibited(code),
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("network unreachable"),
            Self::Host => f.write_str("host unreachable"),
            Self::Protocol => f.write_str("protocol unreachable"),
            Self::Port => f.write_str("port unreachable"),
            Self::FragmentationNeeded { next_hop_mtu: 0 } => f.write_str("fragmentation needed"),
            Self::FragmentationNeeded { next_hop_mtu } => {
                write!(
                    f,
                    "fragmentation needed, the next hop takes {next_hop_mtu} bytes"
                )
            }
            Self::SourceRouteFailed => f.write_str("source route failed"),
            Self::Prohibited(code) => write!(f, "administratively prohibited (code {code})"),
            Self::Other(code) => write!(f, "destination unreachable, code {code}"),
        }
    }
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// 8: "are you there?"
    EchoRequest {
        /// Tells one asker from another.
        identifier: u16,
        /// Tells one question from another.
        sequence: u16,
        /// To be sent back.
        data: &'a [u8],
    },
    /// 0: "I am."
    EchoReply {
        /// As asked.
        identifier: u16,
        /// As asked.
        sequence: u16,
        /// As asked.
        data: &'a [u8],
    },
    /// 3: a packet did not arrive.
    DestinationUnreachable {
        /// Why.
        reason: Unreachable,
        /// The packet, or its beginning.
        quote: &'a [u8],
    },
    /// 5: there is a better way.
    Redirect {
        /// For the network (0), the host (1), or either with a type of service (2, 3).
        code: u8,
        /// Whom to ask from now on.
        gateway: Ipv4Addr,
        /// The packet, or its beginning.
        quote: &'a [u8],
    },
    /// 11: too many routers (code 0), or a fragment waited too long for the others (code 1).
    TimeExceeded {
        /// Which.
        code: u8,
        /// The packet, or its beginning.
        quote: &'a [u8],
    },
    /// 12: a header field makes no sense.
    ParameterProblem {
        /// 0: the pointer is valid.
        code: u8,
        /// Which byte of the quoted packet.
        pointer: u8,
        /// The packet, or its beginning.
        quote: &'a [u8],
    },
    /// Anything else.
    Other {
        /// The type's number.
        kind: u8,
        /// The code.
        code: u8,
        /// Bytes after the checksum.
        data: &'a [u8],
    },
}

/// A message whose header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    bytes: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Checks that a header is there; `bytes` is the IP packet's payload.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        match bytes.first_chunk() {
            Some(header) => Ok(Self { header, bytes }),
            None => Err(truncated(LayerKind::Icmpv4, HEADER_LEN, bytes)),
        }
    }

    /// The type's number.
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

    /// Whether it is right.
    pub fn checksum_status(&self) -> ChecksumStatus {
        checksum::verify(Sum::new(), self.bytes, 2)
    }

    /// What it says.
    pub fn message(&self) -> Message<'a> {
        let &[kind, code, _, _, a, b, c, d] = self.header;
        let rest = &self.bytes[HEADER_LEN..];
        match kind {
            0 => Message::EchoReply {
                identifier: be16(a, b),
                sequence: be16(c, d),
                data: rest,
            },
            3 => Message::DestinationUnreachable {
                reason: Unreachable::read(code, be16(c, d)),
                quote: rest,
            },
            5 => Message::Redirect {
                code,
                gateway: Ipv4Addr::new(a, b, c, d),
                quote: rest,
            },
            8 => Message::EchoRequest {
                identifier: be16(a, b),
                sequence: be16(c, d),
                data: rest,
            },
            11 => Message::TimeExceeded { code, quote: rest },
            12 => Message::ParameterProblem {
                code,
                pointer: a,
                quote: rest,
            },
            _ => Message::Other {
                kind,
                code,
                data: &self.bytes[4..],
            },
        }
    }
}

impl<'a> Message<'a> {
    /// Of an error, the packet that it complains about.
    pub fn quoted(&self) -> Option<&'a [u8]> {
        match *self {
            Self::DestinationUnreachable { quote, .. }
            | Self::Redirect { quote, .. }
            | Self::TimeExceeded { quote, .. }
            | Self::ParameterProblem { quote, .. } => Some(quote),
            // 4: source quench, which routers must not send any more (RFC 6633).
            Self::Other { kind: 4, data, .. } => data.get(4..),
            Self::EchoRequest { .. } | Self::EchoReply { .. } | Self::Other { .. } => None,
        }
    }

    /// True for the errors: they must never be answered with an error (RFC 1122 §3.2.2).
    pub fn is_error(&self) -> bool {
        self.quoted().is_some()
    }

    /// Appends the message, with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (kind, code, rest, data): (u8, u8, [u8; 4], &[u8]) = match *self {
            Self::EchoReply {
                identifier,
                sequence,
                data,
            } => (0, 0, pair(identifier, sequence), data),
            Self::EchoRequest {
                identifier,
                sequence,
                data,
            } => (8, 0, pair(identifier, sequence), data),
            Self::DestinationUnreachable { reason, quote } => {
                let mtu = match reason {
                    Unreachable::FragmentationNeeded { next_hop_mtu } => next_hop_mtu,
                    _ => 0,
                };
                (3, reason.code(), pair(0, mtu), quote)
            }
            Self::Redirect {
                code,
                gateway,
                quote,
            } => (5, code, gateway.octets(), quote),
            Self::TimeExceeded { code, quote } => (11, code, [0; 4], quote),
            Self::ParameterProblem {
                code,
                pointer,
                quote,
            } => (12, code, [pointer, 0, 0, 0], quote),
            Self::Other { kind, code, data } => match data.split_first_chunk() {
                Some((&rest, data)) => (kind, code, rest, data),
                None => (kind, code, [0; 4], &[]),
            },
        };
        out.extend_from_slice(&[kind, code, 0, 0]);
        out.extend_from_slice(&rest);
        out.extend_from_slice(data);
        let sum = Sum::new().with(&out[start..]).finish();
        out[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The packet within an ICMP error, as far as it names a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Who sent the quoted packet: us, when the error is for us.
    pub source: Ipv4Addr,
    /// Where it was going.
    pub destination: Ipv4Addr,
    /// What it carried.
    pub transport: QuotedTransport,
}

/// The first eight bytes of what the quoted packet carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotedTransport {
    /// A TCP segment.
    Tcp(tcp::Start),
    /// A UDP datagram.
    Udp {
        /// The sender's port.
        src_port: Port,
        /// The receiver's port.
        dst_port: Port,
    },
    /// Something else.
    Other(Protocol),
}

impl Quote {
    /// Reads what an error quotes. Later fragments name no ports, and are an error here.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let packet = ipv4::Packet::parse_snapped(bytes)?;
        if packet.fragment_offset() != 0 {
            return Err(Problem::UnsupportedFormat {
                layer: LayerKind::Ipv4,
            });
        }
        let transport = match packet.protocol() {
            Protocol::TCP => QuotedTransport::Tcp(tcp::Start::parse(packet.payload())?),
            Protocol::UDP => match packet.payload() {
                &[a, b, c, d, ..] => QuotedTransport::Udp {
                    src_port: Port(be16(a, b)),
                    dst_port: Port(be16(c, d)),
                },
                short => return Err(truncated(LayerKind::Udp, 4, short)),
            },
            other => QuotedTransport::Other(other),
        };
        Ok(Self {
            source: packet.source(),
            destination: packet.destination(),
            transport,
        })
    }
}

fn pair(first: u16, second: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (first.to_be_bytes(), second.to_be_bytes());
    [a, b, c, d]
}
