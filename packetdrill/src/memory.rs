//! What C hands us by pointers, as slices and values; and back.
//!
//! A null pointer is an error (`EFAULT`); any other is believed, as a library in
//! the same process must.

use crate::errno::{Answer, Errno};
use libc::{c_int, c_void, socklen_t};
use std::net::SocketAddrV4;

const FAULT: Errno = Errno(libc::EFAULT);

/// `len` bytes to read. Null is fine if there are none.
///
/// # Safety
/// Unless it is null, `start` points to `len` bytes that nobody writes to during `'a`.
pub(crate) unsafe fn bytes<'a>(start: *const c_void, len: usize) -> Answer<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if start.is_null() {
        return Err(FAULT);
    }
    // SAFETY: not null, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(start.cast(), len) })
}

/// `len` values to write. Null is fine if there are none.
///
/// # Safety
/// Unless it is null, `start` points to `len` initialised values that nobody else
/// uses during `'a`, aligned for `T`.
pub(crate) unsafe fn values_mut<'a, T>(start: *mut T, len: usize) -> Answer<&'a mut [T]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if start.is_null() {
        return Err(FAULT);
    }
    // SAFETY: not null, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts_mut(start, len) })
}

/// Writes one value, if it is wanted.
///
/// # Safety
/// Unless it is null, `to` may be written to.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: not null, and the caller promises that it may be written; it need
        // not be aligned.
        unsafe { to.write_unaligned(value) };
    }
}

/// An IPv4 address and port.
///
/// # Safety
/// Unless it is null, `address` points to `len` bytes.
pub(crate) unsafe fn address(
    address: *const libc::sockaddr,
    len: socklen_t,
) -> Answer<SocketAddrV4> {
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: the caller's promise; only this call reads it.
    let bytes = unsafe { bytes(address.cast(), len) }?;
    let Some(&[f0, f1, p0, p1, a, b, c, d]) = bytes.first_chunk() else {
        return Err(Errno(libc::EINVAL));
    };
    if c_int::from(u16::from_ne_bytes([f0, f1])) != libc::AF_INET {
        return Err(Errno(libc::EAFNOSUPPORT));
    }
    Ok(SocketAddrV4::new(
        [a, b, c, d].into(),
        u16::from_be_bytes([p0, p1]),
    ))
}

/// Writes an address as far as there is room, and its whole length.
///
/// # Safety
/// Unless they are null, `len` points to the room at `to`, in bytes, and that many
/// may be written there.
pub(crate) unsafe fn put_address(
    address: SocketAddrV4,
    to: *mut libc::sockaddr,
    len: *mut socklen_t,
) {
    let mut bytes = [0; size_of::<libc::sockaddr_in>()];
    let family = (libc::AF_INET as u16).to_ne_bytes();
    bytes[..2].copy_from_slice(&family);
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    bytes[4..8].copy_from_slice(&address.ip().octets());
    // SAFETY: the caller's promise.
    unsafe { put_bytes(&bytes, to.cast(), len) };
}

/// Writes bytes as far as there is room, and how many there were.
///
/// # Safety
/// Unless they are null, `len` points to the room at `to`, in bytes, and that many
/// may be written there.
pub(crate) unsafe fn put_bytes(bytes: &[u8], to: *mut c_void, len: *mut socklen_t) {
    if to.is_null() || len.is_null() {
        return;
    }
    // SAFETY: not null, and the caller promises that it can be read.
    let room = usize::try_from(unsafe { len.read_unaligned() }).unwrap_or(0);
    let n = room.min(bytes.len());
    // SAFETY: `n` is not beyond the room at `to`, and `bytes` is another piece of memory.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.cast(), n) };
    let told = socklen_t::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: not null, and the caller promises that it may be written.
    unsafe { put(len, told) };
}

/// All bytes of the pieces.
///
/// # Safety
/// Unless it is null, `pieces` points to `count` of them, each as [`bytes`] wants it.
pub(crate) unsafe fn gather(pieces: *const libc::iovec, count: usize) -> Answer<Vec<u8>> {
    // SAFETY: the caller's promise; nothing is written through it.
    let pieces = unsafe { values_mut(pieces.cast_mut(), count) }?;
    let mut all = Vec::new();
    for piece in pieces {
        // SAFETY: the caller's promise for each piece.
        all.extend_from_slice(unsafe { bytes(piece.iov_base, piece.iov_len) }?);
    }
    Ok(all)
}

/// How many bytes the pieces have room for.
///
/// # Safety
/// Unless it is null, `pieces` points to `count` of them.
pub(crate) unsafe fn room(pieces: *const libc::iovec, count: usize) -> Answer<usize> {
    // SAFETY: the caller's promise; nothing is written through it.
    let pieces = unsafe { values_mut(pieces.cast_mut(), count) }?;
    if pieces.iter().any(|p| p.iov_base.is_null() && p.iov_len > 0) {
        return Err(FAULT);
    }
    Ok(pieces.iter().map(|piece| piece.iov_len).sum())
}

/// Writes bytes into the pieces, one after the other.
///
/// # Safety
/// As for [`room`], and what each points to may be written.
pub(crate) unsafe fn scatter(
    mut bytes: &[u8],
    pieces: *const libc::iovec,
    count: usize,
) -> Answer<()> {
    // SAFETY: the caller's promise; the pieces themselves are not written.
    for piece in unsafe { values_mut(pieces.cast_mut(), count) }? {
        let n = bytes.len().min(piece.iov_len);
        let (now, later) = bytes.split_at(n);
        // SAFETY: the caller's promise for each piece; `n` is not beyond its length.
        let to = unsafe { values_mut::<u8>(piece.iov_base.cast(), n) }?;
        to.copy_from_slice(now);
        bytes = later;
    }
    Ok(())
}

/// The calling thread's number, as the kernel counts them.
pub(crate) fn thread_number() -> libc::pid_t {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::gettid() }
}

/// What a C function answers: the number, or -1 and `errno`.
pub(crate) fn answered(answer: Answer<usize>) -> isize {
    match answer {
        Ok(number) => isize::try_from(number).unwrap_or(isize::MAX),
        Err(Errno(number)) => {
            // SAFETY: errno's place is the calling thread's own, always there.
            unsafe { *libc::__errno_location() = number };
            -1
        }
    }
}

/// The same for functions that answer an `int`.
pub(crate) fn answered_int(answer: Answer<c_int>) -> c_int {
    match answer {
        Ok(number) => number,
        Err(errno) => c_int::try_from(answered(Err(errno))).unwrap_or(-1),
    }
}
