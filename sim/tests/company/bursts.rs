//! The same share of packets lost, singly and in rows.

use crate::played::{experiment, settings};
use synema_core::trace::{Event, RecoveryStep};
use synema_sim::PassageEnd;
use synema_sim::experiment::{Experiment, Run};

const LEN: u64 = 400_000;

/// A run with this seed: when the page had all of it, milliseconds, how many packets were lost,
/// and how often the sender began to recover.
fn outcome(experiment: &Experiment, losses: &str, seed: u64) -> (u64, usize, usize) {
    let settings = settings(experiment, &[("losses", losses)]);
    let mut run = Run::new(experiment, &settings, seed).expect("its own settings");
    run.run_to_end();
    assert_eq!(run.page_received(), LEN, "{losses} {seed}");
    let read = |event: &Event| matches!(event, Event::Delivered { .. });
    let last = run.page_trace().iter().rfind(|it| read(&it.event));
    let lost = |end: &PassageEnd| matches!(end, PassageEnd::Lost { .. });
    let lost = run.passages().iter().filter(|it| lost(&it.end)).count();
    let begun = |event: &Event| {
        let Event::Recovery { step, .. } = event else {
            return false;
        };
        matches!(step, RecoveryStep::Began { .. })
    };
    let begun = run.server_trace().iter().filter(|it| begun(&it.event));
    (last.map_or(0, |it| it.at.as_millis()), lost, begun.count())
}

#[test]
fn losses_in_a_row_cost_one_conclusion() {
    let experiment = experiment("losses-in-bursts");
    let (none_ms, ..) = outcome(&experiment, "none", experiment.seed);
    let singly = outcome(&experiment, "singly", experiment.seed);
    let bursts = outcome(&experiment, "bursts", experiment.seed);
    assert_eq!(none_ms, 120);
    assert_eq!(singly, (280, 6, 3));
    assert_eq!(bursts, (160, 6, 1));
}

#[test]
fn most_days_rows_do_less_harm_and_some_days_far_more() {
    let experiment = experiment("losses-in-bursts");
    let days = |losses| {
        let mut ms: Vec<_> = (0..16)
            .map(|seed| outcome(&experiment, losses, seed).0)
            .collect();
        ms.sort_unstable();
        ms
    };
    let (singly, bursts) = (days("singly"), days("bursts"));
    assert!(2 * singly[8] > 3 * bursts[8], "{singly:?} {bursts:?}");
    assert!(bursts[15] > 10 * singly[15], "{singly:?} {bursts:?}");
}
