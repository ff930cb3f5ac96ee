//! Brackets beside the first lane and the last: what people drew, the round trip of the
//! selected packet, handshakes, timeouts. Where two would stand at the same place the
//! earlier in this list is drawn.

use super::{Key, Surroundings};
use crate::analysis::HostId;
use crate::layout::place::Request;
use crate::layout::scene::{Anchor, Bracket, BracketKind, Label, LabelRole};
use crate::layout::spans::{Moment, Span};
use crate::words::{self, say};

/// Shorter ones are not worth their ink.
const LEAST: f64 = 12.0;
/// From the line to its text's baseline, at the left and at the right of it.
const BESIDE: (f64, f64) = (4.0, 12.0);
/// The short ends.
const END: f64 = 5.0;
/// A text may be so much longer than its line.
const LONGER: f64 = 8.0;

/// Which bracket a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::layout) enum Which {
    /// By its number.
    Own(u32),
    Selected,
    /// By the packet that ends it.
    Found(u32),
}

impl Surroundings<'_> {
    /// The brackets that touch a window.
    pub(super) fn brackets(&self, y0: f64, y1: f64) -> Vec<(Which, Bracket)> {
        let mut taken: Vec<(Which, Bracket)> = Vec::new();
        let columns = self.lanes.brackets;
        let own = self.own_spans();
        let selected = self.selected_span();
        let found = self.found_spans(y0, y1);
        let all = own.into_iter().chain(selected).chain(found);
        for (which, span, text) in all {
            let lane = self.lanes.of(span.host);
            let at_right = lane == Some(self.lanes.last()) && lane != Some(0);
            let is_own = matches!(which, Which::Own(_));
            if lane != Some(0) && !at_right && !is_own {
                continue;
            }
            let sides = [at_right, !at_right];
            let tried = if is_own { &sides[..] } else { &sides[..1] };
            let free = tried.iter().find_map(|&at_right| {
                let x = columns[usize::from(at_right)]?;
                let bracket = self.bracket(&span, x, at_right, &text)?;
                let is_free = taken.iter().all(|(_, other)| {
                    other.x != bracket.x
                        || other.y1 + 2.0 < bracket.y0
                        || bracket.y1 + 2.0 < other.y0
                });
                is_free.then_some(bracket)
            });
            taken.extend(free.map(|bracket| (which, bracket)));
        }
        taken.retain(|(_, bracket)| bracket.y1 >= y0 - 20.0 && bracket.y0 <= y1 + 20.0);
        taken
    }

    fn bracket(&self, span: &Span, x: f64, at_right: bool, text: &str) -> Option<Bracket> {
        let y_of = |moment: Moment| self.y_of(moment.packet, moment.arrives);
        let (y0, y1) = (y_of(span.from), y_of(span.to));
        (y1 - y0 >= LEAST).then(|| Bracket {
            kind: span.kind,
            x,
            end_x: if at_right { x - END } else { x + END },
            y0,
            y1,
            from: u64::from(span.from.packet) + 1,
            to: u64::from(span.to.packet) + 1,
            label: None,
            title: text.to_owned(),
        })
    }

    /// What people drew, from one packet to another, at the sender of the first.
    fn own_spans(&self) -> Vec<(Which, Span, String)> {
        let language = self.source.view.language;
        let digests = self.source.analysis.digests();
        let annotations = self.source.capture.annotations();
        let span = |one: usize, other: usize| {
            let (first, last) = (one.min(other), one.max(other));
            let host = digests.get(first)?.from;
            let at = |index: usize| {
                let digest = digests.get(index)?;
                Some(Moment {
                    packet: u32::try_from(index).ok()?,
                    arrives: digest.from != host && digest.to == host,
                })
            };
            Some(Span {
                kind: BracketKind::Own,
                host,
                from: at(first)?,
                to: at(last)?,
            })
        };
        let drawn = annotations.brackets().filter_map(|bracket| {
            let index = |id| self.source.capture.index_of(id);
            let span = span(index(bracket.from)?, index(bracket.to)?)?;
            let time = words::duration(span.ns(self.source));
            let text = match bracket.text.trim() {
                "" => time,
                text => say!(language, "{text}, {time}", "{text} {time}"),
            };
            Some((Which::Own(bracket.id.0), span, text))
        });
        drawn.collect()
    }

    /// From the selected packet to its answer.
    fn selected_span(&self) -> Option<(Which, Span, String)> {
        let number = self.source.view.selected?;
        let index = u32::try_from(number.checked_sub(1)?).ok()?;
        let digest = self.source.analysis.digests().get(index as usize)?;
        let answer = u32::try_from(digest.answered_by()?).ok()?;
        if digest.to == HostId::EVERYONE {
            return None;
        }
        let span = Span {
            kind: BracketKind::RoundTrip,
            host: digest.from,
            from: Moment::departure(index),
            to: Moment::arrival(answer),
        };
        let time = words::duration(span.ns(self.source));
        let text = say!(
            self.source.view.language,
            "round trip {time}",
            "往復 {time}"
        );
        Some((Which::Selected, span, text))
    }

    fn found_spans(&self, y0: f64, y1: f64) -> Vec<(Which, Span, String)> {
        let items = self.warp.items_between(y0 - 20.0, y1 + 20.0);
        let packet = |item: Option<&u32>| Some(self.warp.items().get(*item? as usize)?.packet);
        let all = u32::MAX;
        let first = packet(items.first()).unwrap_or(0);
        let last = packet(items.last()).unwrap_or(all);
        let spans = self.spans.between(first, last);
        let text = |span: &Span| {
            let time = words::duration(span.ns(self.source));
            match span.kind {
                BracketKind::Timeout => format!("RTO {time}"),
                _ => say!(
                    self.source.view.language,
                    "handshake {time}",
                    "ハンドシェイク {time}"
                ),
            }
        };
        let told = spans.map(|span| (Which::Found(span.to.packet), *span, text(span)));
        told.collect()
    }

    /// Texts along the lines, from the longest wording to the shortest.
    pub(super) fn bracket_requests(&self, y0: f64, y1: f64) -> Vec<Request<Key>> {
        let brackets = self.brackets(y0, y1).into_iter();
        let requests = brackets.filter(|(which, bracket)| {
            *which != Which::Selected && (y0..y1).contains(&middle(bracket))
        });
        requests
            .map(|(which, bracket)| Request {
                key: Key::Bracket(which),
                candidates: self.bracket_texts(&bracket),
            })
            .collect()
    }

    /// Where its text may be, along the line.
    pub(super) fn bracket_texts(&self, bracket: &Bracket) -> Vec<Label> {
        let short = bracket.title.rsplit(' ').take(2).collect::<Vec<_>>();
        let short = short.into_iter().rev().collect::<Vec<_>>().join(" ");
        let role = LabelRole::Bracket;
        let metrics = self.source.view.metrics;
        let wide = |text: &str| metrics.width(text) * role.scale();
        let room = bracket.y1 - bracket.y0 + LONGER;
        let at_right = bracket.end_x < bracket.x;
        let x = bracket.x + if at_right { BESIDE.1 } else { -BESIDE.0 };
        let fits = |text: &String| wide(text) <= room;
        let cut = metrics.cut(&bracket.title, room / role.scale());
        let own = (bracket.kind == BracketKind::Own && words::columns(&cut) > 8).then_some(cut);
        let texts = [bracket.title.clone()]
            .into_iter()
            .chain(own)
            .chain([short]);
        texts
            .filter(fits)
            .map(|text| Label {
                width: wide(&text),
                text,
                x,
                y: middle(bracket),
                // From below to above.
                cos: 0.0,
                sin: -1.0,
                anchor: Anchor::Middle,
                role,
                ..Label::default()
            })
            .collect()
    }
}

fn middle(bracket: &Bracket) -> f64 {
    (bracket.y0 + bracket.y1) / 2.0
}
