//! One fetch, from its URL to its end.
//!
//! ```text
//!   begin --> Resolving --> Connecting --> Exchanging --> over
//!     ^  `------------------^  |  ^ |          |
//!     |    a literal address   |  `-' the next address
//!     |                        v               |
//!     |                      over (failed)     |
//!     `----------------------------------------'  a redirect
//! ```

use super::exchange::{Exchange, Progress};
use super::resolve::Resolving;
use super::types::{FetchEvent, FetchId, FetchOptions};
use super::{FetchError, Shared};
use crate::app::http::{Method, Target, TargetHost};
use crate::tcp::ConnectionEvent;
use crate::time::{Duration, Instant};
use crate::trace::{AppEvent, CloseReason, ConnId, Observer};
use crate::wire::Port;
use core::net::{Ipv4Addr, SocketAddrV4};

/// Addresses of a host that are tried, one after the other.
const MAX_ADDRS: usize = 4;

/// How long a connection that begins is left alone once a router says that there
/// is no way. RFC 1122 §4.2.3.9: that may pass; but a person waits.
const UNREACHABLE_PATIENCE: Duration = Duration::from_secs(3);

/// One fetch.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) id: FetchId,
    pub(super) options: Box<FetchOptions>,
    /// May become GET by a redirect.
    pub(super) method: Method,
    pub(super) target: Target,
    /// The URLs so far, to notice circles.
    visited: Vec<String>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Resolving(Resolving),
    Connecting(Connecting),
    Exchanging(Exchange),
    Over,
}

/// A connection being opened.
#[derive(Debug)]
struct Connecting {
    conn: ConnId,
    remote: SocketAddrV4,
    /// Addresses that have not been tried.
    others: Vec<Ipv4Addr>,
    deadline: Instant,
    /// Whether a router has said that there is no way.
    is_hopeless: bool,
}

impl Fetch {
    /// Begins to fetch `url`; `None` if that ended at once.
    pub(super) fn begin<O: Observer>(
        shared: &mut Shared<O>,
        id: FetchId,
        url: &str,
        options: Box<FetchOptions>,
    ) -> Option<Self> {
        let failed = |shared: &mut Shared<O>, error| {
            note_failure(shared, &error);
            shared.tell(id, FetchEvent::Failed(error));
        };
        let target = match Target::parse(url) {
            Ok(target) => target,
            Err(error) => {
                failed(shared, FetchError::Url(error));
                return None;
            }
        };
        if shared.stack.interface().is_none() {
            failed(shared, FetchError::NoAddress);
            return None;
        }
        let mut fetch = Self {
            id,
            method: options.method,
            options,
            visited: vec![target.without_fragment()],
            target,
            phase: Phase::Over,
        };
        fetch.find_host(shared);
        (!fetch.is_over()).then_some(fetch)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Resolving(resolving) => resolving.poll_timeout(),
            Phase::Connecting(connecting) => Some(connecting.deadline),
            Phase::Exchanging(exchange) => Some(exchange.deadline()),
            Phase::Over => None,
        }
    }

    pub(super) fn on_timeout<O: Observer>(&mut self, shared: &mut Shared<O>) {
        match &mut self.phase {
            Phase::Resolving(_) => self.go_on_resolving(shared),
            Phase::Connecting(connecting) if shared.now >= connecting.deadline => {
                let remote = connecting.remote;
                let waited = self.options.timeouts.connect;
                let error = match shared.stack.soft_error(connecting.conn) {
                    Some(code) => FetchError::Unreachable { remote, code },
                    None => FetchError::ConnectTimeout { remote, waited },
                };
                shared.abort(connecting.conn);
                self.try_next_addr(shared, error);
            }
            Phase::Exchanging(exchange) => {
                if let Some(error) = exchange.on_timeout(shared, &self.options.timeouts) {
                    self.end_exchange(shared, error);
                }
            }
            Phase::Connecting(_) | Phase::Over => {}
        }
    }

    /// A frame came in: it may have said that there is no way.
    pub(super) fn on_frame<O: Observer>(&mut self, shared: &Shared<O>) {
        if let Phase::Connecting(connecting) = &mut self.phase
            && !connecting.is_hopeless
            && shared.stack.soft_error(connecting.conn).is_some()
        {
            connecting.is_hopeless = true;
            let soon = shared.now + UNREACHABLE_PATIENCE;
            connecting.deadline = connecting.deadline.min(soon);
        }
    }

    /// Something happened to a connection of ours.
    pub(super) fn on_connection<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        conn: ConnId,
        event: ConnectionEvent,
    ) {
        match &mut self.phase {
            Phase::Resolving(resolving) => {
                resolving.on_connection(shared, conn, event);
                self.go_on_resolving(shared);
            }
            Phase::Connecting(connecting) if connecting.conn == conn => match event {
                ConnectionEvent::Connected => self.on_connected(shared),
                ConnectionEvent::Closed(reason) => {
                    let error = connect_error(connecting.remote, reason);
                    shared.conns.remove(&conn);
                    self.try_next_addr(shared, error);
                }
                ConnectionEvent::Readable
                | ConnectionEvent::Writable
                | ConnectionEvent::Urgent
                | ConnectionEvent::Stalled
                | ConnectionEvent::PeerClosed => {}
            },
            Phase::Exchanging(exchange) if exchange.conn() == conn => {
                exchange.on_connection(shared, event, &self.options.timeouts);
                // What nobody waits for is read at once; a body waits to be asked for.
                if exchange.is_draining() {
                    self.read(shared);
                }
            }
            Phase::Connecting(_) | Phase::Exchanging(_) | Phase::Over => {}
        }
    }

    pub(super) fn on_datagrams<O: Observer>(&mut self, shared: &mut Shared<O>, port: Port) {
        while let Some(datagram) = shared.stack.udp_recv(port) {
            if let Phase::Resolving(resolving) = &mut self.phase {
                resolving.on_datagram(port, datagram.remote, &datagram.payload);
            }
        }
        self.go_on_resolving(shared);
    }

    pub(super) fn on_udp_unreachable<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        port: Port,
        remote: SocketAddrV4,
    ) {
        if let Phase::Resolving(resolving) = &mut self.phase {
            resolving.on_unreachable(port, remote);
            self.go_on_resolving(shared);
        }
    }

    /// Whether [`read`](Self::read) would come to anything.
    pub(super) fn has_news<O: Observer>(&self, shared: &Shared<O>) -> bool {
        match &self.phase {
            Phase::Exchanging(exchange) => exchange.has_news(shared),
            Phase::Resolving(_) | Phase::Connecting(_) | Phase::Over => false,
        }
    }

    /// Takes what the connection has, up to a chunk.
    pub(super) fn read<O: Observer>(&mut self, shared: &mut Shared<O>) {
        let Phase::Exchanging(exchange) = &mut self.phase else {
            return;
        };
        match exchange.read(shared, self.id, &self.target, &self.options) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => self.phase = Phase::Over,
            Ok(Progress::Redirect(status, target)) => {
                self.redirect(shared, status, target);
            }
            Err(error) => self.end_exchange(shared, error),
        }
    }

    /// The end, without a whole response.
    pub(super) fn fail<O: Observer>(&mut self, shared: &mut Shared<O>, error: FetchError) {
        match core::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Resolving(resolving) => resolving.close(shared),
            Phase::Connecting(connecting) => shared.abort(connecting.conn),
            Phase::Exchanging(exchange) => shared.abort(exchange.conn()),
            Phase::Over => {}
        }
        note_failure(shared, &error);
        shared.tell(self.id, FetchEvent::Failed(error));
    }

    fn find_host<O: Observer>(&mut self, shared: &mut Shared<O>) {
        let name = match self.target.host() {
            TargetHost::Addr(addr) => return self.connect(shared, vec![addr]),
            TargetHost::Name(name) => name,
        };
        if let Some(addrs) = shared.cache.lookup(shared.now, &name) {
            let addrs = addrs.to_vec();
            return self.on_resolved(shared, name, addrs);
        }
        let servers = shared.network.as_ref().map_or(&[][..], |it| &it.dns);
        if servers.is_empty() {
            return self.fail(shared, FetchError::NoNameServer { name });
        }
        self.phase = Phase::Resolving(Resolving::new(self.id, &name, servers));
        shared.tell(self.id, FetchEvent::Resolving { name });
        self.go_on_resolving(shared);
    }

    fn go_on_resolving<O: Observer>(&mut self, shared: &mut Shared<O>) {
        let Phase::Resolving(resolving) = &mut self.phase else {
            return;
        };
        let Some(result) = resolving.go_on(shared) else {
            return;
        };
        if let Phase::Resolving(resolving) = core::mem::replace(&mut self.phase, Phase::Over) {
            let name = resolving.name().to_owned();
            resolving.close(shared);
            match result {
                Ok(addrs) => self.on_resolved(shared, name, addrs),
                Err(error) => self.fail(shared, FetchError::Name { name, error }),
            }
        }
    }

    fn on_resolved<O: Observer>(
        &mut self,
        shared: &mut Shared<O>,
        name: String,
        mut addrs: Vec<Ipv4Addr>,
    ) {
        addrs.truncate(MAX_ADDRS);
        let event = FetchEvent::Resolved {
            name,
            addrs: addrs.clone(),
        };
        shared.tell(self.id, event);
        self.connect(shared, addrs);
    }

    /// Tries the first of `addrs`; the others wait for it to fail.
    fn connect<O: Observer>(&mut self, shared: &mut Shared<O>, mut addrs: Vec<Ipv4Addr>) {
        let remote = SocketAddrV4::new(addrs.remove(0), self.target.port());
        match shared.connect(self.id, remote, &self.options.policy) {
            Ok(conn) => {
                self.phase = Phase::Connecting(Connecting {
                    conn,
                    remote,
                    others: addrs,
                    deadline: shared.now + self.options.timeouts.connect,
                    is_hopeless: false,
                });
                shared.tell(self.id, FetchEvent::Connecting { conn, remote });
            }
            Err(error) if addrs.is_empty() => self.fail(shared, error),
            Err(_) => self.connect(shared, addrs),
        }
    }

    fn try_next_addr<O: Observer>(&mut self, shared: &mut Shared<O>, error: FetchError) {
        let phase = core::mem::replace(&mut self.phase, Phase::Over);
        match phase {
            Phase::Connecting(Connecting { others, .. }) if !others.is_empty() => {
                self.connect(shared, others);
            }
            _ => self.fail(shared, error),
        }
    }

    fn on_connected<O: Observer>(&mut self, shared: &mut Shared<O>) {
        if let Phase::Connecting(Connecting { conn, remote, .. }) = self.phase {
            shared.tell(self.id, FetchEvent::Connected { conn, remote });
            let exchange = Exchange::begin(
                shared,
                conn,
                remote,
                self.method,
                &self.target,
                &self.options,
            );
            self.phase = Phase::Exchanging(exchange);
        }
    }

    /// The exchange came to nothing; unless all that was missing is the body of
    /// a redirect, which nobody needs.
    fn end_exchange<O: Observer>(&mut self, shared: &mut Shared<O>, error: FetchError) {
        if let Phase::Exchanging(exchange) = &mut self.phase
            && let Some((status, target)) = exchange.take_redirect()
        {
            shared.abort(exchange.conn());
            return self.redirect(shared, status, target);
        }
        self.fail(shared, error);
    }

    fn redirect<O: Observer>(&mut self, shared: &mut Shared<O>, status: u16, target: Target) {
        self.phase = Phase::Over;
        let limit = self.options.limits.redirects;
        let url = target.without_fragment();
        if self.visited.contains(&url) {
            let url = target.to_display();
            return self.fail(shared, FetchError::RedirectLoop { url });
        }
        if self.visited.len() > usize::from(limit) {
            return self.fail(shared, FetchError::TooManyRedirects { limit });
        }
        // RFC 9110 §15.4.4: See Other is fetched by GET, whatever came before.
        if status == 303 && self.method != Method::Head {
            self.method = Method::Get;
        }
        self.visited.push(url);
        let to = target.to_display();
        shared
            .stack
            .note(shared.now, AppEvent::HttpRedirect { to: to.clone() });
        shared.tell(self.id, FetchEvent::Redirected { status, to });
        self.target = target;
        self.find_host(shared);
    }
}

fn note_failure<O: Observer>(shared: &mut Shared<O>, error: &FetchError) {
    let why = error.to_string();
    shared.stack.note(shared.now, AppEvent::HttpFailed { why });
}

/// Why a connection could not be opened.
fn connect_error(remote: SocketAddrV4, reason: CloseReason) -> FetchError {
    match reason {
        CloseReason::Refused | CloseReason::ResetByPeer => FetchError::Refused { remote },
        CloseReason::Unreachable { code } => FetchError::Unreachable { remote, code },
        CloseReason::NoNeighbour => FetchError::NoNeighbour { remote },
        CloseReason::TimedOut { .. } => FetchError::NoAnswer { remote },
        CloseReason::AddressLost => FetchError::AddressReleased,
        CloseReason::Finished | CloseReason::Aborted => FetchError::NoResponse { received: 0 },
    }
}
