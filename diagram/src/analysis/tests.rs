use super::*;
use crate::testing::{CLIENT_PORT, Seg, Story, lab_fetch, server_range, tcp_frame};
use synema_core::trace::Cause as Why;
use synema_core::wire::tcp::{Flags, Options};

/// A step of a story: when (us), from the page or not, and the segment.
type Step = (u64, bool, Seg);

const ACK: Flags = Flags::ACK;

fn open(at: u64) -> Vec<Step> {
    let syn = Seg {
        window: 60_000,
        ..Seg::new(Flags::SYN, 0, 0, 0)
    };
    let answer = Seg {
        window: 60_000,
        ..Seg::new(Flags::SYN.with(ACK), 0, 1, 0)
    };
    vec![
        (at, true, syn),
        (at + 10_000, false, answer),
        (at + 10_010, true, Seg::new(ACK, 1, 1, 0)),
    ]
}

fn judged(steps: &[Step]) -> Vec<TcpDigest> {
    judged_with(steps, |_| Options::NONE)
}

fn judged_with(steps: &[Step], options: impl Fn(usize) -> Options) -> Vec<TcpDigest> {
    let mut story = Story::new();
    for (index, &(us, from_page, seg)) in steps.iter().enumerate() {
        let bytes = tcp_frame(from_page, seg, options(index), b"");
        if from_page {
            story.sends(us, Why::Data, &bytes);
        } else {
            story.receives(us, &bytes);
        }
    }
    let mut analysis = Analysis::default();
    for frame in story.capture.frames() {
        analysis.push(frame, &story.capture.interfaces()[0]);
    }
    analysis
        .digests()
        .iter()
        .map(|digest| digest.tcp.expect("all of it is TCP"))
        .collect()
}

/// The verdicts on the steps that follow a handshake.
fn after_handshake(steps: &[Step]) -> Vec<String> {
    let all: Vec<_> = open(0).into_iter().chain(steps.iter().copied()).collect();
    judged(&all)[3..]
        .iter()
        .map(|tcp| tcp.verdicts.names().collect::<Vec<_>>().join(" "))
        .collect()
}

fn data(us: u64, seq: u32, len: usize) -> Step {
    (us, false, Seg::new(ACK, seq, 1, len))
}

fn ack(us: u64, ack: u32) -> Step {
    (us, true, Seg::new(ACK, 1, ack, 0))
}

#[test]
fn duplicate_acks_are_counted_and_bring_a_fast_retransmission() {
    let mut steps = open(0);
    steps.extend([
        data(20_000, 1, 1_000),
        ack(20_010, 1_001),
        data(20_020, 2_001, 1_000),
    ]);
    steps.extend([
        ack(20_030, 1_001),
        data(20_040, 3_001, 1_000),
        ack(20_050, 1_001),
    ]);
    steps.extend([
        data(20_060, 4_001, 1_000),
        ack(20_070, 1_001),
        data(30_000, 1_001, 1_000),
    ]);
    steps.push(ack(30_010, 5_001));
    let judged = judged(&steps);
    let numbers: Vec<_> = judged.iter().map(|tcp| tcp.duplicate_ack).collect();
    assert_eq!(numbers, [0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 0, 0]);
    assert!(judged[5].verdicts.has(Verdicts::LOST_SEGMENT));
    assert!(judged[11].verdicts.has(Verdicts::FAST_RETRANSMISSION));
    // What was never seen has no first transmission here, but a packet that showed it.
    assert_eq!((judged[11].first_sent, judged[11].unseen_before), (NONE, 5));
}

#[test]
fn retransmissions_are_told_from_reordering_by_time_and_from_spurious_ones_by_the_ack() {
    let lost = [data(20_000, 1, 500), data(20_100, 1_001, 500)];
    let late = [
        lost[0],
        lost[1],
        data(21_000, 501, 499),
        data(22_000, 501, 500),
    ];
    assert_eq!(
        after_handshake(&late),
        ["", "lost_segment", "out_of_order", "out_of_order"],
        "within a round trip of 10 ms"
    );
    let again = [lost[0], lost[1], data(60_000, 501, 500)];
    assert_eq!(after_handshake(&again)[2], "retransmission");
    let twice = [lost[0], ack(20_010, 501), data(400_000, 1, 500)];
    assert_eq!(
        after_handshake(&twice)[2],
        "retransmission spurious_retransmission"
    );
}

#[test]
fn closed_windows_are_probed_answered_and_opened() {
    let window = |us, window| {
        (
            us,
            true,
            Seg {
                window,
                ..Seg::new(ACK, 1, 501, 0)
            },
        )
    };
    let steps = [
        data(20_000, 1, 500),
        window(20_010, 0),
        (900_000, false, Seg::new(ACK, 501, 1, 1)),
        window(900_010, 0),
        window(1_000_000, 400),
    ];
    assert_eq!(
        after_handshake(&steps),
        [
            "",
            "zero_window",
            "zero_window_probe",
            "zero_window zero_window_probe_ack",
            "window_update"
        ]
    );
}

#[test]
fn keep_alives_are_neither_retransmissions_nor_duplicate_acks() {
    let steps = [
        data(20_000, 1, 500),
        ack(20_010, 501),
        (9_000_000, false, Seg::new(ACK, 500, 1, 0)),
        ack(9_000_010, 501),
    ];
    assert_eq!(
        after_handshake(&steps),
        ["", "", "keep_alive", "keep_alive_ack"]
    );
}

#[test]
fn a_full_window_and_what_the_capture_missed() {
    let full = [
        (
            20_000,
            true,
            Seg {
                window: 500,
                ..Seg::new(ACK, 1, 1, 0)
            },
        ),
        data(20_010, 1, 500),
    ];
    assert_eq!(after_handshake(&full)[1], "window_full");
    let missed = [data(20_000, 1, 500), ack(20_010, 2_001)];
    assert_eq!(after_handshake(&missed), ["", "ack_lost_segment"]);
}

#[test]
fn the_same_ports_again_are_another_conversation() {
    let mut steps = open(0);
    steps.push((20_000, true, Seg::new(Flags::RST, 1, 0, 0)));
    // The client chose another initial number.
    for (at, from_page, mut seg) in open(1_000_000) {
        if from_page {
            seg.seq += 70_000;
        } else {
            seg.ack += 70_000;
        }
        steps.push((at, from_page, seg));
    }
    let judged = judged(&steps);
    let streams: Vec<_> = judged.iter().map(|tcp| tcp.stream).collect();
    assert_eq!(streams, [0, 0, 0, 0, 1, 1, 1]);
    assert!(judged[4].verdicts.has(Verdicts::REUSED_PORTS));
    assert_eq!((judged[4].seq, judged[5].ack), (0, 1));
}

#[test]
fn round_trips_and_flight_are_measured_and_sack_is_taken_off() {
    let mut steps = open(0);
    steps.extend([
        data(20_000, 1, 1_000),
        data(20_010, 1_001, 1_000),
        data(20_020, 2_001, 1_000),
    ]);
    steps.extend([ack(31_000, 1_001), data(31_010, 3_001, 1_000)]);
    let plain = judged(&steps);
    assert_eq!(plain[6].ack_rtt_ns, 11_000_000);
    let flight: Vec<_> = plain.iter().map(|tcp| tcp.in_flight).collect();
    assert_eq!(flight, [0, 0, 0, 1_000, 2_000, 3_000, 0, 3_000]);
    let sacked = judged_with(&steps, |index| {
        let mut options = Options::NONE;
        if index == 6 {
            options.sack.push(server_range(2_001, 3_001));
        }
        options
    });
    assert_eq!(sacked[7].in_flight, 2_000);
}

#[test]
fn hosts_have_their_roles_names_and_ways() {
    let made = lab_fetch();
    let mut analysis = Analysis::default();
    for frame in made.capture.frames() {
        analysis.push(frame, &made.capture.interfaces()[0]);
    }
    let hosts: Vec<_> = analysis.hosts().list().iter().collect();
    let roles: Vec<_> = hosts.iter().map(|host| host.role()).collect();
    assert_eq!(
        roles,
        [Role::Page, Role::Router, Role::NameServer, Role::Server]
    );
    assert_eq!(hosts[3].name.as_deref(), Some("www.lab.test"));
    assert_eq!(hosts[3].serves, Some(80));
    assert!(hosts[2..].iter().all(|host| host.behind == Some(HostId(1))));
    // The probes had no address: the page that claims it is the same host.
    assert_eq!(analysis.digests()[0].from, HostId(0));
    let info = analysis.streams()[0];
    assert_eq!(
        (info.client, info.server),
        ((HostId(0), CLIENT_PORT), (HostId(3), 80))
    );
    assert_eq!(info.bytes, [78, 930]);
    // The gateway's answer and the name server's answer their questions.
    assert_eq!(analysis.digests()[5].answers(), Some(4));
    assert_eq!(analysis.digests()[6].answered_by(), Some(7));
}

#[test]
fn what_bears_no_ack_acknowledges_nothing() {
    let mut steps = open(0);
    steps.push(data(20_000, 1, 1_000));
    steps.push((21_000, true, Seg::new(Flags::RST, 1, 0, 0)));
    steps.push(data(22_000, 1_001, 500));
    let judged = judged(&steps);
    assert_eq!((judged[4].ack, judged[4].ack_rtt_ns), (0, 0));
    assert_eq!(judged[5].in_flight, 1_500);
}
