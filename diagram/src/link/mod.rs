//! A document within a link, a picture or a page.
//!
//! ```text
//!  Capture::excerpt ──► pack: version, sum, deflate(columns) ──► base64url ──► https://viewer/#d=…
//!                                                    └──► base64 in an SVG, a chunk of a PNG
//! ```
//!
//! Payloads are left out unless they are asked for. What comes in is anybody's: it is inflated
//! under a bound, and checked before it is believed.

pub mod embed;
mod notes;
mod packed;
mod simulated;

pub use notes::{decode_notes, encode_notes};

use crate::capture::{Capture, Payload};
use crate::words::{Language, say};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use core::fmt;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use packed::Packed;
use simulated::Simulated;
use std::io::{Read, Write};
use synema_core::trace::Event;

/// Up to so many characters a link goes through anything.
pub const SHORT: usize = 2_000;
/// Up to so many characters it goes through most things.
pub const LONG: usize = 8_000;
/// The version of what is packed: its first byte; four bytes to know damage by follow.
const VERSION: u8 = 1;
/// No more of a link is inflated than this, in bytes.
const MAX_LINK: u64 = 4 << 20;
/// Nor more than this of what is within a picture or a page.
pub(crate) const MAX_EMBEDDED: u64 = 16 << 20;

/// Each frame takes some bytes, however alike they are.
const MAX_FRAMES_A_BYTE: usize = 16;
const MIN_FRAMES: usize = 4_096;

/// In a URL's fragment it stands before the document.
pub const KEY: &str = "d=";

/// A document as a text for the fragment of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Letters, digits, `-` and `_`.
    pub text: String,
    /// How far it gets.
    pub reach: Reach,
}

/// How far a link gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Through anything that carries links.
    Anywhere,
    /// Some mail and chat programs cut it: the reader is to be warned.
    Most,
    /// No further than a page's own address line: offer a file.
    File,
}

impl Reach {
    /// That of a text of so many characters.
    pub fn of(len: usize) -> Self {
        if len <= SHORT {
            Self::Anywhere
        } else if len <= LONG {
            Self::Most
        } else {
            Self::File
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anywhere => "short enough for any program",
            Self::Most => "so long that some programs cut it: try it before you rely on it",
            Self::File => "too long for a link: send the file, or choose fewer packets",
        })
    }
}

/// Why a text or some bytes are no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkProblem {
    /// It is not in the letters of a link; perhaps it was cut off.
    Letters,
    /// It was written by a later version of this program.
    Later(u8),
    /// It is damaged, or none of ours.
    Damaged,
    /// It says that it is larger than any link.
    TooLarge,
}

impl LinkProblem {
    /// Why, and what to do, in a language.
    pub fn words(self, language: Language) -> String {
        let pick = |english, japanese| language.pick(english, japanese).to_owned();
        match self {
            Self::Letters => pick(
                "the link is damaged; copy the whole of it again",
                "リンクが壊れています。全体をコピーし直してください",
            ),
            Self::Later(version) => say!(
                language,
                "it was made by a later version of Synema (format {version}); open it with that one",
                "もっと新しい版の Synema で作られています（形式 {version}）。その版で開いてください"
            ),
            Self::Damaged => pick(
                "there is no whole document in it; copy it again, or ask for the file",
                "完全な文書が入っていません。コピーし直すか、ファイルをもらってください",
            ),
            Self::TooLarge => pick(
                "it claims to be larger than any link; ask for the file",
                "リンクにしては大きすぎます。ファイルをもらってください",
            ),
        }
    }
}

impl fmt::Display for LinkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Language::English))
    }
}

impl core::error::Error for LinkProblem {}

/// The packets with these indices, all that is written on them, and the rarer of the trace's
/// records, for a link.
pub fn encode(
    capture: &Capture,
    packets: impl IntoIterator<Item = usize>,
    payload: Payload,
) -> Fragment {
    let text = BASE64.encode(pack(&for_a_link(capture, packets, payload)));
    let reach = Reach::of(text.len());
    Fragment { text, reach }
}

/// The whole link, at a viewer that others can reach.
pub fn url(viewer: &str, fragment: &Fragment) -> String {
    let viewer = viewer.split('#').next().unwrap_or_default();
    format!("{viewer}#{KEY}{}", fragment.text)
}

/// The document of a link, or of its fragment.
///
/// # Errors
/// When it is damaged, none of ours, or too large.
pub fn decode(link: &str) -> Result<Capture, LinkProblem> {
    let text = link.rsplit('#').next().unwrap_or_default().trim();
    let text = text.strip_prefix(KEY).unwrap_or(text);
    let bytes = BASE64.decode(text).map_err(|_| LinkProblem::Letters)?;
    unpack(&bytes, MAX_LINK)
}

/// What a link to these packets carries.
pub fn for_a_link(
    capture: &Capture,
    packets: impl IntoIterator<Item = usize>,
    payload: Payload,
) -> Capture {
    let mut excerpt = capture.excerpt(packets, payload);
    excerpt.keep_records(|record| is_rare(&record.event));
    excerpt
}

/// Whether a picture without this event tells less.
fn is_rare(event: &Event) -> bool {
    !matches!(
        event,
        Event::Received { .. }
            | Event::Rtt { .. }
            | Event::Congestion { .. }
            | Event::InOrder { .. }
            | Event::Delivered { .. }
            | Event::ReceiveWindow { .. }
    )
}

/// A capture in few bytes. What a file brought that has no meaning here is left out.
fn pack(capture: &Capture) -> Vec<u8> {
    let columns = Packed::of(capture);
    // Writing into a Vec cannot fail, and the columns hold plain values.
    let mut plain = postcard::to_allocvec(&columns).unwrap_or_default();
    if let Some(simulated) = Simulated::of(capture) {
        // Behind the rest: who does not know of it reads no further.
        plain.extend(postcard::to_allocvec(&simulated).unwrap_or_default());
    }
    seal(&plain)
}

/// Bytes, smaller, and so that damage is noticed.
fn seal(plain: &[u8]) -> Vec<u8> {
    let mut head = vec![VERSION];
    head.extend(sum(plain));
    let mut deflate = DeflateEncoder::new(head, Compression::best());
    let written = deflate.write_all(plain);
    written.and_then(|()| deflate.finish()).unwrap_or_default()
}

/// The capture that [`pack`] made these bytes of, inflated to at most `limit` bytes.
fn unpack(bytes: &[u8], limit: u64) -> Result<Capture, LinkProblem> {
    let plain = unseal(bytes, limit)?;
    let (columns, rest): (Packed, _) =
        postcard::take_from_bytes(&plain).map_err(|_| LinkProblem::Damaged)?;
    if columns.len() > MIN_FRAMES + bytes.len().saturating_mul(MAX_FRAMES_A_BYTE) {
        return Err(LinkProblem::TooLarge);
    }
    let mut capture = columns.capture().ok_or(LinkProblem::Damaged)?;
    // What a later version put there is passed over.
    if let Ok(simulated) = postcard::from_bytes::<Simulated>(rest) {
        simulated.put_on(&mut capture);
    }
    Ok(capture)
}

/// The bytes that [`seal`] was given, inflated to at most `limit` bytes.
fn unseal(bytes: &[u8], limit: u64) -> Result<Vec<u8>, LinkProblem> {
    let (&version, rest) = bytes.split_first().ok_or(LinkProblem::Damaged)?;
    if version != VERSION {
        return Err(match version {
            0 => LinkProblem::Damaged,
            _ => LinkProblem::Later(version),
        });
    }
    let (&told, deflated) = rest.split_first_chunk().ok_or(LinkProblem::Damaged)?;
    let mut plain = Vec::new();
    let read = DeflateDecoder::new(deflated)
        .take(limit + 1)
        .read_to_end(&mut plain);
    if plain.len() as u64 > limit {
        return Err(LinkProblem::TooLarge);
    }
    read.map_err(|_| LinkProblem::Damaged)?;
    if sum(&plain) != told {
        return Err(LinkProblem::Damaged);
    }
    Ok(plain)
}

/// By which damage is noticed: a letter of a link that is another.
fn sum(plain: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(plain);
    crc.sum().to_le_bytes()
}

#[cfg(test)]
mod tests;
