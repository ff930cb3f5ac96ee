//! How things stand at one time of a run: both ends' states and timers, what the
//! applications have, what is on its way.

use crate::moments::{Happening, Moment};
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, TcpState, TimerKind};

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Each machine, in the run's order.
    pub machines: Vec<MachineNow>,
    /// The numbers of the packets that are on their way, in the order in which they left.
    pub in_flight: Vec<u64>,
}

/// How things stand with a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineNow {
    /// Its connections, in the order in which they came into being.
    pub conns: Vec<ConnNow>,
}

/// How things stand with a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnNow {
    /// Its number within its machine.
    pub conn: ConnId,
    /// Its state.
    pub state: TcpState,
    /// The timers that run, by their kind.
    pub timers: Vec<Running>,
    /// Bytes that have come in order.
    pub in_order: u64,
    /// Bytes of them that the application has read.
    pub read: u64,
    /// The congestion window, bytes, once it is known.
    pub cwnd: Option<u64>,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Which.
    pub timer: TimerKind,
    /// When it was set last.
    pub armed: Instant,
    /// When it will run out if nothing stops it.
    pub fires: Instant,
}

impl MachineNow {
    /// The state of its last connection; none without one.
    pub fn state(&self) -> Option<TcpState> {
        self.conns.last().map(|conn| conn.state)
    }

    fn conn(&mut self, id: ConnId) -> &mut ConnNow {
        let place = self.conns.iter().position(|it| it.conn == id);
        let place = place.unwrap_or_else(|| {
            self.conns.push(ConnNow {
                conn: id,
                state: TcpState::Closed,
                timers: Vec::new(),
                in_order: 0,
                read: 0,
                cwnd: None,
            });
            self.conns.len() - 1
        });
        &mut self.conns[place]
    }
}

impl ConnNow {
    fn stop(&mut self, timer: TimerKind) {
        self.timers.retain(|running| running.timer != timer);
    }
}

impl Now {
    /// Before anything has happened.
    pub(crate) fn new(machines: usize) -> Self {
        Self {
            machines: vec![MachineNow::default(); machines],
            in_flight: Vec::new(),
        }
    }

    fn conn(&mut self, machine: usize, conn: ConnId) -> &mut ConnNow {
        self.machines[machine].conn(conn)
    }

    /// Takes what happens next.
    pub(crate) fn take(&mut self, moment: &Moment) {
        match moment.what {
            Happening::Departed { packet } => self.in_flight.push(packet),
            Happening::Arrived { packet } | Happening::Lost { packet } => {
                self.in_flight.retain(|it| *it != packet);
            }
            Happening::State {
                machine,
                conn: id,
                to,
                ..
            } => self.conn(machine, id).state = to,
            Happening::TimerArmed {
                machine,
                conn: id,
                timer,
                deadline,
            } => {
                let conn = self.conn(machine, id);
                conn.stop(timer);
                conn.timers.push(Running {
                    timer,
                    armed: moment.at,
                    fires: deadline,
                });
                conn.timers.sort_by_key(|running| running.timer);
            }
            Happening::TimerFired {
                machine,
                conn: id,
                timer,
            }
            | Happening::TimerStopped {
                machine,
                conn: id,
                timer,
            } => self.conn(machine, id).stop(timer),
            Happening::InOrder {
                machine,
                conn: id,
                total,
            } => self.conn(machine, id).in_order = total,
            Happening::Read {
                machine,
                conn: id,
                total,
            } => self.conn(machine, id).read = total,
            Happening::Window {
                machine,
                conn: id,
                cwnd,
            } => self.conn(machine, id).cwnd = Some(cwnd),
        }
    }
}
