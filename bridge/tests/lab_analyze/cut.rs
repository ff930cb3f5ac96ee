//! The same conversations in other packets: over IPv6, with and without extension headers, and cut into
//! fragments that come in any order, twice, overlapping or not at all.

use super::odd::Chance;
use core::net::Ipv6Addr;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_core::wire::checksum::Sum;
use synema_core::wire::{Ipv4Addr, Protocol, ipv4};
use synema_diagram::capture::{Capture, Direction, Frame, Interface};

const ETHERNET_LEN: usize = 14;
const IPV4_LEN: usize = 20;
const CHECKSUM: std::ops::Range<usize> = 16..18;

/// A piece of a packet's payload: where it begins, where it ends.
type Piece = (usize, usize);

struct Cutter<'a> {
    chance: &'a mut Chance,
    is_v6: bool,
    capture: Capture,
    last: Instant,
}

/// A capture of IPv4 packets with TCP, cut up by chance; and over IPv6, if wished.
pub(crate) fn cut(whole: &Capture, seed: u64, is_v6: bool) -> Capture {
    let mut chance = Chance(seed);
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("cut0", None));
    let mut cutter = Cutter {
        chance: &mut chance,
        is_v6,
        capture,
        last: Instant::ZERO,
    };
    for (number, frame) in whole.frames().iter().enumerate() {
        cutter.take(number as u16, frame);
    }
    cutter.capture
}

fn mapped(ip: &[u8]) -> Ipv6Addr {
    let last = u16::from_be_bytes([ip[2], ip[3]]);
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
}

impl Cutter<'_> {
    fn take(&mut self, id: u16, frame: &Frame) {
        let (link, ip) = frame.bytes.split_at(ETHERNET_LEN);
        let mut upper = ip[IPV4_LEN..].to_vec();
        if self.is_v6 {
            upper[CHECKSUM].fill(0);
            let ips = [mapped(&ip[12..16]), mapped(&ip[16..20])];
            let sum = Sum::pseudo_v6(ips[0], ips[1], Protocol::TCP, upper.len());
            let sum = sum.with(&upper).finish();
            upper[CHECKSUM].copy_from_slice(&sum.to_be_bytes());
        }
        let pieces = self.pieces(upper.len());
        for piece in pieces {
            let packet = match self.is_v6 {
                true => self.v6(ip, id, &upper, piece),
                false => v4(ip, id, &upper, piece),
            };
            let mut bytes = link.to_vec();
            if self.is_v6 {
                bytes[12..14].copy_from_slice(&[0x86, 0xdd]);
            }
            bytes.extend_from_slice(&packet);
            self.last = frame.at.max(self.last + Duration::from_micros(1));
            let id = FrameId::received(self.capture.frames().len() as u64 + 1);
            let frame = Frame::new(id, self.last, Direction::Unknown, &bytes);
            self.capture.push(frame);
        }
    }

    /// All of it in one, mostly; or cut, out of order, twice, overlapping, with one missing.
    fn pieces(&mut self, len: usize) -> Vec<Piece> {
        if self.chance.in_hundred(60) || len < 16 {
            return vec![(0, len)];
        }
        let size = 8 * (1 + self.chance.below(1 + len as u32 / 8) as usize);
        let starts = (0..len).step_by(size);
        let mut pieces: Vec<Piece> = starts.map(|at| (at, (at + size).min(len))).collect();
        if pieces.len() > 40 {
            return vec![(0, len)];
        }
        match self.chance.below(4) {
            0 => pieces.reverse(),
            1 => {
                let at = self.chance.below(pieces.len() as u32) as usize;
                pieces.rotate_left(at);
            }
            _ => {}
        }
        let any = self.chance.below(pieces.len() as u32) as usize;
        let last = pieces.len() - 1;
        match self.chance.below(10) {
            0 if any < last => pieces.insert(any, pieces[any]),
            1 if any > 0 => pieces[any].0 = pieces[any].0.saturating_sub(8),
            2 => {
                pieces.remove(any);
            }
            _ => {}
        }
        pieces
    }

    fn v6(&mut self, ip: &[u8], id: u16, upper: &[u8], (from, to): Piece) -> Vec<u8> {
        let mut extensions = Vec::new();
        let is_piece = (from, to) != (0, upper.len());
        let mut first = Protocol::TCP.0;
        if is_piece {
            let more = u16::from(to < upper.len());
            let [high, low] = (from as u16 | more).to_be_bytes();
            extensions.extend_from_slice(&[first, 0, high, low, 0, 0]);
            extensions.extend_from_slice(&id.to_be_bytes());
            first = 44;
        } else if self.chance.in_hundred(30) {
            // Options for the destination: padding.
            extensions.extend_from_slice(&[first, 0, 1, 4, 0, 0, 0, 0]);
            first = 60;
        }
        if self.chance.in_hundred(30) {
            let inner = std::mem::replace(&mut extensions, vec![first, 0, 1, 4, 0, 0, 0, 0]);
            extensions.extend_from_slice(&inner);
            first = 0;
        }
        let len = (extensions.len() + to - from) as u16;
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&[first, 64]);
        bytes.extend_from_slice(&mapped(&ip[12..16]).octets());
        bytes.extend_from_slice(&mapped(&ip[16..20]).octets());
        bytes.extend_from_slice(&extensions);
        bytes.extend_from_slice(&upper[from..to]);
        bytes
    }
}

fn v4(ip: &[u8], id: u16, upper: &[u8], (from, to): Piece) -> Vec<u8> {
    let address = |at: usize| Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
    let header = ipv4::Header {
        identification: id,
        dont_fragment: false,
        more_fragments: to < upper.len(),
        fragment_offset_units: (from / 8) as u16,
        ..ipv4::Header::new(address(12), address(16), Protocol::TCP)
    };
    let mut bytes = Vec::new();
    header.emit(to - from, &mut bytes);
    bytes.extend_from_slice(&upper[from..to]);
    bytes
}

/// ICMPv6 beside it: neighbours asked for and found, an echo, an error about a segment.
pub(crate) fn with_icmpv6(mut capture: Capture) -> Capture {
    let link = capture.frames()[0].bytes[..ETHERNET_LEN].to_vec();
    let segment = capture.frames()[0].bytes[ETHERNET_LEN..].to_vec();
    let address = |last: u16| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
    let target = |kind: u8, flags: u8, option: u8| {
        let mut message = vec![kind, 0, 0, 0, flags, 0, 0, 0];
        message.extend_from_slice(&address(9).octets());
        message.extend_from_slice(&[option, 1, 2, 0, 0, 0, 0, 9]);
        message
    };
    let mut too_big = vec![2, 0, 0, 0, 0, 0, 5, 0];
    too_big.extend_from_slice(&segment);
    let mut refused = vec![1, 4, 0, 0, 0, 0, 0, 0];
    refused.extend_from_slice(&segment);
    for mut message in [
        target(135, 0, 1),
        target(136, 0x60, 2),
        vec![128, 0, 0, 0, 0, 7, 0, 1, b'h', b'i'],
        vec![129, 0, 0, 0, 0, 7, 0, 1, b'h', b'i'],
        too_big,
        refused,
    ] {
        let sum = Sum::pseudo_v6(address(1), address(9), Protocol::ICMPV6, message.len());
        let sum = sum.with(&message).finish();
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut bytes = link.clone();
        bytes.extend_from_slice(&[0x60, 0, 0, 0]);
        bytes.extend_from_slice(&(message.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&[58, 255]);
        bytes.extend_from_slice(&address(1).octets());
        bytes.extend_from_slice(&address(9).octets());
        bytes.extend_from_slice(&message);
        let last = capture
            .frames()
            .last()
            .map_or(Instant::ZERO, |frame| frame.at);
        let id = FrameId::received(capture.frames().len() as u64 + 1);
        let at = last + Duration::from_millis(1);
        capture.push(Frame::new(id, at, Direction::Unknown, &bytes));
    }
    capture
}
