//! Where a body ends (RFC 9112 §6.3), and how it is taken out of its framing.

use super::MAX_CHUNK_LEN;
use super::error::HttpError;
use super::head::{Header, Method, RawHead, parse_trailers};
use super::reader::Limits;
use super::target::shortened;

/// Longest line with a chunk's size and extensions, bytes.
const MAX_SIZE_LINE: usize = 4 << 10;
/// Most bytes of chunk extensions in one body: a peer could send them for ever.
const MAX_EXTENSIONS: u64 = 64 << 10;

/// How a body is delimited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// By its length.
    Length { total: u64, remaining: u64 },
    /// By its chunks.
    Chunked(Chunked),
    /// By the end of the connection.
    UntilClose,
}

/// Decides how the body of `head` is delimited.
pub(super) fn framing(method: Method, head: &RawHead) -> Result<Framing, HttpError> {
    // RFC 9112 §6.3, 1: no body, whatever the fields say.
    if method == Method::Head || matches!(head.status, 204 | 304) {
        return Ok(Framing::Empty);
    }
    let coding = joined(&head.headers, "transfer-encoding");
    let length = content_length(&head.headers)?;
    match (coding, length) {
        // RFC 9112 §6.3, 3: may be an attempt at response splitting.
        (Some(_), Some(_)) => Err(HttpError::LengthAndCoding),
        (Some(coding), None) => chunked(head.minor_version, &coding),
        // RFC 9112 §6.3, 6
        (None, Some(0)) => Ok(Framing::Empty),
        (None, Some(total)) => Ok(Framing::Length {
            total,
            remaining: total,
        }),
        // RFC 9112 §6.3, 8
        (None, None) => Ok(Framing::UntilClose),
    }
}

/// RFC 9112 §6.1: we asked for no coding, so only `chunked` itself may be there.
fn chunked(minor_version: u8, coding: &str) -> Result<Framing, HttpError> {
    if minor_version == 0 {
        return Err(HttpError::BadHead {
            why: "Transfer-Encoding in an HTTP/1.0 response".to_owned(),
        });
    }
    let codings: Vec<&str> = coding
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty())
        .collect();
    match codings.as_slice() {
        [only] if only.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked(Chunked::default())),
        _ => Err(HttpError::TransferCoding {
            value: shortened(coding),
        }),
    }
}

/// RFC 9110 §8.6: digits only. A list, or a second field, is refused even if
/// all say the same.
fn content_length(headers: &[Header]) -> Result<Option<u64>, HttpError> {
    let Some(value) = joined(headers, "content-length") else {
        return Ok(None);
    };
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(length) if digits => Ok(Some(length)),
        _ => Err(HttpError::BadContentLength {
            value: shortened(&value),
        }),
    }
}

/// RFC 9110 §5.3: all values of a field, joined by commas.
fn joined(headers: &[Header], name: &str) -> Option<String> {
    let mut values = headers.iter().filter(|header| header.is(name));
    let mut text = values.next()?.text().trim().to_owned();
    for value in values {
        text.push_str(", ");
        text.push_str(value.text().trim());
    }
    Some(text)
}

/// What reading came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BodyStep {
    /// All input was taken, or `out` is full.
    More,
    /// The body is complete.
    Done { trailers: Vec<Header> },
}

/// Takes a body out of its framing.
#[derive(Clone, Debug)]
pub(super) struct BodyReader {
    framing: Framing,
    limits: Limits,
    received: u64,
}

impl BodyReader {
    pub(super) fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            framing,
            limits,
            received: 0,
        }
    }

    /// Bytes of body so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How long the body will be, if that is known.
    pub(super) fn expected(&self) -> Option<u64> {
        match self.framing {
            Framing::Empty => Some(0),
            Framing::Length { total, .. } => Some(total),
            Framing::Chunked(_) | Framing::UntilClose => None,
        }
    }

    /// Whether the end of the connection is the end of the body.
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.framing, Framing::UntilClose | Framing::Empty)
    }

    /// Moves body bytes from `input` to the end of `out`, which grows to
    /// [`MAX_CHUNK_LEN`] at most; answers how much of `input` was used up.
    pub(super) fn read(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> (usize, Result<BodyStep, HttpError>) {
        match &mut self.framing {
            Framing::Empty => (
                0,
                Ok(BodyStep::Done {
                    trailers: Vec::new(),
                }),
            ),
            Framing::Length { total, .. } if *total > self.limits.body_len => {
                (0, Err(too_long(self.limits)))
            }
            Framing::Length { remaining, .. } => {
                let moved = take(input, *remaining, out);
                *remaining -= moved as u64;
                self.received += moved as u64;
                let step = match *remaining {
                    0 => BodyStep::Done {
                        trailers: Vec::new(),
                    },
                    _ => BodyStep::More,
                };
                (moved, Ok(step))
            }
            Framing::UntilClose => {
                let room = self.limits.body_len - self.received;
                let moved = take(input, room, out);
                self.received += moved as u64;
                if moved as u64 == room && moved < input.len() {
                    return (moved, Err(too_long(self.limits)));
                }
                (moved, Ok(BodyStep::More))
            }
            Framing::Chunked(chunked) => {
                let before = out.len();
                let (used, step) = chunked.read(input, out, self.limits, self.received);
                self.received += (out.len() - before) as u64;
                (used, step)
            }
        }
    }
}

fn too_long(limits: Limits) -> HttpError {
    HttpError::BodyTooLong {
        limit: limits.body_len,
    }
}

/// Moves as much as `input` has, `most` allows and `out` has room for.
fn take(input: &[u8], most: u64, out: &mut Vec<u8>) -> usize {
    let room = MAX_CHUNK_LEN.saturating_sub(out.len());
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let moved = input.len().min(most).min(room);
    out.extend_from_slice(&input[..moved]);
    moved
}

/// A chunked body (RFC 9112 §7.1):
///
/// ```text
///   5;ext=1 CRLF  hello CRLF  ...  0 CRLF  Trailer: x CRLF  CRLF
///   `--Size-----' `Data' `End'     `Size'  `----Trailers--------'
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunked {
    state: ChunkState,
    /// The line, or the trailers, that is not yet complete.
    partial: Vec<u8>,
    /// Bytes of extensions so far.
    extensions: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkState {
    #[default]
    Size,
    Data {
        remaining: u64,
    },
    DataEnd,
    Trailers,
}

impl Chunked {
    fn read(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        limits: Limits,
        received_before: u64,
    ) -> (usize, Result<BodyStep, HttpError>) {
        let start = out.len();
        let mut used = 0;
        while used < input.len() {
            let rest = &input[used..];
            let received = received_before + (out.len() - start) as u64;
            let step = match self.state {
                ChunkState::Data { remaining } => {
                    let moved = take(rest, remaining, out);
                    if moved == 0 {
                        return (used, Ok(BodyStep::More)); // `out` is full
                    }
                    self.state = match remaining - moved as u64 {
                        0 => ChunkState::DataEnd,
                        remaining => ChunkState::Data { remaining },
                    };
                    used += moved;
                    Ok(None)
                }
                ChunkState::Size => self.on_size_line(rest, &mut used, limits, received),
                ChunkState::DataEnd => self.on_data_end(rest, &mut used),
                ChunkState::Trailers => self.on_trailers(rest, &mut used, limits),
            };
            match step {
                Ok(None) => {}
                Ok(Some(done)) => return (used, Ok(done)),
                Err(error) => return (used, Err(error)),
            }
        }
        (used, Ok(BodyStep::More))
    }

    fn on_size_line(
        &mut self,
        rest: &[u8],
        used: &mut usize,
        limits: Limits,
        received: u64,
    ) -> Result<Option<BodyStep>, HttpError> {
        if !self.line(rest, used, MAX_SIZE_LINE)? {
            return Ok(None);
        }
        let line = core::mem::take(&mut self.partial);
        // httparse reads an empty line as size 0.
        if !line.first().is_some_and(u8::is_ascii_hexdigit) {
            return Err(bad_chunk("its size is missing"));
        }
        let size = match httparse::parse_chunk_size(&line) {
            Ok(httparse::Status::Complete((end, size))) if end == line.len() => size,
            _ => return Err(bad_chunk("its size is not a hexadecimal number")),
        };
        if let Some(semicolon) = line.iter().position(|&byte| byte == b';') {
            self.extensions += (line.len() - semicolon) as u64;
        }
        if self.extensions > MAX_EXTENSIONS {
            return Err(bad_chunk("extensions without end"));
        }
        if size > limits.body_len.saturating_sub(received) {
            return Err(too_long(limits));
        }
        self.state = match size {
            0 => ChunkState::Trailers,
            remaining => ChunkState::Data { remaining },
        };
        Ok(None)
    }

    fn on_data_end(
        &mut self,
        rest: &[u8],
        used: &mut usize,
    ) -> Result<Option<BodyStep>, HttpError> {
        for &byte in rest.iter().take(2 - self.partial.len()) {
            self.partial.push(byte);
            *used += 1;
        }
        if !b"\r\n".starts_with(&self.partial) {
            return Err(bad_chunk("it is longer than its size says"));
        }
        if self.partial.len() == 2 {
            self.partial.clear();
            self.state = ChunkState::Size;
        }
        Ok(None)
    }

    fn on_trailers(
        &mut self,
        rest: &[u8],
        used: &mut usize,
        limits: Limits,
    ) -> Result<Option<BodyStep>, HttpError> {
        let limit = usize::try_from(limits.head_len).unwrap_or(usize::MAX);
        if !self.line(rest, used, limit)? {
            return Ok(None);
        }
        let bytes = self.partial.as_slice();
        let is_end = matches!(bytes, b"\r\n" | b"\n")
            || bytes.ends_with(b"\n\r\n")
            || bytes.ends_with(b"\n\n");
        if !is_end {
            return Ok(None);
        }
        let trailers = parse_trailers(bytes, limits.head_fields)?;
        self.partial.clear();
        Ok(Some(BodyStep::Done { trailers }))
    }

    /// Moves bytes up to and with the next LF to `partial`; whether it was there.
    fn line(&mut self, rest: &[u8], used: &mut usize, limit: usize) -> Result<bool, HttpError> {
        let newline = rest.iter().position(|&byte| byte == b'\n');
        let moved = newline.map_or(rest.len(), |at| at + 1);
        if moved > limit.saturating_sub(self.partial.len()) {
            return Err(bad_chunk("a line without end"));
        }
        self.partial.extend_from_slice(&rest[..moved]);
        *used += moved;
        Ok(newline.is_some())
    }
}

fn bad_chunk(why: &str) -> HttpError {
    HttpError::BadChunk {
        why: why.to_owned(),
    }
}
