//! Two machines that talk: how each behaves, what each says when, and the way between.
//!
//! ```text
//!   page 192.168.0.129 ---- way.out ----> server 192.168.0.80
//!                      <--- way.back ----
//! ```
//!
//! They have spoken before: each knows the other's MAC address.

use super::Text;
use super::machine::Machine;
use super::policy::PolicySpec;
use super::talker::Talker;
use crate::conditions::Conditions;
use crate::host::Host;
use crate::network::{LanId, Network};
use crate::node::{Node, NodeRef};
use core::net::Ipv4Addr;
use serde::Deserialize;
use synema_core::ip::Interface;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_core::wire::{EtherType, MacAddr, Port, arp, ethernet};

/// The page's address.
pub const PAGE: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
/// The server's.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 80);
/// The page's MAC address.
pub const PAGE_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x81]);
/// The server's.
pub const SERVER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x80]);
/// Where the server listens.
pub const SERVER_PORT: Port = Port(80);
const PREFIX_LEN: u8 = 24;

/// Two machines and what they say to each other.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Scene {
    /// Nothing is looked at after this.
    pub until: Duration,
    /// Who calls.
    pub page: Speaker,
    /// Who is called.
    pub server: Speaker,
    /// The way between them.
    #[serde(default)]
    pub way: Way,
}

/// One end of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Speaker {
    /// How its TCP behaves.
    #[serde(default)]
    pub policy: PolicySpec,
    /// How long it takes over every segment with data, as a slow program does.
    #[serde(default)]
    pub think: Duration,
    /// What it does when.
    #[serde(default)]
    pub script: Vec<Line>,
}

/// One line of a script. Each is spoken once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// What it waits for.
    pub on: Cue,
    /// How long after that.
    #[serde(default)]
    pub after: Duration,
    /// What it does then, one after the other.
    pub does: Vec<Deed>,
}

/// What a line waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cue {
    /// The beginning.
    Start,
    /// The connection is there.
    Connected,
    /// So many bytes in all have been read.
    Received(u64),
    /// The other end sends no more.
    PeerClosed,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Opens the connection.
    Connect,
    /// Sends a text, in one write.
    Say(String),
    /// Sends so many bytes, each number in a write of its own.
    Write(Vec<u32>),
    /// Leaves what comes unread, from now on.
    StopReading,
    /// Reads again.
    Read,
    /// Sends no more: FIN.
    Close,
    /// Ends it at once: RST.
    Abort,
}

/// The two directions between the machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Way {
    /// From the page to the server.
    #[serde(default)]
    pub out: Conditions,
    /// From the server to the page.
    #[serde(default)]
    pub back: Conditions,
}

/// A scene that is played.
pub(super) struct Stage {
    pub(super) network: Network,
    pub(super) page: NodeRef<Host<Talker>>,
    pub(super) server: NodeRef<Host<Talker>>,
    lan: LanId,
    /// Of the page and of the server.
    names: [Text; 2],
}

impl Stage {
    pub(super) fn new(scene: &Scene, seed: u64) -> Result<Self, super::ExperimentError> {
        let mut network = Network::new(seed);
        let lan = network.add_lan(Conditions::default());
        let caller = Talker::caller(&scene.page, (SERVER, SERVER_PORT))?;
        let callee = Talker::callee(&scene.server, SERVER_PORT)?;
        let mut page = host(PAGE_MAC, PAGE, seed, caller, (SERVER_MAC, SERVER));
        let mut server = host(SERVER_MAC, SERVER, !seed, callee, (PAGE_MAC, PAGE));
        page.set_think(scene.page.think);
        server.set_think(scene.server.think);
        let (page, server) = (network.add(page), network.add(server));
        network.plug(page, 0, lan);
        network.plug(server, 0, lan);
        let mut stage = Self {
            network,
            page,
            server,
            lan,
            names: [
                Text::new("this page", "このページ"),
                Text::new("www.lab.test", "www.lab.test"),
            ],
        };
        stage.set_way(&scene.way);
        Ok(stage)
    }

    /// All machines, the page's first.
    pub(super) fn machines(&self) -> Vec<Machine<'_>> {
        let ends = [
            (self.page, PAGE_MAC, PAGE),
            (self.server, SERVER_MAC, SERVER),
        ];
        let named = ends.into_iter().zip(&self.names);
        named
            .map(|((node, mac, addr), name)| Machine {
                node: node.id(),
                name,
                mac,
                addr,
                trace: self.network.node(node).trace(),
            })
            .collect()
    }

    /// Other conditions from now on.
    pub(super) fn set_way(&mut self, way: &Way) {
        let (page, server) = (self.page.id(), self.server.id());
        let network = &mut self.network;
        network.set_conditions(self.lan, page, server, way.out.clone());
        network.set_conditions(self.lan, server, page, way.back.clone());
    }
}

/// A machine that has spoken with its neighbour before.
fn host(
    mac: MacAddr,
    addr: Ipv4Addr,
    seed: u64,
    talker: Talker,
    neighbour: (MacAddr, Ipv4Addr),
) -> Host<Talker> {
    let interface =
        Interface::new(addr, PREFIX_LEN, None).expect("the scene's own addresses fit together");
    let mut host = Host::new(mac, interface, seed, talker);
    // It was asked for its own address, and so learned the asker's (RFC 826).
    let question = arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: neighbour.0,
        sender_ip: neighbour.1,
        target_mac: MacAddr::ZERO,
        target_ip: addr,
    };
    let header = ethernet::Header {
        destination: mac,
        source: neighbour.0,
        ether_type: EtherType::ARP,
    };
    let mut frame = Vec::new();
    header.emit(&mut frame);
    question.emit(&mut frame);
    host.on_frame(Instant::ZERO, 0, FrameId::received(0), &frame);
    while host.poll_transmit(Instant::ZERO, &mut frame).is_some() {}
    host.stack_mut().observer_mut().clear();
    host
}
