//! A socket: what the application asked for before there was a connection, and
//! what it is yet to be told of the one that there is.

use crate::errno::{self, Answer, Errno};
use std::collections::BTreeMap;
use synema_core::tcp::policy::KeepAlive;
use synema_core::tcp::{ConnectionEvent, Info, Policy};
use synema_core::trace::ConnId;
use synema_core::wire::Port;

/// What a socket is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Neither calling nor listening; bound to this port, if it is not zero.
    Fresh(Port),
    /// Waits for callers.
    Listener(Port),
    /// One end of a connection.
    Connection { conn: ConnId, progress: Progress },
}

/// How far a connection got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Calling,
    Connected,
    Ended,
}

/// A socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) kind: Kind,
    pub(crate) policy: Policy,
    pub(crate) is_blocking: bool,
    /// `SO_ERROR`: what the next call is to answer.
    pub(crate) error: Option<Errno>,
    /// `SHUT_RD` was called, or the connection is over.
    pub(crate) is_read_shut: bool,
    pub(crate) is_write_shut: bool,
    /// `TCP_INQ`: reading tells how much is left.
    pub(crate) tells_unread: bool,
    /// What `SO_KEEPALIVE` switches on.
    pub(crate) keep_alive: KeepAlive,
    /// `TCP_NODELAY`, `TCP_CORK`
    pub(crate) is_without_delay: bool,
    pub(crate) is_corked: bool,
    /// `SO_LINGER` with no time to linger.
    pub(crate) aborts_on_close: bool,
    /// What could be said of the connection when it told of something last.
    pub(crate) last_info: Option<Info>,
    /// Options as they were set, by level and name.
    options: BTreeMap<(i32, i32), i32>,
    /// How often something happened that whoever polls wants to know.
    pub(crate) wakes: u64,
}

impl Socket {
    pub(crate) fn new(policy: Policy, is_blocking: bool) -> Self {
        Self {
            kind: Kind::Fresh(Port(0)),
            policy,
            is_blocking,
            error: None,
            is_read_shut: false,
            is_write_shut: false,
            tells_unread: false,
            keep_alive: KeepAlive::default(),
            is_without_delay: false,
            is_corked: false,
            aborts_on_close: false,
            last_info: None,
            options: BTreeMap::new(),
            wakes: 0,
        }
    }

    /// What a listener's connection becomes: options are inherited.
    pub(crate) fn accepted(&self, conn: ConnId) -> Self {
        let progress = Progress::Connected;
        let mut socket = Self::new(self.policy.clone(), true);
        socket.kind = Kind::Connection { conn, progress };
        socket.tells_unread = self.tells_unread;
        socket.keep_alive = self.keep_alive;
        socket.is_without_delay = self.is_without_delay;
        socket.is_corked = self.is_corked;
        socket.aborts_on_close = self.aborts_on_close;
        socket.options.clone_from(&self.options);
        socket
    }

    pub(crate) fn remember(&mut self, level: i32, name: i32, number: i32) {
        self.options.insert((level, name), number);
    }

    /// An option as it was set; zero if it was not.
    pub(crate) fn remembered(&self, level: i32, name: i32) -> i32 {
        self.options.get(&(level, name)).copied().unwrap_or(0)
    }

    pub(crate) fn conn(&self) -> Option<ConnId> {
        match self.kind {
            Kind::Connection { conn, .. } => Some(conn),
            _ => None,
        }
    }

    pub(crate) fn listens_on(&self, wanted: Port) -> bool {
        matches!(self.kind, Kind::Listener(port) if port == wanted)
    }

    pub(crate) fn on_event(&mut self, event: ConnectionEvent) {
        // A kernel says nothing of it.
        if event == ConnectionEvent::Stalled {
            return;
        }
        self.wakes += 1;
        let Kind::Connection { progress, .. } = &mut self.kind else {
            return;
        };
        match event {
            ConnectionEvent::Connected => *progress = Progress::Connected,
            ConnectionEvent::Closed(reason) => {
                *progress = Progress::Ended;
                if let Some(errno) = errno::of_end(reason) {
                    self.error = Some(errno);
                    self.is_read_shut = true;
                    self.is_write_shut = true;
                }
            }
            _ => {}
        }
    }

    /// Answers the error that waits to be told, once.
    pub(crate) fn check(&mut self) -> Answer<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// The connection, whatever became of it.
    pub(crate) fn connection(&self) -> Answer<ConnId> {
        self.conn().ok_or(Errno(libc::ENOTCONN))
    }
}
