//! The stack's worker without its browser: sockets, clocks and ports are the caller's.
//!
//! ```text
//!   Idle -> Opening -> Greeting -> Open          the socket, the hello, the session
//!             ^  |        |         |
//!             |  v        v         v
//!            Waiting <--------------'            it is tried again, 0.25 to 5 s later;
//!             |                                  the stack and its connections live on
//!             `-> Refused                        the bridge said no, or lets nobody in with
//!                                                our key: the reader decides
//! ```
//!
//! Call [`Engine::handle`] with what happened, then do what [`Engine::take_commands`]
//! says, post what [`Engine::outbox`] holds, and come back at [`Engine::deadline`].

mod bridge;

use super::outbox::Outbox;
use super::retry::Retry;
use crate::protocol::{FromStack, Gone, Live, ToStack};
use std::net::Ipv4Addr;
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimTimings, Command, FetchEvent, FetchId, FetchOptions, Input,
    Session, SessionEvent,
};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{Event, FrameId, Record};
use synema_relay::{
    BridgeHello, ClaimState, FramesEncoder, Granter, SessionId, ToBridge, frames::Full,
};

/// Bytes of frames that the bridge may have under way to us: at 1 Gbit/s and 30 ms none waits.
const CREDIT_WINDOW: u64 = 4 << 20;
/// So long a bridge may take from the socket's opening to its hello.
const HELLO_WAIT: Duration = Duration::from_secs(5);
/// So often a bridge that was never reached is tried before the reader is asked.
const FIRST_TRIES: u32 = 4;
/// So often in a row the page's server answers and its relay does not before that is no chance.
const TURNED_AWAY: u32 = 2;
/// The stack has the address, but the bridge's gate is still closed: it is given up after this long.
const GATE_WAIT: Duration = Duration::from_secs(10);

/// One thing that happens to the worker.
#[derive(Debug)]
pub enum Happened {
    /// The page said something.
    Page(ToStack),
    /// The socket opened.
    Opened,
    /// The socket brought a message.
    Message(Vec<u8>),
    /// The socket is gone, or never came to be.
    Closed {
        /// The WebSocket's close code.
        code: u16,
        /// What the other end said.
        reason: String,
    },
    /// The page's server was asked whether it is there at all.
    Knocked {
        /// Whether it is.
        answers: bool,
    },
    /// The deadline has come (or not yet: that does no harm).
    Timeout,
}

/// What the browser is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Do {
    /// Open a socket (an old one is closed first).
    Connect {
        /// `ws://…/relay`.
        url: String,
        /// The bridge's key.
        token: String,
    },
    /// Send a message on it.
    Send(Vec<u8>),
    /// Close it.
    Disconnect,
    /// Ask the page's server for anything: why a socket did not open, browsers tell nobody.
    Knock,
}

/// Where the connection to the bridge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Opening,
    Greeting { until: Instant },
    Open,
    Waiting { until: Instant },
    Refused,
}

/// The bridge as the page named it.
#[derive(Clone, Debug)]
struct Target {
    url: String,
    token: String,
}

/// The stack's worker without its browser.
pub struct Engine {
    seed: Box<dyn FnMut() -> [u8; 32]>,
    phase: Phase,
    target: Option<Target>,
    session_id: Option<SessionId>,
    take_over: bool,
    retry: Retry,
    ever_open: bool,
    turned_away: u32,
    hello: Option<BridgeHello>,
    stack: Option<Session<Vec<Record>>>,
    gate: ClaimState,
    granted: Option<(Ipv4Addr, Instant)>,
    pending: Vec<(FetchId, String)>,
    received: (FetchId, u64),
    unsent: u64,
    granter: Granter,
    encoder: FramesEncoder,
    commands: Vec<Do>,
    outbox: Outbox,
}

impl Engine {
    /// A worker that has heard nothing yet. `seed` is the system's random generator.
    pub fn new(seed: impl FnMut() -> [u8; 32] + 'static) -> Self {
        Self {
            seed: Box::new(seed),
            phase: Phase::Idle,
            target: None,
            session_id: None,
            take_over: false,
            retry: Retry::default(),
            ever_open: false,
            turned_away: 0,
            hello: None,
            stack: None,
            gate: ClaimState::Nothing,
            granted: None,
            pending: Vec::new(),
            received: (0, 0),
            unsent: 0,
            granter: Granter::new(CREDIT_WINDOW),
            encoder: FramesEncoder::new(),
            commands: Vec::new(),
            outbox: Outbox::default(),
        }
    }

    /// Something happened: the state changes, and all that follows from it is made ready.
    pub fn handle(&mut self, now: Instant, happened: Happened) {
        match happened {
            Happened::Page(said) => self.page(now, said),
            Happened::Opened => self.opened(now),
            Happened::Message(message) => self.message(now, &message),
            Happened::Closed { code, reason } => self.closed(now, code, &reason),
            Happened::Knocked { answers } => self.knocked(answers),
            Happened::Timeout => self.timeout(now),
        }
        self.drain(now);
        self.send_frames();
        self.start_pending(now);
    }

    /// What the browser is to do now, in order.
    pub fn take_commands(&mut self) -> Vec<Do> {
        std::mem::take(&mut self.commands)
    }

    /// What waits to be posted.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// When [`Happened::Timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        let link = match self.phase {
            Phase::Greeting { until } | Phase::Waiting { until } => Some(until),
            Phase::Idle | Phase::Opening | Phase::Open | Phase::Refused => None,
        };
        let gate = match (&self.granted, self.is_gate_open()) {
            (Some((_, since)), false) => Some(*since + GATE_WAIT),
            _ => None,
        };
        let stack = self.stack.as_ref().and_then(Session::poll_timeout);
        [link, gate, stack].into_iter().flatten().min()
    }

    // ---- the page ----------------------------------------------------------

    fn page(&mut self, now: Instant, said: ToStack) {
        match said {
            ToStack::Document => {}
            ToStack::Connect {
                url,
                token,
                session,
                take_over,
            } => {
                self.target = Some(Target { url, token });
                self.session_id = self.session_id.or(session);
                self.take_over = take_over;
                self.retry.reset();
                self.turned_away = 0;
                self.connect();
            }
            ToStack::Claim { addr } => self.claim(now, addr),
            ToStack::Fetch { fetch, url } => self.pending.push((fetch, url)),
            ToStack::Cancel { fetch } => {
                self.pending.retain(|(pending, _)| *pending != fetch);
                self.command(now, Command::Cancel { fetch });
            }
            ToStack::Goodbye => {
                if self.phase == Phase::Open {
                    self.control(ToBridge::Bye);
                }
                self.commands.push(Do::Disconnect);
                self.phase = Phase::Idle;
            }
        }
    }

    fn claim(&mut self, now: Instant, addr: Ipv4Addr) {
        let Some(hello) = &self.hello else { return };
        let is_quick = hello.lab.as_ref().is_some_and(|lab| lab.quick_claim);
        let claim = ClaimCommand {
            addr,
            prefix_len: hello.subnet.prefix_len,
            gateway: hello.gateway,
            dns: hello.dns.clone(),
            timings: if is_quick {
                ClaimTimings::QuickLab
            } else {
                ClaimTimings::Rfc5227
            },
        };
        self.granted = None;
        self.control(ToBridge::Claim { addr });
        self.command(now, Command::Claim(claim));
    }

    // ---- time ---------------------------------------------------------------

    fn timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Waiting { until } if now >= until => self.connect(),
            Phase::Greeting { until } if now >= until => {
                self.lost(now, Gone::Silent);
            }
            _ => {}
        }
        if let Some((addr, since)) = self.granted
            && !self.is_gate_open()
            && now >= since + GATE_WAIT
        {
            self.granted = None;
            self.pending.clear();
            self.outbox.page(FromStack::GateStuck { addr });
        }
        if let Some(stack) = &mut self.stack
            && stack.poll_timeout().is_some_and(|due| now >= due)
        {
            stack.handle(now, Input::Timeout);
        }
    }

    // ---- the stack ---------------------------------------------------------

    fn command(&mut self, now: Instant, command: Command) {
        if let Some(stack) = &mut self.stack {
            stack.handle(now, Input::Command(command));
        }
    }

    /// Fetches wait until the stack has the address and the bridge lets it speak.
    fn start_pending(&mut self, now: Instant) {
        if self.pending.is_empty() || self.granted.is_none() || !self.is_gate_open() {
            return;
        }
        for (fetch, url) in std::mem::take(&mut self.pending) {
            let options = Box::new(FetchOptions::default());
            self.command(
                now,
                Command::Fetch {
                    fetch,
                    url,
                    options,
                },
            );
        }
        self.drain(now);
        self.send_frames();
    }

    /// Events first, frames after them (taking events can open the window), until nothing is left.
    fn drain(&mut self, now: Instant) {
        loop {
            let Some(stack) = &mut self.stack else { return };
            if let Some(event) = stack.poll_event() {
                self.event(now, event);
                continue;
            }
            let mut bytes = Vec::new();
            let Some(frame) = stack.poll_transmit(now, &mut bytes) else {
                break;
            };
            let records = std::mem::take(stack.observer_mut());
            self.trace(records);
            self.transmit(now, frame, bytes);
        }
        if let Some(stack) = &mut self.stack {
            let records = std::mem::take(stack.observer_mut());
            self.trace(records);
        }
    }

    fn trace(&mut self, records: Vec<Record>) {
        for record in &records {
            if let Event::Claim { addr, step } = record.event {
                self.outbox.page(FromStack::Step {
                    at: record.at,
                    addr,
                    step,
                });
            }
        }
        self.outbox.trace(records);
    }

    fn transmit(&mut self, now: Instant, frame: FrameId, bytes: Vec<u8>) {
        let handed = self.phase == Phase::Open;
        if handed {
            while let Err(full) = self.encoder.push(frame, now.as_nanos(), &bytes) {
                match full {
                    Full::Message => self.send_frames(),
                    Full::NotAFrame => break,
                }
            }
        } else {
            self.unsent += 1;
            self.outbox.page(FromStack::Unsent(self.unsent));
        }
        self.outbox.document(Live::Sent {
            frame,
            at: now,
            handed,
            bytes,
        });
    }

    fn send_frames(&mut self) {
        if !self.encoder.is_empty() {
            let message = self.encoder.as_bytes().to_vec();
            self.commands.push(Do::Send(message));
            self.encoder.clear();
        }
    }

    fn event(&mut self, now: Instant, event: SessionEvent) {
        match &event {
            SessionEvent::Claim(ClaimEvent::Granted { addr, .. }) => {
                self.granted = Some((*addr, now));
            }
            SessionEvent::Claim(_) => {
                self.granted = None;
                self.pending.clear();
            }
            SessionEvent::Fetch { fetch, event } => self.fetch_event(*fetch, event),
        }
        let is_body = matches!(
            &event,
            SessionEvent::Fetch {
                event: FetchEvent::Body(_),
                ..
            }
        );
        if !is_body {
            self.outbox.page(FromStack::Session(event));
        }
    }

    fn fetch_event(&mut self, fetch: FetchId, event: &FetchEvent) {
        match event {
            FetchEvent::Head(head) => {
                self.received = (fetch, 0);
                self.outbox.document(Live::BodyBegin {
                    fetch,
                    media_type: head
                        .header("content-type")
                        .map(|header| header.text().into_owned()),
                    name: super::name::of_url(&head.url),
                });
            }
            FetchEvent::Body(bytes) => {
                self.received.1 += bytes.len() as u64;
                let (fetch, received) = self.received;
                self.outbox.page(FromStack::Progress { fetch, received });
                self.outbox.body(fetch, bytes.clone());
            }
            FetchEvent::Done { .. } | FetchEvent::Failed(_) => {
                self.outbox.document(Live::BodyEnd { fetch });
            }
            _ => {}
        }
    }
}
