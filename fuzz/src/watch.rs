//! Watches a whole stack: a [`Checker`] and an [`Inspector`] for each of its connections.

use crate::{Checker, Inspector};
use core::net::SocketAddrV4;
use std::collections::BTreeMap;
use synema_core::tcp::{Policy, Segment};
use synema_core::time::Instant;
use synema_core::trace::{Cause, ConnId, Event, Observer, TcpState, Trigger};
use synema_core::wire::{LinkType, dissect};

/// An observer that panics when the stack does what no stack may.
#[derive(Debug)]
pub struct Watch {
    /// Of connections that call, and of those that are called.
    policies: [Policy; 2],
    states: u16,
    connections: BTreeMap<ConnId, Watched>,
    /// The frame that the stack is being handed.
    arriving: Vec<u8>,
    /// Whose frame was sent last, and why.
    departing: Option<(Option<ConnId>, Cause)>,
}

#[derive(Debug)]
struct Watched {
    local: SocketAddrV4,
    remote: SocketAddrV4,
    checker: Checker,
    inspector: Inspector,
}

impl Watch {
    /// Of a stack whose connections behave so: those that call, and those that are called.
    pub fn new(calling: Policy, called: Policy) -> Self {
        Self {
            policies: [calling, called],
            states: 0,
            connections: BTreeMap::new(),
            arriving: Vec::new(),
            departing: None,
        }
    }

    /// Whether any connection was in this state.
    pub fn has_seen(&self, state: TcpState) -> bool {
        self.states >> state as u16 & 1 != 0
    }

    /// Before a frame is handed to the stack.
    pub fn arrives(&mut self, frame: &[u8]) {
        self.arriving.clear();
        self.arriving.extend_from_slice(frame);
        with_segment(frame, |local, remote, segment| {
            for watched in self.connections.values_mut() {
                if watched.local == local && watched.remote == remote {
                    watched.inspector.on_arrival(segment);
                }
            }
        });
    }

    /// After the stack gave out a frame.
    ///
    /// # Panics
    /// When it is malformed, or its connection must not send it.
    pub fn departs(&mut self, frame: &[u8]) {
        let packet = dissect(LinkType::Ethernet, frame, frame.len());
        assert_eq!(packet.problems, [], "a malformed frame was sent");
        let wrong = |layer: &synema_core::wire::Layer<'_>| !layer.quoted && layer.checksum.is_bad();
        assert!(
            !packet.layers.iter().any(wrong),
            "a wrong checksum was sent"
        );
        let (conn, cause) = self.departing.take().expect("a frame has a cause");
        let Some(watched) = conn.and_then(|conn| self.connections.get_mut(&conn)) else {
            return;
        };
        let segment = packet.tcp().expect("what connections send is TCP");
        let segment = Segment::from(segment);
        if watched.inspector.has_begun() || segment.flags.syn() {
            watched.inspector.on_departure(&segment, cause);
        }
    }

    fn on_state(&mut self, conn: ConnId, to: TcpState, by: Trigger) {
        self.states |= 1 << to as u16;
        let Some(watched) = self.connections.get_mut(&conn) else {
            return;
        };
        let speaks = matches!(to, TcpState::SynReceived | TcpState::Established);
        if speaks && !watched.inspector.has_begun() && matches!(by, Trigger::Frame(_)) {
            with_segment(&self.arriving, |_, _, segment| {
                watched.inspector.begin(segment);
            });
        }
    }
}

impl Observer for Watch {
    fn observe(&mut self, at: Instant, event: &Event) {
        match *event {
            Event::Opened {
                conn,
                local,
                remote,
                active,
                ..
            } => {
                let policy = &self.policies[usize::from(!active)];
                let watched = Watched {
                    local,
                    remote,
                    checker: Checker::new(policy, active),
                    inspector: Inspector::new(policy),
                };
                self.connections.insert(conn, watched);
            }
            Event::State { conn, to, by, .. } => self.on_state(conn, to, by),
            Event::Sent { conn, cause, .. } => self.departing = Some((conn, cause)),
            _ => {}
        }
        let conn = about(event);
        if let Some(watched) = conn.and_then(|conn| self.connections.get_mut(&conn)) {
            watched.checker.observe(at, event);
        }
    }
}

/// Which connection's own step it is. Frames that come and go after its end are the stack's.
fn about(event: &Event) -> Option<ConnId> {
    match *event {
        Event::State { conn, .. }
        | Event::Closed { conn, .. }
        | Event::TimerArmed { conn, .. }
        | Event::TimerFired { conn, .. }
        | Event::TimerStopped { conn, .. }
        | Event::Rtt { conn, .. }
        | Event::Congestion { conn, .. }
        | Event::InOrder { conn, .. }
        | Event::Delivered { conn, .. } => Some(conn),
        _ => None,
    }
}

/// The TCP segment in a frame, if there is one: to which end, from which, and what.
fn with_segment(frame: &[u8], then: impl FnOnce(SocketAddrV4, SocketAddrV4, &Segment<'_>)) {
    let packet = dissect(LinkType::Ethernet, frame, frame.len());
    if let (Some(ip), Some(tcp)) = (packet.ipv4(), packet.tcp()) {
        let local = SocketAddrV4::new(ip.destination(), tcp.dst_port().0);
        let remote = SocketAddrV4::new(ip.source(), tcp.src_port().0);
        then(local, remote, &Segment::from(tcp));
    }
}
