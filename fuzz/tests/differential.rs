//! The comparison finds what differs, and nothing where nothing does.

use synema_core::tcp::Policy;
use synema_core::tcp::policy::AckStrategy;
use synema_fuzz::differential::{Answers, Script, Verdict, compare, play};

const SCRIPTS: u64 = 100;

/// In how many scripts another policy's answers are found to be unlike Linux's.
fn unlike_linux(policy: &Policy) -> usize {
    let differs = |seed: &u64| {
        let script = Script::new(*seed);
        let answers = play(&script, &Policy::linux());
        let others = play(&script, policy);
        matches!(compare(&script, &answers, &others), Verdict::Differs(_))
    };
    (0..SCRIPTS).filter(differs).count()
}

#[test]
fn a_policy_is_like_itself_and_unlike_others() {
    assert_eq!(unlike_linux(&Policy::linux()), 0);
    assert!(unlike_linux(&Policy::teeceepee_2014()) > 90);
    let mut silent = Policy::linux();
    silent.receive.ack = AckStrategy::Never;
    assert!(unlike_linux(&silent) > 60);
    let mut without_dsack = Policy::linux();
    without_dsack.receive.dsack = false;
    assert!(unlike_linux(&without_dsack) > 5);
}

#[test]
fn a_line_more_less_or_other_is_found() {
    let script = Script::new(7);
    let answers = play(&script, &Policy::linux());
    let full = answers.iter().position(|lines| !lines.is_empty());
    let at = full.expect("somebody answers");
    let changed = |change: fn(&mut Vec<String>)| -> Answers {
        let mut changed = answers.clone();
        change(&mut changed[at]);
        changed
    };
    for other in [
        changed(Vec::clear),
        changed(|lines| lines.push(String::from("> RST 1"))),
        changed(|lines| lines[0].push('1')),
    ] {
        assert_eq!(compare(&script, &answers, &other), Verdict::Differs(at));
    }
    // What is only sent again is not compared.
    let again = changed(|lines| lines.push(String::from("~> ACK 1 len 10 ack 1")));
    assert_eq!(compare(&script, &answers, &again), Verdict::Alike(vec![]));
}
