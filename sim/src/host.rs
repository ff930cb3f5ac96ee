//! A machine with our own stack and an application on it.

use crate::conditions::is_tcp_data;
use crate::forge::{Forger, Stray};
use crate::node::{Node, Port};
use std::collections::VecDeque;
use synema_core::app::server::Service;
use synema_core::ip::Interface;
use synema_core::stack::{Config, ListenError, Stack, StackEvent};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{FrameId, Record};
use synema_core::wire::MacAddr;

/// A stack whose trace is kept.
pub type TracedStack = Stack<Vec<Record>>;

/// What runs on a [`Host`]: a service of core's, or one of this crate's own.
pub trait App: Service<Vec<Record>> + 'static {}

impl<S: Service<Vec<Record>> + 'static> App for S {}

/// Asks an application for the next segment that it sends past the stack.
type WantsStray<A> = fn(&mut A) -> Option<Stray>;

/// A machine with one port, a fixed address and an application.
#[derive(Debug)]
pub struct Host<A> {
    stack: TracedStack,
    app: A,
    /// How long it takes to wake up to a frame.
    wake: Duration,
    /// What came while it slept, and when it will look at it.
    asleep: VecDeque<(Instant, FrameId, Vec<u8>)>,
    /// What the application sends past the stack, and who makes it.
    strays: Option<(WantsStray<A>, Forger)>,
    think: Duration,
    /// What it thinks of, and what came meanwhile.
    inbox: VecDeque<(FrameId, Vec<u8>)>,
    /// When it has thought over the first of them.
    thinks_until: Instant,
}

impl<A: App> Host<A> {
    /// A host that has its address from the start, as servers do.
    ///
    /// # Panics
    /// When the application wants one port twice.
    pub fn new(mac: MacAddr, interface: Interface, seed: u64, app: A) -> Self {
        let mut host = Self::without_address(mac, seed, app);
        host.stack
            .assume(Instant::ZERO, interface)
            .expect("a fresh stack has claimed nothing");
        host
    }

    /// A host without an address, for which its application may claim one.
    ///
    /// # Panics
    /// When the application wants one port twice.
    pub fn without_address(mac: MacAddr, seed: u64, mut app: A) -> Self {
        let mut stack = Stack::new(Config::new(mac), seed, Vec::new());
        app.start(&mut stack)
            .expect("a fresh stack has every port free");
        Self {
            stack,
            app,
            wake: Duration::ZERO,
            asleep: VecDeque::new(),
            strays: None,
            think: Duration::ZERO,
            inbox: VecDeque::new(),
            thinks_until: Instant::ZERO,
        }
    }

    /// From now on it takes so long over every segment with data, one after the other, as a
    /// slow program does; what comes behind one waits. Nothing is lost by it.
    pub fn set_think(&mut self, think: Duration) {
        self.think = think;
    }

    /// From now on it looks at every frame so long after it came, as a program does that has
    /// to be woken up.
    pub fn set_wake(&mut self, wake: Duration) {
        self.wake = wake;
    }

    fn look_at(&mut self, now: Instant, frame: FrameId, bytes: &[u8]) {
        if self.inbox.is_empty() {
            if self.think.is_zero() || !is_tcp_data(bytes) {
                return self.stack.handle_frame(now, frame, bytes);
            }
            self.thinks_until = now + self.think;
        }
        self.inbox.push_back((frame, bytes.to_vec()));
    }

    /// From now on the application may send segments that the stack knows nothing of: `wanted`
    /// is asked for them whenever the stack has nothing to send.
    pub(crate) fn send_strays(&mut self, wanted: WantsStray<A>) {
        self.strays = Some((wanted, Forger::default()));
    }

    /// The frame that it has thought over by now.
    fn thought_over(&mut self, now: Instant) -> Option<(FrameId, Vec<u8>)> {
        if self.thinks_until > now {
            return None;
        }
        let done = self.inbox.pop_front()?;
        let next_has_data = self
            .inbox
            .front()
            .is_some_and(|(_, next)| is_tcp_data(next));
        if next_has_data {
            self.thinks_until = now + self.think;
        }
        Some(done)
    }

    /// What the stack did, and why.
    pub fn trace(&self) -> &[Record] {
        self.stack.observer()
    }

    /// The stack.
    pub fn stack_mut(&mut self) -> &mut TracedStack {
        &mut self.stack
    }

    /// The application.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// The application.
    pub fn app_mut(&mut self) -> &mut A {
        &mut self.app
    }

    /// Both, for an application that is asked to do something with its connections.
    pub fn app_and_stack(&mut self) -> (&mut A, &mut TracedStack) {
        (&mut self.app, &mut self.stack)
    }
}

impl<A: App> Node for Host<A> {
    fn on_frame(&mut self, now: Instant, _port: Port, frame: FrameId, bytes: &[u8]) {
        if self.wake.is_zero() && self.asleep.is_empty() {
            return self.look_at(now, frame, bytes);
        }
        self.asleep
            .push_back((now + self.wake, frame, bytes.to_vec()));
    }

    fn on_timeout(&mut self, now: Instant) {
        if let Some((at, ..)) = self.asleep.front()
            && *at <= now
            && let Some((_, frame, bytes)) = self.asleep.pop_front()
        {
            return self.look_at(now, frame, &bytes);
        }
        if let Some((frame, bytes)) = self.thought_over(now) {
            return self.stack.handle_frame(now, frame, &bytes);
        }
        self.stack.handle_timeout(now);
        if self.app.poll_timeout().is_some_and(|at| at <= now) {
            self.app.on_timeout(&mut self.stack, now);
        }
    }

    fn run(&mut self, now: Instant) {
        while let Some(event) = self.stack.poll_event() {
            self.app.on_event(&mut self.stack, now, event);
        }
    }

    fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)> {
        let sent = self.stack.poll_transmit(now, frame);
        let Some((wanted, forger)) = &mut self.strays else {
            return sent.map(|id| (0, id));
        };
        let id = match sent {
            Some(id) => {
                forger.on_sent(frame);
                id
            }
            None => forger.forge(wanted(&mut self.app)?, frame)?,
        };
        Some((0, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let thought = (!self.inbox.is_empty()).then_some(self.thinks_until);
        let wakes = self.asleep.front().map(|(at, ..)| *at);
        let deadlines = [
            self.stack.poll_timeout(),
            self.app.poll_timeout(),
            thought,
            wakes,
        ];
        deadlines.into_iter().flatten().min()
    }
}

/// Nothing: a machine that is merely there, and answers ARP and echoes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle;

impl Service<Vec<Record>> for Idle {
    fn start(&mut self, _stack: &mut TracedStack) -> Result<(), ListenError> {
        Ok(())
    }

    fn on_event(&mut self, _stack: &mut TracedStack, _now: Instant, _event: StackEvent) {}
}
