//! TCP segments that were cut into IP fragments, put together as far as the analysis needs
//! them: their header and their length, when the last piece has come.
//!
//! ```text
//!   fragments   [0..1480)   [2960..3020) last    [1480..2960)
//!                  │ head                             └► whole: head and 3,020 bytes
//! ```
//!
//! No payload is kept, so that a packet under way takes no more than [`HEAD_LEN`] bytes and
//! [`MAX_PIECES`] ranges. Pieces that overlap are taken as tshark takes them: what came
//! first stays. A receiver may have thrown the packet away (RFC 5722): what it says next
//! shows it.

use core::net::IpAddr;
use std::collections::BTreeMap;
use synema_core::time::Instant;
use synema_core::wire::{ChecksumStatus, LayerKind, Packet, Protocol};

/// The longest TCP header.
const HEAD_LEN: usize = 60;
/// Packets under way.
const MAX_PACKETS: usize = 256;
/// Ranges of one packet that do not touch.
const MAX_PIECES: usize = 128;
/// RFC 1122 §3.3.2: a piece waits for the others no longer.
const TIMEOUT_NS: u64 = 120_000_000_000;

/// What the pieces of one packet have in common.
type Key = (IpAddr, IpAddr, Protocol, u32);

/// A segment that was put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    head: [u8; HEAD_LEN],
    /// Its length, header and data.
    pub(crate) len: usize,
}

impl Whole {
    /// Its header, and the first of its data where there is room.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head[..self.len.min(HEAD_LEN)]
    }
}

/// What a fragment comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fragment {
    /// It is none, or one that cannot be put together: what is there is all there is.
    None,
    /// Others are still missing, or it holds no TCP.
    Held,
    /// It was the last one.
    Whole(Whole),
}

#[derive(Clone, Debug)]
struct Partial {
    head: [u8; HEAD_LEN],
    /// What is there: first byte and one past the last, in order, not touching.
    ranges: Vec<(usize, usize)>,
    total: Option<usize>,
    since: Instant,
}

/// Packets of which pieces are missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    partials: BTreeMap<Key, Partial>,
}

/// One piece.
struct Piece<'a> {
    key: Key,
    offset: usize,
    is_last: bool,
    data: &'a [u8],
}

impl Fragments {
    /// Takes a packet that passed by at `at`.
    pub(super) fn push(&mut self, packet: &Packet<'_>, at: Instant) -> Fragment {
        let Some(piece) = piece(packet) else {
            return Fragment::None;
        };
        if piece.key.2 != Protocol::TCP {
            return Fragment::Held;
        }
        self.make_room(&piece.key, at);
        let partial = self.partials.entry(piece.key).or_insert(Partial {
            head: [0; HEAD_LEN],
            ranges: Vec::new(),
            total: None,
            since: at,
        });
        partial.take(&piece);
        let Some(len) = partial
            .total
            .filter(|&total| partial.ranges == [(0, total)])
        else {
            return Fragment::Held;
        };
        let head = partial.head;
        self.partials.remove(&piece.key);
        Fragment::Whole(Whole { head, len })
    }

    fn make_room(&mut self, key: &Key, at: Instant) {
        let is_late =
            |partial: &Partial| at.as_nanos().saturating_sub(partial.since.as_nanos()) > TIMEOUT_NS;
        if self.partials.get(key).is_some_and(is_late) {
            self.partials.remove(key);
        }
        while !self.partials.contains_key(key) && self.partials.len() >= MAX_PACKETS {
            let oldest = self
                .partials
                .iter()
                .min_by_key(|(_, partial)| partial.since);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                return;
            };
            self.partials.remove(&oldest);
        }
    }
}

impl Partial {
    fn take(&mut self, piece: &Piece<'_>) {
        let end = piece.offset + piece.data.len();
        if piece.is_last {
            self.total.get_or_insert(end);
        }
        let end = end.min(self.total.unwrap_or(end));
        for (at, &byte) in (piece.offset..end).zip(piece.data) {
            if at >= HEAD_LEN {
                break;
            }
            if !self.ranges.iter().any(|&(from, to)| from <= at && at < to) {
                self.head[at] = byte;
            }
        }
        self.cover(piece.offset, end);
    }

    fn cover(&mut self, mut start: usize, mut end: usize) {
        if start >= end {
            return;
        }
        self.ranges.retain(|&(from, to)| {
            let touches = from <= end && start <= to;
            if touches {
                (start, end) = (start.min(from), end.max(to));
            }
            !touches
        });
        if self.ranges.len() < MAX_PIECES {
            let place = self.ranges.partition_point(|&(from, _)| from < start);
            self.ranges.insert(place, (start, end));
        }
    }
}

/// Which bytes of a packet a fragment holds: the first, and one past the last.
pub(crate) fn range(packet: &Packet<'_>) -> Option<(usize, usize)> {
    if let Some(ip) = packet.ipv4() {
        let from = ip.fragment_offset();
        return ip.is_fragment().then(|| (from, from + ip.payload_len()));
    }
    let ip = packet.ipv6()?;
    let (from, len) = (ip.fragment_offset(), ip.fragment_payload().len());
    ip.is_fragment().then_some((from, from + len))
}

/// The piece of a packet that a frame holds; none if it is no fragment, or was not kept
/// whole, or is damaged.
fn piece<'a>(packet: &Packet<'a>) -> Option<Piece<'a>> {
    if let Some(ip) = packet.ipv4() {
        let layer = packet.layer(LayerKind::Ipv4)?;
        let is_sound = !matches!(layer.checksum, ChecksumStatus::Bad { .. });
        return (ip.is_fragment() && ip.missing_len() == 0 && is_sound).then(|| Piece {
            key: (
                ip.source().into(),
                ip.destination().into(),
                ip.protocol(),
                ip.identification().into(),
            ),
            offset: ip.fragment_offset(),
            is_last: !ip.more_fragments(),
            data: ip.payload(),
        });
    }
    let ip = packet.ipv6()?;
    let fragment = ip.fragment()?;
    (ip.is_fragment() && ip.missing_len() == 0).then(|| Piece {
        key: (
            ip.source().into(),
            ip.destination().into(),
            fragment.protocol,
            fragment.identification,
        ),
        offset: fragment.offset,
        is_last: !fragment.more,
        data: ip.fragment_payload(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::wire::{Ipv4Addr, LinkType, dissect, ipv4};

    fn frame(id: u16, offset: usize, more: bool, data: &[u8]) -> Vec<u8> {
        let ips = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
        let header = ipv4::Header {
            identification: id,
            dont_fragment: false,
            fragment_offset_units: (offset / 8) as u16,
            more_fragments: more,
            ..ipv4::Header::new(ips[0], ips[1], Protocol::TCP)
        };
        let mut bytes = Vec::new();
        header.emit(data.len(), &mut bytes);
        bytes.extend_from_slice(data);
        bytes
    }

    fn push(fragments: &mut Fragments, at: u64, bytes: &[u8]) -> Fragment {
        let packet = dissect(LinkType::RawIp, bytes, bytes.len());
        fragments.push(&packet, Instant::from_millis(at))
    }

    /// A segment's bytes, as far as they count here.
    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|at| at as u8).collect()
    }

    #[test]
    fn pieces_in_any_order_and_twice_make_one_whole() {
        let all = bytes(100);
        let mut fragments = Fragments::default();
        let take = |fragments: &mut Fragments, from: usize, to: usize| {
            push(fragments, 0, &frame(7, from, to < 100, &all[from..to]))
        };
        assert_eq!(take(&mut fragments, 80, 100), Fragment::Held);
        assert_eq!(take(&mut fragments, 16, 48), Fragment::Held);
        assert_eq!(take(&mut fragments, 16, 48), Fragment::Held);
        assert_eq!(take(&mut fragments, 40, 80), Fragment::Held, "they overlap");
        let Fragment::Whole(whole) = take(&mut fragments, 0, 16) else {
            panic!("nothing is missing");
        };
        assert_eq!((whole.len, whole.head()), (100, &all[..HEAD_LEN]));
        assert!(fragments.partials.is_empty());
        let whole = frame(7, 0, false, &all);
        assert_eq!(push(&mut fragments, 0, &whole), Fragment::None);
    }

    #[test]
    fn what_came_first_stays() {
        let mut fragments = Fragments::default();
        push(&mut fragments, 0, &frame(7, 0, true, &[1; 16]));
        push(&mut fragments, 0, &frame(7, 8, true, &[2; 16]));
        let Fragment::Whole(whole) = push(&mut fragments, 0, &frame(7, 24, false, &[3; 5])) else {
            panic!("nothing is missing");
        };
        assert_eq!(whole.head()[..], [&[1; 16][..], &[2; 8], &[3; 5]].concat());
    }

    #[test]
    fn hostile_pieces_take_no_more_than_their_room_and_late_ones_find_nothing() {
        let mut fragments = Fragments::default();
        for id in 0..2_000 {
            push(&mut fragments, 0, &frame(id, 8, true, &[0; 8]));
        }
        assert_eq!(fragments.partials.len(), MAX_PACKETS);
        for offset in (0..60_000).step_by(16) {
            push(&mut fragments, 1, &frame(9_999, offset, true, &[0; 8]));
        }
        let most = fragments
            .partials
            .values()
            .map(|partial| partial.ranges.len());
        assert_eq!(most.max(), Some(MAX_PIECES));
        push(&mut fragments, 2, &frame(3, 0, true, &[0; 24]));
        let late = push(&mut fragments, 200_000, &frame(3, 24, false, &[0; 24]));
        assert_eq!(late, Fragment::Held);
    }
}
