//! Drives one server on one wire until it is told to stop.

use super::Folder;
use crate::curl::failure::{claim_refused, in_use, lost, wire_failed};
use crate::curl::report::printable;
use crate::curl::tape::Tape;
use crate::error::{Exit, Failure};
use crate::gate::Heard;
use crate::io::{Batch, RawSocket};
use crate::say;
use crate::serve::Ground;
use crate::station::Station;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use synema_core::app::server::files::{FileServer, Settings};
use synema_core::app::server::{Server, ServerInput};
use synema_core::app::session::{ClaimEvent, ClaimTimings, SessionConfig};
use synema_core::tcp::Policy;
use synema_core::trace::Record;
use synema_core::wire::Port;
use tokio::time::sleep_until;

/// Clients at once.
const MAX_CLIENTS: usize = 512;
/// Their connections, and those that are being made.
const MAX_CONNECTIONS: usize = 2048;
/// What may wait to be sent to one client, bytes: no more than a file has to be read ahead.
const SEND_BUFFER: u32 = 512 << 10;
/// Requests have no bodies: so much is enough for any, bytes.
const RECEIVE_BUFFER: u32 = 64 << 10;

/// What is to be served.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) ip: Ipv4Addr,
    pub(super) port: u16,
    pub(super) seed: [u8; 32],
    pub(super) timings: ClaimTimings,
    pub(super) hosts: Vec<String>,
    pub(super) verbose: bool,
}

/// One server on one wire.
pub(super) struct Drive {
    plan: Plan,
    station: Station,
    server: Server<FileServer<Folder>, Vec<Record>>,
    keeps_trace: bool,
    granted: bool,
    end: Option<Failure>,
}

impl Drive {
    /// Everything in its place; nothing is sent yet.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub(super) fn new(
        plan: Plan,
        ground: Ground,
        socket: RawSocket,
        folder: Folder,
        tape: Option<Tape>,
    ) -> Result<Self, Failure> {
        let config = SessionConfig {
            mac: ground.mac,
            mtu: u16::try_from(ground.mtu).unwrap_or(u16::MAX),
            seed: plan.seed,
        };
        let files = FileServer::new(folder, settings(&plan));
        let server = Server::new(config, MAX_CONNECTIONS, files, Vec::new())
            .map_err(|error| Failure::new(Exit::Other, error.to_string(), "name another port"))?;
        let interface = ground.interface.clone();
        let keeps_trace = tape.is_some();
        let station = Station::new(ground, socket, tape);
        Ok(Self {
            plan,
            station: station.map_err(|error| wire_failed(&interface, &error))?,
            server,
            keeps_trace,
            granted: false,
            end: None,
        })
    }

    /// Claims and serves. What was kept comes back in any case.
    pub(super) async fn run(
        mut self,
        told: impl FnOnce(&str),
        until: impl Future<Output = ()>,
    ) -> (Result<(), Failure>, Option<Tape>) {
        let outcome = self.serve(told, until).await;
        // Clients are told that it is over; without an address nothing leaves the guard.
        self.server
            .handle(self.station.clock.now(), ServerInput::Stop);
        self.pump().await;
        let dropped = self.station.dropped_by_kernel();
        if dropped > 0 {
            say::line(format_args!(
                "synema: the kernel dropped {dropped} frames before we saw them"
            ));
        }
        (outcome, self.station.into_tape())
    }

    async fn serve(
        &mut self,
        told: impl FnOnce(&str),
        until: impl Future<Output = ()>,
    ) -> Result<(), Failure> {
        let claim = self.station.claim(self.plan.ip, self.plan.timings);
        let claim = claim.map_err(|error| self.wire_failed(&error))?;
        let now = self.station.clock.now();
        self.server.handle(now, ServerInput::Claim(claim));
        self.pump().await;
        let mut batch = Batch::new();
        let mut until = pin!(until);
        let mut told = Some(told);
        loop {
            if let Some(failure) = self.end.take() {
                return Err(failure);
            }
            if self.granted
                && let Some(told) = told.take()
            {
                told(&self.url());
            }
            let due = self.station.clock.when(self.server.poll_timeout());
            tokio::select! {
                // What lies unread may be an objection to what a timer is about to do.
                biased;
                received = self.station.recv_batch(&mut batch) => {
                    received.map_err(|error| self.wire_failed(&error))?;
                    self.hear(&batch);
                    batch.clear();
                }
                () = sleep_until(due) => {}
                () = &mut until => return Ok(()),
            }
            let now = self.station.clock.now();
            if self.server.poll_timeout().is_some_and(|due| due <= now) {
                self.server.handle(now, ServerInput::Timeout);
            }
            self.pump().await;
        }
    }

    fn hear(&mut self, batch: &Batch) {
        self.station.begin_batch();
        for frame in batch.iter() {
            let now = self.station.clock.now();
            let bytes = frame.bytes;
            let Some((id, heard)) = self.station.hear(now, frame.timestamp_ns, bytes) else {
                continue;
            };
            self.server.handle(now, ServerInput::Frame { id, bytes });
            self.drain();
            match heard {
                Heard::InUse(by) => self.end = Some(in_use(self.plan.ip, by)),
                Heard::Lost(by) => self.end = Some(lost(self.plan.ip, by)),
                Heard::Peace | Heard::Challenged(_) => {}
            }
        }
    }

    /// Drains the server and sends what it has to send.
    async fn pump(&mut self) {
        self.drain();
        let verbose = self.plan.verbose;
        let refused = |why: &str| {
            if verbose {
                say::line(format_args!("* a frame was not sent: {why}"));
            }
        };
        self.station.send(refused).await;
        for record in self.server.observer_mut().drain(..) {
            if self.keeps_trace {
                self.station.record(record);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ClaimEvent::Granted { .. } => self.granted = true,
                ClaimEvent::Refused { addr, why } => self.end = Some(claim_refused(addr, why)),
                ClaimEvent::Lost { addr, to } => self.end = Some(lost(addr, to)),
                ClaimEvent::Released { .. } => {}
            }
        }
        while let Some(served) = self.server.service_mut().poll_served() {
            if self.plan.verbose {
                let (method, target) = (printable(&served.method), printable(&served.target));
                let (remote, status, len) = (served.remote, served.status, served.body_len);
                say::line(format_args!("{remote} {method} {target} {status} {len}"));
            }
        }
        let (now, server) = (self.station.clock.now(), &mut self.server);
        self.station
            .collect(|frame| server.poll_transmit(now, frame));
    }

    fn url(&self) -> String {
        match self.plan.port {
            80 => format!("http://{}/", self.plan.ip),
            port => format!("http://{}:{port}/", self.plan.ip),
        }
    }

    fn wire_failed(&self, error: &io::Error) -> Failure {
        wire_failed(&self.station.ground.interface, error)
    }
}

fn settings(plan: &Plan) -> Settings {
    let mut policy = Policy::rfc();
    policy.send.buffer_len = SEND_BUFFER;
    policy.receive.buffer_len = RECEIVE_BUFFER;
    Settings {
        port: Port(plan.port),
        policy,
        max_clients: MAX_CLIENTS,
        // The station's clock counts from 1970.
        is_unix_time: true,
        hosts: plan.hosts.clone(),
        ..Settings::default()
    }
}
