//! Which frame is called what, while a file is read: a frame without a name of its own must not
//! take one that another has, earlier or later in the file.

use crate::capture::{Capture, Frame};
use std::collections::{BTreeMap, BTreeSet};
use synema_core::trace::FrameId;

/// Beyond these numbers are the names of frames that will get another one at the end.
const FOR_NOW: u64 = 1 << 62;

/// The names that were given so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By a frame's index: whether its name stands in the file.
    told: Vec<bool>,
    /// Names that something is written on, whether such a frame is there or not.
    reserved: BTreeSet<FrameId>,
    /// Frames that will get a name at the end.
    unnamed: Vec<usize>,
    /// Frames of later sections whose own name was taken already: by section and name.
    moved: BTreeMap<(u32, FrameId), usize>,
}

impl Names {
    /// These names are for the frames that tell them.
    pub(super) fn reserve(&mut self, names: impl Iterator<Item = FrameId>) {
        self.reserved.extend(names);
    }

    /// Adds a frame with the name that stands in the file, if it is told and free; gives the
    /// frame's index.
    pub(super) fn push(
        &mut self,
        capture: &mut Capture,
        mut frame: Frame,
        told: Option<FrameId>,
        section: u32,
    ) -> usize {
        let index = capture.frames().len();
        let own = FrameId::received(index as u64 + 1);
        let for_now = FrameId::received(FOR_NOW | index as u64);
        let holder = capture.index_of(told.unwrap_or(own));
        let is_free = match holder {
            None => told.is_some() || !self.reserved.contains(&own),
            Some(holder) if told.is_some() && !self.told[holder] => {
                capture.rename(holder, FrameId::received(FOR_NOW | holder as u64));
                self.unnamed.push(holder);
                true
            }
            Some(_) => false,
        };
        frame.id = if is_free {
            told.unwrap_or(own)
        } else {
            for_now
        };
        if !is_free {
            self.unnamed.push(index);
            if let Some(told) = told.filter(|_| section > 0) {
                self.moved.entry((section, told)).or_insert(index);
            }
        }
        self.told.push(told.is_some() && is_free);
        capture.push(frame)
    }

    /// Names those that have no name yet.
    pub(super) fn finish(&mut self, capture: &mut Capture) {
        self.unnamed.sort_unstable();
        let mut next = capture.frames().len() as u64 + 1;
        for &index in &self.unnamed {
            let own = FrameId::received(index as u64 + 1);
            let mut id = own;
            while capture.index_of(id).is_some() || self.reserved.contains(&id) {
                id = FrameId::received(next);
                next += 1;
            }
            capture.rename(index, id);
        }
    }

    /// What a frame is called that a section calls so.
    pub(super) fn now(&self, capture: &Capture, section: u32, told: FrameId) -> FrameId {
        let moved = self.moved.get(&(section, told));
        moved.map_or(told, |&index| capture.frames()[index].id)
    }
}
