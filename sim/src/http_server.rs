//! A small web server on our own stack: pages that are right, and pages that
//! break in every way a client must survive.

use crate::host::TracedStack;
use std::collections::{BTreeMap, VecDeque};
use synema_core::app::server::Service;
use synema_core::stack::{ListenError, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, Record};
use synema_core::wire::Port;

/// Longest request that is read, bytes.
const MAX_REQUEST: usize = 16 << 10;
/// How long after its last byte a page that ends so is reset.
const RESET_AFTER: Duration = Duration::from_millis(500);
/// Most header fields of a request.
const MAX_FIELDS: usize = 64;

/// What happens after a page's last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterPage {
    /// FIN.
    #[default]
    Close,
    /// RST, as soon as the client has had time to get the page.
    Reset,
    /// Nothing: the connection stays open, and silent.
    Hang,
}

/// A response as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    bytes: Vec<u8>,
    after: AfterPage,
}

impl Page {
    /// 200 with a `Content-Length`.
    pub fn new(body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Self::raw([head.as_bytes(), body].concat())
    }

    /// 200 in chunks of `chunk_len` bytes.
    pub fn chunked(body: &[u8], chunk_len: usize) -> Self {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
        for chunk in body.chunks(chunk_len.max(1)) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        Self::raw(bytes)
    }

    /// 200 that ends with the connection.
    pub fn until_close(body: &[u8]) -> Self {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        Self::raw([head, body].concat())
    }

    /// A redirect with a short body.
    pub fn redirect(status: u16, location: &str) -> Self {
        let body = "elsewhere\n";
        let text = format!(
            "HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        Self::raw(text.into_bytes())
    }

    /// Any bytes at all.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            after: AfterPage::Close,
        }
    }

    /// The same, but only the first `len` bytes of what goes over the wire.
    #[must_use]
    pub fn cut_at(mut self, len: usize) -> Self {
        self.bytes.truncate(len);
        self
    }

    /// The same, ended otherwise.
    #[must_use]
    pub fn then(mut self, after: AfterPage) -> Self {
        self.after = after;
        self
    }
}

/// A web server.
#[derive(Debug, Default)]
pub struct HttpServer {
    pages: BTreeMap<String, Page>,
    policy: Policy,
    clients: BTreeMap<ConnId, Client>,
    /// Connections to be reset, and when.
    resets: VecDeque<(Instant, ConnId)>,
    /// The heads of the requests, in the order in which they came.
    requests: Vec<String>,
}

#[derive(Debug)]
struct Client {
    request: Vec<u8>,
    /// What is being sent, how much of it was, and what comes then.
    response: Option<(Page, usize)>,
}

impl HttpServer {
    /// A server without pages, whose connections behave as `policy` says.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Puts a page at a path.
    #[must_use]
    pub fn with_page(mut self, path: &str, page: Page) -> Self {
        self.add_page(path, page);
        self
    }

    /// Puts a page at a path.
    pub fn add_page(&mut self, path: &str, page: Page) {
        self.pages.insert(path.to_owned(), page);
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> &[String] {
        &self.requests
    }

    fn read(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        let mut buf = [0; 2048];
        loop {
            let len = stack.recv(now, conn, &mut buf);
            if len == 0 {
                break;
            }
            let room = MAX_REQUEST.saturating_sub(client.request.len());
            client.request.extend_from_slice(&buf[..len.min(room)]);
        }
        if client.response.is_some() {
            return;
        }
        let page = match parse_request(&client.request) {
            Request::Incomplete if client.request.len() < MAX_REQUEST => return,
            Request::Incomplete | Request::Bad => status_page("400 Bad Request"),
            Request::For { method, path } => {
                self.requests
                    .push(String::from_utf8_lossy(&client.request).into_owned());
                let page = self.pages.get(&path).cloned();
                let page = page.unwrap_or_else(|| status_page("404 Not Found"));
                if method == "HEAD" {
                    head_of(page)
                } else {
                    page
                }
            }
        };
        client.response = Some((page, 0));
        self.write(stack, now, conn);
    }

    fn write(&mut self, stack: &mut TracedStack, now: Instant, conn: ConnId) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        let Some((page, sent)) = &mut client.response else {
            return;
        };
        *sent += stack.send(now, conn, &page.bytes[*sent..]);
        if *sent < page.bytes.len() {
            return;
        }
        match page.after {
            AfterPage::Close => stack.shutdown(now, conn),
            AfterPage::Reset => self.resets.push_back((now + RESET_AFTER, conn)),
            AfterPage::Hang => {}
        }
    }
}

impl Service<Vec<Record>> for HttpServer {
    fn start(&mut self, stack: &mut TracedStack) -> Result<(), ListenError> {
        stack.listen(Port(80), &self.policy)
    }

    fn on_event(&mut self, stack: &mut TracedStack, now: Instant, event: StackEvent) {
        match event {
            StackEvent::Acceptable { port } => {
                while let Some((conn, _)) = stack.accept(port) {
                    let client = Client {
                        request: Vec::new(),
                        response: None,
                    };
                    self.clients.insert(conn, client);
                    self.read(stack, now, conn);
                }
            }
            StackEvent::Connection { conn, event } => match event {
                ConnectionEvent::Readable => self.read(stack, now, conn),
                ConnectionEvent::Writable => self.write(stack, now, conn),
                ConnectionEvent::PeerClosed => stack.shutdown(now, conn),
                ConnectionEvent::Closed(_) => {
                    self.clients.remove(&conn);
                }
                ConnectionEvent::Connected | ConnectionEvent::Urgent | ConnectionEvent::Stalled => {
                }
            },
            StackEvent::AddressGranted { .. }
            | StackEvent::AddressInUse { .. }
            | StackEvent::AddressLost { .. }
            | StackEvent::NoNeighbour { .. }
            | StackEvent::UdpReadable { .. }
            | StackEvent::UdpUnreachable { .. } => {}
        }
    }

    fn on_timeout(&mut self, stack: &mut TracedStack, now: Instant) {
        while let Some((at, conn)) = self.resets.front().copied()
            && at <= now
        {
            self.resets.pop_front();
            stack.abort(now, conn);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.resets.front().map(|(at, _)| *at)
    }
}

enum Request {
    Incomplete,
    Bad,
    For { method: String, path: String },
}

fn parse_request(bytes: &[u8]) -> Request {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Request::Incomplete,
        Ok(httparse::Status::Complete(_)) => Request::For {
            method: request.method.unwrap_or_default().to_owned(),
            path: request.path.unwrap_or_default().to_owned(),
        },
        Err(_) => Request::Bad,
    }
}

fn status_page(status: &str) -> Page {
    let len = status.len() + 1;
    Page::raw(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{status}\n"
    ))
}

fn head_of(page: Page) -> Page {
    let end = page
        .bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n");
    let len = end.map_or(page.bytes.len(), |at| at + 4);
    page.cut_at(len)
}
