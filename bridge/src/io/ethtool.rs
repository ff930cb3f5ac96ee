//! Segmentation and checksum offloads of an interface, on or off: for the lab's own wires.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

// <linux/ethtool.h>: the switches that every kernel knows.
const SET_RX_CHECKSUM: u32 = 0x15;
const SET_TX_CHECKSUM: u32 = 0x17;
const SET_SCATTER_GATHER: u32 = 0x19;
const SET_TCP_SEGMENTATION: u32 = 0x1f;
const SET_GENERIC_SEGMENTATION: u32 = 0x24;
const SET_GENERIC_RECEIVE: u32 = 0x2c;

#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// Switches the offloads of one interface in the namespace of `socket` (any socket), but for
/// segmentation by the hardware and merging on arrival: see [`keep_order`].
///
/// # Errors
/// When the interface is not there, or the process has no CAP_NET_ADMIN over its namespace.
pub fn set_offloads(socket: impl AsFd, interface: &str, on: bool) -> io::Result<()> {
    let checksum_first = [
        SET_TX_CHECKSUM,
        SET_RX_CHECKSUM,
        SET_SCATTER_GATHER,
        SET_GENERIC_SEGMENTATION,
    ];
    let mut apply = |command| set(&socket, interface, command, u32::from(on));
    if on {
        checksum_first.into_iter().try_for_each(&mut apply)
    } else {
        checksum_first.into_iter().rev().try_for_each(&mut apply)
    }
}

/// Makes an end of a veth wire keep the order of frames whichever processors send them.
///
/// As it comes, a veth puts each frame into a queue of the sending processor's: a flow sent by two
/// of them is reordered on a wire where nothing was lost. With merging on arrival (GRO), and a
/// sender that does not leave segmentation to the hardware (TSO), it has one queue for all.
///
/// # Errors
/// As [`set_offloads`].
pub fn keep_order(socket: impl AsFd, interface: &str) -> io::Result<()> {
    set(&socket, interface, SET_TCP_SEGMENTATION, 0)?;
    set(&socket, interface, SET_GENERIC_RECEIVE, 1)
}

fn set(socket: impl AsFd, interface: &str, command: u32, data: u32) -> io::Result<()> {
    let mut value = EthtoolValue { command, data };
    let mut request = request_about(interface)?;
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: SIOCETHTOOL reads an `ifreq` with a NUL-terminated name, whose data points to an
    // `ethtool_value`; both outlive the call.
    let outcome = unsafe {
        libc::ioctl(
            socket.as_fd().as_raw_fd(),
            libc::SIOCETHTOOL,
            &raw mut request,
        )
    };
    if outcome < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// What an ioctl about an interface takes: its name, NUL-terminated, and nothing else yet.
pub(super) fn request_about(interface: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all zeros is a valid `ifreq`.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    if interface.len() > room {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    Ok(request)
}
