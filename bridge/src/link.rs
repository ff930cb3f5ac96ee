//! `synema link`: packets and what is written on them, as a link.

use crate::annotate::numbers;
use crate::capture_input;
use crate::cli::LinkArgs;
use crate::error::{Exit, Failure};
use crate::say;
use std::io::{self, Write as _};
use synema_diagram::capture::{Capture, Payload};
use synema_diagram::link::{self, Reach};

/// Prints a link to packets of a capture.
///
/// # Errors
/// When the capture cannot be read, is damaged, or its packets do not fit a link.
pub fn run(args: &LinkArgs) -> Result<(), Failure> {
    let wanted = args.packets.as_deref();
    let wanted = wanted.map(|text| numbers("--packets", text)).transpose()?;
    let opened = capture_input::open(&args.file)?;
    let capture = &opened.capture;
    let last = capture.frames().len();
    let is_wanted = |index: &usize| {
        let number = *index as u64 + 1;
        let ranges = wanted.as_ref();
        ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(&number)))
    };
    let chosen: Vec<usize> = (0..last).filter(is_wanted).collect();
    if chosen.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "there are no such packets in this capture",
            format!("its packets are 1 to {last}, as synema analyze and Wireshark count them"),
        ));
    }
    print(args, capture, &chosen)?;
    capture_input::told_to_the_end(&args.file, &opened)
}

fn print(args: &LinkArgs, capture: &Capture, chosen: &[usize]) -> Result<(), Failure> {
    let payload = match args.payload {
        true => Payload::Kept,
        false => Payload::LeftOut,
    };
    let fragment = link::encode(capture, chosen.iter().copied(), payload);
    let url = link::url(&args.viewer, &fragment);
    let (len, packets) = (url.len(), chosen.len());
    match Reach::of(len) {
        Reach::Anywhere => {}
        Reach::Most => say::line(format_args!(
            "synema: the link has {len} characters, {}",
            Reach::Most
        )),
        Reach::File => {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{packets} packets make a link of {len} characters, which no program passes on"
                ),
                "send the file itself or an .html of it, or choose fewer packets (--packets 1-20)",
            ));
        }
    }
    match writeln!(io::stdout().lock(), "{url}") {
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
