//! What happened when in a run.

use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Event, Record, TcpState, TimerKind};
use synema_sim::experiment::Machine;
use synema_sim::{Passage, PassageEnd, sightings};

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When, on the run's clock.
    pub at: Instant,
    /// What.
    pub what: Happening,
}

/// What happens in a run. A packet is named by its number in the document, a machine by its
/// place in the run's list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// A packet arrived.
    Arrived {
        /// Which.
        packet: u64,
    },
    /// A packet died on the way.
    Lost {
        /// Which.
        packet: u64,
    },
    /// A timer ran out.
    TimerFired {
        /// Whose.
        machine: usize,
        /// Of which of its connections.
        conn: ConnId,
        /// Which timer.
        timer: TimerKind,
    },
    /// A connection changed its state.
    State {
        /// Whose.
        machine: usize,
        /// Which of its connections.
        conn: ConnId,
        /// The state it left.
        from: TcpState,
        /// The state it is in from now on.
        to: TcpState,
    },
    /// A packet was sent.
    Departed {
        /// Which.
        packet: u64,
    },
    /// A timer was set, or set anew.
    TimerArmed {
        /// Whose.
        machine: usize,
        /// Of which of its connections.
        conn: ConnId,
        /// Which timer.
        timer: TimerKind,
        /// When it will run out if nothing stops it.
        deadline: Instant,
    },
    /// A timer was stopped before it ran out.
    TimerStopped {
        /// Whose.
        machine: usize,
        /// Of which of its connections.
        conn: ConnId,
        /// Which timer.
        timer: TimerKind,
    },
}

impl Happening {
    /// Its place among what happens at one moment: causes before what they cause.
    const fn rank(self) -> u8 {
        match self {
            Self::Arrived { .. } | Self::Lost { .. } => 0,
            Self::TimerFired { .. } => 1,
            Self::State { .. } => 2,
            Self::Departed { .. } => 3,
            Self::TimerArmed { .. } | Self::TimerStopped { .. } => 4,
        }
    }
}

/// All that happened in a run, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    moments: Vec<Moment>,
    end: Instant,
}

impl Timeline {
    /// Reads a run: what became of its frames, named as the first machine sees them, and
    /// what each machine's stack told. Nothing is looked at after `until`.
    pub fn new(passages: &[Passage], machines: &[Machine<'_>], until: Instant) -> Self {
        let mut moments = Vec::new();
        for (number, sighting) in (1..).zip(sightings(passages, machines[0].node)) {
            moments.extend(on_the_way(&passages[sighting.passage], number));
        }
        for (number, machine) in machines.iter().enumerate() {
            let told = machine.trace.iter();
            moments.extend(told.filter_map(|record| moment_of(number, record)));
        }
        moments.retain(|moment| moment.at <= until);
        moments.sort_by_key(|moment| (moment.at, moment.what.rank()));
        let end = moments.last().map_or(Instant::ZERO, |moment| moment.at);
        Self { moments, end }
    }

    /// All moments, by their time; at one time, causes before what they cause.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// When the last thing happened.
    pub fn end(&self) -> Instant {
        self.end
    }
}

/// A frame's departure, and its arrival or its loss.
fn on_the_way(passage: &Passage, packet: u64) -> [Moment; 2] {
    let (at, what) = match passage.end {
        PassageEnd::Arrived { at, .. } => (at, Happening::Arrived { packet }),
        PassageEnd::Lost { at, .. } => (at, Happening::Lost { packet }),
    };
    let departed = Moment {
        at: passage.departed,
        what: Happening::Departed { packet },
    };
    [departed, Moment { at, what }]
}

fn moment_of(machine: usize, record: &Record) -> Option<Moment> {
    let what = match record.event {
        Event::State { conn, from, to, .. } => Happening::State {
            machine,
            conn,
            from,
            to,
        },
        Event::TimerArmed {
            conn,
            timer,
            deadline,
        } => Happening::TimerArmed {
            machine,
            conn,
            timer,
            deadline,
        },
        Event::TimerFired { conn, timer } => Happening::TimerFired {
            machine,
            conn,
            timer,
        },
        Event::TimerStopped { conn, timer } => Happening::TimerStopped {
            machine,
            conn,
            timer,
        },
        _ => return None,
    };
    Some(Moment {
        at: record.at,
        what,
    })
}
