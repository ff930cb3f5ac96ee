//! TCP's control bits.

use core::fmt;
use core::ops::{BitOr, BitOrAssign};
use serde::{Deserialize, Serialize};

/// The nine control bits that are assigned, as they stand in the header's 16 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags(u16);

impl Flags {
    /// No bit at all.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgment number means something.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer means something.
    pub const URG: Self = Self(0x020);
    /// ECN-Echo (RFC 3168).
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN (RFC 9768); once the nonce sum.
    pub const AE: Self = Self(0x100);

    const NAMES: [(Self, &'static str); 9] = [
        (Self::SYN, "SYN"),
        (Self::FIN, "FIN"),
        (Self::RST, "RST"),
        (Self::PSH, "PSH"),
        (Self::ACK, "ACK"),
        (Self::URG, "URG"),
        (Self::ECE, "ECE"),
        (Self::CWR, "CWR"),
        (Self::AE, "AE"),
    ];

    /// The assigned bits of a header's 16 bits of data offset and flags.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & 0x01ff)
    }

    /// The bits, as they stand in the header.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// True when all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when any bit of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These bits and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These bits without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// True when SYN is set.
    pub const fn syn(self) -> bool {
        self.contains(Self::SYN)
    }

    /// True when ACK is set.
    pub const fn ack(self) -> bool {
        self.contains(Self::ACK)
    }

    /// True when FIN is set.
    pub const fn fin(self) -> bool {
        self.contains(Self::FIN)
    }

    /// True when RST is set.
    pub const fn rst(self) -> bool {
        self.contains(Self::RST)
    }

    /// True when PSH is set.
    pub const fn psh(self) -> bool {
        self.contains(Self::PSH)
    }

    /// Numbers of sequence space that the bits take: one each for SYN and FIN.
    pub const fn seq_len(self) -> u32 {
        self.syn() as u32 + self.fin() as u32
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, rhs: Self) -> Self {
        self.with(rhs)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, rhs: Self) {
        *self = self.with(rhs);
    }
}

/// As people write them: `SYN`, `SYN,ACK`, `FIN,PSH,ACK`, or `none`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("none");
        }
        let mut comma = "";
        for (_, name) in Self::NAMES.iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{comma}{name}")?;
            comma = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_people_write_them() {
        assert_eq!((Flags::SYN | Flags::ACK).to_string(), "SYN,ACK");
        assert_eq!(
            (Flags::ACK | Flags::PSH | Flags::FIN).to_string(),
            "FIN,PSH,ACK"
        );
        assert_eq!(Flags::NONE.to_string(), "none");
        // The data offset and the reserved bits are no flags.
        assert_eq!(Flags::from_bits(0x5002), Flags::SYN);
        assert_eq!((Flags::SYN | Flags::FIN).seq_len(), 2);
    }
}
