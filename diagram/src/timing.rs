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
//! departed `d(A)` before it was seen, and arrives `d(B)` after.

use crate::analysis::{Digest, HostId, RoundTrip};
use crate::capture::Frame;

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
    shortest_ns: Option<u64>,
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
        self.shortest_ns
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

    /// Remembers a round trip as the measure of the drawing's scale. The first one
    /// stays: what was drawn keeps its place.
    pub fn set_typical(&mut self, ns: u64) {
        self.shortest_ns.get_or_insert(ns.max(1));
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
        if let Some(other) = frame.other_end {
            let other = other.as_nanos();
            if other <= at {
                times.departure_ns = other;
            } else {
                times.arrival_ns = other;
            }
            times.departure_known = true;
            times.arrival_known = true;
        }
        match self.times.get_mut(index) {
            Some(place) => *place = times,
            None => self.times.push(times),
        }
    }

    /// No answer departs before what it answers arrived: shortens the way there.
    /// Gives whether that changed anything.
    pub fn keep_cause_first(&mut self, question: usize, answer: usize) -> bool {
        let Some(&answer) = self.times.get(answer) else {
            return false;
        };
        let Some(times) = self.times.get_mut(question) else {
            return false;
        };
        if times.arrival_known || times.arrival_ns <= answer.departure_ns {
            return false;
        }
        times.arrival_ns = answer.departure_ns.max(times.departure_ns);
        true
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
