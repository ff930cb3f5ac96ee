//! What a file brought that has no meaning here, kept as it is for whoever reads the next
//! file. A live capture has none of it, and pays for none.

use crate::annotate::NoteId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use synema_core::time::Instant;

/// What a pcapng file brought beside interfaces, packets and notes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Foreign {
    /// The file's sections, in their order; none if it had a single one like those that we
    /// write.
    pub(super) sections: Vec<Section>,
    /// By an interface's index.
    pub(super) interfaces: BTreeMap<u32, InterfaceRest>,
    /// By a frame's index.
    pub(super) frames: BTreeMap<u32, FrameRest>,
    /// Blocks of other kinds, in their order.
    pub(super) blocks: Vec<OtherBlock>,
    /// What a later version of ours wrote about notes and brackets.
    pub(super) notes: BTreeMap<NoteId, Map<String, Value>>,
    /// What a later version of ours wrote about the whole.
    pub(super) document: Map<String, Value>,
    /// Lines beside the trace's records that a later version of ours wrote.
    pub(super) lines: Vec<String>,
}

/// A section of a file. Numbers in raw bytes are in its byte order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Section {
    pub(super) big_endian: bool,
    /// The index of the first interface, and of the first frame, that may be its own.
    pub(super) first_interface: u32,
    pub(super) first_frame: u32,
    /// Whether it does not say that it was written by us.
    pub(super) is_foreign: bool,
    /// Whole options of its header.
    pub(super) options: Vec<u8>,
    /// Its comments, where they are no title and summary of the kind that we write.
    pub(super) comments: Vec<String>,
}

/// What we do not know of an interface.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct InterfaceRest {
    /// Whole options, without name and MAC address.
    pub(super) options: Vec<u8>,
    pub(super) snaplen: u32,
    pub(super) ticks: Ticks,
}

/// Later than in the year 2262 nothing was captured; so that a round trip can be added to any time.
const LATEST_NS: u64 = i64::MAX as u64;

/// How an interface counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks {
    /// `if_tsresol`: a negative power of ten, or of two if the highest bit is set.
    pub(super) resolution: u8,
    /// `if_tsoffset`: seconds to be added.
    pub(super) offset: i64,
}

impl Ticks {
    /// As we write them.
    pub(super) const NANOSECONDS: Self = Self {
        resolution: 9,
        offset: 0,
    };

    /// Ticks in a second, if that is a number of any use.
    fn in_a_second(self) -> Option<i128> {
        let power = u32::from(self.resolution & 0x7f);
        match self.resolution & 0x80 {
            0 => 10_i128.checked_pow(power),
            _ => 1_i128.checked_shl(power).filter(|_| power < 96),
        }
    }

    /// Nanoseconds since 1970, as near as they come.
    pub(super) fn to_nanos(self, ticks: u64) -> u64 {
        const SECOND: i128 = 1_000_000_000;
        let since = match self.in_a_second() {
            Some(second) => (i128::from(ticks) / second)
                .saturating_mul(SECOND)
                .saturating_add((i128::from(ticks) % second).saturating_mul(SECOND) / second),
            None => 0,
        };
        let at = since + i128::from(self.offset) * SECOND;
        u64::try_from(at.max(0)).unwrap_or(u64::MAX)
    }

    /// The time of a packet.
    pub(super) fn to_instant(self, ticks: u64) -> Instant {
        Instant::from_nanos(self.to_nanos(ticks).min(LATEST_NS))
    }

    /// The ticks nearest to a time.
    pub(super) fn of_nanos(self, nanos: u64) -> u64 {
        const SECOND: i128 = 1_000_000_000;
        let since = (i128::from(nanos) - i128::from(self.offset) * SECOND).max(0);
        let Some(second) = self.in_a_second() else {
            return 0;
        };
        let (whole, part) = (since / SECOND, since % SECOND);
        let nearest = part
            .checked_mul(second)
            .map_or(0, |part| (part + SECOND / 2) / SECOND);
        let ticks = whole.saturating_mul(second).saturating_add(nearest);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

impl Default for Ticks {
    /// Where a file says nothing of it.
    fn default() -> Self {
        Self {
            resolution: 6,
            offset: 0,
        }
    }
}

/// What we do not know of a packet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FrameRest {
    /// Whole options.
    pub(super) options: Vec<u8>,
    /// Its flags but for the direction, where there are any.
    pub(super) flags: Option<u32>,
    /// Its time, where nanoseconds do not tell it.
    pub(super) ticks: Option<u64>,
    /// It was a simple packet block, which has no time at all.
    pub(super) is_simple: bool,
    /// What a later version of ours wrote on it.
    pub(super) own: Map<String, Value>,
}

impl FrameRest {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A block that is no section, interface or packet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OtherBlock {
    /// Its section's number.
    pub(super) section: u32,
    /// The index of the frame that it stood before.
    pub(super) before: u32,
    pub(super) type_: u32,
    pub(super) body: Box<[u8]>,
}
