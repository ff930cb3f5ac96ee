//! `synema serve` and the serving half of `synema lab`: the page, and the relay for one
//! claimed address.
//!
//! ```text
//!   browser ──HTTP──> http ── trust ──> site            the page's files, from memory
//!           ──WS────> http ── trust ──> page ──> hub ──> wire
//!                                                 │
//!                                                 └ seat: guard (gate + egress), counters
//! ```
//!
//! In this order: the page's files are read, the raw socket is opened, every privilege is
//! dropped while there is one thread, and only then the runtime starts and a port is
//! listened on. What a browser sends is never looked at with a privilege in hand.

pub mod ground;
mod http;
mod hub;
mod page;
mod seat;
pub mod site;
pub mod wire;

pub use ground::Ground;
pub use http::{Shared, accept};
pub(crate) use hub::refusal;
pub use hub::{GRACE, Hub, HubHandle, WireLost};
pub use site::Site;

use crate::check;
use crate::cli::{LabArgs, ServeArgs, WebArgs};
use crate::error::{Exit, Failure};
use crate::interrupt::interrupted;
use crate::io::{OpenOptions, PacketIo, RawSocket, local_mac};
use crate::privilege::{self, Successor};
use crate::say;
use crate::trust::{Token, Trust};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use synema_core::wire::MacAddr;
use tokio::net::TcpListener;

/// How long sockets have to say goodbye.
const PARTING: Duration = Duration::from_millis(300);

/// Serves on a real interface, until it is interrupted.
///
/// # Errors
/// When there is no page to serve, the socket cannot be opened, the address cannot be
/// claimed, the port cannot be listened on, or the interface goes away.
pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    if args.check {
        return check::run(args);
    }
    let site = Site::find(args.web.www.as_deref())?;
    let mut ground = Ground::of_interface(&args.interface, args.ip)?;
    ground.limit.bytes_per_second = args.max_mbit.saturating_mul(1_000_000 / 8);
    let own_mac = match args.host_mac {
        true => None,
        false => Some(random_mac()?),
    };
    let socket = RawSocket::open(&OpenOptions::stack(&ground.interface, own_mac))?;
    let kernel_kept_away = keep_kernel_away(&ground.interface, args)?;
    ground.mac = MacAddr(socket.mac());
    ground.host_mac = args.host_mac;
    privilege::drop_all(Successor::Nobody)?;
    let outcome = serve(ground, socket, site, &args.web);
    drop(kernel_kept_away);
    outcome
}

/// Serves on a lab of its own, until it is interrupted.
///
/// # Errors
/// As [`run`], and when the lab cannot be made.
#[cfg(target_os = "linux")]
pub fn run_lab(args: &LabArgs) -> Result<(), Failure> {
    let site = Site::find(args.web.www.as_deref())?;
    let (lab, socket) = crate::lab::start(&(&args.wire).into())?;
    let ground = Ground::of_lab(&lab.facts, args.wire.host_mac);
    privilege::drop_all(Successor::Nobody)?;
    let outcome = serve(ground, socket, site, &args.web);
    drop(lab);
    outcome
}

/// Only Linux has namespaces.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn run_lab(_args: &LabArgs) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Unsupported,
        "the lab is made of Linux network namespaces",
        "run it in a Linux virtual machine",
    ))
}

/// A MAC of our own, locally administered.
///
/// # Errors
/// When the system has no random numbers.
pub fn random_mac() -> Result<[u8; 6], Failure> {
    let mut random = [0; 5];
    getrandom::fill(&mut random).map_err(no_randomness)?;
    Ok(local_mac(random))
}

/// In host-MAC mode the kernel receives what is for the claimed address, too: an owned table
/// at the interface's ingress keeps it away. It is made with a privilege, so for one address.
#[cfg(target_os = "linux")]
fn keep_kernel_away(
    interface: &str,
    args: &ServeArgs,
) -> Result<Option<crate::io::guard::Guard>, Failure> {
    if !args.host_mac {
        return Ok(None);
    }
    let ip = args.ip.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "with --host-mac the address must be known before the privileges are dropped",
            "say which with --ip; `synema serve --check` proposes free ones",
        )
    })?;
    Ok(Some(crate::io::guard::Guard::install(interface, &[ip])?))
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same face on every system")]
fn keep_kernel_away(_interface: &str, _args: &ServeArgs) -> Result<Option<()>, Failure> {
    Ok(None)
}

fn serve(ground: Ground, socket: RawSocket, site: Site, web: &WebArgs) -> Result<(), Failure> {
    let token = Token::random().map_err(no_randomness)?;
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Other,
            format!("the runtime did not start: {error}"),
            "look whether the system is out of threads or files",
        )
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let outcome = runtime.block_on(async {
        let listener = listen(web.listen).await?;
        let addr = listener.local_addr().map_err(failed)?;
        let trust = Trust::new(addr, &web.allow_host, token);
        warn_if_open(addr);
        // The one line of standard output: scripts read the URL from it.
        announce(&trust.page_url(addr))?;
        let wire = PacketIo::new(socket).map_err(failed)?;
        let interface = ground.interface.clone();
        let (hub, handle) = Hub::new(wire, ground, GRACE);
        let shared = Shared {
            trust,
            site,
            hub: handle,
        };
        let accepting = tokio::spawn(accept(listener, Arc::new(shared)));
        let outcome = hub.run(interrupted()).await;
        accepting.abort();
        tokio::time::sleep(PARTING).await;
        outcome.map_err(|WireLost(error)| {
            Failure::new(
                Exit::NoInterface,
                format!("the interface {interface} is gone: {error}"),
                "start synema again when it is back (see `synema interfaces`)",
            )
        })
    });
    runtime.shutdown_timeout(PARTING);
    outcome
}

fn announce(url: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout();
    let written = writeln!(output, "{url}").and_then(|()| output.flush());
    written.map_err(|error| {
        Failure::new(
            Exit::LocalIo,
            format!("standard output does not take the page's URL: {error}"),
            "run it where its output is read: without the URL nobody can open the page",
        )
    })
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(addr).await.map_err(|error| {
        Failure::new(
            Exit::LocalIo,
            format!("{addr} cannot be listened on: {error}"),
            "choose another with --listen; port 0 picks a free one",
        )
    })
}

fn warn_if_open(addr: SocketAddr) {
    if !addr.ip().is_loopback() {
        say::line(format_args!(
            "synema: {addr} can be reached from other machines, and without encryption; whoever \
             learns the token can send as the claimed address. `ssh -L` is the better way \
             (see `synema serve --check`)"
        ));
    }
}

pub(crate) fn no_randomness(error: getrandom::Error) -> Failure {
    Failure::new(
        Exit::Other,
        format!("the system gives no random numbers: {error}"),
        "look whether /dev/urandom is there",
    )
}

/// What the lab's page can be asked to fetch, the simplest first.
pub(crate) const LAB_URLS: [&str; 9] = [
    "http://www.lab.test/",
    "http://lab.test/",
    "http://www.lab.test/four",
    "http://www.lab.test/size/1000000",
    "http://www.lab.test/size/100000000",
    "http://www.lab.test/chunked",
    "http://www.lab.test/slow",
    "http://www.lab.test/cut",
    "http://www.lab.test/reset",
];

#[cfg(target_os = "linux")]
impl Ground {
    /// The ground that a lab is. The only place where a claim may be quick.
    pub fn of_lab(facts: &crate::lab::LabFacts, host_mac: bool) -> Self {
        use crate::egress::RateLimit;
        use crate::gate::{ClaimRules, Timing};
        use synema_relay::{LabInfo, Subnet};
        // In host-MAC mode the lab keeps the kernel away from this address alone.
        let only: Option<Ipv4Addr> = host_mac.then_some(facts.free_ip);
        Self {
            interface: facts.interface.clone(),
            mac: MacAddr(facts.mac.0),
            host_mac,
            mtu: facts.mtu,
            rules: ClaimRules {
                subnet: Subnet {
                    addr: facts.host.address,
                    prefix_len: facts.host.prefix_len,
                },
                gateway: Some(facts.gateway),
                host_addrs: vec![facts.host.address],
                only,
            },
            dns: vec![facts.dns],
            heard_of: vec![facts.in_use_ip],
            lab: Some(LabInfo {
                urls: LAB_URLS.map(String::from).to_vec(),
                quick_claim: true,
            }),
            timing: Timing::LAB_QUICK,
            limit: RateLimit::GIGABIT,
            interface_mac: MacAddr(facts.host_mac.0),
            host_addrs_now: None,
        }
    }
}
