//! Whole sessions between two stacks, with somebody on the wire who changes, drops, repeats,
//! reorders and forges: nothing panics, nothing talks without end, memory stays bounded, and nobody
//! acknowledges what never came or sends beyond the window.
//!
//! ```text
//!   application: send, read, shut down, close, abort ─┐        time: to the next timer, a little,
//!                                                     │        or very long
//!            client ◄──────────── Mangler ───────► server
//! ```
//!
//! Checksums are repaired, so that what was changed gets in.

use crate::mangler::Mangler;
use crate::{Choices, Watch};
use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId, TcpState};
use synema_core::wire::{MacAddr, Port};

const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
const PORT: Port = Port(80);
/// Steps of one session, each a call or a leap in time, with the frames that follow from it.
const STEPS: u32 = 24;
/// More steps than this no fuzzer's input has.
const MAX_STEPS: u32 = 200;
/// More frames than this for one step would be a conversation without end.
const MAX_FRAMES: u32 = 20_000;
/// A session has two connections at most, and the forged SYNs' own.
const MAX_CONNECTIONS: usize = 160;

/// A session that these bytes decide: the target of the fuzzer.
pub fn run(bytes: &[u8]) {
    let mut session = Session::new(Choices::of(bytes));
    for _ in 0..MAX_STEPS {
        if session.choices.are_spent() {
            return;
        }
        session.step();
    }
}

/// Two stacks and the wire between them.
#[derive(Debug)]
pub struct Session<'a> {
    now: Instant,
    choices: Choices<'a>,
    stacks: [Stack<Watch>; 2],
    /// The connections that the application of each side knows.
    known: [Vec<ConnId>; 2],
    mangler: Mangler,
    frames: u64,
}

impl<'a> Session<'a> {
    /// A session whose client has called already.
    pub fn new(mut choices: Choices<'a>) -> Self {
        let hardness = choices.below(5);
        let policies = [policy(&mut choices), policy(&mut choices)];
        let stacks = [0, 1].map(|side: u8| {
            let mac = MacAddr([2, 0, 0, 0, 0, side]);
            let watch = Watch::new(policies[0].clone(), policies[1].clone());
            let mut stack = Stack::new(Config::new(mac), choices.any().into(), watch);
            let interface = Interface::new(ADDRESSES[usize::from(side)], 24, None);
            let interface = interface.expect("an address of a network");
            let assumed = stack.assume(Instant::ZERO, interface);
            assumed.expect("the first address");
            stack
        });
        let mut session = Self {
            now: Instant::ZERO,
            mangler: Mangler::new(hardness),
            choices,
            stacks,
            known: [Vec::new(), Vec::new()],
            frames: 0,
        };
        let [client, server] = &mut session.stacks;
        server
            .listen(PORT, &policies[1])
            .expect("nobody listens yet");
        let remote = SocketAddrV4::new(ADDRESSES[1], PORT.0);
        let conn = client.connect(session.now, remote, &policies[0]);
        session.known[0].push(conn.expect("a way and a port"));
        session.exchange();
        session
    }

    /// A session of the usual length.
    pub fn run(&mut self) {
        for _ in 0..STEPS {
            self.step();
        }
    }

    /// Whether a connection of either side was in this state.
    pub fn has_seen(&self, state: TcpState) -> bool {
        self.stacks
            .iter()
            .any(|stack| stack.observer().has_seen(state))
    }

    /// How many frames have arrived, on either side.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// An application does something, or time passes; then all is said that follows from it.
    ///
    /// # Panics
    /// When a stack does what no stack may.
    pub fn step(&mut self) {
        let side = self.choices.below(2) as usize;
        let choice = self.choices.below(16);
        let (now, stack) = (self.now, &mut self.stacks[side]);
        let count = self.known[side].len();
        let known =
            (count > 0).then(|| self.known[side][self.choices.below(count as u32) as usize]);
        match (choice, known) {
            (0..=4, Some(conn)) => {
                let data = vec![choice as u8; 1 + self.choices.below(20_000) as usize];
                stack.send(now, conn, &data);
            }
            (5..=7, Some(conn)) => {
                stack.recv_with(now, conn, <[u8]>::len);
            }
            (8, Some(conn)) => stack.shutdown(now, conn),
            (9, Some(conn)) if self.choices.once_in(2) => stack.close(now, conn),
            (10, Some(conn)) if self.choices.once_in(4) => stack.abort(now, conn),
            _ => self.wait(),
        }
        self.exchange();
        for stack in &self.stacks {
            assert!(stack.connections_len() <= MAX_CONNECTIONS);
        }
    }

    /// To the next timer, or a little, or very long.
    fn wait(&mut self) {
        let next = self.stacks.iter().filter_map(Stack::poll_timeout).min();
        self.now = match self.choices.below(8) {
            0..=4 => next.unwrap_or(self.now).max(self.now),
            5 | 6 => self.now + Duration::from_micros(self.choices.below(100_000).into()),
            _ => self.now + Duration::from_secs(self.choices.below(300).into()),
        };
        for stack in &mut self.stacks {
            if stack.poll_timeout().is_some_and(|at| at <= self.now) {
                stack.handle_timeout(self.now);
            }
        }
    }

    /// Hands frames over, through the mangler, until nobody has more to say.
    fn exchange(&mut self) {
        let mut out = Vec::with_capacity(1514);
        for turn in 0.. {
            assert!(turn < MAX_FRAMES, "a conversation without end");
            let mut quiet = true;
            for from in 0..2 {
                let sender = &mut self.stacks[from];
                if sender.poll_transmit(self.now, &mut out).is_some() {
                    sender.observer_mut().departs(&out);
                    quiet = false;
                    self.mangler.take(from, &out, &mut self.choices);
                }
                let receiver = &mut self.stacks[1 - from];
                while let Some(frame) = self.mangler.next(from) {
                    self.frames += 1;
                    let id = FrameId::received(self.frames);
                    receiver.observer_mut().arrives(&frame);
                    receiver.handle_frame(self.now, id, &frame);
                }
            }
            self.events();
            if quiet {
                return;
            }
        }
    }

    fn events(&mut self) {
        for (stack, known) in self.stacks.iter_mut().zip(&mut self.known) {
            while let Some(event) = stack.poll_event() {
                if let StackEvent::Acceptable { port } = event {
                    while let Some((conn, _)) = stack.accept(port) {
                        known.push(conn);
                    }
                }
            }
        }
    }
}

fn policy(choices: &mut Choices<'_>) -> Policy {
    let mut policy = match choices.below(4) {
        0 => Policy::linux(),
        1 => Policy::teeceepee_2014(),
        _ => Policy::rfc(),
    };
    // Small buffers fill, and close windows.
    policy.receive.buffer_len = 1 << (11 + choices.below(8));
    policy.send.buffer_len = 1 << (11 + choices.below(8));
    policy
}
