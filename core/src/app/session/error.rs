//! Why a fetch failed, in words for the person who asked for it.

use crate::app::dns::DnsError;
use crate::app::http::{HttpError, UrlError};
use crate::time::Duration;
use crate::wire::MacAddr;
use core::fmt;
use core::net::SocketAddrV4;
use serde::{Deserialize, Serialize};

/// Why a fetch failed. `Display` is the cause, [`next_step`](Self::next_step)
/// what to do about it; both one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FetchError {
    /// The URL, or one that a redirect names, cannot be fetched.
    Url(UrlError),
    /// A fetch with this number is under way, or there are too many.
    Busy,
    /// No address was claimed.
    NoAddress,
    /// The address was lost to somebody else.
    AddressLost {
        /// To whom.
        to: MacAddr,
    },
    /// The address was given back.
    AddressReleased,
    /// No name server is known.
    NoNameServer {
        /// The name that cannot be asked for.
        name: String,
    },
    /// The name does not resolve.
    Name {
        /// The name.
        name: String,
        /// Why not.
        error: DnsError,
    },
    /// No ports, or no memory for one more connection.
    NoPort,
    /// The peer answered the SYN with a reset: nobody listens there.
    Refused {
        /// Who.
        remote: SocketAddrV4,
    },
    /// Nobody answers the SYNs.
    ConnectTimeout {
        /// Who does not.
        remote: SocketAddrV4,
        /// After how long it was given up.
        waited: Duration,
    },
    /// Nobody answered the SYN, however often it was sent.
    NoAnswer {
        /// Who does not.
        remote: SocketAddrV4,
    },
    /// A router, or the host, says that there is no way.
    Unreachable {
        /// To where.
        remote: SocketAddrV4,
        /// Code of the ICMP destination-unreachable message.
        code: u8,
    },
    /// Off the subnet, and no gateway is known.
    NoRoute {
        /// To where.
        remote: SocketAddrV4,
    },
    /// The next machine on the way does not answer ARP.
    NoNeighbour {
        /// To where.
        remote: SocketAddrV4,
    },
    /// The connection stands, but no response comes.
    FirstByteTimeout {
        /// After how long it was given up.
        waited: Duration,
    },
    /// The response stopped in the middle.
    IdleTimeout {
        /// Bytes of the body so far.
        received: u64,
        /// After how long it was given up.
        waited: Duration,
    },
    /// Our segments are no longer acknowledged.
    Silent {
        /// Bytes of the body so far.
        received: u64,
    },
    /// The peer reset the connection.
    Reset {
        /// Bytes of the body so far.
        received: u64,
    },
    /// The connection ended before the response did.
    CutOff {
        /// Bytes of the body so far.
        received: u64,
        /// How many there should have been, if the head said so.
        expected: Option<u64>,
    },
    /// The connection ended before the head did.
    NoResponse {
        /// Bytes of the head so far.
        received: u64,
    },
    /// What came is not a response that we can read.
    Response(HttpError),
    /// The redirects come back to where they were.
    RedirectLoop {
        /// The URL that comes a second time.
        url: String,
    },
    /// More redirects than the limit.
    TooManyRedirects {
        /// The limit.
        limit: u8,
    },
    /// Whoever asked for it ended it.
    Cancelled,
}

/// The kinds of failure that a program tells apart (by exit code, say).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FetchErrorKind {
    /// The URL cannot be understood.
    Url,
    /// What was asked for is not there yet (TLS, IPv6).
    Unsupported,
    /// We have no address, or not any more.
    Address,
    /// The name does not resolve.
    Name,
    /// The peer refused or reset the connection.
    Refused,
    /// Nobody answered in time, or there is no way.
    Unreachable,
    /// The response ended too early.
    CutOff,
    /// The response is too large, redirects for ever, or is not HTTP.
    BadResponse,
    /// It was cancelled.
    Cancelled,
    /// Too much at once.
    Busy,
}

impl FetchError {
    /// Which kind of failure it is.
    pub fn kind(&self) -> FetchErrorKind {
        match self {
            Self::Url(error) if error.is_unsupported() => FetchErrorKind::Unsupported,
            Self::Url(_) => FetchErrorKind::Url,
            Self::Busy | Self::NoPort => FetchErrorKind::Busy,
            Self::NoAddress | Self::AddressLost { .. } | Self::AddressReleased => {
                FetchErrorKind::Address
            }
            Self::NoNameServer { .. } | Self::Name { .. } => FetchErrorKind::Name,
            Self::Refused { .. } | Self::Reset { .. } => FetchErrorKind::Refused,
            Self::ConnectTimeout { .. }
            | Self::NoAnswer { .. }
            | Self::Unreachable { .. }
            | Self::NoRoute { .. }
            | Self::NoNeighbour { .. }
            | Self::FirstByteTimeout { .. }
            | Self::IdleTimeout { .. }
            | Self::Silent { .. } => FetchErrorKind::Unreachable,
            Self::CutOff { .. } | Self::NoResponse { .. } => FetchErrorKind::CutOff,
            Self::Response(_) | Self::RedirectLoop { .. } | Self::TooManyRedirects { .. } => {
                FetchErrorKind::BadResponse
            }
            Self::Cancelled => FetchErrorKind::Cancelled,
        }
    }

    /// What to do now.
    pub fn next_step(&self) -> String {
        match self {
            Self::Url(error) => error.next_step(),
            Self::Name { error, .. } => error.next_step().to_owned(),
            Self::Response(error) => error.next_step().to_owned(),
            Self::Refused { remote } => format!(
                "check that a server listens on port {} there, or give another port in the URL",
                remote.port()
            ),
            Self::NoRoute { remote } => format!(
                "give the machine that synema runs on a gateway to {}, or choose a server inside the subnet",
                remote.ip()
            ),
            Self::NoNeighbour { remote } => format!(
                "check that {} (or the gateway on the way to it) is switched on and on this network",
                remote.ip()
            ),
            other => other.fixed_next_step().to_owned(),
        }
    }

    fn fixed_next_step(&self) -> &'static str {
        match self {
            Self::Busy => "wait for a fetch to end, or cancel one",
            Self::NoAddress | Self::AddressReleased => "claim an address first",
            Self::AddressLost { .. } => {
                "claim another address; what was captured so far has been kept"
            }
            Self::NoNameServer { .. } => {
                "write the server's IPv4 address in the URL instead of its name, or give the machine that synema runs on a name server"
            }
            Self::NoPort => "close other fetches and try again",
            Self::ConnectTimeout { .. } | Self::NoAnswer { .. } => {
                "check address and port; a firewall that drops packets in silence looks like this too"
            }
            Self::Unreachable { .. } => {
                "check the address; the packet that says so is in the capture"
            }
            Self::FirstByteTimeout { .. } => {
                "try again, or allow a longer time for the first byte; the server has the request"
            }
            Self::IdleTimeout { .. } | Self::Silent { .. } => {
                "try again; look in the capture for the last packet of the server"
            }
            Self::Reset { .. } | Self::CutOff { .. } | Self::NoResponse { .. } => {
                "try again; what came so far has been kept, and the capture shows who ended it"
            }
            Self::RedirectLoop { .. } | Self::TooManyRedirects { .. } => {
                "fetch one of the URLs on the way by itself to see what the server wants"
            }
            Self::Cancelled => "fetch again when you like",
            Self::Url(_)
            | Self::Name { .. }
            | Self::Response(_)
            | Self::Refused { .. }
            | Self::NoRoute { .. }
            | Self::NoNeighbour { .. } => "try again",
        }
    }

    /// The cause, where a response did not come, or not to its end.
    fn how_it_broke_off(&self) -> String {
        match self {
            Self::FirstByteTimeout { waited } => {
                format!("no response came within {}", Seconds(*waited))
            }
            Self::IdleTimeout { received, waited } => format!(
                "the response stopped after {received} bytes: nothing came for {}",
                Seconds(*waited)
            ),
            Self::Silent { received } => {
                format!("the server no longer acknowledges anything ({received} bytes had come)")
            }
            Self::Reset { received } => {
                format!("the server reset the connection after {received} bytes of the body")
            }
            Self::CutOff {
                received,
                expected: Some(expected),
            } => format!("the response was cut off: {received} of {expected} bytes came"),
            Self::CutOff {
                received,
                expected: None,
            } => format!("the response was cut off after {received} bytes, before its last chunk"),
            Self::NoResponse { received: 0 } => {
                "the server closed the connection without a response".to_owned()
            }
            Self::NoResponse { received } => {
                format!("the response was cut off in its head, after {received} bytes")
            }
            _ => "the response broke off".to_owned(),
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::Busy => f.write_str("too many fetches at once, or one with this number"),
            Self::NoAddress => f.write_str("no address has been claimed"),
            Self::AddressLost { to } => write!(f, "our address was taken by {to}"),
            Self::AddressReleased => f.write_str("the address was given back"),
            Self::NoNameServer { name } => {
                write!(f, "{name} cannot be looked up: no name server is known")
            }
            Self::Name { name, error } => write!(f, "{name} does not resolve: {error}"),
            Self::NoPort => f.write_str("no port is left for another connection"),
            Self::Refused { remote } => write!(f, "{remote} refused the connection"),
            Self::ConnectTimeout { remote, waited } => {
                write!(f, "{remote} did not answer within {}", Seconds(*waited))
            }
            Self::NoAnswer { remote } => {
                write!(f, "{remote} answered none of our attempts to connect")
            }
            Self::Unreachable { remote, code } => {
                write!(
                    f,
                    "{remote} cannot be reached: {}",
                    unreachable_words(*code)
                )
            }
            Self::NoRoute { remote } => {
                write!(
                    f,
                    "no way to {} is known: it is outside our subnet without a gateway, or not another host",
                    remote.ip()
                )
            }
            Self::NoNeighbour { remote } => {
                write!(f, "nobody answers ARP on the way to {}", remote.ip())
            }
            Self::FirstByteTimeout { .. }
            | Self::IdleTimeout { .. }
            | Self::Silent { .. }
            | Self::Reset { .. }
            | Self::CutOff { .. }
            | Self::NoResponse { .. } => f.write_str(&self.how_it_broke_off()),
            Self::RedirectLoop { url } => write!(f, "the redirects lead back to {url}"),
            Self::TooManyRedirects { limit } => write!(f, "more than {limit} redirects"),
            Self::Cancelled => f.write_str("the fetch was cancelled"),
        }
    }
}

impl core::error::Error for FetchError {}

/// RFC 792 and RFC 1122 §3.2.2.1: the codes of "destination unreachable".
fn unreachable_words(code: u8) -> String {
    let words = match code {
        0 => "a router knows no way to its network",
        1 => "the router before it gets no answer from it",
        2 => "it does not speak TCP",
        3 => "it says that the port is closed",
        4 => "a router wants smaller packets",
        5 => "the source route failed",
        6 => "its network is unknown",
        7 => "it is unknown",
        9 | 10 | 13 => "a router or firewall forbids it",
        _ => return format!("ICMP destination unreachable, code {code}"),
    };
    words.to_owned()
}

/// A duration as people say it.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_millis()) {
            (0, millis) => write!(f, "{millis} ms"),
            (secs, 0) => write!(f, "{secs} s"),
            (secs, millis) => write!(f, "{secs}.{:01} s", millis / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<FetchError> {
        let remote = SocketAddrV4::new([10, 2, 0, 80].into(), 8080);
        let (waited, received) = (Duration::from_millis(1_500), 7);
        let name = "www.lab.test".to_owned();
        let to = MacAddr([2, 0, 0, 0, 0, 9]);
        vec![
            FetchError::Url(UrlError::PortZero),
            FetchError::Busy,
            FetchError::NoAddress,
            FetchError::AddressLost { to },
            FetchError::AddressReleased,
            FetchError::NoNameServer { name: name.clone() },
            FetchError::Name {
                name,
                error: DnsError::NoSuchName,
            },
            FetchError::NoPort,
            FetchError::Refused { remote },
            FetchError::ConnectTimeout { remote, waited },
            FetchError::NoAnswer { remote },
            FetchError::Unreachable { remote, code: 13 },
            FetchError::NoRoute { remote },
            FetchError::NoNeighbour { remote },
            FetchError::FirstByteTimeout { waited },
            FetchError::IdleTimeout { received, waited },
            FetchError::Silent { received },
            FetchError::Reset { received },
            FetchError::CutOff {
                received,
                expected: Some(9),
            },
            FetchError::CutOff {
                received,
                expected: None,
            },
            FetchError::NoResponse { received: 0 },
            FetchError::NoResponse { received },
            FetchError::Response(HttpError::SwitchedProtocols),
            FetchError::RedirectLoop {
                url: "http://a/".to_owned(),
            },
            FetchError::TooManyRedirects { limit: 3 },
            FetchError::Cancelled,
        ]
    }

    #[test]
    fn every_failure_has_a_cause_of_its_own_and_a_next_step() {
        let mut causes = Vec::new();
        for error in all() {
            let (cause, next) = (error.to_string(), error.next_step());
            assert!(!causes.contains(&cause), "{cause}");
            assert!(next.len() > 10 && cause.len() > 10, "{cause}: {next}");
            assert!(
                !cause.ends_with('.') && !next.ends_with('.'),
                "{cause}: {next}"
            );
            causes.push(cause);
        }
        assert!(causes.contains(&"10.2.0.80:8080 did not answer within 1.5 s".to_owned()));
        assert!(causes.contains(&"the response was cut off: 7 of 9 bytes came".to_owned()));
    }

    #[test]
    fn kinds_are_those_that_exit_codes_need() {
        let tls = FetchError::Url(UrlError::Tls {
            url: "https://a/".to_owned(),
        });
        assert_eq!(tls.kind(), FetchErrorKind::Unsupported);
        let kinds: Vec<_> = all().iter().map(FetchError::kind).collect();
        assert_eq!(kinds[0], FetchErrorKind::Url);
        for kind in [
            FetchErrorKind::Address,
            FetchErrorKind::Name,
            FetchErrorKind::Refused,
            FetchErrorKind::Unreachable,
            FetchErrorKind::CutOff,
            FetchErrorKind::BadResponse,
            FetchErrorKind::Cancelled,
            FetchErrorKind::Busy,
        ] {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
    }
}
