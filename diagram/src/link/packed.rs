//! A capture as columns: what is alike stands together, and deflates well.
//!
//! Names of causes and events are written as words, so that a link outlives a change of their
//! order. A column in which nothing is said is empty.

use crate::annotate::Annotations;
use crate::capture::{Capture, Direction, Fate, Frame, Interface, MemoryPolicy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synema_core::time::Instant;
use synema_core::trace::{Cause, DropReason, FrameId, Record};

/// How much of the beginning of two frames must be alike for one to be told by the other: both
/// Ethernet addresses, or as much of another link's header.
const WAY_LEN: usize = 12;

/// What the trace told of a frame.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<DropReason>,
    #[serde(skip_serializing_if = "is_seen")]
    fate: Fate,
}

fn is_seen(fate: &Fate) -> bool {
    *fate == Fate::Seen
}

/// The columns. Differences wrap, so that any value can be told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Packed {
    interfaces: Vec<Interface>,
    /// Names, as differences from the one that is expected; whether the stack sent it is the
    /// lowest bit of the first column's value.
    names: Vec<i64>,
    sent: Vec<bool>,
    /// Nanoseconds since the frame before.
    times: Vec<i64>,
    /// Bytes that are kept, and bytes that were cut.
    lens: Vec<u32>,
    cut: Vec<u32>,
    directions: Vec<u8>,
    /// Indices of interfaces.
    on: Vec<u32>,
    drops: Vec<u64>,
    /// Nanoseconds from the frame's own time to that at the other end.
    others: Vec<Option<i64>>,
    /// Indices into `words`, from 1 on; 0 says nothing.
    said: Vec<u32>,
    /// Each a [`Said`] in JSON.
    words: Vec<String>,
    /// All frames' bytes one after the other, each as its difference from an earlier frame of the
    /// same way.
    bytes: Vec<u8>,
    /// In JSON; empty if nothing is written.
    annotations: String,
    /// Nanoseconds between them, and the events in JSON, one a line.
    record_times: Vec<i64>,
    events: String,
}

impl Packed {
    pub(super) fn of(capture: &Capture) -> Self {
        let mut packed = Self {
            interfaces: capture.interfaces().to_vec(),
            ..Self::default()
        };
        let mut words: BTreeMap<String, u32> = BTreeMap::new();
        let mut expected = Expected::default();
        let mut ways = Ways::default();
        let mut last = 0;
        for frame in capture.frames() {
            let at = frame.at.as_nanos();
            packed.names.push(expected.difference(frame.id));
            packed.sent.push(frame.id.is_sent());
            packed.times.push(at.wrapping_sub(last).cast_signed());
            last = at;
            let len = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
            packed.lens.push(len);
            packed.cut.push(frame.original_len.wrapping_sub(len));
            packed.directions.push(match frame.direction {
                Direction::Unknown => 0,
                Direction::Received => 1,
                Direction::Sent => 2,
            });
            packed.on.push(frame.interface);
            packed.drops.push(frame.drops_before);
            let other = frame.other_end.map(Instant::as_nanos);
            let other = other.map(|other| other.wrapping_sub(at).cast_signed());
            packed.others.push(other);
            let said = Said {
                cause: frame.cause,
                dropped: frame.dropped,
                fate: frame.fate.clone(),
            };
            packed.said.push(match said == Said::default() {
                true => 0,
                false => {
                    let json = serde_json::to_string(&said).unwrap_or_default();
                    let next = words.len() as u32 + 1;
                    *words.entry(json).or_insert(next)
                }
            });
            ways.difference(&frame.bytes, &mut packed.bytes);
        }
        packed.words = vec![String::new(); words.len()];
        for (json, index) in words {
            packed.words[index as usize - 1] = json;
        }
        packed.leave_out_what_says_nothing();
        if !capture.annotations().is_empty() {
            packed.annotations = serde_json::to_string(capture.annotations()).unwrap_or_default();
        }
        let mut last = 0;
        for record in capture.records() {
            let Ok(event) = serde_json::to_string(&record.event) else {
                continue;
            };
            let at = record.at.as_nanos();
            packed
                .record_times
                .push(at.wrapping_sub(last).cast_signed());
            last = at;
            packed.events.push_str(&event);
            packed.events.push('\n');
        }
        packed
    }

    fn leave_out_what_says_nothing(&mut self) {
        fn tidy<T: PartialEq + Default>(column: &mut Vec<T>) {
            if column.iter().all(|value| *value == T::default()) {
                column.clear();
            }
        }
        tidy(&mut self.names);
        tidy(&mut self.sent);
        tidy(&mut self.cut);
        tidy(&mut self.directions);
        tidy(&mut self.on);
        tidy(&mut self.drops);
        tidy(&mut self.others);
        tidy(&mut self.said);
    }

    /// How many frames there are.
    pub(super) fn len(&self) -> usize {
        self.lens.len()
    }

    /// The capture, if these are columns of one.
    pub(super) fn capture(&self) -> Option<Capture> {
        if self.words.len() > self.lens.len() {
            return None;
        }
        let mut capture = Capture::with_policy(MemoryPolicy::UNLIMITED);
        for interface in &self.interfaces {
            capture.add_interface(interface.clone());
        }
        let said: Vec<Said> = self
            .words
            .iter()
            // What a later version said is passed over.
            .map(|json| serde_json::from_str(json).unwrap_or_default())
            .collect();
        let mut expected = Expected::default();
        let mut ways = Ways::default();
        let mut bytes = self.bytes.as_slice();
        let mut at = 0u64;
        for index in 0..self.lens.len() {
            at = at.wrapping_add_signed(*self.times.get(index)?);
            let id = expected.name(value(&self.names, index)?, value(&self.sent, index)?);
            let part;
            (part, bytes) = bytes.split_at_checked(self.lens[index] as usize)?;
            let direction = match value(&self.directions, index)? {
                0 => Direction::Unknown,
                1 => Direction::Received,
                _ => Direction::Sent,
            };
            let mut frame = Frame::new(id, Instant::from_nanos(at), direction, &ways.sum(part));
            let cut: u32 = value(&self.cut, index)?;
            frame.original_len = frame.original_len.saturating_add(cut);
            frame.interface = value(&self.on, index)?;
            capture.interfaces().get(frame.interface as usize)?;
            frame.drops_before = value(&self.drops, index)?;
            let other: Option<i64> = value(&self.others, index)?;
            frame.other_end = other.map(|since| Instant::from_nanos(at.wrapping_add_signed(since)));
            if let Some(word) = value(&self.said, index)?.checked_sub(1) {
                let said = said.get(word as usize)?;
                frame.cause = said.cause;
                frame.dropped = said.dropped;
                frame.fate.clone_from(&said.fate);
            }
            capture.push(frame);
        }
        let mut at = 0u64;
        for (since, event) in self.record_times.iter().zip(self.events.lines()) {
            at = at.wrapping_add_signed(*since);
            if let Ok(event) = serde_json::from_str(event) {
                let at = Instant::from_nanos(at);
                capture.record(Record { at, event });
            }
        }
        if !self.annotations.is_empty() {
            let told: Annotations = serde_json::from_str(&self.annotations).ok()?;
            *capture.annotations_mut() = told;
        }
        Some(capture)
    }
}

/// A column's value; that of an empty column says nothing.
fn value<T: Copy + Default>(column: &[T], index: usize) -> Option<T> {
    match column {
        [] => Some(T::default()),
        _ => column.get(index).copied(),
    }
}

/// The names that come next: of each way the one after the last.
#[derive(Debug, Default)]
struct Expected {
    received: u64,
    sent: u64,
}

impl Expected {
    fn next(&mut self, sent: bool) -> &mut u64 {
        match sent {
            true => &mut self.sent,
            false => &mut self.received,
        }
    }

    fn difference(&mut self, id: FrameId) -> i64 {
        let next = self.next(id.is_sent());
        let difference = id.number().wrapping_sub(*next).wrapping_sub(1);
        *next = id.number();
        difference.cast_signed()
    }

    fn name(&mut self, difference: i64, sent: bool) -> FrameId {
        let next = self.next(sent);
        let number = next.wrapping_add(1).wrapping_add_signed(difference);
        let id = match sent {
            true => FrameId::sent(number),
            false => FrameId::received(number),
        };
        *next = id.number();
        id
    }
}

/// The last frame of each way, by which the next one of the same way is told: what is alike
/// becomes zeros, what counts on becomes the same again and again.
#[derive(Debug, Default)]
struct Ways {
    last: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Ways {
    /// Adds to `out` what tells `bytes` from the last frame of its way. The beginning, by which
    /// the way is known, is told as it is.
    fn difference(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let (way, rest) = bytes.split_at(bytes.len().min(WAY_LEN));
        out.extend_from_slice(way);
        let last = self.last.entry(way.to_vec()).or_default();
        let before = last.iter().copied().chain(core::iter::repeat(0));
        out.extend(
            rest.iter()
                .zip(before)
                .map(|(byte, before)| byte.wrapping_sub(before)),
        );
        rest.clone_into(last);
    }

    /// The frame that this was told of.
    fn sum(&mut self, told: &[u8]) -> Vec<u8> {
        let (way, rest) = told.split_at(told.len().min(WAY_LEN));
        let last = self.last.entry(way.to_vec()).or_default();
        let before = last.iter().copied().chain(core::iter::repeat(0));
        let sum = rest.iter().zip(before);
        let rest: Vec<u8> = sum
            .map(|(byte, before)| byte.wrapping_add(before))
            .collect();
        let bytes = [way, &rest].concat();
        *last = rest;
        bytes
    }
}
