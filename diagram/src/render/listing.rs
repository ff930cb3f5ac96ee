//! A ladder's arrows one after the other, each with its label: what the renderings
//! without a time axis are made from.

use crate::Document;
use crate::annotate::Note;
use crate::scene::{Arrow, Bracket, Certainty, Scene};
use crate::view::{Axis, View};
use crate::words;
use std::borrow::Cow;

/// A silence that is worth a line.
const SILENCE_NS: u64 = 100_000_000;

/// A document with a row for each packet.
pub(super) struct Listing<'a> {
    document: &'a Document,
    pub(super) scene: Scene,
}

/// One arrow of the list.
pub(super) struct Entry<'a> {
    pub(super) arrow: &'a Arrow,
    /// Its label, the longest wording first.
    pub(super) labels: Vec<String>,
    /// Since the first packet.
    pub(super) since_ns: u64,
    /// The silence before it, in words, if it was a long one.
    pub(super) silence: Option<String>,
    /// What people wrote on the packet.
    pub(super) notes: Vec<Cow<'a, str>>,
    /// How many packets before it are hidden, in words.
    pub(super) hidden: Option<&'a str>,
    /// Stretches of time that it ends.
    pub(super) brackets: Vec<&'a Bracket>,
}

impl<'a> Listing<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let scene = document.whole(View {
            axis: Axis::Rows,
            ..*document.view()
        });
        Self { document, scene }
    }

    /// The arrows in the order of their numbers.
    pub(super) fn entries(&self) -> Vec<Entry<'_>> {
        let story = self.document.story();
        let language = story.language;
        let frames = self.document.capture().frames();
        let origin = frames.first().map_or(0, |frame| frame.at.as_nanos());
        let mut arrows: Vec<&Arrow> = self.scene.arrows.iter().collect();
        arrows.sort_by_key(|arrow| (arrow.number, arrow.certainty == Certainty::Firm));
        let mut hidden = self.scene.hidden.iter().peekable();
        let mut last: Option<usize> = None;
        let mut entries = Vec::with_capacity(arrows.len());
        for arrow in arrows {
            let index = usize::try_from(arrow.number - 1).unwrap_or(usize::MAX);
            let Some(frame) = frames.get(index) else {
                continue;
            };
            let ns = frame.at.as_nanos();
            let firm = arrow.certainty == Certainty::Firm;
            let silence = last.filter(|_| firm).and_then(|before| {
                let silent = ns.saturating_sub(frames[before].at.as_nanos());
                let said = || {
                    let why = words::awaited(story, before, index);
                    words::silence_labels(language, silent, why)[0].clone()
                };
                (silent > SILENCE_NS).then(said)
            });
            last = Some(arrow.fold.map_or(index, |fold| fold.last as usize - 1));
            let labels = if let Some(fold) = &arrow.fold {
                words::folded_labels(language, fold, self.document.view().labels)
            } else if firm {
                words::labels(story, index, self.document.view().labels)
            } else {
                vec![
                    language
                        .pick("never seen here", "ここでは見えず")
                        .to_owned(),
                ]
            };
            let annotations = self.document.annotations();
            let noted = firm.then(|| annotations.notes_on(frame.id));
            let notes = noted.into_iter().flatten();
            entries.push(Entry {
                arrow,
                labels,
                since_ns: ns.saturating_sub(origin),
                silence,
                notes: notes.map(Note::words).collect(),
                hidden: hidden
                    .next_if(|mark| mark.first < arrow.number)
                    .map(|mark| mark.title.as_str()),
                brackets: self
                    .scene
                    .brackets
                    .iter()
                    .filter(|bracket| firm && bracket.to == arrow.number)
                    .collect(),
            });
        }
        entries
    }
}
