//! The memory that the kernel writes received frames into: PACKET_RX_RING, TPACKET_V2.
//!
//! ```text
//!   block 0 (1 MiB)                                   block 1 ...
//!   | slot 0 | slot 1 | ... | slot 14 | (rest) |
//!   a slot:  | tpacket2_hdr | sockaddr_ll | .. vnet header | frame ..        |
//!              tp_status                   tp_mac - 10 ^    ^ tp_mac
//! ```
//!
//! A slot belongs to the kernel while its status is 0, else to us. V2, not V3: V3 hands over
//! whole blocks on a timer of at least a millisecond, which a diagram of microseconds would show.
//! Unlike a receive buffer, the ring's size needs no privilege; a slot takes a frame of any size.
#![allow(unsafe_code)]

use super::offload::VnetHeader;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::io;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// A power of two, since the kernel rounds up to one.
const BLOCK_LEN: usize = 1 << 20;
/// 64 KiB of frame, its headers, and a multiple of TPACKET_ALIGNMENT.
const SLOT_LEN: usize = 66_048;
const SLOTS_PER_BLOCK: usize = BLOCK_LEN / SLOT_LEN;

const STATUS_KERNEL: u32 = 0;
const STATUS_VLAN_VALID: u32 = 1 << 4;

/// What PACKET_RX_RING is asked for.
pub(super) fn request(blocks: u32) -> libc::tpacket_req {
    libc::tpacket_req {
        tp_block_size: u32::try_from(BLOCK_LEN).expect("1 MiB"),
        tp_block_nr: blocks,
        tp_frame_size: u32::try_from(SLOT_LEN).expect("66,048"),
        tp_frame_nr: blocks * u32::try_from(SLOTS_PER_BLOCK).expect("15"),
    }
}

/// One received frame, still in the ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) timestamp_ns: u64,
    pub(super) vnet: VnetHeader,
    /// The VLAN whose tag the kernel took off, if any.
    pub(super) vlan: Option<u16>,
    /// The frame, or `None` if it did not fit.
    pub(super) frame: Option<&'a [u8]>,
}

/// The mapped ring, and how far it was read.
#[derive(Debug)]
pub(super) struct Ring {
    start: NonNull<u8>,
    len: usize,
    next: usize,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring of `blocks` blocks that PACKET_RX_RING made on this socket.
    pub(super) fn map(socket: impl AsFd, blocks: u32) -> io::Result<Self> {
        let len = blocks as usize * BLOCK_LEN;
        // SAFETY: a new mapping, placed by the kernel, of a descriptor that is a packet socket
        // with a ring of exactly this length (another length is refused with EINVAL).
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                // Mapped at once: a fault for each page would fall into the first transfer.
                MapFlags::SHARED | MapFlags::POPULATE,
                socket,
                0,
            )
        }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self {
            start,
            len,
            next: 0,
        })
    }

    /// Shows the oldest unread frame to `read` and gives its slot back; `None` if there is none.
    pub(super) fn read_next<T>(&mut self, read: impl FnOnce(Slot<'_>) -> T) -> Option<T> {
        let offset =
            self.next / SLOTS_PER_BLOCK * BLOCK_LEN + self.next % SLOTS_PER_BLOCK * SLOT_LEN;
        debug_assert!(offset + SLOT_LEN <= self.len);
        // SAFETY: `next` stays below the number of slots, so the slot lies inside the mapping,
        // which lives as long as `self`; a slot starts 16-byte aligned with its status.
        let (slot, status) = unsafe {
            let slot = self.start.add(offset);
            (slot, AtomicU32::from_ptr(slot.cast().as_ptr()))
        };
        if status.load(Ordering::Acquire) == STATUS_KERNEL {
            return None;
        }
        // SAFETY: the status says that the slot is ours: the kernel neither reads nor writes it
        // until we set the status back, which happens after the borrow has ended.
        let bytes = unsafe { std::slice::from_raw_parts(slot.as_ptr().cast_const(), SLOT_LEN) };
        let result = read(parse(bytes));
        status.store(STATUS_KERNEL, Ordering::Release);
        self.next += 1;
        if self.next == self.len / BLOCK_LEN * SLOTS_PER_BLOCK {
            self.next = 0;
        }
        Some(result)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the very range that was mapped; nothing borrows from it any more.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}

/// Reads the slot's header by offset, as `struct tpacket2_hdr` lays it out.
fn parse(slot: &[u8]) -> Slot<'_> {
    use std::mem::offset_of;
    let word = |at: usize| u32::from_ne_bytes(slot[at..at + 4].try_into().expect("four bytes"));
    let half = |at: usize| u16::from_ne_bytes(slot[at..at + 2].try_into().expect("two bytes"));
    let status = word(offset_of!(libc::tpacket2_hdr, tp_status));
    let len = word(offset_of!(libc::tpacket2_hdr, tp_len));
    let kept = word(offset_of!(libc::tpacket2_hdr, tp_snaplen));
    let mac = usize::from(half(offset_of!(libc::tpacket2_hdr, tp_mac)));
    let seconds = word(offset_of!(libc::tpacket2_hdr, tp_sec));
    let nanos = word(offset_of!(libc::tpacket2_hdr, tp_nsec));
    let tag = half(offset_of!(libc::tpacket2_hdr, tp_vlan_tci));

    let vnet = mac
        .checked_sub(VnetHeader::LEN)
        .and_then(|at| slot.get(at..mac)?.try_into().ok())
        .map_or_else(VnetHeader::default, VnetHeader::parse);
    let frame = (len == kept)
        .then(|| slot.get(mac..mac + kept as usize))
        .flatten();
    Slot {
        timestamp_ns: u64::from(seconds) * 1_000_000_000 + u64::from(nanos),
        vnet,
        // IEEE 802.1Q: the identifier is the tag's lower 12 bits; 0 is a priority tag only.
        vlan: (status & STATUS_VLAN_VALID != 0)
            .then_some(tag & 0x0fff)
            .filter(|&vid| vid != 0),
        frame,
    }
}
