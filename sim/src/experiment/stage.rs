//! A scene's machines on their network, and what is asked of them from outside.

use super::cast::{Actor, Player, Role};
use super::errand::journeys;
use super::machine::Machine;
use super::puppet::{Place, Puppet};
use super::scene::{
    Other, PAGE, PAGE_MAC, PREFIX_LEN, SERVER, SERVER_MAC, SERVER_PORT, Scene, Speaker,
};
use super::talker::{Call, Talker};
use super::{ExperimentError, Text};
use crate::conditions::Conditions;
use crate::host::{App, Host};
use crate::network::{LanId, Network, Passage};
use crate::node::{Node, NodeRef, Port};
use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};
use synema_core::wire::{EtherType, MacAddr, arp, ethernet};

/// A scene that is played.
pub(super) struct Stage {
    pub(super) network: Network,
    /// Where the scene's ways are.
    lan: LanId,
    /// Page, server, and then whoever else there is.
    cast: Vec<Player>,
    /// So many passages the puppets have heard of.
    overheard: usize,
}

impl Stage {
    pub(super) fn new(scene: &Scene, seed: u64) -> Result<Self, ExperimentError> {
        match &scene.errand {
            Some(errand) => Self::of_errand(scene, errand, seed),
            None => Self::of_talk(scene, seed),
        }
    }

    pub(super) fn with(network: Network, lan: LanId, cast: Vec<Player>) -> Self {
        Self {
            network,
            lan,
            cast,
            overheard: 0,
        }
    }

    /// Page and server who talk, and the others.
    fn of_talk(scene: &Scene, seed: u64) -> Result<Self, ExperimentError> {
        let mut network = Network::new(seed);
        let lan = network.add_lan(Conditions::default());
        let mut stage = Self::with(network, lan, Vec::new());
        let to_server = SocketAddrV4::new(SERVER, SERVER_PORT.0);
        let page = Call::new(to_server, scene.page.port);
        let page = Talker::new(&scene.page, interface(scene, PAGE)?, Some(page), None)?;
        // It can call back only where it knows the port.
        let to_page = scene.page.port.map(|port| SocketAddrV4::new(PAGE, port));
        let server = to_page.map(|to| Call::new(to, Some(SERVER_PORT.0)));
        let own = interface(scene, SERVER)?;
        // One port cannot both call and be called.
        let listens = (!scene.server.calls()).then_some(SERVER_PORT);
        let server = Talker::new(&scene.server, own, server, listens)?;
        let page_name = Text::new("this page", "このページ");
        let server_name = Text::new("www.lab.test", "www.lab.test");
        stage.add_talker((Role::Page, page_name), PAGE_MAC, seed, page);
        stage.add_talker((Role::Server, server_name), SERVER_MAC, !seed, server);
        for (key, other) in &scene.other {
            stage.add_other(scene, key, other, seed)?;
        }
        stage.introduce(scene);
        stage.take_manners(scene)?;
        Ok(stage)
    }

    fn add_other(
        &mut self,
        scene: &Scene,
        key: &str,
        other: &Other,
        seed: u64,
    ) -> Result<(), ExperimentError> {
        let number = self.cast.len() as u64;
        let seed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mac = match other.beside_page {
            true => PAGE_MAC,
            false => MacAddr([2, 0, 0, 0, 1, other.addr.octets()[3]]),
        };
        let role = (Role::Other(key.to_owned()), other.name.clone());
        if other.acts.is_empty() {
            let to_server = SocketAddrV4::new(SERVER, SERVER_PORT.0);
            let call = Call::new(to_server, other.talks.port);
            let own = interface(scene, other.addr)?;
            let talker = Talker::new(&other.talks, own, Some(call), None)?;
            self.add_talker(role, mac, seed, talker);
            return Ok(());
        }
        let place = |player: &Player| Place {
            node: player.actor.node(),
            mac: player.mac,
            addr: player.addr,
        };
        let places = [place(&self.cast[0]), place(&self.cast[1])];
        let puppet = Puppet::new((mac, other.addr), &other.acts, places, seed);
        let node = self.network.add(puppet);
        self.plug(role, (mac, other.addr), node, Actor::Puppet(node));
        Ok(())
    }

    fn add_talker(&mut self, role: (Role, Text), mac: MacAddr, seed: u64, talker: Talker) {
        let (interface, is_claimed) = (*talker.interface(), talker.claims());
        let mut host = match is_claimed {
            false => Host::new(mac, interface, seed, talker),
            true => Host::without_address(mac, seed, talker),
        };
        host.send_strays(Talker::take_stray);
        let node = self.network.add(host);
        self.plug(role, (mac, interface.address()), node, Actor::Talker(node));
    }

    fn plug<T: Node>(
        &mut self,
        (role, name): (Role, Text),
        (mac, addr): (MacAddr, Ipv4Addr),
        node: NodeRef<T>,
        actor: Actor,
    ) {
        let of_same_card = self.cast.iter().find(|player| player.mac == mac);
        match of_same_card.map(|player| player.actor.node()) {
            Some(other) => self.network.plug_beside(node, other, self.lan),
            None => self.network.plug(node, 0, self.lan),
        }
        self.cast.push(Player {
            role,
            name,
            mac,
            addr,
            actor,
        });
    }

    /// Lets all who have an address from the start know each other's, and the switch know
    /// where they are.
    fn introduce(&mut self, scene: &Scene) {
        let settled =
            |player: &&Player| scene.speaker(&player.role).is_none_or(Speaker::has_address);
        let settled: Vec<_> = self
            .cast
            .iter()
            .filter(settled)
            .map(|player| (player.actor, player.mac, player.addr))
            .collect();
        for (actor, mac, addr) in &settled {
            self.network.introduce(self.lan, *mac, actor.node());
            let Actor::Talker(node) = *actor else {
                continue;
            };
            for (_, neighbour_mac, neighbour) in &settled {
                if neighbour != addr {
                    let host = self.network.node_mut(node);
                    meet(host, (*mac, *addr), (*neighbour_mac, *neighbour));
                }
            }
        }
    }

    /// Every way is as the scene says from now on.
    fn set_ways(&mut self, scene: &Scene) {
        for from in &self.cast {
            for to in &self.cast {
                let (a, b) = (from.actor.node(), to.actor.node());
                if let Some(way) = scene.conditions(&from.role, &to.role) {
                    self.network.set_conditions(self.lan, a, b, way.clone());
                }
            }
        }
    }

    /// Every way, and every stack's manners, are as the scene says from now on.
    pub(super) fn take_manners(&mut self, scene: &Scene) -> Result<(), ExperimentError> {
        let now = self.network.now();
        for player in &self.cast {
            if let (Actor::Talker(node), Some(speaker)) =
                (player.actor, scene.speaker(&player.role))
            {
                let host = self.network.node_mut(node);
                host.set_wake(speaker.wake);
                host.set_think(speaker.think);
                let (talker, stack) = host.app_and_stack();
                talker.set_policy(stack, now, speaker.policy.policy()?);
            }
        }
        self.set_ways(scene);
        Ok(())
    }

    /// Does the next thing that happens by `deadline`; whether there was one.
    pub(super) fn step_until(&mut self, deadline: Instant) -> bool {
        let stepped = self.network.step_until(deadline);
        self.tell_puppets();
        stepped
    }

    /// Puppets are told which numbers page and server are at.
    fn tell_puppets(&mut self) {
        let said = self.network.passages().len();
        let new = core::mem::replace(&mut self.overheard, said)..said;
        for player in &self.cast {
            if let Actor::Puppet(node) = player.actor {
                for index in new.clone() {
                    let passage = self.network.passages()[index].clone();
                    self.network.node_mut(node).overhear(&passage);
                }
            }
        }
    }

    /// All machines, the page's first.
    pub(super) fn machines(&self) -> Vec<Machine<'_>> {
        let players = self.cast.iter();
        players
            .map(|player| Machine {
                node: player.actor.node(),
                name: &player.name,
                mac: player.mac,
                addr: player.addr,
                trace: self.trace(player.actor),
            })
            .collect()
    }

    /// How many bytes the page's application has read.
    pub(super) fn page_received(&self) -> u64 {
        match self.cast[0].actor {
            Actor::Talker(node) => self.network.node(node).app().received(),
            Actor::Client(node) => {
                let fetched = self.network.node(node).fetched(1);
                fetched.map_or(0, |fetched| fetched.body.len() as u64)
            }
            _ => 0,
        }
    }

    fn trace(&self, actor: Actor) -> &[Record] {
        match actor {
            Actor::Talker(node) => self.network.node(node).trace(),
            Actor::Client(node) => self.network.node(node).trace(),
            Actor::Web(node) => self.network.node(node).trace(),
            Actor::Names(node) => self.network.node(node).trace(),
            Actor::Puppet(_) | Actor::Router(_) => &[],
        }
    }

    /// Every frame's way from end to end: what a router passes on is one.
    pub(super) fn journeys(&self) -> Vec<Passage> {
        let passages = self.network.passages();
        let router = self.cast.iter().find_map(|player| match player.actor {
            Actor::Router(node) => Some(node),
            _ => None,
        });
        let Some(id) = router else {
            return passages.to_vec();
        };
        let observer = self.cast[0].actor.node();
        let at = |addr| {
            let found = self.cast.iter().find(|player| player.addr == addr);
            found.map(|player| player.actor.node())
        };
        journeys(passages, (id, self.network.node(id)), observer, at)
    }
}

fn interface(scene: &Scene, addr: Ipv4Addr) -> Result<Interface, ExperimentError> {
    // The way out needs none itself.
    let gateway = scene.gateway.filter(|gateway| *gateway != addr);
    Interface::new(addr, PREFIX_LEN, gateway)
        .map_err(|error| ExperimentError::File(error.to_string()))
}

/// `host` has spoken with its neighbour before: it was asked for its own address, and so
/// learned the asker's (RFC 826).
pub(super) fn meet<A: App>(
    host: &mut Host<A>,
    own: (MacAddr, Ipv4Addr),
    neighbour: (MacAddr, Ipv4Addr),
) {
    ask(host, 0, own, neighbour);
    host.stack_mut().observer_mut().clear();
}

/// A neighbour asks for a node's address; the answer is taken for heard.
pub(super) fn ask(
    node: &mut impl Node,
    port: Port,
    (mac, addr): (MacAddr, Ipv4Addr),
    neighbour: (MacAddr, Ipv4Addr),
) {
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
    node.on_frame(Instant::ZERO, port, FrameId::received(0), &frame);
    while node.poll_transmit(Instant::ZERO, &mut frame).is_some() {}
}
