//! A stack with all its parts, and one from which they are taken away.

use super::runs;
use synema_sim::experiment::Run;

/// How many of these runs brought the whole page.
fn complete(runs: &[Run], len: u64) -> usize {
    runs.iter().filter(|run| run.page_received() == len).count()
}

#[test]
fn this_curl_works_every_time() {
    let id = "a-curl-that-always-works";
    for (set, seeds) in [
        (&[][..], 0..40),
        (&[("loss", "20")][..], 100..130),
        (
            &[
                ("loss", "20"),
                ("corrupt", "4"),
                ("reorder", "30"),
                ("jitter", "100"),
            ][..],
            200..212,
        ),
    ] {
        let number = seeds.clone().count();
        assert_eq!(complete(&runs(id, set, seeds), 60_000), number, "{set:?}");
    }
}

const ID: &str = "how-little-tcp-is-enough";

#[test]
fn on_a_good_wire_hardly_anything_is_needed() {
    for without in [
        "nothing",
        "options",
        "sack",
        "store",
        "timer",
        "window",
        "sparing",
        "congestion",
        "hers",
    ] {
        let runs = runs(ID, &[("without", without)], 1..2);
        assert_eq!(complete(&runs, 30_000), 1, "{without}");
    }
    // But for the one line that her early close wants.
    let runs = runs(ID, &[("without", "hers"), ("close", "early")], 1..2);
    assert_eq!(complete(&runs, 30_000), 0);
}

#[test]
fn on_a_bad_wire_every_part_has_its_day() {
    let of_twenty = |without| runs(ID, &[("without", without), ("wire", "bad")], 1..21);
    assert_eq!(complete(&of_twenty("nothing"), 30_000), 20);
    assert_eq!(complete(&of_twenty("options"), 30_000), 20);
    assert_eq!(complete(&of_twenty("sack"), 30_000), 20);
    // Whose SYN or request is lost and is not sent again gets nothing at all.
    let no_timer = of_twenty("timer");
    let got = complete(&no_timer, 30_000);
    assert!((10..20).contains(&got), "{got}");
    assert_eq!(complete(&no_timer, 0) + got, 20);
    // One in four, she counted.
    let hers = complete(&of_twenty("hers"), 30_000);
    assert!((1..=6).contains(&hers), "{hers}");
}
