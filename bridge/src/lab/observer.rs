//! Someone who only looks: does the kernel meddle with an address that is not its own?
//!
//! An observer has a packet socket of its own, because the stack's does not show what the host
//! sends (PACKET_IGNORE_OUTGOING). It counts what the raw socket's machine says about the watched
//! address and should not:
//!
//! ```text
//!   RST  from the watched address                    "that connection is not mine"
//!   ICMP from it, or quoting a packet from or to it  redirects, "host unreachable"
//!   IPv4 to it, ARP requests for it                  forwarding, by the kernel's MAC
//! ```
//!
//! In host-MAC mode the stack's own frames carry the same MAC: a stack that itself sends an RST is
//! counted too.

use super::plan;
use crate::io::{Batch, RawSocket};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use synema_core::wire::ethernet::Frame;
use synema_core::wire::{Body, LinkType, MacAddr, Packet, dissect};

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Frames, in both directions.
    pub frames: u64,
    /// Frames that came too fast to be seen.
    pub missed: u64,
    /// TCP resets that the machine sent from the watched address.
    pub resets: u64,
    /// ICMP messages that the machine sent from, or about, the watched address.
    pub icmp: u64,
    /// Packets for the watched address that the machine's kernel sent on, or wanted to.
    pub forwarded: u64,
}

impl Seen {
    /// Whether the kernel said anything at all.
    pub fn meddled(&self) -> bool {
        self.resets + self.icmp + self.forwarded > 0
    }
}

/// A running observer.
#[derive(Debug)]
pub struct Observer {
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<Seen>>>,
}

impl Observer {
    /// Watches an address on the machine of the raw socket, from now on.
    pub(super) fn start(socket: RawSocket, watched: Ipv4Addr) -> io::Result<Self> {
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        let thread = std::thread::Builder::new()
            .name("observer".to_owned())
            .spawn(move || watch(&socket, watched, &told))?;
        Ok(Self {
            enough,
            thread: Some(thread),
        })
    }

    /// Ends watching; what is on the wire already is still counted.
    ///
    /// # Errors
    /// When the interface went away meanwhile.
    pub fn stop(mut self) -> io::Result<Seen> {
        self.enough.store(true, Ordering::Relaxed);
        let thread = self.thread.take().ok_or(io::ErrorKind::NotConnected)?;
        thread.join().map_err(|_| io::ErrorKind::Other)?
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
    }
}

fn watch(socket: &RawSocket, watched: Ipv4Addr, enough: &AtomicBool) -> io::Result<Seen> {
    let mut seen = Seen::default();
    let mut batch = Batch::new();
    loop {
        // Asked before reading, so that one more look is had afterwards.
        let last = enough.load(Ordering::Relaxed);
        while socket.wait_readable(Duration::from_millis(20))? {
            batch.clear();
            match socket.try_recv_batch(&mut batch) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                outcome => outcome?,
            };
            for frame in batch.iter() {
                seen.frames += 1;
                let len = frame.bytes.len();
                judge(
                    &dissect(LinkType::Ethernet, frame.bytes, len),
                    watched,
                    &mut seen,
                );
            }
        }
        if last {
            seen.missed = socket.counters().dropped_by_kernel;
            return Ok(seen);
        }
    }
}

fn judge(packet: &Packet<'_>, watched: Ipv4Addr, seen: &mut Seen) {
    let kernel = MacAddr(plan::WIRE_MAC);
    let Some(source) = packet.ethernet().map(Frame::source) else {
        return;
    };
    if source != kernel && source != MacAddr(plan::OWN_MAC) {
        return;
    }
    if let Some(arp) = packet.arp() {
        let asks = arp.target_ip == watched && arp.sender_ip == plan::WIRE_IP;
        seen.forwarded += u64::from(asks && watched != plan::WIRE_IP);
    }
    let Some(ip) = packet.ipv4() else { return };
    let from_it = ip.source() == watched;
    seen.forwarded += u64::from(source == kernel && ip.destination() == watched);
    seen.resets += u64::from(from_it && packet.tcp().is_some_and(|tcp| tcp.flags().rst()));
    let about_it = packet.quoted_layers().any(|layer| match &layer.body {
        Body::Ipv4(quoted) => quoted.source() == watched || quoted.destination() == watched,
        _ => false,
    });
    seen.icmp += u64::from(packet.icmpv4().is_some() && (from_it || about_it));
}
