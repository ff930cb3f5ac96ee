//! Many received frames in one reusable buffer.

/// One received frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When the kernel received it: nanoseconds since the Unix epoch.
    pub timestamp_ns: u64,
    /// The whole Ethernet frame, without its FCS.
    pub bytes: &'a [u8],
}

/// Received frames, kept in one arena that is reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    arena: Vec<u8>,
    frames: Vec<(u64, usize)>,
}

impl Batch {
    /// A batch takes no further ring slot once it holds so many bytes. One super-frame more may
    /// come on top, so that an arena never outgrows twice this.
    pub const SOFT_LIMIT_BYTES: usize = 256 * 1024;

    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the frames go, keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.frames.clear();
    }

    /// Adds a copy of one frame, put together from parts.
    pub fn push(&mut self, timestamp_ns: u64, parts: &[&[u8]]) {
        for part in parts {
            self.arena.extend_from_slice(part);
        }
        self.frames.push((timestamp_ns, self.arena.len()));
    }

    /// The bytes of the frame that was pushed last.
    pub(crate) fn last_mut(&mut self) -> &mut [u8] {
        let start = match self.frames.len() {
            0 => return &mut [],
            1 => 0,
            n => self.frames[n - 2].1,
        };
        &mut self.arena[start..]
    }

    /// How many frames it holds.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether it should be emptied before more is read.
    pub fn is_full(&self) -> bool {
        self.arena.len() >= Self::SOFT_LIMIT_BYTES
    }

    /// The frames in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.frames.iter().map(move |&(timestamp_ns, end)| {
            let bytes = &self.arena[start..end];
            start = end;
            Frame {
                timestamp_ns,
                bytes,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_were_pushed() {
        let mut batch = Batch::new();
        batch.push(7, &[b"ab", b"c"]);
        batch.push(8, &[b"defg"]);
        batch.last_mut()[0] = b'D';
        let frames: Vec<_> = batch
            .iter()
            .map(|f| (f.timestamp_ns, f.bytes.to_vec()))
            .collect();
        assert_eq!(frames, [(7, b"abc".to_vec()), (8, b"Defg".to_vec())]);
        assert_eq!(batch.len(), 2);
        batch.clear();
        assert!(batch.is_empty() && batch.iter().next().is_none() && batch.last_mut().is_empty());
    }
}
