//! `getsockopt` and `setsockopt`.

use crate::errno::{Answer, Errno};
use crate::host::Host;
use crate::info;
use crate::socket::Kind;
use std::os::fd::RawFd;
use synema_core::tcp::policy::Nagle;
use synema_core::time::Duration;

/// `TCP_NOTSENT_LOWAT`, which the libc crate does not name everywhere.
const TCP_NOTSENT_LOWAT: i32 = 25;
/// What a segment holds where nothing else is known (RFC 9293 §3.7.1), bytes.
const DEFAULT_MSS: u16 = 536;
/// `TCP_INQ`, which the libc crate does not name.
const TCP_INQ: i32 = 36;
/// `TCP_CC_INFO`
const TCP_CC_INFO: i32 = 26;
/// `SO_MEMINFO`
const SO_MEMINFO: i32 = 55;
/// The nine numbers of `SO_MEMINFO`, in bytes.
const MEMINFO_LEN: usize = 36;
/// Beyond it a send buffer's size is not asked for by anybody.
const MAX_BUFFER_LEN: i32 = 1 << 30;

/// Sets an option; `value` is what was handed in, of any length.
pub(crate) fn set(host: &mut Host, fd: RawFd, level: i32, name: i32, value: &[u8]) -> Answer<()> {
    let socket = host.socket(fd)?;
    let Some(number) = number_in(level, value) else {
        return Err(Errno(libc::EINVAL));
    };
    match (level, name) {
        (libc::SOL_TCP, libc::TCP_NODELAY) => {
            socket.is_without_delay = number != 0;
            return set_nagle(host, fd, number != 0);
        }
        (libc::SOL_TCP, libc::TCP_CORK) => {
            socket.is_corked = number != 0;
            return set_nagle(host, fd, number == 0);
        }
        (libc::SOL_TCP, libc::TCP_MAXSEG) => {
            let limit = u16::try_from(number).map_err(|_| Errno(libc::EINVAL))?;
            socket.policy.offer.mss_limit = (limit > 0).then_some(limit);
        }
        (libc::SOL_TCP, TCP_NOTSENT_LOWAT) => {
            socket.unsent_limit = number.cast_unsigned();
            let chosen = (number != 0).then_some(socket.unsent_limit);
            let limit = chosen.or(host.settings.policy().send.unsent_limit);
            host.socket(fd)?.policy.send.unsent_limit = limit;
        }
        (libc::SOL_TCP, TCP_INQ) => socket.tells_unread = number != 0,
        (libc::SOL_TCP, libc::TCP_USER_TIMEOUT) => {
            let ms = u64::from(number.max(0).cast_unsigned());
            let patience = (ms > 0).then(|| Duration::from_millis(ms));
            socket.policy.timing.user_timeout = patience;
        }
        (libc::SOL_SOCKET, libc::SO_KEEPALIVE) => {
            let settings = (number != 0).then_some(socket.keep_alive);
            socket.policy.timing.keep_alive = settings;
        }
        (libc::SOL_TCP, libc::TCP_KEEPIDLE | libc::TCP_KEEPINTVL | libc::TCP_KEEPCNT) => {
            let settings = &mut socket.keep_alive;
            let number = number.clamp(1, i32::from(i16::MAX)).cast_unsigned();
            let seconds = Duration::from_secs(number.into());
            match name {
                libc::TCP_KEEPIDLE => settings.idle = seconds,
                libc::TCP_KEEPINTVL => settings.interval = seconds,
                _ => settings.count = u8::try_from(number).unwrap_or(u8::MAX),
            }
            if let Some(keep_alive) = &mut socket.policy.timing.keep_alive {
                *keep_alive = socket.keep_alive;
            }
        }
        (libc::SOL_SOCKET, libc::SO_SNDBUF) => {
            // As Linux does: half of it is meant for what is kept beside the bytes.
            let len = number.clamp(0, MAX_BUFFER_LEN).cast_unsigned() * 2;
            socket.policy.send.buffer_len = len;
        }
        _ => {
            let options = &mut socket.remembered;
            options.retain(|(l, n, _)| (*l, *n) != (level, name));
            options.push((level, name, number));
            return Ok(());
        }
    }
    apply(host, fd)
}

/// What waits for company goes out at once if `pushes`.
fn set_nagle(host: &mut Host, fd: RawFd, pushes: bool) -> Answer<()> {
    let now = host.now;
    let socket = host.socket(fd)?;
    socket.policy.send.nagle = match (socket.is_corked, socket.is_without_delay) {
        (true, _) => Nagle::Cork,
        (false, true) => Nagle::Off,
        (false, false) => Nagle::Minshall,
    };
    let conn = socket.conn();
    apply(host, fd)?;
    if let Some(conn) = conn.filter(|_| pushes) {
        host.stack.push(now, conn);
    }
    Ok(())
}

/// Makes a connection, or those that a listener will have, behave as its policy says now.
fn apply(host: &mut Host, fd: RawFd) -> Answer<()> {
    let now = host.now;
    let socket = host.socket(fd)?;
    let policy = socket.policy.clone();
    match socket.kind {
        Kind::Fresh(_) => {}
        Kind::Connection { conn, .. } => host.stack.set_policy(now, conn, &policy),
        Kind::Listener(port) => host.stack.set_listen_policy(port, &policy),
    }
    Ok(())
}

/// An option's value, as it is to be copied to the caller.
pub(crate) fn value(host: &mut Host, fd: RawFd, level: i32, name: i32) -> Answer<Vec<u8>> {
    let socket = host.socket(fd)?;
    let number = match (level, name) {
        (libc::SOL_TCP, libc::TCP_INFO) => return info::tcp_info(host, fd),
        (libc::SOL_TCP, TCP_CC_INFO) => return Ok(Vec::new()),
        (libc::SOL_SOCKET, SO_MEMINFO) => return Ok(vec![0; MEMINFO_LEN]),
        (libc::SOL_SOCKET, libc::SO_ERROR) => socket.error.take().map_or(0, |Errno(number)| number),
        (libc::SOL_SOCKET, libc::SO_SNDBUF) => socket.policy.send.buffer_len.cast_signed(),
        (libc::SOL_SOCKET, libc::SO_TYPE) => libc::SOCK_STREAM,
        (libc::SOL_TCP, libc::TCP_NODELAY) => i32::from(socket.is_without_delay),
        (libc::SOL_TCP, libc::TCP_CORK) => i32::from(socket.is_corked),
        (libc::SOL_TCP, libc::TCP_MAXSEG) => max_segment(host, fd)?,
        (libc::SOL_TCP, TCP_NOTSENT_LOWAT) => socket.unsent_limit.cast_signed(),
        (libc::SOL_TCP, TCP_INQ) => i32::from(socket.tells_unread),
        _ => {
            let mut options = socket.remembered.iter();
            let found = options.find(|(l, n, _)| (*l, *n) == (level, name));
            found.map_or(0, |(_, _, number)| *number)
        }
    };
    Ok(number.to_ne_bytes().to_vec())
}

/// What a segment carries, or may carry once there is a connection.
fn max_segment(host: &mut Host, fd: RawFd) -> Answer<i32> {
    let socket = host.socket(fd)?;
    let limit = socket.policy.offer.mss_limit.unwrap_or(DEFAULT_MSS);
    let conn = socket.conn();
    let info = conn.and_then(|conn| host.stack.info(host.now, conn));
    let len = info.map_or(limit.into(), |info| info.send_mss);
    Ok(i32::try_from(len).unwrap_or(i32::MAX))
}

/// An option's number: an `int`, or one byte where the option is IP's (as in Linux).
fn number_in(level: i32, value: &[u8]) -> Option<i32> {
    match value {
        &[byte] if level == libc::SOL_IP => Some(byte.into()),
        _ => value.first_chunk().copied().map(i32::from_ne_bytes),
    }
}
