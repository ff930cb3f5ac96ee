//! What the application wrote and the peer has not acknowledged.
//!
//! ```text
//!    start()                                       end()
//!      |=== sent, unacknowledged ===|--- unsent ---|  (FIN)
//!    SND.UNA                     SND.NXT
//! ```

use super::ring::Ring;
use crate::wire::SeqNum;
use crate::wire::SeqRange;

/// The send buffer, addressed by sequence numbers.
#[derive(Debug)]
pub(super) struct SendBuffer {
    start: SeqNum,
    ring: Ring,
}

impl SendBuffer {
    /// An empty buffer; its first byte will have the number `start`.
    pub(super) fn new(start: SeqNum, limit: u32) -> Self {
        Self {
            start,
            ring: Ring::new(limit),
        }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u32 {
        // A ring holds less than 2³¹ bytes: its limit is a policy's `u32`, capped there.
        self.ring.len() as u32
    }

    /// One past the last byte: where the FIN stands.
    pub(super) fn end(&self) -> SeqNum {
        self.start + self.len()
    }

    /// Appends what there is room for; answers how much.
    pub(super) fn append(&mut self, bytes: &[u8]) -> usize {
        self.ring.append(bytes)
    }

    /// How many bytes there is room for.
    pub(super) fn room(&self) -> usize {
        self.ring.room()
    }

    /// Forgets all bytes before `una`; numbers beyond the end are the FIN's.
    pub(super) fn acknowledge(&mut self, una: SeqNum) {
        let done = una.earlier(self.end());
        if done.after(self.start) {
            self.ring.consume(done.distance(self.start) as usize);
            self.start = done;
        }
    }

    /// The bytes of `range`, in at most two pieces. What lies outside the buffer
    /// (the FIN's number) has no bytes.
    pub(super) fn slices(&self, range: SeqRange) -> [&[u8]; 2] {
        let start = range.start.later(self.start);
        let end = range.end.earlier(self.end());
        if end.at_or_before(start) {
            return [&[], &[]];
        }
        self.ring.slices(
            start.distance(self.start) as usize,
            end.distance(start) as usize,
        )
    }

    /// Changes how much it may hold; what is there stays.
    pub(super) fn set_limit(&mut self, limit: u32) {
        self.ring.set_limit(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_by_number_across_the_seam_of_the_circle() {
        let start = SeqNum(u32::MAX - 2);
        let mut buffer = SendBuffer::new(start, 100);
        buffer.append(b"abcdefgh");
        let range = |from, to| SeqRange {
            start: start + from,
            end: start + to,
        };
        assert_eq!(buffer.slices(range(2, 5)).concat(), b"cde");
        buffer.acknowledge(start + 4);
        assert_eq!(buffer.slices(range(4, 9)).concat(), b"efgh");
        // The FIN's number is acknowledged as well: no byte stands there.
        buffer.acknowledge(start + 9);
        assert_eq!(buffer.end(), start + 8);
        assert_eq!(buffer.room(), 100);
    }

    #[test]
    fn its_limit_may_change() {
        let mut buffer = SendBuffer::new(SeqNum(0), 100);
        buffer.append(&[1; 60]);
        buffer.set_limit(70);
        assert_eq!(buffer.room(), 10);
        buffer.set_limit(50);
        assert_eq!((buffer.room(), buffer.len()), (0, 60));
    }
}
