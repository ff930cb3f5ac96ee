//! One packet as an arrow: where it begins and ends, its texts, what it says.

use super::folds::Folds;
use super::ladder::flags_text;
use super::lanes::Lanes;
use super::scene::{Anchor, Arrow, ArrowEnd, ArrowTcp, Certainty, Kind, Label, LabelRole, Point};
use super::slots::{offset, second, slot};
use super::source::Source;
use super::warp::{Item, Warp};
use crate::analysis::HostId;
use crate::capture::Fate;
use crate::words::{self, say};

/// An arrow never falls by more than this: what lies farther apart is drawn
/// shortened, for no screen would show both its ends.
pub(super) const MAX_FALL: f64 = 320.0;
/// What was lost died here, as a part of the way.
const LOST_AT: f64 = 0.62;
/// Where a simulator's wire loses what it loses: half-way, unless there was no room for it
/// to leave.
const DIED_AT: f64 = 0.5;
const NEVER_LEFT: f64 = 0.12;
/// A ghost has no height of its own: it is drawn between two departures.
const GHOST_ABOVE: f64 = 8.5;

/// Where along its arrow a label may be, from the sender, the best places first; the
/// first [`NEAR`] of them near the sender.
const PARTS: [f64; 9] = [0.34, 0.28, 0.22, 0.17, 0.42, 0.5, 0.58, 0.66, 0.76];
const NEAR: usize = 5;

/// What an arrow stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drawn {
    /// An item.
    Item(u32),
    /// What was never seen, and which packet carries it again.
    Ghost(u32),
}

impl Drawn {
    fn packet(self, warp: &Warp) -> u32 {
        match self {
            Self::Item(item) => warp.items()[item as usize].packet,
            Self::Ghost(filler) => filler,
        }
    }

    const fn is_ghost(self) -> bool {
        matches!(self, Self::Ghost(_))
    }
}

/// What is needed to draw arrows.
#[derive(Clone, Copy)]
pub(super) struct Arrows<'a> {
    pub(super) source: Source<'a>,
    pub(super) warp: &'a Warp,
    pub(super) lanes: &'a Lanes,
    pub(super) folds: &'a Folds,
}

impl Arrows<'_> {
    pub(super) fn texts(&self, drawn: Drawn, shape: Shape) -> Vec<Label> {
        let (packet, ghost) = (drawn.packet(self.warp), drawn.is_ghost());
        let view = self.source.view;
        let digest = self.source.analysis.digests().get(packet as usize);
        let fold = self.folds.headed_by(packet).filter(|_| !ghost);
        let wordings = match digest.and_then(|digest| digest.tcp) {
            Some(_) if let Some(fold) = fold => {
                words::folded_labels(view.language, &fold.told(), view.labels)
            }
            Some(tcp) if ghost => words::ghost_labels(view.language, &tcp, view.labels),
            _ => words::labels(self.source.story(), packet as usize, view.labels),
        };
        // The second conversation and those after it say whose SYN it is.
        let tcp = digest.and_then(|digest| digest.tcp);
        let tcp = tcp.filter(|tcp| tcp.flags.syn() && !ghost);
        let port = tcp.and_then(|tcp| second(self.source, tcp.stream));
        let long = wordings.first().zip(port);
        let long = long.map(|(text, info)| format!("{text} :{}", info.client.1));
        let certainty = if ghost {
            Certainty::Inferred
        } else {
            Certainty::Firm
        };
        let line = Line::of(shape);
        let room = self.lanes.width - 16.0;
        let mut candidates = Vec::new();
        // What fits between the lanes comes first, however short; what does not, after.
        let (fitting, longer): (Vec<_>, Vec<_>) = long
            .into_iter()
            .chain(wordings)
            .partition(|text| view.metrics.width(text) + 24.0 <= line.length);
        let texts: Vec<_> = fitting
            .into_iter()
            .chain(longer.into_iter().rev())
            .collect();
        // A shorter wording near the sender before a longer one far away.
        let parts = PARTS.split_at(NEAR);
        let near = texts.iter().map(|text| (text, parts.0));
        for (text, parts) in near.chain(texts.iter().map(|text| (text, parts.1))) {
            let text = view.metrics.cut(text, room);
            let width = view.metrics.width(&text);
            for (x, y) in line.places(width, parts, self.lanes.width) {
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
    pub(super) fn shape(&self, item: u32) -> Option<Shape> {
        let Item { packet, .. } = *self.warp.items().get(item as usize)?;
        let digest = self.source.analysis.digests().get(packet as usize)?;
        let frame = self.source.capture.frames().get(packet as usize)?;
        let times = self.source.timing.times().get(packet as usize)?;
        let (departs, arrives) = self.warp.of_item(item as usize);
        let from = self.lanes.of(digest.from)?;
        let everyone = digest.to == HostId::EVERYONE;
        let to = if everyone {
            self.broadcast_lane(from)
        } else {
            self.lanes.of(digest.to)?
        };
        let end = match &frame.fate {
            Fate::LostLater | Fate::NeverSeen => ArrowEnd::Lost,
            Fate::Refused(_) => ArrowEnd::Refused,
            Fate::Elsewhere if frame.died.is_some() => ArrowEnd::Lost,
            Fate::Seen | Fate::Elsewhere if everyone => ArrowEnd::Everyone,
            Fate::Seen | Fate::Elsewhere if frame.dropped.is_some() => ArrowEnd::Dropped,
            Fate::Seen | Fate::Elsewhere => ArrowEnd::Arrives,
        };
        // At its own conversation's bar.
        let at = |lane, host| {
            let slot = digest
                .tcp
                .and_then(|tcp| slot(self.source, tcp.stream, host));
            let slot = slot.filter(|_| !self.lanes.is_shared(lane)).unwrap_or(0);
            self.lanes.x(lane) + offset(self.lanes, lane, slot)
        };
        let x0 = at(from, digest.from);
        let mut x1 = if to == from {
            self.lanes.right
        } else {
            at(to, digest.to)
        };
        if to == from && from == self.lanes.last() && x0 >= self.lanes.right {
            x1 = self.lanes.left;
        }
        let (mut tail, mut tip) = (Point { x: x0, y: departs }, Point { x: x1, y: arrives });
        let too_far = tip.y - tail.y > MAX_FALL;
        let shortened = too_far || self.warp.items()[item as usize].detached;
        if too_far {
            // The end that is known keeps its place.
            if times.arrival_known && !times.departure_known {
                tail.y = tip.y - MAX_FALL;
            } else {
                tip.y = tail.y + MAX_FALL;
            }
        }
        match end {
            ArrowEnd::Lost => {
                let part = match frame.died {
                    Some(died) if died.as_nanos() <= times.departure_ns => NEVER_LEFT,
                    Some(_) => DIED_AT,
                    None => LOST_AT,
                };
                tip.x = x0 + (x1 - x0) * part;
                tip.y = tail.y
                    + if arrives > departs {
                        (tip.y - tail.y) * part
                    } else {
                        26.0 * part
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

    pub(super) fn arrow(&self, drawn: Drawn, shape: Shape) -> Arrow {
        let (packet, ghost) = (drawn.packet(self.warp), drawn.is_ghost());
        let index = packet as usize;
        let digest = &self.source.analysis.digests()[index];
        let frame = &self.source.capture.frames()[index];
        let times = &self.source.timing.times()[index];
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
        let fold = self.folds.headed_by(packet).filter(|_| !ghost);
        let fold = fold.map(|part| part.told());
        let language = self.source.view.language;
        let title = if let Some(fold) = &fold {
            words::folded_title(language, fold)
        } else if ghost {
            say!(
                language,
                "Never seen here: what packet {n} carries again",
                "ここでは見えず: パケット {n} が再び運ぶもの",
                n = index + 1
            )
        } else {
            say!(
                language,
                "Packet {n}: {title}",
                "パケット {n}: {title}",
                n = index + 1,
                title = words::title(self.source.story(), index)
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
            fold,
        }
    }

    /// A ghost departs just before the packet that showed the hole, and is lost.
    pub(super) fn ghost_shape(&self, revealed: u32) -> Option<Shape> {
        let shape = self.shape(revealed)?;
        let (dx, dy) = (shape.tip.x - shape.tail.x, shape.tip.y - shape.tail.y);
        let tail = Point {
            x: shape.tail.x,
            y: shape.tail.y - GHOST_ABOVE,
        };
        let tip = Point {
            x: tail.x + dx * LOST_AT,
            y: tail.y + dy * LOST_AT,
        };
        Some(Shape {
            tail,
            tip,
            end: ArrowEnd::Lost,
            shortened: false,
            ..shape
        })
    }
}

/// Where an arrow begins and ends, and between which lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) tail: Point,
    pub(super) tip: Point,
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

    /// Where the middle of a text of this width may be, for these parts of the arrow.
    fn places(
        &self,
        width: f64,
        parts: &[f64],
        drawing_width: f64,
    ) -> impl Iterator<Item = (f64, f64)> {
        // How far the text's bottom is above the line.
        const ABOVE: f64 = 4.0;
        let (least, most) = (width / 2.0 + 14.0, self.length - width / 2.0 - 14.0);
        // Longer than its arrow: it may reach beyond, but not out of the drawing.
        let half = width / 2.0 * self.cos + 4.0;
        parts.iter().map(move |part| {
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
