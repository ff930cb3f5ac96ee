//! Putting fragments together again (RFC 791 §3.2, RFC 815), within bounds.
//!
//! ```text
//!   pieces:   [0..1480) [1480..2960)   gap   [4440..5000) last
//!                                       ^ waits 30 s for this
//! ```
//!
//! Pieces that overlap are how filters are fooled: the packet is thrown away
//! whole, as RFC 5722 demands for IPv6; only an exact copy of a piece is
//! overlooked.

use crate::time::{Duration, Instant};
use crate::trace::{DropReason, Event, FrameId, Observer};
use crate::wire::{Ipv4Addr, Protocol, ipv4};
use std::collections::BTreeMap;

/// How long the first piece waits for the last (RFC 791 proposes 15 s, RFC 1122
/// 60 to 120 s; 30 s is what Linux does).
const TIMEOUT: Duration = Duration::from_secs(30);
/// Packets under way.
const MAX_PACKETS: usize = 16;
/// Bytes that all pieces may take together.
const MAX_BYTES: usize = 256 * 1024;
/// Pieces of one packet: a whole one in links of 576 bytes has 119.
const MAX_PIECES: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: Protocol,
    identification: u16,
}

#[derive(Clone, Debug)]
struct Piece {
    offset: usize,
    data: Vec<u8>,
    frame: FrameId,
}

impl Piece {
    fn end(&self) -> usize {
        self.offset + self.data.len()
    }
}

#[derive(Clone, Debug)]
struct Partial {
    /// In the order of their offsets; they do not overlap.
    pieces: Vec<Piece>,
    /// Where the packet ends, once the last piece told.
    total: Option<usize>,
    deadline: Instant,
}

/// A packet that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// To whom: us.
    pub destination: Ipv4Addr,
    /// What it carried.
    pub protocol: Protocol,
    /// The beginning of its payload, if that had arrived.
    pub first: Option<Vec<u8>>,
}

/// Packets of which pieces are missing.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    partials: BTreeMap<Key, Partial>,
    bytes: usize,
}

impl Reassembly {
    /// Takes a fragment; the whole payload when it was the missing one.
    pub fn add<O: Observer>(
        &mut self,
        now: Instant,
        packet: &ipv4::Packet<'_>,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Vec<u8>> {
        let key = Key {
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            identification: packet.identification(),
        };
        let (offset, data) = (packet.fragment_offset(), packet.payload());
        // RFC 791: all but the last carry multiples of eight bytes; empty ones carry nothing.
        let ragged = packet.more_fragments() && !data.len().is_multiple_of(8);
        if data.is_empty() || ragged {
            drop_frame(now, frame, DropReason::Malformed, trace);
            return None;
        }
        self.make_room(now, &key, data.len(), trace);
        let fresh = || Partial {
            pieces: Vec::new(),
            total: None,
            deadline: now + TIMEOUT,
        };
        let partial = self.partials.entry(key).or_insert_with(fresh);
        let piece = Piece {
            offset,
            data: data.to_vec(),
            frame,
        };
        let end = (!packet.more_fragments()).then_some(piece.end());
        let outcome = partial.insert(piece, end);
        match outcome {
            Ok(true) => self.bytes += data.len(),
            Ok(false) => drop_frame(now, frame, DropReason::DuplicateData, trace),
            Err(reason) => {
                drop_frame(now, frame, reason, trace);
                self.discard(now, &key, reason, trace);
                return None;
            }
        }
        self.take_whole(&key)
    }

    /// When [`Reassembly::expire`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.partials.values().map(|partial| partial.deadline).min()
    }

    /// Gives up a packet that waited too long; ask until there is none.
    pub fn expire<O: Observer>(&mut self, now: Instant, trace: &mut O) -> Option<Expired> {
        let (&key, partial) = self.partials.iter().find(|(_, p)| p.deadline <= now)?;
        let first = partial.pieces.first().filter(|piece| piece.offset == 0);
        let first = first.map(|piece| piece.data.clone());
        self.discard(now, &key, DropReason::FragmentTimeout, trace);
        Some(Expired {
            source: key.source,
            destination: key.destination,
            protocol: key.protocol,
            first,
        })
    }

    /// Bytes kept now.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets older packets go until one more piece fits.
    fn make_room<O: Observer>(&mut self, now: Instant, key: &Key, len: usize, trace: &mut O) {
        while (!self.partials.contains_key(key) && self.partials.len() >= MAX_PACKETS)
            || self.bytes + len > MAX_BYTES
        {
            let oldest = self
                .partials
                .iter()
                .min_by_key(|(_, partial)| partial.deadline);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                return;
            };
            self.discard(now, &oldest, DropReason::FragmentLimit, trace);
        }
    }

    fn discard<O: Observer>(&mut self, now: Instant, key: &Key, reason: DropReason, trace: &mut O) {
        for piece in self.remove(key).pieces {
            drop_frame(now, piece.frame, reason, trace);
        }
    }

    fn remove(&mut self, key: &Key) -> Partial {
        let none = Partial {
            pieces: Vec::new(),
            total: None,
            deadline: Instant::ZERO,
        };
        let partial = self.partials.remove(key).unwrap_or(none);
        self.bytes -= partial
            .pieces
            .iter()
            .map(|piece| piece.data.len())
            .sum::<usize>();
        partial
    }

    fn take_whole(&mut self, key: &Key) -> Option<Vec<u8>> {
        if !self.partials.get(key)?.is_whole() {
            return None;
        }
        let pieces = self.remove(key).pieces;
        Some(pieces.into_iter().flat_map(|piece| piece.data).collect())
    }
}

impl Partial {
    /// Puts a piece in its place: `false` for an exact copy of one that is here.
    fn insert(&mut self, piece: Piece, end: Option<usize>) -> Result<bool, DropReason> {
        let at = self
            .pieces
            .partition_point(|other| other.offset < piece.offset);
        if let Some(same) = self.pieces.get(at)
            && same.offset == piece.offset
            && same.data == piece.data
        {
            return Ok(false);
        }
        let before = at.checked_sub(1).and_then(|at| self.pieces.get(at));
        let overlaps = before.is_some_and(|before| before.end() > piece.offset)
            || self
                .pieces
                .get(at)
                .is_some_and(|after| piece.end() > after.offset);
        // Two ends, or data behind the end, contradict each other likewise.
        let furthest = self.pieces.last().map_or(0, Piece::end).max(piece.end());
        let beyond = end.or(self.total).is_some_and(|end| furthest > end)
            || (end.is_some() && self.total.is_some() && end != self.total);
        if overlaps || beyond {
            return Err(DropReason::FragmentOverlap);
        }
        if self.pieces.len() >= MAX_PIECES {
            return Err(DropReason::FragmentLimit);
        }
        self.pieces.insert(at, piece);
        self.total = end.or(self.total);
        Ok(true)
    }

    fn is_whole(&self) -> bool {
        let mut at = 0;
        for piece in &self.pieces {
            if piece.offset != at {
                return false;
            }
            at = piece.end();
        }
        self.total == Some(at)
    }
}

fn drop_frame<O: Observer>(now: Instant, frame: FrameId, reason: DropReason, trace: &mut O) {
    trace.observe(
        now,
        &Event::Dropped {
            frame,
            conn: None,
            reason,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Record;
    use proptest::prelude::*;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    /// A fragment as bytes.
    fn fragment(id: u16, offset_units: u16, more: bool, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let header = ipv4::Header {
            identification: id,
            dont_fragment: false,
            more_fragments: more,
            fragment_offset_units: offset_units,
            ..ipv4::Header::new(A, B, Protocol::UDP)
        };
        header.emit(data.len(), &mut out);
        out.extend_from_slice(data);
        out
    }

    #[derive(Default)]
    struct Bench {
        reassembly: Reassembly,
        trace: Vec<Record>,
        frames: u64,
    }

    impl Bench {
        fn add(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
            self.frames += 1;
            let packet = ipv4::Packet::parse(bytes).ok()?;
            let frame = FrameId::received(self.frames);
            self.reassembly
                .add(Instant::ZERO, &packet, frame, &mut self.trace)
        }

        fn drops(&self) -> Vec<(u64, DropReason)> {
            let drop = |record: &Record| match record.event {
                Event::Dropped { frame, reason, .. } => Some((frame.number(), reason)),
                _ => None,
            };
            self.trace.iter().filter_map(drop).collect()
        }
    }

    #[test]
    fn pieces_in_any_order_make_the_packet() {
        let mut bench = Bench::default();
        assert_eq!(bench.add(&fragment(7, 2, false, b"end")), None);
        assert_eq!(bench.add(&fragment(7, 0, true, b"first888")), None);
        // The same again changes nothing, another packet's piece neither.
        assert_eq!(bench.add(&fragment(7, 0, true, b"first888")), None);
        assert_eq!(bench.add(&fragment(8, 1, true, b"another8")), None);
        let whole = bench.add(&fragment(7, 1, true, b"second88"));
        assert_eq!(whole.as_deref(), Some(&b"first888second88end"[..]));
        assert_eq!(bench.drops(), [(3, DropReason::DuplicateData)]);
        assert_eq!(bench.reassembly.bytes(), 8);
    }

    #[test]
    fn overlapping_pieces_are_thrown_away_whole() {
        let mut bench = Bench::default();
        bench.add(&fragment(7, 0, true, &[1; 16]));
        assert_eq!(bench.add(&fragment(7, 1, false, &[2; 16])), None);
        let overlap = DropReason::FragmentOverlap;
        assert_eq!(bench.drops(), [(2, overlap), (1, overlap)]);
        assert_eq!(bench.reassembly.bytes(), 0);
        // Data behind the end that another piece told.
        bench.add(&fragment(9, 0, false, &[1; 16]));
        bench.add(&fragment(10, 2, false, &[1; 8]));
        assert_eq!(bench.add(&fragment(10, 4, true, &[1; 8])), None);
        assert_eq!(bench.drops()[2..], [(5, overlap), (4, overlap)]);
    }

    #[test]
    fn what_waits_too_long_is_given_up_and_accounted_for() {
        let mut bench = Bench::default();
        bench.add(&fragment(7, 0, true, &[1; 16]));
        let at = bench.reassembly.poll_timeout().unwrap();
        assert_eq!(at, Instant::from_millis(30_000));
        let early = at - Duration::from_nanos(1);
        assert_eq!(bench.reassembly.expire(early, &mut bench.trace), None);
        assert_eq!(bench.reassembly.bytes(), 16);
        let expired = bench.reassembly.expire(at, &mut bench.trace).unwrap();
        assert_eq!(expired.first.as_deref(), Some(&[1; 16][..]));
        assert_eq!(bench.reassembly.expire(at, &mut bench.trace), None);
        assert_eq!(bench.reassembly.bytes(), 0);
        assert_eq!(bench.drops(), [(1, DropReason::FragmentTimeout)]);
    }

    #[test]
    fn a_packet_of_the_largest_size_passes_and_a_larger_one_does_not() {
        let mut bench = Bench::default();
        let data = vec![5; 65_512];
        for (at, chunk) in data.chunks(8 * 200).enumerate() {
            assert_eq!(
                bench.add(&fragment(1, u16::try_from(at * 200).unwrap(), true, chunk)),
                None
            );
        }
        let whole = bench.add(&fragment(1, 8_189, false, &[6; 3]));
        assert_eq!(whole.map(|whole| whole.len()), Some(65_515));
        // The "ping of death" is not even parsed.
        assert!(ipv4::Packet::parse(&fragment(2, 8_191, false, &[6; 100])).is_err());
    }

    proptest! {
        #[test]
        fn memory_stays_bounded(pieces in proptest::collection::vec(
            (any::<u16>(), 0u16..8_000, any::<bool>(), 1usize..1_400), 0..400)) {
            let mut bench = Bench::default();
            for (id, offset, more, len) in pieces {
                bench.add(&fragment(id % 40, offset, more, &vec![0; len]));
                prop_assert!(bench.reassembly.bytes() <= MAX_BYTES);
                prop_assert!(bench.reassembly.partials.len() <= MAX_PACKETS);
            }
            while bench.reassembly.expire(Instant::FAR_FUTURE, &mut bench.trace).is_some() {}
            prop_assert_eq!(bench.reassembly.bytes(), 0);
        }
    }
}
