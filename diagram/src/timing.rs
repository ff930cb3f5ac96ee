//! When every packet left its sender and reached its receiver.
//!
//! A capture knows when a packet passed the vantage point. How far a host is from
//! there is told by the quickest answer that it ever gave: half of that, no more,
//! so that no arrival is drawn after the departure that it caused.
//!
//! ```text
//!   page = vantage            server            departure  arrival
//!     at ├──────────────────►    at + d           known    estimated
//!     at ◄──────────────────┤    at - d         estimated    known
//!        └── quickest answer: 2 d ──┘
//! ```
//!
//! The model holds for a vantage point anywhere on the way: a packet from A to B
//! departed `d(A)` before it was seen, and arrives `d(B)` after. What is known
//! besides then moves an estimate: see [`paths`](self::paths).

mod paths;

use crate::analysis::{Digest, HostId, RoundTrip};
use crate::capture::{Fate, Frame};
use paths::Paths;
use synema_core::time::Instant;

/// Departure and arrival of a packet, in ns on the capture's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it left its sender.
    pub departure_ns: u64,
    /// When it reached its receiver.
    pub arrival_ns: u64,
    /// Whether the departure is known, not estimated.
    pub departure_known: bool,
    /// Whether the arrival is known, not estimated.
    pub arrival_known: bool,
}

/// An answer that took more round trips than this tells nothing of where on its way
/// the packet was all the time.
const NEAR_TRIPS: u64 = 4;
/// Packets that wait for the first answer of a host, at the most.
const MAX_WAITING: usize = 256;

#[derive(Clone, Debug, Default)]
struct Distance {
    ns: Option<u64>,
    is_vantage: bool,
    waiting: Vec<u32>,
}

/// The times of all packets.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    times: Vec<Times>,
    distances: Vec<Distance>,
    paths: Paths,
    typical_ns: Option<u64>,
    /// Both ends' distances are in it: it stays.
    typical_stays: bool,
}

impl Timing {
    /// One for each packet.
    pub fn times(&self) -> &[Times] {
        &self.times
    }

    /// How far a host is from the vantage point, one way, where that is known.
    pub fn distance_ns(&self, host: HostId) -> Option<u64> {
        self.distances.get(host.0 as usize)?.ns
    }

    /// The first round trip of TCP that was measured, or else of anything.
    pub fn typical_round_trip_ns(&self) -> Option<u64> {
        self.typical_ns
    }

    /// This host is the vantage point itself.
    pub fn set_vantage(&mut self, host: HostId) {
        let distance = self.distance(host);
        distance.ns = Some(0);
        distance.is_vantage = true;
    }

    fn distance(&mut self, host: HostId) -> &mut Distance {
        let index = host.0 as usize;
        if self.distances.len() <= index {
            self.distances.resize_with(index + 1, Distance::default);
        }
        &mut self.distances[index]
    }

    /// Learns from an answer how far its sender is. Gives the packets whose times
    /// are to be reckoned anew.
    pub fn learn(&mut self, trip: RoundTrip, question: &Frame, answer: &Frame) -> Vec<u32> {
        let ns = answer.at.as_nanos().saturating_sub(question.at.as_nanos());
        let distance = self.distance(trip.host);
        if distance.is_vantage {
            return Vec::new();
        }
        let half = ns / 2;
        distance.ns = Some(distance.ns.map_or(half, |known| known.min(half)));
        std::mem::take(&mut distance.waiting)
    }

    /// Remembers a round trip as the measure of the drawing's scale: from end to end
    /// as soon as both ends' distances are known, and before that what was measured
    /// first. Then it stays: what was drawn keeps its place.
    pub fn set_typical(&mut self, ns: u64, ends: [HostId; 2]) {
        if self.typical_stays {
            return;
        }
        match ends.map(|end| self.distance_ns(end)) {
            [Some(one), Some(other)] => {
                self.typical_ns = Some((2 * one.saturating_add(other)).max(1));
                self.typical_stays = true;
            }
            _ => {
                self.typical_ns.get_or_insert(ns.max(1));
            }
        }
    }

    /// Reckons the times of the next packet, or those of an earlier one anew.
    pub fn reckon(&mut self, index: usize, frame: &Frame, digest: &Digest) {
        let at = frame.at.as_nanos();
        let (from, from_known, from_missing) = self.side(digest.from, index);
        let (to, to_known, to_missing) = if digest.to == HostId::EVERYONE {
            (0, true, false)
        } else {
            self.side(digest.to, index)
        };
        let mut times = Times {
            departure_ns: at.saturating_sub(from),
            arrival_ns: at.saturating_add(to),
            // Next to a far end, a near one is as good as the vantage point.
            departure_known: from_known || (!from_missing && !to_missing && from < to / 16),
            arrival_known: to_known || (!to_missing && !from_missing && to < from / 16),
        };
        let mut estimated = !to_known && matches!(frame.fate, Fate::Seen);
        if frame.fate == Fate::Elsewhere {
            let arrival = frame.other_end.or(frame.died).map_or(at, Instant::as_nanos);
            times = Times {
                departure_ns: at,
                arrival_ns: arrival.max(at),
                departure_known: true,
                arrival_known: true,
            };
            estimated = false;
        } else if let Some(other) = frame.other_end {
            let other = other.as_nanos();
            if other <= at {
                times.departure_ns = other;
            } else {
                times.arrival_ns = other;
            }
            times.departure_known = true;
            times.arrival_known = true;
            estimated = false;
        }
        match self.times.get_mut(index) {
            Some(place) => *place = times,
            None => {
                self.times.push(times);
                let path = estimated.then_some((digest.from, digest.to));
                self.paths.push(path, &mut self.times);
            }
        }
        if let Some(first) = digest.first_sent() {
            self.paths.was_sent_again(first);
        }
        if estimated {
            self.paths.settle(index, &mut self.times);
        }
    }

    /// A packet answers an earlier one: so that one arrived before this departed, and
    /// after all that its receiver sent without knowing of it.
    pub fn bound(&mut self, question: usize, answer: usize, digests: &[Digest]) {
        // An answer that departs before what was sent again can have come is one to the
        // first transmission.
        let again = digests.get(question).is_some_and(Digest::is_retransmission);
        let departs_ns = self.times.get(answer).map_or(0, |times| times.departure_ns);
        if again
            && self
                .times
                .get(question)
                .is_some_and(|times| times.arrival_ns > departs_ns)
        {
            return;
        }
        let near_ns = self.typical_ns.unwrap_or(0).saturating_mul(NEAR_TRIPS);
        let unaware = unaware_before(question, answer, digests);
        self.paths
            .bound(question, answer, unaware, near_ns, &mut self.times);
    }

    /// The packets whose times were moved since this was last asked.
    pub fn take_moved(&mut self) -> Vec<u32> {
        self.paths.take_moved()
    }

    /// Distance, whether it is known to be none, and whether it is unknown.
    fn side(&mut self, host: HostId, index: usize) -> (u64, bool, bool) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let distance = self.distance(host);
        match distance.ns {
            Some(ns) => (ns, distance.is_vantage, false),
            None => {
                if distance.waiting.len() < MAX_WAITING {
                    distance.waiting.push(index);
                }
                (0, false, true)
            }
        }
    }
}

/// What the sender of the answer sent just before it, if that would have acknowledged
/// the question, had it been there: nothing was missing before it.
fn unaware_before(question: usize, answer: usize, digests: &[Digest]) -> Option<usize> {
    let question = digests.get(question)?.tcp?;
    let before = digests.get(answer)?.same_sender_before()?;
    let unaware = digests.get(before)?.tcp?;
    (unaware.flags.ack() && unaware.ack >= question.seq).then_some(before)
}

#[cfg(test)]
mod tests;
