//! A session as a machine of the network, with what it told.

use crate::node::{Node, Port};
use std::collections::BTreeMap;
use synema_core::app::http::ResponseHead;
use synema_core::app::recording::{RecordedSession, Recording};
use synema_core::app::session::{
    ClaimEvent, Command, FetchError, FetchEvent, FetchId, Input, Session, SessionConfig,
    SessionEvent,
};
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};

/// Bytes of frames that a recording keeps.
const MAX_RECORDING: u64 = 64 << 20;

/// A machine that fetches pages.
#[derive(Debug)]
pub struct Client {
    session: RecordedSession<Vec<Record>>,
    now: Instant,
    reads: bool,
    events: Vec<(Instant, SessionEvent)>,
    fetches: BTreeMap<FetchId, Fetched>,
    /// What it asks for once it has its address.
    then: Option<Command>,
}

/// What a fetch has come to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The response's head.
    pub head: Option<ResponseHead>,
    /// The body so far.
    pub body: Vec<u8>,
    /// How it ended, and when.
    pub end: Option<(Instant, Result<u64, FetchError>)>,
}

impl Client {
    /// A machine without an address.
    pub fn new(config: SessionConfig) -> Self {
        Self {
            session: RecordedSession::new(config, Vec::new(), MAX_RECORDING),
            now: Instant::ZERO,
            reads: true,
            events: Vec::new(),
            fetches: BTreeMap::new(),
            then: None,
        }
    }

    /// As soon as it has its address, it asks for this.
    pub fn then(&mut self, command: Command) {
        self.then = Some(command);
    }

    /// Asks the session for something, at the time of its last event.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.now = now;
        self.session.handle(now, Input::Command(command));
    }

    /// Whether events, and with them bodies, are taken. They are, from the start.
    pub fn set_reading(&mut self, reads: bool) {
        self.reads = reads;
    }

    /// What the session told, bodies' bytes aside, and when.
    pub fn events(&self) -> &[(Instant, SessionEvent)] {
        &self.events
    }

    /// What a fetch has come to.
    pub fn fetched(&self, fetch: FetchId) -> Option<&Fetched> {
        self.fetches.get(&fetch)
    }

    /// What the stack did, and why.
    pub fn trace(&self) -> &[Record] {
        self.session().observer()
    }

    /// The session.
    pub fn session(&self) -> &Session<Vec<Record>> {
        self.session.session()
    }

    /// The run so far, to be had again.
    pub fn recording(&self) -> &Recording {
        self.session.recording()
    }

    fn on_event(&mut self, event: SessionEvent) {
        if let SessionEvent::Fetch { fetch, event } = &event {
            let fetched = self.fetches.entry(*fetch).or_default();
            match event {
                FetchEvent::Head(head) => fetched.head = Some(head.clone()),
                FetchEvent::Body(bytes) => return fetched.body.extend_from_slice(bytes),
                FetchEvent::Done { body_len, .. } => fetched.end = Some((self.now, Ok(*body_len))),
                FetchEvent::Failed(error) => fetched.end = Some((self.now, Err(error.clone()))),
                FetchEvent::Resolving { .. }
                | FetchEvent::Resolved { .. }
                | FetchEvent::Connecting { .. }
                | FetchEvent::Connected { .. }
                | FetchEvent::Redirected { .. } => {}
            }
        }
        if matches!(event, SessionEvent::Claim(ClaimEvent::Granted { .. }))
            && let Some(command) = self.then.take()
        {
            self.session.handle(self.now, Input::Command(command));
        }
        self.events.push((self.now, event));
    }
}

impl Node for Client {
    fn on_frame(&mut self, now: Instant, _port: Port, id: FrameId, bytes: &[u8]) {
        self.now = now;
        self.session.handle(now, Input::Frame { id, bytes });
    }

    fn on_timeout(&mut self, now: Instant) {
        self.now = now;
        self.session.handle(now, Input::Timeout);
    }

    fn run(&mut self, now: Instant) {
        self.now = now;
        while self.reads
            && let Some(event) = self.session.poll_event()
        {
            self.on_event(event);
        }
    }

    fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)> {
        self.session.poll_transmit(now, frame).map(|id| (0, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout()
    }
}
