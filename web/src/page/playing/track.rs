//! The way of a cursor through a run: from one moment to the next, in time and down the ladder. Pure.
//!
//! ```text
//!   place   0 ········ 1 ········ 2 ═══ 3 ═══ 4 ················ 5
//!           start      SYN sent   SYN   state  SYN ACK sent       ...
//!   time    0 ms       0          10    10     10                 20
//! ```
//!
//! A place between two moments is a part of the way from one to the other: what happens at the same
//! time is passed one after the other too.

use synema_core::time::{Duration, Instant};
use synema_play::{Happening, Moment, Now, Timeline};

/// A silence is gone over in this time at most, milliseconds of the reader's.
pub const SILENCE_MS: f64 = 1_600.0;
/// What happens at the same time is drawn so fast, milliseconds a CSS pixel.
const AT_ONCE_MS: f64 = 5.0;
/// The beginning is so far above the first moment, CSS pixels: no letter reaches up there.
const BEFORE: f64 = 16.0;
/// A first run lasts no longer than this, milliseconds of the reader's.
const FIRST_RUN_MS: f64 = 20_000.0;

/// How fast time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The reader's milliseconds for one of the run.
    slow: f64,
    /// Its name in menus.
    pub name: &'static str,
}

impl Pace {
    /// All that there are, the slowest first.
    pub const ALL: [Self; 8] = [
        Self::new(1_000.0, "1/1000"),
        Self::new(300.0, "1/300"),
        Self::new(100.0, "1/100"),
        Self::new(30.0, "1/30"),
        Self::new(10.0, "1/10"),
        Self::new(3.0, "1/3"),
        Self::new(1.0, "1"),
        Self::new(0.1, "10"),
    ];
    /// Ten milliseconds take a second.
    pub const SLOW: Self = Self::ALL[2];

    const fn new(slow: f64, name: &'static str) -> Self {
        Self { slow, name }
    }
}

/// What a run can be run to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A packet dies.
    Loss,
    /// A connection goes into another state.
    State,
    /// A timer runs out.
    Timer,
}

impl Goal {
    fn is(self, what: Happening) -> bool {
        match self {
            Self::Loss => matches!(what, Happening::Lost { .. }),
            Self::State => matches!(what, Happening::State { .. }),
            Self::Timer => matches!(what, Happening::TimerFired { .. }),
        }
    }
}

/// A run's moments, and where they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    timeline: Timeline,
    heights: Vec<f64>,
}

impl Track {
    /// The way through these moments; where they are drawn is not known yet.
    pub fn new(timeline: Timeline) -> Self {
        Self {
            timeline,
            heights: Vec::new(),
        }
    }

    /// They are drawn here now.
    pub fn set_heights(&mut self, heights: Vec<f64>) {
        self.heights = heights;
    }

    /// The last place.
    pub fn end(&self) -> f64 {
        self.moments().len() as f64
    }

    fn moments(&self) -> &[Moment] {
        self.timeline.moments()
    }

    /// How things stand when the cursor is here.
    pub fn now(&self, place: f64) -> Now {
        self.timeline.at(Instant::from_nanos(self.time(place)))
    }

    /// The moments that have been when the cursor is here.
    fn before(&self, place: f64) -> &[Moment] {
        let count = place.clamp(0.0, self.end()) as usize;
        &self.moments()[..count]
    }

    /// The time at a place, ns.
    pub fn time(&self, place: f64) -> u64 {
        self.between(place, |index| self.ns(index) as f64) as u64
    }

    /// The height of a place, CSS pixels from the ladder's top; none before it is known.
    pub fn height(&self, place: f64) -> Option<f64> {
        if self.heights.len() != self.moments().len() {
            return None;
        }
        Some(self.between(place, |index| self.y(index)))
    }

    /// The place at a time: after all that happened then.
    pub fn at_time(&self, ns: u64) -> f64 {
        let passed = self
            .moments()
            .partition_point(|moment| moment.at.as_nanos() <= ns);
        if passed == self.moments().len() {
            return self.end();
        }
        let (from, to) = (self.ns(passed), self.ns(passed + 1));
        let part = (ns.saturating_sub(from)) as f64 / to.saturating_sub(from).max(1) as f64;
        passed as f64 + part.clamp(0.0, 0.999)
    }

    /// The place at a part of the whole height, 0 to 1; of the whole time where no heights are known.
    pub fn at_part(&self, part: f64) -> f64 {
        let part = part.clamp(0.0, 1.0);
        if part >= 1.0 {
            return self.end();
        }
        let Some(whole) = self.height(self.end()) else {
            return self.at_time((part * self.time(self.end()) as f64) as u64);
        };
        let y = self.y(0) + part * (whole - self.y(0));
        let passed = self.heights.partition_point(|height| *height <= y);
        if passed == self.heights.len() {
            return self.end();
        }
        let (from, to) = (self.y(passed), self.y(passed + 1));
        passed as f64 + ((y - from) / (to - from).max(0.001)).clamp(0.0, 0.999)
    }

    /// The part of the whole that a place is at, 0 to 1.
    pub fn part(&self, place: f64) -> f64 {
        let whole = self.time(self.end()).max(1) as f64;
        let (here, from, to) = match (self.height(place), self.height(self.end())) {
            (Some(here), Some(to)) => (here, self.y(0), to),
            _ => (self.time(place) as f64, 0.0, whole),
        };
        ((here - from) / (to - from).max(0.001)).clamp(0.0, 1.0)
    }

    /// The next place at which something has just happened, and all that is drawn with it.
    pub fn next(&self, place: f64) -> f64 {
        let last = self.moments().len();
        let mut next = (place as usize + 1).min(last);
        while next < last && self.is_one(next, next + 1) {
            next += 1;
        }
        next as f64
    }

    /// The place before.
    pub fn previous(&self, place: f64) -> f64 {
        let mut here = place.clamp(0.0, self.end()).ceil() as usize;
        while here > 1 && self.is_one(here - 1, here) {
            here -= 1;
        }
        here.saturating_sub(1) as f64
    }

    /// Whether nothing is to be seen between two places.
    fn is_one(&self, from: usize, to: usize) -> bool {
        self.ns(from) == self.ns(to) && (self.y(to) - self.y(from)).abs() < 1.0
    }

    /// The next place at which this has just happened.
    pub fn next_of(&self, place: f64, goal: Goal) -> Option<f64> {
        let passed = place.clamp(0.0, self.end()) as usize;
        let ahead = self.moments()[passed..].iter();
        let steps = ahead
            .enumerate()
            .find(|(_, moment)| goal.is(moment.what))?
            .0;
        // With all that is drawn with it.
        Some(self.next((passed + steps) as f64))
    }

    /// The place at which a packet's way is over.
    pub fn end_of(&self, packet: u64) -> Option<f64> {
        let is_end = |moment: &Moment| match moment.what {
            Happening::Arrived { packet: number } | Happening::Lost { packet: number } => {
                number == packet
            }
            _ => false,
        };
        Some(self.moments().iter().rposition(is_end)? as f64 + 1.0)
    }

    /// The number of the last packet that has departed when the cursor is here.
    pub fn last_departed(&self, place: f64) -> u64 {
        let departed = self.before(place).iter();
        let number = departed.filter_map(|moment| match moment.what {
            Happening::Departed { packet } => Some(packet),
            _ => None,
        });
        number.max().unwrap_or(0)
    }

    /// The silence that a place lies in, if it is gone over faster than the pace says.
    pub fn silence(&self, place: f64, pace: Pace) -> Option<Duration> {
        let index = place.clamp(0.0, self.end()) as usize;
        let nanos = self.span(index);
        let is_long = nanos as f64 / 1e6 * pace.slow > SILENCE_MS;
        is_long.then(|| Duration::from_nanos(nanos))
    }

    /// Where the cursor is after so many of the reader's milliseconds.
    pub fn advance(&self, place: f64, reader_ms: f64, pace: Pace) -> f64 {
        let (mut place, mut left) = (place, reader_ms);
        while place < self.end() && left > 0.0 {
            let index = place as usize;
            let whole = self.lasts(index, pace);
            let rest = whole * (index as f64 + 1.0 - place);
            if rest > left {
                return place + left / whole;
            }
            left -= rest;
            place = index as f64 + 1.0;
        }
        place.min(self.end())
    }

    /// The pace at which a first run can be followed, and does not last too long.
    pub fn fitting_pace(&self) -> Pace {
        let lasts = |pace: Pace| -> f64 {
            let steps = 0..self.moments().len();
            steps.map(|index| self.lasts(index, pace)).sum()
        };
        let paces = Pace::ALL
            .into_iter()
            .filter(|pace| pace.slow <= Pace::SLOW.slow);
        let fitting = paces.into_iter().find(|pace| lasts(*pace) <= FIRST_RUN_MS);
        fitting.unwrap_or(Pace::ALL[Pace::ALL.len() - 1])
    }

    /// The reader's milliseconds from place `index` to the next.
    fn lasts(&self, index: usize, pace: Pace) -> f64 {
        let by_time = (self.span(index) as f64 / 1e6 * pace.slow).min(SILENCE_MS);
        if pace.slow < 10.0 || self.heights.len() != self.moments().len() {
            return by_time;
        }
        let fall = (self.y(index + 1) - self.y(index)).max(0.0);
        by_time.max((fall * AT_ONCE_MS).min(SILENCE_MS / 8.0))
    }

    fn span(&self, index: usize) -> u64 {
        if index >= self.moments().len() {
            return 0;
        }
        self.ns(index + 1).saturating_sub(self.ns(index))
    }

    /// The time at place `index`.
    fn ns(&self, index: usize) -> u64 {
        let moment = index
            .checked_sub(1)
            .and_then(|index| self.moments().get(index));
        moment.map_or(0, |moment| moment.at.as_nanos())
    }

    /// The height at place `index`; the beginning is just above the first moment.
    fn y(&self, index: usize) -> f64 {
        match index.checked_sub(1) {
            Some(index) => self.heights.get(index).copied().unwrap_or_default(),
            None => self.heights.first().map_or(0.0, |first| first - BEFORE),
        }
    }

    fn between(&self, place: f64, of: impl Fn(usize) -> f64) -> f64 {
        let place = place.clamp(0.0, self.end());
        let index = place as usize;
        let (from, part) = (of(index), place - index as f64);
        if part <= 0.0 {
            return from;
        }
        from + part * (of(index + 1) - from)
    }
}
