//! The ladder: items in, windows of a [`Scene`] out.

use super::furniture::{self, Key};
use super::lanes::{Lanes, chars, lanes};
use super::place::{Bounds, CHUNK, Placed, REACH, Request, place};
use super::scene::{
    Anchor, Arrow, ArrowEnd, ArrowTcp, Band, Certainty, Kind, Label, LabelRole, Point, Scene,
};
use super::warp::{Item, Warp};
use crate::analysis::{Analysis, HostId};
use crate::capture::{Capture, Fate};
use crate::clock::ClockMap;
use crate::states::States;
use crate::timing::Timing;
use crate::view::{Axis, Filter, View};
use crate::words::{self, Story};
use std::collections::BTreeMap;
use synema_core::wire::tcp::Flags;

/// An arrow never falls by more than this: what lies farther apart is drawn
/// shortened, for no screen would show both its ends.
const MAX_FALL: f64 = 460.0;
/// What was lost died here, as a part of the way.
const LOST_AT: f64 = 0.62;
/// More arrows in one window than this are not drawn ([`Axis::Linear`]).
const MAX_ARROWS: usize = 1_500;
/// Chunks of placed texts that are remembered.
const MAX_CHUNKS: usize = 64;

/// What a ladder is made from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) capture: &'a Capture,
    pub(crate) analysis: &'a Analysis,
    pub(crate) states: &'a States,
    pub(crate) timing: &'a Timing,
    pub(crate) clock: &'a ClockMap,
    pub(crate) view: &'a View,
}

impl<'a> Source<'a> {
    pub(super) fn story(self) -> Story<'a> {
        Story {
            capture: self.capture,
            analysis: self.analysis,
        }
    }

    /// The time that the ticks count from.
    pub(super) fn origin_ns(self) -> u64 {
        self.capture
            .frames()
            .first()
            .map_or(0, |frame| frame.at.as_nanos())
    }

    pub(crate) fn shows(self, index: usize) -> bool {
        match self.view.filter {
            Filter::All => true,
            Filter::Stream(stream) => self
                .analysis
                .digests()
                .get(index)
                .and_then(|digest| digest.tcp)
                .is_some_and(|tcp| tcp.stream == stream),
        }
    }
}

/// Heights, lanes and placed texts of one view of a document.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    warp: Warp,
    lanes: Lanes,
    chunks: BTreeMap<i64, Placed<Key>>,
    /// Packet -> item.
    item_of: Vec<u32>,
}

const NO_ITEM: u32 = u32::MAX;

impl Ladder {
    /// Nothing yet.
    pub(crate) fn empty(view: &View) -> Self {
        let row_height = view.metrics.line_height + 4.0;
        Self {
            warp: Warp::new(view.axis, None, row_height),
            lanes: Lanes::default(),
            chunks: BTreeMap::new(),
            item_of: Vec::new(),
        }
    }

    /// Lays out all that is there.
    pub(crate) fn new(source: Source<'_>) -> Self {
        let mut ladder = Self::empty(source.view);
        ladder
            .warp
            .set_round_trip(source.timing.typical_round_trip_ns());
        let mut items = Vec::new();
        for index in 0..source.analysis.digests().len() {
            ladder.item_of.push(NO_ITEM);
            for item in items_of(source, index).into_iter().flatten() {
                if !item.ghost {
                    ladder.item_of[index] = u32::try_from(items.len()).unwrap_or(NO_ITEM);
                }
                items.push(item);
            }
        }
        ladder.warp.extend(items);
        ladder
    }

    /// A packet was appended.
    pub(crate) fn push(&mut self, source: Source<'_>, index: usize) {
        self.item_of.resize(index + 1, NO_ITEM);
        for item in items_of(source, index).into_iter().flatten() {
            if !item.ghost {
                self.item_of[index] = u32::try_from(self.warp.items().len()).unwrap_or(NO_ITEM);
            }
            self.warp.push(item);
        }
    }

    /// A packet's times, or what the trace says of it, changed.
    pub(crate) fn change(&mut self, source: Source<'_>, index: usize) {
        let Some(&item) = self.item_of.get(index).filter(|&&item| item != NO_ITEM) else {
            return;
        };
        if let Some(new) = items_of(source, index)
            .into_iter()
            .flatten()
            .find(|item| !item.ghost)
        {
            self.warp.change(item as usize, new);
            self.forget_from(self.warp.of_item(item as usize).0);
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
        let lanes = lanes(source.analysis, source.view);
        if lanes != self.lanes {
            self.lanes = lanes;
            self.chunks.clear();
        }
    }

    /// Forgets where texts were placed: something about them changed.
    pub(crate) fn forget_texts(&mut self) {
        self.chunks.clear();
    }

    /// The whole drawing's height.
    pub(crate) fn height(&mut self, source: Source<'_>) -> f64 {
        self.settle(source);
        self.warp.height()
    }

    /// The heights between which a packet's arrow lies.
    pub(crate) fn row_of(&mut self, source: Source<'_>, index: usize) -> Option<Band> {
        self.settle(source);
        let item = *self.item_of.get(index).filter(|&&item| item != NO_ITEM)?;
        let shape = self.shape(source, item)?;
        Some(Band {
            y0: shape.tail.y.min(shape.tip.y) - 10.0,
            y1: shape.tail.y.max(shape.tip.y) + 8.0,
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
            let packet = self.warp.items()[index].packet as usize;
            let Some(digest) = source.analysis.digests().get(packet) else {
                continue;
            };
            if let Some(bin) = density.get_mut(bin.min(bins.saturating_sub(1))) {
                bin[0] += 1;
                bin[1] += u32::from(matches!(digest.kind, Kind::Retransmission | Kind::Rst));
            }
        }
        density
    }

    /// What touches the heights from `y0` to `y1`.
    pub(crate) fn window(&mut self, source: Source<'_>, y0: f64, y1: f64) -> Scene {
        self.settle(source);
        let height = self.warp.height();
        let (y0, y1) = (y0.clamp(0.0, height), y1.clamp(0.0, height));
        let (first, last) = (chunk_of(y0 - REACH), chunk_of(y1 + REACH));
        for chunk in first..=last {
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
        };
        surroundings.add(&mut scene, &texts);
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
            height,
            window,
            head_height: self.lanes.head_height,
            char_width: view.metrics.char_width,
            line_height: view.metrics.line_height,
            axis: view.axis,
            labels: view.labels,
            clock: self.lanes.clock.clone(),
            lanes: self.lanes.lanes.clone(),
            ..Scene::default()
        }
    }

    fn add_arrows(&self, source: Source<'_>, scene: &mut Scene, texts: &BTreeMap<Key, Label>) {
        let (y0, y1) = scene.window;
        let mut items = self
            .warp
            .items_between(y0 - MAX_FALL - 20.0, y1 + MAX_FALL + 20.0);
        let selected = source.view.selected;
        if items.len() > MAX_ARROWS {
            let step = items.len().div_ceil(MAX_ARROWS);
            let all = items.len();
            items.retain(|&item| {
                let number = u64::from(self.warp.items()[item as usize].packet) + 1;
                (item as usize).is_multiple_of(step) || Some(number) == selected
            });
            scene.arrows_left_out = (all - items.len()) as u64;
        }
        let focus = focused_stream(source);
        for item in items {
            let Some(shape) = self.shape(source, item) else {
                continue;
            };
            let (top, bottom) = (shape.tail.y.min(shape.tip.y), shape.tail.y.max(shape.tip.y));
            if bottom + 20.0 < y0 || top - 20.0 > y1 {
                continue;
            }
            let mut arrow = self.arrow(source, item, shape);
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
            if Some(arrow.number) == selected && arrow.certainty == Certainty::Firm {
                scene.selection = Some(Band {
                    y0: top - 14.0,
                    y1: bottom + 10.0,
                });
            }
            scene.arrows.push(arrow);
        }
        scene
            .arrows
            .sort_by(|a, b| a.tail.y.total_cmp(&b.tail.y).then(a.number.cmp(&b.number)));
    }

    /// Fills a chunk with texts, its neighbours first where it is odd.
    fn ensure(&mut self, source: Source<'_>, chunk: i64) {
        if chunk < 0 || self.chunks.contains_key(&chunk) {
            return;
        }
        let bounds = Bounds {
            width: source.view.width,
            line_height: source.view.metrics.line_height,
            height: self.warp.height(),
            chunk,
        };
        let requests = self.requests(source, chunk);
        let placed = if chunk % 2 == 0 {
            place(requests, bounds, &[])
        } else {
            self.ensure(source, chunk - 1);
            self.ensure(source, chunk + 1);
            let around: Vec<_> = [chunk - 1, chunk + 1]
                .iter()
                .filter_map(|chunk| self.chunks.get(chunk))
                .collect();
            place(requests, bounds, &around)
        };
        self.chunks.insert(chunk, placed);
    }

    /// All texts that are anchored in a chunk, the most important first.
    fn requests(&self, source: Source<'_>, chunk: i64) -> Vec<Request<Key>> {
        let (y0, y1) = (chunk as f64 * CHUNK, (chunk + 1) as f64 * CHUNK);
        let surroundings = furniture::Surroundings {
            source,
            warp: &self.warp,
            lanes: &self.lanes,
        };
        let mut requests = surroundings.first_requests(y0, y1);
        let mut items = self.warp.items_between(y0, y1);
        items.retain(|&item| {
            let (tail, _) = self.warp.of_item(item as usize);
            (y0..y1).contains(&tail)
        });
        if items.len() <= MAX_ARROWS {
            for item in items {
                let Some(shape) = self.shape(source, item) else {
                    continue;
                };
                requests.push(Request {
                    key: Key::Arrow(item),
                    candidates: self.arrow_texts(source, item, shape),
                });
            }
        }
        requests.extend(surroundings.last_requests(y0, y1));
        requests
    }

    fn arrow_texts(&self, source: Source<'_>, item: u32, shape: Shape) -> Vec<Label> {
        let Item { packet, ghost, .. } = self.warp.items()[item as usize];
        let view = source.view;
        let digest = source.analysis.digests().get(packet as usize);
        let wordings = match digest.and_then(|digest| digest.tcp) {
            Some(tcp) if ghost => words::ghost_labels(&tcp, view.labels),
            _ => words::labels(source.story(), packet as usize, view.labels),
        };
        let certainty = if ghost {
            Certainty::Inferred
        } else {
            Certainty::Firm
        };
        let line = Line::of(shape);
        let room = view.width - 16.0;
        let mut candidates = Vec::new();
        for text in wordings {
            let text = words::cut(&text, (room / view.metrics.char_width) as usize);
            let width = chars(&text) * view.metrics.char_width;
            for (x, y) in line.places(width, view.width) {
                candidates.push(Label {
                    text: text.clone(),
                    x,
                    y,
                    cos: line.cos,
                    sin: line.sin,
                    anchor: Anchor::Middle,
                    width,
                    role: LabelRole::Arrow,
                    certainty,
                });
            }
        }
        candidates
    }

    /// Where an item's arrow begins and ends.
    fn shape(&self, source: Source<'_>, item: u32) -> Option<Shape> {
        let Item { packet, ghost, .. } = *self.warp.items().get(item as usize)?;
        let digest = source.analysis.digests().get(packet as usize)?;
        let frame = source.capture.frames().get(packet as usize)?;
        let times = source.timing.times().get(packet as usize)?;
        let (departs, arrives) = self.warp.of_item(item as usize);
        let from = self.lanes.of(digest.from)?;
        let everyone = digest.to == HostId::EVERYONE;
        let to = if everyone {
            self.broadcast_lane(from)
        } else {
            self.lanes.of(digest.to)?
        };
        let end = match &frame.fate {
            _ if ghost => ArrowEnd::Lost,
            Fate::LostLater | Fate::NeverSeen => ArrowEnd::Lost,
            Fate::Refused(_) => ArrowEnd::Refused,
            Fate::Seen if everyone => ArrowEnd::Everyone,
            Fate::Seen if frame.dropped.is_some() => ArrowEnd::Dropped,
            Fate::Seen => ArrowEnd::Arrives,
        };
        let x0 = self.lanes.x(from);
        let mut x1 = if to == from {
            self.lanes.right
        } else {
            self.lanes.x(to)
        };
        if to == from && from == self.lanes.last() && x0 >= self.lanes.right {
            x1 = self.lanes.left;
        }
        let (mut tail, mut tip) = (Point { x: x0, y: departs }, Point { x: x1, y: arrives });
        let shortened = tip.y - tail.y > MAX_FALL;
        if shortened {
            // The end that is known keeps its place.
            if times.arrival_known && !times.departure_known {
                tail.y = tip.y - MAX_FALL;
            } else {
                tip.y = tail.y + MAX_FALL;
            }
        }
        match end {
            ArrowEnd::Lost => {
                tip.x = x0 + (x1 - x0) * LOST_AT;
                tip.y = tail.y
                    + if arrives > departs {
                        (tip.y - tail.y) * LOST_AT
                    } else {
                        16.0
                    };
            }
            ArrowEnd::Refused => {
                tip.x = x0 + (x1 - x0).signum() * 34.0_f64.min((x1 - x0).abs());
                tip.y = tail.y;
            }
            _ => {}
        }
        Some(Shape {
            from,
            to,
            tail,
            tip,
            end,
            shortened,
        })
    }

    /// A broadcast goes to the far end of the sender's link.
    fn broadcast_lane(&self, from: u16) -> u16 {
        if from == self.lanes.link_end {
            0
        } else {
            self.lanes.link_end
        }
    }

    fn arrow(&self, source: Source<'_>, item: u32, shape: Shape) -> Arrow {
        let Item { packet, ghost, .. } = self.warp.items()[item as usize];
        let index = packet as usize;
        let digest = &source.analysis.digests()[index];
        let frame = &source.capture.frames()[index];
        let times = &source.timing.times()[index];
        let certain = |known: bool| {
            if known {
                Certainty::Firm
            } else {
                Certainty::Inferred
            }
        };
        let tcp = digest.tcp.map(|tcp| ArrowTcp {
            flags: flags_text(tcp.flags),
            seq: u64::try_from(tcp.seq).unwrap_or(0),
            ack: tcp.flags.ack().then(|| u64::try_from(tcp.ack).unwrap_or(0)),
            len: tcp.len,
        });
        let title = if ghost {
            format!("Never seen here: what packet {} carries again", index + 1)
        } else {
            format!(
                "Packet {}: {}",
                index + 1,
                words::title(source.story(), index)
            )
        };
        Arrow {
            number: index as u64 + 1,
            frame: (!ghost).then_some(frame.id),
            kind: if ghost { Kind::Data } else { digest.kind },
            certainty: if ghost {
                Certainty::Inferred
            } else {
                Certainty::Firm
            },
            from: shape.from,
            to: shape.to,
            tail: shape.tail,
            tip: shape.tip,
            departure: certain(times.departure_known),
            arrival: certain(times.arrival_known),
            end: shape.end,
            shortened: shape.shortened,
            label: None,
            title,
            tcp,
            cause: if ghost { None } else { frame.cause },
            in_focus: true,
        }
    }
}

fn chunk_of(y: f64) -> i64 {
    (y / CHUNK).floor().max(0.0) as i64
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

/// The packet itself, and before it the ghost of its first transmission if that
/// was never seen.
fn items_of(source: Source<'_>, index: usize) -> [Option<Item>; 2] {
    let (Some(digest), Some(times), Some(frame)) = (
        source.analysis.digests().get(index),
        source.timing.times().get(index),
        source.capture.frames().get(index),
    ) else {
        return [None, None];
    };
    if !source.shows(index) {
        return [None, None];
    }
    let packet = u32::try_from(index).unwrap_or(NO_ITEM);
    let arrives = digest.to != HostId::EVERYONE && !matches!(frame.fate, Fate::Refused(_));
    let own = Item {
        packet,
        ghost: false,
        departure_ns: times.departure_ns,
        arrival_ns: arrives.then_some(times.arrival_ns),
        sender: digest.from.0,
    };
    let ghost = digest
        .tcp
        .and_then(|tcp| source.timing.times().get(tcp.unseen_before as usize))
        .map(|revealed| Item {
            packet,
            ghost: true,
            departure_ns: revealed.departure_ns.saturating_sub(1),
            arrival_ns: None,
            sender: digest.from.0,
        });
    [ghost, Some(own)]
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

/// Where an arrow begins and ends, and between which lanes.
#[derive(Clone, Copy, Debug)]
struct Shape {
    from: u16,
    to: u16,
    tail: Point,
    tip: Point,
    end: ArrowEnd,
    shortened: bool,
}

/// The arrow as a line that is read from left to right.
struct Line {
    left: Point,
    length: f64,
    cos: f64,
    sin: f64,
    /// Whether the sender is at the left.
    rightwards: bool,
}

impl Line {
    fn of(shape: Shape) -> Self {
        let rightwards = shape.tip.x >= shape.tail.x;
        let (left, right) = if rightwards {
            (shape.tail, shape.tip)
        } else {
            (shape.tip, shape.tail)
        };
        let (dx, dy) = (right.x - left.x, right.y - left.y);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        Self {
            left,
            length,
            cos: dx / length,
            sin: dy / length,
            rightwards,
        }
    }

    /// Where the middle of a text of this width may be, the best places first:
    /// in the sender's half, then wherever there is room along the arrow.
    fn places(&self, width: f64, drawing_width: f64) -> impl Iterator<Item = (f64, f64)> {
        const PARTS: [f64; 9] = [0.34, 0.26, 0.42, 0.5, 0.18, 0.58, 0.66, 0.74, 0.82];
        // How far the text's bottom is above the line.
        const ABOVE: f64 = 4.0;
        let (least, most) = (width / 2.0 + 14.0, self.length - width / 2.0 - 14.0);
        // Longer than its arrow: it may reach beyond, but not out of the drawing.
        let half = width / 2.0 * self.cos + 4.0;
        PARTS.into_iter().map(move |part| {
            let from_sender = part * self.length;
            let along = if self.rightwards {
                from_sender
            } else {
                self.length - from_sender
            };
            let along = if least <= most {
                along.clamp(least, most)
            } else {
                self.length / 2.0
            };
            let x = self.left.x + along * self.cos;
            let y = self.left.y + along * self.sin;
            let within = x.clamp(half, (drawing_width - half).max(half));
            let y = y
                + (within - x)
                    * if self.cos > 0.2 {
                        self.sin / self.cos
                    } else {
                        0.0
                    };
            (within + ABOVE * self.sin, y - ABOVE * self.cos)
        })
    }
}

/// The axis tells whether heights mean time.
pub(super) const fn is_timed(axis: Axis) -> bool {
    !matches!(axis, Axis::Rows)
}
