//! `synema analyze`: what is worth looking at in a capture, and what every TCP segment was.

use crate::capture_input;
use crate::cli::{AnalyzeArgs, AnalyzeFormat};
use crate::error::{Exit, Failure};
use std::io::{self, BufWriter, Write};
use synema_diagram::analysis::Analysis;
use synema_diagram::notable::overview;
use synema_diagram::table::{self, COLUMNS, FullRow, Row};
use synema_diagram::words::Story;

/// Prints what is known of each TCP frame of a capture.
///
/// # Errors
/// When the file cannot be read, is no capture, or ends before its end: then after all
/// that could be read was printed.
pub fn run(args: &AnalyzeArgs) -> Result<(), Failure> {
    if args.filter.is_some() && args.format == AnalyzeFormat::Text {
        return Err(Failure::new(
            Exit::Usage,
            "a filter chooses rows, and the overview has none",
            "say --format tsv or --format json as well",
        ));
    }
    let wanted = capture_input::wanted(args.filter.as_deref())?;
    let opened = capture_input::open(&args.file)?;
    let mut analysis = Analysis::default();
    for frame in opened.capture.frames() {
        let interface = &opened.capture.interfaces()[frame.interface as usize];
        analysis.push(frame, interface);
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let story = Story {
        capture: &opened.capture,
        analysis: &analysis,
        language: args.language.into(),
    };
    let is_wanted = |row: &Row| {
        let index = (row.number - 1) as usize;
        let wanted = wanted.as_ref();
        wanted.is_none_or(|wanted| wanted.matches(story, index))
    };
    let printed = match args.format {
        AnalyzeFormat::Text => out.write_all(overview(story).as_bytes()),
        AnalyzeFormat::Tsv => print_tsv(&mut out, table::rows(story).filter(is_wanted)),
        AnalyzeFormat::Json => {
            let rows = table::full_rows(story);
            print_json(&mut out, rows.filter(|full| is_wanted(&full.row)))
        }
    };
    printed
        .and_then(|()| out.flush())
        .or_else(forgive_closed)
        .map_err(|error| {
            Failure::new(
                Exit::LocalIo,
                format!("standard output cannot be written: {error}"),
                "look at where it goes, and the space that is left there",
            )
        })?;
    capture_input::told_to_the_end(&args.file, &opened)
}

fn print_tsv(out: &mut impl Write, rows: impl Iterator<Item = Row>) -> io::Result<()> {
    writeln!(out, "{}", COLUMNS.join("\t"))?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn print_json(out: &mut impl Write, rows: impl Iterator<Item = FullRow>) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, row) in rows.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &row)?;
    }
    out.write_all(b"\n]\n")
}

/// Whoever reads along may have seen enough (`| head`).
fn forgive_closed(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error)
    }
}
