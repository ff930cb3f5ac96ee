//! Bytes of frames as views: what was read in one go is kept once.
//!
//! ```text
//!  a piece of a file  ┌──────┬────────────┬──────┬──────┬────
//!                     │header│ frame 1    │header│ frame 2 ...
//!                     └──────┴────────────┴──────┴──────┴────
//!                             ▲ Bytes              ▲ Bytes
//! ```
//!
//! A piece lives as long as a view of it.

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;

/// Some bytes of a piece that may be shared. At most 4 GiB from the piece's beginning.
#[derive(Clone, Default)]
pub struct Bytes {
    piece: Arc<Vec<u8>>,
    start: u32,
    len: u32,
}

impl Bytes {
    /// The part of `piece` that `part` is, without a copy; a copy where it lies elsewhere.
    pub(crate) fn of_piece(piece: &Arc<Vec<u8>>, part: &[u8]) -> Self {
        let start = part
            .as_ptr()
            .addr()
            .checked_sub(piece.as_ptr().addr())
            .and_then(|start| u32::try_from(start).ok());
        let (Some(start), Ok(len)) = (start, u32::try_from(part.len())) else {
            return part.into();
        };
        let range = start as usize..start as usize + part.len();
        if piece
            .get(range)
            .is_none_or(|bytes| !core::ptr::eq(bytes, part))
        {
            return part.into();
        }
        Self {
            piece: Arc::clone(piece),
            start,
            len,
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let start = self.start as usize;
        &self.piece[start..start + self.len as usize]
    }
}

impl From<&[u8]> for Bytes {
    /// Its own copy; of more than 4 GiB, the first.
    fn from(bytes: &[u8]) -> Self {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self {
            piece: Arc::new(bytes[..len as usize].to_vec()),
            start: 0,
            len,
        }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_piece_is_not_copied_and_keeps_it_alive() {
        let piece = Arc::new(vec![1, 2, 3, 4, 5]);
        let part = Bytes::of_piece(&piece, &piece[1..4]);
        assert_eq!((&*part, Arc::strong_count(&piece)), (&[2, 3, 4][..], 2));
        assert!(core::ptr::eq(&raw const part[0], &raw const piece[1]));
        drop(piece);
        assert_eq!(part[2], 4);
    }

    #[test]
    fn what_lies_elsewhere_is_copied() {
        let piece = Arc::new(vec![0; 64]);
        let elsewhere = [7, 8];
        for part in [&elsewhere[..], &[]] {
            let copy = Bytes::of_piece(&piece, part);
            assert_eq!((&*copy, Arc::strong_count(&piece)), (part, 1));
        }
    }
}
