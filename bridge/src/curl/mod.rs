//! `synema curl`: the same stack as the page's, natively, behind the same guard.
//!
//! ```text
//!                    ┌────────── drive ───────────┐
//!   raw socket ────> │ guard ──> Session ──events──> output (stdout or a file)
//!              <──── │ guard <── (core)  ──events──> report (stderr, -v)
//!                    │              └──trace,frames──> tape (--capture)
//!                    └────────────────────────────┘
//! ```
//!
//! The body goes to standard output or `-o`; all that is said goes to standard error. The
//! capture is written however the fetch ends.

mod drive;
pub(crate) mod failure;
mod output;
pub(crate) mod report;
pub(crate) mod tape;

use crate::cli::CurlArgs;
use crate::error::{Exit, Failure};
use crate::interfaces;
use crate::interrupt::Interrupt;
use crate::io::{OpenOptions, RawSocket};
use crate::privilege::{self, Successor};
use crate::say;
use crate::serve::ground::{Ground, unfit};
use crate::serve::{no_randomness, random_mac};
use drive::{Drive, Plan};
use output::Output;
use report::Report;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::pin;
use synema_core::app::http::{Target, UrlError};
use synema_core::app::recording::Recording;
use synema_core::app::session::{ClaimTimings, FetchOptions, FetchTimeouts};
use synema_core::time::Duration;
use synema_core::wire::MacAddr;
use tape::Tape;

/// A day: who wants longer wants for ever.
const MAX_TIMEOUT_SECS: u64 = 86_400;
/// How long what has come may take to be written after an interrupt.
const LAST_WRITES: Duration = Duration::from_millis(300);
/// A recording keeps so many bytes of frames, and ends there.
const RECORD_BYTES: u64 = 512 << 20;

/// Fetches.
///
/// # Errors
/// Whatever kept the body from arriving, each kind with an exit code of its own.
pub fn run(args: &CurlArgs) -> Result<(), Failure> {
    // What is wrong with the URL is said before anything is opened.
    Target::parse(&args.url).map_err(|error| bad_url(&error))?;
    match (&args.interface, args.ip) {
        _ if args.lab => fetch_in_lab(args),
        (Some(interface), Some(ip)) => fetch_on(args, interface, ip),
        _ => Err(Failure::new(
            Exit::Usage,
            "nothing says where to fetch from",
            "name --interface and --ip, or fetch in a lab with --lab",
        )),
    }
}

fn fetch_on(args: &CurlArgs, interface: &str, ip: Ipv4Addr) -> Result<(), Failure> {
    let mut ground = Ground::of_interface(interface, Some(ip))?;
    interfaces::needs_carrier(interface)?;
    let socket = RawSocket::open(&OpenOptions::stack(interface, Some(random_mac()?)))?;
    ground.mac = MacAddr(socket.mac());
    ground.host_mac = false;
    fetch(args, ground, ip, socket)
}

#[cfg(target_os = "linux")]
fn fetch_in_lab(args: &CurlArgs) -> Result<(), Failure> {
    let (lab, socket) = crate::lab::start(&(&args.wire).into())?;
    let ground = Ground::of_lab(&lab.facts, args.wire.host_mac);
    let ip = args.ip.unwrap_or(lab.facts.free_ip);
    let outcome = fetch(args, ground, ip, socket);
    drop(lab);
    outcome
}

#[cfg(not(target_os = "linux"))]
fn fetch_in_lab(_args: &CurlArgs) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Unsupported,
        "the lab is made of Linux network namespaces",
        "run it in a Linux virtual machine",
    ))
}

fn fetch(args: &CurlArgs, ground: Ground, ip: Ipv4Addr, socket: RawSocket) -> Result<(), Failure> {
    privilege::drop_all(Successor::Root)?;
    fetch_through(args, ground, ip, socket)
}

/// Fetches as `ip` through a socket that is open already. The privileges are the caller's
/// business; for a run on a wire, see [`run`].
///
/// # Errors
/// Whatever kept the body from arriving, each kind with an exit code of its own.
pub fn fetch_through(
    args: &CurlArgs,
    ground: Ground,
    ip: Ipv4Addr,
    socket: RawSocket,
) -> Result<(), Failure> {
    ground.rules.check(ip).map_err(|why| unfit(ip, why))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(no_randomness)?;
    let output = Output::open(args.output.as_deref())?;
    let tape = args
        .capture
        .as_deref()
        .map(|path| Tape::open(path, &ground))
        .transpose()?;
    let plan = Plan {
        url: args.url.clone(),
        ip,
        seed,
        timings: match ground.lab {
            Some(_) => ClaimTimings::QuickLab,
            None => ClaimTimings::Rfc5227,
        },
        options: options(args.timeout),
        record_bytes: match args.record {
            Some(_) => RECORD_BYTES,
            None => 0,
        },
    };
    let report = Report::new(args.verbose, args.include, output.is_terminal());
    let not_started = |error: io::Error| {
        Failure::new(
            Exit::Other,
            format!("the runtime did not start: {error}"),
            "look whether the system is out of threads or files",
        )
    };
    let interrupt = Interrupt::listen().map_err(not_started)?;
    // One thread drives the stack; the body is written on another.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(not_started)?;
    let ended = runtime.block_on(async {
        let (sink, writing) = output.start();
        let asked = interrupt.clone();
        let mut ended = match Drive::new(plan, ground, socket, sink, report, tape, asked) {
            Ok(drive) => drive.run().await,
            Err(failure) => return Err(failure),
        };
        // A failed write is the first cause: the fetch was given up because of it.
        ended.outcome = written(writing, interrupt).await.and(ended.outcome);
        Ok(ended)
    });
    // A write that nobody takes from us would never end.
    runtime.shutdown_background();
    let ended = ended?;
    // However it ended: what was seen is kept.
    let taped = ended.tape.map_or(Ok(()), Tape::write);
    let recorded = match (&args.record, ended.recording) {
        (Some(path), Some(recording)) => write_recording(path, &recording),
        _ => Ok(()),
    };
    first_of([ended.outcome, taped, recorded])
}

/// Waits until all is written; after an interrupt, only as long as a reader needs that is there.
async fn written(
    writing: impl Future<Output = Result<(), Failure>>,
    mut interrupt: Interrupt,
) -> Result<(), Failure> {
    let mut writing = pin!(writing);
    tokio::select! {
        biased;
        written = &mut writing => return written,
        () = interrupt.asked() => {}
    }
    tokio::time::timeout(LAST_WRITES, writing)
        .await
        .unwrap_or_else(|_| Err(failure::given_up()))
}

/// The first failure ends the program; those behind it are told at once.
fn first_of(outcomes: [Result<(), Failure>; 3]) -> Result<(), Failure> {
    let mut failures = outcomes.into_iter().filter_map(Result::err);
    let Some(first) = failures.next() else {
        return Ok(());
    };
    for further in failures {
        say::line(further);
    }
    Err(first)
}

fn write_recording(path: &Path, recording: &Recording) -> Result<(), Failure> {
    if !recording.is_complete {
        say::line(format_args!(
            "synema: the recording ends early: more than {} MiB of frames came in",
            RECORD_BYTES >> 20
        ));
    }
    std::fs::write(path, recording.to_bytes()).map_err(|error| {
        Failure::new(
            Exit::LocalIo,
            format!(
                "the recording {} cannot be written: {error}",
                path.display()
            ),
            "look at its folder, its rights, and the space that is left",
        )
    })
}

/// How long the peer may take for each thing that is waited for.
fn options(timeout_secs: Option<u64>) -> FetchOptions {
    let mut options = FetchOptions::default();
    if let Some(secs) = timeout_secs {
        let patience = Duration::from_secs(secs.clamp(1, MAX_TIMEOUT_SECS));
        options.timeouts = FetchTimeouts {
            connect: patience,
            first_byte: patience,
            idle: patience,
        };
    }
    options
}

fn bad_url(error: &UrlError) -> Failure {
    let exit = match error.is_unsupported() {
        true => Exit::Unsupported,
        false => Exit::Usage,
    };
    Failure::new(exit, error.to_string(), error.next_step())
}
