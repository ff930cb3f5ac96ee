use super::*;
use crate::analysis::Analysis;
use crate::testing::{DNS, PAGE, Seg, Story as Made, lab_fetch, tcp_frame, udp_frame};
use crate::words::{Language, Story};
use synema_core::trace::Cause;
use synema_core::wire::tcp::{Flags, Options};

const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);

/// A step of a story: when (ms), from the page or not, and the segment.
type Step = (u64, bool, Seg);

fn made(steps: &[Step]) -> Made {
    let mut story = Made::new();
    for &(ms, from_page, seg) in steps {
        let options = Options {
            mss: seg.flags.syn().then_some(1_460),
            ..Options::NONE
        };
        let bytes = tcp_frame(from_page, seg, options, b"");
        if from_page {
            story.sends(ms * 1_000, Cause::Data, &bytes);
        } else {
            story.receives(ms * 1_000, &bytes);
        }
    }
    story
}

fn with<T>(made: &Made, look: impl Fn(Story<'_>) -> T) -> T {
    let mut analysis = Analysis::default();
    for frame in made.capture.frames() {
        analysis.push(frame, &made.capture.interfaces()[0]);
    }
    look(Story {
        language: Language::English,
        capture: &made.capture,
        analysis: &analysis,
    })
}

fn told(steps: &[Step]) -> Vec<(u64, String)> {
    let moments = with(&made(steps), moments);
    moments
        .into_iter()
        .map(|moment| (moment.packet, moment.what))
        .collect()
}

fn opened() -> Vec<Step> {
    vec![
        (0, true, Seg::new(Flags::SYN, 0, 0, 0)),
        (10, false, Seg::new(SYN_ACK, 0, 1, 0)),
        (10, true, Seg::new(Flags::ACK, 1, 1, 0)),
    ]
}

#[test]
fn handshakes_are_slow_refused_or_never_answered() {
    assert_eq!(told(&opened()), []);
    let syn = |ms| (ms, true, Seg::new(Flags::SYN, 0, 0, 0));
    let slow = [
        syn(0),
        syn(1_000),
        (1_020, false, Seg::new(SYN_ACK, 0, 1, 0)),
    ];
    let sentence = "The SYN was answered after 1.0 s: the SYN had to be sent 2 times.";
    assert_eq!(told(&slow), [(1, sentence.to_owned())]);
    let refused = [
        syn(0),
        (5, false, Seg::new(Flags::RST.with(Flags::ACK), 0, 1, 0)),
    ];
    assert_eq!(
        told(&refused),
        [(2, "203.0.113.80 refuses the connection.".to_owned())]
    );
    let silent = [syn(0), syn(1_000), syn(3_000)];
    let sentence = "The SYN was sent 3 times, and never answered.";
    assert_eq!(told(&silent), [(1, sentence.to_owned())]);
}

#[test]
fn an_answer_that_was_long_in_the_making_is_told() {
    let mut steps = opened();
    steps.extend([
        (20, true, Seg::new(Flags::ACK, 1, 1, 100)),
        (30, false, Seg::new(Flags::ACK, 1, 101, 0)),
        (820, false, Seg::new(Flags::ACK, 1, 101, 500)),
        (9_000, true, Seg::new(Flags::ACK, 101, 501, 100)),
        (9_100, false, Seg::new(Flags::ACK, 501, 201, 500)),
    ]);
    let sentence = "203.0.113.80 took 800 ms to answer.";
    assert_eq!(
        told(&steps),
        [(4, sentence.to_owned())],
        "and the second is quick"
    );
}

#[test]
fn the_costliest_comes_first() {
    let data = |ms, seq| (ms, false, Seg::new(Flags::ACK, seq, 1, 1_000));
    let window = |ms, window| {
        let ack = Seg {
            window,
            ..Seg::new(Flags::ACK, 1, 1_001, 0)
        };
        (ms, true, ack)
    };
    let mut steps = opened();
    steps.extend([
        data(20, 1),
        data(320, 1),
        window(330, 0),
        window(2_330, 8_000),
    ]);
    steps.push((
        2_400,
        true,
        Seg::new(Flags::RST.with(Flags::ACK), 1, 1_001, 0),
    ));
    let found = told(&steps);
    let packets: Vec<_> = found.iter().map(|(packet, _)| *packet).collect();
    assert_eq!(packets, [6, 8, 5], "{found:#?}");
    assert!(found[0].1.contains("no room for 2.0 s"), "{found:#?}");
    assert_eq!(found[1].1, "This page cuts the connection (RST).");
    assert!(
        found[2]
            .1
            .starts_with("Nothing for 300 ms, until 203.0.113.80 sent 1–1000 again")
    );
}

#[test]
fn many_retransmissions_in_a_row_are_one_storm() {
    let mut steps = opened();
    for step in 0..8 {
        let seq = 1 + step as u32 * 1_000;
        steps.push((20 + step, false, Seg::new(Flags::ACK, seq, 1, 1_000)));
    }
    for step in 0..8 {
        let seq = 1 + step as u32 * 1_000;
        steps.push((120 + step * 10, false, Seg::new(Flags::ACK, seq, 1, 1_000)));
    }
    let found = told(&steps);
    assert_eq!(
        found,
        [(12, "8 segments were sent again within 70.0 ms.".to_owned())]
    );
}

#[test]
fn a_name_that_nobody_knows_is_told() {
    let mut made = Made::new();
    let question = b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x03lab\x04test\x00\x00\x01\x00\x01";
    made.sends(
        0,
        Cause::Datagram,
        &udp_frame((PAGE, 4_000), (DNS, 53), question),
    );
    let moments = with(&made, moments);
    assert_eq!(moments.len(), 1);
    assert_eq!(
        moments[0].what,
        "Nobody answered the question for www.lab.test."
    );
}

#[test]
fn the_capture_is_doubted_for_what_it_got_wrong_alone() {
    assert_eq!(with(&lab_fetch(), doubts), []);

    let mut steps = opened();
    steps.push((20, false, Seg::new(Flags::ACK, 1, 1, 4_380)));
    steps.push((30, true, Seg::new(Flags::ACK, 1, 9_001, 0)));
    let mut made = made(&steps);
    let frames = made.capture.frames().len();
    assert!(made.capture.comment(frames - 1, "a note is no doubt"));
    let mut broken = tcp_frame(
        false,
        Seg::new(Flags::ACK, 9_001, 1, 10),
        Options::NONE,
        b"",
    );
    let last = broken.len() - 1;
    broken[last] ^= 1;
    made.receives(40_000, &broken);
    made.receives(39_000, &broken[..60]);
    let found = with(&made, doubts);
    let packets: Vec<_> = found
        .iter()
        .map(|doubt| (doubt.packet, doubt.count))
        .collect();
    // Unseen data, a super-frame, damage, and a step back in time.
    assert_eq!(packets[..3], [(5, 1), (4, 1), (6, 1)], "{found:#?}");
    assert_eq!(packets.last(), Some(&(7, 1)), "{found:#?}");
}

#[test]
fn an_overview_names_conversations_moments_and_doubts() {
    let text = with(&lab_fetch(), overview);
    assert!(text.contains("1 TCP conversation\n"), "{text}");
    assert!(
        text.contains("this page :49152             www.lab.test :80"),
        "{text}"
    );
    assert!(!text.contains("The capture itself"), "{text}");
    let mut steps = opened();
    let data = |ms| (ms, false, Seg::new(Flags::ACK, 1, 1, 4_000));
    steps.extend([data(20), data(320)]);
    let text = with(&made(&steps), overview);
    assert!(
        text.contains("Worth looking at\n  packet 5       stream 0   Nothing for 300 ms"),
        "{text}"
    );
    assert!(
        text.contains("The capture itself\n  packet 4       2 segments are larger"),
        "{text}"
    );
    let quiet = with(&made(&opened()), overview);
    assert!(quiet.contains("nothing that cost time"), "{quiet}");
}
