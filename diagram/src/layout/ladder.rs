//! The ladder: items in, windows of a [`Scene`] out.

mod texts;

use super::arrows::{Arrows, Drawn, MAX_FALL};
use super::folds::Folds;
use super::furniture::{self, Key};
use super::hidden;
use super::lanes::{Beside, Lanes, lanes};
use super::notes::Cards;
use super::place::{CHUNK, Placed, REACH};
use super::scene::{Band, Certainty, Kind, Label, Point, Scene};
use super::slots::second;
use super::source::{Shown, Source};
use super::spans::Spans;
use super::thin::{self, Telling};
use super::warp::{Item, Warp};
use crate::analysis::HostId;
use crate::capture::Fate;
use crate::timing::Times;
use crate::view::{Axis, View};
use core::ops::RangeInclusive;
use std::collections::BTreeMap;
use synema_core::wire::tcp::Flags;
use texts::{MAX_CHUNKS, chunk_of};

/// Where a window has more departures and arrivals than this, not all arrows are drawn
/// ([`Axis::Linear`]).
const MAX_EVENTS: usize = 2_000;

/// Heights, lanes and placed texts of one view of a document.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    warp: Warp,
    lanes: Lanes,
    chunks: BTreeMap<i64, Placed<Key>>,
    /// Packet -> item.
    item_of: Vec<u32>,
    /// The packet that revealed a hole -> the one that fills it.
    ghosts: BTreeMap<u32, u32>,
    /// A ghost appeared at this time since the heights were reckoned.
    new_ghost_ns: Option<u64>,
    shown: Shown,
    beside: Beside,
    spans: Spans,
    hidden: Vec<hidden::Run>,
    cards: Cards,
    telling: Telling,
    folds: Folds,
    /// What the lanes were laid out for.
    lanes_for: Option<LanesFor>,
}

/// What lanes depend on: how many packets and records there are, and the view.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LanesFor {
    packets: usize,
    records: usize,
    view: View,
}

const NO_ITEM: u32 = u32::MAX;

impl Ladder {
    /// Nothing yet.
    pub(crate) fn empty(view: &View) -> Self {
        let row_height = view.metrics.line_height + 5.0;
        Self {
            warp: Warp::new(view.axis, None, row_height),
            lanes: Lanes::default(),
            chunks: BTreeMap::new(),
            item_of: Vec::new(),
            ghosts: BTreeMap::new(),
            new_ghost_ns: None,
            shown: Shown::default(),
            beside: Beside::default(),
            spans: Spans::default(),
            hidden: Vec::new(),
            cards: Cards::default(),
            telling: Telling::default(),
            folds: Folds::default(),
            lanes_for: None,
        }
    }

    /// Lays out all that is there.
    pub(crate) fn new(source: Source<'_>) -> Self {
        let mut ladder = Self::empty(source.view);
        ladder
            .warp
            .set_round_trip(source.timing.typical_round_trip_ns());
        if source.view.fold {
            ladder.folds = Folds::find(source, source.unfolded);
        }
        let mut items = Vec::new();
        for index in 0..source.analysis.digests().len() {
            let item = ladder.item(source, index);
            let head = ladder.folded_at(source, index);
            ladder.item_of.push(match (&item, head) {
                (Some(_), _) => u32::try_from(items.len()).unwrap_or(NO_ITEM),
                (None, Some(head)) => ladder.item_of[head],
                (None, None) => NO_ITEM,
            });
            if item.is_some() || head.is_some() {
                ladder.learn(source, index, items.len());
            } else if source.is_hidden(index) {
                ladder.hide(index, items.len());
            }
            items.extend(item);
            ladder.find_ghost(source, index);
        }
        ladder.warp.extend(items);
        if source.capture.annotations().brackets().next().is_some() {
            ladder.beside.brackets = [true; 2];
        }
        ladder
    }

    /// The packet at which a packet that is drawn is folded; none if that is itself.
    fn folded_at(&self, source: Source<'_>, index: usize) -> Option<usize> {
        let packet = u32::try_from(index).ok()?;
        let head = self.folds.head_of(source, packet)?;
        (head != packet && source.shows(index)).then_some(head as usize)
    }

    /// The packet as something to be drawn, or all that are folded there.
    fn item(&self, source: Source<'_>, index: usize) -> Option<Item> {
        let item = item_of(source, index)?;
        if self.folded_at(source, index).is_some() {
            return None;
        }
        let last = self.folds.headed_by(item.packet).and_then(|part| {
            let last = source.timing.times().get(part.last as usize)?;
            Some(last.arrival_ns.max(item.arrival_ns?))
        });
        let arrival_ns = last.or(item.arrival_ns);
        Some(Item { arrival_ns, ..item })
    }

    /// The packets of the run that a packet is in.
    pub(crate) fn run_of(source: Source<'_>, packet: u32) -> RangeInclusive<u32> {
        Folds::find(source, source.unfolded).around(packet)
    }

    /// A packet was appended.
    pub(crate) fn push(&mut self, source: Source<'_>, index: usize) {
        self.item_of.resize(index + 1, NO_ITEM);
        if let Some(item) = item_of(source, index) {
            let number = self.warp.items().len();
            self.item_of[index] = u32::try_from(number).unwrap_or(NO_ITEM);
            self.warp.push(item);
            self.learn(source, index, number);
            self.new_ghost_ns = self.find_ghost(source, index).or(self.new_ghost_ns);
        } else if source.is_hidden(index) {
            self.hide(index, self.warp.items().len());
        }
    }

    fn hide(&mut self, index: usize, items: usize) {
        let packet = u32::try_from(index).unwrap_or(NO_ITEM);
        hidden::push(&mut self.hidden, packet, items);
    }

    /// What a packet that is drawn tells of the whole.
    fn learn(&mut self, source: Source<'_>, index: usize, item: usize) {
        let item = u32::try_from(item).unwrap_or(NO_ITEM);
        self.telling.push(source, index, item);
        self.shown.add(source, index);
        let frame = source.capture.frames().get(index);
        self.beside.far_times |= frame.is_some_and(|frame| frame.other_end.is_some());
        let digest = source.analysis.digests().get(index);
        if let Some(tcp) = digest.and_then(|digest| digest.tcp) {
            self.beside.ports |= second(source, tcp.stream).is_some();
            self.beside.brackets[0] = true;
            if self.spans.push(source, index) {
                self.beside.brackets[1] |= !tcp.from_client;
            }
        }
    }

    /// What packet `index` carries again was sent before, and never seen: a ghost
    /// stands at the packet that showed the hole. Gives the time of that one.
    fn find_ghost(&mut self, source: Source<'_>, index: usize) -> Option<u64> {
        let tcp = source.analysis.digests().get(index)?.tcp?;
        let revealed = source.timing.times().get(tcp.unseen_before as usize)?;
        let filler = u32::try_from(index).unwrap_or(NO_ITEM);
        self.ghosts.entry(tcp.unseen_before).or_insert(filler);
        Some(revealed.departure_ns)
    }

    /// A packet's times, or what the trace says of it, changed.
    pub(crate) fn change(&mut self, source: Source<'_>, index: usize) {
        let Some(&item) = self.item_of.get(index).filter(|&&item| item != NO_ITEM) else {
            return;
        };
        if let Some(new) = self.item(source, index) {
            self.warp.change(item as usize, new);
        }
    }

    /// The scale was learned.
    pub(crate) fn set_round_trip(&mut self, round_trip_ns: Option<u64>) {
        self.warp.set_round_trip(round_trip_ns);
    }

    fn forget_from(&mut self, y: f64) {
        // A chunk and the odd one before it that was placed around it.
        let chunk = (((y - REACH) / CHUNK).floor() as i64 - 1).max(0);
        self.chunks.split_off(&chunk);
    }

    fn settle(&mut self, source: Source<'_>) {
        let moved = self.warp.settle();
        if moved.is_finite() {
            self.forget_from(moved);
        }
        if let Some(ns) = self.new_ghost_ns.take() {
            self.forget_from(self.warp.of_time(ns));
        }
        let lanes_for = LanesFor {
            packets: source.analysis.digests().len(),
            records: source.capture.records().len(),
            view: View {
                selected: None,
                ..*source.view
            },
        };
        if self.lanes_for.replace(lanes_for) == Some(lanes_for) && !moved.is_finite() {
            return;
        }
        let shown = source.wanted.map(|_| &self.shown.hosts);
        let lanes = lanes(source, self.beside, shown);
        let stands = lanes == self.lanes && !moved.is_finite();
        if lanes != self.lanes {
            self.lanes = lanes;
            self.chunks.clear();
        }
        if !stands {
            self.cards = self.cards(source);
        }
    }

    /// Forgets where the last texts were placed: the trace told more of the end.
    pub(crate) fn forget_last_texts(&mut self) {
        self.forget_from(self.warp.height() - CHUNK);
    }

    /// Forgets where texts were placed: something about them changed.
    pub(crate) fn forget_texts(&mut self) {
        self.chunks.clear();
    }

    /// How many packets are drawn: those that are meant.
    pub(crate) fn packets(&self) -> u64 {
        self.shown.packets
    }

    /// The whole drawing's height.
    pub(crate) fn height(&mut self, source: Source<'_>) -> f64 {
        self.settle(source);
        self.warp.height().max(self.cards.bottom)
    }

    pub(super) fn ladder_height(&self) -> f64 {
        self.warp.height()
    }

    pub(super) fn of_time(&self, ns: u64) -> f64 {
        self.warp.of_time(ns)
    }

    /// The height down to which a time has come.
    pub(crate) fn y_of(&mut self, source: Source<'_>, ns: u64) -> f64 {
        self.settle(source);
        self.warp.reached(ns)
    }

    /// The time to which a height belongs.
    pub(crate) fn time_of(&mut self, source: Source<'_>, y: f64) -> u64 {
        self.settle(source);
        self.warp.reached_at(y)
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Where a packet's arrow begins and ends.
    pub(super) fn arrow_ends(&self, source: Source<'_>, index: usize) -> Option<(Point, Point)> {
        let item = *self.item_of.get(index).filter(|&&item| item != NO_ITEM)?;
        let shape = self.arrows(source).shape(item)?;
        Some((shape.tail, shape.tip))
    }

    /// The heights between which a packet's arrow lies.
    pub(crate) fn row_of(&mut self, source: Source<'_>, index: usize) -> Option<Band> {
        self.settle(source);
        let (tail, tip) = self.arrow_ends(source, index)?;
        Some(Band {
            y0: tail.y.min(tip.y) - 10.0,
            y1: tail.y.max(tip.y) + 8.0,
        })
    }

    /// Packets and retransmissions in each of `bins` equal parts of the height.
    pub(crate) fn density(&mut self, source: Source<'_>, bins: usize) -> Vec<[u32; 2]> {
        self.settle(source);
        let mut density = vec![[0, 0]; bins];
        let height = self.warp.height();
        for index in 0..self.warp.items().len() {
            let (y, _) = self.warp.of_item(index);
            let bin = (y / height * bins as f64) as usize;
            let packet = self.warp.items()[index].packet;
            let folded = self.folds.headed_by(packet).map_or(1, |part| part.packets);
            let packet = packet as usize;
            let Some(digest) = source.analysis.digests().get(packet) else {
                continue;
            };
            if let Some(bin) = density.get_mut(bin.min(bins.saturating_sub(1))) {
                bin[0] += folded;
                bin[1] += u32::from(matches!(digest.kind, Kind::Retransmission | Kind::Rst));
            }
        }
        density
    }

    /// What touches the heights from `y0` to `y1`.
    pub(crate) fn window(&mut self, source: Source<'_>, y0: f64, y1: f64) -> Scene {
        self.settle(source);
        let height = self.warp.height().max(self.cards.bottom);
        let (y0, y1) = (y0.clamp(0.0, height), y1.clamp(0.0, height));
        let (first, last) = (chunk_of(y0 - REACH), chunk_of(y1 + REACH));
        for chunk in self.chunks_between(first, last) {
            self.ensure(source, chunk);
        }
        let mut texts: BTreeMap<Key, Label> = BTreeMap::new();
        for placed in self.chunks.range(first..=last).map(|(_, placed)| placed) {
            texts.extend(placed.labels.iter().cloned());
        }
        let mut scene = self.empty_scene(source, (y0, y1), height);
        self.add_arrows(source, &mut scene, &texts);
        let surroundings = furniture::Surroundings {
            source,
            warp: &self.warp,
            lanes: &self.lanes,
            spans: &self.spans,
            folds: &self.folds,
            hidden: &self.hidden,
            shown: source.wanted.map(|_| &self.shown.streams),
        };
        surroundings.add(&mut scene, &texts);
        scene.cards = self.cards.between(y0, y1).cloned().collect();
        scene.periods = self.cards.periods_between(y0, y1).copied().collect();
        while self.chunks.len() > MAX_CHUNKS {
            let far = self
                .chunks
                .keys()
                .copied()
                .max_by_key(|chunk| chunk.abs_diff(first));
            let Some(far) = far else { break };
            self.chunks.remove(&far);
        }
        scene
    }

    fn empty_scene(&self, source: Source<'_>, window: (f64, f64), height: f64) -> Scene {
        let view = source.view;
        Scene {
            width: view.width,
            ladder_width: self.lanes.width,
            height,
            window,
            head_height: self.lanes.head_height,
            char_width: view.metrics.char_width,
            line_height: view.metrics.line_height,
            axis: view.axis,
            labels: view.labels,
            clock: self.lanes.clock.clone(),
            far_clock: self.lanes.far_clock.clone(),
            lanes: self.lanes.lanes.clone(),
            ..Scene::default()
        }
    }

    fn add_arrows(&self, source: Source<'_>, scene: &mut Scene, texts: &BTreeMap<Key, Label>) {
        let (y0, y1) = scene.window;
        let (items, left_out) =
            self.items_drawn(source, y0 - MAX_FALL - 20.0, y1 + MAX_FALL + 20.0);
        scene.arrows_left_out = left_out;
        let selected = source.view.selected;
        let focus = focused_stream(source);
        let highlights = source.capture.annotations().highlights();
        let arrows = self.arrows(source);
        for item in items {
            self.add_ghost(arrows, item, scene, texts);
            let Some(shape) = arrows.shape(item) else {
                continue;
            };
            let (top, bottom) = (shape.tail.y.min(shape.tip.y), shape.tail.y.max(shape.tip.y));
            if bottom + 20.0 < y0 || top - 20.0 > y1 {
                continue;
            }
            let mut arrow = arrows.arrow(Drawn::Item(item), shape);
            arrow.label = texts.get(&Key::Arrow(item)).cloned();
            if focus.is_some() {
                let packet = self.warp.items()[item as usize].packet as usize;
                let tcp = source
                    .analysis
                    .digests()
                    .get(packet)
                    .and_then(|digest| digest.tcp);
                arrow.in_focus = tcp.map(|tcp| tcp.stream) == focus;
            }
            let band = Band {
                y0: top - 14.0,
                y1: bottom + 10.0,
            };
            if arrow.frame.is_some_and(|id| highlights.contains(&id)) {
                scene.highlights.push(band);
            }
            if Some(arrow.number) == selected && arrow.certainty == Certainty::Firm {
                scene.selection = Some(band);
            }
            scene.arrows.push(arrow);
        }
        scene
            .arrows
            .sort_by(|a, b| a.tail.y.total_cmp(&b.tail.y).then(a.number.cmp(&b.number)));
    }

    /// The items that are drawn of those between two heights, and how many are not.
    fn items_drawn(&self, source: Source<'_>, y0: f64, y1: f64) -> (Vec<u32>, u64) {
        if source.view.axis != Axis::Linear || self.warp.events_between(y0, y1) <= MAX_EVENTS {
            return (self.warp.items_between(y0, y1), 0);
        }
        let (mut items, mut all) = (Vec::new(), 0);
        for chunk in self.chunks_between(chunk_of(y0), chunk_of(y1)) {
            let (top, bottom) = (chunk as f64 * CHUNK, (chunk + 1) as f64 * CHUNK);
            match self.telling.of_chunk(&self.warp, chunk, thin::DRAWN) {
                Some(thinned) => {
                    all += self.warp.seen_between(top, bottom).len();
                    items.extend(thinned);
                }
                None => {
                    let whole = self.warp.items_between(top, bottom);
                    all += whole.len();
                    items.extend(whole);
                }
            }
        }
        let selected = source.view.selected.and_then(|number| {
            let packet = usize::try_from(number.checked_sub(1)?).ok()?;
            self.item_of.get(packet).copied()
        });
        items.extend(selected.filter(|&item| item != NO_ITEM));
        items.sort_unstable();
        items.dedup();
        let left_out = all.saturating_sub(items.len()) as u64;
        (items, left_out)
    }

    /// The ghost that an item's packet revealed, if it did.
    fn add_ghost(
        &self,
        arrows: Arrows<'_>,
        item: u32,
        scene: &mut Scene,
        texts: &BTreeMap<Key, Label>,
    ) {
        let packet = self.warp.items()[item as usize].packet;
        let Some(&filler) = self.ghosts.get(&packet) else {
            return;
        };
        let Some(shape) = arrows.ghost_shape(item) else {
            return;
        };
        let (y0, y1) = scene.window;
        if shape.tip.y + 20.0 < y0 || shape.tail.y - 20.0 > y1 {
            return;
        }
        let mut ghost = arrows.arrow(Drawn::Ghost(filler), shape);
        ghost.label = texts.get(&Key::Ghost(packet)).cloned();
        scene.arrows.push(ghost);
    }

    fn arrows<'a>(&'a self, source: Source<'a>) -> Arrows<'a> {
        Arrows {
            source,
            warp: &self.warp,
            lanes: &self.lanes,
            folds: &self.folds,
        }
    }
}

fn focused_stream(source: Source<'_>) -> Option<u32> {
    let index = usize::try_from(source.view.selected?.checked_sub(1)?).ok()?;
    source
        .analysis
        .digests()
        .get(index)?
        .tcp
        .map(|tcp| tcp.stream)
}

/// The packet as something to be drawn, if the view shows it.
fn item_of(source: Source<'_>, index: usize) -> Option<Item> {
    let digest = source.analysis.digests().get(index)?;
    let times = source.timing.times().get(index)?;
    let frame = source.capture.frames().get(index)?;
    let arrives = digest.to != HostId::EVERYONE && !matches!(frame.fate, Fate::Refused(_));
    source.shows(index).then_some(Item {
        packet: u32::try_from(index).unwrap_or(NO_ITEM),
        departure_ns: times.departure_ns,
        arrival_ns: match frame.died {
            Some(died) => would_arrive(times.departure_ns, died.as_nanos()),
            None => arrives.then_some(times.arrival_ns),
        },
        sender: digest.from.0,
        near_ns: frame.at.as_nanos(),
        near_departs: near_departs(frame.at.as_nanos(), times),
        detached: false,
    })
}

/// When a packet would have arrived that died half-way; none of one that found no room to
/// leave.
fn would_arrive(departure_ns: u64, died_ns: u64) -> Option<u64> {
    (died_ns > departure_ns).then(|| died_ns.saturating_add(died_ns - departure_ns))
}

/// Whether the vantage point saw a packet nearer to its departure than to its
/// arrival.
pub(super) fn near_departs(at_ns: u64, times: &Times) -> bool {
    at_ns.abs_diff(times.departure_ns) <= at_ns.abs_diff(times.arrival_ns)
}

/// `SYN`, `SYN ACK`, `PSH ACK`, `FIN PSH ACK`: as people say it.
pub(crate) fn flags_text(flags: Flags) -> String {
    let names = [
        (Flags::SYN, "SYN"),
        (Flags::FIN, "FIN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::URG, "URG"),
        (Flags::ACK, "ACK"),
    ];
    let set: Vec<_> = names
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|&(_, name)| name)
        .collect();
    set.join(" ")
}

/// The axis tells whether heights mean time.
pub(super) const fn is_timed(axis: Axis) -> bool {
    !matches!(axis, Axis::Rows)
}
