//! The calls on sockets, as Linux answers them.

use crate::errno::{Answer, Errno};
use crate::host::{Attempt, Host};
use crate::message::{Received, SendFlags};
use crate::socket::{Kind, Progress, Socket};
use std::net::SocketAddrV4;
use std::os::fd::RawFd;
use synema_core::stack::{Backlog, ConnectError, ListenError};
use synema_core::trace::TcpState;
use synema_core::wire::Port;

/// How much is not sent yet.
const SIOCOUTQNSD: u64 = 0x894b;

/// A socket of TCP over IPv4; nothing else is spoken here.
pub(crate) fn socket(host: &mut Host, domain: i32, kind: i32) -> Answer<RawFd> {
    if domain != libc::AF_INET {
        return Err(Errno(libc::EAFNOSUPPORT));
    }
    if kind & 0xf != libc::SOCK_STREAM {
        return Err(Errno(libc::EPROTONOSUPPORT));
    }
    host.drain();
    let policy = host.settings.policy();
    host.add_socket(Socket::new(policy, kind & libc::SOCK_NONBLOCK == 0))
}

pub(crate) fn bind(host: &mut Host, fd: RawFd, address: SocketAddrV4) -> Answer<()> {
    let socket = host.socket(fd)?;
    match &mut socket.kind {
        Kind::Fresh(port) => {
            *port = Port(address.port());
            Ok(())
        }
        _ => Err(Errno(libc::EINVAL)),
    }
}

/// As in Linux, one more connection waits than was asked for.
pub(crate) fn listen(host: &mut Host, fd: RawFd, backlog: usize) -> Answer<()> {
    let socket = host.socket(fd)?;
    let Kind::Fresh(port) = socket.kind else {
        return Err(Errno(libc::EINVAL));
    };
    let policy = socket.policy.clone();
    let backlog = Backlog {
        accept: backlog.saturating_add(1),
        ..Backlog::default()
    };
    let listening = host.stack.listen_with(port, &policy, backlog);
    listening.map_err(|error| match error {
        ListenError::PortZero => Errno(libc::EINVAL),
        ListenError::InUse(_) => Errno(libc::EADDRINUSE),
    })?;
    host.socket(fd)?.kind = Kind::Listener(port);
    Ok(())
}

pub(crate) fn accept(host: &mut Host, fd: RawFd) -> Attempt<(RawFd, SocketAddrV4)> {
    let socket = match host.socket(fd) {
        Ok(socket) => socket,
        Err(errno) => return Attempt::Done(Err(errno)),
    };
    let is_blocking = socket.is_blocking;
    let Kind::Listener(port) = socket.kind else {
        return Attempt::Done(Err(Errno(libc::EINVAL)));
    };
    let Some((conn, remote)) = host.stack.accept(port) else {
        return would_block(is_blocking);
    };
    let accepted = host.socket(fd).map(|socket| socket.accepted(conn));
    let added = accepted.and_then(|socket| host.add_socket(socket));
    Attempt::Done(added.map(|fd| (fd, remote)))
}

/// `has_begun` is kept from one attempt to the next of the same call.
pub(crate) fn connect(
    host: &mut Host,
    fd: RawFd,
    remote: SocketAddrV4,
    has_begun: &mut bool,
) -> Attempt<()> {
    match try_connect(host, fd, remote, has_begun) {
        Ok(true) => Attempt::Done(Ok(())),
        Ok(false) => Attempt::Blocked(None),
        Err(errno) => Attempt::Done(Err(errno)),
    }
}

fn try_connect(
    host: &mut Host,
    fd: RawFd,
    remote: SocketAddrV4,
    has_begun: &mut bool,
) -> Answer<bool> {
    let now = host.now;
    let socket = host.socket(fd)?;
    let is_blocking = socket.is_blocking;
    match socket.kind {
        Kind::Fresh(port) => {
            let policy = socket.policy.clone();
            let conn = match port {
                Port(0) => host.stack.connect(now, remote, &policy),
                port => host.stack.connect_from(now, port, remote, &policy),
            };
            let conn = conn.map_err(of_connect)?;
            let progress = Progress::Calling;
            host.socket(fd)?.kind = Kind::Connection { conn, progress };
        }
        Kind::Listener(_) => return Err(Errno(libc::EISCONN)),
        Kind::Connection { progress, .. } => {
            socket.check()?;
            match progress {
                Progress::Connected if *has_begun => return Ok(true),
                Progress::Connected => return Err(Errno(libc::EISCONN)),
                Progress::Ended => return Err(Errno(libc::ECONNABORTED)),
                Progress::Calling if !is_blocking => return Err(Errno(libc::EALREADY)),
                Progress::Calling => {}
            }
        }
    }
    *has_begun = true;
    if is_blocking {
        Ok(false)
    } else {
        Err(Errno(libc::EINPROGRESS))
    }
}

fn of_connect(error: ConnectError) -> Errno {
    Errno(match error {
        ConnectError::NoAddress | ConnectError::NoRoute(_) => libc::ENETUNREACH,
        ConnectError::PortZero => libc::ECONNREFUSED,
        ConnectError::NoFreePort | ConnectError::InUse(_) => libc::EADDRNOTAVAIL,
        ConnectError::TooMany => libc::ENOBUFS,
    })
}

/// Queues `data`, of which `done` bytes are queued already.
pub(crate) fn send(
    host: &mut Host,
    fd: RawFd,
    data: &[u8],
    flags: SendFlags,
    done: &mut usize,
) -> Attempt<usize> {
    match try_send(host, fd, data, flags, done) {
        Ok(false) => Attempt::Blocked(None),
        Ok(true) => Attempt::Done(Ok(*done)),
        // What was taken is told; the error waits for the next call.
        Err(_) if *done > 0 => Attempt::Done(Ok(*done)),
        Err(errno) => Attempt::Done(Err(errno)),
    }
}

fn try_send(
    host: &mut Host,
    fd: RawFd,
    data: &[u8],
    flags: SendFlags,
    done: &mut usize,
) -> Answer<bool> {
    let now = host.now;
    let socket = host.socket(fd)?;
    socket.check()?;
    if socket.is_write_shut {
        return Err(Errno(libc::EPIPE));
    }
    let waits = socket.is_blocking && !flags.dont_wait;
    let Kind::Connection { conn, progress } = socket.kind else {
        return Err(Errno(libc::EPIPE));
    };
    match progress {
        Progress::Calling if waits => return Ok(false),
        Progress::Calling => return Err(Errno(libc::EAGAIN)),
        Progress::Ended => return Err(Errno(libc::EPIPE)),
        Progress::Connected => {}
    }
    // Where what is unsent is limited, sending makes room.
    loop {
        let taken = host.stack.send_with(now, conn, &data[*done..], flags.write);
        *done += taken;
        if taken == 0 || *done == data.len() {
            break;
        }
        host.drain();
    }
    if *done == data.len() || (*done > 0 && !waits) {
        return Ok(true);
    }
    if waits {
        Ok(false)
    } else {
        Err(Errno(libc::EAGAIN))
    }
}

/// Takes what was received into `buf`.
pub(crate) fn recv(
    host: &mut Host,
    fd: RawFd,
    buf: &mut [u8],
    dont_wait: bool,
) -> Attempt<Received> {
    match try_recv(host, fd, buf) {
        Ok(Some(received)) => Attempt::Done(Ok(received)),
        Ok(None) => {
            let waits = host.socket(fd).is_ok_and(|socket| socket.is_blocking);
            would_block(waits && !dont_wait)
        }
        Err(errno) => Attempt::Done(Err(errno)),
    }
}

fn try_recv(host: &mut Host, fd: RawFd, buf: &mut [u8]) -> Answer<Option<Received>> {
    let now = host.now;
    let socket = host.socket(fd)?;
    let conn = socket.connection()?;
    let taken = host.stack.recv(now, conn, buf);
    let is_finished = host.stack.is_read_finished(conn);
    let unread = unread_len(host, fd)?;
    let socket = host.socket(fd)?;
    if taken == 0 && !buf.is_empty() {
        socket.check()?;
        if !is_finished && !socket.is_read_shut {
            return Ok(None);
        }
    }
    // A FIN that is yet to be read counts as one byte.
    let end = usize::from(is_finished && unread == 0);
    Ok(Some(Received {
        len: taken,
        unread: socket.tells_unread.then_some(unread + end),
    }))
}

/// `SIOCINQ`: how much can be read.
pub(crate) fn unread_len(host: &mut Host, fd: RawFd) -> Answer<usize> {
    let socket = host.socket(fd)?;
    if matches!(socket.kind, Kind::Listener(_)) {
        return Err(Errno(libc::EINVAL));
    }
    let conn = socket.conn();
    Ok(conn.map_or(0, |conn| host.stack.readable_len(conn)))
}

/// `SIOCINQ`, `SIOCOUTQ` and `SIOCOUTQNSD`.
pub(crate) fn ioctl(host: &mut Host, fd: RawFd, request: u64) -> Answer<i32> {
    let conn = host.socket(fd)?.conn();
    let info = conn.and_then(|conn| host.stack.info(host.now, conn));
    let len = match request {
        libc::FIONREAD => unread_len(host, fd)?,
        libc::TIOCOUTQ => info.map_or(0, |info| info.unacknowledged_len as usize),
        SIOCOUTQNSD => info.map_or(0, |info| info.unsent_len as usize),
        _ => return Err(Errno(libc::ENOTTY)),
    };
    Ok(i32::try_from(len).unwrap_or(i32::MAX))
}

pub(crate) fn shutdown(host: &mut Host, fd: RawFd, how: i32) -> Answer<()> {
    let now = host.now;
    let socket = host.socket(fd)?;
    let Kind::Connection { conn, progress } = socket.kind else {
        return Err(Errno(libc::ENOTCONN));
    };
    if progress == Progress::Ended && socket.is_write_shut {
        return Err(Errno(libc::ENOTCONN));
    }
    socket.is_read_shut |= how != libc::SHUT_WR;
    if how != libc::SHUT_RD {
        socket.is_write_shut = true;
        host.stack.shutdown(now, conn);
    }
    host.socket(fd)?.wakes += 1;
    Ok(())
}

pub(crate) fn close(host: &mut Host, fd: RawFd) -> Answer<()> {
    let now = host.now;
    let aborts = host.socket(fd).is_ok_and(|socket| socket.aborts_on_close);
    match host.forget(fd)? {
        Some(Kind::Connection { conn, .. }) if aborts => host.stack.abort(now, conn),
        Some(Kind::Listener(port)) => host.stack.unlisten(now, port),
        Some(Kind::Connection { conn, .. }) => host.stack.close(now, conn),
        Some(Kind::Fresh(_)) | None => {}
    }
    Ok(())
}

/// `F_GETFL` and `F_SETFL`; others change nothing here.
pub(crate) fn fcntl(host: &mut Host, fd: RawFd, command: i32, argument: i32) -> Answer<i32> {
    let socket = host.socket(fd)?;
    match command {
        libc::F_GETFL if socket.is_blocking => Ok(libc::O_RDWR),
        libc::F_GETFL => Ok(libc::O_RDWR | libc::O_NONBLOCK),
        libc::F_SETFL => {
            socket.is_blocking = argument & libc::O_NONBLOCK == 0;
            Ok(0)
        }
        _ => Ok(0),
    }
}

/// The state of a socket's connection, if there is one.
pub(crate) fn state(host: &Host, socket: &Socket) -> TcpState {
    match socket.kind {
        Kind::Fresh(_) => TcpState::Closed,
        Kind::Listener(_) => TcpState::Listen,
        Kind::Connection { conn, .. } => host.stack.state(conn).unwrap_or(TcpState::Closed),
    }
}

fn would_block<T>(is_blocking: bool) -> Attempt<T> {
    if is_blocking {
        Attempt::Blocked(None)
    } else {
        Attempt::Done(Err(Errno(libc::EAGAIN)))
    }
}
