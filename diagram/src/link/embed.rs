//! A document within an SVG, a PNG or a page, to be opened again from there.
//!
//! ```text
//!  SVG:  <metadata><synema:document xmlns:synema="…">base64</synema:document></metadata>
//!  PNG:  … IDAT …, a chunk snMa: the packed bytes, IEND
//!  HTML: <a href="data:application/octet-stream;base64,…">: a capture file
//! ```

use super::{LinkProblem, MAX_EMBEDDED, for_a_link, pack, unpack};
use crate::capture::{Capture, Payload};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Crc;

/// A picture of more packets than this carries none of them.
pub const MAX_PACKETS: usize = 2_000;
/// In an SVG the document stands between these.
const BEFORE: &str =
    "<metadata><synema:document xmlns:synema=\"https://github.com/synema/synema\">";
const AFTER: &str = "</synema:document></metadata>";
/// In a page before it, and `"` after it.
const IN_PAGE: &str = "href=\"data:application/octet-stream;base64,";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Ancillary, private, and to be copied by programs that do not know it.
const CHUNK: &[u8; 4] = b"snMa";
const LAST_CHUNK: &[u8; 4] = b"IEND";

/// The packets with these indices and what is written on them, for a picture of them; none if
/// they are too many.
pub fn document(
    capture: &Capture,
    packets: impl IntoIterator<Item = usize>,
    payload: Payload,
) -> Option<Vec<u8>> {
    let carried = for_a_link(capture, packets, payload);
    let held = carried.held_bytes();
    (carried.frames().len() <= MAX_PACKETS && held < MAX_EMBEDDED / 2).then(|| pack(&carried))
}

/// An SVG that carries a [`document`], behind its description; as it is, if it has none.
pub fn into_svg(svg: &str, document: &[u8]) -> String {
    const HERE: &str = "</desc>\n";
    match svg.split_once(HERE) {
        Some((before, after)) => {
            let text = BASE64.encode(document);
            [before, HERE, BEFORE, &text, AFTER, "\n", after].concat()
        }
        None => svg.to_owned(),
    }
}

/// A PNG that carries a [`document`]; as it is, if it is no PNG.
pub fn into_png(png: &[u8], document: &[u8]) -> Vec<u8> {
    let last = chunks(png).find(|chunk| chunk.type_ == *LAST_CHUNK);
    let (Some(last), Ok(len)) = (last, u32::try_from(document.len())) else {
        return png.to_vec();
    };
    let (before, after) = png.split_at(last.at);
    let mut crc = Crc::new();
    crc.update(CHUNK);
    crc.update(document);
    let (len, sum) = (len.to_be_bytes(), crc.sum().to_be_bytes());
    [before, &len, CHUNK, document, &sum, after].concat()
}

/// Whether these bytes begin like a file that may carry a document.
pub(crate) fn may_carry(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    // A picture, a page, or an SVG with its declaration in front.
    let begins =
        |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    bytes.starts_with(PNG)
        || [&b"<svg"[..], b"<?xml", b"<!doctype", b"<html"]
            .iter()
            .any(|word| begins(word))
}

/// What a file carries.
#[derive(Debug)]
pub(crate) enum Carried {
    /// A document as pictures have it.
    Document(Box<Capture>),
    /// A capture file.
    File(Vec<u8>),
}

/// What a picture or a page carries; none if it carries nothing of ours.
pub(crate) fn carried(bytes: &[u8]) -> Option<Result<Carried, LinkProblem>> {
    let document = |packed: &[u8]| {
        let capture = unpack(packed, MAX_EMBEDDED)?;
        Ok(Carried::Document(Box::new(capture)))
    };
    if bytes.starts_with(PNG) {
        let chunk = chunks(bytes).find(|chunk| chunk.type_ == *CHUNK)?;
        return Some(document(chunk.data));
    }
    if let Some(text) = between(bytes, BEFORE, AFTER) {
        let packed = BASE64.decode(text.trim_ascii());
        return Some(
            packed
                .map_err(|_| LinkProblem::Damaged)
                .and_then(|packed| document(&packed)),
        );
    }
    let text = between(bytes, IN_PAGE, "\"")?;
    let file = BASE64.decode(text.trim_ascii());
    Some(file.map(Carried::File).map_err(|_| LinkProblem::Damaged))
}

fn between<'a>(bytes: &'a [u8], before: &str, after: &str) -> Option<&'a [u8]> {
    let from = find(bytes, before.as_bytes())? + before.len();
    let rest = &bytes[from..];
    Some(&rest[..find(rest, after.as_bytes())?])
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    // By its first letter: most of what is searched begins otherwise.
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == word[0])?;
        if bytes[at..].starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
}

struct Chunk<'a> {
    at: usize,
    type_: [u8; 4],
    data: &'a [u8],
}

/// The chunks of a PNG, up to one that does not fit.
fn chunks(png: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = PNG.len();
    core::iter::from_fn(move || {
        let rest = png.strip_prefix(PNG)?.get(at - PNG.len()..)?;
        let (head, rest) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, type_ @ ..] = *head;
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        let data = rest.get(..len)?;
        let chunk = Chunk { at, type_, data };
        // Its length, type and sum.
        at += len + 12;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::lab_fetch;
    use proptest::prelude::*;

    /// A PNG of one pixel.
    fn pixel() -> Vec<u8> {
        let chunk = |type_: &[u8; 4], data: &[u8]| {
            let mut crc = Crc::new();
            crc.update(type_);
            crc.update(data);
            let len = (data.len() as u32).to_be_bytes();
            [&len, type_, data, &crc.sum().to_be_bytes()].concat()
        };
        let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0];
        let chunks = [
            chunk(b"IHDR", &header),
            chunk(b"IDAT", &[0x78, 1, 1, 2, 0, 0xfd, 0xff, 0, 0, 0, 2, 0, 1]),
            chunk(LAST_CHUNK, &[]),
        ];
        [PNG, &chunks.concat()].concat()
    }

    fn opened(bytes: &[u8]) -> Capture {
        match carried(bytes) {
            Some(Ok(Carried::Document(capture))) => *capture,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pictures_carry_what_they_show() {
        let capture = lab_fetch().capture;
        let carried = for_a_link(&capture, 3..9, Payload::LeftOut);
        let packed = document(&capture, 3..9, Payload::LeftOut).expect("a few packets");
        let svg = into_svg("<svg><desc>a picture</desc>\n</svg>", &packed);
        assert_eq!(opened(svg.as_bytes()), carried);
        let png = into_png(&pixel(), &packed);
        assert!(may_carry(&png) && may_carry(svg.as_bytes()));
        assert_eq!(opened(&png), carried);
        let types: Vec<_> = chunks(&png).map(|chunk| chunk.type_).collect();
        assert_eq!(types, [*b"IHDR", *b"IDAT", *CHUNK, *LAST_CHUNK]);
        let page = format!("<!DOCTYPE html><a {IN_PAGE}AQID\">");
        assert!(matches!(
            super::carried(page.as_bytes()),
            Some(Ok(Carried::File(file))) if file == [1, 2, 3]
        ));
    }

    #[test]
    fn what_carries_nothing_is_known_as_such() {
        assert!(carried(&pixel()).is_none());
        assert!(carried(b"<svg></svg>").is_none());
        assert_eq!(into_png(b"no picture", b"x"), b"no picture");
        assert_eq!(into_svg("<svg></svg>", b"x"), "<svg></svg>");
        let broken = format!("<svg>{BEFORE}&&&{AFTER}</svg>");
        assert!(matches!(
            carried(broken.as_bytes()),
            Some(Err(LinkProblem::Damaged))
        ));
        for no in [&b""[..], b"<", b"\x0a\x0d\x0d\x0a", b"\x89PN", b"GET /"] {
            assert!(!may_carry(no));
        }
    }

    proptest! {
        #[test]
        fn damaged_pictures_are_opened_or_refused(at: usize, to: u8, cut: usize) {
            let packed = document(&lab_fetch().capture, 0..5, Payload::LeftOut);
            let packed = packed.expect("a few packets");
            for mut file in [into_png(&pixel(), &packed), into_svg("</desc>\n", &packed).into_bytes()] {
                let at = at % file.len();
                file[at] = to;
                file.truncate(file.len() - cut % file.len());
                let _opened_or_refused = carried(&file);
            }
        }
    }
}
