//! Runs of alike packets as a reader sees them.

use crate::Document;
use crate::annotate::{Edit, Note, NoteId, On};
use crate::capture::{Capture, Direction, Frame};
use crate::render::{SvgOptions, svg, text};
use crate::testing::{Seg, tcp_frame};
use crate::view::{Axis, View};
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_core::wire::tcp::{Flags, Options};

/// A handshake, and then `rounds` of two segments of 1,000 bytes and their ACK; in the fifth, a segment comes twice
/// where `again` says so.
fn transfer(rounds: u32, again: bool) -> Capture {
    let mut capture = Capture::default();
    let mut us = 0;
    let mut push = |by_page: bool, seg: Seg, options: Options| {
        us += 300;
        let id = FrameId::received(us);
        let bytes = tcp_frame(by_page, seg, options, b"");
        capture.push(Frame::new(
            id,
            Instant::from_micros(us),
            Direction::Unknown,
            &bytes,
        ));
    };
    let syn_ack = Flags::SYN.with(Flags::ACK);
    push(true, Seg::new(Flags::SYN, 0, 0, 0), Options::NONE);
    push(false, Seg::new(syn_ack, 0, 1, 0), Options::NONE);
    push(true, Seg::new(Flags::ACK, 1, 1, 0), Options::NONE);
    let data = |seq| Seg::new(Flags::ACK, seq, 1, 1_000);
    for round in 0..rounds {
        let seq = 1 + 2_000 * round;
        push(false, data(seq), Options::NONE);
        push(false, data(seq + 1_000), Options::NONE);
        if again && round == 4 {
            push(false, data(seq), Options::NONE);
        }
        push(true, Seg::new(Flags::ACK, 1, seq + 2_000, 0), Options::NONE);
    }
    capture
}

fn folding(axis: Axis) -> View {
    View {
        axis,
        fold: true,
        ..View::default()
    }
}

/// Number of the first, number of the last, packets and bytes of each folded arrow.
fn folds(document: &mut Document) -> Vec<(u64, u64, u64, u64)> {
    let height = document.extent();
    let scene = document.window(0.0, height);
    let folds = scene.arrows.iter().filter_map(|arrow| arrow.fold);
    folds
        .map(|fold| (fold.first, fold.last, fold.packets, fold.bytes))
        .collect()
}

#[test]
fn a_transfer_is_two_thick_arrows_on_every_axis() {
    for axis in [Axis::Gaps, Axis::Linear, Axis::Rows] {
        let mut document = Document::open(transfer(10, false), folding(axis));
        assert_eq!(folds(&mut document), [(4, 32, 20, 20_000), (6, 33, 10, 0)]);
        let height = document.extent();
        assert_eq!(document.window(0.0, height).arrows.len(), 3 + 2);
        assert_eq!(document.packets_shown(), 33);
        let bins = document.overview(10);
        assert_eq!(bins.iter().map(|bin| bin[0]).sum::<u32>(), 33);
        // Packets are found where they are drawn.
        let row = document.row_of(4);
        assert!(row.is_some());
        assert_eq!(document.row_of(20), row);
        assert_eq!(document.row_of(33), document.row_of(6));
        assert_ne!(document.row_of(3), row);
        document.set_view(View {
            fold: false,
            ..folding(axis)
        });
        assert_eq!(folds(&mut document), []);
    }
}

#[test]
fn what_is_worth_a_look_is_not_folded() {
    // The segment that came twice, and the ACK that is none of new data.
    let mut document = Document::open(transfer(10, true), folding(Axis::Gaps));
    let found = folds(&mut document);
    assert_eq!(found.first(), Some(&(4, 17, 10, 10_000)));
    assert!(
        found
            .iter()
            .all(|&(first, last, ..)| last < 18 || first > 18),
        "{found:?}"
    );
    // A note in the middle.
    let mut document = Document::open(transfer(10, false), folding(Axis::Gaps));
    let id = document.capture().frames()[18].id;
    document.annotate(Edit::write(Note {
        id: NoteId(1),
        on: On::Packet(id),
        text: "this one".to_owned(),
    }));
    let found = folds(&mut document);
    assert_eq!(found.len(), 4);
    assert!(
        found
            .iter()
            .all(|&(first, last, ..)| last < 19 || first > 19),
        "{found:?}"
    );
    // An answer's first segment says what it is.
    let mut capture = transfer(0, false);
    for round in 0..10 {
        let text: &[u8] = if round == 0 {
            b"HTTP/1.1 200 OK\r\n"
        } else {
            b""
        };
        let seg = Seg::new(Flags::ACK, 1 + 1_000 * round, 1, 1_000);
        let bytes = tcp_frame(false, seg, Options::NONE, text);
        let id = FrameId::received(u64::from(round) + 9_000);
        let at = Instant::from_millis(10 + u64::from(round));
        capture.push(Frame::new(id, at, Direction::Unknown, &bytes));
    }
    let mut document = Document::open(capture, folding(Axis::Gaps));
    assert_eq!(folds(&mut document), [(5, 13, 9, 9_000)]);
    // Too few.
    let mut document = Document::open(transfer(2, false), folding(Axis::Gaps));
    assert_eq!(folds(&mut document), []);
}

#[test]
fn a_run_unfolds_and_folds_again() {
    let mut document = Document::open(transfer(10, false), folding(Axis::Rows));
    document.unfold(15, true);
    assert_eq!(folds(&mut document), []);
    document.unfold(5, false);
    assert_eq!(folds(&mut document).len(), 2);
    document.unfold(0, true);
    document.unfold(u64::MAX, true);
    assert_eq!(folds(&mut document).len(), 2);
}

#[test]
fn pictures_and_texts_say_what_is_folded() {
    let mut document = Document::open(transfer(10, false), folding(Axis::Gaps));
    let picture = svg(&mut document, &SvgOptions::default());
    assert!(
        picture.contains("<g class=\"arrow data fold\""),
        "{picture}"
    );
    assert!(picture.contains("Packets 4 to 32, folded: 20 data segments, 20 kB"));
    assert!(picture.contains(">10 ACKs</text>"));
    let text = text(&document, 100);
    assert!(text.contains("═20 data segments, 20 kB═"), "{text}");
    assert!(!text.contains("silence"), "{text}");
}
