//! Drives one session on one wire until its fetch has ended.

use super::failure::{
    claim_refused, fetch_failed, given_up, in_use, lost, output_gone, wire_failed,
};
use super::output::Sink;
use super::report::Report;
use super::tape::Tape;
use crate::error::Failure;
use crate::gate::Heard;
use crate::interrupt::Interrupt;
use crate::io::{Batch, Frame, RawSocket};
use crate::serve::Ground;
use crate::station::Station;
use std::net::Ipv4Addr;
use std::time::Duration;
use synema_core::app::recording::{RecordedSession, Recording};
use synema_core::app::session::{
    ClaimEvent, ClaimTimings, Command, FetchEvent, FetchOptions, Input, SessionConfig, SessionEvent,
};
use synema_core::trace::{ConnId, Record, TcpState};
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{sleep_until, timeout};

/// The one fetch's number.
const FETCH: u32 = 1;
/// How long the connection may take to close after the fetch has ended.
const LINGER: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) ip: Ipv4Addr,
    pub(super) seed: [u8; 32],
    pub(super) timings: ClaimTimings,
    pub(super) options: FetchOptions,
    /// So many bytes of frames are kept for a replay.
    pub(super) record_bytes: u64,
}

/// How it ended, and what was kept.
pub(super) struct Ended {
    pub(super) outcome: Result<(), Failure>,
    pub(super) tape: Option<Tape>,
    pub(super) recording: Option<Recording>,
}

/// One session on one wire.
pub(super) struct Drive {
    plan: Plan,
    station: Station,
    session: RecordedSession<Vec<Record>>,
    sink: Sink,
    report: Report,
    /// A piece of the body that the output has no room for yet.
    stalled: Option<Vec<u8>>,
    conn: Option<ConnId>,
    end: Option<Result<(), Failure>>,
    interrupt: Interrupt,
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
        sink: Sink,
        report: Report,
        tape: Option<Tape>,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let config = SessionConfig {
            mac: ground.mac,
            mtu: u16::try_from(ground.mtu).unwrap_or(u16::MAX),
            seed: plan.seed,
        };
        let interface = ground.interface.clone();
        let station = Station::new(ground, socket, tape);
        let station = station.map_err(|error| wire_failed(&interface, &error))?;
        Ok(Self {
            station,
            session: RecordedSession::new(config, Vec::new(), plan.record_bytes),
            plan,
            sink,
            report,
            stalled: None,
            conn: None,
            end: None,
            interrupt,
        })
    }

    /// Claims, fetches, and lets the connection close. What was kept comes back in any case.
    pub(super) async fn run(mut self) -> Ended {
        let outcome = self.fetch().await;
        if outcome.is_err() {
            // Given up by us, perhaps: then the peer is told. A fetch that has ended is not
            // there to be cancelled, and without an address nothing leaves the guard.
            self.command(Command::Cancel { fetch: FETCH });
            self.pump().await;
        }
        // The body is complete or given up; what is left are FINs and their ACKs.
        let _ = timeout(LINGER, self.close()).await;
        self.tell_trace();
        self.report.end(self.station.dropped_by_kernel());
        Ended {
            outcome,
            tape: self.station.into_tape(),
            recording: Some(self.session.into_recording()),
        }
    }

    async fn fetch(&mut self) -> Result<(), Failure> {
        let claim = self.station.claim(self.plan.ip, self.plan.timings);
        let claim = claim.map_err(|error| self.wire_failed(&error))?;
        self.command(Command::Claim(claim));
        self.pump().await;
        let mut batch = Batch::new();
        while self.end.is_none() {
            self.step(&mut batch).await?;
        }
        self.end.take().unwrap_or(Ok(()))
    }

    async fn close(&mut self) {
        let mut batch = Batch::new();
        while self.is_closing() {
            if self.step(&mut batch).await.is_err() {
                return;
            }
        }
    }

    /// Whether the peer may still want something of the last connection.
    fn is_closing(&self) -> bool {
        let state = self
            .conn
            .and_then(|conn| self.session.session().stack().state(conn));
        !matches!(
            state,
            None | Some(TcpState::Closed | TcpState::TimeWait | TcpState::SynSent)
        )
    }

    /// Waits for one thing to happen, and deals with it.
    async fn step(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        let sink = self.sink.clone();
        let due = self.station.clock.when(self.session.poll_timeout());
        tokio::select! {
            // What lies unread may be an objection to what a timer is about to do.
            biased;
            () = self.interrupt.asked() => return Err(given_up()),
            received = self.station.recv_batch(batch) => {
                received.map_err(|error| self.wire_failed(&error))?;
                self.hear(batch).await;
                batch.clear();
            }
            () = sleep_until(due) => {}
            room = sink.reserve(), if self.stalled.is_some() => match room {
                Ok(room) => {
                    if let Some(piece) = self.stalled.take() {
                        room.send(piece);
                    }
                }
                Err(_) => {
                    // What it would have taken is lost with it: nothing waits any more.
                    self.stalled = None;
                    self.end = Some(Err(output_gone()));
                }
            },
        }
        let now = self.station.clock.now();
        if self.session.poll_timeout().is_some_and(|due| due <= now) {
            self.session.handle(now, Input::Timeout);
        }
        self.pump().await;
        Ok(())
    }

    /// What came as one large frame is answered as one, as a kernel answers it, and before the
    /// next is looked at: the sender does not wait for all that has come meanwhile.
    async fn hear(&mut self, batch: &Batch) {
        self.station.begin_batch();
        let mut frames = batch.iter().peekable();
        while let Some(frame) = frames.next() {
            let now = self.station.clock.now();
            let Some((id, heard)) = self.station.hear(now, frame.timestamp_ns, frame.bytes) else {
                continue;
            };
            let bytes = frame.bytes;
            self.session.handle(now, Input::Frame { id, bytes });
            match heard {
                Heard::InUse(by) => self.end = Some(Err(in_use(self.plan.ip, by))),
                Heard::Lost(by) => self.end = Some(Err(lost(self.plan.ip, by))),
                Heard::Peace | Heard::Challenged(_) => {}
            }
            let came_as_one = |next: &Frame<'_>| next.timestamp_ns == frame.timestamp_ns;
            if !frames.peek().is_some_and(came_as_one) {
                self.pump().await;
            }
        }
    }

    fn command(&mut self, command: Command) {
        let now = self.station.clock.now();
        self.session.handle(now, Input::Command(command));
    }

    /// Drains the session and sends what it has to send.
    async fn pump(&mut self) {
        self.drain();
        let report = &self.report;
        self.station.send(|why| report.refused(why)).await;
        self.tell_trace();
        self.report.tick(self.station.clock.now());
    }

    /// Events first: taking them may make frames.
    fn drain(&mut self) {
        while self.stalled.is_none()
            && let Some(event) = self.session.poll_event()
        {
            self.on_event(event);
        }
        let (now, session) = (self.station.clock.now(), &mut self.session);
        self.station
            .collect(|frame| session.poll_transmit(now, frame));
    }

    fn on_event(&mut self, event: SessionEvent) {
        if let Some(head) = self.report.event(&event) {
            self.put_out(head);
        }
        match event {
            SessionEvent::Claim(ClaimEvent::Granted { .. }) => {
                let options = Box::new(self.plan.options.clone());
                let url = self.plan.url.clone();
                self.command(Command::Fetch {
                    fetch: FETCH,
                    url,
                    options,
                });
            }
            SessionEvent::Claim(ClaimEvent::Refused { addr, why }) => {
                self.end = Some(Err(claim_refused(addr, why)));
            }
            SessionEvent::Claim(ClaimEvent::Lost { addr, to }) => {
                self.end = Some(Err(lost(addr, to)));
            }
            SessionEvent::Claim(ClaimEvent::Released { .. }) => {}
            SessionEvent::Fetch { event, .. } => match event {
                FetchEvent::Connecting { conn, .. } => self.conn = Some(conn),
                FetchEvent::Body(bytes) => self.put_out(bytes),
                FetchEvent::Done { .. } => self.end = Some(Ok(())),
                FetchEvent::Failed(error) => {
                    // Losing the address is the first cause of the fetch's end.
                    self.end.get_or_insert(Err(fetch_failed(&error)));
                }
                _ => {}
            },
        }
    }

    fn put_out(&mut self, piece: Vec<u8>) {
        // A head with `--include` can come while a piece waits: it goes behind that.
        if let Some(waiting) = &mut self.stalled {
            waiting.extend_from_slice(&piece);
            return;
        }
        match self.sink.try_send(piece) {
            Ok(()) => {}
            Err(TrySendError::Full(piece)) => self.stalled = Some(piece),
            Err(TrySendError::Closed(_)) => self.end = Some(Err(output_gone())),
        }
    }

    fn tell_trace(&mut self) {
        for record in self.session.observer_mut().drain(..) {
            self.report.record(&record);
            self.station.record(record);
        }
    }

    fn wire_failed(&self, error: &std::io::Error) -> Failure {
        wire_failed(&self.station.ground.interface, error)
    }
}
