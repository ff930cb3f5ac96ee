//! The functions of the table, one for each system call, and for the wire and the clock.
//!
//! Each turns C's pointers into slices and values, and calls what does the work. What
//! all of them lean on: packetdrill hands in what the system call of the same name
//! would be handed, and keeps it alive and unshared until the call returns.

use crate::errno::{Answer, Errno};
use crate::host;
use crate::interface::{Fd, User};
use crate::memory::{self, answered, answered_int};
use crate::message::{Received, SendFlags};
use crate::{calls, readiness, sockopt};
use libc::{
    c_int, c_longlong, c_ulong, c_void, iovec, loff_t, msghdr, pollfd, size_t, sockaddr, socklen_t,
    ssize_t, timeval,
};
use synema_core::time::Duration;

/// `TCP_CM_INQ`: what `TCP_INQ` asks for is told under this name.
const TCP_CM_INQ: c_int = 36;

pub(crate) unsafe extern "C" fn free(_: User) {}

pub(crate) unsafe extern "C" fn socket(
    _: User,
    domain: c_int,
    kind: c_int,
    _protocol: c_int,
) -> c_int {
    answered_int(host::call_once(|host| calls::socket(host, domain, kind)))
}

pub(crate) unsafe extern "C" fn bind(
    _: User,
    fd: Fd,
    to: *const sockaddr,
    len: socklen_t,
) -> c_int {
    // SAFETY: an address as bind(2) takes it.
    let to = unsafe { memory::address(to, len) };
    done(to.and_then(|to| host::call_once(|host| calls::bind(host, fd, to))))
}

pub(crate) unsafe extern "C" fn listen(_: User, fd: Fd, backlog: c_int) -> c_int {
    done(host::call_once(|host| {
        calls::listen(host, fd, count_of(backlog))
    }))
}

pub(crate) unsafe extern "C" fn accept(
    _: User,
    fd: Fd,
    from: *mut sockaddr,
    len: *mut socklen_t,
) -> c_int {
    let accepted = host::call(|host| calls::accept(host, fd));
    answered_int(accepted.map(|(fd, remote)| {
        // SAFETY: room for an address as accept(2) takes it.
        unsafe { memory::put_address(remote, from, len) };
        fd
    }))
}

pub(crate) unsafe extern "C" fn connect(
    _: User,
    fd: Fd,
    to: *const sockaddr,
    len: socklen_t,
) -> c_int {
    // SAFETY: an address as connect(2) takes it.
    let to = unsafe { memory::address(to, len) };
    let mut has_begun = false;
    done(to.and_then(|to| host::call(|host| calls::connect(host, fd, to, &mut has_begun))))
}

pub(crate) unsafe extern "C" fn read(user: User, fd: Fd, buf: *mut c_void, len: size_t) -> ssize_t {
    // SAFETY: a buffer as read(2) takes it is one as recv(2) does.
    unsafe { recv(user, fd, buf, len, 0) }
}

pub(crate) unsafe extern "C" fn readv(
    _: User,
    fd: Fd,
    pieces: *const iovec,
    count: c_int,
) -> ssize_t {
    // SAFETY: buffers as readv(2) takes them.
    let received = unsafe { receive_into(fd, pieces, count_of(count), 0) };
    answered(received.map(|received| received.len))
}

pub(crate) unsafe extern "C" fn recv(
    _: User,
    fd: Fd,
    buf: *mut c_void,
    len: size_t,
    flags: c_int,
) -> ssize_t {
    let piece = iovec {
        iov_base: buf,
        iov_len: len,
    };
    // SAFETY: one buffer as recv(2) takes it.
    let received = unsafe { receive_into(fd, &raw const piece, 1, flags) };
    answered(received.map(|received| received.len))
}

pub(crate) unsafe extern "C" fn recvfrom(
    user: User,
    fd: Fd,
    buf: *mut c_void,
    len: size_t,
    flags: c_int,
    _from: *mut sockaddr,
    from_len: *mut socklen_t,
) -> ssize_t {
    // A stream's peer is not told again (as in Linux).
    // SAFETY: as recvfrom(2) takes it, a place for the address's length, or null.
    unsafe { memory::put(from_len, 0) };
    // SAFETY: a buffer as recvfrom(2) takes it is one as recv(2) does.
    unsafe { recv(user, fd, buf, len, flags) }
}

pub(crate) unsafe extern "C" fn recvmsg(
    _: User,
    fd: Fd,
    message: *mut msghdr,
    flags: c_int,
) -> ssize_t {
    // SAFETY: a message as recvmsg(2) takes it.
    let Ok([message]) = (unsafe { memory::values_mut(message, 1) }) else {
        return answered(Err(Errno(libc::EFAULT)));
    };
    // SAFETY: its buffers, as many as it says.
    let received = unsafe { receive_into(fd, message.msg_iov, message.msg_iovlen, flags) };
    answered(received.map(|received| {
        message.msg_flags = 0;
        // SAFETY: the message as it was handed in.
        unsafe { tell_unread(message, received.unread) };
        received.len
    }))
}

pub(crate) unsafe extern "C" fn write(
    user: User,
    fd: Fd,
    data: *const c_void,
    len: size_t,
) -> ssize_t {
    // SAFETY: bytes as write(2) takes them are as send(2) does.
    unsafe { send(user, fd, data, len, 0) }
}

pub(crate) unsafe extern "C" fn writev(
    _: User,
    fd: Fd,
    pieces: *const iovec,
    count: c_int,
) -> ssize_t {
    // SAFETY: pieces as writev(2) takes them.
    let data = unsafe { memory::gather(pieces, count_of(count)) };
    answered(data.and_then(|data| send_all(fd, &data, 0)))
}

pub(crate) unsafe extern "C" fn send(
    _: User,
    fd: Fd,
    data: *const c_void,
    len: size_t,
    flags: c_int,
) -> ssize_t {
    // SAFETY: bytes as send(2) takes them.
    let data = unsafe { memory::bytes(data, len) };
    answered(data.and_then(|data| send_all(fd, data, flags)))
}

pub(crate) unsafe extern "C" fn sendto(
    user: User,
    fd: Fd,
    data: *const c_void,
    len: size_t,
    flags: c_int,
    _to: *const sockaddr,
    _to_len: socklen_t,
) -> ssize_t {
    // A stream goes where it is connected to (as in Linux).
    // SAFETY: bytes as sendto(2) takes them are as send(2) does.
    unsafe { send(user, fd, data, len, flags) }
}

pub(crate) unsafe extern "C" fn sendmsg(
    _: User,
    fd: Fd,
    message: *const msghdr,
    flags: c_int,
) -> ssize_t {
    // SAFETY: a message as sendmsg(2) takes it; it is not written.
    let Ok([message]) = (unsafe { memory::values_mut(message.cast_mut(), 1) }) else {
        return answered(Err(Errno(libc::EFAULT)));
    };
    // SAFETY: its pieces, as many as it says.
    let data = unsafe { memory::gather(message.msg_iov, message.msg_iovlen) };
    answered(data.and_then(|data| send_all(fd, &data, flags)))
}

pub(crate) unsafe extern "C" fn fcntl(_: User, fd: Fd, command: c_int, argument: c_int) -> c_int {
    answered_int(host::call_once(|host| {
        calls::fcntl(host, fd, command, argument)
    }))
}

pub(crate) unsafe extern "C" fn ioctl(
    _: User,
    fd: Fd,
    request: c_ulong,
    value: *mut c_int,
) -> c_int {
    let told = host::call_once(|host| calls::ioctl(host, fd, request));
    done(told.map(|number| {
        // SAFETY: these requests answer an int, for which ioctl(2) takes the place.
        unsafe { memory::put(value, number) };
    }))
}

pub(crate) unsafe extern "C" fn close(_: User, fd: Fd) -> c_int {
    done(host::call_once(|host| calls::close(host, fd)))
}

pub(crate) unsafe extern "C" fn shutdown(_: User, fd: Fd, how: c_int) -> c_int {
    done(host::call_once(|host| calls::shutdown(host, fd, how)))
}

pub(crate) unsafe extern "C" fn getsockopt(
    _: User,
    fd: Fd,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    let told = host::call_once(|host| sockopt::value(host, fd, level, name));
    done(told.map(|bytes| {
        // SAFETY: room for the value as getsockopt(2) takes it.
        unsafe { memory::put_bytes(&bytes, value, len) };
    }))
}

pub(crate) unsafe extern "C" fn setsockopt(
    _: User,
    fd: Fd,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: a value as setsockopt(2) takes it.
    let value = unsafe { memory::bytes(value, len) };
    done(value.and_then(|value| host::call_once(|host| sockopt::set(host, fd, level, name, value))))
}

pub(crate) unsafe extern "C" fn poll(
    _: User,
    fds: *mut pollfd,
    count: libc::nfds_t,
    timeout_ms: c_int,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: as many entries as poll(2) takes.
    let fds = match unsafe { memory::values_mut(fds, count) } {
        Ok(fds) => fds,
        Err(errno) => return done(Err(errno)),
    };
    let mut until = None;
    answered_int(count_in(host::call(|host| {
        let until = *until.get_or_insert_with(|| readiness::deadline(host.now, timeout_ms));
        readiness::poll(host, fds, until)
    })))
}

pub(crate) unsafe extern "C" fn netdev_send(_: User, packet: *const c_void, len: size_t) -> c_int {
    // SAFETY: a packet of that length.
    let packet = unsafe { memory::bytes(packet, len) };
    done(packet.map(host::receive))
}

/// Without a packet it answers one of no length, which packetdrill reports.
pub(crate) unsafe extern "C" fn netdev_receive(
    _: User,
    buf: *mut c_void,
    len: *mut size_t,
    time_us: *mut c_longlong,
) -> c_int {
    // SAFETY: the length of `buf`, to be written as well.
    let Ok([len]) = (unsafe { memory::values_mut(len, 1) }) else {
        return done(Err(Errno(libc::EFAULT)));
    };
    // SAFETY: a buffer of that length.
    let buf = match unsafe { memory::values_mut::<u8>(buf.cast(), *len) } {
        Ok(buf) => buf,
        Err(errno) => return done(Err(errno)),
    };
    let sent = host::next_sent();
    let (at, packet) = sent.unwrap_or_default();
    let n = packet.len().min(buf.len());
    buf[..n].copy_from_slice(&packet[..n]);
    *len = n;
    let at_us = c_longlong::try_from(at.as_micros()).unwrap_or(c_longlong::MAX);
    // SAFETY: a place for the time.
    unsafe { memory::put(time_us, at_us) };
    0
}

pub(crate) unsafe extern "C" fn usleep(_: User, length_us: libc::useconds_t) -> c_int {
    host::sleep(Duration::from_micros(length_us.into()));
    0
}

pub(crate) unsafe extern "C" fn gettimeofday(
    _: User,
    to: *mut timeval,
    _zone: *mut c_void,
) -> c_int {
    let now = host::read_clock().ok_or(Errno(libc::ENODEV));
    done(now.map(|now| {
        let us = now.as_micros().cast_signed();
        let value = timeval {
            tv_sec: us / 1_000_000,
            tv_usec: us % 1_000_000,
        };
        // SAFETY: a place for the time, as gettimeofday(2) takes it.
        unsafe { memory::put(to, value) };
    }))
}

pub(crate) unsafe extern "C" fn epoll_create(_: User, _size: c_int) -> c_int {
    answered_int(host::call_once(host::Host::add_epoll))
}

pub(crate) unsafe extern "C" fn epoll_ctl(
    _: User,
    epoll: Fd,
    operation: c_int,
    fd: Fd,
    event: *mut libc::epoll_event,
) -> c_int {
    // SAFETY: an event as epoll_ctl(2) takes it, or null.
    let event = unsafe { memory::values_mut(event, 1) };
    let event = event.ok().and_then(|events| events.first().copied());
    done(host::call_once(|host| {
        readiness::control(host, epoll, operation, fd, event)
    }))
}

pub(crate) unsafe extern "C" fn epoll_wait(
    _: User,
    epoll: Fd,
    events: *mut libc::epoll_event,
    max: c_int,
    timeout_ms: c_int,
) -> c_int {
    // SAFETY: room for as many events as epoll_wait(2) takes.
    let events = match unsafe { memory::values_mut(events, count_of(max)) } {
        Ok(events) => events,
        Err(errno) => return done(Err(errno)),
    };
    let mut until = None;
    let ready = host::call(|host| {
        let until = *until.get_or_insert_with(|| readiness::deadline(host.now, timeout_ms));
        readiness::wait(host, epoll, events.len(), until)
    });
    answered_int(count_in(ready.map(|ready| {
        for (place, event) in events.iter_mut().zip(&ready) {
            *place = *event;
        }
        ready.len()
    })))
}

pub(crate) unsafe extern "C" fn pipe(_: User, _ends: *mut c_int) -> c_int {
    done(Err(Errno(libc::ENOSYS)))
}

pub(crate) unsafe extern "C" fn splice(
    _: User,
    _from: Fd,
    _from_offset: *mut loff_t,
    _to: Fd,
    _to_offset: *mut loff_t,
    _len: size_t,
    _flags: libc::c_uint,
) -> ssize_t {
    answered(Err(Errno(libc::ENOSYS)))
}

fn send_all(fd: Fd, data: &[u8], flags: c_int) -> Answer<usize> {
    let (flags, mut sent) = (SendFlags::from(flags), 0);
    host::call(|host| calls::send(host, fd, data, flags, &mut sent))
}

/// # Safety
/// Unless it is null, `pieces` points to `count` buffers that may be written.
unsafe fn receive_into(
    fd: Fd,
    pieces: *const iovec,
    count: usize,
    flags: c_int,
) -> Answer<Received> {
    // SAFETY: the caller's promise.
    let room = unsafe { memory::room(pieces, count) }?;
    let mut buf = vec![0; room];
    let dont_wait = flags & libc::MSG_DONTWAIT != 0;
    let received = host::call(|host| calls::recv(host, fd, &mut buf, dont_wait))?;
    // SAFETY: the caller's promise.
    unsafe { memory::scatter(&buf[..received.len], pieces, count) }?;
    Ok(received)
}

/// Puts how much is unread into a message's control data.
///
/// # Safety
/// The message's control pointer and length are those of recvmsg(2).
unsafe fn tell_unread(message: &mut msghdr, unread: Option<usize>) {
    let number = unread.map(|len| c_int::try_from(len).unwrap_or(c_int::MAX));
    let len = size_of::<c_int>() as u32;
    // SAFETY: only computes.
    let (space, told_len) = unsafe { (libc::CMSG_SPACE(len), libc::CMSG_LEN(len)) };
    let fits = message.msg_controllen >= space as usize;
    // SAFETY: the control buffer is as long as the message says.
    let first = unsafe { libc::CMSG_FIRSTHDR(message) };
    match number {
        Some(number) if fits && !first.is_null() => {
            let header = libc::cmsghdr {
                cmsg_len: told_len as usize,
                cmsg_level: libc::SOL_TCP,
                cmsg_type: TCP_CM_INQ,
            };
            // SAFETY: there is room for a header and an int, checked above.
            unsafe {
                memory::put(first, header);
                memory::put(libc::CMSG_DATA(first).cast(), number);
            }
            message.msg_controllen = space as usize;
        }
        _ => message.msg_controllen = 0,
    }
}

fn done(answer: Answer<()>) -> c_int {
    answered_int(answer.map(|()| 0))
}

fn count_in(answer: Answer<usize>) -> Answer<c_int> {
    answer.map(|count| c_int::try_from(count).unwrap_or(c_int::MAX))
}

fn count_of(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(0)
}
