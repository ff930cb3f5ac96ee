//! The article's stack, against what it came to with a real Linux server.
//!
//! ```text
//!   server:                     BBR, measured         here       CUBIC, measured   here
//!   as it is                    0.20 s   1 resent     0.19 s  1   0.19 s           0.18 s  1
//!   5 ms of thinking            0.94 s   at most 1    0.97 s  1   0.68 s           0.63 s  1
//!   20 ms                       2.5 s    at most 1    2.72 s  1   2.43 s           2.38 s  1
//!   50 ms                       5.9 s    at most 1    5.79 s  1   5.92 s           5.89 s  1
//!   300 ms, 16 kB               17.4 s   28 needless  17.1 s  27  9.65 s  1        9.64 s  1
//!   early close                 18 kB    7 resent     18 kB   7   18 kB   7        18 kB   7
//!   early close, FIN counted    0.24 s                0.19 s      0.19 s           0.18 s
//!   one lost                    1.03 s                0.97 s      1.14 s           1.06 s
//!     good ones thrown away     30                    22          15               17
//! ```
//!
//! Measured with teeceepee's rules against Linux 6.18, 10 ms each way; CUBIC later than BBR,
//! on another day. The times are the page's, but of 5 ms with BBR: there 0.94 s is when the
//! connection is over (the page was complete after 0.63 to 0.68 s, here after 0.69). Of the
//! rows with BBR two are not met: 0.24 s, which was 0.20 s when it was measured again, and
//! the 30 that are thrown away.

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

const BBR: (&str, &str) = ("peer", "bbr");
const CUBIC: (&str, &str) = ("peer", "cubic");

#[test]
fn slow_is_not_broken() {
    for (peer, think, measured_ms) in [
        (BBR, "0", 200),
        (BBR, "20", 2_500),
        (BBR, "50", 5_900),
        (CUBIC, "0", 186),
        (CUBIC, "5", 683),
        (CUBIC, "20", 2_426),
        (CUBIC, "50", 5_924),
    ] {
        let played = play(ID, &[peer, ("think", think)]);
        let ms = played.last_read_ms();
        assert_eq!(played.run.page_received(), 60_000);
        assert!(is_within(15, ms, measured_ms), "{peer:?} {think}: {ms} ms");
        // The FIN that rode on data, again and alone.
        assert_eq!(resent(&played), 1, "{think}");
        assert_eq!(thrown_away(&played), 0);
    }
    let played = play(ID, &[BBR, ("think", "5")]);
    assert_eq!((played.run.page_received(), resent(&played)), (60_000, 1));
    assert!(is_within(15, played.last_read_ms(), 660));
    assert!(is_within(15, over_ms(&played), 940), "{}", over_ms(&played));
}

#[test]
fn so_slow_that_the_timer_cannot_know_better_it_comes_to_an_end_all_the_same() {
    let outcome = |peer| {
        let played = play(ID, &[peer, ("think", "300"), ("len", "16k")]);
        assert_eq!(played.run.page_received(), 16_000);
        (played.last_read_ms(), thrown_away(&played) as u64)
    };
    let (ms, needless) = outcome(BBR);
    assert!(
        is_within(15, ms, 17_400) && is_within(15, needless, 28),
        "{ms} {needless}"
    );
    // F-RTO finds out after the first.
    let (ms, needless) = outcome(CUBIC);
    assert!(is_within(15, ms, 9_650), "{ms}");
    assert_eq!(needless, 1);
}

#[test]
fn a_fin_that_is_not_counted_stalls_the_page_and_one_that_is_does_not() {
    for peer in [BBR, CUBIC] {
        let played = play(ID, &[peer, ("close", "yes")]);
        assert!(is_within(15, played.run.page_received(), 18_000));
        assert!(played.last_read_ms() < 100, "and then nothing more");
        assert_eq!(resent(&played), 7);
        assert_eq!(thrown_away(&played), 7, "each in silence");
        assert_eq!(played.server_timeouts(), 7);
        let played = play(ID, &[peer, ("close", "yes"), ("fin", "counted")]);
        assert_eq!(played.run.page_received(), 60_000);
        assert!(is_within(15, played.last_read_ms(), 195));
    }
    // Answering what is old does not help: the answers have the wrong number as well.
    let played = play(ID, &[("close", "yes"), ("old", "answered")]);
    assert_eq!(resent(&played), 7);
}

#[test]
fn one_lost_packet_costs_a_second_and_all_that_follows_it() {
    for (peer, measured_ms, thrown) in [(BBR, 1_030, 15..31), (CUBIC, 1_140, 15..18)] {
        let played = play(ID, &[peer, ("lose", "tenth")]);
        assert_eq!(played.run.page_received(), 60_000);
        let ms = played.last_read_ms();
        assert!(is_within(15, ms, measured_ms), "{peer:?} {ms}");
        assert!(thrown.contains(&thrown_away(&played)));
    }
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
