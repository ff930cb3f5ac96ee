//! Runs of alike packets, drawn as two thick arrows: data one way, and the plain ACKs for it.
//!
//! ```text
//!  ┃◄── data ──┃                     ┃◄═ 37 data segments, 52 kB ═┃
//!  ┃─── ACK ──►┃         folded      ┃═════════ 18 ACKs ═════════►┃
//!  ┃◄── data ──┃  ... 52 more
//! ```
//!
//! A run is of one conversation, with nothing else drawn in between, and nothing in it that is worth a look of its own:
//! no verdict, no note, no change of state.

use super::scene::{Fold, Kind};
use super::source::Source;
use crate::annotate::{Annotations, On};
use crate::capture::{Fate, Frame};
use crate::words::{Language, app_line};
use core::ops::RangeInclusive;
use std::collections::BTreeSet;
use synema_core::trace::FrameId;

/// Fewer packets than this are drawn one by one.
const LEAST: u32 = 8;

/// The packets of a run that go one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Indices of its first and its last packet.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// How many there are, and their bytes of data.
    pub(crate) packets: u32,
    pub(crate) bytes: u64,
}

impl Part {
    /// As a scene tells it.
    pub(crate) fn told(&self) -> Fold {
        Fold {
            first: u64::from(self.first) + 1,
            last: u64::from(self.last) + 1,
            packets: u64::from(self.packets),
            bytes: self.bytes,
        }
    }
}

/// A run: its data, and its ACKs if there are any.
#[derive(Clone, Copy, Debug)]
struct Run {
    stream: u32,
    by_client: bool,
    data: Part,
    acks: Option<Part>,
}

impl Run {
    fn first(&self) -> u32 {
        self.data.first
    }

    fn last(&self) -> u32 {
        self.acks.map_or(0, |acks| acks.last).max(self.data.last)
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        [Some(&self.data), self.acks.as_ref()].into_iter().flatten()
    }
}

/// All runs of a view, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Folds(Vec<Run>);

impl Folds {
    /// Finds them, but for those that a reader unfolded: these packets are in them.
    pub(super) fn find(source: Source<'_>, unfolded: &BTreeSet<u32>) -> Self {
        let written = written(source.capture.annotations());
        let mut folds = Vec::new();
        let mut run: Option<Run> = None;
        let mut close = |run: Option<Run>| {
            folds.extend(run.filter(|run| {
                let packets: u32 = run.parts().map(|part| part.packets).sum();
                let is_open = unfolded.range(run.first()..=run.last()).next().is_some();
                packets >= LEAST && !is_open
            }));
        };
        for index in 0..source.analysis.digests().len() {
            if !source.shows(index) {
                continue;
            }
            let plain = plain(source, index, &written);
            let joined = plain.is_some_and(|plain| run.as_mut().is_some_and(|run| plain.join(run)));
            if !joined {
                close(run.take());
                run = plain.and_then(Plain::begin);
            }
        }
        close(run);
        Self(folds)
    }

    /// The run that a packet is in, given that it is drawn.
    fn of(&self, packet: u32) -> Option<&Run> {
        let after = self.0.partition_point(|run| run.first() <= packet);
        let run = self.0.get(after.checked_sub(1)?)?;
        (packet <= run.last()).then_some(run)
    }

    /// The packets of the run that a packet is in; itself, if it is in none.
    pub(super) fn around(&self, packet: u32) -> RangeInclusive<u32> {
        self.of(packet)
            .map_or(packet..=packet, |run| run.first()..=run.last())
    }

    /// The packets that are drawn where this one would be; none if that is itself.
    pub(super) fn headed_by(&self, packet: u32) -> Option<Part> {
        self.of(packet)?
            .parts()
            .find(|part| part.first == packet)
            .copied()
    }

    /// The packet at which this one is drawn: the first of its way.
    pub(super) fn head_of(&self, source: Source<'_>, packet: u32) -> Option<u32> {
        let run = self.of(packet)?;
        let tcp = source.analysis.digests().get(packet as usize)?.tcp?;
        match tcp.from_client == run.by_client {
            true => Some(run.data.first),
            false => run.acks.map(|acks| acks.first),
        }
    }
}

/// What somebody wrote on, or marked.
fn written(annotations: &Annotations) -> BTreeSet<FrameId> {
    let noted = annotations.notes().filter_map(|note| match &note.on {
        On::Packet(id) | On::Field { packet: id, .. } => Some(*id),
        On::Time { .. } | On::Lane(_) => None,
    });
    let ends = annotations
        .brackets()
        .flat_map(|bracket| [bracket.from, bracket.to]);
    noted
        .chain(ends)
        .chain(annotations.highlights().iter().copied())
        .collect()
}

/// A packet with nothing about it.
#[derive(Clone, Copy)]
struct Plain {
    packet: u32,
    stream: u32,
    from_client: bool,
    len: u32,
}

impl Plain {
    fn part(self) -> Part {
        Part {
            first: self.packet,
            last: self.packet,
            packets: 1,
            bytes: self.len.into(),
        }
    }

    /// Data may begin a run.
    fn begin(self) -> Option<Run> {
        (self.len > 0).then(|| Run {
            stream: self.stream,
            by_client: self.from_client,
            data: self.part(),
            acks: None,
        })
    }

    /// Adds it to a run, if it belongs there.
    fn join(self, run: &mut Run) -> bool {
        let is_data = self.len > 0;
        if self.stream != run.stream || is_data != (self.from_client == run.by_client) {
            return false;
        }
        let part = match is_data {
            true => &mut run.data,
            false => run.acks.get_or_insert(Part {
                packets: 0,
                bytes: 0,
                ..self.part()
            }),
        };
        part.last = self.packet;
        part.packets += 1;
        part.bytes += u64::from(self.len);
        true
    }
}

/// Whether its first bytes are worth a label: a request, a status, a handshake of TLS.
fn begins_something(source: Source<'_>, frame: &Frame) -> bool {
    /// RFC 8446 §5.1: application data.
    const TLS_DATA: u8 = 23;
    let packet = source.story().dissect(frame);
    let first = packet.tcp().and_then(|segment| segment.payload().first());
    first.is_some_and(|&first| first != TLS_DATA) && app_line(Language::English, &packet).is_some()
}

/// In-order data or an ACK of it, of which nothing else is to be said.
fn plain(source: Source<'_>, index: usize, written: &BTreeSet<FrameId>) -> Option<Plain> {
    let digests = source.analysis.digests();
    let digest = digests.get(index)?;
    let tcp = digest.tcp.filter(|tcp| tcp.verdicts.is_empty())?;
    let frame = source.capture.frames().get(index)?;
    let is_plain = matches!(digest.kind, Kind::Data | Kind::Ack)
        && matches!(frame.fate, Fate::Seen)
        && frame.dropped.is_none()
        && frame.drops_before == 0
        && !written.contains(&frame.id);
    // What answers a SYN or a FIN changes a state.
    let answers = digest.answers().and_then(|answered| digests.get(answered));
    let changes = answers.is_some_and(|answered| matches!(answered.kind, Kind::Syn | Kind::Fin));
    (is_plain && !changes && !begins_something(source, frame)).then_some(Plain {
        packet: u32::try_from(index).ok()?,
        stream: tcp.stream,
        from_client: tcp.from_client,
        len: tcp.len,
    })
}

#[cfg(test)]
mod tests;
