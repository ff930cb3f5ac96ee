//! The table of functions that packetdrill calls: its `struct packetdrill_interface`.

use crate::{entry, host, memory};
use libc::{
    c_char, c_int, c_longlong, c_ulong, c_void, iovec, loff_t, msghdr, pollfd, size_t, sockaddr,
    socklen_t, ssize_t, timeval,
};
use std::ffi::CStr;
use std::net::Ipv4Addr;

/// A file descriptor.
pub(crate) type Fd = c_int;
/// What the table's `userdata` is; there is none.
pub(crate) type User = *mut c_void;

/// As `packetdrill.h` declares it, field by field. `fcntl` and `ioctl` are variadic
/// there; on the systems that Rust runs packetdrill on, an integer or a pointer is
/// handed to them where it is handed to a function that declares it.
#[repr(C)]
pub(crate) struct Interface {
    userdata: User,
    free: unsafe extern "C" fn(User),
    socket: unsafe extern "C" fn(User, c_int, c_int, c_int) -> c_int,
    bind: unsafe extern "C" fn(User, Fd, *const sockaddr, socklen_t) -> c_int,
    listen: unsafe extern "C" fn(User, Fd, c_int) -> c_int,
    accept: unsafe extern "C" fn(User, Fd, *mut sockaddr, *mut socklen_t) -> c_int,
    connect: unsafe extern "C" fn(User, Fd, *const sockaddr, socklen_t) -> c_int,
    read: unsafe extern "C" fn(User, Fd, *mut c_void, size_t) -> ssize_t,
    readv: unsafe extern "C" fn(User, Fd, *const iovec, c_int) -> ssize_t,
    recv: unsafe extern "C" fn(User, Fd, *mut c_void, size_t, c_int) -> ssize_t,
    recvfrom: unsafe extern "C" fn(
        User,
        Fd,
        *mut c_void,
        size_t,
        c_int,
        *mut sockaddr,
        *mut socklen_t,
    ) -> ssize_t,
    recvmsg: unsafe extern "C" fn(User, Fd, *mut msghdr, c_int) -> ssize_t,
    write: unsafe extern "C" fn(User, Fd, *const c_void, size_t) -> ssize_t,
    writev: unsafe extern "C" fn(User, Fd, *const iovec, c_int) -> ssize_t,
    send: unsafe extern "C" fn(User, Fd, *const c_void, size_t, c_int) -> ssize_t,
    sendto: unsafe extern "C" fn(
        User,
        Fd,
        *const c_void,
        size_t,
        c_int,
        *const sockaddr,
        socklen_t,
    ) -> ssize_t,
    sendmsg: unsafe extern "C" fn(User, Fd, *const msghdr, c_int) -> ssize_t,
    fcntl: unsafe extern "C" fn(User, Fd, c_int, c_int) -> c_int,
    ioctl: unsafe extern "C" fn(User, Fd, c_ulong, *mut c_int) -> c_int,
    close: unsafe extern "C" fn(User, Fd) -> c_int,
    shutdown: unsafe extern "C" fn(User, Fd, c_int) -> c_int,
    getsockopt: unsafe extern "C" fn(User, Fd, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int,
    setsockopt: unsafe extern "C" fn(User, Fd, c_int, c_int, *const c_void, socklen_t) -> c_int,
    poll: unsafe extern "C" fn(User, *mut pollfd, libc::nfds_t, c_int) -> c_int,
    netdev_send: unsafe extern "C" fn(User, *const c_void, size_t) -> c_int,
    netdev_receive: unsafe extern "C" fn(User, *mut c_void, *mut size_t, *mut c_longlong) -> c_int,
    usleep: unsafe extern "C" fn(User, libc::useconds_t) -> c_int,
    gettimeofday: unsafe extern "C" fn(User, *mut timeval, *mut c_void) -> c_int,
    epoll_create: unsafe extern "C" fn(User, c_int) -> c_int,
    epoll_ctl: unsafe extern "C" fn(User, Fd, c_int, Fd, *mut libc::epoll_event) -> c_int,
    epoll_wait: unsafe extern "C" fn(User, Fd, *mut libc::epoll_event, c_int, c_int) -> c_int,
    pipe: unsafe extern "C" fn(User, *mut c_int) -> c_int,
    splice: unsafe extern "C" fn(
        User,
        Fd,
        *mut loff_t,
        Fd,
        *mut loff_t,
        size_t,
        libc::c_uint,
    ) -> ssize_t,
}

/// What packetdrill looks up by its name. `flags` (`--so_flags`) holds our address,
/// its prefix and the gateway: `192.168.0.1/16,192.168.0.2`.
///
/// # Safety
/// `flags` is null or a C string; `interface` points to a table that may be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn packetdrill_interface_init(flags: *const c_char, interface: *mut Interface) {
    let flags = if flags.is_null() {
        c""
    } else {
        // SAFETY: not null, so a C string, as the caller promises.
        unsafe { CStr::from_ptr(flags) }
    };
    let flags = flags.to_string_lossy();
    let Some((address, prefix_len, gateway)) = parse(&flags) else {
        eprintln!(
            "synema-packetdrill: --so_flags is {flags:?}; give it as ADDRESS/PREFIX,GATEWAY, \
             like 192.168.0.1/16,192.168.0.2"
        );
        std::process::exit(1);
    };
    if let Err(error) = host::start(address, prefix_len, gateway) {
        eprintln!("synema-packetdrill: --so_flags={flags}: {error}");
        std::process::exit(1);
    }
    // SAFETY: the caller's promise.
    unsafe { memory::put(interface, table()) };
}

fn parse(flags: &str) -> Option<(Ipv4Addr, u8, Ipv4Addr)> {
    let (network, gateway) = flags.split_once(',')?;
    let (address, prefix_len) = network.split_once('/')?;
    Some((
        address.parse().ok()?,
        prefix_len.parse().ok()?,
        gateway.parse().ok()?,
    ))
}

fn table() -> Interface {
    Interface {
        userdata: std::ptr::null_mut(),
        free: entry::free,
        socket: entry::socket,
        bind: entry::bind,
        listen: entry::listen,
        accept: entry::accept,
        connect: entry::connect,
        read: entry::read,
        readv: entry::readv,
        recv: entry::recv,
        recvfrom: entry::recvfrom,
        recvmsg: entry::recvmsg,
        write: entry::write,
        writev: entry::writev,
        send: entry::send,
        sendto: entry::sendto,
        sendmsg: entry::sendmsg,
        fcntl: entry::fcntl,
        ioctl: entry::ioctl,
        close: entry::close,
        shutdown: entry::shutdown,
        getsockopt: entry::getsockopt,
        setsockopt: entry::setsockopt,
        poll: entry::poll,
        netdev_send: entry::netdev_send,
        netdev_receive: entry::netdev_receive,
        usleep: entry::usleep,
        gettimeofday: entry::gettimeofday,
        epoll_create: entry::epoll_create,
        epoll_ctl: entry::epoll_ctl,
        epoll_wait: entry::epoll_wait,
        pipe: entry::pipe,
        splice: entry::splice,
    }
}
