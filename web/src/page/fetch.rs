//! A fetch's part of the state: how far it is, and what came of it. Pure.

use crate::protocol::Trouble;
use crate::words::{Words, fill};
use std::net::Ipv4Addr;
use std::rc::Rc;
use synema_core::app::http::ResponseHead;
use synema_core::app::session::{FetchEvent, FetchId};

/// A fetch and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fetch {
    /// What is in the input.
    pub url: String,
    /// Whether the reader has typed it.
    pub touched: bool,
    /// The last fetch's number; 0 before the first.
    pub number: FetchId,
    /// How far it is.
    pub phase: Phase,
    /// What it does now; none where that is seen otherwise.
    pub now: Option<Now>,
    /// The redirects so far: status and where to.
    pub redirects: Vec<(u16, String)>,
    /// The final response's head.
    pub head: Option<Rc<ResponseHead>>,
    /// Bytes of the body so far.
    pub received: u64,
    /// The body, once it is there.
    pub body: Option<Rc<Body>>,
    /// Why it failed.
    pub problem: Option<Trouble>,
}

/// What a fetch does now.
#[derive(Clone, Debug, PartialEq)]
pub enum Now {
    /// The address is claimed first.
    Claiming,
    /// Told by the stack.
    Event(FetchEvent),
}

impl Now {
    /// In the language that is spoken; nothing of what says nothing.
    pub fn words(&self, words: &Words) -> String {
        let event = match self {
            Self::Claiming => return words.now_claiming.to_owned(),
            Self::Event(event) => event,
        };
        match event {
            FetchEvent::Resolving { name } => fill(words.now_resolving, &[("name", name)]),
            FetchEvent::Resolved { name, addrs } => {
                let addrs: Vec<_> = addrs.iter().map(Ipv4Addr::to_string).collect();
                let addrs = addrs.join(", ");
                fill(words.now_resolved, &[("name", name), ("addrs", &addrs)])
            }
            FetchEvent::Connecting { remote, .. } => {
                fill(words.now_connecting, &[("remote", remote)])
            }
            FetchEvent::Connected { remote, .. } => {
                fill(words.now_connected, &[("remote", remote)])
            }
            FetchEvent::Redirected { status, to } => {
                fill(words.now_redirected, &[("status", status), ("to", to)])
            }
            FetchEvent::Head(_)
            | FetchEvent::Body(_)
            | FetchEvent::Done { .. }
            | FetchEvent::Failed(_) => String::new(),
        }
    }
}

/// How far a fetch is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was fetched yet.
    #[default]
    Idle,
    /// The claim comes first.
    Waiting,
    /// Under way.
    Running,
    /// The response is complete; its digest is being made.
    Hashing,
    /// Complete.
    Done,
    /// It failed.
    Failed,
}

impl Phase {
    /// The value of `data-state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting | Self::Running | Self::Hashing => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether it is neither at rest nor over.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Hashing)
    }
}

/// A body as the document's worker tells of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Body {
    /// Its bytes.
    pub len: u64,
    /// Its SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// Its beginning as text, if it is text.
    pub text: Option<String>,
    /// Bytes of it that `text` shows.
    pub shown: u64,
}

impl Fetch {
    /// The next fetch begins; of the one before, only what is typed stays.
    pub fn begin(&mut self) {
        *self = Self {
            url: std::mem::take(&mut self.url),
            touched: self.touched,
            number: self.number.saturating_add(1),
            phase: Phase::Running,
            ..Self::default()
        };
    }

    /// It is over without a whole response.
    pub fn fail(&mut self, problem: Trouble) {
        self.phase = Phase::Failed;
        self.now = None;
        self.problem = Some(problem);
    }

    /// The stack tells of it.
    pub fn event(&mut self, event: FetchEvent) {
        if matches!(self.phase, Phase::Done | Phase::Failed) {
            return;
        }
        self.phase = Phase::Running;
        match event {
            FetchEvent::Resolving { .. }
            | FetchEvent::Resolved { .. }
            | FetchEvent::Connecting { .. }
            | FetchEvent::Connected { .. } => self.now = Some(Now::Event(event)),
            FetchEvent::Redirected { status, ref to } => {
                self.redirects.push((status, to.clone()));
                self.now = Some(Now::Event(event));
            }
            FetchEvent::Head(head) => {
                self.now = None;
                self.head = Some(Rc::new(head));
            }
            FetchEvent::Body(_) => {}
            FetchEvent::Done { body_len, .. } => {
                self.received = body_len;
                self.now = None;
                self.phase = if self.body.is_some() {
                    Phase::Done
                } else {
                    Phase::Hashing
                };
            }
            FetchEvent::Failed(error) => self.fail(Trouble::Fetch(error)),
        }
    }
}
