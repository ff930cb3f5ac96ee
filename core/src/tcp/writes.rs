//! Where the application's writes end in the send buffer, and what that means for
//! segments: a PSH bit, a boundary that no segment crosses, or a wait for company.
//!
//! ```text
//!        write          write, record ends     write, more follows
//!    |--------------|------------------------|- - - - - - - - - - -
//!                  PSH                      PSH, and the next     held until a write
//!                                           byte starts a segment without the flag
//! ```

use crate::wire::{SeqNum, SeqRange};
use std::collections::VecDeque;

/// What the application says of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// More is to follow soon (`MSG_MORE`): what does not fill a segment waits for
    /// it, until something else happens on the connection.
    pub more_follows: bool,
    /// A record ends here (`MSG_EOR`): what follows does not join its last segment.
    pub ends_record: bool,
}

/// The end of a write.
#[derive(Clone, Copy, Debug)]
struct End {
    /// One past its last byte.
    at: SeqNum,
    ends_record: bool,
}

/// The ends of writes that are not acknowledged.
#[derive(Debug)]
pub(super) struct Writes {
    /// Lowest first.
    ends: VecDeque<End>,
    /// Nothing before it waits for company.
    pushed: SeqNum,
    /// The last write said that more follows, and nothing has happened since.
    more_follows: bool,
    /// Where the piece of the buffer begins that further writes may fill up.
    piece_start: SeqNum,
}

impl Writes {
    pub(super) fn new(start: SeqNum) -> Self {
        Self {
            ends: VecDeque::new(),
            pushed: start,
            more_follows: false,
            piece_start: start,
        }
    }

    /// A write ended with the buffer, of which all before `snd_nxt` was sent.
    pub(super) fn on_written(&mut self, end: SeqNum, snd_nxt: SeqNum, write: Write) {
        self.more_follows = write.more_follows;
        if write.more_follows && !write.ends_record {
            return;
        }
        let ends_record = write.ends_record;
        match self.ends.back_mut() {
            // Both go out in one piece, whose end is the later one's.
            Some(last) if last.at.after(snd_nxt) && !last.ends_record => {
                *last = End {
                    at: end,
                    ends_record,
                }
            }
            _ => self.ends.push_back(End {
                at: end,
                ends_record,
            }),
        }
    }

    /// How many bytes after `seq` the record that it lies in still has.
    pub(super) fn record_left(&self, seq: SeqNum) -> u32 {
        let ends = self.ends.range(self.first_after(seq)..);
        let end = ends.into_iter().find(|end| end.ends_record);
        end.map_or(u32::MAX, |end| end.at.distance(seq))
    }

    /// Whether a write ends with one of these bytes.
    pub(super) fn has_end_in(&self, range: SeqRange) -> bool {
        let next = self.ends.get(self.first_after(range.start));
        next.is_some_and(|end| end.at.at_or_before(range.end))
    }

    /// All before `una` was acknowledged.
    pub(super) fn acknowledge(&mut self, una: SeqNum) {
        let done = self.first_after(una);
        self.ends.drain(..done);
    }

    /// Whether what ends at `end`, less than a segment, is to wait for the rest.
    pub(super) fn holds(&self) -> bool {
        self.more_follows
    }

    /// Something has happened: what was held back is looked at again.
    pub(super) fn release(&mut self) {
        self.more_follows = false;
    }

    /// Nothing that is in the buffer now waits for company.
    pub(super) fn push(&mut self, end: SeqNum) {
        self.pushed = end;
        self.release();
    }

    /// Whether what ends at `end` was to be sent without company.
    pub(super) fn is_pushed(&self, end: SeqNum) -> bool {
        end.at_or_before(self.pushed)
    }

    /// How much a write may add where no more than `unsent_limit` bytes are to be
    /// unsent when a new piece of `piece_len` bytes begins (`TCP_NOTSENT_LOWAT`).
    /// The last piece is filled up in any case.
    pub(super) fn room(
        &mut self,
        end: SeqNum,
        snd_nxt: SeqNum,
        unsent_limit: u32,
        piece_len: u32,
    ) -> u32 {
        let start = self.piece_start.later(snd_nxt).earlier(end);
        let piece = end.distance(start);
        let is_open = piece > 0 && piece < piece_len && self.record_left(start) == u32::MAX;
        if is_open {
            piece_len - piece
        } else if end.distance(snd_nxt.earlier(end)) < unsent_limit {
            self.piece_start = end;
            piece_len
        } else {
            0
        }
    }

    /// The index of the first end after `seq`.
    fn first_after(&self, seq: SeqNum) -> usize {
        self.ends.partition_point(|end| end.at.at_or_before(seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: Write = Write {
        more_follows: false,
        ends_record: true,
    };

    fn range(from: u32, to: u32) -> SeqRange {
        SeqRange {
            start: SeqNum(from),
            end: SeqNum(to),
        }
    }

    #[test]
    fn writes_that_go_out_together_have_one_end() {
        let mut writes = Writes::new(SeqNum(0));
        writes.on_written(SeqNum(100), SeqNum(0), Write::default());
        writes.on_written(SeqNum(150), SeqNum(0), Write::default());
        assert!(!writes.has_end_in(range(0, 100)));
        assert!(writes.has_end_in(range(100, 150)));
        // The first are out; the next is a piece of its own.
        writes.on_written(SeqNum(200), SeqNum(150), Write::default());
        assert!(writes.has_end_in(range(0, 150)));
        assert!(writes.has_end_in(range(150, 200)));
        writes.acknowledge(SeqNum(150));
        assert!(!writes.has_end_in(range(0, 150)));
    }

    #[test]
    fn a_record_ends_where_it_was_said() {
        let mut writes = Writes::new(SeqNum(0));
        writes.on_written(SeqNum(100), SeqNum(0), RECORD);
        writes.on_written(SeqNum(300), SeqNum(0), Write::default());
        assert_eq!(writes.record_left(SeqNum(0)), 100);
        assert_eq!(writes.record_left(SeqNum(100)), u32::MAX);
        assert!(writes.has_end_in(range(50, 100)));
    }

    #[test]
    fn a_write_that_is_to_be_continued_has_no_end() {
        let more = Write {
            more_follows: true,
            ends_record: false,
        };
        let mut writes = Writes::new(SeqNum(0));
        writes.on_written(SeqNum(100), SeqNum(0), more);
        assert!(writes.holds());
        assert!(!writes.has_end_in(range(0, 100)));
        writes.on_written(SeqNum(120), SeqNum(0), Write::default());
        assert!(!writes.holds());
        assert!(writes.has_end_in(range(0, 120)));
    }

    #[test]
    fn the_last_piece_is_filled_up_beyond_the_limit_of_what_is_unsent() {
        let mut writes = Writes::new(SeqNum(0));
        let room =
            |writes: &mut Writes, end, sent| writes.room(SeqNum(end), SeqNum(sent), 4000, 16_000);
        assert_eq!(room(&mut writes, 0, 0), 16_000);
        // Ten thousand of them went out.
        assert_eq!(room(&mut writes, 16_000, 10_000), 10_000);
        assert_eq!(room(&mut writes, 26_000, 10_000), 0);
        assert_eq!(room(&mut writes, 26_000, 23_000), 13_000);
        assert_eq!(room(&mut writes, 26_000, 26_000), 16_000);
    }
}
