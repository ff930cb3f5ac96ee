//! Numbers that a stranger must not be able to guess.
//!
//! ```text
//!   secret key, from the seed
//!      ├─ hash(connection) + a clock of 4 µs ─► initial sequence number  RFC 6528
//!      ├─ hash(addresses) ────────────────────► timestamp offset         RFC 7323 §5.4
//!      ├─ hash(destination) + a counter ──────► ephemeral port           RFC 6056 §3.3.3
//!      └─ hash(connection, minute) ───────────► SYN cookie               RFC 4987 §3.6
//! ```

use crate::random::Random;
use crate::time::Instant;
use crate::wire::{Port, SeqNum};
use core::hash::Hasher;
use core::net::{Ipv4Addr, SocketAddrV4};
use siphasher::sip::SipHasher24;

/// The dynamic ports of RFC 6335 §6.
const FIRST_PORT: u16 = 49_152;
const PORTS: u16 = u16::MAX - FIRST_PORT + 1;

/// What the hash is for: the same input gives unrelated numbers.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    SequenceNumber = 1,
    TimestampOffset = 2,
    Port = 3,
    Cookie = 4,
    CookieMss = 5,
}

/// The keyed hash, and the counter of ports.
#[derive(Debug)]
pub(super) struct Secrets {
    key: (u64, u64),
    next_port: u16,
}

impl Secrets {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            key: (random.next_u64(), random.next_u64()),
            next_port: 0,
        }
    }

    /// The initial sequence number of a connection.
    pub(super) fn isn(&self, now: Instant, local: SocketAddrV4, remote: SocketAddrV4) -> SeqNum {
        // RFC 6528 §3: ISN = M + F(localip, localport, remoteip, remoteport, secretkey),
        // M counting every 4 µs.
        let clock = low_32(now.as_micros() / 4);
        let ports = u32::from(local.port()) << 16 | u32::from(remote.port());
        let hash = self.hash(Purpose::SequenceNumber, *local.ip(), *remote.ip(), ports);
        SeqNum(clock.wrapping_add(low_32(hash)))
    }

    /// What is added to the timestamp clock towards one host (RFC 7323 §5.4).
    pub(super) fn timestamp_offset(&self, local: Ipv4Addr, remote: Ipv4Addr) -> u32 {
        low_32(self.hash(Purpose::TimestampOffset, local, remote, 0))
    }

    /// Two numbers for the SYN cookies of one connection: one that is always the
    /// same, and one for the `period`th minute.
    pub(super) fn cookie(
        &self,
        local: SocketAddrV4,
        remote: SocketAddrV4,
        period: u64,
    ) -> (u32, u32) {
        let ports = u32::from(local.port()) << 16 | u32::from(remote.port());
        let hash = |purpose, input: u64| {
            let mut hasher = self.hasher(purpose, *local.ip(), *remote.ip(), ports);
            hasher.write(&input.to_be_bytes());
            low_32(hasher.finish())
        };
        (hash(Purpose::Cookie, 0), hash(Purpose::CookieMss, period))
    }

    /// A port that is not in use, by RFC 6056 §3.3.3 (simple hash-based choice).
    pub(super) fn ephemeral_port(
        &mut self,
        local: Ipv4Addr,
        remote: SocketAddrV4,
        is_free: impl Fn(Port) -> bool,
    ) -> Option<Port> {
        let hash = self.hash(Purpose::Port, local, *remote.ip(), remote.port().into());
        let offset = u16::try_from(hash % u64::from(PORTS)).expect("a remainder below 16,384");
        for _ in 0..PORTS {
            let port = Port(FIRST_PORT + offset.wrapping_add(self.next_port) % PORTS);
            self.next_port = self.next_port.wrapping_add(1);
            if is_free(port) {
                return Some(port);
            }
        }
        None
    }

    fn hash(&self, purpose: Purpose, local: Ipv4Addr, remote: Ipv4Addr, ports: u32) -> u64 {
        self.hasher(purpose, local, remote, ports).finish()
    }

    fn hasher(
        &self,
        purpose: Purpose,
        local: Ipv4Addr,
        remote: Ipv4Addr,
        ports: u32,
    ) -> SipHasher24 {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        // Bytes in a fixed order: the result must not depend on the machine's.
        hasher.write(&[purpose as u8]);
        hasher.write(&local.octets());
        hasher.write(&remote.octets());
        hasher.write(&ports.to_be_bytes());
        hasher
    }
}

/// The low half.
fn low_32(number: u64) -> u32 {
    u32::try_from(number & 0xffff_ffff).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const LOCAL: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

    fn remote(last: u8, port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(10, 0, 1, last), port)
    }

    #[test]
    fn sequence_numbers_follow_the_clock_for_one_connection_and_differ_for_others() {
        let secrets = Secrets::new(&mut Random::new(1));
        let local = SocketAddrV4::new(LOCAL, 50_000);
        let first = secrets.isn(Instant::from_micros(400), local, remote(1, 80));
        let later = secrets.isn(Instant::from_micros(800), local, remote(1, 80));
        assert_eq!(later.distance(first), 100);
        assert_ne!(
            secrets.isn(Instant::from_micros(400), local, remote(1, 81)),
            first
        );
        let others = Secrets::new(&mut Random::new(2));
        assert_ne!(
            others.isn(Instant::from_micros(400), local, remote(1, 80)),
            first
        );
        // Known on every machine: this is what makes a replay the same to the byte.
        assert_eq!(
            first,
            secrets.isn(Instant::from_micros(403), local, remote(1, 80))
        );
    }

    #[test]
    fn ports_do_not_repeat_and_run_out_only_when_all_are_taken() {
        let mut secrets = Secrets::new(&mut Random::new(1));
        let mut taken = BTreeSet::new();
        for _ in 0..PORTS {
            let port = secrets
                .ephemeral_port(LOCAL, remote(1, 80), |p| !taken.contains(&p))
                .unwrap();
            assert!(port.0 >= FIRST_PORT);
            assert!(taken.insert(port));
        }
        assert_eq!(
            secrets.ephemeral_port(LOCAL, remote(1, 80), |p| !taken.contains(&p)),
            None
        );
    }
}
