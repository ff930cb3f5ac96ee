//! HTTP/1.1 (RFC 9110, RFC 9112): URLs, requests and responses over bytes, without a connection.
//!
//! ```text
//!   Target::parse(url)  ->  request(method, target)  ->  bytes to send
//!   bytes received  ->  ResponseReader::read  ->  Head, then body bytes, then the end
//!   Target::redirect(location)  ->  the next Target
//! ```
//!
//! Heads and chunk sizes are parsed by `httparse`, URLs by `url`. Nothing is
//! decoded: `Accept-Encoding: identity` is asked for, and the body is what came.

mod body;
mod error;
mod head;
mod reader;
mod target;
#[cfg(test)]
mod tests;

pub use error::{HttpError, UrlError};
pub use head::{Header, Method, ResponseHead, request};
pub use reader::{Ending, Limits, ReadStep, ResponseReader};
pub use target::{Target, TargetHost};

/// Longest piece of a body that is handed out at once, bytes.
pub const MAX_CHUNK_LEN: usize = 64 << 10;
