//! What is to be done when: the lines of a script, and what was heard so far.

use super::scene::{Cue, Deed, Line};
use core::iter;
use std::collections::BTreeMap;
use synema_core::time::Instant;

/// What cues are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The address is ours.
    pub is_granted: bool,
    /// The connection is there.
    pub is_connected: bool,
    /// The other end sends no more.
    pub peer_closed: bool,
    /// Bytes that have been read.
    pub received: u64,
}

/// A script under way. Each line is spoken once.
#[derive(Clone, Debug)]
pub struct Script {
    /// What was not yet spoken.
    lines: Vec<Line>,
    /// What is to be done, by time and then in the order in which it came up.
    due: BTreeMap<(Instant, u64), Deed>,
    came_up: u64,
}

impl Script {
    /// One that begins at the clock's zero.
    pub fn new(lines: Vec<Line>) -> Self {
        let mut script = Self {
            lines,
            due: BTreeMap::new(),
            came_up: 0,
        };
        script.take_cues(Instant::ZERO, Heard::default());
        script
    }

    /// Puts the lines whose cue has come among what is to be done.
    pub fn take_cues(&mut self, now: Instant, heard: Heard) {
        for line in core::mem::take(&mut self.lines) {
            let has_come = match line.on {
                Cue::Start => true,
                Cue::Granted => heard.is_granted,
                Cue::Connected => heard.is_connected,
                Cue::Received(len) => heard.received >= len,
                Cue::PeerClosed => heard.peer_closed,
            };
            if !has_come {
                self.lines.push(line);
                continue;
            }
            for deed in line.does.into_iter().flat_map(one_by_one) {
                self.due.insert((now + line.after, self.came_up), deed);
                self.came_up += 1;
            }
        }
    }

    /// The next deed whose time has come.
    pub fn next(&mut self, now: Instant) -> Option<Deed> {
        let entry = self.due.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When there is something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }
}

/// Several writes are several deeds.
fn one_by_one(deed: Deed) -> Vec<Deed> {
    match deed {
        Deed::Write(lens) => lens.into_iter().map(|len| Deed::Write(vec![len])).collect(),
        other => vec![other],
    }
}

/// `len` bytes of what everybody sends who has nothing to say: lower-case letters, over and over;
/// these are the ones from the byte `from` on.
pub fn letters(from: u64, len: u32) -> Vec<u8> {
    let alphabet = (b'a'..=b'z').cycle().skip((from % 26) as usize);
    iter::zip(alphabet, 0..len)
        .map(|(letter, _)| letter)
        .collect()
}
