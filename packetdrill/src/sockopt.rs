//! `getsockopt` and `setsockopt`.

use crate::errno::{Answer, Errno};
use crate::host::Host;
use crate::info;
use crate::socket::Kind;
use std::os::fd::RawFd;
use synema_core::tcp::policy::Nagle;
use synema_core::time::Duration;

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
    let Some(number) = number_in(value) else {
        return Err(Errno(libc::EINVAL));
    };
    match (level, name) {
        (libc::SOL_TCP, libc::TCP_NODELAY) => {
            socket.policy.send.nagle = if number == 0 {
                Nagle::Minshall
            } else {
                Nagle::Off
            };
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
        (libc::SOL_TCP, libc::TCP_NODELAY) => i32::from(socket.policy.send.nagle == Nagle::Off),
        (libc::SOL_TCP, TCP_INQ) => i32::from(socket.tells_unread),
        _ => {
            let mut options = socket.remembered.iter();
            let found = options.find(|(l, n, _)| (*l, *n) == (level, name));
            found.map_or(0, |(_, _, number)| *number)
        }
    };
    Ok(number.to_ne_bytes().to_vec())
}

fn number_in(value: &[u8]) -> Option<i32> {
    let bytes: [u8; 4] = value.get(..4)?.try_into().ok()?;
    Some(i32::from_ne_bytes(bytes))
}
