//! The whole of it: a capture that may grow, and how it is looked at.
//!
//! ```text
//!  append / receipt / record ──► Document ──► window(y0, y1): Scene
//!                                        ├──► strip, overview, detail, stats
//!                                        └──► capture: to be written as a file
//! ```
//!
//! Frames are taken in the order of their time at the vantage point. A frame that
//! was handed out has no such time until its receipt comes, and what came in
//! meanwhile waits for it: so numbers, once given, never change.

use crate::analysis::{Analysis, Digest};
use crate::capture::{Capture, Fate, Frame, Interface, MemoryPolicy};
use crate::clock::ClockMap;
use crate::detail::{self, Detail};
use crate::layout::{Ladder, Source};
use crate::scene::{Band, Scene};
use crate::states::States;
use crate::strip::{self, Strip};
use crate::timing::Timing;
use crate::view::View;
use crate::words::Story;
use core::net::{IpAddr, SocketAddrV4};
use core::ops::Range;
use std::collections::{BTreeMap, VecDeque};
use synema_core::time::Instant;
use synema_core::trace::{ClaimStep, Event, FrameId, Record};

/// Frames that may wait for a receipt before it is given up.
const MAX_HELD: usize = 4_096;
/// How long a frame waits for its receipt, by the time of the frames after it.
const MAX_WAIT_NS: u64 = 2_000_000_000;

/// A capture, what is known of it, and one view of it.
#[derive(Clone, Debug)]
pub struct Document {
    capture: Capture,
    analysis: Analysis,
    states: States,
    timing: Timing,
    clock: ClockMap,
    view: View,
    ladder: Ladder,
    held: VecDeque<Held>,
    /// When the stack handed out or was given a frame, for the clocks.
    stack_times: BTreeMap<FrameId, Instant>,
    vantage_known: bool,
    /// What grows with each packet.
    totals: Stats,
}

#[derive(Clone, Debug)]
struct Held {
    frame: Frame,
    stamped: bool,
    /// The time of the first stamped frame that waits for this one's receipt.
    waits_since_ns: Option<u64>,
}

/// Numbers about the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets so far.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// TCP conversations.
    pub streams: u64,
    /// Segments that were sent again.
    pub retransmissions: u64,
    /// Frames that were lost by the capture itself.
    pub drops: u64,
    /// Frames that the bridge refused to send.
    pub refused: u64,
    /// Frames whose payload was let go to save memory.
    pub payloads_let_go: u64,
    /// Trace records that were not kept.
    pub records_let_go: u64,
    /// From the first packet to the last.
    pub duration_ns: u64,
}

impl Stats {
    fn count(&mut self, frame: &Frame, digest: &Digest) {
        self.bytes += u64::from(frame.original_len);
        self.drops += frame.drops_before;
        self.refused += u64::from(matches!(frame.fate, Fate::Refused(_)));
        self.retransmissions += u64::from(digest.is_retransmission());
    }
}

impl Document {
    /// An empty document for a live capture on one interface.
    pub fn live(interface: Interface, policy: MemoryPolicy, view: View) -> Self {
        let mut capture = Capture::with_policy(policy);
        capture.add_interface(interface);
        Self::open(capture, view)
    }

    /// A capture that is all there.
    pub fn open(capture: Capture, view: View) -> Self {
        let mut document = Self {
            ladder: Ladder::empty(&view),
            capture,
            analysis: Analysis::default(),
            states: States::default(),
            timing: Timing::default(),
            clock: ClockMap::default(),
            view,
            held: VecDeque::new(),
            stack_times: BTreeMap::new(),
            vantage_known: false,
            totals: Stats::default(),
        };
        // The connections first, so that conversations find theirs in their order.
        for index in 0..document.capture.records().len() {
            let record = document.capture.records()[index].clone();
            document.understand(&record);
        }
        for index in 0..document.capture.frames().len() {
            let Self {
                capture,
                analysis,
                states,
                timing,
                ..
            } = &mut document;
            judge(capture, index, analysis, states, timing);
        }
        document.find_vantage();
        // With every distance known from the start.
        for index in 0..document.capture.frames().len() {
            let frame = &document.capture.frames()[index];
            document
                .timing
                .reckon(index, frame, &document.analysis.digests()[index]);
            document
                .totals
                .count(frame, &document.analysis.digests()[index]);
        }
        for index in 0..document.capture.frames().len() {
            let digests = document.analysis.digests();
            if let Some(answer) = digests[index].answered_by() {
                document.timing.bound(index, answer, digests);
            }
        }
        document.timing.take_moved();
        document.lay_out();
        document
    }

    fn source(&self) -> Source<'_> {
        Source {
            capture: &self.capture,
            analysis: &self.analysis,
            states: &self.states,
            timing: &self.timing,
            clock: &self.clock,
            view: &self.view,
        }
    }

    fn lay_out(&mut self) {
        self.ladder = Ladder::new(self.source());
    }

    /// The frames and records.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// What is known of the packets.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Both ends' states.
    pub fn states(&self) -> &States {
        &self.states
    }

    /// When every packet departed and arrived.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// How it is looked at.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Looks at it in another way.
    pub fn set_view(&mut self, view: View) {
        let old = core::mem::replace(&mut self.view, view);
        if (old.axis, old.filter, old.metrics) != (view.axis, view.filter, view.metrics) {
            self.lay_out();
        } else if (old.labels, old.width) != (view.labels, view.width) {
            self.ladder.forget_texts();
        }
    }

    /// Takes a frame whose time is known: one that came in, or one that was sent
    /// and stamped.
    pub fn append(&mut self, frame: Frame) {
        self.hold(Held {
            frame,
            stamped: true,
            waits_since_ns: None,
        });
    }

    /// Takes a frame that was handed out; its time is known when its
    /// [`receipt`](Self::receipt) comes.
    pub fn append_sent(&mut self, frame: Frame) {
        self.hold(Held {
            frame,
            stamped: false,
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
        held.frame.at = at;
        if let Err(why) = outcome {
            held.frame.fate = Fate::Refused(why.into());
        }
        self.release();
    }

    /// No more receipts will come (the bridge is gone): everything is shown.
    pub fn flush(&mut self) {
        for held in &mut self.held {
            held.stamped = true;
        }
        self.release();
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
        let mut ready: Vec<_> = self.held.drain(..).collect();
        for held in &mut ready {
            if !held.stamped {
                // Never stamped: the stack's own time must do.
                held.frame.at = self.clock.to_frames(held.frame.at);
            }
        }
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

    fn understand(&mut self, record: &Record) {
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
        self.states
            .record(record, |local: SocketAddrV4, remote: SocketAddrV4| {
                analysis.stream_between(
                    (IpAddr::V4(*local.ip()), local.port()),
                    (IpAddr::V4(*remote.ip()), remote.port()),
                )
            });
    }

    fn learn_clock(&mut self, id: FrameId, stack: Instant, frame: Instant) {
        if id.is_sent() {
            self.clock.sent(stack, frame);
        } else {
            self.clock.received(stack, frame);
        }
        self.stack_times.remove(&id);
    }

    fn find_vantage(&mut self) {
        if self.vantage_known {
            return;
        }
        if let Some(page) = self.analysis.hosts().page() {
            self.timing.set_vantage(page);
            self.vantage_known = true;
        }
    }

    /// The drawing's whole height, without the heads.
    pub fn extent(&mut self) -> f64 {
        let (source, ladder) = self.parts();
        ladder.height(source)
    }

    /// What touches the heights from `y0` to `y1`.
    pub fn window(&mut self, y0: f64, y1: f64) -> Scene {
        let (source, ladder) = self.parts();
        ladder.window(source, y0, y1)
    }

    /// The heights of a packet's arrow, by its number.
    pub fn row_of(&mut self, number: u64) -> Option<Band> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let (source, ladder) = self.parts();
        ladder.row_of(source, index)
    }

    /// Packets, and troubles among them, in each of `bins` equal parts of the height.
    pub fn overview(&mut self, bins: usize) -> Vec<[u32; 2]> {
        let (source, ladder) = self.parts();
        ladder.density(source, bins)
    }

    /// Who spoke, for packets by their numbers.
    pub fn strip(&self, numbers: Range<u64>) -> Strip {
        strip::strip(self.source(), numbers)
    }

    /// All about one packet, by its number.
    pub fn detail(&self, number: u64) -> Option<Detail> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        detail::detail(
            Story {
                capture: &self.capture,
                analysis: &self.analysis,
            },
            index,
        )
    }

    /// The number of the frame with this id.
    pub fn number_of(&self, id: FrameId) -> Option<u64> {
        self.capture.index_of(id).map(|index| index as u64 + 1)
    }

    /// Numbers about the whole.
    pub fn stats(&self) -> Stats {
        let frames = self.capture.frames();
        let ns = |frame: Option<&Frame>| frame.map_or(0, |frame| frame.at.as_nanos());
        Stats {
            packets: frames.len() as u64,
            streams: self.analysis.streams().len() as u64,
            payloads_let_go: self.capture.payloads_let_go(),
            records_let_go: self.capture.records_let_go(),
            duration_ns: ns(frames.last()).saturating_sub(ns(frames.first())),
            ..self.totals
        }
    }

    fn parts(&mut self) -> (Source<'_>, &mut Ladder) {
        let Self {
            capture,
            analysis,
            states,
            timing,
            clock,
            view,
            ladder,
            ..
        } = self;
        (
            Source {
                capture,
                analysis,
                states,
                timing,
                clock,
                view,
            },
            ladder,
        )
    }
}

/// Earlier packets of which a packet told something.
struct Told {
    /// Their distance is known now.
    waiting: Vec<u32>,
    /// It answers them.
    answered: Vec<u32>,
}

/// Takes one packet into all that is known; gives what it told of earlier ones.
fn judge(
    capture: &Capture,
    index: usize,
    analysis: &mut Analysis,
    states: &mut States,
    timing: &mut Timing,
) -> Told {
    let frame = &capture.frames()[index];
    let interface = &capture.interfaces()[frame.interface as usize];
    let before = analysis.streams().len();
    let learned = analysis.push(frame, interface);
    let digest = &analysis.digests()[index];
    let packet = u32::try_from(index).unwrap_or(u32::MAX);
    if let Some(tcp) = &digest.tcp {
        states.push(packet, tcp);
        if analysis.streams().len() > before
            && let Some(ends) = analysis.socket_addresses(tcp.stream)
        {
            states.opened(tcp.stream, ends);
        }
    }
    let waiting = learned.round_trip.map_or_else(Vec::new, |trip| {
        let question = &capture.frames()[trip.question];
        if digest.tcp.is_some() {
            let ns = frame.at.as_nanos().saturating_sub(question.at.as_nanos());
            timing.set_typical(ns);
        }
        timing.learn(trip, question, frame)
    });
    Told {
        waiting,
        answered: learned.answered,
    }
}

#[cfg(test)]
mod tests;
