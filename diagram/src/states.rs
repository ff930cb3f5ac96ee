//! The TCP states of both ends of every conversation (RFC 9293 §3.3.2).
//!
//! From the packets alone, for anybody's capture: a sender changes its state when
//! the packet departs, a receiver when it arrives. Where our own stack's trace
//! tells, it takes the place of what was concluded, for the end that it speaks of.
//!
//! ```text
//!   CLOSED ──SYN out──► SYN-SENT ──SYN-ACK in──► ESTABLISHED ──FIN out──► FIN-WAIT-1
//!   LISTEN ──SYN in──► SYN-RECEIVED ──ACK in──►  ESTABLISHED ──FIN in──► CLOSE-WAIT
//! ```

mod end;

use crate::analysis::TcpDigest;
use crate::capture::MachineId;
use crate::layout::scene::Certainty;
use core::net::SocketAddrV4;
use end::End;
use std::collections::BTreeMap;
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Event, FrameId, Record, TcpState, TimerKind, Trigger};

/// When a state began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When the packet with this index departed.
    Departure(u32),
    /// When the packet with this index arrived.
    Arrival(u32),
    /// When our stack sent or took this frame.
    Frame(FrameId),
    /// When this frame left another machine.
    Left(FrameId),
    /// When this frame came to another machine.
    Came(FrameId),
    /// At a time on the stack's clock.
    Clock(Instant),
}

/// A state, from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// From when on.
    pub when: When,
    /// Which.
    pub state: TcpState,
}

/// A machine's connection.
type Own = (MachineId, ConnId);

/// A connection of a stack that tells.
#[derive(Clone, Debug)]
struct Conn {
    local: SocketAddrV4,
    remote: SocketAddrV4,
    stream: Option<u32>,
    changes: Vec<Change>,
    armed: BTreeMap<TimerKind, (Instant, Instant)>,
    timers: Vec<TimerSpan>,
    last_sent: Option<(Instant, FrameId)>,
}

/// A timer that ran out, or runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerSpan {
    /// Which.
    pub kind: TimerKind,
    /// When it was armed last, on the stack's clock.
    pub armed: Instant,
    /// When it ran out, or will.
    pub ends: Instant,
    /// Whether it ran out.
    pub fired: bool,
}

/// The states of all conversations.
#[derive(Clone, Debug, Default)]
pub struct States {
    streams: Vec<[End; 2]>,
    conns: BTreeMap<Own, Conn>,
    /// Conversation, and whether its client's end -> the connection that is that end.
    firm: BTreeMap<(u32, bool), Own>,
}

impl States {
    /// Takes the next packet of a conversation, which passed by at `at`.
    pub fn push(&mut self, index: u32, tcp: &TcpDigest, at: Instant) {
        let stream = tcp.stream as usize;
        if self.streams.len() <= stream {
            self.streams.resize_with(stream + 1, Default::default);
        }
        let [client, server] = &mut self.streams[stream];
        let (sender, receiver) = if tcp.from_client {
            (client, server)
        } else {
            (server, client)
        };
        sender.sent(index, tcp, at);
        receiver.came(index, tcp, at);
    }

    /// Takes what a machine's stack says of its connections.
    pub fn record(
        &mut self,
        machine: MachineId,
        record: &Record,
        stream_of: impl FnOnce(SocketAddrV4, SocketAddrV4) -> Option<u32>,
    ) {
        match record.event {
            Event::Opened {
                conn,
                local,
                remote,
                active,
                ..
            } => {
                let own = (machine, conn);
                let is_free = |stream: &u32| !self.firm.contains_key(&(*stream, active));
                let stream = stream_of(local, remote).filter(is_free);
                if let Some(stream) = stream {
                    // The SYN came before word of it: whoever sent it is the client.
                    self.firm.insert((stream, active), own);
                }
                self.conns.insert(
                    own,
                    Conn {
                        local,
                        remote,
                        stream,
                        changes: Vec::new(),
                        armed: BTreeMap::new(),
                        timers: Vec::new(),
                        last_sent: None,
                    },
                );
            }
            Event::State { conn, to, by, .. } => {
                let Some(conn) = self.conns.get_mut(&(machine, conn)) else {
                    return;
                };
                let when = match (by, conn.last_sent) {
                    (Trigger::Frame(frame), _) | (Trigger::Icmp(frame), _) => {
                        when_came(machine, frame)
                    }
                    (_, Some((at, frame))) if at == record.at => when_left(machine, frame),
                    _ => When::Clock(record.at),
                };
                conn.changes.push(Change { when, state: to });
            }
            Event::Sent {
                frame,
                conn: Some(conn),
                ..
            } => {
                let Some(conn) = self.conns.get_mut(&(machine, conn)) else {
                    return;
                };
                conn.last_sent = Some((record.at, frame));
                // The state that this frame announces begins with it.
                if let Some(change) = conn.changes.last_mut()
                    && change.when == When::Clock(record.at)
                {
                    change.when = when_left(machine, frame);
                }
            }
            Event::TimerArmed {
                conn,
                timer,
                deadline,
            } => {
                if let Some(conn) = self.conns.get_mut(&(machine, conn)) {
                    conn.armed.insert(timer, (record.at, deadline));
                }
            }
            Event::TimerFired { conn, timer } => {
                if let Some(conn) = self.conns.get_mut(&(machine, conn))
                    && let Some((armed, _)) = conn.armed.remove(&timer)
                {
                    conn.timers.push(TimerSpan {
                        kind: timer,
                        armed,
                        ends: record.at,
                        fired: true,
                    });
                }
            }
            Event::TimerStopped { conn, timer } => {
                if let Some(conn) = self.conns.get_mut(&(machine, conn)) {
                    conn.armed.remove(&timer);
                }
            }
            _ => {}
        }
    }

    /// A conversation between these ends began: of each end, the first connection that has no
    /// packets yet is the one.
    pub fn opened(&mut self, stream: u32, client: (SocketAddrV4, SocketAddrV4)) {
        let (caller, called) = client;
        for (is_client, ends) in [(true, (caller, called)), (false, (called, caller))] {
            let found = self
                .conns
                .iter_mut()
                .find(|(_, conn)| conn.stream.is_none() && (conn.local, conn.remote) == ends);
            if let Some((&own, conn)) = found {
                conn.stream = Some(stream);
                self.firm.insert((stream, is_client), own);
            }
        }
    }

    /// What an end of a conversation went through, and how that is known.
    pub fn changes(&self, stream: u32, client: bool) -> (&[Change], Certainty) {
        if let Some(own) = self.firm.get(&(stream, client))
            && let Some(conn) = self.conns.get(own)
            && !conn.changes.is_empty()
        {
            return (&conn.changes, Certainty::Firm);
        }
        let end = self
            .streams
            .get(stream as usize)
            .map(|ends| &ends[usize::from(!client)]);
        (end.map_or(&[], End::changes), Certainty::Inferred)
    }

    /// Whether a conversation has ended, for one of its ends at least.
    pub(crate) fn is_over(&self, stream: u32) -> bool {
        let over = |state| matches!(state, TcpState::Closed | TcpState::TimeWait);
        let last = |client| self.changes(stream, client).0.last();
        [true, false]
            .into_iter()
            .any(|client| last(client).is_some_and(|change| over(change.state)))
    }

    /// The timers of an end of a conversation that ran out, and those that still run; none
    /// where its stack does not tell.
    pub fn timers(&self, stream: u32, client: bool) -> Option<(&[TimerSpan], Vec<TimerSpan>)> {
        let own = self.firm.get(&(stream, client))?;
        let conn = self.conns.get(own)?;
        let running = conn
            .armed
            .iter()
            .map(|(&kind, &(armed, ends))| TimerSpan {
                kind,
                armed,
                ends,
                fired: false,
            })
            .collect();
        Some((&conn.timers, running))
    }

    /// Whose connection an end of a conversation is, and which, where its stack tells.
    pub(crate) fn end_of(&self, stream: u32, client: bool) -> Option<(MachineId, ConnId)> {
        self.firm.get(&(stream, client)).copied()
    }
}

/// When a machine got a frame.
fn when_came(machine: MachineId, frame: FrameId) -> When {
    match machine {
        MachineId::OWN => When::Frame(frame),
        _ => When::Came(frame),
    }
}

/// When a machine sent a frame.
fn when_left(machine: MachineId, frame: FrameId) -> When {
    match machine {
        MachineId::OWN => When::Frame(frame),
        _ => When::Left(frame),
    }
}

#[cfg(test)]
mod tests;
