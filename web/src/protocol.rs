//! What the page and its two workers say to each other.
//!
//! ```text
//!              ToStack                        ToDocument
//!        .----------------- page -----------------.
//!        |   FromStack      ^ ^     FromDocument  |
//!        v                  | |                   v
//!      stack ---------------' '--------------- document
//!        |                   Live                 ^
//!        '------------ MessagePort ---------------'
//! ```
//!
//! Each message is a batch (`Vec`) in one transferred buffer ([`crate::post`]).
//! Nobody posts more often than every [`BATCH_MS`]; a first word after a silence
//! goes at once.

mod document;
mod graph;
mod play;
mod share;
mod trouble;
mod writing;

pub use document::{Extent, FilterProblem, FromDocument, ToDocument};
pub use graph::{DrawnGraph, GraphRequest};
pub use play::{
    EXPERIMENT_KEY, Hand, Heights, PlayRequest, Played, Told, ToldControl, ToldKnob, Trial,
};
pub use share::{Form, Part, ShareRequest, Shared};
pub use trouble::{Gone, Problem, Trouble};
pub use writing::{Place, Write, Written, WrittenBracket, WrittenNote};

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use synema_core::app::session::{FetchId, SessionEvent};
use synema_core::time::Instant;
use synema_core::trace::{ClaimStep, FrameId, Record};
use synema_relay::{BridgeHello, ClaimState, Receipt, Refusal, SessionId, Stats};

/// The shortest time between two batches of one sender, milliseconds: a frame of the screen.
pub const BATCH_MS: u32 = 16;

/// From the page to the stack's worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToStack {
    /// A port to the document's worker comes along.
    Document,
    /// Connect to a bridge and stay connected.
    Connect {
        /// `ws://…/relay`.
        url: String,
        /// The bridge's key; never shown and never logged.
        token: String,
        /// The session that this page had before it was reloaded.
        session: Option<SessionId>,
        /// End another page's session if there is one.
        take_over: bool,
    },
    /// Claim an address.
    Claim {
        /// Which.
        addr: Ipv4Addr,
    },
    /// Fetch a page; waits for the claim that is under way.
    Fetch {
        /// Its number.
        fetch: FetchId,
        /// As typed.
        url: String,
    },
    /// End a fetch.
    Cancel {
        /// Which.
        fetch: FetchId,
    },
    /// The page is about to go.
    Goodbye,
}

/// From the stack's worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromStack {
    /// It listens.
    Ready,
    /// The connection to the bridge changed.
    Link(Link),
    /// The claim as the bridge's gate sees it.
    Gate(ClaimState),
    /// A step of our own claim.
    Step {
        /// When, on the worker's clock.
        at: Instant,
        /// Of which address.
        addr: Ipv4Addr,
        /// What.
        step: ClaimStep,
    },
    /// What the session tells. Bodies are not among it: they go to the document's worker.
    Session(SessionEvent),
    /// So many bytes of a body are here.
    Progress {
        /// Of which fetch.
        fetch: FetchId,
        /// Bytes so far.
        received: u64,
    },
    /// The bridge's counters.
    Stats(Stats),
    /// Frames that could not be handed to the bridge since the worker began.
    Unsent(u64),
    /// The stack has the address, but the bridge still does not let it speak.
    GateStuck {
        /// The address.
        addr: Ipv4Addr,
    },
    /// The worker is broken and does nothing more.
    Broken(String),
}

/// The connection to the bridge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Link {
    /// A socket is being opened.
    Connecting,
    /// The bridge has said who it is.
    Open {
        /// What it said.
        hello: Box<BridgeHello>,
        /// Whether a stack with its connections lives on from before.
        resumed: bool,
    },
    /// The socket died; it is tried again.
    Lost {
        /// Why, as far as it is known.
        why: Gone,
        /// When it is tried again, milliseconds from now.
        retry_ms: u32,
    },
    /// The bridge does not want us; nothing is tried again by itself.
    Refused {
        /// Why, and what to do.
        problem: Trouble,
        /// Whether taking the session over would help.
        can_take_over: bool,
    },
    /// The bridge came back without our session: the address and its connections are gone.
    Forgotten,
}

/// From the stack's worker to the document's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Live {
    /// A new run begins: where it takes place.
    Begin {
        /// What the bridge said of itself.
        hello: Box<BridgeHello>,
        /// The worker's clock when it came.
        at: Instant,
    },
    /// A frame that came in.
    Received {
        /// Its id.
        frame: FrameId,
        /// When, by the bridge's clock, nanoseconds since 1970.
        time_ns: u64,
        /// From the destination MAC on.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A frame that went to the bridge; its receipt follows.
    Sent {
        /// Its id.
        frame: FrameId,
        /// When, by the worker's clock.
        at: Instant,
        /// Whether it could be handed to the bridge at all.
        handed: bool,
        /// From the destination MAC on.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// What became of frames that went to the bridge.
    Receipts(Vec<WireReceipt>),
    /// The socket died: frames without a receipt will get none.
    Gone {
        /// When, by the worker's clock.
        at: Instant,
    },
    /// What the stack did.
    Trace(Vec<Record>),
    /// A fetch begins: its body will come.
    BodyBegin {
        /// Which.
        fetch: FetchId,
        /// What `Content-Type` says.
        media_type: Option<String>,
        /// A name for its file.
        name: String,
    },
    /// Bytes of a body.
    Body {
        /// Of which fetch.
        fetch: FetchId,
        /// The bytes.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A body is complete, or will never be.
    BodyEnd {
        /// Of which fetch.
        fetch: FetchId,
    },
}

/// A relay receipt, for serde.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireReceipt {
    /// The frame.
    pub frame: FrameId,
    /// When it was sent, by the bridge's clock, nanoseconds since 1970.
    pub time_ns: u64,
    /// Why the bridge did not send it; none if it did.
    pub refused: Option<Refusal>,
}

impl From<Receipt> for WireReceipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            frame: receipt.id,
            time_ns: receipt.time_ns,
            refused: receipt.outcome.err(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::{decode, encode};

    #[test]
    fn batches_come_out_as_they_went_in() {
        let to_stack = vec![
            ToStack::Document,
            ToStack::Claim {
                addr: Ipv4Addr::new(10, 0, 0, 1),
            },
            ToStack::Fetch {
                fetch: 3,
                url: "http://www.lab.test/ä".into(),
            },
        ];
        assert_eq!(decode(&encode(&to_stack)), Some(to_stack));
        let live = vec![
            Live::Received {
                frame: FrameId::received(7),
                time_ns: u64::MAX,
                bytes: (0..=255).collect(),
            },
            Live::Receipts(vec![WireReceipt {
                frame: FrameId::sent(1),
                time_ns: 5,
                refused: Some(Refusal::GateClosed),
            }]),
        ];
        assert_eq!(decode(&encode(&live)), Some(live));
        let window = vec![ToDocument::Window { y0: 0.5, y1: 1e9 }];
        assert_eq!(decode(&encode(&window)), Some(window));
        let scene = vec![FromDocument::Scene {
            version: 1,
            scene: Box::default(),
        }];
        assert_eq!(decode(&encode(&scene)), Some(scene));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_batch() {
        let batch = vec![ToDocument::Detail { number: 300 }];
        let mut bytes = encode(&batch);
        for cut in 0..bytes.len() {
            assert_eq!(decode::<ToDocument>(&bytes[..cut]), None, "{cut}");
        }
        bytes.push(0);
        assert_eq!(decode::<ToDocument>(&bytes), None);
        assert_eq!(decode::<ToDocument>(&[1, 250]), None);
    }
}
