//! How data is received and acknowledged.

use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// How data is received and acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceivePolicy {
    /// Receive buffer at most, and so the largest window, bytes.
    pub buffer_len: u32,
    /// The largest window at the start, bytes. It grows towards `buffer_len`
    /// while the application keeps up; if it is not less, nothing grows.
    pub initial_window: u32,
    /// The window always says `buffer_len`, however much is unread.
    pub fixed_window: bool,
    /// When data is acknowledged.
    pub ack: AckStrategy,
    /// Whether what comes early is kept.
    pub out_of_order: OutOfOrderPolicy,
    /// How many segments at the start are acknowledged one by one.
    pub quick_acks: u16,
    /// Whether quick ACKs begin anew after a silence or duplicates, end when both
    /// sides talk in turns, and follow when all was read (as in Linux).
    pub adaptive_acks: bool,
    /// Time spent on each data segment before it is acknowledged. With more
    /// than zero, segments are taken one after the other, each with its ACK.
    pub think: Duration,
    /// Whether duplicates are reported (D-SACK, RFC 2883).
    pub dsack: bool,
}

impl Default for ReceivePolicy {
    fn default() -> Self {
        Self {
            buffer_len: 4 << 20,
            initial_window: 65_535,
            fixed_window: false,
            ack: AckStrategy::Delayed {
                segments: 2,
                delay: Duration::from_millis(40),
            },
            out_of_order: OutOfOrderPolicy::Keep,
            quick_acks: 8,
            adaptive_acks: false,
            think: Duration::ZERO,
            dsack: true,
        }
    }
}

/// When received data is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AckStrategy {
    /// Every `segments` full-sized segments, or after `delay` at the latest
    /// (RFC 9293 §3.8.6.3).
    Delayed {
        /// How many full-sized segments for one ACK; RFC 9293: at most two.
        segments: u16,
        /// How long an ACK may be held back; RFC 9293: less than 0.5 s.
        delay: Duration,
    },
    /// Each segment has its own ACK at once, never joined with another.
    EverySegment,
    /// Data is never acknowledged.
    Never,
}

/// What becomes of data that comes before its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutOfOrderPolicy {
    /// Kept and acknowledged selectively.
    Keep,
    /// Thrown away, and a duplicate ACK is sent.
    Drop,
    /// Any segment that does not start exactly at RCV.NXT is thrown away
    /// without a word, its ACK field unread.
    DropSilently,
}
