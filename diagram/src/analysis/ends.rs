//! Whose lanes a packet runs between, and who is a router.

use super::{Analysis, HostId, exchange};
use crate::capture::{Direction, Frame, Interface, MachineId};
use core::net::IpAddr;
use synema_core::wire::icmpv6::Message;
use synema_core::wire::{MacAddr, Packet};

/// Who a packet says that it is from and to, and who sent it to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) addresses: (HostId, HostId),
    pub(super) lanes: (HostId, HostId),
}

impl Analysis {
    /// Whose addresses the packet bears, and whose lanes it runs between: the same, unless a
    /// simulator knows better.
    pub(super) fn ends(
        &mut self,
        packet: &Packet<'_>,
        frame: &Frame,
        interface: &Interface,
    ) -> Ends {
        let macs = packet
            .ethernet()
            .map(|header| (header.source(), header.destination()));
        let is_page = |mac: MacAddr| interface.mac == Some(mac);
        let (from, to) = if let Some(arp) = packet.arp() {
            let from = match arp.sender_ip {
                ip if ip.is_unspecified() => self.hosts.by_mac(arp.sender_mac),
                ip => self.hosts.bind(arp.sender_mac, ip.into()),
            };
            let to = match macs {
                Some((_, mac)) if mac.is_multicast() => HostId::EVERYONE,
                Some((_, mac)) if arp.target_ip.is_unspecified() => self.hosts.by_mac(mac),
                _ => self.hosts.by_ip(arp.target_ip.into(), None),
            };
            (from, to)
        } else if let Some((src, dst)) = exchange::addresses(packet) {
            self.learn_neighbours(packet, src);
            self.ip_ends(packet, (src, dst), macs, is_page)
        } else if let Some((src, dst)) = macs {
            let to = if dst.is_multicast() {
                HostId::EVERYONE
            } else {
                self.hosts.by_mac(dst)
            };
            (self.hosts.by_mac(src), to)
        } else {
            (self.hosts.by_mac(MacAddr::ZERO), HostId::EVERYONE)
        };
        let sent_by_page = frame.direction == Direction::Sent
            || macs.is_some_and(|(src, _)| is_page(src))
            || packet.arp().is_some_and(|arp| is_page(arp.sender_mac));
        if sent_by_page {
            self.hosts.set_page(from);
        }
        let machine = |machine: Option<MachineId>| self.hosts.of_machine(machine?);
        let lanes = (
            machine(frame.between.from).unwrap_or(from),
            machine(frame.between.to).unwrap_or(to),
        );
        for id in [lanes.0, lanes.1] {
            if let Some(host) = self.hosts.at_mut(id) {
                host.packets += 1;
            }
        }
        Ends {
            addresses: (from, to),
            lanes,
        }
    }

    fn ip_ends(
        &mut self,
        packet: &Packet<'_>,
        (src, dst): (IpAddr, IpAddr),
        macs: Option<(MacAddr, MacAddr)>,
        is_page: impl Fn(MacAddr) -> bool,
    ) -> (HostId, HostId) {
        // Both ends on one address: the ports tell them apart.
        let ports = exchange::ports(packet).filter(|_| src == dst);
        let from = match macs {
            Some((mac, _)) if is_page(mac) && ports.is_none() => self.hosts.bind(mac, src),
            _ => self.hosts.by_ip(src, ports.map(|(port, _)| port)),
        };
        let group = match dst {
            IpAddr::V4(ip) => ip.is_broadcast() || ip.is_multicast(),
            IpAddr::V6(ip) => ip.is_multicast(),
        };
        if group || macs.is_some_and(|(_, mac)| mac.is_multicast()) {
            return (from, HostId::EVERYONE);
        }
        let to = self.hosts.by_ip(dst, ports.map(|(_, port)| port));
        if let Some((src_mac, dst_mac)) = macs {
            self.find_router(from, src_mac);
            self.find_router(to, dst_mac);
        }
        (from, to)
    }

    /// A packet of `host` under somebody else's MAC address: that one is a router.
    fn find_router(&mut self, host: HostId, mac: MacAddr) {
        let Some(owner) = self.hosts.owner_of(mac).filter(|&owner| owner != host) else {
            return;
        };
        let own_mac = self.hosts.at(host).and_then(|host| host.mac);
        if own_mac.is_some() || self.hosts.at(owner).is_none_or(|owner| owner.is_page) {
            return;
        }
        if let Some(router) = self.hosts.at_mut(owner) {
            router.is_router = true;
        }
        if let Some(host) = self.hosts.at_mut(host) {
            host.behind.get_or_insert(owner);
        }
    }

    /// RFC 4861 §7.2: who asks for a neighbour, and who answers, tells where it is.
    fn learn_neighbours(&mut self, packet: &Packet<'_>, src: IpAddr) {
        let Some(icmp) = packet.icmpv6() else { return };
        match icmp.message() {
            Message::NeighbourSolicitation { mac: Some(mac), .. } if !src.is_unspecified() => {
                self.hosts.bind(mac, src);
            }
            Message::NeighbourAdvertisement {
                target,
                mac: Some(mac),
                ..
            } => {
                self.hosts.bind(mac, target.into());
            }
            _ => {}
        }
    }
}
