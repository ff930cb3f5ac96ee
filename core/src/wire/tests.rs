//! Round trips, known packets, and bytes from nowhere.

use super::checksum::Sum;
use super::dissect::PayloadOf;
use super::icmpv4::{Message, Quote, QuotedTransport, Unreachable};
use super::tcp::{Flags, Options, SackBlocks, TcpOption, Timestamps};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
const B: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);
const MAC_A: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x81]);
const MAC_B: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x01]);

fn tcp_header(flags: Flags, options: Options) -> tcp::Header {
    tcp::Header {
        src_port: Port(40_000),
        dst_port: Port(80),
        seq: SeqNum(1_000),
        ack: SeqNum(if flags.ack() { 77 } else { 0 }),
        flags,
        window: 64_240,
        urgent_pointer: 0,
        options,
    }
}

/// A whole frame round `header` and `payload`.
fn tcp_frame(header: &tcp::Header, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let ether_type = EtherType::IPV4;
    ethernet::Header {
        destination: MAC_B,
        source: MAC_A,
        ether_type,
    }
    .emit(&mut out);
    ipv4::Header::new(A, B, Protocol::TCP).emit(header.header_len() + payload.len(), &mut out);
    header.emit(A, B, &[payload], &mut out);
    out
}

fn dissect_whole(bytes: &[u8]) -> Packet<'_> {
    dissect(LinkType::Ethernet, bytes, bytes.len())
}

fn kinds(packet: &Packet<'_>) -> Vec<LayerKind> {
    packet
        .layers
        .iter()
        .map(|layer| layer.body.kind())
        .collect()
}

/// The layers follow each other without gaps and cover the frame.
fn assert_tiles(packet: &Packet<'_>) {
    let mut at = 0;
    for layer in &packet.layers {
        assert_eq!(layer.range.start, at, "{packet:?}");
        at = layer.range.end;
    }
    assert_eq!(at, packet.bytes.len(), "{packet:?}");
}

#[test]
fn options_are_laid_out_as_linux_does() {
    let timestamps = Some(Timestamps {
        value: 0x0102_0304,
        echo: 0x0506_0708,
    });
    let syn = Options {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps,
        ..Options::NONE
    };
    let mut out = Vec::new();
    syn.emit(true, &mut out);
    let expected = [
        2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7,
    ];
    assert_eq!(out, expected);

    out.clear();
    Options {
        timestamps: None,
        ..syn
    }
    .emit(true, &mut out);
    assert_eq!(out, [2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7]);

    out.clear();
    syn.emit(false, &mut out);
    assert_eq!(out, [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]);

    out.clear();
    let sack = [SeqRange {
        start: SeqNum(1),
        end: SeqNum(2),
    }; 4]
        .into_iter()
        .collect();
    Options {
        sack,
        timestamps,
        ..Options::NONE
    }
    .emit(false, &mut out);
    assert_eq!(out.len(), 40);
    assert_eq!(out[12..24], [1, 1, 5, 26, 0, 0, 0, 1, 0, 0, 0, 2]);
}

#[test]
fn a_syn_of_linux_is_read() {
    // A SYN as Linux sends it over loopback, its checksum left to the card.
    let bytes = [
        0x45, 0x00, 0x00, 0x3c, 0xe4, 0x0b, 0x40, 0x00, 0x40, 0x06, 0x58, 0xae, 127, 0, 0, 1, 127,
        0, 0, 1, 0x8b, 0xfa, 0x1f, 0x90, 0x2e, 0x9d, 0x94, 0x5d, 0, 0, 0, 0, 0xa0, 0x02, 0xff,
        0xd7, 0xfe, 0x30, 0, 0, 2, 4, 0xff, 0xd7, 4, 2, 8, 10, 0x9e, 0x2a, 0x1b, 0xc3, 0, 0, 0, 0,
        1, 3, 3, 7,
    ];
    let packet = dissect(LinkType::RawIp, &bytes, bytes.len());
    assert_eq!(kinds(&packet), [LayerKind::Ipv4, LayerKind::Tcp]);
    assert_eq!(packet.problems, []);
    assert_eq!(packet.layers[0].checksum, ChecksumStatus::Ok);
    assert_eq!(packet.layers[1].checksum, ChecksumStatus::Unfinished);
    let segment = packet.tcp().unwrap();
    assert_eq!(segment.flags(), Flags::SYN);
    assert_eq!(segment.seq_len(), 1);
    let options = segment.options();
    assert_eq!((options.mss, options.window_scale), (Some(65_495), Some(7)));
    assert!(options.sack_permitted);
    assert_eq!(
        options.timestamps,
        Some(Timestamps {
            value: 0x9e2a_1bc3,
            echo: 0
        })
    );

    let mut finished = bytes;
    checksum::finish_partial(&mut finished, 20, 16).unwrap();
    let packet = dissect(LinkType::Ipv4, &finished, finished.len());
    assert_eq!(packet.layers[1].checksum, ChecksumStatus::Ok);
}

#[test]
fn unknown_options_are_kept_and_malformed_ones_end_the_list() {
    let bytes = [34, 4, 0xca, 0xfe, 1, 2, 4, 5, 0xb4, 3, 2, 7, 4, 2];
    let options: Vec<_> = tcp::OptionIter::new(&bytes).collect();
    assert_eq!(
        options[0],
        Ok(TcpOption::Other {
            kind: 34,
            data: &[0xca, 0xfe]
        })
    );
    assert_eq!(options[1], Ok(TcpOption::NoOperation));
    assert_eq!(options[2], Ok(TcpOption::MaxSegmentSize(1460)));
    let layer = LayerKind::Tcp;
    assert_eq!(
        options[3],
        Err(Problem::BadOption {
            layer,
            kind: 3,
            offset: 9
        })
    );
    assert_eq!(options.len(), 4);
    // What came before the malformed one counts.
    let known = Options {
        mss: Some(1460),
        ..Options::NONE
    };
    assert_eq!(Options::collect(tcp::OptionIter::new(&bytes)), known);
}

#[test]
fn after_the_end_of_the_list_nothing_counts_and_no_length_leads_astray() {
    let read = |bytes: &[u8]| Options::collect(tcp::OptionIter::new(bytes));
    assert_eq!(read(&[1, 0, 2, 4, 5, 0xb4]), Options::NONE);
    // RFC 9293 MUST-7: no length at all, too small ones, and one beyond the header.
    for bytes in [
        &[2][..],
        &[2, 0, 5, 0xb4],
        &[2, 1, 5, 0xb4],
        &[2, 3, 5, 0xb4],
        &[2, 40, 5, 0xb4],
    ] {
        assert_eq!(read(bytes), Options::NONE, "{bytes:?}");
    }
}

#[test]
fn a_frame_is_dissected_with_tags_and_padding() {
    let mut inner = Vec::new();
    arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: MAC_A,
        sender_ip: Ipv4Addr::UNSPECIFIED,
        target_mac: MacAddr::ZERO,
        target_ip: A,
    }
    .emit(&mut inner);
    let mut frame = Vec::new();
    ethernet::Header {
        destination: MacAddr::BROADCAST,
        source: MAC_A,
        ether_type: EtherType::VLAN_PROVIDER,
    }
    .emit(&mut frame);
    let outer = ethernet::VlanTag {
        priority: 0,
        drop_eligible: false,
        id: 7,
        ether_type: EtherType::VLAN,
    };
    outer.emit(&mut frame);
    ethernet::VlanTag {
        priority: 5,
        drop_eligible: true,
        id: 4_095,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    frame.extend_from_slice(&inner);
    frame.resize(64, 0);

    let packet = dissect_whole(&frame);
    let expected = [
        LayerKind::Ethernet,
        LayerKind::Vlan,
        LayerKind::Vlan,
        LayerKind::Arp,
        LayerKind::Padding,
    ];
    assert_eq!(kinds(&packet), expected);
    assert_tiles(&packet);
    assert_eq!(packet.vlan(), Some(&outer));
    assert!(packet.arp().unwrap().is_probe());
    assert_eq!(packet.problems, []);
}

#[test]
fn an_icmp_error_shows_the_packet_that_it_quotes() {
    let header = tcp_header(Flags::SYN, Options::NONE);
    let quoted = &tcp_frame(&header, b"")[14..42];
    let mut icmp = Vec::new();
    let reason = Unreachable::FragmentationNeeded { next_hop_mtu: 1400 };
    Message::DestinationUnreachable {
        reason,
        quote: quoted,
    }
    .emit(&mut icmp);
    let mut bytes = Vec::new();
    ipv4::Header::new(B, A, Protocol::ICMP).emit(icmp.len(), &mut bytes);
    bytes.extend_from_slice(&icmp);

    let packet = dissect(LinkType::Ipv4, &bytes, bytes.len());
    assert_tiles(&packet);
    assert_eq!(packet.problems, []);
    let Message::DestinationUnreachable {
        reason: found,
        quote,
    } = packet.icmpv4().unwrap().message()
    else {
        panic!("{packet:?}");
    };
    assert_eq!(found, reason);
    assert_eq!(packet.layers[1].checksum, ChecksumStatus::Ok);
    let quoted: Vec<_> = packet.quoted_layers().map(|layer| layer.body).collect();
    let start = tcp::Start {
        src_port: Port(40_000),
        dst_port: Port(80),
        seq: SeqNum(1_000),
    };
    assert!(matches!(quoted[0], Body::Ipv4(inner) if inner.source() == A));
    assert_eq!(quoted[1], Body::TcpStart(start));
    assert!(packet.tcp().is_none());
    let transport = QuotedTransport::Tcp(start);
    assert_eq!(
        Quote::parse(quote),
        Ok(Quote {
            source: A,
            destination: B,
            transport
        })
    );
}

#[test]
fn fragments_are_not_taken_for_segments() {
    let frame = tcp_frame(&tcp_header(Flags::ACK, Options::NONE), &[7; 100]);
    let mut first = frame.clone();
    first[20..22].copy_from_slice(&0x2000u16.to_be_bytes());
    let packet = dissect_whole(&first);
    assert!(packet.tcp().is_some());
    assert_eq!(
        packet.layer(LayerKind::Tcp).unwrap().checksum,
        ChecksumStatus::Fragment
    );
    assert!(packet.layer(LayerKind::Ipv4).unwrap().checksum.is_bad());

    let mut later = frame;
    later[20..22].copy_from_slice(&0x0010u16.to_be_bytes());
    let packet = dissect_whole(&later);
    assert!(packet.tcp().is_none());
    let of = PayloadOf::Fragment(Protocol::TCP);
    assert!(matches!(packet.layers[2].body, Body::Payload { of: found, .. } if found == of));
}

#[test]
fn a_snapped_frame_is_not_called_malformed() {
    let frame = tcp_frame(&tcp_header(Flags::ACK, Options::NONE), &[7; 1000]);
    let packet = dissect(LinkType::Ethernet, &frame[..96], frame.len());
    assert!(packet.is_snapped());
    assert_tiles(&packet);
    assert_eq!(packet.tcp().unwrap().seq(), SeqNum(1_000));
    assert_eq!(
        packet.layer(LayerKind::Tcp).unwrap().checksum,
        ChecksumStatus::Snapped
    );
    let problem = Problem::Snapped {
        layer: LayerKind::Ipv4,
        needed: 1040,
        kept: 82,
    };
    assert_eq!(packet.problems, [problem]);

    // The same bytes, but that was all there was on the wire.
    let packet = dissect(LinkType::Ethernet, &frame[..96], 96);
    assert!(matches!(packet.problems[..], [Problem::Truncated { .. }]));

    // Cut within the TCP header: ports and number are still told.
    let packet = dissect(LinkType::Ethernet, &frame[..44], frame.len());
    assert!(
        packet
            .layers
            .iter()
            .any(|layer| matches!(layer.body, Body::TcpStart(_)))
    );
}

#[test]
fn a_super_frame_without_a_length_is_read_to_its_end() {
    let mut frame = tcp_frame(&tcp_header(Flags::ACK, Options::NONE), &[7; 3000]);
    frame[16..18].copy_from_slice(&[0, 0]);
    let packet = dissect_whole(&frame);
    assert_eq!(
        packet.problems,
        [Problem::OffloadedLength {
            layer: LayerKind::Ipv4
        }]
    );
    assert_eq!(packet.tcp().unwrap().payload().len(), 3000);
    assert!(ipv4::Packet::parse(&frame[14..]).is_err());
}

#[test]
fn ipv6_extension_headers_are_skipped() {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 16 + 20, 0, 64];
    bytes.extend_from_slice(&Ipv6Addr::LOCALHOST.octets());
    bytes.extend_from_slice(&Ipv6Addr::LOCALHOST.octets());
    bytes.extend_from_slice(&[60, 0, 1, 4, 0, 0, 0, 0]); // hop-by-hop, then destination options
    bytes.extend_from_slice(&[6, 0, 1, 4, 0, 0, 0, 0]); // then TCP
    let start = bytes.len();
    tcp_header(Flags::SYN, Options::NONE).emit(A, B, &[], &mut bytes);
    bytes[start + 16..start + 18].fill(0);
    let pseudo = Sum::pseudo_v6(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, Protocol::TCP, 20);
    let sum = pseudo.with(&bytes[start..]).finish();
    bytes[start + 16..start + 18].copy_from_slice(&sum.to_be_bytes());

    let packet = dissect(LinkType::RawIp, &bytes, bytes.len());
    assert_eq!(kinds(&packet), [LayerKind::Ipv6, LayerKind::Tcp]);
    assert_eq!(packet.layers[0].range, 0..56);
    assert_eq!(packet.layers[1].checksum, ChecksumStatus::Ok);
    assert_eq!(packet.problems, []);
}

#[test]
fn a_cooked_capture_is_read() {
    let frame = tcp_frame(&tcp_header(Flags::SYN, Options::NONE), b"");
    let mut v1 = vec![0, 4, 0, 1, 0, 6];
    v1.extend_from_slice(&MAC_A.0);
    v1.extend_from_slice(&[0, 0, 0x08, 0x00]);
    v1.extend_from_slice(&frame[14..]);
    let packet = dissect(LinkType::LinuxSll, &v1, v1.len());
    assert_eq!(
        kinds(&packet),
        [LayerKind::Sll, LayerKind::Ipv4, LayerKind::Tcp]
    );
    assert!(
        matches!(packet.layers[0].body, Body::Sll(h) if h.source == Some(MAC_A)
        && h.direction == sll::Direction::FromUs)
    );

    let mut v2 = vec![0x08, 0x00, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6];
    v2.extend_from_slice(&MAC_A.0);
    v2.extend_from_slice(&[0, 0]);
    v2.extend_from_slice(&frame[14..]);
    let packet = dissect(LinkType::LinuxSll2, &v2, v2.len());
    assert_eq!(
        kinds(&packet),
        [LayerKind::Sll2, LayerKind::Ipv4, LayerKind::Tcp]
    );
    assert!(matches!(packet.layers[0].body, Body::Sll2(h) if h.interface_index == Some(3)));
}

#[test]
fn emitting_twice_into_one_buffer_does_not_allocate_again() {
    let header = tcp_header(Flags::ACK, Options::NONE);
    let mut out = Vec::with_capacity(1514);
    let place = out.as_ptr();
    for _ in 0..3 {
        out.clear();
        ipv4::Header::new(A, B, Protocol::TCP).emit(header.header_len() + 1400, &mut out);
        header.emit(A, B, &[&[1; 700], &[2; 700]], &mut out);
        assert_eq!((out.as_ptr(), out.capacity()), (place, 1514));
    }
}

fn any_options() -> impl Strategy<Value = Options> {
    let blocks = vec((any::<u32>(), any::<u32>()), 0..=4).prop_map(|blocks| {
        let range = |(start, end)| SeqRange {
            start: SeqNum(start),
            end: SeqNum(end),
        };
        blocks.into_iter().map(range).collect::<SackBlocks>()
    });
    let timestamps = any::<Option<(u32, u32)>>()
        .prop_map(|clocks| clocks.map(|(value, echo)| Timestamps { value, echo }));
    (
        any::<Option<u16>>(),
        any::<Option<u8>>(),
        any::<bool>(),
        blocks,
        timestamps,
    )
        .prop_map(
            |(mss, window_scale, sack_permitted, sack, timestamps)| Options {
                mss,
                window_scale,
                sack_permitted,
                timestamps,
                sack,
            },
        )
}

/// Bytes that look like packets often enough to get deep: a good frame with
/// some bytes changed and its end moved.
fn almost_a_frame() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((0usize..120, any::<u8>()), 0..6);
    (
        any_options(),
        any::<u16>(),
        vec(any::<u8>(), 0..60),
        changes,
        0usize..150,
    )
        .prop_map(|(options, bits, payload, changes, len)| {
            let mut frame = tcp_frame(&tcp_header(Flags::from_bits(bits), options), &payload);
            for (at, byte) in changes {
                if let Some(slot) = frame.get_mut(at) {
                    *slot = byte;
                }
            }
            frame.resize(len, 0);
            frame
        })
}

proptest! {
    #[test]
    fn tcp_round_trip(options in any_options(), bits: u16, seq: u32, ack: u32, window: u16,
                      payload in vec(any::<u8>(), 0..200)) {
        let flags = Flags::from_bits(bits);
        let header = tcp::Header {
            seq: SeqNum(seq), ack: SeqNum(ack), window, ..tcp_header(flags, options)
        };
        let frame = tcp_frame(&header, &payload);
        let packet = dissect_whole(&frame);
        assert_tiles(&packet);
        prop_assert_eq!(&packet.problems, &[]);
        for layer in &packet.layers[1..3] {
            prop_assert_eq!(layer.checksum, ChecksumStatus::Ok);
        }
        let segment = packet.tcp().unwrap();
        prop_assert_eq!(segment.seq(), header.seq);
        prop_assert_eq!(segment.ack(), header.ack);
        prop_assert_eq!(segment.flags(), flags);
        prop_assert_eq!(segment.window(), window);
        prop_assert_eq!(segment.header_len(), header.header_len());
        prop_assert_eq!(segment.payload(), &payload[..]);
        let room = Options::sack_room(options.timestamps.is_some());
        let expected = if flags.syn() {
            Options { sack: SackBlocks::NONE, ..options }
        } else {
            let sack = options.sack.iter().take(room).collect();
            Options { sack, timestamps: options.timestamps, ..Options::NONE }
        };
        prop_assert_eq!(segment.options(), expected);
    }

    #[test]
    fn udp_round_trip(src: u16, dst: u16, payload in vec(any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        ipv4::Header::new(A, B, Protocol::UDP).emit(udp::HEADER_LEN + payload.len(), &mut out);
        let header = udp::Header { src_port: Port(src), dst_port: Port(dst) };
        header.emit(A, B, &payload, &mut out);
        let packet = dissect(LinkType::Ipv4, &out, out.len());
        prop_assert_eq!(&packet.problems, &[]);
        prop_assert_eq!(packet.layers[1].checksum, ChecksumStatus::Ok);
        let datagram = packet.udp().unwrap();
        prop_assert_eq!((datagram.src_port(), datagram.dst_port()), (Port(src), Port(dst)));
        prop_assert_eq!(datagram.payload(), &payload[..]);
    }

    #[test]
    fn arp_round_trip(op: u16, a: [u8; 6], b: [u8; 6], x: u32, y: u32) {
        let packet = arp::Packet {
            operation: op.into(),
            sender_mac: MacAddr(a),
            sender_ip: x.into(),
            target_mac: MacAddr(b),
            target_ip: y.into(),
        };
        let mut out = Vec::new();
        packet.emit(&mut out);
        prop_assert_eq!(arp::Packet::parse(&out), Ok(packet));
    }

    #[test]
    fn icmp_round_trip(kind: u8, code: u8, rest: [u8; 4], data in vec(any::<u8>(), 0..60)) {
        let mut bytes = vec![kind, code, 0, 0];
        bytes.extend_from_slice(&rest);
        bytes.extend_from_slice(&data);
        let message = icmpv4::Packet::parse(&bytes).unwrap().message();
        let mut out = Vec::new();
        message.emit(&mut out);
        let again = icmpv4::Packet::parse(&out).unwrap();
        prop_assert_eq!(again.message(), message);
        prop_assert_eq!(again.checksum_status(), ChecksumStatus::Ok);
    }

    #[test]
    fn a_flipped_bit_is_noticed(bit in 0usize..(20 + 20 + 50) * 8) {
        let mut frame = tcp_frame(&tcp_header(Flags::ACK, Options::NONE), &[0x5a; 50]);
        frame[14 + bit / 8] ^= 1 << (bit % 8);
        let packet = dissect_whole(&frame);
        let bad = packet.layers.iter().any(|layer| layer.checksum.is_bad());
        prop_assert!(bad || !packet.problems.is_empty());
    }

    #[test]
    fn bytes_from_nowhere_never_panic(link: u16, bytes in vec(any::<u8>(), 0..200), more in 0usize..3) {
        for number in [link, 0, 1, 101, 113, 228, 229, 276] {
            assert_tiles(&dissect(number.into(), &bytes, bytes.len() + more * 100));
        }
    }

    #[test]
    fn frames_that_are_almost_right_never_panic(bytes in almost_a_frame(), original in 0usize..200) {
        let packet = dissect(LinkType::Ethernet, &bytes, original);
        assert_tiles(&packet);
        for layer in &packet.layers {
            match layer.body {
                Body::Ipv4(view) => drop(view.option_iter().collect::<Vec<_>>()),
                Body::Tcp(view) => drop(view.option_iter().collect::<Vec<_>>()),
                _ => {}
            }
        }
    }
}
