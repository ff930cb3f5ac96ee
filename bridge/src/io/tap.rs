//! TAP devices: an interface whose frames go to a descriptor instead of a cable. For the lab's own
//! wires.
#![allow(unsafe_code)]

use super::ethtool::request_about;
use rustix::fs::{Mode, OFlags, open};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Makes a TAP interface in the network namespace of the calling thread; it vanishes with the
/// descriptor. Reads never block; each takes, and each write gives, one complete frame.
///
/// # Errors
/// When there is no /dev/net/tun, or the process has no CAP_NET_ADMIN over its namespace.
pub fn make(interface: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let tap = open("/dev/net/tun", flags, Mode::empty())?;
    let mut request = request_about(interface)?;
    let kind = libc::IFF_TAP | libc::IFF_NO_PI;
    request.ifr_ifru.ifru_flags =
        libc::c_short::try_from(kind).expect("IFF_TAP | IFF_NO_PI: 0x1002");
    // SAFETY: TUNSETIFF reads and writes an `ifreq` with a NUL-terminated name, which outlives the
    // call.
    let outcome = unsafe { libc::ioctl(tap.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    if outcome < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(tap)
    }
}
