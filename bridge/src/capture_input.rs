//! A capture from a file or from standard input, and what is wrong with it in words.

use crate::error::{Exit, Failure};
use crate::say;
use std::fs::File;
use std::io;
use std::path::Path;
use synema_diagram::capture::file::{self, Opened, Unread};
use synema_diagram::filter::Expression;
use synema_diagram::link;
use synema_diagram::words::Language;

/// Opens the capture; `-` is standard input, and a link is one that holds it.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
    if let Some(link) = path.to_str().filter(|text| is_link(text)) {
        return linked(link);
    }
    let read = if path == Path::new("-") {
        file::read_from(io::stdin().lock())
    } else {
        match File::open(path) {
            Ok(file) => file::read_from(file),
            Err(error) => Err(Unread::Input(error)),
        }
    };
    read.map_err(|unread| match unread {
        Unread::Input(error) => Failure::new(
            Exit::LocalIo,
            format!("{} cannot be read: {error}", name(path)),
            "look at its name and its rights; - reads from a pipe",
        ),
        Unread::NoCapture(problem) => Failure::new(
            Exit::BadCapture,
            format!("{}: {problem}", name(path)),
            "give a pcap or pcapng file, gzipped or not, as tcpdump -w and Wireshark write them, or a picture that synema drew",
        ),
    })
}

fn is_link(text: &str) -> bool {
    text.contains("://") && text.contains('#')
}

/// The document that a link holds.
fn linked(link: &str) -> Result<Opened, Failure> {
    let decoded = link::decode(link);
    decoded.map(Opened::from).map_err(|problem| {
        Failure::new(
            Exit::BadCapture,
            format!("this link cannot be opened: {problem}"),
            "put it into quotes, whole, from https:// to its last letter",
        )
    })
}

/// Says what was passed over, and fails if the file ended before its end: whoever counts on
/// all of it is to know.
pub(crate) fn told_to_the_end(path: &Path, opened: &Opened) -> Result<(), Failure> {
    for warning in &opened.warnings {
        say::line(format_args!("synema: {}: {warning}", name(path)));
    }
    let listed = opened.warnings.len() as u64;
    if opened.passed_over > listed {
        let more = opened.passed_over - listed;
        say::line(format_args!(
            "synema: {}: {more} more like these",
            name(path)
        ));
    }
    let Some(stopped) = &opened.stopped else {
        return Ok(());
    };
    let frames = opened.capture.frames().len();
    Err(Failure::new(
        Exit::BadCapture,
        format!("{}: {stopped}", name(path)),
        format!(
            "the {frames} frames before that were read and are shown; take the rest from a whole copy"
        ),
    ))
}

/// Reads a filter expression, if there is one.
pub(crate) fn wanted(text: Option<&str>) -> Result<Option<Expression>, Failure> {
    let Some(text) = text else { return Ok(None) };
    Expression::parse(text).map(Some).map_err(|error| {
        let before = text[..error.at.start].chars().count();
        let marked = text[error.at.clone()].chars().count().max(1);
        let (gap, marks) = (" ".repeat(before), "^".repeat(marked));
        Failure::new(
            Exit::Usage,
            format!("the filter cannot be read\n    {text}\n    {gap}{marks}"),
            error.what(Language::English),
        )
    })
}

fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}
