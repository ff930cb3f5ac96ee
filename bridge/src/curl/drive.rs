//! Drives one session on one wire until its fetch has ended.

use super::failure::{
    claim_refused, fetch_failed, given_up, in_use, lost, output_gone, wire_failed,
};
use super::output::Sink;
use super::report::Report;
use super::tape::Tape;
use crate::egress::Outgoing;
use crate::error::Failure;
use crate::gate::{Guard, Heard};
use crate::interrupt::Interrupt;
use crate::io::{Admit, Batch, PacketIo, RawSocket, now_ns};
use crate::serve::{Ground, refusal};
use std::net::Ipv4Addr;
use std::time::Duration;
use synema_core::app::recording::{RecordedSession, Recording};
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimTimings, Command, FetchEvent, FetchOptions, Input,
    SessionConfig, SessionEvent,
};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, FrameId, Record, TcpState};
use synema_relay::Refusal;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{sleep_until, timeout};

/// The one fetch's number.
const FETCH: u32 = 1;
/// How long the interface's queue may be full before frames are dropped.
const SEND_PATIENCE: Duration = Duration::from_millis(100);
/// How long the connection may take to close after the fetch has ended.
const LINGER: Duration = Duration::from_secs(1);
/// Long enough to mean "nothing is due".
const IDLE: Duration = Duration::from_secs(3600);

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
    ground: Ground,
    session: RecordedSession<Vec<Record>>,
    guard: Guard,
    wire: PacketIo,
    sink: Sink,
    report: Report,
    tape: Option<Tape>,
    clock: Clock,
    received: u64,
    outbox: Vec<(FrameId, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
    /// A piece of the body that the output has no room for yet.
    stalled: Option<Vec<u8>>,
    conn: Option<ConnId>,
    end: Option<Result<(), Failure>>,
    interrupt: Interrupt,
}

/// Nanoseconds since 1970 that never go back: the stack's clock, and within the clock's
/// own adjustments also the kernel's.
#[derive(Clone, Copy, Debug)]
struct Clock {
    origin_ns: u64,
    origin: tokio::time::Instant,
}

impl Clock {
    fn start() -> Self {
        Self {
            origin_ns: now_ns(),
            origin: tokio::time::Instant::now(),
        }
    }

    fn now(self) -> Instant {
        Instant::from_nanos(self.origin_ns) + self.origin.elapsed()
    }

    fn when(self, at: Instant) -> tokio::time::Instant {
        self.origin + at.since(Instant::from_nanos(self.origin_ns)).min(IDLE * 24)
    }
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
        let wire = PacketIo::new(socket).map_err(|error| wire_failed(&ground, &error))?;
        let config = SessionConfig {
            mac: ground.mac,
            mtu: u16::try_from(ground.mtu).unwrap_or(u16::MAX),
            seed: plan.seed,
        };
        Ok(Self {
            guard: ground.guard(),
            ground,
            session: RecordedSession::new(config, Vec::new(), plan.record_bytes),
            plan,
            wire,
            sink,
            report,
            tape,
            clock: Clock::start(),
            received: 0,
            outbox: Vec::new(),
            spare: Vec::new(),
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
        let dropped = self.wire.socket().counters().dropped_by_kernel;
        self.report.end(dropped);
        Ended {
            outcome,
            tape: self.tape,
            recording: Some(self.session.into_recording()),
        }
    }

    async fn fetch(&mut self) -> Result<(), Failure> {
        let ip = self.plan.ip;
        self.guard.claim(self.clock.now(), ip);
        self.wire
            .socket()
            .admit(&Admit::Addresses(vec![ip]))
            .map_err(|error| wire_failed(&self.ground, &error))?;
        let rules = &self.ground.rules;
        self.command(Command::Claim(ClaimCommand {
            addr: ip,
            prefix_len: rules.subnet.prefix_len,
            gateway: rules.gateway,
            dns: self.ground.dns.clone(),
            timings: self.plan.timings,
        }));
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
        let due = self.session.poll_timeout();
        let due = due.map_or_else(
            || tokio::time::Instant::now() + IDLE,
            |due| self.clock.when(due),
        );
        tokio::select! {
            // What lies unread may be an objection to what a timer is about to do.
            biased;
            () = self.interrupt.asked() => return Err(given_up()),
            received = self.wire.recv_batch(batch) => {
                received.map_err(|error| wire_failed(&self.ground, &error))?;
                self.hear(batch);
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
        let now = self.clock.now();
        if self.session.poll_timeout().is_some_and(|due| due <= now) {
            self.session.handle(now, Input::Timeout);
        }
        self.pump().await;
        Ok(())
    }

    fn hear(&mut self, batch: &Batch) {
        if let Some(tape) = &mut self.tape {
            tape.kernel_dropped(self.wire.socket().counters().dropped_by_kernel);
        }
        for frame in batch.iter() {
            let now = self.clock.now();
            let (heard, concerns) = self.guard.incoming(now, frame.bytes);
            if !concerns {
                continue;
            }
            let id = FrameId::received(self.received);
            self.received += 1;
            if let Some(tape) = &mut self.tape {
                tape.received(id, frame.timestamp_ns, frame.bytes);
            }
            let bytes = frame.bytes;
            self.session.handle(now, Input::Frame { id, bytes });
            self.drain();
            match heard {
                Heard::InUse(by) => self.end = Some(Err(in_use(self.plan.ip, by))),
                Heard::Lost(by) => self.end = Some(Err(lost(self.plan.ip, by))),
                Heard::Peace | Heard::Challenged(_) => {}
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.session
            .handle(self.clock.now(), Input::Command(command));
    }

    /// Drains the session and sends what it has to send.
    async fn pump(&mut self) {
        self.drain();
        self.send().await;
        self.tell_trace();
        self.report.tick(self.clock.now());
    }

    /// Events first: taking them may make frames.
    fn drain(&mut self) {
        while self.stalled.is_none()
            && let Some(event) = self.session.poll_event()
        {
            self.on_event(event);
        }
        let now = self.clock.now();
        loop {
            let mut frame = self.spare.pop().unwrap_or_default();
            match self.session.poll_transmit(now, &mut frame) {
                Some(id) => self.outbox.push((id, frame)),
                None => {
                    self.spare.push(frame);
                    return;
                }
            }
        }
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

    /// Sends what the guard lets out; what it does not is told and kept on the tape.
    async fn send(&mut self) {
        if self.outbox.is_empty() {
            return;
        }
        let now = self.clock.now();
        let outbox = std::mem::take(&mut self.outbox);
        let mut outcomes: Vec<Result<Option<u64>, Refusal>> = Vec::with_capacity(outbox.len());
        let mut admitted: Vec<(usize, Outgoing)> = Vec::with_capacity(outbox.len());
        let mut frames: Vec<&[u8]> = Vec::with_capacity(outbox.len());
        for (_, frame) in &outbox {
            let verdict = self.guard.outgoing(now, frame);
            if let Ok(outgoing) = verdict {
                admitted.push((outcomes.len(), outgoing));
                frames.push(frame);
            }
            outcomes.push(verdict.map(|_| None));
        }
        let sending = self.wire.send_batch(&frames, |place, outcome| {
            outcomes[admitted[place].0] = outcome.map(Some).map_err(|error| refusal(&error));
        });
        // What has no receipt when patience ends met a full queue.
        let _ = timeout(SEND_PATIENCE, sending).await;
        let sent_at = self.clock.now();
        for (at, outgoing) in admitted {
            if let Ok(Some(_)) = outcomes[at] {
                self.guard.sent(sent_at, outgoing);
            }
        }
        for ((id, frame), outcome) in outbox.into_iter().zip(outcomes) {
            let outcome = outcome.and_then(|sent| sent.ok_or(Refusal::QueueFull));
            if let Err(why) = outcome {
                self.report.refused(why.words());
            }
            if let Some(tape) = &mut self.tape {
                let at = outcome.unwrap_or_else(|_| now_ns());
                tape.sent(id, at, &frame, outcome.map(drop));
            }
            self.spare.push(frame);
        }
    }

    fn tell_trace(&mut self) {
        for record in self.session.observer_mut().drain(..) {
            self.report.record(&record);
            if let Some(tape) = &mut self.tape {
                tape.record(record);
            }
        }
    }
}
