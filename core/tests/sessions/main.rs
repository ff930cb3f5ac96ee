//! Whole sessions between two stacks, with somebody on the wire who changes, drops, repeats,
//! reorders and forges: nothing panics, nothing talks without end, and memory stays bounded.
//!
//! Checksums are repaired, so that what was changed gets in. The same seed is the same session.
//! `SYNEMA_SESSIONS` says how many, `SYNEMA_FIRST_SESSION` with which seed they begin.
#![cfg(not(target_family = "wasm"))]

mod mangler;

use core::net::{Ipv4Addr, SocketAddrV4};
use mangler::Mangler;
use synema_core::ip::Interface;
use synema_core::random::Random;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, Event, FrameId, Observer, TcpState};
use synema_core::wire::{MacAddr, Port};

const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
const PORT: Port = Port(80);
/// Steps of one session, each a call or a leap in time, with the frames that follow from it.
const STEPS: u32 = 24;
/// More frames than this for one step would be a conversation without end.
const MAX_FRAMES: u32 = 20_000;
/// A session has two connections at most, and the forged SYNs' own.
const MAX_CONNECTIONS: usize = 160;

/// Which states a stack's connections were in.
#[derive(Default)]
struct Seen(u16);

impl Observer for Seen {
    fn observe(&mut self, _at: Instant, event: &Event) {
        if let Event::State { to, .. } = event {
            self.0 |= 1 << *to as u16;
        }
    }
}

struct Session {
    now: Instant,
    random: Random,
    stacks: [Stack<Seen>; 2],
    /// The connections that the application of each side knows.
    known: [Vec<ConnId>; 2],
    mangler: Mangler,
    frames: u64,
}

impl Session {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let hardness = random.next_u32() % 5;
        let stacks = [0, 1].map(|side: u8| {
            let mac = MacAddr([2, 0, 0, 0, 0, side]);
            let mut stack = Stack::new(Config::new(mac), random.next_u64(), Seen::default());
            let interface = Interface::new(ADDRESSES[usize::from(side)], 24, None);
            let interface = interface.expect("an address of a network");
            let assumed = stack.assume(Instant::ZERO, interface);
            assumed.expect("the first address");
            stack
        });
        Self {
            now: Instant::ZERO,
            mangler: Mangler::new(random.next_u64(), hardness),
            random,
            stacks,
            known: [Vec::new(), Vec::new()],
            frames: 0,
        }
    }

    fn run(&mut self) {
        let (ours, theirs) = (self.policy(), self.policy());
        let [client, server] = &mut self.stacks;
        server.listen(PORT, &theirs).expect("nobody listens yet");
        let remote = SocketAddrV4::new(ADDRESSES[1], PORT.0);
        let conn = client.connect(self.now, remote, &ours);
        self.known[0].push(conn.expect("a way and a port"));
        self.exchange();
        for _ in 0..STEPS {
            self.step();
            self.exchange();
            for stack in &self.stacks {
                assert!(stack.connections_len() <= MAX_CONNECTIONS);
            }
        }
    }

    fn policy(&mut self) -> Policy {
        let mut policy = match self.random.next_u32() % 4 {
            0 => Policy::linux(),
            1 => Policy::teeceepee_2014(),
            _ => Policy::rfc(),
        };
        // Small buffers fill, and close windows.
        policy.receive.buffer_len = 1 << (11 + self.random.next_u32() % 8);
        policy.send.buffer_len = 1 << (11 + self.random.next_u32() % 8);
        policy
    }

    /// An application does something, or time passes.
    fn step(&mut self) {
        let side = (self.random.next_u32() % 2) as usize;
        let choice = self.random.next_u32() % 16;
        let (now, stack) = (self.now, &mut self.stacks[side]);
        let count = self.known[side].len();
        let known = (count > 0).then(|| self.known[side][self.random.next_u32() as usize % count]);
        match (choice, known) {
            (0..=4, Some(conn)) => {
                let data = vec![choice as u8; 1 + self.random.next_u32() as usize % 20_000];
                stack.send(now, conn, &data);
            }
            (5..=7, Some(conn)) => {
                stack.recv_with(now, conn, <[u8]>::len);
            }
            (8, Some(conn)) => stack.shutdown(now, conn),
            (9, Some(conn)) if self.random.next_u32().is_multiple_of(2) => stack.close(now, conn),
            (10, Some(conn)) if self.random.next_u32().is_multiple_of(4) => stack.abort(now, conn),
            _ => self.wait(),
        }
    }

    /// To the next timer, or a little, or very long.
    fn wait(&mut self) {
        let next = self.stacks.iter().filter_map(Stack::poll_timeout).min();
        self.now = match self.random.next_u32() % 8 {
            0..=4 => next.unwrap_or(self.now).max(self.now),
            5 | 6 => self.now + Duration::from_micros((self.random.next_u32() % 100_000).into()),
            _ => self.now + Duration::from_secs((self.random.next_u32() % 300).into()),
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
                if self.stacks[from]
                    .poll_transmit(self.now, &mut out)
                    .is_some()
                {
                    quiet = false;
                    self.mangler.take(from, &out);
                }
                let to = 1 - from;
                while let Some(frame) = self.mangler.next(from) {
                    self.frames += 1;
                    let id = FrameId::received(self.frames);
                    self.stacks[to].handle_frame(self.now, id, &frame);
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

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn sessions_with_somebody_on_the_wire_are_survived() {
    let count = setting("SYNEMA_SESSIONS", 2_000);
    let first = setting("SYNEMA_FIRST_SESSION", 0);
    let established = 1 << TcpState::Established as u16;
    let (mut reached, mut in_states, mut frames) = (0, [0_u64; 16], 0);
    for seed in first..first + count {
        let mut session = Session::new(seed);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| session.run()));
        assert!(
            outcome.is_ok(),
            "session {seed}: SYNEMA_FIRST_SESSION={seed} SYNEMA_SESSIONS=1"
        );
        let seen = session
            .stacks
            .iter()
            .fold(0, |all, stack| all | stack.observer().0);
        reached += u64::from(seen & established != 0);
        for (state, count) in in_states.iter_mut().enumerate() {
            *count += u64::from(seen >> state & 1);
        }
        frames += session.frames;
    }
    println!("{count} sessions, {frames} frames; sessions that reached each state:");
    for state in STATES {
        println!("  {:<13}{:>10}", state.name(), in_states[state as usize]);
    }
    assert!(
        reached * 10 >= count * 3,
        "only {reached} of {count} got through the handshake"
    );
    if count >= 2_000 {
        let missed = STATES.iter().find(|state| in_states[**state as usize] == 0);
        assert_eq!(missed, None, "a state that no session reached");
    }
}

/// All that a connection can be in; nobody steps into LISTEN.
const STATES: [TcpState; 10] = [
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::Closing,
    TcpState::LastAck,
    TcpState::TimeWait,
    TcpState::Closed,
];
