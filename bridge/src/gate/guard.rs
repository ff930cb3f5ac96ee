//! The one door: gate and egress policy together, for frames in both directions.

use super::{ClaimRules, Gate, Heard, Timing};
use crate::egress::{Budget, Egress, Outgoing, RateLimit};
use std::net::Ipv4Addr;
use synema_core::time::Instant;
use synema_core::wire::{EtherType, MacAddr, arp, ethernet, ipv4};
use synema_relay::{ClaimRefusal, ClaimState, Refusal, Subnet};

/// How many conflicts a session may meet before it may claim no more (RFC 5227 §2.1.1:
/// after MAX_CONFLICTS a host must not go on at full speed; a person can start anew).
const MAX_CONFLICTS: u8 = 10;

/// Guards one page's (or one `curl`'s) traffic on one interface.
#[derive(Clone, Debug)]
pub struct Guard {
    rules: ClaimRules,
    egress: Egress,
    gate: Gate,
    conflicts: u8,
}

impl Guard {
    /// Guards the station `mac` on a network with these `rules` and this `mtu`.
    pub fn new(
        mac: MacAddr,
        mtu: u32,
        rules: ClaimRules,
        timing: Timing,
        limit: RateLimit,
    ) -> Self {
        let subnet: Subnet = rules.subnet;
        Self {
            rules,
            egress: Egress::new(mac, mtu, subnet, limit),
            gate: Gate::new(mac, timing),
            conflicts: 0,
        }
    }

    /// The page wants `addr`. Asking again for the address that it has changes nothing;
    /// after a refusal or an address found in use, another may be asked for.
    pub fn claim(&mut self, now: Instant, addr: Ipv4Addr) -> ClaimState {
        let refusal = match self.gate.claim_state(now) {
            ClaimState::Probing { addr: has, .. }
            | ClaimState::Waiting { addr: has }
            | ClaimState::Open { addr: has } => {
                if has == addr {
                    return self.claim_state(now);
                }
                Some(ClaimRefusal::AlreadyClaimed(has))
            }
            ClaimState::Conflict { lost: true, .. } => return self.claim_state(now),
            _ if self.conflicts >= MAX_CONFLICTS => Some(ClaimRefusal::TooManyConflicts),
            _ => self.rules.check(addr).err(),
        };
        match refusal {
            Some(why) => ClaimState::Refused { addr, why },
            None => {
                self.gate.claim(addr);
                self.claim_state(now)
            }
        }
    }

    /// The page gives its address up.
    pub fn release(&mut self) {
        self.gate.release();
    }

    /// Whether `frame` may go out. After it *has* gone out, tell [`sent`](Self::sent).
    ///
    /// # Errors
    /// Why it may not.
    pub fn outgoing(&mut self, now: Instant, frame: &[u8]) -> Result<Outgoing, Refusal> {
        let permission = self.gate.permission(now);
        self.egress.admit(now, permission, frame)
    }

    /// A frame that [`outgoing`](Self::outgoing) let through has gone out.
    pub fn sent(&mut self, now: Instant, outgoing: Outgoing) {
        if let Outgoing::Probe(addr) = outgoing {
            self.gate.probe_sent(now, addr);
        }
    }

    /// A frame came from the wire: what it means for the claim, and whether it is for the
    /// claimed address at all (the socket's filter says so already where there is one).
    pub fn incoming(&mut self, now: Instant, frame: &[u8]) -> (Heard, bool) {
        let heard = self.gate.heard(now, frame);
        self.weigh(heard, frame)
    }

    /// The same while no page is there to defend the address.
    pub fn incoming_undefended(&mut self, now: Instant, frame: &[u8]) -> (Heard, bool) {
        let heard = self.gate.heard_undefended(now, frame);
        self.weigh(heard, frame)
    }

    fn weigh(&mut self, heard: Heard, frame: &[u8]) -> (Heard, bool) {
        if matches!(heard, Heard::InUse(_)) {
            self.conflicts = self.conflicts.saturating_add(1);
        }
        let concerns = self
            .gate
            .address()
            .is_some_and(|addr| concerns(addr, frame));
        (heard, concerns)
    }

    /// The host's own addresses, as they are now, and the MAC of its interface. A claimed
    /// one among them is lost at once: the socket does not hear what its own host says.
    pub fn host_has(&mut self, addrs: Vec<Ipv4Addr>, host: MacAddr) -> Heard {
        self.rules.host_addrs = addrs;
        match self.gate.address() {
            Some(addr) if self.rules.host_addrs.contains(&addr) => self.gate.lose(host),
            _ => Heard::Peace,
        }
    }

    /// The claim as the page is told.
    pub fn claim_state(&mut self, now: Instant) -> ClaimState {
        self.gate.claim_state(now)
    }

    /// When the claim's state will change by itself.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.gate.poll_timeout()
    }

    /// How much may still go out: for the next page, so that a new session does not lift it.
    pub fn budget(&self) -> &Budget {
        self.egress.budget()
    }

    /// Goes on with what an earlier page has left.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.egress.set_budget(budget);
        self
    }

    /// The address under claim, whatever has become of it.
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.gate.address()
    }

    /// What the network says about addresses.
    pub fn rules(&self) -> &ClaimRules {
        &self.rules
    }
}

/// ARP about `addr`, or IPv4 to it.
fn concerns(addr: Ipv4Addr, frame: &[u8]) -> bool {
    let Ok(frame) = ethernet::Frame::parse(frame) else {
        return false;
    };
    match frame.ether_type() {
        EtherType::ARP => arp::Packet::parse(frame.payload())
            .is_ok_and(|packet| packet.sender_ip == addr || packet.target_ip == addr),
        EtherType::IPV4 => ipv4::Packet::parse_snapped(frame.payload())
            .is_ok_and(|packet| packet.destination() == addr),
        _ => false,
    }
}
