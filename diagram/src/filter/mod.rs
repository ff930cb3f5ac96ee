//! Which packets are meant: expressions with tshark's names for fields.
//!
//! ```text
//!   any    := both ( ("||" | "or") both )*
//!   both   := one ( ("&&" | "and") one )*
//!   one    := ("!" | "not") one  |  "(" any ")"
//!           | field                          it is there
//!           | field op value                 == != < <= > >=  (eq ne lt le gt ge)
//!           | field "in" "{" value ("," value)* "}"      with ranges: 80..88
//! ```
//!
//! They mean what they mean in tshark 4.0: a field that a packet has several of (`ip.addr`,
//! `tcp.port`) is equal if any of them is, and unequal if all of them are; a yes-or-no
//! field alone asks whether it is there, not whether it is yes. What an ICMP error quotes
//! has no fields here.

mod concluded;
mod field;
mod parse;

pub use parse::FilterError;

use crate::analysis::Verdicts;
use crate::words::Story;
use core::ops::RangeInclusive;
use field::{Field, Read, Value};
use std::cmp::Ordering;

/// An expression that was understood.
#[derive(Clone, Debug)]
pub struct Expression {
    node: Node,
    /// Only packets with these numbers, where they are told.
    numbers: Option<RangeInclusive<u64>>,
}

#[derive(Clone, Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Is(Field),
    Verdict(Verdicts),
    Compare(Field, Relation, Value),
    Within(Field, Vec<(Value, Value)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let node = parse::parse(text)?;
        let numbers = None;
        Ok(Self { node, numbers })
    }

    /// All packets with these numbers, counted from 1.
    pub fn of_packets(numbers: RangeInclusive<u64>) -> Self {
        Self {
            node: Node::All(Vec::new()),
            numbers: Some(numbers),
        }
    }

    /// The same, but only of packets with these numbers.
    pub fn among(self, numbers: RangeInclusive<u64>) -> Self {
        Self {
            numbers: Some(numbers),
            ..self
        }
    }

    /// Whether the packet at `index` is meant.
    pub fn matches(&self, story: Story<'_>, index: usize) -> bool {
        let number = index as u64 + 1;
        let is_among = |numbers: &RangeInclusive<u64>| numbers.contains(&number);
        if !self.numbers.as_ref().is_none_or(is_among) {
            return false;
        }
        let Some((frame, digest)) = story.packet(index) else {
            return false;
        };
        let packet = story.dissect(frame);
        let read = Read {
            story,
            index,
            frame,
            digest,
            packet: &packet,
        };
        self.node.holds(&read)
    }
}

impl Node {
    fn holds(&self, read: &Read<'_>) -> bool {
        match self {
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(read)),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(read)),
            Self::Not(node) => !node.holds(read),
            Self::Is(field) => any(read, *field, |_| true),
            Self::Verdict(verdict) => read.tcp().is_some_and(|tcp| tcp.verdicts.has(*verdict)),
            Self::Compare(field, Relation::Unequal, wanted) => {
                let mut none = true;
                let mut all = true;
                read.each(*field, &mut |value| {
                    none = false;
                    all &= value.compare(wanted).is_ne();
                });
                all && !none
            }
            Self::Compare(field, relation, wanted) => {
                any(read, *field, |value| relation.holds(value.compare(wanted)))
            }
            Self::Within(field, ranges) => any(read, *field, |value| {
                ranges
                    .iter()
                    .any(|(low, high)| value.compare(low).is_ge() && value.compare(high).is_le())
            }),
        }
    }
}

fn any(read: &Read<'_>, field: Field, is: impl Fn(&Value) -> bool) -> bool {
    let mut found = false;
    read.each(field, &mut |value| found |= is(&value));
    found
}

#[cfg(test)]
mod tests;
