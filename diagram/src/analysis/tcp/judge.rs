//! The questions that are asked of a segment, in tshark's order, and what is kept for
//! the next one.

use super::{
    Facts, Hole, MAX_HOLES, MAX_SENT, MAX_UNACKED, NONE, Settled, Unacked, Way, nanos_since,
};
use crate::analysis::Verdicts;
use synema_core::time::Instant;
use synema_core::wire::tcp::Flags;

/// A retransmission within this time of the duplicate ACKs is a fast one.
const FAST_NS: u64 = 20_000_000;
/// So many acknowledged segments may stand in the line of those that are not, before it is tidied.
const KEPT_ACKED: usize = 64;
/// In place of a number of duplicate ACKs: the other end has acknowledged what was never
/// seen, and is not told of again. More than any number, as in tshark.
const NEUTRAL: u32 = u32::MAX;

/// One segment in its relative numbers.
pub(super) struct Known<'a> {
    pub(super) facts: &'a Facts,
    pub(super) seq: i64,
    pub(super) ack: i64,
    pub(super) at: Instant,
    /// Sooner than this after what follows it, it is only out of order.
    pub(super) threshold: u64,
}

impl Known<'_> {
    fn len(&self) -> i64 {
        i64::from(self.facts.len)
    }

    /// One past its last number: SYN and FIN count.
    fn end(&self) -> i64 {
        self.seq + self.len() + i64::from(self.facts.has(Flags::SYN.with(Flags::FIN)))
    }

    pub(super) fn verdicts(&self, fwd: &mut Way, rev: &mut Way) -> (Verdicts, u32) {
        let (mut verdicts, finished) = self.of_numbers(fwd, rev);
        let mut duplicate_ack = 0;
        if !finished && self.repeats_ack(fwd) && self.facts.window != 0 {
            fwd.duplicate_acks = if fwd.duplicate_acks == NEUTRAL {
                1
            } else {
                fwd.duplicate_acks + 1
            };
            duplicate_ack = fwd.duplicate_acks;
            verdicts.add(Verdicts::DUPLICATE_ACK);
        }
        if self.ack() != fwd.last_ack {
            fwd.duplicate_acks = 0;
        }
        if self.acks_unseen(rev) {
            verdicts.add(Verdicts::ACK_LOST_SEGMENT);
        }
        verdicts.add(self.sent_again(fwd, rev, verdicts));
        (verdicts, duplicate_ack)
    }

    /// What it acknowledges, if anything.
    fn ack(&self) -> Option<i64> {
        self.facts.flags.ack().then_some(self.ack)
    }

    /// Whether it acknowledges what the capture never saw, and none before it said so of the same.
    fn acks_unseen(&self, rev: &mut Way) -> bool {
        let (Some(ack), Some(max)) = (self.ack(), rev.max_to_be_acked) else {
            return false;
        };
        if ack <= max {
            return false;
        }
        if rev.next_seq.is_some_and(|next| max < next) {
            rev.max_to_be_acked = rev.next_seq;
            return true;
        }
        // Nothing has come since that could be acknowledged.
        std::mem::replace(&mut rev.duplicate_acks, NEUTRAL) == 0
    }

    /// Nothing but the ACK that this end sent last, window and all.
    fn repeats_ack(&self, fwd: &Way) -> bool {
        self.facts.len == 0
            && self.facts.window == fwd.window_raw
            && Some(self.seq) == fwd.next_seq
            && self.ack() == fwd.last_ack
            && !self.facts.control()
    }

    /// Verdicts that follow from the numbers alone; true ends the questions.
    fn of_numbers(&self, fwd: &mut Way, rev: &mut Way) -> (Verdicts, bool) {
        let mut verdicts = Verdicts::NONE;
        let facts = self.facts;
        let next = fwd.next_seq;
        if facts.len == 1 && Some(self.seq) == next && rev.window_raw == 0 && rev.last_ack.is_some()
        {
            return (Verdicts::ZERO_WINDOW_PROBE, true);
        }
        if facts.window == 0 && !facts.control() {
            verdicts.add(Verdicts::ZERO_WINDOW);
        }
        if next.is_some_and(|next| self.seq > next) && !facts.flags.rst() {
            verdicts.add(Verdicts::LOST_SEGMENT);
            fwd.bytes_in_flight_valid = false;
        }
        if facts.len <= 1 && next.is_some_and(|next| self.seq == next - 1) && !facts.control() {
            verdicts.add(Verdicts::KEEP_ALIVE);
        }
        if facts.len == 0
            && facts.window != 0
            && facts.window != fwd.window_raw
            && Some(self.seq) == next
            && self.ack() == fwd.last_ack
            && !facts.control()
        {
            verdicts.add(Verdicts::WINDOW_UPDATE);
        }
        if facts.len > 0
            && rev.scale != -1
            && rev
                .last_ack
                .is_some_and(|ack| self.seq + self.len() == ack + i64::from(rev.window()))
            && !facts.control()
        {
            verdicts.add(Verdicts::WINDOW_FULL);
        }
        if self.repeats_ack(fwd) {
            if facts.window != 0 && rev.last_verdicts.has(Verdicts::KEEP_ALIVE) {
                verdicts.add(Verdicts::KEEP_ALIVE_ACK);
                return (verdicts, true);
            }
            if facts.window == 0 && rev.last_verdicts.has(Verdicts::ZERO_WINDOW_PROBE) {
                verdicts.add(Verdicts::ZERO_WINDOW_PROBE_ACK);
                return (verdicts, true);
            }
        }
        (verdicts, false)
    }

    /// Retransmission, fast, spurious, or only out of order.
    fn sent_again(&self, fwd: &Way, rev: &Way, so_far: Verdicts) -> Verdicts {
        let carries = self.facts.len > 0 || self.facts.has(Flags::SYN.with(Flags::FIN));
        if !carries || so_far.has(Verdicts::KEEP_ALIVE) {
            return Verdicts::NONE;
        }
        if self.facts.len > 0 && rev.last_ack.is_some_and(|ack| self.seq + self.len() <= ack) {
            return Verdicts::SPURIOUS_RETRANSMISSION.with(Verdicts::RETRANSMISSION);
        }
        let Some(next) = fwd.next_seq.filter(|&next| self.seq < next) else {
            return Verdicts::NONE;
        };
        // The byte before may have been a probe of a closed window, which was not taken.
        if self.facts.len > 1 && self.seq == next - 1 {
            return Verdicts::NONE;
        }
        let asked_for = rev.duplicate_acks >= 2 && rev.last_ack == Some(self.seq);
        if asked_for && nanos_since(self.at, rev.last_ack_at) < FAST_NS {
            return Verdicts::FAST_RETRANSMISSION.with(Verdicts::RETRANSMISSION);
        }
        let soon = nanos_since(self.at, fwd.next_seq_at) < self.threshold;
        if soon && next != self.end() {
            return Verdicts::OUT_OF_ORDER;
        }
        Verdicts::RETRANSMISSION
    }

    /// Which packet carried this first; or, where none was seen, which packet
    /// showed that it was missing.
    pub(super) fn first_time(&self, fwd: &mut Way, verdicts: Verdicts, packet: u32) -> (u32, u32) {
        if verdicts.has(Verdicts::LOST_SEGMENT)
            && let Some(start) = fwd.next_seq
        {
            fwd.holes.push_back(Hole {
                start,
                end: self.seq,
                revealed_by: packet,
            });
            if fwd.holes.len() > MAX_HOLES {
                fwd.holes.pop_front();
            }
        }
        if self.end() <= self.seq {
            return (NONE, NONE);
        }
        let seq = self.seq;
        let covering = fwd
            .sent
            .range(..=seq)
            .next_back()
            .filter(|(_, (end, _))| *end > seq);
        let known = covering.map_or(NONE, |(_, &(_, packet))| packet);
        let again = verdicts.has_any(Verdicts::ANY_RETRANSMISSION);
        let hole = fwd
            .holes
            .iter_mut()
            .find(|hole| hole.start <= seq && seq < hole.end);
        let Some(hole) = hole else {
            return (known, NONE);
        };
        let by = hole.revealed_by;
        if seq == hole.start {
            hole.start = self.end();
        }
        fwd.holes.retain(|hole| hole.start < hole.end);
        (known, if again && known == NONE { by } else { NONE })
    }

    /// The packet from which on the sender waited before it sent this again, and how many
    /// duplicate ACKs asked for it.
    pub(super) fn why_again(&self, fwd: &mut Way, rev: &Way, verdicts: Verdicts) -> (u32, u32) {
        if !verdicts.has(Verdicts::RETRANSMISSION) {
            return (NONE, 0);
        }
        let asked = rev.last_ack == Some(self.seq) && rev.duplicate_acks != NEUTRAL;
        let asked_for = if asked { rev.duplicate_acks } else { 0 };
        // It was acknowledged, or asked for: its sender did not wait for a timer.
        if verdicts.has_any(Verdicts::SPURIOUS_RETRANSMISSION.with(Verdicts::FAST_RETRANSMISSION)) {
            return (NONE, asked_for);
        }
        while let Some(key) = fwd.oldest.front() {
            if fwd.unacked.contains_key(key) {
                return (key.1, asked_for);
            }
            fwd.oldest.pop_front();
        }
        (fwd.next_seq_packet, asked_for)
    }

    pub(super) fn remember_sent(&self, fwd: &mut Way, packet: u32, verdicts: Verdicts) {
        let end = self.end();
        if end > self.seq {
            if fwd.unacked.len() < MAX_UNACKED {
                let segment = Unacked {
                    seq: self.seq,
                    at: self.at,
                };
                fwd.unacked.insert((end, packet), segment);
                fwd.starts.insert((self.seq, packet), end);
                fwd.oldest.push_back((end, packet));
                if fwd.oldest.len() > 2 * fwd.unacked.len() + KEPT_ACKED {
                    let unacked = &fwd.unacked;
                    fwd.oldest.retain(|key| unacked.contains_key(key));
                }
            }
            fwd.sent.entry(self.seq).or_insert((end, packet));
            if fwd.sent.len() > MAX_SENT {
                fwd.sent.pop_first();
            }
        }
        let probe = verdicts.has(Verdicts::ZERO_WINDOW_PROBE);
        if fwd.next_seq.is_none_or(|next| end > next) && !probe {
            fwd.next_seq = Some(end);
            fwd.next_seq_at = self.at;
            fwd.next_seq_packet = packet;
            fwd.advance_reference(self.facts.seq + self.facts.len, self.seq + self.len());
        }
        if fwd.max_to_be_acked.is_none_or(|max| max == self.seq) && !probe {
            fwd.max_to_be_acked = fwd.next_seq;
        }
    }

    /// Takes what this segment acknowledges off the other end's list.
    pub(super) fn settle(&self, rev: &mut Way) -> (Settled, u64) {
        let mut settled = Settled::default();
        let mut rtt_ns = 0;
        if !self.facts.flags.ack() {
            return (settled, 0);
        }
        while let Some(entry) = rev.unacked.first_entry() {
            let (end, packet) = *entry.key();
            if end > self.ack {
                break;
            }
            let segment = entry.remove();
            rev.starts.remove(&(segment.seq, packet));
            settled.acked.push(packet);
            // Of several that end there, the one that was sent first.
            if end == self.ack && settled.rtt_of.is_none() {
                settled.rtt_of = Some(packet);
                rtt_ns = nanos_since(self.at, segment.at);
            }
        }
        // Part of a segment: repackaged, or merged by the receiver's card.
        while let Some(entry) = rev.starts.first_entry() {
            let (seq, packet) = *entry.key();
            if seq >= self.ack {
                break;
            }
            let end = entry.remove();
            rev.starts.insert((self.ack, packet), end);
            if let Some(segment) = rev.unacked.get_mut(&(end, packet)) {
                segment.seq = self.ack;
            }
        }
        (settled, rtt_ns)
    }

    /// From the first unacknowledged byte to the last sent, less what SACK reports.
    pub(super) fn in_flight(&self, fwd: &Way, rev: &Way) -> u32 {
        if self.facts.len == 0 || !fwd.bytes_in_flight_valid {
            return 0;
        }
        // Counted modulo 2^32 from the base, so that what lies before it comes last.
        let base = fwd.base_at;
        let from_base = fwd.starts.range((base, 0)..).next();
        let first = from_base.or(fwd.starts.first_key_value());
        let before_base = fwd.unacked.range(..(base, 0)).next_back();
        let last = before_base.or(fwd.unacked.last_key_value());
        let (Some((&(first, _), _)), Some((&(end, _), _))) = (first, last) else {
            return 0;
        };
        let sacked: i64 = rev.sack[..rev.sack_count]
            .iter()
            .map(|&(start, end)| end - start)
            .sum();
        // More than 2^31 is no number of bytes, but a difference the wrong way round.
        match (end - first - sacked) as u32 {
            implausible if implausible >= 2_000_000_000 => 0,
            bytes => bytes.saturating_sub(u32::from(self.facts.has(Flags::SYN.with(Flags::FIN)))),
        }
    }

    /// Keeps what the next segments are compared with; gives the scaled window.
    pub(super) fn remember_ack(&self, fwd: &mut Way, rev: &Way, verdicts: Verdicts) -> u32 {
        let facts = self.facts;
        let shift = if facts.flags.syn() { 0 } else { fwd.shift() };
        fwd.window_raw = facts.window;
        fwd.window_scaled = !facts.is_syn_ack();
        fwd.last_ack = self.ack();
        fwd.last_ack_at = self.at;
        fwd.last_verdicts = verdicts;
        fwd.sack_count = facts.sack_count;
        for (to, &(start, end)) in fwd
            .sack
            .iter_mut()
            .zip(&facts.sack_blocks[..facts.sack_count])
        {
            *to = (rev.relative(start), rev.relative(end));
        }
        u32::from(facts.window) << shift
    }
}
