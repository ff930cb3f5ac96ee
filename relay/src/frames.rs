//! Many frames in one message.
//!
//! ```text
//!   ┌────┐┌──────────────┬──────────────┬────────┬───────────┐┌─────
//!   │kind││ frame id u64 │ time ns u64  │ len u32│ len bytes ││ …
//!   └────┘└──────────────┴──────────────┴────────┴───────────┘└─────
//!            little-endian; the frame from its destination MAC, without FCS
//! ```
//!
//! `time` is the bridge's clock in nanoseconds since 1970 (the kernel's receive
//! timestamp where there is one); in frames from the page it is not looked at.

use crate::error::DecodeError;
use crate::{MAX_FRAME, MAX_MESSAGE, TARGET_MESSAGE};
use synema_core::trace::FrameId;

/// The first byte of a message of frames.
pub const KIND: u8 = 2;
/// The bytes in front of each frame.
pub const RECORD_HEADER: usize = 8 + 8 + 4;

/// One frame of a message, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its id, wherever it is spoken of.
    pub id: FrameId,
    /// The bridge's clock, nanoseconds since 1970.
    pub time_ns: u64,
    /// From the destination MAC on, without FCS.
    pub bytes: &'a [u8],
}

/// A checked message of frames: iterating over it cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames<'a> {
    records: &'a [u8],
}

impl<'a> Frames<'a> {
    /// Checks every record of `message` (with its kind byte).
    ///
    /// # Errors
    /// When a record is cut off or a length is not one of a frame. A message without
    /// a record is well formed.
    pub fn new(message: &'a [u8]) -> Result<Self, DecodeError> {
        let (&kind, records) = message.split_first().ok_or(DecodeError::Empty)?;
        if kind != KIND {
            return Err(DecodeError::UnknownKind(kind));
        }
        if message.len() > MAX_MESSAGE {
            return Err(DecodeError::TooLarge { len: message.len() });
        }
        let mut rest = records;
        while !rest.is_empty() {
            let at = message.len() - rest.len();
            rest = split_record(rest, at)?.1;
        }
        Ok(Self { records })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        // Checked in `new`: what is left is empty or begins with a whole record.
        let (frame, rest) = split_record(self.records, 0).ok()?;
        self.records = rest;
        Some(frame)
    }
}

/// Takes the record in front; `at` is where it begins, for the error.
fn split_record(bytes: &[u8], at: usize) -> Result<(Frame<'_>, &[u8]), DecodeError> {
    let truncated = DecodeError::Truncated { at };
    let (id, rest) = bytes.split_first_chunk::<8>().ok_or(truncated)?;
    let (time, rest) = rest.split_first_chunk::<8>().ok_or(truncated)?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(truncated)?;
    let len = u32::from_le_bytes(*len);
    if len == 0 || len as usize > MAX_FRAME {
        return Err(DecodeError::FrameLength { at, len });
    }
    let (bytes, rest) = rest.split_at_checked(len as usize).ok_or(truncated)?;
    let frame = Frame {
        id: FrameId::from_bits(u64::from_le_bytes(*id)),
        time_ns: u64::from_le_bytes(*time),
        bytes,
    };
    Ok((frame, rest))
}

/// Fills messages with frames; the buffer is used again for the next.
#[derive(Debug)]
pub struct FramesEncoder {
    message: Vec<u8>,
    frames: u32,
}

impl Default for FramesEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl FramesEncoder {
    /// An empty message.
    pub fn new() -> Self {
        Self {
            message: vec![KIND],
            frames: 0,
        }
    }

    /// Appends a frame, unless the message is full: then send it, [`clear`](Self::clear),
    /// and push again. An empty message takes any frame.
    ///
    /// # Errors
    /// [`Full`] when the frame does not fit below [`TARGET_MESSAGE`], or is itself
    /// empty or longer than [`MAX_FRAME`] (which no clearing helps).
    pub fn push(&mut self, id: FrameId, time_ns: u64, bytes: &[u8]) -> Result<(), Full> {
        let len = match u32::try_from(bytes.len()) {
            Ok(len) if len > 0 && bytes.len() <= MAX_FRAME => len,
            _ => return Err(Full::NotAFrame),
        };
        if !self.is_empty() && self.message.len() + record_len(bytes) > TARGET_MESSAGE {
            return Err(Full::Message);
        }
        self.message.extend_from_slice(&id.to_bits().to_le_bytes());
        self.message.extend_from_slice(&time_ns.to_le_bytes());
        self.message.extend_from_slice(&len.to_le_bytes());
        self.message.extend_from_slice(bytes);
        self.frames += 1;
        Ok(())
    }

    /// Whether no frame is in it.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// How many frames are in it.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The message as it is to be sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.message
    }

    /// Forgets the frames and keeps the buffer.
    pub fn clear(&mut self) {
        self.message.truncate(1);
        self.frames = 0;
    }
}

/// Why a frame was not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The message is full; send and clear it first.
    Message,
    /// Empty, or longer than [`MAX_FRAME`].
    NotAFrame,
}

/// What a frame takes in a message, in bytes.
pub fn record_len(frame: &[u8]) -> usize {
    RECORD_HEADER + frame.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(frames: &[(u64, u64, Vec<u8>)]) -> Vec<u8> {
        let mut encoder = FramesEncoder::new();
        for (id, time, bytes) in frames {
            encoder
                .push(FrameId::from_bits(*id), *time, bytes)
                .expect("few and small");
        }
        encoder.as_bytes().to_vec()
    }

    #[test]
    fn a_message_without_a_frame_is_well_formed() {
        assert_eq!(Frames::new(&[KIND]).expect("well formed").count(), 0);
        assert_eq!(Frames::new(&[]), Err(DecodeError::Empty));
        assert_eq!(Frames::new(&[9]), Err(DecodeError::UnknownKind(9)));
    }

    #[test]
    fn every_cut_of_a_message_is_an_error_or_fewer_frames() {
        let whole = message(&[(1, 2, vec![3; 60]), (4, 5, vec![6; 70])]);
        let ends = [1, 1 + RECORD_HEADER + 60, whole.len()];
        for cut in 1..=whole.len() {
            let parsed = Frames::new(&whole[..cut]);
            match ends.iter().position(|&end| end == cut) {
                Some(frames) => assert_eq!(parsed.expect("whole records").count(), frames),
                None => assert!(matches!(parsed, Err(DecodeError::Truncated { .. }))),
            }
        }
    }

    #[test]
    fn lengths_that_are_no_frames_are_refused() {
        let mut bad = message(&[(1, 2, vec![3; 60])]);
        bad[17..21].copy_from_slice(&0_u32.to_le_bytes());
        assert_eq!(
            Frames::new(&bad),
            Err(DecodeError::FrameLength { at: 1, len: 0 })
        );
        bad[17..21].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Frames::new(&bad),
            Err(DecodeError::FrameLength {
                at: 1,
                len: u32::MAX
            })
        );
    }

    #[test]
    fn a_full_message_says_so_and_an_empty_one_takes_any_frame() {
        let mut encoder = FramesEncoder::new();
        let id = FrameId::received(0);
        assert_eq!(encoder.push(id, 0, &[]), Err(Full::NotAFrame));
        assert_eq!(
            encoder.push(id, 0, &vec![0; MAX_FRAME + 1]),
            Err(Full::NotAFrame)
        );
        encoder
            .push(id, 0, &vec![0; MAX_FRAME])
            .expect("alone in its message");
        assert!(encoder.as_bytes().len() <= MAX_MESSAGE);
        assert_eq!(encoder.push(id, 0, &[1]), Err(Full::Message));
        encoder.clear();
        assert!(encoder.is_empty());
        encoder.push(id, 0, &[1]).expect("cleared");
        assert_eq!(Frames::new(encoder.as_bytes()).expect("ours").count(), 1);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            frames in prop::collection::vec(
                (any::<u64>(), any::<u64>(), prop::collection::vec(any::<u8>(), 1..100)), 0..50)
        ) {
            let message = message(&frames);
            let back: Vec<_> = Frames::new(&message)
                .expect("ours")
                .map(|frame| (frame.id.to_bits(), frame.time_ns, frame.bytes.to_vec()))
                .collect();
            prop_assert_eq!(back, frames);
        }

        #[test]
        fn hostile_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let message: Vec<u8> = core::iter::once(KIND).chain(bytes).collect();
            if let Ok(frames) = Frames::new(&message) {
                let total: usize = frames.map(|frame| record_len(frame.bytes)).sum();
                prop_assert_eq!(total + 1, message.len());
            }
        }
    }
}
