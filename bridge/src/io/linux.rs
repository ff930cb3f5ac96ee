//! The raw socket on Linux, once it is open: frames in, frames out, what was counted.
#![allow(unsafe_code)]

use super::offload::{self, Done, VnetHeader};
use super::ring::{self, Ring};
use super::{Admit, Batch, Counters, OpenError, OpenOptions, now_ns, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg, sockopt};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::Interest;
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
    pub(super) ring_blocks: u32,
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
        let (fd, passport) = open::open_unmapped(options)?;
        Self::from_passed(fd, passport).map_err(|e| OpenError::Io("mapping its ring", e))
    }

    /// Takes over a socket that [`super::open::open_unmapped`] opened, perhaps in another process.
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
        open::attach_filter(self.fd.as_fd(), admit, self.passport.mac)
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
        if let Ok(drops) = open::take_drops(self.fd.as_fd()) {
            self.tally
                .dropped_by_kernel
                .fetch_add(drops, Ordering::Relaxed);
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
        let interest = Interest::READABLE | Interest::WRITABLE | Interest::ERROR;
        // SAFETY: `RawSocket` owns its descriptor, and neither closes nor replaces it before drop.
        let socket = unsafe { AsyncFd::register_with_interest(socket, interest) }?;
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
            // An interface that goes down is an error without anything to read.
            let mut ready = self
                .socket
                .ready(Interest::READABLE | Interest::ERROR)
                .await?;
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
