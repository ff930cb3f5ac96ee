//! Who is there: hosts by their addresses, and what each of them is.
//!
//! An IP address is a host of its own; a MAC address is one only as long as no
//! IP address is known for it (an ARP probe has none). Where both ends have the
//! same address (loopback), the port tells them apart.

use crate::capture::{Machine, MachineId};
use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};
use synema_core::wire::MacAddr;

/// A host's number, in the order of appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

impl HostId {
    /// Everybody on the link: the receiver of a broadcast or multicast.
    pub const EVERYONE: Self = Self(u32::MAX);
}

/// What a host is to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The stack whose capture it is.
    Page,
    /// Somebody who calls others.
    Client,
    /// Passes on what is meant for others.
    Router,
    /// Answers for names.
    NameServer,
    /// Is called.
    Server,
    /// Nothing more is known.
    #[default]
    Host,
}

/// A host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Its address; none while only its MAC is known.
    pub ip: Option<IpAddr>,
    /// Its port, where the address alone does not tell it from the other end.
    pub port: Option<u16>,
    /// Its own MAC address; not that of the router before it.
    pub mac: Option<MacAddr>,
    /// The name that DNS gave for its address.
    pub name: Option<String>,
    /// Whether it is the stack whose capture this is.
    pub is_page: bool,
    /// Whether it passes on what is meant for others.
    pub is_router: bool,
    /// Whether it answers for names.
    pub is_name_server: bool,
    /// A port on which it was called.
    pub serves: Option<u16>,
    /// Whether it called others.
    pub calls: bool,
    /// Through which router it is reached.
    pub behind: Option<HostId>,
    /// Packets from and to it.
    pub packets: u64,
    /// Which of the machines of a simulation it is.
    pub machine: Option<MachineId>,
    /// Whether its address is that of a machine before it.
    pub shares_address: bool,
}

impl Host {
    /// What it is above all.
    pub fn role(&self) -> Role {
        if self.is_page {
            Role::Page
        } else if self.is_router {
            Role::Router
        } else if self.is_name_server {
            Role::NameServer
        } else if self.serves.is_some() {
            Role::Server
        } else if self.calls {
            Role::Client
        } else {
            Role::Host
        }
    }

    /// Its address in words.
    pub fn address(&self) -> String {
        match (self.ip, self.port, self.mac) {
            (Some(ip), Some(port), _) => format!("{ip} port {port}"),
            (Some(ip), None, _) => ip.to_string(),
            (None, _, Some(mac)) => mac.to_string(),
            (None, _, None) => "unknown".to_owned(),
        }
    }
}

/// Names from DNS answers that are remembered.
const MAX_NAMES: usize = 10_000;

/// All hosts of a capture.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    list: Vec<Host>,
    by_ip: BTreeMap<(IpAddr, Option<u16>), HostId>,
    by_mac: BTreeMap<MacAddr, HostId>,
    names: BTreeMap<IpAddr, String>,
    page: Option<HostId>,
    claimed: BTreeSet<IpAddr>,
    /// By a machine's number.
    machines: Vec<HostId>,
}

impl Hosts {
    /// All of them, in the order of appearance.
    pub fn list(&self) -> &[Host] {
        &self.list
    }

    /// One of them; none for [`HostId::EVERYONE`].
    pub fn at(&self, id: HostId) -> Option<&Host> {
        self.list.get(id.0 as usize)
    }

    pub(crate) fn at_mut(&mut self, id: HostId) -> Option<&mut Host> {
        self.list.get_mut(id.0 as usize)
    }

    /// The stack whose capture this is, if it is one's own.
    pub fn page(&self) -> Option<HostId> {
        self.page
    }

    /// The first host that sends from our own stack is the page; it stays it.
    pub(super) fn set_page(&mut self, id: HostId) {
        if self.page.is_none()
            && let Some(host) = self.at_mut(id)
        {
            host.is_page = true;
            self.page = Some(id);
        }
    }

    /// Whether our stack claimed this host's address (RFC 5227).
    pub fn is_claimed(&self, host: &Host) -> bool {
        host.ip.is_some_and(|ip| self.claimed.contains(&ip))
    }

    pub(super) fn set_claimed(&mut self, ip: IpAddr) {
        self.claimed.insert(ip);
    }

    /// The machines of a simulation: hosts of their own, also where they share an address.
    pub(super) fn set_machines(&mut self, machines: &[Machine]) {
        for (number, machine) in (0..u8::MAX).map(MachineId).zip(machines) {
            let ip = IpAddr::V4(machine.addr);
            let shares_address = self.by_ip.contains_key(&(ip, None));
            let id = match shares_address {
                true => self.add(Host {
                    ip: Some(ip),
                    ..Host::default()
                }),
                false => self.by_ip(ip, None),
            };
            self.by_mac.entry(machine.mac).or_insert(id);
            let host = &mut self.list[id.0 as usize];
            host.mac = Some(machine.mac);
            host.name = Some(machine.name.clone()).filter(|name| !name.is_empty());
            host.machine = Some(number);
            host.shares_address = shares_address;
            self.machines.push(id);
        }
        if let Some(&own) = self.machines.first() {
            self.set_page(own);
        }
    }

    /// A machine's host.
    pub(super) fn of_machine(&self, machine: MachineId) -> Option<HostId> {
        self.machines.get(usize::from(machine.0)).copied()
    }

    fn add(&mut self, host: Host) -> HostId {
        self.list.push(host);
        HostId(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX - 1))
    }

    /// The host with this address; `port` only where both ends share the address.
    pub(super) fn by_ip(&mut self, ip: IpAddr, port: Option<u16>) -> HostId {
        if let Some(&id) = self.by_ip.get(&(ip, port)) {
            return id;
        }
        let name = self.names.get(&ip).cloned();
        let id = self.add(Host {
            ip: Some(ip),
            port,
            name,
            ..Host::default()
        });
        self.by_ip.insert((ip, port), id);
        id
    }

    /// The host with this MAC address of which no IP address is known yet.
    pub(super) fn by_mac(&mut self, mac: MacAddr) -> HostId {
        if let Some(&id) = self.by_mac.get(&mac) {
            return id;
        }
        let id = self.add(Host {
            mac: Some(mac),
            ..Host::default()
        });
        self.by_mac.insert(mac, id);
        id
    }

    /// Whose MAC address this is, if anybody's.
    pub(super) fn owner_of(&self, mac: MacAddr) -> Option<HostId> {
        self.by_mac.get(&mac).copied()
    }

    /// `mac` says that it has `ip`.
    pub(super) fn bind(&mut self, mac: MacAddr, ip: IpAddr) -> HostId {
        let by_mac = self.by_mac.get(&mac).copied();
        if let Some(&id) = self.by_ip.get(&(ip, None)) {
            self.list[id.0 as usize].mac.get_or_insert(mac);
            self.by_mac.entry(mac).or_insert(id);
            return id;
        }
        if let Some(id) = by_mac
            && self.list[id.0 as usize].ip.is_none()
        {
            self.list[id.0 as usize].ip = Some(ip);
            self.by_ip.insert((ip, None), id);
            return id;
        }
        let id = self.by_ip(ip, None);
        self.list[id.0 as usize].mac = Some(mac);
        self.by_mac.entry(mac).or_insert(id);
        id
    }

    /// DNS says that `ip` is called `name`.
    pub(super) fn name(&mut self, ip: IpAddr, name: &str) {
        if let Some(&id) = self.by_ip.get(&(ip, None)) {
            self.list[id.0 as usize]
                .name
                .get_or_insert_with(|| name.to_owned());
        }
        if self.names.len() < MAX_NAMES {
            self.names.entry(ip).or_insert_with(|| name.to_owned());
        }
    }
}
