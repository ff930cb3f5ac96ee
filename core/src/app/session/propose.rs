//! Which address to try when nobody named one.

use super::address::network_of;
use crate::random::Random;
use core::net::Ipv4Addr;

/// Up to `count` addresses of a subnet that are likely to be free, in the order
/// in which to try them.
///
/// `inside` is any address of the subnet, `taken` those known to be somebody's
/// (gateway, name servers, the host's own). Whether one is free is decided by
/// the claim's own probes and nothing else: on a refusal, try the next.
///
/// Most networks number their routers and servers from the bottom, keep a
/// router or two at the very top, and hand out the middle by DHCP; so the
/// addresses from 200/256 to 250/256 of the way up are tried first.
pub fn propose_candidates(
    inside: Ipv4Addr,
    prefix_len: u8,
    taken: &[Ipv4Addr],
    seed: u64,
    count: usize,
) -> Vec<Ipv4Addr> {
    if !(1..=30).contains(&prefix_len) {
        return Vec::new();
    }
    let first = u32::from(network_of(inside, prefix_len));
    let size = 1u64 << (32 - prefix_len);
    let mut random = Random::new(seed);
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let bands = [(size * 200 / 256, size * 250 / 256), (1, size - 1)];
    for (from, to) in bands {
        let (from, to) = (from.max(1), to.min(size - 1));
        let width = to.saturating_sub(from);
        if width == 0 {
            continue;
        }
        // A walk over the band from anywhere: each address once, no list of them all.
        let start = random.next_u64() % width;
        for step in 0..width.min(4096) {
            let host = from + (start + step) % width;
            let addr =
                Ipv4Addr::from(first + u32::try_from(host).expect("below the subnet's size"));
            if found.len() >= count {
                return found;
            }
            if !taken.contains(&addr) && !found.contains(&addr) {
                found.push(addr);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv4Addr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_upper_part_of_a_subnet_comes_first() {
        let taken = [ip("192.168.0.1"), ip("192.168.0.220")];
        let found = propose_candidates(ip("192.168.0.17"), 24, &taken, 1, 60);
        assert_eq!(found.len(), 60);
        assert!(
            found[..49]
                .iter()
                .all(|addr| (200..250).contains(&addr.octets()[3])),
            "{found:?}"
        );
        assert!(!found.contains(&taken[0]) && !found.contains(&taken[1]));
        assert_ne!(
            found,
            propose_candidates(ip("192.168.0.17"), 24, &taken, 2, 60)
        );
        assert_eq!(
            found,
            propose_candidates(ip("192.168.0.99"), 24, &taken, 1, 60)
        );
    }

    #[test]
    fn small_and_large_subnets_give_hosts_only() {
        let found = propose_candidates(ip("10.0.0.1"), 30, &[ip("10.0.0.1")], 7, 10);
        assert_eq!(found, [ip("10.0.0.2")]);
        let found = propose_candidates(ip("10.0.0.9"), 29, &[], 7, 10);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            (9..=14)
                .map(|i| Ipv4Addr::new(10, 0, 0, i))
                .collect::<Vec<_>>()
        );
        assert_eq!(propose_candidates(ip("10.0.0.1"), 8, &[], 7, 3).len(), 3);
        assert!(propose_candidates(ip("10.0.0.1"), 31, &[], 7, 3).is_empty());
        assert!(propose_candidates(ip("10.0.0.1"), 0, &[], 7, 3).is_empty());
        assert_eq!(
            propose_candidates(ip("255.255.255.255"), 1, &[], 7, 3).len(),
            3
        );
    }
}
