//! What programs see of it all, and what they do not.

use super::{data_segments, reads};
use crate::played::{Played, play};
use synema_core::trace::{CloseReason, Event};

#[test]
fn one_send_is_not_one_packet_is_not_one_receive() {
    let outcome = |set: &[(&str, &str)]| {
        let played = play("one-send-is-not-one-receive", set);
        (data_segments(&played)[0], reads(played.run.server_trace()))
    };
    assert_eq!(outcome(&[]), (4, 4));
    assert_eq!(outcome(&[("nagle", "off")]), (30, 30));
    assert_eq!(outcome(&[("writes", "one")]), (3, 3));
    assert_eq!(outcome(&[("reads", "late")]), (4, 1));
    assert_eq!(outcome(&[("reads", "late"), ("nagle", "off")]), (30, 1));
}

/// When the server had everything acknowledged, milliseconds, by what arrived there.
fn all_acknowledged_ms(played: &Played) -> u64 {
    let digests = played.document.analysis().digests().iter();
    let frames = played.document.capture().frames().iter();
    let ack = frames.zip(digests).find_map(|(frame, digest)| {
        let tcp = digest
            .tcp
            .filter(|tcp| tcp.from_client && tcp.ack == 3001)?;
        (tcp.len == 0).then_some(frame.other_end?.as_millis())
    });
    ack.expect("everything is acknowledged")
}

#[test]
fn an_ack_does_not_mean_that_a_program_has_read() {
    let id = "an-ack-is-not-a-reader";
    for (program, read) in [("crashes", 0), ("late", 3_000), ("soon", 3_000)] {
        let played = play(id, &[("program", program)]);
        assert_eq!(all_acknowledged_ms(&played), 50, "{program}");
        assert_eq!(played.run.page_received(), read);
    }
    let played = play(id, &[]);
    assert_eq!(reads(played.run.page_trace()), 0);
    // A second after the last ACK, and nothing tells what was read.
    let trace = played.run.server_trace().iter();
    let ends: Vec<_> = trace
        .filter_map(|record| match record.event {
            Event::Closed { reason, .. } => Some((record.at.as_millis(), reason)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(1_030, CloseReason::ResetByPeer)]);
}
