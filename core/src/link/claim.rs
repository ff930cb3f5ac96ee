//! Claiming an address politely (RFC 5227).
//!
//! ```text
//!             0..PROBE_WAIT    PROBE_MIN..MAX    PROBE_MIN..MAX     ANNOUNCE_WAIT
//!  start ──────────────► probe ───────────► probe ───────────► probe ────────────┐
//!                                                                                │
//!   holding ◄──────────── announce ◄─────────────────── announce ◄───────────────┘
//!      │     ANNOUNCE_NUM           ANNOUNCE_INTERVAL   (address may be used)
//!      │
//!      ├─ a conflict, the first within DEFEND_INTERVAL ──► defend: announce once
//!      └─ another within DEFEND_INTERVAL ────────────────► lost
//!
//!  any conflict before the first announcement ───────────► in use
//! ```

use crate::random::Random;
use crate::time::{Duration, Instant};
use crate::wire::{MacAddr, arp};
use core::fmt;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};

/// The times and counts of RFC 5227 §1.1, or others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// PROBE_WAIT: longest wait before the first probe.
    pub probe_wait: Duration,
    /// PROBE_NUM: how many probes.
    pub probe_num: u8,
    /// PROBE_MIN: shortest time from one probe to the next.
    pub probe_min: Duration,
    /// PROBE_MAX: longest time from one probe to the next.
    pub probe_max: Duration,
    /// ANNOUNCE_WAIT: from the last probe to the first announcement.
    pub announce_wait: Duration,
    /// ANNOUNCE_NUM: how many announcements.
    pub announce_num: u8,
    /// ANNOUNCE_INTERVAL: from one announcement to the next.
    pub announce_interval: Duration,
    /// DEFEND_INTERVAL: conflicts closer together than this mean that the address is lost.
    pub defend_interval: Duration,
    /// MAX_CONFLICTS: so many conflicts, and new claims are slowed down.
    pub max_conflicts: u32,
    /// RATE_LIMIT_INTERVAL: time between claims when they are slowed down.
    pub rate_limit_interval: Duration,
    /// Whether it matters what others say of the address.
    pub heeds_conflicts: bool,
}

impl Timings {
    /// Exactly as RFC 5227 §1.1 says. A claim takes four to seven seconds.
    pub const RFC5227: Self = Self {
        probe_wait: Duration::from_secs(1),
        probe_num: 3,
        probe_min: Duration::from_secs(1),
        probe_max: Duration::from_secs(2),
        announce_wait: Duration::from_secs(2),
        announce_num: 2,
        announce_interval: Duration::from_secs(2),
        defend_interval: Duration::from_secs(10),
        max_conflicts: 10,
        rate_limit_interval: Duration::from_secs(60),
        heeds_conflicts: true,
    };

    /// A claim in about half a second, for networks that the lab made itself. *Not*
    /// RFC 5227's timings: [`Timings::is_rfc5227`] is false, and the trace says so.
    pub const fn quick_lab() -> Self {
        Self {
            probe_wait: Duration::from_millis(20),
            probe_min: Duration::from_millis(50),
            probe_max: Duration::from_millis(100),
            announce_wait: Duration::from_millis(200),
            announce_interval: Duration::from_millis(200),
            ..Self::RFC5227
        }
    }

    /// An address that is taken without asking: so many announcements, the first at
    /// once, and deaf to whoever has it. As teeceepee did, and machines whose address
    /// is set by hand; for simulations.
    pub const fn unasked(announce_num: u8, announce_interval: Duration) -> Self {
        Self {
            probe_wait: Duration::ZERO,
            probe_num: 0,
            announce_num,
            announce_interval,
            heeds_conflicts: false,
            ..Self::RFC5227
        }
    }

    /// Whether these are the RFC's own.
    pub fn is_rfc5227(&self) -> bool {
        *self == Self::RFC5227
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_rfc5227() {
            "RFC 5227's timings"
        } else {
            "shortened timings, not RFC 5227's"
        })
    }
}

/// What is to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Probe `number` of `of`.
    Probe {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
    /// Announcement `number` of `of`. With the first, the address may be used.
    Announce {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
}

/// What an ARP packet means for the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fine,
    /// Somebody has the address, or is about to: the claim is over.
    InUse {
        /// Who.
        by: MacAddr,
    },
    /// Somebody uses our address: announce it once more.
    Defend {
        /// Who.
        against: MacAddr,
    },
    /// Challenged again too soon: the address must not be used from now on.
    Lost {
        /// To whom.
        to: MacAddr,
    },
}

/// Where the claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `sent` probes are out; the next, or the first announcement, is due at `at`.
    Probing { sent: u8, at: Instant },
    /// The address is ours; `sent` announcements are out, the next is due at `at`.
    Announcing { sent: u8, at: Instant },
    /// The address is ours.
    Holding,
}

/// One address being claimed or held.
#[derive(Clone, Debug)]
pub struct Claim {
    addr: Ipv4Addr,
    mac: MacAddr,
    timings: Timings,
    state: State,
    /// When somebody challenged us last.
    challenged_at: Option<Instant>,
}

impl Claim {
    /// Begins to claim `addr` for `mac`, at `begin` at the earliest.
    pub fn start(
        begin: Instant,
        addr: Ipv4Addr,
        mac: MacAddr,
        timings: Timings,
        random: &mut Random,
    ) -> Self {
        // RFC 5227 §2.1.1: first wait a random time, zero to PROBE_WAIT.
        let at = begin + random.between(Duration::ZERO, timings.probe_wait);
        let state = State::Probing { sent: 0, at };
        Self {
            addr,
            mac,
            timings,
            state,
            challenged_at: None,
        }
    }

    /// Holds an address that was not asked for, as simulations do: defended, but
    /// neither probed nor announced.
    pub fn assume(addr: Ipv4Addr, mac: MacAddr) -> Self {
        let timings = Timings::RFC5227;
        Self {
            addr,
            mac,
            timings,
            state: State::Holding,
            challenged_at: None,
        }
    }

    /// The address.
    pub fn addr(&self) -> Ipv4Addr {
        self.addr
    }

    /// By which timings.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Whether the address may be used.
    pub fn is_granted(&self) -> bool {
        !matches!(self.state, State::Probing { .. })
    }

    /// When [`Claim::on_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Probing { at, .. } | State::Announcing { at, .. } => Some(at),
            State::Holding => None,
        }
    }

    /// What is due at `now`; at most one thing, so ask until `None`.
    pub fn on_timeout(&mut self, now: Instant, random: &mut Random) -> Option<Step> {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return None;
        }
        let timings = &self.timings;
        match self.state {
            // RFC 5227 §2.1.1: PROBE_NUM probes, PROBE_MIN to PROBE_MAX apart.
            State::Probing { sent, .. } if sent < timings.probe_num => {
                let number = sent + 1;
                let wait = if number < timings.probe_num {
                    random.between(timings.probe_min, timings.probe_max)
                } else {
                    timings.announce_wait
                };
                self.state = State::Probing {
                    sent: number,
                    at: now + wait,
                };
                Some(Step::Probe {
                    number,
                    of: timings.probe_num,
                })
            }
            // RFC 5227 §2.1.1: no conflict until ANNOUNCE_WAIT after the last probe.
            State::Probing { .. } => Some(self.announce(now, 1)),
            State::Announcing { sent, .. } => Some(self.announce(now, sent + 1)),
            State::Holding => None,
        }
    }

    /// RFC 5227 §2.3: ANNOUNCE_NUM announcements, ANNOUNCE_INTERVAL apart.
    fn announce(&mut self, now: Instant, number: u8) -> Step {
        let of = self.timings.announce_num;
        self.state = if number < of {
            State::Announcing {
                sent: number,
                at: now + self.timings.announce_interval,
            }
        } else {
            State::Holding
        };
        Step::Announce { number, of }
    }

    /// What an ARP packet from the link means.
    pub fn on_arp(&mut self, now: Instant, packet: &arp::Packet) -> Verdict {
        // Our own frames may come back to us.
        if packet.sender_mac == self.mac || !self.timings.heeds_conflicts {
            return Verdict::Fine;
        }
        let by = packet.sender_mac;
        let uses = packet.sender_ip == self.addr;
        if !self.is_granted() {
            // RFC 5227 §2.1.1: any ARP packet from the address, or another's probe for it.
            let probes = packet.is_probe() && packet.target_ip == self.addr;
            return if uses || probes {
                Verdict::InUse { by }
            } else {
                Verdict::Fine
            };
        }
        if !uses {
            return Verdict::Fine;
        }
        // RFC 5227 §2.4 (b): defend once, and give way to the second within DEFEND_INTERVAL.
        let again = self
            .challenged_at
            .is_some_and(|at| now.since(at) < self.timings.defend_interval);
        self.challenged_at = Some(now);
        if again {
            Verdict::Lost { to: by }
        } else {
            Verdict::Defend { against: by }
        }
    }

    /// The probe: a request for the address that claims nothing (RFC 5227 §2.1.1).
    pub fn probe(&self) -> arp::Packet {
        arp::Packet {
            sender_ip: Ipv4Addr::UNSPECIFIED,
            ..self.announcement()
        }
    }

    /// The announcement: as the probe, but from the address itself (RFC 5227 §2.3).
    pub fn announcement(&self) -> arp::Packet {
        arp::Packet {
            operation: arp::Operation::Request,
            sender_mac: self.mac,
            sender_ip: self.addr,
            target_mac: MacAddr::ZERO,
            target_ip: self.addr,
        }
    }
}

/// Counts conflicts on an interface, to slow down who keeps running into them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conflicts {
    count: u32,
    last_claim: Option<Instant>,
}

impl Conflicts {
    /// A claim met somebody else.
    pub fn count(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// When a claim that is asked for at `now` may begin.
    pub fn begin(&mut self, now: Instant, timings: &Timings) -> Instant {
        // RFC 5227 §2.1.1: after MAX_CONFLICTS, one new address per RATE_LIMIT_INTERVAL.
        let begin = match self.last_claim {
            Some(last) if self.count >= timings.max_conflicts => {
                now.max(last + timings.rate_limit_interval)
            }
            _ => now,
        };
        self.last_claim = Some(begin);
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDR: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
    const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

    fn start(seed: u64) -> (Claim, Random) {
        let mut random = Random::new(seed);
        let claim = Claim::start(Instant::ZERO, ADDR, OURS, Timings::RFC5227, &mut random);
        (claim, random)
    }

    /// Runs the claim until nothing is due any more; what was sent, and when in ms.
    fn run(claim: &mut Claim, random: &mut Random) -> Vec<(u64, Step)> {
        let mut story = Vec::new();
        while let Some(at) = claim.poll_timeout() {
            if at > Instant::ZERO {
                assert_eq!(claim.on_timeout(at - Duration::from_nanos(1), random), None);
            }
            story.push((at.as_millis(), claim.on_timeout(at, random).unwrap()));
        }
        story
    }

    fn from_them(sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> arp::Packet {
        let operation = arp::Operation::Request;
        arp::Packet {
            operation,
            sender_mac: THEIRS,
            sender_ip,
            target_mac: MacAddr::ZERO,
            target_ip,
        }
    }

    #[test]
    fn a_free_address_is_claimed_in_the_times_of_the_rfc() {
        for seed in 0..50 {
            let (mut claim, mut random) = start(seed);
            let story = run(&mut claim, &mut random);
            let steps: Vec<_> = story.iter().map(|(_, step)| *step).collect();
            let expected = [
                Step::Probe { number: 1, of: 3 },
                Step::Probe { number: 2, of: 3 },
                Step::Probe { number: 3, of: 3 },
                Step::Announce { number: 1, of: 2 },
                Step::Announce { number: 2, of: 2 },
            ];
            assert_eq!(steps, expected);
            let at: Vec<_> = story.iter().map(|(at, _)| *at).collect();
            assert!(at[0] <= 1_000, "{at:?}");
            for probe in 1..3 {
                assert!(
                    (1_000..=2_001).contains(&(at[probe] - at[probe - 1])),
                    "{at:?}"
                );
            }
            assert_eq!(at[3] - at[2], 2_000);
            assert_eq!(at[4] - at[3], 2_000);
            assert!(claim.is_granted());
        }
    }

    #[test]
    fn whoever_uses_or_probes_the_address_is_named() {
        let other = Ipv4Addr::new(192, 168, 0, 7);
        for conflict in [
            from_them(ADDR, other),
            from_them(Ipv4Addr::UNSPECIFIED, ADDR),
        ] {
            let (mut claim, mut random) = start(3);
            let first = claim.poll_timeout().unwrap();
            claim.on_timeout(first, &mut random);
            assert_eq!(
                claim.on_arp(first, &conflict),
                Verdict::InUse { by: THEIRS }
            );
        }
        // As late as two seconds after the last probe.
        let (mut claim, mut random) = start(3);
        for _ in 0..3 {
            let at = claim.poll_timeout().unwrap();
            claim.on_timeout(at, &mut random);
        }
        let late = claim.poll_timeout().unwrap() - Duration::from_nanos(1);
        let verdict = claim.on_arp(late, &from_them(ADDR, other));
        assert_eq!(verdict, Verdict::InUse { by: THEIRS });
        // Somebody who merely asks for the address does not have it.
        let (mut claim, _) = start(3);
        assert_eq!(
            claim.on_arp(Instant::ZERO, &from_them(other, ADDR)),
            Verdict::Fine
        );
        // Our own probe, come back to us.
        let echo = claim.probe();
        assert_eq!(claim.on_arp(Instant::ZERO, &echo), Verdict::Fine);
    }

    #[test]
    fn an_address_that_is_held_is_defended_once_and_then_given_up() {
        let (mut claim, mut random) = start(3);
        run(&mut claim, &mut random);
        let at = Instant::from_millis(100_000);
        // A probe for our address is answered as any request, and no conflict.
        assert_eq!(
            claim.on_arp(at, &from_them(Ipv4Addr::UNSPECIFIED, ADDR)),
            Verdict::Fine
        );
        let challenge = from_them(ADDR, ADDR);
        assert_eq!(
            claim.on_arp(at, &challenge),
            Verdict::Defend { against: THEIRS }
        );
        let later = at + Duration::from_secs(10);
        assert_eq!(
            claim.on_arp(later, &challenge),
            Verdict::Defend { against: THEIRS }
        );
        let soon = later + Duration::from_millis(9_999);
        assert_eq!(claim.on_arp(soon, &challenge), Verdict::Lost { to: THEIRS });
    }

    #[test]
    fn who_does_not_ask_has_the_address_at_once_and_hears_nobody() {
        let timings = Timings::unasked(5, Duration::from_millis(50));
        let mut random = Random::new(3);
        let mut claim = Claim::start(Instant::ZERO, ADDR, OURS, timings, &mut random);
        let announce = |number| Step::Announce { number, of: 5 };
        let story = run(&mut claim, &mut random);
        let expected: Vec<_> = (1..=5)
            .map(|number| (u64::from(number - 1) * 50, announce(number)))
            .collect();
        assert_eq!(story, expected);
        for _ in 0..2 {
            let verdict = claim.on_arp(Instant::from_millis(300), &from_them(ADDR, ADDR));
            assert_eq!(verdict, Verdict::Fine);
        }
        assert!(!timings.is_rfc5227());
    }

    #[test]
    fn after_ten_conflicts_claims_are_a_minute_apart() {
        let mut conflicts = Conflicts::default();
        let now = Instant::from_millis(1);
        for _ in 0..10 {
            assert_eq!(conflicts.begin(now, &Timings::RFC5227), now);
            conflicts.count();
        }
        assert_eq!(
            conflicts.begin(now, &Timings::RFC5227),
            now + Duration::from_secs(60)
        );
    }

    #[test]
    fn quick_timings_say_that_they_are_not_the_rfcs() {
        assert!(Timings::RFC5227.is_rfc5227());
        assert!(!Timings::quick_lab().is_rfc5227());
        assert!(Timings::quick_lab().to_string().contains("not RFC 5227"));
    }
}
