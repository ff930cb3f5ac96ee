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
use synema_diagram::view::{Axis, View};

/// Windows of each axis, and how high each is in pixels.
const WINDOWS: u64 = 300;
const WINDOW_HEIGHT: f64 = 1_000.0;

/// Opens the capture in this process and prints how long each step takes.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn steps(path: &Path) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let opened = capture_file::read_from(File::open(path)?)?;
    println!("  read              {:>8.0} ms", ms(begun.elapsed()));
    let begun = Instant::now();
    let mut document = Document::open(opened.capture, View::default());
    println!("  opened            {:>8.0} ms", ms(begun.elapsed()));
    println!("  memory            {:>8} MB", peak_kb() / 1000);
    for axis in [Axis::Gaps, Axis::Linear, Axis::Rows] {
        let begun = Instant::now();
        document.set_view(View {
            axis,
            ..View::default()
        });
        let height = document.extent();
        let laid_out = ms(begun.elapsed());
        let begun = Instant::now();
        let _density = document.overview(1_000);
        let density = ms(begun.elapsed());
        let mut random = 7u64;
        let mut worst = Duration::ZERO;
        let (mut total, mut arrows) = (Duration::ZERO, 0);
        for _ in 0..WINDOWS {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let y = height * ((random >> 33) as f64 / (1u64 << 31) as f64);
            let begun = Instant::now();
            let scene = document.window(y, y + WINDOW_HEIGHT);
            worst = worst.max(begun.elapsed());
            total += begun.elapsed();
            arrows += scene.arrows.len();
        }
        println!(
            "  {axis:?}: laid out {laid_out:.0} ms, density {density:.0} ms, worst window {:.2} ms, mean {:.2} ms, {} arrows a window, {height:.0} px",
            ms(worst),
            ms(total) / WINDOWS as f64,
            arrows as u64 / WINDOWS,
        );
    }
    println!("  memory            {:>8} MB", peak_kb() / 1000);
    Ok(())
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
