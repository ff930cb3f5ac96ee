//! One name being resolved.

use super::message::{MAX_ALIASES, Verdict, judge, query};
use super::{Answer, DNS_PORT, DnsError};
use crate::time::{Duration, Instant};
use core::net::{Ipv4Addr, SocketAddrV4};

/// Most servers that are asked.
pub const MAX_SERVERS: usize = 4;
/// How long an answer is awaited in each round over all servers.
const ROUNDS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How long a whole exchange over TCP may take.
const TCP_TIMEOUT: Duration = Duration::from_secs(10);

/// What a lookup wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupStep {
    /// Send this datagram, from the port that was given for it.
    SendUdp {
        /// The name asked for.
        name: String,
        /// Counted from 1.
        attempt: u8,
        /// Our port.
        local_port: u16,
        /// To whom.
        server: SocketAddrV4,
        /// What.
        query: Vec<u8>,
    },
    /// Open a connection, send this, and hand in what comes back.
    OpenTcp {
        /// The name asked for.
        name: String,
        /// Counted from 1.
        attempt: u8,
        /// To whom.
        server: SocketAddrV4,
        /// What, length prefix included.
        query: Vec<u8>,
    },
    /// The end; connection and ports may be closed.
    Done(Result<Answer, DnsError>),
}

/// One name being resolved.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The name now asked for: the given one, or what it is an alias of.
    name: String,
    servers: Vec<Ipv4Addr>,
    /// Which server of which round comes next.
    next: usize,
    attempts: u8,
    aliases: usize,
    /// The least TTL of the aliases so far.
    ttl: Duration,
    /// Queries over UDP that an answer may still come to.
    asked: Vec<Asked>,
    state: State,
    deadline: Instant,
    /// What the last server that answered said.
    error: Option<DnsError>,
    /// How many servers of this round answered with an error.
    errors_in_round: usize,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    server: Ipv4Addr,
    local_port: u16,
    id: u16,
}

#[derive(Clone, Debug)]
enum State {
    /// The next query is due.
    Ask,
    /// The last answer was cut: the same question goes to this server by TCP.
    AskTcp(Ipv4Addr),
    /// An answer over UDP is awaited.
    Wait,
    /// An answer over TCP is awaited.
    WaitTcp { id: u16, bytes: Vec<u8> },
    /// The end, to be told.
    Over(Result<Answer, DnsError>),
    /// The end was told.
    Told,
}

impl Lookup {
    /// Begins to resolve `name` with the first [`MAX_SERVERS`] of `servers`.
    pub fn new(name: &str, servers: &[Ipv4Addr]) -> Self {
        let servers: Vec<_> = servers.iter().copied().take(MAX_SERVERS).collect();
        let state = match servers.is_empty() {
            true => State::Over(Err(DnsError::Unreachable)),
            false => State::Ask,
        };
        Self {
            name: name.to_owned(),
            servers,
            next: 0,
            attempts: 0,
            aliases: 0,
            ttl: Duration::MAX,
            asked: Vec::new(),
            state,
            deadline: Instant::FAR_FUTURE,
            error: None,
            errors_in_round: 0,
        }
    }

    /// What to do next, until it answers `None`. `id` is a random number, another
    /// for each call; `bind` opens a UDP socket on a random port and names it.
    pub fn poll(
        &mut self,
        now: Instant,
        id: u16,
        bind: impl FnOnce() -> Option<u16>,
    ) -> Option<LookupStep> {
        if matches!(self.state, State::Wait | State::WaitTcp { .. }) && now >= self.deadline {
            self.state = State::Ask;
        }
        match core::mem::replace(&mut self.state, State::Told) {
            State::Ask => Some(self.ask(now, id, bind)),
            State::AskTcp(server) => Some(self.ask_tcp(now, server, id)),
            State::Over(result) => Some(LookupStep::Done(result)),
            State::Told => None,
            waiting @ (State::Wait | State::WaitTcp { .. }) => {
                self.state = waiting;
                None
            }
        }
    }

    /// When [`poll`](Self::poll) has something to say even if nothing comes.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Wait | State::WaitTcp { .. } => Some(self.deadline),
            State::Ask | State::AskTcp(_) | State::Over(_) => Some(Instant::ZERO),
            State::Told => None,
        }
    }

    /// A datagram came from `from` to our port `local_port`. What answers no
    /// query of ours is overlooked (RFC 5452 §9.1).
    pub fn on_datagram(&mut self, from: SocketAddrV4, local_port: u16, payload: &[u8]) {
        if !matches!(self.state, State::Wait | State::Ask) || from.port() != DNS_PORT {
            return;
        }
        let candidates: Vec<_> = self
            .asked
            .iter()
            .copied()
            .filter(|asked| asked.server == *from.ip() && asked.local_port == local_port)
            .collect();
        for asked in candidates {
            match judge(payload, asked.id, &self.name) {
                Verdict::NotOurs => {}
                Verdict::Truncated => {
                    self.state = State::AskTcp(asked.server);
                    return;
                }
                verdict => return self.on_verdict(verdict),
            }
        }
    }

    /// Bytes came over the connection that was asked for.
    pub fn on_tcp_bytes(&mut self, received: &[u8]) {
        let State::WaitTcp { id, bytes } = &mut self.state else {
            return;
        };
        // RFC 7766 §8: two bytes of length, then the message; 64 KiB at most.
        let room = (2 + usize::from(u16::MAX)).saturating_sub(bytes.len());
        bytes.extend_from_slice(&received[..received.len().min(room)]);
        let [high, low, message @ ..] = bytes.as_slice() else {
            return;
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(message) = message.get(..len) else {
            return;
        };
        let verdict = match judge(message, *id, &self.name) {
            // Over TCP nobody else can answer, and nothing may be cut.
            Verdict::NotOurs | Verdict::Truncated => Verdict::TryNext(DnsError::Malformed),
            verdict => verdict,
        };
        self.on_verdict(verdict);
    }

    /// The connection ended or could not be opened; what had to come by it will not.
    pub fn on_tcp_closed(&mut self) {
        if matches!(self.state, State::WaitTcp { .. }) {
            self.on_verdict(Verdict::TryNext(DnsError::Unreachable));
        }
    }

    /// A router or `server` itself says that our query did not arrive.
    pub fn on_unreachable(&mut self, server: Ipv4Addr, local_port: u16) {
        let last = self.asked.last();
        let is_last =
            last.is_some_and(|asked| asked.server == server && asked.local_port == local_port);
        if is_last && matches!(self.state, State::Wait) {
            self.on_verdict(Verdict::TryNext(DnsError::Unreachable));
        }
    }

    fn ask(&mut self, now: Instant, id: u16, bind: impl FnOnce() -> Option<u16>) -> LookupStep {
        let round = self.next / self.servers.len();
        let Some(timeout) = ROUNDS.get(round) else {
            return self.give_up();
        };
        let server = self.servers[self.next % self.servers.len()];
        let Some(local_port) = bind() else {
            return LookupStep::Done(Err(DnsError::NoSocket));
        };
        let query = match query(id, &self.name) {
            Ok(query) => query,
            Err(error) => return LookupStep::Done(Err(error)),
        };
        if self.next.is_multiple_of(self.servers.len()) {
            self.errors_in_round = 0;
        }
        self.next += 1;
        self.attempts = self.attempts.saturating_add(1);
        self.asked.push(Asked {
            server,
            local_port,
            id,
        });
        self.deadline = now + *timeout;
        self.state = State::Wait;
        LookupStep::SendUdp {
            name: self.name.clone(),
            attempt: self.attempts,
            local_port,
            server: SocketAddrV4::new(server, DNS_PORT),
            query,
        }
    }

    fn ask_tcp(&mut self, now: Instant, server: Ipv4Addr, id: u16) -> LookupStep {
        let message = match query(id, &self.name) {
            Ok(message) => message,
            Err(error) => return LookupStep::Done(Err(error)),
        };
        let len = u16::try_from(message.len()).unwrap_or(u16::MAX);
        let mut query = len.to_be_bytes().to_vec();
        query.extend_from_slice(&message);
        self.attempts = self.attempts.saturating_add(1);
        self.deadline = now + TCP_TIMEOUT;
        self.state = State::WaitTcp {
            id,
            bytes: Vec::new(),
        };
        LookupStep::OpenTcp {
            name: self.name.clone(),
            attempt: self.attempts,
            server: SocketAddrV4::new(server, DNS_PORT),
            query,
        }
    }

    fn on_verdict(&mut self, verdict: Verdict) {
        self.state = match verdict {
            Verdict::Found(answer) => State::Over(Ok(Answer {
                ttl: answer.ttl.min(self.ttl),
                ..answer
            })),
            Verdict::Final(error) => State::Over(Err(error)),
            Verdict::Alias { name, ttl } => self.ask_for_alias(name, ttl),
            Verdict::TryNext(error) => self.try_next(error),
            // Told apart before; nothing to learn from either.
            Verdict::NotOurs | Verdict::Truncated => State::Wait,
        };
    }

    fn ask_for_alias(&mut self, name: String, ttl: Duration) -> State {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            return State::Over(Err(DnsError::AliasLoop));
        }
        self.name = name;
        self.ttl = self.ttl.min(ttl);
        self.next = 0;
        self.asked.clear();
        self.error = None;
        State::Ask
    }

    /// The next server may know better; when all of a round have said that they
    /// do not, asking them again would change nothing.
    fn try_next(&mut self, error: DnsError) -> State {
        self.error = Some(error);
        self.errors_in_round += 1;
        if self.errors_in_round >= self.servers.len() {
            return State::Over(Err(error));
        }
        State::Ask
    }

    fn give_up(&mut self) -> LookupStep {
        self.state = State::Told;
        LookupStep::Done(Err(self.error.unwrap_or(DnsError::Timeout)))
    }
}
