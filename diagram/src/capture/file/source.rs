//! A file as it is read: piece by piece, each kept once, blocks whole within a piece.
//!
//! ```text
//!  input ──► │ ...taken... │ rest: blocks not taken yet │ ◄── fill: a larger rest, in a new piece
//!            └──────────────── one piece ──────────────┘
//! ```

use crate::capture::bytes::Bytes;
use std::io::{self, Read};
use std::sync::Arc;

/// How much is read in one go.
const PIECE_LEN: usize = 1 << 20;

/// What is read from a file, and how far it was taken.
pub(super) struct Source<'a> {
    input: Box<dyn Read + 'a>,
    piece: Arc<Vec<u8>>,
    /// The rest begins here in the piece, and here in the file.
    at: usize,
    offset: u64,
    /// How much more is read at the most.
    left: u64,
    end: Option<End>,
}

/// Why no more is read.
#[derive(Debug)]
pub(super) enum End {
    /// There is no more.
    OfInput,
    /// More is not read, however much there is.
    OfRoom,
    /// The input failed.
    Failed(io::Error),
}

impl<'a> Source<'a> {
    /// Reads at most `most` bytes.
    pub(super) fn new(input: impl Read + 'a, most: u64) -> Self {
        Self {
            input: Box::new(input),
            piece: Arc::default(),
            at: 0,
            offset: 0,
            left: most,
            end: None,
        }
    }

    /// What is here of the rest.
    pub(super) fn rest(&self) -> &[u8] {
        &self.piece[self.at..]
    }

    /// Where the rest begins in the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why no more is read, once that is so.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub(super) fn into_end(self) -> Option<End> {
        self.end
    }

    /// Passes over bytes of the rest.
    pub(super) fn take(&mut self, len: usize) {
        let len = len.min(self.rest().len());
        self.at += len;
        self.offset += len as u64;
    }

    /// A part of the rest, to be kept.
    pub(super) fn keep(&self, part: &[u8]) -> Bytes {
        Bytes::of_piece(&self.piece, part)
    }

    /// Reads on, so that more of the rest is here; false where there is no more.
    pub(super) fn fill(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        let rest = self.rest();
        // At least as much again: a long block is not copied again and again.
        let room = PIECE_LEN.max(2 * rest.len()) - rest.len();
        let room = room.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let mut piece = Vec::with_capacity(rest.len() + room);
        piece.extend_from_slice(rest);
        let before = piece.len();
        let read = (&mut self.input).take(room as u64).read_to_end(&mut piece);
        let got = piece.len() - before;
        self.left -= got as u64;
        self.end = match read {
            Err(error) => Some(End::Failed(error)),
            Ok(_) if got < room => Some(End::OfInput),
            Ok(_) if self.left == 0 => Some(End::OfRoom),
            Ok(_) => None,
        };
        if self.end.is_some() {
            piece.shrink_to_fit();
        }
        self.piece = Arc::new(piece);
        self.at = 0;
        got > 0
    }

    /// Whether there are bytes left; they are here then, some of them at least.
    pub(super) fn has_more(&mut self) -> bool {
        !self.rest().is_empty() || self.fill()
    }

    /// The rest of it, to be read through something else.
    pub(super) fn into_input(self) -> impl Read + 'a {
        let rest = Bytes::of_piece(&self.piece, self.rest());
        io::Cursor::new(Shared(rest)).chain(self.input)
    }
}

struct Shared(Bytes);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time, and then fails.
    struct Slow(u8);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 9 {
                return Err(io::Error::other("unplugged"));
            }
            for byte in &mut buffer[..3] {
                *byte = self.0;
                self.0 += 1;
            }
            Ok(3)
        }
    }

    #[test]
    fn what_came_before_a_failure_is_there_and_the_failure_is_told() {
        let mut source = Source::new(Slow(0), u64::MAX);
        assert!(source.has_more());
        source.take(4);
        assert_eq!((source.rest(), source.offset()), (&[4, 5, 6, 7, 8][..], 4));
        assert!(!source.fill());
        assert!(
            matches!(source.end(), Some(End::Failed(error)) if error.to_string() == "unplugged")
        );
    }

    #[test]
    fn no_more_is_read_than_there_is_room_for() {
        let mut source = Source::new(io::repeat(7), 3 * PIECE_LEN as u64);
        while source.fill() {
            let len = source.rest().len();
            source.take(len - 5);
        }
        assert!(matches!(source.end(), Some(End::OfRoom)));
        assert_eq!(source.offset(), 3 * PIECE_LEN as u64 - 5);
    }

    #[test]
    fn what_is_kept_outlives_the_piece_it_was_read_in() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * PIECE_LEN).collect();
        let mut source = Source::new(&bytes[..], u64::MAX);
        let mut kept = Vec::new();
        while source.has_more() {
            while source.rest().len() < 1_000 && source.fill() {}
            let part = &source.rest()[..source.rest().len().min(1_000)];
            kept.push(source.keep(part));
            let len = part.len();
            source.take(len);
        }
        assert_eq!(
            kept.iter().map(|part| &**part).collect::<Vec<_>>().concat(),
            bytes
        );
    }
}
