//! The bridge's own watch over an address claim (RFC 5227), whatever the page says.
//!
//! The page's stack probes; the gate only looks on, by the bridge's clock, at what really
//! went out and what really came in:
//!
//! ```text
//!             claim                PROBE_NUM probes,
//!  Nothing ──────────> Watching    PROBE_MIN apart,
//!     ^                 │    │     then ANNOUNCE_WAIT of silence
//!     │ release         │    └──────────────────────────────────> Open
//!     │                 │ somebody speaks for the address,         │ somebody speaks for it,
//!     │                 │ or probes it too                         │ and again within
//!     │                 v                                          v DEFEND_INTERVAL
//!     └───────────── InUse{by}                                   Lost{by}: the session ends
//! ```
//!
//! [`Guard`] joins the gate to the egress policy: it is the one door for frames in both
//! directions, for `serve` and `curl` alike.

mod guard;
mod rules;

pub use guard::Guard;
pub use rules::ClaimRules;

use crate::egress::Permission;
use std::net::Ipv4Addr;
use synema_core::time::{Duration, Instant};
use synema_core::wire::{EtherType, MacAddr, arp, ethernet};
use synema_relay::ClaimState;

/// The constants of RFC 5227 §1.1 that the gate holds a claim to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// PROBE_NUM.
    pub probe_num: u8,
    /// PROBE_MIN: the shortest time between two probes.
    pub probe_min: Duration,
    /// ANNOUNCE_WAIT: how long an answer to the last probe is waited for.
    pub announce_wait: Duration,
    /// DEFEND_INTERVAL: a second challenge within it takes the address away.
    pub defend_interval: Duration,
}

impl Timing {
    /// RFC 5227's own.
    pub const RFC: Self = Self {
        probe_num: 3,
        probe_min: Duration::from_secs(1),
        announce_wait: Duration::from_secs(2),
        defend_interval: Duration::from_secs(10),
    };

    /// The lab's, which are *not* the RFC's: on a wire of our own nobody needs a second
    /// to answer, and a busy machine may bring the probes all at once. Never used on a real
    /// interface.
    pub const LAB_QUICK: Self = Self {
        probe_num: 3,
        probe_min: Duration::ZERO,
        announce_wait: Duration::from_millis(100),
        defend_interval: Duration::from_secs(10),
    };
}

/// The page keeps the RFC's times by its own timers, and its frames reach the bridge with
/// some jitter: an interval may look this much (one part in eight) shorter from here.
const JITTER_SHARE: u32 = 8;

fn less_jitter(interval: Duration) -> Duration {
    interval - interval / JITTER_SHARE
}

/// The probes that went out since the claim.
///
/// One of them may be held up on its way from the page and seem close to the next; over the
/// whole claim that evens out. So single gaps are held to half of PROBE_MIN, and the time
/// from the first to the last to all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Probes {
    /// Those that were far enough from the one before.
    count: u8,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Probes {
    fn sent(&mut self, now: Instant, timing: Timing) {
        // RFC 5227 §2.1.1: PROBE_MIN to PROBE_MAX apart. One that comes too soon does not
        // count, but the silence is asked for after the last one all the same.
        let spaced = |last| now.since(last) >= timing.probe_min / 2;
        if self.last.is_none_or(spaced) {
            self.count = self.count.saturating_add(1);
        }
        self.first = self.first.or(Some(now));
        self.last = Some(now);
    }

    fn are_enough(self, timing: Timing) -> bool {
        let gaps = u32::from(timing.probe_num.saturating_sub(1));
        let span = match (self.first, self.last) {
            (Some(first), Some(last)) => last.since(first),
            _ => return false,
        };
        self.count >= timing.probe_num && span >= less_jitter(timing.probe_min * gaps)
    }
}

/// What the gate knows of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Nothing,
    Watching {
        addr: Ipv4Addr,
        probes: Probes,
    },
    Open {
        addr: Ipv4Addr,
        /// When somebody last spoke for our address.
        challenged: Option<Instant>,
    },
    InUse {
        addr: Ipv4Addr,
        by: MacAddr,
    },
    Lost {
        addr: Ipv4Addr,
        by: MacAddr,
    },
}

/// What a frame from the wire meant for the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Peace,
    /// The address is in use: it must not be claimed.
    InUse(MacAddr),
    /// Somebody spoke for our address; it is defended once.
    Challenged(MacAddr),
    /// Challenged again: the address is lost.
    Lost(MacAddr),
}

/// The watch over one claim.
#[derive(Clone, Debug)]
pub struct Gate {
    mac: MacAddr,
    timing: Timing,
    state: State,
}

impl Gate {
    /// Watches over what the station `mac` claims.
    pub fn new(mac: MacAddr, timing: Timing) -> Self {
        Self {
            mac,
            timing,
            state: State::Nothing,
        }
    }

    /// Begins to watch `addr`: probes count from now on. Lost addresses stay lost.
    pub fn claim(&mut self, addr: Ipv4Addr) {
        if !matches!(self.state, State::Lost { .. }) {
            self.state = State::Watching {
                addr,
                probes: Probes::default(),
            };
        }
    }

    /// The claim is given up. Lost addresses stay lost.
    pub fn release(&mut self) {
        if !matches!(self.state, State::Lost { .. }) {
            self.state = State::Nothing;
        }
    }

    /// A probe for `addr` has gone out.
    pub fn probe_sent(&mut self, now: Instant, addr: Ipv4Addr) {
        self.open_if_due(now);
        match &mut self.state {
            State::Watching {
                addr: watched,
                probes,
            } if *watched == addr => probes.sent(now, self.timing),
            _ => {}
        }
    }

    /// A frame came from the wire. While nobody was told that the address is open, it counts
    /// as an answer, although its silence would be over: it may have waited to be read.
    pub fn heard(&mut self, now: Instant, frame: &[u8]) -> Heard {
        let Some(packet) = foreign_arp(self.mac, frame) else {
            return Heard::Peace;
        };
        let by = packet.sender_mac;
        match self.state {
            // RFC 5227 §2.1.1: a sender with the address, or another's probe for it.
            State::Watching { addr, .. }
                if packet.sender_ip == addr || (packet.is_probe() && packet.target_ip == addr) =>
            {
                self.state = State::InUse { addr, by };
                Heard::InUse(by)
            }
            // RFC 5227 §2.4: a conflict is a sender with our address; probes are answered.
            State::Open { addr, challenged } if packet.sender_ip == addr => {
                let again =
                    challenged.is_some_and(|last| now.since(last) < self.timing.defend_interval);
                if again {
                    self.state = State::Lost { addr, by };
                    return Heard::Lost(by);
                }
                self.state = State::Open {
                    addr,
                    challenged: Some(now),
                };
                Heard::Challenged(by)
            }
            _ => Heard::Peace,
        }
    }

    /// The same while no page is there that could answer: then nobody defends the address, and
    /// whoever speaks for it or probes it has it (RFC 5227 §2.4 (a)).
    pub fn heard_undefended(&mut self, now: Instant, frame: &[u8]) -> Heard {
        let heard = self.heard(now, frame);
        let State::Open { addr, .. } = self.state else {
            return heard;
        };
        let by = match (heard, foreign_arp(self.mac, frame)) {
            (Heard::Challenged(by), _) => by,
            (_, Some(packet)) if packet.is_probe() && packet.target_ip == addr => packet.sender_mac,
            _ => return heard,
        };
        self.state = State::Lost { addr, by };
        Heard::Lost(by)
    }

    /// The address is `by`'s, beyond doubt.
    pub fn lose(&mut self, by: MacAddr) -> Heard {
        match self.state {
            State::Watching { addr, .. } | State::Open { addr, .. } => {
                self.state = State::Lost { addr, by };
                Heard::Lost(by)
            }
            _ => Heard::Peace,
        }
    }

    /// What may go out now.
    pub fn permission(&mut self, now: Instant) -> Permission {
        self.open_if_due(now);
        match self.state {
            State::Nothing => Permission::Nothing,
            State::Watching { addr, .. } => Permission::Probe(addr),
            State::Open { addr, .. } => Permission::Use(addr),
            State::InUse { .. } | State::Lost { .. } => Permission::Lost,
        }
    }

    /// The address under claim, whatever has become of it.
    pub fn address(&self) -> Option<Ipv4Addr> {
        match self.state {
            State::Nothing => None,
            State::Watching { addr, .. }
            | State::Open { addr, .. }
            | State::InUse { addr, .. }
            | State::Lost { addr, .. } => Some(addr),
        }
    }

    /// The claim as the page is told.
    pub fn claim_state(&mut self, now: Instant) -> ClaimState {
        self.open_if_due(now);
        let of = self.timing.probe_num;
        match self.state {
            State::Nothing => ClaimState::Nothing,
            State::Watching { addr, probes } if probes.are_enough(self.timing) => {
                ClaimState::Waiting { addr }
            }
            State::Watching { addr, probes } => ClaimState::Probing {
                addr,
                seen: probes.count.min(of.saturating_sub(1)),
                of,
            },
            State::Open { addr, .. } => ClaimState::Open { addr },
            State::InUse { addr, by } => ClaimState::Conflict {
                addr,
                by,
                lost: false,
            },
            State::Lost { addr, by } => ClaimState::Conflict {
                addr,
                by,
                lost: true,
            },
        }
    }

    /// When silence will open it, if nothing happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Watching { probes, .. } if probes.are_enough(self.timing) => {
                Some(probes.last? + less_jitter(self.timing.announce_wait))
            }
            _ => None,
        }
    }

    fn open_if_due(&mut self, now: Instant) {
        if let State::Watching { addr, .. } = self.state
            && self.poll_timeout().is_some_and(|due| now >= due)
        {
            self.state = State::Open {
                addr,
                challenged: None,
            };
        }
    }
}

/// The ARP packet in the frame, if there is one and another station sent it.
fn foreign_arp(mac: MacAddr, frame: &[u8]) -> Option<arp::Packet> {
    let frame = ethernet::Frame::parse(frame).ok()?;
    if frame.ether_type() != EtherType::ARP {
        return None;
    }
    let packet = arp::Packet::parse(frame.payload()).ok()?;
    (packet.sender_mac != mac).then_some(packet)
}

#[cfg(test)]
mod tests;
