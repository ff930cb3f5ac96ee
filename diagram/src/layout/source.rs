//! What a ladder is made from, and which of it is drawn.

use crate::analysis::{Analysis, HostId};
use crate::capture::Capture;
use crate::clock::ClockMap;
use crate::filter::Expression;
use crate::states::States;
use crate::timing::Timing;
use crate::view::{Filter, View};
use crate::words::Story;
use std::collections::BTreeSet;

/// What a ladder is made from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) capture: &'a Capture,
    pub(crate) analysis: &'a Analysis,
    pub(crate) states: &'a States,
    pub(crate) timing: &'a Timing,
    pub(crate) clock: &'a ClockMap,
    pub(crate) view: &'a View,
    /// Packets whose runs are not folded.
    pub(crate) unfolded: &'a BTreeSet<u32>,
    /// Which packets are meant; all of them if none is told.
    pub(crate) wanted: Option<&'a Expression>,
}

impl<'a> Source<'a> {
    pub(crate) fn story(self) -> Story<'a> {
        Story {
            capture: self.capture,
            analysis: self.analysis,
            language: self.view.language,
        }
    }

    /// The time that the ticks count from.
    pub(crate) fn origin_ns(self) -> u64 {
        self.capture
            .frames()
            .first()
            .map_or(0, |frame| frame.at.as_nanos())
    }

    /// Whether somebody chose not to show it.
    pub(super) fn is_hidden(self, index: usize) -> bool {
        let frame = self.capture.frames().get(index);
        frame.is_some_and(|frame| self.capture.annotations().hidden().contains(&frame.id))
    }

    pub(crate) fn shows(self, index: usize) -> bool {
        let in_view = match self.view.filter {
            Filter::All => true,
            Filter::Stream(stream) => self
                .analysis
                .digests()
                .get(index)
                .and_then(|digest| digest.tcp)
                .is_some_and(|tcp| tcp.stream == stream),
        };
        let hidden = self.capture.annotations().hidden();
        in_view
            && (hidden.is_empty() || !self.is_hidden(index))
            && self
                .wanted
                .is_none_or(|wanted| wanted.matches(self.story(), index))
    }
}

/// Whose packets are drawn, where not all are.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) hosts: BTreeSet<HostId>,
    pub(super) streams: BTreeSet<u32>,
    pub(super) packets: u64,
}

impl Shown {
    pub(super) fn add(&mut self, source: Source<'_>, index: usize) {
        self.packets += 1;
        if let Some(digest) = source.analysis.digests().get(index) {
            self.hosts.extend([digest.from, digest.to]);
            self.streams.extend(digest.tcp.map(|tcp| tcp.stream));
        }
    }
}
