//! Pictures that are kept, beside the code, as SVG and as text: what a change does to
//! what people see is seen in the change.
//!
//! `UPDATE_EXPECT=1 cargo test -p synema-diagram golden` draws them anew; then look at
//! them. In wasm they are compared, to the byte, with what was drawn natively.

mod japanese;
mod scenes;

use crate::Document;
use crate::annotate::{Bracket, Edit, HostAddress, Note, NoteId, On};
use crate::capture::Capture;
use crate::render::{SvgOptions, svg, text};
use crate::scene::{self, Arrow, ArrowEnd, Card, Certainty, Scene};
use crate::testing::apart::check_texts;
use crate::testing::{SERVER, lab_fetch};
use crate::view::{Axis, LabelMode, View};
use proptest::prelude::*;

/// Columns of the texts.
const COLUMNS: usize = 100;
const AXES: [Axis; 3] = [Axis::Gaps, Axis::Linear, Axis::Rows];
const LABELS: [LabelMode; 2] = [LabelMode::Words, LabelMode::Numbers];
const WIDTHS: [f64; 4] = [480.0, 760.0, 900.0, 1_400.0];

/// A test for each scene, and the list of all.
macro_rules! pictures {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                let drawn = draw(scenes::$name(), stringify!($name));
                same(&drawn.svg, kept!(concat!("golden/", stringify!($name), ".svg")));
                same(&drawn.text, kept!(concat!("golden/", stringify!($name), ".txt")));
            }
        )*
        const ALL: &[(&str, fn() -> Capture)] = &[$((stringify!($name), scenes::$name)),*];
    };
}

#[cfg(not(target_family = "wasm"))]
macro_rules! kept {
    ($path:expr) => {
        expect_test::expect_file![$path]
    };
}
#[cfg(target_family = "wasm")]
macro_rules! kept {
    ($path:expr) => {
        include_str!($path)
    };
}

#[cfg(not(target_family = "wasm"))]
#[expect(clippy::needless_pass_by_value, reason = "as in wasm")]
fn same(drawn: &str, kept: expect_test::ExpectFile) {
    kept.assert_eq(drawn);
}
#[cfg(target_family = "wasm")]
fn same(drawn: &str, kept: &str) {
    assert_eq!(drawn, kept);
}

pictures![
    handshake,
    fast_retransmit,
    last_is_lost,
    timeout_of_ours,
    zero_window,
    refused,
    reset_in_the_middle,
    simultaneous,
    reordering,
    duplicated,
    syn_flood,
    two_connections,
    page_of_the_lab,
    unreachable,
    half_close,
    keep_alive,
    seen_from_the_server,
    ipv6,
    strangers,
    far_teardown,
    hello,
    noted,
];

struct Drawn {
    svg: String,
    text: String,
}

fn draw(capture: Capture, name: &str) -> Drawn {
    let mut document = Document::open(capture, View::default());
    let options = SvgOptions {
        title: name.replace('_', " "),
        ..SvgOptions::default()
    };
    Drawn {
        text: text(&document, COLUMNS),
        svg: svg(&mut document, &options),
    }
}

#[test]
fn texts_keep_apart_and_time_goes_down_on_every_axis_in_every_wording_at_every_width() {
    for (name, scene) in ALL {
        let mut document = Document::open(scene(), View::default());
        for axis in AXES {
            for labels in LABELS {
                for width in WIDTHS {
                    document.set_view(View {
                        axis,
                        labels,
                        width,
                        ..View::default()
                    });
                    let extent = document.extent();
                    let scene = document.window(0.0, extent);
                    let checked = check_texts(&scene).and_then(|()| check_order(&scene));
                    if let Err(problem) = checked {
                        panic!("{name}, {axis:?}, {labels:?}, {width} wide: {problem}");
                    }
                }
            }
        }
    }
}

/// Of one end of a conversation a state begins where the one before it ends; and what is
/// not known to have overtaken does not.
fn check_order(scene: &Scene) -> Result<(), String> {
    for (index, bar) in scene.states.iter().enumerate() {
        let next = scene.states[index + 1..]
            .iter()
            .find(|next| (next.lane, next.stream) == (bar.lane, bar.stream));
        if bar.y0 >= bar.y1 || next.is_some_and(|next| next.y0 < bar.y1) {
            return Err(format!("{bar:?} is not over when {next:?} begins"));
        }
    }
    let estimated = |arrow: &&Arrow| {
        arrow.arrival == Certainty::Inferred
            && arrow.end == ArrowEnd::Arrives
            && arrow.certainty == Certainty::Firm
    };
    let arrows: Vec<_> = scene.arrows.iter().filter(estimated).collect();
    for (index, earlier) in arrows.iter().enumerate() {
        let way = |arrow: &Arrow| (arrow.from, arrow.to);
        let mut later = arrows[index + 1..].iter();
        if let Some(later) = later.find(|later| way(later) == way(earlier)) {
            // They depart in the order in which they stand.
            if later.tip.y < earlier.tip.y {
                return Err(format!("{later:?} overtakes {earlier:?}"));
            }
        }
    }
    Ok(())
}

/// A note, on whatever `what` picks of a capture.
fn note(capture: &Capture, what: (u8, usize, usize), text: &str, id: NoteId) -> Note {
    let frames = capture.frames();
    let frame = |at: usize| &frames[at % frames.len()];
    let (kind, one, other) = what;
    let (from, to) = (frame(one).at, frame(other).at);
    let on = match kind % 4 {
        0 => On::Packet(frame(one).id),
        1 => On::Field {
            packet: frame(one).id,
            field: "tcp.window_size_value".into(),
        },
        2 => On::Time {
            from: from.min(to),
            to: from.max(to),
        },
        _ => On::Lane(HostAddress::Ip(SERVER.into())),
    };
    let text = text.to_owned();
    Note { id, on, text }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However much is written: cards keep apart, and texts from them; and a window shows
    /// what the whole shows.
    #[test]
    fn notes_keep_apart_and_are_the_same_in_every_window(
        notes in prop::collection::vec((any::<(u8, usize, usize)>(), "[ a-z\\n]{0,300}"), 1..14),
        marked in prop::collection::vec(0usize..23, 0..8),
        width in 500.0f64..1_400.0,
        axis in prop::sample::select(&AXES[..]),
        at in 0.0f64..1.0,
    ) {
        let mut capture = lab_fetch().capture;
        for (number, (what, text)) in (1..).zip(&notes) {
            let note = note(&capture, *what, text, NoteId(number));
            capture.annotate(Edit::write(note));
        }
        let ids: Vec<_> = marked.iter().map(|&at| capture.frames()[at].id).collect();
        if let [from, to, hidden @ ..] = &ids[..] {
            let bracket = Bracket {
                id: NoteId(99),
                from: *from,
                to: *to,
                text: "a while".into(),
            };
            capture.annotate(Edit::draw(bracket));
            capture.annotate(Edit::hide(hidden.iter().copied(), true));
        }
        let view = View { width, axis, ..View::default() };
        let mut document = Document::open(capture.clone(), view);
        let extent = document.extent();
        let whole = document.window(0.0, extent);
        prop_assert_eq!(check_texts(&whole), Ok(()));
        let y0 = at * (extent - 300.0).max(0.0);
        let window = Document::open(capture, view).window(y0, y0 + 300.0);
        for card in &window.cards {
            prop_assert!(whole.cards.contains(card), "{:?}", card);
        }
        // The text of a long one may be far away.
        let bare = |bracket: &scene::Bracket| scene::Bracket { label: None, ..bracket.clone() };
        let brackets: Vec<_> = whole.brackets.iter().map(bare).collect();
        for bracket in window.brackets.iter().map(bare) {
            prop_assert!(brackets.contains(&bracket), "{:?}", bracket);
        }
        for mark in &window.hidden {
            prop_assert!(whole.hidden.contains(mark), "{:?}", mark);
        }
        let seen = |card: &&Card| card.y < y0 + 300.0 && card.y + card.height > y0;
        prop_assert_eq!(
            window.cards.iter().filter(seen).count(),
            whole.cards.iter().filter(seen).count()
        );
    }
}
