//! Whole pages over wires that lose, delay, reorder, repeat and corrupt.

mod common;

use common::{URL, body, fetch_page, lab_with_pages, ten_ms};
use synema_core::app::session::FetchOptions;
use synema_core::time::Duration;
use synema_core::trace::{Cause, DropReason, Event, Record};
use synema_sim::{Chosen, Conditions, Lab, LossReason, Page, PassageEnd};

const SMALL: usize = 3_000;
const MEGABYTE: usize = 1 << 20;

/// Fetches a page of `len` bytes and wants it whole; answers the lab, and how
/// long it took.
fn whole(seed: u64, way: Conditions, len: usize) -> (Lab, Duration) {
    let body = body(len);
    let mut lab = lab_with_pages(seed, way, &[("/page", Page::new(&body))]);
    let start = lab.network.now();
    // A wire this bad can be silent for long while timers back off.
    let mut patient = FetchOptions::default();
    patient.timeouts.idle = Duration::from_secs(600);
    let fetched = lab.fetch(1, URL, patient);
    let (at, end) = fetched.end.expect("an end");
    assert_eq!(end, Ok(len as u64), "seed {seed}");
    assert!(
        fetched.body == body,
        "the body is not the server's, seed {seed}"
    );
    (lab, at.since(start))
}

fn lost(lab: &Lab) -> usize {
    let is_lost = |end: &PassageEnd| matches!(end, PassageEnd::Lost { .. });
    lab.network
        .passages()
        .iter()
        .filter(|it| is_lost(&it.end))
        .count()
}

fn causes(trace: &[Record], wanted: impl Fn(&Cause) -> bool) -> usize {
    let is_sent =
        |record: &&Record| matches!(&record.event, Event::Sent { cause, .. } if wanted(cause));
    trace.iter().filter(is_sent).count()
}

#[test]
fn pages_survive_loss() {
    for percent in [0, 1, 10] {
        for seed in 0..6 {
            let way = || ten_ms().with_loss_percent(percent);
            let (lab, _) = whole(seed, way(), SMALL);
            if percent == 0 {
                assert_eq!(lost(&lab), 0);
            }
        }
    }
    for (percent, limit_secs) in [(0, 2), (1, 20), (10, 600)] {
        let (lab, took) = whole(3, ten_ms().with_loss_percent(percent), MEGABYTE);
        assert!(
            took < Duration::from_secs(limit_secs),
            "{percent} %: {took:?}"
        );
        assert_eq!(lost(&lab) > 0, percent > 0);
    }
}

#[test]
fn pages_survive_reordering_duplication_and_corruption() {
    let reordered = Conditions {
        reorder_ppm: 50_000,
        reorder_by: Duration::from_millis(3),
        jitter: Duration::from_millis(2),
        ..ten_ms()
    };
    let (lab, _) = whole(5, reordered, MEGABYTE);
    let client = lab.network.node(lab.page).trace();
    assert!(
        causes(client, |cause| *cause == Cause::OutOfOrder) > 0,
        "nothing was reordered"
    );

    let duplicated = Conditions {
        duplicate_ppm: 100_000,
        ..ten_ms()
    };
    let (lab, _) = whole(6, duplicated, MEGABYTE);
    let client = lab.network.node(lab.page).trace();
    assert!(
        causes(client, |cause| *cause == Cause::Duplicate) > 10,
        "nothing was repeated"
    );

    let corrupted = Conditions {
        corrupt_ppm: 20_000,
        ..ten_ms()
    };
    let (lab, _) = whole(7, corrupted, MEGABYTE);
    let bad = |record: &&Record| {
        matches!(
            record.event,
            Event::Dropped {
                reason: DropReason::BadChecksum,
                ..
            }
        )
    };
    let client = lab.network.node(lab.page).trace();
    assert!(
        client.iter().filter(bad).count() > 0,
        "no checksum was wrong"
    );
}

#[test]
fn a_slow_link_with_a_short_queue_is_filled_and_not_flooded() {
    let way = Conditions {
        rate_bps: Some(10_000_000),
        queue_len: Some(30_000),
        ..ten_ms()
    };
    let (lab, took) = whole(8, way, MEGABYTE);
    let queue_losses = lab.network.passages().iter().filter(|it| {
        matches!(
            it.end,
            PassageEnd::Lost {
                why: LossReason::QueueFull,
                ..
            }
        )
    });
    assert!(queue_losses.count() > 0, "the queue was never full");
    // 8.4 Mbit at 10 Mbit/s take 0.84 s at least.
    assert!(took > Duration::from_millis(840), "{took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn one_lost_segment_is_repaired_and_the_passage_says_where_it_died() {
    let mut lab = lab_with_pages(9, ten_ms(), &[("/page", Page::new(&body(60_000)))]);
    let (from, to) = (lab.www.id(), lab.router.id());
    let way = ten_ms().losing(&[Chosen::TcpData(5)]);
    lab.network.set_conditions(lab.servers, from, to, way);
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    assert_eq!(fetched.body.len(), 60_000);
    let deaths: Vec<_> = lab
        .network
        .passages()
        .iter()
        .filter_map(|passage| match passage.end {
            PassageEnd::Lost { at, why } => Some((passage, at, why)),
            PassageEnd::Arrived { .. } => None,
        })
        .collect();
    let [(passage, at, why)] = deaths.as_slice() else {
        panic!("not one death: {deaths:?}");
    };
    assert_eq!(
        (passage.from, passage.to, *why),
        (from, to, LossReason::Chosen)
    );
    assert_eq!(
        at.since(passage.departed),
        Duration::from_millis(5),
        "half-way"
    );
    let server = lab.network.node(lab.www).trace();
    let repairs = causes(server, |cause| {
        matches!(
            cause,
            Cause::FastRetransmit
                | Cause::Recovery
                | Cause::Rack
                | Cause::TailLossProbe
                | Cause::RetransmissionTimeout
        )
    });
    assert_eq!(repairs, 1);
}

#[test]
fn a_lost_syn_is_sent_again_after_a_second() {
    let mut lab = lab_with_pages(10, ten_ms(), &[("/page", Page::new(b"hello"))]);
    let (from, to) = (lab.router.id(), lab.www.id());
    let way = ten_ms().losing(&[Chosen::TcpSyn(1)]);
    lab.network.set_conditions(lab.servers, from, to, way);
    let start = lab.network.now();
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    let (at, end) = fetched.end.expect("an end");
    assert_eq!(end, Ok(5));
    let took = at.since(start);
    assert!(
        took > Duration::from_secs(1) && took < Duration::from_millis(1_300),
        "{took:?}"
    );
}

#[test]
fn every_arrival_is_told_by_both_ends() {
    let (lab, fetched) = fetch_page(11, ten_ms(), Page::new(&body(20_000)));
    assert_eq!(fetched.body.len(), 20_000);
    let page = lab.page.id();
    let mut received = 0;
    for passage in lab.network.passages().iter().filter(|it| it.to == page) {
        let PassageEnd::Arrived {
            at, received_as, ..
        } = passage.end
        else {
            panic!("nothing is lost here");
        };
        let told = lab.network.node(lab.page).trace().iter().any(|record| {
            record.at == at
                && matches!(record.event, Event::Received { frame, len }
                    if frame == received_as && len as usize == passage.bytes.len())
        });
        // What has not arrived when the fetch is over has not been told.
        assert!(told || at > lab.network.now(), "{passage:?}");
        received += usize::from(told);
    }
    assert!(received > 15, "{received}");
    let mut sent = lab
        .network
        .node(lab.page)
        .trace()
        .iter()
        .filter_map(|record| match record.event {
            Event::Sent { frame, .. } => Some((record.at, frame)),
            _ => None,
        });
    assert!(sent.all(|(at, frame)| {
        lab.network
            .passages()
            .iter()
            .any(|it| it.from == page && it.sent_as == frame && it.departed == at)
    }));
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_byte() {
    let run = |seed| {
        let way = Conditions {
            jitter: Duration::from_millis(1),
            duplicate_ppm: 10_000,
            reorder_ppm: 10_000,
            reorder_by: Duration::from_millis(2),
            ..ten_ms().with_loss_percent(2)
        };
        let (lab, _) = whole(seed, way, 200_000);
        let client = postcard::to_allocvec(lab.network.node(lab.page).trace()).expect("a trace");
        let server = postcard::to_allocvec(lab.network.node(lab.www).trace()).expect("a trace");
        let passages = postcard::to_allocvec(lab.network.passages()).expect("passages");
        (client, server, passages)
    };
    let first = run(12);
    assert!(first == run(12));
    assert!(first.0 != run(13).0);
}
