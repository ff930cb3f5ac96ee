//! What happened when in a run.

use crate::now::Now;
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Event, Record, TcpState, TimerKind};
use synema_sim::experiment::Machine;
use synema_sim::{Passage, PassageEnd};

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
    /// Bytes came in order; the application may take them.
    InOrder {
        /// Whose.
        machine: usize,
        /// On which of its connections.
        conn: ConnId,
        /// So many since the connection began.
        total: u64,
    },
    /// The application took bytes.
    Read {
        /// Whose.
        machine: usize,
        /// From which of its connections.
        conn: ConnId,
        /// So many since the connection began.
        total: u64,
    },
    /// The congestion window is another.
    Window {
        /// Whose.
        machine: usize,
        /// Of which of its connections.
        conn: ConnId,
        /// From now on, bytes.
        cwnd: u64,
    },
}

/// What somebody who goes through a run wants to see next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stop {
    /// Anything that is drawn: a packet that departs, arrives or dies, a timer that is set
    /// or runs out, another state.
    Anything,
    /// A packet that dies.
    Loss,
    /// Another state of a connection.
    State,
}

impl Stop {
    const fn is_at(self, what: Happening) -> bool {
        match self {
            Self::Anything => !matches!(
                what,
                Happening::InOrder { .. } | Happening::Read { .. } | Happening::Window { .. }
            ),
            Self::Loss => matches!(what, Happening::Lost { .. }),
            Self::State => matches!(what, Happening::State { .. }),
        }
    }
}

impl Happening {
    /// Its place among what happens at one moment: causes before what they cause.
    const fn rank(self) -> u8 {
        match self {
            Self::Arrived { .. } => 0,
            Self::TimerFired { .. } => 1,
            Self::State { .. } => 2,
            Self::Departed { .. } => 3,
            Self::TimerArmed { .. }
            | Self::TimerStopped { .. }
            | Self::InOrder { .. }
            | Self::Read { .. }
            | Self::Window { .. } => 4,
            // It causes nothing, and where a queue is full it follows at once on its departure.
            Self::Lost { .. } => 5,
        }
    }
}

/// All that happened in a run, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    machines: usize,
    moments: Vec<Moment>,
    end: Instant,
}

impl Timeline {
    /// Reads a run: the ways of its packets, in the order of their numbers, and what each
    /// machine's stack told. Nothing is looked at after `until`.
    pub(crate) fn new<'a>(
        ways: impl Iterator<Item = &'a Passage>,
        machines: &[Machine<'_>],
        until: Instant,
    ) -> Self {
        let mut moments = Vec::new();
        for (number, way) in (1..).zip(ways) {
            moments.extend(on_the_way(way, number));
        }
        for (number, machine) in machines.iter().enumerate() {
            let told = machine.trace.iter();
            moments.extend(told.filter_map(|record| moment_of(number, record)));
        }
        moments.retain(|moment| moment.at <= until);
        moments.sort_by_key(|moment| (moment.at, moment.what.rank()));
        let end = moments.last().map_or(Instant::ZERO, |moment| moment.at);
        Self {
            machines: machines.len(),
            moments,
            end,
        }
    }

    /// All moments, by their time; at one time, causes before what they cause.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// When the last thing happened.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// The next time after `at` at which there is something of this kind.
    pub fn next(&self, at: Instant, stop: Stop) -> Option<Instant> {
        let later = self.moments.partition_point(|moment| moment.at <= at);
        let mut later = self.moments[later..].iter();
        later.find(|moment| stop.is_at(moment.what)).map(|it| it.at)
    }

    /// The last time before `at` at which there is something of this kind.
    pub fn previous(&self, at: Instant, stop: Stop) -> Option<Instant> {
        let earlier = self.moments.partition_point(|moment| moment.at < at);
        let mut earlier = self.moments[..earlier].iter();
        earlier
            .rfind(|moment| stop.is_at(moment.what))
            .map(|it| it.at)
    }

    /// How things stand at `at`, with all that happens at that time behind them.
    pub fn at(&self, at: Instant) -> Now {
        let past = self.moments.iter().take_while(|moment| moment.at <= at);
        past.fold(Now::new(self.machines), |mut now, moment| {
            now.take(moment);
            now
        })
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
        Event::InOrder { conn, total } => Happening::InOrder {
            machine,
            conn,
            total,
        },
        Event::Delivered { conn, total } => Happening::Read {
            machine,
            conn,
            total,
        },
        Event::Congestion { conn, cwnd, .. } => Happening::Window {
            machine,
            conn,
            cwnd,
        },
        _ => return None,
    };
    Some(Moment {
        at: record.at,
        what,
    })
}
