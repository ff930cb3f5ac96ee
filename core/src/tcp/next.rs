//! What may go out next: new data, the FIN, or a byte into a closed window.

use super::congestion::CongestionControl;
use super::policy::{Nagle, Policy};
use super::recovery::Phase;
use super::sender::{Fin, Sender};
use crate::trace::Cause;
use crate::wire::{SeqNum, SeqRange};

/// What new data may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewData {
    /// This range; it is followed by the FIN if `fin`.
    Send {
        /// The bytes.
        range: SeqRange,
        /// Whether the FIN rides on them.
        fin: bool,
    },
    /// There is nothing.
    Nothing,
    /// The peer's window is too small for now.
    WaitsForWindow,
    /// The congestion window is too small for now.
    WaitsForCongestion,
    /// Nagle's algorithm waits for more data, or for an ACK.
    WaitsForMore,
}

impl Sender {
    /// The number of a segment without data: SND.NXT, but not beyond the peer's
    /// window, where a probe or a window taken back may have led us: the peer
    /// would drop it, and its ACK with it.
    pub(super) fn bare_seq(&self) -> SeqNum {
        // The window in the peer's SYN begins after ours (RFC 9293 §3.10.7.4: SND.NXT).
        let begin = self.snd_una + u32::from(self.snd_una == self.iss);
        self.snd_nxt.earlier(begin + self.snd_wnd.0)
    }

    /// Bytes in the buffer that were never sent.
    pub(super) fn unsent_len(&self) -> u32 {
        let end = self.buffer.end();
        if end.after(self.snd_nxt) {
            end.distance(self.snd_nxt)
        } else {
            0
        }
    }

    /// Whether there is new data, and the peer's window takes some.
    pub(super) fn can_send_new(&self) -> bool {
        self.unsent_len() > 0 && self.usable_window() > 0
    }

    /// The same for new data. Without limited transmit (RFC 3042), what duplicate
    /// ACKs tell of makes no room before a loss is certain.
    fn counted_pipe(&self, policy: &Policy) -> u32 {
        if self.phase == Phase::Open && !policy.loss.limited_transmit {
            self.queue.outstanding()
        } else {
            self.pipe()
        }
    }

    /// What new data may go out now, in a segment with room for `limit` bytes.
    pub(super) fn next_new(&self, limit: u32, policy: &Policy) -> NewData {
        let unsent = self.unsent_len();
        let fin_due = self.fin == Fin::Queued;
        if unsent == 0 && !fin_due {
            return NewData::Nothing;
        }
        let usable = self.usable_window();
        let record = unsent.min(self.writes.record_left(self.snd_nxt));
        let len = record.min(limit).min(usable);
        // Our FIN takes room in the window too, unless it is not counted.
        let fin_len = u32::from(!policy.quirks.fin_not_counted);
        let fin = fin_due && len == unsent && usable >= len + fin_len;
        if len == 0 && !fin {
            return NewData::WaitsForWindow;
        }
        let idle = self.queue.is_empty();
        if len < limit && len < record {
            // RFC 9293 §3.8.6.2.1 (3): less than a full segment, for the window
            // ends: only when idle, and only if it is half of the largest window.
            let is_worth_it = idle && len >= self.max_snd_wnd.0 / 2;
            if !is_worth_it && !self.ends_open_burst(self.snd_nxt + len, policy) {
                return NewData::WaitsForWindow;
            }
        } else if len < limit && !fin && self.waits_for_company(self.snd_nxt + len, policy) {
            return NewData::WaitsForMore;
        }
        // RFC 5681 §3.1: no more in the network than cwnd allows.
        let in_flight = self.counted_pipe(policy);
        // One segment may go if there is none, for nothing else would move us on; a
        // FIN always may, for it takes no room.
        let is_full = u64::from(in_flight) + u64::from(len) > self.cc.cwnd();
        if is_full && in_flight.min(len) > 0 {
            return NewData::WaitsForCongestion;
        }
        NewData::Send {
            range: SeqRange {
                start: self.snd_nxt,
                end: self.snd_nxt + len,
            },
            fin,
        }
    }

    /// Whether less than a full segment, which ends at `end`, waits for more: RFC 9293
    /// §3.8.6.2.1 (2), §3.7.4. The end of a record, and what others follow, does not.
    pub(super) fn waits_for_company(&self, end: SeqNum, policy: &Policy) -> bool {
        if end != self.buffer.end() || self.writes.is_pushed(end) {
            return false;
        }
        let idle = self.queue.is_empty();
        let nagle = match policy.send.nagle {
            Nagle::Off => false,
            Nagle::Classic => !idle,
            Nagle::Minshall => self.small_end.is_some_and(|end| end.after(self.snd_una)),
            Nagle::Cork => true,
        };
        nagle || self.writes.holds()
    }

    /// What goes out into a window too small for SWS avoidance once it has waited
    /// long enough.
    pub(super) fn override_range(&self, limit: u32) -> Option<SeqRange> {
        let len = self.unsent_len().min(limit).min(self.usable_window());
        (len > 0).then_some(SeqRange {
            start: self.snd_nxt,
            end: self.snd_nxt + len,
        })
    }

    /// A byte to probe a closed window with: the next one, or the FIN. `None` if
    /// there is nothing left to send.
    pub(super) fn probe_range(&self) -> Option<(SeqRange, bool)> {
        let has_byte = self.unsent_len() > 0;
        if !has_byte && self.fin != Fin::Queued {
            return None;
        }
        let range = SeqRange {
            start: self.snd_nxt,
            end: self.snd_nxt + u32::from(has_byte),
        };
        Some((range, !has_byte))
    }

    /// Why new data goes out: usually because it is there.
    pub(super) fn cause_of_new(&self, range: SeqRange) -> Cause {
        if range.is_empty() {
            return Cause::Fin;
        }
        // RFC 3042: it would not fit without the duplicate ACKs.
        let after = u64::from(self.queue.outstanding()) + u64::from(range.len());
        if self.phase == Phase::Open && self.dup_acks > 0 && after > self.cc.cwnd() {
            Cause::LimitedTransmit
        } else {
            Cause::Data
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::window::WindowSize;

    #[test]
    fn new_data_needs_bytes_and_a_window() {
        let mut sender = Sender::new(SeqNum(0), &Policy::rfc());
        (sender.snd_una, sender.snd_nxt) = (SeqNum(1), SeqNum(1));
        sender.snd_wnd = WindowSize(1000);
        assert!(!sender.can_send_new());
        sender.buffer.append(&[0; 10]);
        assert!(sender.can_send_new());
        sender.snd_wnd = WindowSize(0);
        assert!(!sender.can_send_new());
    }

    #[test]
    fn it_is_worth_while_to_write_where_there_is_room_and_little_is_unsent() {
        let mut policy = Policy::rfc();
        policy.send.buffer_len = 200;
        let mut sender = Sender::new(SeqNum(0), &policy);
        sender.snd_nxt = SeqNum(1);
        policy.send.unsent_limit = Some(99);
        sender.buffer.append(&[0; 49]);
        assert!(sender.is_writable(&policy));
        sender.buffer.append(&[0; 1]);
        assert!(!sender.is_writable(&policy), "half of the limit is unsent");
        policy.send.unsent_limit = None;
        assert!(sender.is_writable(&policy));
        sender.buffer.append(&[0; 150]);
        assert!(!sender.is_writable(&policy), "there is no room");
    }
}
