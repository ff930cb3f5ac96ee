//! What the document's worker answers beside the scene: strip, overview, detail.

use serde::{Deserialize, Serialize};
use synema_diagram::scene::Kind;

/// A part of the two-row strip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// The upper row's name: this page, or the end that opened the connection.
    pub page: String,
    /// The lower row's name.
    pub peer: String,
    /// One letter a packet.
    pub letters: Vec<StripLetter>,
}

/// A packet as a letter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StripLetter {
    /// The packet's number.
    pub number: u64,
    /// `S`, `A`, `P`, `F`, `R`, …
    pub letter: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it stands in the upper row.
    pub is_page: bool,
    /// The silence before it, if it is worth a word.
    pub silence: Option<String>,
    /// One sentence.
    pub title: String,
}

/// The whole ladder in buckets of equal height.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// From the top.
    pub buckets: Vec<Bucket>,
}

/// What departs in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Packets of the page.
    pub page: u32,
    /// Packets of all others.
    pub peer: u32,
    /// The kind that is most worth looking at.
    pub worst: Option<Kind>,
}

/// All about a packet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Its number.
    pub number: u64,
    /// What it is.
    pub kind: Kind,
    /// What it is, in a word or two.
    pub title: String,
    /// Why it was sent, in plain words.
    pub why: String,
    /// Whether the why is known (a trace told it) or concluded.
    pub is_known: bool,
    /// When, in words.
    pub time: String,
    /// Where it was seen, and whose clock that is.
    pub seen: String,
    /// Packets that have to do with it: words and number.
    pub ties: Vec<(String, u64)>,
    /// Its layers, outermost first.
    pub layers: Vec<Layer>,
    /// The bytes that were kept.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Its length on the wire.
    pub original_len: u32,
}

/// A layer of a packet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// `TCP 80 → 49152`.
    pub title: String,
    /// Its bytes: from, to.
    pub range: (u32, u32),
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field of a layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its bytes: from, to.
    pub range: (u32, u32),
    /// 0, or 1 for a part of the field above.
    pub depth: u8,
    /// Whether something is wrong with it.
    pub is_bad: bool,
}
