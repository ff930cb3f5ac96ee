//! Sequence numbers: a circle of 2³² (RFC 9293 §3.4).
//!
//! ```text
//!             before ◄──── self ────► after
//!  ... ───────┬─────────────┬───────────┬─────── ...
//!         self - 2³¹       self     self + 2³¹ - 1
//! ```

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
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

    /// How far `self` lies ahead of `other`; negative when it lies behind.
    pub const fn signed_distance(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// `start <= self < start + len`: the window test of RFC 9293 §3.4.
    pub const fn within(self, start: Self, len: u32) -> bool {
        self.distance(start) < len
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

impl SubAssign<u32> for SeqNum {
    fn sub_assign(&mut self, rhs: u32) {
        *self = *self - rhs;
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

/// A range of sequence numbers: the first, and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeqRange {
    /// The first number in it.
    pub start: SeqNum,
    /// One past the last number in it.
    pub end: SeqNum,
}

impl SeqRange {
    /// How many numbers it holds.
    pub const fn len(self) -> u32 {
        self.end.distance(self.start)
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.end.at_or_before(self.start)
    }

    /// Whether every number of `other` is in it.
    pub const fn covers(self, other: Self) -> bool {
        self.start.at_or_before(other.start) && self.end.at_or_after(other.end)
    }

    /// Whether the two share a number.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start.before(other.end) && other.start.before(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_goes_round_the_circle() {
        let top = SeqNum(u32::MAX);
        assert!(top.before(top + 1));
        assert!((top + 1).after(top));
        assert_eq!((top + 5).distance(top), 5);
        assert_eq!(top.later(top + 1), SeqNum(0));
        assert!(top.at_or_before(top) && top.at_or_after(top));
        assert_eq!(top.signed_distance(top + 5), -5);
        assert!((top + 3).within(top, 4) && !(top + 4).within(top, 4));
    }

    proptest! {
        #[test]
        fn adding_less_than_half_the_space_goes_forward(start: u32, step in 1..(1u32 << 31)) {
            let (a, b) = (SeqNum(start), SeqNum(start) + step);
            prop_assert!(a.before(b) && b.after(a) && a.at_or_before(b) && !b.at_or_before(a));
            prop_assert_eq!(b.distance(a), step);
            prop_assert_eq!(a.later(b), b);
            prop_assert_eq!(a.earlier(b), a);
            prop_assert_eq!(b - step, a);
        }
    }
}
