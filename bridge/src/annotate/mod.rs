//! `synema annotate`: writes on a capture, or tells what is written on it.

mod wishes;

pub(crate) use wishes::numbers;

use crate::cli::AnnotateArgs;
use crate::error::{Exit, Failure};
use crate::{capture_input, capture_output};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use synema_diagram::annotate::{Annotations, Edit, listing};
use synema_diagram::capture::Capture;

/// Writes what is asked for on a capture and the capture as pcapng; with neither a wish nor a place
/// to write to, prints what is written on it.
///
/// # Errors
/// When the capture cannot be read, a wish names what is not there, or the file cannot be written.
/// A capture that ends before its end is written as far as it goes, and then it is an error.
pub fn run(args: &AnnotateArgs) -> Result<(), Failure> {
    let wishes = wishes::Wishes::read(args)?;
    if args.output.is_none() && !wishes.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "nothing is said of where the annotated capture goes",
            "say -o FILE.pcapng; -o - writes to standard output",
        ));
    }
    if let Some(output) = &args.output {
        not_the_input(&args.file, output)?;
    }
    let mut opened = capture_input::open(&args.file)?;
    let capture = &mut opened.capture;
    if args.clear {
        capture.annotate(cleared(capture.annotations()));
    }
    wishes.write_on(capture)?;
    match &args.output {
        Some(output) => capture_output::write(capture, output)?,
        None => print(capture)?,
    }
    capture_input::told_to_the_end(&args.file, &opened)
}

/// Whether both names are one file's; neither need be there.
fn not_the_input(input: &Path, output: &Path) -> Result<(), Failure> {
    let same = match (fs::canonicalize(input), fs::canonicalize(output)) {
        (Ok(input), Ok(output)) => input == output,
        _ => false,
    };
    if same && output != Path::new("-") {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} is the capture itself", output.display()),
            "give -o another name, and move it over the first when you have looked at it",
        ));
    }
    Ok(())
}

/// Takes all away that is written.
fn cleared(annotations: &Annotations) -> Edit {
    let notes = annotations.notes().map(|note| Edit::Note {
        id: note.id,
        to: None,
    });
    let brackets = annotations.brackets().map(|bracket| Edit::Bracket {
        id: bracket.id,
        to: None,
    });
    let names = annotations.lane_names().keys();
    let names = names.map(|&lane| Edit::LaneName(lane, None));
    let rest = [
        Edit::Title(String::new()),
        Edit::Summary(String::new()),
        Edit::Highlight(annotations.highlights().clone(), false),
        Edit::Hide(annotations.hidden().clone(), false),
    ];
    Edit::All(notes.chain(brackets).chain(names).chain(rest).collect())
}

fn print(capture: &Capture) -> Result<(), Failure> {
    let text = match listing(capture) {
        nothing if nothing.is_empty() => {
            "nothing is written on it; see synema annotate --help\n".into()
        }
        some => some,
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads along may have seen enough (`| head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(
            Exit::LocalIo,
            format!("standard output cannot be written: {error}"),
            "look at where it goes, and the space that is left there",
        )),
        Ok(()) => Ok(()),
    }
}
