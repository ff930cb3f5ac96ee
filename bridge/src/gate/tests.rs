//! Claims watched: honest ones, contested ones, and pages that lie.

use super::*;
use crate::egress::RateLimit;
use crate::egress::tests::{arp, arp_frame, ipv4_frame, probe};
use proptest::prelude::*;
use synema_relay::{ClaimRefusal, Refusal, Subnet};

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const ADDR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 129);
const NEXT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 130);
const HOSTS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

fn guard() -> Guard {
    let rules = ClaimRules {
        subnet: Subnet {
            addr: HOSTS,
            prefix_len: 24,
        },
        gateway: Some(GATEWAY),
        host_addrs: vec![HOSTS],
        only: None,
    };
    Guard::new(OURS, 1500, rules, Timing::RFC, RateLimit::GIGABIT)
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// What a page does to send a frame; true when it went out.
fn send(guard: &mut Guard, now: Instant, frame: &[u8]) -> Result<(), Refusal> {
    let outgoing = guard.outgoing(now, frame)?;
    guard.sent(now, outgoing);
    Ok(())
}

fn packet() -> Vec<u8> {
    ipv4_frame(OTHER, OURS, ADDR, PEER, 20)
}

/// Probes at 0, 1 and 2 s; open from 4 s on (3.75 s, seen from here).
fn opened() -> Guard {
    let mut guard = guard();
    guard.claim(at(0), ADDR);
    for second in 0..3 {
        send(&mut guard, at(second * 1000), &probe(OURS, ADDR)).expect("a probe");
    }
    assert_eq!(guard.claim_state(at(4000)), ClaimState::Open { addr: ADDR });
    guard
}

#[test]
fn an_honest_claim_opens_after_three_probes_and_silence() {
    let mut guard = guard();
    assert_eq!(
        send(&mut guard, at(0), &packet()),
        Err(Refusal::NothingClaimed)
    );
    guard.claim(at(0), ADDR);
    for (n, ms) in [(1, 500), (2, 1500), (3, 2700)] {
        send(&mut guard, at(ms), &probe(OURS, ADDR)).expect("a probe");
        let expected = match n {
            3 => ClaimState::Waiting { addr: ADDR },
            seen => ClaimState::Probing {
                addr: ADDR,
                seen,
                of: 3,
            },
        };
        assert_eq!(guard.claim_state(at(ms)), expected);
        assert_eq!(
            send(&mut guard, at(ms), &packet()),
            Err(Refusal::GateClosed)
        );
    }
    assert_eq!(guard.poll_timeout(), Some(at(2700 + 1750)));
    assert_eq!(
        send(&mut guard, at(4449), &packet()),
        Err(Refusal::GateClosed)
    );
    assert_eq!(send(&mut guard, at(4450), &packet()), Ok(()));
}

#[test]
fn hasty_probes_do_not_count() {
    let mut guard = guard();
    guard.claim(at(0), ADDR);
    for ms in 0..30 {
        send(&mut guard, at(ms * 100), &probe(OURS, ADDR)).expect("a probe");
    }
    let seen = guard.claim_state(at(3000));
    assert!(
        matches!(seen, ClaimState::Probing { seen: 1, .. }),
        "{seen:?}"
    );
    assert_eq!(
        send(&mut guard, at(60_000), &packet()),
        Err(Refusal::GateClosed)
    );
}

#[test]
fn a_probe_that_was_held_up_on_its_way_spoils_nothing() {
    let mut guard = guard();
    guard.claim(at(0), ADDR);
    // The page sent them at 0, 1000 and 2000; the first arrived late.
    for ms in [450, 1000, 2250] {
        send(&mut guard, at(ms), &probe(OURS, ADDR)).expect("a probe");
    }
    assert_eq!(
        guard.claim_state(at(2250)),
        ClaimState::Waiting { addr: ADDR }
    );
    assert_eq!(send(&mut guard, at(4000), &packet()), Ok(()));
    // Three that come in a hurry are not enough, and one more makes them so.
    let mut guard = self::guard();
    guard.claim(at(0), ADDR);
    for ms in [0, 600, 1200] {
        send(&mut guard, at(ms), &probe(OURS, ADDR)).expect("a probe");
    }
    assert_eq!(guard.poll_timeout(), None);
    let probing = ClaimState::Probing {
        addr: ADDR,
        seen: 2,
        of: 3,
    };
    assert_eq!(guard.claim_state(at(60_000)), probing);
    send(&mut guard, at(60_000), &probe(OURS, ADDR)).expect("a probe");
    assert_eq!(guard.poll_timeout(), Some(at(61_750)));
}

#[test]
fn an_address_in_use_is_not_opened_and_its_owner_is_named() {
    let owner_says = arp_frame(OURS, OTHER, arp(OTHER, ADDR, Ipv4Addr::UNSPECIFIED));
    let other_probes = probe(OTHER, ADDR);
    for frame in [owner_says, other_probes] {
        let mut guard = guard();
        guard.claim(at(0), ADDR);
        send(&mut guard, at(0), &probe(OURS, ADDR)).expect("a probe");
        assert_eq!(guard.incoming(at(1), &frame), (Heard::InUse(OTHER), true));
        let conflict = ClaimState::Conflict {
            addr: ADDR,
            by: OTHER,
            lost: false,
        };
        assert_eq!(guard.claim_state(at(99_000)), conflict);
        assert_eq!(
            send(&mut guard, at(99_000), &probe(OURS, ADDR)),
            Err(Refusal::AddressLost)
        );
        // Another address may be tried.
        let state = guard.claim(at(99_000), NEXT);
        assert!(matches!(state, ClaimState::Probing { addr: NEXT, .. }));
    }
}

#[test]
fn our_own_frames_that_come_back_are_no_conflict() {
    let mut guard = guard();
    guard.claim(at(0), ADDR);
    send(&mut guard, at(0), &probe(OURS, ADDR)).expect("a probe");
    let echoed = guard.incoming(at(1), &probe(OURS, ADDR));
    assert_eq!(echoed, (Heard::Peace, true));
    // Somebody who asks for the address, or speaks of another, takes nothing away.
    let asks = arp_frame(MacAddr::BROADCAST, OTHER, arp(OTHER, GATEWAY, ADDR));
    assert_eq!(guard.incoming(at(2), &asks), (Heard::Peace, true));
    let elsewhere = arp_frame(MacAddr::BROADCAST, OTHER, arp(OTHER, NEXT, NEXT));
    assert_eq!(guard.incoming(at(3), &elsewhere), (Heard::Peace, false));
}

#[test]
fn a_challenge_is_defended_once_and_then_the_address_is_lost() {
    let challenge = arp_frame(MacAddr::BROADCAST, OTHER, arp(OTHER, ADDR, ADDR));
    let mut guard = opened();
    assert_eq!(
        guard.incoming(at(5000), &challenge).0,
        Heard::Challenged(OTHER)
    );
    assert_eq!(send(&mut guard, at(5001), &packet()), Ok(()));
    // RFC 5227 §2.4 (b): more than DEFEND_INTERVAL later it is a first challenge again.
    assert_eq!(
        guard.incoming(at(15_000), &challenge).0,
        Heard::Challenged(OTHER)
    );
    assert_eq!(guard.incoming(at(24_999), &challenge).0, Heard::Lost(OTHER));
    for frame in [packet(), probe(OURS, ADDR)] {
        assert_eq!(
            send(&mut guard, at(25_000), &frame),
            Err(Refusal::AddressLost)
        );
    }
    // Neither a new claim nor a release brings it back.
    guard.release();
    guard.claim(at(26_000), NEXT);
    let state = guard.claim_state(at(99_000));
    assert!(
        matches!(state, ClaimState::Conflict { lost: true, .. }),
        "{state:?}"
    );
}

#[test]
fn only_free_addresses_may_be_claimed_and_one_at_a_time() {
    let mut guard = guard();
    for (addr, why) in [
        (HOSTS, ClaimRefusal::HostsOwn),
        (GATEWAY, ClaimRefusal::Gateways),
        (Ipv4Addr::BROADCAST, ClaimRefusal::NotAStation),
        (Ipv4Addr::new(224, 0, 0, 1), ClaimRefusal::NotAStation),
    ] {
        assert_eq!(guard.claim(at(0), addr), ClaimState::Refused { addr, why });
        assert_eq!(
            send(&mut guard, at(0), &probe(OURS, addr)),
            Err(Refusal::NothingClaimed)
        );
    }
    let mut guard = opened();
    let refused = guard.claim(at(5000), NEXT);
    assert_eq!(
        refused,
        ClaimState::Refused {
            addr: NEXT,
            why: ClaimRefusal::AlreadyClaimed(ADDR)
        }
    );
    let same = guard.claim(at(5000), ADDR);
    assert_eq!(same, ClaimState::Open { addr: ADDR });
    guard.release();
    let next = guard.claim(at(5000), NEXT);
    assert!(matches!(next, ClaimState::Probing { seen: 0, .. }));
}

#[test]
fn an_address_that_the_host_takes_for_itself_is_lost() {
    let mut guard = opened();
    assert_eq!(guard.host_has(vec![HOSTS], OTHER), Heard::Peace);
    assert_eq!(send(&mut guard, at(5000), &packet()), Ok(()));
    assert_eq!(guard.host_has(vec![HOSTS, ADDR], OTHER), Heard::Lost(OTHER));
    assert_eq!(
        send(&mut guard, at(5000), &packet()),
        Err(Refusal::AddressLost)
    );
    // Before a claim it is refused as any other of the host's.
    let mut guard = self::guard();
    assert_eq!(guard.host_has(vec![HOSTS, ADDR], OTHER), Heard::Peace);
    let why = ClaimRefusal::HostsOwn;
    assert_eq!(
        guard.claim(at(0), ADDR),
        ClaimState::Refused { addr: ADDR, why }
    );
}

#[test]
fn after_many_conflicts_no_more_addresses_are_tried() {
    let mut guard = guard();
    for last in 130..140 {
        let addr = Ipv4Addr::new(10, 0, 0, last);
        guard.claim(at(0), addr);
        let (heard, _) = guard.incoming(at(0), &probe(OTHER, addr));
        assert_eq!(heard, Heard::InUse(OTHER));
    }
    let state = guard.claim(at(1), ADDR);
    assert_eq!(
        state,
        ClaimState::Refused {
            addr: ADDR,
            why: ClaimRefusal::TooManyConflicts
        }
    );
}

/// Anything that a page may do, and anything that may come from the wire.
#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Claim(Ipv4Addr),
    Release,
    Probe(Ipv4Addr),
    Announce(Ipv4Addr),
    Packet(Ipv4Addr),
    Junk(Vec<u8>),
    Conflict(Ipv4Addr),
    OtherProbes(Ipv4Addr),
}

fn step() -> impl Strategy<Value = Step> {
    let addr = || prop::sample::select(vec![ADDR, NEXT, HOSTS, GATEWAY, PEER]);
    prop_oneof![
        4 => prop::sample::select(vec![1, 100, 500, 880, 1000, 1800, 2000, 9000]).prop_map(Step::Pass),
        2 => addr().prop_map(Step::Claim),
        1 => Just(Step::Release),
        6 => addr().prop_map(Step::Probe),
        2 => addr().prop_map(Step::Announce),
        4 => addr().prop_map(Step::Packet),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Step::Junk),
        1 => addr().prop_map(Step::Conflict),
        1 => addr().prop_map(Step::OtherProbes),
    ]
}

/// A run that really opens the gate now and then: probes of one address, well apart.
fn script() -> impl Strategy<Value = Vec<Step>> {
    let honest = vec![
        Step::Claim(ADDR),
        Step::Probe(ADDR),
        Step::Pass(1000),
        Step::Probe(ADDR),
        Step::Pass(1000),
        Step::Probe(ADDR),
        Step::Pass(2000),
    ];
    let noise = || prop::collection::vec(step(), 0..25);
    (noise(), any::<bool>(), noise()).prop_map(move |(mut steps, claims, rest)| {
        if claims {
            steps.extend(honest.clone());
        }
        steps.extend(rest);
        steps
    })
}

/// What an onlooker with a notebook would allow, told by the log of what happened alone.
#[derive(Default)]
struct Onlooker {
    claimed: Option<Ipv4Addr>,
    probes: Vec<u64>,
    spoiled: bool,
    conflicts: Vec<u64>,
    lost: bool,
}

impl Onlooker {
    /// Whether there was ever a probe after which all had been probed well, and 1.75 s of
    /// silence. (Probes after the gate has opened do not close it again.)
    fn allows_use(&self, now: u64, addr: Ipv4Addr) -> bool {
        let opened = (0..self.probes.len()).any(|last| {
            let probes = &self.probes[..=last];
            let well_apart = 1 + probes
                .windows(2)
                .filter(|pair| pair[1] - pair[0] >= 500)
                .count();
            let until = self.probes.get(last + 1).copied().unwrap_or(now);
            well_apart >= 3 && probes[last] - probes[0] >= 1750 && until - probes[last] >= 1750
        });
        self.claimed == Some(addr) && !self.spoiled && !self.lost && opened
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever a page does, in whatever order: no IPv4 and no announcement goes out
    /// unless the address was probed three times, well apart, followed by silence, and
    /// nobody objected.
    #[test]
    fn no_lie_opens_the_gate(steps in script()) {
        let mut guard = guard();
        let mut seen = Onlooker::default();
        let mut now = 0_u64;
        for step in steps {
            // Somebody looks after every step, as the hub does.
            let _ = guard.claim_state(at(now));
            match step {
                Step::Pass(ms) => now += ms,
                Step::Claim(addr) => {
                    let before = guard.address();
                    let state = guard.claim(at(now), addr);
                    let fresh = matches!(state, ClaimState::Probing { seen: 0, .. });
                    if fresh && (before != Some(addr) || seen.spoiled) {
                        prop_assert!(addr == ADDR || addr == NEXT);
                        let lost = seen.lost;
                        seen = Onlooker { claimed: Some(addr), lost, ..Onlooker::default() };
                    }
                }
                Step::Release => {
                    guard.release();
                    if !seen.lost { seen = Onlooker::default(); }
                }
                Step::Probe(addr) => {
                    if send(&mut guard, at(now), &probe(OURS, addr)).is_ok() {
                        prop_assert_eq!(seen.claimed, Some(addr));
                        prop_assert!(!seen.lost && !seen.spoiled);
                        seen.probes.push(now);
                    }
                }
                Step::Announce(addr) => {
                    let frame = arp_frame(MacAddr::BROADCAST, OURS, arp(OURS, addr, addr));
                    if send(&mut guard, at(now), &frame).is_ok() {
                        prop_assert!(seen.allows_use(now, addr));
                    }
                }
                Step::Packet(addr) => {
                    let frame = ipv4_frame(OTHER, OURS, addr, PEER, 20);
                    if send(&mut guard, at(now), &frame).is_ok() {
                        prop_assert!(seen.allows_use(now, addr));
                    }
                }
                Step::Junk(frame) => prop_assert!(send(&mut guard, at(now), &frame).is_err()),
                Step::Conflict(addr) => {
                    let frame = arp_frame(MacAddr::BROADCAST, OTHER, arp(OTHER, addr, addr));
                    let open = seen.allows_use(now, addr);
                    let _ = guard.incoming(at(now), &frame);
                    if seen.claimed == Some(addr) && !seen.spoiled && !seen.lost {
                        if !open { seen.spoiled = true; }
                        let again = seen.conflicts.last().is_some_and(|last| now - last < 10_000);
                        if open && again { seen.lost = true; }
                        if open { seen.conflicts.push(now); }
                    }
                }
                Step::OtherProbes(addr) => {
                    let open = seen.allows_use(now, addr);
                    let _ = guard.incoming(at(now), &probe(OTHER, addr));
                    if seen.claimed == Some(addr) && !open { seen.spoiled = true; }
                }
            }
        }
    }
}
