//! Frames and trace records: a run, a simulation and a file are the same thing
//! from here on.
//!
//! ```text
//!  live: worker + bridge ──► push / record ─┐
//!  simulator              ──► push / record ─┼──► Capture ──► analysis, layout, ...
//!  a file (pcap, pcapng)  ──► file::read    ─┘       └──► file::write_pcapng
//! ```
//!
//! A [`Frame`]'s time is that of the vantage point, on the clock of whoever took
//! the capture (the bridge, the simulator, the file). Trace [`Record`]s carry the
//! stack's own clock and name frames by id; [`clock`](crate::clock) brings the two
//! together.
//!
//! A capture that grows has a [`MemoryPolicy`]: payloads are let go first, oldest
//! first, headers are kept, and [`Capture::payloads_let_go`] says how many.

mod bytes;
mod excerpt;
pub mod file;
mod foreign;
mod machines;

pub use bytes::Bytes;
pub use excerpt::Payload;
pub use machines::{Between, Machine, MachineId};

use self::foreign::Foreign;
use self::machines::Machines;
use crate::annotate::{Annotations, Edit, Note, On};
use core::net::IpAddr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synema_core::time::Instant;
use synema_core::trace::{Cause, DropReason, Event, FrameId, Record};
use synema_core::wire::MacAddr;

/// Ethernet's number among the link types of pcap and pcapng.
pub const LINK_TYPE_ETHERNET: u16 = 1;

/// Where frames were captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name; empty where nobody told.
    pub name: String,
    /// What its frames begin with, numbered as pcap and pcapng do
    /// (<https://www.tcpdump.org/linktypes.html>).
    pub link_type: u16,
    /// The stack's own MAC address, where the capture is our own: tells which
    /// lane is this page.
    pub mac: Option<MacAddr>,
}

impl Interface {
    /// An Ethernet interface on which our stack speaks with `mac`.
    pub fn ethernet(name: &str, mac: Option<MacAddr>) -> Self {
        Self {
            name: name.to_owned(),
            link_type: LINK_TYPE_ETHERNET,
            mac,
        }
    }
}

/// Which way a frame went, seen from the stack whose capture it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Direction {
    /// Nobody told.
    #[default]
    Unknown,
    /// It came in.
    Received,
    /// It was sent.
    Sent,
}

/// What became of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fate {
    /// It passed the vantage point.
    #[default]
    Seen,
    /// It passed the vantage point and was lost after it; only a simulator
    /// knows.
    LostLater,
    /// It was lost before it reached the vantage point; only a simulator knows.
    /// Its time is the one at which it would have arrived.
    NeverSeen,
    /// It went between other machines and not past the vantage point; only a simulator
    /// knows. Its time is that of its departure.
    Elsewhere,
    /// The bridge did not send it, and why.
    Refused(Box<str>),
}

impl Fate {
    /// Whether the frame passed the vantage point. One that did not is drawn, but
    /// takes no part in the analysis.
    pub const fn was_seen(&self) -> bool {
        matches!(self, Self::Seen | Self::LostLater)
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name, the same in the trace.
    pub id: FrameId,
    /// Index into [`Capture::interfaces`].
    pub interface: u32,
    /// When it passed the vantage point.
    pub at: Instant,
    /// Its length on the wire in bytes, without FCS.
    pub original_len: u32,
    /// The bytes that were kept, from the first on.
    pub bytes: Bytes,
    /// Which way it went.
    pub direction: Direction,
    /// What became of it.
    pub fate: Fate,
    /// When it was at the other end (departed there, or arrived there), on the
    /// same clock as `at`; only a simulator or a merged capture knows.
    pub other_end: Option<Instant>,
    /// When it died on its way, on the same clock; only a simulator knows.
    pub died: Option<Instant>,
    /// Between which machines it went; only a simulator knows.
    pub between: Between,
    /// Why it was sent, where the trace told.
    pub cause: Option<Cause>,
    /// Why its receiver's stack made nothing of it, where the trace told.
    pub dropped: Option<DropReason>,
    /// How many frames were lost by the capture itself (full queues) just before
    /// this one.
    pub drops_before: u64,
}

impl Frame {
    /// A frame of which no more is known than its time and its bytes.
    pub fn new(id: FrameId, at: Instant, direction: Direction, bytes: &[u8]) -> Self {
        Self::of(id, at, direction, bytes.into())
    }

    /// The same, of bytes that are kept already.
    pub(crate) fn of(id: FrameId, at: Instant, direction: Direction, bytes: Bytes) -> Self {
        Self {
            id,
            interface: 0,
            at,
            original_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
            direction,
            fate: Fate::Seen,
            other_end: None,
            died: None,
            between: Between::UNKNOWN,
            cause: None,
            dropped: None,
            drops_before: 0,
        }
    }
}

/// How much a live capture may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryPolicy {
    /// Above this many bytes of frames, the oldest are cut to `keep_bytes`.
    pub max_bytes: u64,
    /// How much of an old frame stays: its headers.
    pub keep_bytes: u32,
    /// Above this many records, further ones of the frequent kinds (round trips,
    /// congestion window, delivered bytes) are not kept.
    pub max_records: u64,
}

impl Default for MemoryPolicy {
    fn default() -> Self {
        // 128 bytes: Ethernet, two tags, IPv4 and TCP with all their options.
        Self {
            max_bytes: 256 << 20,
            keep_bytes: 128,
            max_records: 2_000_000,
        }
    }
}

impl MemoryPolicy {
    /// Nothing is ever let go.
    pub const UNLIMITED: Self = Self {
        max_bytes: u64::MAX,
        keep_bytes: u32::MAX,
        max_records: u64::MAX,
    };
}

/// Frames and trace records, in the order in which they are to be read.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    interfaces: Vec<Interface>,
    frames: Vec<Frame>,
    records: Vec<Record>,
    by_id: BTreeMap<FrameId, u32>,
    /// Told by the trace before the frame itself came.
    ahead: BTreeMap<FrameId, Ahead>,
    policy: MemoryPolicy,
    held_bytes: u64,
    /// Frames before this index hold no more than the policy's `keep_bytes`.
    trimmed: usize,
    payloads_let_go: u64,
    records_let_go: u64,
    /// What people wrote on it.
    annotations: Annotations,
    machines: Machines,
    foreign: Option<Box<Foreign>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    cause: Option<Cause>,
    dropped: Option<DropReason>,
}

/// The same content: what was let go is compared by what is left of it.
impl PartialEq for Capture {
    fn eq(&self, other: &Self) -> bool {
        self.interfaces == other.interfaces
            && self.frames == other.frames
            && self.records == other.records
            && self.annotations == other.annotations
            && self.machines == other.machines
            && self.foreign == other.foreign
    }
}

impl Capture {
    /// An empty capture that lets payloads go as `policy` says.
    pub fn with_policy(policy: MemoryPolicy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Adds an interface and gives its index for [`Frame::interface`].
    pub fn add_interface(&mut self, interface: Interface) -> u32 {
        self.interfaces.push(interface);
        u32::try_from(self.interfaces.len() - 1).unwrap_or(u32::MAX)
    }

    /// Where frames were captured.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// All frames, in their order. A packet's number is its index + 1.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// What the stack told, in its order, on its own clock.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The index of the frame with this id.
    pub fn index_of(&self, id: FrameId) -> Option<usize> {
        self.by_id.get(&id).map(|&index| index as usize)
    }

    /// How many frames lost their payload to the [`MemoryPolicy`].
    pub fn payloads_let_go(&self) -> u64 {
        self.payloads_let_go
    }

    /// How many records were not kept because of the [`MemoryPolicy`].
    pub fn records_let_go(&self) -> u64 {
        self.records_let_go
    }

    /// Bytes of frames that are held now.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    /// Adds a frame at the end and gives its index. What the trace told of it
    /// before is put on it.
    pub fn push(&mut self, mut frame: Frame) -> usize {
        if let Some(ahead) = self.ahead.remove(&frame.id) {
            frame.cause = frame.cause.or(ahead.cause);
            frame.dropped = frame.dropped.or(ahead.dropped);
        }
        if self.interfaces.is_empty() {
            self.interfaces.push(Interface::ethernet("", None));
        }
        let index = self.frames.len();
        // The first frame of an id keeps it: a capture may repeat an id only by
        // being damaged.
        self.by_id
            .entry(frame.id)
            .or_insert(u32::try_from(index).unwrap_or(u32::MAX));
        self.held_bytes += frame.bytes.len() as u64;
        self.frames.push(frame);
        self.let_payloads_go();
        index
    }

    /// Takes what the stack told. Gives the index of the frame that it changed,
    /// if that frame is here already.
    pub fn record(&mut self, record: Record) -> Option<usize> {
        let told = match record.event {
            Event::Sent { frame, cause, .. } => Some((
                frame,
                Ahead {
                    cause: Some(cause),
                    dropped: None,
                },
            )),
            Event::Dropped { frame, reason, .. } => Some((
                frame,
                Ahead {
                    cause: None,
                    dropped: Some(reason),
                },
            )),
            _ => None,
        };
        let Some((id, told)) = told else {
            self.keep(record);
            return None;
        };
        let index = self.index_of(id);
        match index {
            Some(index) => {
                let frame = &mut self.frames[index];
                frame.cause = frame.cause.or(told.cause);
                frame.dropped = frame.dropped.or(told.dropped);
            }
            None => {
                let ahead = self.ahead.entry(id).or_default();
                ahead.cause = ahead.cause.or(told.cause);
                ahead.dropped = ahead.dropped.or(told.dropped);
            }
        }
        self.keep(record);
        index
    }

    fn keep(&mut self, record: Record) {
        let frequent = matches!(
            record.event,
            Event::Rtt { .. }
                | Event::Congestion { .. }
                | Event::InOrder { .. }
                | Event::Delivered { .. }
                | Event::OutOfOrder { .. }
        );
        let full = self.records.len() as u64 >= self.policy.max_records;
        // A frame's own event is on the frame; four times the bound ends all.
        if full
            && (frequent || self.records.len() as u64 >= self.policy.max_records.saturating_mul(4))
        {
            self.records_let_go += 1;
            return;
        }
        self.records.push(record);
    }

    /// What people wrote on it.
    pub fn annotations(&self) -> &Annotations {
        &self.annotations
    }

    /// Makes a change to what is written on it, and gives the one that takes it back.
    pub fn annotate(&mut self, edit: Edit) -> Edit {
        self.annotations.apply(edit)
    }

    pub(crate) fn annotations_mut(&mut self) -> &mut Annotations {
        &mut self.annotations
    }

    /// What a file brought that has no meaning here, if it brought any.
    fn foreign(&self) -> Option<&Foreign> {
        self.foreign.as_deref()
    }

    fn foreign_mut(&mut self) -> &mut Foreign {
        self.foreign.get_or_insert_default()
    }

    /// Calls a frame by another name, which no other frame has.
    fn rename(&mut self, index: usize, id: FrameId) {
        let frame = &mut self.frames[index];
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if self.by_id.get(&frame.id) == Some(&index) {
            self.by_id.remove(&frame.id);
        }
        frame.id = id;
        self.by_id.insert(id, index);
    }

    /// Keeps these records alone.
    pub(crate) fn keep_records(&mut self, mut wanted: impl FnMut(&Record) -> bool) {
        self.records.retain(&mut wanted);
        self.keep_records_of_others(wanted);
    }

    /// Names for addresses, as the file told them.
    pub fn resolved_names(&self) -> Vec<(IpAddr, String)> {
        file::resolved_names(self)
    }

    /// Puts a note on a frame. False if there is no such frame.
    pub fn comment(&mut self, index: usize, text: &str) -> bool {
        let Some(frame) = self.frames.get(index) else {
            return false;
        };
        let note = Note {
            id: self.annotations.free_id(),
            on: On::Packet(frame.id),
            text: text.to_owned(),
        };
        self.annotations.apply(Edit::write(note));
        true
    }

    fn let_payloads_go(&mut self) {
        while self.held_bytes > self.policy.max_bytes && self.trimmed < self.frames.len() {
            let keep = self.policy.keep_bytes as usize;
            let bytes = &mut self.frames[self.trimmed].bytes;
            if bytes.len() > keep {
                let freed = bytes.len() - keep;
                *bytes = Bytes::from(&bytes[..keep]);
                self.held_bytes -= freed as u64;
                self.payloads_let_go += 1;
            }
            self.trimmed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64, len: usize) -> Frame {
        Frame::new(
            FrameId::received(number),
            Instant::from_millis(number),
            Direction::Received,
            &vec![7; len],
        )
    }

    #[test]
    fn payloads_are_let_go_oldest_first_and_counted() {
        let policy = MemoryPolicy {
            max_bytes: 2_500,
            keep_bytes: 100,
            max_records: 10,
        };
        let mut capture = Capture::with_policy(policy);
        for number in 0..4 {
            capture.push(frame(number, 1_000));
        }
        let kept: Vec<_> = capture.frames().iter().map(|f| f.bytes.len()).collect();
        assert_eq!(kept, [100, 100, 1_000, 1_000]);
        assert_eq!(capture.payloads_let_go(), 2);
        assert_eq!(capture.held_bytes(), 2_200);
        assert!(capture.frames().iter().all(|f| f.original_len == 1_000));
    }

    #[test]
    fn what_the_trace_tells_finds_its_frame_whichever_comes_first() {
        let mut capture = Capture::default();
        let sent = |number| Record {
            at: Instant::ZERO,
            event: Event::Sent {
                frame: FrameId::sent(number),
                len: 60,
                conn: None,
                cause: Cause::ArpProbe,
            },
        };
        capture.record(sent(1));
        for number in [1, 2] {
            let id = FrameId::sent(number);
            capture.push(Frame::new(id, Instant::ZERO, Direction::Sent, &[0; 60]));
        }
        assert_eq!(capture.record(sent(2)), Some(1));
        assert!(
            capture
                .frames()
                .iter()
                .all(|f| f.cause == Some(Cause::ArpProbe))
        );
    }

    #[test]
    fn frequent_records_stop_at_the_bound_and_are_counted() {
        let policy = MemoryPolicy {
            max_records: 2,
            ..MemoryPolicy::UNLIMITED
        };
        let mut capture = Capture::with_policy(policy);
        let conn = synema_core::trace::ConnId(1);
        for total in 0..5 {
            capture.record(Record {
                at: Instant::ZERO,
                event: Event::InOrder { conn, total },
            });
        }
        assert_eq!((capture.records().len(), capture.records_let_go()), (2, 3));
    }
}
