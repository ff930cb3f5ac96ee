//! What a call that fails answers.

use libc::c_int;
use synema_core::trace::CloseReason;

/// The reason, as `errno` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) c_int);

/// What a call answers.
pub(crate) type Answer<T> = Result<T, Errno>;

/// What an application hears of a connection's end; `None` if it ended well.
pub(crate) fn of_end(reason: CloseReason) -> Option<Errno> {
    let errno = match reason {
        CloseReason::Finished | CloseReason::Aborted => return None,
        CloseReason::Refused => libc::ECONNREFUSED,
        CloseReason::ResetByPeer => libc::ECONNRESET,
        CloseReason::TimedOut { .. } => libc::ETIMEDOUT,
        CloseReason::Unreachable { code } => of_unreachable(code),
        CloseReason::NoNeighbour => libc::EHOSTUNREACH,
        CloseReason::AddressLost => libc::ENETDOWN,
    };
    Some(Errno(errno))
}

/// RFC 792's codes, and RFC 1122's, as Linux tells them.
fn of_unreachable(code: u8) -> c_int {
    match code {
        0 | 5 | 6 | 9 | 11 => libc::ENETUNREACH,
        2 => libc::ENOPROTOOPT,
        3 => libc::ECONNREFUSED,
        4 => libc::EMSGSIZE,
        8 => libc::ENONET,
        _ => libc::EHOSTUNREACH,
    }
}
