//! What the page and the document's worker say to each other.

use super::{
    DrawnGraph, GraphRequest, Heights, PlayRequest, Played, ShareRequest, Shared, Told, Trial,
    Write, Written,
};
use crate::page::fetch::Body;
use serde::{Deserialize, Serialize};
use synema_core::app::session::FetchId;
use synema_diagram::detail::Detail;
use synema_diagram::notable::Contents;
use synema_diagram::scene::Scene;
use synema_diagram::strip::Strip;
use synema_diagram::view::View;

/// From the page to the document's worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToDocument {
    /// A port to the stack's worker comes along.
    Stack,
    /// The reader's choices.
    Look(View),
    /// Lay out this part of the ladder, CSS pixels from its top.
    Window {
        /// From.
        y0: f64,
        /// To.
        y1: f64,
    },
    /// The strip's letters from a packet on.
    Strip {
        /// The first packet's number, counted from 1.
        from: u64,
        /// At most so many.
        count: u32,
    },
    /// The whole in so many buckets.
    Overview {
        /// How many.
        buckets: u32,
    },
    /// All about a packet.
    Detail {
        /// Its number, counted from 1.
        number: u64,
    },
    /// A capture file comes along; it is shown instead of the wire.
    Open {
        /// Its name.
        name: String,
    },
    /// What does the file contain?
    Contents,
    /// Read a filter.
    Wanted {
        /// The question's number.
        number: u32,
        /// The expression; empty for all packets.
        text: String,
        /// Whether from now on only what it means is drawn.
        apply: bool,
    },
    /// Make something to be shared.
    Share(ShareRequest),
    /// The document of a link is shown instead of the wire.
    OpenLink {
        /// What stood in the link.
        text: String,
    },
    /// Draw the packets of a folded arrow each by itself, or a run as one again.
    Unfold {
        /// One of them.
        packet: u64,
        /// Whether each is drawn by itself.
        on: bool,
    },
    /// Draw a graph.
    Graph(GraphRequest),
    /// Which packet is drawn nearest to here in the graph?
    GraphPick {
        /// CSS pixels from its left.
        x: f64,
        /// CSS pixels from its top.
        y: f64,
    },
    /// Write on what is shown.
    Write(Write),
    /// Which experiments are there?
    Catalogue,
    /// Play an experiment; its run is shown instead of the wire.
    Play(PlayRequest),
    /// Show this run beside the one that is shown, or none.
    Compare(Option<Trial>),
    /// Something that concerns the run beside.
    Beside(Box<ToDocument>),
    /// Show the wire again.
    ShowWire,
    /// Make a pcapng of what is shown.
    Download,
    /// Make a file of a body.
    SaveBody {
        /// Of which fetch.
        fetch: FetchId,
    },
}

/// From the document's worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromDocument {
    /// It listens.
    Ready,
    /// The document changed, or another is shown.
    Extent(Extent),
    /// A part of the ladder.
    Scene {
        /// The document's version that it was laid out from.
        version: u64,
        /// What is to be drawn.
        scene: Box<Scene>,
    },
    /// Letters of the strip.
    Strip {
        /// The document's version that they were taken from.
        version: u64,
        /// The letters.
        strip: Strip,
    },
    /// The whole at a glance, in parts of equal height: packets, and troubles among them.
    Overview(Vec<[u32; 2]>),
    /// All about a packet; none if there is no such packet.
    Detail {
        /// Its number.
        number: u64,
        /// All about it.
        detail: Option<Box<Detail>>,
        /// Where its row is in the ladder.
        row: Option<(f64, f64)>,
        /// Its conversation, if it is TCP.
        stream: Option<u32>,
        /// When it was, ns since the first packet.
        at_ns: u64,
    },
    /// A file was opened, perhaps not to its end.
    Opened {
        /// Its name.
        name: String,
        /// What was wrong with it from some packet on.
        partly: Option<String>,
        /// What was passed over on the way: how many things, and the first of them.
        passed_over: Option<(u64, String)>,
    },
    /// What the file contains.
    Contents(Box<Contents>),
    /// What is to be shared.
    Shared {
        /// The question's number.
        number: u32,
        /// What came of it.
        shared: Shared,
    },
    /// A link could not be opened.
    LinkFailed {
        /// Why not.
        why: String,
    },
    /// A graph, or why there is none.
    Graph(Result<DrawnGraph, String>),
    /// The packet that was picked in the graph.
    Picked(u64),
    /// What is written on what is shown.
    Written(Box<Written>),
    /// A filter was read.
    Wanted {
        /// The question's number.
        number: u32,
        /// The expression by which is drawn from now on, if that changed.
        applied: Option<String>,
        /// What is wrong with it.
        problem: Option<FilterProblem>,
    },
    /// All experiments, in the order in which they are told.
    Catalogue(Vec<Told>),
    /// An experiment was played.
    Played(Box<Played>),
    /// Something that concerns the run beside.
    Beside(Box<FromDocument>),
    /// An experiment could not be played.
    PlayFailed {
        /// The question's number.
        number: u32,
        /// Why not, and what to do.
        why: String,
    },
    /// Where the moments of the run are in the ladder that is drawn now.
    Heights(Heights),
    /// A file could not be opened.
    OpenFailed {
        /// Its name.
        name: String,
        /// Why not.
        why: String,
    },
    /// A body is complete.
    Body {
        /// Of which fetch.
        fetch: FetchId,
        /// What is known of it.
        body: Body,
    },
    /// A file to be saved; its `Blob` comes along.
    File {
        /// The name to propose.
        name: String,
    },
    /// A file could not be made.
    FileFailed {
        /// Why not.
        why: String,
    },
    /// The worker is broken and does nothing more.
    Broken(String),
}

/// What is wrong with a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterProblem {
    /// The first byte of the text that is meant.
    pub from: u32,
    /// The byte after the last.
    pub to: u32,
    /// In words, with what to write instead.
    pub what: String,
}

/// How large the document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Changes with every change of the document or of the choices.
    pub version: u64,
    /// All packets.
    pub packets: u64,
    /// Those that are drawn: what the filter and the choice of a conversation mean.
    pub shown: u64,
    /// Height of the whole ladder, CSS pixels.
    pub height: f64,
    /// Packets whose payload was let go to save memory.
    pub let_go: u64,
    /// Frames that the capture lacks, though the bridge received them.
    pub missing: u64,
}
