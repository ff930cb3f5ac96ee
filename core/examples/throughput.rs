//! How fast two connections can talk to each other in one thread: no wire, no
//! delay, MTU 1500, every frame emitted and parsed with its checksum.
//!
//! `cargo run --release -p synema-core --example throughput [MiB]`

use std::time::Instant as WallClock;
use synema_core::tcp::{Connection, Identity, Policy, Segment};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::tcp;
use synema_core::wire::{Protocol, SeqNum, checksum::Sum};

/// Segments that are on their way from one end to the other, in one allocation.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

fn main() {
    let mib: usize = std::env::args()
        .nth(1)
        .map_or(2048, |n| n.parse().expect("how many MiB"));
    let total = mib << 20;
    let identity = |local: &str, remote: &str| Identity {
        conn: ConnId(0),
        local: local.parse().expect("a constant"),
        remote: remote.parse().expect("a constant"),
        iss: SeqNum(u32::MAX - 10_000),
        timestamp_offset: 0,
        mtu: 1500,
        path_mtu: 1500,
    };
    let (client_end, server_end) = ("192.0.2.1:1000", "192.0.2.2:2000");
    let mut policy = Policy::rfc();
    policy.send.buffer_len = 256 << 10;
    let mut now = Instant::ZERO;
    let id = identity(client_end, server_end);
    let mut client = Connection::connect(now, id, &policy, &mut ());
    let mut server = None;
    let (mut to_server, mut to_client) = (Batch::default(), Batch::default());
    let block = vec![0x5a; 64 << 10];
    let (mut written, mut read, mut segments) = (0, 0, 0u64);
    let began = WallClock::now();
    while read < total {
        while written < total {
            let rest = block.len().min(total - written);
            let taken = client.send(now, &block[..rest], &mut ());
            written += taken;
            if taken < rest {
                break;
            }
        }
        segments += transmit(&mut client, now, &mut to_server);
        deliver(&to_server, |segment| {
            let frame = FrameId::received(0);
            if let Some(server) = server.as_mut() {
                Connection::on_segment(server, now, segment, frame, &mut ());
            } else {
                let id = identity(server_end, client_end);
                server = Connection::accept(now, id, &policy, segment, frame, &mut ());
            }
        });
        let Some(server) = server.as_mut() else {
            unreachable!("the first segment was a SYN")
        };
        loop {
            let taken = server.recv_with(now, &mut (), <[u8]>::len);
            if taken == 0 {
                break;
            }
            read += taken;
        }
        segments += transmit(server, now, &mut to_client);
        deliver(&to_client, |segment| {
            client.on_segment(now, segment, FrameId::received(0), &mut ());
        });
        now += Duration::from_micros(50);
        for conn in [&mut client, server] {
            if conn.poll_timeout().is_some_and(|at| at <= now) {
                conn.on_timeout(now, &mut ());
            }
        }
    }
    let took = began.elapsed().as_secs_f64();
    let gbits = read as f64 * 8.0 / took / 1e9;
    let per_segment = took * 1e9 / segments as f64;
    println!(
        "{mib} MiB in {took:.2} s: {gbits:.2} Gbit/s, {segments} segments, {per_segment:.0} ns each (both ends)"
    );
}

fn transmit(conn: &mut Connection, now: Instant, out: &mut Batch) -> u64 {
    out.clear();
    let (src, dst) = {
        let id = conn.identity();
        (*id.local.ip(), *id.remote.ip())
    };
    while let Some(segment) = conn.poll_transmit(now, FrameId::sent(0), &mut ()) {
        segment
            .header
            .emit(src, dst, &segment.payload, &mut out.bytes);
        out.ends.push(out.bytes.len());
    }
    out.ends.len() as u64
}

fn deliver(batch: &Batch, mut take: impl FnMut(&Segment<'_>)) {
    let mut start = 0;
    for end in &batch.ends {
        let bytes = &batch.bytes[start..*end];
        let view = tcp::Segment::parse(bytes).expect("we emitted it");
        // The pseudo-header's two addresses may change places: the sum is the same.
        let (a, b) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let pseudo = Sum::pseudo_v4(a, b, Protocol::TCP, bytes.len());
        assert_eq!(
            view.checksum_status(pseudo),
            synema_core::wire::ChecksumStatus::Ok
        );
        take(&Segment::from(&view));
        start = *end;
    }
}
