//! Our stack as a host.

use crate::host::{Call, Host, Setting};
use crate::memory::Pipe;
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

impl Host for Ours {
    /// With the policy that is the default.
    fn new(setting: &Setting) -> Self {
        let mut policy = Policy::rfc();
        policy.send.buffer_len = setting.buffer_len as u32;
        policy.receive.buffer_len = setting.buffer_len as u32;
        let config = Config::new(MacAddr(setting.mac));
        let mut stack = Stack::new(config, u64::from(setting.mac[5]), ());
        let interface = Interface::new(setting.address, 24, setting.gateway);
        let start = Instant::ZERO;
        stack
            .assume(start, interface.expect("a host's address"))
            .expect("it has no address");
        let conn = match setting.call {
            Call::To(server) => {
                let conn = stack.connect(start, server, &policy);
                Some(conn.expect("there is a way"))
            }
            Call::From(port) => {
                stack.listen(Port(port), &policy).expect("nobody listens");
                None
            }
        };
        Self {
            stack,
            conn,
            received: 0,
        }
    }

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

    fn idle(&mut self, now: Duration) -> Option<Duration> {
        let due = self.stack.poll_timeout()?;
        Some(due.since(at(now)))
    }
}

fn at(now: Duration) -> Instant {
    Instant::ZERO + now
}
