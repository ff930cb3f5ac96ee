//! What the hub needs of a wire: the raw socket has it, and so have the tests' wires.

use crate::io::{Admit, Batch, Counters, PacketIo};
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;

/// Frames in and out of one interface.
pub trait Wire: Send + Sync + 'static {
    /// Waits for frames and adds them to the emptied `batch`. Cancel safe.
    fn recv_batch(&self, batch: &mut Batch) -> impl Future<Output = io::Result<usize>> + Send;

    /// Adds the frames that are there already to the emptied `batch`, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` when there are none; else as [`recv_batch`](Self::recv_batch).
    fn try_recv_batch(&self, _batch: &mut Batch) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Sends the frames in order and tells `receipt`, by place, when each went out
    /// (nanoseconds since 1970) or why it did not.
    fn send_batch(
        &self,
        frames: &[&[u8]],
        receipt: impl FnMut(usize, io::Result<u64>) + Send,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Lets in what concerns these addresses, and nothing else.
    ///
    /// # Errors
    /// What the system said.
    fn admit(&self, addresses: &[Ipv4Addr]) -> io::Result<()>;

    /// What the wire did so far.
    fn counters(&self) -> Counters;
}

impl Wire for PacketIo {
    fn recv_batch(&self, batch: &mut Batch) -> impl Future<Output = io::Result<usize>> + Send {
        Self::recv_batch(self, batch)
    }

    fn try_recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        self.socket().try_recv_batch(batch)
    }

    fn send_batch(
        &self,
        frames: &[&[u8]],
        receipt: impl FnMut(usize, io::Result<u64>) + Send,
    ) -> impl Future<Output = io::Result<()>> + Send {
        Self::send_batch(self, frames, receipt)
    }

    fn admit(&self, addresses: &[Ipv4Addr]) -> io::Result<()> {
        self.socket().admit(&Admit::Addresses(addresses.to_vec()))
    }

    fn counters(&self) -> Counters {
        self.socket().counters()
    }
}
