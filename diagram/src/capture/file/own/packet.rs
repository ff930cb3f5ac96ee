//! Our option on a packet.

use super::{MAX_OPTION, TEXT_MAGIC, VERSION, take, take_each, with_rest};
use crate::capture::{Between, Direction, Fate, Frame};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use synema_core::time::Instant;
use synema_core::trace::{Cause, DropReason, FrameId};

/// Bytes of an option's JSON from which on further notes go into another option.
const MANY: usize = MAX_OPTION - 8_192;

/// What our option says of a packet. Fields that are not there are not written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct PacketTold {
    pub(in super::super) v: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) frame: Option<FrameId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<DropReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_ns: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    died_ns: Option<Instant>,
    #[serde(skip_serializing_if = "is_unknown")]
    between: Between,
    #[serde(skip_serializing_if = "is_seen")]
    fate: Fate,
    /// The section's number of the interface that a frame was to pass that none saw, if it is not
    /// the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) interface: Option<u32>,
    /// About the notes whose texts are the packet's comments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) notes: Vec<NoteTold>,
    #[serde(skip_serializing_if = "is_not")]
    pub(in super::super) highlighted: bool,
    #[serde(skip_serializing_if = "is_not")]
    pub(in super::super) hidden: bool,
    /// What this version does not know.
    #[serde(skip)]
    pub(in super::super) rest: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_unknown(between: &Between) -> bool {
    *between == Between::UNKNOWN
}

fn is_seen(fate: &Fate) -> bool {
    *fate == Fate::Seen
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_not(mark: &bool) -> bool {
    !mark
}

/// What a comment does not say of its note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct NoteTold {
    pub(in super::super) id: u32,
    /// The field that it is written on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) field: Option<String>,
    /// So many comments make one text, which is too long for one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(in super::super) parts: u32,
    /// By which the comment is known again, whoever moved it.
    pub(in super::super) sum: u32,
    #[serde(flatten)]
    pub(in super::super) rest: Map<String, Value>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(parts: &u32) -> bool {
    *parts == 1
}

impl PacketTold {
    /// What there is to say of a frame, its notes and marks aside.
    pub(in super::super) fn of(frame: &Frame) -> Self {
        Self {
            v: VERSION,
            frame: None,
            cause: frame.cause,
            dropped: frame.dropped,
            other_ns: frame.other_end,
            died_ns: frame.died,
            between: frame.between,
            fate: frame.fate.clone(),
            ..Self::default()
        }
    }

    /// Whether there is nothing to say.
    pub(in super::super) fn is_empty(&self) -> bool {
        *self
            == Self {
                v: self.v,
                ..Self::default()
            }
    }

    /// The options' texts: one, or more if there are very many notes.
    pub(in super::super) fn texts(mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes).into_iter().peekable();
        let mut texts = Vec::new();
        loop {
            let mut len = 0;
            while let Some(note) = notes.next_if(|_| len < MANY) {
                len += serde_json::to_string(&note).map_or(0, |json| json.len() + 1);
                self.notes.push(note);
            }
            let mut value = serde_json::to_value(&self).unwrap_or_default();
            with_rest(&mut value, &self.rest);
            texts.push(format!("{TEXT_MAGIC}{value}"));
            if notes.peek().is_none() {
                return texts;
            }
            self = Self {
                v: VERSION,
                frame: self.frame,
                ..Self::default()
            };
        }
    }

    /// Takes what an option says to what others said. False if it is none of ours.
    pub(in super::super) fn take(&mut self, text: &str) -> bool {
        let Some(json) = text.strip_prefix(TEXT_MAGIC) else {
            return false;
        };
        let told = serde_json::from_str(json)
            .ok()
            .or_else(|| Self::as_far_as_known(json));
        let Some(mut told) = told else { return false };
        if *self != Self::default() {
            let mut notes = std::mem::take(&mut self.notes);
            notes.append(&mut told.notes);
            *self = Self {
                v: self.v.max(told.v),
                frame: self.frame.or(told.frame),
                notes,
                ..std::mem::take(self)
            };
            return true;
        }
        *self = told;
        true
    }

    fn as_far_as_known(json: &str) -> Option<Self> {
        let mut rest: Map<String, Value> = serde_json::from_str(json).ok()?;
        let mut told = Self::default();
        take(&mut rest, "v", &mut told.v);
        take(&mut rest, "frame", &mut told.frame);
        take(&mut rest, "cause", &mut told.cause);
        take(&mut rest, "dropped", &mut told.dropped);
        take(&mut rest, "other_ns", &mut told.other_ns);
        take(&mut rest, "died_ns", &mut told.died_ns);
        take(&mut rest, "between", &mut told.between);
        take(&mut rest, "fate", &mut told.fate);
        take(&mut rest, "interface", &mut told.interface);
        take(&mut rest, "highlighted", &mut told.highlighted);
        take(&mut rest, "hidden", &mut told.hidden);
        let notes = take_each(&mut rest, "notes", &[]);
        told.notes = notes.into_iter().map(|(note, _)| note).collect();
        told.rest = rest;
        Some(told)
    }

    /// Puts on a frame what was told of it; its name is not put on it.
    pub(in super::super) fn put_on(&self, frame: &mut Frame) {
        frame.cause = self.cause;
        frame.dropped = self.dropped;
        frame.other_end = self.other_ns;
        frame.died = self.died_ns;
        frame.between = self.between;
        frame.fate.clone_from(&self.fate);
        let is_sent = self.frame.is_some_and(FrameId::is_sent);
        if frame.direction == Direction::Unknown && is_sent {
            frame.direction = Direction::Sent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_version_wrote_is_kept() {
        let text = r#"synema:{"v":9,"frame":7,"cause":{"NotYetKnown":1},"colour":"red","notes":[{"id":3,"sum":5,"size":2},{"number":4}]}"#;
        let mut told = PacketTold::default();
        assert!(told.take(text));
        assert_eq!(told.frame, Some(FrameId::received(7)));
        assert_eq!((told.v, told.cause, told.notes.len()), (9, None, 1));
        let [again] = &told.texts()[..] else {
            panic!("one text")
        };
        let value = |text: &str| -> Value {
            let json = text.strip_prefix(TEXT_MAGIC).expect("ours");
            serde_json::from_str(json).expect("JSON")
        };
        assert_eq!(value(again), value(text));
    }

    #[test]
    fn very_many_notes_take_several_options_and_are_joined_again() {
        let note = |id| NoteTold {
            id,
            field: Some("tcp.window_size_value".into()),
            parts: 1,
            sum: id,
            rest: Map::new(),
        };
        let told = PacketTold {
            v: VERSION,
            frame: Some(FrameId::sent(1)),
            notes: (0..3_000).map(note).collect(),
            hidden: true,
            ..PacketTold::default()
        };
        let texts = told.clone().texts();
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() <= MAX_OPTION));
        let mut again = PacketTold::default();
        for text in texts {
            assert!(again.take(&text));
        }
        assert_eq!(again, told);
        assert!(!again.take("synema:names"));
    }
}
