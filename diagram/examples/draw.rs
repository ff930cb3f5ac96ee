//! Draws a capture: `cargo run -p synema-diagram --example draw FILE [WIDTH] [words|numbers] [gaps|linear|rows] > out.svg`.
//! With WIDTH `text`, as text.

use synema_diagram::Document;
use synema_diagram::capture::file;
use synema_diagram::render::{SvgOptions, Theme, svg, text};
use synema_diagram::view::{Axis, LabelMode, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().collect();
    let path = args
        .get(1)
        .ok_or("usage: draw FILE [WIDTH|text] [words|numbers] [gaps|linear|rows]")?;
    let opened = file::read(&std::fs::read(path)?)?;
    let axis = match args.get(4).map(String::as_str) {
        Some("linear") => Axis::Linear,
        Some("rows") => Axis::Rows,
        _ => Axis::Gaps,
    };
    let labels = match args.get(3).map(String::as_str) {
        Some("numbers") => LabelMode::Numbers,
        _ => LabelMode::Words,
    };
    let width = args
        .get(2)
        .and_then(|width| width.parse().ok())
        .unwrap_or(760.0);
    let view = View {
        axis,
        labels,
        width,
        ..View::default()
    };
    let mut document = Document::open(opened.capture, view);
    if args.get(2).map(String::as_str) == Some("text") {
        print!("{}", text(&document, 110));
        return Ok(());
    }
    let theme = if args.get(5).is_some() {
        Theme::Dark
    } else {
        Theme::Light
    };
    let options = SvgOptions {
        theme,
        title: path.clone(),
        ..SvgOptions::default()
    };
    print!("{}", svg(&mut document, &options));
    Ok(())
}
