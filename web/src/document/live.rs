//! From what the stack's worker tells to frames in the order of the bridge's clock. Pure.
//!
//! ```text
//!   Sent ──> waits ──Receipt──> frame at the bridge's time ─┐
//!   Received ───────────────────────────────────────────────┼──> one batch, sorted by time
//!   Trace ──────────────────────────────────────────────────'    (records as they come)
//! ```
//!
//! A frame that was sent is drawn when its receipt says that it went out, or why it did not.
//! When the socket dies, its receipts never come: these frames are kept, marked as not sent.

use crate::protocol::{Live, WireReceipt};
use std::collections::BTreeMap;
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};
use synema_diagram::capture::{Direction, Fate, Frame};

/// Why a frame was not sent when there was no socket.
const NO_BRIDGE: &str = "there was no connection to the bridge";
/// Why nobody knows whether it was.
const NO_RECEIPT: &str = "the connection to the bridge ended before it said so";
/// So many sent frames may wait for their receipts; beyond, the bridge is at fault.
const MOST_WAITING: usize = 65_536;

/// Brings frames and receipts together.
#[derive(Debug, Default)]
pub struct Ordering {
    /// What to add to the worker's clock for an estimate of the bridge's, nanoseconds.
    offset_ns: u64,
    waiting: BTreeMap<FrameId, (Instant, Vec<u8>)>,
    frames: Vec<Frame>,
    records: Vec<Record>,
}

impl Ordering {
    /// A new run: the worker's clock said `at` when the bridge's said `now_ns`.
    pub fn begin(&mut self, at: Instant, now_ns: u64) {
        *self = Self {
            offset_ns: now_ns.saturating_sub(at.as_nanos()),
            ..Self::default()
        };
    }

    /// What to add to the worker's clock for an estimate of the bridge's, nanoseconds.
    pub fn offset_ns(&self) -> u64 {
        self.offset_ns
    }

    /// Takes what concerns frames and the trace.
    pub fn take(&mut self, live: Live) {
        match live {
            Live::Received {
                frame,
                time_ns,
                bytes,
            } => {
                let at = Instant::from_nanos(time_ns);
                self.frames
                    .push(Frame::new(frame, at, Direction::Received, &bytes));
            }
            Live::Sent {
                frame,
                at,
                handed,
                bytes,
            } => {
                if !handed {
                    self.unsent(frame, at, &bytes, NO_BRIDGE);
                } else if self.waiting.len() < MOST_WAITING {
                    self.waiting.insert(frame, (at, bytes));
                } else {
                    self.unsent(frame, at, &bytes, NO_RECEIPT);
                }
            }
            Live::Receipts(receipts) => {
                for receipt in receipts {
                    self.receipt(receipt);
                }
            }
            Live::Gone { .. } => {
                for (frame, (at, bytes)) in std::mem::take(&mut self.waiting) {
                    self.unsent(frame, at, &bytes, NO_RECEIPT);
                }
            }
            Live::Trace(records) => self.records.extend(records),
            Live::Begin { .. }
            | Live::BodyBegin { .. }
            | Live::Body { .. }
            | Live::BodyEnd { .. } => {}
        }
    }

    /// The frames and records so far, the frames in the order of their times.
    pub fn drain(&mut self) -> (Vec<Frame>, Vec<Record>) {
        // Stable: frames of the same time stay as they came.
        self.frames.sort_by_key(|frame| frame.at);
        (
            std::mem::take(&mut self.frames),
            std::mem::take(&mut self.records),
        )
    }

    fn receipt(&mut self, receipt: WireReceipt) {
        let Some((_, bytes)) = self.waiting.remove(&receipt.frame) else {
            return;
        };
        let at = Instant::from_nanos(receipt.time_ns);
        let mut frame = Frame::new(receipt.frame, at, Direction::Sent, &bytes);
        if let Some(refusal) = receipt.refused {
            frame.fate = Fate::Refused(refusal.words().into());
        }
        self.frames.push(frame);
    }

    fn unsent(&mut self, id: FrameId, at: Instant, bytes: &[u8], why: &str) {
        let at = Instant::from_nanos(at.as_nanos().saturating_add(self.offset_ns));
        let mut frame = Frame::new(id, at, Direction::Sent, bytes);
        frame.fate = Fate::Refused(why.into());
        self.frames.push(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_relay::Refusal;

    fn sent(number: u64, at_ms: u64, handed: bool) -> Live {
        Live::Sent {
            frame: FrameId::sent(number),
            at: Instant::from_millis(at_ms),
            handed,
            bytes: vec![number as u8; 60],
        }
    }

    fn received(number: u64, time_ns: u64) -> Live {
        Live::Received {
            frame: FrameId::received(number),
            time_ns,
            bytes: vec![0; 60],
        }
    }

    fn receipt(number: u64, time_ns: u64, refused: Option<Refusal>) -> WireReceipt {
        WireReceipt {
            frame: FrameId::sent(number),
            time_ns,
            refused,
        }
    }

    #[test]
    fn a_sent_frame_stands_where_its_receipt_says() {
        let mut order = Ordering::default();
        order.begin(Instant::from_millis(5), 1_000_000_000);
        order.take(sent(1, 6, true));
        order.take(received(1, 1_003_000_000));
        assert_eq!(order.drain().0.len(), 1, "the sent one still waits");
        order.take(received(2, 1_009_000_000));
        order.take(Live::Receipts(vec![receipt(1, 1_004_000_000, None)]));
        let frames = order.drain().0;
        let ids: Vec<_> = frames.iter().map(|frame| frame.id).collect();
        assert_eq!(ids, [FrameId::sent(1), FrameId::received(2)]);
        assert_eq!(frames[0].fate, Fate::Seen);
        assert_eq!(frames[0].direction, Direction::Sent);
    }

    #[test]
    fn a_refusal_is_kept_with_its_reason() {
        let mut order = Ordering::default();
        order.take(sent(1, 6, true));
        order.take(Live::Receipts(vec![receipt(
            1,
            9,
            Some(Refusal::GateClosed),
        )]));
        let frames = order.drain().0;
        assert_eq!(
            frames[0].fate,
            Fate::Refused(Refusal::GateClosed.words().into())
        );
    }

    #[test]
    fn without_a_socket_nothing_is_lost_from_the_capture() {
        let mut order = Ordering::default();
        order.begin(Instant::from_millis(5), 1_000_000_000);
        order.take(sent(1, 6, true));
        order.take(Live::Gone {
            at: Instant::from_millis(7),
        });
        order.take(sent(2, 8, false));
        let frames = order.drain().0;
        assert_eq!(frames.len(), 2);
        assert!(
            frames
                .iter()
                .all(|frame| matches!(frame.fate, Fate::Refused(_)))
        );
        assert_eq!(
            frames[0].at.as_nanos(),
            1_001_000_000,
            "the worker's time, brought to the bridge's clock"
        );
    }

    #[test]
    fn a_receipt_for_nothing_does_nothing() {
        let mut order = Ordering::default();
        order.take(Live::Receipts(vec![receipt(9, 1, None)]));
        assert!(order.drain().0.is_empty());
    }
}
