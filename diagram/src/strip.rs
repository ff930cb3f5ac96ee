//! Who spoke: one letter a packet, one row for each end, silences named.
//!
//! ```text
//!  page    S  A P        A A A          A
//!  server   S    P P P ×       220 ms  R
//! ```
//!
//! As plain text it is the story's `P P P A` string.

use crate::analysis::{Digest, Role};
use crate::capture::Fate;
use crate::layout::Source;
use crate::layout::scene::Kind;
use crate::view::Filter;
use crate::words;
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// A silence longer than this, and longer than ten round trips, is named.
const SILENCE_NS: u64 = 100_000_000;

/// Two rows of letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strip {
    /// What the rows are: `page` and `server`, or two addresses.
    pub rows: [String; 2],
    /// Packets and silences, in their order.
    pub cells: Vec<Cell>,
}

/// A packet or a silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// A packet.
    Packet {
        /// Its number, counted from 1.
        number: u64,
        /// 0: this page (or who calls). 1: everybody else.
        row: u8,
        /// One letter: see [`letter`].
        letter: char,
        /// For its colour.
        kind: Kind,
    },
    /// Nobody spoke for so long.
    Silence {
        /// `220 ms`.
        text: String,
    },
}

impl Strip {
    /// Both rows in one line of letters with spaces between: `S S A P P P A`.
    pub fn text(&self) -> String {
        let letters: Vec<String> = self
            .cells
            .iter()
            .map(|cell| match cell {
                Cell::Packet { letter, .. } => letter.to_string(),
                Cell::Silence { text } => format!("({text})"),
            })
            .collect();
        letters.join(" ")
    }
}

/// What did not arrive.
pub const LOST: char = '×';

/// The letters of a kind: `S` SYN, `F` FIN, `P` data, `A` ACK, `R` sent again, `X`
/// reset, `w` who-has and other ARP, `?` DNS question and `!` its answer, `i` ICMP,
/// `·` anything else.
pub const fn letters(kind: Kind) -> &'static [char] {
    match kind {
        Kind::Syn => &['S'],
        Kind::Fin => &['F'],
        Kind::Data => &['P'],
        Kind::Ack => &['A'],
        Kind::Rst => &['X'],
        Kind::Retransmission => &['R'],
        Kind::Arp => &['w'],
        Kind::Dns => &['?', '!'],
        Kind::Icmp => &['i'],
        Kind::Other => &['·'],
    }
}

/// One letter for a packet: [`LOST`], or one of its kind's [`letters`].
pub fn letter(digest: &Digest, fate: &Fate) -> char {
    if !matches!(fate, Fate::Seen) {
        return LOST;
    }
    match letters(digest.kind) {
        [_, answer] if digest.answers().is_some() => *answer,
        [letter, ..] => *letter,
        [] => '·',
    }
}

pub(crate) fn strip(source: Source<'_>, numbers: Range<u64>) -> Strip {
    let digests = source.analysis.digests();
    let frames = source.capture.frames();
    let near = near_end(source);
    let silence_ns = source
        .timing
        .typical_round_trip_ns()
        .unwrap_or(0)
        .saturating_mul(10)
        .max(SILENCE_NS);
    let from = usize::try_from(numbers.start.max(1) - 1).unwrap_or(usize::MAX);
    let to = usize::try_from(numbers.end.saturating_sub(1))
        .unwrap_or(usize::MAX)
        .min(digests.len());
    let mut strip = Strip {
        rows: row_names(source, near),
        cells: Vec::new(),
    };
    let mut last_ns = None;
    for index in (from..to).filter(|&index| source.shows(index)) {
        let (digest, frame) = (&digests[index], &frames[index]);
        let ns = frame.at.as_nanos();
        if let Some(last) = last_ns
            && ns.saturating_sub(last) > silence_ns
        {
            strip.cells.push(Cell::Silence {
                text: words::duration(ns - last),
            });
        }
        last_ns = Some(ns);
        strip.cells.push(Cell::Packet {
            number: index as u64 + 1,
            row: u8::from(Some(digest.from) != near),
            letter: letter(digest, &frame.fate),
            kind: digest.kind,
        });
    }
    strip
}

/// Whose packets stand in the upper row.
fn near_end(source: Source<'_>) -> Option<crate::analysis::HostId> {
    if let Filter::Stream(stream) = source.view.filter {
        return source
            .analysis
            .streams()
            .get(stream as usize)
            .map(|info| info.client.0);
    }
    let first_caller = || source.analysis.streams().first().map(|info| info.client.0);
    let first_sender = || source.analysis.digests().first().map(|digest| digest.from);
    source
        .analysis
        .hosts()
        .page()
        .or_else(first_caller)
        .or_else(first_sender)
}

fn row_names(source: Source<'_>, near: Option<crate::analysis::HostId>) -> [String; 2] {
    let language = source.view.language;
    let host = near.and_then(|id| source.analysis.hosts().at(id));
    let near = match host {
        Some(host) if host.is_page => language.pick("page", "ページ").to_owned(),
        Some(host) => host.address(),
        None => String::new(),
    };
    let servers = source
        .analysis
        .hosts()
        .list()
        .iter()
        .filter(|h| h.role() == Role::Server);
    let far = if servers.count() == 1 {
        language.pick("server", "サーバー")
    } else {
        language.pick("others", "ほか")
    };
    [near, far.to_owned()]
}
