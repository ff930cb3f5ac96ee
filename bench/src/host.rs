//! What a stack has to do here, whoever wrote it.

use crate::memory::Pipe;
use std::time::Duration;

/// Which end of the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Connects, and sends.
    Client,
    /// Listens, and receives.
    Server,
}

impl Role {
    /// The last byte of its MAC and of its address.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Client => 1,
            Self::Server => 2,
        }
    }

    /// Its address.
    pub(crate) fn address(self) -> [u8; 4] {
        [192, 0, 2, self.number()]
    }

    /// Its MAC.
    pub(crate) fn mac(self) -> [u8; 6] {
        [0x02, 0, 0, 0, 0, self.number()]
    }
}

/// The port that the server listens on.
pub(crate) const PORT: u16 = 5001;

/// One end: a whole host with Ethernet, ARP, IPv4 and one TCP connection. Times count from its start.
pub(crate) trait Host {
    /// Queues what there is room for; how much that was, bytes.
    fn write(&mut self, now: Duration, bytes: &[u8]) -> usize;
    /// Shows what has come to `see`, and lets it go; how much that was, bytes.
    fn read(&mut self, now: Duration, see: &mut dyn FnMut(&[u8])) -> usize;
    /// Takes all frames that have come, and gives all that are to go.
    fn run(&mut self, now: Duration, incoming: &mut Pipe, outgoing: &mut Pipe);
}
