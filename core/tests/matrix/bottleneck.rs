//! Flows that share one link with a queue, in virtual time.
//!
//! ```text
//!   senders --> [||||||] rate --------- RTT/2 ---> receivers
//!      ^         queue, loss                           |
//!      '---------------------- RTT/2 ------------------'
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use synema_core::tcp::{Connection, Identity, Policy, Segment};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::SeqNum;
use synema_core::wire::tcp::Header;

/// What a frame carries beside the payload: Ethernet and IPv4.
const HEADERS_LEN: u64 = 34;
/// What a full frame carries of data, and its length.
const FULL: (u64, u64) = (1448, 1514);
/// Flows begin one after the other.
const STAGGER: Duration = Duration::from_millis(37);
/// What all applications write.
static DATA: [u8; 32 << 10] = [0x5a; 32 << 10];

/// The link that all flows share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) rate_bps: u64,
    pub(crate) rtt: Duration,
    /// Bytes that may wait.
    pub(crate) queue_len: u64,
    /// How many of a million frames are lost by chance.
    pub(crate) loss_ppm: u64,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    received: u64,
    segments: u64,
    resent: u64,
    possible: u64,
}

impl Outcome {
    /// How much of what the link can carry arrived.
    pub(crate) fn used_permille(&self) -> u64 {
        self.received * 1000 / self.possible
    }

    pub(crate) fn resent_permille(&self) -> u64 {
        (self.resent * 1000).div_ceil(self.segments.max(1))
    }
}

struct Flow {
    ends: [Option<Connection>; 2],
    starts_at: Instant,
}

struct Packet {
    flow: usize,
    to: usize,
    header: Header,
    len: usize,
}

struct World {
    link: Link,
    now: Instant,
    flows: Vec<Flow>,
    on_the_way: BinaryHeap<Reverse<(Instant, u64)>>,
    packets: BTreeMap<u64, Packet>,
    next_packet: u64,
    busy_until: Instant,
    random: u64,
    outcome: Outcome,
}

/// Runs `flows` for `time`: each sends as much as it can.
pub(crate) fn run(link: Link, policy: &Policy, flows: usize, time: Duration) -> Outcome {
    let flow = |n: usize| Flow {
        ends: [None, None],
        starts_at: Instant::ZERO + STAGGER * n as u32,
    };
    let mut world = World {
        link,
        now: Instant::ZERO,
        flows: (0..flows).map(flow).collect(),
        on_the_way: BinaryHeap::new(),
        packets: BTreeMap::new(),
        next_packet: 0,
        busy_until: Instant::ZERO,
        random: 0x9e37_79b9_7f4a_7c15,
        outcome: Outcome::default(),
    };
    let end = Instant::ZERO + time;
    while let Some(next) = world.next_event().filter(|next| *next < end) {
        world.now = world.now.max(next);
        world.step(policy);
    }
    let seconds = time.as_secs();
    Outcome {
        possible: link.rate_bps / 8 * seconds * FULL.0 / FULL.1,
        ..world.outcome
    }
}

fn identity(flow: usize, end: usize) -> Identity {
    let addr = |end: usize| format!("192.0.2.{}:{}", end + 1, 1000 + flow);
    Identity {
        conn: ConnId(flow as u32),
        local: addr(end).parse().unwrap(),
        remote: addr(1 - end).parse().unwrap(),
        iss: SeqNum(7),
        timestamp_offset: 0,
        mtu: 1500,
        path_mtu: 1500,
    }
}

impl World {
    fn next_event(&self) -> Option<Instant> {
        let arrival = self.on_the_way.peek().map(|Reverse((at, _))| *at);
        let flows = self.flows.iter();
        let starts = flows
            .clone()
            .filter(|flow| flow.ends[0].is_none())
            .map(|flow| flow.starts_at);
        let timers = flows
            .flat_map(|flow| flow.ends.iter().flatten())
            .filter_map(Connection::poll_timeout);
        arrival.into_iter().chain(starts).chain(timers).min()
    }

    fn step(&mut self, policy: &Policy) {
        for at in 0..self.flows.len() {
            let flow = &mut self.flows[at];
            if flow.ends[0].is_none() && flow.starts_at <= self.now {
                let id = identity(at, 0);
                flow.ends[0] = Some(Connection::connect(self.now, id, policy, &mut ()));
                self.pump(at);
            }
        }
        while let Some(Reverse((at, id))) = self.on_the_way.peek().copied()
            && at <= self.now
        {
            self.on_the_way.pop();
            let packet = self.packets.remove(&id).expect("each arrives once");
            self.arrive(&packet, policy);
            self.pump(packet.flow);
        }
        for at in 0..self.flows.len() {
            let mut any = false;
            for end in self.flows[at].ends.iter_mut().flatten() {
                if end.poll_timeout().is_some_and(|due| due <= self.now) {
                    end.on_timeout(self.now, &mut ());
                    any = true;
                }
            }
            if any {
                self.pump(at);
            }
        }
    }

    fn arrive(&mut self, packet: &Packet, policy: &Policy) {
        let header = &packet.header;
        let segment = Segment {
            seq: header.seq,
            ack: header.ack,
            flags: header.flags,
            window: header.window,
            urgent_pointer: header.urgent_pointer,
            options: header.options,
            payload: &DATA[..packet.len],
        };
        let (now, frame) = (self.now, FrameId::received(0));
        let end = &mut self.flows[packet.flow].ends[packet.to];
        if let Some(conn) = end.as_mut() {
            conn.on_segment(now, &segment, frame, &mut ());
        } else {
            let id = identity(packet.flow, packet.to);
            *end = Connection::accept(now, id, policy, &segment, frame, &mut ());
        }
    }

    /// The applications write and read; segments go out.
    fn pump(&mut self, flow: usize) {
        let now = self.now;
        let [sender, receiver] = &mut self.flows[flow].ends;
        if let Some(sender) = sender.as_mut() {
            while sender.writable_len() >= DATA.len() {
                sender.send(now, &DATA, &mut ());
            }
        }
        if let Some(receiver) = receiver.as_mut() {
            while receiver.readable_len() > 0 {
                let taken = receiver.recv_with(now, &mut (), <[u8]>::len);
                self.outcome.received += taken as u64;
            }
        }
        for from in [0, 1] {
            while let Some(conn) = self.flows[flow].ends[from].as_mut() {
                let Some(out) = conn.poll_transmit(now, FrameId::sent(0), &mut ()) else {
                    break;
                };
                let (header, len) = (out.header, out.payload_len());
                if from == 0 && len > 0 {
                    self.outcome.segments += 1;
                    self.outcome.resent += u64::from(out.retransmissions > 0);
                }
                self.emit(flow, 1 - from, header, len);
            }
        }
    }

    fn emit(&mut self, flow: usize, to: usize, header: Header, len: usize) {
        let half = self.link.rtt / 2;
        let mut leaves = self.now;
        if to == 1 {
            if self.roll() % 1_000_000 < self.link.loss_ppm {
                return;
            }
            let bits = (HEADERS_LEN + (header.header_len() + len) as u64) * 8;
            let time = |bits: u64| Duration::from_nanos(bits * 1_000_000_000 / self.link.rate_bps);
            let free_at = self.busy_until.max(self.now);
            if free_at.since(self.now) + time(bits) > time(self.link.queue_len * 8) {
                return;
            }
            self.busy_until = free_at + time(bits);
            leaves = self.busy_until;
        }
        let id = self.next_packet;
        self.next_packet += 1;
        self.on_the_way.push(Reverse((leaves + half, id)));
        let packet = Packet {
            flow,
            to,
            header,
            len,
        };
        self.packets.insert(id, packet);
    }

    /// xorshift64
    fn roll(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}
