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

mod carry;
mod live;

use self::live::Held;
use crate::analysis::{Analysis, Digest};
use crate::annotate::{Annotations, Edit, History};
use crate::capture::{Capture, Fate, Frame, Interface, MemoryPolicy};
use crate::clock::ClockMap;
use crate::detail::{self, Detail};
use crate::filter::Expression;
use crate::graph::{self, GraphOptions, GraphScene, NoGraph};
use crate::layout::{Ladder, Source};
use crate::notable::{self, Contents};
use crate::scene::{Band, Scene};
use crate::states::States;
use crate::strip::{self, Strip};
use crate::timing::Timing;
use crate::view::View;
use crate::words::Story;
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// A capture, what is known of it, and one view of it.
#[derive(Clone, Debug)]
pub struct Document {
    capture: Capture,
    analysis: Analysis,
    states: States,
    timing: Timing,
    clock: ClockMap,
    view: View,
    wanted: Option<Expression>,
    /// One packet of each run that a reader unfolded.
    unfolded: BTreeSet<u32>,
    ladder: Ladder,
    history: History,
    held: VecDeque<Held>,
    /// The time of the newest frame that came in.
    newest_in: Instant,
    /// When the stack handed out or was given a frame, for the clocks.
    stack_times: BTreeMap<FrameId, Instant>,
    vantage_known: bool,
    /// What grows with each packet.
    totals: Stats,
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
        self.drops = self.drops.saturating_add(frame.drops_before);
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
        Self::open_wanted(capture, view, None)
    }

    /// The same, of which only what `wanted` means is shown; everything if it is none.
    pub fn open_wanted(capture: Capture, view: View, wanted: Option<Expression>) -> Self {
        let mut document = Self {
            ladder: Ladder::empty(&view),
            capture,
            analysis: Analysis::default(),
            states: States::default(),
            timing: Timing::default(),
            clock: ClockMap::default(),
            view,
            wanted,
            unfolded: BTreeSet::new(),
            history: History::default(),
            held: VecDeque::new(),
            newest_in: Instant::ZERO,
            stack_times: BTreeMap::new(),
            vantage_known: false,
            totals: Stats::default(),
        };
        document.analysis.set_machines(document.capture.machines());
        for (ip, name) in document.capture.resolved_names() {
            document.analysis.set_name(ip, &name);
        }
        // The connections first, so that conversations find theirs in their order.
        for index in 0..document.capture.records().len() {
            let record = document.capture.records()[index].clone();
            document.understand(&record);
        }
        for machine in document.capture.machine_ids().skip(1) {
            for record in document.capture.records_of(machine) {
                document.states.record(machine, record, |_, _| None);
            }
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

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            capture: &self.capture,
            analysis: &self.analysis,
            states: &self.states,
            timing: &self.timing,
            clock: &self.clock,
            view: &self.view,
            unfolded: &self.unfolded,
            wanted: self.wanted.as_ref(),
        }
    }

    fn lay_out(&mut self) {
        self.ladder = Ladder::new(self.source());
    }

    /// Shows only what `wanted` means; everything if it is none.
    pub fn set_wanted(&mut self, wanted: Option<Expression>) {
        self.wanted = wanted;
        self.lay_out();
    }

    /// How many packets are shown: those that the view and the filter mean.
    pub fn packets_shown(&self) -> u64 {
        self.ladder.packets()
    }

    /// What there is and what is worth looking at: at most `most` conversations and moments.
    pub fn contents(&self, most: usize) -> Contents {
        notable::contents(self.story(), most)
    }

    /// What sentences are made from.
    pub(crate) fn story(&self) -> Story<'_> {
        self.source().story()
    }

    /// The frames and records.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// What people wrote on it.
    pub fn annotations(&self) -> &Annotations {
        self.capture.annotations()
    }

    /// Makes a change to what is written on it, which can be taken back.
    pub fn annotate(&mut self, edit: Edit) {
        self.history.apply(self.capture.annotations_mut(), edit);
        self.lay_out();
    }

    /// Takes the last change of what is written on it back. False if there is none.
    pub fn undo(&mut self) -> bool {
        let undone = self.history.undo(self.capture.annotations_mut());
        if undone {
            self.lay_out();
        }
        undone
    }

    /// Makes the change again that was taken back last. False if there is none.
    pub fn redo(&mut self) -> bool {
        let redone = self.history.redo(self.capture.annotations_mut());
        if redone {
            self.lay_out();
        }
        redone
    }

    /// The changes of what is written on it.
    pub fn history(&self) -> &History {
        &self.history
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
        let laid_out_by = |view: &View| (view.axis, view.filter, view.metrics, view.fold);
        if laid_out_by(&old) != laid_out_by(&view) {
            self.lay_out();
        } else if (old.labels, old.width) != (view.labels, view.width) {
            self.ladder.forget_texts();
        }
    }

    /// Draws the packets of the run that this one is in one by one, by its number; or, of
    /// one that was unfolded, as one again. Counts where [`View::fold`] is on.
    pub fn unfold(&mut self, number: u64, unfolded: bool) {
        let Some(index) = number
            .checked_sub(1)
            .and_then(|index| u32::try_from(index).ok())
        else {
            return;
        };
        if unfolded {
            self.unfolded.insert(index);
        } else {
            let all = BTreeSet::from([]);
            let run = Ladder::run_of(
                Source {
                    unfolded: &all,
                    ..self.source()
                },
                index,
            );
            self.unfolded.retain(|packet| !run.contains(packet));
        }
        self.lay_out();
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

    /// All of it, looked at in another way.
    pub(crate) fn whole(&self, view: View) -> Scene {
        let source = Source {
            view: &view,
            ..self.source()
        };
        let mut ladder = Ladder::new(source);
        let height = ladder.height(source);
        ladder.window(source, 0.0, height)
    }

    /// The heights of a packet's arrow, by its number.
    pub fn row_of(&mut self, number: u64) -> Option<Band> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let (source, ladder) = self.parts();
        ladder.row_of(source, index)
    }

    /// The height down to which a time has come, on the capture's clock: all that happened
    /// by then is drawn above it. It never falls with time, whatever the axis.
    pub fn y_of(&mut self, at: Instant) -> f64 {
        let (source, ladder) = self.parts();
        ladder.y_of(source, at.as_nanos())
    }

    /// The time to which a height belongs, on the capture's clock. It never goes back with
    /// the height, whatever the axis.
    pub fn time_of(&mut self, y: f64) -> Instant {
        let (source, ladder) = self.parts();
        Instant::from_nanos(ladder.time_of(source, y))
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

    /// A graph of one direction of a conversation over time.
    ///
    /// # Errors
    /// When there is no such conversation, or nothing of that kind in it.
    pub fn graph(&self, options: &GraphOptions) -> Result<GraphScene, NoGraph> {
        graph::graph(self.source(), options)
    }

    /// All about one packet, by its number.
    pub fn detail(&self, number: u64) -> Option<Detail> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        detail::detail(self.story(), index)
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
            unfolded,
            wanted,
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
                unfolded,
                wanted: wanted.as_ref(),
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
        states.push(packet, tcp, frame.at);
        if analysis.streams().len() > before
            && let Some(ends) = analysis.socket_addresses(tcp.stream)
        {
            states.opened(tcp.stream, ends);
        }
    }
    let waiting = learned.round_trip.map_or_else(Vec::new, |trip| {
        let question = &capture.frames()[trip.question];
        let waiting = timing.learn(trip, question, frame);
        if digest.tcp.is_some() {
            let ns = frame.at.as_nanos().saturating_sub(question.at.as_nanos());
            timing.set_typical(ns, [digest.from, digest.to]);
        }
        waiting
    });
    Told {
        waiting,
        answered: learned.answered,
    }
}

#[cfg(test)]
mod tests;
