//! What is written on a capture, without the capture: for a link to something that makes the same
//! packets again.

use super::{BASE64, LinkProblem, MAX_LINK, seal, unseal};
use crate::annotate::Annotations;
use base64::Engine as _;

/// All that is written, as letters, digits, `-` and `_`.
pub fn encode_notes(annotations: &Annotations) -> String {
    // Annotations are plain values: they always have an encoding.
    BASE64.encode(seal(
        &postcard::to_allocvec(annotations).unwrap_or_default(),
    ))
}

/// What [`encode_notes`] made this text of.
///
/// # Errors
/// When it is damaged, none of ours, or too large.
pub fn decode_notes(text: &str) -> Result<Annotations, LinkProblem> {
    let bytes = BASE64
        .decode(text.trim())
        .map_err(|_| LinkProblem::Letters)?;
    let plain = unseal(&bytes, MAX_LINK)?;
    postcard::from_bytes(&plain).map_err(|_| LinkProblem::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::{Edit, Note, NoteId, On};
    use synema_core::trace::FrameId;

    #[test]
    fn notes_come_out_as_they_went_in_and_damage_is_noticed() {
        let mut written = Annotations::default();
        let note = Note {
            id: NoteId(3),
            on: On::Packet(FrameId::received(7)),
            text: "ここで失われた".to_owned(),
        };
        written.apply(Edit::write(note));
        written.apply(Edit::Title("why?".to_owned()));
        written.apply(Edit::highlight([FrameId::sent(1)], true));
        let text = encode_notes(&written);
        assert_eq!(decode_notes(&text), Ok(written));
        assert!(text.len() < 150, "{}", text.len());
        for cut in 0..text.len() {
            assert!(decode_notes(&text[..cut]).is_err(), "{cut}");
        }
        assert_eq!(decode_notes("not a link!"), Err(LinkProblem::Letters));
    }
}
