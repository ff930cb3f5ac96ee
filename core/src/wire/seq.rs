//! Sequence numbers: a circle of 2³² (RFC 9293 §3.4).

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use serde::{Deserialize, Serialize};

/// A TCP sequence number.
///
/// There is no `<`: on a circle "less" is a matter of where one stands, so the
/// order is asked for by name and holds for numbers less than 2³¹ apart.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// Whether it comes before `other`.
    pub const fn before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// Whether it comes after `other`.
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }

    /// Before `other`, or the same.
    pub const fn at_or_before(self, other: Self) -> bool {
        !other.before(self)
    }

    /// After `other`, or the same.
    pub const fn at_or_after(self, other: Self) -> bool {
        !self.before(other)
    }

    /// How far `self` lies ahead of `earlier`, going round the circle.
    pub const fn distance(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// The later of the two.
    pub const fn later(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// The earlier of the two.
    pub const fn earlier(self, other: Self) -> Self {
        if self.before(other) { self } else { other }
    }
}

impl Add<u32> for SeqNum {
    type Output = Self;
    fn add(self, rhs: u32) -> Self {
        Self(self.0.wrapping_add(rhs))
    }
}

impl AddAssign<u32> for SeqNum {
    fn add_assign(&mut self, rhs: u32) {
        *self = *self + rhs;
    }
}

impl Sub<u32> for SeqNum {
    type Output = Self;
    fn sub(self, rhs: u32) -> Self {
        Self(self.0.wrapping_sub(rhs))
    }
}

impl fmt::Debug for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_goes_round_the_circle() {
        let top = SeqNum(u32::MAX);
        assert!(top.before(top + 1));
        assert!((top + 1).after(top));
        assert_eq!((top + 5).distance(top), 5);
        assert_eq!(top.later(top + 1), SeqNum(0));
        assert!(top.at_or_before(top) && top.at_or_after(top));
    }
}
