//! What the stack's worker tells goes into the document. Pure.
//!
//! ```text
//!   Received ─> append          at the bridge's time
//!   Sent     ─> append_sent     waits for its receipt, by which it gets the bridge's time
//!   Receipts ─> receipt         sent, or why not
//!   Gone     ─> flush           no more receipts will come
//!   Trace    ─> record
//! ```
//!
//! A frame that met no socket was never sent: it is kept, and marked so. The bridge numbers what it
//! receives before anything can be lost between it and the page: a number that is missing here is a
//! frame that this capture lacks, and the next one says so.

use crate::protocol::Live;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_diagram::Document;
use synema_diagram::capture::{Direction, Frame};

/// Why a frame was not sent when there was no socket.
const NO_BRIDGE: &str = "there was no connection to the bridge";

/// The numbers of the frames that the bridge received.
#[derive(Debug, Default)]
pub struct Numbers {
    /// The one that comes next, once there was one.
    next: Option<u64>,
}

impl Numbers {
    /// How many are missing before this one.
    fn missing_before(&mut self, frame: FrameId) -> u64 {
        let number = frame.number();
        let next = self.next.replace(number + 1);
        // Another session begins to count anew: nothing is missing then.
        next.map_or(0, |next| number.saturating_sub(next))
    }
}

/// Takes what concerns frames and the trace; says whether there was something.
/// `offset_ns` brings the worker's clock near the bridge's.
pub fn take(document: &mut Document, numbers: &mut Numbers, offset_ns: u64, live: Live) -> bool {
    match live {
        Live::Received {
            frame,
            time_ns,
            bytes,
        } => {
            let at = Instant::from_nanos(time_ns);
            let missing = numbers.missing_before(frame);
            let mut frame = Frame::new(frame, at, Direction::Received, &bytes);
            frame.drops_before = missing;
            document.append(frame);
        }
        Live::Sent {
            frame,
            at,
            handed,
            bytes,
        } => {
            // Until a receipt says better, and for good if none comes.
            let at = Instant::from_nanos(at.as_nanos().saturating_add(offset_ns));
            document.append_sent(Frame::new(frame, at, Direction::Sent, &bytes));
            if !handed {
                document.receipt(frame, at, Err(NO_BRIDGE));
            }
        }
        Live::Receipts(receipts) => {
            for receipt in receipts {
                let at = Instant::from_nanos(receipt.time_ns);
                let outcome = receipt
                    .refused
                    .map_or(Ok(()), |refusal| Err(refusal.words()));
                document.receipt(receipt.frame, at, outcome);
            }
        }
        Live::Gone { .. } => document.flush(),
        Live::Trace(records) => {
            for record in records {
                document.record(record);
            }
        }
        Live::Begin { .. } | Live::BodyBegin { .. } | Live::Body { .. } | Live::BodyEnd { .. } => {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::WireReceipt;
    use synema_diagram::capture::{Fate, Interface, MemoryPolicy};
    use synema_diagram::view::View;
    use synema_relay::Refusal;

    const OFFSET: u64 = 1_000_000_000;

    fn document() -> Document {
        let interface = Interface::ethernet("wire0", None);
        Document::live(interface, MemoryPolicy::default(), View::default())
    }

    fn sent(number: u64, at_ms: u64, handed: bool) -> Live {
        Live::Sent {
            frame: FrameId::sent(number),
            at: Instant::from_millis(at_ms),
            handed,
            bytes: vec![0; 60],
        }
    }

    fn received(number: u64, time_ns: u64) -> Live {
        Live::Received {
            frame: FrameId::received(number),
            time_ns,
            bytes: vec![0; 60],
        }
    }

    fn receipt(number: u64, time_ns: u64, refused: Option<Refusal>) -> Live {
        Live::Receipts(vec![WireReceipt {
            frame: FrameId::sent(number),
            time_ns,
            refused,
        }])
    }

    fn tell(document: &mut Document, all: Vec<Live>) {
        let numbers = &mut Numbers::default();
        for live in all {
            assert!(take(document, numbers, OFFSET, live));
        }
    }

    #[test]
    fn a_sent_frame_stands_where_its_receipt_says() {
        let mut document = document();
        let story = vec![
            sent(1, 6, true),
            received(1, OFFSET + 9_000_000),
            receipt(1, OFFSET + 4_000_000, None),
        ];
        tell(&mut document, story);
        let ids: Vec<_> = document
            .capture()
            .frames()
            .iter()
            .map(|frame| frame.id)
            .collect();
        assert_eq!(ids, [FrameId::sent(1), FrameId::received(1)]);
        assert_eq!(document.capture().frames()[0].fate, Fate::Seen);
    }

    #[test]
    fn what_was_lost_on_the_way_to_the_page_is_counted_before_the_next_frame() {
        let mut document = document();
        let story = [7, 8, 12, 13, 0, 2].map(|number| received(number, OFFSET));
        tell(&mut document, story.into());
        let frames = document.capture().frames().iter();
        let drops: Vec<_> = frames.map(|frame| frame.drops_before).collect();
        assert_eq!(drops, [0, 0, 3, 0, 0, 1]);
    }

    #[test]
    fn a_refusal_is_kept_with_its_reason() {
        let mut document = document();
        let story = vec![
            sent(1, 6, true),
            receipt(1, OFFSET, Some(Refusal::GateClosed)),
        ];
        tell(&mut document, story);
        let fate = &document.capture().frames()[0].fate;
        assert_eq!(fate, &Fate::Refused(Refusal::GateClosed.words().into()));
    }

    #[test]
    fn without_a_socket_nothing_is_lost_from_the_capture() {
        let mut document = document();
        let gone = Live::Gone {
            at: Instant::from_millis(7),
        };
        tell(
            &mut document,
            vec![sent(1, 6, true), gone, sent(2, 8, false)],
        );
        let frames = document.capture().frames();
        assert_eq!(frames.len(), 2);
        // Whether the first went out, nobody says any more: its time is the bridge's all the same.
        assert_eq!(frames[0].fate, Fate::Seen);
        assert_eq!(frames[0].at.as_nanos(), OFFSET + 6_000_000);
        assert_eq!(frames[1].fate, Fate::Refused(NO_BRIDGE.into()));
        assert_eq!(frames[1].at.as_nanos(), OFFSET + 8_000_000);
    }

    #[test]
    fn a_receipt_for_nothing_does_nothing() {
        let mut document = document();
        tell(&mut document, vec![receipt(9, 1, None)]);
        assert!(document.capture().frames().is_empty());
    }
}
