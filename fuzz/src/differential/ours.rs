//! Our stack plays a script, in virtual time.

use super::script::{Act, Script, Step};
use super::wire::{Client, Ends};
use super::{Answers, ROUND};
use core::net::Ipv4Addr;
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack};
use synema_core::tcp::Policy;
use synema_core::time::Instant;
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::{EtherType, LinkType, MacAddr, Port, arp, dissect, ethernet};

const ENDS: Ends = Ends {
    client: (
        MacAddr([2, 0, 0, 0, 0, 1]),
        Ipv4Addr::new(10, 0, 0, 1),
        Port(1_000),
    ),
    server: (
        MacAddr([2, 0, 0, 0, 0, 2]),
        Ipv4Addr::new(10, 0, 0, 2),
        Port(80),
    ),
};

/// What our stack answers, as a server that behaves as `policy` says.
pub fn play(script: &Script, policy: &Policy) -> Answers {
    let mut server = Server::new(script.seed, policy);
    let mut client = Client::new(ENDS);
    let mut answers = Vec::new();
    for (step, round) in script.steps.iter().zip(0u32..) {
        let begun = Instant::ZERO + ROUND * round;
        server.now = begun;
        server.lines.clear();
        match step {
            Step::Segment(plan) => {
                let frame = client.frame(plan, round * ROUND.as_millis() as u32);
                server.give(&frame);
            }
            Step::Act(act) => {
                let done = server.act(*act);
                server.lines.push(done);
            }
            Step::Pause => {}
        }
        server.drain(&mut client, step);
        while server.next_before(begun + ROUND) {
            server.drain(&mut client, step);
        }
        answers.push(core::mem::take(&mut server.lines));
    }
    answers
}

struct Server {
    stack: Stack,
    now: Instant,
    conn: Option<ConnId>,
    closed: bool,
    received: u64,
    lines: Vec<String>,
}

impl Server {
    fn new(seed: u64, policy: &Policy) -> Self {
        let (mac, address, port) = ENDS.server;
        let mut stack = Stack::new(Config::new(mac), seed, ());
        let interface = Interface::new(address, 24, None).expect("an address of a network");
        let assumed = stack.assume(Instant::ZERO, interface);
        assumed.expect("the first address");
        stack.listen(port, policy).expect("nobody listens yet");
        Self {
            stack,
            now: Instant::ZERO,
            conn: None,
            closed: false,
            received: 0,
            lines: Vec::new(),
        }
    }

    fn give(&mut self, frame: &[u8]) {
        self.received += 1;
        let id = FrameId::received(self.received);
        self.stack.handle_frame(self.now, id, frame);
    }

    /// Runs the next timer, if it is before `end`.
    fn next_before(&mut self, end: Instant) -> bool {
        let Some(at) = self.stack.poll_timeout().filter(|at| *at < end) else {
            return false;
        };
        self.now = self.now.max(at);
        self.stack.handle_timeout(self.now);
        true
    }

    fn act(&mut self, act: Act) -> String {
        if self.closed {
            return String::from("closed");
        }
        self.conn = self
            .conn
            .or_else(|| self.stack.accept(ENDS.server.2).map(|(conn, _)| conn));
        let Some(conn) = self.conn else {
            return String::from("nobody");
        };
        let (now, stack) = (self.now, &mut self.stack);
        match act {
            Act::Write(len) => match stack.send(now, conn, &vec![0; len]) {
                0 => String::from("wrote nothing"),
                len => format!("wrote {len}"),
            },
            Act::Read => {
                let mut data = Vec::new();
                let take = |bytes: &[u8], data: &mut Vec<u8>| {
                    data.extend_from_slice(bytes);
                    bytes.len()
                };
                while stack.recv_with(now, conn, |bytes| take(bytes, &mut data)) > 0 {}
                super::told_read(&data, stack.is_read_finished(conn))
            }
            Act::Shutdown => {
                stack.shutdown(now, conn);
                String::from("shut down")
            }
            Act::Close => {
                stack.close(now, conn);
                self.closed = true;
                String::from("closes")
            }
        }
    }

    /// Takes what is sent, answers what ARP asks, and tells the rest.
    fn drain(&mut self, client: &mut Client, step: &Step) {
        let mut out = Vec::new();
        while self.stack.poll_transmit(self.now, &mut out).is_some() {
            let packet = dissect(LinkType::Ethernet, &out, out.len());
            if let Some(segment) = packet.tcp() {
                self.lines.push(client.hear(segment, step));
            } else if packet.arp().is_some() {
                self.give(&arp_reply());
            }
        }
        while self.stack.poll_event().is_some() {}
    }
}

/// The client says where it is.
fn arp_reply() -> Vec<u8> {
    let (client, server) = (ENDS.client, ENDS.server);
    let mut frame = Vec::new();
    ethernet::Header {
        destination: server.0,
        source: client.0,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    arp::Packet {
        operation: arp::Operation::Reply,
        sender_mac: client.0,
        sender_ip: client.1,
        target_mac: server.0,
        target_ip: server.1,
    }
    .emit(&mut frame);
    frame
}
