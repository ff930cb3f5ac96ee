//! The ARP cache (RFC 826, RFC 1122 §2.3.2).
//!
//! ```text
//!          packet to send                  answer
//!   (none) ─────────────► Incomplete ────────────────► Reachable
//!     ▲                   asks at 0, 1, 2 s            │      ▲
//!     │ failed at 3 s     packets wait, bounded        │60 s  │ answer, or TCP
//!     ◄───────────────────────┘                        ▼      │ gets through
//!     ▲                                              Stale ───┘
//!     │ no answer to three polls, or unused 10 min   still used; polls the neighbour
//!     └───────────────────────────────────────────── itself 5 s after the first use
//! ```
//!
//! Who may change an entry:
//! * an answer to a question of ours, while it is open;
//! * a request addressed to us makes an entry (RFC 826), stale from the start;
//! * anything else that contradicts an entry only makes it stale, so that the
//!   neighbour itself is asked. Nobody's unasked word replaces an entry, which
//!   is what trivial poisoning needs.

use crate::time::{Duration, Instant};
use crate::trace::{Cause, ConnId, DropReason, Event, FrameId, NeighbourStep, Observer};
use crate::wire::{MacAddr, arp};
use core::net::Ipv4Addr;
use std::collections::{BTreeMap, VecDeque};

/// How long an answer is believed.
const REACHABLE: Duration = Duration::from_secs(60);
/// How long an entry that nobody uses is kept.
const UNUSED: Duration = Duration::from_secs(600);
/// RFC 1122 §2.3.2.1: at most one request per second for a neighbour.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// How long TCP has to get through before a neighbour that is not believed any
/// more is polled (RFC 4861 §10, DELAY_FIRST_PROBE_TIME; Linux does so in IPv4 too).
const POLL_DELAY: Duration = Duration::from_secs(5);
/// How often is asked before the neighbour is given up.
const ATTEMPTS: u8 = 3;
/// Bounds: neighbours, packets waiting for one, packets waiting in all.
const MAX_ENTRIES: usize = 256;
const MAX_WAITING: usize = 64;
const MAX_WAITING_TOTAL: usize = 192;

/// A frame that is complete but, while it waits, for its destination address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Its name.
    pub frame: FrameId,
    /// Whose it is.
    pub conn: Option<ConnId>,
    /// Why it is sent.
    pub cause: Cause,
    /// The frame, from the Ethernet header on.
    pub bytes: Vec<u8>,
}

/// A request to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// For whom.
    pub addr: Ipv4Addr,
    /// To the neighbour itself (a poll), or to everybody.
    pub to: MacAddr,
}

#[derive(Clone, Debug)]
struct Entry {
    state: State,
    used_at: Instant,
}

#[derive(Clone, Debug)]
enum State {
    Incomplete {
        attempt: u8,
        ask_at: Instant,
        waiting: VecDeque<Outbound>,
    },
    Known {
        mac: MacAddr,
        believed_until: Instant,
        poll: Option<Poll>,
    },
}

/// A known neighbour being asked whether it is still there.
#[derive(Clone, Copy, Debug)]
struct Poll {
    /// Zero until [`POLL_DELAY`] is over.
    attempt: u8,
    ask_at: Instant,
}

/// The cache.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    entries: BTreeMap<Ipv4Addr, Entry>,
    asks: VecDeque<Ask>,
    ready: VecDeque<Outbound>,
    failed: VecDeque<Ipv4Addr>,
}

impl Neighbours {
    /// The neighbour's MAC address; `None` means that it is being asked for, and
    /// that the packet has to [wait](Self::wait).
    pub fn lookup<O: Observer>(
        &mut self,
        now: Instant,
        addr: Ipv4Addr,
        trace: &mut O,
    ) -> Option<MacAddr> {
        let Some(entry) = self.entries.get_mut(&addr) else {
            self.begin(now, addr, trace);
            return None;
        };
        entry.used_at = now;
        match &mut entry.state {
            State::Incomplete { .. } => None,
            State::Known {
                mac,
                believed_until,
                poll,
            } => {
                // RFC 1122 §2.3.2.1 (2): the neighbour itself is asked before it is forgotten.
                if now >= *believed_until && poll.is_none() {
                    *poll = Some(Poll {
                        attempt: 0,
                        ask_at: now + POLL_DELAY,
                    });
                }
                Some(*mac)
            }
        }
    }

    /// Keeps a packet until its neighbour answers. What finds no room is dropped:
    /// the oldest packet for that neighbour, or this one.
    pub fn wait<O: Observer>(
        &mut self,
        now: Instant,
        addr: Ipv4Addr,
        packet: Outbound,
        trace: &mut O,
    ) {
        let total: usize = self.entries.values().map(Entry::waiting).sum();
        let Some(Entry {
            state: State::Incomplete { waiting, .. },
            ..
        }) = self.entries.get_mut(&addr)
        else {
            // The cache had no room for the neighbour at all.
            return drop_packet(now, &packet, trace);
        };
        if waiting.len() >= MAX_WAITING || total >= MAX_WAITING_TOTAL {
            match waiting.pop_front() {
                Some(oldest) => drop_packet(now, &oldest, trace),
                None => return drop_packet(now, &packet, trace),
            }
        }
        waiting.push_back(packet);
    }

    /// An ARP packet came in with `frame`; `to_us` if its target is our address.
    pub fn on_arp<O: Observer>(
        &mut self,
        now: Instant,
        packet: &arp::Packet,
        to_us: bool,
        frame: FrameId,
        trace: &mut O,
    ) {
        let (addr, mac) = (packet.sender_ip, packet.sender_mac);
        if !mac.is_unicast() || addr.is_unspecified() {
            return;
        }
        let believed_until = now + REACHABLE;
        let Some(entry) = self.entries.get_mut(&addr) else {
            // RFC 826: whoever asks for us will hear from us; remembered, not believed.
            if to_us && packet.operation == arp::Operation::Request && self.make_room(now, trace) {
                let state = State::Known {
                    mac,
                    believed_until: now,
                    poll: None,
                };
                self.entries.insert(
                    addr,
                    Entry {
                        state,
                        used_at: now,
                    },
                );
                note(now, addr, NeighbourStep::Resolved { mac, frame }, trace);
            }
            return;
        };
        match &mut entry.state {
            State::Incomplete { waiting, .. } => {
                let waiting = core::mem::take(waiting);
                // Who asks for us at the same moment has answered as well.
                entry.state = State::Known {
                    mac,
                    believed_until,
                    poll: None,
                };
                note(now, addr, NeighbourStep::Resolved { mac, frame }, trace);
                for mut packet in waiting {
                    if let Some(destination) = packet.bytes.first_chunk_mut() {
                        *destination = mac.0;
                    }
                    self.ready.push_back(packet);
                }
            }
            State::Known {
                mac: known,
                believed_until: until,
                poll,
            } => {
                let asked = poll.is_some_and(|poll| poll.attempt > 0);
                let answer = to_us && packet.operation == arp::Operation::Reply;
                match (*known == mac, answer && asked) {
                    (_, true) => {
                        (*known, *until, *poll) = (mac, believed_until, None);
                        note(now, addr, NeighbourStep::Resolved { mac, frame }, trace);
                    }
                    // Unasked, and nothing new: no reason to believe it longer.
                    (true, false) => {}
                    // Unasked, and another story: ask the neighbour that we know.
                    (false, false) => *until = now,
                }
            }
        }
    }

    /// A packet of the neighbour's own, which proves that ours reach it, came from
    /// `mac`: RFC 1122 §2.3.2.1 (4), advice from a higher layer.
    pub fn confirm(&mut self, now: Instant, addr: Ipv4Addr, mac: MacAddr) {
        if let Some(Entry {
            state:
                State::Known {
                    mac: known,
                    believed_until,
                    poll,
                },
            ..
        }) = self.entries.get_mut(&addr)
            && *known == mac
        {
            (*believed_until, *poll) = (now + REACHABLE, None);
        }
    }

    /// When [`Neighbours::on_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries.values().map(Entry::deadline).min()
    }

    /// Asks again, gives up, forgets: whatever is due.
    pub fn on_timeout<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let due = |(addr, entry): (&Ipv4Addr, &Entry)| (entry.deadline() <= now).then_some(*addr);
        if self.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        let due: Vec<Ipv4Addr> = self.entries.iter().filter_map(due).collect();
        for addr in due {
            self.on_deadline(now, addr, trace);
        }
    }

    fn on_deadline<O: Observer>(&mut self, now: Instant, addr: Ipv4Addr, trace: &mut O) {
        let Some(entry) = self.entries.get_mut(&addr) else {
            return;
        };
        let (attempt, ask_at, to) = match &mut entry.state {
            State::Incomplete {
                attempt, ask_at, ..
            } => (attempt, ask_at, MacAddr::BROADCAST),
            State::Known {
                mac,
                poll: Some(poll),
                ..
            } => (&mut poll.attempt, &mut poll.ask_at, *mac),
            State::Known { poll: None, .. } => {
                self.entries.remove(&addr);
                return note(now, addr, NeighbourStep::Expired, trace);
            }
        };
        if *attempt < ATTEMPTS {
            *attempt += 1;
            *ask_at = now + ASK_INTERVAL;
            let step = NeighbourStep::Asking { attempt: *attempt };
            self.asks.push_back(Ask { addr, to });
            return note(now, addr, step, trace);
        }
        match self.entries.remove(&addr).map(|entry| entry.state) {
            Some(State::Incomplete { waiting, .. }) => {
                note(now, addr, NeighbourStep::Failed, trace);
                for packet in waiting {
                    trace.observe(now, &dropped(&packet, DropReason::NoNeighbour));
                }
                self.failed.push_back(addr);
            }
            // Everybody will be asked when the next packet goes there.
            _ => note(now, addr, NeighbourStep::Expired, trace),
        }
    }

    /// The next request to send.
    pub fn poll_ask(&mut self) -> Option<Ask> {
        self.asks.pop_front()
    }

    /// The next frame whose wait is over.
    pub fn poll_ready(&mut self) -> Option<Outbound> {
        self.ready.pop_front()
    }

    /// The next neighbour that did not answer.
    pub fn poll_failed(&mut self) -> Option<Ipv4Addr> {
        self.failed.pop_front()
    }

    /// Forgets everything: the address is not ours any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn begin<O: Observer>(&mut self, now: Instant, addr: Ipv4Addr, trace: &mut O) {
        if !self.make_room(now, trace) {
            return;
        }
        let waiting = VecDeque::new();
        let state = State::Incomplete {
            attempt: 1,
            ask_at: now + ASK_INTERVAL,
            waiting,
        };
        self.entries.insert(
            addr,
            Entry {
                state,
                used_at: now,
            },
        );
        self.asks.push_back(Ask {
            addr,
            to: MacAddr::BROADCAST,
        });
        note(now, addr, NeighbourStep::Asking { attempt: 1 }, trace);
    }

    /// Room for one more entry: the known one that was used least lately goes.
    fn make_room<O: Observer>(&mut self, now: Instant, trace: &mut O) -> bool {
        if self.entries.len() < MAX_ENTRIES {
            return true;
        }
        let known = |(_, entry): &(&Ipv4Addr, &Entry)| matches!(entry.state, State::Known { .. });
        let oldest = self
            .entries
            .iter()
            .filter(known)
            .min_by_key(|(_, entry)| entry.used_at);
        let Some(addr) = oldest.map(|(addr, _)| *addr) else {
            return false;
        };
        self.entries.remove(&addr);
        note(now, addr, NeighbourStep::Expired, trace);
        true
    }
}

impl Entry {
    fn deadline(&self) -> Instant {
        match &self.state {
            State::Incomplete { ask_at, .. } => *ask_at,
            State::Known {
                poll: Some(poll), ..
            } => poll.ask_at,
            State::Known { poll: None, .. } => self.used_at + UNUSED,
        }
    }

    fn waiting(&self) -> usize {
        match &self.state {
            State::Incomplete { waiting, .. } => waiting.len(),
            State::Known { .. } => 0,
        }
    }
}

fn note<O: Observer>(now: Instant, addr: Ipv4Addr, step: NeighbourStep, trace: &mut O) {
    trace.observe(now, &Event::Neighbour { addr, step });
}

fn dropped(packet: &Outbound, reason: DropReason) -> Event {
    Event::Dropped {
        frame: packet.frame,
        conn: packet.conn,
        reason,
    }
}

fn drop_packet<O: Observer>(now: Instant, packet: &Outbound, trace: &mut O) {
    trace.observe(now, &dropped(packet, DropReason::QueueFull));
}
