//! What a document gives away: the packets that are drawn, for a link, a picture or a page.

use super::Document;
use crate::capture::{Capture, Payload};
use crate::link::{self, Fragment, embed};
use core::ops::Range;

impl Document {
    /// The indices of the packets that are drawn between two heights, or of all that are drawn.
    pub fn drawn(&mut self, heights: Option<Range<f64>>) -> Vec<usize> {
        let all = 0..self.capture.frames().len();
        let between = match heights {
            None => all,
            Some(heights) => {
                let scene = self.window(heights.start, heights.end);
                let numbers = scene.arrows.iter().map(|arrow| arrow.number);
                let first = numbers.clone().min().unwrap_or(1);
                let last = numbers.max().unwrap_or(0);
                let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
                index(first - 1)..index(last).min(all.end)
            }
        };
        let source = self.source();
        between.filter(|&index| source.shows(index)).collect()
    }

    /// What is drawn between two heights, to be put into a picture of it
    /// ([`embed`](crate::link::embed)); none if it is too much.
    pub fn to_carry(&mut self, heights: Option<Range<f64>>, payload: Payload) -> Option<Vec<u8>> {
        let drawn = self.drawn(heights);
        (drawn.len() <= embed::MAX_PACKETS)
            .then(|| embed::document(&self.capture, drawn, payload))
            .flatten()
    }

    /// These packets, by their numbers, as a link.
    pub fn link(&self, numbers: impl IntoIterator<Item = u64>, payload: Payload) -> Fragment {
        link::encode(&self.capture, indices(numbers), payload)
    }

    /// These packets, by their numbers, as a capture of their own.
    pub fn excerpt(&self, numbers: impl IntoIterator<Item = u64>, payload: Payload) -> Capture {
        self.capture.excerpt(indices(numbers), payload)
    }
}

fn indices(numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = usize> {
    let indices = numbers
        .into_iter()
        .filter_map(|number| number.checked_sub(1));
    indices.filter_map(|index| usize::try_from(index).ok())
}
