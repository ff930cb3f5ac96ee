//! `poll` and `epoll`: what can be done without waiting.

use crate::calls;
use crate::errno::{Answer, Errno};
use crate::host::{Attempt, Host};
use crate::socket::{Kind, Progress};
use libc::{c_int, c_short};
use std::collections::BTreeMap;
use std::os::fd::RawFd;
use synema_core::time::{Duration, Instant};
use synema_core::trace::TcpState;

/// What an `epoll` watches.
#[derive(Debug, Default)]
pub(crate) struct Epoll {
    watched: BTreeMap<RawFd, Watched>,
}

#[derive(Debug)]
struct Watched {
    events: u32,
    data: u64,
    /// With `EPOLLET`, [`Socket::wakes`](crate::socket::Socket) when it was told last.
    told: Option<u64>,
    /// With `EPOLLONESHOT`, it was told.
    is_off: bool,
}

impl Epoll {
    pub(crate) fn forget(&mut self, fd: RawFd) {
        self.watched.remove(&fd);
    }
}

/// When a call with a timeout in milliseconds gives up; `None` if never.
pub(crate) fn deadline(now: Instant, timeout_ms: c_int) -> Option<Instant> {
    let timeout_ms = u64::try_from(timeout_ms).ok()?;
    Some(now + Duration::from_millis(timeout_ms))
}

/// What can be done with a descriptor now.
pub(crate) fn of(host: &mut Host, fd: RawFd) -> Answer<c_short> {
    host.socket(fd)?;
    let Some(socket) = host.sockets.get(&fd) else {
        return Err(Errno(libc::EBADF));
    };
    let mut ready = 0;
    if socket.error.is_some() {
        ready |= libc::POLLERR;
    }
    match &socket.kind {
        Kind::Fresh(_) => ready |= libc::POLLOUT | libc::POLLHUP,
        Kind::Listener(port) if host.stack.acceptable_len(*port) > 0 => ready |= libc::POLLIN,
        Kind::Listener(_)
        | Kind::Connection {
            progress: Progress::Calling,
            ..
        } => {}
        Kind::Connection { conn, .. } => {
            let is_over = calls::state(host, socket) == TcpState::Closed;
            let ends = host.stack.is_read_finished(*conn) || socket.is_read_shut;
            if host.stack.readable_len(*conn) > 0 || ends {
                ready |= libc::POLLIN | libc::POLLRDNORM;
            }
            if ends {
                ready |= libc::POLLRDHUP;
            }
            if is_over || (ends && socket.is_write_shut) {
                ready |= libc::POLLHUP;
            }
            if is_over || socket.is_write_shut || host.stack.is_writable(*conn) {
                ready |= libc::POLLOUT | libc::POLLWRNORM;
            }
        }
    }
    Ok(ready)
}

/// Fills in what `fds` were asked about.
pub(crate) fn poll(
    host: &mut Host,
    fds: &mut [libc::pollfd],
    until: Option<Instant>,
) -> Attempt<usize> {
    let mut count = 0;
    for asked in fds.iter_mut() {
        let ready = of(host, asked.fd).unwrap_or(libc::POLLNVAL);
        let always = libc::POLLERR | libc::POLLHUP | libc::POLLNVAL;
        asked.revents = ready & (asked.events | always);
        count += usize::from(asked.revents != 0);
    }
    if count > 0 || until.is_some_and(|at| at <= host.now) {
        Attempt::Done(Ok(count))
    } else {
        Attempt::Blocked(until)
    }
}

pub(crate) fn control(
    host: &mut Host,
    epoll: RawFd,
    operation: c_int,
    fd: RawFd,
    event: Option<libc::epoll_event>,
) -> Answer<()> {
    host.socket(fd)?;
    let epoll = host.epolls.get_mut(&epoll).ok_or(Errno(libc::EINVAL))?;
    let is_watched = epoll.watched.contains_key(&fd);
    match operation {
        libc::EPOLL_CTL_ADD if is_watched => return Err(Errno(libc::EEXIST)),
        libc::EPOLL_CTL_ADD => {}
        libc::EPOLL_CTL_MOD | libc::EPOLL_CTL_DEL if !is_watched => {
            return Err(Errno(libc::ENOENT));
        }
        libc::EPOLL_CTL_MOD => {}
        libc::EPOLL_CTL_DEL => {
            epoll.forget(fd);
            return Ok(());
        }
        _ => return Err(Errno(libc::EINVAL)),
    }
    let event = event.ok_or(Errno(libc::EFAULT))?;
    let watched = Watched {
        events: event.events,
        data: event.u64,
        told: None,
        is_off: false,
    };
    epoll.watched.insert(fd, watched);
    Ok(())
}

/// The events, at most `max`, that an `epoll` has to tell.
pub(crate) fn wait(
    host: &mut Host,
    epoll: RawFd,
    max: usize,
    until: Option<Instant>,
) -> Attempt<Vec<libc::epoll_event>> {
    match ready(host, epoll, max) {
        Ok(events) if !events.is_empty() => Attempt::Done(Ok(events)),
        Ok(_) if until.is_none_or(|at| at > host.now) => Attempt::Blocked(until),
        done => Attempt::Done(done),
    }
}

fn ready(host: &mut Host, epoll: RawFd, max: usize) -> Answer<Vec<libc::epoll_event>> {
    let watching = host.epolls.get_mut(&epoll).ok_or(Errno(libc::EINVAL))?;
    let mut watched = std::mem::take(&mut watching.watched);
    let mut events = Vec::new();
    for (&fd, watched) in &mut watched {
        let always = libc::EPOLLERR | libc::EPOLLHUP;
        let mask = watched.events | always as u32;
        let told = of(host, fd).map_or(0, |ready| u32::from(ready.cast_unsigned()) & mask);
        let wakes = host.socket(fd).map_or(0, |socket| socket.wakes);
        let is_edge = watched.events & libc::EPOLLET as u32 != 0;
        let is_news = !is_edge || watched.told != Some(wakes);
        if told == 0 || !is_news || watched.is_off || events.len() >= max {
            continue;
        }
        watched.told = Some(wakes);
        watched.is_off = watched.events & libc::EPOLLONESHOT as u32 != 0;
        events.push(libc::epoll_event {
            events: told,
            u64: watched.data,
        });
    }
    if let Some(watching) = host.epolls.get_mut(&epoll) {
        watching.watched = watched;
    }
    Ok(events)
}
