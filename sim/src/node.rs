//! Whoever is attached to the network.

use core::any::Any;
use core::fmt;
use core::marker::PhantomData;
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// A node's number within its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// One of a node's sockets for a cable, counted from 0.
pub type Port = u8;

/// A machine: fed with frames and time, then drained.
pub trait Node: Any {
    /// A frame arrives at `port`; the network gave it `frame` as its id.
    fn on_frame(&mut self, now: Instant, port: Port, frame: FrameId, bytes: &[u8]);

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    fn on_timeout(&mut self, now: Instant);

    /// Lets applications on the node act on what came; called before frames are polled.
    fn run(&mut self, _now: Instant) {}

    /// Puts the next frame to send into `frame`; answers by which port it leaves
    /// and what its sender calls it. Called until it answers `None`.
    fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)>;

    /// When the node wants [`on_timeout`](Self::on_timeout).
    fn poll_timeout(&self) -> Option<Instant>;
}

/// A node's number, and of which type it is.
pub struct NodeRef<T> {
    pub(crate) id: NodeId,
    pub(crate) node: PhantomData<fn() -> T>,
}

impl<T> NodeRef<T> {
    /// The number alone.
    pub fn id(self) -> NodeId {
        self.id
    }
}

impl<T> Clone for NodeRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NodeRef<T> {}

impl<T> fmt::Debug for NodeRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}
