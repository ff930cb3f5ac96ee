//! What a stack has to do here, whoever wrote it.

use crate::memory::Pipe;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Where a host is, and what its one connection is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its MAC.
    pub(crate) mac: [u8; 6],
    /// Its address, in a network of 24 bits.
    pub(crate) address: Ipv4Addr,
    /// The router to everything else.
    pub(crate) gateway: Option<Ipv4Addr>,
    /// What it does.
    pub(crate) call: Call,
    /// Send and receive buffer, bytes each.
    pub(crate) buffer_len: usize,
}

/// How the connection comes about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// It connects to there.
    To(SocketAddrV4),
    /// It listens on this port.
    From(u16),
}

/// One end: a whole host with Ethernet, ARP, IPv4 and one TCP connection. Times count from its start.
pub(crate) trait Host {
    /// Nothing is sent yet.
    fn new(setting: &Setting) -> Self;
    /// Queues what there is room for; how much that was, bytes.
    fn write(&mut self, now: Duration, bytes: &[u8]) -> usize;
    /// Shows what has come to `see`, and lets it go; how much that was, bytes.
    fn read(&mut self, now: Duration, see: &mut dyn FnMut(&[u8])) -> usize;
    /// Takes all frames that have come, and gives all that are to go.
    fn run(&mut self, now: Duration, incoming: &mut Pipe, outgoing: &mut Pipe);
    /// For how long it has nothing to do unless a frame comes; none if for ever.
    fn idle(&mut self, now: Duration) -> Option<Duration>;
}
