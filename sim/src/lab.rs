//! A ready-made network: a page's machine, a gateway, and servers behind it.
//!
//! ```text
//!   page 10.1.0.129 --+-- lan 10.1.0.0/24 --(.1 router .1)-- servers 10.2.0.0/24 --+-- dns .53
//!   (neighbours)    --+                                                            +-- www .80
//! ```

use crate::client::{Client, Fetched};
use crate::conditions::Conditions;
use crate::host::{App, Host, Idle};
use crate::http_server::HttpServer;
use crate::name_server::{Entry, NameServer};
use crate::network::{LanId, Network};
use crate::node::NodeRef;
use crate::router::Router;
use core::net::Ipv4Addr;
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimTimings, Command, FetchId, FetchOptions, SessionConfig,
    SessionEvent,
};
use synema_core::ip::Interface;
use synema_core::time::Duration;
use synema_core::wire::MacAddr;

/// The page's address, if nobody wants another.
pub const PAGE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 129);
/// The gateway's, on the page's side.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
/// The name server's.
pub const DNS: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 53);
/// The web server's.
pub const WWW: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 80);
/// The page's MAC address.
pub const PAGE_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x81]);
/// Both subnets' prefix length.
const PREFIX_LEN: u8 = 24;
/// The router's address among the servers.
pub(crate) const SERVERS_GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

/// The network and its machines.
pub struct Lab {
    /// The network.
    pub network: Network,
    /// The page's LAN.
    pub lan: LanId,
    /// The servers' LAN.
    pub servers: LanId,
    /// Who fetches.
    pub page: NodeRef<Client>,
    /// The gateway.
    pub router: NodeRef<Router>,
    /// `dns.lab.test`.
    pub dns: NodeRef<Host<NameServer>>,
    /// `www.lab.test`.
    pub www: NodeRef<Host<HttpServer>>,
    seed: u64,
}

impl Lab {
    /// The lab. `way` are the conditions between router and servers, in each
    /// direction; the page's LAN is a cable of 0.1 ms.
    pub fn new(seed: u64, way: Conditions, web: HttpServer) -> Self {
        Self::with_names(seed, way, web, default_zone())
    }

    /// The same with another zone.
    pub fn with_names(seed: u64, way: Conditions, web: HttpServer, zone: NameServer) -> Self {
        let mut network = Network::new(seed);
        let lan = network.add_lan(Conditions::delay(Duration::from_micros(100)));
        let servers = network.add_lan(way);
        let page = network.add(Client::new(SessionConfig {
            mac: PAGE_MAC,
            mtu: 1500,
            seed: seed_bytes(seed),
        }));
        let router = network.add(Router::new(&[
            (mac(1), interface(GATEWAY, None)),
            (mac(2), interface(SERVERS_GATEWAY, None)),
        ]));
        let server = |last, addr| (mac(last), interface(addr, Some(SERVERS_GATEWAY)));
        let (dns_mac, dns_interface) = server(0x53, DNS);
        let dns = network.add(Host::new(dns_mac, dns_interface, seed ^ 0x53, zone));
        let (www_mac, www_interface) = server(0x80, WWW);
        let www = network.add(Host::new(www_mac, www_interface, seed ^ 0x80, web));
        network.plug(page, 0, lan);
        network.plug(router, 0, lan);
        network.plug(router, 1, servers);
        network.plug(dns, 0, servers);
        network.plug(www, 0, servers);
        Self {
            network,
            lan,
            servers,
            page,
            router,
            dns,
            www,
            seed,
        }
    }

    /// Adds a machine to the page's LAN that answers ARP and echoes.
    pub fn add_neighbour(&mut self, last_octet: u8) -> NodeRef<Host<Idle>> {
        self.add_host(last_octet, Idle)
    }

    /// Adds a machine with an application to the page's LAN.
    pub fn add_host<A: App>(&mut self, last_octet: u8, app: A) -> NodeRef<Host<A>> {
        let [a, b, c, _] = PAGE.octets();
        let addr = Ipv4Addr::new(a, b, c, last_octet);
        let seed = self.seed ^ 0x1_0000 ^ u64::from(last_octet);
        let interface = interface(addr, Some(GATEWAY));
        let mac = MacAddr([2, 0, 0, 0, 1, last_octet]);
        let host = self.network.add(Host::new(mac, interface, seed, app));
        self.network.plug(host, 0, self.lan);
        host
    }

    /// What the page says to claim its address.
    pub fn claim_command(timings: ClaimTimings) -> ClaimCommand {
        ClaimCommand {
            addr: PAGE,
            prefix_len: PREFIX_LEN,
            gateway: Some(GATEWAY),
            dns: vec![DNS],
            timings,
        }
    }

    /// Claims the page's address, quickly; what came of it.
    pub fn claim(&mut self) -> Option<ClaimEvent> {
        self.command(Command::Claim(Self::claim_command(ClaimTimings::QuickLab)));
        let page = self.page;
        let deadline = self.network.now() + Duration::from_secs(10);
        let decided = |network: &Network| {
            network
                .node(page)
                .events()
                .iter()
                .find_map(|(_, event)| match event {
                    SessionEvent::Claim(claim) => Some(*claim),
                    SessionEvent::Fetch { .. } => None,
                })
        };
        self.network
            .run_while(deadline, |network| decided(network).is_none());
        decided(&self.network)
    }

    /// Asks the page's session for something, now.
    pub fn command(&mut self, command: Command) {
        let now = self.network.now();
        self.network.node_mut(self.page).command(now, command);
    }

    /// Begins a fetch.
    pub fn begin_fetch(&mut self, fetch: FetchId, url: &str, options: FetchOptions) {
        self.command(Command::Fetch {
            fetch,
            url: url.to_owned(),
            options: Box::new(options),
        });
    }

    /// Fetches to the end, for ten minutes at most; what it came to.
    pub fn fetch(&mut self, fetch: FetchId, url: &str, options: FetchOptions) -> Fetched {
        self.begin_fetch(fetch, url, options);
        self.finish_fetch(fetch)
    }

    /// Goes on until a fetch has ended, for ten minutes at most; what it came to.
    pub fn finish_fetch(&mut self, fetch: FetchId) -> Fetched {
        let page = self.page;
        let deadline = self.network.now() + Duration::from_secs(600);
        let fetched = |network: &Network| network.node(page).fetched(fetch).cloned();
        self.network.run_while(deadline, |network| {
            let fetched = network.node(page).fetched(fetch);
            fetched.is_none_or(|fetched| fetched.end.is_none())
        });
        fetched(&self.network).unwrap_or_default()
    }
}

/// Names for everything that the lab has, and some that do not work.
pub fn default_zone() -> NameServer {
    NameServer::default()
        .with_addr("www.lab.test", WWW)
        .with_addr("lab.test", WWW)
        .with("alias.lab.test", Entry::Alias("www.lab.test".to_owned()))
        .with("many.lab.test", Entry::Addrs(vec![WWW; 60]))
        .with("broken.lab.test", Entry::Failure)
        .with("silent.lab.test", Entry::Silence)
        .with("empty.lab.test", Entry::Addrs(Vec::new()))
}

/// A seed of 32 bytes from one number.
pub fn seed_bytes(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (index, chunk) in bytes.chunks_mut(8).enumerate() {
        let word = seed
            .wrapping_add(index as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

pub(crate) fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

fn interface(addr: Ipv4Addr, gateway: Option<Ipv4Addr>) -> Interface {
    Interface::new(addr, PREFIX_LEN, gateway).expect("the lab's own addresses fit together")
}
