//! Two connections and a bad wire between them, in virtual time; an inspector
//! stands at the wire and knows only what passes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use synema_core::tcp::{Connection, ConnectionEvent, Identity, Policy, Segment, reset_for};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{CloseReason, ConnId, FrameId, TcpState};
use synema_core::wire::tcp::Header;
use synema_core::wire::{Port, SeqNum};
use synema_fuzz::{Checker, Inspector};

/// What the wire does to segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    pub(crate) delay: Duration,
    /// Added at random, so that segments overtake each other.
    pub(crate) jitter: Duration,
    pub(crate) loss_percent: u64,
    pub(crate) duplicate_percent: u64,
    pub(crate) seed: u64,
}

/// How one end behaves.
#[derive(Clone, Debug)]
pub(crate) struct EndPlan {
    pub(crate) policy: Policy,
    /// How much it sends.
    pub(crate) send_len: usize,
    /// How much it reads at a time, and how long it sleeps between.
    pub(crate) read_len: usize,
    pub(crate) read_pause: Duration,
}

impl EndPlan {
    pub(crate) fn sends(policy: Policy, send_len: usize) -> Self {
        Self {
            policy,
            send_len,
            read_len: usize::MAX,
            read_pause: Duration::ZERO,
        }
    }
}

/// How a transfer went.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) ends: [EndReport; 2],
    pub(crate) took: Duration,
}

#[derive(Debug)]
pub(crate) struct EndReport {
    pub(crate) received: usize,
    pub(crate) closed: Option<CloseReason>,
    pub(crate) segments: u64,
    pub(crate) retransmitted: u64,
}

/// A segment on the wire.
#[derive(Clone, Debug)]
struct Packet {
    header: Header,
    payload: Vec<u8>,
}

impl Packet {
    fn segment(&self) -> Segment<'_> {
        Segment {
            seq: self.header.seq,
            ack: self.header.ack,
            flags: self.header.flags,
            window: self.header.window,
            urgent_pointer: self.header.urgent_pointer,
            options: self.header.options,
            payload: &self.payload,
        }
    }
}

struct End {
    plan: EndPlan,
    conn: Option<Connection>,
    written: usize,
    read: usize,
    wakes_at: Instant,
    shut: bool,
    closed: Option<CloseReason>,
    segments: u64,
    retransmitted: u64,
    inspector: Inspector,
    trace: Checker,
}

pub(crate) struct World {
    ends: [End; 2],
    wire: Wire,
    now: Instant,
    in_flight: BinaryHeap<Reverse<(Instant, u64, usize)>>,
    packets: BTreeMap<u64, Packet>,
    next_packet: u64,
    random: u64,
}

/// Byte `n` of what end `end` sends.
fn byte(end: usize, n: usize) -> u8 {
    ((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (32 + end)) as u8
}

impl World {
    pub(crate) fn new(wire: Wire, plans: [EndPlan; 2], isns: [u32; 2]) -> Self {
        let identity = |local: usize| Identity {
            conn: ConnId(local as u32),
            local: format!("192.0.2.{}:1000", local + 1).parse().unwrap(),
            remote: format!("192.0.2.{}:1000", 2 - local).parse().unwrap(),
            iss: SeqNum(isns[local]),
            timestamp_offset: 77,
            mtu: 1500,
            path_mtu: 1500,
        };
        let [client, server] = plans;
        let mut client = End::new(client, true);
        let policy = &client.plan.policy;
        let conn = Connection::connect(Instant::ZERO, identity(0), policy, &mut client.trace);
        client.conn = Some(conn);
        Self {
            ends: [client, End::new(server, false)],
            wire,
            now: Instant::ZERO,
            in_flight: BinaryHeap::new(),
            packets: BTreeMap::new(),
            next_packet: 0,
            random: wire.seed.wrapping_mul(2).wrapping_add(1),
        }
    }

    /// Runs until both ends are closed, or `limit` has passed.
    pub(crate) fn run(mut self, isns: [u32; 2], limit: Duration) -> Report {
        let end_of_time = Instant::ZERO + limit;
        for steps in 0u64.. {
            assert!(steps < 20_000_000, "it never ends");
            self.drive(0);
            self.drive(1);
            let done = |end: &End| {
                let conn = end.conn.as_ref();
                conn.is_some_and(|conn| conn.is_finished() && conn.readable_len() == 0)
            };
            if self.ends.iter().all(done) {
                break;
            }
            let Some(next) = self.next_event() else { break };
            if next > end_of_time {
                break;
            }
            self.now = self.now.max(next);
            self.deliver(isns);
            for end in &mut self.ends {
                if let Some(conn) = end.conn.as_mut() {
                    conn.on_timeout(self.now, &mut end.trace);
                }
            }
        }
        let took = self.now.since(Instant::ZERO);
        let ends = self.ends.map(|end| EndReport {
            received: end.read,
            closed: end.closed,
            segments: end.segments,
            retransmitted: end.retransmitted,
        });
        Report { ends, took }
    }

    fn next_event(&self) -> Option<Instant> {
        let arrival = self.in_flight.peek().map(|Reverse((at, _, _))| *at);
        let timers = self
            .ends
            .iter()
            .filter_map(|end| end.conn.as_ref()?.poll_timeout());
        let wakes = self
            .ends
            .iter()
            .map(|end| end.wakes_at)
            .filter(|at| *at > self.now);
        arrival.into_iter().chain(timers).chain(wakes).min()
    }

    fn deliver(&mut self, isns: [u32; 2]) {
        while let Some(Reverse((at, id, to))) = self.in_flight.peek().copied() {
            if at > self.now {
                return;
            }
            self.in_flight.pop();
            let packet = self.packets.remove(&id).expect("each packet arrives once");
            let segment = packet.segment();
            let end = &mut self.ends[to];
            if segment.flags.syn() && !end.inspector.has_begun() {
                end.inspector.begin(&segment);
            } else {
                end.inspector.on_arrival(&segment);
            }
            let frame = FrameId::received(id);
            if let Some(conn) = end.conn.as_ref().filter(|conn| conn.is_finished()) {
                // What a stack does for a connection that it has forgotten.
                let id = conn.identity();
                let ports = (Port(id.local.port()), Port(id.remote.port()));
                if let Some(header) = reset_for(&segment, ports.0, ports.1) {
                    let payload = Vec::new();
                    self.put_on_wire(1 - to, &Packet { header, payload });
                }
            } else if let Some(conn) = end.conn.as_mut() {
                conn.on_segment(self.now, &segment, frame, &mut end.trace);
            } else {
                let identity = Identity {
                    conn: ConnId(1),
                    local: "192.0.2.2:1000".parse().unwrap(),
                    remote: "192.0.2.1:1000".parse().unwrap(),
                    iss: SeqNum(isns[1]),
                    timestamp_offset: 99,
                    mtu: 1500,
                    path_mtu: 1500,
                };
                let policy = end.plan.policy.clone();
                end.conn = Connection::accept(
                    self.now,
                    identity,
                    &policy,
                    &segment,
                    frame,
                    &mut end.trace,
                );
            }
        }
    }

    /// The application's turn at one end, then everything it has to send.
    fn drive(&mut self, at: usize) {
        let now = self.now;
        self.ends[at].use_connection(at, now);
        let mut out = Vec::new();
        let end = &mut self.ends[at];
        let Some(conn) = end.conn.as_mut() else {
            return;
        };
        while let Some(segment) = conn.poll_transmit(now, FrameId::sent(0), &mut end.trace) {
            let payload = segment.payload.concat();
            end.segments += 1;
            end.retransmitted += u64::from(segment.retransmissions > 0);
            let packet = Packet {
                header: segment.header,
                payload,
            };
            end.inspector.on_departure(&packet.segment(), segment.cause);
            out.push(packet);
            assert!(out.len() < 100_000, "endless transmission");
        }
        for packet in out {
            self.put_on_wire(1 - at, &packet);
        }
    }

    fn put_on_wire(&mut self, to: usize, packet: &Packet) {
        let copies = if self.roll() % 100 < self.wire.loss_percent {
            0
        } else if self.roll() % 100 < self.wire.duplicate_percent {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let jitter_ns = u64::try_from(self.wire.jitter.as_nanos()).unwrap();
            let jitter = Duration::from_nanos(self.roll() % (jitter_ns + 1));
            let at = self.now + self.wire.delay + jitter;
            self.in_flight.push(Reverse((at, self.next_packet, to)));
            self.packets.insert(self.next_packet, packet.clone());
            self.next_packet += 1;
        }
    }

    /// xorshift64
    fn roll(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

impl End {
    fn new(plan: EndPlan, active: bool) -> Self {
        let trace = Checker::new(&plan.policy, active);
        let inspector = Inspector::new(&plan.policy);
        Self {
            plan,
            trace,
            conn: None,
            written: 0,
            read: 0,
            wakes_at: Instant::ZERO,
            shut: false,
            closed: None,
            segments: 0,
            retransmitted: 0,
            inspector,
        }
    }

    fn use_connection(&mut self, at: usize, now: Instant) {
        let Some(conn) = self.conn.as_mut() else {
            return;
        };
        while self.written < self.plan.send_len {
            let to = self.plan.send_len.min(self.written + 4096);
            let data: Vec<u8> = (self.written..to).map(|n| byte(at, n)).collect();
            let taken = conn.send(now, &data, &mut self.trace);
            self.written += taken;
            if taken < data.len() {
                break;
            }
        }
        if self.written == self.plan.send_len && !self.shut && conn.state() != TcpState::SynSent {
            conn.shutdown(now, &mut self.trace);
            self.shut = true;
        }
        if now >= self.wakes_at {
            let mut left = self.plan.read_len;
            while left > 0 && conn.readable_len() > 0 {
                let from = self.read;
                let taken = conn.recv_with(now, &mut self.trace, |bytes| {
                    let n = bytes.len().min(left);
                    let good = bytes[..n]
                        .iter()
                        .enumerate()
                        .all(|(i, b)| *b == byte(1 - at, from + i));
                    assert!(good, "other bytes than were sent, near {from}");
                    n
                });
                self.read += taken;
                left -= taken;
            }
            if conn.readable_len() > 0 {
                self.wakes_at = now + self.plan.read_pause;
            }
        }
        while let Some(event) = conn.poll_event() {
            if let ConnectionEvent::Closed(reason) = event {
                assert_eq!(self.closed, None, "the end is told once");
                self.closed = Some(reason);
            }
        }
    }
}
