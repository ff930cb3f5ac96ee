//! Who takes part in a scene: which part each one plays, and what it is.

use super::Text;
use super::puppet::Puppet;
use super::scene::{Scene, Speaker};
use super::talker::Talker;
use crate::client::Client;
use crate::conditions::Conditions;
use crate::host::Host;
use crate::http_server::HttpServer;
use crate::name_server::NameServer;
use crate::node::{NodeId, NodeRef};
use crate::router::Router;
use core::net::Ipv4Addr;
use synema_core::wire::MacAddr;

/// One who takes part.
pub(super) struct Player {
    pub(super) role: Role,
    pub(super) name: Text,
    pub(super) mac: MacAddr,
    pub(super) addr: Ipv4Addr,
    pub(super) actor: Actor,
}

/// Which part of the scene one plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Page,
    Server,
    Names,
    Router,
    Other(String),
}

#[derive(Clone, Copy)]
pub(super) enum Actor {
    Talker(NodeRef<Host<Talker>>),
    Puppet(NodeRef<Puppet>),
    Client(NodeRef<Client>),
    Web(NodeRef<Host<HttpServer>>),
    Names(NodeRef<Host<NameServer>>),
    Router(NodeRef<Router>),
}

impl Actor {
    pub(super) fn node(self) -> NodeId {
        match self {
            Self::Talker(node) => node.id(),
            Self::Puppet(node) => node.id(),
            Self::Client(node) => node.id(),
            Self::Web(node) => node.id(),
            Self::Names(node) => node.id(),
            Self::Router(node) => node.id(),
        }
    }
}

impl Scene {
    /// How one with a stack behaves who talks.
    pub(super) fn speaker(&self, role: &Role) -> Option<&Speaker> {
        match role {
            Role::Page => Some(&self.page),
            Role::Server => Some(&self.server),
            Role::Other(key) => self.other.get(key).map(|other| &other.talks),
            Role::Names | Role::Router => None,
        }
    }

    /// What frames from one to another meet; a further machine has its own ways. `None` if
    /// there is no way that the scene tells of.
    pub(super) fn conditions(&self, from: &Role, to: &Role) -> Option<&Conditions> {
        let other = |key| self.other.get(key).map(|other| &other.way);
        let names = self.errand.as_ref().map(|errand| &errand.names);
        match (from, to) {
            (from, to) if from == to => None,
            (Role::Other(key), _) => other(key).map(|way| &way.out),
            (_, Role::Other(key)) => other(key).map(|way| &way.back),
            (Role::Router, Role::Names) => names.map(|way| &way.out),
            (Role::Names, Role::Router) => names.map(|way| &way.back),
            (Role::Page | Role::Router, Role::Server) => Some(&self.way.out),
            (Role::Server, Role::Page | Role::Router) => Some(&self.way.back),
            _ => None,
        }
    }
}
