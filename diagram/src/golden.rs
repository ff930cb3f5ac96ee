//! Pictures that are kept, beside the code, as SVG and as text: what a change does to
//! what people see is seen in the change.
//!
//! `UPDATE_EXPECT=1 cargo test -p synema-diagram golden` draws them anew; then look at
//! them. In wasm they are compared, to the byte, with what was drawn natively.

mod scenes;

use crate::Document;
use crate::capture::Capture;
use crate::render::{SvgOptions, svg, text};
use crate::testing::apart::check_texts;
use crate::view::{Axis, LabelMode, View};

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
fn texts_keep_apart_on_every_axis_in_every_wording_at_every_width() {
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
                    if let Err(problem) = check_texts(&scene) {
                        panic!("{name}, {axis:?}, {labels:?}, {width} wide: {problem}");
                    }
                }
            }
        }
    }
}
