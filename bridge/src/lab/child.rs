//! The process that holds the lab's namespaces, and dies with its parent.
//!
//! It owns a user namespace and is nobody special outside of it. Its standard input is the one
//! channel to the parent: when that closes, for whatever reason, the process ends, and with it go
//! its threads, and with them the namespaces and all that is in them.

use super::network::{self, Places};
use super::place::broken;
use super::plan::{self, Place};
use super::protocol::{self, Reply, Request, Transport};
use super::{KernelTcp, LabOptions, Neighbour, dns, impair, userns, web};
use crate::error::{Exit, Failure};
use crate::io::guard::Guard;
use crate::io::open::{open_unmapped, silence};
use crate::io::{OpenOptions, Passport};
use futures_util::TryStreamExt;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use rustix::net::{AddressFamily as Family, SocketFlags, SocketType, socket_with};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;
use synema_core::wire::MacAddr;

/// Runs the lab's child until its parent is gone.
///
/// # Errors
/// When it was not started by a lab. Every other failure is told to the parent.
pub fn run() -> Result<(), Failure> {
    let control = &io::stdin();
    let Ok(Some((Request::Build(options), _))) = protocol::receive(control) else {
        return Err(Failure::new(
            Exit::Usage,
            "this is a part of the lab that cannot be run alone",
            "run `synema lab`",
        ));
    };
    // When talking fails, the parent is gone, and nobody is left to be told.
    let _ = serve(control, &options);
    Ok(())
}

fn serve(control: impl AsFd, options: &LabOptions) -> io::Result<()> {
    if options.die_with_thread {
        // Belt and braces: the closed channel is what ends us; this helps if we hang.
        let signal = Some(rustix::process::Signal::KILL);
        rustix::process::set_parent_process_death_signal(signal)?;
    }
    let mut lab = match build(options) {
        Ok((lab, socket, passport)) => {
            protocol::send(&control, &Reply::Opened(passport), Some(&socket))?;
            lab
        }
        Err(failure) => return protocol::send(control, &Reply::Failed(failure), None),
    };
    while let Some((request, _)) = protocol::receive::<Request>(&control)? {
        let (reply, socket) = lab
            .obey(request)
            .unwrap_or_else(|f| (Reply::Failed(f), None));
        protocol::send(&control, &reply, socket.as_ref())?;
    }
    Ok(())
}

/// The namespaces and what is held in them.
struct Held {
    places: Places,
    /// To the way to the servers, if it is of TAPs.
    way: Option<impair::Change>,
    /// Listens and lets no SYN in.
    _silent: OwnedFd,
    guard: Option<Guard>,
}

type Answer = (Reply, Option<OwnedFd>);

fn build(options: &LabOptions) -> Result<(Held, OwnedFd, Passport), Failure> {
    userns::enter()?;
    let (places, way) = network::build(options.way.as_ref())?;
    network::set_offloads(&places, way.is_some(), options.offloads)?;
    let silent = start_servers(&places)?;
    wait_until_connected(&places)?;
    let mut held = Held {
        places,
        way,
        _silent: silent,
        guard: None,
    };
    if options.ip_forward {
        held.set_forward(Place::Wire, true)?;
    }
    if options.host_mac {
        held.set_guard(&[plan::FREE_IP])?;
    }
    let own_mac = (!options.host_mac).then_some(plan::OWN_MAC);
    let stack = OpenOptions::stack(plan::WIRE_INTERFACE, own_mac);
    let (passport, socket) = held.open(Place::Wire, stack)?;
    Ok((held, socket, passport))
}

fn start_servers(places: &Places) -> Result<OwnedFd, Failure> {
    let failed = |error: io::Error| broken("servers", &error.to_string());
    places[&Place::Host].run(move || async move {
        web::start(plan::HOST_IP, plan::HTTP_PORT)
            .await
            .map_err(failed)
    })?;
    places[&Place::Server].run(move || async move {
        web::start(plan::WEB_IP, plan::HTTP_PORT)
            .await
            .map_err(failed)?;
        dns::start(plan::DNS_IP).await.map_err(failed)?;
        let silent = TcpListener::bind((plan::WEB_IP, plan::SILENT_PORT)).map_err(failed)?;
        silence(&silent).map_err(failed)?;
        Ok(silent.into())
    })
}

/// A bridge port takes a moment until it forwards: the network is there when a connection from one
/// end to the other is.
fn wait_until_connected(places: &Places) -> Result<(), Failure> {
    places[&Place::Wire].run(|| async {
        let web = SocketAddr::from((plan::WEB_IP, plan::HTTP_PORT));
        for _ in 0..100 {
            let attempt = tokio::net::TcpStream::connect(web);
            match tokio::time::timeout(Duration::from_millis(100), attempt).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(_) => {}
            }
        }
        Err(broken(
            "network",
            "its web server cannot be reached from its wire",
        ))
    })
}

impl Held {
    fn obey(&mut self, request: Request) -> Result<Answer, Failure> {
        let done = |()| (Reply::Done, None);
        match request {
            Request::Build(_) => Err(broken("child", "it has built its network already")),
            Request::PacketSocket(place, options) => self
                .open(place, options)
                .map(|(passport, socket)| (Reply::Opened(passport), Some(socket))),
            Request::KernelSocket(place, transport) => self
                .kernel_socket(place, transport)
                .map(|socket| (Reply::Done, Some(socket))),
            Request::IpForward(place, on) => self.set_forward(place, on).map(done),
            Request::Offloads(on) => {
                network::set_offloads(&self.places, self.way.is_some(), on).map(done)
            }
            Request::ForgetNeighbour(place, address) => self.forget(place, address).map(done),
            Request::Neighbours(place) => self
                .neighbours(place)
                .map(|list| (Reply::Neighbours(list), None)),
            Request::TakeAddress(address) => self.take_address(address).map(done),
            Request::LeaveAddress(address) => {
                let host = &self.places[&Place::Host];
                network::remove_address(host, plan::HOST_INTERFACE, address).map(done)
            }
            Request::Guard(addresses) => self.set_guard(&addresses).map(done),
            Request::Way(way) => self.set_way(*way).map(done),
            Request::ServerTcp(manner) => self.set_server_tcp(manner).map(done),
            Request::Carrier(on) => {
                network::set_up(&self.places[&Place::Wire], plan::WIRE_INTERFACE, on).map(done)
            }
        }
    }

    fn open(&self, place: Place, options: OpenOptions) -> Result<(Passport, OwnedFd), Failure> {
        self.places[&place].run(move || async move {
            open_unmapped(&options)
                .map(|(fd, passport)| (passport, fd))
                .map_err(Failure::from)
        })
    }

    fn kernel_socket(&self, place: Place, transport: Transport) -> Result<OwnedFd, Failure> {
        let kind = match transport {
            Transport::Tcp => SocketType::STREAM,
            Transport::Udp => SocketType::DGRAM,
        };
        self.places[&place].run(move || async move {
            socket_with(Family::INET, kind, SocketFlags::CLOEXEC, None)
                .map_err(|error| broken(network::name(place), &error.to_string()))
        })
    }

    fn set_forward(&self, place: Place, on: bool) -> Result<(), Failure> {
        self.places[&place].set("ipv4/ip_forward", if on { "1" } else { "0" })
    }

    fn set_way(&self, way: impair::Way) -> Result<(), Failure> {
        let gone = || {
            broken(
                "way to the servers",
                "it is a cable, which cannot be changed",
            )
        };
        let change = self.way.as_ref().ok_or_else(gone)?;
        change.send(way).map_err(|_| gone())
    }

    /// As documented in the kernel's `ip-sysctl.rst`.
    fn set_server_tcp(&self, manner: KernelTcp) -> Result<(), Failure> {
        let server = &self.places[&Place::Server];
        let switch = |on: bool, value: &'static str| if on { value } else { "0" };
        server.set("ipv4/tcp_sack", switch(manner.sack, "1"))?;
        server.set("ipv4/tcp_recovery", switch(manner.rack, "1"))?;
        server.set(
            "ipv4/tcp_early_retrans",
            switch(manner.tail_loss_probe, "3"),
        )
    }

    fn set_guard(&mut self, addresses: &[Ipv4Addr]) -> Result<(), Failure> {
        // The former table goes with its socket; two tables may overlap for a moment.
        let addresses = addresses.to_vec();
        self.guard = if addresses.is_empty() {
            None
        } else {
            let wire = &self.places[&Place::Wire];
            Some(wire.run(move || async move {
                Guard::install(plan::WIRE_INTERFACE, &addresses).map_err(Failure::from)
            })?)
        };
        Ok(())
    }

    /// The other host gets the address and uses it at once, for something that needs an ARP
    /// request: that is how a conflict shows on a real network.
    fn take_address(&self, address: Ipv4Addr) -> Result<(), Failure> {
        let host = &self.places[&Place::Host];
        network::add_address(host, plan::HOST_INTERFACE, address)?;
        host.run(move || async move {
            let socket = UdpSocket::bind((address, 0));
            socket
                .and_then(|socket| socket.send_to(b"here", (plan::NOBODY_IP, 9)))
                .map(|_| ())
                .map_err(|error| broken("host", &format!("it cannot use {address}: {error}")))
        })
    }

    fn forget(&self, place: Place, address: Ipv4Addr) -> Result<(), Failure> {
        let netlink = self.places[&place].netlink();
        self.places[&place].run(move || async move {
            for known in known_neighbours(&netlink).await? {
                if ipv4_of(&known) == Some(address) {
                    netlink
                        .neighbours()
                        .del(known)
                        .execute()
                        .await
                        .map_err(|error| broken("neighbours", &error.to_string()))?;
                }
            }
            Ok(())
        })
    }

    fn neighbours(&self, place: Place) -> Result<Vec<Neighbour>, Failure> {
        let netlink = self.places[&place].netlink();
        self.places[&place].run(move || async move {
            let known = known_neighbours(&netlink).await?;
            Ok(known.iter().filter_map(neighbour_of).collect())
        })
    }
}

async fn known_neighbours(netlink: &rtnetlink::Handle) -> Result<Vec<NeighbourMessage>, Failure> {
    let all: Result<Vec<_>, _> = netlink
        .neighbours()
        .get()
        .set_address_family(AddressFamily::Inet)
        .execute()
        .try_collect()
        .await;
    all.map_err(|error| broken("neighbours", &error.to_string()))
}

fn ipv4_of(message: &NeighbourMessage) -> Option<Ipv4Addr> {
    message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(*address),
            _ => None,
        })
}

/// A neighbour whose MAC is known; the loopback and groups have none to resolve.
fn neighbour_of(message: &NeighbourMessage) -> Option<Neighbour> {
    if message.header.state == NeighbourState::Noarp {
        return None;
    }
    let mac = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            NeighbourAttribute::LinkLayerAddress(mac) => mac[..].try_into().ok().map(MacAddr),
            _ => None,
        });
    Some(Neighbour {
        ip: ipv4_of(message)?,
        mac: mac?,
    })
}
