//! What the fuzzer begins with is survived, and gets in.

use synema_core::trace::TcpState;
use synema_fuzz::frame::Bench;
use synema_fuzz::session::Session;
use synema_fuzz::{Choices, file, frame, seeds, session};

#[test]
fn every_seed_is_survived_by_every_target() {
    for seed in seeds::all() {
        frame::run(&seed);
        session::run(&seed);
    }
}

#[test]
fn every_capture_that_a_seed_makes_is_survived_and_packets_get_in() {
    let mut packets = 0;
    for seed in seeds::all() {
        file::run(&seed);
        packets += file::packets(&seed);
    }
    assert!(packets > 1_000, "{packets} packets");
}

#[test]
fn frames_of_a_seed_are_answered_and_move_the_connection() {
    let (mut sent, mut closed) = (0, 0);
    for seed in 0..50 {
        let mut bench = Bench::new(Choices::seeded(seed));
        assert!(bench.has_seen(TcpState::Established));
        for _ in 0..50 {
            bench.step();
        }
        sent += bench.sent();
        closed += u32::from(bench.has_seen(TcpState::CloseWait));
    }
    assert!(sent > 500, "{sent} answers");
    assert!(closed > 10, "{closed} of 50 took a FIN");
}

#[test]
fn the_same_input_is_the_same_run() {
    let frames = |bytes: &[u8]| {
        let mut session = Session::new(Choices::of(bytes));
        session.run();
        session.frames()
    };
    let counts = || seeds::all().map(|seed| frames(&seed)).collect::<Vec<_>>();
    let first = counts();
    assert!(first.iter().max() > Some(&100), "{first:?}");
    assert_eq!(first, counts());
}
