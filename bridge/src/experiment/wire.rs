//! An experiment on the lab's wire: our stack speaks the page's part, the kernel the server's.
//!
//! ```text
//!   Talker on our stack ── raw socket ── router ── impaired way ── kernel TCP ── Program
//! ```

use super::kernel::Program;
use super::twin::Twin;
use crate::curl::tape::Tape;
use crate::drive::{Drive, Plan, Tenant};
use crate::error::{Exit, Failure};
use crate::io::RawSocket;
use crate::lab::{self, Lab, LabOptions, Place, plan};
use crate::privilege::{self, Successor};
use crate::serve::ground::Ground;
use crate::serve::no_randomness;
use std::net::{SocketAddr, SocketAddrV4};
use std::time::Duration;
use synema_core::app::server::Service;
use synema_core::app::session::ClaimTimings;
use synema_core::ip::Interface;
use synema_core::stack::{ListenError, Stack, StackEvent};
use synema_core::time::Instant;
use synema_core::trace::Record;
use synema_diagram::capture::Capture;
use synema_sim::experiment::{Experiment, ExperimentError, Talker};

/// Where the kernel's end listens.
const PORT: u16 = 8000;
/// What is said last still has to arrive.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// One is made; more would be a surprise.
const MAX_CONNECTIONS: usize = 8;

/// Who speaks the page's part.
struct Page(Talker);

impl Service<Vec<Record>> for Page {
    fn start(&mut self, stack: &mut Stack<Vec<Record>>) -> Result<(), ListenError> {
        self.0.start(stack)
    }

    fn on_event(&mut self, stack: &mut Stack<Vec<Record>>, now: Instant, event: StackEvent) {
        self.0.on_event(stack, now, event);
    }

    fn on_timeout(&mut self, stack: &mut Stack<Vec<Record>>, now: Instant) {
        self.0.on_timeout(stack, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }
}

impl Tenant for Page {
    fn is_done(&self, stack: &Stack<Vec<Record>>) -> bool {
        let is_over = |conn| stack.state(conn).is_none();
        self.0.conn().is_some_and(is_over) && self.0.poll_timeout().is_none()
    }
}

/// Plays a scene on a lab of its own, and gives back what our end saw.
///
/// # Errors
/// When the lab cannot be made, or the address is not to be had.
pub(super) fn play(
    twin: &Twin,
    experiment: &Experiment,
    options: LabOptions,
) -> Result<Capture, Failure> {
    let options = LabOptions {
        // Conditions can be told to a wire of TAPs alone.
        way: Some(lab::impair::Way::default()),
        ..options
    };
    let (lab, socket) = lab::start(&options)?;
    lab.set_server_tcp(twin.kernel)?;
    let server = SocketAddrV4::new(plan::WEB_IP, PORT);
    let listener = lab.listen(Place::Server, SocketAddr::V4(server))?;
    privilege::drop_all(Successor::Root)?;
    let program = Program::start(listener, twin.server.script.clone(), twin.socket)
        .map_err(|error| not_started(&error))?;
    let capture = drive(&lab, socket, twin, experiment, server);
    drop(program);
    capture
}

fn drive(
    lab: &Lab,
    socket: RawSocket,
    twin: &Twin,
    experiment: &Experiment,
    server: SocketAddrV4,
) -> Result<Capture, Failure> {
    let ground = Ground::of_lab(&lab.facts, false);
    let ip = lab.facts.free_ip;
    let (prefix_len, gateway) = (ground.rules.subnet.prefix_len, ground.rules.gateway);
    let interface = Interface::new(ip, prefix_len, gateway);
    let interface = interface.map_err(|error| in_experiment(experiment, &error.to_string()))?;
    let talker = Talker::calling(&twin.page, interface, server);
    let talker =
        talker.map_err(|error: ExperimentError| in_experiment(experiment, &error.to_string()))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(no_randomness)?;
    let plan = Plan {
        ip,
        seed,
        timings: ClaimTimings::QuickLab,
        max_connections: MAX_CONNECTIONS,
        verbose: false,
    };
    let tape = Tape::unwritten(&ground);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| not_started(&error))?;
    let until = twin.until + LAST_WORDS;
    let (outcome, tape) = runtime.block_on(async {
        let drive = Drive::new(plan, ground, socket, Page(talker), Some(tape))?;
        // Whatever was said on the wire before is not of the experiment.
        let told = || lab.set_way(&twin.way);
        Ok::<_, Failure>(drive.run(told, tokio::time::sleep(until)).await)
    })?;
    outcome?;
    Ok(tape.map_or_else(Capture::default, Tape::into_capture))
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Other,
        format!("the experiment did not start: {error}"),
        "look whether the system is out of threads or files",
    )
}

fn in_experiment(experiment: &Experiment, why: &str) -> Failure {
    Failure::new(
        Exit::Other,
        format!(
            "the experiment {} does not fit the lab: {why}",
            experiment.id
        ),
        "leave --lab out: it runs in the simulator",
    )
}
