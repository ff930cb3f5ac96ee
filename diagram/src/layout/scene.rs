//! What is to be drawn: plain values with semantic classes, no colours.
//!
//! [`render::svg`](crate::render) and the web page draw from the same
//! [`Scene`]. All lengths are CSS pixels. `x` runs from the drawing's left
//! edge; `y` from the top of the *whole* document's first row, so that a window
//! `y0..y1` of a long capture is drawn with `viewBox="0 y0 width (y1-y0)"` and
//! an arrow keeps its coordinates while the page scrolls. The lane heads have
//! coordinates of their own ([`Scene::head_height`]); they stay in sight.
//!
//! ```text
//!  ┌──────────────── width ───────────────┐
//!  │        this page          server     │  heads: y in 0..head_height
//!  ├──────────────────────────────────────┤ ─ y = 0
//!  │  0.0  SYN-SENT ┃──label──►┃          │
//!  │  tick   state  ┃◄──label──┃ state    │  rows: y in window.0..window.1
//!  │ ≈≈≈≈≈≈≈≈≈≈≈≈≈≈ gap ≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈ │
//! ```
//!
//! Draw in the order of the fields: later ones lie on top. Whoever draws gives
//! every text the class `label`: no two of them intersect and none leaves
//! `0..width`; that was seen to when the scene was laid out.

mod marks;

pub use marks::{Bracket, BracketKind, Card, Hidden};

use crate::annotate::HostAddress;
use crate::view::{Axis, LabelMode};
use serde::{Deserialize, Serialize};
use synema_core::trace::{Cause, FrameId, TcpState, TimerKind};

/// A window of the ladder, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// The drawing's width.
    pub width: f64,
    /// The ladder's part of it: without the notes' column at the right.
    pub ladder_width: f64,
    /// The whole document's height, without the heads.
    pub height: f64,
    /// The part of `0..height` that is here: what touches it is in the lists.
    pub window: (f64, f64),
    /// Height of the lane heads.
    pub head_height: f64,
    /// Width of one character of the monospaced face that labels are set in.
    pub char_width: f64,
    /// Height of a line of that face.
    pub line_height: f64,
    /// How time became height.
    pub axis: Axis,
    /// How labels are worded.
    pub labels: LabelMode,
    /// What the ticks say: `ms, page's clock`. In the heads' coordinates.
    pub clock: Label,
    /// What the ticks at the right say, where the other end's times are known.
    pub far_clock: Option<Label>,
    /// The lanes, from left to right.
    pub lanes: Vec<Lane>,
    /// Ranges of time that somebody wrote a note on, to be drawn below all else.
    pub periods: Vec<Band>,
    /// The rows of packets that are to catch the eye.
    pub highlights: Vec<Band>,
    /// The row of the selected packet, to be drawn below all else.
    pub selection: Option<Band>,
    /// TCP states as bars along the lanes.
    pub states: Vec<StateBar>,
    /// Silences that were cut out.
    pub gaps: Vec<Gap>,
    /// Times at the left edge, and where the other end's are known, at the right.
    pub ticks: Vec<Label>,
    /// Timers beside a lane.
    pub timers: Vec<Timer>,
    /// Stretches of time at the edges.
    pub brackets: Vec<Bracket>,
    /// Where packets are not shown.
    pub hidden: Vec<Hidden>,
    /// Notes, in a column at the right, or below the ladder where that is narrow.
    pub cards: Vec<Card>,
    /// The packets, earliest departure first.
    pub arrows: Vec<Arrow>,
    /// How many packets of this window are not in `arrows`, because more than
    /// the eye could tell apart lie at the same height (only on
    /// [`Axis::Linear`]).
    pub arrows_left_out: u64,
}

/// A point, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the drawing's left.
    pub x: f64,
    /// From the top of the first row.
    pub y: f64,
}

/// A horizontal band across all lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Upper edge.
    pub y0: f64,
    /// Lower edge.
    pub y1: f64,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// `page`, `router`, `dns`, `server`, `server-2`, ..., `host`, `host-2`, ...:
    /// unique, and stable while the capture grows.
    pub id: String,
    /// The address of its host, by which it is named and written on; none for a
    /// lane that several share.
    pub address: Option<HostAddress>,
    /// Where its line runs.
    pub x: f64,
    /// The whole name (or address) for assistive technology.
    pub title: String,
    /// The head's lines, cut to fit, in the heads' coordinates: name, address,
    /// note. Their roles tell which is which.
    pub head: Vec<Label>,
}

/// Whether something is known or was concluded from what was seen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Certainty {
    /// Known: draw it firmly.
    #[default]
    Firm,
    /// Concluded or estimated: draw it lighter.
    Inferred,
}

/// A line of text. `(x, y)` is on its baseline at the [`Anchor`]; the baseline
/// runs along `(cos, sin)`, so `transform="matrix(cos sin -sin cos x y)"` sets
/// it ([`Label::transform`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The text; one line, nothing in it needs more than XML escaping.
    pub text: String,
    /// Where the anchor is.
    pub x: f64,
    /// Where the baseline is.
    pub y: f64,
    /// The baseline's direction: cosine of its angle.
    pub cos: f64,
    /// The baseline's direction: sine of its angle; positive runs downwards.
    pub sin: f64,
    /// Which of its points `(x, y)` is.
    pub anchor: Anchor,
    /// Its length along the baseline, by the metrics it was laid out with.
    pub width: f64,
    /// What it is.
    pub role: LabelRole,
    /// Whether it speaks of something known.
    pub certainty: Certainty,
}

impl Label {
    /// The SVG `transform` that puts a text's origin and direction in place.
    pub fn transform(&self) -> String {
        format!(
            "matrix({:.4} {:.4} {:.4} {:.4} {:.2} {:.2})",
            self.cos, self.sin, -self.sin, self.cos, self.x, self.y
        )
    }

    /// The SVG `text-anchor`.
    pub const fn text_anchor(&self) -> &'static str {
        match self.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// Which point of a text is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Anchor {
    /// Its beginning.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// What a text is: tells the face, the size and the weight, never the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LabelRole {
    /// Rides on an arrow: monospaced, in the arrow's colour.
    #[default]
    Arrow,
    /// A lane's name: the text face, bold.
    LaneName,
    /// A lane's address: monospaced.
    LaneAddress,
    /// A lane's note: monospaced, quiet.
    LaneNote,
    /// A state's name: the text face, small, letters apart.
    State,
    /// A time: monospaced, quiet.
    Tick,
    /// What the times are: small, quiet.
    Clock,
    /// A silence: the text face, in the colour of retransmissions.
    Gap,
    /// A timer: the text face, small, in the colour of retransmissions.
    Timer,
    /// A stretch of time: the text face, small, quiet.
    Bracket,
    /// What a note is on: the text face, small, bold.
    NoteHead,
    /// A line of a note: the text face, small.
    Note,
    /// How many packets are hidden: the text face, small, quiet.
    Hidden,
    /// What the whole is called: the text face, large, bold.
    Title,
    /// What the whole is about: the text face.
    Summary,
}

impl LabelRole {
    /// Its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Arrow => "on-arrow",
            Self::LaneName => "lane-name",
            Self::LaneAddress => "lane-address",
            Self::LaneNote => "lane-note",
            Self::State => "state-name",
            Self::Tick => "tick",
            Self::Clock => "clock",
            Self::Gap => "gap-text",
            Self::Timer => "timer-text",
            Self::Bracket => "bracket-text",
            Self::NoteHead => "note-head",
            Self::Note => "note-text",
            Self::Hidden => "hidden-text",
            Self::Title => "title-text",
            Self::Summary => "summary-text",
        }
    }

    /// The size of its face relative to the size that
    /// [`Metrics::char_width`](crate::view::Metrics::char_width) is for.
    pub const fn scale(self) -> f64 {
        match self {
            Self::Title => 1.4,
            Self::LaneName => 1.2,
            Self::Summary => 1.0,
            Self::Arrow | Self::LaneAddress | Self::LaneNote | Self::Gap | Self::Tick => 1.0,
            Self::State
            | Self::Clock
            | Self::Timer
            | Self::Bracket
            | Self::NoteHead
            | Self::Note
            | Self::Hidden => 0.9,
        }
    }
}

/// What a packet is, the colour's meaning. Never shown by colour alone: see
/// [`Kind::dash`], [`Kind::tail`] and the label's words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Kind {
    /// Carries a SYN.
    Syn,
    /// Carries a FIN (and perhaps data).
    Fin,
    /// Carries data.
    Data,
    /// Acknowledges and nothing else.
    Ack,
    /// Resets.
    Rst,
    /// Carries again what was sent before.
    Retransmission,
    /// ARP.
    Arp,
    /// A name is asked for or told.
    Dns,
    /// ICMP.
    Icmp,
    /// Anything else.
    #[default]
    Other,
}

impl Kind {
    /// All of them, for legends.
    pub const ALL: [Self; 10] = [
        Self::Syn,
        Self::Fin,
        Self::Data,
        Self::Ack,
        Self::Rst,
        Self::Retransmission,
        Self::Arp,
        Self::Dns,
        Self::Icmp,
        Self::Other,
    ];

    /// Its CSS class, and the value of `data-kind`.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::Fin => "fin",
            Self::Data => "data",
            Self::Ack => "ack",
            Self::Rst => "rst",
            Self::Retransmission => "retransmission",
            Self::Arp => "arp",
            Self::Dns => "dns",
            Self::Icmp => "icmp",
            Self::Other => "other",
        }
    }

    /// What stands where its line begins.
    pub const fn tail(self) -> Tail {
        match self {
            Self::Syn => Tail::Dot,
            Self::Fin => Tail::Bar,
            Self::Rst => Tail::Diamond,
            Self::Data
            | Self::Ack
            | Self::Retransmission
            | Self::Arp
            | Self::Dns
            | Self::Icmp
            | Self::Other => Tail::Plain,
        }
    }

    /// Its line's width.
    pub const fn stroke_width(self) -> f64 {
        match self {
            Self::Data | Self::Retransmission => 2.0,
            Self::Syn | Self::Fin | Self::Rst => 1.6,
            Self::Ack | Self::Arp | Self::Dns | Self::Icmp | Self::Other => 1.2,
        }
    }

    /// Its line's `stroke-dasharray`; empty for a line without breaks.
    pub const fn dash(self) -> &'static str {
        match self {
            Self::Retransmission => "7 4",
            Self::Arp | Self::Dns => "2 3",
            Self::Icmp => "6 2 1 2",
            Self::Other => "4 2",
            Self::Syn | Self::Fin | Self::Data | Self::Ack | Self::Rst => "",
        }
    }
}

/// What stands where an arrow begins, so that its kind is told without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tail {
    /// Nothing.
    Plain,
    /// A full dot: something begins.
    Dot,
    /// A bar across the line: something ends.
    Bar,
    /// A full diamond: something is cut.
    Diamond,
}

/// A packet on its way from one lane to another (or towards it).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrow {
    /// The packet's number in the document, counted from 1 as Wireshark does.
    /// A ghost has the number of the packet that revealed it.
    pub number: u64,
    /// The frame's id; none for a ghost.
    pub frame: Option<FrameId>,
    /// What it is.
    pub kind: Kind,
    /// Seen, or concluded from the packets around it (a ghost: dashed, lighter).
    pub certainty: Certainty,
    /// Index into [`Scene::lanes`] of the sender.
    pub from: u16,
    /// Index into [`Scene::lanes`] of the lane at its tip. For
    /// [`ArrowEnd::Everyone`] the farthest lane on the link.
    pub to: u16,
    /// Where it departs.
    pub tail: Point,
    /// Where it arrives, or ends otherwise (`end`).
    pub tip: Point,
    /// Whether the departure's time is known.
    pub departure: Certainty,
    /// Whether the arrival's time is known.
    pub arrival: Certainty,
    /// How it ends.
    pub end: ArrowEnd,
    /// Whether its slope was shortened: more lay between departure and arrival
    /// than fits a screen. Draw a short break in its middle.
    pub shortened: bool,
    /// Its label; none where there was no room (the title says it all).
    pub label: Option<Label>,
    /// One sentence for a tooltip and for assistive technology.
    pub title: String,
    /// What the numbers are, when it is TCP.
    pub tcp: Option<ArrowTcp>,
    /// Why it was sent, where the trace says.
    pub cause: Option<Cause>,
    /// Whether it belongs to the conversation of the selected packet, or
    /// nothing is selected.
    pub in_focus: bool,
    /// The packets that it stands for, where that is a run of alike ones: draw it
    /// thick, with a stack of three short bars in its middle.
    pub fold: Option<Fold>,
}

/// Packets of one conversation that go one way, drawn as one arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// The number of the first of them, counted from 1.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// How many they are; those of the other way lie between them.
    pub packets: u64,
    /// Bytes of data that they carry; 0 for ACKs.
    pub bytes: u64,
}

impl Arrow {
    /// How firmly the line is drawn: lighter if an end is estimated.
    pub fn line_certainty(&self) -> Certainty {
        self.departure.max(self.arrival).max(self.certainty)
    }
}

/// How an arrow ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArrowEnd {
    /// At the other lane: an arrowhead.
    #[default]
    Arrives,
    /// On the way: a red cross at the tip.
    Lost,
    /// The bridge refused to send it: a red bar at the tip, near the sender.
    Refused,
    /// It arrived and was dropped there: an arrowhead, and a small cross.
    Dropped,
    /// Broadcast: a small open circle at every lane it passes, and at the tip.
    Everyone,
}

impl ArrowEnd {
    /// Its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Arrives => "arrives",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
            Self::Everyone => "everyone",
        }
    }
}

/// A segment's numbers, as the labels have them (relative).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrowTcp {
    /// `SYN`, `SYN ACK`, `ACK`, `PSH ACK`, `FIN ACK`, ...
    pub flags: String,
    /// Relative sequence number.
    pub seq: u64,
    /// Relative acknowledgment number; none without the ACK flag.
    pub ack: Option<u64>,
    /// Bytes of data.
    pub len: u32,
}

/// A TCP state, as long as it lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateBar {
    /// Index into [`Scene::lanes`].
    pub lane: u16,
    /// Which conversation.
    pub stream: u32,
    /// The state.
    pub state: TcpState,
    /// The bar's middle.
    pub x: f64,
    /// The bar's width.
    pub width: f64,
    /// Where the state begins (perhaps above the window).
    pub y0: f64,
    /// Where it ends (perhaps below the window).
    pub y1: f64,
    /// Whether the trace told it, or it was concluded from the packets.
    pub certainty: Certainty,
    /// Its name, once, where it begins; none where there was no room.
    pub label: Option<Label>,
}

impl StateBar {
    /// The CSS class of its colour group.
    pub const fn class(&self) -> &'static str {
        match self.state {
            TcpState::Closed | TcpState::Listen => "idle",
            TcpState::SynSent | TcpState::SynReceived => "opening",
            TcpState::Established => "open",
            TcpState::FinWait1
            | TcpState::FinWait2
            | TcpState::CloseWait
            | TcpState::Closing
            | TcpState::LastAck => "closing",
            TcpState::TimeWait => "waiting",
        }
    }
}

/// A silence that was cut out of the time axis; crosses all lanes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Upper edge.
    pub y0: f64,
    /// Lower edge.
    pub y1: f64,
    /// How long it is, and what was being waited for; none where there was no
    /// room (`title` says it).
    pub label: Option<Label>,
    /// The same as one sentence.
    pub title: String,
}

/// A timer that runs beside a lane: an open dot where it is armed, a dotted
/// line, and at its end a full dot (fired), a bar (stopped), or nothing (still
/// running).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Index into [`Scene::lanes`].
    pub lane: u16,
    /// Which.
    pub kind: TimerKind,
    /// Where the line runs.
    pub x: f64,
    /// Where it was armed.
    pub y0: f64,
    /// Where it ended, or the last thing that happened while it ran.
    pub y1: f64,
    /// How it ended.
    pub end: TimerEnd,
    /// `RTO armed`, at `y0`; none where there was no room.
    pub armed: Option<Label>,
    /// `fired`, at `y1`.
    pub ended: Option<Label>,
    /// One sentence.
    pub title: String,
}

/// How a timer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimerEnd {
    /// It still runs.
    #[default]
    Running,
    /// It ran out.
    Fired,
    /// It was stopped.
    Stopped,
}
