//! The Internet checksum (RFC 1071): the ones' complement of the ones'
//! complement sum of all 16-bit words.
//!
//! ```text
//!  pseudo-header ─┐
//!  header         ├─► Sum ──► finish() ──► the field
//!  payload slices ┘     └───► partial() ─► what a kernel leaves in the field
//!                                          when the card is to do the rest
//! ```
//!
//! Sums are taken over words in the machine's own byte order, and turned round
//! once at the end (RFC 1071 §2(B)): the addition does not mind.

use core::net::{Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};

use super::{LayerKind, Problem, Protocol, check_len, len_u32};

/// What a layer's checksum is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumStatus {
    /// Right.
    Ok,
    /// Wrong.
    Bad {
        /// What the field says.
        found: u16,
        /// What it ought to say.
        expected: u16,
    },
    /// The sum of the pseudo-header alone: the sender's kernel left the rest to
    /// its network card, and the frame was seen before the card had it.
    Unfinished,
    /// The field is zero, which in UDP over IPv4 says that there is none.
    Absent,
    /// The capture kept only part of what the sum covers.
    Snapped,
    /// The sum covers more than this fragment.
    Fragment,
    /// This layer has no checksum.
    None,
}

impl ChecksumStatus {
    /// True when the sum was looked at, and is wrong.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Bad { .. })
    }
}

/// A ones' complement sum in the making; slices may follow each other at odd offsets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// In native byte order. Frames are at most a few hundred kB, so that 64 bits
    /// of 32-bit words do not overflow; folded all the same before each slice.
    acc: u64,
    /// Whether an odd number of bytes went in.
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const fn new() -> Self {
        Self { acc: 0, odd: false }
    }

    /// The sum of IPv4's pseudo-header (RFC 9293 §3.1), `len` being that of the
    /// transport header and its payload in bytes.
    pub fn pseudo_v4(src: Ipv4Addr, dst: Ipv4Addr, protocol: Protocol, len: usize) -> Self {
        Self::new()
            .with(&src.octets())
            .with(&dst.octets())
            .add_tail(protocol, len)
    }

    /// The sum of IPv6's pseudo-header (RFC 8200 §8.1).
    pub fn pseudo_v6(src: Ipv6Addr, dst: Ipv6Addr, protocol: Protocol, len: usize) -> Self {
        Self::new()
            .with(&src.octets())
            .with(&dst.octets())
            .add_tail(protocol, len)
    }

    /// This sum, and that of more bytes.
    #[must_use]
    pub fn with(mut self, bytes: &[u8]) -> Self {
        let words = sum_words(bytes);
        // At an odd offset each byte falls into the other half of its word.
        let words = if self.odd {
            fold(words).swap_bytes().into()
        } else {
            words
        };
        self.acc = u64::from(fold(self.acc)) + words;
        self.odd ^= bytes.len() % 2 == 1;
        self
    }

    /// The checksum, ready for the field.
    pub fn finish(self) -> u16 {
        !self.partial()
    }

    /// The sum without the last complement.
    pub fn partial(self) -> u16 {
        u16::from_be(fold(self.acc))
    }

    fn add_tail(self, protocol: Protocol, len: usize) -> Self {
        let [a, b, c, d] = len_u32(len).to_be_bytes();
        self.with(&[a, b, c, d, 0, 0, 0, protocol.0])
    }
}

/// What the checksum that stands at `field` in `bytes` is worth, given the sum
/// of the pseudo-header (or [`Sum::new`] where there is none).
pub fn verify(pseudo: Sum, bytes: &[u8], field: usize) -> ChecksumStatus {
    let Some(&[high, low]) = bytes
        .get(field..field + 2)
        .and_then(<[u8]>::first_chunk::<2>)
    else {
        return ChecksumStatus::Snapped;
    };
    let found = u16::from_be_bytes([high, low]);
    let whole = pseudo.with(bytes).partial();
    // RFC 1071 §1: summed with its checksum, all ones is right.
    if whole == 0xffff {
        return ChecksumStatus::Ok;
    }
    if found == pseudo.partial() && pseudo.acc != 0 {
        return ChecksumStatus::Unfinished;
    }
    let expected = pseudo
        .with(&bytes[..field])
        .with(&[0, 0])
        .with(&bytes[field + 2..])
        .finish();
    ChecksumStatus::Bad { found, expected }
}

/// Finishes a checksum that a kernel left to its network card: sums from `start`
/// to the end and writes the result `offset` bytes after `start` (the two numbers
/// of `virtio_net_hdr`). The field holds the pseudo-header's sum, so that it must
/// not be cleared first.
pub fn finish_partial(frame: &mut [u8], start: usize, offset: usize) -> Result<(), Problem> {
    let end = start.saturating_add(offset).saturating_add(2);
    check_len(LayerKind::Payload, frame, end)?;
    let sum = Sum::new().with(&frame[start..]).finish();
    // RFC 768: a sum of zero is sent as all ones; in TCP both mean the same.
    let sum = if sum == 0 { 0xffff } else { sum };
    frame[end - 2..end].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

/// The checksum after one 16-bit word under it changed (RFC 1624, equation 3).
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!old) + u64::from(new))
}

/// Adds up `bytes` as 32-bit words in native order; written so that it becomes vector code.
fn sum_words(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(4);
    let mut sum: u64 = chunks
        .by_ref()
        .map(|c| u64::from(u32::from_ne_bytes([c[0], c[1], c[2], c[3]])))
        .sum();
    let mut last = [0; 4];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    sum += u64::from(u32::from_ne_bytes(last));
    sum
}

/// Folds carries back in until 16 bits are left.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).expect("the loop ends at 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 word for word: the slow way.
    fn slow(bytes: &[u8]) -> u16 {
        let mut sum: u32 = 0;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap()
    }

    #[test]
    fn the_example_of_rfc_1071() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::new().with(&bytes).partial(), 0xddf2);
        assert_eq!(Sum::new().with(&bytes).finish(), !0xddf2);
    }

    #[test]
    fn the_example_of_rfc_1624() {
        // RFC 1624 §4: equation 3 gives 0x0000 where RFC 1141's gave 0xffff.
        assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn a_partial_sum_is_recognised_and_finished() {
        let (src, dst) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let mut bytes = *b"\x00\x35\x12\x34\x00\x0d\x00\x00hello";
        let pseudo = Sum::pseudo_v4(src, dst, Protocol::UDP, bytes.len());
        bytes[6..8].copy_from_slice(&pseudo.partial().to_be_bytes());
        assert_eq!(verify(pseudo, &bytes, 6), ChecksumStatus::Unfinished);
        finish_partial(&mut bytes, 0, 6).unwrap();
        assert_eq!(verify(pseudo, &bytes, 6), ChecksumStatus::Ok);
        bytes[9] ^= 1;
        assert!(verify(pseudo, &bytes, 6).is_bad());
        assert!(finish_partial(&mut bytes, 10, 6).is_err());
        assert!(finish_partial(&mut bytes, usize::MAX, 6).is_err());
    }

    proptest! {
        #[test]
        fn fast_is_slow(bytes in proptest::collection::vec(any::<u8>(), 0..200), cuts: [u8; 3]) {
            let mut at = cuts.map(|c| usize::from(c) % (bytes.len() + 1));
            at.sort_unstable();
            let pieces = Sum::new()
                .with(&bytes[..at[0]])
                .with(&bytes[at[0]..at[1]])
                .with(&bytes[at[1]..at[2]])
                .with(&bytes[at[2]..]);
            prop_assert_eq!(pieces.finish(), slow(&bytes));
        }

        #[test]
        fn incremental_update_agrees(mut bytes in proptest::collection::vec(any::<u8>(), 4..60), new: u16) {
            bytes[0] |= 1; // not all zero, for which ones' complement has two sums
            let before = slow(&bytes);
            let old = u16::from_be_bytes([bytes[2], bytes[3]]);
            bytes[2..4].copy_from_slice(&new.to_be_bytes());
            prop_assert_eq!(update(before, old, new), slow(&bytes));
        }
    }
}
