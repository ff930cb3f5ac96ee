//! What can be wrong with a URL and with a response.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Why a URL cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UrlError {
    /// It is not a URL.
    Unparsable {
        /// What was given, shortened.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// It has no scheme: `www.lab.test/` for `http://www.lab.test/`.
    NoScheme {
        /// What was given, shortened.
        text: String,
    },
    /// `https://`: TLS is not there yet.
    Tls {
        /// The URL.
        url: String,
    },
    /// Neither `http` nor `https`.
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The host is an IPv6 address.
    Ipv6 {
        /// The host.
        host: String,
    },
    /// The host is an address that no server can have.
    NotAHost {
        /// The host.
        host: String,
    },
    /// The host's name cannot be a name in the DNS.
    BadName {
        /// The name.
        name: String,
    },
    /// Port 0.
    PortZero,
    /// Longer than [`Target::MAX_LEN`](super::Target::MAX_LEN) bytes.
    TooLong {
        /// Its length, bytes.
        len: u64,
    },
}

impl UrlError {
    /// Whether the URL is right, and only we cannot do it yet.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Ipv6 { .. })
    }

    /// What to do now, one sentence without a full stop.
    pub fn next_step(&self) -> String {
        match self {
            Self::NoScheme { text } => format!("write it as http://{text}"),
            Self::Unparsable { .. } => {
                "write it as http://host/path, for example http://www.lab.test/".to_owned()
            }
            Self::Tls { .. } => {
                "fetch a page that is served over plain http://; many servers answer it with a redirect to https://".to_owned()
            }
            Self::Scheme { .. } => "use a URL that begins with http://".to_owned(),
            Self::Ipv6 { .. } => "use the server's name or its IPv4 address".to_owned(),
            Self::NotAHost { .. } => {
                "name a server on the network: this stack is a machine of its own, to which localhost is nobody"
                    .to_owned()
            }
            Self::BadName { .. } => {
                "check the name: labels of 1 to 63 letters, digits and hyphens, 253 bytes in all"
                    .to_owned()
            }
            Self::PortZero => "use a port from 1 to 65535, or none for port 80".to_owned(),
            Self::TooLong { .. } => "use a shorter URL".to_owned(),
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unparsable { text, why } => write!(f, "\"{text}\" is not a URL: {why}"),
            Self::NoScheme { text } => write!(f, "\"{text}\" does not say http://"),
            Self::Tls { url } => write!(f, "TLS is not there yet: {url} cannot be fetched"),
            Self::Scheme { scheme } => write!(f, "{scheme}:// cannot be fetched, only http://"),
            Self::Ipv6 { host } => {
                write!(f, "IPv6 is not there yet: {host} cannot be reached")
            }
            Self::NotAHost { host } => write!(f, "{host} is not the address of a server"),
            Self::BadName { name } => write!(f, "\"{name}\" cannot be a host's name"),
            Self::PortZero => f.write_str("port 0 cannot be connected to"),
            Self::TooLong { len } => write!(f, "the URL is {len} bytes long"),
        }
    }
}

impl core::error::Error for UrlError {}

/// Why a response cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpError {
    /// It does not begin like HTTP/1.
    NotHttp {
        /// How it begins, escaped.
        start: String,
    },
    /// The head has no end within the limit.
    HeadTooLong {
        /// The limit, bytes.
        limit: u64,
    },
    /// More header fields than the limit.
    TooManyFields {
        /// The limit.
        limit: u64,
    },
    /// The head breaks the grammar.
    BadHead {
        /// What is wrong with it.
        why: String,
    },
    /// More interim (1xx) responses than anybody needs.
    TooManyInterim,
    /// 101: the server wants to speak another protocol, unasked.
    SwitchedProtocols,
    /// A `Content-Length` that is no number, or given more than once.
    BadContentLength {
        /// What it says.
        value: String,
    },
    /// Both `Content-Length` and `Transfer-Encoding`.
    LengthAndCoding,
    /// A transfer coding other than `chunked`.
    TransferCoding {
        /// What it says.
        value: String,
    },
    /// A chunk breaks the grammar.
    BadChunk {
        /// What is wrong with it.
        why: String,
    },
    /// The body is longer than the limit.
    BodyTooLong {
        /// The limit, bytes.
        limit: u64,
    },
    /// A redirect whose `Location` is not text.
    BadLocation,
}

impl HttpError {
    /// What to do now, one sentence without a full stop.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NotHttp { .. } => {
                "check the port: something else than a web server answers there"
            }
            Self::HeadTooLong { .. } | Self::TooManyFields { .. } => {
                "tell whoever runs the server; what it sends is in the capture"
            }
            Self::BodyTooLong { .. } => "fetch something smaller; what came so far has been kept",
            Self::BadHead { .. }
            | Self::TooManyInterim
            | Self::SwitchedProtocols
            | Self::BadContentLength { .. }
            | Self::LengthAndCoding
            | Self::TransferCoding { .. }
            | Self::BadChunk { .. }
            | Self::BadLocation => {
                "look at the response in the capture: the server breaks HTTP there"
            }
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp { start } => {
                write!(f, "the answer is not HTTP/1: it begins with \"{start}\"")
            }
            Self::HeadTooLong { limit } => {
                write!(f, "the response's head has no end within {limit} bytes")
            }
            Self::TooManyFields { limit } => {
                write!(f, "the response has more than {limit} header fields")
            }
            Self::BadHead { why } => write!(f, "the response's head is malformed: {why}"),
            Self::TooManyInterim => f.write_str("interim responses without end"),
            Self::SwitchedProtocols => {
                f.write_str("the server switched to another protocol without being asked")
            }
            Self::BadContentLength { value } => {
                write!(f, "the Content-Length is not one number: \"{value}\"")
            }
            Self::LengthAndCoding => {
                f.write_str("both Content-Length and Transfer-Encoding are given")
            }
            Self::TransferCoding { value } => {
                write!(f, "the transfer coding \"{value}\" is not supported")
            }
            Self::BadChunk { why } => write!(f, "the chunked body is malformed: {why}"),
            Self::BodyTooLong { limit } => {
                write!(f, "the body is longer than the limit of {limit} bytes")
            }
            Self::BadLocation => f.write_str("the redirect's Location cannot be read"),
        }
    }
}

impl core::error::Error for HttpError {}
