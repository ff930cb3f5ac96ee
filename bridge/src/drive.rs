//! Drives one service on one wire, at an address that is claimed for it, until it is done or told
//! to stop.

use crate::curl::failure::{claim_refused, in_use, lost, wire_failed};
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
use synema_core::app::server::{Server, ServerInput, Service};
use synema_core::app::session::{ClaimEvent, ClaimTimings, SessionConfig};
use synema_core::stack::Stack;
use synema_core::trace::Record;
use tokio::time::sleep_until;

/// Where and how a service lives.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) ip: Ipv4Addr,
    pub(crate) seed: [u8; 32],
    pub(crate) timings: ClaimTimings,
    /// Connections at once, and those that are being made.
    pub(crate) max_connections: usize,
    /// Whether it is said what the guard refuses.
    pub(crate) verbose: bool,
}

/// A service that lives at a claimed address.
pub(crate) trait Tenant: Service<Vec<Record>> {
    /// Something happened: says what there is to say.
    fn tell(&mut self) {}

    /// Whether it is done, and the address may go.
    fn is_done(&self, _stack: &Stack<Vec<Record>>) -> bool {
        false
    }
}

/// One service on one wire.
pub(crate) struct Drive<T> {
    plan: Plan,
    station: Station,
    server: Server<T, Vec<Record>>,
    keeps_trace: bool,
    granted: bool,
    end: Option<Failure>,
}

impl<T: Tenant> Drive<T> {
    /// Everything in its place; nothing is sent yet.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub(crate) fn new(
        plan: Plan,
        ground: Ground,
        socket: RawSocket,
        tenant: T,
        tape: Option<Tape>,
    ) -> Result<Self, Failure> {
        let config = SessionConfig {
            mac: ground.mac,
            mtu: u16::try_from(ground.mtu).unwrap_or(u16::MAX),
            seed: plan.seed,
        };
        let server = Server::new(config, plan.max_connections, tenant, Vec::new())
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

    /// Claims, says by `told` when the address is ours, and serves. What was kept comes back in any
    /// case.
    pub(crate) async fn run(
        mut self,
        told: impl FnOnce() -> Result<(), Failure>,
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
        told: impl FnOnce() -> Result<(), Failure>,
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
                told()?;
            }
            if self.is_done() {
                return Ok(());
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
        self.server.service_mut().tell();
        let (now, server) = (self.station.clock.now(), &mut self.server);
        self.station
            .collect(|frame| server.poll_transmit(now, frame));
    }

    fn is_done(&mut self) -> bool {
        let (service, stack) = self.server.service_and_stack();
        service.is_done(stack)
    }

    fn wire_failed(&self, error: &io::Error) -> Failure {
        wire_failed(&self.station.ground.interface, error)
    }
}
