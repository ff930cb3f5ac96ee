//! A response's body as it comes: its digest, its beginning as text, and its bytes as a `Blob`.

use crate::page::fetch::Body;
use js_sys::{Array, Uint8Array};
use sha2::{Digest, Sha256};
use synema_core::app::session::FetchId;
use wasm_bindgen::JsValue;
use web_sys::{Blob, BlobPropertyBag};

/// Bytes of text that are shown.
const PREVIEW: usize = 64 << 10;
/// Bytes are given to the browser in pieces of about this size.
const PIECE: usize = 1 << 20;

/// What is known of a body without the browser.
#[derive(Default)]
pub struct Digesting {
    hash: Sha256,
    len: u64,
    beginning: Vec<u8>,
    media_type: Option<String>,
}

impl Digesting {
    /// A body of this `Content-Type`.
    pub fn new(media_type: Option<String>) -> Self {
        Self {
            media_type,
            ..Self::default()
        }
    }

    /// Takes its next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.len += bytes.len() as u64;
        let room = PREVIEW.saturating_sub(self.beginning.len());
        self.beginning
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What it came to.
    pub fn finish(self) -> Body {
        let sha256 = self
            .hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let text = as_text(&self.beginning, self.media_type.as_deref());
        let shown = if text.is_some() {
            self.beginning.len() as u64
        } else {
            0
        };
        Body {
            len: self.len,
            sha256,
            text,
            shown,
        }
    }
}

/// Text if it is called text and reads as UTF-8 (perhaps cut within a character), or reads so without
/// being called anything. It is shown as text alone, never as a page.
fn as_text(bytes: &[u8], media_type: Option<&str>) -> Option<String> {
    let essence = media_type.map(|kind| {
        kind.split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
    });
    let is_named_text = essence.as_deref().is_none_or(|kind| {
        kind.starts_with("text/")
            || ["json", "xml", "javascript", "x-www-form-urlencoded"]
                .iter()
                .any(|part| kind.ends_with(part))
    });
    if !is_named_text {
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) if essence.is_some() => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => return None,
    };
    let is_binary = text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
    (!is_binary).then_some(text)
}

/// A body on its way into a `Blob`.
pub struct Download {
    /// Of which fetch.
    pub fetch: FetchId,
    /// A name for its file.
    pub name: String,
    digesting: Option<Digesting>,
    piece: Vec<u8>,
    parts: Array,
}

impl Download {
    /// A body that begins.
    pub fn new(fetch: FetchId, name: String, media_type: Option<String>) -> Self {
        Self {
            fetch,
            name,
            digesting: Some(Digesting::new(media_type)),
            piece: Vec::new(),
            parts: Array::new(),
        }
    }

    /// Takes its next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        if let Some(digesting) = &mut self.digesting {
            digesting.take(bytes);
        }
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.hand_over();
        }
    }

    /// What it came to; none if that was asked before.
    pub fn finish(&mut self) -> Option<Body> {
        self.hand_over();
        self.digesting.take().map(Digesting::finish)
    }

    /// Its bytes so far, as a file of unknown type: nothing of it is ever run.
    ///
    /// # Errors
    /// When the browser has no room for it.
    pub fn blob(&mut self) -> Result<Blob, JsValue> {
        self.hand_over();
        octets(&self.parts)
    }

    fn hand_over(&mut self) {
        if !self.piece.is_empty() {
            self.parts.push(&Uint8Array::from(self.piece.as_slice()));
            self.piece.clear();
        }
    }
}

/// Parts as one file of unknown type.
///
/// # Errors
/// When the browser has no room for it.
pub fn octets(parts: &Array) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    Blob::new_with_u8_array_sequence_and_options(parts, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8], media_type: Option<&str>) -> Body {
        let mut digesting = Digesting::new(media_type.map(str::to_owned));
        for piece in bytes.chunks(7) {
            digesting.take(piece);
        }
        digesting.finish()
    }

    #[test]
    fn the_digest_is_that_of_fips_180_4() {
        let body = body(b"abc", Some("text/plain"));
        assert_eq!(
            body.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!((body.len, body.text.as_deref()), (3, Some("abc")));
    }

    #[test]
    fn an_empty_body_has_a_digest_too() {
        let body = body(b"", None);
        assert_eq!(
            body.sha256,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn only_text_is_shown_as_text() {
        assert!(body(b"\x89PNG\r\n\x1a\n", Some("image/png")).text.is_none());
        assert!(body(&[0, 1, 2, 255], None).text.is_none());
        assert!(body(&[0, 1, 2], Some("text/plain")).text.is_none());
        assert_eq!(
            body(b"{}", Some("application/json; charset=utf-8"))
                .text
                .as_deref(),
            Some("{}")
        );
        assert_eq!(
            body(b"caf\xe9!", Some("text/html; charset=latin1"))
                .text
                .as_deref(),
            Some("caf\u{fffd}!")
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(PREVIEW);
        let body = body(&[b"x", long.as_bytes()].concat(), Some("text/plain"));
        let text = body.text.expect("text");
        assert!(text.len() < PREVIEW + 1 && text.chars().skip(1).all(|c| c == 'é'));
        assert_eq!(body.shown, PREVIEW as u64);
    }
}
