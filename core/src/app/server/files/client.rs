//! One client of the file server: its requests, one after the other.
//!
//! ```text
//!   Asking ──head──► Answering ──sent, keep-alive──► Asking
//!                        └──────sent, close────────► Leaving ──peer's FIN, or time──► gone
//! ```

use super::answer::{Answer, FileFacts};
use super::directory::{Directory, Found, NotFound};
use super::path::{Path, PathError};
use super::request::{MAX_HEAD_LEN, Reading, Request, read};
use super::{Served, Settings};
use crate::app::http::Method;
use crate::stack::Stack;
use crate::time::{Duration, Instant};
use crate::trace::{AppEvent, ConnId, Observer};
use core::net::SocketAddrV4;
use core::ops::Range;

/// So much of a file is read at once, bytes.
const PIECE_LEN: usize = 32 << 10;
/// How long a client may take to close after we have.
const LEAVING: Duration = Duration::from_secs(5);
/// The page that stands for its folder.
const INDEX: &str = "index.html";

/// A file, and which of its bytes are wanted.
type Part<F> = (F, Range<u64>);

#[derive(Debug)]
enum Phase<F> {
    /// The head of a request comes.
    Asking,
    /// An answer goes out.
    Answering(Answering<F>),
    /// All is said; what still comes is let go.
    Leaving,
}

#[derive(Debug)]
struct Answering<F> {
    /// What was read and is not sent: the head first.
    piece: Vec<u8>,
    sent: usize,
    /// The rest of the body.
    file: Option<Part<F>>,
    keep_alive: bool,
    served: Served,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Client<F> {
    conn: ConnId,
    remote: SocketAddrV4,
    phase: Phase<F>,
    /// What came and was not yet understood.
    unread: Vec<u8>,
    has_closed: bool,
    /// When our patience ends.
    pub(super) deadline: Instant,
}

/// Whether a client stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    Yes,
    No,
}

impl<F> Client<F> {
    pub(super) fn new(conn: ConnId, remote: SocketAddrV4, deadline: Instant) -> Self {
        Self {
            conn,
            remote,
            phase: Phase::Asking,
            unread: Vec::new(),
            has_closed: false,
            deadline,
        }
    }

    /// The peer sends no more.
    pub(super) fn on_closed(&mut self) -> Stay {
        self.has_closed = true;
        Stay::Yes
    }

    /// Reads and writes as far as it goes; answers are told in `told`.
    pub(super) fn turn<D: Directory<File = F>, O: Observer>(
        &mut self,
        directory: &mut D,
        settings: &Settings,
        stack: &mut Stack<O>,
        now: Instant,
        told: &mut Vec<Served>,
    ) -> Stay {
        loop {
            match &mut self.phase {
                Phase::Asking => match self.ask(directory, settings, stack, now) {
                    Some(answering) => {
                        self.deadline = now + settings.stall_timeout;
                        self.phase = Phase::Answering(answering);
                    }
                    None if self.has_closed => return self.leave(stack, now),
                    None => return Stay::Yes,
                },
                Phase::Answering(answering) => {
                    let progress = answering.go_on(directory, stack, now, self.conn);
                    if progress != Progress::Blocked {
                        self.deadline = now + settings.stall_timeout;
                    }
                    match progress {
                        Progress::Blocked | Progress::Some => return Stay::Yes,
                        Progress::Failed => {
                            // The body cannot be had to its end: the client must see that.
                            stack.abort(now, self.conn);
                            return Stay::No;
                        }
                        Progress::Done => {
                            told.push(answering.served.clone());
                            if !answering.keep_alive {
                                return self.leave(stack, now);
                            }
                            self.deadline = now + settings.idle_timeout;
                            self.phase = Phase::Asking;
                        }
                    }
                }
                Phase::Leaving => return self.leave(stack, now),
            }
        }
    }

    /// Our patience has ended.
    pub(super) fn on_timeout<O: Observer>(
        &mut self,
        settings: &Settings,
        stack: &mut Stack<O>,
        now: Instant,
    ) -> Stay {
        let has_begun = !self.unread.is_empty();
        match self.phase {
            Phase::Asking if has_begun => {
                // RFC 9110 §15.5.9
                let head = self.head(&Answer::of_status(408), settings, now);
                stack.send(now, self.conn, &head);
                self.leave(stack, now)
            }
            // Between requests a connection may end without a word.
            Phase::Asking => self.leave(stack, now),
            Phase::Answering(_) | Phase::Leaving => {
                stack.abort(now, self.conn);
                Stay::No
            }
        }
    }

    /// Reads more of the head, and when it is whole finds the answer.
    fn ask<D: Directory<File = F>, O: Observer>(
        &mut self,
        directory: &mut D,
        settings: &Settings,
        stack: &mut Stack<O>,
        now: Instant,
    ) -> Option<Answering<F>> {
        let mut reading = read(&self.unread);
        while reading == Reading::Incomplete {
            let mut bytes = [0; 2048];
            let room = (MAX_HEAD_LEN - self.unread.len()).min(bytes.len());
            let len = stack.recv(now, self.conn, &mut bytes[..room]);
            if len == 0 {
                break;
            }
            if self.unread.is_empty() {
                self.deadline = now + settings.request_timeout;
            }
            self.unread.extend_from_slice(&bytes[..len]);
            reading = read(&self.unread);
        }
        let (answer, file, request) = match reading {
            Reading::Incomplete => return None,
            Reading::Bad(status) => {
                self.unread.clear();
                (Answer::of_status(status), None, Request::default())
            }
            Reading::Complete { len, request } => {
                self.unread.drain(..len);
                let (answer, file) = if is_for_us(&request, settings) {
                    find(directory, &request)
                } else {
                    // RFC 9110 §15.5.20
                    (Answer::of_status(421), None)
                };
                (answer, file, request)
            }
        };
        Some(self.answer(&answer, file, request, settings, stack, now))
    }

    fn answer<O: Observer>(
        &self,
        answer: &Answer,
        file: Option<Part<F>>,
        request: Request,
        settings: &Settings,
        stack: &mut Stack<O>,
        now: Instant,
    ) -> Answering<F> {
        let conn = self.conn;
        let with_body = request.known != Some(Method::Head);
        let (status, body_len) = (answer.status, if with_body { answer.body_len } else { 0 });
        let keep_alive = request.keep_alive && request.known.is_some();
        let date = settings.is_unix_time.then(|| now.as_millis() / 1000);
        let mut piece = answer.head(keep_alive, date);
        if with_body && file.is_none() {
            piece.extend_from_slice(&answer.body);
        }
        stack.note(
            now,
            AppEvent::HttpAsked {
                conn,
                method: request.method.clone(),
                target: request.target.clone(),
            },
        );
        stack.note(
            now,
            AppEvent::HttpAnswered {
                conn,
                status,
                body_len,
            },
        );
        Answering {
            piece,
            sent: 0,
            file: file.filter(|_| with_body),
            keep_alive,
            served: Served {
                remote: self.remote,
                method: request.method,
                target: request.target,
                status,
                body_len,
            },
        }
    }

    fn head(&self, answer: &Answer, settings: &Settings, now: Instant) -> Vec<u8> {
        let date = settings.is_unix_time.then(|| now.as_millis() / 1000);
        let mut head = answer.head(false, date);
        head.extend_from_slice(&answer.body);
        head
    }

    /// Closes our direction, and waits for the peer to close its own: closed at
    /// once, a RST for what still comes could overtake the answer (RFC 9112 §9.6).
    fn leave<O: Observer>(&mut self, stack: &mut Stack<O>, now: Instant) -> Stay {
        if !matches!(self.phase, Phase::Leaving) {
            self.phase = Phase::Leaving;
            self.unread = Vec::new();
            self.deadline = now + LEAVING;
            stack.shutdown(now, self.conn);
        }
        while stack.recv_with(now, self.conn, <[u8]>::len) > 0 {}
        if self.has_closed {
            stack.close(now, self.conn);
            return Stay::No;
        }
        Stay::Yes
    }
}

/// How far an answer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Not a byte: the peer must read first.
    Blocked,
    /// Some; more when there is room.
    Some,
    /// All is written.
    Done,
    /// The file is not what it was.
    Failed,
}

impl<F> Answering<F> {
    fn go_on<D: Directory<File = F>, O: Observer>(
        &mut self,
        directory: &mut D,
        stack: &mut Stack<O>,
        now: Instant,
        conn: ConnId,
    ) -> Progress {
        let mut progress = Progress::Blocked;
        loop {
            let taken = stack.send(now, conn, &self.piece[self.sent..]);
            self.sent += taken;
            if taken > 0 {
                progress = Progress::Some;
            }
            if self.sent < self.piece.len() {
                return progress;
            }
            let Some((file, rest)) = self.file.as_mut().filter(|(_, rest)| !rest.is_empty()) else {
                // What is idle holds no buffer.
                self.piece = Vec::new();
                return Progress::Done;
            };
            let wanted = (rest.end - rest.start).min(PIECE_LEN as u64);
            self.piece
                .resize(usize::try_from(wanted).unwrap_or(PIECE_LEN), 0);
            self.sent = 0;
            match directory.read(file, rest.start, &mut self.piece) {
                Ok(len) if len > 0 => {
                    self.piece.truncate(len);
                    rest.start += len as u64;
                }
                Ok(_) | Err(_) => return Progress::Failed,
            }
        }
    }
}

/// Whether it was this server that was asked for.
fn is_for_us(request: &Request, settings: &Settings) -> bool {
    match &request.host {
        Some(host) if !settings.hosts.is_empty() => settings.hosts.contains(host),
        _ => true,
    }
}

/// What is answered to a request, and the file whose bytes follow.
fn find<D: Directory>(directory: &mut D, request: &Request) -> (Answer, Option<Part<D::File>>) {
    let just = |status| (Answer::of_status(status), None);
    if request.known.is_none() {
        return just(405);
    }
    let mut path = match Path::parse(&request.target) {
        Ok(path) => path,
        Err(PathError::Bad) => return just(400),
        Err(PathError::Hidden) => return just(404),
    };
    let found = match directory.find(&path.names) {
        Ok(Found::Folder(_)) if !path.is_folder => return (Answer::moved_to(&path), None),
        Ok(Found::File { .. }) if path.is_folder => return just(404),
        Ok(Found::Folder(listed)) => {
            path.names.push(INDEX.to_owned());
            match directory.find(&path.names) {
                Ok(found @ Found::File { .. }) => found,
                _ => {
                    path.names.pop();
                    return (Answer::list(&path, listed), None);
                }
            }
        }
        Ok(found) => found,
        Err(NotFound::Nothing) => return just(404),
        Err(NotFound::Forbidden) => return just(403),
    };
    let Found::File {
        file,
        len,
        modified_ns,
    } = found
    else {
        return just(404);
    };
    let facts = FileFacts {
        name: path.names.last().map_or("", String::as_str),
        len,
        modified_ns,
    };
    let (answer, part) = facts.answer(request);
    (
        answer,
        Some((file, part)).filter(|(_, part)| !part.is_empty()),
    )
}
