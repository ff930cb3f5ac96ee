//! A capture of a million packets: how soon its first window is drawn, how much memory that takes, and how long any
//! other window takes after that.

mod file;
mod traffic;

pub(crate) use file::{WHOLE, write};

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};
use synema_diagram::Document;
use synema_diagram::capture::file as capture_file;
use synema_diagram::render::{SvgOptions, svg};
use synema_diagram::view::{Axis, View};

/// Windows of each axis, and how high each is in pixels.
const WINDOWS: u64 = 300;
const WINDOW_HEIGHT: f64 = 1_000.0;
const AXES: [(Axis, &str); 3] = [
    (Axis::Gaps, "gaps"),
    (Axis::Linear, "time"),
    (Axis::Rows, "rows"),
];

/// Opens the capture in this process as the page does, draws its first window and then others, and prints what each
/// step took.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn steps(path: &Path) -> Result<(), Box<dyn Error>> {
    let len = std::fs::metadata(path)?.len();
    let begun = Instant::now();
    let opened = capture_file::read_from(File::open(path)?)?;
    let read = begun.elapsed();
    let packets = opened.capture.frames().len();
    let mut document = Document::open(opened.capture, View::default());
    let analysed = begun.elapsed();
    let svg = svg(
        &mut document,
        &SvgOptions {
            rows: Some(0.0..WINDOW_HEIGHT),
            ..SvgOptions::default()
        },
    );
    let first = begun.elapsed();
    let peak = peak_kb() * 1024;
    println!("  {packets} packets, {} MB", len / 1_000_000);
    println!(
        "  first window      {:>8.2} s (goal: under 2): read {:.2}, understood {:.2}, drawn {:.3} ({} kB)",
        first.as_secs_f64(),
        read.as_secs_f64(),
        (analysed - read).as_secs_f64(),
        (first - analysed).as_secs_f64(),
        svg.len() / 1000,
    );
    println!(
        "  memory            {:>8.2} x the file (goal: under 3): {} MB",
        peak as f64 / len as f64,
        peak / 1_000_000
    );
    for (axis, name) in AXES {
        windows(&mut document, axis, name);
    }
    Ok(())
}

/// Looks at windows here and there.
fn windows(document: &mut Document, axis: Axis, name: &str) {
    let view = View {
        axis,
        ..View::default()
    };
    let begun = Instant::now();
    document.set_view(view);
    let height = document.extent();
    let laid_out = begun.elapsed();
    let mut random = 7u64;
    let mut taken: Vec<Duration> = (0..WINDOWS)
        .map(|_| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let y = height * ((random >> 33) as f64 / (1u64 << 31) as f64);
            // No text that was placed before is remembered.
            document.set_view(View {
                width: 761.0,
                ..view
            });
            document.set_view(view);
            let begun = Instant::now();
            let scene = document.window(y, y + WINDOW_HEIGHT);
            assert!(scene.height > 0.0);
            begun.elapsed()
        })
        .collect();
    taken.sort_unstable();
    let at = |part: f64| ms(taken[((WINDOWS - 1) as f64 * part) as usize]);
    println!(
        "  {name} axis         {:>8.2} ms the slowest of {WINDOWS} windows (goal: under 16); median {:.2}; laid out in {:.0} ms",
        at(1.0),
        at(0.5),
        ms(laid_out),
    );
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// The most that this process had in memory, kB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
