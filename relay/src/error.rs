//! What can be wrong with a message.

use core::fmt;

/// Why a message was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A message without a byte.
    Empty,
    /// Longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    TooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// The first byte names no kind, or one that this side never sends.
    UnknownKind(u8),
    /// The other end speaks another version.
    Version {
        /// The version in its hello.
        theirs: u32,
    },
    /// A record ends beyond the message's end.
    Truncated {
        /// Where the record begins, in bytes from the message's start.
        at: usize,
    },
    /// A frame's length is zero or more than [`MAX_FRAME`](crate::MAX_FRAME).
    FrameLength {
        /// Where its record begins, in bytes from the message's start.
        at: usize,
        /// The length that it claims, in bytes.
        len: u32,
    },
    /// A receipt with an outcome that this version does not know.
    UnknownRefusal(u8),
    /// A hello or control message that postcard cannot read, or with bytes left over.
    Control,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the message is empty"),
            Self::TooLarge { len } => write!(
                f,
                "the message has {len} bytes; at most {} are allowed",
                crate::MAX_MESSAGE
            ),
            Self::UnknownKind(kind) => write!(f, "no message of kind {kind} is expected here"),
            Self::Version { theirs } => write!(
                f,
                "the other end speaks relay version {theirs}, this end version {}",
                crate::VERSION
            ),
            Self::Truncated { at } => write!(f, "the record at byte {at} is cut off"),
            Self::FrameLength { at, len } => write!(
                f,
                "the record at byte {at} claims a frame of {len} bytes; 1 to {} are allowed",
                crate::MAX_FRAME
            ),
            Self::UnknownRefusal(code) => write!(f, "receipt outcome {code} is not known"),
            Self::Control => f.write_str("a control message is malformed"),
        }
    }
}

impl core::error::Error for DecodeError {}
