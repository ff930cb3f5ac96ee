//! A run as one machine saw it, and what only the simulator knows of it.
//!
//! ```text
//!        here                        there
//!   at    *------- sent ------------->*  other_end
//!   at    *------- sent ----x            lost, half-way
//!   at    *<------ received ----------*  other_end
//!   at    ?          x--- never seen -*  other_end; `at` is when it would have come
//! ```

use crate::network::{Passage, PassageEnd};
use crate::node::NodeId;
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// A frame as one machine saw it, or would have seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// What the machine calls it; `None` for one that never came.
    pub id: Option<FrameId>,
    /// When it passed here, or would have.
    pub at: Instant,
    /// Whether it was sent from here.
    pub is_sent: bool,
    /// Whether it arrived where it was going.
    pub arrived: bool,
    /// When it was at the other end: departed there, or arrived there.
    pub other_end: Option<Instant>,
    /// Its bytes as they were here.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// What `node` saw, in the order of its own clock.
///
/// A frame for everybody that was sent from here is told once, with the first
/// arrival that there was.
pub fn sightings(passages: &[Passage], node: NodeId) -> Vec<Sighting> {
    let mut seen: Vec<Sighting> = Vec::new();
    for passage in passages {
        if passage.to == node {
            seen.push(received(passage));
        } else if passage.from == node {
            let sighting = sent(passage);
            match seen
                .iter_mut()
                .rev()
                .find(|it| it.is_sent && it.id == sighting.id)
            {
                Some(told) if !told.arrived => *told = sighting,
                Some(_) => {}
                None => seen.push(sighting),
            }
        }
    }
    // Stable: what happens at the same moment stays in the order of departure.
    seen.sort_by_key(|sighting| sighting.at);
    seen
}

fn sent(passage: &Passage) -> Sighting {
    let arrival = match passage.end {
        PassageEnd::Arrived { at, .. } => Some(at),
        PassageEnd::Lost { .. } => None,
    };
    Sighting {
        id: Some(passage.sent_as),
        at: passage.departed,
        is_sent: true,
        arrived: arrival.is_some(),
        other_end: arrival,
        bytes: passage.bytes.clone(),
    }
}

fn received(passage: &Passage) -> Sighting {
    let mut bytes = passage.bytes.clone();
    let (id, at) = match passage.end {
        PassageEnd::Arrived {
            at,
            received_as,
            corrupted,
            ..
        } => {
            if let Some(bit) = corrupted {
                bytes[(bit / 8) as usize] ^= 0x80 >> (bit % 8);
            }
            (Some(received_as), at)
        }
        // It died half-way: the other half would have taken as long.
        PassageEnd::Lost { at, .. } => (None, at + at.since(passage.departed)),
    };
    Sighting {
        id,
        at,
        is_sent: false,
        arrived: id.is_some(),
        other_end: Some(passage.departed),
        bytes,
    }
}
