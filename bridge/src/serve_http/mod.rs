//! `synema serve-http`: the files of a folder, served by our own stack at a claimed address.
//!
//! ```text
//!                    ┌──────────────── drive ────────────────┐
//!   raw socket ────> │ guard ──> Server (core) ──> FileServer ──> Folder (this machine's files)
//!              <──── │ guard <──      │ trace, frames ──> tape (--capture)
//!                    └────────────────┼──────────────────────┘
//!   --lab: a door on loopback ──> the lab's kernel TCP ──> the wire, from the other side
//! ```
//!
//! The same gate, egress policy and dropped privileges as `curl`.

#[cfg(target_os = "linux")]
mod door;
mod folder;
mod tenant;

pub use folder::Folder;

use crate::cli::ServeHttpArgs;
use crate::curl::tape::Tape;
use crate::drive::{Drive, Plan};
use crate::error::{Exit, Failure};
use crate::interfaces;
use crate::interrupt::interrupted;
use crate::io::{OpenOptions, RawSocket};
use crate::privilege::{self, Successor};
use crate::serve::ground::{Ground, unfit};
use crate::serve::{no_randomness, random_mac};
use std::future::Future;
use std::io::Write as _;
use std::net::Ipv4Addr;
use synema_core::app::session::ClaimTimings;
use synema_core::wire::MacAddr;
use tenant::Files;

/// Serves until it is interrupted.
///
/// # Errors
/// Whatever kept the folder from being served, each kind with an exit code of its own.
pub fn run(args: &ServeHttpArgs) -> Result<(), Failure> {
    // What is wrong with the folder is said before anything is opened on the network.
    let folder = Folder::open(&args.folder)?;
    match (&args.interface, args.ip) {
        _ if args.lab => serve_in_lab(args, folder),
        (Some(interface), Some(ip)) => serve_on(args, interface, ip, folder),
        _ => Err(Failure::new(
            Exit::Usage,
            "nothing says where to serve",
            "name --interface and --ip, or serve in a lab with --lab",
        )),
    }
}

fn serve_on(
    args: &ServeHttpArgs,
    interface: &str,
    ip: Ipv4Addr,
    folder: Folder,
) -> Result<(), Failure> {
    let mut ground = Ground::of_interface(interface, Some(ip))?;
    interfaces::needs_carrier(interface)?;
    let socket = RawSocket::open(&OpenOptions::stack(interface, Some(random_mac()?)))?;
    ground.mac = MacAddr(socket.mac());
    ground.host_mac = false;
    privilege::drop_all(Successor::Root)?;
    let told = |url: &str| print(&format!("Serving {} at {url}", args.folder.display()));
    serve_through(args, ground, ip, socket, folder, told, interrupted())
}

#[cfg(target_os = "linux")]
fn serve_in_lab(args: &ServeHttpArgs, folder: Folder) -> Result<(), Failure> {
    let (lab, socket) = crate::lab::start(&(&args.wire).into())?;
    let ground = Ground::of_lab(&lab.facts, args.wire.host_mac);
    let ip = lab.facts.free_ip;
    privilege::drop_all(Successor::Root)?;
    let door = door::Door::bind(args.listen)?;
    let (address, to) = (door.address(), (ip, args.port).into());
    let lab = std::sync::Arc::new(lab);
    let through = std::sync::Arc::clone(&lab);
    let told = |url: &str| {
        print(&format!(
            "Serving {} at {url} of the lab\nFrom here, by the kernel of a machine in the lab: http://{address}/",
            args.folder.display()
        ));
    };
    let until = async move {
        tokio::select! {
            () = interrupted() => {}
            () = door.open(through, to) => {}
        }
    };
    serve_through(args, ground, ip, socket, folder, told, until)
}

#[cfg(not(target_os = "linux"))]
fn serve_in_lab(_args: &ServeHttpArgs, _folder: Folder) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Unsupported,
        "the lab is made of Linux network namespaces",
        "run it in a Linux virtual machine",
    ))
}

/// A standard output that nobody reads is nobody's loss.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Serves as `ip` through a socket that is open already, and says so by `told`, until `until`
/// is done. The privileges are the caller's business; for a run on a wire, see [`run`].
///
/// # Errors
/// Whatever kept the folder from being served, each kind with an exit code of its own.
pub fn serve_through(
    args: &ServeHttpArgs,
    ground: Ground,
    ip: Ipv4Addr,
    socket: RawSocket,
    folder: Folder,
    told: impl FnOnce(&str),
    until: impl Future<Output = ()>,
) -> Result<(), Failure> {
    ground.rules.check(ip).map_err(|why| unfit(ip, why))?;
    folder.check()?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(no_randomness)?;
    let tape = args.capture.as_deref();
    let tape = tape.map(|path| Tape::open(path, &ground)).transpose()?;
    let is_lab = ground.lab.is_some();
    let plan = Plan {
        ip,
        seed,
        timings: match is_lab {
            true => ClaimTimings::QuickLab,
            false => ClaimTimings::Rfc5227,
        },
        max_connections: tenant::MAX_CONNECTIONS,
        verbose: args.verbose,
    };
    let hosts = match is_lab {
        // A page that was told that its name is ours is not to read through the door.
        true => vec![ip.to_string(), "localhost".into(), "127.0.0.1".into()],
        false => Vec::new(),
    };
    let files = Files::new(folder, args.port, hosts, args.verbose);
    let told = || {
        told(&url(ip, args.port));
        Ok(())
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                Exit::Other,
                format!("the runtime did not start: {error}"),
                "look whether the system is out of threads or files",
            )
        })?;
    let (outcome, tape) = runtime.block_on(async {
        match Drive::new(plan, ground, socket, files, tape) {
            Ok(drive) => drive.run(told, until).await,
            Err(failure) => (Err(failure), None),
        }
    });
    outcome.and(tape.map_or(Ok(()), Tape::write))
}

fn url(ip: Ipv4Addr, port: u16) -> String {
    match port {
        80 => format!("http://{ip}/"),
        port => format!("http://{ip}:{port}/"),
    }
}
