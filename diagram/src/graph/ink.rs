//! What lines and marks mean, and how each meaning looks.

use crate::layout::scene::Certainty;
use crate::words::Language;
use serde::{Deserialize, Serialize};

/// What lines and marks mean. Never told by colour alone: see [`Ink::look`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ink {
    /// What the receiver acknowledged.
    Acked,
    /// How far its window reaches.
    WindowEnd,
    /// Arrived out of order, as SACK tells.
    Sacked,
    /// Data.
    Data,
    /// Data that came later than what follows it.
    Late,
    /// Data that was sent again.
    Again,
    /// Data that was lost on its way.
    Lost,
    /// Data that must have been lost before the capture saw it.
    Unseen,
    /// A duplicate ACK.
    Duplicate,
    /// The window is closed.
    Closed,
    /// SYN.
    Syn,
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// All bytes on the wire.
    Throughput,
    /// Bytes that were acknowledged for the first time.
    Goodput,
    /// The retransmission timeout.
    Rto,
    /// The smoothed round trip.
    Srtt,
    /// A round trip.
    Trip,
    /// The peer's window.
    PeerWindow,
    /// The slow-start threshold.
    Ssthresh,
    /// The congestion window.
    Cwnd,
    /// Bytes that were sent and are not acknowledged.
    Flight,
    /// The window that is offered.
    Offered,
}

/// How an ink looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Its line's or bar's width.
    pub width: f64,
    /// Its `stroke-dasharray`; empty for a line without breaks.
    pub dash: &'static str,
    /// What a mark of it is.
    pub shape: Shape,
    /// Whether what it says is known.
    pub certainty: Certainty,
}

/// What a mark is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bar.
    Bar,
    /// A bar with a short line across each end.
    Beam,
    /// A bar, and a cross at its right.
    CrossedBar,
    /// A full dot; a bar where many stand above each other.
    Dot,
    /// A short line downwards.
    Tick,
    /// A full diamond.
    Diamond,
    /// An open diamond.
    OpenDiamond,
    /// An open circle.
    Circle,
    /// A square with a cross in it.
    CrossedSquare,
    /// No mark: a line.
    Line,
}

impl Ink {
    /// All of them, those that are drawn first first.
    pub const ALL: [Self; 23] = [
        Self::Acked,
        Self::WindowEnd,
        Self::Sacked,
        Self::Data,
        Self::Late,
        Self::Again,
        Self::Lost,
        Self::Unseen,
        Self::Duplicate,
        Self::Closed,
        Self::Syn,
        Self::Fin,
        Self::Rst,
        Self::Throughput,
        Self::Goodput,
        Self::Rto,
        Self::Srtt,
        Self::Trip,
        Self::PeerWindow,
        Self::Ssthresh,
        Self::Cwnd,
        Self::Flight,
        Self::Offered,
    ];

    /// Its CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Acked => "acked",
            Self::WindowEnd => "window-end",
            Self::Data => "data",
            Self::Late => "late",
            Self::Again => "again",
            Self::Lost => "lost",
            Self::Unseen => "unseen",
            Self::Sacked => "sacked",
            Self::Duplicate => "duplicate",
            Self::Closed => "closed",
            Self::Syn => "syn",
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Throughput => "throughput",
            Self::Goodput => "goodput",
            Self::Rto => "rto",
            Self::Srtt => "srtt",
            Self::Trip => "trip",
            Self::PeerWindow => "peer-window",
            Self::Ssthresh => "ssthresh",
            Self::Cwnd => "cwnd",
            Self::Flight => "flight",
            Self::Offered => "offered",
        }
    }

    /// What the legend says of it.
    pub const fn words(self, language: Language) -> &'static str {
        match self {
            Self::Acked => language.pick("acknowledged", "確認応答済み"),
            Self::WindowEnd => language.pick("window's end", "ウィンドウの端"),
            Self::Data => language.pick("data", "データ"),
            Self::Late => language.pick("O out of order", "O 順序外"),
            Self::Again => language.pick("R sent again", "R 再送"),
            Self::Lost => language.pick("lost", "損失"),
            Self::Unseen => language.pick("lost before the capture", "キャプチャの手前で損失"),
            Self::Sacked => language.pick("taken before its turn (SACK)", "先に届いた分 (SACK)"),
            Self::Duplicate => language.pick("duplicate ACK", "重複 ACK"),
            Self::Closed => language.pick("Z window closed", "Z ウィンドウ閉塞"),
            Self::Syn => "SYN",
            Self::Fin => "FIN",
            Self::Rst => "RST",
            Self::Throughput => {
                language.pick("on the wire, headers and all", "回線上（ヘッダー込み）")
            }
            Self::Goodput => language.pick("new data acknowledged", "新たに確認応答されたデータ"),
            Self::Rto => language.pick(
                "RTO, when the timer would run out",
                "RTO（タイマーが切れる時点）",
            ),
            Self::Srtt => language.pick("SRTT, smoothed", "SRTT（平滑値）"),
            Self::Trip => language.pick("from data to its ACK", "データから ACK まで"),
            Self::PeerWindow => language.pick("the peer's window", "相手のウィンドウ"),
            Self::Ssthresh => "ssthresh",
            Self::Cwnd => "cwnd",
            Self::Flight => language.pick("in flight", "未確認"),
            Self::Offered => language.pick("offered", "提示された量"),
        }
    }

    /// The letter at a mark, if it has one.
    pub const fn letter(self) -> Option<char> {
        match self {
            Self::Late => Some('O'),
            Self::Again => Some('R'),
            Self::Closed => Some('Z'),
            _ => None,
        }
    }

    /// Whether the picture is made high enough for it whatever it takes. Another ink
    /// gets up to three times the room; beyond, it is cut off and the note says so.
    pub(super) const fn is_main(self) -> bool {
        !matches!(
            self,
            Self::WindowEnd | Self::Rto | Self::PeerWindow | Self::Ssthresh | Self::Cwnd
        )
    }

    /// How it looks.
    pub const fn look(self) -> Look {
        let (width, dash, shape) = match self {
            Self::Acked => (1.2, "4 3", Shape::Line),
            Self::WindowEnd => (1.2, "1 3", Shape::Line),
            Self::Data => (2.0, "", Shape::Bar),
            Self::Late => (3.2, "3 1", Shape::Bar),
            Self::Again => (3.2, "", Shape::Bar),
            Self::Lost | Self::Unseen => (2.6, "2 1.5", Shape::CrossedBar),
            Self::Sacked => (1.2, "", Shape::Beam),
            Self::Duplicate => (1.2, "", Shape::Tick),
            Self::Closed => (1.4, "", Shape::Circle),
            Self::Syn => (1.2, "", Shape::Diamond),
            Self::Fin => (1.4, "", Shape::OpenDiamond),
            Self::Rst => (1.4, "", Shape::CrossedSquare),
            Self::Throughput | Self::Flight | Self::Offered => (1.6, "", Shape::Line),
            Self::Goodput | Self::Cwnd => (1.6, "6 3", Shape::Line),
            Self::Rto | Self::Ssthresh => (1.2, "1 3", Shape::Line),
            Self::Srtt => (1.4, "", Shape::Line),
            Self::Trip => (1.6, "", Shape::Dot),
            Self::PeerWindow => (1.2, "7 2 1 2", Shape::Line),
        };
        let certainty = match self {
            Self::Unseen => Certainty::Inferred,
            _ => Certainty::Firm,
        };
        Look {
            width,
            dash,
            shape,
            certainty,
        }
    }
}
