//! Capture files as a fuzzer's bytes decide them: whole in their frame, so that what stands in them gets in, and wrong
//! in any of their fields.

use crate::Choices;
use crate::repair::repair;
use core::net::Ipv4Addr;
use std::io::Write as _;
use synema_core::wire::tcp::{Flags, Header, Options};
use synema_core::wire::{EtherType, MacAddr, Port, Protocol, SeqNum, ethernet, ipv4};

/// More packets than this no fuzzer's input makes.
const MAX_PACKETS: u32 = 300;
const LINK_TYPES: [u32; 8] = [1, 1, 1, 0, 101, 108, 113, 276];
const SECOND_NS: u64 = 1_000_000_000;

/// A file of any of the kinds, or the bytes as they are.
pub(super) fn file(bytes: &[u8]) -> Vec<u8> {
    let Some((&kind, rest)) = bytes.split_first() else {
        return Vec::new();
    };
    let mut choices = Choices::of(rest);
    let mut file = match kind % 4 {
        0 => return rest.to_vec(),
        1 => pcap(&mut choices),
        _ => pcapng(&mut choices),
    };
    if choices.once_in(4) {
        damage(&mut choices, &mut file);
    }
    if kind & 0x80 != 0 {
        file = zipped(&file);
        if choices.once_in(4) {
            damage(&mut choices, &mut file);
        }
    }
    file
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

fn damage(choices: &mut Choices<'_>, file: &mut Vec<u8>) {
    for _ in 0..choices.below(4) {
        let at = choices.below(file.len() as u32) as usize;
        if let Some(byte) = file.get_mut(at) {
            *byte = choices.below(256) as u8;
        }
    }
    if choices.once_in(2) {
        let len = choices.below(file.len() as u32) as usize;
        file.truncate(len);
    }
}

/// A number that is mostly what it should be.
fn odd(choices: &mut Choices<'_>, right: u32) -> u32 {
    match choices.below(256) {
        0 => choices.any(),
        1 => u32::MAX,
        2 => 0,
        3 => right.wrapping_add(choices.below(8)).wrapping_sub(4),
        _ => right,
    }
}

/// Time goes on, stands still, leaps, and goes back.
fn later(choices: &mut Choices<'_>, now_ns: u64) -> u64 {
    match choices.below(16) {
        0 => u64::from(choices.any()) << 32 | u64::from(choices.any()),
        1 => u64::MAX - u64::from(choices.below(3)),
        2 => now_ns.wrapping_sub(u64::from(choices.any())),
        3 => now_ns,
        4 => now_ns.wrapping_add(u64::from(choices.any()) << choices.below(24)),
        5 => now_ns.wrapping_add(SECOND_NS / 5),
        _ => now_ns.wrapping_add(u64::from(choices.below(256)) * 40_000),
    }
}

fn put(out: &mut Vec<u8>, big: bool, numbers: &[u32]) {
    for number in numbers {
        out.extend_from_slice(&match big {
            true => number.to_be_bytes(),
            false => number.to_le_bytes(),
        });
    }
}

fn pcap(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let (big, nanos) = (choices.once_in(2), choices.once_in(2));
    let magic = if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let link_type = LINK_TYPES[choices.below(8) as usize];
    let link_type = odd(choices, link_type);
    let version = if big { 2 << 16 | 4 } else { 4 << 16 | 2 };
    put(
        &mut out,
        big,
        &[magic, version, 0, 0, odd(choices, 65_535), link_type],
    );
    let mut now_ns = 1_700_000_000 * SECOND_NS;
    let mut frame = Vec::new();
    for _ in 0..MAX_PACKETS {
        if choices.are_spent() {
            break;
        }
        now_ns = later(choices, now_ns);
        packet(choices, link_type, &mut frame);
        let len = frame.len() as u32;
        let (s, rest) = ((now_ns / SECOND_NS) as u32, (now_ns % SECOND_NS) as u32);
        let fraction = odd(choices, if nanos { rest } else { rest / 1_000 });
        put(
            &mut out,
            big,
            &[s, fraction, odd(choices, len), odd(choices, len)],
        );
        out.extend_from_slice(&frame);
    }
    out
}

fn pcapng(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut big = choices.once_in(4);
    section(choices, big, &mut out);
    let mut link_types = vec![1];
    interface(choices, big, 1, &mut out);
    let mut now_ns = 1_700_000_000 * SECOND_NS;
    let mut frame = Vec::new();
    for _ in 0..MAX_PACKETS {
        if choices.are_spent() {
            break;
        }
        match choices.below(32) {
            0 => {
                big = choices.once_in(2);
                section(choices, big, &mut out);
                link_types.clear();
            }
            1..=2 => {
                let link_type = LINK_TYPES[choices.below(8) as usize];
                let link_type = odd(choices, link_type);
                link_types.push(link_type);
                interface(choices, big, link_type, &mut out);
            }
            3 => {
                let (kind, len) = (choices.below(12), choices.below(64) as usize);
                let mut body = Vec::new();
                choices.fill(len, &mut body);
                block(choices, big, kind, &body, &mut out);
            }
            _ => {
                now_ns = later(choices, now_ns);
                let interface = choices.below(link_types.len() as u32 + 1);
                let link_type = link_types.get(interface as usize).copied().unwrap_or(1);
                packet(choices, link_type, &mut frame);
                packet_block(choices, big, (interface, now_ns), &frame, &mut out);
            }
        }
    }
    out
}

fn block(choices: &mut Choices<'_>, big: bool, kind: u32, body: &[u8], out: &mut Vec<u8>) {
    let padded = body.len().next_multiple_of(4);
    let len = odd(choices, padded as u32 + 12);
    put(out, big, &[kind, len]);
    out.extend_from_slice(body);
    out.resize(out.len() + padded - body.len(), 0);
    put(out, big, &[odd(choices, len)]);
}

fn section(choices: &mut Choices<'_>, big: bool, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    let version = if big { 1 << 16 } else { 1 };
    put(&mut body, big, &[0x1a2b_3c4d, version, u32::MAX, u32::MAX]);
    options(choices, big, &mut body);
    block(choices, big, 0x0a0d_0d0a, &body, out);
}

fn interface(choices: &mut Choices<'_>, big: bool, link_type: u32, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    let link_type = if big {
        link_type << 16
    } else {
        link_type & 0xffff
    };
    put(&mut body, big, &[link_type, odd(choices, 65_535)]);
    if choices.once_in(2) {
        // How fine its times are, in powers of ten or of two.
        let resolution = [9, 9, 6, 3, 0, 0x80, 0x9e, 0xbf][choices.below(8) as usize];
        option(big, 9, &[resolution], &mut body);
    }
    options(choices, big, &mut body);
    block(choices, big, 1, &body, out);
}

fn packet_block(
    choices: &mut Choices<'_>,
    big: bool,
    (interface, at): (u32, u64),
    frame: &[u8],
    out: &mut Vec<u8>,
) {
    let mut body = Vec::new();
    let len = frame.len() as u32;
    let kind = [6, 6, 6, 6, 6, 6, 3, 2][choices.below(8) as usize];
    if kind == 3 {
        put(&mut body, big, &[odd(choices, len)]);
    } else {
        let (captured, original) = (odd(choices, len), odd(choices, len));
        put(
            &mut body,
            big,
            &[interface, (at >> 32) as u32, at as u32, captured, original],
        );
    }
    body.extend_from_slice(frame);
    body.resize(body.len().next_multiple_of(4), 0);
    if choices.once_in(4) {
        options(choices, big, &mut body);
    }
    block(choices, big, kind, &body, out);
}

fn option(big: bool, code: u16, value: &[u8], out: &mut Vec<u8>) {
    let len = value.len() as u16;
    let fields = [code, len].map(|field| {
        if big {
            field.to_be_bytes()
        } else {
            field.to_le_bytes()
        }
    });
    out.extend_from_slice(&fields.concat());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn options(choices: &mut Choices<'_>, big: bool, out: &mut Vec<u8>) {
    const OURS: [&str; 4] = [
        "synema:{\"v\":1,\"frame\":3}",
        "synema:{\"v\":1,\"frame\":3,\"hidden\":true,\"highlighted\":true}",
        "synema:{\"v\":1,\"other_ns\":18446744073709551615,\"fate\":\"NeverSeen\"}",
        "synema:{\"v\":9,\"cause\":\"Rack\",\"dropped\":7}",
    ];
    for _ in 0..choices.below(4) {
        let mut value = Vec::new();
        let code = match choices.below(6) {
            0 => {
                put(&mut value, big, &[32_473]);
                value.extend_from_slice(OURS[choices.below(4) as usize].as_bytes());
                2_988
            }
            1 => {
                value.extend_from_slice("what is this? \u{202e}\n<b>".as_bytes());
                1
            }
            2 => {
                let len = choices.below(24) as usize;
                choices.fill(len, &mut value);
                choices.below(1 << 16) as u16
            }
            3 => {
                let len = choices.below(12) as usize;
                choices.fill(len, &mut value);
                14
            }
            _ => {
                let len = choices.below(12) as usize;
                choices.fill(len, &mut value);
                choices.below(10) as u16
            }
        };
        option(big, code, &value, out);
    }
    put(out, big, &[0]);
}

/// A packet of a few hosts and ports, with numbers near each other; or any bytes.
fn packet(choices: &mut Choices<'_>, link_type: u32, frame: &mut Vec<u8>) {
    frame.clear();
    match link_type {
        0 => frame.extend_from_slice(&[2, 0, 0, 0]),
        113 => frame.extend_from_slice(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0]),
        276 => {
            frame.extend_from_slice(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
        }
        1 => ethernet::Header {
            destination: MacAddr([2, 0, 0, 0, 0, choices.below(3) as u8]),
            source: MacAddr([2, 0, 0, 0, 0, choices.below(3) as u8]),
            ether_type: if choices.once_in(16) {
                EtherType::ARP
            } else {
                EtherType::IPV4
            },
        }
        .emit(frame),
        _ => {}
    }
    if choices.once_in(16) {
        let len = choices.below(64) as usize;
        choices.fill(len, frame);
        return;
    }
    let host = |number: u32| Ipv4Addr::new(192, 0, 2, number as u8);
    let (from, to) = (host(choices.below(3)), host(choices.below(3)));
    let mut upper = Vec::new();
    if choices.once_in(12) {
        let len = choices.below(40) as usize;
        choices.fill(len, &mut upper);
        let protocol = [Protocol::UDP, Protocol::ICMP][choices.below(2) as usize];
        ipv4::Header::new(from, to, protocol).emit(upper.len(), frame);
    } else {
        let number =
            |choices: &mut Choices<'_>| SeqNum(odd(choices, 1_000)) + 100 * choices.below(40);
        let header = Header {
            src_port: Port(80 + choices.below(2) as u16),
            dst_port: Port(80 + choices.below(2) as u16),
            seq: number(choices),
            ack: number(choices),
            flags: [
                Flags::SYN,
                Flags::ACK,
                Flags::ACK,
                Flags::ACK,
                Flags::FIN,
                Flags::RST,
            ][choices.below(6) as usize]
                .with([Flags::ACK, Flags::PSH][choices.below(2) as usize]),
            window: [0, 100, 65_535][choices.below(3) as usize],
            urgent_pointer: 0,
            options: Options::NONE,
        };
        let payload = vec![b'x'; [0, 0, 1, 100, 100, 200][choices.below(6) as usize]];
        header.emit(from, to, &[&payload], &mut upper);
        ipv4::Header::new(from, to, Protocol::TCP).emit(upper.len(), frame);
    }
    frame.extend_from_slice(&upper);
    if choices.once_in(16) {
        let at = choices.below(frame.len() as u32) as usize;
        frame[at] = choices.below(256) as u8;
        if choices.once_in(2) {
            repair(frame);
        }
    }
    if choices.once_in(16) {
        let len = choices.below(frame.len() as u32) as usize;
        frame.truncate(len);
    }
}
