//! Where decisions come from: a seed, or the bytes of a fuzzer.

use synema_core::random::Random;

/// A source of decisions. The same source decides the same.
#[derive(Clone, Debug)]
pub struct Choices<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Seed(Random),
    Bytes(&'a [u8]),
}

impl<'a> Choices<'a> {
    /// Decisions without end.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seed(Random::new(seed)))
    }

    /// The decisions that these bytes hold, then zeros.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(Source::Bytes(bytes))
    }

    /// Whether there are only zeros from now on.
    pub fn are_spent(&self) -> bool {
        matches!(self.0, Source::Bytes([]))
    }

    /// A number below `limit`, of as few bytes as that takes; zero if `limit` is.
    pub fn below(&mut self, limit: u32) -> u32 {
        let len = match limit {
            0 | 1 => return 0,
            2..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        };
        self.number(len) % limit
    }

    /// Any 32 bits.
    pub fn any(&mut self) -> u32 {
        self.number(4)
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) + 1 == times
    }

    /// Appends `len` bytes, any of them.
    pub fn fill(&mut self, len: usize, out: &mut Vec<u8>) {
        out.extend((0..len).map(|_| self.number(1) as u8));
    }

    fn number(&mut self, len: usize) -> u32 {
        match &mut self.0 {
            Source::Seed(random) => random.next_u32() >> (32 - 8 * len),
            Source::Bytes(bytes) => {
                let (taken, rest) = bytes.split_at(len.min(bytes.len()));
                *bytes = rest;
                taken
                    .iter()
                    .rev()
                    .fold(0, |all, byte| all << 8 | u32::from(*byte))
            }
        }
    }
}
