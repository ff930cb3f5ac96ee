//! Questions and answers outside TCP: ARP, DNS and ICMP echo.

use super::hosts::{HostId, Hosts};
use crate::layout::scene::Kind;
use core::net::IpAddr;
use simple_dns::rdata::RData;
use simple_dns::{PacketFlag, QTYPE, TYPE};
use std::collections::{BTreeMap, VecDeque};
use synema_core::wire::arp::Operation;
use synema_core::wire::icmpv4::Message;
use synema_core::wire::icmpv6;
use synema_core::wire::{Packet, Port};

/// The port of DNS.
pub(crate) const DNS: Port = Port(53);
/// Questions that may wait for their answer at one time.
const MAX_OPEN: usize = 4_096;

/// What an answer is recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Arp(IpAddr),
    Dns {
        client: HostId,
        port: u16,
        id: u16,
    },
    Echo {
        asker: HostId,
        identifier: u16,
        sequence: u16,
    },
}

/// Questions that have no answer yet, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchanges {
    open: BTreeMap<Question, u32>,
    order: VecDeque<Question>,
}

impl Exchanges {
    /// Takes a packet; gives the index of the question that it answers.
    pub(super) fn push(
        &mut self,
        packet: &Packet<'_>,
        (from, to): (HostId, HostId),
        index: u32,
    ) -> Option<u32> {
        let (question, asks) = question(packet, from, to)?;
        if !asks {
            return self.open.remove(&question);
        }
        // Asked again: the answer belongs to the last one.
        if self.open.insert(question, index).is_none() {
            self.order.push_back(question);
        }
        if self.order.len() > MAX_OPEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
        None
    }
}

/// What the packet asks or answers, and whether it asks.
fn question(packet: &Packet<'_>, from: HostId, to: HostId) -> Option<(Question, bool)> {
    if let Some(arp) = packet.arp() {
        return match arp.operation {
            Operation::Request if arp.is_announcement() => None,
            Operation::Request => Some((Question::Arp(arp.target_ip.into()), true)),
            Operation::Reply => Some((Question::Arp(arp.sender_ip.into()), false)),
            Operation::Other(_) => None,
        };
    }
    if let Some(icmp) = packet.icmpv4() {
        return match icmp.message() {
            Message::EchoRequest {
                identifier,
                sequence,
                ..
            } => Some((
                Question::Echo {
                    asker: from,
                    identifier,
                    sequence,
                },
                true,
            )),
            Message::EchoReply {
                identifier,
                sequence,
                ..
            } => Some((
                Question::Echo {
                    asker: to,
                    identifier,
                    sequence,
                },
                false,
            )),
            _ => None,
        };
    }
    if let Some(icmp) = packet.icmpv6() {
        return icmpv6_question(&icmp.message(), from, to);
    }
    let udp = packet.udp()?;
    let message = dns_message(packet)?;
    let answer = message.has_flags(PacketFlag::RESPONSE);
    let (client, port) = if answer {
        (to, udp.dst_port().0)
    } else {
        (from, udp.src_port().0)
    };
    Some((
        Question::Dns {
            client,
            port,
            id: message.id(),
        },
        !answer,
    ))
}

/// An echo, or a neighbour that is asked for as ARP does (RFC 4861 §4.3, §4.4).
fn icmpv6_question(
    message: &icmpv6::Message,
    from: HostId,
    to: HostId,
) -> Option<(Question, bool)> {
    let echo = |asker, identifier, sequence| Question::Echo {
        asker,
        identifier,
        sequence,
    };
    match *message {
        icmpv6::Message::EchoRequest {
            identifier,
            sequence,
        } => Some((echo(from, identifier, sequence), true)),
        icmpv6::Message::EchoReply {
            identifier,
            sequence,
        } => Some((echo(to, identifier, sequence), false)),
        icmpv6::Message::NeighbourSolicitation { target, .. } => {
            Some((Question::Arp(target.into()), true))
        }
        icmpv6::Message::NeighbourAdvertisement {
            target, solicited, ..
        } => solicited.then_some((Question::Arp(target.into()), false)),
        _ => None,
    }
}

/// The DNS message that the packet carries, if it is one, whole and well-formed.
pub fn dns_message<'a>(packet: &Packet<'a>) -> Option<simple_dns::Packet<'a>> {
    let udp = packet.udp()?;
    if udp.src_port() != DNS && udp.dst_port() != DNS {
        return None;
    }
    simple_dns::Packet::parse(udp.payload()).ok()
}

/// What a DNS message is about: `A www.lab.test`.
pub(crate) fn dns_question(message: &simple_dns::Packet<'_>) -> Option<(String, String)> {
    let question = message.questions.first()?;
    let kind = match question.qtype {
        QTYPE::TYPE(TYPE::AAAA) => "AAAA".to_owned(),
        QTYPE::TYPE(kind) => format!("{kind:?}"),
        other => format!("{other:?}"),
    };
    Some((kind, question.qname.to_string()))
}

/// The addresses that a DNS answer gives.
pub(crate) fn dns_addresses(message: &simple_dns::Packet<'_>) -> Vec<IpAddr> {
    message
        .answers
        .iter()
        .filter_map(|record| match &record.rdata {
            RData::A(a) => Some(IpAddr::V4(a.address.into())),
            RData::AAAA(a) => Some(IpAddr::V6(a.address.into())),
            _ => None,
        })
        .collect()
}

/// What a DNS answer tells of hosts.
pub(super) fn learn_names(packet: &Packet<'_>, from: HostId, hosts: &mut Hosts) {
    let Some(message) = dns_message(packet) else {
        return;
    };
    if !message.has_flags(PacketFlag::RESPONSE) {
        return;
    }
    if let Some(host) = hosts.at_mut(from) {
        host.is_name_server = true;
    }
    // The name that was asked for, not the canonical one behind it.
    let Some((_, name)) = dns_question(&message) else {
        return;
    };
    for address in dns_addresses(&message) {
        hosts.name(address, &name);
    }
}

/// What a packet is, TCP aside.
pub(super) fn kind_of(packet: &Packet<'_>) -> Kind {
    if packet.arp().is_some() {
        Kind::Arp
    } else if packet.icmpv4().is_some() || packet.icmpv6().is_some() {
        Kind::Icmp
    } else if packet
        .udp()
        .is_some_and(|udp| udp.src_port() == DNS || udp.dst_port() == DNS)
    {
        Kind::Dns
    } else {
        Kind::Other
    }
}

/// The IP addresses, source first.
pub(crate) fn addresses(packet: &Packet<'_>) -> Option<(IpAddr, IpAddr)> {
    match (packet.ipv4(), packet.ipv6()) {
        (Some(ip), _) => Some((ip.source().into(), ip.destination().into())),
        (None, Some(ip)) => Some((ip.source().into(), ip.destination().into())),
        (None, None) => None,
    }
}

/// The ports, source first.
pub(crate) fn ports(packet: &Packet<'_>) -> Option<(u16, u16)> {
    match (packet.tcp(), packet.udp()) {
        (Some(tcp), _) => Some((tcp.src_port().0, tcp.dst_port().0)),
        (None, Some(udp)) => Some((udp.src_port().0, udp.dst_port().0)),
        (None, None) => None,
    }
}
