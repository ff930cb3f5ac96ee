//! Functions of libc that packetdrill calls past its interface, for this library to
//! stand in for when it is preloaded: `getsockopt`, with which it asks for `TCP_INFO`,
//! and two that need rights which virtual time has no use for.

use crate::host;
use crate::memory::{self, answered_int};
use crate::sockopt;
use libc::{c_int, c_void, socklen_t};

/// `getsockopt` of our sockets; the kernel's for all others.
///
/// # Safety
/// As for libc's: unless they are null, `len` points to the room at `value`.
#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    let is_ours = host::lock().is_some_and(|host| host.sockets.contains_key(&fd));
    if !is_ours {
        // SAFETY: the same arguments, whose promises are the caller's.
        let answer = unsafe { libc::syscall(libc::SYS_getsockopt, fd, level, name, value, len) };
        return c_int::try_from(answer).unwrap_or(-1);
    }
    let told = host::call_once(|host| sockopt::value(host, fd, level, name));
    answered_int(told.map(|bytes| {
        // SAFETY: the caller's promise.
        unsafe { memory::put_bytes(&bytes, value, len) };
        0
    }))
}

/// Memory need not be pinned: nothing is timed by the machine's clock.
#[unsafe(no_mangle)]
extern "C" fn mlockall(_flags: c_int) -> c_int {
    0
}

/// Nor does anybody need to be quick.
#[unsafe(no_mangle)]
extern "C" fn sched_setscheduler(_pid: c_int, _policy: c_int, _param: *const c_void) -> c_int {
    0
}
