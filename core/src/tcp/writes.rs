//! Where the application's writes end in the send buffer, and what that means for
//! segments: a PSH bit, a boundary that no segment crosses, or a wait for company.
//!
//! ```text
//!        write          write, record ends     write, more follows
//!    |--------------|------------------------|- - - - - - - - - - -
//!                  PSH                      PSH, and the next     held until a write
//!                                           byte starts a segment without the flag
//! ```
//!
//! Linux cuts what is written into pieces; in long writes some of them end with a PSH bit.

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

/// How writes are cut into pieces, and how much of them goes out while they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The length of a full piece, bytes: whole segments.
    pub(super) piece_len: u32,
    /// A piece that ends further than this from the last PSH has one too, bytes.
    pub(super) push_distance: u32,
    /// The length of a full burst, and of all that may go out now, bytes.
    pub(super) burst_len: u32,
    pub(super) sendable_len: u32,
}

/// The end of a piece.
#[derive(Clone, Copy, Debug)]
struct End {
    /// One past its last byte.
    at: SeqNum,
    /// It ends with a PSH bit.
    pushes: bool,
    ends_record: bool,
}

/// The ends of pieces that are not acknowledged.
#[derive(Debug)]
pub(super) struct Writes {
    /// Lowest first.
    ends: VecDeque<End>,
    /// Nothing before it waits for company.
    pushed: SeqNum,
    /// Where the last PSH bit stands.
    marked: SeqNum,
    /// The last write said that more follows, and nothing has happened since.
    more_follows: bool,
}

impl Writes {
    pub(super) fn new(start: SeqNum) -> Self {
        Self {
            ends: VecDeque::new(),
            pushed: start,
            marked: start,
            more_follows: false,
        }
    }

    /// A write filled `range` at the end of the buffer, of which all before `snd_nxt`
    /// was sent. Without a `cut` only the ends of records are of interest.
    pub(super) fn on_written(
        &mut self,
        range: SeqRange,
        mut snd_nxt: SeqNum,
        write: Write,
        cut: Option<&Cut>,
    ) {
        self.more_follows = write.more_follows;
        let mut at = range.start;
        if let Some(cut) = cut {
            let mut sendable = cut.sendable_len;
            while at.before(range.end) {
                let piece = self.open_piece(at, snd_nxt, cut.piece_len);
                let fill = (cut.piece_len - piece).min(range.end.distance(at));
                let end = at + fill;
                self.extend(at, piece > 0, end);
                at = end;
                if at == range.end {
                    break;
                }
                // The piece is full, and more is to be written.
                let is_next = snd_nxt.at_or_after(end - cut.piece_len);
                let burst = if at.distance(self.marked) > cut.push_distance {
                    self.mark(at);
                    sendable
                } else if is_next {
                    cut.burst_len.min(sendable)
                } else {
                    0
                };
                let burst = burst.min(at.distance(snd_nxt.earlier(at)));
                snd_nxt += burst;
                sendable -= burst;
            }
        }
        if cut.is_some() && !write.more_follows {
            self.mark(range.end);
        }
        if write.ends_record {
            self.end_at(range.end).ends_record = true;
        }
    }

    /// How many bytes the last piece has that may be added to; zero if none.
    fn open_piece(&self, end: SeqNum, snd_nxt: SeqNum, piece_len: u32) -> u32 {
        let before = self.ends.len().checked_sub(2).map(|n| self.ends[n].at);
        let is_open = self.ends.back().is_some_and(|last| !last.ends_record);
        let start = before.unwrap_or(snd_nxt).later(snd_nxt).earlier(end);
        let piece = end.distance(start);
        if is_open && piece < piece_len {
            piece
        } else {
            0
        }
    }

    /// The piece that ended at `at` ends at `end` now, or a new one does.
    fn extend(&mut self, at: SeqNum, goes_on: bool, end: SeqNum) {
        match self.ends.back_mut() {
            Some(last) if goes_on && last.at == at => last.at = end,
            _ => self.ends.push_back(End {
                at: end,
                pushes: false,
                ends_record: false,
            }),
        }
    }

    fn mark(&mut self, at: SeqNum) {
        self.end_at(at).pushes = true;
        self.marked = at;
    }

    /// The last end, which stands at `at`; made if there is none.
    fn end_at(&mut self, at: SeqNum) -> &mut End {
        self.extend(at, true, at);
        let last = self.ends.len() - 1;
        &mut self.ends[last]
    }

    /// How many bytes after `seq` the record that it lies in still has.
    pub(super) fn record_left(&self, seq: SeqNum) -> u32 {
        let mut ends = self.ends.range(self.first_after(seq)..);
        let end = ends.find(|end| end.ends_record);
        end.map_or(u32::MAX, |end| end.at.distance(seq))
    }

    /// Whether a piece that is pushed ends with one of these bytes.
    pub(super) fn has_push_in(&self, range: SeqRange) -> bool {
        let mut ends = self.ends.range(self.first_after(range.start)..);
        ends.any(|end| end.pushes && end.at.at_or_before(range.end))
    }

    /// All before `una` was acknowledged.
    pub(super) fn acknowledge(&mut self, una: SeqNum) {
        let done = self.first_after(una);
        self.ends.drain(..done);
    }

    /// Whether what ends with the buffer, less than a segment, is to wait for the rest.
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
    /// unsent when a new piece begins (`TCP_NOTSENT_LOWAT`). The last piece is filled
    /// up in any case.
    pub(super) fn room(
        &self,
        end: SeqNum,
        snd_nxt: SeqNum,
        unsent_limit: u32,
        piece_len: u32,
    ) -> u32 {
        let piece = self.open_piece(end, snd_nxt, piece_len);
        if piece > 0 {
            piece_len - piece
        } else if end.distance(snd_nxt.earlier(end)) < unsent_limit {
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

    const CUT: Cut = Cut {
        piece_len: 16_000,
        push_distance: 16_448,
        burst_len: 2000,
        sendable_len: 0,
    };
    const PLAIN: Write = Write {
        more_follows: false,
        ends_record: false,
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
        writes.on_written(range(0, 100), SeqNum(0), PLAIN, Some(&CUT));
        writes.on_written(range(100, 150), SeqNum(0), PLAIN, Some(&CUT));
        assert!(!writes.has_push_in(range(0, 100)));
        assert!(writes.has_push_in(range(100, 150)));
        // The first are out; the next is a piece of its own.
        writes.on_written(range(150, 200), SeqNum(150), PLAIN, Some(&CUT));
        assert!(writes.has_push_in(range(0, 150)));
        assert!(writes.has_push_in(range(150, 200)));
        writes.acknowledge(SeqNum(150));
        assert!(!writes.has_push_in(range(0, 150)));
    }

    #[test]
    fn a_record_ends_where_it_was_said() {
        for cut in [None, Some(&CUT)] {
            let mut writes = Writes::new(SeqNum(0));
            let record = Write {
                ends_record: true,
                ..PLAIN
            };
            writes.on_written(range(0, 100), SeqNum(0), record, cut);
            writes.on_written(range(100, 300), SeqNum(0), PLAIN, cut);
            assert_eq!(writes.record_left(SeqNum(0)), 100);
            assert_eq!(writes.record_left(SeqNum(100)), u32::MAX);
            assert_eq!(writes.has_push_in(range(50, 100)), cut.is_some());
        }
    }

    #[test]
    fn a_write_that_is_to_be_continued_is_not_pushed() {
        let more = Write {
            more_follows: true,
            ..PLAIN
        };
        let mut writes = Writes::new(SeqNum(0));
        writes.on_written(range(0, 100), SeqNum(0), more, Some(&CUT));
        assert!(writes.holds());
        assert!(!writes.has_push_in(range(0, 100)));
        writes.on_written(range(100, 120), SeqNum(0), PLAIN, Some(&CUT));
        assert!(!writes.holds());
        assert!(writes.has_push_in(range(0, 120)));
    }

    #[test]
    fn a_long_write_is_cut_and_pushed_on_the_way() {
        let mut writes = Writes::new(SeqNum(0));
        // Two segments may go out, one at a time.
        let cut = Cut {
            burst_len: 1000,
            sendable_len: 2000,
            ..CUT
        };
        writes.on_written(range(0, 200_000), SeqNum(0), PLAIN, Some(&cut));
        // The first piece was filled up again after each of the two.
        assert!(!writes.has_push_in(range(0, 17_000)));
        assert!(writes.has_push_in(range(17_000, 18_000)));
        // Further than half a window from the last: 17,000 bytes, then 32,000.
        assert!(writes.has_push_in(range(33_000, 34_000)));
        assert!(!writes.has_push_in(range(34_000, 50_000)));
        assert!(writes.has_push_in(range(65_000, 66_000)));
    }

    #[test]
    fn the_last_piece_is_filled_up_beyond_the_limit_of_what_is_unsent() {
        let mut writes = Writes::new(SeqNum(0));
        let room = |writes: &Writes, end, sent| {
            writes.room(SeqNum(end), SeqNum(sent), 4000, CUT.piece_len)
        };
        assert_eq!(room(&writes, 0, 0), 16_000);
        writes.on_written(range(0, 16_000), SeqNum(0), PLAIN, Some(&CUT));
        // Ten thousand of them went out.
        assert_eq!(room(&writes, 16_000, 10_000), 10_000);
        writes.on_written(range(16_000, 26_000), SeqNum(10_000), PLAIN, Some(&CUT));
        assert_eq!(room(&writes, 26_000, 10_000), 0);
        assert_eq!(room(&writes, 26_000, 23_000), 13_000);
        assert_eq!(room(&writes, 26_000, 26_000), 16_000);
    }

    #[test]
    fn half_a_window_is_not_yet_far_and_the_limit_itself_is_no_room() {
        let mut writes = Writes::new(SeqNum(0));
        let cut = Cut {
            piece_len: 1000,
            push_distance: 1000,
            burst_len: 0,
            sendable_len: 0,
        };
        writes.on_written(range(0, 2500), SeqNum(0), PLAIN, Some(&cut));
        assert!(!writes.has_push_in(range(0, 1000)));
        assert!(writes.has_push_in(range(1000, 2000)));
        let mut writes = Writes::new(SeqNum(0));
        writes.on_written(range(0, 1000), SeqNum(0), PLAIN, Some(&cut));
        let room = |limit| writes.room(SeqNum(1000), SeqNum(0), limit, 1000);
        assert_eq!((room(1000), room(1001)), (0, 1000));
    }
}
