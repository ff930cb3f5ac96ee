//! SYN cookies: sequence numbers that remember a handshake (RFC 4987 §3.6).
//!
//! ```text
//!   31        24 23                                    0
//!  ┌────────────┬───────────────────────────────────────┐
//!  │   minute   │  hash(connection, minute) + MSS index │   + hash(connection) + the peer's number
//!  └────────────┴───────────────────────────────────────┘
//! ```
//!
//! The layout is Linux's. What else the SYN offered is kept in the timestamp that
//! the peer sends back (`tcp::cookie`); without timestamps it is forgotten.

use super::secrets::Secrets;
use crate::time::Instant;
use crate::wire::SeqNum;
use core::net::SocketAddrV4;

/// Maximum segment sizes that a cookie can remember, bytes: those that are met
/// most (as in Linux). The next smaller one is taken.
const SIZES: [u16; 4] = [536, 1_300, 1_440, 1_460];
/// How long a cookie of one number is made, ms.
const PERIOD_MS: u64 = 60_000;
/// In so many periods, the present one counted, a cookie may come back.
const PERIODS_VALID: u64 = 2;
/// The low bits hold the hash and the size.
const LOW_MASK: u32 = 0x00ff_ffff;
const LOW_BITS: u32 = 24;

/// Cookies between two ends.
#[derive(Debug)]
pub(super) struct Cookies<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) local: SocketAddrV4,
    pub(super) remote: SocketAddrV4,
}

impl Cookies<'_> {
    /// Our initial sequence number for a peer whose own is `irs`, and who takes
    /// segments of `mss` bytes.
    pub(super) fn make(&self, now: Instant, irs: SeqNum, mss: u16) -> SeqNum {
        let smaller = SIZES.iter().rposition(|size| *size <= mss).unwrap_or(0);
        let index = u32::try_from(smaller).unwrap_or(0);
        let period = period(now);
        let (fixed, minute) = self.secrets.cookie(self.local, self.remote, period);
        let low = minute.wrapping_add(index) & LOW_MASK;
        let sum = fixed.wrapping_add(irs.0).wrapping_add(high(period));
        SeqNum(sum.wrapping_add(low))
    }

    /// The MSS that a cookie remembers; `None` if it is not one of ours, or old.
    pub(super) fn open(&self, now: Instant, irs: SeqNum, cookie: SeqNum) -> Option<u16> {
        let period = period(now);
        let (fixed, _) = self.secrets.cookie(self.local, self.remote, period);
        let rest = cookie.0.wrapping_sub(fixed).wrapping_sub(irs.0);
        let age = u64::from(high(period).wrapping_sub(rest & !LOW_MASK) >> LOW_BITS);
        let made_in = period.checked_sub(age).filter(|_| age < PERIODS_VALID)?;
        let (_, minute) = self.secrets.cookie(self.local, self.remote, made_in);
        let index = (rest & LOW_MASK).wrapping_sub(minute) & LOW_MASK;
        SIZES.get(usize::try_from(index).ok()?).copied()
    }
}

fn period(now: Instant) -> u64 {
    now.as_millis() / PERIOD_MS
}

/// The period where a cookie has it.
fn high(period: u64) -> u32 {
    // Eight bits of it are kept.
    ((period & 0xff) as u32) << LOW_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use core::net::Ipv4Addr;

    fn at(secs: u64) -> Instant {
        Instant::from_millis(secs * 1000)
    }

    #[test]
    fn a_cookie_comes_back_for_two_minutes_and_only_to_the_same_ends() {
        let secrets = Secrets::new(&mut Random::new(1));
        let end = |port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), port);
        let (local, remote) = (end(80), end(4_000));
        let cookies = Cookies {
            secrets: &secrets,
            local,
            remote,
        };
        let irs = SeqNum(u32::MAX);
        for (offered, kept) in [(0, 536), (1_299, 536), (1_459, 1_440), (9_000, 1_460)] {
            // The eight bits of the minute go round after four hours.
            for start in [30, 255 * 60, 256 * 60, 10_000_000] {
                let cookie = cookies.make(at(start), irs, offered);
                assert_eq!(cookies.open(at(start), irs, cookie), Some(kept));
                assert_eq!(cookies.open(at(start + 60), irs, cookie), Some(kept));
                assert_eq!(cookies.open(at(start + 120), irs, cookie), None);
                assert_eq!(cookies.open(at(start), irs + 4, cookie), None);
                assert_eq!(cookies.open(at(start), irs, cookie + 4), None);
            }
        }
        let cookie = cookies.make(at(30), irs, 1_460);
        let others = Cookies {
            remote: end(4_001),
            ..cookies
        };
        assert_eq!(others.open(at(30), irs, cookie), None);
    }
}
