//! The whole way to a page: a claimed address, a gateway, a name server, a web server.
//!
//! ```text
//!   page 10.1.0.129 ---(0.1 ms)--- router --- scene.way ------> www.lab.test 10.2.0.80
//!                                        '--- errand.names ---> dns.lab.test 10.2.0.53
//! ```
//!
//! A packet that the router passes on is told as one journey, from end to end.

use super::cast::{Actor, Player, Role};
use super::scene::{Scene, Way};
use super::stage::{Stage, ask, meet};
use super::{ExperimentError, Text};
use crate::conditions::Conditions;
use crate::http_server::{HttpServer, Page};
use crate::lab::{DNS, GATEWAY, Lab, PAGE, PAGE_MAC, SERVERS_GATEWAY, WWW, mac};
use crate::network::{Passage, PassageEnd};
use crate::node::{NodeId, NodeRef};
use crate::router::Router;
use core::net::Ipv4Addr;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use synema_core::app::session::{ClaimTimings, Command, FetchOptions};
use synema_core::wire::{EtherType, ethernet, ipv4};

/// What the page fetches, over which ways.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Errand {
    /// The address of the page, as it is typed. `/` is a page in one piece, `/chunked` the
    /// same in chunks, `/old` is a redirect to it.
    pub url: String,
    /// How long the page is, bytes.
    pub len: u32,
    /// The way between router and name server.
    #[serde(default)]
    pub names: Way,
}

/// What the pages are made of.
const LINE: &str = "<p>This page came all the way from www.lab.test.</p>\n";
/// So long is a chunk, bytes.
const CHUNK_LEN: usize = 1_000;

impl Errand {
    fn server(&self, scene: &Scene) -> Result<HttpServer, ExperimentError> {
        let body: Vec<u8> = LINE.bytes().cycle().take(self.len as usize).collect();
        Ok(HttpServer::new(scene.server.policy.policy()?)
            .with_page("/", Page::new(&body))
            .with_page("/chunked", Page::chunked(&body, CHUNK_LEN))
            .with_page("/old", Page::redirect(301, "http://www.lab.test/")))
    }
}

impl Stage {
    /// The errand's machines; the page claims its address by RFC 5227 and then fetches.
    pub(super) fn of_errand(
        scene: &Scene,
        errand: &Errand,
        seed: u64,
    ) -> Result<Self, ExperimentError> {
        let mut lab = Lab::new(seed, Conditions::default(), errand.server(scene)?);
        let fetch = Command::Fetch {
            fetch: 1,
            url: errand.url.clone(),
            options: Box::new(FetchOptions {
                policy: scene.page.policy.policy()?,
                ..FetchOptions::default()
            }),
        };
        introduce(&mut lab);
        lab.network.node_mut(lab.page).then(fetch);
        lab.command(Command::Claim(Lab::claim_command(ClaimTimings::Rfc5227)));
        let player = |role, name, mac, addr, actor| Player {
            role,
            name,
            mac,
            addr,
            actor,
        };
        let text = Text::new;
        let cast = vec![
            player(
                Role::Page,
                text("this page", "このページ"),
                PAGE_MAC,
                PAGE,
                Actor::Client(lab.page),
            ),
            player(
                Role::Server,
                text("www.lab.test", "www.lab.test"),
                mac(0x80),
                WWW,
                Actor::Web(lab.www),
            ),
            player(
                Role::Names,
                text("the name server", "ネームサーバー"),
                mac(0x53),
                DNS,
                Actor::Names(lab.dns),
            ),
            player(
                Role::Router,
                text("the router", "ルーター"),
                mac(1),
                GATEWAY,
                Actor::Router(lab.router),
            ),
        ];
        let mut stage = Self::with(lab.network, lab.servers, cast);
        stage.take_manners(scene)?;
        Ok(stage)
    }
}

/// The router and those behind it have spoken before.
fn introduce(lab: &mut Lab) {
    let (dns, www) = ((mac(0x53), DNS), (mac(0x80), WWW));
    let router = (mac(2), SERVERS_GATEWAY);
    meet(lab.network.node_mut(lab.dns), dns, router);
    meet(lab.network.node_mut(lab.www), www, router);
    for (server, node) in [(dns, lab.dns.id()), (www, lab.www.id())] {
        ask(lab.network.node_mut(lab.router), 1, router, server);
        lab.network.introduce(lab.servers, server.0, node);
    }
    lab.network
        .introduce(lab.servers, router.0, lab.router.id());
}

/// What a router passed on, from end to end, in place of its ways to the router and on; in
/// the order of departure. A frame is told as `observer` saw it. What was lost before the
/// router was for the machine that has its address, as `at` knows.
pub(super) fn journeys(
    passages: &[Passage],
    (id, router): (NodeRef<Router>, &Router),
    observer: NodeId,
    at: impl Fn(Ipv4Addr) -> Option<NodeId>,
) -> Vec<Passage> {
    let id = id.id();
    let came_as = |passage: &Passage| {
        let onward = passage.from == id;
        onward.then(|| router.came_as(passage.sent_as)).flatten()
    };
    let passed_on: BTreeSet<_> = passages.iter().filter_map(came_as).collect();
    let mut first_legs = BTreeMap::new();
    let mut journeys = Vec::new();
    for passage in passages {
        let mut journey = passage.clone();
        match passage.end {
            PassageEnd::Arrived { received_as, .. }
                if passage.to == id && passed_on.contains(&received_as) =>
            {
                first_legs.insert(received_as, passage);
                continue;
            }
            PassageEnd::Lost { .. } if passage.to == id => {
                let meant_for = destination(&passage.bytes).and_then(&at);
                journey.to = meant_for.unwrap_or(id);
            }
            _ => {}
        }
        if let Some(first) = came_as(passage).and_then(|came| first_legs.get(&came)) {
            (journey.lan, journey.from) = (first.lan, first.from);
            (journey.departed, journey.sent_as) = (first.departed, first.sent_as);
            if passage.to != observer {
                journey.bytes.clone_from(&first.bytes);
            }
        }
        journeys.push(journey);
    }
    // Stable: what left at the same moment stays in its order.
    journeys.sort_by_key(|passage| passage.departed);
    journeys
}

/// For whom a frame's IPv4 packet is.
fn destination(frame: &[u8]) -> Option<Ipv4Addr> {
    let frame = ethernet::Frame::parse(frame).ok()?;
    let is_ipv4 = frame.ether_type() == EtherType::IPV4;
    let packet = is_ipv4.then(|| ipv4::Packet::parse(frame.payload()).ok());
    packet.flatten().map(|packet| packet.destination())
}
