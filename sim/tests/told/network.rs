//! What the way does to a sender, and the sender to the way.

use super::count;
use crate::played::{Played, play};
use synema_core::time::Duration;
use synema_core::trace::{Cause, Event, Record, RecoveryStep};
use synema_diagram::analysis::Verdicts;

/// How many segments an end sent again.
fn resent(trace: &[Record]) -> usize {
    count(trace, |event| match event {
        Event::Sent { cause, .. } => matches!(
            cause,
            Cause::RetransmissionTimeout | Cause::FastRetransmit | Cause::Recovery | Cause::Rack
        ),
        _ => false,
    })
}

#[test]
fn selective_acknowledgment_sends_again_what_is_missing_and_no_more() {
    let outcome = |recovery| {
        let played = play("sack-against-go-back-n", &[("recovery", recovery)]);
        assert_eq!(played.run.page_received(), 43_440);
        (resent(played.run.server_trace()), played.last_read_ms())
    };
    assert_eq!(outcome("sack"), (3, 100));
    assert_eq!(outcome("newreno"), (3, 120));
    assert_eq!(outcome("back"), (10, 300));
    // Small packets that are gone back to come again as one.
    let four = play("sack-against-go-back-n", &[("write", "four")]);
    let lens = four.document.analysis().digests().iter();
    let again = lens.filter_map(|digest| digest.tcp);
    let again: Vec<_> = again
        .filter(|tcp| tcp.verdicts.has(Verdicts::RETRANSMISSION))
        .map(|tcp| (tcp.seq, tcp.len))
        .collect();
    assert_eq!(again, [(111, 820)]);
}

/// The congestion window over time: milliseconds, bytes.
fn windows(trace: &[Record]) -> Vec<(u64, u64)> {
    let window = |record: &Record| match record.event {
        Event::Congestion { cwnd, .. } => Some((record.at.as_millis(), cwnd)),
        _ => None,
    };
    trace.iter().filter_map(window).collect()
}

/// When the first loss was noticed, milliseconds, and ssthresh after it.
fn first_loss(trace: &[Record]) -> (u64, u64) {
    let began = |record: &Record| match record.event {
        Event::Recovery { step, .. } => matches!(step, RecoveryStep::Began { .. }),
        _ => false,
    };
    let at = trace.iter().position(began).expect("something is lost");
    let ssthresh = trace[at..].iter().find_map(|record| match record.event {
        Event::Congestion { ssthresh, .. } => Some(ssthresh),
        _ => None,
    });
    let ssthresh = ssthresh.expect("the window is told after a step");
    (trace[at].at.as_millis(), ssthresh)
}

#[test]
fn the_window_doubles_each_round_trip_until_the_queue_overflows() {
    let played = play("slow-start-and-cubic", &[]);
    let trace = played.run.page_trace();
    let windows = windows(trace);
    assert_eq!(windows[0].1, 14_480, "ten segments");
    let (lost_ms, cubic) = first_loss(trace);
    // Three doublings overfill way and queue; a full round trip later it is known.
    assert!((100..180).contains(&lost_ms), "{lost_ms}");
    let before = windows.iter().take_while(|(ms, _)| *ms < lost_ms);
    let largest = before.map(|(_, cwnd)| *cwnd).max().expect("it grew");
    assert!(
        (8 * 14_480 - 14_480..=8 * 14_480 + 14_480).contains(&largest),
        "{largest}"
    );
    let newreno = play("slow-start-and-cubic", &[("control", "newreno")]);
    let (_, newreno) = first_loss(newreno.run.page_trace());
    // Seven tenths, and half.
    assert!(
        (cubic * 5).abs_diff(newreno * 7) < 7 * 1_448,
        "{cubic} {newreno}"
    );
}

#[test]
fn without_congestion_control_most_of_what_is_sent_dies() {
    let outcome = |control| {
        let played = play("slow-start-and-cubic", &[("control", control)]);
        let server = played.run.server_trace().iter();
        let done = server
            .rev()
            .find(|it| matches!(it.event, Event::Delivered { .. }));
        let done = done.expect("it arrives").at.as_millis();
        (resent(played.run.page_trace()), done)
    };
    let (resent, ms) = outcome("cubic");
    let (resent_without, ms_without) = outcome("none");
    assert!(
        resent < 100 && resent_without > 1_000,
        "{resent} {resent_without}"
    );
    assert!(2 * ms_without > 5 * ms, "{ms} {ms_without}");
}

/// The longest round trip that the page measured, and when the server had everything.
fn bloat(set: &[(&str, &str)]) -> (Duration, u64) {
    let played: Played = play("bufferbloat", set);
    let trips = played.run.page_trace().iter();
    let trips = trips.filter_map(|record| match record.event {
        Event::Rtt { sample, .. } => Some(sample),
        _ => None,
    });
    let server = played.run.server_trace().iter();
    let read = |record: &&Record| matches!(record.event, Event::Delivered { .. });
    let done = server.rev().find(read).expect("it arrives");
    (trips.max().expect("it measures"), done.at.as_millis())
}

#[test]
fn a_long_queue_is_filled_and_makes_nothing_faster() {
    let (long, long_ms) = bloat(&[]);
    let (short, short_ms) = bloat(&[("queue", "8000")]);
    assert!(long > Duration::from_secs(1) && long < Duration::from_millis(1_100));
    assert!(short < Duration::from_millis(60), "{short:?}");
    assert!(long_ms.abs_diff(short_ms) < 20, "{long_ms} {short_ms}");
}

#[test]
fn who_measures_the_way_does_not_fill_the_queue() {
    let (trip, ms) = bloat(&[("control", "bbr")]);
    let (_, cubic_ms) = bloat(&[]);
    assert!(trip < Duration::from_millis(150), "{trip:?}");
    assert!(super::is_within(15, ms, cubic_ms), "{ms} {cubic_ms}");
}
