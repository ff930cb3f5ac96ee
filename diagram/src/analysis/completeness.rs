//! How much of a conversation a capture holds, under the names of tshark's
//! `tcp.completeness`.

use core::fmt;
use serde::{Deserialize, Serialize};
use synema_core::wire::tcp::Flags;

/// What was seen of a conversation: tshark's bits, of all its segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Completeness(u8);

impl Completeness {
    /// A SYN.
    pub const SYN: Self = Self(1);
    /// A SYN-ACK.
    pub const SYN_ACK: Self = Self(2);
    /// An ACK without data, after which the handshake is taken for complete.
    pub const ACK: Self = Self(4);
    /// Data.
    pub const DATA: Self = Self(8);
    /// A FIN.
    pub const FIN: Self = Self(16);
    /// A RST.
    pub const RST: Self = Self(32);

    /// The bits as tshark's number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` were seen.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Takes a segment with `len` bytes of data.
    pub(super) fn see(&mut self, flags: Flags, len: u32) {
        let seen = [
            (flags.syn() && !flags.ack(), Self::SYN),
            (flags.syn() && flags.ack(), Self::SYN_ACK),
            (!flags.syn() && flags.ack() && len == 0, Self::ACK),
            (len > 0, Self::DATA),
            (flags.fin(), Self::FIN),
            (flags.rst(), Self::RST),
        ];
        for (_, bit) in seen.into_iter().filter(|(is_it, _)| *is_it) {
            self.0 |= bit.0;
        }
    }
}

/// tshark's words: `Complete, WITH_DATA`.
impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OPEN: u8 = 7;
        const DATA: u8 = OPEN | Completeness::DATA.0;
        let ended = self.0 >= Completeness::FIN.0;
        f.write_str(match (self.0 & 15, ended) {
            (1, false) => "Incomplete, SYN_SENT",
            (3, false) => "Incomplete, CLIENT_ESTABLISHED",
            (OPEN, false) => "Incomplete, ESTABLISHED",
            (DATA, false) => "Incomplete, DATA",
            (OPEN, true) => "Complete, NO_DATA",
            (DATA, true) => "Complete, WITH_DATA",
            _ => "Incomplete",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_tshark() {
        for (bits, words) in [
            (1, "Incomplete, SYN_SENT"),
            (3, "Incomplete, CLIENT_ESTABLISHED"),
            (7, "Incomplete, ESTABLISHED"),
            (15, "Incomplete, DATA"),
            (23, "Complete, NO_DATA"),
            (39, "Complete, NO_DATA"),
            (31, "Complete, WITH_DATA"),
            (47, "Complete, WITH_DATA"),
            (63, "Complete, WITH_DATA"),
            (28, "Incomplete"),
            (37, "Incomplete"),
            (11, "Incomplete"),
            (0, "Incomplete"),
        ] {
            assert_eq!(Completeness(bits).to_string(), words, "{bits}");
        }
    }
}
