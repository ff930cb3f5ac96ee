//! The reader is the stack: the segment that is written, the moves, and how a link tells them.
//! Pure.
//!
//! ```text
//!   &m=S.0.0.0.65535.1460_A.1.1.0.65535_w1000_w
//!      flags seq ack len window mss     waits 1 s, waits for the server
//! ```

use super::Then;
use crate::page::state::{Effect, State};
use std::fmt::Write;
use synema_core::time::Duration;
use synema_core::wire::tcp::Flags;
use synema_sim::experiment::by_hand::{Move, Segment};

/// No more moves than this are made, or read from a link.
pub const MOST_MOVES: usize = 200;
/// The largest segment that can be written, bytes.
pub const MOST_LEN: u32 = 1_460;
/// Ethernet's 1500 bytes without both headers.
const MSS: u16 = 1_460;
/// The flags that can be chosen, and their letters in links.
pub const FLAGS: [(Flags, &str, char); 5] = [
    (Flags::SYN, "SYN", 'S'),
    (Flags::ACK, "ACK", 'A'),
    (Flags::PSH, "PSH", 'P'),
    (Flags::FIN, "FIN", 'F'),
    (Flags::RST, "RST", 'R'),
];

/// The segment that the reader writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft(pub Segment);

impl Default for Draft {
    fn default() -> Self {
        Self(Segment {
            flags: Flags::NONE,
            seq: 0,
            ack: 0,
            len: 0,
            window: u16::MAX,
            mss: None,
        })
    }
}

/// What is done by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// A flag is set, or no longer.
    Flag(Flags),
    /// Another sequence number.
    Seq(i64),
    /// Another acknowledgment.
    Ack(i64),
    /// Another length, bytes.
    Len(u32),
    /// Another window, bytes.
    Window(u16),
    /// The MSS option is there, or no longer.
    Mss,
    /// The form is filled with what a right stack would send.
    Suggest,
    /// The segment goes out.
    Send,
    /// Time passes.
    Wait(Duration),
    /// Until the server sends something.
    WaitForServer,
    /// The last move is taken back.
    TakeBack,
    /// All moves are.
    StartOver,
}

impl State {
    pub(super) fn by_hand(&mut self, deed: ByHand) -> Vec<Effect> {
        let playing = &mut self.playing;
        let draft = &mut playing.draft.0;
        let moves = &mut playing.trial.moves;
        match deed {
            ByHand::Flag(flag) => {
                draft.flags = Flags::from_bits(draft.flags.bits() ^ flag.bits());
                return Vec::new();
            }
            ByHand::Seq(seq) => draft.seq = seq,
            ByHand::Ack(ack) => draft.ack = ack,
            ByHand::Len(len) => draft.len = len.min(MOST_LEN),
            ByHand::Window(window) => draft.window = window,
            ByHand::Mss => draft.mss = draft.mss.xor(Some(MSS)),
            ByHand::Suggest => {
                let hand = playing.run.as_ref().and_then(|run| run.hand.as_ref());
                if let Some(proposal) = hand.and_then(|hand| hand.proposal.as_ref()) {
                    *draft = proposal.segment;
                }
            }
            ByHand::Send => {
                let segment = *draft;
                return self.makes(Move::Send(segment));
            }
            ByHand::Wait(time) => return self.makes(Move::Wait(time)),
            ByHand::WaitForServer => return self.makes(Move::WaitForServer),
            ByHand::TakeBack => {
                moves.pop();
                return self.plays_anew();
            }
            ByHand::StartOver => {
                moves.clear();
                return self.plays_anew();
            }
        }
        Vec::new()
    }

    fn makes(&mut self, step: Move) -> Vec<Effect> {
        let playing = &mut self.playing;
        if playing.trial.moves.len() >= MOST_MOVES {
            return Vec::new();
        }
        playing.trial.moves.push(step);
        self.plays_anew()
    }

    /// The same game with other moves at its end: what it brings is seen from there on.
    fn plays_anew(&mut self) -> Vec<Effect> {
        let playing = &mut self.playing;
        let end = playing.run.as_ref().map_or(0.0, |run| run.track.end());
        playing.rest_at(end);
        playing.differs = None;
        playing.then = Then::Stays;
        playing.ask().into_iter().collect()
    }
}

/// Moves as a link tells them.
pub fn write(moves: &[Move]) -> String {
    let mut text = String::new();
    for step in moves {
        if !text.is_empty() {
            text.push('_');
        }
        // Writing into a String cannot fail.
        let _ = match step {
            Move::WaitForServer => write!(text, "w"),
            Move::Wait(time) => write!(text, "w{}", time.as_millis()),
            Move::Send(segment) => {
                let set = FLAGS
                    .iter()
                    .filter(|(flag, ..)| segment.flags.contains(*flag));
                text.extend(set.map(|(.., letter)| letter));
                let Segment {
                    seq,
                    ack,
                    len,
                    window,
                    mss,
                    ..
                } = segment;
                let mss = mss.map_or_else(String::new, |mss| format!(".{mss}"));
                write!(text, ".{seq}.{ack}.{len}.{window}{mss}")
            }
        };
    }
    text
}

/// The moves that a link tells; what cannot be read ends them.
pub fn read(text: &str) -> Vec<Move> {
    let steps = text.split('_').map_while(step).take(MOST_MOVES);
    steps.collect()
}

fn step(text: &str) -> Option<Move> {
    if let Some(wait) = text.strip_prefix('w') {
        return match wait {
            "" => Some(Move::WaitForServer),
            // An hour at the most.
            ms => Some(Move::Wait(Duration::from_millis(
                ms.parse::<u64>().ok()?.min(3_600_000),
            ))),
        };
    }
    let mut parts = text.split('.');
    let mut flags = Flags::NONE;
    for letter in parts.next()?.chars() {
        let (flag, ..) = FLAGS.iter().find(|(.., known)| *known == letter)?;
        flags |= *flag;
    }
    let mut number = || parts.next();
    Some(Move::Send(Segment {
        flags,
        seq: number()?.parse().ok()?,
        ack: number()?.parse().ok()?,
        len: number()?.parse::<u32>().ok()?.min(MOST_LEN),
        window: number()?.parse().ok()?,
        mss: match number() {
            Some(mss) => Some(mss.parse().ok()?),
            None => None,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_read_as_they_were_written() {
        let segment = |flags, seq, mss| Segment {
            flags,
            seq,
            ack: 7,
            len: 78,
            window: 512,
            mss,
        };
        let moves = [
            Move::Send(segment(Flags::SYN, 0, Some(1_460))),
            Move::Send(segment(Flags::PSH | Flags::ACK, -3, None)),
            Move::Send(segment(Flags::NONE, 1, None)),
            Move::Wait(Duration::from_millis(1_000)),
            Move::WaitForServer,
        ];
        let text = write(&moves);
        assert_eq!(text, "S.0.7.78.512.1460_AP.-3.7.78.512_.1.7.78.512_w1000_w");
        assert_eq!(read(&text), moves);
    }

    #[test]
    fn what_is_no_move_ends_them() {
        assert_eq!(read("w_S.x.0.0.0_w"), [Move::WaitForServer]);
        assert_eq!(read(""), []);
        assert_eq!(read("X.1.1.1.1"), []);
        let far = "w99999999999";
        assert_eq!(read(far), [Move::Wait(Duration::from_secs(3_600))]);
    }
}
