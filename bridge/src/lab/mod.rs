//! `synema lab`: a network of namespaces to fetch in, made without root.
//!
//! ```text
//!   this process                       the child (user namespace, no parent, no lab)
//!   start() ── spawn ────────────────► namespaces, wires, servers      (see [`plan`])
//!           ◄── AF_PACKET socket ───── SCM_RIGHTS over a socket pair
//!   Lab     ◄── requests, replies ───► what tests want changed
//!   (dropped, or killed) ── closed ──► exits; the kernel takes everything away
//! ```
//!
//! The program starts itself again as the child, so that no namespace is ever entered by a process
//! that has threads, and so that nothing of the lab touches this one: it keeps the socket alone.

pub mod child;
pub mod content;
mod dns;
pub mod impair;
mod network;
pub mod observer;
mod place;
pub mod plan;
mod protocol;
mod rude;
mod userns;
mod web;

pub use plan::Place;
pub use protocol::Transport;

use crate::cli::LAB_CHILD;
use crate::error::{Exit, Failure};
use crate::interfaces::Subnet;
use crate::io::{OpenOptions, RawSocket};
use observer::Observer;
use protocol::{Reply, Request};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use synema_core::wire::MacAddr;

/// Longer than the child may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the lab is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabOptions {
    /// The program to start as the child; `None` is this very program. (A test is not.)
    pub program: Option<PathBuf>,
    /// Leave checksums and segmentation to the (virtual) hardware, as a kernel does by default.
    pub offloads: bool,
    /// Use the MAC of the wire's interface, with the kernel kept away from [`plan::FREE_IP`].
    pub host_mac: bool,
    /// `net.ipv4.ip_forward` of the machine that the raw socket is on.
    pub ip_forward: bool,
    /// What the wire between the router and the servers does to frames; `None` is a wire that does
    /// nothing to them.
    pub way: Option<impair::Way>,
    /// Kill the child when the thread that starts it ends. Right for a program's main thread.
    pub die_with_thread: bool,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            program: None,
            offloads: true,
            host_mac: false,
            ip_forward: false,
            way: None,
            die_with_thread: false,
        }
    }
}

impl From<&crate::cli::LabWireArgs> for LabOptions {
    fn from(args: &crate::cli::LabWireArgs) -> Self {
        Self {
            offloads: args.offloads == crate::cli::Offloads::On,
            host_mac: args.host_mac,
            ip_forward: args.ip_forward,
            way: args.way.way(),
            die_with_thread: true,
            ..Self::default()
        }
    }
}

/// What a stack needs to know of the lab's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabFacts {
    /// The interface that the raw socket is on.
    pub interface: String,
    /// The MAC that our stack uses.
    pub mac: MacAddr,
    /// The kernel's own address on that interface, and the subnet.
    pub host: Subnet,
    /// The MAC of that interface.
    pub host_mac: MacAddr,
    /// A free address to claim.
    pub free_ip: Ipv4Addr,
    /// An address that another host has.
    pub in_use_ip: Ipv4Addr,
    /// That host's MAC.
    pub in_use_mac: MacAddr,
    /// The router to everything else.
    pub gateway: Ipv4Addr,
    /// The name server.
    pub dns: Ipv4Addr,
    /// Largest IP packet, in bytes.
    pub mtu: u32,
}

/// What can be switched in a kernel's TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelTcp {
    /// Selective acknowledgments.
    pub sack: bool,
    /// RACK: losses are judged by time. Without it, by three duplicate ACKs.
    pub rack: bool,
    /// A probe for the last segment.
    pub tail_loss_probe: bool,
}

/// One entry of a kernel's ARP cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Whose.
    pub ip: Ipv4Addr,
    /// Where.
    pub mac: MacAddr,
}

/// A running lab. Dropping it ends it.
#[derive(Debug)]
pub struct Lab {
    /// What a stack needs to know.
    pub facts: LabFacts,
    control: Mutex<Option<OwnedFd>>,
    child: Child,
}

/// Builds a lab; returns it with the stack's socket, which lets nothing in until it is told what.
///
/// # Errors
/// When this system forbids user namespaces, or lacks something that the lab is made of.
pub fn start(options: &LabOptions) -> Result<(Lab, RawSocket), Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            Exit::Other,
            format!("the lab's process did not start: {error}"),
            "look whether the program may start itself again",
        )
    };
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
        .map_err(|error| failed(error.into()))?;
    sockopt::set_socket_timeout(&ours, sockopt::Timeout::Recv, Some(PATIENCE))
        .map_err(|error| failed(error.into()))?;
    let program = options
        .program
        .clone()
        .unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
    let child = Command::new(program)
        .arg(LAB_CHILD)
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        // A Ctrl-C is for the parent, which takes its leave first.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let mut lab = Lab {
        facts: facts([0; 6]),
        control: Mutex::new(Some(ours)),
        child,
    };
    match lab.ask(&Request::Build(Box::new(options.clone())))? {
        (Reply::Opened(passport), Some(fd)) => {
            let socket = RawSocket::from_passed(fd, passport).map_err(failed)?;
            lab.facts = facts(socket.mac());
            Ok((lab, socket))
        }
        other => Err(confused(&other.0)),
    }
}

fn facts(mac: [u8; 6]) -> LabFacts {
    LabFacts {
        interface: plan::WIRE_INTERFACE.to_owned(),
        mac: MacAddr(mac),
        host: Subnet {
            address: plan::WIRE_IP,
            prefix_len: plan::PREFIX_LEN,
        },
        host_mac: MacAddr(plan::WIRE_MAC),
        free_ip: plan::FREE_IP,
        in_use_ip: plan::HOST_IP,
        in_use_mac: MacAddr(plan::HOST_MAC),
        gateway: plan::GATEWAY_IP,
        dns: plan::DNS_IP,
        mtu: plan::MTU,
    }
}

/// What tests ask of a lab. Each returns when it is done; each fails when the lab is gone.
impl Lab {
    /// The child's process id.
    pub fn child_id(&self) -> u32 {
        self.child.id()
    }

    /// A raw socket in one of the places: an observer, or another stack.
    ///
    /// # Errors
    /// As [`RawSocket::open`].
    pub fn packet_socket(&self, place: Place, options: &OpenOptions) -> Result<RawSocket, Failure> {
        match self.ask(&Request::PacketSocket(place, options.clone()))? {
            (Reply::Opened(passport), Some(fd)) => {
                RawSocket::from_passed(fd, passport).map_err(|error| lost(&error))
            }
            other => Err(confused(&other.0)),
        }
    }

    /// Watches, on the machine of the raw socket, what the kernel says about an address.
    ///
    /// # Errors
    /// As [`RawSocket::open`].
    pub fn observe(&self, watched: Ipv4Addr) -> Result<Observer, Failure> {
        let options = OpenOptions::observer(plan::WIRE_INTERFACE);
        let socket = self.packet_socket(Place::Wire, &options)?;
        Observer::start(socket, watched).map_err(|error| lost(&error))
    }

    /// Connects from one of the places with its kernel's TCP.
    ///
    /// # Errors
    /// As a connection fails; [`Exit::Unreachable`] after five seconds.
    pub fn connect(&self, place: Place, to: SocketAddr) -> Result<TcpStream, Failure> {
        let socket = self.kernel_socket(place, Transport::Tcp)?;
        let step = "look at the lab's plan for what answers there";
        let timeout = Some(Duration::from_secs(5));
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, timeout)
            .and_then(|()| rustix::net::connect(&socket, &to))
            .map_err(|errno| {
                let exit = match errno {
                    rustix::io::Errno::CONNREFUSED => Exit::Refused,
                    _ => Exit::Unreachable,
                };
                Failure::new(
                    exit,
                    format!("{to} does not answer the kernel: {errno}"),
                    step,
                )
            })?;
        Ok(socket.into())
    }

    /// Listens in one of the places with its kernel's TCP; nothing waits for anybody. Connections
    /// use the same congestion control as the lab's servers do.
    ///
    /// # Errors
    /// When the address is not that place's, or the port is taken.
    pub fn listen(&self, place: Place, at: SocketAddr) -> Result<TcpListener, Failure> {
        let socket = self.kernel_socket(place, Transport::Tcp)?;
        let failed = |error: io::Error| {
            Failure::new(
                Exit::Other,
                format!("the lab's kernel does not listen on {at}: {error}"),
                "choose another port, or look at the lab's plan for who has which address",
            )
        };
        sockopt::set_tcp_congestion(&socket, network::CONGESTION_CONTROL)
            .and_then(|()| sockopt::set_socket_reuseaddr(&socket, true))
            .and_then(|()| rustix::net::bind(&socket, &at))
            .and_then(|()| rustix::net::listen(&socket, 16))
            .map_err(|errno| failed(errno.into()))?;
        let listener = TcpListener::from(socket);
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(listener)
    }

    /// A UDP socket of the kernel in one of the places, not bound yet.
    ///
    /// # Errors
    /// When the lab is gone.
    pub fn udp_socket(&self, place: Place) -> Result<UdpSocket, Failure> {
        self.kernel_socket(place, Transport::Udp).map(Into::into)
    }

    /// Sets `net.ipv4.ip_forward` of one of the places.
    ///
    /// # Errors
    /// When the setting cannot be written.
    pub fn set_ip_forward(&self, place: Place, on: bool) -> Result<(), Failure> {
        self.order(&Request::IpForward(place, on))
    }

    /// Switches checksum and segmentation offloads of all wires.
    ///
    /// # Errors
    /// When an interface refuses.
    pub fn set_offloads(&self, on: bool) -> Result<(), Failure> {
        self.order(&Request::Offloads(on))
    }

    /// Lets the kernel in one of the places forget who has this address.
    ///
    /// # Errors
    /// When its tables cannot be changed.
    pub fn forget_neighbour(&self, place: Place, address: Ipv4Addr) -> Result<(), Failure> {
        self.order(&Request::ForgetNeighbour(place, address))
    }

    /// The ARP cache of one of the places.
    ///
    /// # Errors
    /// When its tables cannot be read.
    pub fn neighbours(&self, place: Place) -> Result<Vec<Neighbour>, Failure> {
        match self.ask(&Request::Neighbours(place))? {
            (Reply::Neighbours(neighbours), _) => Ok(neighbours),
            other => Err(confused(&other.0)),
        }
    }

    /// Lets the other host use an address from now on; it says so by an ARP request.
    ///
    /// # Errors
    /// When it has that address already.
    pub fn take_address(&self, address: Ipv4Addr) -> Result<(), Failure> {
        self.order(&Request::TakeAddress(address))
    }

    /// Lets the other host leave an address that it took.
    ///
    /// # Errors
    /// When it does not have it.
    pub fn leave_address(&self, address: Ipv4Addr) -> Result<(), Failure> {
        self.order(&Request::LeaveAddress(address))
    }

    /// Keeps the kernel of the wire's machine away from packets to these addresses; none of them
    /// takes the guard away.
    ///
    /// # Errors
    /// When the kernel has no nftables.
    pub fn guard(&self, addresses: &[Ipv4Addr]) -> Result<(), Failure> {
        self.order(&Request::Guard(addresses.to_vec()))
    }

    /// Lets the way to the servers be another one from the next frame on, counted anew. What is under
    /// way stays so.
    ///
    /// # Errors
    /// When the lab was made without a [`LabOptions::way`].
    pub fn set_way(&self, way: &impair::Way) -> Result<(), Failure> {
        self.order(&Request::Way(Box::new(way.clone())))
    }

    /// Lets the servers' TCP behave so, for connections to come.
    ///
    /// # Errors
    /// When a setting cannot be written.
    pub fn set_server_tcp(&self, manner: KernelTcp) -> Result<(), Failure> {
        self.order(&Request::ServerTcp(manner))
    }

    /// Brings the interface of the raw socket up, or down.
    ///
    /// # Errors
    /// When the interface refuses.
    pub fn set_wire_up(&self, on: bool) -> Result<(), Failure> {
        self.order(&Request::Carrier(on))
    }

    fn kernel_socket(&self, place: Place, transport: Transport) -> Result<OwnedFd, Failure> {
        match self.ask(&Request::KernelSocket(place, transport))? {
            (Reply::Done, Some(socket)) => Ok(socket),
            other => Err(confused(&other.0)),
        }
    }

    fn order(&self, request: &Request) -> Result<(), Failure> {
        match self.ask(request)? {
            (Reply::Done, _) => Ok(()),
            other => Err(confused(&other.0)),
        }
    }

    fn ask(&self, request: &Request) -> Result<(Reply, Option<OwnedFd>), Failure> {
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(control) = control.as_ref() else {
            return Err(lost(&io::ErrorKind::NotConnected.into()));
        };
        protocol::send(control, request, None).map_err(|error| lost(&error))?;
        match protocol::receive::<Reply>(control) {
            Ok(Some((Reply::Failed(failure), _))) => Err(failure),
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(lost(&io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(lost(&error)),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let control = self
            .control
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        drop(control.take());
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                _ => return,
            }
        }
        // It does not see that its channel is closed. We may have become somebody who must not
        // kill it; then it goes when this process does.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::new(
        Exit::Other,
        format!("the lab is gone: {error}"),
        "start it again; its process wrote why it ended, if it could, above this",
    )
}

fn confused(reply: &Reply) -> Failure {
    Failure::new(
        Exit::Other,
        format!("the lab gave an answer that does not fit: {reply:?}"),
        "start the lab from the same program that asks it",
    )
}
