//! Packets in words: the short label on an arrow, the title, the reason.
//!
//! Everything is made from the frame's bytes, its [`Digest`] and the trace, when
//! it is asked for; no text is kept.

mod app;
mod awaited;
mod cause;
mod concluded;
mod dropped;
mod folded;
pub(crate) mod icmpv4;
pub(crate) mod icmpv6;
mod label;
mod language;
mod notes;
mod path;
mod recovery;
mod title;
mod why;
mod width;

pub use app::app_line;
pub(crate) use awaited::awaited;
pub(crate) use folded::{folded_labels, folded_title};
pub(crate) use label::silence_labels;
pub use label::{ghost_labels, labels};
pub use language::Language;
pub(crate) use language::say;
pub(crate) use notes::{all_notes, elsewhere};
pub use title::title;
pub use why::why;
pub(crate) use width::{closed_up, columns, cut, wrapped};

use crate::analysis::{Analysis, Digest, Host, HostId};
use crate::capture::{Between, Capture, Frame};
use synema_core::trace::Record;
use synema_core::wire::{LinkType, Packet, dissect};

/// What sentences are made from.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The frames.
    pub capture: &'a Capture,
    /// What they were.
    pub analysis: &'a Analysis,
    /// What is spoken.
    pub language: Language,
}

impl<'a> Story<'a> {
    /// A frame and what it was.
    pub fn packet(&self, index: usize) -> Option<(&'a Frame, &'a Digest)> {
        Some((
            self.capture.frames().get(index)?,
            self.analysis.digests().get(index)?,
        ))
    }

    /// What the stacks of a frame's sender and of its receiver told, as far as they tell.
    pub(crate) fn told_by(&self, frame: &Frame) -> [Option<&'a [Record]>; 2] {
        let own = self.capture.records();
        match frame.between {
            Between::UNKNOWN if frame.id.is_sent() => [Some(own), None],
            Between::UNKNOWN => [None, Some(own)],
            Between { from, to } => [from, to].map(|id| Some(self.capture.records_of(id?))),
        }
    }

    /// How long the sender of what is sent again had waited for an ACK, as tshark
    /// reckons it (`tcp.analysis.rto`), and since which packet (`tcp.analysis.rto_frame`).
    pub(crate) fn waited(&self, index: usize) -> Option<(u64, usize)> {
        let (frame, digest) = self.packet(index)?;
        let since = digest.waited_since()?;
        let before = self.capture.frames().get(since)?;
        let ns = frame.at.as_nanos().saturating_sub(before.at.as_nanos());
        (ns > 0).then_some((ns, since))
    }

    /// A frame's layers.
    pub fn dissect(&self, frame: &'a Frame) -> Packet<'a> {
        let interface = self.capture.interfaces().get(frame.interface as usize);
        let link_type = interface.map_or(1, |interface| interface.link_type);
        dissect(
            LinkType::from(link_type),
            &frame.bytes,
            frame.original_len as usize,
        )
    }
}

/// A host's name within a sentence.
pub(crate) fn host_name(story: Story<'_>, host: HostId) -> String {
    let known = story.analysis.hosts().at(host);
    if let Some(given) = known.and_then(|host| story.capture.annotations().lane_name(host)) {
        return given.to_owned();
    }
    if let Some(name) = known.and_then(|host| machine_name(story, host)) {
        return name.to_owned();
    }
    match known {
        Some(host) if host.is_page => story.language.pick("this page", "このページ").into(),
        _ => why::name(story, host),
    }
}

/// What a simulation calls a host.
pub(crate) fn machine_name<'a>(story: Story<'a>, host: &Host) -> Option<&'a str> {
    let machine = story.capture.machine(host.machine?)?;
    Some(machine.name_in(story.language)).filter(|name| !name.is_empty())
}

/// A number with thin spaces between its thousands: `2 801 114 411`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A duration in the unit that suits it: `20.0 ms`, `3.2 s`, `150 µs`.
pub(crate) fn duration(ns: u64) -> String {
    match ns {
        0..1_000_000 => format!("{} µs", (ns + 500) / 1_000),
        1_000_000..100_000_000 => format!("{}.{} ms", ns / 1_000_000, ns / 100_000 % 10),
        100_000_000..1_000_000_000 => format!("{} ms", (ns + 500_000) / 1_000_000),
        1_000_000_000..60_000_000_000 => {
            format!("{}.{} s", ns / 1_000_000_000, ns / 100_000_000 % 10)
        }
        60_000_000_000.. => format!("{} min {} s", ns / 60_000_000_000, ns / 1_000_000_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_durations_are_read_at_a_glance() {
        assert_eq!(grouped(2_801_114_411), "2\u{202f}801\u{202f}114\u{202f}411");
        assert_eq!(grouped(12), "12");
        for (ns, text) in [
            (0, "0 µs"),
            (150_400, "150 µs"),
            (20_000_000, "20.0 ms"),
            (220_400_000, "220 ms"),
            (3_240_000_000, "3.2 s"),
            (61_000_000_000, "1 min 1 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }
}
