//! Notes as cards in a column of their own, at the right of the ladder: each beside what
//! it is written on, or as near below as those above it allow.
//!
//! ```text
//!  ladder                    │ column
//!  ┃──────────►┃· · · · · · ·│┌──────┐
//!  ┃◄──────────┃             ││ note │
//!  ┃──────────►┃· · · · ·    │└──────┘
//!                         · ·│┌──────┐
//!                            ││ next │
//! ```
//!
//! Where a drawing is too narrow for that, they stand below the ladder.

use super::ladder::Ladder;
use super::scene::{Band, Card, Label, LabelRole, Point};
use super::source::Source;
use crate::annotate::{Note, On};
use crate::words::{self, say};

/// The column is no wider than this part of a drawing.
const MOST: f64 = 0.36;
/// A narrower drawing has no room for it.
const LEAST_WIDTH: f64 = 640.0;
/// Between the ladder and a card, and between a card and the edge.
const GUTTER: f64 = 10.0;
/// Between a card's edge and its text.
const PAD: f64 = 8.0;
/// Between two cards.
const APART: f64 = 8.0;
/// The last card may end so far below the ladder.
const LOWER: f64 = 90.0;
/// How far a card's top is above what it is written on.
const ABOVE: f64 = 16.0;
/// Longer notes are cut: all of it stands in the title.
const MAX_LINES: usize = 8;
/// From a lane to where a leader ends.
const CLEAR: f64 = 8.0;

/// All cards of a view, from above to below.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cards {
    cards: Vec<Card>,
    /// Ranges of time that notes are on.
    periods: Vec<Band>,
    /// Where the last card ends.
    pub(super) bottom: f64,
}

/// The width of the column; none where there is no note or no room.
pub(super) fn column(source: Source<'_>) -> f64 {
    let view = source.view;
    let any = source.capture.annotations().notes().next().is_some();
    if any && view.width >= LEAST_WIDTH {
        view.notes_width.clamp(0.0, view.width * MOST)
    } else {
        0.0
    }
}

impl Cards {
    pub(super) fn between(&self, y0: f64, y1: f64) -> impl Iterator<Item = &Card> {
        self.cards.iter().filter(move |card| {
            let (from, to) = card.leader.map_or((card.y, card.y), |leader| {
                (leader[0].y.min(leader[1].y), leader[0].y.max(leader[1].y))
            });
            card.y.min(from) <= y1 && (card.y + card.height).max(to) >= y0
        })
    }

    pub(super) fn periods_between(&self, y0: f64, y1: f64) -> impl Iterator<Item = &Band> {
        self.periods
            .iter()
            .filter(move |band| band.y0 <= y1 && band.y1 >= y0)
    }
}

/// What a note is beside.
struct Place {
    y: f64,
    /// Where its leader ends.
    at: Option<Point>,
    head: String,
    packet: Option<u64>,
}

impl Ladder {
    /// Puts all cards where they belong.
    pub(super) fn cards(&self, source: Source<'_>) -> Cards {
        let mut cards = Cards::default();
        let column = column(source);
        let is_beside = column > 0.0;
        let width = source.view.width;
        let (x, width) = match is_beside {
            true => (width - column + GUTTER, column - 2.0 * GUTTER),
            false => (GUTTER, width - 2.0 * GUTTER),
        };
        if source.view.notes_width <= 0.0 || width <= 0.0 {
            return cards;
        }
        if !is_beside {
            cards.bottom = self.ladder_height();
        }
        let mut noted: Vec<_> = source
            .capture
            .annotations()
            .notes()
            .filter_map(|note| Some((self.place(source, note)?, note)))
            .collect();
        noted.sort_by(|(a, one), (b, other)| a.y.total_cmp(&b.y).then(one.id.cmp(&other.id)));
        for (place, note) in noted {
            if let On::Time { from, to } = &note.on {
                let of = |at: synema_core::time::Instant| self.of_time(at.as_nanos());
                let (y0, y1) = (of(*from), of(*to));
                cards.periods.push(Band {
                    y0: y0.min(y1),
                    y1: y0.max(y1).max(y0 + 2.0),
                });
            }
            let beside = if is_beside { place.y - ABOVE } else { 0.0 };
            let y = beside.max(cards.bottom + APART);
            let mut card = card(source, note, &place, (x, width), y);
            card.leader = card.leader.filter(|_| is_beside);
            cards.bottom = card.y + card.height;
            cards.cards.push(card);
        }
        if cards.cards.is_empty() {
            return Cards::default();
        }
        if is_beside {
            cards.rise(self.ladder_height());
        }
        cards.bottom += APART;
        cards
    }

    /// Where a note belongs; none where that is not drawn.
    fn place(&self, source: Source<'_>, note: &Note) -> Option<Place> {
        let language = source.view.language;
        match &note.on {
            On::Packet(id) | On::Field { packet: id, .. } => {
                let index = source.capture.index_of(*id)?;
                let ends = self.arrow_ends(source, index)?;
                let end = if ends.0.x > ends.1.x { ends.0 } else { ends.1 };
                let number = index as u64 + 1;
                let head = match &note.on {
                    On::Field { field, .. } => {
                        say!(
                            language,
                            "Packet {number}, {field}",
                            "パケット {number} の {field}"
                        )
                    }
                    _ => say!(language, "Packet {number}", "パケット {number}"),
                };
                Some(Place {
                    y: end.y,
                    at: Some(Point {
                        x: end.x + CLEAR,
                        y: end.y,
                    }),
                    head,
                    packet: Some(number),
                })
            }
            On::Time { from, to } => {
                let y = self.of_time(from.as_nanos());
                let time = words::duration(to.as_nanos().saturating_sub(from.as_nanos()));
                Some(Place {
                    y,
                    at: Some(Point {
                        x: self.lanes().right + CLEAR,
                        y,
                    }),
                    head: say!(language, "These {time}", "この {time}"),
                    packet: None,
                })
            }
            On::Lane(address) => {
                let hosts = source.analysis.hosts().list();
                let index = hosts.iter().position(|host| address.means(host))?;
                let host = crate::analysis::HostId(u32::try_from(index).ok()?);
                let lane = self.lanes().of(host)?;
                let lane = self.lanes().lanes.get(usize::from(lane))?;
                let name = lane.head.first().map_or("", |label| label.text.as_str());
                Some(Place {
                    y: 0.0,
                    at: None,
                    head: name.to_owned(),
                    packet: None,
                })
            }
        }
    }
}

impl Cards {
    /// Cards that would end below the drawing rise, and push up those above them.
    fn rise(&mut self, height: f64) {
        let mut below = height + LOWER;
        for card in self.cards.iter_mut().rev() {
            if card.y + card.height <= below {
                break;
            }
            let top = (below - card.height).max(0.0);
            card.shift(top.min(card.y) - card.y);
            below = card.y - APART;
        }
        // Too many for the height: from the top, as far down as it takes.
        let mut bottom = 0.0;
        for card in &mut self.cards {
            let by = (bottom + APART - card.y).max(0.0);
            card.shift(by);
            bottom = card.y + card.height;
        }
        self.bottom = bottom;
    }
}

/// A card at `(x, y)`, `width` wide and as high as it takes.
fn card(source: Source<'_>, note: &Note, place: &Place, (x, width): (f64, f64), y: f64) -> Card {
    let metrics = source.view.metrics;
    let room = |role: LabelRole| (width - 2.0 * PAD) / role.scale();
    let mut baseline = y + PAD;
    let mut line = |text: String, role: LabelRole| {
        baseline += metrics.line_height * role.scale() + 1.0;
        Label {
            width: metrics.width(&text) * role.scale(),
            text,
            x: x + PAD,
            // The descenders' room stays below the baseline.
            y: baseline - 3.0,
            cos: 1.0,
            role,
            ..Label::default()
        }
    };
    let head = metrics.cut(&place.head, room(LabelRole::NoteHead));
    let head = line(head, LabelRole::NoteHead);
    let mut texts = metrics.wrapped(note.text.trim(), room(LabelRole::Note));
    if texts.len() > MAX_LINES {
        texts.truncate(MAX_LINES);
        if let Some(last) = texts.last_mut() {
            *last = metrics.cut(&format!("{last} …"), room(LabelRole::Note));
        }
    }
    let lines: Vec<_> = texts
        .into_iter()
        .map(|text| line(text, LabelRole::Note))
        .collect();
    let height = baseline + PAD - y;
    let leader = place.at.map(|at| {
        let from = Point { x, y: y + ABOVE };
        [from, at]
    });
    Card {
        note: note.id.0,
        packet: place.packet,
        x,
        y,
        width,
        height,
        title: format!("{}: {}", place.head, note.text),
        head,
        lines,
        leader,
    }
}

impl Card {
    fn shift(&mut self, by: f64) {
        self.y += by;
        self.head.y += by;
        self.lines.iter_mut().for_each(|line| line.y += by);
        if let Some([from, _]) = &mut self.leader {
            from.y += by;
        }
    }
}
