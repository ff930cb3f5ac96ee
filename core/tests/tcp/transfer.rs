//! Whatever the wire does, both ends have the same bytes in the end.

use crate::link::{EndPlan, Wire, World};
use proptest::prelude::*;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{
    AckStrategy, CongestionKind, Nagle, OutOfOrderPolicy, Recovery, WindowProbe,
};
use synema_core::time::Duration;
use synema_core::trace::CloseReason;

const HOUR: Duration = Duration::from_secs(3600);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn clean(delay: Duration) -> Wire {
    Wire {
        delay,
        jitter: Duration::ZERO,
        loss_percent: 0,
        duplicate_percent: 0,
        seed: 1,
    }
}

#[test]
fn a_clean_wire_needs_no_retransmission() {
    let plans = [
        EndPlan::sends(Policy::rfc(), 3_000_000),
        EndPlan::sends(Policy::rfc(), 2_000_000),
    ];
    let isns = [u32::MAX - 1000, 7];
    let report = World::new(clean(ms(10)), plans, isns).run(isns, HOUR);
    for (end, expected) in report.ends.iter().zip([2_000_000, 3_000_000]) {
        assert_eq!(end.received, expected);
        assert_eq!(end.closed, Some(CloseReason::Finished));
        assert_eq!(end.retransmitted, 0);
    }
    // Then 2 MSL of TIME-WAIT.
    assert!(report.took < Duration::from_secs(242), "{:?}", report.took);
}

#[test]
fn one_percent_of_loss_does_not_stop_the_flow() {
    let plans = [
        EndPlan::sends(Policy::rfc(), 4_000_000),
        EndPlan::sends(Policy::rfc(), 0),
    ];
    let wire = Wire {
        loss_percent: 1,
        seed: 42,
        ..clean(ms(10))
    };
    let isns = [1, 2];
    let report = World::new(wire, plans, isns).run(isns, HOUR);
    assert_eq!(report.ends[1].received, 4_000_000);
    let sender = &report.ends[0];
    let rate = sender.retransmitted as f64 / sender.segments as f64;
    assert!(rate < 0.025, "resent {rate}");
    assert!(report.took < Duration::from_secs(260), "{:?}", report.took);
}

/// How long a transfer of 30 MB over 100 ms takes to whoever offers a window of
/// `initial_window` at the start.
fn took_with_window(initial_window: u32) -> Duration {
    let mut policy = Policy::rfc();
    policy.receive.initial_window = initial_window;
    policy.receive.buffer_len = 16 << 20;
    policy.send.buffer_len = 16 << 20;
    policy.timing.msl = Duration::ZERO;
    // Only the window is to limit.
    policy.congestion = CongestionKind::None;
    let plans = [
        EndPlan::sends(policy.clone(), 30_000_000),
        EndPlan::sends(policy, 0),
    ];
    let isns = [1, 2];
    let report = World::new(clean(ms(50)), plans, isns).run(isns, HOUR);
    assert_eq!(report.ends[1].received, 30_000_000);
    report.took
}

#[test]
fn a_window_grows_to_what_the_path_needs_within_a_few_round_trips() {
    let large = took_with_window(u32::MAX);
    let grown = took_with_window(65_535);
    assert!(grown < large + ms(1000), "{grown:?} against {large:?}");
    // Without growth it would be 65 KB in each round trip: 46 seconds.
    assert!(grown < Duration::from_secs(2), "{grown:?}");
}

#[test]
fn nobody_there_is_a_clean_error() {
    let plans = [
        EndPlan::sends(Policy::rfc(), 1000),
        EndPlan::sends(Policy::rfc(), 1000),
    ];
    let wire = Wire {
        loss_percent: 100,
        ..clean(ms(10))
    };
    let report = World::new(wire, plans, [1, 2]).run([1, 2], HOUR);
    let reason = CloseReason::TimedOut { syn: true };
    assert_eq!(report.ends[0].closed, Some(reason));
}

fn policies() -> impl Strategy<Value = Policy> {
    let base = prop_oneof![Just(Policy::rfc()), Just(Policy::linux())];
    let recovery = prop_oneof![
        Just(Recovery::Rack),
        Just(Recovery::Sack),
        Just(Recovery::NewReno),
        Just(Recovery::TimeoutOnly),
    ];
    let acks = prop_oneof![
        Just(AckStrategy::EverySegment),
        (1u16..8, 1u64..300).prop_map(|(segments, delay)| AckStrategy::Delayed {
            segments,
            delay: ms(delay)
        }),
    ];
    let buffers = prop_oneof![Just(1 << 20), 1u32..5000, 1000u32..100_000];
    let options = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let small = (any::<bool>(), any::<bool>(), any::<bool>(), 0u64..20);
    (
        base,
        recovery,
        acks,
        buffers,
        1000u32..200_000,
        options,
        small,
    )
        .prop_map(
            |(mut policy, recovery, ack, receive_len, send_len, options, small)| {
                policy.recovery = recovery;
                policy.receive.ack = ack;
                policy.receive.buffer_len = receive_len;
                policy.send.buffer_len = send_len;
                (policy.offer.mss, policy.offer.sack) = (options.0, options.1);
                (policy.offer.timestamps, policy.offer.window_scale) = (options.2, options.3);
                if small.0 {
                    policy.send.nagle = Nagle::Off;
                }
                if small.1 {
                    policy.send.window_probe = WindowProbe::OldSequence;
                }
                if small.2 && receive_len > 5000 {
                    policy.receive.out_of_order = OutOfOrderPolicy::Drop;
                }
                policy.receive.think = ms(small.3);
                // The peer may be unlucky more often than in life.
                policy.timing.retries = 60;
                policy.timing.syn_retries = 60;
                policy
            },
        )
}

fn wires() -> impl Strategy<Value = Wire> {
    (0u64..100, 0u64..60, 0u64..20, 0u64..15, any::<u64>()).prop_map(
        |(delay, jitter, loss_percent, duplicate_percent, seed)| Wire {
            delay: ms(delay),
            jitter: ms(jitter),
            loss_percent,
            duplicate_percent,
            seed,
        },
    )
}

fn plans() -> impl Strategy<Value = EndPlan> {
    (
        policies(),
        0usize..60_000,
        any::<bool>(),
        1usize..4000,
        1u64..400,
    )
        .prop_map(|(policy, send_len, slow, read_len, pause)| {
            // Byte by byte through a tiny window is right, but takes too long.
            let plan = EndPlan::sends(policy, send_len);
            if slow {
                EndPlan {
                    read_len: read_len.max(send_len / 200),
                    read_pause: ms(pause),
                    ..plan
                }
            } else {
                plan
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_ends_have_the_same_bytes(
        wire in wires(),
        client in plans(),
        server in plans(),
        isns in any::<[u32; 2]>(),
    ) {
        let mut plans = [client, server];
        // A tiny receiver gets less to receive.
        for at in [0, 1] {
            let window = plans[1 - at].policy.receive.buffer_len as usize;
            let send_len = plans[at].send_len.min(window.saturating_mul(40));
            plans[at].send_len = send_len;
        }
        let expected = [plans[1].send_len, plans[0].send_len];
        let report = World::new(wire, plans, isns).run(isns, 1000 * HOUR);
        for (end, expected) in report.ends.iter().zip(expected) {
            prop_assert_eq!(end.received, expected, "{:?}", report);
        }
        // Who waits for the last ACK after the other end's TIME-WAIT gets a RST.
        let first = report.ends.iter().any(|end| end.closed == Some(CloseReason::Finished));
        let both = report.ends.iter().all(|end| end.closed.is_some());
        prop_assert!(first && both, "{:?}", report);
    }
}
