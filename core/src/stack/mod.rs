//! The whole stack as a value that is fed and drained.
//!
//! ```text
//!   handle_frame(now, id, bytes) ─┐                      ┌─► poll_transmit(now, &mut out)
//!   handle_timeout(now) ──────────┤    ┌────────────┐    ├─► poll_timeout()
//!   claim, connect, listen, accept┼───►│   Stack    │────┼─► poll_event()
//!   send, recv, shutdown, abort ──┤    └────────────┘    └─► Observer: every step, and why
//!   udp_* ────────────────────────┘
//!
//!   inside:
//!     frame ─► ethernet ─┬─► arp ─► claim, neighbours
//!                        └─► ipv4 ─► admit ─► reassembly ─┬─► tcp ─► connection | listener | RST
//!                                                         ├─► udp ─► socket | port unreachable
//!                                                         └─► icmp ─► echo reply | connection
//!     connection ─► ipv4 header ─► next hop ─► neighbour ─► ethernet header ─► out
//! ```
//!
//! The rule: mutate once, then drain. After any call, ask [`Stack::poll_transmit`]
//! until `None`, [`Stack::poll_event`] until `None`, and then wait for a frame or
//! for [`Stack::poll_timeout`].
//!
//! With the same seed and the same calls a stack does the same to the byte,
//! natively and in wasm.

mod calls;
mod config;
mod connections;
mod cookies;
mod deadlines;
mod event;
mod icmp;
mod listen;
mod listener;
mod receive;
mod secrets;
mod transmit;
mod udp;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use event::{ClaimError, ConnectError, ListenError, StackEvent, UdpError};
pub use listener::Backlog;

use crate::ip::limit::Limit;
use crate::ip::paths::Paths;
use crate::ip::reassembly::Reassembly;
use crate::ip::udp::Sockets;
use crate::ip::{Interface, NoRoute};
use crate::link::claim::{Conflicts, Step, Verdict};
use crate::link::{Claim, Neighbours, Timings};
use crate::random::Random;
use crate::tcp::HostChallengeLimit;
use crate::time::{Duration, Instant};
use crate::trace::{AppEvent, Cause, ClaimStep, CloseReason, DropReason, Event, FrameId, Observer};
use crate::wire::MacAddr;
use connections::Connections;
use core::net::Ipv4Addr;
use secrets::Secrets;
use std::collections::VecDeque;
use transmit::Control;

/// Frames of the stack's own (ARP, ICMP, resets, datagrams) that wait to be sent.
const MAX_CONTROL: usize = 256;
/// Events that wait to be taken, connections' own aside.
const MAX_EVENTS: usize = 1024;

/// A host on an Ethernet link: ARP, IPv4, ICMP, UDP and TCP.
#[derive(Debug)]
pub struct Stack<O = ()> {
    config: Config,
    observer: O,
    random: Random,
    secrets: Secrets,
    /// The latest time that was told; it never goes back.
    now: Instant,
    /// The interface that is being claimed, or is ours.
    wanted: Option<Interface>,
    claim: Option<Claim>,
    conflicts: Conflicts,
    neighbours: Neighbours,
    reassembly: Reassembly,
    paths: Paths,
    connections: Connections,
    sockets: Sockets,
    control: VecDeque<Control>,
    events: VecDeque<StackEvent>,
    next_frame: u64,
    next_identification: u16,
    limits: Limits,
    /// The link takes nothing of connections at present.
    link_is_full: bool,
}

/// How often we answer.
#[derive(Debug)]
struct Limits {
    echo: Limit,
    error: Limit,
    reset: Limit,
    challenge: HostChallengeLimit,
}

impl<O: Observer> Stack<O> {
    /// A stack that has no address yet. All that is random about it comes from `seed`.
    pub fn new(config: Config, seed: u64, observer: O) -> Self {
        let mut random = Random::new(seed);
        let secrets = Secrets::new(&mut random);
        let next_identification = random.next_u32().to_le_bytes();
        Self {
            connections: Connections::new(config.max_time_wait),
            config,
            observer,
            secrets,
            now: Instant::ZERO,
            wanted: None,
            claim: None,
            conflicts: Conflicts::default(),
            neighbours: Neighbours::default(),
            reassembly: Reassembly::default(),
            paths: Paths::default(),
            sockets: Sockets::default(),
            control: VecDeque::new(),
            events: VecDeque::new(),
            next_frame: 0,
            next_identification: u16::from_le_bytes([
                next_identification[0],
                next_identification[1],
            ]),
            random,
            link_is_full: false,
            limits: Limits {
                echo: Limit::new(100, Duration::from_millis(10)),
                // RFC 1812 §4.3.2.8: errors must be limited; a burst of ten, then ten a second.
                error: Limit::new(10, Duration::from_millis(100)),
                reset: Limit::new(100, Duration::from_millis(10)),
                challenge: HostChallengeLimit::default(),
            },
        }
    }

    /// Begins to claim an address (RFC 5227). [`StackEvent::AddressGranted`] or
    /// [`StackEvent::AddressInUse`] will follow.
    pub fn claim(
        &mut self,
        now: Instant,
        address: Ipv4Addr,
        prefix_len: u8,
        gateway: Option<Ipv4Addr>,
        timings: Timings,
    ) -> Result<(), ClaimError> {
        self.advance(now);
        let interface =
            Interface::new(address, prefix_len, gateway).map_err(ClaimError::Interface)?;
        if let Some(claim) = &self.claim {
            return Err(ClaimError::AlreadyClaimed(claim.addr()));
        }
        let begin = self.conflicts.begin(self.now, &timings);
        self.wanted = Some(interface);
        self.claim = Some(Claim::start(
            begin,
            address,
            self.config.mac,
            timings,
            &mut self.random,
        ));
        Ok(())
    }

    /// Uses an address without asking for it, as simulations and conformance tests
    /// do. On a real wire the bridge lets out nothing from such a stack.
    pub fn assume(&mut self, now: Instant, interface: Interface) -> Result<(), ClaimError> {
        self.advance(now);
        if let Some(claim) = &self.claim {
            return Err(ClaimError::AlreadyClaimed(claim.addr()));
        }
        self.wanted = Some(interface);
        self.claim = Some(Claim::assume(interface.address(), self.config.mac));
        Ok(())
    }

    /// Gives the address back, or ends the claim to it. Connections end without a
    /// word to their peers.
    pub fn release(&mut self, now: Instant) {
        self.advance(now);
        if let Some(claim) = &self.claim {
            let addr = claim.addr();
            self.claim_step(addr, ClaimStep::Released);
            self.lose_address();
        }
    }

    /// The interface, once its address is ours.
    pub fn interface(&self) -> Option<&Interface> {
        self.claim.as_ref().filter(|claim| claim.is_granted())?;
        self.wanted.as_ref()
    }

    /// What the stack was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who is told what the stack does.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Who is told what the stack does.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.observer
    }

    /// Tells the observer what an application on top of the stack did.
    pub fn note(&mut self, now: Instant, event: AppEvent) {
        self.advance(now);
        self.trace(&Event::App(event));
    }

    /// When [`Stack::handle_timeout`] wants to be called, if nothing else happens.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let claim = self.claim.as_ref().and_then(Claim::poll_timeout);
        let others = [
            self.neighbours.poll_timeout(),
            self.reassembly.poll_timeout(),
        ];
        let connections = self.connections.poll_timeout();
        others
            .into_iter()
            .chain([claim, connections])
            .flatten()
            .min()
    }

    /// Does whatever is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        let now = self.now;
        self.run_claim();
        self.neighbours.on_timeout(now, &mut self.observer);
        self.drain_neighbours();
        while let Some(expired) = self.reassembly.expire(now, &mut self.observer) {
            self.time_exceeded(&expired);
        }
        while let Some(conn) = self.connections.next_due(now) {
            let observer = &mut self.observer;
            self.connections
                .change(conn, |connection| connection.on_timeout(now, observer));
        }
    }

    /// The next thing that happened and that an application may want to know.
    pub fn poll_event(&mut self) -> Option<StackEvent> {
        let own = self.events.pop_front();
        own.or_else(|| self.connections.poll_event())
    }

    fn run_claim(&mut self) {
        while let Some(claim) = &mut self.claim
            && let Some(step) = claim.on_timeout(self.now, &mut self.random)
        {
            let (addr, rfc_timings) = (claim.addr(), claim.timings().is_rfc5227());
            match step {
                Step::Probe { number, of } => {
                    let packet = claim.probe();
                    self.claim_step(addr, ClaimStep::Probe { number, of });
                    self.push_arp(MacAddr::BROADCAST, packet, Cause::ArpProbe);
                }
                Step::Announce { number, of } => {
                    let packet = claim.announcement();
                    self.claim_step(addr, ClaimStep::Announce { number, of });
                    self.push_arp(MacAddr::BROADCAST, packet, Cause::ArpAnnounce);
                    // RFC 5227 §2.3: the address may be used after the first announcement.
                    if number == 1 {
                        self.claim_step(addr, ClaimStep::Granted { rfc_timings });
                        self.push_event(StackEvent::AddressGranted { addr });
                    }
                }
            }
        }
    }

    /// Acts on what an ARP packet in `frame` means for our address. Answers
    /// whether that was all there is to say of it.
    fn judge_claim(&mut self, verdict: Verdict, frame: FrameId) -> bool {
        let Some(claim) = &self.claim else {
            return false;
        };
        let addr = claim.addr();
        match verdict {
            Verdict::Fine => return false,
            Verdict::InUse { by } => {
                self.conflicts.count();
                self.claim_step(addr, ClaimStep::InUse { by, frame });
                self.lose_address();
                self.push_event(StackEvent::AddressInUse { addr, by });
            }
            Verdict::Defend { against } => {
                let packet = claim.announcement();
                self.claim_step(addr, ClaimStep::Defended { against, frame });
                self.push_arp(MacAddr::BROADCAST, packet, Cause::ArpDefend);
            }
            Verdict::Lost { to } => {
                self.conflicts.count();
                self.claim_step(addr, ClaimStep::Lost { to, frame });
                self.lose_address();
                self.push_event(StackEvent::AddressLost { addr, to });
            }
        }
        true
    }

    /// No frame goes out from now on.
    fn lose_address(&mut self) {
        (self.claim, self.wanted) = (None, None);
        let now = self.now;
        for conn in self.connections.ids() {
            let observer = &mut self.observer;
            self.connections.change(conn, |connection| {
                connection.fail(now, CloseReason::AddressLost, observer);
            });
        }
        self.control.clear();
        self.neighbours.clear();
        self.reassembly = Reassembly::default();
    }

    /// Takes what the cache wants sent, and tells whom it concerns what failed.
    fn drain_neighbours(&mut self) {
        while let Some(ask) = self.neighbours.poll_ask() {
            let Some(interface) = self.interface() else {
                continue;
            };
            let packet = self.arp_request(interface.address(), ask.addr);
            self.push_arp(ask.to, packet, Cause::ArpRequest);
        }
        while let Some(addr) = self.neighbours.poll_failed() {
            self.fail_handshakes(addr);
            self.push_minor_event(StackEvent::NoNeighbour { addr });
        }
    }

    /// A next hop does not answer. Connections under way have their own patience
    /// (RFC 1122 §4.2.3.9 calls it a soft error); those that only begin end here.
    fn fail_handshakes(&mut self, next_hop: Ipv4Addr) {
        let now = self.now;
        let Some(interface) = self.interface().copied() else {
            return;
        };
        for conn in self.connections.handshakes() {
            let concerned = self
                .connections
                .identity(conn)
                .is_some_and(|identity| interface.next_hop(*identity.remote.ip()) == Ok(next_hop));
            if concerned {
                let observer = &mut self.observer;
                self.connections.change(conn, |connection| {
                    connection.fail(now, CloseReason::NoNeighbour, observer);
                });
            }
        }
    }

    /// Time goes forward, whatever the caller says.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn trace(&mut self, event: &Event) {
        self.observer.observe(self.now, event);
    }

    fn drop_frame(&mut self, frame: FrameId, reason: DropReason) {
        self.trace(&Event::Dropped {
            frame,
            conn: None,
            reason,
        });
    }

    fn claim_step(&mut self, addr: Ipv4Addr, step: ClaimStep) {
        self.trace(&Event::Claim { addr, step });
    }

    /// Queues an event about our address: there is one for each claim, and none
    /// may be lost.
    fn push_event(&mut self, event: StackEvent) {
        self.events.push_back(event);
    }

    /// Queues an event that a stranger can bring about; when nobody takes them, the
    /// newest are let go.
    fn push_minor_event(&mut self, event: StackEvent) {
        if self.events.len() < MAX_EVENTS {
            self.push_event(event);
        }
    }

    /// Our interface and the next hop towards `destination`.
    fn route(&self, destination: Ipv4Addr) -> Option<Result<(Interface, Ipv4Addr), NoRoute>> {
        let interface = *self.interface()?;
        Some(interface.next_hop(destination).map(|hop| (interface, hop)))
    }
}
