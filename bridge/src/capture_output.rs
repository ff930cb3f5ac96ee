//! Where the commands put the captures that they made: pcapng, in a file or a pipe.

use crate::error::{Exit, Failure};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use synema_diagram::capture::{Capture, file};

/// Writes it, to standard output where the path is `-`.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(capture: &Capture, output: &Path) -> Result<(), Failure> {
    let to_stdout = output == Path::new("-");
    let written = if to_stdout {
        write_to(capture, io::stdout().lock())
    } else {
        File::create(output).and_then(|file| write_to(capture, file))
    };
    let name = match to_stdout {
        true => "standard output".to_owned(),
        false => output.display().to_string(),
    };
    written.map_err(|error| {
        Failure::new(
            Exit::LocalIo,
            format!("{name} cannot be written: {error}"),
            "look at its folder, its rights, and the space that is left",
        )
    })
}

fn write_to(capture: &Capture, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    file::write_pcapng(capture, &mut out)?;
    out.flush()
}
