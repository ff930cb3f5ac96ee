//! UDP sockets, as few as a DNS client needs (RFC 768, RFC 1122 §4.1).
//!
//! A socket is named by its port: the stack has one address. Queues are bounded;
//! what finds no room is dropped, and the trace says so.

use crate::trace::FrameId;
use crate::wire::Port;
use core::net::SocketAddrV4;
use std::collections::{BTreeMap, VecDeque};

/// Sockets at once.
pub const MAX_SOCKETS: usize = 64;
/// Datagrams waiting to be received on one socket.
const MAX_DATAGRAMS: usize = 64;
/// Bytes waiting to be received on one socket.
const MAX_BYTES: usize = 128 * 1024;

/// A datagram that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub remote: SocketAddrV4,
    /// What it says.
    pub payload: Vec<u8>,
    /// The frame in which it came (or its last fragment).
    pub frame: FrameId,
}

#[derive(Clone, Debug, Default)]
struct Socket {
    queue: VecDeque<Datagram>,
    bytes: usize,
    /// It was told that something waits, and has not looked yet.
    is_told: bool,
}

/// All sockets.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    by_port: BTreeMap<Port, Socket>,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits to be received.
    Queued {
        /// The socket has to be told; it was not since it looked last.
        tell: bool,
    },
    /// Nobody has the port.
    NoSocket,
    /// The socket's queue is full.
    Full,
}

impl Sockets {
    /// Whether the port is taken.
    pub fn contains(&self, port: Port) -> bool {
        self.by_port.contains_key(&port)
    }

    /// Whether there is room for another socket.
    pub fn has_room(&self) -> bool {
        self.by_port.len() < MAX_SOCKETS
    }

    /// Makes a socket; the caller knows that the port is free.
    pub fn open(&mut self, port: Port) {
        self.by_port.insert(port, Socket::default());
    }

    /// Forgets a socket and what waits in it.
    pub fn close(&mut self, port: Port) {
        self.by_port.remove(&port);
    }

    /// Queues a datagram that came in for `port`.
    pub fn deliver(
        &mut self,
        port: Port,
        remote: SocketAddrV4,
        payload: &[u8],
        frame: FrameId,
    ) -> Delivery {
        let Some(socket) = self.by_port.get_mut(&port) else {
            return Delivery::NoSocket;
        };
        if socket.queue.len() >= MAX_DATAGRAMS || socket.bytes + payload.len() > MAX_BYTES {
            return Delivery::Full;
        }
        socket.bytes += payload.len();
        socket.queue.push_back(Datagram {
            remote,
            payload: payload.to_vec(),
            frame,
        });
        Delivery::Queued {
            tell: !core::mem::replace(&mut socket.is_told, true),
        }
    }

    /// The next datagram for `port`; to be asked for until there is none.
    pub fn recv(&mut self, port: Port) -> Option<Datagram> {
        let socket = self.by_port.get_mut(&port)?;
        socket.is_told = false;
        let datagram = socket.queue.pop_front()?;
        socket.bytes -= datagram.payload.len();
        Some(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn a_queue_is_bounded_in_datagrams_and_in_bytes() {
        let remote = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 53);
        let (small, large) = (Port(5_000), Port(5_001));
        let mut sockets = Sockets::default();
        sockets.open(small);
        sockets.open(large);
        let mut deliver = |port, len: usize, times| {
            let frame = FrameId::received(1);
            (0..times)
                .map(|_| sockets.deliver(port, remote, &vec![0; len], frame))
                .filter(|delivery| matches!(delivery, Delivery::Queued { .. }))
                .count()
        };
        assert_eq!(deliver(small, 10, 100), 64);
        assert_eq!(deliver(large, 60_000, 100), 2);
        assert_eq!(deliver(Port(1), 1, 1), 0);
        assert_eq!(sockets.recv(large).unwrap().payload.len(), 60_000);
        let frame = FrameId::received(2);
        // It has looked since: it is told again.
        let delivery = sockets.deliver(large, remote, &[0; 60_000], frame);
        assert_eq!(delivery, Delivery::Queued { tell: true });
    }
}
