//! Somebody at the wire who knows only what passes: whether one end acknowledges what never came,
//! or sends beyond the window.
//!
//! ```text
//!   irs        complete          arrived, but early
//!    ├─────────────┤        ├──────┤      ├───┤
//!   no ACK beyond ─┘        no SACK of what lies between
//!
//!   data ends at or before the highest edge (ACK + window) that any segment has told
//! ```

use std::collections::BTreeMap;
use synema_core::tcp::{Policy, Segment};
use synema_core::trace::Cause;
use synema_core::wire::{SeqNum, SeqRange};

/// Numbers this far away are not of this connection: half of what a window can hold.
const FAR: u32 = 1 << 30;
/// The most that a window can be shifted (RFC 7323 §2.3).
const MAX_SCALE: u8 = 14;

/// What an outsider can know of one end: the numbers that it may use.
#[derive(Debug)]
pub struct Inspector {
    /// Whether a FIN takes room in the window, as it should.
    counts_fin: bool,
    /// What has come from the other end: where it begins, and how much.
    arrived: BTreeMap<u32, u32>,
    /// The other end's initial sequence number.
    irs: Option<SeqNum>,
    /// Everything before this has arrived, counted from `irs`.
    complete: u32,
    /// The highest edge that the other end's windows have allowed.
    edge: Option<SeqNum>,
    peer_scale: u8,
    /// The highest ACK sent so far.
    acked: Option<SeqNum>,
    /// One past the last number sent.
    sent: Option<SeqNum>,
}

impl Inspector {
    /// Of an end that behaves so.
    pub fn new(policy: &Policy) -> Self {
        Self {
            counts_fin: !policy.quirks.fin_not_counted,
            arrived: BTreeMap::new(),
            irs: None,
            complete: 0,
            edge: None,
            peer_scale: 0,
            acked: None,
            sent: None,
        }
    }

    /// The segment that brings the other end's numbers: its SYN, or the ACK of a SYN cookie, of
    /// whose window scale nobody but the cookie knows.
    pub fn begin(&mut self, segment: &Segment<'_>) {
        if segment.flags.syn() {
            self.irs = Some(segment.seq);
            self.peer_scale = segment.options.window_scale.unwrap_or(0).min(MAX_SCALE);
        } else {
            self.irs = Some(segment.seq - 1);
            self.complete = 1;
            self.peer_scale = MAX_SCALE;
            self.sent = Some(segment.ack);
        }
        self.on_arrival(segment);
    }

    /// Whether the other end's numbers are known.
    pub fn has_begun(&self) -> bool {
        self.irs.is_some()
    }

    /// A segment gets to this end.
    pub fn on_arrival(&mut self, segment: &Segment<'_>) {
        let Some(irs) = self.irs else { return };
        self.note_arrival(segment.seq, irs, segment.seq_len());
        // An ACK of what was never sent tells nothing (RFC 9293 §3.10.7.4).
        let tells =
            |sent: &SeqNum| segment.ack.at_or_before(*sent) && sent.distance(segment.ack) < FAR;
        if segment.flags.ack() && self.sent.as_ref().is_some_and(tells) {
            let scale = if segment.flags.syn() {
                0
            } else {
                self.peer_scale
            };
            let edge = segment.ack + (u32::from(segment.window) << scale);
            self.edge = Some(self.edge.map_or(edge, |known| known.later(edge)));
        }
    }

    fn note_arrival(&mut self, seq: SeqNum, irs: SeqNum, len: u32) {
        let (mut start, mut len) = (seq.distance(irs), len);
        if seq.before(irs) {
            // Of what begins before the SYN, what lies after it.
            let before = irs.distance(seq);
            (start, len) = (0, len.saturating_sub(before));
        }
        if start >= FAR {
            return;
        }
        let known = self.arrived.entry(start).or_default();
        *known = len.max(*known);
        while let Some((&start, &len)) = self.arrived.range(..=self.complete).next_back() {
            self.arrived.remove(&start);
            self.complete = self.complete.max(start + len);
        }
    }

    /// A segment leaves this end.
    ///
    /// # Panics
    /// When it acknowledges what never came, goes back, or is beyond the window.
    pub fn on_departure(&mut self, segment: &Segment<'_>, cause: Cause) {
        if segment.flags.rst() {
            // Its numbers are those of what it answers.
            return;
        }
        if segment.flags.ack() {
            self.check_ack(segment);
        }
        let end = if self.counts_fin {
            segment.seq_end()
        } else {
            segment.seq_end() - u32::from(segment.flags.fin())
        };
        // RFC 9293 §3.8.6.1: only a probe goes beyond. A bare ACK takes no room.
        if let Some(edge) = self.edge
            && cause != Cause::WindowProbe
            && !segment.flags.syn()
            && end != segment.seq
        {
            assert!(
                end.at_or_before(edge),
                "{cause:?} beyond the window: {end} > {edge}"
            );
        }
        self.sent = Some(self.sent.map_or(end, |sent| sent.later(end)));
        assert!(segment.payload.len() <= 1460, "larger than the MSS");
    }

    fn check_ack(&mut self, segment: &Segment<'_>) {
        let irs = self.irs.expect("nothing came that could be acknowledged");
        let acked = segment.ack.distance(irs);
        assert!(
            acked <= self.complete,
            "acknowledged {acked} of {}",
            self.complete
        );
        if let Some(before) = self.acked {
            assert!(!segment.ack.before(before), "an ACK went back");
        }
        self.acked = Some(segment.ack);
        for block in segment.options.sack.iter() {
            assert!(self.has_arrived(irs, block), "SACK of what never came");
        }
    }

    fn has_arrived(&self, irs: SeqNum, block: SeqRange) -> bool {
        if block.end.at_or_before(irs + self.complete) {
            // RFC 2883 §4: a duplicate, perhaps of what was before the SYN.
            return true;
        }
        let (mut at, end) = (block.start.distance(irs), block.end.distance(irs));
        while at < end {
            if at < self.complete {
                at = self.complete;
                continue;
            }
            let holds = self
                .arrived
                .range(..=at)
                .map(|(start, len)| start + len)
                .filter(|to| *to > at)
                .max();
            match holds {
                Some(to) => at = to,
                None => return false,
            }
        }
        true
    }
}
