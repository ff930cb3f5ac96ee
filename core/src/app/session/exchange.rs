//! One request and its response, over one connection.

use super::types::{FetchEvent, FetchId, FetchOptions, FetchTimeouts};
use super::{FetchError, Shared};
use crate::app::http::{
    Ending, Header, HttpError, Limits, MAX_CHUNK_LEN, Method, ReadStep, ResponseHead,
    ResponseReader, Target, request,
};
use crate::tcp::ConnectionEvent;
use crate::time::Instant;
use crate::trace::{AppEvent, CloseReason, ConnId, Observer};
use core::net::SocketAddrV4;

/// Longest body of a redirect that is read to its end, bytes.
const MAX_REDIRECT_BODY: u64 = 64 << 10;

/// One request and its response.
#[derive(Debug)]
pub(super) struct Exchange {
    conn: ConnId,
    remote: SocketAddrV4,
    /// What of the request found no room in the send buffer.
    unsent: Vec<u8>,
    reader: ResponseReader,
    deadline: Instant,
    /// How the connection ended, once it has.
    ended: Option<End>,
    /// Where the response leads, while its body is read to be thrown away.
    redirect: Option<(u16, Target)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The peer's FIN came: all that will come is here.
    Fin,
    /// The connection is gone.
    Closed(CloseReason),
}

/// What reading came to.
#[derive(Debug)]
pub(super) enum Progress {
    /// Go on later.
    More,
    /// The response is complete and told.
    Done,
    /// The response was a redirect; its connection is closed.
    Redirect(u16, Target),
}

impl Exchange {
    /// Sends the request over `conn`, which is open.
    pub(super) fn begin<O: Observer>(
        shared: &mut Shared<O>,
        conn: ConnId,
        remote: SocketAddrV4,
        method: Method,
        target: &Target,
        options: &FetchOptions,
    ) -> Self {
        let limits = Limits {
            head_len: options.limits.head_len,
            head_fields: options.limits.head_fields,
            body_len: options.limits.body_len,
        };
        let url = target.to_display();
        let event = AppEvent::HttpRequest {
            conn,
            method: method.name().to_owned(),
            url: url.clone(),
        };
        shared.stack.note(shared.now, event);
        let mut exchange = Self {
            conn,
            remote,
            unsent: request(method, target),
            reader: ResponseReader::new(method, url, limits),
            deadline: shared.now + options.timeouts.first_byte,
            ended: None,
            redirect: None,
        };
        exchange.send(shared);
        exchange
    }

    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether what comes is read at once, for nobody waits for it.
    pub(super) fn is_draining(&self) -> bool {
        self.redirect.is_some()
    }

    pub(super) fn take_redirect(&mut self) -> Option<(u16, Target)> {
        self.redirect.take()
    }

    pub(super) fn on_connection<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        event: ConnectionEvent,
        timeouts: &FetchTimeouts,
    ) {
        match event {
            ConnectionEvent::Connected | ConnectionEvent::Urgent | ConnectionEvent::Stalled => {}
            ConnectionEvent::Readable => self.deadline = shared.now + timeouts.idle,
            ConnectionEvent::Writable => self.send(shared),
            ConnectionEvent::PeerClosed => self.ended = self.ended.or(Some(End::Fin)),
            ConnectionEvent::Closed(reason) => {
                // A FIN that came before stays what it was.
                if self.ended.is_none() {
                    self.ended = Some(End::Closed(reason));
                }
            }
        }
    }

    /// The deadline has passed: why to give up, unless it is us who are late.
    pub(super) fn on_timeout<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        timeouts: &FetchTimeouts,
    ) -> Option<FetchError> {
        if shared.now < self.deadline {
            return None;
        }
        if self.has_news(shared) {
            self.deadline = shared.now + timeouts.idle;
            return None;
        }
        Some(match self.reader.is_untouched() {
            true => FetchError::FirstByteTimeout {
                waited: timeouts.first_byte,
            },
            false => FetchError::IdleTimeout {
                received: self.reader.body_received(),
                waited: timeouts.idle,
            },
        })
    }

    /// Whether [`read`](Self::read) would come to anything.
    pub(super) fn has_news<O: Observer>(&self, shared: &Shared<O>) -> bool {
        self.ended.is_some() || shared.stack.readable_len(self.conn) > 0
    }

    /// Takes what the connection has, up to a chunk, and tells of it.
    pub(super) fn read<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        fetch: FetchId,
        target: &Target,
        options: &FetchOptions,
    ) -> Result<Progress, FetchError> {
        loop {
            let mut chunk = Vec::new();
            let step = self.fill(shared, &mut chunk);
            if !chunk.is_empty() {
                self.deadline = shared.now + options.timeouts.idle;
                // A redirect's body is for nobody.
                if self.redirect.is_none() {
                    shared.tell(fetch, FetchEvent::Body(chunk));
                }
            }
            match step? {
                Step::Chunk => return self.bound_redirect(),
                // Its body may be empty, and complete with the head.
                Step::Head(head) => self.on_head(shared, fetch, target, head, options)?,
                Step::Done(trailers) => return Ok(self.on_done(shared, fetch, trailers)),
            }
        }
    }

    fn on_done<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        fetch: FetchId,
        trailers: Vec<Header>,
    ) -> Progress {
        shared.close(self.conn);
        if let Some((status, target)) = self.redirect.take() {
            return Progress::Redirect(status, target);
        }
        let (conn, body_len) = (self.conn, self.reader.body_received());
        let event = AppEvent::HttpDone { conn, body_len };
        shared.stack.note(shared.now, event);
        shared.tell(fetch, FetchEvent::Done { body_len, trailers });
        Progress::Done
    }

    /// Reads until the chunk is full, a step is made or nothing is left.
    fn fill<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        chunk: &mut Vec<u8>,
    ) -> Result<Step, FetchError> {
        loop {
            let readable = shared.stack.readable_len(self.conn);
            chunk.reserve_exact(readable.min(MAX_CHUNK_LEN - chunk.len()));
            let mut step = Ok(ReadStep::More);
            let reader = &mut self.reader;
            let used = if readable > 0 {
                shared.stack.recv_with(shared.now, self.conn, |bytes| {
                    let (used, made) = reader.read(bytes, chunk);
                    step = made;
                    used
                })
            } else {
                // Some responses end without a byte more.
                step = reader.read(&[], chunk).1;
                0
            };
            match step.map_err(FetchError::Response)? {
                ReadStep::Head(head) => return Ok(Step::Head(head)),
                ReadStep::Done { trailers, .. } => return Ok(Step::Done(trailers)),
                ReadStep::More if chunk.len() == MAX_CHUNK_LEN => return Ok(Step::Chunk),
                ReadStep::More if used == 0 => {
                    return match self.ended {
                        Some(end) => self.at_end(end),
                        None => Ok(Step::Chunk),
                    };
                }
                ReadStep::More => {}
            }
        }
    }

    /// All that will ever come has been read.
    fn at_end(&self, end: End) -> Result<Step, FetchError> {
        let received = self.reader.body_received();
        let remote = self.remote;
        match end {
            End::Fin | End::Closed(CloseReason::Finished) => match self.reader.finish() {
                Ending::Complete { .. } => Ok(Step::Done(Vec::new())),
                Ending::InHead { received } => Err(FetchError::NoResponse { received }),
                Ending::InBody { received, expected } => {
                    Err(FetchError::CutOff { received, expected })
                }
            },
            End::Closed(CloseReason::ResetByPeer | CloseReason::Refused) => {
                Err(FetchError::Reset { received })
            }
            End::Closed(CloseReason::TimedOut { .. }) => Err(FetchError::Silent { received }),
            End::Closed(CloseReason::Unreachable { code }) => {
                Err(FetchError::Unreachable { remote, code })
            }
            End::Closed(CloseReason::NoNeighbour) => Err(FetchError::NoNeighbour { remote }),
            End::Closed(CloseReason::AddressLost) => Err(FetchError::AddressReleased),
            End::Closed(CloseReason::Aborted) => Err(FetchError::Cancelled),
        }
    }

    fn on_head<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        fetch: FetchId,
        target: &Target,
        head: ResponseHead,
        options: &FetchOptions,
    ) -> Result<(), FetchError> {
        self.deadline = shared.now + options.timeouts.idle;
        let event = AppEvent::HttpResponse {
            conn: self.conn,
            status: head.status,
        };
        shared.stack.note(shared.now, event);
        match location(&head)? {
            // RFC 9110 §15.4: those that a client may follow by itself.
            Some(location) if options.limits.redirects > 0 => {
                let next = target.redirect(&location).map_err(FetchError::Url)?;
                self.redirect = Some((head.status, next));
            }
            _ => shared.tell(fetch, FetchEvent::Head(head)),
        }
        Ok(())
    }

    /// A redirect's body is read only so far; then its connection is reset.
    fn bound_redirect(&self) -> Result<Progress, FetchError> {
        let limit = MAX_REDIRECT_BODY;
        if self.redirect.is_some() && self.reader.body_received() > limit {
            return Err(FetchError::Response(HttpError::BodyTooLong { limit }));
        }
        Ok(Progress::More)
    }

    fn send<O: Observer>(&mut self, shared: &mut Shared<O>) {
        let sent = shared.stack.send(shared.now, self.conn, &self.unsent);
        self.unsent.drain(..sent);
    }
}

/// What one reading came to.
enum Step {
    Chunk,
    Head(ResponseHead),
    Done(Vec<Header>),
}

/// Where a redirect leads; `None` if the response is none.
fn location(head: &ResponseHead) -> Result<Option<String>, FetchError> {
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(field) = head.header("location") else {
        return Ok(None);
    };
    match core::str::from_utf8(&field.value) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(FetchError::Response(HttpError::BadLocation)),
    }
}
