//! Graphs of conversations made in code.

use super::*;
use crate::Document;
use crate::capture::{Capture, Fate};
use crate::render::{Theme, chart, graph_svg};
use crate::testing::{
    CLIENT_PORT, PAGE, SERVER, Seg, Story, lab_fetch, page_number, server_range, tcp_frame,
};
use crate::view::View;
use core::net::SocketAddrV4;
use core::time::Duration;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use synema_core::time::Instant;
use synema_core::trace::{Cause, ConnId, Event};
use synema_core::wire::SeqRange;
use synema_core::wire::tcp::{Flags, Options};

const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);

fn options(kind: GraphKind) -> GraphOptions {
    GraphOptions {
        kind,
        ..GraphOptions::default()
    }
}

fn check(capture: Capture, options: &GraphOptions, expected: &Expect) -> GraphScene {
    let document = Document::open(capture, View::default());
    let scene = document.graph(options).expect("there is a graph");
    assert_eq!(faults(&scene), None);
    let text = chart(&scene, 90);
    expected.assert_eq(&text);
    scene
}

/// What is wrong with a picture: something outside of it, or two texts that touch.
fn faults(scene: &GraphScene) -> Option<String> {
    let plot = scene.plot;
    let inside =
        |x: f64, y: f64| (plot.x0..=plot.x1).contains(&x) && (plot.y0..=plot.y1).contains(&y);
    for mark in &scene.marks {
        if !inside(mark.x, mark.y0) || !inside(mark.x, mark.y1) || mark.y0 > mark.y1 {
            return Some(format!("{mark:?} is not in {plot:?}"));
        }
    }
    for line in &scene.lines {
        if let Some(corner) = line
            .corners
            .iter()
            .find(|corner| !inside(corner.x, corner.y))
        {
            return Some(format!("{:?} {corner:?} is not in {plot:?}", line.ink));
        }
        if let Some(pair) = line.corners.windows(2).find(|pair| pair[1].x < pair[0].x) {
            return Some(format!("{:?} goes back: {pair:?}", line.ink));
        }
    }
    let rooms: Vec<_> = scene.all_texts().map(|text| (text, text.room())).collect();
    for (index, (text, (left, right, top, bottom))) in rooms.iter().enumerate() {
        if *left < 0.0 || *right > scene.width || *top < 0.0 || *bottom > scene.height {
            return Some(format!("{text:?} leaves the picture"));
        }
        let touched = rooms[..index].iter().find(|(_, other)| {
            *left < other.1 && other.0 < *right && *top < other.3 && other.2 < *bottom
        });
        if let Some((other, _)) = touched {
            return Some(format!("{text:?} touches {other:?}"));
        }
    }
    None
}

/// The lab's fetch as a simulator knows it: the lost segment, and both ends' times.
fn simulated_fetch() -> Capture {
    let told = lab_fetch().capture;
    let ten = Duration::from_millis(10);
    let mut capture = Capture::default();
    capture.add_interface(told.interfaces()[0].clone());
    for (index, frame) in told.frames().iter().enumerate() {
        let mut frame = frame.clone();
        let sent = frame.direction == crate::capture::Direction::Sent;
        frame.other_end = Some(if sent { frame.at + ten } else { frame.at - ten });
        if index == 18 {
            let mut lost = frame.clone();
            lost.id = synema_core::trace::FrameId::received(99);
            lost.at = told.frames()[17].at + Duration::from_micros(50);
            lost.other_end = Some(lost.at - ten);
            lost.fate = Fate::NeverSeen;
            capture.push(lost);
            frame.cause = Some(Cause::RetransmissionTimeout);
        }
        capture.push(frame);
    }
    for record in told.records() {
        capture.record(record.clone());
    }
    capture
}

#[test]
fn a_lost_segment_and_its_second_transmission_stand_at_the_same_height() {
    let scene = check(
        simulated_fetch(),
        &options(GraphKind::Sequence),
        &expect![[r#"
            sequence numbers, www.lab.test → page (www.lab.test's clock)
            - acknowledged   | data   R sent again   x lost   ^ SYN   v FIN
            B
                |
                |      x                                                                  R    v------
                |      x                                                                  R    -
            800 +      x                                                                  R    -
                |      x                                                                  R    -
                |      x                                                                  R    -
                |      x                                                                  R    -
            600 +      x                                                                  R    -
                |      x                                                                  R    -
                |      x                                                                  R    -
                |      x                                                                  R    -
            400 +      x    --------------------------------------------------------------R-----
                |      |    -
                |      |    -
                |      |    -
            200 +      |    -
                |      |    -
                |      |    -
                |      |    -
              0 +^     |-----
                +--+-----+----+-----+-----+----+-----+----+-----+----+-----+----+-----+-----+----+----
                 2920  2940 2960  2980  3000 3020  3040 3060  3080 3100  3120 3140  3160  3180 3200
            ms since the first packet
            window's end: lies above the picture, at 66.4 kB.
        "#]],
    );
    let of = |ink: Ink| {
        scene
            .marks
            .iter()
            .find(move |mark| mark.ink == ink)
            .expect("it is there")
    };
    let (lost, again) = (of(Ink::Lost), of(Ink::Again));
    assert_eq!((lost.y0, lost.y1), (again.y0, again.y1));
    assert_eq!((lost.packet, again.packet), (19, 20));
    assert!(
        scene.texts[0]
            .text
            .ends_with("www.lab.test → page (www.lab.test's clock)")
    );
    assert_eq!(scene.letters.len(), 1, "one R");
    assert_eq!(scene.nearest(again.x + 3.0, again.y0 + 1.0), Some(20));
    assert_eq!(scene.nearest(again.x - 60.0, again.y1 - 30.0), None);
    // The other direction is the page's 78 bytes, on the page's clock.
    let document = Document::open(simulated_fetch(), View::default());
    let other = GraphOptions {
        way: Way::Quieter,
        ..GraphOptions::default()
    };
    let other = document.graph(&other).expect("the request");
    assert!(
        other.texts[0]
            .text
            .ends_with("page → www.lab.test (page's clock)")
    );
    assert_eq!(
        other
            .marks
            .iter()
            .filter(|mark| mark.ink == Ink::Data)
            .count(),
        1
    );
}

/// Our stack sends seven segments and tells its cwnd; one of them is lost, ACKs with
/// SACK ask for it; then the window closes and opens again.
fn sender() -> Capture {
    let mut story = Story::new();
    let conn = ConnId(1);
    let (local, remote) = (
        SocketAddrV4::new(PAGE, CLIENT_PORT),
        SocketAddrV4::new(SERVER, 80),
    );
    let opened = Event::Opened {
        conn,
        local,
        remote,
        active: true,
        iss: page_number(0),
    };
    story.tells(0, opened);
    let syn = |flags, ack| Seg {
        window: 8_000,
        ..Seg::new(flags, 0, ack, 0)
    };
    let offers = Options {
        window_scale: Some(0),
        sack_permitted: true,
        ..Options::NONE
    };
    story.sends(
        0,
        Cause::Syn,
        &tcp_frame(true, syn(Flags::SYN, 0), offers, b""),
    );
    story.receives(20_000, &tcp_frame(false, syn(SYN_ACK, 1), offers, b""));
    let congestion = |cwnd, ssthresh| Event::Congestion {
        conn,
        cwnd,
        ssthresh,
        in_flight: 0,
    };
    let measured = |us| Event::Rtt {
        conn,
        sample: Duration::from_micros(us),
        srtt: Duration::from_micros(us),
        rttvar: Duration::ZERO,
        rto: Duration::from_micros(us + 20_000),
    };
    let data = |story: &mut Story, us, cause, seq| {
        let seg = Seg::new(Flags::ACK, seq, 1, 1_000);
        story.sends(us, cause, &tcp_frame(true, seg, Options::NONE, b""));
    };
    let acks = |story: &mut Story, us, ack, window, sack: Option<(u32, u32)>| {
        let mut options = Options::NONE;
        if let Some((start, end)) = sack {
            options.sack.push(SeqRange {
                start: page_number(start),
                end: page_number(end),
            });
        }
        let seg = Seg {
            window,
            ..Seg::new(Flags::ACK, 1, ack, 0)
        };
        story.receives(us, &tcp_frame(false, seg, options, b""));
    };
    story.tells(21_000, congestion(2_000, u64::MAX));
    for (us, seq) in [(21_000, 1), (21_100, 1_001)] {
        data(&mut story, us, Cause::Data, seq);
    }
    acks(&mut story, 41_000, 2_001, 8_000, None);
    story.tells(41_000, measured(20_000));
    story.tells(41_000, congestion(4_000, u64::MAX));
    for seq in [2_001, 3_001, 4_001, 5_001] {
        data(&mut story, 41_000 + u64::from(seq) / 100, Cause::Data, seq);
    }
    // 3001..4001 never arrives.
    acks(&mut story, 61_000, 3_001, 8_000, None);
    acks(&mut story, 61_100, 3_001, 8_000, Some((4_001, 5_001)));
    acks(&mut story, 61_200, 3_001, 8_000, Some((4_001, 6_001)));
    story.tells(61_300, congestion(2_000, 2_000));
    data(&mut story, 61_300, Cause::FastRetransmit, 3_001);
    acks(&mut story, 82_000, 6_001, 0, None);
    story.tells(82_000, measured(20_700));
    acks(&mut story, 120_000, 6_001, 8_000, None);
    data(&mut story, 120_100, Cause::Data, 6_001);
    acks(&mut story, 141_000, 7_001, 8_000, None);
    story.capture
}

#[test]
fn sack_duplicates_and_a_closed_window_are_seen_in_the_sequence() {
    let scene = check(
        sender(),
        &options(GraphKind::Sequence),
        &expect![[r#"
            sequence numbers, page → 203.0.113.80:80 (page's clock)
            - acknowledged   . window's end   S taken before its turn (SACK)   | data   R sent again   ' duplicate ACK   Z window closed   ^ SYN
            kB
               |
               |                                                                                     .
            14 +                                                                        ..............
               |                                                                        .
            12 +                                                                        .
               |                                                                        .
               |                                     .............                      .
            10 +                         .............           .                      .
               |                         .                       .                      .
             8 +            ..............                       .                      .
               |                                                 .                      .
               |                                                 .                      |            -
             6 +                         |           S           Z......................|-------------
               |                         |           S           -
             4 +                         |           R           -
               |                         |           '------------
               |                         |           -
             2 +             |           |------------
               |             |           -
             0 +^           -|------------
               ++-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-
                0    10    20    30    40    50    60    70    80    90    100   110   120   130   140
            ms since the first packet
        "#]],
    );
    let count = |ink: Ink| {
        let marks = scene.marks.iter().filter(|mark| mark.ink == ink);
        marks.map(|mark| mark.count).sum::<u32>()
    };
    let found = [Ink::Data, Ink::Again, Ink::Sacked, Ink::Closed].map(count);
    assert_eq!(found, [7, 1, 2, 1]);
    assert!(
        scene.description.contains("data: 7; R sent again: 1"),
        "{}",
        scene.description
    );
}

#[test]
fn what_the_trace_knows_stands_beside_what_was_seen() {
    let flight = check(
        sender(),
        &options(GraphKind::Flight),
        &expect![[r#"
        bytes in flight, page → 203.0.113.80:80 (page's clock)
        ~ the peer's window   : ssthresh   = cwnd   * in flight
        B
             |
        8000 +            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~                      ~~~~~~~~~~~~~
             |                                                ~                      ~
        7000 +                                                ~                      ~
             |                                                ~                      ~
        6000 +                                                ~                      ~
             |                                                ~                      ~
             |                                                ~                      ~
        5000 +                                                ~                      ~
             |                                                ~                      ~
        4000 +                        *************           ~                      ~
             |                        *           *           ~                      ~
        3000 +                        *           *           ~                      ~
             |                        *           *           ~                      ~
             |                        *           *           ~                      ~
        2000 +            *************           *===============================================
             |            *           *           *           ~                      ~
        1000 +            *           *           *************                      *************
             |                        *                       *                      *           *
           0 +                        *                       ************************           *
             ++-----+-----+-----+-----+----+-----+-----+-----+-----+-----+-----+-----+----+-----+-
              0    10    20    30    40   50    60    70    80    90    100   110   120  130   140
        ms since the first packet
    "#]],
    );
    let inks: Vec<_> = flight.lines.iter().map(|line| line.ink).collect();
    assert_eq!(
        inks,
        [Ink::PeerWindow, Ink::Ssthresh, Ink::Cwnd, Ink::Flight]
    );
    let trips = check(
        sender(),
        &options(GraphKind::RoundTrip),
        &expect![[r#"
        round trips, page → 203.0.113.80:80 (page's clock)
        : RTO, when the timer would run out   - SRTT, smoothed   o from data to its ACK
        ms
           |
        40 +                         ::::::::::::::::::::::::o::::::::::::::::::::::::::::::::::::
           |
        35 +
           |
           |
        30 +
           |
        25 +
           |
        20 +            o            o-----------o-----------------------------------------------o
           |
        15 +
           |
           |
        10 +
           |
         5 +
           |
         0 +
           ++-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-
            0    10    20    30    40    50    60    70    80    90    100   110   120   130   140
        ms since the first packet
    "#]],
    );
    let inks: Vec<_> = trips.lines.iter().map(|line| line.ink).collect();
    assert_eq!(inks, [Ink::Rto, Ink::Srtt]);
    // Without its trace nothing is made up.
    let told = sender();
    let mut bare = Capture::default();
    bare.add_interface(told.interfaces()[0].clone());
    for frame in told.frames() {
        bare.push(frame.clone());
    }
    let document = Document::open(bare, View::default());
    let flight = document
        .graph(&options(GraphKind::Flight))
        .expect("a graph");
    assert!(flight.lines.iter().all(|line| line.ink != Ink::Cwnd));
    assert!(
        flight
            .description
            .ends_with("cwnd is not known: it left no trace.")
    );
}

#[test]
fn the_window_is_drawn_as_it_was_offered() {
    check(
        sender(),
        &options(GraphKind::Window),
        &expect![[r#"
        receive window, page → 203.0.113.80:80 (page's clock)
        Z window closed   * offered
        B
             |
        8000 +            *************************************                      *************
             |                                                *                      *
        7000 +                                                *                      *
             |                                                *                      *
        6000 +                                                *                      *
             |                                                *                      *
             |                                                *                      *
        5000 +                                                *                      *
             |                                                *                      *
        4000 +                                                *                      *
             |                                                *                      *
        3000 +                                                *                      *
             |                                                *                      *
             |                                                *                      *
        2000 +                                                *                      *
             |                                                *                      *
        1000 +                                                *                      *
             |                                                *                      *
           0 +                                                Z***********************
             ++-----+-----+-----+-----+----+-----+-----+-----+-----+-----+-----+-----+----+-----+-
              0    10    20    30    40   50    60    70    80    90    100   110   120  130   140
        ms since the first packet
    "#]],
    );
}

#[test]
fn a_rate_tells_its_interval() {
    let scene = check(
        sender(),
        &options(GraphKind::Throughput),
        &expect![[r#"
        throughput, page → 203.0.113.80:80 (page's clock)
        * on the wire, headers and all   + new data acknowledged
        Mbit/s
           |
           |                        **
        16 +                        **
           |                        **
        14 +                        **
           |                        **
        12 +                        **                       +++
           |                        **                       + +
        10 +                        **                       + +
           |                        **                       + +
         8 +            **          ++                       + +
           |            **          *+                       + +
           |            **          *+                       + +
         6 +            **          *+                       + +
           |            **          *+                       + +
         4 +            **          *+          ++           + +                    **          ++
           |            **          *+          ++           + +                    **          +
         2 +            **          *+          ++           + +                    **          +
           |            **          *+          ++           + +                    **          +
         0 +*************************+++++++++++++++++++++++++*++++++++++++++++++++++++++++++++++*
           ++-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-----+-
            0    10    20    30    40    50    60    70    80    90    100   110   120   130   140
        ms since the first packet
        Each step is what passed in 2.00 ms.
    "#]],
    );
    let notes = scene
        .texts
        .iter()
        .filter(|text| text.role == TextRole::Note);
    let notes: Vec<_> = notes.map(|text| text.text.as_str()).collect();
    assert_eq!(notes, ["Each step is what passed in 2.00 ms."]);
}

/// What the flight says when data goes out is what the analysis says there.
#[test]
fn bytes_in_flight_are_those_of_the_analysis() {
    let document = Document::open(sender(), View::default());
    let flow = Flow::new(document.source(), &options(GraphKind::Flight)).expect("stream 0");
    #[derive(Default)]
    struct Told(std::collections::BTreeMap<u64, i64>);
    impl Pen for Told {
        fn bar(&mut self, _: Ink, _: u64, _: (i64, i64), _: u64) {}
        fn step(&mut self, ink: Ink, _: u64, height: i64, packet: u64) {
            if ink == Ink::Flight {
                self.0.insert(packet, height);
            }
        }
    }
    let mut told = Told::default();
    flight::draw(&flow, &mut told);
    let mut compared = 0;
    for (index, digest) in document.analysis().digests().iter().enumerate() {
        if let Some(tcp) = digest.tcp.filter(|tcp| tcp.len > 0 && tcp.from_client) {
            let said = told.0[&(index as u64 + 1)];
            assert_eq!(said, i64::from(tcp.in_flight), "packet {}", index + 1);
            compared += 1;
        }
    }
    assert_eq!(compared, 8);
}

#[test]
fn what_there_is_not_is_said() {
    let document = Document::open(lab_fetch().capture, View::default());
    let why = |options: &GraphOptions| document.graph(options).expect_err("nothing").to_string();
    let elsewhere = GraphOptions {
        stream: 7,
        ..GraphOptions::default()
    };
    assert_eq!(
        why(&elsewhere),
        "there is one TCP conversation in this capture, number 0"
    );
    let never = GraphOptions {
        from_ns: Some(5),
        to_ns: Some(4),
        ..GraphOptions::default()
    };
    assert_eq!(document.graph(&never), Err(NoGraph::NoTime));
    let before = GraphOptions {
        to_ns: Some(5),
        from_ns: Some(0),
        ..options(GraphKind::RoundTrip)
    };
    assert!(
        why(&before).starts_with("no round trips were seen"),
        "{}",
        why(&before)
    );
}

#[test]
fn a_range_begins_with_what_held_before_it() {
    let document = Document::open(sender(), View::default());
    let later = GraphOptions {
        from_ns: Some(90_000_000),
        to_ns: Some(119_000_000),
        ..options(GraphKind::Window)
    };
    let scene = document.graph(&later).expect("the window stays closed");
    assert_eq!(scene.range_ns, (90_000_000, 119_000_000));
    let [line] = &scene.lines[..] else {
        panic!("one line: {:?}", scene.lines)
    };
    let ends = [line.corners[0].x, line.corners[1].x];
    assert_eq!(ends, [scene.plot.x0, scene.plot.x1]);
    assert_eq!(scene.time_at(scene.plot.x1), 119_000_000);
}

#[test]
fn a_long_conversation_makes_no_larger_picture() {
    let mut story = Story::new();
    for index in 0..12_000u32 {
        let us = u64::from(index) * 130;
        let data = Seg::new(Flags::ACK, 1 + index * 100, 1, 100);
        story.receives(us, &tcp_frame(false, data, Options::NONE, b""));
        let mut sack = Options::NONE;
        sack.sack
            .push(server_range(index * 100 + 301, index * 100 + 401));
        let ack = Seg {
            window: if index % 7 == 0 { 0 } else { 512 },
            ..Seg::new(Flags::ACK, 1, 1 + index * 100, 0)
        };
        story.sends(us + 40, Cause::QuickAck, &tcp_frame(true, ack, sack, b""));
    }
    let document = Document::open(story.capture, View::default());
    for kind in GraphKind::ALL {
        let scene = document.graph(&options(kind)).expect("it is long");
        assert_eq!(faults(&scene), None);
        let marks: u32 = scene.marks.iter().map(|mark| mark.count).sum();
        assert!(kind != GraphKind::Sequence || marks > 25_000, "{marks}");
        let size = graph_svg(&scene, Theme::Light).len();
        assert!(size < 600_000, "{kind:?}: {size} bytes");
        for line in &scene.lines {
            assert!(line.corners.len() < 8 * 900, "{}", line.corners.len());
        }
    }
}

#[test]
fn a_picture_is_well_formed_in_each_theme() {
    let document = Document::open(simulated_fetch(), View::default());
    for kind in GraphKind::ALL {
        let scene = document
            .graph(&options(kind))
            .expect("a fetch has all of them");
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let picture = graph_svg(&scene, theme);
            for tag in ["svg", "g", "text", "style", "title", "desc"] {
                let opened = picture.matches(&format!("<{tag} ")).count()
                    + picture.matches(&format!("<{tag}>")).count();
                assert_eq!(
                    opened,
                    picture.matches(&format!("</{tag}>")).count(),
                    "<{tag}>"
                );
            }
            assert!(!picture.contains("NaN") && !picture.contains("inf"));
        }
    }
}

/// Segments that nobody would send: any numbers, any window, clocks that go back.
type Odd = (bool, u8, u32, u32, u16, u32);

fn odd_capture(segments: &[Odd]) -> Capture {
    let mut story = Story::new();
    for &(page, flags, seq, ack, window, us) in segments {
        let flags = Flags::from_bits(u16::from(flags) & 0x3f);
        let seg = Seg {
            window,
            ..Seg::new(flags, seq, ack, usize::from(window % 1_400))
        };
        let mut options = Options::NONE;
        options.sack.push(server_range(ack, seq));
        let bytes = tcp_frame(page, seg, options, b"");
        if page {
            story.sends(u64::from(us), Cause::Data, &bytes);
        } else {
            story.receives(u64::from(us), &bytes);
        }
    }
    story.capture
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn odd_captures_are_drawn_within_their_frame(
        segments in prop::collection::vec(any::<Odd>(), 1..60),
        width in 1.0f64..1_500.0,
        height in 1.0f64..900.0,
        range in any::<Option<(u32, u32)>>(),
        quieter: bool,
    ) {
        let document = Document::open(odd_capture(&segments), View::default());
        for kind in GraphKind::ALL {
            let options = GraphOptions {
                kind,
                way: if quieter { Way::Quieter } else { Way::Busier },
                from_ns: range.map(|(from, _)| u64::from(from) * 1_000),
                to_ns: range.map(|(from, span)| (u64::from(from) + u64::from(span)) * 1_000),
                width,
                height,
                ..GraphOptions::default()
            };
            if let Ok(scene) = document.graph(&options) {
                prop_assert_eq!(faults(&scene), None);
                prop_assert!(!graph_svg(&scene, Theme::Auto).contains("NaN"));
                prop_assert!(chart(&scene, 80).lines().count() > 20);
            }
        }
    }
}

#[test]
fn times_of_any_clock_have_a_place() {
    let mut story = Story::new();
    let far = u64::MAX / 2_000;
    for us in [0, far] {
        let data = Seg::new(Flags::ACK, 1, 1, 100);
        story.receives(us, &tcp_frame(false, data, Options::NONE, b""));
    }
    assert!(story.capture.frames()[1].at > Instant::ZERO);
    let document = Document::open(story.capture, View::default());
    let scene = document
        .graph(&options(GraphKind::Sequence))
        .expect("two segments");
    assert_eq!(faults(&scene), None);
}
