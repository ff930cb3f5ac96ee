//! One claimed address and the fetches made from it: what `synema curl` and the page's worker drive.
//!
//! ```text
//!            handle(now, Input)                 mutate once
//!                  |
//!   Frame ---->  +---------+  poll_event -----> events      then drain,
//!   Timeout -->  | Session |  poll_transmit --> frames      until all
//!   Command -->  +---------+  poll_timeout ---> when next   answer None
//! ```
//!
//! **Backpressure.** A body's bytes stay in the connection's receive buffer
//! until [`Session::poll_event`] is called: whoever stops asking for events
//! closes the peer's window, and no more than the receive buffer is ever held.
//! Taking events can make frames (window updates): drain `poll_event` first,
//! `poll_transmit` after it, and ask `poll_timeout` last.

mod error;
mod types;

pub use error::{FetchError, FetchErrorKind};
pub use types::{
    ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, Command, FetchEvent, FetchId,
    FetchLimits, FetchOptions, FetchTimeouts, Input, SessionConfig, SessionEvent,
};

use crate::time::Instant;
use crate::trace::{FrameId, Observer};
use std::collections::VecDeque;

/// One claimed address and the fetches made from it.
#[derive(Debug)]
pub struct Session<O: Observer> {
    observer: O,
    now: Instant,
    events: VecDeque<SessionEvent>,
}

impl<O: Observer> Session<O> {
    /// A session without an address. `observer` is told every trace event.
    pub fn new(config: SessionConfig, observer: O) -> Self {
        let _ = config;
        Self {
            observer,
            now: Instant::ZERO,
            events: VecDeque::new(),
        }
    }

    /// Something happened. Then drain [`poll_event`](Self::poll_event),
    /// [`poll_transmit`](Self::poll_transmit) and
    /// [`poll_timeout`](Self::poll_timeout), in this order.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        if let Input::Command(Command::Fetch { fetch, .. }) = input {
            self.events.push_back(SessionEvent::Fetch {
                fetch,
                event: FetchEvent::Failed(FetchError::NoAddress),
            });
        }
    }

    /// Puts the next frame to send into `frame` (whatever that held is
    /// replaced): Ethernet II, without FCS. To be called until it answers `None`.
    pub fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<FrameId> {
        self.now = self.now.max(now);
        frame.clear();
        None
    }

    /// The next event. To be called until it answers `None`; or not, to let the
    /// peers wait.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// When [`Input::Timeout`] is due, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Whoever is told the trace.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.observer
    }

    /// The end: the trace's observer is handed back.
    pub fn into_observer(self) -> O {
        self.observer
    }
}
