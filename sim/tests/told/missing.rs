//! One of the four goes missing, each in turn and by each way of mending; and one too many.

use super::is_within;
use crate::played::{Played, play};
use expect_test::expect;
use synema_core::trace::{Cause, Event};
use synema_core::wire::ethernet::Frame;
use synema_core::wire::{ipv4, tcp};
use synema_diagram::analysis::Verdicts;

const ID: &str = "one-goes-missing";

/// Where and how the server sent again: milliseconds after the four, first byte, bytes, cause.
fn mended(played: &Played) -> Vec<(u64, u32, u32, Cause)> {
    let server = played.run.server();
    let resent = played.run.server_trace().iter().filter_map(|record| {
        let Event::Sent { frame, cause, .. } = record.event else {
            return None;
        };
        let again = [
            Cause::RetransmissionTimeout,
            Cause::FastRetransmit,
            Cause::Recovery,
            Cause::Rack,
            Cause::TailLossProbe,
        ];
        again.contains(&cause).then_some((frame, record.at, cause))
    });
    let passages = played.run.passages();
    let iss = passages
        .iter()
        .filter(|passage| passage.from == server)
        .find_map(|passage| segment(&passage.bytes, |segment| segment.seq()))
        .expect("the server answered");
    resent
        .map(|(frame, at, cause)| {
            let passage = passages
                .iter()
                .find(|it| it.from == server && it.sent_as == frame)
                .expect("what was sent has a passage");
            let (seq, len) = segment(&passage.bytes, |segment| {
                (segment.seq(), segment.payload().len() as u32)
            })
            .expect("it is a segment");
            // The four left the server 30 ms after the beginning.
            (at.as_millis() - 30, seq.distance(iss), len, cause)
        })
        .collect()
}

fn segment<T>(bytes: &[u8], read: impl FnOnce(tcp::Segment<'_>) -> T) -> Option<T> {
    let frame = Frame::parse(bytes).ok()?;
    let packet = ipv4::Packet::parse(frame.payload()).ok()?;
    tcp::Segment::parse(packet.payload()).ok().map(read)
}

#[test]
fn each_of_the_four_in_turn() {
    let mut told = String::new();
    for recovery in ["timer", "three", "rack"] {
        for lose in ["1", "2", "3", "4"] {
            let played = play(ID, &[("lose", lose), ("recovery", recovery)]);
            assert_eq!(played.run.page_received(), 930);
            let duplicates = played.count(Verdicts::DUPLICATE_ACK);
            told += &format!("{recovery} {lose}: {duplicates} duplicate ACKs");
            for (ms, seq, len, cause) in mended(&played) {
                told += &format!(", after {ms} ms {seq}+{len} {cause:?}");
            }
            told.push('\n');
        }
    }
    expect![[r#"
        timer 1: 3 duplicate ACKs, after 220 ms 1+930 RetransmissionTimeout
        timer 2: 2 duplicate ACKs, after 240 ms 111+820 RetransmissionTimeout
        timer 3: 1 duplicate ACKs, after 240 ms 231+700 RetransmissionTimeout
        timer 4: 0 duplicate ACKs, after 240 ms 431+500 RetransmissionTimeout
        three 1: 3 duplicate ACKs, after 20 ms 1+110 FastRetransmit
        three 2: 2 duplicate ACKs, after 240 ms 111+820 RetransmissionTimeout
        three 3: 1 duplicate ACKs, after 240 ms 231+700 RetransmissionTimeout
        three 4: 0 duplicate ACKs, after 240 ms 431+500 RetransmissionTimeout
        rack 1: 3 duplicate ACKs, after 20 ms 1+110 FastRetransmit
        rack 2: 2 duplicate ACKs, after 27 ms 111+120 Rack
        rack 3: 1 duplicate ACKs, after 27 ms 231+200 Rack
        rack 4: 0 duplicate ACKs, after 240 ms 431+500 RetransmissionTimeout
    "#]]
    .assert_eq(&told);
}

/// A lone packet's ACK may be delayed, so its probe waits 200 ms more (RFC 8985 §7.2).
#[test]
fn a_probe_for_a_lone_packet_comes_no_sooner_than_the_timer() {
    let played = play(ID, &[("probe", "on")]);
    assert_eq!(mended(&played), [(240, 431, 500, Cause::TailLossProbe)]);
    assert_eq!(played.server_timeouts(), 0);
}

/// Measured at 20 ms there and back: about 30, 245 and 243 ms, and one segment of 820 bytes.
#[test]
fn linux_takes_as_long() {
    let once = |set: &[(&str, &str)]| match mended(&play(ID, set))[..] {
        [once] => once,
        ref other => panic!("not once: {other:?}"),
    };
    let (ms, seq, len, cause) = once(&[("lose", "2")]);
    assert!(is_within(15, ms, 30), "{ms}");
    assert_eq!((seq, len, cause), (111, 120, Cause::Rack));
    let (ms, seq, len, cause) = once(&[("lose", "4")]);
    assert!(is_within(15, ms, 245), "{ms}");
    assert_eq!((seq, len, cause), (431, 500, Cause::RetransmissionTimeout));
    let (ms, seq, len, cause) = once(&[("lose", "2"), ("sack", "off")]);
    assert!(is_within(15, ms, 243), "{ms}");
    assert_eq!((seq, len, cause), (111, 820, Cause::RetransmissionTimeout));
}

#[test]
fn a_packet_at_2000_means_that_something_is_missing() {
    let stray = [("lose", "none"), ("stray", "yes")];
    let played = play(ID, &stray);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79
        40.0    server PSH ACK 231+200 ack 79
        40.0    server PSH ACK 431+500 ack 79
        40.0    server PSH ACK 2000+100 ack 79 [lost_segment]
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 231
        40.0    page   ACK 79 ack 431
        40.0    page   ACK 79 ack 931
        40.0    page   ACK 79 ack 931 [duplicate_ack]
        40.0    page   FIN ACK 79 ack 931
        60.0    server FIN ACK 931 ack 80 [retransmission]
        60.0    page   ACK 80 ack 932
    "#]]
    .assert_eq(&played.story());
    // The page holds bytes 2000 to 2099, and wants 931.
    let said = played.run.passages().iter().filter_map(|passage| {
        segment(&passage.bytes, |segment| {
            let sack = segment.options().sack;
            let block = sack.iter().next()?;
            let ack = segment.ack();
            Some((block.start.distance(ack), block.len()))
        })?
    });
    let said: Vec<_> = said.collect();
    assert_eq!(said[0], (2000 - 931, 100));
    assert!(said.iter().all(|it| *it == said[0]));
    assert_eq!(played.run.page_received(), 930);
    // Without SACK the number alone is said again.
    let played = play(ID, &[stray[0], stray[1], ("sack", "off")]);
    assert_eq!(played.count(Verdicts::DUPLICATE_ACK), 1);
}
