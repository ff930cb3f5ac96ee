//! A run captured at its two ends, by clocks that differ, and merged: what comes of it is
//! what the simulator knows.

use super::pair::{Run, run, scene};
use std::collections::BTreeMap;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_core::wire::checksum::Sum;
use synema_diagram::capture::{Capture, Direction, Fate, Frame, Interface};
use synema_diagram::merge::{MergeError, merge};
use synema_sim::{Passage, PassageEnd};

/// Captures have a date.
const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

/// A clock: by how much it is ahead when the run begins, and how much it gains.
#[derive(Clone, Copy, Debug)]
struct Skew {
    ahead_ns: i64,
    drift_ppm: i64,
}

impl Skew {
    const NONE: Self = Self {
        ahead_ns: 0,
        drift_ppm: 0,
    };

    fn shows(self, at: Instant) -> Instant {
        let ns = at.as_nanos() as i64;
        let shown = EPOCH_NS as i64 + ns + self.ahead_ns + ns / 1_000 * self.drift_ppm / 1_000;
        Instant::ZERO + Duration::from_nanos(shown as u64)
    }
}

/// What an end has captured, and which passage each frame was.
fn captured(run: &Run, end: usize, skew: Skew) -> (Capture, Vec<usize>) {
    let mut seen: Vec<(Instant, usize)> = Vec::new();
    for (index, passage) in run.network.passages().iter().enumerate() {
        let is_copy = |&(_, other): &(Instant, usize)| {
            let other = &run.network.passages()[other];
            (other.from, other.sent_as) == (passage.from, passage.sent_as)
        };
        if passage.from == run.ends[end] {
            if !seen.iter().any(is_copy) {
                seen.push((passage.departed, index));
            }
        } else if let PassageEnd::Arrived { at, .. } = passage.end {
            seen.push((at, index));
        }
    }
    seen.sort_by_key(|&(at, _)| at);
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("", None));
    for (number, &(at, index)) in (1..).zip(&seen) {
        let mut bytes = run.network.passages()[index].bytes.clone();
        if end == 1 {
            pass_a_router(&mut bytes);
        }
        let id = FrameId::received(number);
        capture.push(Frame::new(id, skew.shows(at), Direction::Unknown, &bytes));
    }
    (capture, seen.into_iter().map(|(_, index)| index).collect())
}

/// One less time to live, and the checksum that goes with it.
fn pass_a_router(bytes: &mut [u8]) {
    if bytes[12..14] != [8, 0] {
        return;
    }
    bytes[22] -= 1;
    bytes[24..26].fill(0);
    let sum = Sum::new().with(&bytes[14..34]).finish();
    bytes[24..26].copy_from_slice(&sum.to_be_bytes());
}

fn is_ip(passage: &Passage) -> bool {
    passage.bytes[12..14] == [8, 0]
}

/// Merges a run's captures, and holds what comes of it against the run.
fn check(seed: u64, loss: u32, skew: Skew) -> Option<(u64, u64)> {
    let run = run(&scene(seed, loss));
    let (near, here) = captured(&run, 0, Skew::NONE);
    let (far, there) = captured(&run, 1, skew);
    let merged = match merge(&near, &far) {
        Ok(merged) => merged,
        // A call that nobody answered, or a single packet.
        Err(MergeError::NothingInCommon | MergeError::OneDirection) => return None,
        Err(error) => panic!("seed {seed}, loss {loss}, {skew:?}: {error}"),
    };
    let clock = merged.report.clock;
    let passages = run.network.passages();
    let span = |list: &[usize], ns: &dyn Fn(&Passage) -> u64| {
        let times = list.iter().map(|&index| ns(&passages[index]));
        times
            .clone()
            .min()
            .zip(times.max())
            .expect("something was seen")
    };
    let arrived = |passage: &Passage| match passage.end {
        PassageEnd::Arrived { at, .. } => Some(at),
        PassageEnd::Lost { .. } => None,
    };
    let far_ns = |passage: &Passage| match passage.from == run.ends[1] {
        true => passage.departed.as_nanos(),
        false => arrived(passage).map_or(0, Instant::as_nanos),
    };
    let (_, last_there) = span(&there, &far_ns);
    // Of the frames that the near end has, in their order: those of the result that it saw.
    let own = merged
        .capture
        .frames()
        .iter()
        .filter(|frame| frame.interface == 0);
    let mut lost = 0;
    for (frame, &index) in own.zip(&here) {
        let passage = &passages[index];
        if !is_ip(passage) {
            continue;
        }
        let copies = passages
            .iter()
            .filter(|other| (other.from, other.sent_as) == (passage.from, passage.sent_as));
        let truths: Vec<u64> = match passage.from == run.ends[0] {
            true => copies.filter_map(arrived).map(Instant::as_nanos).collect(),
            false => vec![passage.departed.as_nanos()],
        };
        let name =
            format!("seed {seed}, loss {loss}, {skew:?}, passage {index}: {frame:?}, {clock:?}");
        match frame.other_end {
            Some(told) => {
                let told = told.as_nanos() as i64 - EPOCH_NS as i64;
                let off = truths
                    .iter()
                    .map(|&truth| (told - truth as i64).unsigned_abs());
                let off = off.min().unwrap_or(u64::MAX);
                assert!(off <= clock.uncertainty_ns, "{off} ns off: {name}");
            }
            None => {
                let was_lost = truths.is_empty();
                let is_told = frame.fate == Fate::LostLater;
                let is_after =
                    passage.departed.as_nanos() + clock.least_delay_ns + clock.uncertainty_ns
                        >= last_there;
                assert!(was_lost && (is_told || is_after), "{name}");
                lost += 1;
            }
        }
    }
    let truly_lost = passages
        .iter()
        .filter(|p| is_ip(p) && p.from == run.ends[0]);
    let truly_lost = truly_lost.filter(|p| arrived(p).is_none()).count();
    assert_eq!(lost, truly_lost, "seed {seed}, loss {loss}, {skew:?}");
    // And what never came here.
    let mut unseen = BTreeMap::new();
    for passage in passages
        .iter()
        .filter(|p| is_ip(p) && p.from == run.ends[1])
    {
        let came = unseen.entry(passage.sent_as).or_insert(false);
        *came |= arrived(passage).is_some();
    }
    let (_, last_here) = span(&here, &|p| match p.from == run.ends[0] {
        true => p.departed.as_nanos(),
        false => arrived(p).map_or(0, Instant::as_nanos),
    });
    let never = merged
        .capture
        .frames()
        .iter()
        .filter(|frame| frame.fate == Fate::NeverSeen)
        .count() as u64;
    let truth: Vec<_> = unseen.iter().filter(|(_, came)| !**came).collect();
    let late = passages.iter().filter(|p| {
        is_ip(p)
            && p.from == run.ends[1]
            && arrived(p).is_none()
            && p.departed.as_nanos() + clock.least_delay_ns + clock.uncertainty_ns >= last_here
    });
    let (truth, late) = (truth.len() as u64, late.count() as u64);
    assert!(
        never <= truth && never + late >= truth,
        "seed {seed}: {never} of {truth}, {late} late"
    );
    Some((merged.report.both, merged.report.lost_later + never))
}

#[test]
fn times_are_right_within_what_is_told_and_losses_are_those_that_were() {
    let (mut runs, mut both, mut lost) = (0, 0, 0);
    for seed in 0..120 {
        let skew = Skew {
            ahead_ns: (seed as i64 - 60) * 137_000_003,
            drift_ppm: (seed as i64 * 7) % 201 - 100,
        };
        if let Some((more, less)) = check(seed, [0, 3, 15][seed as usize % 3], skew) {
            (runs, both, lost) = (runs + 1, both + more, lost + less);
        }
    }
    println!("{runs} runs, {both} packets at both ends, {lost} at one");
    assert!(
        runs > 100 && both > 1_500 && lost > 50,
        "{runs} {both} {lost}"
    );
}

#[test]
fn captures_without_a_common_packet_are_refused() {
    let (one, other) = (run(&scene(0, 0)), run(&scene(1, 0)));
    let (near, _) = captured(&one, 0, Skew::NONE);
    let (far, _) = captured(&other, 1, Skew::NONE);
    let refused = merge(&near, &far).map(|merged| merged.report);
    assert_eq!(refused, Err(MergeError::NothingInCommon));
}
