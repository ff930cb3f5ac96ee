//! Two stacks of one computer at one address.

use super::{ends, played, told};
use crate::played::play;
use expect_test::expect;
use synema_core::trace::{Cause, CloseReason, DropReason, Event, ResetReason};
use synema_diagram::analysis::Verdicts;
use synema_sim::PassageEnd;

const ID: &str = "who-sent-this-rst";
const KERNEL: usize = 2;

#[test]
fn the_kernel_resets_what_it_never_heard_of_and_the_program_is_too_late() {
    let run = played(ID, &[]);
    expect![[r#"
        0.0     this page -> www.lab.test: SYN 0
        10.0    www.lab.test -> this page, the kernel: SYN ACK 0 ack 1
        20.0    the kernel -> www.lab.test: RST 1
        21.0    this page -> www.lab.test: ACK 1 ack 1
        21.0    this page -> www.lab.test: ACK 1+78 ack 1
        31.0    www.lab.test -> this page, the kernel: RST 1
        31.0    www.lab.test -> this page, the kernel: RST 1
    "#]]
    .assert_eq(&told(&run));
    let kernel = run.machines()[KERNEL];
    assert_eq!(
        (kernel.name.ja.as_str(), kernel.addr),
        ("カーネル", run.machines()[0].addr)
    );
    let cause = |event: &Event| match event {
        Event::Sent { cause, .. } => Some(*cause),
        _ => None,
    };
    let sent = kernel.trace.iter().filter_map(|it| cause(&it.event));
    assert_eq!(
        sent.collect::<Vec<_>>(),
        [Cause::Reset(ResetReason::NoConnection)]
    );
    assert_eq!(ends(&run, 0), [CloseReason::ResetByPeer]);
    assert_eq!(run.page_received(), 0);
}

/// On the program's own card the kernel's RST is the one thing that is not seen.
#[test]
fn the_program_sees_only_the_servers_resets() {
    let played = play(ID, &[]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        21.0    page   ACK 1 ack 1
        21.0    page   PSH ACK 1+78 ack 1
        41.0    server RST 1
        41.0    server RST 1
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.count(Verdicts::RETRANSMISSION), 0);
}

#[test]
fn an_address_that_nobody_else_has_keeps_the_kernel_out_of_it() {
    let run = played(ID, &[("address", "claimed")]);
    assert_eq!(run.page_received(), 930);
    let kernel = run.machines()[KERNEL];
    let heard = |reason| {
        let is =
            |event: &Event| matches!(event, Event::Dropped { reason: why, .. } if *why == reason);
        kernel.trace.iter().filter(|it| is(&it.event)).count()
    };
    assert_eq!(
        heard(DropReason::OtherAddress),
        7,
        "all that the page heard"
    );
    assert!(!run.passages().iter().any(|it| it.from == kernel.node));
}

#[test]
fn a_firewall_keeps_the_kernels_resets_in_and_it_goes_on_sending_them() {
    let run = played(ID, &[("address", "firewall")]);
    assert_eq!(run.page_received(), 930);
    let kernel = run.machines()[KERNEL].node;
    let resets = run.passages().iter().filter(|it| it.from == kernel);
    let ends: Vec<_> = resets.map(|it| it.end).collect();
    assert_eq!(ends.len(), 7);
    assert!(
        ends.iter()
            .all(|end| matches!(end, PassageEnd::Lost { .. }))
    );
}
