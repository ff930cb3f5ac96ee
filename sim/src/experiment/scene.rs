//! Machines that talk: how each behaves, what each says when, and the ways between.
//!
//! ```text
//!   page 192.168.0.129 ---- way.out ----> server 192.168.0.80
//!          |           <--- way.back ----
//!     (same card)
//!          |
//!     other.kernel                        other.attacker: its own ways, to and from everybody
//! ```
//!
//! They have spoken before: each knows the others' MAC addresses, unless an address
//! has yet to be claimed.

use super::Text;
use super::errand::Errand;
use super::policy::PolicySpec;
use super::puppet::Act;
use crate::conditions::Conditions;
use crate::forge::Stray;
use core::net::Ipv4Addr;
use serde::Deserialize;
use std::collections::BTreeMap;
use synema_core::link::Timings;
use synema_core::stack::Backlog;
use synema_core::time::Duration;
use synema_core::wire::{MacAddr, Port};

/// The page's address.
pub const PAGE: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
/// The server's.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 80);
/// The page's MAC address.
pub const PAGE_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x81]);
/// The server's.
pub const SERVER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x80]);
/// Where the server listens.
pub const SERVER_PORT: Port = Port(80);
/// Of everybody's subnet.
pub(super) const PREFIX_LEN: u8 = 24;

/// Two machines and what they say to each other, and who else is there.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Scene {
    /// Nothing is looked at after this.
    pub until: Duration,
    /// Who calls.
    #[serde(default)]
    pub page: Speaker,
    /// Who is called.
    #[serde(default)]
    pub server: Speaker,
    /// If there is one, page and server have no scripts, but the page fetches this.
    #[serde(default)]
    pub errand: Option<Errand>,
    /// The way between them.
    #[serde(default)]
    pub way: Way,
    /// Further machines, by names for knobs.
    #[serde(default)]
    pub other: BTreeMap<String, Other>,
    /// The way out of the LAN: the address of one of the others.
    #[serde(default)]
    pub gateway: Option<Ipv4Addr>,
}

/// A further machine: a stack like any other, or a puppet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Other {
    /// What people call it.
    pub name: Text,
    /// Its address.
    pub addr: Ipv4Addr,
    /// Whether it is another stack of the page's computer: same card, same MAC address.
    #[serde(default)]
    pub beside_page: bool,
    /// How its stack behaves, and what it says to the server.
    #[serde(default)]
    pub talks: Speaker,
    /// If there is anything, it has no stack but answers for its address, and does this.
    #[serde(default)]
    pub acts: Vec<Act>,
    /// What it sends, and what it is sent.
    #[serde(default)]
    pub way: Way,
}

/// One end of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Speaker {
    /// How its TCP behaves.
    #[serde(default)]
    pub policy: PolicySpec,
    /// How long after a frame came it looks at it, as a program that has to be woken up.
    #[serde(default)]
    pub wake: Duration,
    /// How long it takes over every segment with data, as a slow program does.
    #[serde(default)]
    pub think: Duration,
    /// The port that it calls from; any if none is named.
    #[serde(default)]
    pub port: Option<u16>,
    /// How many callers it lets wait, if it is called.
    #[serde(default)]
    pub backlog: Backlog,
    /// What it does when.
    #[serde(default)]
    pub script: Vec<Line>,
}

/// One line of a script. Each is spoken once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// What it waits for.
    pub on: Cue,
    /// How long after that.
    #[serde(default)]
    pub after: Duration,
    /// What it does then, one after the other.
    pub does: Vec<Deed>,
}

/// What a line waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cue {
    /// The beginning.
    Start,
    /// The address that was claimed may be used.
    Granted,
    /// The connection is there.
    Connected,
    /// So many bytes in all have been read.
    Received(u64),
    /// The other end sends no more.
    PeerClosed,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Takes its address; till then it has none.
    Claim(Manner),
    /// Opens the connection.
    Connect,
    /// Sends a text, in one write.
    Say(String),
    /// Sends so many bytes, each number in a write of its own.
    Write(Vec<u32>),
    /// Sends a segment that its stack knows nothing of.
    Stray(Stray),
    /// Leaves what comes unread, from now on.
    StopReading,
    /// Reads again.
    Read,
    /// Sends no more: FIN.
    Close,
    /// Ends it at once: RST.
    Abort,
}

/// The two directions between the machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Way {
    /// From the page to the server; of another machine: what it sends.
    #[serde(default)]
    pub out: Conditions,
    /// From the server to the page; of another machine: what it is sent.
    #[serde(default)]
    pub back: Conditions,
}

/// How an address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Asking first, in RFC 5227's own times.
    Polite,
    /// Without asking: announced so many times, and deaf to whoever has it.
    Unasked {
        /// How many announcements.
        times: u8,
        /// From one to the next.
        every: Duration,
    },
}

impl Manner {
    pub(super) fn timings(self) -> Timings {
        match self {
            Self::Polite => Timings::RFC5227,
            Self::Unasked { times, every } => Timings::unasked(times, every),
        }
    }
}

impl Speaker {
    /// Whether it has its address from the start.
    pub(super) fn has_address(&self) -> bool {
        !self.deeds().any(|deed| matches!(deed, Deed::Claim(_)))
    }

    /// Whether it calls.
    pub(super) fn calls(&self) -> bool {
        self.deeds().any(|deed| *deed == Deed::Connect)
    }

    fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.script.iter().flat_map(|line| &line.does)
    }

    fn take_manners(&mut self, other: &Self) {
        self.policy = other.policy.clone();
        self.wake = other.wake;
        self.think = other.think;
    }
}

impl Scene {
    /// This scene with everything of `other` that may change under way: ways, and how each
    /// stack behaves.
    pub(super) fn with_manners_of(&self, other: &Self) -> Self {
        let mut same = self.clone();
        same.way = other.way.clone();
        if let (Some(same), Some(other)) = (&mut same.errand, &other.errand) {
            same.names = other.names.clone();
        } else {
            same.page.take_manners(&other.page);
            same.server.take_manners(&other.server);
        }
        for (name, machine) in &mut same.other {
            if let Some(new) = other.other.get(name) {
                machine.way = new.way.clone();
                machine.talks.take_manners(&new.talks);
            }
        }
        same
    }
}
