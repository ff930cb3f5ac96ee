//! Two captures of one connection, taken at its two ends, become one: true slopes, true
//! losses.
//!
//! ```text
//!  near ──► packets ──┐ alike             samples           ┌► times at both ends
//!                     ├───────► pairs ───────────► clocks ──┼► lost on the way
//!  far  ──► packets ──┘                                     └► never seen here
//! ```
//!
//! The result is told from the near end's vantage point, on its clock. What both have
//! carries both times; what the near end sent and the far one never saw was lost later;
//! what only the far one has was never seen here. Of what lies outside the time in which
//! both were taken, nothing is said.

mod clocks;
mod packets;
mod pairs;

pub use clocks::Clock;

use crate::annotate::Edit;
use crate::capture::{Capture, Direction, Fate, Frame};
use crate::words::{duration, grouped};
use clocks::Sample;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use packets::Passed;
use pairs::{Pairs, Sent};
use std::collections::{BTreeMap, BTreeSet};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// Ids of frames that only the far capture has, far from those of the near one.
const FAR_IDS: u64 = 1 << 41;

/// Two captures as one.
#[derive(Clone, Debug)]
pub struct Merged {
    /// What both saw, from the near end's vantage point.
    pub capture: Capture,
    /// How it was put together.
    pub report: Report,
}

/// What came of merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The far clock as the near one sees it.
    pub clock: Clock,
    /// Packets that both have.
    pub both: u64,
    /// Packets that the near end sent, and that never came to the far one.
    pub lost_later: u64,
    /// Packets that the far end sent, and that never came to the near one.
    pub never_seen: u64,
    /// Packets that came to the far end and that the near capture itself missed.
    pub missed: u64,
    /// Copies that were made on the way there; the near capture has the original.
    pub copies: u64,
}

/// `The far clock is 1.500 ms behind ± 0.4 ms ...`
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Clock {
            ahead_ns,
            drift_ppb,
            uncertainty_ns,
            ..
        } = self.clock;
        let side = if ahead_ns < 0 { "behind" } else { "ahead" };
        write!(
            f,
            "The far end's clock is {} {side} of the near one's, \u{b1} {}, and gains {}{}.{} ppm \
             on it. {} packets were seen at both ends; {} were lost on their way there, {} on \
             their way back.",
            duration(ahead_ns.unsigned_abs()),
            duration(uncertainty_ns),
            if drift_ppb < 0 { "\u{2212}" } else { "" },
            drift_ppb.unsigned_abs() / 1_000,
            drift_ppb.unsigned_abs() % 1_000 / 100,
            grouped(self.both),
            grouped(self.lost_later),
            grouped(self.never_seen),
        )?;
        if self.missed > 0 {
            let missed = grouped(self.missed);
            write!(
                f,
                " {missed} came to the far end that the near capture missed."
            )?;
        }
        if self.copies > 0 {
            write!(
                f,
                " {} copies were made on the way there.",
                grouped(self.copies)
            )?;
        }
        Ok(())
    }
}

/// Why two captures cannot be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeError {
    /// No packet is in both.
    NothingInCommon,
    /// What is in both went in one direction only, which tells nothing of the clocks.
    OneDirection,
    /// No steady clock makes every packet arrive after it departed.
    NoSteadyClock,
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingInCommon => "no packet is in both captures",
            Self::OneDirection => {
                "the packets that are in both captures went in one direction only, which does not \
                 tell how the two clocks stand to each other"
            }
            Self::NoSteadyClock => {
                "whatever the two clocks show, some packets would have arrived before they \
                 departed: one of the clocks was set while the capture was taken"
            }
        })
    }
}

impl core::error::Error for MergeError {}

impl MergeError {
    /// What to do about it.
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::NothingInCommon => {
                "give captures of the same connection, taken at the same time, with no address \
                 translation between them"
            }
            Self::OneDirection => "capture both directions at both ends",
            Self::NoSteadyClock => "cut the captures before that moment, with editcap -A and -B",
        }
    }
}

/// Merges two captures of the same connections, taken at their two ends; the result is
/// what the near end saw, and what became of it.
///
/// # Errors
/// When they have nothing in common, or what they have does not tell how their clocks
/// stand to each other.
pub fn merge(near: &Capture, far: &Capture) -> Result<Merged, MergeError> {
    let (here, there) = (packets::passed(near), packets::passed(far));
    let certain = pairs::certain(&here, &there);
    let &(first, _) = certain.first().ok_or(MergeError::NothingInCommon)?;
    let start_ns = here[first].at_ns;
    let ends = Ends::of(&here, &there, &certain, start_ns)?;
    let pairs = pairs::all(&here, &there, &ends);
    Ok(Merger {
        near,
        far,
        here: &here,
        there: &there,
        ends: &ends,
    }
    .merged(&pairs))
}

/// Which hosts are at the near end, and how the clocks stand.
struct Ends {
    near: BTreeSet<IpAddr>,
    /// Pairs of addresses that were seen at both.
    ways: BTreeSet<packets::Way>,
    start_ns: i64,
    clock: Clock,
}

impl Ends {
    fn of(
        here: &[Passed],
        there: &[Passed],
        certain: &[(usize, usize)],
        start_ns: i64,
    ) -> Result<Self, MergeError> {
        let ways: BTreeSet<_> = certain.iter().map(|&(place, _)| here[place].way).collect();
        if !ways.iter().any(|&(from, to)| ways.contains(&(to, from))) {
            return Err(MergeError::OneDirection);
        }
        // The packets between near hosts and others, given who is near.
        let samples = |is_near: &dyn Fn(IpAddr) -> bool,
                       is_meant: &dyn Fn(packets::Way) -> bool| {
            let sample = |&(place, other): &(usize, usize)| {
                let (from, to) = here[place].way;
                let is_across = is_near(from) != is_near(to) && is_meant((from, to));
                is_across.then(|| Sample {
                    at_ns: here[place].at_ns - start_ns,
                    ahead_ns: there[other].at_ns - here[place].at_ns,
                    is_sent: is_near(from),
                })
            };
            certain.iter().filter_map(sample).collect::<Vec<_>>()
        };
        // Of the two hosts that were seen most one is near: that with which nothing
        // arrives before it departed.
        let (one, other) = busiest(here, certain, &ways).ok_or(MergeError::OneDirection)?;
        let is_theirs = |way| way == (one, other) || way == (other, one);
        let of_near = |near: IpAddr| clocks::fit(&samples(&|host| host == near, &is_theirs));
        let clock = of_near(one).or_else(|| of_near(other));
        let mut ends = Self {
            near: BTreeSet::new(),
            ways,
            start_ns,
            clock: clock.ok_or(MergeError::NoSteadyClock)?,
        };
        for &(place, other) in certain {
            if ends.near_ns(there[other].at_ns) > here[place].at_ns {
                ends.near.insert(here[place].way.0);
            }
        }
        let all = samples(&|host| ends.near.contains(&host), &|_| true);
        ends.clock = clocks::fit(&all).ok_or(MergeError::NoSteadyClock)?;
        Ok(ends)
    }

    /// A time of the far clock on the near one.
    fn near_ns(&self, far_ns: i64) -> i64 {
        self.clock.near_ns(far_ns - self.start_ns) + self.start_ns
    }

    fn sends(&self, packet: &Passed) -> bool {
        self.near.contains(&packet.way.0)
    }
}

/// The two hosts that both captures saw most packets of, in both directions.
fn busiest(
    here: &[Passed],
    certain: &[(usize, usize)],
    ways: &BTreeSet<packets::Way>,
) -> Option<packets::Way> {
    let mut counts = BTreeMap::new();
    for &(place, _) in certain {
        let (from, to) = here[place].way;
        if ways.contains(&(to, from)) {
            *counts.entry((from.min(to), from.max(to))).or_insert(0_u64) += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|&(_, count)| count);
    most.map(|(way, _)| way)
}

struct Merger<'a> {
    near: &'a Capture,
    far: &'a Capture,
    here: &'a [Passed],
    there: &'a [Passed],
    ends: &'a Ends,
}

impl Merger<'_> {
    fn merged(&self, pairs: &Pairs) -> Merged {
        let mut report = Report {
            clock: self.ends.clock,
            both: 0,
            lost_later: 0,
            never_seen: 0,
            missed: 0,
            copies: pairs.copies,
        };
        let mut frames = self.near.frames().to_vec();
        for (packet, sent) in self.here.iter().zip(&pairs.near) {
            let frame = &mut frames[packet.index];
            if let Some(far_ns) = sent.at_ns() {
                report.both += 1;
                let other_ns = self.ends.near_ns(far_ns);
                // The middle of what is possible never lets a packet arrive too early.
                frame.other_end = instant(match self.ends.sends(packet) {
                    true => other_ns.max(packet.at_ns),
                    false => other_ns.min(packet.at_ns),
                });
            } else if self.is_lost_later(packet, frame) {
                report.lost_later += 1;
                frame.fate = Fate::LostLater;
            }
        }
        let added = self.only_there(pairs, &mut report);
        let mut capture = Capture::default();
        for interface in self.near.interfaces() {
            capture.add_interface(interface.clone());
        }
        let first_far = self.near.interfaces().len();
        for interface in self.far.interfaces() {
            let mut interface = interface.clone();
            interface.mac = None;
            capture.add_interface(interface);
        }
        frames.extend(added.into_iter().map(|mut frame| {
            frame.interface += u32::try_from(first_far).unwrap_or(0);
            frame
        }));
        frames.sort_by_key(|frame| frame.at);
        for frame in frames {
            capture.push(frame);
        }
        capture.adopt_machines(self.near, <[_]>::to_vec);
        for record in self.near.records() {
            capture.record(record.clone());
        }
        *capture.annotations_mut() = self.near.annotations().clone();
        let summary = match self.near.annotations().summary() {
            "" => report.to_string(),
            told => format!("{told}\n{report}"),
        };
        capture.annotate(Edit::Summary(summary));
        Merged { capture, report }
    }

    /// Whether the far end should have seen it, and has not.
    fn is_lost_later(&self, packet: &Passed, frame: &Frame) -> bool {
        let least_ns = i64::try_from(self.ends.clock.least_delay_ns).unwrap_or(0);
        frame.fate == Fate::Seen
            && self.ends.sends(packet)
            && self.ends.ways.contains(&packet.way)
            && is_within(packet.at_ns + least_ns, self.far, |ns| {
                self.ends.near_ns(ns)
            })
    }

    /// Frames that only the far capture has, on the near clock.
    fn only_there(&self, pairs: &Pairs, report: &mut Report) -> Vec<Frame> {
        let least_ns = i64::try_from(self.ends.clock.least_delay_ns).unwrap_or(0);
        let mut added = Vec::new();
        for (packet, sent) in self.there.iter().zip(&pairs.far) {
            if *sent != Sent::Alone || !self.ends.ways.contains(&packet.way) {
                continue;
            }
            let there_ns = self.ends.near_ns(packet.at_ns);
            let is_from_here = self.ends.sends(packet);
            let at_ns = there_ns + if is_from_here { -least_ns } else { least_ns };
            if !is_within(at_ns, self.near, |ns| ns) {
                continue;
            }
            let mut frame = self.far.frames()[packet.index].clone();
            frame.id = FrameId::received(FAR_IDS + packet.index as u64);
            frame.direction = match is_from_here {
                true => Direction::Sent,
                false => Direction::Received,
            };
            frame.fate = match is_from_here {
                true => Fate::Seen,
                false => Fate::NeverSeen,
            };
            frame.at = instant(at_ns).unwrap_or(frame.at);
            frame.other_end = instant(there_ns);
            match is_from_here {
                true => report.missed += 1,
                false => report.never_seen += 1,
            }
            added.push(frame);
        }
        added
    }
}

/// Whether a time lies between the first and the last frame of a capture.
fn is_within(at_ns: i64, capture: &Capture, near_ns: impl Fn(i64) -> i64) -> bool {
    let ns = |frame: &Frame| i64::try_from(frame.at.as_nanos()).map_or(i64::MAX, &near_ns);
    let first = capture.frames().first().map(ns);
    let last = capture.frames().last().map(ns);
    first.is_some_and(|first| first <= at_ns) && last.is_some_and(|last| at_ns <= last)
}

fn instant(ns: i64) -> Option<Instant> {
    Some(Instant::ZERO + Duration::from_nanos(u64::try_from(ns).ok()?))
}

#[cfg(test)]
mod tests;
