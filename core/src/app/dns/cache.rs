//! What was resolved a while ago.

use super::Answer;
use crate::time::Instant;
use core::net::Ipv4Addr;

/// Most names kept.
const CAPACITY: usize = 64;

/// A small cache of names; the oldest makes room.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    addrs: Vec<Ipv4Addr>,
    expires: Instant,
}

impl Cache {
    /// The addresses of `name`, if they are known and still good.
    pub fn lookup(&self, now: Instant, name: &str) -> Option<&[Ipv4Addr]> {
        self.entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name) && entry.expires > now)
            .map(|entry| entry.addrs.as_slice())
    }

    /// Keeps an answer. A TTL of zero is for this once only (RFC 1035 §3.2.1).
    pub fn insert(&mut self, now: Instant, name: &str, answer: &Answer) {
        self.entries
            .retain(|entry| entry.expires > now && !entry.name.eq_ignore_ascii_case(name));
        if answer.ttl.is_zero() {
            return;
        }
        if self.entries.len() == CAPACITY {
            self.entries.remove(0);
        }
        self.entries.push(Entry {
            name: name.to_owned(),
            addrs: answer.addrs.clone(),
            expires: now + answer.ttl,
        });
    }

    /// Forgets everything: another network may know other answers.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
