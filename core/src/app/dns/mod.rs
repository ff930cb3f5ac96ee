//! A stub resolver (RFC 1034 §5.3.1): names to IPv4 addresses, over bytes, without a socket.
//!
//! ```text
//!   Lookup::new(name, servers)
//!      |  poll -> SendUdp{server, query}     id and port anew for each query
//!      |          OpenTcp{server, query}     after a truncated answer
//!      |          Done(Answer | DnsError)
//!      ^  on_datagram, on_tcp_bytes, on_no_answer, time
//! ```
//!
//! Messages are encoded by `simple-dns`: kept, one small dependency and no
//! random numbers of its own (`hickory-proto` brings a URL parser, a generator
//! and tracing along, and answers nothing more for A and CNAME).

mod cache;
mod lookup;
mod message;
#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use lookup::{Lookup, LookupStep, MAX_SERVERS};
pub use message::Answer;

use core::fmt;
use serde::{Deserialize, Serialize};

/// The port of name servers.
pub const DNS_PORT: u16 = 53;

/// Why a name does not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DnsError {
    /// NXDOMAIN: there is no such name (RFC 1035 §4.1.1, RCODE 3).
    NoSuchName,
    /// The name is there, but has no IPv4 address.
    NoAddress,
    /// SERVFAIL: the server could not find out (RCODE 2).
    ServerFailure,
    /// REFUSED, or another code: the server will not (RCODE 4, 5 and others).
    Refused {
        /// The RCODE.
        code: u8,
    },
    /// No server answered.
    Timeout,
    /// Every server's port is closed, or there is no way to it.
    Unreachable,
    /// Answers came, and none could be read.
    Malformed,
    /// Aliases that lead to aliases without end.
    AliasLoop,
    /// It cannot be a name in the DNS.
    BadName,
    /// No UDP socket is left to ask from.
    NoSocket,
}

impl DnsError {
    /// What to do now, one sentence without a full stop.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoSuchName | Self::BadName => "check the spelling of the name",
            Self::NoAddress => {
                "the host may have IPv6 only, which is not there yet; try another host"
            }
            Self::ServerFailure | Self::Refused { .. } | Self::Malformed => {
                "try again, or write the server's IPv4 address in the URL instead of its name"
            }
            Self::Timeout | Self::Unreachable => {
                "check the name server's address and the way to it, or write the server's IPv4 address in the URL"
            }
            Self::NoSocket => "wait for other lookups to end and try again",
            Self::AliasLoop => {
                "tell whoever runs the name's zone: its aliases go round in a circle"
            }
        }
    }
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => f.write_str("there is no such name (NXDOMAIN)"),
            Self::NoAddress => f.write_str("the name has no IPv4 address"),
            Self::ServerFailure => f.write_str("the name server could not find out (SERVFAIL)"),
            Self::Refused { code: 5 } => f.write_str("the name server refuses to answer (REFUSED)"),
            Self::Refused { code } => write!(f, "the name server answers with error code {code}"),
            Self::Timeout => f.write_str("no name server answered"),
            Self::Unreachable => f.write_str("no name server can be reached"),
            Self::Malformed => f.write_str("the name server's answer cannot be read"),
            Self::AliasLoop => f.write_str("its aliases lead on without end"),
            Self::BadName => f.write_str("it cannot be a name in the DNS"),
            Self::NoSocket => f.write_str("no UDP port is left to ask from"),
        }
    }
}

impl core::error::Error for DnsError {}
