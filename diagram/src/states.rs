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

use crate::analysis::TcpDigest;
use crate::layout::scene::Certainty;
use core::net::SocketAddrV4;
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

/// One end of a conversation.
#[derive(Clone, Debug, Default)]
struct End {
    state: Option<TcpState>,
    changes: Vec<Change>,
    /// Whether anybody heard from it: it sent, or the other end acknowledges that it
    /// did. Of who is only spoken to nothing is known.
    heard: bool,
    /// It sent a SYN.
    syn_sent: bool,
    /// One past the other end's FIN, once it was taken.
    taken_fin: Option<i64>,
    /// One past its FIN, once it was sent.
    fin_end: Option<i64>,
    /// A FIN of the other end came before data that is missing: not taken yet.
    early_fin: Option<i64>,
}

impl End {
    fn go(&mut self, state: TcpState, when: When) {
        if self.state != Some(state) {
            self.state = Some(state);
            self.changes.push(Change { when, state });
        }
    }
}

impl End {
    /// What it sent now shows that the last change came after: it sent, and only then
    /// received.
    fn had_sent(&mut self, sent: TcpState, when: When, then: TcpState) {
        let Some(came) = self.changes.pop() else {
            return;
        };
        self.changes.push(Change { when, state: sent });
        self.changes.push(Change {
            when: came.when,
            state: then,
        });
        self.state = Some(then);
    }
}

/// A connection of our own stack.
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
    conns: BTreeMap<ConnId, Conn>,
    /// Conversation -> our connection, and whether we are its client.
    firm: BTreeMap<u32, (ConnId, bool)>,
}

impl States {
    /// Takes the next packet of a conversation.
    pub fn push(&mut self, index: u32, tcp: &TcpDigest) {
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
        let departs = When::Departure(index);
        let arrives = When::Arrival(index);
        if tcp.flags.rst() {
            if !sender.heard {
                // RFC 9293 §3.10.7.1: whoever answers with a reset was closed all along.
                sender.changes.clear();
            }
            sender.heard = true;
            sender.go(TcpState::Closed, departs);
            receiver.go(TcpState::Closed, arrives);
            return;
        }
        sender.heard = true;
        receiver.heard |= tcp.flags.ack();
        if !tcp.flags.syn() {
            // A capture that begins in the middle.
            for (end, when) in [(&mut *sender, departs), (&mut *receiver, arrives)] {
                if end.state.is_none() {
                    end.go(TcpState::Established, when);
                }
            }
        }
        send(sender, tcp, departs);
        receive(receiver, tcp, arrives);
        if let Some(fin) = sender.early_fin
            && tcp.flags.ack()
            && tcp.ack >= fin
        {
            // It acknowledges the FIN that came too early: so it has taken it now.
            sender.early_fin = None;
            take_fin(sender, fin, departs);
        }
    }

    /// Takes what our own stack says of its connections.
    pub fn record(
        &mut self,
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
                let stream = stream_of(local, remote).filter(|s| !self.firm.contains_key(s));
                if let Some(stream) = stream {
                    // The SYN came before word of it: whoever sent it is the client.
                    self.firm.insert(stream, (conn, active));
                }
                self.conns.insert(
                    conn,
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
                let Some(conn) = self.conns.get_mut(&conn) else {
                    return;
                };
                let when = match (by, conn.last_sent) {
                    (Trigger::Frame(frame), _) | (Trigger::Icmp(frame), _) => When::Frame(frame),
                    (_, Some((at, frame))) if at == record.at => When::Frame(frame),
                    _ => When::Clock(record.at),
                };
                conn.changes.push(Change { when, state: to });
            }
            Event::Sent {
                frame,
                conn: Some(conn),
                ..
            } => {
                let Some(conn) = self.conns.get_mut(&conn) else {
                    return;
                };
                conn.last_sent = Some((record.at, frame));
                // The state that this frame announces begins with it.
                if let Some(change) = conn.changes.last_mut()
                    && change.when == When::Clock(record.at)
                {
                    change.when = When::Frame(frame);
                }
            }
            Event::TimerArmed {
                conn,
                timer,
                deadline,
            } => {
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.armed.insert(timer, (record.at, deadline));
                }
            }
            Event::TimerFired { conn, timer } => {
                if let Some(conn) = self.conns.get_mut(&conn)
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
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.armed.remove(&timer);
                }
            }
            _ => {}
        }
    }

    /// A conversation between these ends began: the connection of ours that has no
    /// packets yet is the one.
    pub fn opened(&mut self, stream: u32, client: (SocketAddrV4, SocketAddrV4)) {
        let (caller, called) = client;
        let found = self.conns.iter_mut().find(|(_, conn)| {
            conn.stream.is_none()
                && ((conn.local, conn.remote) == (caller, called)
                    || (conn.local, conn.remote) == (called, caller))
        });
        if let Some((&id, conn)) = found {
            conn.stream = Some(stream);
            self.firm.insert(stream, (id, conn.local == caller));
        }
    }

    /// What an end of a conversation went through, and how that is known.
    pub fn changes(&self, stream: u32, client: bool) -> (&[Change], Certainty) {
        if let Some((conn, is_client)) = self.firm.get(&stream)
            && *is_client == client
            && let Some(conn) = self.conns.get(conn)
            && !conn.changes.is_empty()
        {
            return (&conn.changes, Certainty::Firm);
        }
        let end = self
            .streams
            .get(stream as usize)
            .map(|ends| &ends[usize::from(!client)]);
        (
            end.filter(|end| end.heard).map_or(&[], |end| &end.changes),
            Certainty::Inferred,
        )
    }

    /// Whether a conversation has ended, for one of its ends at least.
    pub(crate) fn is_over(&self, stream: u32) -> bool {
        let over = |state| matches!(state, TcpState::Closed | TcpState::TimeWait);
        let last = |client| self.changes(stream, client).0.last();
        [true, false]
            .into_iter()
            .any(|client| last(client).is_some_and(|change| over(change.state)))
    }

    /// The timers of our end of a conversation, whether we are its client, and
    /// what still runs.
    pub fn timers(&self, stream: u32) -> Option<(bool, &[TimerSpan], Vec<TimerSpan>)> {
        let (id, client) = self.firm.get(&stream)?;
        let conn = self.conns.get(id)?;
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
        Some((*client, &conn.timers, running))
    }

    /// Our own connection of this conversation, and whether it is the client's end.
    pub(crate) fn own_end(&self, stream: u32) -> Option<(ConnId, bool)> {
        self.firm.get(&stream).copied()
    }

    /// Our connection behind a conversation.
    pub fn conn_of(&self, stream: u32) -> Option<ConnId> {
        self.firm.get(&stream).map(|&(conn, _)| conn)
    }
}

/// What sending makes of the sender. RFC 9293 §3.10.
fn send(end: &mut End, tcp: &TcpDigest, when: When) {
    use TcpState::*;
    if tcp.flags.syn() {
        // RFC 9293 §3.5, figure 7: without knowing of the other's SYN.
        if !tcp.flags.ack() && end.state == Some(SynReceived) && !end.syn_sent {
            end.had_sent(SynSent, when, SynReceived);
            end.syn_sent = true;
            return;
        }
        end.syn_sent = true;
        let state = if tcp.flags.ack() {
            SynReceived
        } else {
            SynSent
        };
        if end
            .state
            .is_none_or(|state| matches!(state, Closed | Listen | SynReceived))
        {
            end.go(state, when);
        }
        return;
    }
    if tcp.flags.fin() && end.fin_end.is_none() {
        end.fin_end = Some(tcp.seq + i64::from(tcp.len) + 1);
        match end.state {
            // RFC 9293 §3.6, figure 13: without knowing of the other's FIN.
            Some(CloseWait) if end.taken_fin.is_some_and(|fin| tcp.ack < fin) => {
                end.had_sent(FinWait1, when, Closing);
            }
            Some(CloseWait) => end.go(LastAck, when),
            Some(Established | SynReceived) => end.go(FinWait1, when),
            _ => {}
        }
    }
}

/// What receiving makes of the receiver. RFC 9293 §3.10.7.
fn receive(end: &mut End, tcp: &TcpDigest, when: When) {
    use TcpState::*;
    if tcp.flags.syn() && !tcp.flags.ack() {
        if end
            .state
            .is_none_or(|state| matches!(state, Closed | Listen | SynSent))
        {
            end.go(SynReceived, when);
        } else if !end.heard
            && let Some(change) = end.changes.last_mut()
        {
            // It did not answer the SYN before this one: that may have been lost.
            change.when = when;
        }
        return;
    }
    if tcp.flags.syn() {
        if matches!(end.state, Some(SynSent | SynReceived)) {
            end.go(Established, when);
        }
        return;
    }
    if tcp.flags.ack() && end.state == Some(SynReceived) && tcp.ack >= 1 {
        end.go(Established, when);
    }
    let fin_acked = tcp.flags.ack() && end.fin_end.is_some_and(|fin| tcp.ack >= fin);
    if fin_acked {
        match end.state {
            Some(FinWait1) => end.go(FinWait2, when),
            Some(Closing) => end.go(TimeWait, when),
            Some(LastAck) => end.go(Closed, when),
            _ => {}
        }
    }
    if tcp.flags.fin() {
        let fin = tcp.seq + i64::from(tcp.len) + 1;
        let early = tcp.verdicts.has(crate::analysis::Verdicts::LOST_SEGMENT);
        if early {
            end.early_fin = Some(fin);
        } else {
            take_fin(end, fin, when);
        }
    }
}

fn take_fin(end: &mut End, fin: i64, when: When) {
    use TcpState::*;
    end.taken_fin.get_or_insert(fin);
    match end.state {
        Some(Established | SynReceived) => end.go(CloseWait, when),
        Some(FinWait1) => end.go(Closing, when),
        Some(FinWait2) => end.go(TimeWait, when),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
