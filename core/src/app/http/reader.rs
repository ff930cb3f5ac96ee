//! A response read from bytes as they come, in pieces of any size.

use super::body::{BodyReader, BodyStep, framing};
use super::error::HttpError;
use super::head::{Header, Method, RawHead, ResponseHead, parse_head};

/// More interim responses than this are an attack.
const MAX_INTERIM: u8 = 16;
/// With what every response begins that we can read.
const START: &[u8] = b"HTTP/1.";

/// How much of a response is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest head, and longest trailer section, bytes.
    pub head_len: u32,
    /// Most header fields.
    pub head_fields: u16,
    /// Longest body, bytes.
    pub body_len: u64,
}

/// What reading came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadStep {
    /// All input was taken, or the body's buffer is full.
    More,
    /// The final response's head; what follows it is not yet taken.
    Head(ResponseHead),
    /// The response is complete.
    Done {
        /// Bytes of the body.
        body_len: u64,
        /// Fields behind a chunked body.
        trailers: Vec<Header>,
    },
}

/// What the end of the connection means for the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was the end of the body as well.
    Complete {
        /// Bytes of the body.
        body_len: u64,
    },
    /// The head is not complete.
    InHead {
        /// Its bytes so far.
        received: u64,
    },
    /// The body is not complete.
    InBody {
        /// Its bytes so far.
        received: u64,
        /// How many there should have been, if that is known.
        expected: Option<u64>,
    },
}

/// Reads one response.
#[derive(Clone, Debug)]
pub struct ResponseReader {
    method: Method,
    url: String,
    limits: Limits,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The head's bytes so far, and the interim responses skipped.
    Head {
        bytes: Vec<u8>,
        interim: u8,
        blank: u8,
    },
    Body(BodyReader),
    Done {
        body_len: u64,
    },
}

impl ResponseReader {
    /// A reader for the answer to a request for `url` by `method`.
    pub fn new(method: Method, url: String, limits: Limits) -> Self {
        Self {
            method,
            url,
            limits,
            state: head_state(0),
        }
    }

    /// Reads from `input`: at most one step. Bytes of the body are put at the
    /// end of `body`, which grows to [`MAX_CHUNK_LEN`](super::MAX_CHUNK_LEN) at
    /// most. Answers how much of `input` was used up, and what that came to.
    ///
    /// # Errors
    /// When the response breaks HTTP or a limit; the reader is of no use then.
    pub fn read(
        &mut self,
        input: &[u8],
        body: &mut Vec<u8>,
    ) -> (usize, Result<ReadStep, HttpError>) {
        match &mut self.state {
            State::Head { .. } => self.read_head(input),
            State::Body(reader) => {
                let (used, step) = reader.read(input, body);
                let body_len = reader.received();
                match step {
                    Ok(BodyStep::More) => (used, Ok(ReadStep::More)),
                    Ok(BodyStep::Done { trailers }) => {
                        self.state = State::Done { body_len };
                        (used, Ok(ReadStep::Done { body_len, trailers }))
                    }
                    Err(error) => (used, Err(error)),
                }
            }
            State::Done { body_len } => {
                let (body_len, trailers) = (*body_len, Vec::new());
                (0, Ok(ReadStep::Done { body_len, trailers }))
            }
        }
    }

    /// The peer's side of the connection ended, in order.
    pub fn finish(&self) -> Ending {
        match &self.state {
            State::Head { bytes, .. } => Ending::InHead {
                received: bytes.len() as u64,
            },
            State::Body(reader) if reader.ends_with_connection() => Ending::Complete {
                body_len: reader.received(),
            },
            State::Body(reader) => Ending::InBody {
                received: reader.received(),
                expected: reader.expected(),
            },
            State::Done { body_len } => Ending::Complete {
                body_len: *body_len,
            },
        }
    }

    /// Bytes of the body so far.
    pub fn body_received(&self) -> u64 {
        match &self.state {
            State::Head { .. } => 0,
            State::Body(reader) => reader.received(),
            State::Done { body_len } => *body_len,
        }
    }

    /// Whether nothing at all has come yet.
    pub fn is_untouched(&self) -> bool {
        matches!(&self.state, State::Head { bytes, interim: 0, blank: 0 } if bytes.is_empty())
    }

    fn read_head(&mut self, input: &[u8]) -> (usize, Result<ReadStep, HttpError>) {
        let limits = self.limits;
        let State::Head {
            bytes,
            interim,
            blank,
        } = &mut self.state
        else {
            return (0, Ok(ReadStep::More));
        };
        let (used, whole) = match collect_head(bytes, blank, input, limits) {
            Ok(collected) => collected,
            Err(error) => return (input.len(), Err(error)),
        };
        if !whole {
            return (used, Ok(ReadStep::More));
        }
        let head = match parse_head(bytes, limits.head_fields) {
            Ok(head) => head,
            Err(error) => return (used, Err(error)),
        };
        let interim = *interim;
        (used, self.on_head(head, interim))
    }

    fn on_head(&mut self, head: RawHead, interim: u8) -> Result<ReadStep, HttpError> {
        match head.status {
            // RFC 9110 §15.2.2: only if we had asked for it.
            101 => return Err(HttpError::SwitchedProtocols),
            // RFC 9110 §15.2: a client must be able to skip them.
            100..200 if interim < MAX_INTERIM => {
                self.state = head_state(interim + 1);
                return Ok(ReadStep::More);
            }
            100..200 => return Err(HttpError::TooManyInterim),
            200.. => {}
            status => {
                return Err(HttpError::BadHead {
                    why: format!("no status is called {status:03}"),
                });
            }
        }
        let reader = BodyReader::new(framing(self.method, &head)?, self.limits);
        let body_len = reader.expected();
        self.state = State::Body(reader);
        Ok(ReadStep::Head(ResponseHead {
            url: self.url.clone(),
            minor_version: head.minor_version,
            status: head.status,
            reason: head.reason,
            headers: head.headers,
            body_len,
        }))
    }
}

fn head_state(interim: u8) -> State {
    State::Head {
        bytes: Vec::new(),
        interim,
        blank: 0,
    }
}

/// Moves input to `bytes` up to the empty line; whether that was there. The
/// head is parsed only when it is whole, or a peer that sends it byte by byte
/// would have us parse it as often.
fn collect_head(
    bytes: &mut Vec<u8>,
    blank: &mut u8,
    input: &[u8],
    limits: Limits,
) -> Result<(usize, bool), HttpError> {
    let mut used = 0;
    // RFC 9112 §2.2 has servers overlook an empty line or two; so do we.
    while bytes.is_empty() && *blank < 4 && matches!(input.get(used), Some(b'\r' | b'\n')) {
        used += 1;
        *blank += 1;
    }
    let limit = limits.head_len as usize;
    let scanned = bytes.len();
    let taken = (input.len() - used).min(limit.saturating_sub(scanned));
    bytes.extend_from_slice(&input[used..used + taken]);
    let compared = bytes.len().min(START.len());
    if bytes[..compared] != START[..compared] {
        return Err(HttpError::NotHttp {
            start: bytes[..bytes.len().min(24)].escape_ascii().to_string(),
        });
    }
    if let Some(end) = head_end(bytes, scanned) {
        bytes.truncate(end);
        return Ok((used + end - scanned, true));
    }
    if bytes.len() >= limit {
        return Err(HttpError::HeadTooLong {
            limit: u64::from(limits.head_len),
        });
    }
    Ok((used + taken, false))
}

/// Where the empty line ends. Nothing before `scanned` ends it.
fn head_end(bytes: &[u8], scanned: usize) -> Option<usize> {
    let mut from = scanned;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == b'\n') {
        let newline = from + at;
        let line = &bytes[..newline];
        if line.ends_with(b"\n") || line.ends_with(b"\n\r") {
            return Some(newline + 1);
        }
        from = newline + 1;
    }
    None
}
