//! Our stack as a host.

use crate::host::{Host, PORT, Role};
use crate::memory::Pipe;
use std::net::SocketAddrV4;
use std::time::Duration;
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::Instant;
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::{MacAddr, Port};

/// Our stack, and its one connection.
pub(crate) struct Ours {
    stack: Stack,
    conn: Option<ConnId>,
    received: u64,
}

impl Ours {
    /// With the policy that is the default, and buffers of this length for each direction.
    pub(crate) fn new(role: Role, buffer_len: usize) -> Self {
        let mut policy = Policy::rfc();
        policy.send.buffer_len = buffer_len as u32;
        policy.receive.buffer_len = buffer_len as u32;
        let config = Config::new(MacAddr(role.mac()));
        let mut stack = Stack::new(config, u64::from(role.number()), ());
        let interface = Interface::new(role.address().into(), 24, None).expect("a host's address");
        let start = Instant::ZERO;
        stack.assume(start, interface).expect("it has no address");
        let conn = match role {
            Role::Client => {
                let server = SocketAddrV4::new(Role::Server.address().into(), PORT);
                Some(
                    stack
                        .connect(start, server, &policy)
                        .expect("there is a way"),
                )
            }
            Role::Server => {
                stack.listen(Port(PORT), &policy).expect("nobody listens");
                None
            }
        };
        Self {
            stack,
            conn,
            received: 0,
        }
    }
}

impl Host for Ours {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> usize {
        let conn = self.conn.expect("the client has one");
        self.stack.send(at(now), conn, bytes)
    }

    fn read(&mut self, now: Duration, see: &mut dyn FnMut(&[u8])) -> usize {
        let Some(conn) = self.conn else {
            return 0;
        };
        self.stack.recv_with(at(now), conn, |bytes| {
            if !bytes.is_empty() {
                see(bytes);
            }
            bytes.len()
        })
    }

    fn run(&mut self, now: Duration, incoming: &mut Pipe, outgoing: &mut Pipe) {
        let now = at(now);
        while let Some(frame) = incoming.pop() {
            let id = FrameId::received(self.received);
            self.received += 1;
            self.stack.handle_frame(now, id, &frame);
            incoming.give_back(frame);
        }
        if self.stack.poll_timeout().is_some_and(|due| due <= now) {
            self.stack.handle_timeout(now);
        }
        while let Some(event) = self.stack.poll_event() {
            if let StackEvent::Acceptable { port } = event {
                self.conn = self.stack.accept(port).map(|(conn, _)| conn);
            }
        }
        loop {
            let mut frame = outgoing.buffer();
            frame.clear();
            if self.stack.poll_transmit(now, &mut frame).is_none() {
                outgoing.give_back(frame);
                break;
            }
            outgoing.push(frame);
        }
    }
}

fn at(now: Duration) -> Instant {
    Instant::ZERO + now
}
