//! The raw socket on the lab's wire: what it sees, what it sends, and what the kernel makes of it.
#![cfg(target_os = "linux")]

use clap::Parser as _;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use synema_bridge::cli::{Cli, Command};
use synema_bridge::curl::fetch_through;
use synema_bridge::io::{Admit, Batch, OpenOptions, PacketIo, RawSocket, now_ns};
use synema_bridge::lab::{self, Lab, LabOptions, Place, content, plan};
use synema_bridge::serve::Ground;
use synema_core::trace::DropReason;
use synema_core::wire::arp::Operation;
use synema_core::wire::tcp::{Flags, Options};
use synema_core::wire::{
    ChecksumStatus, EtherType, LinkType, MacAddr, Packet, Port, Protocol, SeqNum, arp, dissect,
    ethernet, ipv4, tcp,
};
use synema_diagram::capture::file::read;

const OUR_PORT: Port = Port(50_000);

fn start(change: impl FnOnce(&mut LabOptions)) -> (Lab, RawSocket) {
    let mut options = LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        ..LabOptions::default()
    };
    change(&mut options);
    lab::start(&options).expect("this system lets us make user namespaces")
}

/// Shows frames to `wanted` until it finds what it looks for, or time is up.
fn find<T>(
    socket: &RawSocket,
    patience: Duration,
    mut wanted: impl FnMut(&Packet<'_>) -> Option<T>,
) -> Option<T> {
    let until = Instant::now() + patience;
    let mut batch = Batch::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !socket.wait_readable(left).unwrap() {
            return None;
        }
        batch.clear();
        match socket.try_recv_batch(&mut batch) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            outcome => outcome.unwrap(),
        };
        let now = now_ns();
        for frame in batch.iter() {
            let age = Duration::from_nanos(now.checked_sub(frame.timestamp_ns).expect("past"));
            assert!(age < Duration::from_secs(10), "{age:?}");
        }
        let found = batch
            .iter()
            .find_map(|f| wanted(&dissect(LinkType::Ethernet, f.bytes, f.bytes.len())));
        if found.is_some() {
            return found;
        }
    }
}

fn send_arp(socket: &RawSocket, to: MacAddr, packet: arp::Packet) {
    let source = MacAddr(socket.mac());
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to,
        source,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    packet.emit(&mut frame);
    assert_eq!(socket.try_send_batch(&[&frame]).unwrap(), 1);
}

fn probe(socket: &RawSocket, ip: Ipv4Addr) {
    let packet = arp::Packet {
        operation: Operation::Request,
        sender_mac: MacAddr(socket.mac()),
        sender_ip: Ipv4Addr::UNSPECIFIED,
        target_mac: MacAddr::ZERO,
        target_ip: ip,
    };
    send_arp(socket, MacAddr::BROADCAST, packet);
}

/// The first segment of a connection to the web server, over the gateway.
fn send_syn(socket: &RawSocket, from: Ipv4Addr) {
    let (source, destination) = (MacAddr(socket.mac()), MacAddr(plan::ROUTER_MAC));
    let mut segment = Vec::new();
    tcp::Header {
        src_port: OUR_PORT,
        dst_port: Port(plan::HTTP_PORT),
        seq: SeqNum(1_000),
        ack: SeqNum(0),
        flags: Flags::SYN,
        window: 64_000,
        urgent_pointer: 0,
        options: Options {
            mss: Some(1460),
            ..Options::NONE
        },
    }
    .emit(from, plan::WEB_IP, &[], &mut segment);
    let mut frame = Vec::new();
    ethernet::Header {
        destination,
        source,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut frame);
    ipv4::Header::new(from, plan::WEB_IP, Protocol::TCP).emit(segment.len(), &mut frame);
    frame.extend(segment);
    assert_eq!(socket.try_send_batch(&[&frame]).unwrap(), 1);
}

/// Sends a SYN, answers the gateway's question who we are, and waits for the SYN-ACK.
fn open_half(socket: &RawSocket, ip: Ipv4Addr) {
    socket.admit(&Admit::Addresses(vec![ip])).unwrap();
    send_syn(socket, ip);
    let ttl = find(socket, Duration::from_secs(3), |packet| {
        if let Some(asked) = packet.arp()
            && asked.operation == Operation::Request
            && asked.target_ip == ip
        {
            let answer = arp::Packet {
                operation: Operation::Reply,
                sender_mac: MacAddr(socket.mac()),
                sender_ip: ip,
                target_mac: asked.sender_mac,
                target_ip: asked.sender_ip,
            };
            send_arp(socket, asked.sender_mac, answer);
        }
        let tcp = packet
            .tcp()
            .filter(|tcp| tcp.flags().syn() && tcp.flags().ack())?;
        assert_eq!((tcp.ack(), tcp.dst_port()), (SeqNum(1_001), OUR_PORT));
        packet.ipv4().map(ipv4::Packet::ttl)
    });
    assert_eq!(ttl, Some(63), "the server's 64, less one for the gateway");
}

#[test]
fn an_address_in_use_answers_and_a_free_one_does_not() {
    let (lab, socket) = start(|_| {});
    let answered = |ip: Ipv4Addr, patience: u64| {
        socket.admit(&Admit::Addresses(vec![ip])).unwrap();
        probe(&socket, ip);
        find(&socket, Duration::from_millis(patience), |packet| {
            packet
                .arp()
                .filter(|arp| arp.sender_ip == ip)
                .map(|arp| arp.sender_mac)
        })
    };
    assert_eq!(
        answered(lab.facts.in_use_ip, 2_000),
        Some(lab.facts.in_use_mac)
    );
    assert_eq!(
        answered(lab.facts.gateway, 2_000),
        Some(MacAddr(plan::ROUTER_MAC))
    );
    assert_eq!(answered(lab.facts.free_ip, 300), None);

    lab.take_address(lab.facts.free_ip).unwrap();
    let taken = find(&socket, Duration::from_secs(2), |packet| {
        packet
            .arp()
            .filter(|arp| arp.sender_ip == plan::FREE_IP)
            .map(|arp| arp.sender_mac)
    });
    assert_eq!(taken, Some(lab.facts.in_use_mac));
    lab.leave_address(lab.facts.free_ip).unwrap();
    assert_eq!(answered(lab.facts.free_ip, 300), None);
}

#[test]
fn nothing_gets_in_while_nothing_is_claimed() {
    let (lab, socket) = start(|_| {});
    lab.take_address(lab.facts.free_ip).unwrap();
    assert!(!socket.wait_readable(Duration::from_millis(300)).unwrap());
    assert_eq!(socket.counters().received, 0);
}

/// The kernel of the wire's machine fetches 1 MB; a raw socket beside it looks on.
fn look_on_at_a_fetch(lab: &Lab) -> (Vec<u8>, RawSocket) {
    // A slot for each frame of the fetch, whoever else has the processor meanwhile.
    let options = OpenOptions {
        ring_mib: 96,
        ..OpenOptions::observer(plan::WIRE_INTERFACE)
    };
    let socket = lab.packet_socket(Place::Wire, &options).unwrap();
    let mut stream = lab
        .connect(Place::Wire, (plan::WEB_IP, plan::HTTP_PORT).into())
        .unwrap();
    let reader = std::thread::spawn(move || {
        stream
            .write_all(b"GET /size/1000000 HTTP/1.0\r\n\r\n")
            .unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        response
    });
    let mut pieces = BTreeMap::new();
    let ended = find(&socket, Duration::from_secs(20), |packet| {
        assert!(packet.bytes.len() <= 1514, "{} bytes", packet.bytes.len());
        assert!(packet.problems.is_empty(), "{:?}", packet.problems);
        for layer in &packet.layers {
            let checked = matches!(layer.checksum, ChecksumStatus::Ok | ChecksumStatus::None);
            assert!(checked, "{:?} of {:?}", layer.checksum, layer.body);
        }
        let tcp = packet
            .tcp()
            .filter(|tcp| tcp.src_port() == Port(plan::HTTP_PORT))?;
        pieces.insert(tcp.seq().0, tcp.payload().to_vec());
        tcp.flags().fin().then_some(())
    });
    assert!(ended.is_some(), "the server's FIN was not seen");
    assert_eq!(socket.counters().dropped_by_kernel, 0);
    let response = reader.join().unwrap();
    let seen: Vec<u8> = ordered(pieces);
    assert_eq!(seen, response);
    let body = response.len() - 1_000_000;
    assert_eq!(
        response[body..],
        content::blocks(1_000_000).flatten().collect::<Vec<u8>>()
    );
    (response, socket)
}

/// The payloads in sequence order, which may have wrapped once.
fn ordered(pieces: BTreeMap<u32, Vec<u8>>) -> Vec<u8> {
    let wrapped =
        pieces.keys().any(|&seq| seq < 1 << 30) && pieces.keys().any(|&seq| seq > 3 << 30);
    let mut pieces: Vec<_> = pieces.into_iter().collect();
    pieces.sort_by_key(|(seq, _)| {
        if wrapped {
            seq.wrapping_add(1 << 31)
        } else {
            *seq
        }
    });
    pieces
        .into_iter()
        .flat_map(|(_, payload)| payload)
        .collect()
}

#[test]
fn super_frames_and_unfinished_checksums_become_what_a_wire_carries() {
    let (lab, _) = start(|_| {});
    let (_, socket) = look_on_at_a_fetch(&lab);
    let counters = socket.counters();
    assert!(counters.super_frames > 10, "{counters:?}");
    assert!(counters.checksums_finished > 0, "{counters:?}");
    assert_eq!((counters.unusable, counters.foreign_vlan), (0, 0));

    lab.set_offloads(false).unwrap();
    let (_, socket) = look_on_at_a_fetch(&lab);
    let counters = socket.counters();
    assert_eq!(
        (counters.super_frames, counters.checksums_finished),
        (0, 0),
        "{counters:?}"
    );
    assert!(counters.received > 690, "{counters:?}");

    lab.set_offloads(true).unwrap();
    let (_, socket) = look_on_at_a_fetch(&lab);
    assert!(socket.counters().super_frames > 10);
}

#[test]
fn four_writes_are_four_segments_of_the_sizes_that_were_promised() {
    let (lab, _) = start(|_| {});
    let options = OpenOptions::observer(plan::WIRE_INTERFACE);
    let socket = lab.packet_socket(Place::Wire, &options).unwrap();
    let mut stream = lab
        .connect(Place::Wire, (plan::WEB_IP, plan::HTTP_PORT).into())
        .unwrap();
    stream
        .write_all(b"GET /four HTTP/1.1\r\nHost: www.lab.test\r\n\r\n")
        .unwrap();
    let mut sizes = Vec::new();
    let ended = find(&socket, Duration::from_secs(3), |packet| {
        let tcp = packet
            .tcp()
            .filter(|tcp| tcp.src_port() == Port(plan::HTTP_PORT))?;
        sizes.extend(Some(tcp.payload().len()).filter(|&len| len > 0));
        tcp.flags().fin().then_some(())
    });
    assert_eq!((ended, sizes), (Some(()), vec![110, 120, 200, 500]));
}

#[test]
fn frames_carry_the_kernels_receive_time() {
    let (lab, socket) = start(|_| {});
    socket
        .admit(&Admit::Addresses(vec![lab.facts.in_use_ip]))
        .unwrap();
    let before = now_ns();
    probe(&socket, lab.facts.in_use_ip);
    // Long after it has arrived: the time is that of arrival, not of reading.
    std::thread::sleep(Duration::from_millis(200));
    let mut batch = Batch::new();
    assert_eq!(socket.try_recv_batch(&mut batch).unwrap(), 1);
    let received = batch.iter().next().unwrap().timestamp_ns;
    let took = Duration::from_nanos(received.checked_sub(before).expect("one clock for both"));
    assert!(took < Duration::from_millis(150), "{took:?}");
}

#[test]
fn with_its_own_mac_the_kernel_never_meddles() {
    for ip_forward in [false, true] {
        let (lab, socket) = start(|options| options.ip_forward = ip_forward);
        let observer = lab.observe(lab.facts.free_ip).unwrap();
        open_half(&socket, lab.facts.free_ip);
        std::thread::sleep(Duration::from_millis(300));
        let seen = observer.stop().unwrap();
        assert!(seen.frames >= 4 && seen.missed == 0, "{seen:?}");
        assert!(!seen.meddled(), "ip_forward {ip_forward}: {seen:?}");
    }
}

#[test]
fn with_the_hosts_mac_the_guard_keeps_the_kernel_away() {
    let (lab, socket) = start(|options| options.host_mac = true);
    assert_eq!(socket.mac(), plan::WIRE_MAC);
    for ip_forward in [false, true] {
        lab.set_ip_forward(Place::Wire, ip_forward).unwrap();
        let observer = lab.observe(lab.facts.free_ip).unwrap();
        open_half(&socket, lab.facts.free_ip);
        std::thread::sleep(Duration::from_millis(300));
        let seen = observer.stop().unwrap();
        assert!(!seen.meddled(), "ip_forward {ip_forward}: {seen:?}");
        lab.forget_neighbour(Place::Router, lab.facts.free_ip)
            .unwrap();
    }
    // The control: without the guard, the same observer sees the kernel forward.
    lab.guard(&[]).unwrap();
    let observer = lab.observe(lab.facts.free_ip).unwrap();
    open_half(&socket, lab.facts.free_ip);
    std::thread::sleep(Duration::from_millis(300));
    let seen = observer.stop().unwrap();
    assert!(seen.forwarded > 0, "{seen:?}");
}

/// All of a fetch, from the first probe to the last ACK: the claimed address is ours alone.
#[test]
fn during_a_whole_fetch_the_kernel_never_meddles() {
    for (host_mac, ip_forward) in [(false, false), (false, true), (true, false), (true, true)] {
        let (lab, socket) = start(|options| {
            options.host_mac = host_mac;
            options.ip_forward = ip_forward;
        });
        let observer = lab.observe(lab.facts.free_ip).unwrap();
        let body = std::env::temp_dir().join(format!("synema-fetch-{}", std::process::id()));
        let line = format!(
            "synema curl --lab -o {} http://www.lab.test/size/200000",
            body.display()
        );
        let Command::Curl(args) = Cli::parse_from(line.split(' ')).command else {
            unreachable!("the line says curl");
        };
        let ground = Ground::of_lab(&lab.facts, host_mac);
        fetch_through(&args, ground, lab.facts.free_ip, socket).expect("the page comes");
        let fetched = std::fs::read(&body).expect("it was written");
        assert!(fetched == content::blocks(200_000).collect::<Vec<_>>().concat());
        std::fs::remove_file(&body).expect("it was ours");
        // What the kernel would have to say to the last segments.
        std::thread::sleep(Duration::from_millis(300));
        let seen = observer.stop().unwrap();
        let case = format!("host MAC {host_mac}, ip_forward {ip_forward}: {seen:?}");
        // 138 segments with data alone.
        assert!(seen.frames > 140 && seen.missed == 0, "{case}");
        assert!(!seen.meddled(), "{case}");
    }
}

/// A frame as broken hardware or somebody malicious would send it: cut at every header's edge and
/// within it, and with single bits turned.
fn mangled(frame: &[u8]) -> Vec<Vec<u8>> {
    let cuts = [15, 20, 33, 34, 40, 53, 60, frame.len().saturating_sub(1)];
    let cut = cuts.iter().filter(|&&len| len < frame.len());
    let cut = cut.map(|&len| frame[..len].to_vec());
    // Version and header length, total length, protocol, checksum; data offset, checksum.
    let turned = [14, 16, 17, 23, 24, 46, 50].iter().map(|&place| {
        let mut frame = frame.to_vec();
        frame[place] ^= 0x18;
        frame
    });
    cut.chain(turned).collect()
}

#[test]
fn mangled_frames_are_dropped_with_a_reason_and_the_fetch_goes_on() {
    let (lab, socket) = start(|_| {});
    // On the router: each segment for us, and right after it all that can be made of it.
    let router = OpenOptions::observer(plan::ROUTER_INTERFACE);
    let router = lab.packet_socket(Place::Router, &router).unwrap();
    let place = std::env::temp_dir().join(format!("synema-mangled-{}", std::process::id()));
    let (body, file) = (place.with_extension("body"), place.with_extension("pcapng"));
    let line = format!(
        "synema curl --lab -o {} --capture {} http://www.lab.test/slow",
        body.display(),
        file.display()
    );
    let Command::Curl(args) = Cli::parse_from(line.split(' ')).command else {
        unreachable!("the line says curl");
    };
    let (ground, ip) = (Ground::of_lab(&lab.facts, false), lab.facts.free_ip);
    let fetching = std::thread::spawn(move || fetch_through(&args, ground, ip, socket));
    let mut batch = Batch::new();
    while !fetching.is_finished() {
        if !router.wait_readable(Duration::from_millis(50)).unwrap() {
            continue;
        }
        batch.clear();
        if router.try_recv_batch(&mut batch).is_err() {
            continue;
        }
        for frame in batch.iter() {
            let is_segment = dissect(LinkType::Ethernet, frame.bytes, frame.bytes.len())
                .tcp()
                .is_some();
            if is_segment && frame.bytes.starts_with(&plan::OWN_MAC) {
                for frame in mangled(frame.bytes) {
                    router.try_send_batch(&[&frame]).unwrap();
                }
            }
        }
    }
    let outcome = fetching.join().expect("no frame makes it panic");
    outcome.expect("the page comes");
    let fetched = std::fs::read_to_string(&body).expect("it was written");
    assert_eq!(fetched, "one line every 200 ms\n".repeat(10));
    let opened = read(&std::fs::read(&file).expect("it was written")).expect("a capture");
    for path in [body, file] {
        std::fs::remove_file(path).expect("it was ours");
    }
    assert!(opened.stopped.is_none());
    let frames = opened.capture.frames().iter();
    let reasons: Vec<_> = frames.filter_map(|frame| frame.dropped).collect();
    let count = |wanted| reasons.iter().filter(|&&reason| reason == wanted).count();
    assert!(count(DropReason::Malformed) >= 1, "{reasons:?}");
    assert!(count(DropReason::BadChecksum) >= 10, "{reasons:?}");
}

#[test]
fn on_the_hosts_own_address_the_observer_sees_the_kernels_reset() {
    let (lab, socket) = start(|options| options.host_mac = true);
    let observer = lab.observe(plan::WIRE_IP).unwrap();
    open_half(&socket, plan::WIRE_IP);
    std::thread::sleep(Duration::from_millis(300));
    let seen = observer.stop().unwrap();
    assert!(seen.resets > 0, "{seen:?}");
}

#[test]
fn an_interface_that_goes_down_is_reported_and_comes_back() {
    let (lab, socket) = start(|_| {});
    socket
        .admit(&Admit::Addresses(vec![lab.facts.in_use_ip]))
        .unwrap();
    lab.set_wire_up(false).unwrap();
    let down = Some(rustix::io::Errno::NETDOWN.raw_os_error());
    let mut batch = Batch::new();
    let error = socket.try_recv_batch(&mut batch).unwrap_err();
    assert_eq!(error.raw_os_error(), down);
    let frame = [0xff; 60];
    assert_eq!(
        socket.try_send_batch(&[&frame]).unwrap_err().raw_os_error(),
        down
    );
    lab.set_wire_up(true).unwrap();
    // The switch takes a moment until it forwards to this port again.
    let back = (0..30).find_map(|_| {
        probe(&socket, lab.facts.in_use_ip);
        find(&socket, Duration::from_millis(100), |packet| {
            packet.arp().map(|a| a.sender_mac)
        })
    });
    assert_eq!(back, Some(lab.facts.in_use_mac));
}

#[test]
fn who_waits_for_frames_hears_that_the_interface_went_down() {
    let (lab, socket) = start(|_| {});
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let io = PacketIo::new(socket).unwrap();
        let mut batch = Batch::new();
        let down = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            lab.set_wire_up(false).unwrap();
        };
        let heard = tokio::time::timeout(Duration::from_secs(5), io.recv_batch(&mut batch));
        let (heard, ()) = tokio::join!(heard, down);
        let error = heard.expect("it is told").unwrap_err();
        assert_eq!(
            error.raw_os_error(),
            Some(rustix::io::Errno::NETDOWN.raw_os_error())
        );
        // It is told once.
        let more = tokio::time::timeout(Duration::from_millis(100), io.recv_batch(&mut batch));
        assert!(more.await.is_err());
    });
}

#[test]
fn a_frame_beyond_the_mtu_is_refused_and_the_others_go() {
    let (lab, socket) = start(|_| {});
    let observer = lab.observe(lab.facts.free_ip).unwrap();
    let small = [&[0xff; 6][..], &socket.mac(), &[0x88, 0xb5], &[0; 46]].concat();
    let large = [&small[..], &[0; 1500]].concat();
    let frames: [&[u8]; 4] = [&small, &small, &large, &small];
    assert_eq!(socket.try_send_batch(&frames).unwrap(), 2);
    let refused = socket.try_send_batch(&frames[2..]).unwrap_err();
    assert_eq!(
        refused.raw_os_error(),
        Some(rustix::io::Errno::MSGSIZE.raw_os_error())
    );
    assert_eq!(socket.try_send_batch(&frames[3..]).unwrap(), 1);
    let counters = socket.counters();
    assert_eq!((counters.sent, counters.send_refused), (3, 1));
    assert!(observer.stop().unwrap().frames >= 3);
}

#[test]
fn frames_pass_through_the_runtime_with_a_receipt_each() {
    let (lab, socket) = start(|_| {});
    socket
        .admit(&Admit::Addresses(vec![lab.facts.in_use_ip]))
        .unwrap();
    let mac = socket.mac();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let io = PacketIo::new(socket).unwrap();
        let packet = arp::Packet {
            operation: Operation::Request,
            sender_mac: MacAddr(mac),
            sender_ip: Ipv4Addr::UNSPECIFIED,
            target_mac: MacAddr::ZERO,
            target_ip: lab.facts.in_use_ip,
        };
        let mut good = Vec::new();
        ethernet::Header {
            destination: MacAddr::BROADCAST,
            source: MacAddr(mac),
            ether_type: EtherType::ARP,
        }
        .emit(&mut good);
        packet.emit(&mut good);
        let large = vec![0xff; 1600];
        let mut receipts = BTreeMap::new();
        let many: Vec<&[u8]> = (0..100)
            .map(|n| if n == 70 { &large[..] } else { &good })
            .collect();
        io.send_batch(&many, |at, receipt| {
            assert!(
                receipts
                    .insert(at, receipt.map_err(|error| error.kind()))
                    .is_none()
            );
        })
        .await
        .unwrap();
        assert_eq!(receipts.len(), 100);
        assert_eq!(
            receipts.values().filter(|receipt| receipt.is_err()).count(),
            1
        );
        assert!(receipts[&70].is_err());

        let mut answers = 0;
        let mut batch = Batch::new();
        while answers < 99 {
            batch.clear();
            let next = tokio::time::timeout(Duration::from_secs(5), io.recv_batch(&mut batch));
            answers += next.await.expect("an answer to each").unwrap();
        }
        // Waiting for more does not return, and does not spin on an error.
        batch.clear();
        let more = tokio::time::timeout(Duration::from_millis(100), io.recv_batch(&mut batch));
        assert!(more.await.is_err());
    });
}
