//! A run as one machine saw it, as a document.

use synema_core::trace::{FrameId, Record};
use synema_core::wire::MacAddr;
use synema_diagram::Document;
use synema_diagram::capture::{Capture, Direction, Fate, Frame, Interface, MemoryPolicy};
use synema_diagram::view::View;
use synema_sim::{NodeId, Passage, Sighting, sightings};

/// Ids for frames that never came, far from those that did.
const NEVER_CAME: u64 = 1 << 40;

/// What `node` saw, with what its stack told.
pub fn document(passages: &[Passage], node: NodeId, mac: MacAddr, trace: &[Record]) -> Document {
    let mut capture = Capture::with_policy(MemoryPolicy::UNLIMITED);
    capture.add_interface(Interface::ethernet("page", Some(mac)));
    for (number, sighting) in (0..).zip(sightings(passages, node)) {
        capture.push(frame(NEVER_CAME + number, &sighting));
    }
    for record in trace {
        capture.record(record.clone());
    }
    Document::open(capture, View::default())
}

fn frame(number: u64, sighting: &Sighting) -> Frame {
    let id = sighting.id.unwrap_or(FrameId::received(number));
    let direction = match sighting.is_sent {
        true => Direction::Sent,
        false => Direction::Received,
    };
    let fate = match (sighting.is_sent, sighting.arrived) {
        (_, true) => Fate::Seen,
        (true, false) => Fate::LostLater,
        (false, false) => Fate::NeverSeen,
    };
    Frame {
        fate,
        other_end: sighting.other_end,
        ..Frame::new(id, sighting.at, direction, &sighting.bytes)
    }
}
