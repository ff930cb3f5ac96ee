//! `P P P A`: who spoke how often, and what that says.

use crate::played::{Played, play};

const ID: &str = "p-p-p-a";

fn letters(played: &Played) -> String {
    played.document.strip(1..u64::MAX).text()
}

/// The longest row of packets with data between two ACKs.
fn longest_run(letters: &str) -> usize {
    let runs = letters.split('A');
    runs.map(|run| run.matches('P').count()).max().unwrap_or(0)
}

#[test]
fn a_run_of_ps_is_no_sign_of_slowness() {
    let outcome = |set: &[(&str, &str)]| {
        let played = play(ID, set);
        assert_eq!(played.run.page_received(), 60_000);
        (longest_run(&letters(&played)), played.last_read_ms())
    };
    let (each, each_ms) = outcome(&[("receiver", "each")]);
    let (second, second_ms) = outcome(&[("receiver", "second")]);
    let (eighth, eighth_ms) = outcome(&[("receiver", "eighth")]);
    assert_eq!((each, second, eighth), (1, 2, 8));
    assert!(each_ms <= second_ms && second_ms <= eighth_ms);
    assert!(eighth_ms < each_ms + 10, "{each_ms} {eighth_ms}");
}

#[test]
fn her_stack_says_a_for_every_p_however_slow_it_is() {
    let fast = letters(&play(ID, &[("receiver", "hers")]));
    assert_eq!(longest_run(&fast), 1);
    let slow = play(ID, &[("receiver", "hers"), ("think", "20")]);
    assert!(slow.last_read_ms() > 2_000);
    let slow = letters(&slow);
    assert_eq!(slow.matches('A').count(), fast.matches('A').count());
    assert!(
        slow.starts_with("S S A P A P P P P P P P P P P A"),
        "{slow}"
    );
    assert!(slow.contains("P A P A P A P A P A"), "{slow}");
    assert!(
        slow.contains("A A A A A A A A"),
        "what it still owes: {slow}"
    );
}

#[test]
fn a_kernel_with_a_clever_card_is_as_terse_as_in_her_capture() {
    let terse = letters(&play(ID, &[]));
    assert!(
        terse.contains("A P P P P P P P P A P P P P P P P P A"),
        "{terse}"
    );
}
