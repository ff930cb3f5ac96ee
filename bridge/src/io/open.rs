//! Opening the raw socket on Linux: AF_PACKET, in the one order that has no gaps.
//!
//! ```text
//!   socket(protocol 0)     nothing is received yet, by anybody's filter
//!   TPACKET_V2             the ring's shape
//!   PACKET_IGNORE_OUTGOING what this host sends is not our business
//!   PACKET_VNET_HDR        unfinished checksums and super-frames are said to be so
//!   SO_TIMESTAMPNS         the kernel's receive time, in nanoseconds
//!   PACKET_RX_RING         after VNET_HDR, which a ring would refuse
//!   SO_ATTACH_FILTER       before the first frame
//!   PACKET_MR_UNICAST      our own MAC
//!   PACKET_STATISTICS      counted from here
//!   bind(ETH_P_ALL)        now frames come
//! ```
#![allow(unsafe_code)]

use super::linux::Passport;
use super::{Admit, OpenError, OpenOptions, filter, ring};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with, sockopt};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Opens a raw socket without mapping its ring, so that it can be passed to another process.
///
/// # Errors
/// Not permitted, no such interface, a down one, or what the system said.
pub fn open_unmapped(options: &OpenOptions) -> Result<(OwnedFd, Passport), OpenError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd =
        socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None).map_err(|e| match e {
            Errno::PERM | Errno::ACCESS => OpenError::NotPermitted,
            other => OpenError::Io("being made", other.into()),
        })?;
    let (index, interface_mac) = look_up(fd.as_fd(), &options.interface)?;
    let mac = options.own_mac.unwrap_or(interface_mac);

    let doing = |what| move |error| OpenError::Io(what, error);
    let version = libc::tpacket_versions::TPACKET_V2 as libc::c_int;
    set(fd.as_fd(), libc::SOL_PACKET, libc::PACKET_VERSION, &version)
        .map_err(doing("choosing TPACKET_V2"))?;
    let ignore = libc::c_int::from(!options.see_outgoing);
    set(
        fd.as_fd(),
        libc::SOL_PACKET,
        libc::PACKET_IGNORE_OUTGOING,
        &ignore,
    )
    .map_err(doing(
        "setting PACKET_IGNORE_OUTGOING (Linux 4.20 or later)",
    ))?;
    set(fd.as_fd(), libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1i32)
        .map_err(doing("setting PACKET_VNET_HDR"))?;
    set(fd.as_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1i32)
        .map_err(doing("asking for receive times"))?;
    let ring_blocks = make_ring(fd.as_fd(), options.ring_mib).map_err(doing("making its ring"))?;
    attach_filter(fd.as_fd(), &options.admit, mac).map_err(doing("attaching its filter"))?;
    if options.own_mac.is_some() {
        join(fd.as_fd(), index, mac).map_err(doing("asking for our own MAC"))?;
    }
    take_drops(fd.as_fd()).map_err(doing("resetting its counters"))?;
    bind(fd.as_fd(), index).map_err(doing("binding to the interface"))?;
    match sockopt::socket_error(&fd) {
        Ok(Ok(())) => {}
        Ok(Err(Errno::NETDOWN)) => return Err(OpenError::Down(options.interface.clone())),
        Ok(Err(error)) | Err(error) => {
            return Err(OpenError::Io("binding to the interface", error.into()));
        }
    }
    Ok((
        fd,
        Passport {
            interface: options.interface.clone(),
            mac,
            ring_blocks,
        },
    ))
}

/// Lets nothing into a socket any more: a listener that never answers.
///
/// # Errors
/// What the system said.
pub fn silence(socket: impl AsFd) -> io::Result<()> {
    attach_filter(socket.as_fd(), &Admit::Addresses(Vec::new()), [0; 6])
}

/// The interface's index and MAC.
fn look_up(fd: BorrowedFd<'_>, name: &str) -> Result<(i32, [u8; 6]), OpenError> {
    let missing = || OpenError::NoInterface(name.to_owned());
    let index = netdevice::name_to_index(fd, name).map_err(|_| missing())?;
    let interface = pnet_datalink::interfaces()
        .into_iter()
        .find(|i| i.name == name)
        .ok_or_else(missing)?;
    if !interface.is_up() {
        return Err(OpenError::Down(name.to_owned()));
    }
    let mac = interface
        .mac
        .filter(|_| !interface.is_loopback())
        .ok_or_else(|| {
            OpenError::Io(
                "looking for the interface's MAC",
                io::ErrorKind::Unsupported.into(),
            )
        })?;
    Ok((i32::try_from(index).map_err(|_| missing())?, mac.octets()))
}

/// Asks for a ring, and for half of it when memory is short; returns its blocks.
fn make_ring(fd: BorrowedFd<'_>, wanted: u32) -> io::Result<u32> {
    let mut blocks = wanted.max(1);
    loop {
        match set(
            fd,
            libc::SOL_PACKET,
            libc::PACKET_RX_RING,
            &ring::request(blocks),
        ) {
            Err(error) if error.raw_os_error() == Some(libc::ENOMEM) && blocks > 1 => blocks /= 2,
            outcome => return outcome.map(|()| blocks),
        }
    }
}

/// Changes which frames get in, from the next one on.
pub(super) fn attach_filter(fd: BorrowedFd<'_>, admit: &Admit, mac: [u8; 6]) -> io::Result<()> {
    let mut program = filter::program(admit, mac);
    let header = libc::sock_fprog {
        len: u16::try_from(program.len()).expect("fewer than 256 instructions"),
        filter: program.as_mut_ptr(),
    };
    // The kernel copies the program while the call lasts.
    set(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &header)
}

fn join(fd: BorrowedFd<'_>, index: i32, mac: [u8; 6]) -> io::Result<()> {
    let mut address = [0; 8];
    address[..6].copy_from_slice(&mac);
    let membership = libc::packet_mreq {
        mr_ifindex: index,
        mr_type: u16::try_from(libc::PACKET_MR_UNICAST).expect("3"),
        mr_alen: 6,
        mr_address: address,
    };
    set(
        fd,
        libc::SOL_PACKET,
        libc::PACKET_ADD_MEMBERSHIP,
        &membership,
    )
}

fn bind(fd: BorrowedFd<'_>, index: i32) -> io::Result<()> {
    let family = u16::try_from(libc::AF_PACKET).expect("17");
    let protocol = u16::try_from(libc::ETH_P_ALL).expect("3").to_be();
    // SAFETY: all zeros is a valid `sockaddr_ll`.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = family;
    address.sll_protocol = protocol;
    address.sll_ifindex = index;
    let len = libc::socklen_t::try_from(size_of_val(&address)).expect("20");
    // SAFETY: the pointer and the length are those of one live `sockaddr_ll`.
    let outcome = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), len) };
    if outcome < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// `setsockopt` with a plain C value.
fn set<T: Copy>(fd: BorrowedFd<'_>, level: i32, name: i32, value: &T) -> io::Result<()> {
    let len = libc::socklen_t::try_from(size_of::<T>()).expect("a small struct");
    // SAFETY: the kernel reads `len` bytes from a live value of exactly that size; the callers
    // above pass the type that each option is defined with.
    let outcome = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            len,
        )
    };
    if outcome < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Frames that the kernel dropped for want of room since this was last asked.
pub(super) fn take_drops(fd: BorrowedFd<'_>) -> io::Result<u64> {
    sockopt_of::<libc::tpacket_stats>(fd, libc::PACKET_STATISTICS)
        .map(|stats| stats.tp_drops.into())
}

/// `getsockopt` at SOL_PACKET of a plain C value.
fn sockopt_of<T: Copy>(fd: BorrowedFd<'_>, name: i32) -> io::Result<T> {
    let mut value = std::mem::MaybeUninit::<T>::zeroed();
    let mut len = libc::socklen_t::try_from(size_of::<T>()).expect("a small struct");
    // SAFETY: the kernel writes at most `len` bytes into a buffer of that size; the one caller's
    // type, `tpacket_stats`, is two integers, for which every bit pattern is valid.
    unsafe {
        let at = value.as_mut_ptr().cast();
        if libc::getsockopt(fd.as_raw_fd(), libc::SOL_PACKET, name, at, &raw mut len) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(value.assume_init())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixDatagram;

    const MAC: [u8; 6] = [0x02, 0x53, 0x59, 0x4e, 0x00, 0x01];
    const CLAIMED: [u8; 4] = [192, 168, 0, 129];
    const OTHER: [u8; 4] = [192, 168, 0, 10];

    fn arp(sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![0xff; 6];
        frame.extend([
            2, 0, 0, 0, 0, 9, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9,
        ]);
        frame.extend(sender);
        frame.extend([0; 6]);
        frame.extend(target);
        frame
    }

    fn ipv4(mac: [u8; 6], destination: [u8; 4]) -> Vec<u8> {
        let mut frame = mac.to_vec();
        frame.extend([2, 0, 0, 0, 0, 9, 0x08, 0x00, 0x45]);
        frame.resize(30, 0);
        frame.extend(destination);
        frame.resize(60, 0);
        frame
    }

    /// Which of the frames the kernel's own interpreter of the filter lets through.
    fn admitted(admit: &Admit, frames: &[Vec<u8>]) -> Vec<bool> {
        let (from, to) = UnixDatagram::pair().unwrap();
        to.set_nonblocking(true).unwrap();
        attach_filter(to.as_fd(), admit, MAC).unwrap();
        let mut buffer = [0; 2048];
        frames
            .iter()
            .map(|frame| {
                from.send(frame).unwrap();
                to.recv(&mut buffer)
                    .is_ok_and(|len| buffer[..len] == frame[..])
            })
            .collect()
    }

    #[test]
    fn the_filter_lets_in_what_concerns_the_claim_and_nothing_else() {
        let mut truncated = arp(OTHER, CLAIMED);
        truncated.truncate(40);
        let mut ipv6 = ipv4(MAC, CLAIMED);
        ipv6[12..14].copy_from_slice(&[0x86, 0xdd]);
        let mut token_ring = arp(CLAIMED, OTHER);
        token_ring[15] = 6;
        let frames = [
            arp(CLAIMED, OTHER),
            arp(OTHER, CLAIMED),
            arp([0; 4], CLAIMED),
            ipv4(MAC, CLAIMED),
            ipv4([0xff; 6], CLAIMED),
            arp(OTHER, OTHER),
            ipv4(MAC, OTHER),
            ipv4([2, 0x53, 0x59, 0x4e, 0, 2], CLAIMED),
            ipv4([4, 0x53, 0x59, 0x4e, 0, 1], CLAIMED),
            truncated,
            ipv6,
            token_ring,
            vec![0; 14],
        ];
        let one = Admit::Addresses(vec![CLAIMED.into()]);
        let (inside, outside) = (vec![true; 5], vec![false; 8]);
        assert_eq!(admitted(&one, &frames), [inside, outside].concat());
        assert_eq!(admitted(&Admit::Addresses(vec![]), &frames), [false; 13]);
        assert_eq!(admitted(&Admit::Everything, &frames), [true; 13]);
    }

    #[test]
    fn the_filter_knows_as_many_addresses_as_it_says() {
        let addresses: Vec<_> = (0..40).map(|n| Ipv4Addr::new(10, 0, 0, n)).collect();
        let frames: Vec<_> = addresses.iter().map(|a| ipv4(MAC, a.octets())).collect();
        let let_in = admitted(&Admit::Addresses(addresses.clone()), &frames);
        assert_eq!(
            let_in.iter().filter(|&&yes| yes).count(),
            filter::MAX_ADDRESSES
        );
        let asked: Vec<_> = addresses.iter().map(|a| arp(OTHER, a.octets())).collect();
        assert!(
            admitted(&Admit::Addresses(addresses), &asked)[..filter::MAX_ADDRESSES]
                .iter()
                .all(|&yes| yes)
        );
    }

    #[test]
    fn the_loopback_and_missing_interfaces_are_refused_by_name() {
        let open = |name: &str| open_unmapped(&OpenOptions::stack(name, None)).unwrap_err();
        match open("no-such-if0") {
            // Without CAP_NET_RAW nobody gets as far as the name.
            OpenError::NoInterface(name) => assert_eq!(name, "no-such-if0"),
            OpenError::NotPermitted => assert!(rustix::process::geteuid().as_raw() != 0),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            open("lo"),
            OpenError::Io(..) | OpenError::NotPermitted | OpenError::Down(_)
        ));
    }
}
