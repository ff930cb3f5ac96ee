//! Ten thousand connections to one server, and a flood of SYNs beside them: what
//! they cost in memory, all told, and whom they disturb.
#![cfg(not(target_family = "wasm"))]

use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::stack::{Backlog, Config, Stack};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId, TcpState};
use synema_core::wire::tcp::{Flags, Header, Options, Segment};
use synema_core::wire::{
    EtherType, MacAddr, Port, Protocol, SeqNum, arp, ethernet, ipv4, ipv4::Packet,
};

const US: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const OUR_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const GATEWAY_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const PORT: Port = Port(80);
const CONNECTIONS: u32 = 10_000;
/// What a connection may cost beyond its buffers, bytes.
const LIMIT: usize = 2048;
/// The smallest buffer that is made for data, bytes.
const BUFFER: usize = 16 * 1024;
/// A tenth of it where the code is not optimized.
const FLOOD: u32 = if cfg!(debug_assertions) {
    100_000
} else {
    1_000_000
};

/// A server, and the whole world behind its gateway, played by the test.
struct World {
    stack: Stack,
    now: Instant,
    frames: u64,
    frame: Vec<u8>,
    out: Vec<u8>,
}

/// A segment that somebody sends us.
struct Said<'a> {
    from: SocketAddrV4,
    flags: Flags,
    seq: u32,
    ack: u32,
    payload: &'a [u8],
}

impl World {
    fn new() -> Self {
        let mut config = Config::new(OUR_MAC);
        config.max_connections = CONNECTIONS as usize + 1_000;
        let mut stack = Stack::new(config, 1, ());
        let interface = Interface::new(US, 24, Some(GATEWAY)).unwrap();
        stack.assume(Instant::ZERO, interface).unwrap();
        stack
            .listen_with(PORT, &Policy::default(), Backlog::default())
            .unwrap();
        let mut world = Self {
            stack,
            now: Instant::ZERO,
            frames: 0,
            frame: Vec::with_capacity(1514),
            out: Vec::with_capacity(1514),
        };
        world.introduce_gateway();
        world
    }

    /// The gateway asks for us, and so is known.
    fn introduce_gateway(&mut self) {
        for operation in [arp::Operation::Request, arp::Operation::Reply] {
            self.frame.clear();
            ethernet::Header {
                destination: OUR_MAC,
                source: GATEWAY_MAC,
                ether_type: EtherType::ARP,
            }
            .emit(&mut self.frame);
            arp::Packet {
                operation,
                sender_mac: GATEWAY_MAC,
                sender_ip: GATEWAY,
                target_mac: OUR_MAC,
                target_ip: US,
            }
            .emit(&mut self.frame);
            self.deliver();
            while self.send().is_some() {}
        }
    }

    fn deliver(&mut self) {
        self.frames += 1;
        self.stack
            .handle_frame(self.now, FrameId::received(self.frames), &self.frame);
    }

    fn say(&mut self, said: &Said<'_>) {
        let Self { frame, .. } = self;
        frame.clear();
        ethernet::Header {
            destination: OUR_MAC,
            source: GATEWAY_MAC,
            ether_type: EtherType::IPV4,
        }
        .emit(frame);
        let header = Header {
            src_port: Port(said.from.port()),
            dst_port: PORT,
            seq: SeqNum(said.seq),
            ack: SeqNum(said.ack),
            flags: said.flags,
            window: 65_535,
            urgent_pointer: 0,
            options: Options {
                mss: said.flags.syn().then_some(1_460),
                ..Options::NONE
            },
        };
        let len = header.header_len() + said.payload.len();
        ipv4::Header::new(*said.from.ip(), US, Protocol::TCP).emit(len, frame);
        header.emit(*said.from.ip(), US, &[said.payload], frame);
        self.deliver();
    }

    /// The next segment that the server sends: to whom, its numbers, and how much data.
    fn send(&mut self) -> Option<(SocketAddrV4, u32, u32, usize)> {
        self.stack.poll_transmit(self.now, &mut self.out)?;
        let frame = ethernet::Frame::parse(&self.out).unwrap();
        let Ok(packet) = Packet::parse(frame.payload()) else {
            // ARP.
            return self.send();
        };
        let segment = Segment::parse(packet.payload()).unwrap();
        let to = SocketAddrV4::new(packet.destination(), segment.dst_port().0);
        let (seq, ack) = (segment.seq().0, segment.ack().0);
        Some((to, seq, ack, segment.payload().len()))
    }

    /// A whole handshake; the client's first byte has the number 1. The server's
    /// initial number.
    fn open(&mut self, from: SocketAddrV4) -> (ConnId, u32) {
        let (flags, payload) = (Flags::SYN, &[][..]);
        let mut said = Said {
            from,
            flags,
            seq: 0,
            ack: 0,
            payload,
        };
        self.say(&said);
        let (to, iss, ..) = self.send().expect("a SYN-ACK");
        assert_eq!(to, from);
        (said.flags, said.seq, said.ack) = (Flags::ACK, 1, iss.wrapping_add(1));
        self.say(&said);
        let (conn, remote) = self.stack.accept(PORT).expect("a connection");
        assert_eq!(remote, from);
        self.settle();
        (conn, iss)
    }

    /// Takes what there is to send and to tell.
    fn settle(&mut self) {
        while self.send().is_some() {}
        while self.stack.poll_event().is_some() {}
    }
}

/// Where the `n`th client calls from.
fn client(n: u32) -> SocketAddrV4 {
    SocketAddrV4::new(
        Ipv4Addr::from(0xc633_6400 + n / 250),
        1_000 + (n % 250) as u16,
    )
}

/// What was kept of what `work` allocated, bytes for each connection.
fn kept(work: impl FnOnce()) -> usize {
    let kept = allocation_counter::measure(work).bytes_current;
    usize::try_from(kept.max(0)).unwrap() / CONNECTIONS as usize
}

#[test]
fn ten_thousand_idle_connections_are_small() {
    let mut world = World::new();
    let mut conns = Vec::with_capacity(CONNECTIONS as usize);
    let idle = kept(|| {
        for n in 0..CONNECTIONS {
            conns.push(world.open(client(n)));
        }
    });
    println!("{idle} bytes for each idle connection");
    assert!(idle < LIMIT, "{idle}");
    assert_eq!(world.stack.connections_len(), CONNECTIONS as usize);

    // Each asks for something and is answered. The buffers stay for the next time.
    let used = idle + kept(|| ask_all(&mut world, &conns));
    println!("{used} bytes for each that was used, its buffers included");
    assert!(used < LIMIT + 2 * BUFFER, "{used}");

    // They close, we first: what is left of them waits for 2 MSL.
    let gone = kept(|| close_all(&mut world, &conns));
    assert_eq!(gone, 0);
    let waiting = world.stack.state(conns[0].0);
    assert_eq!(waiting, Some(TcpState::TimeWait));
    let all = allocation_counter::measure(|| world.stack.release(world.now));
    let record = usize::try_from(-all.bytes_current).unwrap() / CONNECTIONS as usize;
    println!("{record} bytes for each record in TIME-WAIT");
    assert!(record < 400, "{record}");
}

/// A request of 100 bytes, and an answer of 1,000.
fn ask_all(world: &mut World, conns: &[(ConnId, u32)]) {
    for (n, &(conn, iss)) in (0..).zip(conns) {
        let mut said = Said {
            from: client(n),
            flags: Flags::ACK,
            seq: 1,
            ack: iss.wrapping_add(1),
            payload: &[7; 100],
        };
        world.say(&said);
        assert_eq!(world.stack.recv(world.now, conn, &mut [0; 200]), 100);
        assert_eq!(world.stack.send(world.now, conn, &[8; 1_000]), 1_000);
        world.settle();
        (said.seq, said.ack, said.payload) = (101, iss.wrapping_add(1_001), &[]);
        world.say(&said);
        world.settle();
    }
}

fn close_all(world: &mut World, conns: &[(ConnId, u32)]) {
    for (n, &(conn, iss)) in (0..).zip(conns) {
        world.stack.close(world.now, conn);
        world.settle();
        let fin = Said {
            from: client(n),
            flags: Flags::ACK | Flags::FIN,
            seq: 101,
            ack: iss.wrapping_add(1_002),
            payload: &[],
        };
        world.say(&fin);
        world.settle();
    }
}

#[test]
fn a_flood_of_syns_disturbs_nobody_and_keeps_nothing() {
    let mut world = World::new();
    let friend = client(0);
    let (conn, iss) = world.open(friend);
    let (mut seq, mut ack) = (1, iss.wrapping_add(1));
    let mut from = 1_u32;
    let mut cookies = 0;
    let flood = allocation_counter::measure(|| {
        for n in 0..FLOOD {
            world.now += Duration::from_micros(10);
            // Sources that nobody can predict, and that never answer.
            from = from.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let stranger = SocketAddrV4::new(
                Ipv4Addr::from(0x2000_0000 | from >> 4),
                1 + n as u16 % 60_000,
            );
            world.say(&Said {
                from: stranger,
                flags: Flags::SYN,
                seq: n,
                ack: 0,
                payload: &[],
            });
            while let Some((to, ..)) = world.send() {
                cookies += u32::from(to == stranger);
            }
            if n % 1_000 == 0 {
                // Meanwhile the friend asks, and is answered.
                world.say(&Said {
                    from: friend,
                    flags: Flags::ACK,
                    seq,
                    ack,
                    payload: b"ping",
                });
                assert_eq!(world.stack.recv(world.now, conn, &mut [0; 10]), 4);
                assert_eq!(world.stack.send(world.now, conn, b"pong!"), 5);
                let answer = world.send().expect("an answer");
                seq += 4;
                assert_eq!(answer, (friend, ack, seq, 5));
                ack = ack.wrapping_add(5);
                world.settle();
            }
            if world.stack.poll_timeout().is_some_and(|at| at <= world.now) {
                world.stack.handle_timeout(world.now);
            }
        }
    });
    println!(
        "{FLOOD} SYNs: {} bytes kept, at most {} at once",
        flood.bytes_current, flood.bytes_max
    );
    assert_eq!(cookies, FLOOD, "each is answered");
    assert!(flood.bytes_max < 512 << 10, "{flood:?}");
    assert_eq!(world.stack.state(conn), Some(TcpState::Established));
    assert!(world.stack.connections_len() < 200);
    // And whoever is real gets in all the same.
    let (late, _) = world.open(client(1));
    assert_eq!(world.stack.state(late), Some(TcpState::Established));
}
