use super::*;
use crate::capture::{Direction, file};
use crate::render::{SvgOptions, svg, text};
use crate::scene::{ArrowEnd, Certainty, Kind, LabelRole};
use crate::strip::Cell;
use crate::testing::apart::check_texts;
use crate::testing::{Seg, Story as Made, lab_fetch, server_range, tcp_frame};
use crate::view::{Axis, Filter, LabelMode};
use crate::words::Language;
use proptest::prelude::*;
use synema_core::trace::{Cause, Event, Record, TcpState};
use synema_core::wire::tcp::{Flags, Options};

fn whole(document: &mut Document) -> Scene {
    let extent = document.extent();
    document.window(0.0, extent)
}

#[test]
fn a_fetch_in_the_lab_is_drawn_from_the_probes_to_the_last_ack() {
    let mut document = Document::open(lab_fetch().capture, View::default());
    let scene = whole(&mut document);
    check_texts(&scene).expect("texts keep apart");
    let lanes: Vec<_> = scene.lanes.iter().map(|lane| lane.id.as_str()).collect();
    assert_eq!(lanes, ["page", "router", "dns", "server"]);
    assert_eq!(scene.lanes[3].title, "www.lab.test, 203.0.113.80");
    let kinds: Vec<_> = scene.arrows.iter().map(|arrow| arrow.kind).collect();
    use Kind::{Ack, Arp, Data, Dns, Fin, Syn};
    assert_eq!(
        kinds,
        [
            Arp, Arp, Arp, Arp, Arp, Arp, Dns, Dns, Syn, Syn, Ack, Data, Data, Data, Data, Ack,
            Ack, Ack, Data, Ack, Fin, Fin, Ack
        ]
    );
    assert!(
        scene.arrows[..5]
            .iter()
            .all(|arrow| arrow.end == ArrowEnd::Everyone)
    );
    let labels: Vec<_> = scene
        .arrows
        .iter()
        .skip(8)
        .map(|arrow| arrow.label.as_ref().map_or("", |label| label.text.as_str()))
        .collect();
    assert_eq!(labels[0], "SYN number 0");
    assert_eq!(labels[1], "SYN ACK number 0, wants 1");
    assert_eq!(labels[3], "GET /four 1–78 (78 B)");
    assert_eq!(labels[4], "200 OK 1–110 (110 B)");
    assert!(labels.iter().all(|label| !label.is_empty()));
    let states = |lane: u16, certainty: Certainty| -> Vec<_> {
        let bars = scene
            .states
            .iter()
            .filter(|bar| bar.lane == lane && bar.certainty == certainty);
        bars.map(|bar| bar.state).collect()
    };
    use TcpState::{
        CloseWait, Established, FinWait1, LastAck, Listen, SynReceived, SynSent, TimeWait,
    };
    assert_eq!(
        states(0, Certainty::Firm),
        [SynSent, Established, FinWait1, TimeWait]
    );
    assert_eq!(
        states(3, Certainty::Inferred),
        [Listen, SynReceived, Established, CloseWait, LastAck]
    );
    assert_eq!(scene.gaps.len(), 5);
    assert_eq!(scene.clock.text, "ms, page's clock");
}

#[test]
fn every_arrival_lies_below_its_departure_and_no_answer_before_its_question() {
    let mut document = Document::open(lab_fetch().capture, View::default());
    let scene = whole(&mut document);
    for arrow in scene
        .arrows
        .iter()
        .filter(|arrow| arrow.end == ArrowEnd::Arrives)
    {
        assert!(arrow.tip.y > arrow.tail.y, "{arrow:?}");
    }
    let by_number = |number: usize| {
        scene
            .arrows
            .iter()
            .find(|arrow| arrow.number == number as u64 + 1)
            .expect("it is drawn")
    };
    for (index, digest) in document.analysis().digests().iter().enumerate() {
        if let Some(question) = digest
            .answers()
            .filter(|&q| by_number(q).end == ArrowEnd::Arrives)
        {
            let (question, answer) = (by_number(question), by_number(index));
            assert!(
                answer.tail.y > question.tip.y,
                "{answer:?} before {question:?}"
            );
        }
    }
}

#[test]
fn live_and_opened_documents_tell_the_same() {
    let made = lab_fetch().capture;
    let mut live = Document::live(
        made.interfaces()[0].clone(),
        MemoryPolicy::default(),
        View::default(),
    );
    for record in made.records() {
        live.record(record.clone());
    }
    for frame in made.frames() {
        let mut bare = frame.clone();
        bare.cause = None;
        live.append(bare);
    }
    let mut opened = Document::open(made.clone(), View::default());
    assert_eq!(live.analysis().digests(), opened.analysis().digests());
    assert_eq!(live.capture().frames(), opened.capture().frames());
    let (a, b) = (whole(&mut live), whole(&mut opened));
    let what = |scene: &Scene| -> Vec<_> {
        scene
            .arrows
            .iter()
            .map(|arrow| (arrow.number, arrow.from, arrow.to, arrow.cause))
            .collect()
    };
    let (mut in_a, mut in_b) = (what(&a), what(&b));
    in_a.sort_unstable_by_key(|drawn| drawn.0);
    in_b.sort_unstable_by_key(|drawn| drawn.0);
    assert_eq!(in_a, in_b);
    check_texts(&a).expect("texts keep apart");
    // Saved and opened again it is the same picture.
    let mut bytes = Vec::new();
    file::write_pcapng(opened.capture(), &mut bytes).expect("a Vec takes all");
    let again = file::read(&bytes).expect("our own file");
    assert_eq!(
        whole(&mut Document::open(again.capture, View::default())),
        b
    );
}

#[test]
fn a_sent_frame_takes_its_place_when_its_receipt_comes() {
    let mut live = Document::live(
        Interface::ethernet("lab0", Some(crate::testing::PAGE_MAC)),
        MemoryPolicy::default(),
        View::default(),
    );
    let bytes = tcp_frame(true, Seg::new(Flags::SYN, 0, 0, 0), Options::NONE, b"");
    let other = tcp_frame(false, Seg::new(Flags::ACK, 1, 1, 0), Options::NONE, b"");
    let ms = Instant::from_millis;
    let sent = |n| Frame::new(FrameId::sent(n), ms(n), Direction::Sent, &bytes);
    live.append_sent(sent(1));
    live.append(Frame::new(
        FrameId::received(1),
        ms(5_003),
        Direction::Received,
        &other,
    ));
    assert_eq!(
        live.stats().packets,
        0,
        "what came in waits for the receipt"
    );
    live.receipt(FrameId::sent(1), ms(5_002), Ok(()));
    let order: Vec<_> = live
        .capture()
        .frames()
        .iter()
        .map(|frame| frame.id)
        .collect();
    assert_eq!(order, [FrameId::sent(1), FrameId::received(1)]);
    live.append_sent(sent(2));
    live.receipt(FrameId::sent(2), ms(5_010), Err("not the claimed address"));
    assert_eq!((live.stats().packets, live.stats().refused), (3, 1));
    let detail = live.detail(3).expect("it is there");
    assert!(
        detail
            .why
            .contains("The bridge did not send it: not the claimed address.")
    );
    live.append_sent(sent(3));
    live.flush();
    assert_eq!(live.stats().packets, 4);
}

#[test]
fn without_a_receipt_an_answer_stands_after_its_question() {
    let ms = Instant::from_millis;
    let data = tcp_frame(false, Seg::new(Flags::ACK, 1, 1, 0), Options::NONE, b"text");
    let ack = tcp_frame(true, Seg::new(Flags::ACK, 1, 5, 0), Options::NONE, b"");
    let question = Frame::new(FrameId::received(1), ms(9_000), Direction::Received, &data);
    let answer = Frame::new(FrameId::sent(1), ms(8_990), Direction::Sent, &ack);
    // The socket goes; the receipt does not come in time; there was no socket.
    let ends: [fn(&mut Document); 3] = [
        Document::flush,
        |live| {
            for (number, at) in [(2, 9_001), (3, 12_000)] {
                let (id, at) = (FrameId::received(number), Instant::from_millis(at));
                live.append(Frame::new(id, at, Direction::Received, &[0; 60]));
            }
        },
        |live| {
            let guessed = Instant::from_millis(8_990);
            live.receipt(FrameId::sent(1), guessed, Err("no bridge"));
        },
    ];
    for end in ends {
        let mut live = Document::live(
            Interface::ethernet("lab0", None),
            MemoryPolicy::default(),
            View::default(),
        );
        live.append(question.clone());
        live.append_sent(answer.clone());
        end(&mut live);
        let frames = &live.capture().frames()[..2];
        assert_eq!(frames[0].id, question.id);
        assert_eq!((frames[1].id, frames[1].at), (answer.id, ms(9_000)));
    }
}

#[test]
fn a_frame_that_nobody_stamped_stands_where_the_trace_puts_it() {
    let ms = Instant::from_millis;
    let mut live = Document::live(
        Interface::ethernet("lab0", None),
        MemoryPolicy::default(),
        View::default(),
    );
    let handed = |number, at| Record {
        at: ms(at),
        event: Event::Sent {
            frame: FrameId::sent(number),
            len: 60,
            conn: None,
            cause: Cause::ArpRequest,
        },
    };
    let frame = |number, at| Frame::new(FrameId::sent(number), ms(at), Direction::Sent, &[0; 60]);
    // The bridge is 5 s ahead, and the first guess of that is 20 ms short.
    live.record(handed(1, 100));
    live.append_sent(frame(1, 5_080));
    live.receipt(FrameId::sent(1), ms(5_100), Ok(()));
    live.record(handed(2, 140));
    live.append_sent(frame(2, 5_120));
    live.flush();
    let at: Vec<_> = live.capture().frames().iter().map(|it| it.at).collect();
    assert_eq!(at, [ms(5_100), ms(5_140)]);
}

#[test]
fn why_names_the_missing_bytes_and_links_lead_to_the_first_transmission() {
    let mut made = Made::new();
    let ack = |ack, sack: Option<(u32, u32)>| {
        let mut options = Options::NONE;
        if let Some((from, to)) = sack {
            options.sack.push(server_range(from, to));
        }
        tcp_frame(true, Seg::new(Flags::ACK, 1, ack, 0), options, b"")
    };
    let data = |seq, len| tcp_frame(false, Seg::new(Flags::ACK, seq, 1, len), Options::NONE, b"");
    made.receives(0, &data(1, 1_448));
    made.sends(40, Cause::QuickAck, &ack(1_449, None));
    made.receives(100, &data(2_897, 1_448));
    made.sends(140, Cause::OutOfOrder, &ack(1_449, Some((2_897, 4_345))));
    made.receives(200, &data(4_345, 1_448));
    made.sends(240, Cause::OutOfOrder, &ack(1_449, Some((2_897, 5_793))));
    made.receives(30_000, &data(1_449, 1_448));
    made.receives(60_000, &data(1_449, 1_448));
    let mut document = Document::open(made.capture, View::default());
    let detail = document.detail(6).expect("there are eight");
    assert_eq!(detail.title, "Duplicate ACK 2");
    assert_eq!(
        detail.why,
        "Sent at once: bytes 1449–2896 are missing, and this says so (duplicate ACK 2)."
    );
    // The first transmission of packet 7's data was never seen: a ghost before packet 3.
    let scene = whole(&mut document);
    let ghosts: Vec<_> = scene
        .arrows
        .iter()
        .filter(|arrow| arrow.certainty == Certainty::Inferred)
        .collect();
    assert_eq!(ghosts.len(), 1);
    assert_eq!(
        (ghosts[0].number, ghosts[0].end, ghosts[0].frame),
        (7, ArrowEnd::Lost, None)
    );
    let third = scene
        .arrows
        .iter()
        .find(|arrow| arrow.number == 3)
        .expect("it is drawn");
    assert!(ghosts[0].tail.y < third.tail.y);
    check_texts(&scene).expect("texts keep apart");
    // Packet 8 was seen before, in packet 7.
    let again = document.detail(8).expect("there are eight");
    let first = again
        .links
        .iter()
        .find(|link| link.relation == "first sent")
        .map(|link| link.number);
    assert_eq!(first, Some(7));
    assert!(again.why.contains("in packet 7"), "{}", again.why);
}

#[test]
fn the_strip_is_the_storys_string() {
    let document = Document::open(lab_fetch().capture, View::default());
    let strip = document.strip(9..u64::MAX);
    assert_eq!(strip.text(), "S S A P P A P A P A (240 ms) P A F F A");
    assert_eq!(strip.rows, ["page", "server"]);
    let rows: Vec<_> = strip
        .cells
        .iter()
        .filter_map(|cell| match cell {
            Cell::Packet { row, .. } => Some(*row),
            Cell::Silence { .. } => None,
        })
        .collect();
    assert_eq!(rows, [0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0]);
}

#[test]
fn a_field_marks_its_bytes() {
    let document = Document::open(lab_fetch().capture, View::default());
    let detail = document.detail(13).expect("the response");
    let titles: Vec<_> = detail
        .layers
        .iter()
        .map(|layer| layer.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "Ethernet II",
            "IPv4 203.0.113.80 → 192.168.0.129",
            "TCP 80 → 49152",
            "Data"
        ]
    );
    let field = |name: &str| {
        let field = detail.layers[2]
            .fields
            .iter()
            .find(|field| field.name == name);
        field.expect("TCP has it").clone()
    };
    let sequence = field("sequence");
    assert_eq!(sequence.value, "1 (raw 4\u{202f}294\u{202f}967\u{202f}001)");
    assert_eq!(sequence.range, (38, 42));
    let raw = &detail.bytes[38..42];
    assert_eq!(raw, 4_294_967_001_u32.to_be_bytes());
    assert_eq!(field("window").value, "512 × 128 = 65\u{202f}536");
    assert!(field("checksum").value.ends_with("(right)"));
    assert!(
        detail
            .hex()
            .starts_with("0000  02 5e 7a 10 00 29 52 54  00 12 34 56 08 00 45 00  .^z")
    );
}

#[test]
fn one_conversation_has_two_lanes_and_the_selection_a_band() {
    let view = View {
        filter: Filter::Stream(0),
        selected: Some(13),
        ..View::default()
    };
    let mut document = Document::open(lab_fetch().capture, view);
    let scene = whole(&mut document);
    assert_eq!(scene.lanes.len(), 2);
    assert!(scene.arrows.iter().all(|arrow| arrow.tcp.is_some()));
    let band = scene.selection.expect("packet 13 is drawn");
    let row = document.row_of(13).expect("packet 13 is drawn");
    assert!(band.y0 <= row.y0 && row.y1 <= band.y1 + 8.0);
    assert_eq!(
        document.row_of(1),
        None,
        "ARP is not part of the conversation"
    );
}

/// A flow of random segments: bursts, silences, losses, both directions.
fn random_capture(steps: &[(bool, u8, u16, u32)]) -> Capture {
    let mut made = Made::new();
    let mut us = 0;
    let (mut ours, mut theirs) = (1u32, 1u32);
    let syn = Seg::new(Flags::SYN, 0, 0, 0);
    made.sends(us, Cause::Syn, &tcp_frame(true, syn, Options::NONE, b""));
    us += 12_000;
    let answer = Seg::new(Flags::SYN.with(Flags::ACK), 0, 1, 0);
    made.receives(us, &tcp_frame(false, answer, Options::NONE, b""));
    for &(page, kind, len, gap_us) in steps {
        us += u64::from(gap_us);
        let len = usize::from(len % 1_460);
        let (seq, ack) = if page { (ours, theirs) } else { (theirs, ours) };
        let seg = match kind % 8 {
            0 => Seg::new(Flags::ACK, seq, ack, 0),
            1 => Seg::new(Flags::ACK, seq.saturating_sub(700).max(1), ack, len),
            2 => Seg {
                window: 0,
                ..Seg::new(Flags::ACK, seq, ack, 0)
            },
            3 => Seg {
                port: 49_153,
                ..Seg::new(Flags::SYN, 0, 0, 0)
            },
            4 => Seg::new(Flags::ACK, seq + 1_448, ack, len),
            _ => Seg::new(Flags::PSH.with(Flags::ACK), seq, ack, len),
        };
        if kind % 8 > 4 {
            *(if page { &mut ours } else { &mut theirs }) += u32::try_from(len).expect("short");
        }
        let bytes = tcp_frame(page, seg, Options::NONE, b"");
        if page {
            made.sends(us, Cause::Data, &bytes);
        } else {
            made.receives(us, &bytes);
        }
    }
    made.capture
}

fn flows(max: usize) -> impl Strategy<Value = Vec<(bool, u8, u16, u32)>> {
    let gap = prop_oneof![5 => 0u32..400, 2 => 0u32..8_000, 1 => 0u32..900_000];
    prop::collection::vec((any::<bool>(), any::<u8>(), any::<u16>(), gap), 1..max)
}

#[test]
fn a_long_picture_has_every_packet_and_a_linear_one_ends_in_time() {
    let mut made = Made::new();
    for index in 0..2_000u32 {
        let data = Seg::new(Flags::ACK, 1 + index * 100, 1, 100);
        let at = u64::from(index) * 900;
        made.receives(at, &tcp_frame(false, data, Options::NONE, b""));
    }
    let mut document = Document::open(made.capture.clone(), View::default());
    assert_eq!(whole(&mut document).arrows.len(), 2_000);
    assert_eq!(text(&document, 80).lines().count(), 2_002);
    // Ten years of nothing, strictly linear.
    let last = Seg::new(Flags::ACK, 200_001, 1, 100);
    made.receives(
        315_000_000_000_000,
        &tcp_frame(false, last, Options::NONE, b""),
    );
    let view = View {
        axis: Axis::Linear,
        ..View::default()
    };
    let mut document = Document::open(made.capture, view);
    let scene = whole(&mut document);
    assert!(scene.height > 1e9);
    assert!(scene.arrows.iter().any(|arrow| arrow.number == 2_001));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn no_two_texts_touch_and_none_leaves_the_drawing(
        steps in flows(90),
        width in 500.0f64..1_400.0,
        words: bool,
        axis in prop::sample::select(vec![Axis::Gaps, Axis::Linear, Axis::Rows]),
        all: bool,
        language in prop::sample::select(Language::ALL.to_vec()),
    ) {
        let mut capture = if all { lab_fetch().capture } else { Capture::default() };
        let more = random_capture(&steps);
        if capture.interfaces().is_empty() {
            capture = more;
        } else {
            for frame in more.frames() {
                let mut frame = frame.clone();
                frame.at += core::time::Duration::from_millis(3_500);
                capture.push(frame);
            }
        }
        let labels = if words { LabelMode::Words } else { LabelMode::Numbers };
        let view = View { width, labels, axis, language, ..View::default() };
        let mut document = Document::open(capture, view);
        let scene = whole(&mut document);
        prop_assert_eq!(check_texts(&scene), Ok(()));
        // Almost every packet has its label; only crowds on the strictly linear axis may not.
        if axis != Axis::Linear {
            let without = scene.arrows.iter().filter(|arrow| arrow.label.is_none()).count();
            prop_assert!(without * 10 <= scene.arrows.len() + 10, "{} of {}", without, scene.arrows.len());
        }
    }

    /// A window shows exactly what the whole drawing shows there.
    #[test]
    fn a_window_is_a_part_of_the_whole(steps in flows(200), at in 0.0f64..1.0) {
        let capture = random_capture(&steps);
        let mut all = Document::open(capture.clone(), View::default());
        let scene = whole(&mut all);
        let mut fresh = Document::open(capture, View::default());
        let y0 = at * (scene.height - 300.0).max(0.0);
        let window = fresh.window(y0, y0 + 300.0);
        for arrow in &window.arrows {
            prop_assert!(scene.arrows.contains(arrow), "{:?}", arrow);
        }
        let crosses = |arrow: &&crate::scene::Arrow| {
            arrow.tip.y.max(arrow.tail.y) > y0 && arrow.tip.y.min(arrow.tail.y) < y0 + 300.0
        };
        let expected = scene.arrows.iter().filter(crosses).count();
        prop_assert_eq!(window.arrows.iter().filter(crosses).count(), expected);
        for tick in window.ticks.iter().filter(|tick| tick.role == LabelRole::Tick) {
            prop_assert!(scene.ticks.contains(tick));
        }
    }

    /// Live frames never move what lies more than a round trip back.
    #[test]
    fn old_rows_stay_where_they_are(steps in flows(120)) {
        let capture = random_capture(&steps);
        let mut live =
            Document::live(capture.interfaces()[0].clone(), MemoryPolicy::default(), View::default());
        let mut before: Option<(Instant, Scene)> = None;
        for (index, frame) in capture.frames().iter().enumerate() {
            live.append(frame.clone());
            // From the first round trip on the scale is known.
            if index < 2 {
                continue;
            }
            let scene = whole(&mut live);
            if let Some((at, earlier)) = before.replace((frame.at, scene)) {
                let old = |number: u64| {
                    let then = capture.frames()[usize::try_from(number - 1).expect("few")].at;
                    at.as_nanos().saturating_sub(then.as_nanos()) > 60_000_000
                };
                let now = &before.as_ref().expect("just set").1;
                for arrow in earlier.arrows.iter().filter(|a| a.frame.is_some() && old(a.number)) {
                    let same = now.arrows.iter().find(|other| other.frame == arrow.frame);
                    let same = same.expect("it is still drawn");
                    // Lanes move aside when a second conversation begins; heights never.
                    prop_assert_eq!((arrow.tail.y, arrow.tip.y), (same.tail.y, same.tip.y));
                }
            }
        }
    }
}

/// The lab's fetch as a simulator knows it: both ends' times, and the lost packet.
fn simulated() -> Capture {
    let told = lab_fetch().capture;
    let ten = core::time::Duration::from_millis(10);
    let mut capture = Capture::default();
    capture.add_interface(told.interfaces()[0].clone());
    for (index, frame) in told.frames().iter().enumerate() {
        let mut frame = frame.clone();
        let sent = frame.direction == Direction::Sent;
        frame.other_end = Some(if sent { frame.at + ten } else { frame.at - ten });
        if index == 18 {
            let mut lost = frame.clone();
            lost.id = FrameId::received(99);
            lost.at = told.frames()[17].at + core::time::Duration::from_micros(50);
            lost.other_end = Some(lost.at - ten);
            lost.fate = Fate::NeverSeen;
            lost.cause = Some(Cause::Data);
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
fn what_a_simulator_knows_is_drawn_firmly_and_the_lost_packet_where_it_died() {
    let mut document = Document::open(simulated(), View::default());
    let scene = whole(&mut document);
    check_texts(&scene).expect("texts keep apart");
    let by_number = |number: u64| {
        scene
            .arrows
            .iter()
            .find(|arrow| arrow.number == number)
            .expect("it is drawn")
    };
    let lost = by_number(19);
    assert_eq!(
        (lost.end, lost.kind, lost.certainty),
        (ArrowEnd::Lost, Kind::Data, Certainty::Firm)
    );
    assert_eq!(
        lost.label.as_ref().map(|label| label.text.as_str()),
        Some("431–930 (500 B)")
    );
    assert!(lost.tip.x > scene.lanes[0].x + 20.0 && lost.tip.x < lost.tail.x);
    let again = by_number(20);
    assert_eq!(again.kind, Kind::Retransmission);
    assert_eq!(again.line_certainty(), Certainty::Firm);
    assert_eq!(
        again.label.as_ref().map(|label| label.text.as_str()),
        Some("R 431–930 (500 B)")
    );
    assert!(
        scene
            .arrows
            .iter()
            .all(|arrow| arrow.certainty == Certainty::Firm),
        "no ghost"
    );
    let detail = document.detail(20).expect("it is there");
    assert_eq!(detail.title, "Retransmission");
    assert!(
        detail
            .why
            .starts_with("Nothing acknowledged bytes 431–930 before the retransmission")
    );
    assert!(
        detail.why.ends_with("earlier, in packet 19."),
        "{}",
        detail.why
    );
    let silence = &scene.gaps.last().expect("the timer's silence").title;
    assert!(
        silence.ends_with("only the sender's timer runs"),
        "{silence}"
    );
}

#[test]
fn a_timer_that_ran_out_stands_beside_its_lane() {
    let mut capture = lab_fetch().capture;
    let conn = synema_core::trace::ConnId(1);
    let timer = synema_core::trace::TimerKind::Retransmission;
    let at = |index: usize| lab_fetch().capture.frames()[index].at;
    let deadline = at(18);
    let armed = Event::TimerArmed {
        conn,
        timer,
        deadline,
    };
    capture.record(Record {
        at: at(17),
        event: armed,
    });
    capture.record(Record {
        at: at(18),
        event: Event::TimerFired { conn, timer },
    });
    let mut document = Document::open(capture, View::default());
    let scene = whole(&mut document);
    check_texts(&scene).expect("texts keep apart");
    let [timer] = &scene.timers[..] else {
        panic!("one timer: {:?}", scene.timers)
    };
    assert_eq!((timer.lane, timer.end), (0, crate::scene::TimerEnd::Fired));
    let gap = scene.gaps.last().expect("a silence");
    assert!(
        timer.y0 < gap.y0 && gap.y1 < timer.y1,
        "it runs through the silence"
    );
    let text = |label: &Option<crate::scene::Label>| label.as_ref().map(|label| label.text.clone());
    assert_eq!(text(&timer.armed).as_deref(), Some("RTO armed"));
    assert_eq!(text(&timer.ended).as_deref(), Some("fired"));
}

#[test]
fn pictures_are_well_formed_and_speak_for_those_who_cannot_see() {
    let mut document = Document::open(
        simulated(),
        View {
            selected: Some(20),
            ..View::default()
        },
    );
    for theme in [
        crate::render::Theme::Light,
        crate::render::Theme::Dark,
        crate::render::Theme::Auto,
    ] {
        let picture = svg(
            &mut document,
            &SvgOptions {
                theme,
                ..SvgOptions::default()
            },
        );
        for tag in ["svg", "g", "text", "style", "title", "desc"] {
            let opened = picture.matches(&format!("<{tag} ")).count()
                + picture.matches(&format!("<{tag}>")).count();
            assert_eq!(
                opened,
                picture.matches(&format!("</{tag}>")).count(),
                "<{tag}>"
            );
        }
        assert!(picture.contains("<desc id=\"desc\">A ladder diagram between this page"));
        assert!(!picture.contains("foreignObject") && !picture.contains("NaN"));
        assert!(picture.contains("class=\"selection\""));
    }
    let ladder = text(&document, 100);
    assert_eq!(
        ladder.lines().count(),
        2 + 24 + 5 + 2,
        "heads, packets, silences, the handshake and the selected round trip:\n{ladder}"
    );
    assert!(
        ladder.contains("≈ 240 ms of silence: only the sender's timer runs"),
        "{ladder}"
    );
}

#[test]
fn a_conversation_with_everybody_is_drawn() {
    let mut bytes = tcp_frame(true, Seg::new(Flags::SYN, 0, 0, 0), Options::NONE, b"");
    bytes[..6].fill(0xff);
    let mut capture = Capture::default();
    let id = FrameId::received(1);
    capture.push(Frame::new(id, Instant::ZERO, Direction::Unknown, &bytes));
    let view = View {
        filter: Filter::Stream(0),
        ..View::default()
    };
    let mut document = Document::open(capture, view);
    let scene = whole(&mut document);
    assert_eq!((scene.lanes.len(), scene.arrows.len()), (1, 1));
    let arrow = &scene.arrows[0];
    assert!(arrow.from == 0 && arrow.to == 0, "{arrow:?}");
}
