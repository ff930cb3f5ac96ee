use super::*;
use crate::testing::{Seg, tcp_frame};
use synema_core::wire::tcp::{Flags, Options};

const ACK: Flags = Flags::ACK;

/// A capture of segments: when (us), from the page or not, and which.
fn capture(steps: &[(u64, bool, Seg)]) -> Capture {
    let mut capture = Capture::default();
    for (number, &(us, from_page, seg)) in (1..).zip(steps) {
        let bytes = tcp_frame(from_page, seg, Options::NONE, b"");
        let id = FrameId::received(number);
        let at = Instant::from_micros(us);
        capture.push(Frame::new(id, at, Direction::Unknown, &bytes));
    }
    capture
}

fn seg(seq: u32, ack: u32, len: usize) -> Seg {
    Seg::new(ACK, seq, ack, len)
}

/// An echo of one byte each, `delay_us` there and back, a far clock that is 1 s ahead.
fn opened(delay_us: u64) -> [Vec<(u64, bool, Seg)>; 2] {
    let far = 1_000_000;
    let (there, back) = (seg(1, 1, 1), seg(1, 2, 1));
    [
        vec![(1_000, true, there), (1_100 + 2 * delay_us, false, back)],
        vec![
            (far + 1_000 + delay_us, true, there),
            (far + 1_100 + delay_us, false, back),
        ],
    ]
}

fn fates(merged: &Merged) -> Vec<(&Fate, Option<u64>)> {
    let frames = merged.capture.frames().iter();
    let us = |at: Instant| at.as_nanos() / 1_000;
    frames
        .map(|frame| (&frame.fate, frame.other_end.map(us)))
        .collect()
}

#[test]
fn what_both_have_has_two_times_and_the_clocks_are_told() {
    let [near, far] = opened(10_000);
    let merged = merge(&capture(&near), &capture(&far)).expect("they belong together");
    assert_eq!(
        fates(&merged),
        [(&Fate::Seen, Some(11_000)), (&Fate::Seen, Some(11_100))]
    );
    let clock = merged.report.clock;
    assert_eq!(clock.ahead_ns / 1_000_000, 1_000);
    // Half a round trip, and what two clocks may drift in it.
    assert!(
        (10_000_000..10_020_000).contains(&clock.uncertainty_ns),
        "{clock:?}"
    );
    let summary = merged.capture.annotations().summary();
    assert!(
        summary.starts_with("The far end's clock is 1.0 s ahead of the near one's, \u{b1} 10.0 ms"),
        "{summary}"
    );
    assert!(
        summary.contains(" 2 packets were seen at both ends; 0 were lost"),
        "{summary}"
    );
}

#[test]
fn what_one_end_alone_has_was_lost_on_its_way() {
    let [mut near, mut far] = opened(10_000);
    near.push((30_000, true, seg(2, 2, 100)));
    far.push((1_031_000, false, seg(2, 2, 50)));
    // Both captures go on.
    near.push((900_000, true, seg(200, 2, 0)));
    far.push((1_910_000, true, seg(200, 2, 0)));
    let merged = merge(&capture(&near), &capture(&far)).expect("they belong together");
    let fates = fates(&merged);
    assert_eq!(fates[2], (&Fate::LostLater, None));
    assert_eq!(fates[3], (&Fate::NeverSeen, Some(31_000)));
    let arrival = merged.capture.frames()[3].at;
    assert_eq!(
        arrival.as_nanos() / 1_000_000,
        41,
        "it would have come then"
    );
    assert_eq!((merged.report.lost_later, merged.report.never_seen), (1, 1));
}

#[test]
fn data_that_a_network_card_cut_up_or_joined_is_found() {
    let [mut near, mut far] = opened(10_000);
    // One frame here is three there; two there are one here.
    near.push((40_000, true, seg(2, 2, 3_000)));
    for (us, seq) in [(1_050_000, 2), (1_050_100, 1_002), (1_050_200, 2_002)] {
        far.push((us, true, seg(seq, 2, 1_000)));
    }
    for (us, seq) in [(1_060_000, 2), (1_060_100, 702)] {
        far.push((us, false, seg(seq, 3_002, 700)));
    }
    near.push((70_200, false, seg(2, 3_002, 1_400)));
    let merged = merge(&capture(&near), &capture(&far)).expect("they belong together");
    assert_eq!(
        fates(&merged)[2..],
        [(&Fate::Seen, Some(50_200)), (&Fate::Seen, Some(60_100))]
    );
    assert_eq!(merged.report.never_seen + merged.report.missed, 0);
}

#[test]
fn of_alike_packets_each_arrival_has_its_own_departure() {
    let [mut near, mut far] = opened(10_000);
    // Sent three times alike: the first is lost, the third arrives twice.
    for us in [100_000, 300_000, 700_000] {
        near.push((us, true, seg(2, 2, 100)));
    }
    for us in [1_310_000, 1_710_000, 1_710_050] {
        far.push((us, true, seg(2, 2, 100)));
    }
    let merged = merge(&capture(&near), &capture(&far)).expect("they belong together");
    assert_eq!(
        fates(&merged)[2..],
        [
            (&Fate::LostLater, None),
            (&Fate::Seen, Some(310_000)),
            (&Fate::Seen, Some(710_000))
        ]
    );
    assert_eq!(merged.report.copies, 1);
}

#[test]
fn captures_that_do_not_belong_together_are_refused_with_a_reason() {
    let [near, far] = opened(10_000);
    let refused = |near: &[(u64, bool, Seg)], far: &[(u64, bool, Seg)]| {
        let error = merge(&capture(near), &capture(far)).expect_err("it is refused");
        assert!(!error.to_string().is_empty() && !error.next_step().is_empty());
        error
    };
    let other = [(5_000, true, seg(77, 1, 1))];
    assert_eq!(refused(&near, &other), MergeError::NothingInCommon);
    assert_eq!(refused(&near, &far[..1]), MergeError::OneDirection);
    // The far clock is set back by a second between the two.
    let (mut longer, mut set_back) = (near.clone(), far.clone());
    longer.extend([
        (500_000, true, seg(2, 2, 1)),
        (520_000, false, seg(2, 3, 1)),
    ]);
    set_back.extend([
        (510_000, true, seg(2, 2, 1)),
        (510_000, false, seg(2, 3, 1)),
    ]);
    assert_eq!(refused(&longer, &set_back), MergeError::NoSteadyClock);
}
