//! What a segment was, with the names and meanings of tshark's
//! `tcp.analysis.*`.

use serde::{Deserialize, Serialize};

/// A set of verdicts on one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Verdicts(u16);

macro_rules! verdicts {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $word:literal;)*) => {
        impl Verdicts {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
            const NAMES: &[(Self, &'static str)] = &[$((Self::$name, $word),)*];
        }
    };
}

// In the alphabetical order of their names.
verdicts! {
    /// Acknowledges data that the capture never saw.
    ACK_LOST_SEGMENT = 0, "ack_lost_segment";
    /// Repeats the last ACK.
    DUPLICATE_ACK = 1, "duplicate_ack";
    /// Sent again because of duplicate ACKs or SACK; a retransmission as well.
    FAST_RETRANSMISSION = 2, "fast_retransmission";
    /// Are you still there?
    KEEP_ALIVE = 3, "keep_alive";
    /// I am.
    KEEP_ALIVE_ACK = 4, "keep_alive_ack";
    /// Data before it is missing in the capture.
    LOST_SEGMENT = 5, "lost_segment";
    /// Arrived later than what follows it, too soon to have been sent again.
    OUT_OF_ORDER = 6, "out_of_order";
    /// Sent again.
    RETRANSMISSION = 7, "retransmission";
    /// The SYN of a new connection on the ports of an old one.
    REUSED_PORTS = 8, "reused_ports";
    /// Sent again although it was acknowledged; a retransmission as well.
    SPURIOUS_RETRANSMISSION = 9, "spurious_retransmission";
    /// Fills the peer's window to the last byte.
    WINDOW_FULL = 10, "window_full";
    /// Says nothing new but a window.
    WINDOW_UPDATE = 11, "window_update";
    /// The window is closed.
    ZERO_WINDOW = 12, "zero_window";
    /// One byte into a closed window.
    ZERO_WINDOW_PROBE = 13, "zero_window_probe";
    /// The window is still closed.
    ZERO_WINDOW_PROBE_ACK = 14, "zero_window_probe_ack";
}

impl Verdicts {
    /// No verdict: an ordinary segment.
    pub const NONE: Self = Self(0);

    /// Everything that is sent again, whatever made it so.
    pub const ANY_RETRANSMISSION: Self = Self(
        Self::RETRANSMISSION.0 | Self::FAST_RETRANSMISSION.0 | Self::SPURIOUS_RETRANSMISSION.0,
    );

    /// Whether all of `other` are in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds some.
    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The names of those that are in it, alphabetically.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .filter(move |(verdict, _)| self.has(*verdict))
            .map(|&(_, name)| name)
    }

    /// Every verdict there is, with its name, alphabetically.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        Self::NAMES.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_their_order_and_only_those_that_are_there() {
        let mut some = Verdicts::ZERO_WINDOW;
        some.add(Verdicts::DUPLICATE_ACK);
        assert_eq!(
            some.names().collect::<Vec<_>>(),
            ["duplicate_ack", "zero_window"]
        );
        let all: Vec<_> = Verdicts::all().map(|(_, name)| name).collect();
        assert_eq!(all.len(), 15);
        assert!(all.is_sorted());
    }
}
