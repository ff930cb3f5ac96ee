//! A capture at a glance, as values to be shown: its conversations, its moments, its doubts.

use super::{Doubt, Moment, doubts, moments};
use crate::analysis::{HostId, StreamInfo};
use crate::words::{Story, duration, host_name};
use serde::{Deserialize, Serialize};

/// What there is in a capture, what is worth looking at, and what to doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// From the first packet to the last, in the unit that suits it: `1.2 s`.
    pub lasted: String,
    /// The TCP conversations, the largest first.
    pub conversations: Vec<Conversation>,
    /// How many more there are, with less data.
    pub conversations_left_out: u64,
    /// What is worth looking at, the costliest first.
    pub moments: Vec<Moment>,
    /// How many more moments there are, which cost less.
    pub moments_left_out: u64,
    /// In what the capture cannot be trusted.
    pub doubts: Vec<Doubt>,
}

/// A TCP conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its number, as tshark's `tcp.stream` counts.
    pub stream: u32,
    /// Who opened it: name or address, and port.
    pub client: (String, u16),
    /// The other end.
    pub server: (String, u16),
    /// Its first packet, by its number counted from 1.
    pub first: u64,
    /// Packets in it.
    pub packets: u64,
    /// Bytes of data sent by the client and by the server, those sent again not counted twice.
    pub bytes: [u64; 2],
    /// Segments in it that were sent again.
    pub retransmissions: u64,
    /// From its first packet to its last, in the unit that suits it: `1.2 s`.
    pub lasted: String,
}

/// The contents of a capture: of conversations and moments at most `most` each.
pub fn contents(story: Story<'_>, most: usize) -> Contents {
    let frames = story.capture.frames();
    let lasted = match (frames.first(), frames.last()) {
        (Some(first), Some(last)) => last.at.as_nanos().saturating_sub(first.at.as_nanos()),
        _ => 0,
    };
    let mut ranked: Vec<_> = (0..).zip(story.analysis.streams()).collect();
    // The largest first: those are looked for.
    ranked.sort_by_key(|(number, info): &(u32, &StreamInfo)| {
        (core::cmp::Reverse(info.bytes[0] + info.bytes[1]), *number)
    });
    let mut found = moments(story);
    let moments_left_out = found.len().saturating_sub(most) as u64;
    found.truncate(most);
    Contents {
        lasted: duration(lasted),
        conversations_left_out: ranked.len().saturating_sub(most) as u64,
        conversations: ranked
            .iter()
            .take(most)
            .map(|(number, info)| conversation(story, *number, info))
            .collect(),
        moments: found,
        moments_left_out,
        doubts: doubts(story),
    }
}

fn conversation(story: Story<'_>, stream: u32, info: &StreamInfo) -> Conversation {
    let end = |(host, port): (HostId, u16)| (host_name(story, host), port);
    let at = |index: u32| {
        let frame = story.capture.frames().get(index as usize);
        frame.map_or(0, |frame| frame.at.as_nanos())
    };
    Conversation {
        stream,
        client: end(info.client),
        server: end(info.server),
        first: u64::from(info.first) + 1,
        packets: info.packets,
        bytes: info.bytes,
        retransmissions: info.retransmissions,
        lasted: duration(at(info.last).saturating_sub(at(info.first))),
    }
}
