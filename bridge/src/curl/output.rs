//! Where the body goes: written on a thread of its own, so that a slow disk or pipe closes
//! the peer's window instead of stopping the stack.

use crate::error::{Exit, Failure};
use std::fs::File;
use std::future::Future;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Pieces of the body (at most 64 KiB each) that wait to be written.
const QUEUE: usize = 32;

/// Standard output, or a file.
#[derive(Debug)]
pub(super) enum Output {
    Stdout,
    File(File, PathBuf),
}

/// The stack's end of the output.
pub(super) type Sink = mpsc::Sender<Vec<u8>>;

impl Output {
    /// Opens the file, if one is told, before anything is sent.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::Stdout);
        };
        match File::create(path) {
            Ok(file) => Ok(Self::File(file, path.to_owned())),
            Err(error) => Err(failed(&path.display().to_string(), &error)),
        }
    }

    /// Whether the body appears on a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    /// Starts writing. It ends when the sink is dropped and all is written.
    pub(super) fn start(self) -> (Sink, impl Future<Output = Result<(), Failure>>) {
        let (sink, queue) = mpsc::channel(QUEUE);
        let writing = tokio::task::spawn_blocking(move || match self {
            Self::Stdout => write_all(&mut io::stdout().lock(), queue)
                .map_err(|error| failed("standard output", &error)),
            Self::File(mut file, path) => write_all(&mut file, queue)
                .map_err(|error| failed(&path.display().to_string(), &error)),
        });
        let ended = async {
            writing
                .await
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
        };
        (sink, ended)
    }
}

fn write_all(out: &mut impl Write, mut queue: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(piece) = queue.blocking_recv() {
        out.write_all(&piece)?;
    }
    out.flush()
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure::new(
        Exit::LocalIo,
        format!("{what} cannot be written: {error}"),
        "look at its folder, its rights, and the space that is left",
    )
}
