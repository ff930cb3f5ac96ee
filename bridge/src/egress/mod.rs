//! Which frames may go out: pure, small, and the only way to the wire.
//!
//! ```text
//!                    nothing    watching      open         lost
//!                    claimed   the probes   (IPv4 may)   (taken)
//!   ARP probe          no         yes          yes          no     sender 0.0.0.0, target = claimed, to all
//!   other ARP          no         no           yes          no     sender = claimed, at our MAC
//!   IPv4               no         no           yes          no     source = claimed, to one station
//!   anything else      no         no           no           no
//!
//!   and each of them: from our MAC, within the MTU, within the rate limit
//! ```
//!
//! The column is the gate's word ([`Permission`], from [`crate::gate`]); a page has no
//! say in it. RFC 5227 §2.1.1 forbids a host to speak for an address before it has probed
//! it: so do we, announcements and replies included, not only IPv4.

mod bucket;

pub use bucket::Bucket;

use std::net::Ipv4Addr;
use synema_core::time::Instant;
use synema_core::wire::{EtherType, MacAddr, arp, ethernet, ipv4};
use synema_relay::{Refusal, Subnet};

/// What may go out, as the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// No address is claimed.
    Nothing,
    /// The address may be probed, and no more.
    Probe(Ipv4Addr),
    /// The address is ours to use.
    Use(Ipv4Addr),
    /// The address is somebody else's.
    Lost,
}

/// What kind of frame may go out. The gate wants to know once it *has* gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the gate counts probes only when it is told that they were sent"]
pub enum Outgoing {
    /// A probe for the claimed address.
    Probe(Ipv4Addr),
    /// Any other ARP of ours.
    Arp,
    /// IPv4 of ours.
    Ipv4,
}

/// How much may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Bytes per second on the wire, preamble and gaps included.
    pub bytes_per_second: u64,
    /// Bytes that may go out at once after silence.
    pub burst_bytes: u64,
    /// ARP frames per second; half of them are broadcasts that wake every station.
    pub arp_per_second: u64,
}

impl RateLimit {
    /// A gigabit Ethernet's worth, and no ARP storm.
    pub const GIGABIT: Self = Self {
        bytes_per_second: 125_000_000,
        burst_bytes: 8 << 20,
        arp_per_second: 50,
    };
}

/// The policy for one page on one interface.
#[derive(Clone, Debug)]
pub struct Egress {
    mac: MacAddr,
    mtu: u32,
    subnet: Subnet,
    budget: Budget,
}

/// What is left of a [`RateLimit`].
#[derive(Clone, Debug)]
pub struct Budget {
    bytes: Bucket,
    arps: Bucket,
}

impl Budget {
    fn full(limit: RateLimit) -> Self {
        Self {
            bytes: Bucket::new(limit.bytes_per_second, limit.burst_bytes),
            arps: Bucket::new(limit.arp_per_second, limit.arp_per_second),
        }
    }
}

/// What a frame takes on the wire beside its bytes: preamble, FCS and the gap (IEEE 802.3).
const WIRE_OVERHEAD: u64 = 8 + 4 + 12;
/// The shortest frame without FCS; shorter ones are padded.
const MIN_FRAME: u64 = 60;

/// IPv4's options that name routers to pass (RFC 791 §3.1), as their bytes on the wire.
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;

impl Egress {
    /// Lets frames out that come from `mac`, whose packets have at most `mtu` bytes.
    pub fn new(mac: MacAddr, mtu: u32, subnet: Subnet, limit: RateLimit) -> Self {
        Self {
            mac,
            mtu,
            subnet,
            budget: Budget::full(limit),
        }
    }

    /// What is left of the rate limit.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Goes on with what another policy on the same wire has left.
    pub fn set_budget(&mut self, budget: Budget) {
        self.budget = budget;
    }

    /// Whether `frame` may go out now. A frame that may is counted against the rate limit.
    ///
    /// # Errors
    /// Why it may not.
    pub fn admit(
        &mut self,
        now: Instant,
        permission: Permission,
        frame: &[u8],
    ) -> Result<Outgoing, Refusal> {
        let outgoing = self.classify(permission, frame)?;
        let is_arp = !matches!(outgoing, Outgoing::Ipv4);
        if is_arp && !self.budget.arps.take(now, 1) {
            return Err(Refusal::RateLimited);
        }
        let on_wire = (frame.len() as u64).max(MIN_FRAME) + WIRE_OVERHEAD;
        if !self.budget.bytes.take(now, on_wire) {
            return Err(Refusal::RateLimited);
        }
        Ok(outgoing)
    }

    fn classify(&self, permission: Permission, bytes: &[u8]) -> Result<Outgoing, Refusal> {
        let frame = ethernet::Frame::parse(bytes).map_err(|_| Refusal::Truncated)?;
        if frame.payload().len() as u64 > u64::from(self.mtu) {
            return Err(Refusal::TooLong);
        }
        if frame.source() != self.mac {
            return Err(Refusal::SourceMac);
        }
        match frame.ether_type() {
            EtherType::ARP => self.classify_arp(permission, &frame),
            EtherType::IPV4 => self.classify_ipv4(permission, &frame),
            _ => Err(Refusal::EtherType),
        }
    }

    fn classify_arp(
        &self,
        permission: Permission,
        frame: &ethernet::Frame<'_>,
    ) -> Result<Outgoing, Refusal> {
        let to = frame.destination();
        if to != MacAddr::BROADCAST && !to.is_unicast() {
            return Err(Refusal::Destination);
        }
        let packet = arp::Packet::parse(frame.payload()).map_err(|_| Refusal::ArpMalformed)?;
        if matches!(packet.operation, arp::Operation::Other(_)) {
            return Err(Refusal::ArpMalformed);
        }
        // Neighbours learn from the packet, not from the frame around it.
        if packet.sender_mac != self.mac {
            return Err(Refusal::ArpSender);
        }
        let (claimed, open) = match permission {
            Permission::Nothing => return Err(Refusal::NothingClaimed),
            Permission::Lost => return Err(Refusal::AddressLost),
            Permission::Probe(claimed) => (claimed, false),
            Permission::Use(claimed) => (claimed, true),
        };
        if packet.is_probe() {
            if packet.target_ip != claimed {
                return Err(Refusal::ArpTarget);
            }
            // RFC 5227 §1.1: a probe is broadcast. One that is whispered to a station of the
            // page's choice would be followed by silence, whoever has the address.
            return match to.is_broadcast() {
                true => Ok(Outgoing::Probe(claimed)),
                false => Err(Refusal::Destination),
            };
        }
        match packet.sender_ip == claimed {
            false => Err(Refusal::ArpSender),
            true if open => Ok(Outgoing::Arp),
            // RFC 5227 §2.1.1: only probes before the address is known to be free.
            true => Err(Refusal::GateClosed),
        }
    }

    fn classify_ipv4(
        &self,
        permission: Permission,
        frame: &ethernet::Frame<'_>,
    ) -> Result<Outgoing, Refusal> {
        let claimed = match permission {
            Permission::Nothing => return Err(Refusal::NothingClaimed),
            Permission::Lost => return Err(Refusal::AddressLost),
            Permission::Probe(_) => return Err(Refusal::GateClosed),
            Permission::Use(claimed) => claimed,
        };
        let packet = ipv4::Packet::parse(frame.payload()).map_err(|_| Refusal::Ipv4Malformed)?;
        if packet.source() != claimed {
            return Err(Refusal::SourceAddress);
        }
        if !frame.destination().is_unicast() || !self.is_for_one(packet.destination()) {
            return Err(Refusal::Destination);
        }
        // RFC 7126 §4.3 and §4.4: the true destination of a source-routed packet is among its
        // options. Those that cannot be read may hide one.
        for option in packet.option_iter() {
            match option {
                Ok(option) if matches!(option.kind, LOOSE_ROUTE | STRICT_ROUTE) => {
                    return Err(Refusal::SourceRoute);
                }
                Ok(_) => {}
                Err(_) => return Err(Refusal::Ipv4Malformed),
            }
        }
        Ok(Outgoing::Ipv4)
    }

    /// Whether the address means one station: RFC 1122 §3.2.1.3 names those that do not.
    fn is_for_one(&self, addr: Ipv4Addr) -> bool {
        let to_all_here = self.subnet.contains(addr) && !self.subnet.is_station(addr);
        !(addr.is_multicast()
            || addr.is_broadcast()
            || addr.is_loopback()
            || addr.octets()[0] == 0
            || addr.octets()[0] >= 240
            || to_all_here)
    }
}

#[cfg(test)]
pub(crate) mod tests;
