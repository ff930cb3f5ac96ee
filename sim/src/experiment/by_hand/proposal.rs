//! What a right stack would send now, for whoever is stuck.

use super::ledger::Ledger;
use super::{Segment, Text};
use serde::{Deserialize, Serialize};
use synema_core::wire::tcp::Flags;

/// How long the request is, bytes.
const REQUEST_LEN: u32 = 78;
/// One past the last byte of the answer: 110, 120, 200 and 500 bytes from number 1 on.
const ANSWER_END: i64 = 931;
const WINDOW: u16 = 65_535;
/// Ethernet's 1500 bytes without both headers.
const MSS: u16 = 1_460;

/// A segment, and why it would be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The segment.
    pub segment: Segment,
    /// Why.
    pub why: Text,
}

/// The segment that is due; none while it is the server's turn.
pub(super) fn proposal(ledger: &Ledger) -> Option<Proposal> {
    let segment = |flags, len| Segment {
        flags,
        seq: ledger.next,
        ack: ledger.wanted,
        len,
        window: WINDOW,
        mss: None,
    };
    let propose = |segment, en: &str, ja: &str| {
        let why = Text::new(en, ja);
        Some(Proposal { segment, why })
    };
    if ledger.is_cut {
        return None;
    }
    if !ledger.has_called {
        let syn = Segment {
            ack: 0,
            mss: Some(MSS),
            ..segment(Flags::SYN, 0)
        };
        return propose(
            syn,
            "A SYN opens the connection: it says where your numbers begin.",
            "SYN で接続を開きます。番号がどこから始まるかを告げます。",
        );
    }
    ledger.irs?;
    if ledger.acknowledged < ledger.wanted {
        let (en, ja) = match ledger.wanted {
            1 => (
                "The server's SYN wants an ACK: it took number 0, so 1 is wanted next.",
                "サーバーの SYN には ACK が要ります。0 を使ったので、次に欲しいのは 1 です。",
            ),
            _ => (
                "What came wants an ACK: it names the byte that is wanted next.",
                "届いたものには ACK を返します。次に欲しいバイトを告げます。",
            ),
        };
        return propose(segment(Flags::ACK, 0), en, ja);
    }
    if ledger.next == 1 {
        return propose(
            segment(Flags::PSH | Flags::ACK, REQUEST_LEN),
            "The connection is open: ask for something.",
            "接続が開きました。何か頼みましょう。",
        );
    }
    (ledger.wanted >= ANSWER_END && ledger.own_fin.is_none()).then(|| Proposal {
        segment: segment(Flags::FIN | Flags::ACK, 0),
        why: Text::new(
            "All 930 bytes are here, and you have nothing more to say: FIN.",
            "930 バイトが全部届き、もう言うこともありません。FIN です。",
        ),
    })
}
