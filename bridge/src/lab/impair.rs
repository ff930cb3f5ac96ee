//! A wire that delays, loses, reorders, doubles and corrupts: between two TAPs, by the rules of
//! [`synema_sim::Wire`], so that a path is the same in the simulator and here.
//!
//! ```text
//!   router                                                    server
//!   dmz0 (TAP) ──read──► Wire ──► waits until it is due ──write──► eth0 (TAP)
//!              ◄─write── waits until it is due ◄── Wire ◄──read──
//! ```
//!
//! Done here and not by the kernel, for not every kernel has netem; and with a seed.

use super::place::broken;
use crate::error::Failure;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use synema_core::time::{Duration, Instant};
use synema_sim::{Conditions, Fate, Wire};

/// Longer than any frame on a wire with the lab's MTU.
const FRAME_LEN: usize = 2048;
/// Frames that may be on their way in one direction; beyond it, they are lost.
const MAX_ON_THE_WAY: usize = 65_536;
/// Frames that are read before those that are due are written.
const READ_BATCH: usize = 64;

/// The way between the router and the servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// From the client to the servers.
    pub there: Conditions,
    /// From the servers to the client.
    pub back: Conditions,
    /// The same seed loses, of the same frames, the same.
    pub seed: u64,
}

/// Where another way is told to the wire; it holds from the next frame on.
pub(super) type Change = mpsc::Sender<Way>;

/// Carries frames between two TAPs until the process ends.
pub(super) fn carry(router: OwnedFd, server: OwnedFd, way: Way) -> Result<Change, Failure> {
    let (change, changes) = mpsc::channel();
    std::thread::Builder::new()
        .name("way".to_owned())
        .spawn(move || {
            // It ends when a TAP is gone, and with it the network.
            let _ = relay(&[router, server], way, &changes);
        })
        .map(|_| change)
        .map_err(|error| broken("way to the servers", &error.to_string()))
}

/// The way leads from `ends[0]` to `ends[1]`, and back.
fn relay(ends: &[OwnedFd; 2], way: Way, changes: &mpsc::Receiver<Way>) -> io::Result<()> {
    let mut directions = [
        Direction::new(way.there, way.seed),
        Direction::new(way.back, !way.seed),
    ];
    let begun = std::time::Instant::now();
    let now = || Instant::from_nanos(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    loop {
        // Before a frame is read: it waits for nobody else's.
        if let Some(way) = changes.try_iter().last() {
            let [there, back] = &mut directions;
            there.begin(now(), way.there, way.seed);
            back.begin(now(), way.back, !way.seed);
        }
        for (from, direction) in directions.iter_mut().enumerate() {
            direction.take_in(&ends[from], now)?;
            direction.let_out(&ends[1 - from], now())?;
        }
        let next = directions.iter().filter_map(Direction::next_due).min();
        let timeout = next.map(|due| timespec(due.since(now())));
        let mut wanted = [
            PollFd::new(&ends[0], PollFlags::IN),
            PollFd::new(&ends[1], PollFlags::IN),
        ];
        match poll(&mut wanted, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

/// A frame on its way; by when it is due, then in the order in which it was sent.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Travelling {
    due: Instant,
    number: u64,
    frame: Vec<u8>,
}

/// One direction, and what is under way in it.
struct Direction {
    wire: Wire,
    /// Where the wire's own clock begins.
    begun: Instant,
    under_way: BinaryHeap<Reverse<Travelling>>,
    number: u64,
}

impl Direction {
    fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            wire: Wire::new(conditions, seed),
            begun: Instant::ZERO,
            under_way: BinaryHeap::new(),
            number: 0,
        }
    }

    /// Other conditions, all counted from now on; what is under way stays so.
    fn begin(&mut self, now: Instant, conditions: Conditions, seed: u64) {
        self.wire = Wire::new(conditions, seed);
        self.begun = now;
    }

    fn next_due(&self) -> Option<Instant> {
        self.under_way.peek().map(|Reverse(next)| next.due)
    }

    fn take_in(&mut self, from: &OwnedFd, now: impl Fn() -> Instant) -> io::Result<()> {
        let mut buffer = [0; FRAME_LEN];
        for _ in 0..READ_BATCH {
            match rustix::io::read(from, &mut buffer) {
                Ok(len) => self.send(now(), &buffer[..len]),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn send(&mut self, now: Instant, frame: &[u8]) {
        let of_wire = Instant::ZERO + now.since(self.begun);
        for fate in self.wire.send(of_wire, frame) {
            let Fate::Arrives { at, corrupted, .. } = fate else {
                continue;
            };
            if self.under_way.len() == MAX_ON_THE_WAY {
                continue;
            }
            let mut frame = frame.to_vec();
            if let Some(bit) = corrupted
                && let Some(byte) = usize::try_from(bit / 8)
                    .ok()
                    .and_then(|at| frame.get_mut(at))
            {
                *byte ^= 0x80 >> (bit % 8);
            }
            self.number += 1;
            self.under_way.push(Reverse(Travelling {
                due: self.begun + at.since(Instant::ZERO),
                number: self.number,
                frame,
            }));
        }
    }

    fn let_out(&mut self, to: &OwnedFd, now: Instant) -> io::Result<()> {
        while self.next_due().is_some_and(|due| due <= now)
            && let Some(Reverse(arrived)) = self.under_way.pop()
        {
            match rustix::io::write(to, &arrived.frame) {
                // What an interface does not take is lost, as on any wire: EIO while it is down.
                Ok(_) | Err(Errno::AGAIN | Errno::IO | Errno::INVAL | Errno::NOBUFS) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(conditions: Conditions) -> Direction {
        Direction::new(conditions, 7)
    }

    fn arrivals(direction: &mut Direction) -> Vec<(u64, u8)> {
        let mut seen = Vec::new();
        while let Some(Reverse(next)) = direction.under_way.pop() {
            seen.push((next.due.as_nanos(), next.frame[0]));
        }
        seen
    }

    #[test]
    fn frames_that_are_due_at_once_keep_their_order() {
        let mut direction = direction(Conditions::delay(Duration::from_millis(3)));
        for number in 0..100 {
            direction.send(Instant::from_millis(1), &[number; 60]);
        }
        let expected: Vec<_> = (0..100).map(|number| (4_000_000, number)).collect();
        assert_eq!(arrivals(&mut direction), expected);
    }

    #[test]
    fn another_way_counts_anew_and_leaves_what_is_under_way() {
        let mut direction = direction(Conditions::delay(Duration::from_millis(3)));
        direction.send(Instant::from_millis(10), &[1; 60]);
        let second = synema_sim::conditions::Chosen::Frame(2);
        let conditions = Conditions::delay(Duration::from_millis(1)).losing(&[second]);
        direction.begin(Instant::from_millis(11), conditions, 7);
        for number in 2..5 {
            direction.send(Instant::from_millis(11), &[number; 60]);
        }
        let expected = [(12_000_000, 2), (12_000_000, 4), (13_000_000, 1)];
        assert_eq!(arrivals(&mut direction), expected);
    }

    #[test]
    fn a_corrupted_frame_differs_in_one_bit_and_its_double_in_none() {
        let mut direction = direction(Conditions {
            corrupt_ppm: synema_sim::conditions::PPM,
            duplicate_ppm: synema_sim::conditions::PPM,
            ..Conditions::default()
        });
        direction.send(Instant::ZERO, &[0; 60]);
        let bits = |frame: &[u8]| frame.iter().map(|byte| byte.count_ones()).sum::<u32>();
        let frames = direction.under_way.into_sorted_vec();
        let changed: Vec<_> = frames
            .iter()
            .rev()
            .map(|Reverse(f)| bits(&f.frame))
            .collect();
        assert_eq!(changed, [1, 0]);
    }
}
