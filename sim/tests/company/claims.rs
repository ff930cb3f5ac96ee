//! An address that is asked for, and one that is just taken.

use super::{ends, played, told};
use expect_test::expect;
use synema_core::trace::{ClaimStep, CloseReason, Event};
use synema_core::wire::{EtherType, ethernet};
use synema_sim::Passage;
use synema_sim::experiment::Run;

const ID: &str = "claiming-an-address";
const PAGE: usize = 0;
const NEIGHBOUR: usize = 2;

/// The steps of a machine's claim, and when, milliseconds.
fn steps(run: &Run, machine: usize) -> Vec<(u64, ClaimStep)> {
    let step = |event: &Event| match event {
        Event::Claim { step, .. } => Some(*step),
        _ => None,
    };
    let trace = run.machines()[machine].trace.iter();
    let steps = trace.filter_map(|it| step(&it.event).map(|step| (it.at.as_millis(), step)));
    steps.collect()
}

/// Only the frames about addresses.
fn about_addresses(run: &Run) -> String {
    let told = told(run);
    let arp = told.lines().filter(|line| line.contains("ARP"));
    arp.map(|line| format!("{line}\n")).collect()
}

fn is_arp(bytes: &[u8]) -> bool {
    ethernet::Frame::parse(bytes).is_ok_and(|frame| frame.ether_type() == EtherType::ARP)
}

/// When the first frame went out that is not about addresses, milliseconds.
fn first_word(run: &Run) -> Option<u64> {
    let first = run.passages().iter().find(|it| !is_arp(&it.bytes));
    first.map(|passage| passage.departed.as_millis())
}

#[test]
fn a_free_address_is_asked_for_three_times_and_announced_twice() {
    let run = played(ID, &[]);
    expect![[r#"
        786.4   this page -> www.lab.test, a neighbour: ARP: does anybody use .129?
        1828.0  this page -> www.lab.test, a neighbour: ARP: does anybody use .129?
        3648.2  this page -> www.lab.test, a neighbour: ARP: does anybody use .129?
        5648.2  this page -> www.lab.test, a neighbour: ARP: .129 is mine
        5648.2  this page -> www.lab.test, a neighbour: ARP: who has .80?
        5649.2  www.lab.test -> this page: ARP: I have .80
        7648.2  this page -> www.lab.test, a neighbour: ARP: .129 is mine
    "#]]
    .assert_eq(&about_addresses(&run));
    let granted = steps(&run, PAGE)
        .into_iter()
        .find(|(_, step)| matches!(step, ClaimStep::Granted { rfc_timings: true }));
    assert!(granted.is_some_and(|(at, _)| Some(at) < first_word(&run)));
    assert_eq!(run.page_received(), 400);
}

#[test]
fn one_question_is_enough_to_leave_an_owner_in_peace() {
    let run = played(ID, &[("address", "in-use")]);
    expect![[r#"
        786.4   this page -> www.lab.test, a neighbour: ARP: does anybody use .129?
        787.4   a neighbour -> this page: ARP: I have .129
    "#]]
    .assert_eq(&about_addresses(&run));
    let last = steps(&run, PAGE).pop();
    assert!(
        matches!(last, Some((788, ClaimStep::InUse { .. }))),
        "{last:?}"
    );
    assert_eq!(steps(&run, NEIGHBOUR), []);
    assert_eq!(first_word(&run), None);
}

#[test]
fn who_does_not_ask_takes_the_address_from_a_polite_owner_and_is_not_believed_for_long() {
    let run = played(ID, &[("address", "in-use"), ("manner", "as-2014")]);
    let lost = steps(&run, NEIGHBOUR);
    assert!(
        matches!(
            lost[..],
            [(1, ClaimStep::Defended { .. }), (1, ClaimStep::Lost { .. })]
        ),
        "{lost:?}"
    );
    // Till then the server's answers go to the card that it knows.
    let (server, neighbour) = (run.server(), run.machines()[NEIGHBOUR].node);
    let by_then = |it: &&Passage| it.from == server && it.departed.as_millis() < 11_000;
    let answers = run.passages().iter().filter(by_then);
    let answers = answers.filter(|it| !is_arp(&it.bytes));
    let went_to: Vec<_> = answers.map(|it| it.to).collect();
    assert_eq!(went_to, vec![neighbour; went_to.len()]);
    assert!(went_to.len() >= 4);
    let first_read = run
        .page_trace()
        .iter()
        .find(|it| matches!(it.event, Event::Delivered { .. }));
    let at = first_read.map(|record| record.at.as_millis());
    assert!(
        at.is_some_and(|at| (11_000..11_100).contains(&at)),
        "{at:?}"
    );
}

#[test]
fn five_requests_are_what_the_way_of_2014_is() {
    let run = played(ID, &[("manner", "as-2014")]);
    let announced: Vec<_> = steps(&run, PAGE)
        .into_iter()
        .filter(|(_, step)| matches!(step, ClaimStep::Announce { of: 5, .. }))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(announced, [0, 50, 100, 150, 200]);
    assert_eq!(run.page_received(), 400);
}

#[test]
fn an_address_is_defended_once_and_given_up_to_who_insists() {
    let run = played(ID, &[("address", "later")]);
    let last = steps(&run, PAGE).pop();
    assert!(
        matches!(last, Some((10_001, ClaimStep::Defended { .. }))),
        "{last:?}"
    );
    assert_eq!(run.page_received(), 400);
    assert_eq!(ends(&run, PAGE), [CloseReason::Finished]);

    let run = played(ID, &[("address", "insists")]);
    let last = steps(&run, PAGE).pop();
    assert!(
        matches!(last, Some((12_001, ClaimStep::Lost { .. }))),
        "{last:?}"
    );
    assert_eq!(ends(&run, PAGE), [CloseReason::AddressLost]);
    let page = run.page();
    let silent = |run: &Run| {
        let late = run.passages().iter().filter(|it| it.from == page);
        late.map(|it| it.departed.as_millis()).max() < Some(12_001)
    };
    assert!(silent(&run), "not a word more");
}
