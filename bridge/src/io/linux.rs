//! The raw socket on Linux: AF_PACKET, opened in the one order that has no gaps.
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

use super::offload::{self, Done, VnetHeader};
use super::ring::{self, Ring};
use super::{Admit, Batch, Counters, OpenError, OpenOptions, filter, now_ns};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, MMsgHdr, SendAncillaryBuffer, SendFlags, SocketFlags, SocketType, netdevice,
    sendmmsg, socket_with, sockopt,
};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::unix::AsyncFd;

/// Frames for one call of sendmmsg.
const SEND_BATCH: usize = 64;

/// What a process needs to know about a raw socket that another one opened for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passport {
    /// The interface's name, where the socket was opened.
    pub interface: String,
    /// The MAC that frames to us carry.
    pub mac: [u8; 6],
    /// Blocks of the ring, still to be mapped.
    ring_blocks: u32,
}

/// A raw socket on one interface. Dropping it closes it.
#[derive(Debug)]
pub struct RawSocket {
    fd: OwnedFd,
    passport: Passport,
    ring: Mutex<Ring>,
    tally: Tally,
}

/// [`Counters`] while they are counted.
#[derive(Debug, Default)]
struct Tally {
    received: AtomicU64,
    dropped_by_kernel: AtomicU64,
    super_frames: AtomicU64,
    checksums_finished: AtomicU64,
    unusable: AtomicU64,
    foreign_vlan: AtomicU64,
    sent: AtomicU64,
    send_refused: AtomicU64,
}

impl RawSocket {
    /// Opens the socket; the process needs CAP_NET_RAW over the interface's namespace.
    ///
    /// # Errors
    /// Not permitted, no such interface, a down one, or what the system said.
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        let (fd, passport) = open_unmapped(options)?;
        Self::from_passed(fd, passport).map_err(|e| OpenError::Io("mapping its ring", e))
    }

    /// Takes over a socket that [`open_unmapped`] opened, perhaps in another process.
    ///
    /// # Errors
    /// When the ring cannot be mapped.
    pub fn from_passed(fd: OwnedFd, passport: Passport) -> io::Result<Self> {
        let ring = Ring::map(&fd, passport.ring_blocks)?;
        Ok(Self {
            fd,
            passport,
            ring: Mutex::new(ring),
            tally: Tally::default(),
        })
    }

    /// The MAC that frames to us carry: our own, or the interface's.
    pub fn mac(&self) -> [u8; 6] {
        self.passport.mac
    }

    /// The interface's name, where the socket was opened.
    pub fn interface(&self) -> &str {
        &self.passport.interface
    }

    /// Changes which frames get in, from the next frame on. Frames that are in the ring already
    /// passed the former filter: whoever reads them checks again.
    ///
    /// # Errors
    /// What the system said.
    pub fn admit(&self, admit: &Admit) -> io::Result<()> {
        attach_filter(self.fd.as_fd(), admit, self.passport.mac)
    }

    /// Moves frames from the ring into `batch` until one of them is exhausted; returns how many.
    ///
    /// # Errors
    /// `WouldBlock` when there are none; else what is wrong with the interface (ENETDOWN, ENXIO).
    pub fn try_recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        let before = batch.len();
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        while !batch.is_full() {
            if ring.read_next(|slot| self.take(slot, batch)).is_none() {
                break;
            }
        }
        drop(ring);
        match batch.len() - before {
            // A ring never reports an error by itself.
            0 => match sockopt::socket_error(&self.fd)? {
                Ok(()) => Err(io::ErrorKind::WouldBlock.into()),
                Err(errno) => Err(errno.into()),
            },
            taken => {
                self.tally
                    .received
                    .fetch_add(taken as u64, Ordering::Relaxed);
                Ok(taken)
            }
        }
    }

    /// Sends frames until the kernel takes no more; returns how many it took (at least one).
    ///
    /// # Errors
    /// Why the first of them was not taken: `WouldBlock` when the send buffer is full, EMSGSIZE
    /// when it is larger than the MTU allows, ENETDOWN, ENOBUFS.
    pub fn try_send_batch(&self, frames: &[&[u8]]) -> io::Result<usize> {
        const NOTHING_TO_OFFLOAD: [u8; VnetHeader::LEN] = [0; VnetHeader::LEN];
        let frames = &frames[..frames.len().min(SEND_BATCH)];
        if frames.is_empty() {
            return Ok(0);
        }
        let parts: Vec<_> = frames
            .iter()
            .map(|frame| [IoSlice::new(&NOTHING_TO_OFFLOAD), IoSlice::new(frame)])
            .collect();
        let mut controls: Vec<_> = parts
            .iter()
            .map(|_| SendAncillaryBuffer::default())
            .collect();
        let mut messages: Vec<_> = parts
            .iter()
            .zip(&mut controls)
            .map(|(parts, control)| MMsgHdr::new(parts, control))
            .collect();
        match sendmmsg(&self.fd, &mut messages, SendFlags::DONTWAIT) {
            Ok(sent) => {
                self.tally.sent.fetch_add(sent as u64, Ordering::Relaxed);
                Ok(sent)
            }
            Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
            Err(errno) => {
                self.tally.send_refused.fetch_add(1, Ordering::Relaxed);
                Err(errno.into())
            }
        }
    }

    /// Waits, on this thread, until there is something to read; `false` when time is up first.
    ///
    /// # Errors
    /// What the system said.
    pub fn wait_readable(&self, at_most: Duration) -> io::Result<bool> {
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: at_most.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What the socket did so far, the kernel's drops included.
    pub fn counters(&self) -> Counters {
        // Reading the kernel's number sets it back to zero.
        if let Ok(stats) =
            sockopt_of::<libc::tpacket_stats>(self.fd.as_fd(), libc::PACKET_STATISTICS)
        {
            self.tally
                .dropped_by_kernel
                .fetch_add(stats.tp_drops.into(), Ordering::Relaxed);
        }
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            received: read(&self.tally.received),
            dropped_by_kernel: read(&self.tally.dropped_by_kernel),
            super_frames: read(&self.tally.super_frames),
            checksums_finished: read(&self.tally.checksums_finished),
            unusable: read(&self.tally.unusable),
            foreign_vlan: read(&self.tally.foreign_vlan),
            sent: read(&self.tally.sent),
            send_refused: read(&self.tally.send_refused),
        }
    }

    fn take(&self, slot: ring::Slot<'_>, batch: &mut Batch) {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        if slot.vlan.is_some() {
            count(&self.tally.foreign_vlan);
            return;
        }
        let done = slot.frame.map_or(Done::Unusable, |frame| {
            offload::complete(slot.vnet, slot.timestamp_ns, frame, batch)
        });
        match done {
            Done::AsItWas => {}
            Done::ChecksumFinished => {
                count(&self.tally.checksums_finished);
            }
            Done::Cut(_) => {
                count(&self.tally.super_frames);
            }
            Done::Unusable => {
                count(&self.tally.unusable);
            }
        }
    }
}

impl AsRawFd for RawSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// A raw socket under tokio: what the bridge and `curl` work with. Made inside the runtime, after
/// every privilege is gone.
#[derive(Debug)]
pub struct PacketIo {
    socket: AsyncFd<RawSocket>,
}

impl PacketIo {
    /// Registers the socket with the runtime.
    ///
    /// # Errors
    /// What the system said.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(socket: RawSocket) -> io::Result<Self> {
        // SAFETY: `RawSocket` owns its descriptor, and neither closes nor replaces it before drop.
        let socket = unsafe { AsyncFd::register(socket) }?;
        Ok(Self { socket })
    }

    /// The socket itself: its MAC, its filter, its counters.
    pub fn socket(&self) -> &RawSocket {
        self.socket.get_ref()
    }

    /// Waits for frames and adds them to `batch`, which the caller has emptied; returns how many.
    /// Cancel safe: frames are taken only when it returns.
    ///
    /// # Errors
    /// What is wrong with the interface (ENETDOWN when it goes down, ENXIO when it is gone).
    pub async fn recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        loop {
            let mut ready = self.socket.readable().await?;
            if let Ok(outcome) = ready.try_io(|socket| socket.get_ref().try_recv_batch(batch)) {
                return outcome;
            }
        }
    }

    /// Sends the frames in order. `receipt` is told for each, by its place in `frames`, when the
    /// kernel took it (nanoseconds, on the clock of received frames), or why it did not.
    ///
    /// # Errors
    /// When the runtime cannot wait for the socket any more.
    pub async fn send_batch(
        &self,
        frames: &[&[u8]],
        mut receipt: impl FnMut(usize, io::Result<u64>),
    ) -> io::Result<()> {
        let mut next = 0;
        while next < frames.len() {
            let mut ready = self.socket.writable().await?;
            // Before the call: on a wire without a queue the answer is there when it returns, and
            // would seem to have come before what it answers.
            let now = now_ns();
            match ready.try_io(|socket| socket.get_ref().try_send_batch(&frames[next..])) {
                Ok(Ok(sent)) => {
                    (next..next + sent).for_each(|at| receipt(at, Ok(now)));
                    next += sent;
                }
                Ok(Err(error)) => {
                    receipt(next, Err(error));
                    next += 1;
                }
                Err(_would_block) => {}
            }
        }
        Ok(())
    }
}

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
    sockopt_of::<libc::tpacket_stats>(fd.as_fd(), libc::PACKET_STATISTICS)
        .map_err(doing("resetting its counters"))?;
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

fn attach_filter(fd: BorrowedFd<'_>, admit: &Admit, mac: [u8; 6]) -> io::Result<()> {
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
