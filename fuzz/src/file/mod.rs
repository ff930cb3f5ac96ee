//! A capture file from anybody, opened and looked at in every way.
//!
//! ```text
//!   bytes ──► as they are ──────────────┐
//!        └──► Choices ──► pcap, pcapng ─┴─► read ──► Document ──► windows, pictures, texts, filters, ...
//! ```
//!
//! Nothing panics; nothing is larger than the file allows; every coordinate is a number.

mod made;

use synema_diagram::Document;
use synema_diagram::annotate::{Edit, Note, NoteId, On};
use synema_diagram::capture::{Frame, file};
use synema_diagram::filter::Expression;
use synema_diagram::render::{HtmlOptions, SvgOptions, html, markdown, mermaid, svg, text};
use synema_diagram::scene::{Label, Point, Scene};
use synema_diagram::view::{Axis, Filter, LabelMode, View};

const FILTERS: [&str; 6] = [
    "tcp.analysis.retransmission || tcp.analysis.lost_segment",
    "frame.number in {2..40} && !tcp.flags.syn",
    "ip.addr == 192.0.2.0/31 && tcp.len > 0",
    "tcp.stream == 1 or dns or icmp",
    "tcp.analysis.ack_rtt > 0.001 && frame.time_relative < 100",
    "tcp.port != 80",
];

/// Opens what these bytes decide: the target of the fuzzer.
///
/// # Panics
/// When something is not as it must be.
pub fn run(bytes: &[u8]) {
    look_at(&made::file(bytes), bytes.last().copied().unwrap_or(0));
}

/// How many packets of a seed's file get in.
pub fn packets(bytes: &[u8]) -> usize {
    let read = file::read(&made::file(bytes));
    read.map_or(0, |opened| opened.capture.frames().len())
}

fn look_at(bytes: &[u8], choice: u8) {
    let opened = match file::read(bytes) {
        Ok(opened) => opened,
        Err(problem) => {
            assert!(problem.to_string().starts_with("at byte "));
            return;
        }
    };
    let is_zipped = bytes.starts_with(&[0x1f, 0x8b]);
    let capture = opened.capture;
    let kept: u64 = capture
        .frames()
        .iter()
        .map(|frame| frame.bytes.len() as u64)
        .sum();
    assert!(
        is_zipped || kept <= bytes.len() as u64,
        "more than there is"
    );
    assert!(is_zipped || capture.frames().len() <= bytes.len() / 12);

    let mut again = Vec::new();
    if file::write_pcapng(&capture, &mut again).is_ok() {
        let reread = file::read(&again).expect("what we wrote");
        assert_eq!(reread.stopped, None);
        let count = reread.capture.frames().len();
        assert_eq!(count, capture.frames().len());
        for (frame, again) in capture.frames().iter().zip(reread.capture.frames()) {
            // An interface may count time less finely than the one whose time a packet without one has.
            let again = Frame {
                at: frame.at,
                ..again.clone()
            };
            assert_eq!(*frame, again);
        }
    }
    let view = View {
        axis: [Axis::Gaps, Axis::Linear, Axis::Rows][usize::from(choice % 3)],
        labels: [LabelMode::Words, LabelMode::Numbers][usize::from(choice / 3 % 2)],
        width: [120.0, 760.0, 1_400.0][usize::from(choice / 6 % 3)],
        ..View::default()
    };
    let mut document = Document::open(capture, view);
    windows(&mut document);
    let filter = FILTERS[usize::from(choice) % FILTERS.len()];
    document.set_wanted(Some(Expression::parse(filter).expect("an expression")));
    windows(&mut document);
    document.set_wanted(None);
    document.set_view(View {
        filter: Filter::Stream(0),
        selected: Some(2),
        ..view
    });
    windows(&mut document);
    document.set_view(view);
    write(&mut document);
}

/// Looks at some windows of it, its packets, and all that is told of them.
fn windows(document: &mut Document) {
    let height = document.extent();
    assert!(height.is_finite() && height >= 0.0);
    for part in [0.0, 0.37, 0.8, 1.0] {
        let y = height * part - 300.0;
        check(&document.window(y, y + 600.0));
    }
    let packets = document.capture().frames().len() as u64;
    let bins = document.overview(50);
    let shown: u64 = bins.iter().map(|bin| u64::from(bin[0])).sum();
    assert_eq!(shown, document.packets_shown());
    for number in [0, 1, 2, packets / 2, packets, packets + 1, u64::MAX] {
        if let Some(band) = document.row_of(number) {
            assert!(band.y0.is_finite() && band.y1.is_finite() && band.y0 <= band.y1);
        }
        assert_eq!(
            document.detail(number).is_some(),
            (1..=packets).contains(&number)
        );
    }
    let strip = document.strip(0..u64::MAX);
    assert!(!strip.text().contains('\n'));
    let _contents = document.contents(5);
    let _stats = document.stats();
}

fn write(document: &mut Document) {
    if let Some(frame) = document.capture().frames().first() {
        document.annotate(Edit::write(Note {
            id: NoteId(1),
            on: On::Packet(frame.id),
            text: "why?".to_owned(),
        }));
    }
    let picture = svg(document, &SvgOptions::default());
    assert!(!picture.contains("NaN") && !picture.contains("=\"inf"));
    for written in [
        text(document, 90),
        markdown(document, "", 90, None),
        mermaid(document, ""),
    ] {
        assert!(!written.contains('\u{1b}'), "the terminal is not ours");
    }
    let _page = html(document, &HtmlOptions::default());
}

/// Every coordinate of a scene is a number.
fn check(scene: &Scene) {
    let is_point = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let is_label = |label: &Label| {
        [label.x, label.y, label.cos, label.sin, label.width]
            .iter()
            .all(|number| number.is_finite())
    };
    for arrow in &scene.arrows {
        assert!(is_point(&arrow.tail) && is_point(&arrow.tip), "{arrow:?}");
        assert!(arrow.label.as_ref().is_none_or(is_label));
        assert!(
            usize::from(arrow.from) < scene.lanes.len()
                && usize::from(arrow.to) < scene.lanes.len()
        );
    }
    for bar in &scene.states {
        assert!(
            bar.x.is_finite() && bar.y0.is_finite() && bar.y1 >= bar.y0,
            "{bar:?}"
        );
        assert!(bar.label.as_ref().is_none_or(is_label));
    }
    for gap in &scene.gaps {
        assert!(gap.y0.is_finite() && gap.y1.is_finite(), "{gap:?}");
        assert!(gap.label.as_ref().is_none_or(is_label));
    }
    for timer in &scene.timers {
        assert!(timer.y0.is_finite() && timer.y1.is_finite(), "{timer:?}");
    }
    for lane in &scene.lanes {
        assert!(lane.x.is_finite() && lane.head.iter().all(is_label));
    }
    assert!(scene.ticks.iter().all(is_label));
}
