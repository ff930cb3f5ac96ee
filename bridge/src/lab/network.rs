//! Builds the lab's network: wires between the places, addresses, routes.

use super::impair::{self, Way};
use super::place::{Inhabited, broken};
use super::plan::{self, Place};
use crate::error::Failure;
use crate::io::ethtool;
use crate::io::guard::nest;
use crate::io::tap;
use futures_util::{StreamExt, TryStreamExt};
use netlink_packet_core::{
    DefaultNla, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkMessage};
use netlink_packet_route::route::{RouteAttribute, RouteMetric, RouteType};
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{
    AddressMessageBuilder, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth,
    RouteMessageBuilder,
};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// What the peers' TCP uses whatever the system's default is, so that runs can be compared.
pub(super) const CONGESTION_CONTROL: &str = "cubic";

/// Frames that may wait before a wire.
const QUEUE_LEN: u32 = 10_000;
/// The kernel's own limit for frames merged on arrival, bytes.
const MERGED_LEN: u32 = 65_536;
/// No two frames are as small as this together.
const NEVER_MERGED: u32 = 1;

/// All namespaces.
pub(super) type Places = BTreeMap<Place, Inhabited>;

/// One wire, with the end that the kernel of `to` has an address on: a veth pair, or two TAPs with
/// [`impair`] between them.
struct Wire {
    from: Place,
    near: &'static str,
    near_mac: Option<[u8; 6]>,
    to: Place,
    far: &'static str,
    far_mac: [u8; 6],
}

/// The last is the way to the servers.
const WIRES: [Wire; 4] = [
    Wire {
        from: Place::Switch,
        near: "port-wire",
        near_mac: None,
        to: Place::Wire,
        far: plan::WIRE_INTERFACE,
        far_mac: plan::WIRE_MAC,
    },
    Wire {
        from: Place::Switch,
        near: "port-router",
        near_mac: None,
        to: Place::Router,
        far: plan::ROUTER_INTERFACE,
        far_mac: plan::ROUTER_MAC,
    },
    Wire {
        from: Place::Switch,
        near: "port-host",
        near_mac: None,
        to: Place::Host,
        far: plan::HOST_INTERFACE,
        far_mac: plan::HOST_MAC,
    },
    Wire {
        from: Place::Router,
        near: plan::DMZ_INTERFACE,
        near_mac: Some(plan::DMZ_MAC),
        to: Place::Server,
        far: plan::SERVER_INTERFACE,
        far_mac: plan::SERVER_MAC,
    },
];

/// Makes the namespaces, and everything between them; also where to tell an impaired way that it is
/// another one.
pub(super) fn build(way: Option<&Way>) -> Result<(Places, Option<impair::Change>), Failure> {
    let mut places = Places::new();
    let mut change = None;
    for place in Place::ALL {
        let inhabited = Inhabited::new(name(place))?;
        // Neighbour discovery would be noise on the wires. Where the kernel has no IPv6 at all,
        // there is nothing to switch off.
        let _ = inhabited.set("ipv6/conf/default/disable_ipv6", "1");
        up(&inhabited, "lo")?;
        places.insert(place, inhabited);
    }
    let at = |place: Place| &places[&place];
    make_switch(at(Place::Switch))?;
    let [.., to_servers] = &WIRES;
    for wire in &WIRES {
        match way {
            Some(way) if std::ptr::eq(wire, to_servers) => {
                change = Some(make_impaired(&places, wire, way.clone())?);
            }
            _ => make_wire(&places, wire)?,
        }
    }

    for (place, interface, address) in [
        (Place::Wire, plan::WIRE_INTERFACE, plan::WIRE_IP),
        (Place::Router, plan::ROUTER_INTERFACE, plan::GATEWAY_IP),
        (Place::Router, plan::DMZ_INTERFACE, plan::DMZ_IP),
        (Place::Host, plan::HOST_INTERFACE, plan::HOST_IP),
        (Place::Server, plan::SERVER_INTERFACE, plan::WEB_IP),
        (Place::Server, plan::SERVER_INTERFACE, plan::DNS_IP),
    ] {
        add_address(at(place), interface, address)?;
    }

    let lan_gateway = Some(plan::GATEWAY_IP);
    add_route(at(Place::Wire), None, lan_gateway)?;
    add_route(at(Place::Host), None, lan_gateway)?;
    add_route(at(Place::Server), None, Some(plan::DMZ_IP))?;
    add_route(at(Place::Router), Some(plan::SILENT_NETWORK), None)?;
    for interface in [plan::ROUTER_INTERFACE, plan::DMZ_INTERFACE] {
        forward_from(at(Place::Router), interface)?;
    }
    // A new namespace inherits the initial one's setting: on a Docker host, 1.
    at(Place::Wire).set("ipv4/ip_forward", "0")?;
    at(Place::Host).set("ipv4/ip_forward", "0")?;
    Ok((places, change))
}

/// Switches the offloads of every veth wire, at both ends. Frames stay in order either way. An
/// `impaired` way to the servers is none: TAPs leave nothing to hardware.
pub(super) fn set_offloads(places: &Places, impaired: bool, on: bool) -> Result<(), Failure> {
    let [lan @ .., _to_servers] = &WIRES;
    let changed: &[Wire] = if impaired { lan } else { &WIRES };
    for wire in changed {
        for (place, interface) in [(wire.from, wire.near), (wire.to, wire.far)] {
            set_offloads_of(&places[&place], name(place), interface, on)?;
        }
    }
    let merged_len = if on { MERGED_LEN } else { NEVER_MERGED };
    limit_merging(&places[&Place::Wire], plan::WIRE_INTERFACE, merged_len)
}

fn set_offloads_of(
    place: &Inhabited,
    place_name: &'static str,
    interface: &'static str,
    on: bool,
) -> Result<(), Failure> {
    place.run(move || async move {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
        socket
            .and_then(|socket| {
                ethtool::set_offloads(&socket, interface, on)?;
                ethtool::keep_order(&socket, interface)
            })
            .map_err(|error| broken(place_name, &format!("the offloads of {interface}: {error}")))
    })
}

/// How large a frame may become by merging those that arrive.
fn limit_merging(place: &Inhabited, interface: &'static str, len: u32) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let change = LinkMessageBuilder::<LinkUnspec>::new()
            .index(index_of(&netlink, interface).await?)
            .append_extra_attribute(LinkAttribute::GroMaxSize(len))
            .build();
        netlink
            .link()
            .set(change)
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))
    })
}

/// Brings an interface up, or down.
pub(super) fn set_up(place: &Inhabited, interface: &'static str, on: bool) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let index = index_of(&netlink, interface).await?;
        let change = LinkMessageBuilder::<LinkUnspec>::new().index(index);
        let change = if on { change.up() } else { change.down() };
        netlink
            .link()
            .set(change.build())
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))
    })
}

/// Gives an interface one address more.
pub(super) fn add_address(
    place: &Inhabited,
    interface: &'static str,
    address: Ipv4Addr,
) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let index = index_of(&netlink, interface).await?;
        netlink
            .address()
            .add(index, address.into(), plan::PREFIX_LEN)
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))
    })
}

/// Takes an address from an interface.
pub(super) fn remove_address(
    place: &Inhabited,
    interface: &'static str,
    address: Ipv4Addr,
) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let index = index_of(&netlink, interface).await?;
        let message = AddressMessageBuilder::<Ipv4Addr>::new()
            .index(index)
            .address(address, plan::PREFIX_LEN)
            .build();
        netlink
            .address()
            .del(message)
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))
    })
}

/// What a place is called in messages.
pub(super) fn name(place: Place) -> &'static str {
    match place {
        Place::Wire => "wire",
        Place::Switch => "switch",
        Place::Router => "router",
        Place::Server => "server",
        Place::Host => "host",
    }
}

fn up(place: &Inhabited, interface: &'static str) -> Result<(), Failure> {
    set_up(place, interface, true)
}

fn make_switch(switch: &Inhabited) -> Result<(), Failure> {
    let netlink = switch.netlink();
    switch.run(move || async move {
        let message = LinkBridge::new("lan").mtu(plan::MTU).up().build();
        netlink
            .link()
            .add(message)
            .execute()
            .await
            .map_err(|e| wrong("lan", &e))
    })
}

fn make_wire(places: &Places, wire: &Wire) -> Result<(), Failure> {
    let (near, near_mac, far) = (wire.near, wire.near_mac, wire.far);
    let from = &places[&wire.from];
    let to = &places[&wire.to];
    let peer = far_end(far, wire.far_mac, to.namespace().as_raw_fd());
    let netlink = from.netlink();
    let joins_switch = wire.from == Place::Switch;
    from.run(move || async move {
        let mut message = LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth)
            .name(near)
            .mtu(plan::MTU)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)));
        if let Some(mac) = near_mac {
            message = message.address(mac.to_vec());
        }
        if joins_switch {
            message = message.controller(index_of(&netlink, "lan").await?);
        }
        netlink
            .link()
            .add(message.build())
            .execute()
            .await
            .map_err(|e| wrong(near, &e))
    })?;
    queue_up(from, near)?;
    queue_up(to, far)?;
    up(from, near)?;
    up(to, far)
}

/// Lets frames wait before an end of a veth wire whose 256 places are taken. Without it a burst that
/// finds the other end busy is lost, as it is on kernels before 6.16, which do not wait.
fn queue_up(place: &Inhabited, interface: &'static str) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let index = index_of(&netlink, interface).await?;
        let longer = LinkMessageBuilder::<LinkUnspec>::new()
            .index(index)
            .append_extra_attribute(LinkAttribute::TxQueueLen(QUEUE_LEN))
            .build();
        let changed = netlink.link().set(longer).execute().await;
        changed.map_err(|e| wrong(interface, &e))?;

        let mut first_in_first_out = TcMessage::default();
        first_in_first_out.header.index = i32::try_from(index).unwrap_or_default();
        first_in_first_out.header.parent = TcHandle::ROOT;
        let kind = TcAttribute::Kind("pfifo".to_owned());
        first_in_first_out.attributes.push(kind);
        let mut request =
            NetlinkMessage::from(RouteNetlinkMessage::NewQueueDiscipline(first_in_first_out));
        request.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
        let mut netlink = netlink.clone();
        let answers = netlink.request(request).map_err(|e| wrong(interface, &e))?;
        let mut answers = std::pin::pin!(answers);
        while let Some(answer) = answers.next().await {
            if let NetlinkPayload::Error(error) = answer.payload
                && error.code.is_some()
            {
                let why = format!("its queue: {}", error.to_io());
                return Err(broken(interface, &why));
            }
        }
        Ok(())
    })
}

/// A wire of two TAPs, whose frames go through [`impair`].
fn make_impaired(places: &Places, wire: &Wire, way: Way) -> Result<impair::Change, Failure> {
    let near = make_tap(&places[&wire.from], wire.near, wire.near_mac)?;
    let far = make_tap(&places[&wire.to], wire.far, Some(wire.far_mac))?;
    impair::carry(near, far, way)
}

fn make_tap(
    place: &Inhabited,
    interface: &'static str,
    mac: Option<[u8; 6]>,
) -> Result<OwnedFd, Failure> {
    let netlink = place.netlink();
    let tap = place.run(move || async move {
        let tap = tap::make(interface).map_err(|error| {
            let why = format!("/dev/net/tun, which an impaired wire needs: {error}");
            broken(interface, &why)
        })?;
        let mut change = LinkMessageBuilder::<LinkUnspec>::new()
            .index(index_of(&netlink, interface).await?)
            .mtu(plan::MTU);
        if let Some(mac) = mac {
            change = change.address(mac.to_vec());
        }
        netlink
            .link()
            .set(change.build())
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))?;
        Ok(tap)
    })?;
    up(place, interface)?;
    Ok(tap)
}

/// Lets a kernel forward what comes in over one interface. By netlink, not by /proc/sys, which a
/// container may have read-only.
fn forward_from(place: &Inhabited, interface: &'static str) -> Result<(), Failure> {
    // <linux/if_link.h>, <linux/ip.h>: a tree that the crate knows only in the shape that the
    // kernel answers with, which is not the one that it takes.
    const IFLA_AF_SPEC: u16 = 26;
    const IFLA_INET_CONF: u16 = 1;
    const IPV4_DEVCONF_FORWARDING: u16 = 1;
    let on = DefaultNla::new(IPV4_DEVCONF_FORWARDING, 1u32.to_ne_bytes().to_vec());
    let family = u16::from(u8::from(AddressFamily::Inet));
    let tree = nest(
        IFLA_AF_SPEC,
        &[nest(family, &[nest(IFLA_INET_CONF, &[on])])],
    );
    let netlink = place.netlink();
    place.run(move || async move {
        let change = LinkMessageBuilder::<LinkUnspec>::new()
            .index(index_of(&netlink, interface).await?)
            .append_extra_attribute(LinkAttribute::Other(tree))
            .build();
        netlink
            .link()
            .set(change)
            .execute()
            .await
            .map_err(|e| wrong(interface, &e))
    })
}

/// The other end's attributes; it is born in the other namespace.
fn far_end(interface: &str, mac: [u8; 6], namespace: RawFd) -> LinkMessage {
    LinkMessageBuilder::<LinkUnspec>::new()
        .name(interface)
        .mtu(plan::MTU)
        .address(mac.to_vec())
        .append_extra_attribute(LinkAttribute::NetNsFd(namespace))
        .build()
}

/// A route to `to` (everything, if `None`) over a gateway, or into a black hole.
fn add_route(
    place: &Inhabited,
    to: Option<Ipv4Addr>,
    over: Option<Ipv4Addr>,
) -> Result<(), Failure> {
    let netlink = place.netlink();
    place.run(move || async move {
        let mut route = RouteMessageBuilder::<Ipv4Addr>::new();
        if let Some(network) = to {
            route = route.destination_prefix(network, plan::PREFIX_LEN);
        }
        route = match over {
            Some(gateway) => route.gateway(gateway),
            None => route.kind(RouteType::BlackHole),
        };
        let mut message = route.build();
        message.header.address_family = AddressFamily::Inet;
        if over.is_some() {
            message
                .attributes
                .push(RouteAttribute::Metrics(vec![RouteMetric::CcAlgo(
                    CONGESTION_CONTROL.into(),
                )]));
        }
        netlink
            .route()
            .add(message)
            .execute()
            .await
            .map_err(|e| wrong("route", &e))
    })
}

async fn index_of(netlink: &rtnetlink::Handle, interface: &str) -> Result<u32, Failure> {
    let mut links = netlink.link().get().match_name(interface).execute();
    match links.try_next().await {
        Ok(Some(link)) => Ok(link.header.index),
        Ok(None) => Err(broken(interface, "it is not there")),
        Err(error) => Err(wrong(interface, &error)),
    }
}

fn wrong(what: &str, error: &rtnetlink::Error) -> Failure {
    broken(what, &error.to_string())
}
