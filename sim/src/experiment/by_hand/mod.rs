//! The reader is the stack: each segment is written by hand, the server is a real one.
//!
//! ```text
//!   moves ──► Game::played ──► Hand ──10 ms──► server (our stack, port 80)
//!                │               ◄──10 ms──
//!                ├── remarks on each move: what broke a rule, what the server made of it
//!                └── what a right stack would send now
//! ```
//!
//! A game is its moves and its seed: played again, it is the same to the byte. Time stands
//! still while the reader thinks. After each move it goes on until nothing is on its way;
//! the server's timers run on only while the reader waits.

mod hand;
mod ledger;
mod outcome;
mod proposal;
mod rules;
mod story;
mod words;

pub use ledger::Ledger;
pub use proposal::Proposal;
pub use story::{notice, story, title};

use super::machine::Machine;
use super::scene::{PAGE, PAGE_MAC, SERVER, SERVER_MAC, SERVER_PORT, Speaker};
use super::stage::meet;
use super::talker::Talker;
use super::{ExperimentError, Text};
use crate::conditions::Conditions;
use crate::host::Host;
use crate::network::{Network, Passage};
use crate::node::NodeRef;
use core::hash::Hasher;
use hand::Hand;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use synema_core::app::recording::Digest;
use synema_core::ip::Interface;
use synema_core::random::Random;
use synema_core::time::{Duration, Instant};
use synema_core::wire::SeqNum;
use synema_core::wire::tcp::Flags;

/// From one end to the other.
const DELAY: Duration = Duration::from_millis(10);
/// Who waits for the next thing that happens waits no longer.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const PREFIX_LEN: u8 = 24;

/// What the server does: four packets for whatever it is asked, and it closes when it is
/// told that nothing more will come.
const SERVER_TALKS: &str = r#"
policy = { preset = "linux", with.send = { nagle = "Off" } }
script = [
    { on = { received = 1 }, does = [{ write = [110, 120, 200, 500] }] },
    { on = "peer-closed", does = ["close"] },
]
"#;

/// Its name in links, as that of an experiment.
pub const ID: &str = "you-are-the-stack";
/// The seed that it has when it is opened.
pub const SEED: u64 = 9_293;

/// A segment as it is written by hand. Its numbers count from each end's first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// Its flags.
    pub flags: Flags,
    /// The number of its first byte; 0 is the SYN's.
    pub seq: i64,
    /// The byte that is wanted next; means something with the ACK flag alone.
    pub ack: i64,
    /// How many bytes it carries.
    pub len: u32,
    /// How many bytes there is room for.
    pub window: u16,
    /// The largest segment that is taken, an option of SYNs.
    pub mss: Option<u16>,
}

/// What the reader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Move {
    /// Puts a segment on the wire.
    Send(Segment),
    /// Lets so much time pass.
    Wait(Duration),
    /// Waits until the server sends something, five minutes at the most.
    WaitForServer,
}

/// What a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RemarkKind {
    /// A rule was broken.
    Mistake,
    /// It is allowed, and has its consequences.
    Note,
    /// There is nothing to object to.
    Right,
    /// What the server made of it.
    Outcome,
}

/// Something that is to be said of a move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// It, in plain words.
    pub text: Text,
    /// Where the rule stands: `RFC 9293 §3.4`; empty if it is none.
    pub section: String,
}

/// A game that was played so far.
pub struct Game {
    network: Network,
    hand: NodeRef<Hand>,
    server: NodeRef<Host<Talker>>,
    names: [Text; 2],
    ledger: Ledger,
    /// So many frames that came to the hand are in the ledger.
    read: usize,
    remarks: Vec<Vec<Remark>>,
}

impl Game {
    /// Plays moves, one after the other.
    ///
    /// # Errors
    /// None: the server's manners are this crate's own.
    pub fn played(moves: &[Move], seed: u64) -> Result<Self, ExperimentError> {
        let mut game = Self::new(seed)?;
        for step in moves {
            let remarks = game.play(*step);
            game.remarks.push(remarks);
        }
        Ok(game)
    }

    fn new(seed: u64) -> Result<Self, ExperimentError> {
        let talks: Speaker = toml::from_str(SERVER_TALKS).map_err(ExperimentError::file)?;
        let own = Interface::new(SERVER, PREFIX_LEN, None)
            .map_err(|error| ExperimentError::File(format!("{error:?}")))?;
        let talker = Talker::new(&talks, own, None, Some(SERVER_PORT))?;
        let mut server = Host::new(SERVER_MAC, own, !seed, talker);
        meet(&mut server, (SERVER_MAC, SERVER), (PAGE_MAC, PAGE));
        let iss = SeqNum(Random::new(seed).next_u32());
        let mut network = Network::new(seed);
        let lan = network.add_lan(Conditions::delay(DELAY));
        let (hand, server) = (network.add(Hand::new(iss)), network.add(server));
        network.plug(hand, 0, lan);
        network.plug(server, 0, lan);
        network.introduce(lan, PAGE_MAC, hand.id());
        network.introduce(lan, SERVER_MAC, server.id());
        Ok(Self {
            network,
            hand,
            server,
            names: [
                Text::new("you", "あなた"),
                Text::new("www.lab.test", "www.lab.test"),
            ],
            ledger: Ledger::new(iss),
            read: 0,
            remarks: Vec::new(),
        })
    }

    fn play(&mut self, step: Move) -> Vec<Remark> {
        let before = self.network.node(self.server).trace().len();
        let mut remarks = match step {
            Move::Send(segment) => {
                let remarks = rules::remarks(&segment, &self.ledger);
                self.ledger.send(&segment);
                let raw = self.ledger.raw(&segment);
                self.network.node_mut(self.hand).send(raw);
                remarks
            }
            Move::Wait(time) => {
                self.network.run_for(time);
                Vec::new()
            }
            Move::WaitForServer => {
                self.wait_for_server();
                Vec::new()
            }
        };
        self.settle();
        let trace = self.network.node(self.server).trace();
        remarks.extend(outcome::outcome(&trace[before..]));
        remarks
    }

    /// Until the server has sent something.
    fn wait_for_server(&mut self) {
        let deadline = self.network.now() + LONGEST_WAIT;
        let server = self.server.id();
        let sent = |network: &Network| {
            let passages = network.passages().iter();
            passages.filter(|it| it.from == server).count()
        };
        let before = sent(&self.network);
        self.network
            .run_while(deadline, |network| sent(network) == before);
    }

    /// Until nothing is on its way; what came is read.
    fn settle(&mut self) {
        self.network.run_until(self.network.now());
        while let Some(arrives) = self.network.next_arrival() {
            self.network.run_until(arrives);
        }
        let heard = self.network.node(self.hand).heard();
        for bytes in &heard[self.read..] {
            self.ledger.came(bytes);
        }
        self.read = heard.len();
    }

    /// What there is to say of each move so far.
    pub fn remarks(&self) -> &[Vec<Remark>] {
        &self.remarks
    }

    /// What there would be to say of a segment if it were sent now, before it is.
    pub fn judge(&self, segment: &Segment) -> Vec<Remark> {
        rules::remarks(segment, &self.ledger)
    }

    /// What a right stack would send now; none if it would wait.
    pub fn proposal(&self) -> Option<Proposal> {
        proposal::proposal(&self.ledger)
    }

    /// What the reader's end knows of the connection.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The time in it.
    pub fn now(&self) -> Instant {
        self.network.now()
    }

    /// Every frame's way so far.
    pub fn passages(&self) -> &[Passage] {
        self.network.passages()
    }

    /// The reader's machine, which has no stack that tells, and the server.
    pub fn machines(&self) -> [Machine<'_>; 2] {
        let [you, server] = &self.names;
        [
            Machine {
                node: self.hand.id(),
                name: you,
                mac: PAGE_MAC,
                addr: PAGE,
                trace: &[],
            },
            Machine {
                node: self.server.id(),
                name: server,
                mac: SERVER_MAC,
                addr: SERVER,
                trace: self.network.node(self.server).trace(),
            },
        ]
    }

    /// What tells this game from any other.
    pub fn digest(&self) -> Digest {
        let mut hasher = SipHasher24::new();
        let told = (self.passages(), self.network.node(self.server).trace());
        let bytes = postcard::to_allocvec(&told).expect("a trace always has an encoding");
        hasher.write(&bytes);
        Digest(hasher.finish128().as_bytes())
    }
}

#[cfg(test)]
mod tests;
