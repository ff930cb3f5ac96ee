//! `getsockopt` and `setsockopt`.

use crate::errno::{Answer, Errno};
use crate::host::Host;
use crate::info;
use crate::socket::{Kind, Socket};
use std::os::fd::RawFd;
use synema_core::tcp::Policy;
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
    let number = number_in(level, value).ok_or(Errno(libc::EINVAL))?;
    let usual = host.settings.policy();
    let socket = host.socket(fd)?;
    match level {
        libc::SOL_TCP => match name {
            libc::TCP_NODELAY | libc::TCP_CORK => return set_nagle(host, fd, name, number != 0),
            _ => set_tcp(socket, name, number, &usual)?,
        },
        libc::SOL_SOCKET if name == libc::SO_LINGER => {
            // The second number of the structure is the time; zero means a reset.
            let time = value.get(4..).and_then(|time| number_in(level, time));
            socket.aborts_on_close = number != 0 && time == Some(0);
        }
        libc::SOL_SOCKET => set_socket(socket, name, number),
        libc::SOL_IP => set_ip(socket, name, number)?,
        _ => return Err(Errno(libc::ENOPROTOOPT)),
    }
    socket.remember(level, name, number);
    apply(host, fd)
}

fn set_tcp(socket: &mut Socket, name: i32, number: i32, usual: &Policy) -> Answer<()> {
    let policy = &mut socket.policy;
    match name {
        libc::TCP_MAXSEG => {
            let limit = u16::try_from(number).map_err(|_| Errno(libc::EINVAL))?;
            policy.offer.mss_limit = (limit > 0).then_some(limit);
        }
        TCP_NOTSENT_LOWAT => {
            let chosen = (number != 0).then_some(number.cast_unsigned());
            policy.send.unsent_limit = chosen.or(usual.send.unsent_limit);
        }
        TCP_INQ => socket.tells_unread = number != 0,
        libc::TCP_USER_TIMEOUT => {
            let ms = u64::from(number.max(0).cast_unsigned());
            policy.timing.user_timeout = (ms > 0).then(|| Duration::from_millis(ms));
        }
        libc::TCP_KEEPIDLE | libc::TCP_KEEPINTVL | libc::TCP_KEEPCNT => {
            let settings = &mut socket.keep_alive;
            let number = number.clamp(1, i32::from(i16::MAX)).cast_unsigned();
            let seconds = Duration::from_secs(number.into());
            match name {
                libc::TCP_KEEPIDLE => settings.idle = seconds,
                libc::TCP_KEEPINTVL => settings.interval = seconds,
                _ => settings.count = u8::try_from(number).unwrap_or(u8::MAX),
            }
            if let Some(keep_alive) = &mut policy.timing.keep_alive {
                *keep_alive = *settings;
            }
        }
        _ => {}
    }
    Ok(())
}

fn set_socket(socket: &mut Socket, name: i32, number: i32) {
    match name {
        libc::SO_KEEPALIVE => {
            let settings = (number != 0).then_some(socket.keep_alive);
            socket.policy.timing.keep_alive = settings;
        }
        libc::SO_SNDBUF => {
            // As Linux does: half of it is meant for what is kept beside the bytes.
            let len = number.clamp(0, MAX_BUFFER_LEN).cast_unsigned() * 2;
            socket.policy.send.buffer_len = len;
        }
        _ => {}
    }
}

fn set_ip(socket: &mut Socket, name: i32, number: i32) -> Answer<()> {
    let byte = u8::try_from(number).map_err(|_| Errno(libc::EINVAL));
    match name {
        // The two low bits are ECN's, not the application's.
        libc::IP_TOS => socket.policy.send.dscp = byte? >> 2,
        libc::IP_TTL => socket.policy.send.ttl = byte?.max(1),
        _ => {}
    }
    Ok(())
}

/// `TCP_NODELAY` and the end of `TCP_CORK` send what waits for company at once.
fn set_nagle(host: &mut Host, fd: RawFd, name: i32, is_on: bool) -> Answer<()> {
    let now = host.now;
    let socket = host.socket(fd)?;
    let is_cork = name == libc::TCP_CORK;
    if is_cork {
        socket.is_corked = is_on;
    } else {
        socket.is_without_delay = is_on;
    }
    socket.policy.send.nagle = match (socket.is_corked, socket.is_without_delay) {
        (true, _) => Nagle::Cork,
        (false, true) => Nagle::Off,
        (false, false) => Nagle::Minshall,
    };
    let conn = socket.conn();
    apply(host, fd)?;
    if let Some(conn) = conn.filter(|_| is_cork != is_on) {
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
        (libc::SOL_TCP, TCP_INQ) => i32::from(socket.tells_unread),
        _ => socket.remembered(level, name),
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
