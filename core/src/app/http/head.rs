//! Requests written, and response heads read.

use super::error::HttpError;
use super::target::Target;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The request methods that a fetch uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// The page.
    #[default]
    Get,
    /// Its head alone.
    Head,
}

impl Method {
    /// As it stands in the request line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// One header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name as it came.
    pub name: String,
    /// The value as it came, which need not be UTF-8 (RFC 9110 §5.5).
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

impl Header {
    /// The value as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }

    /// Whether this is the field `name`; case does not matter (RFC 9110 §5.1).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// A response without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseHead {
    /// The URL that it answers, after all redirects.
    pub url: String,
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    pub minor_version: u8,
    /// Status code, 200 to 999.
    pub status: u16,
    /// The reason phrase; often empty.
    pub reason: String,
    /// The header fields, in the order in which they came.
    pub headers: Vec<Header>,
    /// How many bytes of body will come, if the head says so.
    pub body_len: Option<u64>,
}

impl ResponseHead {
    /// The first field with this name.
    pub fn header(&self, name: &str) -> Option<&Header> {
        self.headers.iter().find(|header| header.is(name))
    }
}

/// A head as it stands on the wire, before its framing is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawHead {
    pub(super) minor_version: u8,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<Header>,
}

/// The bytes of a request for `target`.
///
/// One request for each connection (`Connection: close`): the end of the
/// response is then the end of the connection as well, which is what a diagram
/// should show.
pub fn request(method: Method, target: &Target) -> Vec<u8> {
    let authorization = target.userinfo().map_or_else(String::new, |userinfo| {
        // RFC 7617 §2
        format!("Authorization: Basic {}\r\n", STANDARD.encode(userinfo))
    });
    format!(
        "{} {} HTTP/1.1\r\n\
         Host: {}\r\n\
         User-Agent: synema/{}\r\n\
         Accept: */*\r\n\
         Accept-Encoding: identity\r\n\
         Connection: close\r\n\
         {authorization}\r\n",
        method.name(),
        target.path_and_query(),
        target.host_and_port(),
        env!("CARGO_PKG_VERSION"),
    )
    .into_bytes()
}

/// Parses a whole head, the empty line included.
pub(super) fn parse_head(bytes: &[u8], max_fields: u16) -> Result<RawHead, HttpError> {
    let mut fields = vec![httparse::EMPTY_HEADER; usize::from(max_fields)];
    let mut response = httparse::Response::new(&mut fields);
    let mut config = httparse::ParserConfig::default();
    // RFC 9112 §5.2: a user agent replaces obs-fold by spaces.
    config.allow_obsolete_multiline_headers_in_responses(true);
    match config.parse_response(&mut response, bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(bad_head("it ends in the middle")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(HttpError::TooManyFields {
                limit: u64::from(max_fields),
            });
        }
        Err(error) => return Err(bad_head(error)),
    }
    let (Some(minor_version), Some(status)) = (response.version, response.code) else {
        return Err(bad_head("it has no status line"));
    };
    Ok(RawHead {
        minor_version,
        status,
        reason: response.reason.unwrap_or_default().to_owned(),
        headers: owned_headers(response.headers),
    })
}

/// Parses the trailer section of a chunked body, the empty line included.
pub(super) fn parse_trailers(bytes: &[u8], max_fields: u16) -> Result<Vec<Header>, HttpError> {
    let mut fields = vec![httparse::EMPTY_HEADER; usize::from(max_fields)];
    match httparse::parse_headers(bytes, &mut fields) {
        Ok(httparse::Status::Complete((_, headers))) => Ok(owned_headers(headers)),
        Ok(httparse::Status::Partial) => Err(bad_head("the trailers end in the middle")),
        Err(httparse::Error::TooManyHeaders) => Err(HttpError::TooManyFields {
            limit: u64::from(max_fields),
        }),
        Err(error) => Err(bad_head(error)),
    }
}

fn owned_headers(headers: &[httparse::Header<'_>]) -> Vec<Header> {
    let owned = |header: &httparse::Header<'_>| Header {
        name: header.name.to_owned(),
        value: unfolded(header.value),
    };
    headers.iter().map(owned).collect()
}

/// RFC 9112 §5.2: line breaks in a value become spaces.
fn unfolded(value: &[u8]) -> Vec<u8> {
    let space = |&byte: &u8| {
        if matches!(byte, b'\r' | b'\n') {
            b' '
        } else {
            byte
        }
    };
    value.iter().map(space).collect()
}

fn bad_head(why: impl fmt::Display) -> HttpError {
    HttpError::BadHead {
        why: why.to_string(),
    }
}
