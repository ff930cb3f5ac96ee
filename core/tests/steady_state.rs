//! A connection under way costs no memory: segments go from the send buffer into
//! the caller's buffer, and from the frame into the receive buffer, without one
//! allocation between.
#![cfg(not(target_family = "wasm"))]

use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::{MacAddr, Port};

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// Two stacks that hand each other their frames at once.
struct Pair {
    now: Instant,
    client: Stack,
    server: Stack,
    frames: u64,
    buffer: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        let host = |addr, last| {
            let mac = MacAddr([2, 0, 0, 0, 0, last]);
            let mut stack = Stack::new(Config::new(mac), last.into(), ());
            let interface = Interface::new(addr, 24, None).unwrap();
            stack.assume(Instant::ZERO, interface).unwrap();
            stack
        };
        Self {
            now: Instant::ZERO,
            client: host(CLIENT, 1),
            server: host(SERVER, 2),
            frames: 0,
            buffer: Vec::with_capacity(1514),
        }
    }

    /// Hands over frames until neither has any left.
    fn exchange(&mut self) {
        let Self {
            now,
            client,
            server,
            frames,
            buffer,
        } = self;
        let mut hand_over = |from: &mut Stack, to: &mut Stack| {
            let mut any = false;
            while from.poll_transmit(*now, buffer).is_some() {
                *frames += 1;
                to.handle_frame(*now, FrameId::received(*frames), buffer);
                any = true;
            }
            any
        };
        while hand_over(server, client) | hand_over(client, server) {}
    }

    fn connect(&mut self) -> (ConnId, ConnId) {
        self.server.listen(Port(80), &Policy::default()).unwrap();
        let remote = SocketAddrV4::new(SERVER, 80);
        let client = self
            .client
            .connect(self.now, remote, &Policy::default())
            .unwrap();
        self.exchange();
        let port = Port(80);
        assert_eq!(
            self.server.poll_event(),
            Some(StackEvent::Acceptable { port })
        );
        let (server, _) = self.server.accept(port).unwrap();
        (client, server)
    }

    /// A millisecond in which the server sends and the client reads.
    fn tick(&mut self, client: ConnId, server: ConnId, data: &[u8]) -> usize {
        self.now += Duration::from_millis(1);
        self.server.send(self.now, server, data);
        for stack in [&mut self.client, &mut self.server] {
            if stack.poll_timeout().is_some_and(|at| at <= self.now) {
                stack.handle_timeout(self.now);
            }
        }
        self.exchange();
        while self.client.poll_event().is_some() || self.server.poll_event().is_some() {}
        let mut read = 0;
        loop {
            let taken = self.client.recv_with(self.now, client, <[u8]>::len);
            if taken == 0 {
                return read;
            }
            read += taken;
        }
    }
}

#[test]
fn a_connection_under_way_allocates_nothing() {
    let mut pair = Pair::new();
    let (client, server) = pair.connect();
    let data = vec![7; 20_000];
    // Buffers and queues grow to what this traffic needs.
    for _ in 0..500 {
        pair.tick(client, server, &data);
    }
    let (before, mut read) = (pair.frames, 0);
    let allocations = allocation_counter::measure(|| {
        for _ in 0..500 {
            read += pair.tick(client, server, &data);
        }
    });
    assert_eq!(read, 500 * data.len());
    assert!(pair.frames - before > 7_000, "{}", pair.frames - before);
    assert_eq!(allocations.count_total, 0, "{allocations:?}");

    // The counter counts: a new connection does allocate.
    let control = allocation_counter::measure(|| drop(core::hint::black_box(vec![0u8; 10])));
    assert_eq!(control.count_total, 1);
}
