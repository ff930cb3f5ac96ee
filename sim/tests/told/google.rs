//! The article's stack, against what it came to with a real Linux server.
//!
//! ```text
//!   case                        measured (Linux 6.18)           here (CUBIC)
//!   as it is                    0.20 s  1 resent                0.18 s  1
//!   5 ms of thinking            0.94 s  at most 1               0.63 s  1, over after 0.94 s
//!   20 ms                       2.5 s   at most 1               2.38 s  1
//!   50 ms                       5.9 s   at most 1               5.89 s  1
//!   300 ms, 16 kB     BBR       17.4 s  28 needless
//!                     CUBIC     9.65 s  1 needless              9.64 s  1
//!   early close                 stalls at 18 kB, 7 resent       18 kB   7
//!   early close, FIN counted    0.24 s (again: 0.19 to 0.20)    0.18 s
//!   one lost          BBR       1.03 s  30 thrown away
//!                     CUBIC     1.14 s  15 thrown away          1.06 s  16
//! ```
//!
//! The first column was measured with BBR, except where it says CUBIC; of 5 ms, 0.94 s is
//! when the connection is over: the page was complete after 0.63 to 0.68 s. BBR is not in
//! this stack: its pacing timer resends what is taken for lost while F-RTO still waits for
//! an answer (RFC 5682), and it keeps four segments in flight after a timeout.

use super::is_within;
use crate::played::{Played, play};
use synema_core::trace::{DropReason, Event};
use synema_diagram::analysis::Verdicts;

const ID: &str = "why-google-gave-up";

/// How many segments the server sent again, by the analysis of what the page saw.
fn resent(played: &Played) -> usize {
    played.count(Verdicts::RETRANSMISSION)
}

/// How many good segments the page threw away.
fn thrown_away(played: &Played) -> usize {
    super::count(played.run.page_trace(), |event| {
        matches!(
            event,
            Event::Dropped {
                reason: DropReason::PolicyOutOfOrder { .. },
                ..
            }
        )
    })
}

/// When the server's connection was over but for TIME-WAIT: its FIN was acknowledged.
fn over_ms(played: &Played) -> u64 {
    let closed = |event: &Event| matches!(event, Event::Closed { .. });
    let end = played.run.page_trace().iter().find(|it| closed(&it.event));
    end.expect("the connection ends").at.as_millis()
}

#[test]
fn slow_is_not_broken() {
    for (think, measured_ms) in [("0", 200), ("20", 2_500), ("50", 5_900)] {
        let played = play(ID, &[("think", think)]);
        assert_eq!(played.run.page_received(), 60_000);
        assert!(
            is_within(15, played.last_read_ms(), measured_ms),
            "{think}: {} ms",
            played.last_read_ms()
        );
        // The FIN that rode on data, again and alone.
        assert_eq!(resent(&played), 1, "{think}");
        assert_eq!(played.count(Verdicts::SPURIOUS_RETRANSMISSION), 0);
    }
    let played = play(ID, &[("think", "5")]);
    assert_eq!((played.run.page_received(), resent(&played)), (60_000, 1));
    assert!(is_within(15, played.last_read_ms(), 650));
    assert!(is_within(15, over_ms(&played), 940), "{}", over_ms(&played));
}

#[test]
fn so_slow_that_the_timer_cannot_know_better_it_comes_to_an_end_all_the_same() {
    let played = play(ID, &[("think", "300"), ("len", "16k")]);
    assert_eq!(played.run.page_received(), 16_000);
    assert!(is_within(15, played.last_read_ms(), 9_650));
    // One segment, needlessly, and the FIN.
    assert_eq!((resent(&played), thrown_away(&played)), (2, 1));
}

#[test]
fn a_fin_that_is_not_counted_stalls_the_page_and_one_that_is_does_not() {
    let played = play(ID, &[("close", "yes")]);
    assert!(is_within(15, played.run.page_received(), 18_000));
    assert!(played.last_read_ms() < 100, "and then nothing more");
    assert_eq!(resent(&played), 7);
    assert_eq!(thrown_away(&played), 7, "each in silence");
    assert_eq!(played.server_timeouts(), 7);
    let played = play(ID, &[("close", "yes"), ("fin", "counted")]);
    assert_eq!(played.run.page_received(), 60_000);
    assert!(is_within(15, played.last_read_ms(), 195));
    // Answering what is old does not help: the answers have the wrong number as well.
    let played = play(ID, &[("close", "yes"), ("old", "answered")]);
    assert_eq!(resent(&played), 7);
}

#[test]
fn one_lost_packet_costs_a_second_and_all_that_follows_it() {
    let played = play(ID, &[("lose", "tenth")]);
    assert_eq!(played.run.page_received(), 60_000);
    assert!(is_within(15, played.last_read_ms(), 1_030));
    assert!(is_within(15, thrown_away(&played) as u64, 15));
    // With a store for what comes early it is the one alone, and two round trips.
    let kept = play(ID, &[("lose", "tenth"), ("old", "answered")]);
    assert!(kept.last_read_ms() < 250, "{}", kept.last_read_ms());
    assert_eq!(resent(&kept), 2, "the lost one, and the FIN");
}

#[test]
fn a_syn_that_names_its_mss_makes_a_third_of_the_packets() {
    let segments = |set| super::data_segments(&play(ID, set))[1];
    assert_eq!(segments(&[]), 117);
    assert_eq!(segments(&[("options", "mss")]), 44);
}
