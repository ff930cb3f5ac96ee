//! How data is sent.

use serde::{Deserialize, Serialize};

/// How data is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendPolicy {
    /// Send buffer, bytes.
    pub buffer_len: u32,
    /// Whether small segments wait for company (RFC 9293 §3.7.4).
    pub nagle: Nagle,
    /// Largest payload of a segment, bytes, if smaller than what the peer and
    /// the path take.
    pub max_payload: Option<u16>,
    /// What a zero-window probe looks like.
    pub window_probe: WindowProbe,
    /// How many routers a packet may pass (RFC 9293 §3.9.2).
    pub ttl: u8,
    /// The Differentiated Services code point, 0 to 63 (RFC 9293 §3.9.1.6).
    pub dscp: u8,
    /// Whether full-sized segments that vanish again and again make segments
    /// smaller (RFC 4821 §7.7), for the ICMP error that should say so may vanish too.
    pub black_hole_detection: bool,
    /// Which segments bear a PSH bit.
    pub push: PushMarks,
    /// With [`PushMarks::EachWrite`], the fewest segments that make a full burst.
    pub min_burst: u16,
    /// Writes are taken only while fewer bytes than these are unsent
    /// (`TCP_NOTSENT_LOWAT`).
    pub unsent_limit: Option<u32>,
}

impl Default for SendPolicy {
    fn default() -> Self {
        Self {
            buffer_len: 1 << 20,
            nagle: Nagle::Classic,
            max_payload: None,
            window_probe: WindowProbe::NextByte,
            ttl: 64,
            dscp: 0,
            black_hole_detection: true,
            push: PushMarks::BufferEnd,
            min_burst: 2,
            unsent_limit: None,
        }
    }
}

/// Which segments bear a PSH bit (RFC 9293 §3.9.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PushMarks {
    /// Those that empty the send buffer.
    BufferEnd,
    /// Those with the end of a write, and the last of each burst, as in Linux.
    EachWrite,
}

/// When less than a full segment waits for more data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nagle {
    /// Never (`TCP_NODELAY`).
    Off,
    /// While anything is outstanding (RFC 9293 §3.7.4).
    Classic,
    /// While a small segment is outstanding (Minshall's variant, as in Linux).
    Minshall,
    /// Always, until the persist timer runs out (`TCP_CORK`).
    Cork,
}

/// What is sent into a closed window (RFC 9293 §3.8.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowProbe {
    /// The next byte of data, as the RFC wants.
    NextByte,
    /// Nothing, but with an old sequence number, as Linux does.
    OldSequence,
}
