//! A ring of bytes that grows to what is needed, up to a limit.
//!
//! ```text
//!        head      head + len            head + high
//!         |            |                      |
//!   ......[ in order   )..... [ early  )......)..........
//!         '- front     '- extend() moves this border on
//! ```
//!
//! Both directions use it. The send buffer only appends; the receive buffer
//! also writes ahead of its end, at the very place where early data will stand
//! once the gap before it is filled, so that nothing is copied twice. A ring
//! whose reader keeps up stays small, and so stays in the processor's cache.

/// Smallest allocation, bytes.
const MIN_CAPACITY: usize = 16 * 1024;

/// An empty ring that has grown larger gives its memory back: a connection that
/// was busy once may idle for days.
const KEPT_CAPACITY: usize = 256 * 1024;

/// No ring is larger than the largest window that there is (RFC 7323 §2.3).
const MAX_LIMIT: u32 = 1 << 30;

/// The ring.
#[derive(Debug)]
pub(super) struct Ring {
    /// A power of two long, or empty.
    buf: Box<[u8]>,
    head: usize,
    len: usize,
    high: usize,
    limit: usize,
}

impl Ring {
    /// An empty ring that will never hold more than `limit` bytes.
    pub(super) fn new(limit: u32) -> Self {
        Self {
            buf: Box::default(),
            head: 0,
            len: 0,
            high: 0,
            limit: limit.min(MAX_LIMIT) as usize,
        }
    }

    /// Bytes in order.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many bytes may still come, in order or early.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.len)
    }

    /// The most it may hold.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the limit; what is there stays.
    pub(super) fn set_limit(&mut self, limit: u32) {
        self.limit = limit.min(MAX_LIMIT) as usize;
    }

    /// Appends what there is room for, and answers how much that was.
    pub(super) fn append(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.room());
        self.write_at(self.len, &bytes[..n]);
        self.extend(n);
        n
    }

    /// Writes `bytes` at `offset` from the front, without making them part of
    /// what is in order. The caller has checked them against [`Self::room`].
    pub(super) fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.buf.len() {
            self.grow(end);
        }
        let at = self.wrap(self.head + offset);
        let first = bytes.len().min(self.buf.len() - at);
        self.buf[at..at + first].copy_from_slice(&bytes[..first]);
        self.buf[..bytes.len() - first].copy_from_slice(&bytes[first..]);
        self.high = self.high.max(end);
    }

    /// `n` bytes already written after the end are in order now.
    pub(super) fn extend(&mut self, n: usize) {
        self.len += n;
        debug_assert!(self.len <= self.high);
    }

    /// The bytes `offset .. offset + n`, in at most two pieces.
    pub(super) fn slices(&self, offset: usize, n: usize) -> [&[u8]; 2] {
        debug_assert!(offset + n <= self.len);
        if n == 0 {
            return [&[], &[]];
        }
        let at = self.wrap(self.head + offset);
        let first = n.min(self.buf.len() - at);
        [&self.buf[at..at + first], &self.buf[..n - first]]
    }

    /// The first bytes, up to where the ring wraps.
    pub(super) fn front(&self) -> &[u8] {
        self.slices(0, self.len)[0]
    }

    /// Forgets the first `n` bytes.
    pub(super) fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.len);
        self.len -= n;
        self.high -= n;
        if self.high > 0 {
            self.head = self.wrap(self.head + n);
            return;
        }
        // An empty ring starts over, so that it uses the same few pages again.
        self.head = 0;
        if self.buf.len() > KEPT_CAPACITY {
            self.buf = Box::default();
        }
    }

    fn wrap(&self, at: usize) -> usize {
        at & self.buf.len().wrapping_sub(1)
    }

    fn grow(&mut self, needed: usize) {
        let capacity = needed.max(MIN_CAPACITY).next_power_of_two();
        let mut grown = vec![0; capacity].into_boxed_slice();
        let first = self.high.min(self.buf.len() - self.head);
        grown[..first].copy_from_slice(&self.buf[self.head..self.head + first]);
        grown[first..self.high].copy_from_slice(&self.buf[..self.high - first]);
        self.buf = grown;
        self.head = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[test]
    fn early_bytes_survive_growth_and_wrapping() {
        let mut ring = Ring::new(1 << 20);
        ring.append(&[1; 10_000]);
        ring.consume(9_000);
        ring.write_at(12_000, &[3; 8_000]);
        ring.write_at(1_000, &[2; 11_000]);
        ring.extend(19_000);
        let [a, b] = ring.slices(0, 20_000);
        let all: Vec<u8> = [a, b].concat();
        assert_eq!(all.len(), 20_000);
        assert!(all[..1_000].iter().all(|&byte| byte == 1));
        assert!(all[1_000..12_000].iter().all(|&byte| byte == 2));
        assert!(all[12_000..].iter().all(|&byte| byte == 3));
    }

    #[test]
    fn an_empty_ring_gives_back_what_it_had_grown_to() {
        let mut ring = Ring::new(1 << 20);
        ring.append(&[7; 600_000]);
        ring.consume(599_999);
        assert_eq!(ring.front(), [7]);
        ring.consume(1);
        assert_eq!((ring.buf.len(), ring.front()), (0, &[][..]));
        ring.append(b"again");
        assert_eq!(ring.front(), b"again");
    }

    #[test]
    fn it_is_no_larger_than_it_must_be_and_is_kept_while_it_is_small() {
        let mut ring = Ring::new(1 << 20);
        assert_eq!(ring.limit(), 1 << 20);
        ring.append(&[1; MIN_CAPACITY]);
        assert_eq!(ring.buf.len(), MIN_CAPACITY);
        ring.append(&[2; KEPT_CAPACITY - MIN_CAPACITY]);
        assert_eq!(ring.buf.len(), KEPT_CAPACITY);
        ring.consume(KEPT_CAPACITY);
        assert_eq!(ring.buf.len(), KEPT_CAPACITY);
    }

    #[test]
    fn append_stops_at_the_limit() {
        let mut ring = Ring::new(5);
        assert_eq!(ring.append(b"abcdefgh"), 5);
        assert_eq!(ring.append(b"x"), 0);
        ring.consume(2);
        assert_eq!(ring.append(b"xyz"), 2);
        assert_eq!(ring.slices(0, 5).concat(), b"cdexy");
    }

    proptest! {
        #[test]
        fn behaves_like_a_queue(ops in prop::collection::vec((any::<bool>(), 0usize..40_000), 1..60)) {
            let mut ring = Ring::new(100_000);
            let mut model = VecDeque::new();
            let mut next = 0u8;
            for (push, n) in ops {
                if push {
                    let bytes: Vec<u8> = (0..n).map(|i| next.wrapping_add((i % 251) as u8)).collect();
                    next = next.wrapping_add(17);
                    let taken = ring.append(&bytes);
                    prop_assert_eq!(taken, n.min(100_000 - model.len()));
                    model.extend(&bytes[..taken]);
                } else {
                    let n = n.min(ring.len());
                    let expected: Vec<u8> = model.drain(..n).collect();
                    prop_assert_eq!(ring.slices(0, n).concat(), expected);
                    ring.consume(n);
                }
            }
        }
    }
}
