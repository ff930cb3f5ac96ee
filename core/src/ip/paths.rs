//! What is known of the ways to other hosts: how large a packet may be, where that
//! is less than what the link takes (RFC 1191 §6.3).
//!
//! One connection learns it, and the next to the same host need not lose a packet
//! to learn it again. After ten minutes it is forgotten, for the way may be another.

use crate::time::{Duration, Instant};
use core::net::Ipv4Addr;
use std::collections::BTreeMap;

/// More ways are not remembered: the one that was learnt first is forgotten.
const MAX_PATHS: usize = 256;

/// RFC 1191 §6.3.
const VALID: Duration = Duration::from_secs(600);

/// The ways that take less than the link.
#[derive(Debug, Default)]
pub struct Paths {
    known: BTreeMap<Ipv4Addr, (u16, Instant)>,
}

impl Paths {
    /// The way to `host` takes packets of `mtu` bytes.
    pub fn learn(&mut self, now: Instant, host: Ipv4Addr, mtu: u16) {
        if self.known.len() >= MAX_PATHS && !self.known.contains_key(&host) {
            let oldest = self.known.iter().min_by_key(|(_, (_, at))| *at);
            let oldest = oldest.map(|(host, _)| *host);
            oldest.map(|host| self.known.remove(&host));
        }
        self.known.insert(host, (mtu, now));
    }

    /// The largest packet for `host` where the link takes `link_mtu` bytes.
    pub fn mtu(&self, now: Instant, host: Ipv4Addr, link_mtu: u16) -> u16 {
        let valid = |(_, at): &&(u16, Instant)| now.since(*at) < VALID;
        let known = self.known.get(&host).filter(valid);
        known.map_or(link_mtu, |(mtu, _)| link_mtu.min(*mtu))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

    #[test]
    fn a_way_is_remembered_for_ten_minutes() {
        let mut paths = Paths::default();
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        paths.learn(at(5), HOST, 1_400);
        assert_eq!(paths.mtu(at(604), HOST, 1_500), 1_400);
        assert_eq!(paths.mtu(at(604), HOST, 1_300), 1_300);
        assert_eq!(paths.mtu(at(605), HOST, 1_500), 1_500);
        assert_eq!(paths.mtu(at(6), Ipv4Addr::LOCALHOST, 1_500), 1_500);
    }

    #[test]
    fn the_first_is_forgotten_when_there_are_too_many() {
        let mut paths = Paths::default();
        paths.learn(Instant::ZERO, HOST, 1_400);
        for n in 0..300u32 {
            let now = Instant::from_millis(1 + u64::from(n));
            paths.learn(now, Ipv4Addr::from(n), 1_000);
        }
        assert_eq!(paths.known.len(), MAX_PATHS);
        let now = Instant::from_millis(400);
        assert_eq!(paths.mtu(now, HOST, 1_500), 1_500);
        assert_eq!(paths.mtu(now, Ipv4Addr::from(299), 1_500), 1_000);
    }
}
