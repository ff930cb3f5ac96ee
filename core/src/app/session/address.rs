//! The address: what may be claimed, and what becomes of it.

use super::Shared;
use super::types::{ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, SessionEvent};
use crate::app::dns::MAX_SERVERS;
use crate::ip::InterfaceError;
use crate::link::Timings;
use crate::stack::ClaimError;
use crate::trace::Observer;
use crate::wire::MacAddr;
use core::net::Ipv4Addr;

/// The address and what is around it.
#[derive(Clone, Debug)]
pub(super) struct Network {
    addr: Ipv4Addr,
    pub(super) dns: Vec<Ipv4Addr>,
    rfc_timings: bool,
}

impl<O: Observer> Shared<O> {
    pub(super) fn claim(&mut self, command: ClaimCommand) {
        let addr = command.addr;
        if let Err(why) = self.try_claim(command) {
            self.tell_claim(ClaimEvent::Refused { addr, why });
        }
    }

    fn try_claim(&mut self, command: ClaimCommand) -> Result<(), ClaimRefusal> {
        let ClaimCommand {
            addr,
            prefix_len,
            gateway,
            mut dns,
            timings,
        } = command;
        // Two hosts at least, with a network and a broadcast address round them.
        if !(1..=30).contains(&prefix_len) {
            return Err(ClaimRefusal::PrefixLen);
        }
        if gateway == Some(addr) || dns.contains(&addr) {
            return Err(ClaimRefusal::Infrastructure);
        }
        let (timings, rfc_timings) = match timings {
            ClaimTimings::Rfc5227 => (Timings::RFC5227, true),
            ClaimTimings::QuickLab => (Timings::quick_lab(), false),
        };
        self.stack
            .claim(self.now, addr, prefix_len, gateway, timings)
            .map_err(|error| claim_refusal(error, prefix_len))?;
        dns.truncate(MAX_SERVERS);
        self.network = Some(Network {
            addr,
            dns,
            rfc_timings,
        });
        Ok(())
    }

    pub(super) fn on_granted(&mut self, addr: Ipv4Addr) {
        let rfc_timings = self.network.as_ref().is_some_and(|it| it.rfc_timings);
        self.tell_claim(ClaimEvent::Granted { addr, rfc_timings });
    }

    pub(super) fn on_in_use(&mut self, addr: Ipv4Addr, by: MacAddr) {
        self.forget_network();
        let why = ClaimRefusal::InUse { by };
        self.tell_claim(ClaimEvent::Refused { addr, why });
    }

    pub(super) fn on_lost(&mut self, addr: Ipv4Addr, to: MacAddr) {
        self.forget_network();
        self.tell_claim(ClaimEvent::Lost { addr, to });
    }

    pub(super) fn release(&mut self) {
        self.stack.release(self.now);
        if let Some(network) = self.forget_network() {
            self.tell_claim(ClaimEvent::Released { addr: network.addr });
        }
    }

    fn forget_network(&mut self) -> Option<Network> {
        self.cache.clear();
        self.network.take()
    }

    fn tell_claim(&mut self, event: ClaimEvent) {
        self.events.push_back(SessionEvent::Claim(event));
    }
}

pub(in crate::app) fn claim_refusal(error: ClaimError, prefix_len: u8) -> ClaimRefusal {
    let interface = match error {
        ClaimError::AlreadyClaimed(_) => return ClaimRefusal::Busy,
        ClaimError::Interface(interface) => interface,
    };
    match interface {
        InterfaceError::PrefixLength(_) => ClaimRefusal::PrefixLen,
        InterfaceError::NotAHost(_) => ClaimRefusal::NotAHost,
        InterfaceError::NetworkOrBroadcast(_) => ClaimRefusal::SubnetItself,
        InterfaceError::GatewayOutside(gateway) => ClaimRefusal::OutsideSubnet {
            subnet: network_of(gateway, prefix_len),
            prefix_len,
        },
        InterfaceError::IsGateway(_) => ClaimRefusal::Infrastructure,
    }
}

/// The first address of the subnet that `addr` is in.
pub(super) fn network_of(addr: Ipv4Addr, prefix_len: u8) -> Ipv4Addr {
    let host_bits = 32 - u32::from(prefix_len.min(32));
    let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
    Ipv4Addr::from(u32::from(addr) & mask)
}
