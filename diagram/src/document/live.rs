//! How a live document grows: frames, receipts for what was sent, and what the stack tells.

use super::{Document, judge};
use crate::capture::{Direction, Fate, Frame, MachineId};
use core::net::{IpAddr, SocketAddrV4};
use synema_core::time::Instant;
use synema_core::trace::{ClaimStep, Event, FrameId, Record};

/// Frames that may wait for a receipt before it is given up.
const MAX_HELD: usize = 4_096;
/// How long a frame waits for its receipt, by the time of the frames after it.
const MAX_WAIT_NS: u64 = 2_000_000_000;

/// A frame on its way into the document.
#[derive(Clone, Debug)]
pub(super) struct Held {
    frame: Frame,
    stamped: bool,
    /// The newest frame that had come in when this one was handed out: it was not on the wire before.
    not_before: Instant,
    /// The time of the first stamped frame that waits for this one's receipt.
    waits_since_ns: Option<u64>,
}

impl Document {
    /// Takes a frame whose time is known: one that came in, or one that was sent
    /// and stamped.
    pub fn append(&mut self, frame: Frame) {
        if frame.direction == Direction::Received {
            self.newest_in = self.newest_in.max(frame.at);
        }
        self.hold(Held {
            frame,
            stamped: true,
            not_before: Instant::ZERO,
            waits_since_ns: None,
        });
    }

    /// Takes a frame that was handed out; its time is known when its
    /// [`receipt`](Self::receipt) comes. If none comes it is estimated: from when the
    /// stack handed it out if the trace says so, or else from the frame's own.
    pub fn append_sent(&mut self, frame: Frame) {
        self.hold(Held {
            frame,
            stamped: false,
            not_before: self.newest_in,
            waits_since_ns: None,
        });
    }

    /// The bridge says when it sent a frame, or why it did not.
    pub fn receipt(&mut self, id: FrameId, at: Instant, outcome: Result<(), &str>) {
        let held = self
            .held
            .iter_mut()
            .find(|held| held.frame.id == id && !held.stamped);
        let Some(held) = held else { return };
        held.stamped = true;
        held.frame.at = at.max(held.not_before);
        if let Err(why) = outcome {
            held.frame.fate = Fate::Refused(why.into());
        }
        self.release();
    }

    /// No more receipts will come (the bridge is gone): everything is shown.
    pub fn flush(&mut self) {
        self.estimate();
        self.release();
    }

    /// Gives a time to all frames that have no receipt. An answer never stands before what it
    /// answers: both clocks' difference is known no better than to a few milliseconds.
    fn estimate(&mut self) {
        for held in self.held.iter_mut().filter(|held| !held.stamped) {
            if let Some(&handed_out) = self.stack_times.get(&held.frame.id) {
                held.frame.at = self.clock.to_frames(handed_out);
            }
            held.frame.at = held.frame.at.max(held.not_before);
            held.stamped = true;
        }
    }

    fn hold(&mut self, held: Held) {
        // The least disorder: a frame that was stamped before those that wait.
        self.held.push_back(held);
        self.release();
    }

    /// Lets everything go on that no earlier frame holds back.
    fn release(&mut self) {
        let newest = self
            .held
            .iter()
            .filter(|held| held.stamped)
            .map(|held| held.frame.at.as_nanos())
            .max()
            .unwrap_or(0);
        let crowded = self.held.len() > MAX_HELD;
        let mut waiting = false;
        for held in self.held.iter_mut().filter(|held| !held.stamped) {
            if held.waits_since_ns.is_none() && newest > 0 {
                held.waits_since_ns = Some(newest);
            }
            let waited = newest.saturating_sub(held.waits_since_ns.unwrap_or(newest));
            waiting |= !crowded && waited < MAX_WAIT_NS;
        }
        if waiting {
            return;
        }
        self.estimate();
        let mut ready: Vec<_> = self.held.drain(..).collect();
        ready.sort_by_key(|held| held.frame.at);
        for held in ready {
            self.take(held.frame);
        }
    }

    fn take(&mut self, frame: Frame) {
        if let Some(&stack) = self.stack_times.get(&frame.id) {
            self.learn_clock(frame.id, stack, frame.at);
        }
        let index = self.capture.push(frame);
        let learned = judge(
            &self.capture,
            index,
            &mut self.analysis,
            &mut self.states,
            &mut self.timing,
        );
        self.find_vantage();
        let (frame, digest) = (
            &self.capture.frames()[index],
            &self.analysis.digests()[index],
        );
        self.timing.reckon(index, frame, digest);
        self.totals.count(frame, digest);
        let (source, ladder) = self.parts();
        ladder.push(source, index);
        let typical = self.timing.typical_round_trip_ns();
        self.ladder.set_round_trip(typical);
        for earlier in learned.waiting {
            self.reckon_again(earlier as usize);
        }
        for question in learned.answered {
            self.timing
                .bound(question as usize, index, self.analysis.digests());
        }
        for moved in self.timing.take_moved() {
            let (source, ladder) = self.parts();
            ladder.change(source, moved as usize);
        }
    }

    fn reckon_again(&mut self, index: usize) {
        self.timing.reckon(
            index,
            &self.capture.frames()[index],
            &self.analysis.digests()[index],
        );
        let (source, ladder) = self.parts();
        ladder.change(source, index);
    }

    /// Takes what the stack told.
    pub fn record(&mut self, record: Record) {
        self.understand(&record);
        let moves = matches!(
            record.event,
            Event::State { .. } | Event::TimerArmed { .. } | Event::TimerFired { .. }
        );
        self.capture.record(record);
        if moves {
            self.ladder.forget_last_texts();
        }
    }

    pub(super) fn understand(&mut self, record: &Record) {
        match record.event {
            Event::Sent { frame, .. } | Event::Received { frame, .. } => {
                match self.capture.index_of(frame) {
                    Some(index) => {
                        let at = self.capture.frames()[index].at;
                        self.learn_clock(frame, record.at, at);
                    }
                    None => {
                        self.stack_times.insert(frame, record.at);
                        if self.stack_times.len() > MAX_HELD {
                            self.stack_times.pop_first();
                        }
                    }
                }
            }
            Event::Claim {
                addr,
                step: ClaimStep::Granted { .. },
            } => {
                self.analysis.set_claimed(IpAddr::V4(addr));
            }
            _ => {}
        }
        let analysis = &self.analysis;
        self.states.record(
            MachineId::OWN,
            record,
            |local: SocketAddrV4, remote: SocketAddrV4| {
                analysis.stream_between(
                    (IpAddr::V4(*local.ip()), local.port()),
                    (IpAddr::V4(*remote.ip()), remote.port()),
                )
            },
        );
    }

    fn learn_clock(&mut self, id: FrameId, stack: Instant, frame: Instant) {
        if id.is_sent() {
            self.clock.sent(stack, frame);
        } else {
            self.clock.received(stack, frame);
        }
        self.stack_times.remove(&id);
    }
}
