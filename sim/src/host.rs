//! A machine with our own stack and an application on it.

use crate::node::{Node, Port};
use synema_core::app::server::Service;
use synema_core::ip::Interface;
use synema_core::stack::{Config, ListenError, Stack, StackEvent};
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};
use synema_core::wire::MacAddr;

/// A stack whose trace is kept.
pub type TracedStack = Stack<Vec<Record>>;

/// What runs on a [`Host`]: a service of core's, or one of this crate's own.
pub trait App: Service<Vec<Record>> + 'static {}

impl<S: Service<Vec<Record>> + 'static> App for S {}

/// A machine with one port, a fixed address and an application.
#[derive(Debug)]
pub struct Host<A> {
    stack: TracedStack,
    app: A,
}

impl<A: App> Host<A> {
    /// A host that has its address from the start, as servers do.
    ///
    /// # Panics
    /// When the application wants one port twice.
    pub fn new(mac: MacAddr, interface: Interface, seed: u64, mut app: A) -> Self {
        let mut stack = Stack::new(Config::new(mac), seed, Vec::new());
        stack
            .assume(Instant::ZERO, interface)
            .expect("a fresh stack has claimed nothing");
        app.start(&mut stack)
            .expect("a fresh stack has every port free");
        Self { stack, app }
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
    pub fn app_mut(&mut self) -> &mut A {
        &mut self.app
    }
}

impl<A: App> Node for Host<A> {
    fn on_frame(&mut self, now: Instant, _port: Port, frame: FrameId, bytes: &[u8]) {
        self.stack.handle_frame(now, frame, bytes);
    }

    fn on_timeout(&mut self, now: Instant) {
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
        self.stack.poll_transmit(now, frame).map(|id| (0, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [self.stack.poll_timeout(), self.app.poll_timeout()];
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
